"""Groups in; tests of equal variances and of normality out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.sample import Line, Sample, line
from evalkit.descriptive.statistics import shapiro_wilk

NORMALITY = "shapiro"


def of_groups(sample: Sample, conf_level: float) -> list[Line]:
    """Levene's test (about means; about medians, Brown & Forsythe 1974), Bartlett's, Fligner's, normality a group.

    Two groups also get the ratio of the variances with F and interval.
    """
    if sample.sizes.min() < 2 or not (np.nan_to_num(sample.variances) > 0).any():
        return []
    k, n = len(sample.values), float(sample.sizes.sum())
    found = []
    for term, center in (("levene", "mean"), ("levene_median", "median")):
        with np.errstate(divide="ignore", invalid="ignore"):  # deviations alike within groups: no F
            test = stats.levene(*sample.values, center=center)
        values = {"statistic": float(test.statistic), "p_value": float(test.pvalue)}
        found.append(line(term, df=float(k - 1), df2=n - k, **values))
    if (sample.variances > 0).all():
        bartlett = stats.bartlett(*sample.values)
        values = {"statistic": float(bartlett.statistic), "p_value": float(bartlett.pvalue)}
        found.append(line("bartlett", df=float(k - 1), **values))
    with np.errstate(divide="ignore", invalid="ignore"):
        fligner = stats.fligner(*sample.values)
    values = {"statistic": float(fligner.statistic), "p_value": float(fligner.pvalue)}
    found.append(line("fligner", df=float(k - 1), **values))
    if k == 2:
        found += _two(sample, conf_level)
    return [*found, *(_normal(v, id) for v, id in zip(sample.values, sample.ids, strict=True))]


def of_differences(sample: Sample) -> list[Line]:
    """Normality of the differences of two measures, or of each of several."""
    if len(sample.values) == 2:
        return [_normal(sample.values[0] - sample.values[1], ":".join(sample.ids))]
    return [_normal(v, id) for v, id in zip(sample.values, sample.ids, strict=True)]


def _normal(x: np.ndarray, id: str) -> Line:
    w, p = shapiro_wilk(x)
    return line(NORMALITY, id, statistic=w, p_value=p)


def _two(sample: Sample, conf_level: float) -> list[Line]:
    x, y = sample.values
    found = []
    if (sample.variances > 0).all():
        ratio, df, df2 = float(sample.variances[0] / sample.variances[1]), float(len(x) - 1), float(len(y) - 1)
        tail = (1 - conf_level) / 2
        p = 2 * min(float(stats.f.sf(ratio, df, df2)), float(stats.f.cdf(ratio, df, df2)))
        ends = {"conf_low": ratio / float(stats.f.isf(tail, df, df2))}
        ends["conf_high"] = ratio / float(stats.f.ppf(tail, df, df2))
        values = {"statistic": ratio, "df": df, "df2": df2, "p_value": min(1.0, p)}
        found.append(line("variance_ratio", estimate=ratio, **values, **ends))
    return found
