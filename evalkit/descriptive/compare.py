"""Outcomes and groups in; tests of their differences with effect sizes, checks and adjusted p-values out (T11)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import AnalysisError, Drop, Label, Problem, attach, codebook_of, require_columns
from evalkit.descriptive.comparison import assumptions
from evalkit.descriptive.comparison.adjustment import METHODS as ADJUSTMENTS
from evalkit.descriptive.comparison.adjustment import adjusted
from evalkit.descriptive.comparison.counts import table_of
from evalkit.descriptive.comparison.crossing import crossed, factor_labels
from evalkit.descriptive.comparison.methods import CHOOSING, METHODS, TESTS, chosen, obstacle
from evalkit.descriptive.comparison.result import CompareResult, Comparison
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, line
from evalkit.descriptive.comparison.samples import Drawn, Reference, by_itself, in_groups, measured_again, paired_rows
from evalkit.descriptive.comparison.shares import INTERVALS, share
from evalkit.descriptive.levels import Coded, both, coded

FAMILIES = ("all", "outcome", "by", "none")
_POSTHOC = tuple(dict.fromkeys(name for method in METHODS.values() for name in method.posthoc))


def compare(
    data: pd.DataFrame,
    *,
    outcome: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    test: str = "welch",
    covariates: Sequence[str] = (),
    strata: str | None = None,
    reference: float | Mapping[str, float] | None = None,
    paired: bool | str | None = None,
    posthoc: str = "auto",
    adjust: str = "holm",
    family: str = "all",
    equivalence: float | Sequence[float] | None = None,
    share_interval: str = "wilson",
    conf_level: float = 0.95,
) -> CompareResult:
    """Compare outcomes between groups, between measures of the same rows, or with a reference. No weights are used.

    Parameters
    ----------
    data : DataFrame
    outcome : str or sequence of str
        What is compared. With `paired = true` the measures, two or more columns of the same rows.
    by : str or sequence of str, optional
        Grouping columns, each compared by itself; in a paired design the one that tells the measures apart.
    test : str
        `welch` (means, variances may differ: t of two groups, F of more; paired: t, or repeated measures with
        Greenhouse and Geisser's correction), `ranks` (Mann-Whitney, Kruskal-Wallis; paired: Wilcoxon, Friedman), or one
        of `METHODS`: student welch_t anova welch_anova brown_forsythe ancova two_way (both columns of `by` crossed, its
        test that of the interaction) mann_whitney kruskal jonckheere ks;
        paired_t wilcoxon repeated friedman; of categories chi2 fisher proportions, within strata mantel_haenszel; of
        yes or no asked again mcnemar cochran; without `by` one_sample_t and goodness_of_fit.
    covariates : sequence of str
        For `ancova` alone.
    strata : str, optional
        For `mantel_haenszel` alone: the column within whose categories the groups are compared.
    reference : float or mapping, optional
        Without `by`: the mean to hold the outcome against (one_sample_t), or a share for each category by its id
        (goodness_of_fit; any sum, equal shares unless given).
    paired : bool or str, optional
        True: `outcome` names the measures. A column: rows with the same value of it belong together, `by` tells the
        measures apart.
    posthoc : str
        Comparison of every two of more than two groups: `auto` (Games-Howell after Welch, Tukey after anova, Dunn after
        Kruskal-Wallis, ...), `none`, or one of games_howell tukey welch_t t dunn adjusted_means paired_t wilcoxon chi2
        mcnemar, where the test allows it.
    adjust : {"holm", "hochberg", "hommel", "bonferroni", "bh", "by", "none"}
        For the tests of a family, and for the pairs within a comparison (not Tukey's and Games and Howell's).
    family : {"all", "outcome", "by", "none"}
        Which tests make a family: all of the call, those of one outcome, or those of one grouping column.
    equivalence : float or pair, optional
        Bounds of a difference that does not matter, in units of the outcome (shares: 0.1 is 10 points): two one-sided
        tests. For two means or shares.
    share_interval : {"wilson", "exact", "agresti", "wald"}
        Interval of each group's share.
    conf_level : float

    Returns
    -------
    CompareResult
        Each comparison uses the rows that have its own variables. Differences are first group less second. What cannot
        be computed is nan with a reason and W877; N879 groups without answers; W880 rows that lack a measure; W878
        expected counts below 5.

    Raises
    ------
    AnalysisError
        E600, E610, E611, E612, E614, E619; E875 for more groups than the test takes; E876 for an option that the test
        does not honour; E881 for a key with two rows of one group; E882 for the mean of a nominal outcome; E897 for
        variables that cannot be compared as named; E859 for answers other than 0 and 1 where yes or no is wanted; E6324
        for a reference that does not fit the outcome.
    """
    outcomes, groupings = _names(outcome), _names(by)
    if reference is not None and not groupings and test == "welch":
        test = "one_sample_t"
    bounds = _require_options(test, posthoc, adjust, family, equivalence, conf_level, share_interval)
    _require_call(outcomes, groupings, list(covariates), test, paired, strata, reference)
    data = attach(data, codebook_of(data))
    further = [name for name in (paired, strata) if isinstance(name, str)]
    require_columns(data, [*outcomes, *groupings, *covariates, *further])
    if test in METHODS and METHODS[test].single:
        drawn = [(test, by_itself(data, outcome, METHODS[test], reference)) for outcome in outcomes]
    else:
        drawn = list(_drawn(data, outcomes, groupings, list(covariates), test, paired, strata))
    wishes = Wishes(posthoc, adjust, bounds, conf_level, share_interval)
    _require_wishes(drawn, wishes)
    found, notices = [], []
    for name, one in drawn:
        comparison, problems = _compared(name, one, wishes)
        found.append(comparison)
        notices += problems
    used = np.logical_or.reduce([one.used for _, one in drawn])
    lost = int(np.sum(~used))
    labels = {key: label for _, one in drawn for key, label in one.labels.items()}
    return CompareResult(
        _adjusted_in_families(found, family, adjust),
        family,
        adjust,
        conf_level,
        labels,
        # Rows that belong together by a key count once.
        max(c.n_obs for c in found) if isinstance(paired, str) else int(np.sum(used)),
        bounds,
        (Drop("drop.incomplete", lost),) if lost else (),
        tuple(notices),
    )


def _names(given: str | Sequence[str] | None) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def _require_options(
    test: str, posthoc: str, adjust: str, family: str, equivalence: float | Sequence[float] | None, conf_level: float,
    share_interval: str,
) -> tuple[float, float] | None:  # fmt: skip
    """The bounds of equivalence, once every option is one that we know."""
    fine = {
        "test": (test, test in TESTS),
        "posthoc": (posthoc, posthoc in ("auto", "none", *_POSTHOC)),
        "adjust": (adjust, adjust in ADJUSTMENTS),
        "family": (family, family in FAMILIES),
        "conf_level": (conf_level, 0 < conf_level < 1),
        "share_interval": (share_interval, share_interval in INTERVALS),
    }
    bad = [Problem("E614", params={"option": k, "value": value}) for k, (value, good) in fine.items() if not good]
    ends: tuple[float, float] | None = None
    if isinstance(equivalence, (int, float)) and not isinstance(equivalence, bool):
        ends = (-float(equivalence), float(equivalence))
    elif isinstance(equivalence, Sequence) and not isinstance(equivalence, str) and len(equivalence) == 2:
        ends = (float(equivalence[0]), float(equivalence[1]))
    if equivalence is not None and not (ends is not None and np.isfinite(ends).all() and ends[0] < ends[1]):
        bad.append(Problem("E614", params={"option": "equivalence", "value": equivalence}))
    if bad:
        raise AnalysisError(bad)
    return ends


def _require_call(
    outcomes: list[str], groupings: list[str], covariates: list[str], test: str, paired: bool | str | None,
    strata: str | None, reference: Reference,
) -> None:  # fmt: skip
    """The names make a comparison, and the design is that of the test."""
    used = [*outcomes, *groupings, *covariates, *(name for name in (paired, strata) if isinstance(name, str))]
    single = test in METHODS and METHODS[test].single
    enough = len(outcomes) > 1 if paired is True else bool(outcomes and (groupings or single))
    if not enough or len(set(used)) < len(used) or ((paired is True or single) and groupings):
        raise AnalysisError(Problem("E897", params={"names": used}))
    against = []
    if test not in CHOOSING and METHODS[test].paired != bool(paired):
        against.append(("paired", paired or False))
    if bool(covariates) != (test == "ancova"):
        against.append(("covariates", covariates))
    if test == "two_way" and len(groupings) != 2:
        against.append(("by", groupings))
    if (strata is not None) != (test == "mantel_haenszel"):
        against.append(("strata", strata))
    if reference is not None and not single:
        against.append(("reference", reference))
    if against:
        raise AnalysisError([_not_honoured(option, value, test) for option, value in against])


def _not_honoured(option: str, value: object, test: str) -> Problem:
    return Problem("E876", params={"option": option, "value": value, "test": test})


def _drawn(
    data: pd.DataFrame, outcomes: list[str], groupings: list[str], covariates: list[str], test: str,
    paired: bool | str | None, strata: str | None,
) -> Iterable[tuple[str, Drawn]]:  # fmt: skip
    """The method and the sample of every comparison, grouping by grouping."""
    if paired is True:
        name = chosen(test, len(outcomes), paired=True)
        one = measured_again(data, outcomes, METHODS[name])
        _require_groups(name, one)
        yield name, one
        return
    if test == "two_way":
        one, other = (coded(data, grouping) for grouping in groupings)
        for outcome in outcomes:
            found = in_groups(data, outcome, crossed(one, other), METHODS[test], [], one.position)
            yield test, dataclasses.replace(found, labels={**found.labels, **factor_labels(one, other)})
        return
    for grouping in groupings:
        groups = coded(data, grouping)
        for outcome in outcomes:
            name = chosen(test, 2, paired=bool(paired))
            one = _sampled(data, outcome, groups, name, covariates, paired, strata)
            name = chosen(test, len(one.sample.ids), paired=bool(paired))
            _require_groups(name, one)
            yield name, one


def _sampled(data: pd.DataFrame, outcome: str, groups: Coded, name: str, covariates: list[str],
             paired: bool | str | None, strata: str | None) -> Drawn:  # fmt: skip
    if isinstance(paired, str):
        return paired_rows(data, outcome, groups, paired, METHODS[name])
    within = coded(data, strata).position if strata is not None else None
    return in_groups(data, outcome, groups, METHODS[name], covariates, within)


def _require_groups(name: str, one: Drawn) -> None:
    many, most = len(one.sample.ids), METHODS[name].most
    if many > most:
        over = both(one.labels[one.group or one.outcome])
        raise AnalysisError(Problem("E875", params={"test": name, "by": over, "n": many, "most": most}))
    if name in ("fisher", "proportions", "mantel_haenszel") and len(one.sample.categories) > 2:
        n = len(one.sample.categories)
        raise AnalysisError(
            Problem("E875", params={"test": name, "by": both(one.labels[one.outcome]), "n": n, "most": 2})
        )


def _require_wishes(drawn: list[tuple[str, Drawn]], wishes: Wishes) -> None:
    """A post hoc method is taken by every test of more than two groups; bounds of equivalence by every test."""
    many = [(name, METHODS[name]) for name, one in drawn if METHODS[name].most > 2]
    if wishes.posthoc not in ("auto", "none"):
        refused = [name for name, method in many if wishes.posthoc not in method.posthoc] or (
            [] if many else [drawn[0][0]]
        )
        if refused:
            raise AnalysisError(_not_honoured("posthoc", wishes.posthoc, refused[0]))
    if wishes.equivalence is not None:
        for name, one in drawn:
            if not METHODS[name].equivalence or len(one.sample.ids) > 2:
                raise AnalysisError(_not_honoured("equivalence", list(wishes.equivalence), name))


def _compared(name: str, one: Drawn, wishes: Wishes) -> tuple[Comparison, list[Problem]]:
    method, sample = METHODS[name], one.sample
    groups = [_group_line(sample, i, wishes, counted=method.counted) for i in range(len(sample.ids))]
    names = {"outcome": both(one.labels[one.outcome])} | ({"by": both(one.labels[one.group])} if one.group else {})
    notices = list(one.notices)
    posthoc = _posthoc(wishes.posthoc, method.posthoc, len(sample.ids))
    reason = obstacle(method, sample)
    lines = [line("test", reason=reason)]
    if reason is None:
        lines = method.run(sample, dataclasses.replace(wishes, posthoc=posthoc))
        reason = lines[0].get("reason")
        if method.shape in ("groups", "adjusted"):
            lines += assumptions.of_groups(sample, wishes.conf_level)
        elif method.shape in ("paired", "single"):
            lines += assumptions.of_differences(sample)
    if reason is not None:
        where = names if one.group else names | {"by": names["outcome"]}
        notices.append(Problem("W877", params=where | {"reason": both(Label(reason))}))
    least = float(lines[0].get("expected", np.nan))
    if least < 5:
        notices.append(Problem("W878", params=names | {"least": least}))
    n = len(sample.values[0]) if method.paired and sample.values else int(sample.sizes.sum())
    found = Comparison(one.outcome, one.group, name, sample.ids, (*groups, *lines), n, posthoc, reason=reason)
    return found, notices


def _posthoc(wanted: str, allowed: tuple[str, ...], groups: int) -> str:
    if groups < 3 or not allowed or wanted == "none":
        return "none"
    return allowed[0] if wanted == "auto" else wanted


def _group_line(sample: Sample, i: int, wishes: Wishes, *, counted: bool) -> Line:
    """Size, mean, SD and interval of a group; of categories the share of the higher one of two."""
    x, conf_level = sample.values[i], wishes.conf_level
    n = len(x)
    if counted:
        if not sample.categories:
            return line("share", sample.ids[i], **share(float(np.sum(x > 0)), n, conf_level, wishes.share_interval))
        table = table_of(sample)
        two = table.shape[1] == 2
        values = share(table[i, 1], n, conf_level, wishes.share_interval) if two else {"n_obs": float(n)}
        return line("share", sample.ids[i], **values)
    mean, sd = (float(x.mean()), float(x.std(ddof=1))) if n > 1 else (float(x.mean()) if n else np.nan, np.nan)
    error = sd / np.sqrt(n) if n > 1 else np.nan
    half = float(stats.t.ppf((1 + conf_level) / 2, n - 1)) * error if n > 1 else np.nan
    values = {"estimate": mean, "std_error": error, "conf_low": mean - half, "conf_high": mean + half}
    median = float(np.median(x)) if n else np.nan
    return line("mean", sample.ids[i], **values, mean=mean, sd=sd, median=median, n_obs=float(n))


def _adjusted_in_families(found: list[Comparison], family: str, adjust: str) -> tuple[Comparison, ...]:
    p = np.array([float(c.test.get("p_value", np.nan)) for c in found])
    keys = {"all": [0] * len(found), "outcome": [c.outcome for c in found], "by": [c.group for c in found]}
    member = keys.get(family, list(range(len(found))))
    value = np.full(len(p), np.nan)
    for key in dict.fromkeys(member):
        own = np.array([k == key for k in member])
        value[own] = adjusted(p[own], adjust)
    return tuple(dataclasses.replace(c, p_adjusted=float(v)) for c, v in zip(found, value, strict=True))
