"""Columns in, the cells of a plain table out: what a spreadsheet, a csv file and our own reader understand alike."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from evalkit.contract import MISSING_KINDS
from evalkit.contract.words import text_of
from evalkit.report.data_files.fields import NO_ANSWER, Field

CellValue = float | int | str | datetime | date | None


def mark_text(kind: str, lang: str) -> str:
    """What stands in a cell for a missing answer of this kind; our reader knows it in both languages."""
    return f"({text_of(f'kind.{kind}', lang)})"


def cells(one: Field, lang: str) -> list[CellValue]:
    """One value a row: whole numbers as int, an empty cell (None) or a mark for a missing answer."""
    values: list[CellValue]
    if one.values.dtype.kind == "M":
        days = one.values.astype("datetime64[D]")
        whole = bool((np.isnat(one.values) | (one.values == days)).all())
        moments = (days if whole else one.values.astype("datetime64[us]")).tolist()
        values = [None if moment is None else moment for moment in moments]
    elif one.numeric:
        values = [None if v != v else int(v) if v.is_integer() and abs(v) < 1e15 else v for v in one.values.tolist()]
    else:
        values = list(one.values)
    for position in np.flatnonzero((one.kinds > 0) & (one.kinds != NO_ANSWER)).tolist():
        values[position] = mark_text(MISSING_KINDS[one.kinds[position]], lang)
    return values
