"""One printed table as WordprocessingML: fitted to the page, ruled, aligned on the point, never cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.contract import Label, Table
from evalkit.report.docx_package import text_width
from evalkit.report.docx_xml import border, element, paragraph, text_run
from evalkit.report.layout import Column, PrintedCell, PrintedRow, PrintedTable, narrowed, print_table
from evalkit.report.styles import Style
from evalkit.report.text import printable
from evalkit.report.widths import share_width

_MARGIN = 3.0  # points left and right inside a cell
_SLACK = 1.08  # faces differ a little from the measure
_KEPT_ROWS = 28  # a table of up to so many rows stays on one page


@dataclass(frozen=True)
class Fitted:
    """A table (or a part of one, cut between columns) with the page and size it fits on.

    `widths` are column widths in points, `size` the type size in points.
    """

    printed: PrintedTable
    landscape: bool
    size: float
    widths: tuple[float, ...]


def fitted(table: Table, number: int, style: Style, lang: str) -> list[Fitted]:
    """The table fitted to the page: upright, upright in smaller type, turned, turned smaller, else in parts.

    Parts repeat the first column and are captioned as continued; the notes follow the last one.
    """
    printed = print_table(table, number, style, lang)
    whole = _fit(printed, style)
    if whole is not None:
        return [whole]
    parts = _parts(printed.columns, text_width(style.page, landscape=True), style.fonts.table)
    out = []
    for i, keep in enumerate(parts):
        part = print_table(narrowed(table, keep), number, style, lang, continued=i > 0)
        if i < len(parts) - 1:
            part = replace(part, notes=())
        out.append(_fit(part, style) or _forced(part, style))
    return out


def table_element(fit: Fitted, style: Style, title: str) -> Any:
    """The `w:tbl`."""
    printed = fit.printed
    rules = style.rules
    properties = element(
        "tblPr",
        element("tblW", w=_twips(sum(fit.widths)), type="dxa"),
        element("jc", val="center"),
        element("tblBorders", *(border(side, v) for side, v in (("top", rules.top), ("bottom", rules.bottom)) if v)),
        element("tblLayout", type="fixed"),
        element("tblCellMar", *(element(side, w=_twips(_MARGIN), type="dxa") for side in ("left", "right"))),
        element("tblLook", val="0620", firstRow=1, lastRow=0, firstColumn=0, lastColumn=0, noHBand=1, noVBand=1),
        element("tblCaption", val=printable(title)),
    )
    grid = element("tblGrid", *(element("gridCol", w=_twips(width)) for width in fit.widths))
    rows = [_header_row(i, fit, style) for i in range(len(printed.header))]
    before = ""
    for i, row in enumerate(printed.rows):
        first_stat = row.role == "stat" and before not in ("", "stat")
        after = "" if i == len(printed.rows) - 1 else printed.rows[i + 1].role
        rows.append(_body_row(row, fit, style, first_stat=first_stat, after=after))
        before = row.role
    return element("tbl", properties, grid, *rows)


def _fit(printed: PrintedTable, style: Style) -> Fitted | None:
    sizes = dict.fromkeys((style.fonts.table, min(style.fonts.smallest_table, style.fonts.table)))
    for landscape in (False, True):
        for size in sizes:
            widths = _widths(printed.columns, text_width(style.page, landscape=landscape), size)
            if widths is not None:
                return Fitted(printed, landscape, size, widths)
    return None


def _widths(columns: Sequence[Column], available: float, size: float) -> tuple[float, ...] | None:
    """Column widths in points, cell margins included, or None if the columns do not fit."""
    half_em = size / 2
    room = (available - 2 * _MARGIN * len(columns)) / half_em
    shared = share_width([c.natural * _SLACK for c in columns], [c.least * _SLACK for c in columns], room)
    return None if shared is None else tuple(v * half_em + 2 * _MARGIN for v in shared)


def _forced(printed: PrintedTable, style: Style) -> Fitted:
    """Two columns that even so do not fit: they share the turned page, and words are broken."""
    size = min(style.fonts.smallest_table, style.fonts.table)
    available = text_width(style.page, landscape=True)
    least = [min(c.least, 8.0) for c in printed.columns]
    scale = available / sum(least)
    return Fitted(printed, True, size, tuple(v * scale for v in least))


def _parts(columns: Sequence[Column], available: float, size: float) -> list[list[int]]:
    """Column positions of each part: the stub, then as many further columns as fit, evenly shared."""

    def needed(some: Sequence[int]) -> float:
        return sum(columns[j].least * _SLACK * size / 2 + 2 * _MARGIN for j in some)

    others = list(range(1, len(columns)))
    for n_parts in range(2, len(others) + 1):
        share = -(-len(others) // n_parts)
        parts = [[0, *others[k : k + share]] for k in range(0, len(others), share)]
        if all(needed(part) <= available for part in parts):
            return parts
    return [[0, j] for j in others] or [[0]]


def _header_row(index: int, fit: Fitted, style: Style) -> Any:
    heads = fit.printed.header[index]
    last = index == len(fit.printed.header) - 1
    cells, at = [], 0
    for head in heads:
        width = sum(fit.widths[at : at + head.span])
        rules = [("top", style.rules.top * (index == 0)), ("bottom", style.rules.header * last)]
        # A spanner's rule belongs to the paragraph: it ends before the cell does, so that neighbours stay apart.
        spanner = (
            element("pBdr", border("bottom", style.rules.spanner, 1)) if head.ruled and style.rules.spanner else None
        )
        content = paragraph(
            "TableText",
            [text_run(run, size=_own_size(fit, style)) for run in head.runs],
            keepNext=element("keepNext"),
            pBdr=spanner,
            spacing=_line(fit),
            jc=element("jc", val=head.align),
        )
        cells.append(_cell(content, width, head.span, rules, bottom=True))
        at += head.span
    return element("tr", element("trPr", element("cantSplit"), element("tblHeader")), *cells)


def _body_row(row: PrintedRow, fit: Fitted, style: Style, *, first_stat: bool, after: str) -> Any:
    """A row; `after` is the role of the next one, empty for the last."""
    texts = sum(other.role == "text" for other in fit.printed.rows)
    last, short = not after, not texts and len(fit.printed.rows) <= _KEPT_ROWS
    keep = after == "text" or (short and not last)
    rules = [("top", style.rules.stat * first_stat), ("bottom", style.rules.bottom * last)]
    cells = []
    for j, item in enumerate(row.cells):
        width = sum(fit.widths) if item.span > 1 else fit.widths[j]
        content = _body_paragraph(item, j, row, fit, style, keep=keep)
        # A number must not break behind its minus sign, nor an interval behind its comma.
        words = isinstance(item.cell.value, (str, Label))
        cells.append(_cell(content, width, item.span, rules, wrap=words))
    return element("tr", element("trPr", element("cantSplit")), *cells)


def _body_paragraph(item: PrintedCell, j: int, row: PrintedRow, fit: Fitted, style: Style, *, keep: bool) -> Any:
    runs = [replace(run, bold=True) for run in item.runs] if row.role == "section" else item.runs
    column = fit.printed.columns[j]
    tabs = indent = None
    align = "left" if item.align == "decimal" else item.align
    if item.align == "decimal":
        inner = fit.widths[j] - 2 * _MARGIN
        half_em = fit.size / 2
        block = (column.before + column.after) * half_em
        point = max((inner - block) / 2, 0.0) + column.before * half_em
        tabs = element("tabs", element("tab", val="decimal", pos=_twips(point)))
    if j == 0 and row.indent:
        indent = element("ind", leftChars=100 * row.indent, left=_twips(fit.size * row.indent))
    return paragraph(
        "TableText",
        [text_run(run, size=_own_size(fit, style)) for run in runs],
        keepNext=element("keepNext") if keep else None,
        tabs=tabs,
        spacing=_line(fit),
        ind=indent,
        jc=element("jc", val=align),
    )


def _cell(
    content: Any,
    width: float,
    span: int,
    rules: Sequence[tuple[str, float]],
    *,
    bottom: bool = False,
    wrap: bool = True,
) -> Any:
    drawn = [border(side, points) for side, points in rules if points]
    properties = element(
        "tcPr",
        element("tcW", w=_twips(width), type="dxa"),
        element("gridSpan", val=span) if span > 1 else None,
        element("tcBorders", *drawn) if drawn else None,
        None if wrap else element("noWrap"),
        element("vAlign", val="bottom" if bottom else "top"),
    )
    return element("tc", properties, content)


def _line(fit: Fitted) -> Any:
    # An exact line: Chinese and Latin faces have different heights, and their rows would not stand level.
    return element("spacing", before=0, after=0, line=_twips(fit.size * 1.45), lineRule="exact")


def _own_size(fit: Fitted, style: Style) -> float | None:
    return None if fit.size == style.fonts.table else fit.size


def _twips(points: float) -> int:
    return int(points * 20)  # rounded down: many columns together must not outgrow the page
