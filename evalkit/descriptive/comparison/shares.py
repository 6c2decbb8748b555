"""A count and a number of answers in; the share in per cent with its interval out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.sample import Line

INTERVALS = ("wilson", "exact", "agresti", "wald")


def share(count: float, n: int, conf_level: float, interval: str = "wilson") -> Line:
    """Per cent with an interval, as values of a line.

    Wilson (1927), Journal of the American Statistical Association 22, 209-212; exact: Clopper & Pearson (1934),
    Biometrika 26, 404-413; Agresti & Coull (1998), American Statistician 52, 119-126; Wald.
    """
    values: Line = {"count": float(count), "n_obs": float(n)}
    if not n:
        return values | {"estimate": np.nan, "percent": np.nan}
    low, high = _ends(float(count), float(n), conf_level, interval)
    return values | {"estimate": 100 * count / n, "percent": 100 * count / n, "conf_low": 100 * low,
                     "conf_high": 100 * high}  # fmt: skip


def _ends(count: float, n: float, conf_level: float, interval: str) -> tuple[float, float]:
    tail = (1 - conf_level) / 2
    if interval == "exact":
        low = float(stats.beta.ppf(tail, count, n - count + 1)) if count else 0.0
        return low, float(stats.beta.isf(tail, count + 1, n - count)) if count < n else 1.0
    z = float(stats.norm.isf(tail))
    p = count / n
    if interval == "wald":
        half = z * np.sqrt(p * (1 - p) / n)
        return float(p - half), float(p + half)
    centre = (count + z**2 / 2) / (n + z**2)
    if interval == "agresti":
        half = z * np.sqrt(centre * (1 - centre) / (n + z**2))
    else:
        half = np.sqrt(z**2 * (p * (1 - p) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
    return float(centre - half), float(centre + half)
