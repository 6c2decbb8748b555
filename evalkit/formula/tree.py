"""The parts a condition is made of, and how they are written out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    """A number (float) or a text."""

    value: float | str


@dataclass(frozen=True)
class Column:
    """A column of the data, by name."""

    name: str


@dataclass(frozen=True)
class StepRef:
    """One number of a step's result: `step["path"].column`; `path` is a term or model/outcome/group/term/level."""

    step: str
    path: str
    column: str


@dataclass(frozen=True)
class Compare:
    """Two values and `==`, `!=`, `<`, `<=`, `>` or `>=`."""

    left: Value
    operator: str
    right: Value


@dataclass(frozen=True)
class Member:
    """A value that is one of several literals."""

    left: Value
    values: tuple[float | str, ...]


@dataclass(frozen=True)
class Answered:
    """Whether a question has an answer."""

    name: str


@dataclass(frozen=True)
class Chosen:
    """Whether an option of a multiple-response question is ticked."""

    question: str
    code: float | str


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    inner: Condition


@dataclass(frozen=True)
class Many:
    """Two or more conditions joined by `and`, or by `or`."""

    word: str
    parts: tuple[Condition, ...]


Value = Literal | Column | StepRef
Condition = Compare | Member | Answered | Chosen | Not | Many


def unparse(node: Condition | Value) -> str:
    """The text of a tree; reading it again gives an equal tree."""
    match node:
        case Literal(value):
            return _literal(value)
        case Column(name):
            return name
        case StepRef(step, path, column):
            return f"{step}[{_literal(path)}].{column}"
        case Compare(left, operator, right):
            return f"{unparse(left)} {operator} {unparse(right)}"
        case Member(left, values):
            return f"{unparse(left)} in ({', '.join(_literal(value) for value in values)})"
        case Answered(name):
            return f"answered({name})"
        case Chosen(question, code):
            return f"chosen({question}, {_literal(code)})"
        case Not(inner):
            return f"not {_bracketed(inner)}"
        case Many(word, parts):
            return f" {word} ".join(_bracketed(part) for part in parts)


def walk(node: Condition) -> Iterator[Condition]:
    """Every condition inside a tree, the tree itself first, from left to right."""
    yield node
    if isinstance(node, Not):
        yield from walk(node.inner)
    elif isinstance(node, Many):
        for part in node.parts:
            yield from walk(part)


def code_text(code: float | str) -> str:
    """A code as it stands in a column name: `3`, `0.5`, `other`."""
    return code if isinstance(code, str) else str(int(code)) if code == int(code) else repr(float(code))


def _literal(value: float | str) -> str:
    if isinstance(value, str):
        return f'"{value}"' if '"' not in value else f"'{value}'"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _bracketed(node: Condition) -> str:
    text = unparse(node)
    return f"({text})" if isinstance(node, Many) else text
