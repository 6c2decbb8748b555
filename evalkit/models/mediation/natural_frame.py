"""Natural effects of the sample, of resamples and of draws in, one row of numbers an effect out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import tidy_frame
from evalkit.models.mediation.effects import COLUMNS
from evalkit.models.mediation.evidence import e_value, e_value_of_interval
from evalkit.models.mediation.intervals import BOOTSTRAP, bootstrap_summary, jackknife_influence, quantile_intervals
from evalkit.models.mediation.natural import Natural

ENDS = tuple(name for method in (*BOOTSTRAP, "monte_carlo") for name in COLUMNS[method])
SPREAD = ("boot_mean", "boot_se", "z0", "acceleration", "p_boot")


@dataclass(frozen=True, eq=False)
class Intervals:
    """What is asked for: methods, the first one printed; coverage; rows; stratum of each unit drawn."""

    ci: tuple[str, ...]
    conf_level: float
    n_obs: int
    strata: np.ndarray | None = None


def effect_frame(
    natural: Natural,
    point: np.ndarray,
    delta: np.ndarray,
    drawn: np.ndarray | None,
    without: np.ndarray | None,
    normal: np.ndarray | None,
    wanted: Intervals,
) -> pd.DataFrame:
    """Rows of effects with every interval asked for.

    Parameters
    ----------
    point, delta : ndarray, shape (E,)
        Effects of the sample and their first-order standard errors; ratios as logarithms.
    drawn : ndarray, shape (E, R), optional
        Of resamples.
    without : ndarray, shape (E, U), optional
        Without each unit in turn.
    normal : ndarray, shape (E, D), optional
        Of normal draws of the coefficients.
    """
    from scipy.special import ndtr

    size = len(point)
    columns = {name: np.full(size, np.nan) for name in (*SPREAD, *ENDS)}
    if drawn is not None:
        methods = tuple(m for m in wanted.ci if m in BOOTSTRAP)
        with np.errstate(invalid="ignore"):
            influence = None if without is None else jackknife_influence(without, wanted.strata)
        found = bootstrap_summary(drawn, point, influence, methods, wanted.conf_level)
        columns |= dict(zip(SPREAD, (found.mean, found.se, found.z0, found.acceleration, found.p_value), strict=True))
        for method, ends in found.intervals.items():
            columns |= dict(zip(COLUMNS[method], ends.T, strict=True))
    if normal is not None:
        columns |= dict(zip(COLUMNS["monte_carlo"], quantile_intervals(normal, wanted.conf_level).T, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = point / delta
    p = columns["p_boot"] if drawn is not None else 2 * ndtr(-np.abs(z))
    ratio = natural.is_ratio
    means = np.array([term.startswith("mean.") for term, _ in natural.terms])
    for name in ("boot_mean", *ENDS):
        columns[name] = _exponential(columns[name], ratio)
    low, high = (columns[name].copy() for name in COLUMNS[wanted.ci[0]])
    estimate = _exponential(point, ratio)
    e = _e_values(natural, estimate, low, high)
    return tidy_frame(
        size,
        term=[term for term, _ in natural.terms],
        level=[level for _, level in natural.terms],
        estimate=estimate,
        std_error=columns["boot_se"] if drawn is not None else delta,
        p_value=np.where(means, np.nan, p),
        conf_low=low,
        conf_high=high,
        n_obs=wanted.n_obs,
        **(columns | {"p_boot": np.where(means, np.nan, columns["p_boot"])}),
        sobel_se=delta,
        e_value=e[0],
        e_value_limit=e[1],
        reason=[None if np.isfinite(v) else "natural.why_undefined" for v in estimate],
    )


def undefined_frame(natural: Natural, n: int) -> pd.DataFrame:
    """All effects nan."""
    names = (*SPREAD, *ENDS, "sobel_se", "e_value", "e_value_limit")
    return tidy_frame(
        len(natural.terms),
        term=[term for term, _ in natural.terms],
        level=[level for _, level in natural.terms],
        n_obs=n,
        **dict.fromkeys(names, np.nan),
        reason=["natural.why_no_fit"] * len(natural.terms),
    )


def _exponential(values: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.where(ratio, np.exp(values), values)


def _e_values(
    natural: Natural, estimate: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """E-values of risk and rate ratios, and of the end of their interval that is nearer to 1; nan for the rest."""
    values, limits = np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    for i, (term, _) in enumerate(natural.terms):
        if term.startswith("rr."):
            values[i] = e_value(estimate[i])
            limits[i] = e_value_of_interval(low[i], high[i])
    return values, limits
