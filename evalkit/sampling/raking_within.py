"""Margins of each community in; weights raked community by community, as one result, out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, require_columns
from evalkit.contract.words import LANGUAGES
from evalkit.sampling.categories import categories
from evalkit.sampling.design import Design, design_of
from evalkit.sampling.raking import rake
from evalkit.sampling.targets import TIES
from evalkit.sampling.weighting import WeightingResult


def rake_within(
    data: pd.DataFrame,
    by: str,
    margins: Mapping[str, Mapping[str, Mapping[str, float]]],
    *,
    design: Design | None = None,
    lower: float | None = None,
    upper: float | None = None,
) -> WeightingResult:
    """Weights that meet the population of each community.

    Parameters
    ----------
    data : DataFrame
    by : str
        Column of the community.
    margins : mapping
        Community (code, or wording where unique) -> variable -> category -> share or count.
    design : Design, optional
        Its weights are the start.
    lower, upper : float, optional
        Bounds as multiples of the community's mean weight.

    Returns
    -------
    WeightingResult
        `margins` has the community as `group`; W169 names those whose margins were not reached. Counts keep the
        communities' sizes in proportion; with shares the starting weights of each community keep their sum. There is
        no `projection`: standard errors do not profit.

    Raises
    ------
    AnalysisError
        E600 for an unknown column; E890 for communities without margins; E892 if some have counts and others shares
        only; see `rake`.
    """
    require_columns(data, [by])
    declared = design_of(data, design) or Design()
    sort = categories(data, by)
    wanted = {sort.id_of(name): given for name, given in margins.items()}
    if untold := [id for id in sort.ids if id not in wanted]:
        raise AnalysisError(Problem("E890", params={"name": by, "categories": untold}))
    _require_one_scale({id: wanted[id] for id in sort.ids})
    parts: list[tuple[str, Label, WeightingResult]] = []
    for place, (id, label) in enumerate(zip(sort.ids, sort.labels, strict=True)):
        rows = data.loc[sort.position == place]
        parts.append((id, label, rake(rows, wanted[id], design=declared, lower=lower, upper=upper)))
    nowhere = int((sort.position < 0).sum())
    return _joined(data, parts, nowhere)


def _require_one_scale(wanted: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """A community weighted to its people cannot stand beside one weighted to its answers."""
    totals = {id: max(sum(values.values()) for values in given.values()) for id, given in wanted.items() if given}
    shares = {id: abs(total - 1) <= TIES for id, total in totals.items()}
    if len(set(shares.values())) > 1:
        raise AnalysisError(Problem("E892", params={"names": [f"{id} ({total:g})" for id, total in totals.items()]}))


def _joined(data: pd.DataFrame, parts: list[tuple[str, Label, WeightingResult]], nowhere: int) -> WeightingResult:
    if not parts:
        raise AnalysisError(Problem("E894"))
    weights = pd.concat([result.weights for _, _, result in parts]).reindex(data.index)
    tables = [result.margins.assign(group=id) for id, _, result in parts]
    labels: dict[str, Label] = {id: label for id, label, _ in parts}
    for _, _, result in parts:
        labels |= result.labels
    drops: dict[str, int] = {"drop.incomplete": nowhere}
    for _, _, result in parts:
        for drop in result.dropped:
            drops[str(drop.reason)] = drops.get(str(drop.reason), 0) + drop.n
    missed = [{lang: label.text(lang) for lang in LANGUAGES} for _, label, result in parts if not result.converged]
    gap = float(np.max([result.largest_gap for _, _, result in parts]))
    return WeightingResult(
        weights=weights.rename("weight"),
        margins=pd.concat(tables, ignore_index=True),
        method="raking",
        iterations=max(result.iterations for _, _, result in parts),
        converged=all(result.converged for _, _, result in parts),
        largest_gap=gap,
        labels=labels,
        n_obs=sum(result.n_obs for _, _, result in parts),
        dropped=tuple(Drop(reason, n) for reason, n in drops.items() if n),
        notices=(Problem("W169", params={"names": missed, "gap": 100 * gap}),) if missed else (),
    )
