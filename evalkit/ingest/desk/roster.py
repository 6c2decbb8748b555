"""A workbook of communities in, who should send what out; every fault with its cell."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.findings import shown
from evalkit.ingest.wording import clean, loose, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("社区编号", "社区代码", "编号", "代码", "id", "communityid", "community_id", "code"),
    "name": ("社区名称", "社区", "名称", "communityname", "community_name", "community", "name"),
    "aliases": ("别名", "又名", "其他名称", "曾用名", "aliases", "alias", "othernames"),
    "quota": ("应收份数", "应收", "配额", "计划份数", "quota", "target", "expected"),
    "pattern": ("文件", "文件名", "文件样式", "file", "filename", "pattern", "filepattern"),
}
"""What a roster's columns may be called, as `loose` texts."""
SEARCHED_ROWS = 10
"""A title may stand above the headings, within this many rows."""
NEAR = 0.5
"""Least likeness (difflib's ratio) of the name that is named as the nearest."""

_BETWEEN = re.compile(r"[\s_\-—–·.,，、;；()（）\[\]【】+&]+")
_ALIASES = re.compile(r"[;；/／|\n]+")
_COLUMNS = {heading: name for name, headings in HEADINGS.items() for heading in headings}


def name_key(text: str) -> str:
    """A name as names are compared: width, case, blanks and marks between do not count."""
    return _BETWEEN.sub("", clean(text).casefold())


@dataclass(frozen=True)
class Member:
    """One community of the roster; `place` is the cell of its id (or name)."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    quota: int | None = None
    pattern: str = ""
    place: Place | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything it is called."""
        return tuple(dict.fromkeys((self.name, self.id, *self.aliases)))


@dataclass(frozen=True)
class Roster:
    """The communities that should send answers, in the order of the roster."""

    file: str
    members: tuple[Member, ...]
    problems: tuple[Problem, ...] = ()

    def find(self, text: str) -> Member | None:
        """The community of that id, name or alias, and no other."""
        return self._keys.get(name_key(text))

    def nearest(self, text: str, least: float = NEAR) -> str:
        """The name, alias or id most like a text; empty if none comes near."""
        found = difflib.get_close_matches(name_key(text), self._keys, 1, least)
        return self._spelt[found[0]] if found else ""

    @cached_property
    def _keys(self) -> dict[str, Member]:
        return {name_key(text): member for member in self.members for text in member.texts}

    @cached_property
    def _spelt(self) -> dict[str, str]:
        return {name_key(text): text for member in self.members for text in member.texts}


def read_roster(path: str | os.PathLike[str], *, sheet: str | None = None) -> Roster:
    """Read who should send answers.

    Parameters
    ----------
    path : path
        A spreadsheet with a heading row: community id or name or both, and if wanted aliases (separated by ; or /),
        a quota, a file pattern (`幸福*v2*`: then only files of that name count). Headings: `HEADINGS`.

    Raises
    ------
    InputError
        E380 no heading for an id or a name, or no community below; E381 a quota that is no whole number; E382 two
        communities of one name; E383 a line without id or name; all at once, each with its cell.
    """
    from evalkit.sheets import read_book

    book = read_book(Path(path), sheet=sheet)
    first = book.sheets[0]
    top, columns = _headings(first)
    at = Place(book.name, first.name, f"A{first.rows[0]}")
    if not {"id", "name"} & columns.keys():
        raise InputError(Problem("E380", at, {"ids": HEADINGS["id"][:3], "names": HEADINGS["name"][:3]}))
    problems: list[Problem] = []
    members = list(_members(first, top, columns, problems))
    problems += _doubles(members)
    faults = [p for p in problems if p.severity == "error"]
    if not members and not faults:
        faults = [Problem("E380", at, {"ids": HEADINGS["id"][:3], "names": HEADINGS["name"][:3]})]
    if faults:
        raise InputError(faults)
    return Roster(book.name, tuple(members), (*book.problems, *_unused(first, top, columns)))


def _headings(sheet: Sheet) -> tuple[int, dict[str, int]]:
    """The row that names most columns, and column name -> position."""
    best: tuple[int, dict[str, int]] = (0, {})
    for row in range(min(SEARCHED_ROWS, sheet.n_rows)):
        found: dict[str, int] = {}
        for position in range(sheet.n_columns):
            name = _COLUMNS.get(loose(sheet.text(row, position)))
            if name:
                found.setdefault(name, position)
        if len(found) > len(best[1]):
            best = (row, found)
    return best


def _members(sheet: Sheet, top: int, columns: Mapping[str, int], problems: list[Problem]) -> Iterator[Member]:
    for row in range(top + 1, sheet.n_rows):
        texts = {name: tidy(sheet.text(row, position)) for name, position in columns.items()}
        if not any(texts.values()):
            continue
        lead = "id" if "id" in columns else "name"
        place = sheet.cell(row, columns[lead]).place
        if not texts[lead]:
            problems.append(Problem("E383", place))
            continue
        quota = None
        if texts.get("quota"):
            number = clean(texts["quota"]).removesuffix("份")
            if number.isdecimal():
                quota = int(number)
            else:
                cell = sheet.cell(row, columns["quota"]).place
                problems.append(Problem("E381", cell, {"value": shown(texts["quota"])}))
        aliases = tuple(one.strip() for one in _ALIASES.split(texts.get("aliases", "")) if one.strip())
        name = texts.get("name") or texts[lead]
        yield Member(texts[lead], name, aliases, quota, texts.get("pattern", ""), place)


def _doubles(members: list[Member]) -> Iterator[Problem]:
    """E382 for each id, name or alias that two communities have."""
    owners: dict[str, Member] = {}
    for member in members:
        for text in member.texts:
            first = owners.setdefault(name_key(text), member)
            if first is not member and first.place is not None:
                yield Problem("E382", member.place, {"name": shown(text), "other": first.place.cell})


def _unused(sheet: Sheet, top: int, columns: Mapping[str, int]) -> Iterator[Problem]:
    for position in range(sheet.n_columns):
        header = tidy(sheet.text(top, position))
        if header and position not in columns.values():
            yield Problem("N384", sheet.cell(top, position).place, {"header": shown(header)})
