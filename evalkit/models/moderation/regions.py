"""A slope that changes along a moderator in; where it differs from 0, and for how many, out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.models.moderation.equations import TESTED, Equation
from evalkit.models.moderation.roles import Predictor

FLOODLIGHT = 41
"""Values of the moderator, from the lowest to the highest answer, at which the slope is drawn."""
FDR_POINTS = 1000
OWN_DF = 25
"""Places at which degrees of freedom are found where each slope has its own (CR2); between them they are linear."""


@dataclass(frozen=True, eq=False)
class Region:
    """Where the slope of one column is significant along a moderator.

    Attributes
    ----------
    term, moderator : str
    level : str
        What else the slope belongs to: the category of the outcome, the value of the other moderator.
    quadratic : ndarray, shape (3,)
        a, b, c of ``a m^2 + b m + c``, positive where the slope is significant, m as it enters the model; nan where
        degrees of freedom change along m.
    lower, upper : float
        The bounds as values of the moderator; nan where there is none.
    outside : float
        1: significant below the lower and above the upper bound; 0: between them; nan without bounds.
    below, above, significant : float
        Per cent of the rows below the lower bound, above the upper one, and where the slope is significant.
    alpha : float
        Two-sided level each slope is tested at; lower than asked for where the false discovery rate is held.
    low, high : float
        Lowest and highest value of the moderator in the rows used.
    grid : DataFrame
        at, estimate, std_error, statistic, df, p_value, conf_low, conf_high along the moderator.
    edges : DataFrame
        The same at the bounds.
    """

    term: str
    moderator: str
    level: str
    quadratic: np.ndarray
    lower: float
    upper: float
    outside: float
    below: float
    above: float
    significant: float
    alpha: float
    low: float
    high: float
    grid: pd.DataFrame
    edges: pd.DataFrame

    @property
    def discriminant(self) -> float:
        a, b, c = self.quadratic
        return float(b * b - 4 * a * c)

    @property
    def inside(self) -> tuple[float, ...]:
        """The bounds within the data."""
        return tuple(v for v in (self.lower, self.upper) if self.low <= v <= self.high)


@dataclass(frozen=True, eq=False)
class Slope:
    """A slope ``base + m * change`` (combinations of coefficients) along a moderator m."""

    equation: Equation
    base: np.ndarray
    change: np.ndarray
    moderator: Predictor

    def contrasts(self, at: np.ndarray) -> np.ndarray:
        """At values of the moderator, shape (m, k)."""
        entered = (np.asarray(at, float) - self.moderator.centre) / self.moderator.scale
        return np.asarray(self.base + entered[:, None] * self.change)

    @cached_property
    def own_df(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Places along the moderator and the degrees of freedom there; None where all slopes share them."""
        if self.equation.df_of is None:
            return None
        places = np.linspace(self.moderator.raw.min(), self.moderator.raw.max(), OWN_DF)
        return places, np.array([self.equation.df_of(c) for c in self.contrasts(places)])

    def df(self, at: np.ndarray) -> np.ndarray:
        """Degrees of freedom at values of the moderator."""
        return np.full(len(at), self.equation.df) if self.own_df is None else np.interp(at, *self.own_df)

    def table(self, at: np.ndarray, conf_level: float) -> pd.DataFrame:
        """The tested columns at values of the moderator."""
        found = self.equation.tested(self.contrasts(at), conf_level, self.df(at))
        return pd.DataFrame({"at": at} | {name: found[name] for name in TESTED})


def region(slope: Slope, term: str, level: str, conf_level: float, *, fdr: bool = False) -> Region:
    """Johnson-Neyman bounds of a slope.

    Parameters
    ----------
    fdr : bool
        The level of each test is the one at which Benjamini & Hochberg's procedure, over 1000 evenly spaced values
        of the moderator, keeps the false discovery rate at ``1 - conf_level``.

    Notes
    -----
    Roots of ``(b1 + b3 m)^2 = t^2 (v11 + 2 m v13 + m^2 v33)``: Bauer & Curran (2005), Multivariate Behavioral Research
    40, 373-400. False discovery rate: Esarey & Sumner (2018), Comparative Political Studies 51, 1144-1176.
    """
    one = slope.moderator
    low, high = float(one.raw.min()), float(one.raw.max())
    alpha = _level(slope, 1 - conf_level, np.linspace(low, high, FDR_POINTS)) if fdr else 1 - conf_level
    if slope.equation.df_of is None:
        quadratic = _quadratic(slope, alpha)
        roots = [m * one.scale + one.centre for m in _roots(quadratic)]
    else:
        quadratic, roots = np.full(3, np.nan), _crossings(slope, alpha, low, high)
    lower, upper, outside = _sides(slope, quadratic, roots, alpha)
    known = np.unique(one.raw)
    p = slope.table(known, conf_level)["p_value"].to_numpy()
    return Region(
        term=term,
        moderator=one.name,
        level=level,
        quadratic=quadratic,
        lower=lower,
        upper=upper,
        outside=outside,
        below=one.share(one.raw < lower) if np.isfinite(lower) else np.nan,
        above=one.share(one.raw > upper) if np.isfinite(upper) else np.nan,
        significant=np.nan if np.isnan(p).all() else one.share((p < alpha)[np.searchsorted(known, one.raw)]),
        alpha=alpha,
        low=low,
        high=high,
        grid=slope.table(np.linspace(low, high, FLOODLIGHT), conf_level),
        edges=slope.table(np.array([v for v in (lower, upper) if np.isfinite(v)]), conf_level),
    )


def _sides(slope: Slope, quadratic: np.ndarray, roots: list[float], alpha: float) -> tuple[float, float, float]:
    """Lower and upper bound, and whether the slope is significant outside of them."""
    if not roots:
        return np.nan, np.nan, np.nan
    if np.isfinite(quadratic).all():
        return roots[0], roots[1], float(quadratic[0] > 0)
    raw = slope.moderator.raw
    above = bool(slope.table(np.array([raw.max()]), 1 - alpha)["p_value"].iloc[0] < alpha)
    if len(roots) > 1:
        return roots[0], roots[-1], float(above)
    return (np.nan, roots[0], 1.0) if above else (roots[0], np.nan, 1.0)


def _quadratic(slope: Slope, alpha: float) -> np.ndarray:
    from scipy.stats import norm, t

    df = slope.equation.df
    square = (norm.isf(alpha / 2) if np.isinf(df) else t.isf(alpha / 2, df)) ** 2
    (b0, b1), (v0, v1) = slope.equation.moments(np.array([slope.base, slope.change]))
    both = slope.equation.moments((slope.base + slope.change)[None, :])[1][0]
    v01 = (both - v0 - v1) / 2
    return np.array([b1**2 - square * v1, 2 * (b0 * b1 - square * v01), b0**2 - square * v0])


def _roots(quadratic: np.ndarray) -> list[float]:
    a, b, c = quadratic
    disc = b * b - 4 * a * c
    if not np.isfinite(disc) or disc <= 0 or a == 0:
        return []
    q = -0.5 * (b + np.copysign(np.sqrt(disc), b))  # no cancellation between b and the root
    return sorted((float(q / a), float(c / q)))


def _crossings(slope: Slope, alpha: float, low: float, high: float) -> list[float]:
    """Bounds within the data where degrees of freedom change along the moderator; at most the outer two."""
    from scipy.optimize import brentq
    from scipy.stats import t

    places = np.linspace(low, high, OWN_DF)

    def margin(at: float) -> float:
        value, variance = slope.equation.moments(slope.contrasts(np.array([at])))
        return float(abs(value[0]) / np.sqrt(variance[0]) - t.isf(alpha / 2, slope.df(np.array([at]))[0]))

    at = [margin(p) for p in places]
    if not np.isfinite(at).all():
        return []
    turns = [i for i in range(len(at) - 1) if at[i] * at[i + 1] < 0]
    return [float(brentq(margin, places[i], places[i + 1])) for i in turns]


def _level(slope: Slope, alpha: float, at: np.ndarray) -> float:
    """Benjamini & Hochberg's (1995) level of each test; alpha / m where none is rejected."""
    p = np.sort(slope.table(at, 1 - alpha)["p_value"].to_numpy())
    steps = alpha * np.arange(1, len(p) + 1) / len(p)
    passed = np.flatnonzero(p <= steps)
    return float(steps[passed[-1]] if len(passed) else steps[0])
