"""A path in, a `Document` out: the container opened safely, text and comments put together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.word_comments.remarks import Comment, Comments, answers
from evalkit.ingest.word_comments.story import Anchor, Story
from evalkit.sheets.markup import Markup
from evalkit.sheets.package import Package
from evalkit.sheets.xlsx import damage_told

SUFFIXES = (".docx", ".docm")
MAX_FILE = 1 << 28
_OLE = b"\xd0\xcf\x11\xe0"
_IN_WORD = {"E105": "E2184", "E106": "E2181", "E107": "E2182", "E108": "E2183", "E119": "E2183"}
"""Messages that speak of spreadsheets -> the same for documents."""


@dataclass(frozen=True)
class Remark:
    """One comment with its place.

    Attributes
    ----------
    number : int
        Counted from 1 in the order of the text; answers do not count.
    date : str
        ISO day and time as the program wrote it, mostly local time; empty if it did not.
    lines : tuple of str
        Its paragraphs; a manual line break stays in its paragraph.
    answers : tuple of (author, text)
        In the order of the file.
    """

    number: int
    author: str
    date: str
    lines: tuple[str, ...]
    anchor: Anchor
    answers: tuple[tuple[str, str], ...] = ()
    resolved: bool = False


@dataclass(frozen=True, eq=False)
class Document:
    """The text of a Word file (LF, one line a paragraph), its comments, and what was left out, by kind."""

    file: str
    text: str
    remarks: tuple[Remark, ...]
    lost: Mapping[str, int]
    sha256: str


def read_document(path: Path) -> Document:
    """Read a .docx. Nothing it links to is fetched, nothing is unpacked to disk, no entity is expanded.

    Raises
    ------
    InputError
        E101 without such a file, E103 where it cannot be opened, E2181 beyond the limits of size, E2182 for a document
        type, E2183 for what is damaged or no Word document, E2184 for a password or a .doc of old.
    """
    place = Place(path.name)
    if not path.is_file():
        raise InputError(Problem("E101", place))
    try:
        if path.stat().st_size > MAX_FILE:
            raise InputError(Problem("E2181", place, {"limit": f"{MAX_FILE >> 20} MB"}))
        data = path.read_bytes()
    except OSError as fault:
        raise InputError(Problem("E103", place)) from fault
    if data.startswith(_OLE):
        raise InputError(Problem("E2184", place))
    try:
        with damage_told(path.name), Package(path) as package:
            story, comments, parents, resolved = _parts(package)
    except InputError as error:
        raise InputError(_in_word(problem) for problem in error.problems) from None
    remarks = _placed(story, comments, parents, resolved)
    return Document(path.name, story.text, remarks, dict(story.lost), hashlib.sha256(data).hexdigest())


def _in_word(problem: Problem) -> Problem:
    code = _IN_WORD.get(problem.code, problem.code)
    return Problem(code, problem.at, {"part": "", **problem.params})


def _parts(package: Package) -> tuple[Story, list[Comment], dict[str, str], set[str]]:
    file = package.file
    main = next((r.target for r in package.relationships().values() if r.kind == "officeDocument"), "")
    story = Story(file, main)
    _feed(package, main, story.markup)
    if story.markup.root != "document":
        raise InputError(Problem("E2183", Place(file), {"part": main}))
    related = {r.kind: r.target for r in package.relationships(main).values()}
    comments = Comments(file, related.get("comments", ""))
    if related.get("comments", "") in package:
        _feed(package, related["comments"], comments.markup)
    extended = related.get("commentsExtended", "")
    told = answers(package.blocks(extended), file, extended) if extended in package else ({}, set())
    return story, comments.found, *told


def _feed(package: Package, part: str, markup: Markup) -> None:
    for block in package.blocks(part):
        markup.feed(block)
    markup.close()


def _placed(
    story: Story, comments: list[Comment], parents: Mapping[str, str], resolved: set[str]
) -> tuple[Remark, ...]:
    """The comments in the order of the text, each with the answers to it; those not in the text stand last."""
    roots = _roots(comments, parents)
    replies: dict[str, list[tuple[str, str]]] = {}
    first: list[Comment] = []
    for comment in comments:
        above = roots.get(comment.key, comment)
        if above is comment:
            first.append(comment)
        else:
            replies.setdefault(above.id, []).append((comment.author.strip(), "\n".join(comment.lines).strip()))
    rank = {comment: k for k, comment in enumerate(story.order)}
    first.sort(key=lambda comment: rank.get(comment.id, len(rank)))
    return tuple(
        Remark(
            number,
            comment.author.strip(),
            comment.date,
            comment.lines,
            story.anchor(comment.id),
            tuple(replies.get(comment.id, ())),
            comment.key in resolved,
        )
        for number, comment in enumerate(first, 1)
    )


def _roots(comments: list[Comment], parents: Mapping[str, str]) -> dict[str, Comment]:
    """Key of a comment -> the comment that it answers in the end; itself where it answers none, or they go round."""
    by_key = {comment.key: comment for comment in comments if comment.key}
    found: dict[str, Comment] = {}
    for key in by_key:
        path: dict[str, None] = {}
        at = key
        while at not in found and at not in path and parents.get(at, "") in by_key:
            path[at] = None
            at = parents[at]
        if at in path:
            found |= {one: by_key[one] for one in path}
        else:
            found.setdefault(at, by_key[at])
            found |= dict.fromkeys(path, found[at])
    return found
