"""openpyxl workbooks in, safe and deterministic xlsx files out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.contract.problems import Place, Problem
from evalkit.sheets.archive import rewrite_zip, write_bytes

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell as OpenpyxlCell

CELL_LIMIT = 32_767  # UTF-16 units a cell can hold; openpyxl cuts there without a word
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")

_NONCHARACTERS = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_ILLEGAL = re.compile(f"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_STREAMED_FORMULA = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"((?: s="[0-9]+")?)[^<>]*><f[^<>]*>([^<]*)</f><v ?(?:/>|></v>)</c>'
)


def clean_text(text: str, limit: int | None = None) -> str:
    """Text that every office format can hold.

    Parameters
    ----------
    text : str
    limit : int, optional
        Longest allowed text in UTF-16 units; a longer one is cut and ends in `…`.

    Returns
    -------
    str
        Without C0 control characters (except TAB and LF; CR LF and CR become LF), lone surrogates and
        noncharacters. Bidirectional marks stay: they are somebody's text.
    """
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if limit is None or 2 * len(text) <= limit or _units(text) <= limit else _cut(text, limit)


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
    workbook: Workbook, path: Path | str, *, formulas: Collection[tuple[str, str]] = (), file: str = ""
) -> tuple[Problem, ...]:
    """Write a workbook: no formulas but the allowed ones, fixed properties, the same bytes every time, atomically.

    Parameters
    ----------
    workbook : openpyxl.Workbook
        Ordinary or write-only (there, rows are already streamed: give text through `safe_cell`).
    formulas : collection of (sheet title, A1)
        Cells that may keep their formula. Text of any other cell that starts with `= + - @` is written as
        text with the quote-prefix mark.
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
    workbook.properties.creator = "evalkit"
    stream = io.BytesIO()
    workbook.save(stream)
    data = stream.getvalue()
    write_bytes(path, rewrite_zip(_without_streamed_formulas(data) if workbook.write_only else data))
    return tuple(notes)


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
    return 2 * len(value) > CELL_LIMIT and _units(value) >= CELL_LIMIT


def _put_text(cell: Any, text: str) -> None:
    """Text as text: never read as a formula or an error code; a literal `_x000D_` survives Excel's decoding."""
    cell._value = _ESCAPE.sub("_x005F_", text)
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


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, limit: int) -> str:
    units = 0
    for position, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit - 1:
            return text[:position] + "…"
    return text
