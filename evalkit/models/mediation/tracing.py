"""Fitted linear models in; their specific indirect effects traced path by path, with their sensitivity, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import Label
from evalkit.models.fit import weighted_sd
from evalkit.models.mediation.equations import Data, Equations
from evalkit.models.mediation.layout import Layout
from evalkit.models.mediation.path_fit import PathFits
from evalkit.models.mediation.path_frame import paths_of
from evalkit.models.mediation.path_words import condition_label
from evalkit.models.mediation.routes import Effect
from evalkit.models.mediation.sensitivity import (
    Edge,
    Residuals,
    Sensitivity,
    Traced,
    sensitivity_of,
    step_of,
    with_sensitivity,
)
from evalkit.models.mediation.system import LINEAR, Equation, System, Term

Found = tuple[pd.DataFrame, Sensitivity]


def chain_sensitivity(
    effects: pd.DataFrame,
    data: Data,
    layout: Layout,
    equations: Equations,
    y: str,
    weights: np.ndarray | None,
    conf_level: float,
) -> Found:
    """Of a simple, parallel or serial model; the effects with the columns of sensitivity."""
    first = layout.terms.index(f"indirect.{layout.name(layout.specific[0])}")
    x, mediators = data.x_term, layout.mediators
    fits = dict(zip(mediators, equations.mediators, strict=True)) | {y: equations.outcome}

    def edge(start: str, to: str) -> Edge:
        i = fits[to].place(start)
        return Edge(start, to, float(fits[to].estimate[i]), float(fits[to].std_error[i]))

    traced = []
    for row, chain in enumerate(layout.specific, first):
        nodes = (x, *(mediators[i] for i in chain), y)
        traced.append(Traced(row, tuple(edge(a, b) for a, b in zip(nodes, nodes[1:], strict=False))))
    base = tuple(Term((name,)) for name in data.terms[: data.n_covariates + 1])
    before = [mediators[:j] if layout.kind == "serial" else () for j in range(len(mediators))]
    system = System(
        (
            *(
                Equation(m, LINEAR, (*base, *(Term((n,)) for n in own)))
                for m, own in zip(mediators, before, strict=True)
            ),
            Equation(y, LINEAR, (*base, *(Term((n,)) for n in mediators))),
        ),
        (*data.terms, y),
    )
    values = np.column_stack([data.covariates, data.x, data.mediators, data.y])
    found = sensitivity_of(traced, Residuals(system, values, weights), len(values), conf_level)
    sd = {(x, y): weighted_sd(data.y, weights) / step_of(data.x, weights)}
    return with_sensitivity(effects, traced, found, sd, {layout.terms.index("total"): (x, y)}), found


def path_sensitivity(
    effects: pd.DataFrame,
    listing: Sequence[Effect],
    fits: PathFits,
    values: np.ndarray,
    weights: np.ndarray | None,
    words: tuple[Mapping[str, Label], Mapping[str, Label]],
    conf_level: float,
) -> Found:
    """Of a path model, at every condition; the effects with the columns of sensitivity.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Columns of `fits.system`, as they were fitted.
    words : pair of mapping
        Labels, and reference categories.
    """
    traced = []
    for row, effect in enumerate(listing):
        if effect.kind != "indirect":
            continue
        nodes = (effect.x, *effect.chain, effect.y)
        numbers = paths_of(effect, fits)
        edges = tuple(Edge(a, b, n[0], n[1]) for a, b, n in zip(nodes, nodes[1:], numbers, strict=False))
        traced.append(Traced(row, edges, condition_label(effect.condition, *words)))
    found = sensitivity_of(traced, Residuals(fits.system, values, weights), len(values), conf_level)
    places = fits.system.places
    columns = {name: values[:, places[name]] for effect in listing for name in (effect.x, effect.y)}
    pairs = {(effect.x, effect.y) for effect in listing}
    sd = {(x, y): weighted_sd(columns[y], weights) / step_of(columns[x], weights) for x, y in pairs}
    totals = {row: (e.x, e.y) for row, e in enumerate(listing) if e.kind == "total"}
    return with_sensitivity(effects, traced, found, sd, totals), found
