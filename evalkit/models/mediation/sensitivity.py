"""Indirect effects as chains of paths in; how much confounding of mediators and outcomes each would bear out.

The path from a mediator onwards is causal only if the errors at its two ends are uncorrelated. Were their correlation
rho, its coefficient would be ``b(rho) = b - rho / sqrt(1 - rho^2) * s_to / s_start`` with the residual SD of both ends
(s_start: given everything else in the equation of the other end), which is 0 at the partial correlation of the two:
Imai, Keele & Yamamoto (2010), Statistical Science 25, 51-71, theorem 4 in other letters. For a probit outcome, whose
error has SD 1, and the products of R squared: Imai, Keele & Tingley (2010), Psychological Methods 15, 309-334.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Label
from evalkit.models.fit import weighted_sd
from evalkit.models.mediation.evidence import e_value, e_value_of_interval, ratio_of_difference
from evalkit.models.mediation.system import LINEAR, Equation, System, design
from evalkit.moments import least_squares

COLUMNS = ("rho", "r2_residual", "r2_total", "e_value", "e_value_limit")
WIDEST = 0.9
POINTS = 61


@dataclass(frozen=True)
class Edge:
    """One path of a chain: its coefficient (at a condition, where it is moderated) and standard error."""

    start: str
    to: str
    b: float
    se: float


@dataclass(frozen=True)
class Traced:
    """A specific indirect effect: its row among the effects, its paths from x to y, and its condition in words."""

    row: int
    edges: tuple[Edge, ...]
    at: Label | None = None

    @property
    def x(self) -> str:
        return self.edges[0].start

    @property
    def y(self) -> str:
        return self.edges[-1].to


@dataclass(frozen=True)
class Ends:
    """Residual SD of the end of a path over that of its start, and R squared of the equations of start and end."""

    ratio: float
    r2_start: float
    r2_to: float


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What the assumption of uncorrelated errors is worth.

    Attributes
    ----------
    links : DataFrame
        A row a path that starts at a mediator, in each effect: `row` (of the effect), `start`, `to`, `rho`,
        `r2_residual` and `r2_total` (products of shares of unexplained and of all variance, at that rho), `weakest`.
    curves : DataFrame
        Each effect along the rho of its weakest path: `row`, `from`, `to`, `by`, `moderator` ("rho"), `theta` (rho),
        `estimate`, `conf_low`, `conf_high`.
    traced : tuple of Traced
    """

    links: pd.DataFrame
    curves: pd.DataFrame
    traced: tuple[Traced, ...]


def vanishing_rho(b: float, ratio: float) -> float:
    """The correlation of errors at which a path would be 0; nan where it is not defined."""
    if not (np.isfinite(b) and np.isfinite(ratio)) or ratio <= 0:
        return float("nan")
    t = b / ratio
    return float(t / np.sqrt(1 + t * t))


class Residuals:
    """Residual spreads at the ends of paths, each computed once.

    Parameters
    ----------
    system : System
    values : ndarray, shape (n, k)
        Its columns.
    weights : ndarray, shape (n,), optional
    """

    def __init__(self, system: System, values: np.ndarray, weights: np.ndarray | None = None) -> None:
        self._equations = {e.outcome: e for e in system.equations}
        self._places = system.places
        self._values = values
        self._weights = np.ones(len(values)) if weights is None else weights
        self._known: dict[tuple[str, str], Ends] = {}

    def ends(self, start: str, to: str, probit: np.ndarray | None = None) -> Ends:
        """Of one path between outcomes; nan where one of them is neither linear nor a probit at the end.

        Parameters
        ----------
        probit : ndarray, shape (n,), optional
            Fitted linear predictor of the end, where it is a probit.
        """
        if (start, to) not in self._known:
            self._known[start, to] = self._found(self._equations[start], self._equations[to], probit)
        return self._known[start, to]

    def _found(self, start: Equation, to: Equation, probit: np.ndarray | None) -> Ends:
        if start.family != LINEAR or (to.family != LINEAR and probit is None):
            return Ends(np.nan, np.nan, np.nan)
        m = self._values[:, self._places[start.outcome]]
        rest = Equation(to.outcome, to.family, tuple(t for t in to.terms if start.outcome not in t.factors))
        own = self._spread(m, design(rest, self._places, self._values))[0]
        r2_start = self._spread(m, design(start, self._places, self._values))[1]
        if probit is not None:
            share = self._weights / self._weights.sum()
            fitted = float(share @ (probit - share @ probit) ** 2)
            return Ends(1 / own if own > 0 else np.nan, r2_start, fitted / (1 + fitted))
        y = self._values[:, self._places[to.outcome]]
        error, r2_to = self._spread(y, design(to, self._places, self._values))
        return Ends(error / own if own > 0 else np.nan, r2_start, r2_to)

    def _spread(self, y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
        """Residual SD (divisor n) and R squared; a constant joins the columns."""
        root, total = np.sqrt(self._weights), self._weights.sum()
        full = np.column_stack([np.ones(len(y)), x])
        solved = least_squares(full * root[:, None], y * root)
        rest = float(self._weights @ (y - full @ np.nan_to_num(solved.coefficients)) ** 2 / total)
        whole = float(self._weights @ (y - self._weights @ y / total) ** 2 / total)
        return float(np.sqrt(rest)), 1 - rest / whole if whole > 0 else np.nan


def sensitivity_of(
    traced: Sequence[Traced],
    residuals: Residuals,
    n: int,
    conf_level: float,
    probits: Mapping[str, np.ndarray] | None = None,
) -> Sensitivity:
    """Every path between mediators and outcomes of every effect.

    Parameters
    ----------
    probits : mapping
        Outcome of a probit -> fitted linear predictor.
    """
    links, curves = [], []
    for effect in traced:
        own = []
        for place, edge in enumerate(effect.edges[1:], 1):
            ends = residuals.ends(edge.start, edge.to, (probits or {}).get(edge.to))
            rho = vanishing_rho(edge.b, ends.ratio)
            total = rho**2 * (1 - ends.r2_start) * (1 - ends.r2_to)
            own.append((abs(rho), place, ends, [effect.row, edge.start, edge.to, rho, rho**2, total]))
        known = [part for part in own if np.isfinite(part[0])]
        least = min(known, key=lambda part: part[0]) if len(known) == len(own) else None
        links += [[*part[3], least is not None and part[1] == least[1]] for part in own]
        if least is not None:
            curves.append(_curve(effect, least[1], least[2].ratio, n, conf_level))
    names = ["row", "start", "to", "rho", "r2_residual", "r2_total", "weakest"]
    columns = ["row", "from", "to", "by", "moderator", "theta", "estimate", "conf_low", "conf_high"]
    return Sensitivity(
        pd.DataFrame(links, columns=names),
        pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns),
        tuple(traced),
    )


def _curve(effect: Traced, place: int, ratio: float, n: int, conf_level: float) -> pd.DataFrame:
    """One effect along rho, with intervals by the delta method (the estimates of different paths are independent)."""
    from scipy.special import ndtri

    rho = np.linspace(-WIDEST, WIDEST, POINTS)
    shift = rho / np.sqrt(1 - rho**2) * ratio
    edge = effect.edges[place]
    others = [e for j, e in enumerate(effect.edges) if j != place]
    rest = np.prod([e.b for e in others])
    b = edge.b - shift
    spread = sum(np.prod([e.b for e in others if e is not one]) ** 2 * one.se**2 for one in others)
    variance = b**2 * spread + rest**2 * (edge.se**2 + shift**2 / n)
    reach = ndtri((1 + conf_level) / 2) * np.sqrt(variance)
    by = f"effect.{effect.row}"
    keys = {"row": effect.row, "from": effect.x, "to": effect.y, "by": by, "moderator": "rho"}
    numbers = {"theta": rho, "estimate": rest * b, "conf_low": rest * b - reach, "conf_high": rest * b + reach}
    return pd.DataFrame(keys | numbers)


def step_of(x: np.ndarray, weights: np.ndarray | None) -> float:
    """The step of x that counts as one: between its two values where it has two, else its SD."""
    found = np.unique(x)
    return float(found[1] - found[0]) if len(found) == 2 else weighted_sd(x, weights)


def without_sensitivity(effects: pd.DataFrame) -> pd.DataFrame:
    """The effects with the columns `COLUMNS`, all nan: where nothing could be estimated."""
    return effects.assign(**dict.fromkeys(COLUMNS, np.nan))


def with_sensitivity(
    effects: pd.DataFrame,
    traced: Sequence[Traced],
    found: Sensitivity,
    sd: Mapping[tuple[str, str], float],
    more: Mapping[int, tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """The effects with the columns `COLUMNS`.

    Parameters
    ----------
    sd : mapping
        (x, y) -> SD of y over the step of x that counts as one (its SD; 1 for an x of two values a unit apart).
    more : mapping
        Row of another effect (the total) -> its x and y, for an E-value.
    """
    columns = {name: np.full(len(effects), np.nan) for name in COLUMNS}
    weakest = found.links[found.links["weakest"]].set_index("row") if len(found.links) else found.links
    for effect in traced:
        if effect.row in weakest.index:
            for name in COLUMNS[:3]:
                columns[name][effect.row] = weakest.loc[effect.row, name]
    pairs = {e.row: (e.x, e.y) for e in traced} | dict(more or {})
    for row, pair in pairs.items():
        b, low, high = (float(effects[name].iloc[row]) for name in ("estimate", "conf_low", "conf_high"))
        columns["e_value"][row] = e_value(ratio_of_difference(b, sd[pair]))
        columns["e_value_limit"][row] = e_value_of_interval(*(ratio_of_difference(v, sd[pair]) for v in (low, high)))
    return effects.assign(**columns)
