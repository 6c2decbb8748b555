"""The files of a folder in, each opened, matched and told whose it is; one bad file never stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.desk.folder import Found
from evalkit.ingest.desk.names import named_in, version_marks
from evalkit.ingest.desk.roster import Member, Roster
from evalkit.ingest.mapping import ColumnMapping
from evalkit.ingest.opening import renamed
from evalkit.ingest.parts import Part
from evalkit.ingest.reading import read_parts
from evalkit.ingest.responses import Responses
from evalkit.ingest.targets import expected_items, item_columns
from evalkit.ingest.union import unite

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Book

STATES = ("read", "copy", "set_aside", "different", "unreadable", "lock", "hidden", "other")
"""What a file can turn out to be; only the answers of those `read` join the data."""
LEAST_KNOWN = 0.5
"""Below this share of headed columns that answer the instrument a file belongs to another one."""
LEAST_ASKED = 0.3
"""Below this share of the questions of its form a file belongs to another instrument."""


@dataclass(eq=False)
class Sent:
    """One file of the folder; `state` is one of STATES, `member` whose it is by pattern, file or folder name.

    `owners` says the same of each part: there a sheet's name counts too, where the file's says nothing. `same_as`
    names the file it is a copy of; `responses` are its own answers, alone.
    """

    found: Found
    state: str
    member: Member | None = None
    book: Book | None = None
    parts: list[Part] = field(default_factory=list)
    owners: list[Member | None] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    responses: Responses | None = None
    problems: list[Problem] = field(default_factory=list)
    same_as: str = ""
    marks: str = ""

    @property
    def name(self) -> str:
        return self.found.name

    def is_of(self, member: Member) -> bool:
        """Whether the file, or a sheet of it, is that community's."""
        return self.member is member or any(owner is member for owner in self.owners)


def sort_files(
    files: Iterable[Found],
    instrument: Instrument,
    roster: Roster,
    *,
    dialect: str,
    form: str | None,
    mapping: ColumnMapping | None,
    progress: Callable[[str], None],
) -> list[Sent]:
    """Open every file that can be opened and hold it against the instrument and the roster."""
    sent: list[Sent] = []
    read = partial(read_parts, instrument=instrument, dialect=dialect, form=form, mapping=mapping)
    by_content: dict[str, Sent] = {}
    for found in files:
        progress(found.name)
        one = Sent(found, found.kind, marks=version_marks(PurePosixPath(found.name).stem))
        sent.append(one)
        if found.kind in ("lock", "hidden"):
            one.problems.append(Problem("N389", Place(found.name), {"kind": _kind(found.kind)}))
            continue
        _attribute(one, roster)
        if one.state == "set_aside":
            continue
        if found.kind == "other":
            one.problems.append(Problem("W385", Place(found.name)))
        elif found.kind == "closed":
            one.state = "unreadable"
            one.problems.append(Problem("E103", Place(found.name)))
        else:
            _read(one, instrument, by_content, form, read)
    for one in sent:
        _sheet_names(one, roster)
    return sent


def _kind(kind: str) -> dict[str, str]:
    from evalkit.contract.words import LANGUAGES, text_of

    return {lang: text_of(f"desk.{kind}", lang) for lang in LANGUAGES}


def _attribute(one: Sent, roster: Roster) -> None:
    """Whose file this is: a pattern of the roster, then the file's name, then the folder's, nearest first."""
    path = PurePosixPath(one.name)
    at = Place(one.name)
    by_pattern = [m for m in roster.members if m.pattern and _fits(path, m.pattern)]
    if len(by_pattern) == 1:
        one.member = by_pattern[0]
        return
    for text in (path.stem, *reversed(path.parts[:-1])):
        named = named_in(text, roster)
        if len(named.members) > 1 or len(by_pattern) > 1:
            names = [m.name for m in (named.members if len(named.members) > 1 else by_pattern)]
            one.problems.append(Problem("W394", at, {"names": names}))
            return
        for word in named.unknown:
            one.problems.append(Problem("W387", at, {"name": word, "near": roster.nearest(word) or "—"}))
        if named.members:
            one.member = named.members[0]
            break
        if named.unknown:
            return
    if one.member and one.member.pattern:
        # The roster says which of a community's files counts; this one does not fit.
        one.state = "set_aside"
        one.problems.append(Problem("W396", at, {"community": one.member.name, "pattern": one.member.pattern}))


def _fits(path: PurePosixPath, pattern: str) -> bool:
    wanted = pattern.casefold()
    return any(fnmatch(text.casefold(), wanted) for text in (str(path), path.name, path.stem))


def _read(
    one: Sent, instrument: Instrument, by_content: dict[str, Sent], form: str | None, read: Callable[..., Any]
) -> None:
    from evalkit.sheets import read_book

    try:
        one.book = renamed(read_book(one.found.path), one.name)
        first = by_content.setdefault(one.book.sha256, one)
        if first is not one and first.member is one.member:
            one.state, one.same_as = "copy", first.name
            one.problems.append(Problem("N390", Place(one.name), {"other": first.name}))
            return
        if first is not one:
            one.problems.append(Problem("W386", Place(one.name), {"other": first.name}))
        _, one.parts, one.notes = read([one.book])
    except InputError as fault:
        # No column in common is no fault of the file: it answers something else.
        stranger = any(problem.code in ("E302", "E317") for problem in fault.problems)
        one.state = "different" if stranger else "unreadable"
        one.problems += [_placed(problem, one.name) for problem in fault.problems]
        return
    one.state = "read"
    one.responses = unite(one.parts, instrument, form=form, before=one.notes, sha256={one.name: one.book.sha256})
    known, headed, found, asked = _match(one, instrument, form)
    if known < LEAST_KNOWN * headed or found < LEAST_ASKED * asked:
        one.state = "different"
        params = {"known": known, "headed": headed, "found": found, "asked": asked}
        one.problems.append(Problem("E388", Place(one.name, one.parts[0].sheet.name), params))
    else:
        one.problems += one.responses.problems


def _placed(problem: Problem, name: str) -> Problem:
    """The problem with the file's path below the folder in its place."""
    at = problem.at or Place()
    return Problem(problem.code, Place(name, at.sheet, at.cell, at.line), problem.params)


def _match(one: Sent, instrument: Instrument, form: str | None) -> tuple[int, int, int, int]:
    """Columns that answer the instrument, of how many with a heading; questions found, of how many asked."""
    fates = [fate for part in one.parts for fate in part.fates if fate["header"]]
    known = sum(fate["fate"] == "mapped" for fate in fates)
    headed = known + sum(fate["fate"] == "unmapped" for fate in fates)
    present = {name for part in one.parts for name in part.decoded.values}
    items = [item for item in expected_items(instrument, form) if item.type != "meta"]
    found = [item for item in items if any(name in present for name in item_columns(item))]
    forms = {one for item in found if len(item.form) == 1 for one in item.form}
    asked = [item for item in items if not item.form or not forms or forms & set(item.form)]
    return known, headed, len(found), len(asked)


def _sheet_names(one: Sent, roster: Roster) -> None:
    """Whose each sheet is: the file's owner's, else the community's that the sheet names."""
    for part in one.parts:
        named = named_in(part.sheet.name, roster)
        at = Place(one.name, part.sheet.name)
        for word in named.unknown:
            one.problems.append(Problem("W387", at, {"name": word, "near": roster.nearest(word) or "—"}))
        said = named.members[0] if len(named.members) == 1 else None
        one.owners.append(one.member or said)
