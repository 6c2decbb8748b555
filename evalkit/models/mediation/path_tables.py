"""A path model's result in, its tables out: effects (T15, T18), regressions (T13), the layout of PROCESS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.matrix import joined
from evalkit.models.mediation.intervals import JOINT
from evalkit.models.mediation.notes import sample_notes
from evalkit.models.mediation.path_words import level_label, path_label
from evalkit.models.mediation.process_layout import process_table
from evalkit.models.mediation.tables import equations_table, joint_cells, listed_labels

if TYPE_CHECKING:
    from evalkit.models.mediation.path_result import PathModelResult
    from evalkit.models.mediation.routes import Effect

TEMPLATES = ("T15", "T18", "T13", "process")

SECTIONS = (
    ("total", "paths.section_total"),
    ("direct", "paths.section_direct"),
    ("indirect", "paths.section_indirect"),
    ("indirect_total", "mediation.indirect_total"),
    ("contrast", "paths.section_contrast"),
    ("index", "paths.section_index"),
    ("difference", "paths.section_difference"),
)


def path_table(result: PathModelResult, template: str) -> Table:
    """One of `TEMPLATES`.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template == "T13":
        return equations_table(result, Label("paths.title_T13"))
    if template == "process":
        return process_table(result)
    if template not in TEMPLATES:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(TEMPLATES)}))
    second = "paths.condition" if template == "T18" else None
    heads = ["paths.path", *([second] if second else []), "mediation.effect"]
    heads += ["mediation.boot_se" if result.resamples else "mediation.se", "mediation.low", "mediation.high"]
    heads += ["paths.joint"] if JOINT in result.ci else []
    return Table(
        id="mediation",
        template=template,
        title=Label(f"paths.title_{template}", x=_named(result, result.x), y=_named(result, result.y)),
        header=(tuple(Head(name) for name in heads),),
        rows=tuple(_rows(result, conditions=second is not None)),
        notes=table_notes(result),
    )


def _named(result: PathModelResult, columns: tuple[str, ...]) -> Label:
    return listed_labels([result.labels[name] for name in columns])


def _rows(result: PathModelResult, *, conditions: bool) -> list[Row]:
    rows = []
    moderated = {e.kind for e in result.listing if e.condition}
    for kind, title in SECTIONS:
        found = [(place, e) for place, e in enumerate(result.listing) if e.kind == kind]
        if kind == "indirect_total" and len({e.chain for e in result.listing if e.kind == "indirect"}) < 2:
            continue
        if not found:
            continue
        key = "paths.section_conditional" if kind == "indirect" and kind in moderated else title
        rows.append(Row((Cell(Label(key), "label"),), role="section"))
        rows += [_row(result, place, effect, conditions) for place, effect in found]
    return rows


def _row(result: PathModelResult, place: int, effect: Effect, conditions: bool) -> Row:
    path = path_label(effect, result.labels)
    if path is None:
        path = joined([result.labels[effect.x], result.labels[effect.y]], " → ")
    cells = [Cell(path, "label")]
    if conditions:
        cells.append(Cell(level_label(result, effect), "label"))
    numbered = numbers(result, place)
    joint = joint_cells(result, result.effects.iloc[place], str(numbered[0].id).partition("#")[0])
    return Row((*cells, *numbered, *joint))


def numbers(result: PathModelResult, place: int) -> tuple[Cell, ...]:
    """Estimate, standard error and interval of a row of effects, with their result ids."""
    row = result.effects.iloc[place]
    parts = [str(row[k]) for k in ("outcome", "group", "term", "level") if isinstance(row[k], str) and row[k]]
    missing = "mediation.why_no_effect" if np.isnan(row["estimate"]) else "mediation.why_no_interval"
    cells = []
    for name in ("estimate", "boot_se" if result.resamples else "std_error", "conf_low", "conf_high"):
        value = float(row[name])
        cells.append(Cell(value, name, id=f"{'/'.join(parts)}#{name}", reason=missing if np.isnan(value) else None))
    return tuple(cells)


def table_notes(result: PathModelResult) -> tuple[Note, ...]:
    """Interval, rows, clusters, weights, covariates, centring, failed resamples."""
    notes = sample_notes(result)
    if result.covariates:
        names = listed_labels([result.labels[name] for name in result.covariates])
        notes.append(Note("specific", Label("paths.note_covariates", names=names)))
    if result.means:
        names = listed_labels([result.labels[name] for name in result.means])
        notes.append(Note("specific", Label("paths.note_centred", names=names)))
    elif result.moderators:
        notes.append(Note("specific", "paths.note_not_centred"))
    for name in dict.fromkeys(column.rpartition(".")[0] for column in result.x):
        if name in result.references:
            params = {"x": result.labels[name], "reference": result.references[name]}
            notes.append(Note("specific", Label("paths.note_relative", **params)))
    if JOINT in result.ci:
        notes.append(Note("specific", "paths.note_joint"))
    if result.n_failed:
        notes.append(Note("specific", Label("mediation.note_failed", n=result.n_failed, resamples=result.resamples)))
    return tuple(notes)
