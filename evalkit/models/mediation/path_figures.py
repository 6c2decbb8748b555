"""A path model's result in, its figures out: the diagram, and conditional indirect effects along a moderator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evalkit.contract import Figure, Label
from evalkit.models.matrix import joined
from evalkit.models.mediation.tables import listed_labels

if TYPE_CHECKING:
    from evalkit.models.mediation.path_result import PathModelResult


def system_figure(result: PathModelResult) -> Figure:
    """Arrows from every x, mediator, moderator and their products with standardised coefficients."""
    shown = {*result.x, *result.mediators, *(c for m in result.moderators for c in m.columns)}
    edges = []
    for equation in result.fits.system.equations:
        fit = result.fits.fit(equation.outcome)
        for term in equation.terms:
            if not term.factors or not {*term.factors} <= shown:
                continue
            i = fit.place(str(term))
            edges.append(
                {
                    "from": str(term),
                    "to": equation.outcome,
                    "estimate": fit.beta[i],
                    "p_value": fit.p_value[i],
                    "role": "path",
                    "from_shape": "item",
                    "to_shape": "item",
                }
            )
    return Figure(
        id="mediation",
        kind="structural",
        title=Label("paths.figure", **_ends(result)),
        frame=pd.DataFrame(edges),
        labels={name: result.labels[name] for edge in edges for name in (edge["from"], edge["to"])},
        notes=(Label("paths.figure_note", n=result.n_obs),),
    )


def conditional_figure(result: PathModelResult) -> Figure:
    """Each indirect effect that a numeric moderator changes, along that moderator, with its interval."""
    frame = result.curves
    labels = {name: result.labels[name] for name in frame["moderator"].unique()}
    for start, end, by in frame[["from", "to", "by"]].drop_duplicates().itertuples(index=False, name=None):
        chain = next(e.chain for e in result.listing if e.kind == "indirect" and ".".join(e.chain) == by)
        labels[by] = joined([result.labels[n] for n in chain], " → ")
        labels |= {start: result.labels[start], end: result.labels[end]}
    level = f"{100 * result.conf_level:g}"
    return Figure(
        id="conditional",
        kind="conditional_effects",
        title=Label("paths.figure_conditional", **_ends(result)),
        frame=frame,
        labels=labels,
        notes=(Label("paths.figure_band", level=level, n=result.n_obs),),
    )


def _ends(result: PathModelResult) -> dict[str, Label]:
    return {
        "x": listed_labels([result.labels[name] for name in result.x]),
        "y": listed_labels([result.labels[name] for name in result.y]),
    }
