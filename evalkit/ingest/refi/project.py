"""The tree of a project in, what its parts refer to out: users, notes, variables; and a list of what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from evalkit.contract import InputError, Place, Problem
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.sheets import Reading
from evalkit.ingest.casebook.values import half_width
from evalkit.ingest.refi.container import Container
from evalkit.ingest.refi.outline import Node

MAX_COPIED = 1 << 27
"""Characters of quotes and memos together: a stretch may be coded, and a note referred to, any number of times."""

MAX_SOUGHT = 1 << 33
"""Characters that are searched for names at most: some seconds."""

LEFT_OUT = (
    *("pictures", "audio", "video", "pdf", "media_codings", "bare_selections", "empty_selections"),
    *("notes", "links", "sets", "graphs", "case_codes", "case_selections", "colours", "descriptions"),
)
"""What a casebook has no place for, in the order in which it is told."""


@dataclass
class Project:
    """A project while it is read.

    Attributes
    ----------
    lost : Counter
        Kind of `LEFT_OUT` -> how many.
    """

    container: Container
    root: Node
    reading: Reading
    lost: Counter[str] = field(default_factory=Counter)
    heard_notes: set[str] = field(default_factory=set)
    _copied: int = 0
    _sought: int = 0

    def at(self, node: Node) -> Place:
        return Place(self.container.file, self.container.part, line=node.line)

    def table(self, columns: Mapping[str, pd.Series], lines: Sequence[int], *, given: bool = True) -> Table:
        """A table whose rows are lines of the XML."""
        file, part = self.container.file, self.container.part
        return Table(pd.DataFrame(columns), file, part, tuple(lines), given=given, by_line=True)

    def may_seek(self, n_chars: int) -> bool:
        """Whether a text of that length may still be searched: a project has many, and each name wants it."""
        self._sought += n_chars
        return self._sought < MAX_SOUGHT

    def copied(self, n_chars: int) -> None:
        """Count what a row holds of a text that others may hold too.

        Raises
        ------
        InputError
            E2151 where all copies together are too large.
        """
        self._copied += n_chars
        if self._copied > MAX_COPIED:
            place = Place(self.container.file, self.container.part)
            limit = f"{MAX_COPIED >> 20} MB"
            raise InputError(Problem("E2151", place, {"part": said("refi.copied"), "limit": limit}))

    @cached_property
    def users(self) -> Mapping[str, str]:
        """GUID -> name of a coder; of two people with one name the second has a number."""
        nodes = list(self.root.within("Users"))
        names = unique([half_width(n.get("name") or n.get("id")) for n in nodes], "user")
        return {node.guid(): name for node, name in zip(nodes, names, strict=True)}

    def coder(self, *nodes: Node) -> str | None:
        """Who made it: the first of the elements that says."""
        guid = next((g for node in nodes if (g := node.guid("creatingUser"))), "")
        return self.users.get(guid, guid) or None

    @cached_property
    def _notes(self) -> Mapping[str, Node]:
        return {node.guid(): node for node in self.root.within("Notes")}

    @cached_property
    def _note_texts(self) -> dict[str, str]:
        return {}

    def notes(self, *nodes: Node) -> list[str]:
        """Texts of the notes to which elements refer."""
        found = []
        for node in nodes:
            for ref in node.each("NoteRef"):
                note = self._notes.get(ref.guid("targetGUID"))
                if note is None:
                    continue
                if note.guid() not in self._note_texts:
                    self._note_texts[note.guid()] = self._note_text(note)
                text = self._note_texts[note.guid()]
                if text:
                    self.copied(len(text))
                    self.heard_notes.add(note.guid())
                    found.append(text)
        return found

    def _note_text(self, note: Node) -> str:
        if note.word("PlainTextContent"):
            return note.word("PlainTextContent")
        path = note.get("plainTextPath")
        data = self.container.text(path, self.at(note)) if path else None
        return "" if data is None else data.decode("utf-8-sig", "replace").replace("\r\n", "\n").strip()

    def tell_losses(self) -> None:
        """N2161 for each kind of thing that a casebook has no place for."""
        root = self.root
        self.lost["notes"] += len(self._notes.keys() - self.heard_notes)
        self.lost["links"] += len(root.within("Links"))
        self.lost["sets"] += len(root.within("Sets"))
        self.lost["graphs"] += len(root.within("Graphs"))
        self.lost["descriptions"] += bool(root.word("Description")) + sum(1 for _ in root.each("NoteRef"))
        for kind in LEFT_OUT:
            if self.lost[kind]:
                place = Place(self.container.file, self.container.part)
                self.reading.fault("N2161", place, what=said(f"refi.lost.{kind}"), n=self.lost[kind])


def said(key: str) -> dict[str, str]:
    """A label in each language."""
    return {lang: text_of(key, lang) for lang in LANGUAGES}


def unique(names: Iterable[str], prefix: str) -> list[str]:
    """Names that differ: an empty one is the prefix and its number, a repeated one has a number behind it."""
    used: set[str] = set()
    times: dict[str, int] = {}
    found = []
    for number, given in enumerate(names, 1):
        name = base = " ".join(given.split()) or f"{prefix}{number}"
        while name in used:
            times[base] = times.get(base, 1) + 1
            name = f"{base} ({times[base]})"
        used.add(name)
        found.append(name)
    return found
