"""The XML of a REFI-QDA project in, a tree of its elements out; namespaces do not matter, lines are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evalkit.contract import InputError, Place, Problem
from evalkit.sheets.markup import AllMarkup

MAX_ELEMENTS = 500_000
"""Some 150,000 codings, which take some 15 seconds."""

_WORDS = frozenset(
    (
        *("Description", "PlainTextContent", "TextValue", "BooleanValue"),
        *("IntegerValue", "FloatValue", "DateValue", "DateTimeValue"),
    )
)
"""Elements that hold text."""


class Node:
    """One element.

    Attributes
    ----------
    name : str
        Without namespace: some writers give the codebook of a project another one.
    line : int
        Of the file, from 1.
    text : str
        Of an element that holds text; line breaks are LF, as XML has it.
    """

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        self.name, self.attributes, self.line = name, attributes, line
        self.children: list[Node] = []
        self.text = ""

    def each(self, *names: str) -> Iterator[Node]:
        """Children of these names."""
        return (child for child in self.children if child.name in names)

    def within(self, wrapper: str) -> list[Node]:
        """Children of the child of that name; none without it."""
        return [child for found in self.each(wrapper) for child in found.children]

    def word(self, name: str) -> str:
        """Text of the first child of that name."""
        return next((child.text for child in self.each(name)), "")

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def guid(self, name: str = "guid") -> str:
        """An identifier as it can be compared: without braces, in small letters."""
        return self.attributes.get(name, "").strip().strip("{}").lower()


def outline(blocks: Iterable[bytes], file: str, part: str) -> Node:
    """The root of a document.

    Raises
    ------
    InputError
        E106 for too large a part, E107 for a document type, E108 for what is not well-formed, E2165 for too many
        elements.
    """
    top = Node("", {}, 0)
    open_: list[Node] = [top]
    pieces: list[str] = []
    count = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS:
            raise InputError(Problem("E2165", Place(file), {"n": count, "limit": MAX_ELEMENTS}))
        node = Node(name, attributes, markup.line)
        open_[-1].children.append(node)
        open_.append(node)
        pieces.clear()

    def end() -> None:
        node = open_.pop()
        if node.name in _WORDS:
            node.text = "".join(pieces)
        pieces.clear()

    markup = AllMarkup(file, part, start, end, pieces.append)
    for block in blocks:
        markup.feed(block)
    markup.close()
    return top.children[0]
