"""Several means in; analyses of variance, shares of variance with intervals and pairwise comparisons out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.adjustment import adjusted
from evalkit.descriptive.comparison.means import difference_test, welch_error
from evalkit.descriptive.comparison.noncentral import f_interval
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line
from evalkit.descriptive.comparison.studentised_range import StudentisedRange


def anova(sample: Sample, wishes: Wishes) -> list[Line]:
    """Fisher's F: one variance in all groups."""
    between, within, df, df2 = _sums(sample)
    f = between / df / (within / df2)
    test = line("test", statistic=f, df=df, df2=df2, p_value=float(stats.f.sf(f, df, df2)))
    return [test, *_shares(sample, wishes)]


def welch_anova(sample: Sample, wishes: Wishes) -> list[Line]:
    """Welch's F (1951), Biometrika 38, 330-336: each group has its variance."""
    k = len(sample.values)
    w = sample.sizes / sample.variances
    mean = np.sum(w * sample.means) / w.sum()
    spread = np.sum((1 - w / w.sum()) ** 2 / (sample.sizes - 1))
    f = float(np.sum(w * (sample.means - mean) ** 2) / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread))
    df2 = float((k**2 - 1) / (3 * spread))
    test = line("test", statistic=f, df=float(k - 1), df2=df2, p_value=float(stats.f.sf(f, k - 1, df2)))
    return [test, *_shares(sample, wishes)]


def brown_forsythe(sample: Sample, wishes: Wishes) -> list[Line]:
    """Brown & Forsythe's F* (1974), Technometrics 16, 129-132: each group has its variance."""
    n, total = sample.sizes, sample.sizes.sum()
    w = (1 - n / total) * sample.variances
    f = float(np.sum(n * (sample.means - sample.pooled.mean()) ** 2) / w.sum())
    df, df2 = float(len(n) - 1), float(1 / np.sum((w / w.sum()) ** 2 / (n - 1)))
    test = line("test", statistic=f, df=df, df2=df2, p_value=float(stats.f.sf(f, df, df2)))
    return [test, *_shares(sample, wishes)]


def variance_shares(f: float, df: float, df2: float, conf_level: float) -> list[Line]:
    """Eta, omega and epsilon squared and Cohen's f from an F, for one factor; two-sided intervals.

    Notes
    -----
    omega2 = (F - 1) df / (F df + df2 + 1), epsilon2 = (F - 1) df / (F df + df2), not below 0. Their intervals are
    those of the F that would have given them as an eta squared.
    """
    eta = f * df / (f * df + df2)
    omega = max(0.0, (f - 1) * df / (f * df + df2 + 1))
    epsilon = max(0.0, (f - 1) * df / (f * df + df2))
    found = []
    for term, share in (("eta_squared", eta), ("omega_squared", omega), ("epsilon_squared", epsilon)):
        behind = share / df / ((1 - share) / df2) if share < 1 else float("nan")
        found.append(effect(term, share, f_interval(behind, df, df2, conf_level)))
    return [*found, effect("cohens_f", np.sqrt(eta / (1 - eta)) if eta < 1 else np.nan)]


def _sums(sample: Sample) -> tuple[float, float, float, float]:
    """Sums of squares between and within the groups, and their degrees of freedom."""
    k, n = len(sample.values), float(sample.sizes.sum())
    between = float(np.sum(sample.sizes * (sample.means - sample.pooled.mean()) ** 2))
    within = float(sum(np.sum((v - v.mean()) ** 2) for v in sample.values))
    return between, within, float(k - 1), n - k


def _shares(sample: Sample, wishes: Wishes) -> list[Line]:
    between, within, df, df2 = _sums(sample)
    sums = [line("between", sum_of_squares=between, df=df), line("within", sum_of_squares=within, df=df2)]
    shares = variance_shares(between / df / (within / df2), df, df2, wishes.conf_level)
    return [*sums, *shares, *pairwise(sample, wishes)]


def pairwise(sample: Sample, wishes: Wishes) -> list[Line]:
    """Every pair by the post hoc method wanted: first mean less second, raw and adjusted p.

    Tukey and Games-Howell: adjusted p and interval are those of the studentised range; else `adjust` holds over the
    pairs and the interval is the pair's own.
    """
    if wishes.posthoc == "none":
        return []
    return _PAIRWISE[wishes.posthoc](sample, wishes)


def _ranged(sample: Sample, wishes: Wishes, errors: Callable[[int, int], tuple[float, float]]) -> list[Line]:
    k, found = len(sample.values), []
    known: StudentisedRange | None = None
    for a, b, pair in sample.pairs():
        difference = float(sample.means[a] - sample.means[b])
        error, df = errors(a, b)
        if known is None or known.df != df:
            known = StudentisedRange(k, df)
        p = known.beyond(abs(difference) / error * np.sqrt(2))
        half = known.critical(wishes.conf_level) * error / np.sqrt(2)
        values = difference_test(difference, error, df, wishes.conf_level)
        ends = {"p_adjusted": p, "conf_low": difference - half, "conf_high": difference + half}
        found.append(line("pair", pair, **(values | ends)))
    return found


def _tukey(sample: Sample, wishes: Wishes) -> list[Line]:
    """Tukey & Kramer: pooled variance."""
    return _ranged(sample, wishes, _pooled_errors(sample))


def _games_howell(sample: Sample, wishes: Wishes) -> list[Line]:
    """Games & Howell (1976), Journal of Educational Statistics 1, 113-125: each pair has its variances."""
    return _ranged(sample, wishes, lambda a, b: welch_error(sample.only(a, b)))


def _t_pooled(sample: Sample, wishes: Wishes) -> list[Line]:
    return _t_tests(sample, wishes, _pooled_errors(sample))


def _t_welch(sample: Sample, wishes: Wishes) -> list[Line]:
    return _t_tests(sample, wishes, lambda a, b: welch_error(sample.only(a, b)))


def _t_tests(sample: Sample, wishes: Wishes, errors: Callable[[int, int], tuple[float, float]]) -> list[Line]:
    found = [
        line(
            "pair", pair, **difference_test(float(sample.means[a] - sample.means[b]), *errors(a, b), wishes.conf_level)
        )
        for a, b, pair in sample.pairs()
    ]
    return with_adjusted(found, wishes)


def with_adjusted(found: list[Line], wishes: Wishes) -> list[Line]:
    """The pairs with their p-values adjusted for one another."""
    p = adjusted(np.array([row["p_value"] for row in found]), wishes.adjust)
    return [row | {"p_adjusted": float(value)} for row, value in zip(found, p, strict=True)]


def _pooled_errors(sample: Sample) -> Callable[[int, int], tuple[float, float]]:
    _, within, _, df2 = _sums(sample)
    return lambda a, b: (float(np.sqrt(within / df2 * (1 / sample.sizes[a] + 1 / sample.sizes[b]))), df2)


_PAIRWISE: Mapping[str, Callable[[Sample, Wishes], list[Line]]] = {
    "tukey": _tukey,
    "games_howell": _games_howell,
    "t": _t_pooled,
    "welch_t": _t_welch,
}
