"""Tables of a network: the whole (N1), actors (N2), groups, brokers, the lead organisation, change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.cases.ties.groups import ROLES
from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.cases.ties.result import NetworkResult

_WHOLE = (
    ("actors", "count"), ("ties", "count"), ("density", "bounded"), ("mean_degree", "mean"),
    ("reciprocity.edgewise", "bounded"), ("transitivity.global", "bounded"), ("centralisation.degree", "bounded"),
    ("centralisation.betweenness", "bounded"), ("components.weak", "count"), ("components.isolates", "count"),
    ("distance.mean_undirected", "mean"), ("distance.diameter_undirected", "count"), ("modularity", "bounded"),
)  # fmt: skip
_KINDS = {"count": "count", "bounded": "correlation", "mean": "mean"}


def whole_table(result: NetworkResult) -> Table:
    """N1: one line a measure."""
    values = dict(result.whole)
    if result.mixing:
        values["modularity"] = result.mixing.modularity
    rows = []
    for name, kind in _WHOLE:
        if name not in values:
            continue
        value = values[name]
        shown = int(value) if kind == "count" and np.isfinite(value) else value
        rows.append(
            Row((Cell(Label(f"network.{name}"), "label"), Cell(shown, _KINDS[kind], reason="network.reason_undefined")))
        )
    notes = [Note("general", "network.note_directed" if result.graph.directed else "network.note_undirected")]
    if result.cut_points:
        said = "、".join(_who(result, a).text("zh") for a in result.cut_points)
        other = ", ".join(_who(result, a).text("en") for a in result.cut_points)
        notes.append(Note("general", Label("network.note_cut", names=Label(zh=said, en=other))))
    if result.core and result.core.core:
        names = Label(
            zh="、".join(_who(result, a).text("zh") for a in result.core.core),
            en=", ".join(_who(result, a).text("en") for a in result.core.core),
        )
        notes.append(Note("general", Label("network.note_core", names=names, r=f"{result.core.core_correlation:.2f}")))
    heads = (Head("network.measure"), Head("network.value"))
    return Table("network", "N1", Label("network.title"), (heads,), tuple(rows), tuple(notes))


def _who(result: NetworkResult, name: str) -> Label:
    return result.labels.get(name, Label(zh=name, en=name))


def nodes_table(result: NetworkResult) -> Table:
    """N2: actors by betweenness, with rank."""
    ends = ("in_degree", "out_degree") if result.graph.directed else ("degree",)
    rest = ("betweenness", "closeness_normalised", "eigenvector", "constraint")
    heads = (Head("network.actor"), *(Head(f"network.{m}") for m in (*ends, *rest)), Head("network.rank"))
    between = result.nodes["betweenness"]
    order = np.lexsort((np.arange(result.graph.n), -result.nodes["degree"], -np.round(between, 9)))
    rank = {int(i): 1 + int((np.round(between, 9) > round(float(between[i]), 9)).sum()) for i in order}
    kinds = {"betweenness": "mean"}
    rows = tuple(
        Row(
            (
                Cell(_who(result, result.graph.names[i]), "label"),
                *(Cell(int(result.nodes[m][i]), "count") for m in ends),
                *(
                    Cell(float(result.nodes[m][i]), kinds.get(m, "correlation"), reason="network.reason_isolate")
                    for m in rest
                ),
                Cell(rank[int(i)], "rank"),
            )
        )
        for i in order
    )
    return Table(
        "network.actors", "N2", Label("network.title_actors"), (heads,), rows, (Note("general", "network.note_actors"),)
    )


def mixing_table(result: NetworkResult) -> Table:
    """Ties from group (down) to group (across) with density, then E-I and the like in the note."""
    m = result.mixing
    if m is None:
        raise KeyError("mixing")
    names = [result.words.get(g, Label(zh=g, en=g)) for g in m.groups]
    # Without directions a tie within a group stands in both triangles of the matrix: it is one tie all the same.
    twice = np.ones(m.ties.shape) + (0 if result.graph.directed else np.eye(len(names)))
    heads = (Head("network.group"), Head("network.actors"), *(Head(name) for name in names))
    rows = tuple(
        Row(
            (
                Cell(name, "label"),
                Cell(int(m.sizes[i]), "count"),
                *(Cell(_ties(m.ties[i, j] / twice[i, j], m.density[i, j]), "text") for j in range(len(names))),
            )
        )
        for i, name in enumerate(names)
    )
    rows_send = (Note("general", "network.note_rows"),) if result.graph.directed else ()
    said = Label("network.note_ei", across=int(m.across), within=int(m.within), ei=f"{m.ei:.3f}",
                 assortativity=f"{m.assortativity:.3f}")  # fmt: skip
    notes = (*rows_send, Note("general", said))
    return Table("network.groups", "mixing", Label("network.title_groups"), (heads,), rows, notes)


def _ties(n: float, density: float) -> str:
    return f"{int(n)}" if np.isnan(density) else f"{int(n)} ({density:.2f})"


def boundaries_table(result: NetworkResult) -> Table:
    """Each boundary: groups, how mixed the actors are, ties within and across, the E-I index beside chance."""
    names = ("boundary", "groups", "blau", "within", "across", "share_across", "ei", "ei_expected")
    heads = (*(Head(f"network.{n}") for n in names), Head("p_value"))
    rows = tuple(
        Row(
            (
                Cell(result.words.get(b.column, Label(zh=b.column, en=b.column)), "label"),
                Cell(b.groups, "count"),
                Cell(b.blau, "correlation"),
                Cell(int(b.within), "count"),
                Cell(int(b.across), "count"),
                Cell(100 * b.share, "share"),
                Cell(b.ei, "correlation"),
                Cell(b.expected, "correlation"),
                Cell(b.p_value, "p_value", reason="network.reason_constant"),
            )
        )
        for b in result.boundaries
    )
    notes = (Note("general", "network.note_boundaries"),)
    return Table("network.boundaries", "boundaries", Label("network.title_boundaries"), (heads,), rows, notes)


def brokers_table(result: NetworkResult) -> Table:
    """Actors that broker at all, by how often, in each role of Gould and Fernandez."""
    total = result.brokerage["total"]
    order = [i for i in np.lexsort((np.arange(len(total)), -total)) if total[i] > 0]
    heads = (Head("network.actor"), *(Head(f"network.role.{r}") for r in ROLES), Head("network.role.total"))
    rows = tuple(
        Row(
            (
                Cell(_who(result, result.graph.names[i]), "label"),
                *(Cell(int(result.brokerage[r][i]), "count") for r in (*ROLES, "total")),
            )
        )
        for i in order
    )
    return Table(
        "network.brokers",
        "brokers",
        Label("network.title_brokers"),
        (heads,),
        rows,
        (Note("general", "network.note_brokers"),),
    )


def lead_table(result: NetworkResult) -> Table:
    """The network with and without the lead organisation."""
    lead = result.lead
    if lead is None:
        raise KeyError("lead")
    heads = (Head("network.measure"), Head("network.with"), Head("network.without"))
    rows = tuple(
        Row(
            (
                Cell(Label(f"network.outline.{name}"), "label"),
                *(
                    Cell(
                        int(v[name]) if name in ("components", "isolates") else v[name],
                        "count" if name in ("components", "isolates") else "correlation",
                        reason="network.reason_undefined",
                    )
                    for v in (lead.with_it, lead.without)
                ),
            )
        )
        for name in lead.with_it
    )
    note = Label("network.note_lead", name=_who(result, lead.actor), ties=f"{100 * lead.tie_share:.1f}",
                 between=f"{100 * lead.betweenness_share:.1f}", constraint=f"{lead.constraint:.3f}")  # fmt: skip
    return Table("network.lead", "lead", Label("network.title_lead"), (heads,), rows, (Note("general", note),))


def _from_to(result: NetworkResult, before: str, after: str) -> Label:
    a, b = (result.words.get(p, Label(zh=p, en=p)) for p in (before, after))
    return Label(zh=f"{a.text('zh')}→{b.text('zh')}", en=f"{a.text('en')} → {b.text('en')}")


def change_table(result: NetworkResult) -> Table:
    """Each period against the one before."""
    names = ("periods", "kept", "new", "lost", "jaccard", "density_before", "density_after", "qap_r")
    heads = (*(Head(f"network.{n}") for n in names), Head("p_value"))
    reason = "network.reason_constant"
    rows = tuple(
        Row(
            (
                Cell(_from_to(result, c.before, c.after), "label"),
                *(Cell(v, "count") for v in (c.kept, c.new, c.lost)),
                *(
                    Cell(v, "correlation", reason=reason)
                    for v in (c.jaccard, c.density_before, c.density_after, c.correlation)
                ),
                Cell(c.p_value, "p_value", reason=reason),
            )
        )
        for c in result.changes
    )
    return Table(
        "network.change",
        "change",
        Label("network.title_change"),
        (heads,),
        rows,
        (Note("general", "network.note_change"),),
    )
