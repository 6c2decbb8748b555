"""A sampling workbook in, a checked `SamplingSheet` out; every fault with its cell, all at once."""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.contract import InputError, Place, Problem
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.sampling.sheet import EVERYBODY, Community, Margin, SamplingSheet, added_up

if TYPE_CHECKING:
    from evalkit.sheets import Book, Cell, Sheet

COMMUNITIES, POPULATION = "communities", "margins"
HEADINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    COMMUNITIES: {
        "code": ("社区代码", "编号", "代码", "id", "code", "community_id", "community_code"),
        "name": ("社区", "名称", "name", "community", "community_name"),
        "population": ("总体", "户数", "人数", "总体规模", "n", "households", "people"),
        "planned": ("计划", "计划数", "配额", "plan", "target", "quota"),
        "issued": ("发放", "发放份数", "distributed"),
        "returned": ("回收", "回收份数", "received"),
    },
    POPULATION: {
        "community": ("社区", "社区代码", "编号", "code", "community_id", "community_code"),
        "variable": ("变量编号", "id"),
        "category": ("选项", "option", "code_or_label"),
        "count": ("频数", "n", "people", "households", "number"),
        "share": ("占比", "比例", "百分比", "percent", "per cent", "%"),
        "label": ("题目", "变量名称", "question"),
    },
}
"""What a column may be called besides its words in the catalogue."""
SEARCHED_ROWS = 10
"""A title may stand above the headings, within this many rows."""
ROUNDED = 0.005
"""Shares printed with few digits sum to 1 within this."""
TIES = 1e-6
"""Counts of the same people agree within this share."""

_COUNTS = ("planned", "issued", "returned")
_EVERYBODY = frozenset({"", "全部", "全体", "所有", "合计", "总计", "all", "total", "overall"})
_TOTALS = frozenset({"合计", "总计", "全部", "total", "sum", "all"})
_BRACKETS = re.compile(r"[(\[（【].*?[)\]）】]")


def read_sampling_sheet(path: str | os.PathLike[str]) -> SamplingSheet:
    """Read a sampling sheet, the workbook of `write_sampling_sheet` or one with the same headings.

    Parameters
    ----------
    path : path
        Sheet 抽样 / Sampling: community code, name, population, planned, issued, returned. Sheet 总体 / Population:
        community (blank: all), variable, category, count or share (1 or 100 per cent in all). Lines of categories
        without any number in their variable are left out; a line 合计 / Total is checked and not a community.

    Returns
    -------
    SamplingSheet

    Raises
    ------
    InputError
        E151 no sheet or heading to be found; E152 a cell that is no number of 0 or more (whole where it counts
        questionnaires); E153 a community or category twice; E154 a community that the first sheet does not list;
        E155 a line without variable, category or exactly one number; E156 shares that do not sum to 100 per cent;
        E157 variables that count different numbers of people; E158 communities that do not sum to all; E159 a total
        that is not the sum.
    """
    from evalkit.sheets import read_book

    book = read_book(Path(path))
    sheets = _found(book)
    if COMMUNITIES not in sheets:
        raise InputError(_no_sheet(book.name))
    reading = _Reading(book.name)
    reading.communities(sheets[COMMUNITIES])
    if POPULATION in sheets:
        reading.margins(sheets[POPULATION])
    if not reading.problems:
        reading.check()
    if reading.problems:
        raise InputError(reading.problems)
    return SamplingSheet(
        book.name, tuple(reading.members.values()), tuple(reading.known), (*book.problems, *reading.notices)
    )


def folded(text: str) -> str:
    """A heading or title for comparing: half-width, small letters, no blanks, nothing in brackets."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join((_BRACKETS.sub("", plain) or plain).split())


def _found(book: Book) -> dict[str, Sheet]:
    titles = {folded(text_of(f"sampling.sheet.{kind}", lang)): kind for kind in HEADINGS for lang in LANGUAGES}
    found: dict[str, Sheet] = {}
    for sheet in book.sheets:
        kind = titles.get(folded(sheet.name))
        if kind:
            found.setdefault(kind, sheet)
    return found


def _no_sheet(file: str) -> Problem:
    params = {"sheet": _both(COMMUNITIES), "heading": _both("code")}
    return Problem("E151", Place(file), params)


def _both(name: str) -> dict[str, str]:
    return {lang: text_of(f"sampling.sheet.{name}", lang) for lang in LANGUAGES}


def _columns(sheet: Sheet, kind: str) -> tuple[int, dict[str, int]]:
    """The row that names most columns, and column name -> position."""
    words = {folded(word): name for name, also in HEADINGS[kind].items() for word in (name, *also)}
    words |= {folded(word): name for name in HEADINGS[kind] for word in _both(name).values()}
    best: tuple[int, dict[str, int]] = (0, {})
    for row in range(min(SEARCHED_ROWS, sheet.n_rows)):
        found: dict[str, int] = {}
        for position in range(sheet.n_columns):
            name = words.get(folded(sheet.text(row, position)))
            if name:
                found.setdefault(name, position)
        if len(found) > len(best[1]):
            best = (row, found)
    return best


@dataclass
class _Block:
    """The lines of one variable in one community."""

    cells: list[tuple[Cell, str, float | None, float | None]] = field(default_factory=list)  # at, category, n, share


class _Reading:
    """One reading: collects problems while it builds."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.notices: list[Problem] = []
        self.members: dict[str, Community] = {}
        self.called: dict[str, str] = {}  # folded code or name -> code
        self.known: list[Margin] = []

    def fault(self, code: str, at: Place | None, **params: object) -> None:
        self.problems.append(Problem(code, at, params))

    # -- the communities ----------------------------------------------------------------------

    def communities(self, sheet: Sheet) -> None:
        top, columns = _columns(sheet, COMMUNITIES)
        if not {"code", "name"} & columns.keys():
            self.problems.append(_no_sheet(self.file))
            return
        self._unread(sheet, top, columns)
        totals: list[tuple[str, float, Place]] = []
        for cells in _lines(sheet, top, columns):
            lead = cells.get("code") or cells["name"]
            code, name = (_text(cells.get(key)) for key in ("code", "name"))
            numbers = {key: self._number(cells[key], key) for key in ("population", *_COUNTS) if key in cells}
            if folded(code or name) in _TOTALS:
                totals += [(key, n, cells[key].place) for key, n in numbers.items() if n is not None]
            elif not code and not name:
                self.fault("E155", lead.place, heading=_both("code"))
            else:
                self._member(code or name, name or code, numbers, lead.place)
        if not self.members and not self.problems:
            self.problems.append(_no_sheet(self.file))
        for key, n, at in totals:
            added = sum(getattr(member, key) or 0 for member in self.members.values())
            if abs(added - n) > TIES * max(added, n):
                self.fault("E159", at, heading=_both(key), stated=f"{n:.15g}", added=f"{added:.15g}")

    def _member(self, code: str, name: str, numbers: Mapping[str, float | None], at: Place) -> None:
        for text in dict.fromkeys((folded(code), folded(name))):
            other = self.called.setdefault(text, code)
            if other != code or code in self.members:
                first = self.members[other].place
                self.fault("E153", at, name=code if text == folded(code) else name, other=first.cell if first else "")
                return
        counts = {key: None if numbers.get(key) is None else int(numbers[key] or 0) for key in _COUNTS}
        member = Community(code, name, numbers.get("population"), place=at, **counts)
        self.members[code] = member
        for less, more in (("returned", "issued"), ("issued", "population")):
            small, large = getattr(member, less), getattr(member, more)
            if small is not None and large is not None and small > large:
                params = {"name": name, "less": _both(less), "n": small, "more": _both(more), "m": f"{large:.15g}"}
                self.notices.append(Problem("W160", at, params))

    def _number(self, cell: Cell, key: str) -> float | None:
        """The number of a cell, per cent signs and thousands' commas understood; None where it is empty."""
        text = unicodedata.normalize("NFKC", cell.text).strip().replace(",", "")
        if not text:
            return None
        try:
            number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            number = float("nan")
        if not 0 <= number < float("inf") or (key in _COUNTS and number % 1):
            self.fault("E152", cell.place, heading=_both(key), found=cell.text[:40])
            return None
        return number

    def _unread(self, sheet: Sheet, top: int, columns: Mapping[str, int]) -> None:
        for position in range(sheet.n_columns):
            header = sheet.text(top, position).strip() if sheet.n_rows else ""
            if header and position not in columns.values():
                self.notices.append(Problem("N161", sheet.cell(top, position).place, {"header": header[:40]}))

    # -- the population -----------------------------------------------------------------------

    def margins(self, sheet: Sheet) -> None:
        top, columns = _columns(sheet, POPULATION)
        if not {"variable", "category"} <= columns.keys() or not {"count", "share"} & columns.keys():
            at = Place(sheet.book, sheet.name, f"A{sheet.rows[top]}") if sheet.n_rows else Place(self.file, sheet.name)
            self.fault("E151", at, sheet=_both(POPULATION), heading=_both("variable"))
            return
        self._unread(sheet, top, columns)
        blocks: dict[tuple[str, str], _Block] = {}
        for cells in _lines(sheet, top, columns):
            community = self._community(cells.get("community"))
            variable, category = _text(cells["variable"]), _text(cells["category"])
            n, share = (self._number(cells[key], key) if key in cells else None for key in ("count", "share"))
            if community is None:
                continue
            lacking = [key for key, text in (("variable", variable), ("category", category)) if not text]
            if lacking:
                self.fault("E155", cells[lacking[0]].place, heading=_both(lacking[0]))
                continue
            blocks.setdefault((community, variable), _Block()).cells.append((cells["category"], category, n, share))
        for (community, variable), block in blocks.items():
            self._margin(community, variable, block)

    def _community(self, cell: Cell | None) -> str | None:
        text = _text(cell)
        if folded(text) in _EVERYBODY or cell is None:
            return EVERYBODY
        found = self.called.get(folded(text))
        if found is None:
            near = difflib.get_close_matches(folded(text), self.called, 1, 0.5)
            names = [self.called[near[0]]] if near else list(self.members)[:5]
            self.fault("E154", cell.place, name=text[:40], near=names)
        return found

    def _margin(self, community: str, variable: str, block: _Block) -> None:
        """One variable of one community, unless nothing is filled in."""
        if all(n is None and share is None for _, _, n, share in block.cells):
            return
        shares = all(n is None for _, _, n, _ in block.cells)
        values: dict[str, float] = {}
        for cell, category, n, share in block.cells:
            value = share if shares else n
            if value is None or (n is not None and share is not None):
                self.fault("E155", cell.place, heading=_both("share" if shares else "count"))
            elif category in values:
                self.fault("E153", cell.place, name=category, other=block.cells[list(values).index(category)][0].a1)
            else:
                values[category] = value
        if len(values) < len(block.cells):
            return
        at = block.cells[0][0].place
        total = sum(values.values())
        whole = next((w for w in (1.0, 100.0) if abs(total / w - 1) <= ROUNDED), None) if shares else total
        if not whole:
            self.fault("E156", at, variable=variable, total=f"{total:.6g}")
            return
        if shares:
            values = {category: value / total for category, value in values.items()}
        self.known.append(Margin(community, variable, MappingProxyType(values), shares, at))

    # -- the whole ----------------------------------------------------------------------------

    def check(self) -> None:
        """Counts of one community agree over the variables; counts of the communities sum to those of all."""
        for community in (EVERYBODY, *self.members):
            counted = [m for m in self.known if m.community == community and not m.shares]
            totals = {m.variable: sum(m.values.values()) for m in counted}
            if totals and max(totals.values()) - min(totals.values()) > TIES * max(totals.values()):
                names = [f"{variable} ({total:.15g})" for variable, total in totals.items()]
                self.fault("E157", counted[-1].place, names=names)
        for margin in self.known:
            added = added_up(tuple(self.known), margin.variable, list(self.members))
            if margin.community != EVERYBODY or margin.shares or not added:
                continue
            bad = [k for k in {**margin.values, **added} if _differ(margin.values.get(k, 0.0), added.get(k, 0.0))]
            if bad:
                self.fault("E158", margin.place, variable=margin.variable, names=bad)


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > TIES * max(one, other)


def _lines(sheet: Sheet, top: int, columns: Mapping[str, int]) -> Iterator[dict[str, Cell]]:
    """The lines below the headings that hold something."""
    for row in range(top + 1, sheet.n_rows):
        cells = {name: sheet.cell(row, position) for name, position in columns.items()}
        if any(cell.text.strip() for cell in cells.values()):
            yield cells


def _text(cell: Cell | None) -> str:
    return "" if cell is None else " ".join(cell.text.split())
