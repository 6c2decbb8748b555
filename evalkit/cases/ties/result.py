"""A network: tidy rows, tables N1 and N2, groups, the lead organisation, change, the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.ties.boundaries import Boundary
from evalkit.cases.ties.graph import Graph
from evalkit.cases.ties.groups import CorePeriphery, Mixing
from evalkit.cases.ties.layout import places
from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame

_NAN = float("nan")


@dataclass(frozen=True)
class Lead:
    """What hangs on one actor: shares of ties, of betweenness and strength, its constraint, the network without it."""

    actor: str
    tie_share: float
    betweenness_share: float
    constraint: float
    with_it: Mapping[str, float]
    without: Mapping[str, float]


@dataclass(frozen=True)
class Change:
    """Ties from one period to the next among actors of either; `jaccard` = kept over all."""

    before: str
    after: str
    kept: int
    new: int
    lost: int
    jaccard: float
    density_before: float
    density_after: float
    correlation: float
    p_value: float


@dataclass(frozen=True, eq=False)
class NetworkResult:
    """`whole` are measures of the network, `nodes` measures of the actors (one array each).

    `labels` are what actors are called, `words` what groups, boundaries and periods are.
    """

    graph: Graph
    whole: Mapping[str, float]
    nodes: Mapping[str, np.ndarray]
    cut_points: tuple[str, ...]
    core: CorePeriphery | None
    group: tuple[str, ...] | None
    mixing: Mixing | None
    brokerage: Mapping[str, np.ndarray]
    lead: Lead | None
    changes: tuple[Change, ...]
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    words: Mapping[str, Label] = field(default_factory=dict)
    boundaries: tuple[Boundary, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """N1 and N2; groups, boundaries, brokers, the lead organisation and change where asked for."""
        more = {
            "mixing": self.mixing, "boundaries": self.boundaries, "brokers": self.brokerage, "lead": self.lead,
            "change": self.changes,
        }  # fmt: skip
        return ("N1", "N2", *(name for name, part in more.items() if part))

    def tidy(self) -> pd.DataFrame:
        """Term = measure; level = actor, pair of groups `a:b` or period; group `whole`, `node`, `mixing` and so on."""
        rows = list(self._rows())
        group, term, level, estimate = zip(*rows, strict=True)
        return tidy_frame(
            n_rows=len(rows), group=group, term=term, level=level, estimate=estimate, n_obs=float(self.n_obs)
        )

    def _rows(self) -> Iterator[tuple[str, str, str | None, float]]:
        for name, value in self.whole.items():
            yield "whole", name, None, float(value)
        for name, values in self.nodes.items():
            for actor, value in zip(self.graph.names, values, strict=True):
                yield "node", name, actor, float(value)
        if self.core:
            yield "whole", "core.correlation", None, self.core.core_correlation
            yield "whole", "coreness.correlation", None, self.core.correlation
        if self.mixing:
            m = self.mixing
            for name in ("across", "within", "ei", "assortativity", "modularity"):
                yield "mixing", name, None, float(getattr(m, name))
            for i, a in enumerate(m.groups):
                for j, b in enumerate(m.groups):
                    yield "mixing", "ties", f"{a}:{b}", float(m.ties[i, j])
                    yield "mixing", "density", f"{a}:{b}", float(m.density[i, j])
        for role, values in self.brokerage.items():
            for actor, value in zip(self.graph.names, values, strict=True):
                yield "brokerage", role, actor, float(value)
        for b in self.boundaries:
            for name in ("groups", "blau", "across", "within", "share", "ei", "expected", "p_value"):
                yield "boundary", name, b.column, float(getattr(b, name))
        yield from self._lead()
        for c in self.changes:
            for name in ("kept", "new", "lost", "jaccard", "density_before", "density_after", "correlation", "p_value"):
                yield "change", name, f"{c.before}:{c.after}", float(getattr(c, name))

    def _lead(self) -> Iterator[tuple[str, str, str | None, float]]:
        if self.lead is None:
            return
        for name in ("tie_share", "betweenness_share", "constraint"):
            yield "lead", name, self.lead.actor, float(getattr(self.lead, name))
        for state, values in (("with", self.lead.with_it), ("without", self.lead.without)):
            for name, value in values.items():
                yield "lead", f"{name}.{state}", self.lead.actor, float(value)

    def glance(self) -> pd.DataFrame:
        """One row: actors, ties, density."""
        row: dict[str, Any] = {
            "n_obs": float(self.n_obs),
            "count": self.whole["ties"],
            "estimate": self.whole["density"],
        }
        return pd.DataFrame([row])

    def table(self, template: str = "N1") -> Table:
        """`N1`: the whole; `N2`: actors; `mixing`, `boundaries`, `brokers`, `lead`, `change`."""
        from evalkit.cases.ties import tables

        makers = {
            "N1": tables.whole_table, "N2": tables.nodes_table, "mixing": tables.mixing_table,
            "boundaries": tables.boundaries_table, "brokers": tables.brokers_table, "lead": tables.lead_table,
            "change": tables.change_table,
        }  # fmt: skip
        return makers[template](self)

    def edges(self) -> pd.DataFrame:
        """The ties described: from, to, weight; without directions each once."""
        w = self.graph.weights if self.graph.directed else np.triu(self.graph.weights)
        names = np.array(self.graph.names, dtype=object)
        i, j = np.nonzero(w)
        return pd.DataFrame({"from": names[i], "to": names[j], "weight": w[i, j]})

    def figure(self) -> Figure | None:
        """The map: size by degree, shape by group, width by weight; places follow from the steps between actors."""
        if not self.graph.n:
            return None
        at = places(self.graph.mutual_distances)
        degree = self.nodes["degree"]
        kinds = self.group or ("",) * self.graph.n
        rows: list[dict[str, Any]] = [
            {"part": "actor", "a": name, "b": "", "x": float(x), "y": float(y), "size": float(d), "kind": kind}
            for name, (x, y), d, kind in zip(self.graph.names, at, degree, kinds, strict=True)
        ]
        w = np.maximum(self.graph.weights, self.graph.weights.T)
        for i, j in zip(*np.nonzero(np.triu(w)), strict=True):
            both = not self.graph.directed or bool(self.graph.arcs[i, j] and self.graph.arcs[j, i])
            rows.append({"part": "tie", "a": self.graph.names[i], "b": self.graph.names[j], "x": _NAN, "y": _NAN,
                         "size": float(w[i, j]), "kind": "both" if both else "one"})  # fmt: skip
        labels = {name: self.labels.get(name, Label(zh=name, en=name)) for name in self.graph.names}
        # Apart from the actors: one may have the name of a kind.
        labels |= {f"kind:{k}": self.words.get(k, Label(zh=k, en=k)) for k in dict.fromkeys(kinds) if k}
        return Figure("network", "network", Label("network.figure"), pd.DataFrame(rows), labels)
