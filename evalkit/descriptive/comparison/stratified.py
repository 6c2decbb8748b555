"""Two groups, yes or no, and strata in; the odds ratio common to the strata with its test out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line


def mantel_haenszel(sample: Sample, wishes: Wishes) -> list[Line]:
    """Cochran, Mantel and Haenszel's test without continuity correction; first group against the second.

    Notes
    -----
    Mantel & Haenszel (1959), Journal of the National Cancer Institute 22, 719-748; interval of the log odds ratio by
    Robins, Breslow & Greenland (1986), Biometrics 42, 311-323.
    """
    strata = sample.strata
    if strata is None:
        raise ValueError("Mantel and Haenszel's test without strata")
    y, group = sample.pooled > 0, sample.group == 0
    # Yes and no of the first group, yes and no of the second; a column a stratum.
    k = int(strata.max()) + 1
    a, b, c, d = (
        np.bincount(strata[own], minlength=k).astype(float)
        for own in (group & y, group & ~y, ~group & y, ~group & ~y)
    )  # fmt: skip
    n = a + b + c + d
    told = n > 1
    a, b, c, d, n = a[told], b[told], c[told], d[told], n[told]
    spread = float(np.sum((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))))
    if not spread > 0:
        return [line("test", reason="descriptive.compare.reason_constant")]
    gap = float(np.sum(a - (a + b) * (a + c) / n))
    chi2 = gap**2 / spread
    test = line("test", statistic=chi2, df=1.0, p_value=float(stats.chi2.sf(chi2, 1)))
    r, s = a * d / n, b * c / n
    top, bottom = float(r.sum()), float(s.sum())
    if not (top > 0 and bottom > 0):
        return [test, effect("common_odds_ratio", np.nan)]
    p, q = (a + d) / n, (b + c) / n
    error = np.sqrt(
        np.sum(p * r) / (2 * top**2) + np.sum(p * s + q * r) / (2 * top * bottom) + np.sum(q * s) / (2 * bottom**2)
    )
    half = float(stats.norm.ppf((1 + wishes.conf_level) / 2)) * float(error)
    ratio = top / bottom
    return [test, effect("common_odds_ratio", ratio, (ratio * np.exp(-half), ratio * np.exp(half)))]
