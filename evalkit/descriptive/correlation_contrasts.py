"""Answers in; correlations by group and their differences, differences of named pairs, and levels of clusters out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.correlations import fisher_interval, pearson
from evalkit.descriptive.correlation_tests import Difference, separate, steiger, williams
from evalkit.descriptive.levels import Coded
from evalkit.moments import moments

Line = Mapping[str, Any]


def by_groups(
    x: np.ndarray, names: Sequence[str], groups: Coded, labels: Mapping[str, Label], conf_level: float
) -> list[Line]:
    """Each pair's correlation in every group, and z tests of every two groups."""
    present = [k for k in range(len(groups.levels)) if np.any(groups.position == k)]
    found = {k: pearson(x[groups.position == k]) for k in present}
    ends = {k: fisher_interval(f.r, f.n, conf_level) for k, f in found.items()}
    rows: list[Line] = []
    for i, j in combinations(range(len(names)), 2):
        pair = {"outcome": names[i], "term": names[j], "group": groups.name}
        for k in present:
            values = {"estimate": float(found[k].r[i, j]), "n_obs": float(found[k].n[i, j])}
            values |= {"p_value": float(found[k].p_value[i, j]), "conf_low": float(ends[k][0][i, j])}
            rows.append({**pair, "level": groups.levels[k].id, **values, "conf_high": float(ends[k][1][i, j])})
        for a, b in combinations(present, 2):
            r = [float(found[k].r[i, j]) for k in (a, b)]
            test = separate(r[0], float(found[a].n[i, j]), r[1], float(found[b].n[i, j]))
            level = f"{groups.levels[a].id}:{groups.levels[b].id}"
            sides = [_in_group(names, labels, (i, j), groups.levels[k].label) for k in (a, b)]
            rows.append(_difference(test, {**pair, "level": level}, sides, r))
    return rows


def named_differences(
    x: np.ndarray, names: Sequence[str], wanted: Sequence[str], labels: Mapping[str, Label]
) -> list[Line]:
    """Tests of `a~b = c~d` on the rows that have all the variables: Steiger's z, with a shared variable Williams' t.

    Raises
    ------
    AnalysisError
        E6320 for what is no such difference.
    """
    rows: list[Line] = []
    for text in wanted:
        places = _parsed(text, names)
        involved = list(dict.fromkeys(places))
        own = x[~np.isnan(x[:, involved]).any(axis=1)]
        r, n = pearson(own).r, float(len(own))
        (a, b), (c, d) = _turned(places)
        level = f"{names[places[0]]}~{names[places[1]]}={names[places[2]]}~{names[places[3]]}"
        both = [float(r[a, b]), float(r[c, d])]
        cross = (1.0 if a == c else float(r[a, c]), float(r[a, d]), float(r[b, c]), float(r[b, d]))
        sides = [Label("correlate.pair", one=labels[names[p]], other=labels[names[q]]) for p, q in ((a, b), (c, d))]
        test = steiger(both[0], both[1], cross, n)
        rows.append(_difference(test, {"term": "difference", "level": level, "n_obs": n}, sides, both))
        if a == c:
            t = williams(both[0], both[1], float(r[b, d]), n)
            rows.append(_values(t) | {"term": "williams", "level": level, "n_obs": n})
    return rows


@dataclass(frozen=True, eq=False)
class Levels:
    """Correlations within and between clusters, shape (p, p), and their rows."""

    within: np.ndarray
    between: np.ndarray
    rows: tuple[Line, ...]


def levels(x: np.ndarray, names: Sequence[str], clusters: pd.Series) -> Levels:
    """Correlations of deviations from the cluster means, and of these means, each cluster counting once.

    Each uses the rows complete in all the columns and the cluster.
    """
    used = ~np.isnan(x).any(axis=1) & clusters.notna().to_numpy()
    own, codes = x[used], pd.factorize(clusters[used])[0]
    p = x.shape[1]
    if not len(own):
        nothing = np.full((p, p), np.nan)
        return Levels(nothing, nothing, ())
    sizes = np.bincount(codes)
    means = np.column_stack([np.bincount(codes, weights=column) for column in own.T]) / sizes[:, None]
    within = own - means[codes]
    # Rounding leaves traces of columns that do not vary within clusters.
    within[:, np.abs(within).max(axis=0) <= 1e-12 * np.maximum(np.abs(own).max(axis=0), 1)] = 0
    parts = {"within": (moments(within).corr(), len(own)), "between": (moments(means).corr(), len(sizes))}
    rows = tuple(
        {"outcome": names[i], "term": names[j], "group": str(clusters.name), "level": level,
         "estimate": float(r[i, j]), "n_obs": float(n)}
        for i, j in combinations(range(p), 2)
        for level, (r, n) in parts.items()
    )  # fmt: skip
    return Levels(parts["within"][0], parts["between"][0], rows)


def _parsed(text: str, names: Sequence[str]) -> tuple[int, int, int, int]:
    parts = [part.strip() for side in text.split("=") for part in side.split("~")]
    shaped = text.count("=") == 1 and all(side.count("~") == 1 for side in text.split("="))
    same = shaped and (parts[0] == parts[1] or parts[2] == parts[3] or {*parts[:2]} == {*parts[2:]})
    if not shaped or same or not {*parts} <= {*names}:
        raise AnalysisError(Problem("E6320", params={"text": text, "names": list(names)}))
    a, b, c, d = (list(names).index(part) for part in parts)
    return a, b, c, d


def _turned(places: tuple[int, int, int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The pairs with a shared variable first in both."""
    (a, b), (c, d) = places[:2], places[2:]
    shared = {a, b} & {c, d}
    if not shared:
        return (a, b), (c, d)
    one = shared.pop()
    return (one, b if a == one else a), (one, d if c == one else c)


def _in_group(names: Sequence[str], labels: Mapping[str, Label], pair: tuple[int, int], group: Label) -> Label:
    one, other = (labels[names[k]] for k in pair)
    return Label("correlate.pair_in_group", one=one, other=other, group=group)


def _difference(test: Difference, keys: Line, sides: Sequence[Label], r: Sequence[float]) -> Line:
    told = {"what": "difference", "one": sides[0], "other": sides[1], "r_one": r[0], "r_other": r[1]}
    return {**keys, **_values(test), **told}


def _values(test: Difference) -> dict[str, Any]:
    return {"estimate": test.q, "statistic": test.statistic, "df": test.df, "p_value": test.p_value}
