"""Kinds of actors in a network: ties within and across, brokers between them, core and periphery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cases.ties.graph import Graph

ROLES = ("coordinator", "itinerant", "representative", "gatekeeper", "liaison")
"""Gould & Fernandez (1989): all three of one group; ends of one, broker of another; broker and end; start and
broker; three groups."""


@dataclass(frozen=True, eq=False)
class Mixing:
    """Ties from group (rows) to group (columns), how dense each block is, and what the whole says.

    `ei`: (across - within) / all (Krackhardt & Stern 1988); `assortativity`: Newman (2003); `modularity`: Newman &
    Girvan (2004), without directions.
    """

    groups: tuple[str, ...]
    sizes: np.ndarray
    ties: np.ndarray
    density: np.ndarray
    across: float
    within: float
    ei: float
    assortativity: float
    modularity: float


def mixing(g: Graph, group: Sequence[str]) -> Mixing:
    """Ties within and across groups."""
    names, member = np.unique(np.asarray(group, dtype=object).astype(str), return_inverse=True)
    x = (member[:, None] == np.arange(len(names))).astype(float)
    arcs = g.arcs if g.directed else np.triu(g.arcs)
    ties = x.T @ g.arcs @ x
    sizes = x.sum(axis=0)
    room = np.outer(sizes, sizes) - np.diag(sizes)
    same = member[:, None] == member[None, :]
    within, across = float(arcs[same].sum()), float(arcs[~same].sum())
    share = ties / ties.sum()
    chance = float(share.sum(axis=1) @ share.sum(axis=0))
    both = x.T @ g.mutual @ x / g.mutual.sum()
    return Mixing(
        tuple(map(str, names)), sizes, ties,
        np.divide(ties, room, out=np.full(ties.shape, np.nan), where=room > 0),
        across, within, (across - within) / (across + within),
        (float(np.trace(share)) - chance) / (1 - chance) if chance < 1 else float("nan"),
        float(np.trace(both) - (both.sum(axis=1) ** 2).sum()),
    )  # fmt: skip


def degree_assortativity(g: Graph) -> float:
    """Correlation of the degrees at the two ends of a tie, without directions."""
    degree = g.mutual.sum(axis=1)
    i, j = np.nonzero(g.mutual)
    a, b = degree[i], degree[j]
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 else float("nan")


def brokerage(g: Graph, group: Sequence[str]) -> dict[str, np.ndarray]:
    """How often each actor joins two who have no tie, by the groups of the three (Gould & Fernandez 1989).

    Ties without direction count both ways.
    """
    names = np.asarray(group, dtype=object).astype(str)
    a = g.arcs
    open_ = (1 - a) * (1 - np.eye(g.n))
    same = (names[:, None] == names[None, :]).astype(float)

    def through(into: np.ndarray, out: np.ndarray, ends: np.ndarray) -> np.ndarray:
        return np.einsum("ij,jk,ik->j", a * into, a * out, open_ * ends)

    found = {
        "coordinator": through(same, same, same),
        "itinerant": through(1 - same, 1 - same, same),
        "representative": through(same, 1 - same, 1 - same),
        "gatekeeper": through(1 - same, same, 1 - same),
        "liaison": through(1 - same, 1 - same, 1 - same),
    }
    return found | {"total": np.sum(list(found.values()), axis=0)}


@dataclass(frozen=True, eq=False)
class CorePeriphery:
    """Borgatti & Everett (2000): `coreness` of the continuous model (least squares, ties as c_i c_j), its
    correlation with the ties, and the discrete core: the cut in coreness whose ideal pattern (a tie wherever one of
    the two is core, none in the periphery) correlates highest."""

    coreness: np.ndarray
    correlation: float
    core: tuple[str, ...]
    core_correlation: float


def core_periphery(g: Graph) -> CorePeriphery:
    """The network as a core and what hangs on it, without directions."""
    u, n = g.mutual, g.n
    off = ~np.eye(n, dtype=bool)
    c = np.linalg.eigh(u)[1][:, -1]
    c = np.abs(c)
    for _ in range(1000):  # least squares one actor at a time: the diagonal carries no information
        old = c.copy()
        for i in range(n):
            rest = np.delete(c, i)
            c[i] = max(float(np.delete(u[i], i) @ rest / (rest @ rest)), 0.0) if rest.any() else 0.0
        if np.abs(c - old).max() < 1e-12:
            break
    fit = _correlation(u[off], np.outer(c, c)[off])
    order = np.lexsort((np.arange(n), -u.sum(axis=1), -np.round(c, 9)))
    best, core = -2.0, order[:0]
    for k in range(1, n - 1):
        inside = np.zeros(n, dtype=bool)
        inside[order[:k]] = True
        ideal = (inside[:, None] | inside[None, :]).astype(float)
        found = _correlation(u[off], ideal[off])
        if found > best + 1e-12:
            best, core = found, order[:k]
    return CorePeriphery(c, fit, tuple(g.names[i] for i in sorted(core)), best if best > -2 else float("nan"))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return float("nan") if len(a) < 2 else -1.5
    return float(np.corrcoef(a, b)[0, 1])
