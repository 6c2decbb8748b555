"""openpyxl workbooks in, safe and deterministic xlsx files out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.contract.problems import Place, Problem
from evalkit.sheets.archive import rewrite_zip, write_bytes
from evalkit.sheets.rows import with_rows
from evalkit.sheets.text import CELL_LIMIT, FORMULA_STARTS, clean_text, escaped, utf16_units

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell as OpenpyxlCell

_STREAMED_FORMULA = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"((?: s="[0-9]+")?)[^<>]*><f[^<>]*>([^<]*)</f><v ?(?:/>|></v>)</c>'
)


def safe_cell(sheet: Any, value: Any) -> Any:
    """What to append to a row of a write-only sheet: text becomes a cell that can never be a formula.

    Parameters
    ----------
    sheet : openpyxl write-only worksheet
    value : str, number, bool, datetime or None
        Anything but text is given back as it is.
    """
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value="")
    _put_text(cell, clean_text(value, CELL_LIMIT))
    return cell


def save_workbook(
    workbook: Workbook,
    path: Path | str,
    *,
    formulas: Collection[tuple[str, str]] = (),
    rows: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    file: str = "",
) -> tuple[Problem, ...]:
    """Write a workbook: no formulas but the allowed ones, fixed properties, the same bytes every time, atomically.

    Parameters
    ----------
    workbook : openpyxl.Workbook
        Ordinary or write-only (there, rows are already streamed: give text through `safe_cell`).
    formulas : collection of (sheet title, A1)
        Cells that may keep their formula. Text of any other cell that starts with `= + - @` is written as
        text with the quote-prefix mark.
    rows : mapping, optional
        Sheet title -> rows of numbers, texts and None that follow those the sheet holds, without styles: a cell
        of openpyxl's costs twenty times as much. Text stays text.
    file : str
        Name for the notes; by default that of the path.

    Returns
    -------
    tuple of Problem
        N207 for each cell whose text was cut at 32,767 characters.

    Raises
    ------
    OutputError
        E131 if the target cannot be written.
    """
    allowed = frozenset(formulas)
    notes: list[Problem] = []
    if not workbook.write_only:
        for sheet in workbook.worksheets:
            # sheet.iter_rows() would make every empty cell of the bounding box.
            cells = sorted(sheet._cells.items())
            cut = [cell.coordinate for _, cell in cells if _secure(cell, sheet.title, allowed)]
            notes += [Problem("N207", Place(file or Path(path).name, sheet.title, a1)) for a1 in cut]
    titles = [sheet.title for sheet in workbook.worksheets]
    changes = {
        f"xl/worksheets/sheet{titles.index(title) + 1}.xml": partial(with_rows, rows=more)
        for title, more in (rows or {}).items()
    }
    write_bytes(path, workbook_bytes(workbook, changes))
    return tuple(notes)


def workbook_bytes(workbook: Workbook, changes: Mapping[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    """The file of a workbook whose text is safe already (`safe_cell`): fixed properties, no streamed formulas.

    Parameters
    ----------
    changes : mapping, optional
        Part name -> function that gives the part's new bytes.
    """
    workbook.properties.creator = "evalkit"
    stream = io.BytesIO()
    workbook.save(stream)
    data = stream.getvalue()
    return rewrite_zip(_without_streamed_formulas(data) if workbook.write_only else data, changes)


def _secure(cell: OpenpyxlCell, title: str, allowed: frozenset[tuple[str, str]]) -> bool:
    """Make one cell safe; whether its text had to be cut."""
    if cell.comment is not None:
        cell.comment.text = clean_text(cell.comment.text, CELL_LIMIT)
    if cell.data_type == "f" and (title, cell.coordinate) in allowed:
        return False
    value = getattr(cell.value, "text", cell.value) if cell.data_type == "f" else cell.value
    if not isinstance(value, str) or cell.data_type == "e":
        return False
    _put_text(cell, clean_text(value, CELL_LIMIT))
    return 2 * len(value) > CELL_LIMIT and utf16_units(value) >= CELL_LIMIT


def _put_text(cell: Any, text: str) -> None:
    """Text as text: never read as a formula or an error code; a literal `_x000D_` survives Excel's decoding."""
    cell._value = escaped(text)
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True


def _without_streamed_formulas(data: bytes) -> bytes:
    """Turn formulas of a write-only workbook into text. The XML is openpyxl's own, so its form is known."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet") and b"<f" in content:
                content = _STREAMED_FORMULA.sub(rb'<c r="\1"\2 t="inlineStr"><is><t>=\3</t></is></c>', content)
            target.writestr(name, content)
    return out.getvalue()
