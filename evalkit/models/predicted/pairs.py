"""Predictions at several points in, their differences with tests adjusted for one another out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from evalkit.contract import AnalysisError, Problem

TUKEY = "tukey"
ADJUSTMENTS: Mapping[str, str] = {
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bonferroni": "bonferroni",
    "bh": "fdr_bh",
    "by": "fdr_by",
    "none": "",
}
"""Methods besides Tukey's -> their names in statsmodels."""
MOST = 30
"""Points that are compared with one another."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Differences of predictions, first less second; arrays have one entry a pair of points."""

    adjust: str
    places: tuple[tuple[int, int], ...]
    estimate: np.ndarray
    std_error: np.ndarray
    statistic: np.ndarray
    df: float
    p_value: np.ndarray
    p_adjusted: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray


def require_pairs(pairs: str, n_points: int) -> None:
    """E6786 for an unknown adjustment, fewer than two points, or too many."""
    known = [TUKEY, *ADJUSTMENTS]
    if pairs not in known:
        raise AnalysisError(Problem("E6786", params={"value": pairs, "known": known}))
    if not 2 <= n_points <= MOST:
        raise AnalysisError(Problem("E6787", params={"n": n_points, "most": MOST}))


def differences(
    mean: np.ndarray, gradient: np.ndarray, matrix: np.ndarray, df: float, adjust: str, conf_level: float
) -> Pairs:
    """All pairs of points.

    Parameters
    ----------
    mean : ndarray, shape (n,)
        Predictions.
    gradient : ndarray, shape (n, k)
        Their derivatives by the coefficients.
    matrix : ndarray, shape (k, k)
        Covariance of the coefficients.

    Notes
    -----
    Delta method. `tukey`: p and interval by the studentised range of n means (Tukey 1953; Kramer 1956); the others
    adjust p and leave each interval its own.
    """
    from scipy.stats import norm, studentized_range, t

    places = tuple(combinations(range(len(mean)), 2))
    first, second = (np.array(part) for part in zip(*places, strict=True))
    value, way = mean[first] - mean[second], gradient[first] - gradient[second]
    error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", way, matrix, way), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, value / error, np.nan)
    law = t(df) if np.isfinite(df) else norm
    p = 2 * law.sf(np.abs(statistic))
    if adjust == TUKEY:
        n = len(mean)
        adjusted = studentized_range.sf(np.abs(statistic) * np.sqrt(2), n, df)
        reach = float(studentized_range.ppf(conf_level, n, df)) / np.sqrt(2)
    else:
        adjusted, reach = _adjusted(p, adjust), float(law.ppf((1 + conf_level) / 2))
    ends = (value - reach * error, value + reach * error)
    return Pairs(adjust, places, value, error, statistic, df if np.isfinite(df) else np.nan, p, adjusted, *ends)


def _adjusted(p: np.ndarray, adjust: str) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    out = np.full(len(p), np.nan)
    known = np.isfinite(p)
    if known.any():
        out[known] = p[known] if adjust == "none" else multipletests(p[known], method=ADJUSTMENTS[adjust])[1]
    return out
