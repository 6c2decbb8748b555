"""A mediation result in, its path diagram out: edges with standardised coefficients, effects as notes."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Figure, Label
from evalkit.models.fit import Fit
from evalkit.models.matrix import INTERCEPT, joined

if TYPE_CHECKING:
    from evalkit.models.mediation.result import ChainResult

MOST_CHAINS = 3
"""Specific indirect effects named below the diagram; beyond, only their total."""


def path_figure(result: ChainResult) -> Figure:
    """Edges of the model with standardised coefficients; total and indirect effects (b) in the notes."""
    return Figure(
        id="mediation",
        kind="path",
        title=Label("mediation.figure", x=result.labels[result.x], y=result.labels[result.y]),
        frame=pd.DataFrame(_edges(result)),
        labels={key: label for key, label in result.labels.items() if key != INTERCEPT},
        notes=tuple(_notes(result)),
    )


def _edges(result: ChainResult) -> list[dict[str, object]]:
    layout, equations, x = result.layout, result.equations, result.x_term
    edges = []

    def edge(start: str, end: str, fit: Fit, role: str) -> None:
        i = fit.place(start)
        edges.append({"from": start, "to": end, "estimate": fit.beta[i], "p_value": fit.p_value[i], "role": role})

    for j, (name, fit) in enumerate(zip(layout.mediators, equations.mediators, strict=True)):
        edge(x, name, fit, "a")
        for before in layout.mediators[:j] if layout.kind == "serial" else ():
            edge(before, name, fit, "d")
    for name in layout.mediators:
        edge(name, result.y, equations.outcome, "b")
    edge(x, result.y, equations.outcome, "direct")
    return edges


def _notes(result: ChainResult) -> list[Label]:
    layout = result.layout
    x, y = result.labels[result.x], result.labels[result.y]
    notes = [_effect(result, "total", Label("mediation.total"))]
    if len(layout.specific) <= MOST_CHAINS:
        for chain in layout.specific:
            arrows = joined([x, *(result.labels[layout.mediators[i]] for i in chain), y], " → ")
            notes.append(_effect(result, f"indirect.{layout.name(chain)}", arrows))
    if len(layout.specific) > 1:
        notes.append(_effect(result, "indirect.total", Label("mediation.indirect_total")))
    level = f"{100 * result.conf_level:g}"
    return [*notes, Label("mediation.figure_note", level=level, n=result.n_obs)]


def _effect(result: ChainResult, term: str, name: Label) -> Label:
    row = result.effects[result.effects["term"] == term].iloc[0]
    b, low, high = (_three(float(row[c])) for c in ("estimate", "conf_low", "conf_high"))
    return Label("mediation.figure_effect", name=name, b=b, low=low, high=high)


def _three(value: float) -> str:
    """Three decimals, half up on the shortest decimal form, as tables have it."""
    if not np.isfinite(value):
        return "—"
    rounded = Decimal(repr(value)).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
    return f"{abs(rounded)}" if rounded >= 0 else f"−{abs(rounded)}"
