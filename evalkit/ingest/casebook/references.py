"""What the sheets say of one another: ids that stand twice, ids that nobody defines, ties to oneself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import pandas as pd

from evalkit.contract import Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS, folded, title_of
from evalkit.ingest.casebook.sheets import Reading


def check_references(tables: Mapping[str, Table], reading: Reading) -> None:
    """Faults: E2109 for an id that stands twice, E2115 for one that its sheet does not define, E2122 for self-ties.

    A sheet that is missing defines nothing, and is not asked.
    """
    for name, table in tables.items():
        form = SHEETS[name]
        if form.key:
            _unique(table, form.key, reading)
        for field in form.fields:
            target = tables.get(field.refers)
            if target is not None and target.given:
                _known(table, field.name, target, field.refers, reading)
    ties = tables["ties"]
    for row, (a, b) in enumerate(zip(ties.frame["from"], ties.frame["to"], strict=True)):
        if not pd.isna(a) and a == b:
            reading.fault("E2122", ties.place(row, "to"), actor=a)


def _unique(table: Table, key: str, reading: Reading) -> None:
    first: dict[str, int] = {}
    for row, value in enumerate(table.frame[key].tolist()):
        if pd.isna(value):
            continue
        if value in first:
            reading.fault("E2109", table.place(row, key), column=key, value=value, other=table.spot(first[value], key))
        first.setdefault(value, row)


def _known(table: Table, column: str, target: Table, name: str, reading: Reading) -> None:
    known = set(target.frame[SHEETS[name].key].dropna())
    sheet = _called(target, name)
    folded = {str(k).casefold().lstrip("0"): k for k in known}
    told: dict[str, list[str]] = {}
    for row, value in enumerate(table.frame[column].tolist()):
        if pd.isna(value):
            continue
        for one in str(value).split("; "):
            if one in known:
                continue
            if one not in told:
                twin = folded.get(one.casefold().lstrip("0"))  # a spreadsheet makes 1 of 01
                told[one] = [twin] if twin else difflib.get_close_matches(one, known, 1, 0.5) or sorted(known)[:3]
            params = {"column": column, "value": one, "sheet": sheet, "near": told[one] or ["–"]}
            reading.problems.append(Problem("E2115", table.place(row, column), params))


def _called(target: Table, name: str) -> dict[str, str]:
    """The title of a sheet, and what it is called in the file where that is another word."""
    titles = title_of(name)
    own = target.sheet or target.file
    if not own or folded(own) in {folded(title) for title in titles.values()}:
        return {lang: own or title for lang, title in titles.items()}
    return {"zh": f"{titles['zh']}（{own}）", "en": f"{titles['en']} ({own})"}
