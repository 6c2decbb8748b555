"""Ties in, a NetworkResult out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.cases.ties import nodes, whole
from evalkit.cases.ties.boundaries import boundary
from evalkit.cases.ties.choice import called, in_time, text, ties_among, unordered, worded
from evalkit.cases.ties.graph import Faults, Graph, is_matrix, projection, read_ties, ties_of_matrix
from evalkit.cases.ties.groups import brokerage, core_periphery, degree_assortativity, mixing
from evalkit.cases.ties.permutation import qap_correlation, relabellings
from evalkit.cases.ties.result import Change, Lead, NetworkResult
from evalkit.contract import AnalysisError, Drop, Label, Problem, require_columns

KATZ, POWER = 0.05, 0.05


def network(
    data: pd.DataFrame,
    *,
    source: str = "from",
    target: str = "to",
    weight: str | None = None,
    directed: bool = True,
    two_mode: bool = False,
    relation: str | None = None,
    period: str | None = None,
    periods: Sequence[str | float] = (),
    actors: pd.DataFrame | None = None,
    group: str | None = None,
    boundaries: Sequence[str] = (),
    lead: str | None = None,
    among: Mapping[str, str | float | Sequence[str | float]] | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    permutations: int = 1000,
    seed: int = 0,
) -> NetworkResult:
    """Describe a network and the place of each actor in it.

    Parameters
    ----------
    data : DataFrame
        Ties, one row each: columns `source` and `target`, perhaps `weight`, `relation`, `period`. Or a square matrix
        of numbers with the actors as index and as columns, where 0 is no tie.
    directed : bool
        Whether a tie goes from source to target only.
    two_mode : bool
        `target` are events or projects: actors are joined by what they share.
    relation, period : str, optional
        Take ties with this value of the column `relation` or `period`. Without `period`, and where the column has
        several, the last one is described and the change between them tested by relabelling (QAP).
    periods : sequence, optional
        Periods in the order of time; default numbers upwards, words by the alphabet (with a note).
    actors : DataFrame, optional
        Columns actor_id, perhaps label (and label_en), and attributes; actors without a tie are isolates.
    group : str, optional
        Column of `actors`: ties within and across groups, and brokers between them.
    boundaries : sequence of str, optional
        Further columns of `actors` (e.g. region, sector): E-I index of each beside what chance would give.
    lead : str, optional
        Actor (e.g. the Party organisation) whose share is told, and the network without it.
    among : mapping, optional
        Column of `actors` -> value or values: the network of these actors alone; in two modes these are the senders.
    labels : mapping, optional
        Group or period -> {zh, en}.

    Returns
    -------
    NetworkResult
        Closeness is taken over the actors that can be reached; with isolates a notice says so.

    Raises
    ------
    AnalysisError
        E600 for a column; E6490-E6493 for ties (`read_ties`); E6494 for a lead that is no actor; E6495 for a relation
        or period without ties; E6496 for an actor listed twice; E6750, E6751 for `among`; E6752 for
        `periods`.

    Notes
    -----
    Freeman (1979); Burt (1992); Gould & Fernandez (1989); Borgatti & Everett (2000); Provan & Milward (1995) on the
    lead organisation.
    """
    if is_matrix(data, source, target):
        actors = pd.DataFrame({"actor_id": data.index.map(str)}) if actors is None else actors
        data = ties_of_matrix(data, source, target, weight or "weight", directed)
    _actors(actors)
    data, actors, outside = ties_among(data, source, target, actors, among, two_mode)
    data, before = _chosen(data, relation, period, periods)
    known, names = _actors(actors), called(actors)
    if two_mode:
        graph, faults = projection(data, source, target), Faults()
    else:
        graph, faults = read_ties(data, source, target, weight, known, directed)
    place = {name: i for i, name in enumerate(graph.names)}
    if lead is not None and str(lead) not in place:
        raise AnalysisError(Problem("E6494", params={"name": lead, "names": list(graph.names)}))
    members = _members(actors, group, graph)
    lines = [boundaries] if isinstance(boundaries, str) else boundaries
    broker = brokerage(graph, members) if members else {}
    changes = _changes(before, source, target, weight, known, directed, permutations, seed) if not two_mode else ()
    return NetworkResult(
        graph=graph,
        whole=_whole(graph),
        nodes=_nodes(graph),
        cut_points=whole.cut_points(graph),
        core=core_periphery(graph) if graph.n > 3 else None,
        group=members,
        mixing=mixing(graph, members) if members else None,
        brokerage=broker,
        lead=_lead(graph, place[str(lead)]) if lead is not None and graph.n > 3 else None,
        changes=changes,
        labels=names,
        words=worded(labels),
        boundaries=tuple(
            boundary(graph, column, _members(actors, column, graph) or (), permutations, seed) for column in lines
        ),
        n_obs=graph.n,
        dropped=tuple(
            Drop(reason, n) for reason, n in (("drop.outside", outside), ("drop.loops", len(faults.loops))) if n
        ),
        notices=(*_notices(graph, faults, names), *unordered([name for name, _ in before], periods)),
    )


def _chosen(
    data: pd.DataFrame, relation: str | None, period: str | None, periods: Sequence[str | float]
) -> tuple[pd.DataFrame, list[tuple[str, pd.DataFrame]]]:
    """The ties to describe, and all periods in order where there are several."""
    for column, value in (("relation", relation), ("period", period)):
        if value is None:
            continue
        require_columns(data, [column])
        given = data[column].map(text)
        if not (given == str(value)).any():
            known = sorted(set(given))
            raise AnalysisError(Problem("E6495", params={"column": column, "value": value, "known": known}))
        data = data[given == str(value)]
    if "period" not in data.columns or data["period"].dropna().nunique() < 2:
        return data, []
    given = data["period"].map(text)
    parts = [(p, data[given == p]) for p in in_time(data["period"], periods)]
    return parts[-1][1], parts


def _actors(actors: pd.DataFrame | None) -> list[str] | None:
    if actors is None:
        return None
    require_columns(actors, ["actor_id"])
    names = [str(a) for a in actors["actor_id"]]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise AnalysisError(Problem("E6496", params={"names": doubled}))
    return names


def _members(actors: pd.DataFrame | None, group: str | None, graph: Graph) -> tuple[str, ...] | None:
    if group is None:
        return None
    if actors is None:
        raise AnalysisError(Problem("E6497", params={"group": group}))
    require_columns(actors, [group])
    of = dict(zip(actors["actor_id"].map(str), actors[group], strict=True))
    lacking = [name for name in graph.names if name not in of or pd.isna(of[name])]
    if lacking:
        raise AnalysisError(Problem("E6498", params={"group": group, "names": lacking}))
    return tuple(text(of[name]) for name in graph.names)


def _whole(g: Graph) -> dict[str, float]:
    both, one, none = whole.dyads(g)
    found: dict[str, float] = {
        "actors": float(g.n),
        "ties": float(g.arcs.sum() if g.directed else g.arcs.sum() / 2),
        "density": whole.density(g),
        "mean_degree": float(g.mutual.sum(axis=1).mean()),
        "mutual": float(both), "asymmetric": float(one), "null": float(none),
    }  # fmt: skip
    if g.directed:
        found |= {f"reciprocity.{k}": v for k, v in whole.reciprocity(g).items()}
    found |= {f"transitivity.{k}": v for k, v in whole.transitivity(g).items()}
    found |= {f"centralisation.{k}": v for k, v in whole.centralisation(g).items()}
    found |= {f"components.{k}": v for k, v in whole.components(g).items()}
    found |= {f"distance.{k}": v for k, v in whole.distances(g).items()}
    found |= {f"krackhardt.{k}": v for k, v in whole.krackhardt(g).items()} if g.directed else {}
    found |= {f"pieces.{k}": v for k, v in whole.pieces(g).items()}
    found["assortativity.degree"] = degree_assortativity(g)
    found["eigenvalue"] = nodes.eigenvector(g.mutual)[1]
    return found


def _nodes(g: Graph) -> dict[str, np.ndarray]:
    u, n = g.mutual, g.n
    found = nodes.degrees(g)
    found["betweenness"] = nodes.betweenness(g.arcs if g.directed else u, g.directed)
    room = (n - 1) * (n - 2) / (1 if g.directed else 2)
    found["betweenness_normalised"] = found["betweenness"] / room if room else np.full(n, np.nan)
    found["closeness"] = nodes.closeness(g.mutual_distances)
    found["closeness_normalised"] = found["closeness"] * (np.isfinite(g.mutual_distances).sum(axis=1) - 1)
    found["harmonic"] = nodes.harmonic(g.mutual_distances)
    found["eccentricity"] = nodes.eccentricity(g.mutual_distances)
    found["eigenvector"] = nodes.eigenvector(u)[0]
    found["pagerank"] = nodes.pagerank(g.weights)
    if g.directed:
        found["hub"], found["authority"] = nodes.hubs_and_authorities(g.arcs)
    found["power"] = nodes.power(u, POWER)
    found["katz"] = nodes.katz(u, KATZ)
    found["constraint"] = nodes.constraint(u)
    found["effective_size"] = nodes.effective_size(u)
    found["clustering"] = nodes.local_clustering(u)
    found["coreness"] = nodes.coreness(u)
    return found


def _lead(g: Graph, place: int) -> Lead:
    """Shares of ties and of betweenness, and centralisation with and without the actor."""
    between = nodes.betweenness(g.mutual, False)
    rest = g.without(place)
    return Lead(
        g.names[place],
        float(g.mutual[place].sum() / (g.mutual.sum() / 2)),
        float(between[place] / between.sum()) if between.sum() else float("nan"),
        float(nodes.constraint(g.mutual)[place]),
        _outline(g),
        _outline(rest),
    )


def _outline(g: Graph) -> dict[str, float]:
    centre = whole.centralisation(g)
    part = whole.components(g)
    return {
        "density": whole.density(g),
        "centralisation.degree": centre.get("degree", float("nan")),
        "centralisation.betweenness": centre.get("betweenness", float("nan")),
        "components": part["weak"],
        "isolates": part["isolates"],
    }


def _changes(
    parts: Sequence[tuple[str, pd.DataFrame]],
    source: str,
    target: str,
    weight: str | None,
    known: list[str] | None,
    directed: bool,
    permutations: int,
    seed: int,
) -> tuple[Change, ...]:
    """Each period against the one before it, among all actors of either."""
    found = []
    for (before, a), (after, b) in zip(parts, parts[1:], strict=False):
        ends = pd.concat([a[[source, target]], b[[source, target]]]).map(str).to_numpy().ravel()
        names = known or list(dict.fromkeys(ends))
        x, y = (read_ties(part, source, target, weight, names, directed)[0] for part in (a, b))
        both = float((x.arcs * y.arcs).sum())
        kept, new, lost = (v if directed else v / 2 for v in (both, y.arcs.sum() - both, x.arcs.sum() - both))
        orders = relabellings(len(names), permutations, seed)
        q = qap_correlation(x.arcs, y.arcs, directed, orders)
        total = kept + new + lost
        found.append(
            Change(
                before, after, int(kept), int(new), int(lost), float(kept / total),
                whole.density(x), whole.density(y), q.estimate, q.p_value,
            )
        )  # fmt: skip
    return tuple(found)


def _notices(g: Graph, faults: Faults, labels: Mapping[str, Label]) -> list[Problem]:
    def named(actors: Sequence[str]) -> list[dict[str, str]]:
        found = [labels.get(a, Label(zh=a, en=a)) for a in actors]
        return [{lang: name.text(lang) for lang in ("zh", "en")} for name in found]

    found = []
    if faults.loops:
        found.append(Problem("W6499", params={"names": named(faults.loops)}))
    if faults.doubled:
        found.append(Problem("N6500", params={"n": faults.doubled}))
    alone = [name for name, d in zip(g.names, g.mutual.sum(axis=1), strict=True) if not d]
    if alone:
        found.append(Problem("N6501", params={"names": named(alone)}))
    elif not np.isfinite(g.mutual_distances).all():
        found.append(Problem("N6502", params={"n": int(whole.components(g)["weak"])}))
    return found


def attributes(actors: pd.DataFrame, names: Sequence[str], column: str) -> Mapping[str, object]:
    """Values of a column by actor."""
    require_columns(actors, ["actor_id", column])
    of = dict(zip(actors["actor_id"].map(str), actors[column], strict=True))
    return {name: of.get(name) for name in names}
