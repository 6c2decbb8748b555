"""The tests that a comparison can use: which data each takes, and when it cannot be computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.descriptive.comparison import (
    adjusted_means,
    counts,
    factorial,
    means,
    ranks,
    repeated,
    single,
    stratified,
    variance,
)
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes

_REASON = "descriptive.compare.reason_"


@dataclass(frozen=True)
class Method:
    """One test.

    Parameters
    ----------
    shape : str
        `groups` (numbers in groups), `paired` (numbers measured again), `counts` (categories in groups), `changes`
        (yes or no asked again), `adjusted` (groups with covariates), `single` or `single_counts` (one group held
        against a reference) or `stratified` (categories in groups within strata).
    most : int
        Groups or measures it can take.
    effect : str
        Term of the effect size that the table prints.
    symbol : str
        Of the statistic.
    posthoc : tuple of str
        Post hoc methods for more than two groups, the usual one first.
    needs : str
        `each`: variance in every group; `some`: in one of groups of two or more; `within`: somewhere within groups;
        `any`: answers that vary.
    """

    run: Callable[[Sample, Wishes], list[Line]]
    shape: str
    most: int
    effect: str
    symbol: str
    posthoc: tuple[str, ...] = ()
    needs: str = "any"
    equivalence: bool = False

    @property
    def paired(self) -> bool:
        return self.shape in ("paired", "changes")

    @property
    def counted(self) -> bool:
        return self.shape in ("counts", "changes", "single_counts", "stratified")

    @property
    def single(self) -> bool:
        return self.shape in ("single", "single_counts")


MANY = 60
_MEANS = ("tukey", "games_howell", "t", "welch_t")
_UNEQUAL = ("games_howell", "welch_t", "tukey", "t")

METHODS: Mapping[str, Method] = {
    "student": Method(means.student_t, "groups", 2, "cohens_d", "t", needs="within", equivalence=True),
    "welch_t": Method(means.welch_t, "groups", 2, "cohens_d", "t", needs="some", equivalence=True),
    "anova": Method(variance.anova, "groups", MANY, "eta_squared", "F", _MEANS, "within"),
    "welch_anova": Method(variance.welch_anova, "groups", MANY, "eta_squared", "F", _UNEQUAL, "each"),
    "brown_forsythe": Method(variance.brown_forsythe, "groups", MANY, "eta_squared", "F", _UNEQUAL, "each"),
    "ancova": Method(adjusted_means.ancova, "adjusted", MANY, "partial_eta_squared", "F", ("adjusted_means",),
                     "within", equivalence=True),
    "two_way": Method(factorial.two_way, "groups", MANY, "partial_eta_squared", "F", needs="within"),
    "mann_whitney": Method(ranks.mann_whitney, "groups", 2, "rank_biserial", "U"),
    "kruskal": Method(ranks.kruskal, "groups", MANY, "rank_epsilon_squared", "H", ("dunn",)),
    "jonckheere": Method(ranks.jonckheere, "groups", MANY, "jonckheere", "z"),
    "ks": Method(ranks.ks, "groups", 2, "ks_distance", "D"),
    "paired_t": Method(means.paired_t, "paired", 2, "cohens_dz", "t", equivalence=True),
    "wilcoxon": Method(ranks.wilcoxon, "paired", 2, "rank_biserial", "V"),
    "repeated": Method(repeated.repeated, "paired", MANY, "partial_eta_squared", "F", ("paired_t", "wilcoxon")),
    "friedman": Method(repeated.friedman, "paired", MANY, "kendalls_w", "χ²", ("wilcoxon", "paired_t")),
    "chi2": Method(counts.chi2, "counts", MANY, "cramers_v", "χ²", ("chi2",)),
    "fisher": Method(counts.fisher, "counts", 2, "odds_ratio", ""),
    "proportions": Method(counts.proportions, "counts", 2, "risk_difference", "χ²", equivalence=True),
    "mantel_haenszel": Method(stratified.mantel_haenszel, "stratified", 2, "common_odds_ratio", "χ²"),
    "one_sample_t": Method(single.one_sample_t, "single", 1, "cohens_d", "t"),
    "goodness_of_fit": Method(single.goodness_of_fit, "single_counts", 1, "cohens_w", "χ²"),
    "mcnemar": Method(counts.mcnemar, "changes", 2, "odds_ratio", "χ²", equivalence=True),
    "cochran": Method(counts.cochran, "changes", MANY, "kendalls_w", "Q", ("mcnemar",)),
}  # fmt: skip

# Words that choose by the data: (two groups, more), (two measures, more).
CHOOSING: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "welch": (("welch_t", "welch_anova"), ("paired_t", "repeated")),
    "ranks": (("mann_whitney", "kruskal"), ("wilcoxon", "friedman")),
}
TESTS = (*CHOOSING, *METHODS)


def chosen(test: str, groups: int, *, paired: bool) -> str:
    """The method behind a word for this number of groups or measures."""
    if test not in CHOOSING:
        return test
    return CHOOSING[test][paired][groups > 2]


def obstacle(method: Method, sample: Sample) -> str | None:
    """Word key of the reason why the test cannot be computed, if there is one."""
    values = sample.values
    if method.single:
        few = not values or len(values[0]) < 2
        constant = method.shape == "single" and not few and np.ptp(values[0]) == 0
        return "descriptive.reason_few" if few else f"{_REASON}constant" if constant else None
    if len(values) < 2:
        return f"{_REASON}groups"
    if method.paired:
        return _paired_obstacle(method, sample)
    if method.counted:
        return None if len(sample.categories) > 1 else f"{_REASON}constant"
    if np.ptp(sample.pooled) == 0:
        return f"{_REASON}constant"
    if method.needs in ("each", "some") and sample.sizes.min() < 2:
        return f"{_REASON}one"
    spread = np.nan_to_num(sample.variances) > 0
    if (method.needs == "each" and not spread.all()) or (method.needs in ("some", "within") and not spread.any()):
        return f"{_REASON}constant_groups"
    return None


def _paired_obstacle(method: Method, sample: Sample) -> str | None:
    if len(sample.values[0]) < 2:
        return f"{_REASON}few_pairs"
    # Rounding leaves traces in differences that ought to be equal.
    changes = [v - sample.values[0] for v in sample.values[1:]]
    scale = max(float(np.abs(v).max()) for v in sample.values) or 1.0
    if method.shape == "paired" and all(np.ptp(change) <= 1e-12 * scale for change in changes):
        return f"{_REASON}no_change"
    return None
