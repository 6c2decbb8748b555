"""A structural result in, its figure out: loadings, paths and latent correlations, standardised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.contract import Figure, Label

if TYPE_CHECKING:
    from evalkit.measurement.structural.result import StructuralResult

MOST_ITEMS = 45
"""More items than this no page holds."""
MOST_ARCS = 10
"""More correlations than this are left to the table."""


def diagram(result: StructuralResult) -> Figure | None:
    """The paths where the model has any, else factors with their items; None where neither fits a page.

    Of several groups the first is drawn. Frame: from, to, estimate, p_value, role (loading, path, covariance), shape
    of either end (factor or item).
    """
    group = result.groups[0]
    found = result.rows("=~", "~", "~~", group=group).query("op != ':='")
    paths = found[found["op"] == "~"]
    if len(paths):
        rows = [(r.rhs, r.lhs, r.beta, r.p_value, "path") for r in paths.itertuples()]
    else:
        rows = [(r.lhs, r.rhs, r.beta, r.p_value, "loading") for r in found[found["op"] == "=~"].itertuples()]
    arcs = [
        (r.lhs, r.rhs, r.beta, r.p_value, "covariance")
        for r in found[found["op"] == "~~"].itertuples()
        if r.lhs != r.rhs and not len(paths) and {r.lhs, r.rhs} <= set(result.latent) and r.se > 0
    ]
    items = {row[1] for row in rows if row[4] == "loading"} - set(result.latent)
    if not rows or len(items) > MOST_ITEMS or len(rows) > MOST_ITEMS:
        return None
    rows += arcs if len(arcs) <= MOST_ARCS else []
    frame = pd.DataFrame(rows, columns=["from", "to", "estimate", "p_value", "role"])
    for end in ("from", "to"):
        frame[f"{end}_shape"] = ["factor" if name in result.latent else "item" for name in frame[end]]
    notes = [Label("structural.figure_standardised")]
    if len(arcs) > MOST_ARCS:
        notes.append(Label("structural.figure_arcs"))
    if len(paths) and result.latent:
        notes.append(Label("structural.figure_items"))
    if len(result.groups) > 1:
        notes.append(Label("structural.figure_group", group=result.labels[group]))
    title = Label("structural.figure")
    return Figure(result.do, "structural", title, frame, dict(result.labels), tuple(notes))
