"""Test statistics in; effect sizes with intervals from noncentral distributions out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, special, stats

_NAN = float("nan")
Interval = tuple[float, float]


def t_noncentrality(t: float, df: float, conf_level: float) -> Interval:
    """Noncentrality parameters for which t lies at the ends of the central `conf_level` of the distribution.

    Steiger & Fouladi (1997), in Harlow et al. (eds), What if there were no significance tests?, 221-257.
    """
    if not (math.isfinite(t) and df > 0):
        return _NAN, _NAN
    tail = (1 - conf_level) / 2
    below = _noncentral_t(t, df)
    reach = (12.0 + abs(t)) * (1 + 10 / df)

    def root(p: float) -> float:
        return float(optimize.brentq(lambda nc: below(nc) - p, t - reach, t + reach, xtol=1e-12))

    return root(1 - tail), root(tail)


def _noncentral_t(t: float, df: float) -> Callable[[float], float]:
    """Chance of a noncentral t below t as a function of the noncentrality.

    Integral of Phi(t s - nc) over s = sqrt(chi-square / df): library routines fail for some arguments in the middle of
    their range.
    """
    s, mass = scaled_chi(df)

    def below(nc: float) -> float:
        return float(np.sum(mass * special.ndtr(t * s - nc)))

    return below


def f_interval(f: float, df: float, df2: float, conf_level: float) -> Interval:
    """Interval of a share of variance behind an F: noncentrality / (noncentrality + df2), 0 where it has no lower end.

    Steiger (2004), Psychological Methods 9, 164-182.
    """

    def below(nc: float) -> float:
        return float(stats.ncf.cdf(f, df, df2, nc)) if nc > 0 else float(stats.f.cdf(f, df, df2))

    low, high = _noncentrality(below, f * df, conf_level)
    return low / (low + df2), high / (high + df2)


def chi2_noncentrality(chi2: float, df: float, conf_level: float) -> Interval:
    """Interval of the noncentrality behind a chi-square, 0 where it has no lower end."""

    def below(nc: float) -> float:
        return float(stats.ncx2.cdf(chi2, df, nc)) if nc > 0 else float(stats.chi2.cdf(chi2, df))

    return _noncentrality(below, chi2, conf_level)


def scaled_chi(df: float) -> tuple[np.ndarray, np.ndarray]:
    """Places s and masses that stand for sqrt(chi-square / df): Gauss-Legendre in 64 panels, shapes (1024,)."""
    ends = np.sqrt(stats.chi2.ppf([1e-15, 1.0 - 1e-15], df) / df)
    edges = np.linspace(ends[0], ends[1], 65)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = (edges[1:] - edges[:-1]) / 2
    s = (((edges[1:] + edges[:-1]) / 2)[:, None] + half[:, None] * nodes).ravel()
    return s, (half[:, None] * weights).ravel() * stats.chi.pdf(s * np.sqrt(df), df) * np.sqrt(df)


def small_sample(df: float) -> float:
    """Hedges' exact factor J = Gamma(df/2) / (sqrt(df/2) Gamma((df-1)/2)), Hedges (1981), J. Educ. Stat. 6, 107-128."""
    if df <= 1:
        return _NAN
    return math.exp(math.lgamma(df / 2) - math.log(df / 2) / 2 - math.lgamma((df - 1) / 2))


def _noncentrality(below: Callable[[float], float], start: float, conf_level: float) -> Interval:
    if not math.isfinite(start):
        return _NAN, _NAN
    tail = (1 - conf_level) / 2

    def root(p: float) -> float:
        if below(0.0) <= p:
            return 0.0
        far = max(start, 1.0)
        while below(far) > p:
            far *= 2
        return float(optimize.brentq(lambda nc: below(nc) - p, 0.0, far, xtol=1e-12))

    return root(1 - tail), root(tail)
