"""A folder of files, an instrument and a roster in; what came, what did not, and one joined data set out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Category, Place, Problem, Table, Variable, attach
from evalkit.contract.words import place_text, text_of
from evalkit.ingest.desk.community import BLANK, Told, cell_of, community_item, told, unified
from evalkit.ingest.desk.folder import files_below
from evalkit.ingest.desk.receipts import FileReceipt, Receipt, receipts_table
from evalkit.ingest.desk.resent import first_cell, ids_of, overlap, without
from evalkit.ingest.desk.roster import Member, Roster, read_roster
from evalkit.ingest.desk.sorting import Sent, sort_files
from evalkit.ingest.findings import shown
from evalkit.ingest.mapped import settled
from evalkit.ingest.mapping import ColumnMapping, load_mapping
from evalkit.ingest.parts import Part
from evalkit.ingest.responses import Responses
from evalkit.ingest.union import unite

if TYPE_CHECKING:
    from evalkit.instrument import Instrument, Item
    from evalkit.sheets import Book


@dataclass(frozen=True, eq=False)
class Collection:
    """What a folder holds.

    Attributes
    ----------
    receipts : tuple of Receipt
        One a community, in the order of the roster.
    files : tuple of FileReceipt
        Every file of the folder, read or not, in the order of their names.
    problems : tuple of Problem
        Every discrepancy: communities, files, rows and cells.
    responses : Responses or None
        The answers of all files read, with `community_id`; None where no file could be read.
    roster : Roster
    books : mapping
        Name of a file read -> its cells, for the problem workbooks.
    alone : mapping
        Name of a file read -> its answers alone.
    """

    receipts: tuple[Receipt, ...]
    files: tuple[FileReceipt, ...]
    problems: tuple[Problem, ...]
    responses: Responses | None
    roster: Roster
    books: dict[str, Book]
    alone: dict[str, Responses]

    def table(self) -> Table:
        """One row a community: what came, how many answers against the quota, cells in trouble."""
        return receipts_table(self.receipts, self.files)

    def write(self, folder: str | os.PathLike[str], *, lang: str = "zh") -> tuple[Path, ...]:
        """Write receipts, joined data and a problem workbook for each file in trouble into a folder.

        Raises
        ------
        OutputError
            E131 if a file cannot be written.
        """
        from evalkit.ingest.desk.paper import write_desk

        Path(folder).mkdir(parents=True, exist_ok=True)
        return write_desk(self, Path(folder), lang)


def collect(
    folder: str | os.PathLike[str],
    instrument: Instrument | str,
    *,
    roster: Roster | str | os.PathLike[str],
    community: str | None = None,
    dialect: str = "auto",
    form: str | None = None,
    mapping: ColumnMapping | str | os.PathLike[str] | None = None,
    without: Iterable[str | os.PathLike[str]] = (),
    progress: Callable[[str], None] = lambda name: None,
) -> Collection:
    """Take in the files that communities sent.

    Parameters
    ----------
    folder : path
        Looked through with its sub-folders.
    instrument : Instrument, str
        What was asked: an instrument, a shipped id or a path.
    roster : Roster or path
        Who should send answers, see `read_roster`.
    community : str, optional
        Item that names the community, see `community_item`.
    dialect, form : str, optional
        As in `read_responses`, for every file.
    mapping : path, optional
        A saved mapping, which decides what every column holds: a file whose headings are those of none of its tables
        is listed as unreadable (E336).
    without : iterable of path, optional
        Files and folders in the folder that are left out; roster and mapping always are.
    progress : callable, optional
        Told the name of each file before it is opened.

    Returns
    -------
    Collection
        A file that cannot be read is listed and stops nothing. Of several files of one community none is preferred:
        a copy (same bytes) and rows repeated whole (same id, same answers) count once, everything else is loaded
        and what differs is listed. Rows whose community is not in the roster are loaded without a `community_id`.

    Raises
    ------
    InputError
        E101 no such folder; E380-E383 a roster that cannot be used.
    UsageError
        E398 unknown community item.
    InstrumentError
        From the instrument; E326-E335 a mapping that cannot be used.
    """
    from evalkit.instrument import load_instrument

    asked = load_instrument(instrument) if isinstance(instrument, (str, os.PathLike)) else instrument
    who = roster if isinstance(roster, Roster) else read_roster(roster)
    by = load_mapping(Path(mapping)) if isinstance(mapping, (str, os.PathLike)) else mapping
    if by is not None:
        settled(by, asked, form)  # its faults show before the first file is opened
    beside = [path for path in (roster, mapping) if isinstance(path, (str, os.PathLike))]
    aside = [Path(path) for path in (*without, *beside)]
    files = files_below(Path(folder), without=aside)
    sent = sort_files(files, asked, who, dialect=dialect, form=form, mapping=by, progress=progress)
    desk = _Desk(asked, who, sent)
    desk.place(community)
    desk.compare()
    return desk.close(form)


class _Desk:
    """The work on the files that were read: whose rows they are, what repeats, what is lacking."""

    def __init__(self, instrument: Instrument, roster: Roster, sent: Sequence[Sent]) -> None:
        self.instrument, self.roster, self.sent = instrument, roster, sent
        self.read = [one for one in sent if one.state == "read"]
        self.found: list[Problem] = [*roster.problems]
        self.item: Item | None = None
        self.rows: dict[int, np.ndarray] = {}  # id of a part -> position in the roster of each row
        self.again: dict[str, int] = {}  # community -> rows that stand in an earlier file with other answers
        ids = [item.id for item in instrument.items if item.role == "respondent_id" and not item.private]
        self.own = next((id for id in ids if any(id in part.decoded.values for part in self._parts())), "")

    # -- whose rows these are -----------------------------------------------------------------

    def place(self, community: str | None) -> None:
        """Give each row its community: what its cell says, else what its file or sheet says."""
        self.item = community_item(self.instrument, self._parts(), self.roster, community)
        for one in self.read:
            says = [told(part, self.item, self.roster) for part in one.parts]
            one.problems += [p for said in says for p in said.problems]
            self._whose(one, says)
            for k, (part, said) in enumerate(zip(one.parts, says, strict=True)):
                members = self._rows_of(one, part, said, one.owners[k])
                one.parts[k] = unified(part, self.item, members, self.roster)
                self.rows[id(one.parts[k])] = members

    def _whose(self, one: Sent, says: Sequence[Told]) -> None:
        """A sheet that no name gives to a community is the one's that all its rows name; else the file is listed."""
        for k, said in enumerate(says):
            known = {int(m) for m in said.members if m >= 0}
            if one.owners[k] is None and len(known) == 1:
                one.owners[k] = self.roster.members[known.pop()]
            elif one.owners[k] is None and not known:
                one.problems.append(Problem("W395", Place(one.name, one.parts[k].sheet.name)))

    def _rows_of(self, one: Sent, part: Part, said: Told, owner: Member | None) -> np.ndarray:
        members = said.members.copy()
        if owner is None:
            return members
        mine = next(k for k, member in enumerate(self.roster.members) if member is owner)
        letter = part.letters.get(self.item.id, "") if self.item else ""
        for k in np.flatnonzero((members >= 0) & (members != mine)).tolist():
            params = {"said": owner.name, "found": self.roster.members[members[k]].name}
            one.problems.append(Problem("W393", cell_of(part, letter, k), params))
        members[members == BLANK] = mine
        return members

    # -- what came twice ----------------------------------------------------------------------

    def compare(self) -> None:
        """Compare the files of one community by respondent id; rows repeated whole are set aside."""
        for member in self.roster.members:
            files = [one for one in self.read if one.is_of(member)]
            if len(files) > 1:
                names = [f"{one.name} [{one.marks}]" if one.marks else one.name for one in files]
                at = Place(files[0].name)
                self.found.append(Problem("W391", at, {"community": member.name, "files": names, "n": len(files)}))
            earlier: list[Part] = []
            for later in files:
                mine = [k for k, owner in enumerate(later.owners) if owner is member]
                for k in mine:
                    self._against_earlier(member, earlier, later, k)
                earlier += [later.parts[k] for k in mine]

    def _against_earlier(self, member: Member, earlier: Sequence[Part], later: Sent, k: int) -> None:
        seen: set[int] = set()  # rows of the later file, told once though they stand in several earlier ones
        for first in earlier:
            part = later.parts[k]
            both = overlap(first, part, self.own)
            if both is None:
                continue
            for a, b, columns in both.differing:
                row = int(part.sheet.rows[part.rows[b]])
                if row not in seen:
                    seen.add(row)
                    self.again[member.id] = self.again.get(member.id, 0) + 1
                    later.problems.append(self._differs(first, a, part, b, columns))
            if len(both.same):
                at = Place(later.name, part.sheet.name)
                later.problems.append(Problem("N397", at, {"n": len(both.same), "other": first.sheet.book}))
                later.parts[k] = without(part, both.same, "repeated")
                self.rows[id(later.parts[k])] = np.delete(self.rows[id(part)], both.same)

    def _differs(self, first: Part, a: int, part: Part, b: int, columns: tuple[str, ...]) -> Problem:
        ids = ids_of(part, self.own)
        there = place_text(first_cell(first, columns, a), "en")
        named = [*columns[:6], "…"] if len(columns) > 6 else list(columns)
        params = {"id": shown(str(ids[b])) if ids is not None else "", "columns": named, "other": there}
        return Problem("W392", first_cell(part, columns, b), params)

    # -- the account --------------------------------------------------------------------------

    def close(self, form: str | None) -> Collection:
        """Count, and join what was read."""
        receipts = tuple(self._receipt(k, member) for k, member in enumerate(self.roster.members))
        found = [*self.found, *(p for one in self.sent for p in one.problems)]
        responses = self._joined(form, found) if self.read else None
        return Collection(
            receipts,
            tuple(self._file(one) for one in self.sent),
            responses.problems if responses else tuple(found),
            responses,
            self.roster,
            {one.name: one.book for one in self.read if one.book is not None},
            {one.name: one.responses for one in self.read if one.responses is not None},
        )

    def _receipt(self, position: int, member: Member) -> Receipt:
        mine = [one for one in self.sent if one.is_of(member)]
        rows = sum(int((members == position).sum()) for members in self._members())
        n = rows - self.again.get(member.id, 0)
        read = [one for one in mine if one.state == "read"]
        state = "received" if read or n else "unreadable" if mine else "missing"
        against = "" if member.quota is None else ("below", "met", "over")[1 + (n > member.quota) - (n < member.quota)]
        cells = sum(_cells_in_trouble(one.problems) for one in read)
        receipt = Receipt(member, state, tuple(one.name for one in mine), n, against, cells, len(read) > 1)
        self.found += _shortfall(receipt)
        return receipt

    def _file(self, one: Sent) -> FileReceipt:
        rows = sum(len(part.rows) for part in one.parts) if one.state == "read" else 0
        state = "unreadable" if one.state == "closed" else one.state
        whose = dict.fromkeys(owner.id for owner in (one.member, *one.owners) if owner)
        return FileReceipt(
            one.name,
            state,
            ", ".join(whose),
            rows,
            _cells_in_trouble(one.problems),
            one.marks,
            one.same_as,
            tuple(one.problems),
        )

    def _joined(self, form: str | None, found: Sequence[Problem]) -> Responses:
        hashes = {one.name: one.book.sha256 for one in self.read if one.book is not None}
        together = unite(self._parts(), self.instrument, form=form, before=(), sha256=hashes)
        across = [p for p in together.problems if p.code == "W232"]  # one id in several files shows only here
        frame, book = together.frame.copy(), together.codebook
        if not any(item.id == "community_id" for item in self.instrument.items):
            ids = np.array([member.id for member in self.roster.members] + [np.nan], dtype=object)
            frame = frame.drop(columns="community_id", errors="ignore")
            frame.insert(0, "community_id", ids[np.concatenate(list(self._members())).clip(min=-1)])
            book = book.with_variables([_community_variable(self.roster)])
        if not self.own and "respondent_id" in frame:
            # Ids stay the same when more files come in: the community stands before the number, not the file's place.
            whose = [
                (owner.id if owner else PurePosixPath(one.name).stem, part)
                for one in self.read
                for owner, part in zip(one.owners, one.parts, strict=True)
            ]
            before = np.repeat([text for text, _ in whose], [len(part.rows) for _, part in whose])
            numbers = frame["sequence" if "sequence" in frame else "respondent_id"]
            frame["respondent_id"] = [
                f"{text}-{n}" if isinstance(n, str) else np.nan for text, n in zip(before, numbers, strict=True)
            ]
        problems = tuple(dict.fromkeys([*found, *across]))
        return dataclasses.replace(together, frame=attach(frame, book), codebook=book, problems=problems)

    def _parts(self) -> list[Part]:
        return [part for one in self.read for part in one.parts]

    def _members(self) -> Iterable[np.ndarray]:
        return [self.rows[id(part)] for part in self._parts()]


def _community_variable(roster: Roster) -> Variable:
    zh, en = (text_of("ingest.community_id", lang) for lang in ("zh", "en"))
    return Variable("community_id", "nominal", zh, en, tuple(Category(m.id, m.name, m.name) for m in roster.members))


def _cells_in_trouble(problems: Iterable[Problem]) -> int:
    bad = [p for p in problems if p.severity != "note" and p.at is not None and p.at.cell]
    return len({(p.at.sheet, p.at.cell) for p in bad if p.at is not None})


def _shortfall(receipt: Receipt) -> list[Problem]:
    """What a receipt says that somebody must act on."""
    member = receipt.member
    if receipt.state == "missing":
        return [Problem("W399", member.place, {"community": member.name})]
    if receipt.state == "received" and receipt.against in ("below", "over"):
        code = "W379" if receipt.against == "below" else "W378"
        return [Problem(code, member.place, {"community": member.name, "n": receipt.n, "quota": member.quota})]
    return []
