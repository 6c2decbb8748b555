"""Arithmetic on columns: text in, a tree out that gives a float column.

sum     := product (("+" | "-") product)*
product := sign (("*" | "/") sign)*
sign    := "-" sign | number | name | ("abs" | "z") "(" sum ")" | "(" sum ")"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalkit.contract.problems import Place, Problem
from evalkit.formula.tokens import Cursor, ExpressionError

_FUNCTIONS = ("abs", "z")


@dataclass(frozen=True)
class _Node:
    """A leaf (`number`, `name`) or an operation with its operands."""

    operation: str
    operands: tuple[_Node, ...] = ()
    value: float | str = 0.0


@dataclass(frozen=True)
class Arithmetic:
    """A computation that has been read. Two are equal when their texts are."""

    text: str
    names: tuple[str, ...] = field(compare=False)
    tree: _Node = field(compare=False, repr=False)
    at: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    def evaluate(self, lookup: Callable[[str], Any]) -> np.ndarray:
        """The column computed.

        Parameters
        ----------
        lookup : callable
            Gives the numbers of a name, shape (n,), nan = missing.

        Returns
        -------
        ndarray of float, shape (n,)
            nan where a part is missing, where a division is by zero, and everywhere for `z` of a column that does not
            vary. `z` subtracts the mean and divides by the standard deviation (n - 1) of the values present.

        Raises
        ------
        ExpressionError
            If a column holds texts.
        """
        columns = {name: self._numbers(name, lookup(name)) for name in self.names}
        with np.errstate(all="ignore"):
            found = np.asarray(_value(self.tree, columns), dtype=float)
        return np.where(np.isfinite(found), found, np.nan)

    def _numbers(self, name: str, raw: Any) -> np.ndarray:
        try:
            values = np.asarray(raw)
            if values.dtype.kind in "UM":
                raise ValueError
            return values.astype(float)
        except (TypeError, ValueError):
            raise ExpressionError(Problem("E477", self.at, {"text": self.text, "found": name})) from None


def compute(text: str, *, at: Place | None = None) -> Arithmetic:
    """Read a computation: `+ - * /`, brackets, `abs()` and `z()` of columns and numbers.

    Raises
    ------
    ExpressionError
        With the position of the fault, or if no column is named.
    """
    cursor = Cursor(text, at)
    tree = _sum(cursor)
    if cursor.token.kind != "end":
        cursor.unexpected("+ - * /")
    names = tuple(dict.fromkeys(_names(tree)))
    if not names:
        cursor.fail("E478", 1)
    return Arithmetic(text.strip(), names, tree, at)


def _sum(cursor: Cursor) -> _Node:
    return _chain(cursor, ("+", "-"), lambda: _chain(cursor, ("*", "/"), lambda: _sign(cursor)))


def _chain(cursor: Cursor, signs: tuple[str, ...], part: Callable[[], _Node]) -> _Node:
    """Operands joined from the left, kept flat so that a long sum is not a deep tree."""
    first = part()
    operands = [first]
    while sign := cursor.accept(*signs):
        operands.append(_Node(sign.text, (part(),)))
    return first if len(operands) == 1 else _Node("chain", tuple(operands))


def _sign(cursor: Cursor) -> _Node:
    cursor.deeper()
    token = cursor.token
    if cursor.accept("-"):
        node = _Node("negative", (_sign(cursor),))
    elif token.kind == "number":
        node = _Node("number", value=cursor.take().value)
    elif token.kind == "name" and cursor.following.text == "(":
        if token.text not in _FUNCTIONS:
            cursor.fail("E476", token.position, found=token.text)
        cursor.take()
        node = _Node(token.text, (_bracket(cursor),))
    elif token.kind == "name":
        node = _Node("name", value=cursor.take().text)
    else:
        node = _bracket(cursor)
    cursor.higher()
    return node


def _bracket(cursor: Cursor) -> _Node:
    if cursor.token.text != "(":
        cursor.unexpected("x / 1")
    cursor.take()
    node = _sum(cursor)
    cursor.expect(")")
    return node


def _names(node: _Node) -> list[str]:
    own = [str(node.value)] if node.operation == "name" else []
    return own + [name for part in node.operands for name in _names(part)]


def _value(node: _Node, columns: dict[str, np.ndarray]) -> Any:
    match node.operation:
        case "number":
            return node.value
        case "name":
            return columns[str(node.value)]
        case "chain":
            total = _value(node.operands[0], columns)
            for part in node.operands[1:]:
                total = _apply(part.operation, total, _value(part.operands[0], columns))
            return total
        case "negative":
            return -_value(node.operands[0], columns)
        case "abs":
            return np.abs(_value(node.operands[0], columns))
        case _:
            return _z(np.asarray(_value(node.operands[0], columns), dtype=float))


def _apply(sign: str, left: Any, right: Any) -> Any:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return np.divide(left, right)


def _z(values: np.ndarray) -> np.ndarray:
    present = values[np.isfinite(values)]
    if len(present) < 2 or np.ptp(present) == 0:
        return np.full(values.shape, np.nan)
    return np.asarray((values - present.mean()) / present.std(ddof=1))
