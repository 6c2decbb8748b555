"""Data, a model and columns of groups in; its key effects in every group and tests of their differences out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem
from evalkit.sampling import Design
from evalkit.studies.variants.analysis import effect_label
from evalkit.studies.variants.differing import (
    Difference,
    check_test,
    permuted_differences,
    product_differences,
    wald_differences,
)
from evalkit.studies.variants.estimating import Estimated, estimate, key_terms, nothing, reason, taken
from evalkit.studies.variants.groups import Groups, groups_of
from evalkit.studies.variants.heterogeneous import Comparison, HeterogeneityResult
from evalkit.studies.variants.specification import Specification, base_of


def heterogeneity(
    data: pd.DataFrame,
    *,
    of: str,
    by: str | Sequence[str],
    arguments: Mapping[str, Any] | None = None,
    key: str | Sequence[str] | None = None,
    test: str | None = None,
    permutations: int = 1000,
    min_group: int = 10,
    seed: int = 0,
    design: Design | None = None,
) -> HeterogeneityResult:
    """The key effects of a model group by group, and whether they differ.

    Parameters
    ----------
    of, arguments, key, design
        As in `robustness`.
    by : str or list of str
        Columns of groups. A number with more than ten values is cut at its median.
    test : str, optional
        `product` (default of regressions): joint Wald test of the products of the key effect with the groups in one
        model of all rows; `chow`: the same with every coefficient free; `wald` (default of moderation and mediation):
        the groups as independent samples; `permutation` (linear regressions without weights): of the groups' labels.
    permutations, seed : int
        Of the permutation test.
    min_group : int
        Groups with fewer rows are not estimated.

    Returns
    -------
    HeterogeneityResult
        A group that is too small, or in which the model cannot be fitted, is nan and W6387 says why.

    Raises
    ------
    AnalysisError
        As the model itself; E6370, E6374; E6383 for a column that makes no groups, E6384 for a test that the model does
        not have, E6388 for too few permutations.
    """
    base = base_of(data, of, {**(arguments or {}), **({"design": design} if design is not None else {})})
    test = check_test(base, test)
    if permutations < 100:
        raise AnalysisError(Problem("E6388", params={"n": permutations}))
    names = [by] if isinstance(by, str) else list(by)
    sets = [groups_of(data, name) for name in names]
    result = base.fitted()
    keys = key_terms(base, result, key)
    comparisons, notices = [], []
    for groups in sets:
        found = [_in_group(base, groups, i, keys, min_group) for i in range(len(groups.codes))]
        notices += [] if groups.notice is None else [groups.notice]
        notices += [
            Problem("W6387", params={"group": _both(groups, i), "why": reason(one.why)})
            for i, one in enumerate(found)
            if one.why is not None
        ]
        differences = _differences(base, groups, found, keys, test, permutations, seed)
        notices += _crossing(base, groups, test)
        failed = [d.why for d in differences.values() if d.why is not None]
        notices += [
            Problem("W6389", params={"by": _words(groups.label), "why": reason(problem)}) for problem in failed[:1]
        ]
        comparisons.append(Comparison(groups.by, groups.label, groups.codes, groups.words, tuple(found), differences))
    whole = taken(result, keys, base)
    known = dict(result.labels)
    return HeterogeneityResult(
        do=of,
        keys=keys,
        whole=whole,
        comparisons=tuple(comparisons),
        test=test,
        permutations=permutations if test == "permutation" else 0,
        conf_level=float(base.arguments.get("conf_level", 0.95)),
        labels={key: effect_label(key, known) for key in keys}
        | {whole.outcome: known.get(whole.outcome, Label(zh=whole.outcome, en=whole.outcome))},
        n_obs=result.n_obs,
        dropped=tuple(Drop(d.reason, d.n) for d in result.dropped),
        notices=(*notices, *(p for p in result.notices if p.severity != "note")),
    )


def _in_group(base: Specification, groups: Groups, i: int, keys: Sequence[str], least: int) -> Estimated:
    part = groups.part(base, i)
    complete = int(part.data[[n for n in base.names if n in part.data]].notna().all(axis=1).sum())
    if complete < least:
        return nothing(part, keys, Problem("W6390", params={"n": complete, "least": least}))
    return estimate(part, keys)


def _differences(
    base: Specification,
    groups: Groups,
    found: Sequence[Estimated],
    keys: Sequence[str],
    test: str,
    permutations: int,
    seed: int,
) -> dict[str, Difference]:
    if test == "permutation":
        return permuted_differences(base, groups, keys, permutations, seed)
    if test == "wald":
        return {key: wald_differences(found, key) for key in keys}
    used = np.array([one.why is None for one in found])
    if used.sum() < 2:
        return {key: Difference() for key in keys}
    place = np.where((groups.place >= 0) & used[groups.place], groups.place, -1)
    kept = Groups(groups.by, groups.label, groups.codes, groups.words, place)
    return product_differences(base, kept, keys, test)


def _crossing(base: Specification, groups: Groups, test: str) -> list[Problem]:
    """W6391 where groups that the test takes as independent share clusters."""
    cluster = base.arguments.get("cluster")
    if test != "wald" or not isinstance(cluster, str) or cluster not in base.data:
        return []
    seen = pd.Series(groups.place, index=base.data.index)[groups.place >= 0].groupby(base.data[cluster]).nunique()
    return [Problem("W6391", params={"by": _words(groups.label)})] if (seen > 1).any() else []


def _words(label: Label) -> dict[str, str]:
    return {"zh": label.text("zh"), "en": label.text("en")}


def _both(groups: Groups, i: int) -> dict[str, str]:
    return {
        "zh": f"{groups.label.text('zh')}：{groups.words[i].text('zh')}",
        "en": f"{groups.label.text('en')}: {groups.words[i].text('en')}",
    }
