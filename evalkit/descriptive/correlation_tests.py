"""Correlations in; tests of their differences out: of separate people, or of the same people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class Difference:
    """A difference of two correlations: `q` of their Fisher z (Cohen 1988), a statistic with its df (nan for z), p."""

    q: float
    statistic: float
    df: float
    p_value: float


def separate(r1: float, n1: float, r2: float, n2: float) -> Difference:
    """Correlations of two groups of people: z of atanh r1 - atanh r2. Fisher (1921), Metron 1, 3-32."""
    q = _fisher(r1) - _fisher(r2)
    if min(n1, n2) <= 3:
        return Difference(q, math.nan, math.nan, math.nan)
    return _normal(q, q / math.sqrt(1 / (n1 - 3) + 1 / (n2 - 3)))


def williams(r12: float, r13: float, r23: float, n: float) -> Difference:
    """r12 against r13 of the same people: t with n - 3 df. Williams (1959); Steiger (1980), eq. 7."""
    q = _fisher(r12) - _fisher(r13)
    determinant = 1 - r12**2 - r13**2 - r23**2 + 2 * r12 * r13 * r23
    mean = (r12 + r13) / 2
    below = 2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - r23) ** 3 if n > 3 else math.nan
    if not below > 0:
        return Difference(q, math.nan, math.nan, math.nan)
    t = (r12 - r13) * math.sqrt((n - 1) * (1 + r23) / below)
    return Difference(q, t, n - 3, 2 * float(stats.t.sf(abs(t), n - 3)))


def steiger(r12: float, r34: float, cross: tuple[float, float, float, float], n: float) -> Difference:
    """r12 against r34 of the same people, by Fisher's z with the pooled correlation.

    Parameters
    ----------
    cross : tuple of float
        r13, r14, r23, r24. With one variable in both pairs (1 = 3) give r13 = 1 and r14 = r34, r23 = r12.

    Notes
    -----
    Steiger (1980), Psychological Bulletin 87, 245-251, eqs 2, 3, 11 and 14 to 15.
    """
    q = _fisher(r12) - _fisher(r34)
    r = (r12 + r34) / 2
    r13, r14, r23, r24 = cross
    if r13 == 1:  # a shared variable: its correlations take the pooled value too
        r14 = r23 = r
    psi = 0.5 * (
        (r13 - r * r23) * (r24 - r23 * r)
        + (r14 - r13 * r) * (r23 - r * r13)
        + (r13 - r14 * r) * (r24 - r * r14)
        + (r14 - r * r24) * (r23 - r24 * r)
    )
    spread = 2 - 2 * psi / (1 - r**2) ** 2 if abs(r) < 1 else math.nan
    if not spread > 0 or n <= 3:
        return Difference(q, math.nan, math.nan, math.nan)
    return _normal(q, q * math.sqrt((n - 3) / spread))


def _normal(q: float, z: float) -> Difference:
    return Difference(q, z, math.nan, 2 * float(stats.norm.sf(abs(z))))


def _fisher(r: float) -> float:
    return math.atanh(r) if abs(r) < 1 else math.nan
