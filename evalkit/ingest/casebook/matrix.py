"""Ties written as a square table of actors, as they stand in many workbooks: one row each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evalkit.contract import Place, Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS, Field
from evalkit.ingest.casebook.values import Fault, cleaned, half_width, value_of
from evalkit.sheets import Sheet

SEARCHED_ROWS = 10
_STRENGTH = Field("weight", "number", low=0)


def matrix_ties(sheet: Sheet, problems: list[Problem]) -> Table | None:
    """The sheet `ties` where its headings are the actors of its first column; None for any other sheet.

    A cell that is empty or 0 is no tie; the diagonal is left out where it is empty or 0, and else a tie to oneself.
    """
    for top in range(min(SEARCHED_ROWS, sheet.n_rows)):
        heads = {half_width(sheet.text(top, at)): at for at in range(1, sheet.n_columns)}
        heads.pop("", None)
        names = {row: half_width(sheet.text(row, 0)) for row in range(top + 1, sheet.n_rows)}
        names = {row: name for row, name in names.items() if name}
        if len(heads) > 1 and len(names) == len(heads) and set(names.values()) == set(heads):
            return _ties(sheet, names, heads, problems)
    return None


def _ties(sheet: Sheet, names: dict[int, str], heads: dict[str, int], problems: list[Problem]) -> Table:
    rows: list[dict[str, Any]] = []
    places: dict[int, Place] = {}
    for row, sender in names.items():
        for receiver, at in heads.items():
            cell = sheet.cell(row, at)
            if not cleaned(cell.text):
                continue
            try:
                weight = value_of(cell, _STRENGTH)
            except Fault as fault:
                problems.append(fault.problem(cell, "weight"))
                continue
            if weight:
                places[len(rows)] = cell.place
                rows.append({"from": sender, "to": receiver, "weight": weight})
    columns = {
        f.name: pd.Series([row.get(f.name) for row in rows], dtype=float if f.kind == "number" else "str")
        for f in SHEETS["ties"].fields
    }
    numbers = tuple(range(1, len(rows) + 1))
    return Table(pd.DataFrame(columns), sheet.book, sheet.name, numbers, given=True, places=places)
