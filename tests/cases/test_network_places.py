"""Where actors without a tie stand in the map."""

import numpy as np
import pandas as pd

from evalkit.cases.ties.graph import read_ties
from evalkit.cases.ties.layout import places


def placed(names, ties):
    graph, _ = read_ties(pd.DataFrame(ties, columns=["from", "to"]), "from", "to", None, names, False)
    return places(graph.mutual_distances)


def test_isolates_stand_in_a_row_below_the_others():
    at = placed(list("abcdef"), [("a", "c"), ("c", "e"), ("e", "f")])
    alone, others = at[[1, 3]], at[[0, 2, 4, 5]]
    np.testing.assert_allclose(alone, [[1 / 3, 1], [2 / 3, 1]])
    assert others[:, 1].max() < 0.95 and (at >= 0).all() and (at <= 1).all()


def test_the_others_stand_as_they_would_without_them():
    ties = [("a", "b"), ("b", "c"), ("c", "d")]
    alone, beside = placed(list("abcd"), ties), placed(list("abcde"), ties)
    np.testing.assert_allclose(beside[:4], alone * (1, 0.88))


def test_parts_with_ties_are_no_isolates():
    at = placed(list("abcd"), [("a", "b"), ("c", "d")])
    assert len({tuple(p) for p in at.round(6)}) == 4
    assert not np.allclose(at[:, 1], 1)
