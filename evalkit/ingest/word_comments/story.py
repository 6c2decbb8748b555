"""The main text of a Word document: paragraphs as lines, and where each comment begins and ends in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from evalkit.contract import InputError, Place, Problem
from evalkit.sheets.markup import Attributes, Markup

MAX_PARAGRAPHS = 500_000
LOST = ("box", "picture", "object", "formula", "footnote", "endnote", "symbol", "ruby", "hidden", "deletion")
"""What is left out of a text and counted."""

_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_FORMULAS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "http://purl.oclc.org/ooxml/officeDocument/math",
)
_OBJECTS = {"drawing": "picture", "pict": "picture", "object": "object"}
_OFF = ("0", "false", "off")
_NO_BREAK = ("page", "column")
_BLANKS = str.maketrans("\r\n", "  ")


def attribute(attributes: Attributes, name: str) -> str:
    """The value of an attribute by its local name; empty if it is not there."""
    return next((value for key, value in attributes.items() if key.rpartition(" ")[2] == name), "")


def too_many(file: str, limit: int) -> InputError:
    """E2181 for a file with more than `limit` paragraphs or comments."""
    return InputError(Problem("E2181", Place(file), {"limit": f"{limit:,}"}))


@dataclass(frozen=True)
class Anchor:
    """Where a comment stands in the text. `end` is exclusive; a `start` of -1: its text is not in the main text.

    `paragraph` is counted from 1 as they stand in the document; `point` says that no text was marked.
    """

    start: int
    end: int
    paragraph: int
    point: bool = False


@dataclass
class _Alternatives:
    """Several forms of one thing: what the first of them holds counts as lost, unless there is a fallback."""

    left: Counter[str] = field(default_factory=Counter)
    inside: bool = False


class Story:
    """Listens to the parser of the main part and gathers text, anchors and what is left out.

    Paragraphs are lines, those of tables in reading order. Of tracked changes insertions stay and deletions go;
    paragraphs whose mark was deleted run together. A manual line break is a line break, a tab a tab. List numbers,
    headers and footers are no part of the main text. Of several forms of one thing the one for old programs is
    read, as it holds plain text.

    Attributes
    ----------
    lost : Counter
        Kind (one of LOST) -> how often it was left out.
    order : dict
        Comments by their ids, as they begin in the text.
    """

    def __init__(self, file: str, part: str) -> None:
        self.file = file
        self.lost: Counter[str] = Counter()
        self.order: dict[str, None] = {}
        self._pieces: list[str] = []
        self._length = self._deleted = 0
        self._spans: list[tuple[int, int]] = []  # of each paragraph
        self._starts: dict[str, tuple[int, int, int]] = {}  # comment -> offset, paragraph, what was deleted so far
        self._ends: dict[str, tuple[int, int]] = {}
        self._points: dict[str, tuple[int, int]] = {}
        self._waiting: list[str] = []  # comments that begin between two paragraphs
        self._inside = self._begun = self._joined = self._mark_deleted = False
        self._properties = self._row_properties = self._muted = self._outside = 0
        self._hidden: list[bool] = []  # of each run that is open
        self._rows: list[bool] = []
        self._boxes: list[bool] = []  # of each object that is open, whether it holds text
        self._alternatives: list[_Alternatives] = []
        self._held: list[str] | None = None  # pieces of the text element that is open
        self._keeps_blanks = False
        self.markup = Markup(file, part, self._openings(), self._closings(), self._data)

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def anchor(self, comment: str) -> Anchor:
        """Where a comment stands; one without marked text stands for its paragraph."""
        start, end, point = (where.get(comment) for where in (self._starts, self._ends, self._points))
        if start is not None and end is None and point is not None:
            end = point[0], self._deleted
        if start is not None and end is not None and end[0] > start[0]:
            return Anchor(start[0], end[0], start[1])
        if start is not None and end is not None and end[1] > start[2]:
            return Anchor(-1, -1, start[1])  # what it marked was deleted
        paragraph = start[1] if start is not None else point[1] if point is not None else 0
        first, last = self._spans[paragraph - 1] if paragraph else (0, 0)
        return Anchor(first, last, paragraph, True) if last > first else Anchor(-1, -1, paragraph, True)

    # -- what the parser says ---------------------------------------------------------------------

    def _openings(self) -> dict[str, Callable[[Attributes], object]]:
        found: dict[str, Callable[[Attributes], object]] = {
            "p": lambda _: self._paragraph(),
            "tr": lambda _: self._rows.append(False),
            "r": lambda _: self._hidden.append(False),
            "vanish": self._vanish,
            "t": self._text_opens,
            "tab": lambda _: self._put("\t"),
            "ptab": lambda _: self._put("\t"),
            "cr": lambda _: self._put("\n"),
            "br": lambda a: attribute(a, "type") in _NO_BREAK or self._put("\n"),
            "noBreakHyphen": lambda _: self._put("\u2011"),
            "delText": lambda _: self._deleted_text(),
            "rt": lambda _: self._mute("ruby"),
            "commentRangeStart": self._range_starts,
            "commentRangeEnd": self._range_ends,
            "commentReference": self._reference,
            "txbxContent": lambda _: self._text_box(),
            f"{_COMPATIBILITY} AlternateContent": lambda _: self._alternatives.append(_Alternatives()),
            f"{_COMPATIBILITY} Choice": lambda _: self._choice(True),
            f"{_COMPATIBILITY} Fallback": lambda _: self._fallback(),
        }
        for name in ("pPr", "pPrChange", "rPrChange"):
            found[name] = lambda _: self._in_properties(1)
        for name in ("trPr", "trPrChange"):
            found[name] = lambda _: self._in_row_properties(1)
        found |= dict.fromkeys(("del", "moveFrom"), lambda _: self._deletion())
        counted = (("footnoteReference", "footnote"), ("endnoteReference", "endnote"), ("sym", "symbol"))
        formulas = ((f"{space} oMath", "formula") for space in _FORMULAS)
        for name, kind in (*counted, ("altChunk", "object"), *formulas):
            found[name] = partial(self._lose, kind)
        return found | dict.fromkeys(_OBJECTS, lambda _: self._object())

    def _closings(self) -> dict[str, Callable[[], object]]:
        found: dict[str, Callable[[], object]] = {
            "p": self._paragraph_ends,
            "tc": lambda: setattr(self, "_joined", False),
            "tr": lambda: self._unmute(self._rows.pop()),
            "r": lambda: self._unmute(self._hidden.pop()),
            "t": self._text_closes,
            "rt": self._unmute,
            f"{_COMPATIBILITY} AlternateContent": self._alternatives_end,
            f"{_COMPATIBILITY} Choice": lambda: self._choice(False),
        }
        for name in ("pPr", "pPrChange", "rPrChange"):
            found[name] = lambda: self._in_properties(-1)
        for name in ("trPr", "trPrChange"):
            found[name] = lambda: self._in_row_properties(-1)
        found |= dict.fromkeys(("del", "moveFrom"), self._deletion_ends)
        return found | {name: partial(self._object_ends, kind) for name, kind in _OBJECTS.items()}

    def _in_properties(self, step: int) -> None:
        self._properties += step

    def _in_row_properties(self, step: int) -> None:
        self._row_properties += step

    # -- text -------------------------------------------------------------------------------------

    def _put(self, text: str) -> None:
        if self._inside and not (self._muted or self._outside or self._properties):
            self._pieces.append(text)
            self._length += len(text)

    def _data(self, text: str) -> None:
        if self._held is not None:
            self._held.append(text)

    def _text_opens(self, attributes: Attributes) -> None:
        self._held, self._keeps_blanks = [], attribute(attributes, "space") == "preserve"

    def _text_closes(self) -> None:
        text = "".join(self._held or ()).translate(_BLANKS)
        self._held = None
        self._deleted += bool(self._muted and text)
        self._put(text if self._keeps_blanks else text.strip(" \t"))

    def _deleted_text(self) -> None:
        self._deleted += 1

    def _paragraph(self) -> None:
        if self._outside:
            return
        self._inside, self._mark_deleted = True, False
        if self._begun and not self._joined:
            self._put("\n")
        self._begun = self._begun or not self._muted
        self._spans.append((self._length, self._length))
        if len(self._spans) > MAX_PARAGRAPHS:
            raise too_many(self.file, MAX_PARAGRAPHS)
        for comment in self._waiting:
            self._starts[comment] = (self._length, len(self._spans), self._deleted)
        self._waiting.clear()

    def _paragraph_ends(self) -> None:
        if not self._outside:
            self._inside = False
            self._spans[-1] = (self._spans[-1][0], self._length)
            self._joined = self._joined if self._muted else self._mark_deleted

    # -- what is no part of the text --------------------------------------------------------------

    def _lose(self, kind: str, _: Attributes | None = None) -> None:
        if not self._boxes:
            chosen = next((a for a in reversed(self._alternatives) if a.inside), None)
            (self.lost if chosen is None else chosen.left)[kind] += 1

    def _mute(self, kind: str) -> None:
        if not self._muted:
            self._lose(kind)
        self._muted += 1

    def _unmute(self, was: bool = True) -> None:
        self._muted -= was

    def _vanish(self, attributes: Attributes) -> None:
        told = attribute(attributes, "val") not in _OFF
        if told and self._hidden and not self._hidden[-1] and not self._properties:
            self._hidden[-1] = True
            self._mute("hidden")

    def _deletion(self) -> None:
        """Deleted text; or, among properties, the mark of a deleted paragraph or table row."""
        if self._properties:
            self._mark_deleted = self._mark_deleted or not self._outside
        elif not self._row_properties:
            self._mute("deletion")
        elif self._rows and not self._rows[-1]:
            self._rows[-1] = True
            self._mute("deletion")

    def _deletion_ends(self) -> None:
        self._unmute(not self._properties and not self._row_properties)

    def _object(self) -> None:
        self._boxes.append(False)
        self._outside += 1

    def _text_box(self) -> None:
        if self._boxes:
            self._boxes[-1] = True

    def _object_ends(self, kind: str) -> None:
        holds_text = self._boxes.pop()
        self._outside -= 1
        if holds_text and self._boxes:
            self._boxes[-1] = True
        self._lose("box" if holds_text else kind)

    def _choice(self, opens: bool) -> None:
        if self._alternatives:
            self._alternatives[-1].inside = opens
            self._outside += 1 if opens else -1

    def _fallback(self) -> None:
        if self._alternatives:
            self._alternatives[-1].left.clear()

    def _alternatives_end(self) -> None:
        for kind, n in self._alternatives.pop().left.items():
            for _ in range(n):
                self._lose(kind)

    # -- comments ---------------------------------------------------------------------------------

    def _range_starts(self, attributes: Attributes) -> None:
        comment = attribute(attributes, "id")
        if self._outside or comment in self._starts:
            return
        self.order.setdefault(comment)
        if self._inside:
            self._starts[comment] = (self._length, len(self._spans), self._deleted)
        else:
            self._waiting.append(comment)

    def _range_ends(self, attributes: Attributes) -> None:
        if not self._outside:
            self._ends.setdefault(attribute(attributes, "id"), (self._length, self._deleted))

    def _reference(self, attributes: Attributes) -> None:
        if not self._outside:
            comment = attribute(attributes, "id")
            self.order.setdefault(comment)
            self._points.setdefault(comment, (self._length, len(self._spans)))
