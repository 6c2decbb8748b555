"""A ladder of invariance in, its printed tables out: levels (T10) and items to release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.measurement.ladder.result import InvarianceResult, Step


def level_table(result: InvarianceResult) -> Table:
    """T10: fit of each level, the difference to the one before, and the verdict."""
    heads = ("invariance.level", "structural.chisq", "df", "structural.cfi", "structural.rmsea", "structural.srmr",
             "invariance.chisq_diff", "invariance.df_diff", "p_value", "invariance.change_cfi",
             "invariance.change_rmsea", "invariance.change_srmr", "invariance.verdict")  # fmt: skip
    rows = tuple(Row(_cells(step)) for step in result.steps)
    notes = [
        _groups(result),
        Label("structural.note_method", estimator=result.estimator, n=result.n_obs),
        Label(f"structural.missing_{result.missing}"),
        Label("invariance.note_levels_ordinal" if result.ordinal else "invariance.note_levels"),
    ]
    end = result.steps[0].end
    if end:
        notes.append(Label(f"invariance.note{end}"))
    notes += [Label(f"invariance.test_{method}") for method in dict.fromkeys(s.method for s in result.steps) if method]
    notes.append(rule_label(result))
    if result.ordinal and result.rule.name not in ("none", "chisq"):
        notes.append(Label("invariance.note_bounds"))
    if result.partial:
        notes.append(Label("invariance.note_partial", items=", ".join(result.partial)))
    if result.skipped:
        notes.append(Label("invariance.note_skipped", levels=_listed(result.skipped)))
    general = tuple(Note("general", note) for note in notes)
    return Table("invariance.levels", "T10", Label("invariance.title"), (tuple(map(Head, heads)),), rows, general)


def item_table(result: InvarianceResult) -> Table:
    """What releasing each item would bring at the level that was given up."""
    heads = ("item", "invariance.parameter", "structural.chisq", "df", "p_value", "invariance.partial")
    rows = []
    for found in result.proposals:
        at = f"{found.item}/release.{found.kind}/{result.steps[-1].level}#statistic"
        rows.append(
            Row(
                (
                    Cell(result.labels[found.item], "label"),
                    Cell(Label(f"invariance.kind_{found.kind}"), "text"),
                    Cell(found.statistic, "chi2", id=at),
                    Cell(found.df, "df"),
                    Cell(found.p_value, "p_value"),
                    Cell(", ".join(found.parameters), "text"),
                )
            )
        )
    notes = (Note("general", Label("invariance.note_release")), Note("general", Label("invariance.note_freed")))
    title = Label("invariance.items", level=Label(f"invariance.{result.steps[-1].level}"))
    return Table("invariance.items", "T10_items", title, (tuple(map(Head, heads)),), tuple(rows), notes)


TABLES: Mapping[str, Callable[[InvarianceResult], Table]] = {"T10": level_table, "T10_items": item_table}


def rule_label(result: InvarianceResult) -> Label:
    """The rule with its source, or the caller's own bounds."""
    rule = result.rule
    if rule.name != "own":
        return Label(f"invariance.rule_{rule.name}")
    bounds = {"ΔCFI": rule.cfi, "ΔRMSEA": rule.rmsea, "ΔSRMR": rule.srmr, "p": rule.p}
    return Label("invariance.rule_own", bounds=", ".join(f"{k} {v:g}" for k, v in bounds.items() if v is not None))


def _groups(result: InvarianceResult) -> Label:
    sizes = [(result.labels[name], n) for name, n in result.sizes.items()]
    zh, en = (", ".join(f"{label.text(lang)} n = {n}" for label, n in sizes) for lang in ("zh", "en"))
    return Label("invariance.note_groups", by=result.labels[result.by], groups=Label(zh=zh.replace(", ", "，"), en=en))


def _listed(levels: tuple[str, ...]) -> Label:
    words = [Label(f"invariance.{level}") for level in levels]
    return Label(zh="、".join(w.text("zh") for w in words), en=", ".join(w.text("en") for w in words))


def _cells(step: Step) -> tuple[Cell, ...]:
    def value(term: str, number: float, kind: str, statistic: str = "estimate") -> Cell:
        return Cell(number, kind, id=f"{term}/{step.level}#{statistic}", reason="invariance.reason_value")

    first = [Cell(Label(f"invariance.{step.level}"), "label"), value("model.chisq", step.values["chisq"], "chisq")]
    first += [Cell(int(step.values["df"]), "df")]
    first += [value(f"model.{n}", step.values[n], n) for n in ("cfi", "rmsea", "srmr")]
    if not step.changes:
        blank = [Cell(None, k) for k in ("chisq", "df", "p_value", "cfi", "rmsea", "srmr")]
        return (*first, *blank, Cell(Label(f"invariance.verdict_{step.verdict}"), "text"))
    tested = [Cell(None, k) for k in ("chisq", "df", "p_value")]
    if step.df_diff:
        tested = [
            value("difference", step.chisq_diff, "chisq", "statistic"),
            Cell(step.df_diff, "df"),
            value("difference", step.p_diff, "p_value", "p_value"),
        ]
    moved = [value(f"change.{n}", step.changes[n], n) for n in ("cfi", "rmsea", "srmr")]
    return (*first, *tested, *moved, Cell(Label(f"invariance.verdict_{step.verdict}"), "text"))
