"""Whether ties cross the lines between groups more or less than chance would have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cases.ties.graph import Graph
from evalkit.cases.ties.permutation import relabellings

_NAN = float("nan")


@dataclass(frozen=True)
class Boundary:
    """Ties across and within the groups of a column.

    `share`: across over all; `ei`: (across - within) / all; `expected`: the E-I index if every pair were as likely to
    be tied; `blau`: 1 - sum of squared shares of the groups; `p_value`: relabellings whose E-I index lies as far from
    the expected one.
    """

    column: str
    groups: int
    blau: float
    across: float
    within: float
    share: float
    ei: float
    expected: float
    p_value: float


def boundary(g: Graph, column: str, group: Sequence[str], permutations: int, seed: int) -> Boundary:
    """One boundary; with a single group, or nobody alike, nothing can be crossed more or less: p is nan.

    Notes
    -----
    Krackhardt & Stern (1988); Blau (1977). Groups are handed out anew by relabelling the actors, which keeps the
    network and the sizes of the groups.
    """
    names, member = np.unique(np.asarray(group, dtype=object).astype(str), return_inverse=True)
    arcs = g.arcs if g.directed else np.triu(g.arcs)
    total = float(arcs.sum())
    same = (member[:, None] == member[None, :]).astype(float)
    np.fill_diagonal(same, 0)
    within = float((arcs * same).sum())
    ei = 1 - 2 * within / total
    expected = 1 - 2 * float(same.sum()) / (g.n * (g.n - 1))
    sizes = np.bincount(member)
    p = _NAN
    if 0 < same.sum() < g.n * (g.n - 1):
        drawn = [
            1 - 2 * float((arcs * same[np.ix_(o, o)]).sum()) / total for o in relabellings(g.n, permutations, seed)
        ]
        p = (1 + int((np.abs(np.array(drawn) - expected) >= abs(ei - expected) - 1e-12).sum())) / (1 + len(drawn))
    return Boundary(
        column, len(names), 1 - float(((sizes / g.n) ** 2).sum()), total - within, within, 1 - within / total, ei,
        expected, p,
    )  # fmt: skip
