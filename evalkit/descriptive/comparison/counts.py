"""Counts of answers by group in; tests of independence and of change, with effect sizes, out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from evalkit.descriptive.association import association
from evalkit.descriptive.comparison.noncentral import chi2_noncentrality
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line
from evalkit.descriptive.comparison.variance import with_adjusted


def table_of(sample: Sample) -> np.ndarray:
    """Counts, shape (n_groups, n_categories)."""
    return np.array([np.bincount(v.astype(int), minlength=len(sample.categories)) for v in sample.values], dtype=float)


def chi2(sample: Sample, wishes: Wishes) -> list[Line]:
    """Pearson's chi-square without continuity correction, and what else a table tells.

    Notes
    -----
    `likelihood_ratio`: G; `linear`: Mantel & Haenszel's (n - 1) r^2 of category codes and the places of the groups,
    where the categories are numbers. `cramers_v` has the interval of the noncentral chi-square; `cramers_v_corrected`
    is Bergsma's (2013), Journal of the Korean Statistical Society 42, 323-328. A `cell` gives adjusted residuals
    (`residual`) and Pearson's (`statistic`).
    """
    counts = table_of(sample)
    test = association(counts)
    found = [line("test", statistic=test.chi2, df=test.df, p_value=test.p_value, expected=test.smallest_expected)]
    found += _further(counts, sample, test.df)
    found += _strength(counts, test.chi2, test.df, wishes.conf_level)
    if counts.shape == (2, 2):
        found += _two_by_two(counts, wishes.conf_level)
    found += _cells(counts, sample, test.expected, test.residual)
    return [*found, *(_pairs(sample, wishes) if wishes.posthoc == "chi2" else [])]


def fisher(sample: Sample, wishes: Wishes) -> list[Line]:
    """Fisher's exact test of two groups and two categories; `odds_ratio_conditional` with its exact interval."""
    counts = table_of(sample)
    turned = counts.astype(int)[:, ::-1]
    p = float(stats.fisher_exact(turned).pvalue)
    ratio = stats.contingency.odds_ratio(turned, kind="conditional")
    interval = ratio.confidence_interval(wishes.conf_level)
    exact = effect("odds_ratio_conditional", ratio.statistic, (interval.low, interval.high))
    return [line("test", p_value=p), exact, *_two_by_two(counts, wishes.conf_level)]


def proportions(sample: Sample, wishes: Wishes) -> list[Line]:
    """Difference of two shares of the higher category, first less second; its test is the chi-square of the table.

    The interval is Wald's. With equivalence bounds: two one-sided z tests with the same standard error.
    """
    counts = table_of(sample)
    test = association(counts)
    effects = _two_by_two(counts, wishes.conf_level)
    risk = next(row for row in effects if row["term"] == "risk_difference")
    values = {name: risk[name] for name in ("estimate", "std_error", "conf_low", "conf_high")}
    found = [line("test", statistic=test.chi2, df=test.df, p_value=test.p_value, **values)]
    return [*found, *equivalence(risk["estimate"], risk["std_error"], wishes), *effects]


def equivalence(difference: float, error: float, wishes: Wishes) -> list[Line]:
    """Two one-sided z tests of a difference of shares."""
    if wishes.equivalence is None:
        return []
    if not error > 0:
        return [line("equivalence", reason="descriptive.compare.reason_constant_groups")]
    low, high = wishes.equivalence
    z = [(difference - low) / error, (difference - high) / error]
    p = [float(stats.norm.sf(z[0])), float(stats.norm.cdf(z[1]))]
    half = float(stats.norm.ppf(wishes.conf_level)) * error
    rows = [
        line("equivalence", side, statistic=z[i], p_value=p[i], reference=bound)
        for i, (side, bound) in enumerate((("lower", low), ("upper", high)))
    ]
    ends = {"conf_low": difference - half, "conf_high": difference + half, "std_error": error}
    return [line("equivalence", estimate=difference, p_value=max(p), **ends), *rows]


def mcnemar(sample: Sample, wishes: Wishes) -> list[Line]:
    """McNemar's test of a change between two measures of one yes-or-no answer.

    Notes
    -----
    `test`: chi-square without correction; `corrected`: Edwards' continuity correction; `exact`: binomial. The
    difference of shares is first less second, Wald interval; the odds ratio is that of the discordant rows (first
    only over second only).
    """
    x, y = (v > 0 for v in sample.values)
    n, first, second = len(x), float(np.sum(x & ~y)), float(np.sum(y & ~x))
    moved = first + second
    if not moved:
        return [line("test", reason="descriptive.compare.reason_no_change")]
    q = float(stats.norm.ppf((1 + wishes.conf_level) / 2))
    plain, corrected = (first - second) ** 2 / moved, max(0.0, abs(first - second) - 1) ** 2 / moved
    difference = (first - second) / n
    error = float(np.sqrt(moved - (first - second) ** 2 / n)) / n
    values = {"estimate": difference, "std_error": error}
    values |= {"conf_low": difference - q * error, "conf_high": difference + q * error}
    log = np.log(first / second) if first and second else np.nan
    half = q * np.sqrt(1 / first + 1 / second) if first and second else np.nan
    ratio = first / second if second else np.nan
    return [
        line("test", statistic=plain, df=1.0, p_value=float(stats.chi2.sf(plain, 1)), **values),
        line("corrected", statistic=corrected, df=1.0, p_value=float(stats.chi2.sf(corrected, 1))),
        line("exact", p_value=float(stats.binomtest(int(first), int(moved)).pvalue)),
        line("changed", "first_only", count=first),
        line("changed", "second_only", count=second),
        *equivalence(difference, error, wishes),
        effect("odds_ratio", ratio, (np.exp(log - half), np.exp(log + half))),
    ]


def cochran(sample: Sample, wishes: Wishes) -> list[Line]:
    """Cochran's Q (1950), Biometrika 37, 256-266, of three or more measures of one yes-or-no answer."""
    x = np.column_stack([v > 0 for v in sample.values]).astype(float)
    n, k = x.shape
    columns, rows = x.sum(axis=0), x.sum(axis=1)
    free = float(k * rows.sum() - np.sum(rows**2))
    if not free:
        return [line("test", reason="descriptive.compare.reason_no_change")]
    q = float((k - 1) * (k * np.sum(columns**2) - columns.sum() ** 2) / free)
    test = line("test", statistic=q, df=float(k - 1), p_value=float(stats.chi2.sf(q, k - 1)))
    found = [test, effect("kendalls_w", q / (n * (k - 1)))]
    if wishes.posthoc != "mcnemar":
        return found
    pairs = []
    for a, b, pair in sample.pairs():
        first = mcnemar(sample.only(a, b), Wishes(conf_level=wishes.conf_level))[0]
        pairs.append({"p_value": np.nan} | first | {"term": "pair", "level": pair})
    return [*found, *with_adjusted(pairs, wishes)]


def _further(counts: np.ndarray, sample: Sample, df: float) -> list[Line]:
    """The likelihood-ratio test, Yates' correction of a 2 by 2 table, and the linear trend of numeric categories."""
    n = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        g = 2 * float(np.nansum(np.where(counts > 0, counts * np.log(counts / expected), 0.0)))
    found = [line("likelihood_ratio", statistic=g, df=df, p_value=float(stats.chi2.sf(g, df)))]
    if counts.shape == (2, 2):
        yates = stats.chi2_contingency(counts, correction=True)
        found.append(line("yates", statistic=float(yates.statistic), df=1.0, p_value=float(yates.pvalue)))
    if all(isinstance(c, float) for c in sample.categories):
        r = _linear(counts, [float(c) for c in sample.categories])
        m2 = (n - 1) * r**2
        found.append(line("linear", estimate=r, statistic=m2, df=1.0, p_value=float(stats.chi2.sf(m2, 1))))
    return found


def _linear(counts: np.ndarray, codes: Sequence[float]) -> float:
    """Correlation of the category codes with the places of the groups."""
    n = counts.sum()
    places, values = np.arange(len(counts)), np.array(codes)
    a = places - counts.sum(axis=1) @ places / n
    b = values - counts.sum(axis=0) @ values / n
    return float(a @ counts @ b / np.sqrt((counts.sum(axis=1) @ a**2) * (counts.sum(axis=0) @ b**2)))


def _strength(counts: np.ndarray, chi2: float, df: float, conf_level: float) -> list[Line]:
    n = counts.sum()
    rows, columns = counts.shape
    smaller = min(rows, columns) - 1
    ends = chi2_noncentrality(chi2, df, conf_level)
    found = [effect("cramers_v", np.sqrt(chi2 / n / smaller), _rooted(ends, n * smaller))]
    bias = (rows - 1) * (columns - 1) / (n - 1)
    reduced = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    corrected = [np.sqrt(max(0.0, v / n - bias) / reduced) if reduced > 0 else np.nan for v in (chi2, *ends)]
    found.append(effect("cramers_v_corrected", corrected[0], (corrected[1], corrected[2])))
    found.append(effect("tschuprow_t", np.sqrt(chi2 / n / np.sqrt((rows - 1) * (columns - 1)))))
    found.append(effect("contingency_c", np.sqrt(chi2 / (chi2 + n))))
    found.append(effect("cohens_w", np.sqrt(chi2 / n), _rooted(ends, n)))
    share = counts / n
    groups, answers = share.sum(axis=1), share.sum(axis=0)
    guess = float(answers.max())
    found.append(effect("goodman_kruskal_lambda", (share.max(axis=1).sum() - guess) / (1 - guess)))
    entropy = _entropy(answers)
    return [*found, effect("uncertainty", (_entropy(groups) + entropy - _entropy(share.ravel())) / entropy)]


def _rooted(ends: tuple[float, float], unit: float) -> tuple[float, float]:
    return float(np.sqrt(ends[0] / unit)), float(np.sqrt(ends[1] / unit))


def _entropy(share: np.ndarray) -> float:
    used = share[share > 0]
    return -float(np.sum(used * np.log(used)))


def _two_by_two(counts: np.ndarray, conf_level: float) -> list[Line]:
    """First group against the second, event = the higher category: ratios with intervals on the log scale (Woolf).

    nan where a cell is empty. `phi` has the sign of the difference.
    """
    (n1, n2), (e1, e2) = counts.sum(axis=1), counts[:, 1]
    q = float(stats.norm.ppf((1 + conf_level) / 2))
    p1, p2 = e1 / n1, e2 / n2
    error = float(np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2))
    found = [effect("risk_difference", p1 - p2, (p1 - p2 - q * error, p1 - p2 + q * error)) | {"std_error": error}]
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = counts[0, 1] * counts[1, 0] / (counts[0, 0] * counts[1, 1])
        logs = (
            ("odds_ratio", odds, np.sqrt(np.sum(1 / counts))),
            ("risk_ratio", p1 / p2, np.sqrt((1 - p1) / e1 + (1 - p2) / e2)),
        )
        for term, ratio, spread in logs:
            whole = np.isfinite(spread) and np.isfinite(ratio) and ratio > 0
            ends = (ratio * np.exp(-q * spread), ratio * np.exp(q * spread)) if whole else (np.nan, np.nan)
            found.append(effect(term, ratio if whole else np.nan, ends))
        margins = np.sqrt(np.prod(counts.sum(axis=0)) * np.prod(counts.sum(axis=1)))
        found.append(effect("phi", (counts[0, 1] * counts[1, 0] - counts[0, 0] * counts[1, 1]) / margins))
    found.append(effect("cohens_h", 2 * np.arcsin(np.sqrt(p1)) - 2 * np.arcsin(np.sqrt(p2))))
    return found


def _cells(counts: np.ndarray, sample: Sample, expected: np.ndarray, residual: np.ndarray) -> list[Line]:
    sizes = counts.sum(axis=1)
    found = []
    for i, j in np.ndindex(counts.shape):
        pearson = (counts[i, j] - expected[i, j]) / np.sqrt(expected[i, j])
        values = {"count": counts[i, j], "percent": 100 * counts[i, j] / sizes[i], "n_obs": sizes[i]}
        values |= {"expected": expected[i, j], "residual": residual[i, j], "statistic": pearson}
        found.append(line("cell", f"{sample.ids[i]}:{sample.category_ids[j]}", **values))
    return found


def _pairs(sample: Sample, wishes: Wishes) -> list[Line]:
    """Chi-square of every two groups, adjusted for one another."""
    found = []
    for a, b, pair in sample.pairs():
        test = association(table_of(sample.only(a, b)))
        found.append(line("pair", pair, estimate=test.cramers_v, statistic=test.chi2, df=test.df, p_value=test.p_value))
    return with_adjusted(found, wishes)
