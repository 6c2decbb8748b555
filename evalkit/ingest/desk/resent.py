"""Two parts of one community in; which respondents stand in both, and where their answers differ, out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Place
from evalkit.ingest.desk.community import cell_of
from evalkit.ingest.findings import Decoded
from evalkit.ingest.parts import Part


@dataclass(frozen=True, eq=False)
class Overlap:
    """Respondents of two parts compared by id.

    Attributes
    ----------
    same : ndarray of int
        Rows of the later part whose id and answers all stand in the earlier one too.
    differing : tuple of (row earlier, row later, columns)
        Rows of one id with other answers.
    n_later : int
        Rows of the later part only.
    """

    same: np.ndarray
    differing: tuple[tuple[int, int, tuple[str, ...]], ...]
    n_later: int


def ids_of(part: Part, own: str) -> np.ndarray | None:
    """The respondents' ids: of the instrument's own item, else the running number; None without either."""
    ids = part.decoded.values.get(own)
    return part.meta.get("respondent_id") if ids is None else ids


def overlap(first: Part, later: Part, own: str) -> Overlap | None:
    """Compare by id; None where a part has none. Of an id that stands twice in a part the first row counts."""
    ones, others = ids_of(first, own), ids_of(later, own)
    if ones is None or others is None:
        return None
    known: dict[object, int] = {}
    for k, one in enumerate(ones.tolist()):
        known.setdefault(one, k)
    pairs = [(known[x], k) for k, x in enumerate(others.tolist()) if x == x and x is not None and x in known]
    if not pairs:
        return Overlap(np.array([], dtype=int), (), len(others))
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    left, right = _answers(first), _answers(later)
    names = list(dict.fromkeys([*left, *right]))
    unlike = np.stack([_unlike(left.get(n), right.get(n), a, b) for n in names], axis=1)
    differs = unlike.any(axis=1)
    rows = [
        (int(a[k]), int(b[k]), tuple(names[j] for j in np.flatnonzero(unlike[k])))
        for k in np.flatnonzero(differs).tolist()
    ]
    return Overlap(b[~differs], tuple(rows), len(others) - len(pairs))


def without(part: Part, rows: np.ndarray, reason: str) -> Part:
    """The part without some of its respondents, who join the rejected rows for this reason."""
    if not len(rows):
        return part
    keep = np.ones(len(part.rows), dtype=bool)
    keep[rows] = False
    told = part.decoded
    decoded = Decoded(
        int(keep.sum()),
        {name: values[keep] for name, values in told.values.items()},
        {name: kinds[keep] for name, kinds in told.missing.items()},
        {name: texts[keep] for name, texts in told.fills.items()},
        told.sources,
    )
    return dataclasses.replace(
        part,
        rows=part.rows[keep],
        rejected=sorted([*part.rejected, *((int(part.rows[k]), reason) for k in rows)]),
        decoded=decoded,
        meta={name: values[keep] for name, values in part.meta.items()},
        private={name: values[keep] for name, values in part.private.items()},
    )


def first_cell(part: Part, columns: tuple[str, ...], k: int) -> Place:
    """The cell of the first of these answers of the k-th respondent."""
    return cell_of(part, next((part.letters[name] for name in columns if name in part.letters), ""), k)


def _answers(part: Part) -> Mapping[str, np.ndarray]:
    return part.decoded.values | part.decoded.fills


def _unlike(one: np.ndarray | None, other: np.ndarray | None, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether two columns differ at these rows; what is missing in both, or in a column that is not there, is alike."""
    if one is None or other is None:
        answers = one[a] if one is not None else other[b] if other is not None else np.full(len(a), np.nan)
        return np.asarray(~pd.isna(answers))
    left, right = one[a], other[b]
    both_missing = pd.isna(left) & pd.isna(right)
    same = np.array([x == y for x, y in zip(left.tolist(), right.tolist(), strict=True)], dtype=bool)
    return ~(same | both_missing)
