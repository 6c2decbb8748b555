"""The comments of a Word document: who wrote them when, what they say, and which of them answer others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evalkit.ingest.word_comments.story import attribute, too_many
from evalkit.sheets.markup import Attributes, Markup, parse_part

MAX_COMMENTS = 50_000


@dataclass
class Comment:
    """One comment as the file has it; `key` names its last paragraph, by which answers refer to it."""

    id: str
    author: str
    date: str
    pieces: list[list[str]] = field(default_factory=list)
    key: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Its paragraphs."""
        return tuple("".join(line) for line in self.pieces)


class Comments:
    """Listens to the parser of the comments' part. Paragraphs are lines; deletions go, insertions stay."""

    def __init__(self, file: str, part: str) -> None:
        self.file, self.found, self._paragraphs = file, list[Comment](), 0
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
        if len(self.found) > MAX_COMMENTS:
            raise too_many(self.file, MAX_COMMENTS)

    def _comment_ends(self) -> None:
        self._open = None

    def _paragraph(self, attributes: Attributes) -> None:
        if self._open is not None:
            self._paragraphs += 1
            if self._paragraphs > MAX_COMMENTS:
                raise too_many(self.file, MAX_COMMENTS)
            self._open.pieces.append([])
            self._open.key = attribute(attributes, "paraId") or self._open.key

    def _read(self, reads: bool) -> None:
        self._reads = reads

    def _mute(self, step: int) -> None:
        self._muted += step

    def _data(self, text: str) -> None:
        if self._reads:
            self._put(text.replace("\n", " ").replace("\r", " "))

    def _put(self, text: str) -> None:
        if self._open is not None and self._open.pieces and not self._muted:
            self._open.pieces[-1].append(text)


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
