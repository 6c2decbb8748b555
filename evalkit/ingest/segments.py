"""A cell that holds several options in, the options out, whatever stands between them.

Options may contain the separator (`政治、军事`), so the text is cut along the options, longest first, and only
then along separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from evalkit.ingest.choices import Choice, Choices, choices_of
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.instrument import Option

_STRONG = {"joined": "┋", "places": "→"}
_WEAK = {"joined": "┋|;,、\n\t/ ", "places": "→>┋|;,、\n\t "}
_FILL = re.compile(r"〖[^〖〗]*〗")
_LONGEST = 4000
"""Longest cell that is cut along options; a longer one is cut along separators only."""


@dataclass(frozen=True)
class Cut:
    """Options named in one cell, in order, and pieces that are none."""

    choices: tuple[Choice, ...]
    unknown: tuple[str, ...] = field(default=())


def cut(text: str, options: tuple[Option, ...], by: str, kind: str) -> Cut:
    """Options of a joined cell.

    Parameters
    ----------
    text : str
        `阅读┋影视`, `A→B→C`, `1,3`, `其他〖种菜〗┋阅读`.
    by : str
        As in `Choices.find`.
    kind : str
        `joined` or `places`.
    """
    choices = choices_of(options)
    strong = _STRONG[kind]
    if strong in text:
        return _named([piece for piece in text.split(strong) if clean(piece)], choices, by)
    whole = choices.find(text, by)
    if whole:
        return Cut((whole,))
    along = _along_options(text, choices, by, _WEAK[kind])
    if along is not None:
        return Cut(along)
    return _named(
        [p for p in re.split(f"[{re.escape(_WEAK[kind].replace(' ', ''))}]", clean(text)) if p.strip()], choices, by
    )


def _named(pieces: list[str], choices: Choices, by: str) -> Cut:
    found = [(piece, choices.find(piece, by)) for piece in pieces]
    return Cut(
        tuple(choice for _, choice in found if choice), tuple(clean(piece) for piece, choice in found if not choice)
    )


def _along_options(text: str, choices: Choices, by: str, separators: str) -> tuple[Choice, ...] | None:
    """The cut of the whole text into options and separators, longest option first; None if there is none."""
    line = clean(text)
    if not line or len(line) > _LONGEST:
        return None
    names = _names(choices.options, by)
    # Depth first, and no position is tried twice: a hostile text cannot make the search explode.
    starts, moves, picked = [0], [_moves(line, 0, names, separators)], [Choice(-1)]
    dead: set[int] = set()
    while moves:
        move = next(moves[-1], None)
        if move is None:
            moves.pop()
            picked.pop()
            dead.add(starts.pop())
            continue
        choice, end = move
        if end == len(line):
            return (*picked[1:], choice)
        if end not in dead:
            starts.append(end)
            moves.append(_moves(line, end, names, separators))
            picked.append(choice)
    return None


def _moves(line: str, at: int, names: list[tuple[str, int]], separators: str) -> Iterator[tuple[Choice, int]]:
    """Options that stand at a position, with where the next one would begin."""
    for name, position in names:
        if line.startswith(name, at):
            step = _step(line, at + len(name), separators)
            if step:
                yield Choice(position, step[1]), step[0]


def _step(line: str, at: int, separators: str) -> tuple[int, str | None] | None:
    """Position after an option, its fill-in and at least one separator (or the end)."""
    fill = None
    filled = _FILL.match(line, at)
    if filled:
        fill, at = filled[0][1:-1].strip(), filled.end()
    end = at
    while end < len(line) and line[end] in separators:
        end += 1
    return (end, fill) if end > at or end == len(line) else None


@lru_cache(maxsize=256)
def _names(options: tuple[Option, ...], by: str) -> list[tuple[str, int]]:
    choices = choices_of(options)
    if by == "index":
        pairs = {str(k + 1): k for k in range(len(options))}
    else:
        pairs = choices.names | {c: k for c, k in choices.codes.items() if c not in choices.names}
    return sorted(pairs.items(), key=lambda pair: -len(pair[0]))
