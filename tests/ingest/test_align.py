from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from evalkit.ingest.align import align

weights = arrays(
    float, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.sampled_from([0.0, 0.1, 0.25, 0.4])
)


def best_by_trying(table: np.ndarray, skip: tuple[int, int] | None = None) -> float:
    """The best total over every monotone pairing."""
    n, m = table.shape
    best = 0.0
    for size in range(min(n, m) + 1):
        for rows in combinations(range(n), size):
            for columns in combinations(range(m), size):
                pairs = list(zip(rows, columns, strict=True))
                if all(table[pair] > 0 for pair in pairs) and skip not in pairs:
                    best = max(best, sum(table[pair] for pair in pairs))
    return best


@given(weights)
def test_the_pairing_has_the_largest_sum_and_never_crosses(table):
    target = align(table).target
    paired = [(j, int(i)) for j, i in enumerate(target) if i >= 0]
    assert sum(table[pair] for pair in paired) == pytest.approx(best_by_trying(table))
    assert [i for _, i in paired] == sorted({i for _, i in paired})


def test_the_lead_is_what_another_target_would_cost():
    found = align(np.array([[0.4, 0.1, 0.0], [0.0, 0.4, 0.3]]))
    assert found.target.tolist() == [0, 1]
    assert found.lead[0] == pytest.approx(0.8 - (0.1 + 0.3))
    assert found.lead[1] == pytest.approx(0.1)


def test_two_targets_that_fit_alike_leave_no_lead():
    assert align(np.array([[0.4, 0.4]])).lead[0] == pytest.approx(0)


def test_nothing_to_pair_pairs_nothing():
    found = align(np.zeros((2, 3)))
    assert found.target.tolist() == [-1, -1] and np.isnan(found.lead).all()
