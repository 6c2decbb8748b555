"""One printed table on one sheet: rules, fonts, number formats, widths and print set-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil
from numbers import Real
from typing import Any

from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from evalkit.report.layout import PrintedCell, PrintedRow, PrintedTable, Run
from evalkit.report.number_formats import number_format
from evalkit.report.styles import Style
from evalkit.report.text import printable
from evalkit.report.widths import text_width

_WIDEST = 46.0  # characters; longer stub and text columns wrap
_PORTRAIT = 92.0  # characters of 10.5 points that an upright A4 page holds


def put_table(sheet: Worksheet, printed: PrintedTable, style: Style) -> None:
    """Fill a sheet with one table as it goes to print; numbers stay numbers at full precision."""
    n = len(printed.columns)
    row = 1
    for line in printed.caption:
        _merged_line(sheet, row, n, line, style, style.fonts.caption + 1.5, style.caption.align, heading=True)
        row += 1
    first = row
    for head in printed.header:
        _header_row(sheet, row, head, style)
        row += 1
    _rule(sheet, first, n, top=style.rules.top)
    _rule(sheet, row - 1, n, bottom=style.rules.header)
    before = ""
    texts: list[tuple[int, str]] = []
    for body in printed.rows:
        _body_row(sheet, row, body, printed, style)
        if body.role == "stat" and before not in ("", "stat"):
            _rule(sheet, row, n, top=style.rules.stat)
        if body.role == "text":
            texts.append((row, body.cells[0].text))
        before = body.role
        row += 1
    _rule(sheet, row - 1, n, bottom=style.rules.bottom)
    widths = _set_widths(sheet, printed)
    for at, text in texts:  # a spreadsheet does not fit the height of merged cells itself
        lines = sum(max(ceil(text_width(line) / max(sum(widths), 1)), 1) for line in text.split("\n"))
        sheet.row_dimensions[at].height = 1.6 * (style.fonts.table + 1.5) * lines
    for note in printed.notes:
        _merged_line(sheet, row, n, note, style, style.fonts.note + 1.5, "left")
        lines = ceil(text_width("".join(run.text for run in note)) / max(sum(widths) * 1.1, 1))
        sheet.row_dimensions[row].height = 1.35 * (style.fonts.note + 1.5) * max(lines, 1)
        row += 1
    _print_set_up(sheet, first, first + len(printed.header) - 1, row - 1, n, sum(widths))


def rich_text(runs: Sequence[Run], style: Style, size: float, *, heading: bool = False) -> str | CellRichText:
    """Runs as a cell's value: plain text where there is one look, rich text where italics or raised letters mix."""
    cleaned = [replace(run, text=printable(run.text)) for run in runs if printable(run.text)]
    if len({(run.italic, run.bold, run.raised) for run in cleaned}) <= 1:
        return "".join(run.text for run in cleaned)
    blocks = []
    for run in cleaned:
        look = InlineFont(rFont=font_name(run.text, style, heading=heading), sz=size, b=run.bold, i=run.italic)
        if run.raised:
            look.vertAlign = "superscript"
        blocks.append(TextBlock(look, run.text))
    return CellRichText(*blocks)


def font_name(text: str, style: Style, *, heading: bool = False) -> str:
    """A cell has one font: the Chinese one as soon as it holds a Chinese character."""
    if any("⺀" <= c <= "鿿" or "＀" <= c <= "￯" for c in text):
        return style.fonts.heading_east_asian if heading else style.fonts.east_asian
    return style.fonts.latin


@lru_cache(maxsize=256)
def font(name: str, size: float, bold: bool = False, italic: bool = False, colour: str | None = None) -> Font:
    """A font, shared among cells."""
    return Font(name=name, size=size, bold=bold, italic=italic, color=colour)


def _merged_line(
    sheet: Worksheet,
    row: int,
    n: int,
    runs: Sequence[Run],
    style: Style,
    size: float,
    align: str,
    *,
    heading: bool = False,
) -> None:
    cell = sheet.cell(row, 1)
    text = "".join(run.text for run in runs)
    put_text(cell, rich_text(runs, style, size, heading=heading))
    bold, italic = all(run.bold for run in runs), all(run.italic for run in runs)
    cell.font = font(font_name(text, style, heading=heading), size, bold, italic)
    cell.alignment = Alignment(horizontal=align, vertical="top" if align == "left" else "center", wrap_text=True)
    if n > 1:
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=n)


def put_text(cell: Any, value: str | CellRichText) -> None:
    """Text as text, whatever it begins with."""
    if isinstance(value, CellRichText):
        cell.value = value
        return
    cell.value = ""
    cell._value, cell.data_type = value, "s"


def _header_row(sheet: Worksheet, row: int, heads: Sequence[PrintedCell], style: Style) -> None:
    column = 1
    size = style.fonts.table + 1.5
    for head in heads:
        cell = sheet.cell(row, column)
        put_text(cell, rich_text(head.runs, style, size))
        italic = bool(head.runs) and all(run.italic for run in head.runs)
        cell.font = font(font_name(head.text, style), size, italic=italic)
        cell.alignment = Alignment(horizontal=head.align, vertical="center", wrap_text=True)
        if head.span > 1:
            end = column + head.span - 1
            sheet.merge_cells(start_row=row, start_column=column, end_row=row, end_column=end)
        if head.ruled and style.rules.spanner:
            for j in range(column, column + head.span):
                _edge(sheet.cell(row, j), bottom=style.rules.spanner)
        column += head.span


def _body_row(sheet: Worksheet, row: int, body: PrintedRow, printed: PrintedTable, style: Style) -> None:
    size = style.fonts.table + 1.5
    for j, item in enumerate(body.cells):
        cell = sheet.cell(row, j + 1)
        shown = number_format(item.cell, style, printed.columns[j].stars)
        bold = item.cell.bold or body.role == "section"
        if shown is None:
            put_text(cell, rich_text(item.runs, style, size))
            italic = bool(item.runs) and all(run.italic for run in item.runs)
            cell.font = font(font_name(item.text, style), size, bold, italic)
            align = item.align if item.align != "decimal" else "center"
            indent = body.indent if j == 0 else 0
            wrap = body.role == "text" or "\n" in item.text or printed.columns[j].natural > _WIDEST
            upright = "top" if body.role == "text" else "center"
            cell.alignment = Alignment(horizontal=align, vertical=upright, indent=indent, wrap_text=wrap)
        else:
            value = item.cell.value
            # numpy scalars are written by value; an int stays an int.
            cell.value = int(value) if isinstance(value, Real) and float(value).is_integer() else float(value)
            cell.number_format = shown
            cell.font = font(style.fonts.latin, size, bold)
            cell.alignment = Alignment(horizontal="right", vertical="center")
    if len(body.cells) == 1 and len(printed.columns) > 1:
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(printed.columns))


def _set_widths(sheet: Worksheet, printed: PrintedTable) -> list[float]:
    widths = []
    for j, column in enumerate(printed.columns, start=1):
        width = min(max(column.natural * 1.1 + 3.0, 7.0), _WIDEST)
        sheet.column_dimensions[get_column_letter(j)].width = round(width, 2)
        widths.append(width)
    return widths


def _print_set_up(sheet: Worksheet, first: int, last_head: int, last: int, n: int, width: float) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.freeze_panes = f"B{last_head + 1}"
    sheet.print_title_rows = f"{first}:{last_head}"
    sheet.print_area = f"A1:{get_column_letter(n)}{last}"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if width > _PORTRAIT else "portrait"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "&P / &N"


def _rule(sheet: Worksheet, row: int, n: int, *, top: float = 0.0, bottom: float = 0.0) -> None:
    for j in range(1, n + 1):
        _edge(sheet.cell(row, j), top=top, bottom=bottom)


def _edge(cell: Any, *, top: float = 0.0, bottom: float = 0.0) -> None:
    old = cell.border
    cell.border = Border(top=_side(top) if top else old.top, bottom=_side(bottom) if bottom else old.bottom)


def _side(points: float) -> Side:
    """Excel knows no points: from 1 pt on a rule is medium, below thin."""
    return Side(style="medium" if points >= 1.0 else "thin", color="000000")
