"""Writer of a workbook to go on with: cover, contents, one sheet a table, results rows, figure data."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.contract import Figure, Label
from evalkit.contract.words import say_all
from evalkit.report.document import Report
from evalkit.report.layout import caption_lines, print_table
from evalkit.report.pictures import Drawings, drawing_of
from evalkit.report.styles import Style
from evalkit.report.text import printable
from evalkit.report.widths import text_width
from evalkit.sheets.workbook import save_workbook

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from evalkit.report.figures import Drawn


_RED = "B00020"
_BLUE = "1F4E79"
_COVER_WIDTH = 70  # characters; an upright A4 page holds them even in a wide substitute font
_PICTURE_WIDTH = 620  # pixels on the sheet


def write(report: Report, path: Path, *, lang: str, style: Style, drawn: Drawings | None = None) -> None:
    """Write the workbook in one language.

    Numbers stay numbers: brackets, stars and p bounds are number formats. Text never becomes a formula.
    """
    rows: dict[str, list[list[Any]]] = {}
    if report.results is not None and len(report.results):
        # Thousands of plain rows: not through openpyxl's cells.
        rows[_say("report.sheet_results", lang)] = _rows(report.results)
    save_workbook(workbook_of(report, lang=lang, style=style, drawn=drawn), path, rows=rows)


def workbook_of(report: Report, *, lang: str, style: Style, drawn: Drawings | None = None) -> Workbook:
    """The workbook before it is saved; the results sheet has only its head, `write` adds the rows."""
    from openpyxl import Workbook

    from evalkit.report.xlsx_table import put_table

    book = Workbook()
    cover = book.active
    cover.title = _say("report.sheet_cover", lang)
    contents = book.create_sheet(_say("report.sheet_contents", lang))
    entries: list[tuple[str, str]] = []
    for one in report.numbered():
        for number, table in one.tables:
            sheet = book.create_sheet(_say("report.sheet_table", lang, n=number))
            printed = print_table(table, number, style, lang)
            put_table(sheet, printed, style)
            _link(sheet.cell(1, len(printed.columns) + 2), contents.title, "← " + contents.title, style)
            entries.append((sheet.title, table.title.text(lang)))
        for number, figure in one.figures:
            sheet = book.create_sheet(_say("report.sheet_figure", lang, n=number))
            _figure_sheet(sheet, figure, number, drawing_of(figure, drawn or {}, lang, style), style, lang)
            entries.append((sheet.title, figure.title.text(lang)))
    if report.results is not None and len(report.results):
        sheet = book.create_sheet(_say("report.sheet_results", lang))
        _data_sheet(sheet, report.results, "results", style, filled=False)
        entries.append((sheet.title, _say("report.results_rows", lang)))
    _cover(cover, report, style, lang)
    _contents(contents, entries, report, style, lang)
    book.properties.title = printable(report.title.text(lang))
    return book


def _cover(sheet: Worksheet, report: Report, style: Style, lang: str) -> None:
    lines: list[tuple[str, float, bool, str | None]] = []
    if report.title.text(lang):
        lines.append((report.title.text(lang), 16, True, None))
    if report.simulated:
        lines.append((_say("report.simulated", lang), 12, True, _RED))
    lines += [(fact.text(lang), 10.5, False, None) for fact in report.facts]
    lines.append((_say("report.footer", lang, style=style.name[lang]), 10.5, False, None))
    lines.append((_say("report.number_formats", lang), 10.5, False, None))
    if report.plan_hash:
        lines.append((_say("report.plan_hash", lang, hash=report.plan_hash), 10.5, False, None))
    for section in report.sections:
        notices = say_all(section.notices, lang)
        if not notices and not section.provenance:
            continue
        lines += [("", 10.5, False, None), (section.title.text(lang), 11, True, None)]
        lines += [(line.text(lang), 10.5, False, None) for line in section.provenance]
        lines += [("△ " + notice, 10.5, False, None) for notice in notices]
    for row, (text, size, bold, colour) in enumerate(lines, start=1):
        _text(sheet, row, 1, text, style, size=size, bold=bold, colour=colour, wrap=True)
        printed_lines = math.ceil(text_width(text) * size / 10.5 / _COVER_WIDTH) or 1
        sheet.row_dimensions[row].height = 1.45 * size * printed_lines
    sheet.column_dimensions["A"].width = _COVER_WIDTH
    sheet.print_area = f"A1:A{len(lines)}"
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    _page(sheet)


def _contents(sheet: Worksheet, entries: Sequence[tuple[str, str]], report: Report, style: Style, lang: str) -> None:
    _text(sheet, 1, 1, sheet.title, style, size=14, bold=True)
    if report.simulated:
        _text(sheet, 1, 2, _say("report.simulated", lang), style, bold=True, colour=_RED)
    for row, (name, title) in enumerate(entries, start=2):
        _link(sheet.cell(row, 1), name, name, style)
        _text(sheet, row, 2, title, style)
    sheet.column_dimensions["A"].width = 16
    sheet.column_dimensions["B"].width = 80
    _page(sheet)


def _figure_sheet(sheet: Worksheet, figure: Figure, number: int, drawing: Drawn, style: Style, lang: str) -> None:
    """Caption, picture and the numbers drawn, as a table below."""
    from openpyxl.drawing.image import Image

    caption = caption_lines("figure", number, figure.title, style, lang)
    for row, line in enumerate(caption, start=1):
        _text(sheet, row, 1, "".join(run.text for run in line), style, size=11, bold=True)
    row = len(caption) + 1
    if drawing.png:
        picture = Image(io.BytesIO(drawing.png))
        picture.width, picture.height = _PICTURE_WIDTH, round(_PICTURE_WIDTH * picture.height / picture.width)
        sheet.add_image(picture, f"A{row}")
        row += math.ceil(picture.height / 20) + 1
    _data_sheet(sheet, _with_words(drawing.data, figure, lang), f"figure{number}", style, first=row, freeze=False)


def _with_words(data: pd.DataFrame, figure: Figure, lang: str) -> pd.DataFrame:
    """The numbers drawn, with the wording beside each column of ids that has one."""
    out = data.copy()
    for name in data.columns:
        words = [figure.labels[v].text(lang) if isinstance(v, str) and v in figure.labels else None for v in data[name]]
        if any(words):
            out.insert(list(out.columns).index(name) + 1, f"{name}_label", words)
    return out


def _data_sheet(
    sheet: Worksheet,
    data: pd.DataFrame,
    name: str,
    style: Style,
    *,
    first: int = 1,
    freeze: bool = True,
    filled: bool = True,
) -> None:
    """A frame as a real table of the spreadsheet: filterable, numbers as numbers, nan and None empty."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.filters import AutoFilter
    from openpyxl.worksheet.table import Table as SheetTable
    from openpyxl.worksheet.table import TableColumn, TableStyleInfo

    if not len(data.columns):
        return
    names = _unique([printable(str(c)) or "_" for c in data.columns])
    widths = [text_width(n) + 3 for n in names]
    for j, column in enumerate(names, start=1):
        _text(sheet, first, j, column, style, bold=True)
    for j, column in enumerate(data.columns, start=1):
        values, widest = _column_values(data[column])
        widths[j - 1] = max(widths[j - 1], widest)
        for i, value in enumerate(values if filled else (), start=first + 1):
            if value is not None:
                sheet.cell(i, j, value)
    last = max(first + len(data), first + 1)  # a table needs a row below its head
    # Columns are named here because openpyxl would make every cell of the range to look for the names.
    columns = [TableColumn(id=number, name=column) for number, column in enumerate(names, start=1)]
    table = SheetTable(displayName=name, ref=f"A{first}:{get_column_letter(len(names))}{last}", tableColumns=columns)
    table.autoFilter = AutoFilter(ref=table.ref)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.add_table(table)
    for j, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(j)].width = round(min(max(width, 11.0), 60.0), 2)
    if freeze:
        sheet.freeze_panes = f"A{first + 1}"
    _page(sheet, landscape=True)


def _rows(data: pd.DataFrame) -> list[list[Any]]:
    return [list(row) for row in zip(*(_column_values(data[name])[0] for name in data.columns), strict=True)]


def _column_values(column: pd.Series) -> tuple[list[Any], float]:
    """What the cells of one column hold, and the width of its widest text; each distinct text is cleaned once."""
    plain = [_plain(value) for value in column]
    texts = {value: printable(value) for value in plain if isinstance(value, str)}
    widest = max((text_width(text) + 2 for text in texts.values()), default=0.0)
    return [texts[value] if isinstance(value, str) else value for value in plain], widest


def _plain(value: Any) -> Any:
    """A value a cell can hold: number, bool or text; None for what is missing or has no finite value."""
    import numpy as np

    if isinstance(value, Label):
        return value.zh or value.en or value.key
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (int, bool)) else str(value)


def _unique(names: Sequence[str]) -> list[str]:
    """Heads of a spreadsheet table must differ, upper and lower case being the same."""
    out: list[str] = []
    taken: set[str] = set()
    for name in names:
        new, n = name, 2
        while new.lower() in taken:
            new, n = f"{name}_{n}", n + 1
        taken.add(new.lower())
        out.append(new)
    return out


def _text(
    sheet: Worksheet,
    row: int,
    column: int,
    text: str,
    style: Style,
    *,
    size: float = 10.5,
    bold: bool = False,
    colour: str | None = None,
    wrap: bool = False,
) -> None:
    from openpyxl.styles import Alignment

    from evalkit.report.xlsx_table import font, font_name, put_text

    cell = sheet.cell(row, column)
    put_text(cell, printable(text))
    cell.font = font(font_name(text, style), size, bold, False, colour)
    if wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _link(cell: Any, sheet_name: str, text: str, style: Style) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    from evalkit.report.xlsx_table import font, font_name, put_text

    put_text(cell, text)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet_name}'!A1", display=text)
    cell.font = font(font_name(text, style), 10.5, False, False, _BLUE)


def _page(sheet: Worksheet, *, landscape: bool = False) -> None:
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0


def _say(key: str, lang: str, **params: Any) -> str:
    return Label(key, **params).text(lang)
