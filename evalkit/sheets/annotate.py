"""A Book and its problems in, a new workbook out: the cells read, at their addresses, the bad ones marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.contract.problems import OutputError, Place, Problem
from evalkit.contract.words import place_text, say, text_of
from evalkit.sheets.cells import DATE, ERROR, Book, Sheet, cell_value, column_letter, split_address
from evalkit.sheets.text import lines_in
from evalkit.sheets.workbook import safe_cell, save_workbook

YELLOW = "FFFFF2A8"
TITLE_LIMIT = 31
WHOLE_CELLS = 2_000_000  # a larger book is shown in part: writing takes some 10 microseconds a cell
TOP_ROWS = 10  # of each sheet, shown in any case: the header
NAMED_PLACES = 50  # addresses spelt out in one line of the list
WIDTHS, LINE = (10, 80, 8, 60), 15  # of the list's columns in digits; height of a line in points

_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")


def problem_workbook(
    book: Book,
    problems: Iterable[Problem],
    path: Path | str,
    lang: str,
    *,
    private: Mapping[str, Mapping[int, int]] | None = None,
    cover: Callable[[str], str] = str,
) -> None:
    """Write a new workbook that field staff can mend. The original is not opened.

    Parameters
    ----------
    book : Book
        As read; every sheet of it is written, values at their own addresses. Of a book of more than WHOLE_CELLS
        cells only the first rows and those with a mark are written; N209 in the list says so.
    problems : iterable of Problem
        Those with a cell of this book are marked there (yellow, with a comment: what is wrong and the remedy);
        all are listed, alike ones together, on a sheet of their own. Problems found while reading the book are
        added if they are not among them.
    path : path
    lang : str
        `zh` or `en`.
    private : mapping, optional
        Sheet name -> column number -> first row of it whose values stay out (N211 in the list names the columns).
    cover : callable
        Gives each cell's text as it may be shown (`ingest.masked_text`); a text that it changes is written as text.

    Raises
    ------
    OutputError
        E131 if the target cannot be written, E132 if it is the file that was read.
    """
    from openpyxl import Workbook
    from openpyxl.worksheet.properties import PageSetupProperties

    _refuse_original(book, Path(path))
    found = list(dict.fromkeys([*problems, *book.problems, *(p for s in book.sheets for p in s.problems)]))
    in_part = sum(sheet.n_rows * sheet.n_columns for sheet in book.sheets) > WHOLE_CELLS
    if in_part:
        found.append(Problem("N209", Place(book.name), {"n": TOP_ROWS}))
    hidden = private or {}
    found += [
        Problem("N211", Place(book.name, name), {"columns": [column_letter(n) for n in sorted(columns)]})
        for name, columns in hidden.items()
        if columns
    ]
    marks = _marks(book, found, lang)
    workbook = Workbook(write_only=True)
    titles = _titles([text_of("sheets.problems", lang), *(sheet.name for sheet in book.sheets)])
    listed = workbook.create_sheet(titles[0])
    listed.page_setup.orientation, listed.page_setup.fitToHeight = "landscape", 0
    listed.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    _list_problems(listed, found, lang)
    for sheet, title in zip(book.sheets, titles[1:], strict=True):
        target = workbook.create_sheet(title)
        for row in _rows(sheet, marks.get(sheet.name, {}), hidden.get(sheet.name, {}), target, in_part, cover):
            target.append(row)
    save_workbook(workbook, path)


def _refuse_original(book: Book, path: Path) -> None:
    """Raise OutputError if the path is the file that was read."""
    if path.exists() and book.path.exists() and path.samefile(book.path):
        raise OutputError(Problem("E132", Place(path.name)))


def _marks(book: Book, problems: Sequence[Problem], lang: str) -> dict[str, dict[tuple[int, int], str]]:
    """Sheet name -> (row, column) -> comment."""
    names = {sheet.name for sheet in book.sheets}
    marks: dict[str, dict[tuple[int, int], str]] = {}
    for problem in problems:
        at = problem.at
        if at is None or not at.cell or at.sheet not in names or at.file not in ("", book.name):
            continue
        cell = split_address(at.cell)
        if cell != (0, 0):
            texts = marks.setdefault(at.sheet, {})
            sentence = say(Problem(problem.code, None, problem.params), lang)
            texts[cell] = f"{texts[cell]}\n{sentence}" if cell in texts else sentence
    return marks


def _rows(
    sheet: Sheet,
    marks: dict[tuple[int, int], str],
    hidden: Mapping[int, int],
    target: Any,
    in_part: bool,
    cover: Callable[[str], str],
) -> Iterator[list[Any]]:
    """The rows of the sheet from row 1 on, and beyond it those that hold a mark; in part: blanks for the others."""
    from openpyxl.styles import PatternFill

    fill = PatternFill("solid", fgColor=YELLOW)
    columns = {column.number: k for k, column in enumerate(sheet.columns)}
    marked: dict[int, list[int]] = {}
    for row, column in marks:
        marked.setdefault(row, []).append(column)
    shown = [(int(row), k) for k, row in enumerate(sheet.rows) if not in_part or k < TOP_ROWS or row in marked]
    position = dict(shown)
    for row in range(1, max([*position, *marked], default=0) + 1):
        values: dict[int, Any] = {}
        if row in position:
            values = {
                n: _value(sheet, position[row], k, target, cover)
                for n, k in columns.items()
                if n not in hidden or row < hidden[n]
            }
        for column in marked.get(row, ()):
            values[column] = _marked(target, values.get(column), fill, marks[row, column])
        filled = [n for n, value in values.items() if value is not None]
        yield [values.get(n) for n in range(1, max(filled, default=0) + 1)]


def _value(sheet: Sheet, row_position: int, column_position: int, target: Any, cover: Callable[[str], str]) -> Any:
    column = sheet.columns[column_position]
    kind = int(column.kinds[row_position])
    text = column.distinct[column.index[row_position]]
    shown = cover(text)
    if shown != text:
        return safe_cell(target, shown)
    value = cell_value(text, kind)
    if kind == ERROR and not value:
        return None
    if kind == DATE and not isinstance(value, str):
        return _dated(target, value)
    return safe_cell(target, value)


def _dated(target: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(target, value=value)
    cell.number_format = "yyyy-mm-dd hh:mm:ss" if value.time() != value.min.time() else "yyyy-mm-dd"
    return cell


def _marked(target: Any, value: Any, fill: Any, text: str) -> Any:
    from openpyxl.cell import Cell, WriteOnlyCell
    from openpyxl.comments import Comment

    cell = value if isinstance(value, Cell) else WriteOnlyCell(target, value=value)
    cell.fill = fill
    cell.comment = Comment(text, "evalkit", height=120, width=320)
    return cell


def _list_problems(target: Any, problems: Sequence[Problem], lang: str) -> None:
    """One line for alike problems (same code, same parameters): severity, finding, count, places."""
    from openpyxl.styles import Alignment, Font

    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        sentence = say(Problem(problem.code, None, problem.params), lang)
        groups.setdefault((problem.severity, sentence), []).append(problem)
    for letter, width in zip("ABCD", WIDTHS, strict=True):
        target.column_dimensions[letter].width = width
    target.freeze_panes = "A2"
    head = [safe_cell(target, text_of(f"sheets.{key}", lang)) for key in ("severity", "finding", "count", "place")]
    for cell in head:
        cell.font = Font(bold=True)
    target.append(head)
    order = {"error": 0, "warning": 1, "note": 2}
    for row, ((severity, sentence), alike) in enumerate(sorted(groups.items(), key=lambda e: order[e[0][0]]), 2):
        cells = [safe_cell(target, text) for text in (text_of(f"sheets.{severity}", lang), sentence)]
        where = _places(alike, lang)
        places = safe_cell(target, where)
        target.row_dimensions[row].height = LINE * max(lines_in(sentence, WIDTHS[1]), lines_in(where, WIDTHS[3]))
        for cell in (cells[1], places):
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        target.append([*cells, len(alike), places])


def _places(problems: Sequence[Problem], lang: str) -> str:
    """`Sheet1 › C17, D4`: addresses by sheet, in sheet order, the first NAMED_PLACES of them."""
    by_sheet: dict[str, list[str]] = {}
    for at in [p.at for p in problems[:NAMED_PLACES] if p.at is not None]:
        within = Place(line=at.line, paragraph=at.paragraph, comment=at.comment)
        by_sheet.setdefault(at.sheet or at.file, []).append(at.cell or place_text(within, lang))
    comma, gap = ("、", "；") if lang == "zh" else (", ", "; ")
    named = [
        " › ".join(part for part in (sheet, comma.join(filter(None, cells))) if part)
        for sheet, cells in by_sheet.items()
    ]
    return gap.join(named) + ("…" if len(problems) > NAMED_PLACES else "")


def _titles(names: Sequence[str]) -> list[str]:
    """Sheet titles Excel accepts: no `[]:*?/\\`, 31 characters, no two alike."""
    titles: list[str] = []
    taken: set[str] = set()
    for name in names:
        base = _NOT_IN_TITLES.sub("_", name).strip("'")[:TITLE_LIMIT] or "_"
        title, n = base, 1
        while title.lower() in taken:
            n += 1
            title = f"{base[: TITLE_LIMIT - len(str(n)) - 1]}~{n}"
        taken.add(title.lower())
        titles.append(title)
    return titles
