"""What a network is like as a whole: density, reciprocity, transitivity, centralisation, distances, hierarchy."""

from __future__ import annotations

import numpy as np

from evalkit.cases.ties.graph import Graph
from evalkit.cases.ties.nodes import betweenness, closeness, eigenvector, local_clustering

_NAN = float("nan")


def _ratio(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom else _NAN


def density(g: Graph) -> float:
    """Ties over possible ties."""
    return _ratio(g.arcs.sum(), g.n * (g.n - 1))


def dyads(g: Graph) -> tuple[int, int, int]:
    """Pairs tied both ways, one way, not at all."""
    both = int((g.arcs * g.arcs.T).sum() / 2)
    one = int(g.arcs.sum()) - 2 * both
    return both, one, g.n * (g.n - 1) // 2 - both - one


def reciprocity(g: Graph) -> dict[str, float]:
    """Share of ties returned (`edgewise`), of tied pairs that are mutual (`dyadic`), of all pairs that are alike."""
    both, one, none = dyads(g)
    return {
        "edgewise": _ratio(2 * both, 2 * both + one),
        "dyadic": _ratio(both, both + one),
        "all_pairs": _ratio(both + none, both + one + none),
    }


def transitivity(g: Graph) -> dict[str, float]:
    """`global`: closed over connected triples; `average`: mean local clustering; both without directions.

    Directed: `weak`: of ways of two steps the share with a tie from start to end; `strong`: of all ordered triples
    those in which a way of two steps and such a tie go together (both, or neither); `weak_count`: of the first.
    """
    u = g.mutual
    two = u @ u
    np.fill_diagonal(two, 0)
    local = local_clustering(u)
    found = {
        "global": _ratio((two * u).sum(), two.sum()),
        "average": float(np.nanmean(local)) if np.isfinite(local).any() else _NAN,
        "average_zero": float(np.nan_to_num(local).mean()) if g.n else _NAN,
    }
    if g.directed:
        steps = g.arcs @ g.arcs
        np.fill_diagonal(steps, 0)
        closed = float((steps * g.arcs).sum())
        alike = closed + ((1 - g.arcs) * ((g.n - 2) - steps))[~np.eye(g.n, dtype=bool)].sum()
        found |= {
            "weak": _ratio(closed, steps.sum()),
            "weak_count": closed,
            "strong": _ratio(alike, g.n * (g.n - 1) * (g.n - 2)),
        }
    return found


def centralisation(g: Graph) -> dict[str, float]:
    """Freeman (1979): differences to the most central actor over those of the network that is most unequal.

    `closeness` (main component must hold all) and `eigenvector` are taken without directions; the most unequal
    network is a star, for eigenvectors of unit length with differences ``(n - 2) / sqrt(2)``.
    """
    n = g.n
    if n < 3:
        return {}
    u = g.mutual

    def apart(values: np.ndarray, most: float) -> float:
        return _ratio(float((values.max() - values).sum()), most)

    found = {"degree": apart(u.sum(axis=1), (n - 1) * (n - 2))}
    if g.directed:
        found["in_degree"] = apart(g.arcs.sum(axis=0), (n - 1) ** 2)
        found["out_degree"] = apart(g.arcs.sum(axis=1), (n - 1) ** 2)
        found["betweenness_directed"] = apart(betweenness(g.arcs, True), (n - 1) ** 2 * (n - 2))
    found["betweenness"] = apart(betweenness(u, False), (n - 1) ** 2 * (n - 2) / 2)
    whole = bool(np.isfinite(g.mutual_distances).all())
    near = closeness(g.mutual_distances) * (n - 1)
    found["closeness"] = apart(near, (n - 1) * (n - 2) / (2 * n - 3)) if whole else _NAN
    vector = eigenvector(u)[0]
    found["eigenvector"] = apart(vector / np.sqrt((vector**2).sum()), (n - 2) / np.sqrt(2))
    return found


def components(g: Graph) -> dict[str, float]:
    """How many parts (without directions; mutually reachable), the largest of each, and isolates."""
    from scipy.sparse.csgraph import connected_components

    found: dict[str, float] = {}
    for name, arcs, kind in (("weak", g.arcs, "weak"), ("strong", g.arcs, "strong")):
        k, member = connected_components(arcs, directed=True, connection=kind)
        found[name] = float(k)
        found[f"largest_{name}"] = float(np.bincount(member).max()) if g.n else 0.0
    found["isolates"] = float((g.mutual.sum(axis=1) == 0).sum())
    return found


def distances(g: Graph) -> dict[str, float]:
    """Mean and longest of the shortest ways between actors that reach each other; efficiency counts all pairs."""
    found = {}
    for name, d in (("directed", g.distances), ("undirected", g.mutual_distances)):
        if name == "directed" and not g.directed:
            continue
        reached = np.isfinite(d) & (d > 0)
        found[f"mean_{name}"] = float(d[reached].mean()) if reached.any() else _NAN
        found[f"diameter_{name}"] = float(d[reached].max()) if reached.any() else _NAN
    d = g.mutual_distances
    found["efficiency"] = _ratio((1 / d[np.isfinite(d) & (d > 0)]).sum(), g.n * (g.n - 1))
    return found


def krackhardt(g: Graph) -> dict[str, float]:
    """Connectedness, hierarchy, efficiency and least upper boundedness (Krackhardt 1994)."""
    reach = np.isfinite(g.distances)
    joined = np.isfinite(g.mutual_distances)
    off = ~np.eye(g.n, dtype=bool)
    some, both = (reach | reach.T) & off, reach & reach.T & off
    member = joined.argmax(axis=1)
    sizes = np.bincount(member, minlength=g.n)
    sizes = sizes[sizes > 0].astype(float)
    spare = g.arcs.sum() - (sizes - 1).sum()
    return {
        "connectedness": _ratio((joined & off).sum(), g.n * (g.n - 1)),
        "hierarchy": 1 - _ratio(both.sum(), some.sum()),
        "efficiency": 1 - _ratio(spare, (sizes * (sizes - 1) - (sizes - 1)).sum()),
        "lubness": _bounded(g, reach, member),
    }


def _bounded(g: Graph, reach: np.ndarray, member: np.ndarray) -> float:
    """1 - pairs without a least upper bound over the most there can be.

    An upper bound of a pair reaches both (or is one of them). It is a least one if every other upper bound has a tie
    to it: so the R package sna counts.
    """
    direct = (g.arcs > 0) | np.eye(g.n, dtype=bool)
    lacking = most = 0.0
    for part in np.unique(member):
        inside = np.flatnonzero(member == part)
        n = len(inside)
        if n < 3:
            continue
        r, tied = reach[np.ix_(inside, inside)], direct[np.ix_(inside, inside)]
        most += (n - 1) * (n - 2) / 2
        for i in range(n):
            for j in range(i + 1, n):
                above = r[:, i] & r[:, j]
                lacking += not tied[np.ix_(above, above)].all(axis=0).any()
    return 1 - _ratio(lacking, most) if most else 1.0


def pieces(g: Graph) -> dict[str, float]:
    """Cut points, bridges, cliques, triangles and the triad census: by networkx."""
    import networkx as nx

    u = nx.from_numpy_array(g.mutual)
    cliques = [len(c) for c in nx.find_cliques(u)]
    found: dict[str, float] = {
        "bridges": float(sum(1 for _ in nx.bridges(u))),
        "largest_clique": float(max(cliques, default=0)),
        "maximal_cliques": float(len(cliques)),
        "triangles": float(sum(nx.triangles(u).values()) / 3),
    }
    if g.directed:
        census = nx.triadic_census(nx.from_numpy_array(g.arcs, create_using=nx.DiGraph))
        found |= {f"triad.{kind}": float(n) for kind, n in census.items()}
    return found


def cut_points(g: Graph) -> tuple[str, ...]:
    """Actors whose leaving parts the network."""
    import networkx as nx

    return tuple(g.names[i] for i in sorted(nx.articulation_points(nx.from_numpy_array(g.mutual))))
