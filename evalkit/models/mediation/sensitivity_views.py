"""How sensitive indirect effects are, as a table and as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Cell, Figure, Head, Label, Note, Row, Table
from evalkit.models.matrix import joined
from evalkit.models.mediation.sensitivity import Sensitivity, Traced

if TYPE_CHECKING:
    from evalkit.models.mediation.result import MediationResult

MOST_CURVES = 4
"""Charts in one figure."""


def sensitivity_table(result: MediationResult, found: Sensitivity) -> Table:
    """A row a path from a mediator in each indirect effect; E-values stand in the first row of an effect."""
    rows = []
    for effect in found.traced:
        links = found.links[found.links["row"] == effect.row]
        for place, link in enumerate(links.itertuples()):
            start, to = result.labels[link.start], result.labels[link.to]
            cells = [Cell(effect_label(effect, result.labels) if place == 0 else None, "label")]
            cells.append(Cell(joined([start, to], " → "), "label"))
            for name in ("rho", "r2_residual", "r2_total"):
                value = float(getattr(link, name))
                id_ = f"effect.{effect.row}/{link.start}.{link.to}#{name}"
                cells.append(Cell(value, name, id=id_, reason="sensitivity.why" if np.isnan(value) else None))
            cells += [
                _e_value(result, effect, name) if place == 0 else Cell(None, name)
                for name in ("e_value", "e_value_limit")
            ]
            rows.append(Row(tuple(cells)))
    heads = ("effect", "link", "rho", "r2_residual", "r2_total", "e_value", "e_value_limit")
    return Table(
        id="mediation_sensitivity",
        template="sensitivity",
        title=Label("sensitivity.title"),
        header=(tuple(Head(f"sensitivity.{name}") for name in heads),),
        rows=tuple(rows),
        notes=(
            Note("general", "sensitivity.note_rho"),
            Note("general", "sensitivity.note_r2"),
            Note("general", "sensitivity.note_e_value"),
            Note("general", Label("n", n=result.n_obs)),
        ),
    )


def _e_value(result: MediationResult, effect: Traced, name: str) -> Cell:
    value = float(result.effects[name].iloc[effect.row])
    return Cell(value, name, id=f"effect.{effect.row}#{name}", reason="sensitivity.why" if np.isnan(value) else None)


def effect_label(effect: Traced, labels: Mapping[str, Label]) -> Label:
    """`x → m → y`, with the condition where there is one."""
    arrow = joined([labels[name] for name in (effect.x, *(edge.to for edge in effect.edges))], " → ")
    return arrow if effect.at is None else Label("sensitivity.at", path=arrow, at=effect.at)


def sensitivity_figure(result: MediationResult, found: Sensitivity) -> Figure:
    """The first indirect effects along the correlation of errors at their weakest path, with intervals."""
    shown = list(dict.fromkeys(found.curves["row"]))[:MOST_CURVES]
    frame = found.curves[found.curves["row"].isin(shown)].reset_index(drop=True)
    labels = {"rho": Label("sensitivity.rho_axis")}
    for effect in found.traced:
        if effect.row in shown:
            between = joined([result.labels[edge.to] for edge in effect.edges[:-1]], " → ")
            labels[f"effect.{effect.row}"] = (
                between if effect.at is None else Label("sensitivity.at", path=between, at=effect.at)
            )
            labels |= {name: result.labels[name] for name in (effect.x, effect.y)}
    level = f"{100 * result.conf_level:g}"
    return Figure(
        id="sensitivity",
        kind="conditional_effects",
        title=Label("sensitivity.figure"),
        frame=frame,
        labels=labels,
        notes=(Label("sensitivity.figure_note", level=level, n=result.n_obs),),
    )
