"""Where an actor stands: centralities, constraint, local clustering."""

from __future__ import annotations

import numpy as np

from evalkit.cases.ties.graph import Graph

_NAN = np.nan


def degrees(g: Graph) -> dict[str, np.ndarray]:
    """Ties in and out (of a directed network), ties with anyone, and sums of weights."""
    out = {"degree": g.mutual.sum(axis=1)}
    if g.directed:
        out |= {"in_degree": g.arcs.sum(axis=0), "out_degree": g.arcs.sum(axis=1)}
        out |= {"in_strength": g.weights.sum(axis=0), "out_strength": g.weights.sum(axis=1)}
    else:
        out["strength"] = g.weights.sum(axis=1)
    return out


def betweenness(arcs: np.ndarray, directed: bool) -> np.ndarray:
    """Shortest ways between others that pass an actor (Freeman 1977); ordered pairs where directed.

    Brandes (2001) in matrix form: ways and distances level by level, dependencies backwards, all sources at once.
    """
    n = len(arcs)
    ways, dependency = np.eye(n), np.zeros((n, n))
    seen = np.eye(n, dtype=bool)
    level, levels = np.eye(n), []
    while level.any():
        levels.append(level > 0)
        level = np.where(seen, 0, level @ arcs)
        ways += level
        seen |= level > 0
    for nearer, farther in zip(levels[-2::-1], levels[:0:-1], strict=True):
        share = np.where(farther, (1 + dependency) / np.where(ways > 0, ways, 1), 0)
        dependency += np.where(nearer, ways * (share @ arcs.T), 0)
    np.fill_diagonal(dependency, 0)
    total = dependency.sum(axis=0)
    return total if directed else total / 2


def closeness(distances: np.ndarray) -> np.ndarray:
    """1 / sum of steps to the actors that can be reached; nan for an actor who reaches nobody."""
    reached = np.isfinite(distances) & ~np.eye(len(distances), dtype=bool)
    steps = np.where(reached, distances, 0).sum(axis=1)
    return np.divide(1.0, steps, out=np.full(len(steps), _NAN), where=steps > 0)


def harmonic(distances: np.ndarray) -> np.ndarray:
    """Sum of 1 / steps; an actor out of reach adds nothing (Rochat 2009)."""
    apart = np.where(np.isfinite(distances) & (distances > 0), distances, np.inf)
    return (1 / apart).sum(axis=1)


def eccentricity(distances: np.ndarray) -> np.ndarray:
    """Steps to the farthest actor that can be reached."""
    return np.where(np.isfinite(distances), distances, 0).max(axis=1)


def eigenvector(mutual: np.ndarray) -> tuple[np.ndarray, float]:
    """Bonacich (1972): central is who is tied to the central; the highest is 1. And the eigenvalue."""
    values, vectors = np.linalg.eigh(mutual)
    leading = np.abs(vectors[:, -1])
    return leading / leading.max(), float(values[-1])


def pagerank(weights: np.ndarray, damping: float = 0.85) -> np.ndarray:
    """Brin & Page (1998), solved exactly; actors without ties out send to everyone."""
    n = len(weights)
    out = weights.sum(axis=1)
    moves = np.where(out[:, None] > 0, weights / np.where(out > 0, out, 1)[:, None], 1 / n)
    rank = np.linalg.solve(np.eye(n) - damping * moves.T, np.full(n, (1 - damping) / n))
    return np.asarray(rank / rank.sum())


def hubs_and_authorities(arcs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kleinberg (1999): who points at authorities, and who is pointed at by hubs; the highest is 1."""
    found = []
    for product in (arcs @ arcs.T, arcs.T @ arcs):
        leading = np.abs(np.linalg.eigh(product)[1][:, -1])
        found.append(leading / leading.max())
    return found[0], found[1]


def power(mutual: np.ndarray, beta: float) -> np.ndarray:
    """Bonacich (1987), American Journal of Sociology 92, 1170-1182; scaled to a sum of squares of n."""
    n = len(mutual)
    raw = np.linalg.solve(np.eye(n) - beta * mutual, mutual.sum(axis=1))
    return np.asarray(raw * np.sqrt(n / (raw**2).sum()))


def katz(mutual: np.ndarray, alpha: float) -> np.ndarray:
    """Katz (1953): (I - alpha A)^-1 1."""
    return np.asarray(np.linalg.solve(np.eye(len(mutual)) - alpha * mutual, np.ones(len(mutual))))


def constraint(weights: np.ndarray) -> np.ndarray:
    """Burt (1992): how far an actor's ties lead back to each other; nan without a tie."""
    both = weights + weights.T
    total = both.sum(axis=1, keepdims=True)
    p = np.divide(both, total, out=np.zeros_like(both), where=total > 0)
    tied = p > 0
    each = np.where(tied, (p + p @ p - p * np.diag(p)[None, :]) ** 2, 0)
    return np.where(tied.any(axis=1), each.sum(axis=1), _NAN)


def effective_size(mutual: np.ndarray) -> np.ndarray:
    """Burt (1992) for ties without weight: degree less the mean ties that contacts have among each other."""
    degree = mutual.sum(axis=1)
    among = np.einsum("ij,jk,ik->i", mutual, mutual, mutual)
    return np.where(degree > 0, degree - np.divide(among, degree, out=np.zeros(len(degree)), where=degree > 0), _NAN)


def local_clustering(mutual: np.ndarray) -> np.ndarray:
    """Share of an actor's contacts that are tied to each other; nan with fewer than two."""
    degree = mutual.sum(axis=1)
    closed = np.einsum("ij,jk,ki->i", mutual, mutual, mutual)
    room = degree * (degree - 1)
    return np.divide(closed, room, out=np.full(len(degree), _NAN), where=room > 0)


def coreness(mutual: np.ndarray) -> np.ndarray:
    """The highest k for which an actor stays while actors with fewer than k ties leave one after the other."""
    left = np.ones(len(mutual), dtype=bool)
    found = np.zeros(len(mutual))
    k = 0.0
    while left.any():
        degree = np.where(left, mutual @ left, np.inf)
        k = max(k, float(degree.min()))
        leaving = degree <= k
        found[leaving] = k
        left &= ~leaving
    return found
