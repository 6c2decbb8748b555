"""A Collection in; a workbook of receipts, one problem workbook a file, and the joined data set as workbooks out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Label, Problem, codebook_of
from evalkit.contract.masking import masked, masked_text
from evalkit.contract.words import say, text_of
from evalkit.ingest.privacy import personal_column, private_header
from evalkit.ingest.responses import Responses
from evalkit.sheets import problem_workbook, safe_cell, save_workbook
from evalkit.sheets.cells import column_letter, column_number
from evalkit.sheets.text import lines_in

if TYPE_CHECKING:
    from evalkit.ingest.desk.collection import Collection
    from evalkit.sheets import Book, Sheet

HEADING_ROWS = 10
"""First rows of a sheet that was not read in which a heading is looked for."""
RED, YELLOW, HEAD = "FFF8CBAD", "FFFFF2A8", "FFE7E6E6"


def write_desk(found: Collection, folder: Path, lang: str) -> tuple[Path, ...]:
    """Write everything into a folder that is there.

    Parameters
    ----------
    lang : str
        `zh` (收件登记.xlsx, 合并数据.xlsx, 问题/) or `en` (receipts.xlsx, data.xlsx, problems/).

    Returns
    -------
    tuple of Path
        The files written, receipts first.

    Raises
    ------
    OutputError
        E131 if a file cannot be written.
    """
    receipts = folder / f"{text_of('desk.file.receipts', lang)}.xlsx"
    _write_receipts(found, receipts, lang)
    written = [receipts]
    if found.responses is not None:
        data = folder / f"{text_of('desk.file.data', lang)}.xlsx"
        _write_data(found.responses, data, lang)
        written.append(data)
    troubled = [one for one in found.files if one.name in found.books and _to_mend(one.problems)]
    below = folder / text_of("desk.file.problems", lang)
    if troubled:
        below.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for one in troubled:
        path = below / f"{_file_name(one.name, lang, taken)}.xlsx"
        apart = () if found.responses is None else found.responses.private.columns
        private = private_columns(found.alone[one.name], found.books[one.name], apart)
        problem_workbook(found.books[one.name], one.problems, path, lang, private=private, cover=masked_text)
        written.append(path)
    return tuple(written)


def private_columns(responses: Responses, book: Book, apart: Iterable[str] = ()) -> dict[str, dict[int, int]]:
    """Sheet -> number of each private column -> the row below its header.

    Parameters
    ----------
    book : Book
        The file itself: in sheets that were not read a heading tells what is personal.
    apart : iterable of str
        Further columns that are private, in other files of the same data.
    """
    rows = [*responses.source["row"], *responses.rejected["row"]]
    first = int(min(rows, default=1))
    found: dict[str, dict[int, int]] = {}
    columns = responses.columns
    kept = columns["target"].isin([*responses.private.columns, *apart])  # items of the instrument marked private too
    kept |= (columns["fate"] == "private") | ((columns["fate"] == "ignored") & columns["header"].map(private_header))
    for column in columns[kept].itertuples():
        found.setdefault(str(column.sheet), {})[column_number(str(column.letter))] = first
    read = set(responses.source["sheet"])
    for sheet in book.sheets:
        hidden = {} if sheet.name in read else _headed_columns(sheet)
        if hidden:
            found[sheet.name] = hidden
    return found


def _headed_columns(sheet: Sheet) -> dict[int, int]:
    """Number of each column with a heading that tells personal data -> the row below the heading."""
    found = {}
    for column in sheet.columns:
        for k in range(min(HEADING_ROWS, sheet.n_rows)):
            texts = column.distinct
            below, counts = np.unique(column.index[k + 1 :], return_counts=True)
            heading = texts[column.index[k]]
            why = personal_column(heading, [texts[t] for t in below], counts.tolist()) if heading else None
            if why is not None and why.by == "heading":
                found[column.number] = int(sheet.rows[k]) + 1
                break
    return found


def _to_mend(problems: Iterable[Problem]) -> bool:
    return any(problem.severity != "note" for problem in problems)


def _file_name(name: str, lang: str, taken: set[str]) -> str:
    """`南片_桃园社区-问题`: the path below the folder in one name, no two alike."""
    base = "_".join(PurePosixPath(name).with_suffix("").parts) + text_of("desk.file.suffix", lang)
    text, n = base, 1
    while text.casefold() in taken:
        n += 1
        text = f"{base} ({n})"
    taken.add(text.casefold())
    return text


# -- the receipts -----------------------------------------------------------------------------


def _write_receipts(found: Collection, path: Path, lang: str) -> None:
    """Three sheets: a row a community, a row a file, a row a discrepancy."""
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    table = found.table()
    heads = [head.text(lang) for head in table.header[0]] + [text_of("desk.which", lang)]
    names = [", ".join(receipt.files) if lang == "en" else "、".join(receipt.files) for receipt in found.receipts]
    colours = [_colour(receipt.state, receipt.against) for receipt in found.receipts]
    rows = [
        [*(_said(cell, lang) for cell in row.cells), name] for row, name in zip(table.rows, [*names, ""], strict=True)
    ]
    listing(workbook, text_of("desk.title", lang), heads, rows, (9, 18, 12, 8, 8, 8, 12, 12, 12, 50), [*colours, HEAD])
    files = [
        [
            one.name,
            text_of(f"desk.file.{one.state}", lang),
            one.community,
            one.n,
            one.cells,
            one.marks,
            "\n".join(
                dict.fromkeys(say(Problem(p.code, None, p.params), lang) for p in one.problems if not _in_cell(p))
            ),
        ]
        for one in found.files
    ]
    keys = ("file", "state", "community_id", "n", "cells", "version", "remark")
    shades = [RED if one.state in ("unreadable", "different") else None for one in found.files]
    titles = [text_of(f"desk.{key}", lang) for key in keys]
    listing(workbook, text_of("desk.all_files", lang), titles, files, (36, 14, 10, 8, 12, 16, 80), shades)
    titles = [text_of(f"sheets.{key}", lang) for key in ("severity", "finding")] + [
        text_of(f"desk.{key}", lang) for key in ("file", "sheet", "cell")
    ]
    lines = list(_discrepancies(found.problems, lang))
    listing(workbook, text_of("desk.discrepancies", lang), titles, lines, (8, 90, 36, 14, 10), [None] * len(lines))
    save_workbook(workbook, path)


def _colour(state: str, against: str) -> str | None:
    return RED if state != "received" else YELLOW if against in ("below", "over") else None


def _in_cell(problem: Problem) -> bool:
    return problem.at is not None and bool(problem.at.cell)


def _said(cell: Cell, lang: str) -> Any:
    return cell.value.text(lang) if isinstance(cell.value, Label) else cell.value


def _discrepancies(problems: Sequence[Problem], lang: str) -> Iterator[list[Any]]:
    """One line a problem, errors first, otherwise in the order found."""
    order = {"error": 0, "warning": 1, "note": 2}
    for problem in sorted(problems, key=lambda p: order[p.severity]):
        at = problem.at
        place = [at.file, at.sheet, at.cell or at.line or ""] if at else ["", "", ""]
        yield [
            text_of(f"sheets.{problem.severity}", lang),
            say(Problem(problem.code, None, problem.params), lang),
            *place,
        ]


def listing(
    workbook: Any,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    widths: Sequence[float],
    colours: Sequence[str | None],
) -> None:
    """A sheet with a header row that stays in sight, filters, wrapped texts, one page wide in print."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    sheet = workbook.create_sheet(title)
    line = Side(style="thin", color="FFBFBFBF")
    border = Border(left=line, right=line, top=line, bottom=line)
    for position, width in enumerate(widths, start=1):
        sheet.column_dimensions[column_letter(position)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{column_letter(len(heads))}{len(rows) + 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"

    def dressed(value: Any, colour: str | None, bold: bool = False) -> Any:
        cell = safe_cell(sheet, value) if isinstance(value, str) else WriteOnlyCell(sheet, value=value)
        cell.border, cell.font = border, Font(name="Arial", size=10, bold=bold)
        number = isinstance(value, int)
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="center" if number else "left")
        if colour:
            cell.fill = PatternFill("solid", fgColor=colour)
        return cell

    sheet.append([dressed(head, HEAD, bold=True) for head in heads])
    for number, (row, colour) in enumerate(zip(rows, colours, strict=True), start=2):
        # Not every program finds the height of wrapped text by itself.
        lines = max(lines_in(str(value), width) for value, width in zip(row, widths, strict=True) if value is not None)
        sheet.row_dimensions[number].height = 3 + 13 * lines
        sheet.append([dressed(value, colour) for value in row])


# -- the data ---------------------------------------------------------------------------------


def _write_data(responses: Responses, path: Path, lang: str) -> None:
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    data_sheets(workbook, responses, lang)
    save_workbook(workbook, path)


def data_sheets(workbook: Any, responses: Responses, lang: str) -> None:
    """Two sheets: codes under ids, a row a respondent, with file, sheet and row of each; and what the columns mean.

    What is private stays out, and what looks like it is covered.
    """
    frame, book = responses.frame.apply(masked), codebook_of(responses.frame)
    source = {"source_file": "file", "source_sheet": "sheet", "source_row": "row"}
    frame = frame.assign(**{name: responses.source[column] for name, column in source.items()})
    sheet = workbook.create_sheet("data")
    sheet.freeze_panes = "A2"
    sheet.append([safe_cell(sheet, str(name)) for name in frame.columns])
    columns = [list(_written(sheet, frame[name])) for name in frame.columns]
    for row in zip(*columns, strict=True):
        sheet.append(row)
    names = workbook.create_sheet("variables")
    names.append(["name", "kind", "label", "codes"])
    for name in frame.columns:
        variable = book.variables.get(name)
        if variable is not None:
            codes = "; ".join(f"{_code(c.code)} = {c.zh if lang == 'zh' else c.en}" for c in variable.categories)
            names.append([safe_cell(names, text) for text in (name, variable.kind, variable.label.text(lang), codes)])


def _code(code: float | str) -> str:
    return code if isinstance(code, str) else f"{code:.15g}"


def _written(sheet: Any, column: pd.Series) -> Iterator[Any]:
    """Cells of one column: blank where missing, dates as dates."""
    from openpyxl.cell import WriteOnlyCell

    for value in column.astype(object).tolist():
        if value is None or value != value:
            yield None
        elif isinstance(value, pd.Timestamp):
            cell = WriteOnlyCell(sheet, value=value.to_pydatetime())
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
            yield cell
        else:
            yield safe_cell(sheet, value)


def records(found: Collection) -> Mapping[str, Any]:
    """Receipts and files for JSON."""
    return {
        "communities": [receipt.as_record() for receipt in found.receipts],
        "files": [one.as_record() for one in found.files],
    }
