"""Model text in, tokens with their places out; faults are shown with a caret under the place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from evalkit.contract.problems import EvalkitError, Problem

MAX_LENGTH = 100_000
"""Longest model text accepted, in characters."""

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\f\v\u00a0\u3000]+)"
    r"|(?P<comment>[#!][^\n]*)"
    r"|(?P<end>[\n;])"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<text>'[^'\n]*'|\"[^\"\n]*\")"
    r"|(?P<symbol>=~|~\*~|~~|:=|==|[-+*/^~<>|(),?])"
)
HALF_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
HALF_WIDTH.update({"“": '"', "”": '"', "‘": "'", "’": "'", "、": ",", "×": "*", "÷": "/", "−": "-", "–": "-", "—": "-"})
"""What a Chinese input method types, and the half-width sign it stands for."""

JOINING = frozenset({"=~", "~", "~~", "~*~", "|", ":=", "==", "<", ">", "+", "*", "-", "/", "^", ",", "("})
"""A line that ends with one of these goes on in the next."""


class ModelError(EvalkitError):
    """A model that cannot be read, or that names what is not there."""

    exit_code: ClassVar[int] = 4


@dataclass(frozen=True)
class Token:
    """One piece: `kind` is name, number, text, symbol or end; `position` counts characters of the model from 0."""

    kind: str
    text: str
    position: int


def fault(code: str, model: str, position: int, **params: object) -> NoReturn:
    """Raise a ModelError that shows the line of the model with a caret under `position`."""
    raise ModelError(shown(code, model, position, **params))


def shown(code: str, model: str, position: int, **params: object) -> Problem:
    """The problem with `line` (its number) and `picture` (the text of that line and a caret under the place)."""
    start = model.rfind("\n", 0, position) + 1
    stop = model.find("\n", position)
    line = model[start : stop if stop >= 0 else len(model)].rstrip("\r")
    before = line[: position - start]
    caret = " " * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before) + "^"
    number = model.count("\n", 0, position) + 1
    picture = "\n    " + line.replace("\t", " ") + "\n    " + caret + "\n"
    return Problem(code, params={"line": number, "picture": picture, **params})


def tokens(model: str) -> tuple[Token, ...]:
    """The tokens, with one `end` between statements and at the end.

    Raises
    ------
    ModelError
        E900 for a sign the language does not have (the half-width one is named), E901 for a text too long.
    """
    if len(model) > MAX_LENGTH:
        raise ModelError(Problem("E901", params={"n": len(model), "most": MAX_LENGTH}))
    found: list[Token] = []
    at = depth = 0
    while at < len(model):
        match = _TOKEN.match(model, at)
        if match is None:
            _unknown(model, at)
        kind, text = str(match.lastgroup), match.group()
        if kind == "symbol":
            depth += (text == "(") - (text == ")")
        if kind == "end":
            if depth <= 0 and found and found[-1].kind != "end" and not _goes_on(found, model, at, text):
                found.append(Token("end", text, at))
        elif kind not in ("space", "comment"):
            found.append(Token(kind, text, at))
        at = match.end()
    if found and found[-1].kind != "end":
        found.append(Token("end", "", len(model)))
    return tuple(found)


def _goes_on(found: Sequence[Token], model: str, at: int, sign: str) -> bool:
    if sign == ";":
        return False
    if found[-1].kind == "symbol" and found[-1].text in JOINING:
        return True
    rest = re.compile(r"(?:\s|[#!][^\n]*)*").match(model, at)
    return model[rest.end() if rest else at :][:1] in ("+", "*")


def _unknown(model: str, at: int) -> NoReturn:
    sign = model[at]
    if sign in HALF_WIDTH:
        fault("E902", model, at, sign=sign, half=HALF_WIDTH[sign])
    fault("E900", model, at, sign=sign)
