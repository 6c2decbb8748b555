"""The sources of a project in: their texts, and the stretches that were coded, as the project states them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.contract import Problem
from evalkit.ingest.refi.offsets import Marked, Stored
from evalkit.ingest.refi.outline import Node
from evalkit.ingest.refi.particulars import heard
from evalkit.ingest.refi.project import Project

_FAR = 1 << 53
_TEXT_OF = {"TextSource": "", "PDFSource": "Representation", "PictureSource": "TextDescription"}
_TRANSCRIBED = ("AudioSource", "VideoSource")
_LOST_AS = {"PictureSource": "pictures", "AudioSource": "audio", "VideoSource": "video", "PDFSource": "pdf"}
_AREAS = ("PictureSelection", "PDFSelection", "AudioSelection", "VideoSelection")


@dataclass(frozen=True, eq=False)
class Stretch:
    """A selection that was coded, or a whole source.

    Attributes
    ----------
    start, end : int
        As stated; of a whole source both -1.
    """

    node: Node
    codings: list[Node]
    start: int = -1
    end: int = -1
    name: str = ""


@dataclass(frozen=True, eq=False)
class Source:
    """A text of a source.

    Attributes
    ----------
    node : Node
        The source: a text, or the recording, picture or pdf that the text stands for.
    words : Node
        The element that holds the text.
    stored : Stored or None
        None where the text is not at hand.
    stretches : list of Stretch
        Selections first, the whole source last.
    """

    node: Node
    words: Node
    stored: Stored | None
    stretches: list[Stretch]

    @property
    def owners(self) -> tuple[Node, ...]:
        """The elements that may hold its description and variables."""
        return (self.node,) if self.node is self.words else (self.node, self.words)

    def marked(self) -> Marked:
        """Its selections, for finding out how positions were counted."""
        parts = [s for s in self.stretches if s.start >= 0]
        starts, ends = (np.array([getattr(s, n) for s in parts], dtype=np.int64) for n in ("start", "end"))
        return Marked(self.stored or Stored(""), starts, ends, [s.name for s in parts])


def read_sources(project: Project) -> list[Source]:
    """Every source that has a text; the others are counted as left out, and so are codings of areas and spans.

    Faults: W2159 for a text that is not at hand or no text; E2173 for a selection without positions.
    """
    found: list[Source] = []
    for node in project.root.within("Sources"):
        areas = [area for area in node.children if area.name in _AREAS]
        project.lost["media_codings"] += sum(1 for area in areas for _ in area.each("Coding"))
        worded = _worded(node)
        if node.name in _LOST_AS and (node.name != "PDFSource" or not worded):
            project.lost[_LOST_AS[node.name]] += 1
        if not worded:
            project.lost["media_codings"] += sum(1 for _ in node.each("Coding"))
        for position, words in enumerate(worded):
            whole = list(words.each("Coding"))
            if words is not node and not position:
                whole += node.each("Coding")
            stretches = [*_stretches(project, words), *(Stretch(coding, [coding]) for coding in whole)]
            found.append(Source(node, words, _stored(project, node, words), stretches))
    return found


def _worded(node: Node) -> list[Node]:
    if node.name in _TRANSCRIBED:
        return list(node.each("Transcript"))
    inner = _TEXT_OF.get(node.name)
    return [] if inner is None else list(node.each(inner)) if inner else [node]


def _stored(project: Project, node: Node, words: Node) -> Stored | None:
    embedded = next(words.each("PlainTextContent"), None)
    if embedded is not None:
        return None if is_textless(words) else Stored.of(embedded.text)
    path = words.get("plainTextPath")
    data = project.container.text(path, project.at(words)) if path else None
    text = None if data is None else _decoded(data, path, project, words)
    if text is None:
        params = {"source": node.get("name") or node.guid(), "path": path or words.get("richTextPath") or "–"}
        project.reading.problems.append(Problem("W2159", project.at(words), params))
        return None
    return Stored.of(text)


def is_textless(words: Node) -> bool:
    """Whether an export of ours says that the text was not at hand."""
    return "no_text" in heard(words.word("Description"))[1]


def _decoded(data: bytes, path: str, project: Project, words: Node) -> str | None:
    """The text with its byte order mark; None for what is no text."""
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            return None
        if encoding == "gb18030":
            project.reading.fault("N2129", project.at(words), path=path)
        return ("\ufeff" if encoding == "utf-16" else "") + text
    return None


def _stretches(project: Project, words: Node) -> Iterator[Stretch]:
    points: Mapping[str, Node] = {point.guid(): point for point in words.each("SyncPoint")}
    for node in words.each("PlainTextSelection", "TranscriptSelection"):
        codings = list(node.each("Coding"))
        if not codings:
            project.lost["bare_selections"] += 1
            continue
        if node.name == "TranscriptSelection":
            ends = [points.get(node.guid(name)) for name in ("fromSyncPoint", "toSyncPoint")]
            stated = [None if point is None else _position(point, "position") for point in ends]
            if None in stated:
                project.lost["media_codings"] += len(codings)
                continue
        else:
            stated = [_position(node, name) for name in ("startPosition", "endPosition")]
        if stated[0] is None or stated[1] is None:
            lacking = "startPosition" if stated[0] is None else "endPosition"
            params = {"element": node.name, "attribute": lacking}
            project.reading.problems.append(Problem("E2173", project.at(node), params))
            continue
        if stated[0] == stated[1]:
            project.lost["empty_selections"] += 1
            continue
        yield Stretch(node, codings, max(stated[0], 0), stated[1], node.get("name"))


def _position(node: Node, name: str) -> int | None:
    text = node.get(name).strip()
    digits = text.removeprefix("-")
    if not digits.isdecimal() or not digits.isascii():
        return None
    number = int(text[:20])
    return number if abs(number) < _FAR else _FAR
