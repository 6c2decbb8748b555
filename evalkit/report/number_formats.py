"""The spreadsheet number format of a cell, so that the number stays a number and shows as the printed text."""

from __future__ import annotations

import math
from numbers import Real

from evalkit.contract import GLOSSARY, Cell
from evalkit.report.formatting import decimals_of, number_text, round_half_up, stars
from evalkit.report.styles import Style


def number_format(cell: Cell, style: Style, width: int = 0) -> str | None:
    """The format that shows `cell.value` as `cell_text` does, or None where the cell must be text.

    Parameters
    ----------
    width : int
        Most star characters in the column: the format pads with that many `_*` blanks, so that the decimal
        points of starred, bracketed and plain numbers stand below one another.
    """
    value = cell.value
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        return None
    value = float(value)
    places = decimals_of(value, cell.kind, style)
    digits = _digits_format(cell.kind, places, style)
    mark = stars(cell.p, style)
    left, right = ("\\" + cell.wrap, "\\" + {"(": ")", "[": "]"}[cell.wrap]) if cell.wrap else ("", "")
    # A closing bracket takes about the room of one star.
    tail = right + (f'"{mark}"' if mark else "") + "_*" * max(width - len(mark) - bool(right), 0)
    if GLOSSARY[cell.kind] == "p":
        bound = number_text(0.0, cell.kind, style)
        return f'[<{style.p_bound:g}]{left}"{bound}"{tail};{left}{digits}{tail}'
    # With two sections the spreadsheet adds no sign of its own, so a negative that rounds to nothing needs none.
    sign = f'"{style.minus}"' if round_half_up(value, places) else ""
    return f"{left}{digits}{tail};{left}{sign}{digits}{tail}"


def _digits_format(kind: str, places: int, style: Style) -> str:
    quantity = GLOSSARY[kind]
    whole = "#,##0" if style.thousands and quantity == "count" else "0"
    if quantity in style.no_leading_zero and places:
        whole = "#"
    return whole + ("." + "0" * places if places else "")
