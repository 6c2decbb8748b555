"""Columns in, a csv file out: UTF-8 with BOM for Excel, and no text that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

from evalkit.contract import Problem
from evalkit.report.data_files.cells import CellValue, cells
from evalkit.report.data_files.fields import DataTable
from evalkit.sheets import clean_text, guarded


def content(table: DataTable) -> tuple[bytes, tuple[Problem, ...]]:
    """The bytes of the file; every column can be held."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([guarded(clean_text(one.name)) for one in table.fields])
    columns = [list(map(_spelt, cells(one, table.lang))) for one in table.fields]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue().encode("utf-8-sig"), ()


def _spelt(value: CellValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(clean_text(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    return value.isoformat() if isinstance(value, date) else repr(value)
