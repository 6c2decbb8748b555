"""Two means in; t tests, standardised differences with intervals and equivalence tests out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.noncentral import small_sample, t_noncentrality
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line


def student_t(sample: Sample, wishes: Wishes) -> list[Line]:
    """Student's t with the pooled variance; the difference is the first mean less the second."""
    n, s2 = sample.sizes, sample.variances
    df = float(n.sum() - 2)
    pooled = float(np.nansum((n - 1) * np.nan_to_num(s2)) / df)
    error = float(np.sqrt(pooled * np.sum(1 / n)))
    return [*_tested(sample, error, df, wishes), *_standardised(sample, wishes.conf_level)]


def welch_t(sample: Sample, wishes: Wishes) -> list[Line]:
    """Welch's t (1938), Biometrika 29, 350-362: the variances may differ."""
    error, df = welch_error(sample)
    return [*_tested(sample, error, df, wishes), *_standardised(sample, wishes.conf_level)]


def welch_error(sample: Sample) -> tuple[float, float]:
    """Standard error of the difference of two means, and Satterthwaite's degrees of freedom."""
    part = sample.variances / sample.sizes
    total = float(part.sum())
    return float(np.sqrt(total)), float(total**2 / np.sum(part**2 / (sample.sizes - 1)))


def paired_t(sample: Sample, wishes: Wishes) -> list[Line]:
    """Student's t of the differences within rows, first less second.

    Notes
    -----
    `cohens_dz`: mean difference over the SD of the differences; `cohens_d_average`: over the mean of the two SDs;
    `cohens_d_repeated`: dz * sqrt(2 (1 - r)). Lakens (2013), Frontiers in Psychology 4, 863, eqs 7-10.
    """
    first, second = sample.values
    d = first - second
    n, sd = len(d), float(d.std(ddof=1))
    t = float(d.mean() / (sd / np.sqrt(n)))
    r = float(np.corrcoef(first, second)[0, 1]) if min(first.std(), second.std()) > 0 else float("nan")
    low, high = t_noncentrality(t, n - 1, wishes.conf_level)
    dz = float(d.mean()) / sd
    average = float(d.mean()) / ((float(first.std(ddof=1)) + float(second.std(ddof=1))) / 2)
    return [
        *_tested(sample, sd / np.sqrt(n), float(n - 1), wishes),
        effect("cohens_dz", dz, (low / np.sqrt(n), high / np.sqrt(n))),
        effect("cohens_d_average", average),
        effect("cohens_d_repeated", dz * np.sqrt(2 * (1 - r))),
        effect("correlation", r),
    ]


def equivalence(difference: float, error: float, df: float, wishes: Wishes) -> list[Line]:
    """Two one-sided t tests: is the difference inside the bounds?

    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680. The interval is the one of
    1 - 2 alpha that lies inside the bounds exactly when both tests reject.
    """
    if wishes.equivalence is None:
        return []
    low, high = wishes.equivalence
    t = [(difference - low) / error, (difference - high) / error]
    p = [float(stats.t.sf(t[0], df)), float(stats.t.cdf(t[1], df))]
    half = float(stats.t.ppf(wishes.conf_level, df)) * error
    ends = {"conf_low": difference - half, "conf_high": difference + half, "df": df, "std_error": error}
    rows = [
        line("equivalence", side, statistic=t[i], p_value=p[i], df=df, reference=bound)
        for i, (side, bound) in enumerate((("lower", low), ("upper", high)))
    ]
    return [line("equivalence", estimate=difference, p_value=max(p), **ends), *rows]


def difference_test(difference: float, error: float, df: float, conf_level: float) -> Line:
    """t test of a difference, as values of a line."""
    half = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
    t = difference / error
    return {
        "estimate": difference, "std_error": error, "statistic": t, "df": df,
        "p_value": 2 * float(stats.t.sf(abs(t), df)), "conf_low": difference - half, "conf_high": difference + half,
    }  # fmt: skip


def _tested(sample: Sample, error: float, df: float, wishes: Wishes) -> list[Line]:
    difference = float(sample.means[0] - sample.means[1])
    test = line("test", **difference_test(difference, error, df, wishes.conf_level))
    return [test, *equivalence(difference, error, df, wishes)]


def _standardised(sample: Sample, conf_level: float) -> list[Line]:
    """Cohen's d (pooled SD; root mean square of both SDs), Hedges' g and Glass' delta (SD of the second group).

    The noncentral t of each: standard errors and degrees of freedom as Goulet-Pelletier & Cousineau (2018), The
    Quantitative Methods for Psychology 14, 242-265.
    """
    (n1, n2), (v1, v2) = sample.sizes, sample.variances
    difference = float(sample.means[0] - sample.means[1])
    df = n1 + n2 - 2
    harmonic = 1 / n1 + 1 / n2
    pooled = float(np.sqrt(np.nansum([(n1 - 1) * v1, (n2 - 1) * v2]) / df))
    low, high = t_noncentrality(difference / (pooled * np.sqrt(harmonic)), df, conf_level)
    d, ends = difference / pooled, (low * np.sqrt(harmonic), high * np.sqrt(harmonic))
    j = small_sample(df)
    found = [effect("cohens_d", d, ends), effect("hedges_g", d * j, (ends[0] * j, ends[1] * j))]
    if min(n1, n2) < 2 or min(v1, v2) == 0:
        return found
    error, welch_df = welch_error(sample)
    for term, unit, scale, own_df in (
        ("cohens_d_unpooled", (v1 + v2) / 2, 2 * (n2 * v1 + n1 * v2) / (n1 * n2 * (v1 + v2)), welch_df),
        ("glass_delta", v2, 1 / n2 + v1 / (n1 * v2), n2 - 1),
    ):
        low, high = t_noncentrality(difference / error, own_df, conf_level)
        found.append(effect(term, difference / np.sqrt(unit), (low * np.sqrt(scale), high * np.sqrt(scale))))
    return found
