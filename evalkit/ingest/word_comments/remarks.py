"""The comments of a Word document: who wrote them when, what they say, and which of them answer others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.ingest.word_comments.story import attribute
from evalkit.sheets.markup import Attributes, Markup, parse_part


@dataclass
class Comment:
    """One comment as the file has it; `key` names its last paragraph, by which answers refer to it."""

    id: str
    author: str
    date: str
    lines: list[str] = field(default_factory=list)
    key: str = ""


class Comments:
    """Listens to the parser of the comments' part. Paragraphs are lines; deletions go, insertions stay."""

    def __init__(self, file: str, part: str) -> None:
        self.found: list[Comment] = []
        self._open: Comment | None = None
        self._reads = False
        self._muted = 0
        starts = {
            "comment": self._comment,
            "p": self._paragraph,
            "t": lambda _: self._read(True),
            "tab": lambda _: self._put("\t"),
            "br": lambda _: self._put("\n"),
            "cr": lambda _: self._put("\n"),
            "del": lambda _: self._mute(1),
            "moveFrom": lambda _: self._mute(1),
        }
        ends = {
            "comment": self._comment_ends,
            "t": lambda: self._read(False),
            "del": lambda: self._mute(-1),
            "moveFrom": lambda: self._mute(-1),
        }
        self.markup = Markup(file, part, starts, ends, self._data)

    def _comment(self, attributes: Attributes) -> None:
        self._open = Comment(*(attribute(attributes, name) for name in ("id", "author", "date")))
        self.found.append(self._open)

    def _comment_ends(self) -> None:
        self._open = None

    def _paragraph(self, attributes: Attributes) -> None:
        if self._open is not None:
            self._open.lines.append("")
            self._open.key = attribute(attributes, "paraId") or self._open.key

    def _read(self, reads: bool) -> None:
        self._reads = reads

    def _mute(self, step: int) -> None:
        self._muted += step

    def _data(self, text: str) -> None:
        if self._reads:
            self._put(text.replace("\n", " ").replace("\r", " "))

    def _put(self, text: str) -> None:
        if self._open is not None and self._open.lines and not self._muted:
            self._open.lines[-1] += text


def answers(blocks: Iterable[bytes], file: str, part: str) -> tuple[dict[str, str], set[str]]:
    """Key of a comment -> key of the one that it answers; and the keys of resolved comments."""
    parents: dict[str, str] = {}
    resolved: set[str] = set()

    def extended(attributes: Attributes) -> None:
        key, parent = (attribute(attributes, name) for name in ("paraId", "paraIdParent"))
        if parent:
            parents[key] = parent
        if attribute(attributes, "done") in ("1", "true"):
            resolved.add(key)

    parse_part(blocks, file, part, {"commentEx": extended})
    return parents, resolved
