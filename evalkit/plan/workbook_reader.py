"""A plan as a workbook in, its tables as a TOML file would give them out, with the cell of every key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.contract import Place, PlanError, Problem
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.plan import workbook_layout as layout
from evalkit.plan.canonical import Key
from evalkit.plan.catalogue import folded
from evalkit.plan.cells import CellFault, number_of, read_cell, read_text
from evalkit.plan.schema import FORMAT
from evalkit.sheets import ERROR, TEXT, Cell, Sheet, read_book

BEGINNINGS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of xlsx and xls."""


@dataclass
class Draft:
    """The tables of a plan before they are checked, and where each key stands in its file.

    Attributes
    ----------
    text : str, optional
        The file's own text, if it is one; its lines are the places then.
    source : bytes
        The file.
    """

    raw: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, Place] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)
    text: str | None = None
    source: bytes = b""


def read_workbook(path: Path) -> Draft:
    """Read a plan's workbook.

    Raises
    ------
    InputError
        If the file is no readable workbook.
    PlanError
        E533 if none of its sheets is one of a plan's; else every unknown heading, with the nearest known one, and
        every cell that cannot be read.
    """
    book = read_book(path)
    kinds = {word: name for name in _parts() for word, name in layout.named(name).items()}
    found = {kinds[folded(s.name)]: s for s in reversed(book.sheets) if folded(s.name) in kinds}
    if not found.keys() & {layout.SETTINGS, "step"}:
        raise PlanError(Problem("E533", Place(file=path.name), {"file": path.name}))
    reading = _Reading()
    reading.settings(found.get(layout.SETTINGS), Place(path.name, book.sheets[0].name, "A1"))
    for table in layout.tables():
        if table in found:
            reading.table(table, found[table])
    if layout.CATEGORIES in found:
        reading.categories(found[layout.CATEGORIES])
    known = [layout.sheet_title(name, lang) for name in _parts() for lang in LANGUAGES]
    for sheet in book.sheets:
        if folded(sheet.name) not in kinds:
            near = difflib.get_close_matches(sheet.name, known, 1, 0.5)
            reading.draft.notices.append(
                Problem(
                    "N536", Place(path.name, sheet.name), {"sheet": sheet.name, "near": near or known[: len(LANGUAGES)]}
                )
            )
    if reading.problems:
        raise PlanError(reading.problems)
    return reading.draft


def _parts() -> tuple[str, ...]:
    return (layout.SETTINGS, *layout.tables(), layout.CATEGORIES, layout.NAMES, layout.CHOICES)


class _Reading:
    def __init__(self) -> None:
        self.draft = Draft()
        self.problems: list[Problem] = []

    def settings(self, sheet: Sheet | None, top: Place) -> None:
        """Two columns: name and value. A name alone is a heading or a setting left empty."""
        self.draft.raw["format"] = FORMAT
        self.draft.places["", 0, ""] = self.draft.places["", 0, "format"] = top
        if sheet is None:
            return
        known = layout.setting_names()
        for row in range(sheet.n_rows):
            texts = [sheet.text(row, column).strip() for column in range(sheet.n_columns)]
            given = [column for column, text in enumerate(texts) if text]
            if not given:
                continue
            name, value = sheet.cell(row, 0), sheet.cell(row, 1) if sheet.n_columns > 1 else None
            setting = known.get(folded(texts[0]))
            if setting is not None:
                table, column = setting
                if table:
                    self.draft.places.setdefault((table, 0, ""), name.place)
                if value is not None and value.text.strip():
                    entry = self.draft.raw.setdefault(table, {}) if table else self.draft.raw
                    self.put(entry, (table, 0), column, value)
            elif value is not None and value.text.strip() and folded(texts[0]) not in self._titles():
                self.unknown(name, known, [layout.heading(t, c, self._lang(texts[0])) for t, c in layout.settings()])

    def _titles(self) -> set[str]:
        return {folded(text_of("plan.setting", lang)) for lang in LANGUAGES}

    def _lang(self, text: str) -> str:
        return "zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"

    def unknown(self, cell: Cell, known: Mapping[str, Any], words: list[str]) -> None:
        near = difflib.get_close_matches(folded(cell.text), list(known), 1, 0.4)
        shown = [w for w in words if folded(w) in near] or near or words
        self.problems.append(Problem("E535", cell.place, {"found": cell.text.strip(), "near": shown}))

    def table(self, table: str, sheet: Sheet) -> None:
        """One entry a row, below the headings."""
        columns = self._columns(table, sheet)
        for entry, cells, first in self._rows(sheet, columns):
            index = len(self.draft.raw.setdefault(table, []))
            self.draft.places[table, index, ""] = first
            do = self._step(cells) if table == "step" else ""
            for column, cell in cells.items():
                self.put(entry, (table, index), column, cell, do)
            self.draft.raw[table].append(entry)

    def _step(self, cells: Mapping[str, Cell]) -> str:
        return str(read_text(cells["do"].text, layout.shape_of("step", "do"))) if "do" in cells else ""

    def _columns(self, table: str, sheet: Sheet) -> dict[str, int]:
        """Column of the plan -> position; headings that a plan does not know are faults, notes apart."""
        known = layout.headings(table) if table != layout.CATEGORIES else _category_headings()
        top = self._header(sheet)
        notes = {folded(text_of("plan.notes", lang)) for lang in LANGUAGES}
        found: dict[str, int] = {}
        for position in range(sheet.n_columns if top is not None else 0):
            cell = sheet.cell(top or 0, position)
            word = folded(cell.text)
            if not word or word in notes:
                continue
            if word not in known:
                lang = self._lang(word)
                words = [layout.heading(table, column, lang) for column in dict.fromkeys(known.values())]
                self.unknown(cell, known, words)
            elif known[word] in found:
                self.problems.append(Problem("E537", cell.place, {"key": cell.text.strip()}))
            else:
                found[known[word]] = position
        return found

    def _header(self, sheet: Sheet) -> int | None:
        for row in range(sheet.n_rows):
            if any(sheet.text(row, column).strip() for column in range(sheet.n_columns)):
                return row
        return None

    def _rows(
        self, sheet: Sheet, columns: Mapping[str, int]
    ) -> Iterator[tuple[dict[str, Any], dict[str, Cell], Place]]:
        top = self._header(sheet)
        for row in range(top + 1 if top is not None else 0, sheet.n_rows):
            cells = {
                c: cell for c, p in columns.items() if (cell := sheet.cell(row, p)).text.strip() or cell.kind == ERROR
            }
            if cells:
                yield {}, cells, sheet.cell(row, 0).place

    def put(self, entry: dict[str, Any], at: tuple[str, int], column: str, cell: Cell, do: str = "") -> None:
        """One cell into its entry."""
        key, _, lang = column.partition(".")
        table, index = at
        target = entry.setdefault(key, {}) if lang else entry
        if (lang or key) in target:
            self.problems.append(
                Problem("E537", cell.place, {"key": layout.heading(table, column, self._lang(cell.text))})
            )
            return
        shape = layout.shape_of(table, column, do)
        if cell.kind == ERROR:
            self.problems.append(Problem("E538", cell.place, {"found": cell.text}))
            return
        try:
            value = read_cell(cell, shape)
        except CellFault:
            self.problems.append(Problem("E539", cell.place))
            return
        if cell.kind == TEXT and isinstance(value, (int, float)) and number_of(cell.text) is not None:
            self.draft.notices.append(Problem("N540", cell.place, {"found": cell.text.strip()}))
        target[lang or key] = value
        self.draft.places.setdefault((table, index, key), cell.place)

    def categories(self, sheet: Sheet) -> None:
        """Bands and merged groups: a row each, named by the variable that they make."""
        columns = self._columns(layout.CATEGORIES, sheet)
        derived = self.draft.raw.get("derive", [])
        ids = {entry["id"]: index for index, entry in enumerate(derived) if isinstance(entry.get("id"), str)}
        groups: dict[str, list[dict[str, Any]]] = {}
        where: dict[str, Place] = {}
        for entry, cells, first in self._rows(sheet, columns):
            for column, cell in cells.items():
                self.put(entry, (layout.CATEGORIES, 0), column, cell)
            name = str(entry.pop("id", ""))
            if name not in ids:
                near = difflib.get_close_matches(name, ids, 1, 0.4) or list(ids)
                self.problems.append(
                    Problem("E516", cells["id"].place if "id" in cells else first, {"name": name, "near": near})
                )
                continue
            groups.setdefault(name, []).append(entry)
            where.setdefault(name, first)
        for name, listed in groups.items():
            key = "merge" if any("codes" in group for group in listed) else "bands"
            index = ids[name]
            if key in derived[index]:
                self.problems.append(
                    Problem("E537", where[name], {"key": layout.heading("derive", key, self._lang(sheet.name))})
                )
            derived[index][key] = listed
            self.draft.places["derive", index, key] = where[name]


def _category_headings() -> dict[str, str]:
    return {
        folded(word): key
        for key in layout.CATEGORY_KEYS
        for word in (key, *(layout.heading(layout.CATEGORIES, key, lang) for lang in LANGUAGES))
    }
