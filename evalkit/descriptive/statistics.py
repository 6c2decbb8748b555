"""One complete column of numbers in; moments beyond the second, robust statistics and the Shapiro-Wilk test out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.moments import moments, quantile

SKEW_TYPES = (1, 2, 3)
PROBABILITIES = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.90, "q95": 0.95}


class Shape(NamedTuple):
    """Skewness and excess kurtosis."""

    skew: float
    kurtosis: float


def shape(x: np.ndarray, kind: int = 3) -> Shape:
    """Skewness and excess kurtosis of one of the three kinds of Joanes & Gill (1998), The Statistician 47, 183-189.

    1: population moments, g1 = m3 / m2^1.5 and g2 = m4 / m2^2 - 3. 2: their unbiased forms for normal data, as
    SPSS, SAS and spreadsheets print. 3: with the sample variance (divisor n - 1) in place of m2.
    nan for a constant, and where n is too small for the kind.
    """
    n = len(x)
    nothing = Shape(float("nan"), float("nan"))
    if n < 2 or x.min() == x.max():
        return nothing
    d = x - moments(x[:, None]).mean[0]
    m2, m3, m4 = (float(np.mean(d**k)) for k in (2, 3, 4))
    g1, g2 = m3 / m2**1.5, m4 / m2**2 - 3
    if kind == 1:
        return Shape(g1, g2)
    if kind == 3:
        return Shape(g1 * (1 - 1 / n) ** 1.5, (g2 + 3) * (1 - 1 / n) ** 2 - 3)
    skew = g1 * np.sqrt(n * (n - 1)) / (n - 2) if n > 2 else float("nan")
    return Shape(float(skew), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3)) if n > 3 else float("nan"))


def trimmed_mean(x: np.ndarray, share: float = 0.1) -> float:
    """Mean without the lowest and the highest `share` of the values (whole values, rounded down)."""
    cut = int(len(x) * share)
    kept = np.sort(x)[cut : len(x) - cut]
    return float(moments(kept[:, None]).mean[0]) if len(kept) else float("nan")


def median_deviation(x: np.ndarray) -> float:
    """Median absolute deviation from the median, times 1.4826 (the SD's scale for normal data)."""
    return float(1.4826 * np.median(np.abs(x - np.median(x)))) if len(x) else float("nan")


def shapiro_wilk(x: np.ndarray) -> tuple[float, float]:
    """W and p of Royston's (1995) algorithm, Applied Statistics 44, 547-551; nan outside 3 to 5000 values."""
    if not 3 <= len(x) <= 5000 or x.min() == x.max():
        return float("nan"), float("nan")
    from scipy import stats

    found = stats.shapiro(x)
    return float(found.statistic), float(found.pvalue)


def summary(
    x: np.ndarray, *, conf_level: float, skew_type: int, quantile_type: int, normality: bool
) -> dict[str, float]:
    """All statistics of one column without missing values, by glossary name; nan where n is too small."""
    from scipy import stats

    n = len(x)
    nan = float("nan")
    m = moments(x[:, None])
    mean = float(m.mean[0]) if n else nan
    sd = float(m.sd()[0])
    se = sd / np.sqrt(n) if n else nan
    half = float(stats.t.ppf((1 + conf_level) / 2, n - 1)) * se if n > 1 else nan
    low, high = (float(x.min()), float(x.max())) if n else (nan, nan)
    quantiles = dict(zip(PROBABILITIES, quantile(x, list(PROBABILITIES.values()), quantile_type).tolist(), strict=True))
    form = shape(x, skew_type)
    w, p = shapiro_wilk(x) if normality else (nan, nan)
    return {
        "estimate": mean, "std_error": se, "df": n - 1.0 if n else nan,
        "conf_low": mean - half, "conf_high": mean + half, "n_obs": float(n),
        "mean": mean, "sd": sd, "trimmed": trimmed_mean(x), "mad": median_deviation(x),
        "min": low, "max": high, "range": high - low, "skew": form.skew, "kurtosis": form.kurtosis,
        **quantiles, "iqr": quantiles["q75"] - quantiles["q25"],
        "variance": sd**2, "cv": sd / mean if mean else nan, "shapiro_w": w, "shapiro_p": p,
    }  # fmt: skip
