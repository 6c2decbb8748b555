"""Texts and lists in, pieces of SPSS syntax out: quotes doubled, long texts joined, every command ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PIECE = 80
"""Characters of a text on one line: SPSS reads lines of 256 bytes."""
REMARK = 200
"""Bytes of a remark."""
WIDTH = 100
"""Characters of a line of names."""


def literal(text: str) -> str:
    """A quoted text; a long one is joined from pieces, a line each."""
    text = " ".join(text.split())
    pieces = [text[k : k + PIECE] for k in range(0, len(text), PIECE)] or [""]
    return " +\n    ".join("'" + piece.replace("'", "''") + "'" for piece in pieces)


def code(value: float | str) -> str:
    """A value as syntax writes it."""
    if isinstance(value, str):
        return literal(value)
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def remark(text: str) -> str:
    """A comment of one line; it ends at the first full stop that ends a line, so there is just one."""
    line = " ".join(text.split()).rstrip(".。 ")
    while len(line.encode()) > REMARK:
        line = line[:-1].rstrip(". ")
    return f"* {line}."


def names(given: Iterable[str]) -> str:
    """Names with blanks between, in lines that are not too long."""
    lines = [""]
    for name in given:
        if len(lines[-1].encode()) + len(name.encode()) > WIDTH and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {name}".strip()
    return "\n    ".join(lines)


def command(head: str, *parts: str) -> str:
    """A command with its subcommands, each on a line of its own."""
    return "\n  /".join([head, *parts]) + "."


def series(head: str, parts: Sequence[str]) -> list[str]:
    """A command whose parts are alternatives of one kind (`VARIABLE LABELS a 'x' /b 'y'`); none without parts."""
    return [f"{head} " + "\n  /".join(parts) + "."] if parts else []
