"""Answers and a grouping column in; the same answers by group, categories that a group lacks merged, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, codebook_of, require_columns
from evalkit.measurement.item_response.answers import Answers, answers_of, both_words
from evalkit.moments import number_matrix

MOST_GROUPS = 10


@dataclass(frozen=True, eq=False)
class Grouped:
    """Answers by group.

    Parameters
    ----------
    codes : tuple of ndarray of int, shape (n_g, p)
        One a group, in the order of `ids`.
    points : tuple of ndarray
        For each item the mean answer, in scale points, of each of its (merged) categories.
    """

    answers: Answers
    ids: tuple[str, ...]
    labels: dict[str, Label]
    codes: tuple[np.ndarray, ...]
    points: tuple[np.ndarray, ...]
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Categories of each item."""
        return tuple(map(len, self.points))


def grouped(data: pd.DataFrame, items: str | Sequence[str], by: str) -> Grouped:
    """Take the answers of the rows whose group is known.

    Raises
    ------
    AnalysisError
        E982 for fewer than two groups or too many; E984 for an item that does not vary in a group; and what
        `answers_of` raises.
    """
    require_columns(data, [by])
    known = data[by].notna()
    if not known.any():
        raise AnalysisError(Problem("E982", params={"name": by, "n": 0, "most": MOST_GROUPS}))
    lost = int((~known).sum())
    answers = answers_of(data.loc[known], items)
    if by in answers.names:
        raise AnalysisError(Problem("E614", params={"option": "by", "value": by}))
    values = data.loc[known, by].to_numpy(dtype=object)[answers.used]
    ids, labels, member = _groups(data, by, values)
    x = number_matrix(data.loc[known], answers.names)[answers.used]
    codes, points, notices = answers.codes.copy(), [], []
    for j, name in enumerate(answers.names):
        words = both_words(answers.labels[name])
        cuts = _merged(codes[:, j], member, len(ids), len(answers.values[j]))
        if cuts.max(initial=0) < 1:
            raise AnalysisError(Problem("E984", params={"item": words}))
        if len(np.unique(cuts)) < len(answers.values[j]):
            notices.append(Problem("N985", params={"item": words, "n": len(np.unique(cuts))}))
        there = codes[:, j] >= 0
        codes[there, j] = cuts[codes[there, j]]
        points.append(np.array([x[codes[:, j] == k, j].mean() for k in range(cuts.max() + 1)]))
    dropped = (Drop("dif.drop_group", lost), *answers.dropped) if lost else answers.dropped
    parts = tuple(codes[member == g] for g in range(len(ids)))
    return Grouped(answers, ids, labels, parts, tuple(points), dropped, (*answers.notices, *notices))


def _groups(data: pd.DataFrame, by: str, values: np.ndarray) -> tuple[tuple[str, ...], dict[str, Label], np.ndarray]:
    """Ids and wordings of the groups that occur, those of the codebook first, and each row's group."""
    variable = codebook_of(data).variables[by]
    wordings = {_id(c.code): Label(zh=c.zh or c.en, en=c.en or c.zh) for c in variable.categories}
    of_row = np.array([_id(v) for v in values], dtype=object)
    occurring = set(of_row)
    rest = sorted(occurring - wordings.keys(), key=lambda v: (not _is_number(v), float(v) if _is_number(v) else 0, v))
    ids = (*(v for v in wordings if v in occurring), *rest)
    if not 2 <= len(ids) <= MOST_GROUPS:
        raise AnalysisError(Problem("E982", params={"name": by, "n": len(ids), "most": MOST_GROUPS}))
    labels = {id: wordings.get(id, Label(zh=id, en=id)) for id in ids}
    return ids, labels, np.array([ids.index(v) for v in of_row])


def _merged(codes: np.ndarray, member: np.ndarray, n_groups: int, size: int) -> np.ndarray:
    """New place of each category, neighbours joined from below until every group has chosen each."""
    counts = np.zeros((n_groups, size))
    there = codes >= 0
    np.add.at(counts, (member[there], codes[there]), 1)
    out, place, since = np.zeros(size, dtype=int), 0, np.zeros(n_groups)
    for k in range(size):
        out[k] = place
        since += counts[:, k]
        if (since > 0).all():
            place, since = place + 1, np.zeros(n_groups)
    return np.minimum(out, max(place - 1, 0))


def _id(code: object) -> str:
    """A code as an id without blanks: 2.0 is 2."""
    if isinstance(code, (bool, np.bool_)):
        return str(int(code))
    if isinstance(code, (int, float, np.number)):
        return f"{float(code):g}"
    return "_".join(str(code).split()) or "_"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()
