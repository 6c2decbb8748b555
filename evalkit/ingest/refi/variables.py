"""Variable values of sources or cases in, columns of their sheet out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.casebook.schema import SHEETS, Field, column_words, folded
from evalkit.ingest.casebook.sheets import column_of
from evalkit.ingest.casebook.values import Fault, cleaned, half_width, value_of
from evalkit.ingest.refi.outline import Node
from evalkit.ingest.refi.project import Project
from evalkit.sheets import TEXT, Cell

MAX_CELLS = 20_000_000
_NUMBERS = ("Integer", "Float", "Boolean")
_NEVER = ("source_id", "path", "sha256", "n_chars")
"""Columns that a variable cannot fill: the reader knows better."""


def values_of(project: Project, nodes: Sequence[Sequence[Node]], sheet: str) -> dict[str, pd.Series]:
    """Columns of a sheet from the variables of its rows.

    Parameters
    ----------
    nodes : sequence of sequences of Node
        The elements that hold the values of each row.

    Returns
    -------
    dict
        A variable that is called as a column of the sheet, and whose every value such a column can hold, is that
        column; any other is an attribute: numbers where it was declared so, else texts.
    """
    known = {node.guid(): node for node in project.root.within("Variables") if node.name == "Variable"}
    raw: dict[str, dict[int, str]] = {}
    kinds: dict[str, set[str]] = {}
    for row, owners in enumerate(nodes):
        for value in (v for node in owners for v in node.each("VariableValue")):
            ref = next(value.each("VariableRef"), None)
            variable = known.get(ref.guid("targetGUID")) if ref else None
            text = next((c.text for c in value.children if c.name.endswith("Value")), "")
            if variable is None or not cleaned(text):
                continue
            title = " ".join(half_width(variable.get("name")).split()) or variable.guid()
            raw.setdefault(title, {})[row] = _plain(text, variable.get("typeOfVariable"))
            kinds.setdefault(title, set()).add(variable.get("typeOfVariable"))
    if len(raw) * len(nodes) > MAX_CELLS:
        at = Place(project.container.file, project.container.part)
        raise InputError(Problem("E2165", at, {"n": len(raw) * len(nodes), "limit": MAX_CELLS}))
    full = {title: [texts.get(row, "") for row in range(len(nodes))] for title, texts in raw.items()}
    return _columns(full, kinds, sheet)


def _plain(text: str, kind: str) -> str:
    if kind == "Boolean":
        return {"true": "1", "false": "0"}.get(text.strip().lower(), text.strip())
    return text.strip().replace("T", " ").removesuffix("Z") if kind == "DateTime" else text


def _columns(raw: Mapping[str, list[str]], kinds: Mapping[str, set[str]], sheet: str) -> dict[str, pd.Series]:
    words = {word: name for word, name in column_words(sheet).items() if name not in _NEVER}
    fields = {f.name: f for f in SHEETS[sheet].fields}
    found: dict[str, pd.Series] = {}
    for title, texts in raw.items():
        name = words.get(folded(title))
        read = None if name is None or name in found else _read(texts, fields[name])
        if name is not None and read is not None:
            found[name] = read
            continue
        free = title
        while free in fields or free in found:
            free += "_"
        number = _read(texts, Field(title, "number")) if kinds[title] <= set(_NUMBERS) else None
        found[free] = _read(texts, Field(title)) if number is None else number
    return found


def _read(texts: Sequence[str], field: Field) -> pd.Series | None:
    """The values as that column wants them; None if one cannot be."""
    values: list[Any] = []
    for text in texts:
        try:
            values.append(value_of(Cell("", "", "", text, text, TEXT), field) if cleaned(text) else None)
        except Fault:
            return None
    return column_of(values, field.kind)
