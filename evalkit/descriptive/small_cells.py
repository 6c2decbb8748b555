"""Counts in; which of them must not be printed out, so that no small one can be read or worked out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def hidden_in_line(counts: np.ndarray, least: int, most: np.ndarray | None = None) -> np.ndarray:
    """Counts of one line whose total is printed.

    Parameters
    ----------
    counts : ndarray of int, shape (n,)
    least : int
        Counts from 1 to `least` - 1 are small; 0 is printed.
    most : ndarray, optional
        Largest value each count can have, where the reader knows one.

    Returns
    -------
    ndarray of bool, shape (n,)
        The small ones and, smallest first, as many others as it takes until each hidden count may be another
        number. A line of a single count that is not 0 stays determined by its total.
    """
    x = np.asarray(counts)
    cap = np.full(len(x), np.inf) if most is None else np.asarray(most, dtype=float)
    hidden = (x > 0) & (x < least)
    while hidden.any() and not _line_may_differ(x[hidden], cap[hidden]):
        others = np.flatnonzero(~hidden & (x > 0))
        if not len(others):
            break
        hidden[others[np.argmin(x[others])]] = True
    return hidden


def _line_may_differ(x: np.ndarray, cap: np.ndarray) -> bool:
    """Whether each count can be one more while another is one less, or the other way round."""
    up, down = x < cap, x > 1
    other_down, other_up = down.sum() - down, up.sum() - up
    return bool(((up & (other_down > 0)) | (down & (other_up > 0))).all())


def hidden_in_table(counts: np.ndarray, least: int) -> np.ndarray:
    """Counts of a table that is printed with the totals of its rows and columns.

    Parameters
    ----------
    counts : ndarray of int, shape (r, c)
    least : int
        Counts and totals from 1 to `least` - 1 are small; 0 is printed, and so is the grand total.

    Returns
    -------
    ndarray of bool, shape (r + 1, c + 1)
        The last row and column are the totals. No hidden number follows from the printed ones: see
        `table_may_differ`.
    """
    inner = np.asarray(counts)
    x = np.block([[inner, inner.sum(1, keepdims=True)], [inner.sum(0, keepdims=True), np.array([[inner.sum()]])]])
    hidden = (x > 0) & (x < least)
    hidden[-1, -1] = False
    while True:
        fixed = np.argwhere(hidden & ~table_may_differ(x, hidden)).tolist()
        fixed.sort(key=lambda cell: min(hidden[cell[0]].sum(), hidden[:, cell[1]].sum()))  # those alone in a line first
        chosen = next((c for c in (_complement(x, hidden, i, j) for i, j in fixed) if c is not None), None)
        if chosen is None:
            return hidden
        hidden[chosen] = True


def table_may_differ(x: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Whether each hidden number of a table with its totals can be another whole number of at least 1.

    Notes
    -----
    The printed numbers fix the sums over the hidden ones of each row and column, totals counted negative. One
    solution changes into another along a cycle of hidden cells that go up and down in turn: an up-step leads from a
    row to a column, a down-step from a column to a row, and a number that is 1 cannot go down. The constraints are
    those of a transport network, so what cannot move by 1 has exactly one value.
    """
    sign = np.ones(x.shape, dtype=int)
    sign[-1, :-1] = sign[:-1, -1] = -1
    n_rows = x.shape[0]
    edges: dict[int, set[int]] = {node: set() for node in range(sum(x.shape))}
    cells = [(int(i), int(j)) for i, j in np.argwhere(hidden)]
    for i, j in cells:
        if sign[i, j] > 0 or x[i, j] > 1:
            edges[i].add(n_rows + j)
        if sign[i, j] < 0 or x[i, j] > 1:
            edges[n_rows + j].add(i)
    free = np.zeros(x.shape, dtype=bool)
    for i, j in cells:
        row, column = i, n_rows + j
        up = column in edges[row] and _leads(edges, column, row)
        free[i, j] = up or (row in edges[column] and _leads(edges, row, column))
    return free


def _leads(edges: dict[int, set[int]], start: int, end: int) -> bool:
    """Whether there is a way from start to end other than the one step between them."""
    seen, todo = {start}, [node for node in edges[start] if node != end]
    while todo:
        node = todo.pop()
        if node == end:
            return True
        if node not in seen:
            seen.add(node)
            todo += edges[node] - seen
    return False


def _complement(x: np.ndarray, hidden: np.ndarray, i: int, j: int) -> tuple[int, int] | None:
    """The smallest printed number that keeps cell (i, j) company: in a line where it is alone first, no total first."""
    row = [(i, c) for c in range(x.shape[1])]
    column = [(r, j) for r in range(x.shape[0])]
    alone = [line for line in (row, column) if sum(bool(hidden[cell]) for cell in line) == 1]
    for line in (*alone, row + column, _all(x.shape)):
        open_cells = [c for c in line if not hidden[c] and x[c] > 0 and c != (x.shape[0] - 1, x.shape[1] - 1)]
        inner = [c for c in open_cells if c[0] < x.shape[0] - 1 and c[1] < x.shape[1] - 1]
        if inner or open_cells:
            return min(inner or open_cells, key=lambda c: (int(x[c]), c))
    return None


def _all(shape: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    return [(r, c) for r in range(shape[0]) for c in range(shape[1])]
