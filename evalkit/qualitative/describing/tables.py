"""Tables Q1 to Q4 and the profile of groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.contract.words import has_text

if TYPE_CHECKING:
    from evalkit.qualitative.describing.result import CodeCount, CodeProfileResult

_ROWS = "subcategory"
"""The level whose codes are the rows of table Q3."""
_SUMMED = ("n_chars", "minutes", "duration", "时长", "时长（分钟）", "分钟")


def _interviewees(result: CodeProfileResult) -> Table:
    """Q1: a line a source, with sums of characters and minutes."""
    frame = result.sources if result.sources is not None else pd.DataFrame({"source_id": []})
    heads = tuple(Head(_heading(str(c))) for c in frame.columns)
    rows = [Row(tuple(_shown(c, v) for c, v in zip(frame.columns, line, strict=True)))
            for line in frame.itertuples(index=False, name=None)]  # fmt: skip
    summed = [c for c in frame.columns if c in _SUMMED and pd.api.types.is_numeric_dtype(frame[c])]
    if summed:
        cells = [Cell(float(frame[c].sum()), "count") if c in summed else Cell(None, "text") for c in frame.columns]
        rows.append(Row((Cell(Label("total"), "label"), *cells[1:]), role="stat"))
    notes = (Note("general", Label("codes.note_sources", n=len(frame))),)
    return Table("codes.sources", "Q1", Label("codes.title_sources"), (heads,), tuple(rows), notes)


def _heading(column: str) -> Label:
    key = f"codes.source.{column}"
    return Label(key) if has_text(key) else Label(zh=column, en=column)


def _shown(column: str, value: object) -> Cell:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return Cell(None if value != value else float(value), "count" if column in _SUMMED else "mean")
    if pd.isna(value):  # type: ignore[call-overload]
        return Cell(None, "text")
    key = f"codes.kind.{value}"
    return Cell(Label(key) if column == "kind" and has_text(key) else str(value), "text")


def _excerpts(result: CodeProfileResult) -> Table:
    """Q2: one excerpt a lowest code, where there is consent to print one; a sub-category is no concept."""
    heads = tuple(Head(f"codes.{name}") for name in ("excerpt", "concept", "above", "from"))
    codes = {c.code.id: c.code for c in result.codes}
    rows = []
    for e in result.excerpts:
        code = codes[e.code]
        below = code.level != _ROWS
        parent = code.path[-2] if below and code.depth else None if below else code.id
        quote = e.quote if e.quote else Label("codes.no_consent")
        rows.append(
            Row(
                (
                    Cell(quote, "text"),
                    Cell(result.called(e.code) if below else None, "label"),
                    Cell(result.called(parent) if parent else None, "text"),
                    Cell(e.source or None, "text"),
                )
            )
        )
    notes = (Note("general", "codes.note_consent"),)
    return Table("codes.open", "Q2", Label("codes.title_open"), (heads,), tuple(rows), notes)


def _axial(result: CodeProfileResult) -> Table:
    """Q3: the sub-categories in their order, each with what it means, references and sources.

    Where the codebook has no level of that name: the codes above the lowest.
    """
    kept = [c for c in result.codes if c.code.level == _ROWS]
    kept = kept or [c for c in result.codes if c.code.children or not c.code.depth] or list(result.codes)
    lowest = _lowest(kept)
    heads = tuple(Head(f"codes.{name}") for name in ("category", "subcategory", "meaning", "references", "n_sources"))
    rows = [
        Row(
            (
                Cell(result.called(c.code.path[-2]) if c.code.depth else result.called(c.code.id), "label"),
                Cell(result.called(c.code.id) if c.code.depth else None, "text"),
                Cell(c.code.definition or None, "text"),
                Cell(c.n_total, "count"),
                Cell(c.n_sources, "count"),
            )
        )
        for c in lowest
    ]
    apart = result.n_codings - sum(c.n_total for c in lowest)
    empty = (Cell(None, "text"),) * 2
    if apart:
        label = Cell(Label("codes.higher"), "label")
        rows.append(Row((label, *empty, Cell(apart, "count"), Cell(None, "count")), role="stat"))
    total = (Cell(result.n_codings, "count"), Cell(result.n_obs, "count"))
    rows.append(Row((Cell(Label("total"), "label"), *empty, *total), role="stat"))
    return Table("codes.axial", "Q3", Label("codes.title_axial"), (heads,), tuple(rows), _level_notes(result))


def _lowest(kept: list[CodeCount]) -> list[CodeCount]:
    """Of the codes kept those below which none is kept: what they count adds up."""
    ids = {c.code.id for c in kept}
    return [c for c in kept if not ids & set(c.code.children)]


def _level_notes(result: CodeProfileResult) -> tuple[Note, ...]:
    from evalkit.qualitative.describing.result import level_label

    told = [
        Note("general", Label("codes.note_level", level=level_label(x.level), n=x.n, named=x.n_named, met=x.n_met))
        for x in result.levels
        if x.level
    ]
    told += [
        Note("general", Label("codes.note_printed", level=level_label(x.level), n=x.n, printed=x.printed))
        for x in result.levels
        if x.printed is not None
    ]
    once = [Note("general", Label("codes.note_round", round=_round(result.round)))] if result.round else []
    return (*told, *once, Note("general", "codes.note_references"))


def _round(name: str) -> Label:
    return Label("codes.consensus") if name == "consensus" else Label(zh=name, en=name)


def relations(result: CodeProfileResult) -> list[CodeCount]:
    """Codes right below a core category."""
    core = {c.code.id for c in result.codes if c.code.level == "core"}
    return [c for c in result.codes if c.code.depth and c.code.path[-2] in core]


def _selective(result: CodeProfileResult) -> Table:
    """Q4: each category with the core category above it, and what the codebook says of it."""
    heads = (Head("codes.structure"), Head("codes.relation"))
    rows = tuple(
        Row(
            (
                Cell(
                    Label("codes.leads_to", category=result.called(c.code.id), core=result.called(c.code.path[-2])),
                    "label",
                ),
                Cell(c.code.definition or None, "text"),
            )
        )
        for c in relations(result)
    )
    return Table("codes.selective", "Q4", Label("codes.title_selective"), (heads,), rows)


def _profile(result: CodeProfileResult) -> Table:
    """Share of each group's sources that bear a code; per cent."""
    heads = (Head("codes.code"), *(Head(Label(zh=g, en=g)) for g in result.groups))
    rows = tuple(
        Row((Cell(result.called(c.code.id), "label"), *(Cell(100 * c.shares[g], "percent") for g in result.groups)),
            indent=c.code.depth)
        for c in result.codes
    )  # fmt: skip
    sizes = result.codes[0].sizes if result.codes else {}
    counted = Row(
        (Cell(Label("codes.n_sources"), "label"), *(Cell(sizes.get(g), "count") for g in result.groups)), "stat"
    )
    notes = (Note("general", "codes.note_profile"),)
    return Table("codes.profile", "profile", Label("codes.title_profile"), (heads,), (*rows, counted), notes)


TABLES: Mapping[str, Callable[[CodeProfileResult], Table]] = {
    "Q1": _interviewees,
    "Q2": _excerpts,
    "Q3": _axial,
    "Q4": _selective,
    "profile": _profile,
}
