"""Answers in; tests of their ranks with effect sizes out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line
from evalkit.descriptive.comparison.variance import with_adjusted

EXACT_BELOW = 50
"""Without ties the p-value is exact for groups smaller than this, else that of the normal approximation."""
_NAN = float("nan")


def mann_whitney(sample: Sample, wishes: Wishes) -> list[Line]:
    """Mann & Whitney's U of the first group, with its shift, probability of superiority and rank-biserial r.

    Notes
    -----
    The normal approximation is corrected for ties and continuity; `uncorrected` has no continuity correction.
    `hodges_lehmann` is the median of all differences between the groups; interval: Lehmann (1975), Nonparametrics,
    2.5. Rank-biserial: 2 U / (n1 n2) - 1, interval by Fisher's z with standard error sqrt((n1 + n2 + 1) / (3 n1 n2)).
    """
    x, y = sample.values
    n1, n2 = len(x), len(y)
    ranks = stats.rankdata(sample.pooled)
    u = float(ranks[:n1].sum() - n1 * (n1 + 1) / 2)
    sd = float(np.sqrt(n1 * n2 / 12 * (n1 + n2 + 1 - _ties(sample.pooled) / ((n1 + n2) * (n1 + n2 - 1)))))
    z = (u - n1 * n2 / 2) / sd
    p = _corrected(u - n1 * n2 / 2, sd)
    if max(n1, n2) < EXACT_BELOW and len(np.unique(sample.pooled)) == n1 + n2:
        p = float(stats.mannwhitneyu(x, y, method="exact").pvalue)
    r = 2 * u / (n1 * n2) - 1
    return [
        line("test", statistic=u, p_value=p),
        line("uncorrected", statistic=z, p_value=2 * float(stats.norm.sf(abs(z)))),
        _shift(x, y, sd, wishes.conf_level),
        effect("rank_biserial", r, _fisher(r, np.sqrt((n1 + n2 + 1) / (3 * n1 * n2)), wishes.conf_level)),
        effect("superiority", u / (n1 * n2)),
    ]


def kruskal(sample: Sample, wishes: Wishes) -> list[Line]:
    """Kruskal & Wallis' H, corrected for ties; epsilon squared H (n + 1) / (n^2 - 1), eta squared (H - k + 1)/(n - k).

    Tomczak & Tomczak (2014), Trends in Sport Sciences 21, 19-25.
    """
    found = stats.kruskal(*sample.values)
    h, n, k = float(found.statistic), sample.sizes.sum(), len(sample.values)
    return [
        line("test", statistic=h, df=float(k - 1), p_value=float(found.pvalue)),
        effect("rank_epsilon_squared", h * (n + 1) / (n**2 - 1)),
        effect("rank_eta_squared", (h - k + 1) / (n - k) if n > k else _NAN),
        *(_dunn(sample, wishes) if wishes.posthoc == "dunn" else []),
    ]


def jonckheere(sample: Sample, wishes: Wishes) -> list[Line]:
    """Jonckheere & Terpstra's test of a trend over groups in their order, variance corrected for ties.

    Hollander, Wolfe & Chicken (2014), Nonparametric Statistical Methods, 3rd ed., 6.2. `estimate` is the chance that
    an answer of a later group exceeds one of an earlier group, less 1/2.
    """
    x, n = sample.values, sample.sizes
    pairs = [(x[a], x[b]) for a, b, _ in sample.pairs()]
    j = float(sum(_below(first, second) for first, second in pairs))
    total, t = n.sum(), np.unique(sample.pooled, return_counts=True)[1].astype(float)
    expected = (total**2 - np.sum(n**2)) / 4

    def third(m: np.ndarray) -> float:
        return float(np.sum(m * (m - 1) * (m - 2)))

    def second(m: np.ndarray) -> float:
        return float(np.sum(m * (m - 1)))

    def first_part(m: np.ndarray) -> float:
        return float(np.sum(m * (m - 1) * (2 * m + 5)))

    every = np.array([total])
    variance = (first_part(every) - first_part(n) - first_part(t)) / 72
    if total < 3:
        return [line("test", reason="descriptive.compare.reason_groups_small")]
    variance += third(n) * third(t) / (36 * total * (total - 1) * (total - 2))
    variance += second(n) * second(t) / (8 * total * (total - 1))
    if not variance > 0:
        return [line("test", reason="descriptive.compare.reason_constant_groups")]
    z = (j - expected) / np.sqrt(variance)
    test = line("test", statistic=float(z), p_value=2 * float(stats.norm.sf(abs(z))))
    return [test, line("jonckheere", estimate=j, reference=expected, variance=float(variance))]


def wilcoxon(sample: Sample, wishes: Wishes) -> list[Line]:
    """Wilcoxon's signed ranks of the differences, first less second; rows without a difference take no part.

    The statistic is the sum of the positive ranks. Rank-biserial r: difference of the positive and negative sums over
    their total, interval by Fisher's z with the standard error of signed ranks of all rows.
    """
    d = sample.values[0] - sample.values[1]
    moved = d[d != 0]
    n, m = len(d), len(moved)
    if not m:
        return [line("test", reason="descriptive.compare.reason_no_change")]
    ranks = stats.rankdata(np.abs(moved))
    v = float(ranks[moved > 0].sum())
    sd = float(np.sqrt(m * (m + 1) * (2 * m + 1) / 24 - _ties(np.abs(moved)) / 48))
    z = (v - m * (m + 1) / 4) / sd
    p = _corrected(v - m * (m + 1) / 4, sd)
    if m == n < EXACT_BELOW and len(np.unique(np.abs(moved))) == m:
        p = float(stats.wilcoxon(moved, method="exact").pvalue)
    r = 2 * v / float(ranks.sum()) - 1
    error = np.sqrt((2 * n**3 + 3 * n**2 + n) / 6) / ((n**2 + n) / 2)
    return [
        line("test", statistic=v, p_value=p),
        line("uncorrected", statistic=z, p_value=2 * float(stats.norm.sf(abs(z)))),
        effect("rank_biserial", r, _fisher(r, error, wishes.conf_level)),
    ]


def _dunn(sample: Sample, wishes: Wishes) -> list[Line]:
    """Dunn (1964), Technometrics 6, 241-252: z of the difference of mean ranks, variance corrected for ties."""
    pooled, group = sample.pooled, sample.group
    n, ranks = len(pooled), stats.rankdata(pooled)
    unit = n * (n + 1) / 12 - _ties(pooled) / (12 * (n - 1))
    mean = np.array([ranks[group == g].mean() for g in range(len(sample.values))])
    found = []
    for a, b, pair in sample.pairs():
        error = float(np.sqrt(unit * (1 / sample.sizes[a] + 1 / sample.sizes[b])))
        z = float(mean[a] - mean[b]) / error
        values = {"estimate": float(mean[a] - mean[b]), "std_error": error, "statistic": z}
        found.append(line("pair", pair, **values, p_value=2 * float(stats.norm.sf(abs(z)))))
    return with_adjusted(found, wishes)


def _ties(x: np.ndarray) -> float:
    t = np.unique(x, return_counts=True)[1].astype(float)
    return float(np.sum(t**3 - t))


def _corrected(deviation: float, sd: float) -> float:
    z = (deviation - np.sign(deviation) * 0.5) / sd
    return min(1.0, 2 * float(stats.norm.sf(abs(z))))


def _fisher(r: float, error: float, conf_level: float) -> tuple[float, float]:
    if abs(r) >= 1:
        return _NAN, _NAN
    half = float(stats.norm.ppf((1 + conf_level) / 2)) * error
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _below(first: np.ndarray, second: np.ndarray) -> float:
    """Pairs in which the answer of `first` lies below that of `second`; ties count half."""
    ordered = np.sort(first)
    return float(np.sum(np.searchsorted(ordered, second, "left") + np.searchsorted(ordered, second, "right")) / 2)


def _shift(x: np.ndarray, y: np.ndarray, sd: float, conf_level: float) -> Line:
    """Hodges & Lehmann's shift: order statistics of all differences, found by halving, never laid out in full."""
    (a, many_a), (b, many_b) = np.unique(x, return_counts=True), np.unique(y, return_counts=True)
    above = np.append(np.cumsum(many_b[::-1])[::-1], 0)
    total = len(x) * len(y)
    slack = 1e-12 * max(1.0, float(np.abs(a).max()), float(np.abs(b).max()))

    def place(k: float) -> float:
        """The k-th smallest difference, k from 1."""
        wanted = min(max(k, 1), total)
        low, high = float(a[0] - b[-1]) - 1, float(a[-1] - b[0])
        while high - low > slack:
            middle = (low + high) / 2
            reached = int(many_a @ above[np.searchsorted(b, a - middle - slack)])
            low, high = (low, middle) if reached >= wanted else (middle, high)
        return round(high, 11)

    middle = (place(np.floor((total + 1) / 2)) + place(np.ceil((total + 1) / 2))) / 2
    k = np.floor(total / 2 - float(stats.norm.ppf((1 + conf_level) / 2)) * sd)
    return effect("hodges_lehmann", middle, (place(k), place(total - k + 1)))


def ks(sample: Sample, wishes: Wishes) -> list[Line]:
    """Kolmogorov and Smirnov's test of two distributions, p of the limiting distribution; the effect is D itself.

    Smirnov (1948), Annals of Mathematical Statistics 19, 279-281.
    """
    first, second = (np.sort(v) for v in sample.values)
    places = np.concatenate([first, second])
    gaps = np.searchsorted(first, places, side="right") / len(first)
    gaps = gaps - np.searchsorted(second, places, side="right") / len(second)
    d = float(np.abs(gaps).max())
    root = np.sqrt(len(first) * len(second) / len(places))
    return [line("test", statistic=d, p_value=float(stats.kstwobign.sf(root * d))), effect("ks_distance", d)]
