"""Every smallest set of candidates that holds all rows of a chart (minimum set cover, all ties)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

import numpy as np

MOST_MODELS = 1000
"""Tied models that are kept; a table that allows more says next to nothing, and a notice tells."""
_MOST_WORK = 5_000_000
"""Comparisons of rows before a search gives up: a few seconds."""

Cover = tuple[int, ...]


def smallest_covers(held: np.ndarray, most: int = MOST_MODELS) -> tuple[tuple[Cover, ...], bool]:
    """All covers of the fewest candidates, and whether some may be missing from the list.

    Rows that are held whenever another row is held are left out, the chart falls into parts that share no candidate,
    and each part is searched by itself; the covers of the whole are their combinations.

    Parameters
    ----------
    held : ndarray of bool, shape (candidates, rows)
        Every row is held by a candidate.
    """
    rows = _undominated([frozenset(np.flatnonzero(column).tolist()) for column in held.T])
    each, more = [], False
    for part in _parts(rows):
        covers, cut = _of_part(part, most)
        each.append(covers)
        more |= cut
    found = [tuple(sorted(i for cover in chosen for i in cover)) for chosen in islice(product(*each), most + 1)]
    return tuple(sorted(found[:most])), more or len(found) > most


def _undominated(rows: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Rows (as sets of their candidates) that hold no other row's set within."""
    distinct = sorted(set(rows), key=lambda row: (len(row), sorted(row)))
    kept: list[frozenset[int]] = []
    for row in distinct:
        if not any(other <= row for other in kept):
            kept.append(row)
    return kept


def _parts(rows: Sequence[frozenset[int]]) -> list[list[frozenset[int]]]:
    """Rows gathered so that two parts share no candidate."""
    parts: list[tuple[set[int], list[frozenset[int]]]] = []
    for row in rows:
        touching = [part for part in parts if part[0] & row]
        merged = set(row).union(*(names for names, _ in touching))
        members = [r for _, inside in touching for r in inside]
        parts = [part for part in parts if not part[0] & row]
        parts.append((merged, [*members, row]))
    return [members for _, members in parts]


def _of_part(rows: list[frozenset[int]], most: int) -> tuple[list[Cover], bool]:
    if len(rows) == 1:
        return [(i,) for i in sorted(rows[0])], False
    first = _one_smallest(rows)
    search = _Search()
    found = list(islice(search.covers(rows, len(first), frozenset()), most + 1))
    if not found:
        return [first], True
    return sorted(tuple(sorted(c)) for c in found[:most]), len(found) > most or search.work > _MOST_WORK


def _one_smallest(rows: list[frozenset[int]]) -> Cover:
    """A smallest cover by integer programming (HiGHS): it fixes the size, the search finds the ties."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = sorted(set().union(*rows))
    place = {name: j for j, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for r, row in enumerate(rows):
        matrix[r, [place[i] for i in row]] = 1
    ones = np.ones(len(names))
    solved = milp(ones, integrality=ones, bounds=Bounds(0, 1), constraints=LinearConstraint(matrix, lb=1))
    return tuple(name for name, x in zip(names, solved.x, strict=True) if x > 0.5)


class _Search:
    """Branching on the row with the fewest candidates; a candidate tried in one branch is barred from the next."""

    def __init__(self) -> None:
        self.work = 0

    def covers(self, rows: Sequence[frozenset[int]], size: int, barred: frozenset[int]) -> Iterator[Cover]:
        self.work += len(rows) ** 2 + 1
        if not rows:
            yield ()
            return
        if self.work > _MOST_WORK or _apart(rows) > size:
            return
        choices = min(rows, key=len)
        for i in sorted(choices):
            left = [row - barred for row in rows if i not in row]
            if all(left):
                for rest in self.covers(_undominated(left), size - 1, frozenset()):
                    yield (i, *rest)
            barred |= {i}


def _apart(rows: Sequence[frozenset[int]]) -> int:
    """Rows no two of which share a candidate: each wants one of its own, so that no cover is smaller."""
    taken: set[int] = set()
    n = 0
    for row in rows:
        if taken.isdisjoint(row):
            taken |= row
            n += 1
    return n
