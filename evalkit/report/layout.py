"""A table and a style in, everything printed about it out: captions, runs, alignment, notes in order."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from numbers import Real

from evalkit.contract import Cell, Head, Label, Row, Table
from evalkit.contract.words import has_text
from evalkit.report.formatting import cell_text, star_legend, stars
from evalkit.report.styles import Style
from evalkit.report.widths import longest_word, text_width

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ONE_LINE = 12.0  # half-ems: a head up to this wide is not broken
_MARK = 4.0  # half-ems: as wide as (⊗), the widest of the marks that stand in a column of numbers
_WRAPPING = 24.0  # half-ems: a text column wider than this is set flush left and may wrap


@dataclass(frozen=True)
class Run:
    """A stretch of text in one look. `field` marks a running number: `table`, `continued` or `figure`."""

    text: str
    italic: bool = False
    bold: bool = False
    raised: bool = False
    field: str = ""


@dataclass(frozen=True)
class PrintedCell:
    """One cell ready to set. `align`: left, center, or decimal (on the point, in its column).

    `ruled` is true of a head over other heads: the style's spanner rule stands below it.
    """

    runs: tuple[Run, ...]
    cell: Cell
    align: str = "left"
    span: int = 1
    ruled: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class PrintedRow:
    cells: tuple[PrintedCell, ...]
    role: str
    indent: int


@dataclass(frozen=True)
class Column:
    """One column: widths in half-ems, `before` and `after` the decimal point where numbers align on it."""

    natural: float
    least: float
    before: float = 0.0
    after: float = 0.0
    stars: int = 0


@dataclass(frozen=True)
class PrintedTable:
    """A table in one language, ready for any writer. `caption` and `notes` hold one tuple of runs a line."""

    table: Table
    number: int
    caption: tuple[tuple[Run, ...], ...]
    header: tuple[tuple[PrintedCell, ...], ...]
    rows: tuple[PrintedRow, ...]
    notes: tuple[tuple[Run, ...], ...]
    columns: tuple[Column, ...]


def print_table(table: Table, number: int, style: Style, lang: str, *, continued: bool = False) -> PrintedTable:
    """Lay out one table.

    Raises
    ------
    ValueError
        If a header or body row does not span the table's columns (a fault of ours).
    """
    _require_rectangle(table)
    marks = _reason_marks(table)
    body = [[_runs_of(cell, style, lang, marks) for cell in row.cells] for row in table.rows]
    columns, decimal = _columns(table, body, lang)
    rows = tuple(
        PrintedRow(
            tuple(
                PrintedCell(runs, cell, _align(cell, j, runs, decimal, columns), _span(row, table))
                for j, (cell, runs) in enumerate(zip(row.cells, texts, strict=True))
            ),
            row.role,
            row.indent,
        )
        for row, texts in zip(table.rows, body, strict=True)
    )
    header = tuple(_header_row(table, i, style, lang) for i in range(len(table.header)))
    caption = caption_lines("continued" if continued else "table", number, table.title, style, lang)
    notes = _notes(table, style, lang, marks)
    return PrintedTable(table, number, caption, header, rows, notes, columns)


def caption_lines(kind: str, number: int, title: Label, style: Style, lang: str) -> tuple[tuple[Run, ...], ...]:
    """Number and title of a table, its continuation or a figure, one tuple of runs a printed line."""
    languages = (lang, "en") if style.caption.bilingual and lang == "zh" else (lang,)
    return tuple(line for one in languages for line in _caption_in(kind, number, title, style, one))


def symbol_runs(text: str, style: Style) -> tuple[Run, ...]:
    """Text with its statistical symbols (M, SD, p, R² ...) in italics; digits and Greek stay upright."""
    pattern = _symbols(style.fonts.italic_symbols)
    if pattern is None:
        return (Run(text),) if text else ()
    runs: list[Run] = []
    last = 0
    for match in pattern.finditer(text):
        letters = match.group().rstrip("²")
        runs += [Run(text[last : match.start()]), Run(letters, italic=True)]
        last = match.start() + len(letters)
    runs.append(Run(text[last:]))
    return tuple(run for run in runs if run.text)


def narrowed(table: Table, keep: Iterable[int]) -> Table:
    """The same table with only these columns (positions, ascending); spanning heads shrink with them."""
    kept = list(keep)
    header = []
    for row in table.header:
        starts = [sum(h.span for h in row[:i]) for i in range(len(row))]
        spans = [sum(s <= c < s + h.span for c in kept) for s, h in zip(starts, row, strict=True)]
        header.append(tuple(replace(h, span=n) for h, n in zip(row, spans, strict=True) if n))
    rows = tuple(
        row if row.role in ("section", "text") else replace(row, cells=tuple(row.cells[c] for c in kept))
        for row in table.rows
    )
    return replace(table, header=tuple(header), rows=rows)


def _require_rectangle(table: Table) -> None:
    n = table.n_columns
    for head in table.header:
        if sum(h.span for h in head) != n:
            raise ValueError(f"{table.id}: a header row does not span {n} columns")
    for row in table.rows:
        if len(row.cells) != n and not (row.role in ("section", "text") and row.cells):
            raise ValueError(f"{table.id}: a row has {len(row.cells)} cells for {n} columns")


def _span(row: Row, table: Table) -> int:
    return table.n_columns if row.across else 1


def _header_row(table: Table, index: int, style: Style, lang: str) -> tuple[PrintedCell, ...]:
    below = table.header[index + 1] if index + 1 < len(table.header) else ()
    filled = [bool(head.text(lang)) for head in below for _ in range(head.span)]
    made, at = [], 0
    for i, head in enumerate(table.header[index]):
        text = head.text(lang)
        ruled = bool(text) and bool(filled) and all(filled[at : at + head.span])
        align = "left" if _is_stub(table.header[index], i) else "center"
        made.append(PrintedCell(_head_runs(head, style, lang), Cell(text), align, head.span, ruled))
        at += head.span
    return tuple(made)


def _is_stub(row: tuple[Head, ...], position: int) -> bool:
    return position == 0 and row[0].span == 1


def _runs_of(cell: Cell, style: Style, lang: str, marks: dict[str, str]) -> tuple[Run, ...]:
    text = cell_text(cell, style, lang)
    of_ours = isinstance(cell.value, Label) and bool(cell.value.key)
    runs = symbol_runs(text, style) if of_ours else (Run(text),)
    if cell.bold:
        runs = tuple(replace(run, bold=True) for run in runs)
    if _is_nan(cell) and len(marks) > 1 and cell.reason:
        runs = (*runs, Run(marks[cell.reason], raised=True))
    return runs


def _head_runs(head: Head, style: Style, lang: str) -> tuple[Run, ...]:
    text = head.text(lang)
    of_ours = isinstance(head.label, str) or bool(head.label.key)
    return symbol_runs(text, style) if of_ours else (Run(text),) if text else ()


@cache
def _symbols(names: tuple[str, ...]) -> re.Pattern[str] | None:
    if not names:
        return None
    alternatives = "|".join(re.escape(s) for s in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9_'’\-])(?:{alternatives})(?![A-Za-z0-9_'’]|\.\w)")


def _is_nan(cell: Cell) -> bool:
    values = cell.value if isinstance(cell.value, tuple) else (cell.value,)
    return all(isinstance(v, float) and math.isnan(v) for v in values)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell.value, Real) and not isinstance(cell.value, bool)


def _columns(table: Table, body: list[list[tuple[Run, ...]]], lang: str) -> tuple[tuple[Column, ...], set[int]]:
    """Measured columns, and the positions of those that align on the decimal point."""
    found, decimal = [], set()
    heads = _head_texts(table, lang)
    for j in range(table.n_columns):
        cells = [
            (row.cells[j], "".join(r.text for r in texts[j]), row.indent if j == 0 else 0)
            for row, texts in zip(table.rows, body, strict=True)
            if len(row.cells) > j and not row.across
        ]
        numbers = [text for cell, text, _ in cells if _is_number(cell)]
        before, after = zip(*(_halves(t) for t in numbers), strict=True) if numbers else ((0.0,), (0.0,))
        if numbers and j > 0:
            decimal.add(j)
        texts_only = [(t, indent) for cell, t, indent in cells if not _is_number(cell)]
        widest = [text_width(t) + 2 * indent for t, indent in texts_only]
        block = max(before) + max(after)
        head_full, head_least = heads[j]
        unbreakable = [
            text_width(t) if isinstance(c.value, tuple) else longest_word(t) for c, t, _ in cells if not _is_number(c)
        ]
        stub_least = [min(w, 12.0) for w in widest] if j == 0 else []
        found.append(
            Column(
                # A long head may stand in two lines rather than take the room of other columns.
                natural=max([block, head_full if head_full <= _ONE_LINE else max(_ONE_LINE, head_full / 2), *widest]),
                least=max([block, head_least, *unbreakable, *stub_least]),
                before=max(before),
                after=max(after),
                stars=max((sum(c in "*†" for c in t) for t in numbers), default=0),
            )
        )
    return tuple(found), decimal


def _head_texts(table: Table, lang: str) -> list[tuple[float, float]]:
    """Natural and least width each column needs for its own (unspanned) heads."""
    out = [(0.0, 0.0)] * table.n_columns
    for row in table.header:
        at = 0
        for head in row:
            text = head.text(lang)
            full, least = text_width(text) / head.span, longest_word(text) / head.span
            for j in range(at, at + head.span):
                out[j] = (max(out[j][0], full), max(out[j][1], least))
            at += head.span
    return out


def _halves(text: str) -> tuple[float, float]:
    """Widths before the decimal point, and from it on."""
    at = text.find(".")
    if at < 0:
        at = len(text.rstrip("*†)"))
    return text_width(text[:at]), text_width(text[at:])


def _align(cell: Cell, j: int, runs: tuple[Run, ...], decimal: set[int], columns: tuple[Column, ...]) -> str:
    if j == 0:
        return "left"
    if j in decimal and _is_number(cell) and not _is_nan(cell):
        has_point = any("." in run.text for run in runs)
        return "decimal" if has_point or columns[j].after < 1.0 else "center"
    if isinstance(cell.value, (str, Label)) and columns[j].natural > _WRAPPING:
        # A mark (● of a configuration) stands below its head, with the numbers of its column.
        return "center" if j in decimal and sum(text_width(run.text) for run in runs) <= _MARK else "left"
    return "center"


def _caption_in(kind: str, number: int, title: Label, style: Style, lang: str) -> list[tuple[Run, ...]]:
    text = title.text(lang)
    if lang == "en" and style.caption.title_case:
        text = _title_case(text)
    pattern = getattr(style.caption, kind)[lang]
    if not text:
        pattern = pattern.replace("{title}", "").rstrip()
    lines = []
    for line in pattern.split("\n"):
        number_part, _, rest = line.partition("{title}")
        bold = style.caption.bold_number
        lead, mark, gap = number_part.partition("{n}")
        runs = [Run(lead, bold=bold), Run(str(number) if mark else "", bold=bold, field=kind), Run(gap, bold=bold)]
        if "{title}" in line:
            # Chinese type has no italics: a slanted face would be a fake.
            runs += [Run(text, italic=style.caption.italic_title and lang == "en"), Run(rest)]
        lines.append(tuple(run for run in runs if run.text))
    return [line for line in lines if line]


def _title_case(text: str) -> str:
    """APA 7, 6.17: words of four letters or more, the first and the last are capitalised."""
    words = text.split(" ")
    return " ".join(
        w[:1].upper() + w[1:] if i in (0, len(words) - 1) or len(w) > 3 or words[i - 1].endswith(":") else w
        for i, w in enumerate(words)
    )


def _reason_marks(table: Table) -> dict[str, str]:
    """Reason key -> letter, in order of appearance, for values that could not be computed."""
    cells = (cell for row in table.rows for cell in row.cells)
    reasons = dict.fromkeys(c.reason for c in cells if c.reason and _is_nan(c))
    return {reason: _LETTERS[i % len(_LETTERS)] for i, reason in enumerate(reasons)}


def _notes(table: Table, style: Style, lang: str, marks: dict[str, str]) -> tuple[tuple[Run, ...], ...]:
    texts: dict[str, list[str]] = {kind: [] for kind in style.notes.order}
    for note in table.notes:
        texts[note.kind].append(note.text(lang))
    texts["specific"] += _mark_notes(table, style, lang, marks)
    if any(stars(cell.p, style) for row in table.rows for cell in row.cells):
        texts["probability"].append(star_legend(style, lang))
    stripped = {kind: [_unstopped(t) for t in found] for kind, found in texts.items() if found}
    if style.notes.layout == "kinds":
        groups = [stripped[kind] for kind in style.notes.order if kind in stripped]
    else:
        rest = [t for kind in style.notes.order if kind != "source" for t in stripped.get(kind, [])]
        own = [stripped["source"]] if "source" in stripped else []
        groups = [*own, rest] if style.notes.order[0] == "source" else [rest, *own]
        groups = [g for g in groups if g]
    gap, stop = ("；", "。") if lang == "zh" else (". ", ".")
    prefixed = _prefixed_group(groups, stripped, style)
    return tuple(
        (
            *(
                (Run(style.notes.prefix[lang], italic=style.notes.italic_prefix and lang == "en"),)
                if i == prefixed
                else ()
            ),
            *symbol_runs(gap.join(group) + stop, style),
        )
        for i, group in enumerate(groups)
    )


def _prefixed_group(groups: list[list[str]], texts: dict[str, list[str]], style: Style) -> int | None:
    """Which paragraph begins with 注： or Note. In `kinds` only a general note does."""
    if style.notes.layout == "kinds":
        return groups.index(texts["general"]) if "general" in texts else None
    rest = [i for i, group in enumerate(groups) if group is not texts.get("source")]
    return rest[0] if rest else None


def _mark_notes(table: Table, style: Style, lang: str, marks: dict[str, str]) -> list[str]:
    """What the mark for "could not be computed" stands for here, and the dash beside it."""
    cells = [cell for row in table.rows for cell in row.cells]
    if not any(_is_nan(c) for c in cells):
        return []
    said = [Label(r).text(lang) if has_text(r) else r for r in marks]
    said = [_unstopped(t) for t in said]
    colon, comma = ("：", "；") if lang == "zh" else (": ", "; ")
    why = comma.join(said) if len(said) < 2 else comma.join(f"{marks[r]} {t}" for r, t in zip(marks, said, strict=True))
    mark = Label("report.not_computed", mark=style.not_computed).text(lang)
    notes = [mark + (colon + why if why else "")]
    if any(c.value is None for c in cells):
        notes.append(Label("report.not_applicable", mark=style.not_applicable).text(lang))
    return notes


def _unstopped(text: str) -> str:
    return text.rstrip("。. ；;")
