"""Natural effects in; the correlation of errors at which an indirect one vanishes, and E-values, out.

Defined for linear mediators that no later mediator depends on, before a linear or a probit outcome.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.models.fit import weighted_sd
from evalkit.models.mediation.equation_fit import EquationFit
from evalkit.models.mediation.evidence import e_value, e_value_of_interval, ratio_of_difference
from evalkit.models.mediation.natural import Natural
from evalkit.models.mediation.sensitivity import COLUMNS, Residuals, vanishing_rho
from evalkit.models.mediation.system import LINEAR, System, design


def with_natural_sensitivity(
    frame: pd.DataFrame,
    natural: Natural,
    fits: tuple[EquationFit, ...],
    system: System,
    values: np.ndarray,
    weights: np.ndarray | None,
) -> pd.DataFrame:
    """The effects with the columns `sensitivity.COLUMNS`; ratios keep the E-values they have.

    rho belongs to the path from the mediator to the outcome, x being low (`nie.pure`) or high (`nie.total`, `nie.<m>`)
    in the equation of the outcome where it changes that path.
    """
    known = {
        name: np.array(frame[name], dtype=float) if name in frame else np.full(len(frame), np.nan) for name in COLUMNS
    }
    last = fits[-1]
    if last.equation.family in (LINEAR, "probit") and all(fit.solved for fit in fits):
        residuals = Residuals(system, values, weights)
        eta = design(last.equation, system.places, values) @ last.filled if last.equation.family == "probit" else None
        for fit in fits[:-1]:
            name = fit.equation.outcome
            if fit.equation.family != LINEAR or any(name in other.equation.names for other in fits[:-1]):
                continue
            ends = residuals.ends(name, last.equation.outcome, eta)
            for term, level in _rows(natural, name):
                rho = vanishing_rho(_slope(last, name, natural.x, level), ends.ratio)
                row = np.flatnonzero((frame["term"] == term) & frame["level"].isna())
                for column, value in zip(
                    COLUMNS, (rho, rho**2, rho**2 * (1 - ends.r2_start) * (1 - ends.r2_to)), strict=False
                ):
                    known[column][row] = value
    if last.equation.family == LINEAR and len(values) > 1:
        sd = weighted_sd(values[:, system.places[last.equation.outcome]], weights)
        for row in np.flatnonzero(frame["term"].isin(("total", "nie.pure", "nie.total"))):
            ratios = [ratio_of_difference(float(frame[n].iloc[row]), sd) for n in ("estimate", "conf_low", "conf_high")]
            known["e_value"][row], known["e_value_limit"][row] = e_value(ratios[0]), e_value_of_interval(*ratios[1:])
    return frame.assign(**known)


def _rows(natural: Natural, mediator: str) -> tuple[tuple[str, float], ...]:
    if len(natural.mediators) == 1:
        return ("nie.pure", natural.low), ("nie.total", natural.high)
    return ((f"nie.{mediator}", natural.high),)


def _slope(fit: EquationFit, mediator: str, x: str, level: float) -> float:
    """Of the mediator in the equation of the outcome, x being at a level; nan where something else moves it."""
    total = 0.0
    for term, b in zip(fit.equation.terms, fit.filled, strict=True):
        if mediator not in term.factors:
            continue
        if sorted(term.factors) not in ([mediator], sorted((mediator, x))):
            return float("nan")
        total += float(b) * (level if x in term.factors else 1.0)
    return total
