"""A plan file in, TOML or workbook, its tables before they are checked out, with the place of every key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.contract import Place, PlanError, Problem
from evalkit.instrument import decode_toml, toml_problem
from evalkit.plan.canonical import Key
from evalkit.plan.lines import Lines
from evalkit.plan.schema import REPEATED
from evalkit.plan.workbook_reader import BEGINNINGS, Draft, read_workbook

_MARK = "\ufeff"


def read_draft(path: Path) -> Draft:
    """Read a plan file.

    Raises
    ------
    InputError
        If a workbook is damaged.
    PlanError
        E502 if there is none; E518, E401 for its encoding; what `tomllib` or the workbook reader finds.
    """
    if not path.is_file():
        raise PlanError(Problem("E502", params={"file": str(path)}))
    data = path.read_bytes()
    if data.startswith(BEGINNINGS):
        draft = read_workbook(path)
        draft.source = data
        return draft
    text = decode_toml(data, path.name)
    if isinstance(text, Problem):
        raise PlanError(text)
    if text.startswith(_MARK):
        raise PlanError(Problem("E518", Place(file=path.name, line=1)))
    return parse_draft(text, path)


def parse_draft(text: str, path: Path) -> Draft:
    """The same from a text; `path` gives the name in messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(toml_problem(text, error, path.name)) from None
    except RecursionError:  # tomllib goes down one call for each bracket
        raise PlanError(Problem("E411", Place(file=path.name), {"detail": "nested too deeply"})) from None
    return Draft(raw, text=text, source=text.encode())


def places_of(draft: Draft, path: Path) -> Mapping[Key, Place]:
    """The cell of every key, or its line in the text."""
    if draft.text is None:
        return draft.places
    lines = Lines(draft.text, path.name)

    def at(line: int) -> Place:
        return Place(file=path.name, line=line)

    found: dict[Key, Place] = {("", 0, ""): at(1)}
    for name, value in draft.raw.items():
        if not isinstance(value, Mapping) and name not in REPEATED:
            found["", 0, name] = at(lines.key("", 0, name))
            continue
        for index, entry in enumerate(_entries(value)):
            found[name, index, ""] = at(lines.table(name, index))
            found |= {(name, index, key): at(lines.key(name, index, key)) for key in entry}
    return found


def _entries(value: Any) -> list[Mapping[str, Any]]:
    """The entries of a table, one or repeated; what is no table has none."""
    listed = value if isinstance(value, list) else [value]
    return [entry if isinstance(entry, Mapping) else {} for entry in listed]
