"""Text in, tokens with positions out; and the cursor the three parsers walk with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, NoReturn

from evalkit.contract.problems import EvalkitError, Place, Problem

MAX_LENGTH = 4000
"""Longest text accepted, in characters."""

MAX_DEPTH = 50
"""Deepest nesting of brackets, `not` and functions accepted; keeps the recursive descent off Python's own limit."""

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<text>'[^'\n]*'|\"[^\"\n]*\")"
    r"|(?P<symbol>==|!=|<=|>=|<>|&&|\|\||\*\*|[-+*/:|~<>()\[\],.=&!^%])"
)

HALF_WIDTH = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "、": ",", "。": ".", "【": "[", "】": "]",
    "×": "*", "÷": "/", "−": "-", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "≠": "!=",
}  # fmt: skip
HALF_WIDTH.update({chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})
"""What a Chinese input method types, and the half-width sign it stands for."""

# Signs and words of other languages, and the word this one uses.
_OUR_WORD = {
    "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "<>": "!=", "且": "and", "并且": "and", "或": "or",
    "或者": "or", "非": "not", "不": "not", "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "And": "and",
    "Or": "or", "Not": "not", "In": "in",
}  # fmt: skip


class ExpressionError(EvalkitError):
    """A condition, model formula or computation that cannot be read, or compares what cannot be compared."""

    exit_code: ClassVar[int] = 4


@dataclass(frozen=True)
class Token:
    """One piece: `kind` is name, number, text, symbol or end; `position` counts characters from 1."""

    kind: str
    text: str
    position: int

    @property
    def value(self) -> float | str:
        """What a number or a quoted text stands for."""
        return float(self.text) if self.kind == "number" else self.text[1:-1]


class Cursor:
    """The tokens of one text, read from left to right.

    Parameters
    ----------
    text : str
        What the user wrote.
    at : Place, optional
        Where it stands (file and line), for the problem.

    Raises
    ------
    ExpressionError
        If the text is empty, too long, or holds a character no token begins with.
    """

    def __init__(self, text: str, at: Place | None = None) -> None:
        self.text = text
        self.at = at
        self._index = 0
        self._depth = 0
        if not text.strip():
            self.fail("E450", 1)
        if len(text) > MAX_LENGTH:
            self.fail("E451", MAX_LENGTH, limit=MAX_LENGTH)
        self.tokens = self._tokens()

    @property
    def token(self) -> Token:
        """The token to be read next; the last is of kind `end`."""
        return self.tokens[self._index]

    @property
    def following(self) -> Token:
        """The token after the next one."""
        return self.tokens[min(self._index + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Read one token."""
        token = self.token
        if token.kind != "end":
            self._index += 1
        return token

    def accept(self, *texts: str) -> Token | None:
        """Read the next token if it is one of these symbols or words."""
        if self.token.kind in ("symbol", "name") and self.token.text in texts:
            return self.take()
        return None

    def expect(self, text: str) -> Token:
        """Read this very symbol, or fail."""
        return self.accept(text) or self.unexpected(text)

    def deeper(self) -> None:
        """Count one level of nesting."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail("E452", self.token.position, limit=MAX_DEPTH)

    def higher(self) -> None:
        """Leave one level of nesting."""
        self._depth -= 1

    def fail(self, code: str, position: int, **params: object) -> NoReturn:
        """Raise the problem of that code at a position of the text."""
        raise ExpressionError(
            Problem(code, self.at, {"text": _excerpt(self.text, position), "position": position} | params)
        )

    def unexpected(self, expected: str) -> NoReturn:
        """Raise the problem that best explains why the next token cannot stand here."""
        token = self.token
        if token.kind == "end":
            self.fail("E454", token.position, expected=expected)
        if token.text == "=":
            self.fail("E455", token.position)
        if token.text in _OUR_WORD:
            self.fail("E456", token.position, found=token.text, use=_OUR_WORD[token.text])
        self.fail("E457", token.position, found=token.text, expected=expected)

    def _tokens(self) -> list[Token]:
        tokens: list[Token] = []
        start = 0
        while start < len(self.text):
            match = _TOKEN.match(self.text, start)
            if match is None:
                self._unreadable(start)
            kind = match.lastgroup or ""
            wide = next((i for i, c in enumerate(match.group()) if c in HALF_WIDTH), None) if kind == "name" else None
            if wide is not None:
                self._unreadable(start + wide)
            if kind == "number" and (
                self.text[match.end() : match.end() + 1].isalnum() or not isfinite(float(match.group()))
            ):
                self.fail("E458", start + 1, found=self.text[start : match.end() + 1])
            if kind != "space":
                tokens.append(Token(kind, match.group(), start + 1))
            start = match.end()
        tokens.append(Token("end", "", len(self.text) + 1))
        return tokens

    def _unreadable(self, start: int) -> NoReturn:
        found = self.text[start]
        if found in HALF_WIDTH:
            self.fail("E453", start + 1, found=found, use=HALF_WIDTH[found])
        if found in "'\"":
            self.fail("E459", start + 1, found=found)
        self.fail("E460", start + 1, found=found)


def _excerpt(text: str, position: int, width: int = 60) -> str:
    """The text, or where it is long the part around the position."""
    if len(text) <= width:
        return text
    start = max(0, min(position - 1 - width // 2, len(text) - width))
    return ("…" if start else "") + text[start : start + width] + ("…" if start + width < len(text) else "")
