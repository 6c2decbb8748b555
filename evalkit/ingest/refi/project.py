"""The tree of a project in, what its parts refer to out: users, notes, variables; and a list of what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from evalkit.contract import Place
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.sheets import Reading
from evalkit.ingest.casebook.values import half_width
from evalkit.ingest.refi.container import Container
from evalkit.ingest.refi.outline import Node

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

    def at(self, node: Node) -> Place:
        return Place(self.container.file, self.container.part, line=node.line)

    def table(self, columns: Mapping[str, pd.Series], lines: Sequence[int], *, given: bool = True) -> Table:
        """A table whose rows are lines of the XML."""
        file, part = self.container.file, self.container.part
        return Table(pd.DataFrame(columns), file, part, tuple(lines), given=given, by_line=True)

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

    def notes(self, *nodes: Node) -> list[str]:
        """Texts of the notes to which elements refer."""
        found = []
        for node in nodes:
            for ref in node.each("NoteRef"):
                note = self._notes.get(ref.guid("targetGUID"))
                text = "" if note is None else self._note_text(note)
                if note is not None and text:
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


def unique(names: Iterable[str], prefix: str, taken: Iterable[str] = ()) -> list[str]:
    """Names that differ: an empty one is the prefix and its number, a repeated one has a number behind it."""
    used = set(taken)
    found = []
    for number, given in enumerate(names, 1):
        base = " ".join(given.split()) or f"{prefix}{number}"
        name, again = base, 1
        while name in used:
            again += 1
            name = f"{base} ({again})"
        used.add(name)
        found.append(name)
    return found
