"""Suppression held against linear programming: no hidden count has only one possible value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evalkit.descriptive.small_cells import hidden_in_line, hidden_in_table, table_may_differ

COUNT = st.one_of(st.integers(0, 4), st.integers(0, 60))


def extended(inner):
    inner = np.asarray(inner)
    return np.block([[inner, inner.sum(1, keepdims=True)], [inner.sum(0, keepdims=True), np.array([[inner.sum()]])]])


def intervals(x, hidden):
    """Least and most value of each hidden number, given the printed ones: by linear programming."""
    cells = [tuple(cell) for cell in np.argwhere(hidden)]
    sign = np.ones(x.shape)
    sign[:, -1] *= -1
    sign[-1, :] *= -1
    lines = [[(i, c) for c in range(x.shape[1])] for i in range(x.shape[0])]
    lines += [[(r, j) for r in range(x.shape[0])] for j in range(x.shape[1])]
    a = np.array([[sign[cell] if cell in line else 0.0 for cell in cells] for line in lines])
    b = -np.array([sum(sign[cell] * x[cell] for cell in line if not hidden[cell]) for line in lines])
    found = {}
    for k, cell in enumerate(cells):
        c = np.zeros(len(cells))
        c[k] = 1
        ends = [linprog(way * c, A_eq=a, b_eq=b, bounds=(1, 10_000), method="highs") for way in (1, -1)]
        found[cell] = (ends[0].fun, -ends[1].fun)
    return found


@given(st.integers(2, 4), st.integers(2, 4), st.data())
@settings(max_examples=40)
def test_no_hidden_count_of_a_table_can_be_worked_out(rows, columns, data):
    inner = np.array(
        data.draw(st.lists(st.lists(COUNT, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    )
    x, hidden = extended(inner), hidden_in_table(inner, 5)
    small = (x > 0) & (x < 5)
    small[-1, -1] = False
    assert (hidden >= small).all() and (x[hidden] > 0).all()
    if not hidden.any():
        return
    free = table_may_differ(x, hidden)
    for cell, (low, high) in intervals(x, hidden).items():
        assert bool(free[cell]) == (high - low > 1e-6)
        # Only where everything that is not 0 is hidden already can a number be left that follows from the total.
        assert free[cell] or not (~hidden & (x > 0))[:-1, :-1].any()


@given(st.lists(COUNT, min_size=1, max_size=6))
@settings(max_examples=60)
def test_no_hidden_count_of_a_line_can_be_worked_out(counts):
    x = np.array(counts)
    hidden = hidden_in_line(x, 5)
    assert (hidden >= ((x > 0) & (x < 5))).all() and (x[hidden] > 0).all()
    if 0 < hidden.sum() < (x > 0).sum():
        assert hidden.sum() > 1 and x[hidden].sum() > hidden.sum()


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([40, 30, 3], [0, 1, 1]),  # 3 alone would follow from the total
        ([40, 1, 1], [1, 1, 1]),  # 1 + 1 has one solution
        ([40, 30, 2, 3], [0, 0, 1, 1]),
        ([40, 30, 0], [0, 0, 0]),
        ([3], [1]),
    ],
)
def test_lines_by_hand(counts, hidden):
    assert hidden_in_line(np.array(counts), 5).tolist() == [bool(h) for h in hidden]


def test_a_known_ceiling_counts():
    # Both stand at their ceilings: the total fixes them, so a third must go.
    assert hidden_in_line(np.array([2, 4, 30]), 5, np.array([2, 4, 50])).all()


def test_a_table_by_hand():
    hidden = hidden_in_table(np.array([[3, 20, 30], [25, 40, 50], [30, 45, 60]]), 5)
    assert hidden[:-1, :-1].tolist() == [[True, True, False], [True, True, False], [False, False, False]]
    assert not hidden[-1].any() and not hidden[:, -1].any()


def test_nothing_small_hides_nothing():
    assert not hidden_in_table(np.array([[20, 0], [30, 40]]), 10).any()
