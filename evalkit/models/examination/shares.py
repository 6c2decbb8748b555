"""F tests of an analysis of variance in, partial eta squared with intervals out."""

from __future__ import annotations

import numpy as np

from evalkit.models.examination.variables import Squares

LEVEL = 0.90
"""An interval of 90 % leaves 0 out just where the F test rejects at .05: the share cannot be negative."""
LARGEST = 1e9
"""An F above this is that of an exact fit: it has no interval."""


def partial_shares(found: Squares) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``F df / (F df + df2)`` of each term with the ends of its interval, nan where there is no F.

    Noncentralities for which F lies at the ends of the central 90 %: Steiger (2004), Psychological Methods 9, 164-182.
    """
    share = found.f * found.df / (found.f * found.df + found.rest_df) if found.rest_df else found.f
    tail = (1 - LEVEL) / 2
    ends = np.array(
        [[_end(f, df, found.rest_df, p) for p in (1 - tail, tail)] for f, df in zip(found.f, found.df, strict=True)]
    ).reshape(-1, 2)
    return share, ends[:, 0], ends[:, 1]


def _end(f: float, df: float, df2: int, p: float) -> float:
    """The share at which this F has p below it; 0 where even no share at all leaves less."""
    from scipy.optimize import brentq
    from scipy.stats import f as f_distribution
    from scipy.stats import ncf

    if not (f < LARGEST and df > 0 and df2 > 0):
        return float("nan")
    if f_distribution.cdf(f, df, df2) <= p:
        return 0.0
    far = f * df + 10.0
    while ncf.cdf(f, df, df2, far) > p:
        far *= 2
    found = float(brentq(lambda nc: ncf.cdf(f, df, df2, nc) - p, 1e-12, far, xtol=1e-10))
    return found / (found + df2)
