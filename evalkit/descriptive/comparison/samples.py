"""A frame and names in; for each comparison its sample, the rows used and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, label_of
from evalkit.descriptive.comparison.methods import Method
from evalkit.descriptive.comparison.sample import Sample
from evalkit.descriptive.levels import Coded, Level, both, coded
from evalkit.moments import number_matrix

Reference = float | Mapping[str, float] | None
"""A mean, or a share for each category; see `compare`."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One comparison's sample. `used` marks the rows of the frame; `labels` name outcome, grouping and groups."""

    outcome: str
    group: str | None
    sample: Sample
    used: np.ndarray
    labels: dict[str, Label]
    notices: tuple[Problem, ...] = field(default=())


def in_groups(
    data: pd.DataFrame,
    outcome: str,
    groups: Coded,
    method: Method,
    covariates: Sequence[str],
    strata: np.ndarray | None = None,
) -> Drawn:
    """The answers of each group that has any."""
    labels = _labels(data, outcome, groups)
    values, categories = _answers(data, outcome, method)
    design, of = _covariates(data, covariates)
    used = (groups.position >= 0) & np.isfinite(values) & np.isfinite(design).all(axis=1)
    used = used if strata is None else used & (strata >= 0)
    present = [i for i in range(len(groups.levels)) if np.any(used & (groups.position == i))]
    empty = [level for i, level in enumerate(groups.levels) if i not in present]
    rows = [np.flatnonzero(used & (groups.position == i)) for i in present]
    order = np.concatenate(rows) if rows else np.empty(0, dtype=int)
    answered, places = _occurring(values[order], categories) if method.counted else ((), values[order])
    parts = np.split(places, np.cumsum([len(r) for r in rows])[:-1]) if rows else []
    sample = Sample(
        tuple(groups.levels[i].id for i in present),
        tuple(parts),
        design[order] if covariates else None,
        of,
        tuple(level.code for level in answered),
        tuple(level.id for level in answered),
        strata=None if strata is None else strata[order],
    )
    names = {"by": both(groups.label), "outcome": both(labels[outcome])}
    lacking = Problem("N879", params=names | {"groups": [both(level.label) for level in empty]})
    return Drawn(outcome, groups.name, sample, used, labels, (lacking,) if empty else ())


def by_itself(data: pd.DataFrame, outcome: str, method: Method, reference: Reference) -> Drawn:
    """The answers of everybody, and what they are held against: a mean, or a share a category (equal unless given).

    Raises
    ------
    AnalysisError
        E6324 for shares that do not fit the categories, or a mean that is no number.
    """
    values, categories = _answers(data, outcome, method)
    used = np.isfinite(values)
    labels = {outcome: label_of(data, outcome), "all": Label("descriptive.compare.everybody")}
    fault = AnalysisError(Problem("E6324", params={"outcome": both(labels[outcome])}))
    if not method.counted:
        if reference is None or isinstance(reference, Mapping):
            raise fault
        return Drawn(outcome, None, Sample(("all",), (values[used],), reference=(float(reference),)), used, labels)
    if isinstance(reference, (int, float)):
        raise fault
    answered, places = _occurring(values[used], categories)
    if reference is not None:  # categories that nobody chose count too
        answered, places = categories, values[used]
    ids = tuple(level.id for level in answered)
    share = [1 / len(ids)] * len(ids) if reference is None and ids else []
    if reference is not None:
        if {*reference} != {*ids} or not all(v > 0 for v in reference.values()):
            raise fault
        share = [float(reference[id]) / sum(reference.values()) for id in ids]
    codes = tuple(level.code for level in answered)
    return Drawn(outcome, None, Sample(("all",), (places,), None, (), codes, ids, tuple(share)), used, labels)


def measured_again(data: pd.DataFrame, measures: Sequence[str], method: Method) -> Drawn:
    """Columns that hold the measures of the same rows."""
    x = number_matrix(data, measures)
    _require_yes_or_no(x, method, measures)
    used = np.isfinite(x).all(axis=1)
    labels = {name: label_of(data, name) for name in measures}
    outcome = ":".join(measures)
    words = [labels[name] for name in measures]
    labels[outcome] = Label(zh="—".join(w.text("zh") for w in words), en=" - ".join(w.text("en") for w in words))
    sample = Sample(tuple(measures), tuple(x[used].T))
    partly = int(np.sum(np.isfinite(x).any(axis=1) & ~used))
    return Drawn(outcome, None, sample, used, labels, _pairs_lacking(partly, labels[outcome]))


def paired_rows(data: pd.DataFrame, outcome: str, groups: Coded, key: str, method: Method) -> Drawn:
    """Rows that belong together by a key, one for each group (such as a wave).

    Raises
    ------
    AnalysisError
        E881 where a key has two rows of one group.
    """
    x = number_matrix(data, [outcome])
    _require_yes_or_no(x, method, [outcome])
    keys, own = pd.factorize(data[key], use_na_sentinel=True)
    answered = (groups.position >= 0) & (keys >= 0) & np.isfinite(x[:, 0])
    twice = pd.Series(list(zip(keys[answered], groups.position[answered], strict=True)), dtype=object).duplicated()
    if twice.any():
        raise AnalysisError(Problem("E881", params={"key": key, "by": both(groups.label), "n": int(twice.sum())}))
    wide = np.full((len(own), len(groups.levels)), np.nan)
    wide[keys[answered], groups.position[answered]] = x[answered, 0]
    present = np.isfinite(wide).any(axis=0)
    wide = wide[:, present]
    full = np.isfinite(wide).all(axis=1) if present.any() else np.zeros(len(own), dtype=bool)
    used = answered & np.append(full, False)[keys]
    labels = _labels(data, outcome, groups)
    ids = tuple(level.id for level, there in zip(groups.levels, present, strict=True) if there)
    partly = int(np.sum(np.isfinite(wide).any(axis=1) & ~full))
    sample = Sample(ids, tuple(wide[full].T))
    return Drawn(outcome, groups.name, sample, used, labels, _pairs_lacking(partly, labels[outcome]))


def _pairs_lacking(n: int, outcome: Label) -> tuple[Problem, ...]:
    return (Problem("W880", params={"n": n, "outcome": both(outcome)}),) if n else ()


def _labels(data: pd.DataFrame, outcome: str, groups: Coded) -> dict[str, Label]:
    words = {f"{groups.name}={level.id}": level.label for level in groups.levels}
    return {outcome: label_of(data, outcome), groups.name: groups.label, **words}


def _answers(data: pd.DataFrame, outcome: str, method: Method) -> tuple[np.ndarray, tuple[Level, ...]]:
    """Numbers, or places among the categories, nan where missing."""
    if method.counted:
        found = coded(data, outcome)
        return np.where(found.position >= 0, found.position.astype(float), np.nan), found.levels
    if codebook_of(data).variables[outcome].kind == "nominal":
        raise AnalysisError(Problem("E882", params={"name": both(label_of(data, outcome))}))
    return number_matrix(data, [outcome])[:, 0], ()


def _occurring(places: np.ndarray, levels: Sequence[Level]) -> tuple[tuple[Level, ...], np.ndarray]:
    """The categories that occur, and the answers as places among these."""
    occurring, again = np.unique(places.astype(int), return_inverse=True)
    return tuple(levels[i] for i in occurring), again.astype(float)


def _covariates(data: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Columns of the covariates: numbers as they are, categories as dummies without the first; and whose each is."""
    parts = list(_covariate_columns(data, names))
    columns = [column for _, column in parts]
    return np.column_stack(columns) if columns else np.empty((len(data), 0)), tuple(name for name, _ in parts)


def _covariate_columns(data: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    for name in names:
        if codebook_of(data).variables[name].kind != "nominal":
            yield name, number_matrix(data, [name])[:, 0]
            continue
        found = coded(data, name)
        occurring = [i for i in range(len(found.levels)) if np.any(found.position == i)]
        for i in occurring[1:]:
            yield name, np.where(found.position < 0, np.nan, found.position == i).astype(float)


def _require_yes_or_no(x: np.ndarray, method: Method, names: Sequence[str]) -> None:
    if method.shape == "changes" and not np.isin(x[np.isfinite(x)], (0.0, 1.0)).all():
        raise AnalysisError(Problem("E859", params={"names": list(names)}))
