"""A dossier in; its tables of judgements out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.studies.dossier.judgements import Judgement

if TYPE_CHECKING:
    from evalkit.studies.dossier.result import ScaleDossier

MOST_NAMES = 6
"""Names of what breaks a rule that are printed in a row; the table of values has all."""


def judgement_table(dossier: ScaleDossier) -> Table:
    """One row a rule: bound, source, how many keep it, which do not."""
    heads = ("dossier.rule", "dossier.bound", "dossier.source", "dossier.judged", "dossier.met", "dossier.not_met")
    rows: list[Row] = []
    for section, within in groupby(dossier.judgements, key=lambda j: j.rule.section):
        rows.append(Row((Cell(Label(f"dossier.section_{section}"), "label"),), role="section"))
        rows += [_rule_row(list(made)) for _, made in groupby(within, key=lambda j: j.rule.id)]
    for finished in dossier.failed:
        name, why = Label(f"dossier.part_{finished.part.id}"), Label("dossier.not_computed")
        gaps = (Cell(None, kind) for kind in ("estimate", "text", "count", "count"))
        cells = (Cell(name, "label"), *gaps, Cell(why, "text"))
        rows.append(Row(cells))
    notes = [Label("dossier.note_rules"), Label("dossier.note_judged")]
    header = (tuple(map(Head, heads)),)
    return Table("dossier", "judgements", Label("dossier.judgements"), header, tuple(rows), _general(notes))


def value_table(dossier: ScaleDossier) -> Table:
    """One row a judgement: what is judged, value, bound, verdict."""
    heads = ("dossier.about", "estimate", "dossier.bound", "dossier.verdict")
    rows: list[Row] = []
    for _, made in groupby(dossier.judgements, key=lambda j: j.rule.id):
        judgements = list(made)
        rule = judgements[0].rule
        rows.append(Row((Cell(_said(judgements[0]), "label"),), role="section"))
        for j in judgements:
            verdict = {True: "dossier.yes", False: "dossier.no", None: "dossier.unknown"}[j.met]
            value = Cell(j.value, rule.kind, reason="dossier.reason_part")
            rows.append(
                Row((Cell(j.label, "label"), value, Cell(rule.at, rule.kind), Cell(Label(verdict), "text")), indent=1)
            )
    return Table(
        "dossier.values", "judged_values", Label("dossier.values"), (tuple(map(Head, heads)),), tuple(rows),
        _general([Label("dossier.note_rules")]),
    )  # fmt: skip


def _rule_row(made: list[Judgement]) -> Row:
    rule = made[0].rule
    known = [j for j in made if j.met is not None]
    broken = [j.label for j in known if not j.met]
    return Row(
        (
            Cell(_said(made[0]), "label"),
            Cell(rule.at, rule.kind),
            Cell(rule.source, "text"),
            Cell(len(known), "count"),
            Cell(len(known) - len(broken) if known else None, "count"),
            Cell(_names(broken), "text"),
        ),
        indent=1,
    )


def _said(judgement: Judgement) -> Label:
    rule = judgement.rule
    return Label(f"dossier.sense_{rule.sense}", name=Label(f"dossier.rule_{rule.id}"))


def _names(labels: list[Label]) -> Label | None:
    if not labels:
        return None
    pairs = {lang: [label.text(lang) for label in labels[:MOST_NAMES]] for lang in ("zh", "en")}
    shown = Label(zh="、".join(pairs["zh"]), en=", ".join(pairs["en"]))
    more = len(labels) - MOST_NAMES
    return Label("dossier.and_more", names=shown, n=len(labels)) if more > 0 else shown


def _general(labels: list[Label]) -> tuple[Note, ...]:
    return tuple(Note("general", label) for label in labels)
