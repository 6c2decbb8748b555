"""Results of set-theoretic comparisons and of a network in, the role and the place of each case out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, Result

_NAN = float("nan")
MEASURES = ("actors", "ties", "density", "lead_share")
AS_ACTOR = ("degree", "betweenness_normalised", "rank")


@dataclass(frozen=True)
class Path:
    """One path of a solution: its fit, the cases in it that have the outcome, and those that do not."""

    name: str
    text: str
    consistency: float
    coverage: float
    unique: float
    typical: tuple[str, ...]
    deviant: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Roles:
    """What the cases are to the printed solution of a comparison; `types` and `uncovered` to its first model.

    `uncovered` have the outcome outside every path (deviant in coverage).
    """

    outcome: Label
    outcome_text: str
    kind: str
    paths: tuple[Path, ...]
    types: Mapping[str, str]
    membership: Mapping[str, float]
    uncovered: tuple[str, ...]

    def of(self, case: str) -> Label | None:
        """The type of a case with its paths; None for a case that was not compared."""
        if case not in self.types:
            return None
        kind = Label(f"qca.type.{self.types[case]}")
        mine = ", ".join(p.name for p in self.paths if case in (*p.typical, *p.deviant))
        return Label("displays.role", kind=kind, paths=mine) if mine else kind


def roles_of(results: Result | Sequence[Result] | None) -> tuple[Roles, ...]:
    """The roles in each comparison.

    Raises
    ------
    AnalysisError
        E6633 for a result that is no set-theoretic comparison.
    """
    given = [] if results is None else list(results) if isinstance(results, (list, tuple)) else [results]
    return tuple(_roles(result) for result in given)


def _roles(result: Any) -> Roles:
    if not hasattr(result, "roles"):
        raise AnalysisError(Problem("E6633", params={"option": "configurations", "wanted": "qca"}))
    frame = result.roles()
    first = frame[frame["model"] == 1].drop_duplicates("case")
    return Roles(
        outcome=result.outcome_label,
        outcome_text=result.cases.outcome_text,
        kind=result.printed,
        paths=tuple(_paths(frame)),
        types=dict(zip(first["case"], first["role"], strict=True)),
        membership=dict(zip(first["case"], first["solution"].astype(float), strict=True)),
        uncovered=tuple(first.loc[first["role"] == "deviant_coverage", "case"]),
    )


def _paths(frame: pd.DataFrame) -> Iterator[Path]:
    for (name, text), part in frame.groupby(["path", "term"], sort=False):
        inside = part[part["inside"]]
        has = inside["outcome"] > 0.5
        row = part.iloc[0]
        yield Path(
            str(name), str(text), float(row["consistency"]), float(row["coverage"]), float(row["unique_coverage"]),
            tuple(inside.loc[has, "case"]), tuple(inside.loc[~has, "case"]),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Places:
    """Measures of the network by case.

    `how` tells what joins the two: cases are `actor`s themselves, actors are `members` of cases, or the sources of a
    case have `told` of ties.
    """

    how: str
    of: Mapping[str, Mapping[str, float]]

    @property
    def measures(self) -> tuple[str, ...]:
        """Those that some case has."""
        known = AS_ACTOR if self.how == "actor" else MEASURES
        return tuple(m for m in known if any(place[m] == place[m] for place in self.of.values()))


def places_of(
    network: Any,
    ids: Sequence[str],
    *,
    actors: pd.DataFrame | None,
    ties: pd.DataFrame | None,
    sources: pd.DataFrame | None,
    belongs: str,
    lead: str | Mapping[str, Any] | None,
) -> Places | None:
    """The place of each case in the network; None where nothing joins cases and actors.

    Parameters
    ----------
    belongs : str
        Column of actors that names their case.
    lead : str or mapping, optional
        An actor, or column of actors -> value: whose share of the ties of a case is told.

    Raises
    ------
    AnalysisError
        E6633 for a result that is no network; E6636 for a lead that no actor is.
    """
    if not hasattr(network, "edges"):
        raise AnalysisError(Problem("E6633", params={"option": "network", "wanted": "network"}))
    tidy = network.tidy()
    nodes = tidy[tidy["group"] == "node"].pivot(index="level", columns="term", values="estimate")
    leads = _leads(network, lead, actors, list(map(str, nodes.index)))
    if set(ids) & set(nodes.index):
        return Places("actor", _as_actors(nodes, ids))
    edges = {frozenset(map(str, pair)) for pair in network.edges()[["from", "to"]].itertuples(index=False, name=None)}
    if actors is not None and belongs in actors:
        of = dict(zip(actors["actor_id"].map(str), actors[belongs].map(_text), strict=True))
        held = {case: [a for a in nodes.index if of.get(a) == case] for case in ids}
        return Places("members", {c: _within(held[c], edges, leads) for c in ids if held[c]})
    told = _told(ties, sources, edges)
    if told is None:
        return None
    each = {c: {pair for pair, case in told if case == c} for c in ids}
    return Places("told", {c: _within(sorted(frozenset().union(*p)), p, leads) for c, p in each.items() if p})


def _leads(
    network: Any, lead: str | Mapping[str, Any] | None, actors: pd.DataFrame | None, names: Sequence[str]
) -> frozenset[str]:
    """The actors that lead: as asked, else the lead of the network step."""
    if lead is None:
        own = getattr(network, "lead", None)
        return frozenset() if own is None else frozenset({own.actor})
    if isinstance(lead, str):
        found = {name for name in names if name == lead}
    else:
        known = actors if actors is not None else pd.DataFrame({"actor_id": []})
        right = [known[column].map(_text) == _text(value) for column, value in lead.items() if column in known]
        all_there = len(right) == len(lead) and right
        found = set(known.loc[pd.concat(right, axis=1).all(axis=1), "actor_id"].map(str)) if all_there else set()
    if not found:
        near = difflib.get_close_matches(str(lead), list(names), 3, 0.4) or list(names)[:6]
        raise AnalysisError(Problem("E6636", params={"lead": _shown(lead), "near": near}))
    return frozenset(found)


def _shown(lead: str | Mapping[str, Any]) -> str:
    return lead if isinstance(lead, str) else ", ".join(f"{k} = {v}" for k, v in lead.items())


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _as_actors(nodes: pd.DataFrame, ids: Sequence[str]) -> dict[str, dict[str, float]]:
    between = nodes["betweenness"].round(9)
    rank = between.rank(ascending=False, method="min")
    return {
        case: {
            "degree": float(nodes.at[case, "degree"]),
            "betweenness_normalised": float(nodes.at[case, "betweenness_normalised"]),
            "rank": float(rank[case]),
        }
        for case in ids
        if case in nodes.index
    }


def _within(members: Sequence[str], edges: set[frozenset[str]], leads: frozenset[str]) -> dict[str, float]:
    """Ties among the members, whatever their direction; the share of them that a lead has at one of its ends."""
    held = frozenset(members)
    ties = [pair for pair in edges if pair <= held]
    pairs = len(members) * (len(members) - 1) / 2
    led = sum(bool(pair & leads) for pair in ties)
    return {
        "actors": float(len(members)),
        "ties": float(len(ties)),
        "density": len(ties) / pairs if pairs else _NAN,
        "lead_share": 100 * led / len(ties) if ties and held & leads else _NAN,
    }


def _told(
    ties: pd.DataFrame | None, sources: pd.DataFrame | None, edges: set[frozenset[str]]
) -> list[tuple[frozenset[str], str]] | None:
    """Ties of the network with the case whose source told of them."""
    known = ties is not None and sources is not None and "source_id" in ties and "case_id" in sources
    if not known or ties is None or sources is None or ties["source_id"].isna().all():
        return None
    of = dict(zip(sources["source_id"].map(str), sources["case_id"].map(_text), strict=True))
    rows = ties.dropna(subset=["source_id"])[["from", "to", "source_id"]].astype(str)
    found = [(frozenset((a, b)), of.get(s, "")) for a, b, s in rows.itertuples(index=False, name=None)]
    return [(pair, case) for pair, case in found if pair in edges]
