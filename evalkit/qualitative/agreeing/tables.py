"""The tables of an agreement: coefficients (Q5), confusion, disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.qualitative.agreeing.result import AgreementResult, Block

LONGEST = 60
"""Disputes printed; the rest are counted in the note."""


def coefficients_table(result: AgreementResult) -> Table:
    """Q5: value, units, each coefficient; beside alpha (or the first coefficient that has one) its interval."""
    used = {m.method for block in result.blocks for m in block.measures}
    methods = [m for m in result.settings.methods if m in used]
    sure = [m.method for m in result.blocks[0].measures if m.spreads]
    chosen = "krippendorff" if "krippendorff" in sure else next(iter(sure), None)
    heads = [Head("agreement.value"), Head("agreement.n_units")]
    for method in methods:
        heads.append(Head(_name(result, method)))
        if method == chosen:
            heads.append(Head(Label("confidence_interval", level=f"{100 * result.settings.conf_level:g}")))
    printed = [b for b in result.blocks if b.category is None or not b.coders]
    printed.sort(key=lambda b: (b.category is None, bool(b.coders)))
    rows = tuple(_line(result, b, methods, chosen) for b in printed)
    return Table("agreement", "Q5", Label("agreement.title"), (tuple(heads),), rows, tuple(_notes(result, chosen)))


def _name(result: AgreementResult, method: str) -> Label:
    if method == "gwet":
        return Label("agreement.method.ac1" if result.settings.weights == "unweighted" else "agreement.method.ac2")
    return Label(f"agreement.method.{method}")


def _line(result: AgreementResult, block: Block, methods: list[str], chosen: str | None) -> Row:
    who = [result.labels[c] for c in block.coders]
    name = result.labels[block.category] if block.category else Label("agreement.all")
    if who:
        name = Label("agreement.pair", first=who[0], second=who[1])
    n = max((m.n_units for m in block.measures), default=0)
    cells = [Cell(name, "label"), Cell(n, "count")]
    for method in methods:
        m = block.measure(method)
        kind = "share" if method == "percent" else "kappa"
        scale = 100.0 if method == "percent" else 1.0
        cells.append(Cell(m.estimate * scale, kind, reason=m.reason) if m else Cell(None, kind))
        if method == chosen:
            bounds = (m.spreads[0].low, m.spreads[0].high) if m and m.spreads else None
            cells.append(Cell(bounds, "interval", reason=m.reason if m else None))
    return Row(tuple(cells), role="stat" if block.category is None else "body")


def _notes(result: AgreementResult, chosen: str | None) -> list[Note]:
    settings = result.settings
    metric, weights = Label(f"agreement.metric.{settings.metric}"), Label(f"agreement.weights.{settings.weights}")
    notes = [Note("general", Label("agreement.note_coders", n=len(result.coders), metric=metric, weights=weights))]
    rows = Label(f"agreement.rows.{'complete' if settings.complete else 'available'}")
    notes.append(Note("general", rows))
    if settings.by:
        notes.append(Note("general", Label(f"agreement.by.{settings.by}")))
    if chosen and settings.intervals:
        notes.append(Note("general", Label(f"agreement.interval.{settings.intervals[0]}", draws=settings.resamples)))
    return notes


def confusion_table(result: AgreementResult) -> Table:
    """For each pair of coders: values of the first down, of the second across."""
    heads = [Head("agreement.value"), *(Head(result.labels[c]) for c in result.categories)]
    rows: list[Row] = []
    for (a, b), counts in result.confusions.items():
        pair = Label("agreement.down_across", first=result.labels[a], second=result.labels[b])
        rows.append(Row((Cell(pair, "label"),), role="section"))
        for category, line in zip(result.categories, counts, strict=True):
            rows.append(Row((Cell(result.labels[category], "label"), *(Cell(int(x), "count") for x in line)), indent=1))
    return Table("agreement.confusion", "confusion", Label("agreement.confusion"), (tuple(heads),), tuple(rows))


def disputes_table(result: AgreementResult) -> Table:
    """Unit and what each coder gave; the first `LONGEST`."""
    heads = (Head("agreement.unit"), *(Head(result.labels[c]) for c in result.coders))
    rows = tuple(
        Row(
            (
                Cell(d.unit, "text"),
                *(Cell(result.labels[v] if v else Label("agreement.not_coded"), "text") for v in d.values),
            )
        )
        for d in result.disputes[:LONGEST]
    )
    note = Note("general", Label("agreement.note_disputes", n=len(result.disputes), shown=len(rows)))
    return Table("agreement.disputes", "disputes", Label("agreement.disputes"), (heads,), rows, (note,))
