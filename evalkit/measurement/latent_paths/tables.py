"""A latent mediation in, its table of effects (T14, T15) and path diagram out."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Figure, Head, Label, Note, Row, Table
from evalkit.measurement.latent_paths.effects import BOOTSTRAP, COLUMNS

if TYPE_CHECKING:
    from evalkit.measurement.latent_paths.result import LatentMediationResult

MOST_CHAINS = 3
"""Specific indirect effects named below the diagram; beyond, only their total."""


def effect_table(result: LatentMediationResult, template: str) -> Table:
    """Effects with error, every interval asked for, the standardised effect and the share of the total."""
    level = f"{100 * result.conf_level:g}"
    heads = [Head("mediation.path"), Head("mediation.effect_kind"), Head("mediation.effect")]
    heads.append(Head("mediation.boot_se" if result.resamples else "mediation.se"))
    heads += [Head(Label(f"latent.interval_{method}", level=level)) for method in result.ci]
    heads += [Head("latent.standardised"), Head("mediation.share")]
    x, y = result.labels[result.x], result.labels[result.y]
    return Table(
        id="latent_mediation",
        template=template,
        title=Label("latent.title", x=x, y=y),
        header=(tuple(heads),),
        rows=tuple(_rows(result)),
        notes=_notes(result, level),
    )


def _rows(result: LatentMediationResult) -> list[Row]:
    layout = result.layout
    x, y = result.labels[result.x], result.labels[result.y]
    numbered = len(layout.specific) > 1
    rows = [
        _row(result, "total", _arrows([x, y]), Label("mediation.total")),
        _row(result, "direct", _arrows([x, y]), Label("mediation.direct")),
    ]
    for i, chain in enumerate(layout.specific, 1):
        kind = Label("mediation.indirect_n", n=i) if numbered else Label("mediation.indirect")
        rows.append(_row(result, f"indirect.{layout.name(chain)}", _chain(result, chain), kind))
    if numbered:
        rows.append(_row(result, "indirect.total", None, Label("mediation.indirect_total")))
    for i, j in layout.pairs:
        term = f"contrast.{layout.name(layout.specific[i])}-{layout.name(layout.specific[j])}"
        rows.append(_row(result, term, Label("mediation.minus", i=i + 1, j=j + 1), Label("mediation.contrast")))
    return rows


def _chain(result: LatentMediationResult, chain: tuple[int, ...]) -> Label:
    names = [result.x, *(result.mediators[i] for i in chain), result.y]
    return _arrows([result.labels[name] for name in names])


def _arrows(labels: list[Label]) -> Label:
    return Label(zh=" → ".join(p.text("zh") for p in labels), en=" → ".join(p.text("en") for p in labels))


def _row(result: LatentMediationResult, term: str, path: Label | None, kind: Label) -> Row:
    effect = result.effects[result.effects["term"] == term].iloc[0]
    why = "latent.why_not_arrived" if np.isnan(effect["estimate"]) else "mediation.why_no_interval"

    def number(name: str, kind: str) -> Cell:
        value = float(effect[name])
        return Cell(value, kind, id=f"{term}#{name}", reason=why if np.isnan(value) else None)

    def interval(method: str) -> Cell:
        ends = tuple(float(effect[end]) for end in COLUMNS[method])
        return Cell(np.nan, "interval", reason=why) if np.isnan(ends).any() else Cell(ends, "interval", wrap="[")

    share = float(effect["share"])
    whole = 100.0 if term == "total" and result.effects["share"].notna().any() else None
    spread = "boot_se" if result.resamples else "std_error"
    return Row(
        (
            Cell(path, "label"),
            Cell(kind, "label"),
            number("estimate", "estimate"),
            number(spread, spread),
            *(interval(method) for method in result.ci),
            number("completely_standardised", "completely_standardised"),
            Cell(whole if np.isnan(share) else share, "share"),
        )
    )


def _notes(result: LatentMediationResult, level: str) -> tuple[Note, ...]:
    model = result.structural
    texts: list[Label | str] = [Label("latent.note_model", estimator=model.estimator)]
    if any(method in BOOTSTRAP for method in result.ci):
        texts.append(Label("latent.note_bootstrap", n=result.resamples))
    if "monte_carlo" in result.ci:
        texts.append("latent.note_monte_carlo")
    texts += ["mediation.note_zero", Label(f"structural.missing_{model.missing}"), Label("n", n=result.n_obs)]
    if result.cluster is not None:
        key = "mediation.note_cluster" if result.resamples else "mediation.note_cluster_se"
        texts.append(Label(key, cluster=result.labels[result.cluster]))
    if result.covariates:
        names = [result.labels[name] for name in result.covariates]
        texts.append(Label("mediation.note_covariates", names=_listed(names)))
    notes = [Note("general", text) for text in texts]
    codes = {p.code for p in result.notices}
    for code, key in (("N682", "suppression"), ("N683", "total_not_clear"), ("N684", "signs")):
        if code in codes:
            notes.append(Note("specific", f"mediation.note_{key}"))
    if result.effects["share"].notna().any():
        notes.append(Note("specific", "mediation.note_share"))
    if result.n_failed:
        failed = Label("mediation.note_failed", n=result.n_failed, resamples=result.resamples)
        notes.append(Note("specific", failed))
    return tuple(notes)


def _listed(labels: list[Label]) -> Label:
    return Label(zh="、".join(p.text("zh") for p in labels), en=", ".join(p.text("en") for p in labels))


def path_figure(result: LatentMediationResult) -> Figure:
    """Paths among the roles with standardised coefficients; covariates and items are not drawn."""
    roles = {result.x, *result.mediators, result.y}
    edges = []
    found = result.structural.estimates
    for r in found[found["op"] == "~"].itertuples():
        if {r.lhs, r.rhs} <= roles:
            role = str(r.label).removeprefix("path_")[:1] if r.label != "direct_effect" else "direct"
            edges.append({"from": r.rhs, "to": r.lhs, "estimate": r.beta, "p_value": r.p_value, "role": role})
    notes = [_effect(result, "total", Label("mediation.total"))]
    if len(result.layout.specific) <= MOST_CHAINS:
        for chain in result.layout.specific:
            notes.append(_effect(result, f"indirect.{result.layout.name(chain)}", _chain(result, chain)))
    if len(result.layout.specific) > 1:
        notes.append(_effect(result, "indirect.total", Label("mediation.indirect_total")))
    level = f"{100 * result.conf_level:g}"
    notes.append(Label("mediation.figure_note", level=level, n=result.n_obs))
    title = Label("latent.figure", x=result.labels[result.x], y=result.labels[result.y])
    return Figure("latent_mediation", "path", title, pd.DataFrame(edges), dict(result.labels), tuple(notes))


def _effect(result: LatentMediationResult, term: str, name: Label) -> Label:
    row = result.effects[result.effects["term"] == term].iloc[0]
    b, low, high = (_three(float(row[c])) for c in ("estimate", "conf_low", "conf_high"))
    return Label("mediation.figure_effect", name=name, b=b, low=low, high=high)


def _three(value: float) -> str:
    """Three decimals, half up on the shortest decimal form, as tables have it."""
    if not np.isfinite(value):
        return "—"
    rounded = Decimal(repr(value)).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
    return f"{abs(rounded)}" if rounded >= 0 else f"−{abs(rounded)}"
