"""A mediation result in, its tables for print out: effects (T14, T15) and regressions (T13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.matrix import joined
from evalkit.models.mediation.intervals import JOINT
from evalkit.models.mediation.notes import sample_notes

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.models.blocks import Model
    from evalkit.models.mediation.result import ChainResult, MediationResult

TEMPLATES = ("T14", "T15", "T13")


def mediation_table(result: ChainResult, template: str) -> Table:
    """One of `TEMPLATES`.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in TEMPLATES:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(TEMPLATES)}))
    if template == "T13":
        return equations_table(result, Label("mediation.title_T13", y=result.labels[result.y]))
    header = ("path", "effect_kind", "effect", "se", "low", "high", "share")
    se = "boot_se" if result.resamples else "se"
    heads = tuple(Head(f"mediation.{se if name == 'se' else name}") for name in header)
    if JOINT in result.ci:
        heads += (Head("paths.joint"),)
    return Table(
        id="mediation",
        template=template,
        title=Label(f"mediation.title_{template}", x=result.labels[result.x], y=result.labels[result.y]),
        header=(heads,),
        rows=tuple(_effect_rows(result, contrasts=template == "T15")),
        notes=_notes(result),
    )


def _effect_rows(result: ChainResult, *, contrasts: bool) -> list[Row]:
    layout = result.layout
    x, y = result.labels[result.x], result.labels[result.y]
    chains = [[x, *(result.labels[layout.mediators[i]] for i in chain), y] for chain in layout.specific]
    numbered = len(chains) > 1
    arrows = [joined(chain, " → ") for chain in chains]
    rows = [
        _row(result, "total", joined([x, y], " → "), Label("mediation.total")),
        _row(result, "direct", joined([x, y], " → "), Label("mediation.direct")),
    ]
    for i, (chain, arrow) in enumerate(zip(layout.specific, arrows, strict=True), 1):
        kind = Label("mediation.indirect_n", n=i) if numbered else Label("mediation.indirect")
        rows.append(_row(result, f"indirect.{layout.name(chain)}", arrow, kind))
    if numbered:
        rows.append(_row(result, "indirect.total", None, Label("mediation.indirect_total")))
    if contrasts:
        for i, j in layout.pairs:
            term = f"contrast.{layout.name(layout.specific[i])}-{layout.name(layout.specific[j])}"
            rows.append(_row(result, term, Label("mediation.minus", i=i + 1, j=j + 1), Label("mediation.contrast")))
    return rows


def _row(result: ChainResult, term: str, path: Label | None, kind: Label) -> Row:
    effect = result.effects[result.effects["term"] == term].iloc[0]
    spread = "boot_se" if result.resamples else "std_error"
    missing = "mediation.why_no_effect" if np.isnan(effect["estimate"]) else "mediation.why_no_interval"

    def number(name: str, kind: str) -> Cell:
        value = float(effect[name])
        return Cell(value, kind, id=f"{term}#{name}", reason=missing if np.isnan(value) else None)

    share = float(effect["share"])
    return Row(
        (
            Cell(path, "label"),
            Cell(kind, "label"),
            number("estimate", "estimate"),
            number(spread, spread),
            number("conf_low", "conf_low"),
            number("conf_high", "conf_high"),
            Cell(100.0 if term == "total" and _has_shares(result) else None if np.isnan(share) else share, "share"),
            *joint_cells(result, effect, term),
        )
    )


def joint_cells(result: MediationResult, effect: pd.Series, id: str) -> tuple[Cell, ...]:
    """The p of joint significance where it is asked for; a dash beside what is no chain of paths."""
    if JOINT not in result.ci:
        return ()
    p = float(effect["joint_p"])
    return (Cell(None if np.isnan(p) else p, "joint_p", id=f"{id}#joint_p"),)


def _has_shares(result: ChainResult) -> bool:
    return bool(result.effects["share"].notna().any())


def _notes(result: ChainResult) -> tuple[Note, ...]:
    notes = sample_notes(result)
    if result.covariates:
        names = listed_labels([result.labels[name] for name in result.covariates])
        notes.append(Note("specific", Label("mediation.note_covariates", names=names)))
    codes = {p.code for p in result.notices}
    for code, key in (("N682", "suppression"), ("N683", "total_not_clear"), ("N684", "signs")):
        if code in codes:
            notes.append(Note("specific", f"mediation.note_{key}"))
    if _has_shares(result):
        notes.append(Note("specific", "mediation.note_share"))
    if JOINT in result.ci:
        notes.append(Note("specific", "paths.note_joint"))
    if result.n_failed:
        notes.append(Note("specific", Label("mediation.note_failed", n=result.n_failed, resamples=result.resamples)))
    return tuple(notes)


def listed_labels(labels: list[Label]) -> Label:
    """`A、B`, `A, B`."""
    return Label(zh="、".join(p.text("zh") for p in labels), en=", ".join(p.text("en") for p in labels))


def equations_table(result: MediationResult, title: Label) -> Table:
    """T13: the regressions of the model side by side."""
    from evalkit.models.linear import RegressionResult
    from evalkit.models.linear_table import regression_table

    by_outcome: dict[str, list[Model]] = {}
    for outcome, model in result.models:
        by_outcome.setdefault(outcome, []).append(model)
    parts = []
    for outcome, models in by_outcome.items():
        parts.append(
            RegressionResult(
                outcome=outcome,
                models=tuple(models),
                cov=result.cov,
                cluster=result.cluster,
                weighted=result.weighted,
                conf_level=result.conf_level,
                labels=result.labels,
                references=result.references,
                n_obs=result.n_obs,
            )
        )
    return regression_table(parts, id="mediation_equations", title=title)
