"""Formulas over parameter labels (`:=`, `==`, `<`, `>`): text in, a tree that can be evaluated out.

Evaluation takes floats, arrays of draws and complex numbers alike, so that derivatives come from complex steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.structure.tokens import Token, fault

Tree = tuple[Any, ...]


def _absolute(x: Any) -> Any:
    return np.where(np.real(x) < 0, -x, x)


FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": _absolute}
_LEVELS = ({"+", "-"}, {"*", "/"})
MAX_DEPTH = 50
"""Deepest nesting of brackets accepted."""


@dataclass(frozen=True)
class Algebra:
    """A formula: `text` without spaces, as lavaan prints it, and the labels it uses in order of appearance."""

    text: str
    names: tuple[str, ...]
    tree: Tree

    def value(self, labels: Mapping[str, Any]) -> Any:
        """The value, given a number (or an array of draws, or a complex number) for each label."""
        return _value(self.tree, labels)


def parse_algebra(pieces: Sequence[Token], model: str) -> Algebra:
    """Read a formula from its tokens.

    Raises
    ------
    ModelError
        E903 where something else was expected, E904 for an unknown function.
    """
    reader = _Reader(pieces, model)
    tree = reader.sum(0)
    if reader.at < len(pieces):
        fault("E903", model, pieces[reader.at].position, found=pieces[reader.at].text)
    names = dict.fromkeys(t.text for t in pieces if t.kind == "name" and t.text not in FUNCTIONS)
    return Algebra("".join(t.text for t in pieces), tuple(names), tree)


class _Reader:
    def __init__(self, pieces: Sequence[Token], model: str) -> None:
        self.pieces, self.model, self.at = pieces, model, 0

    def sign(self) -> str:
        now = self.pieces[self.at] if self.at < len(self.pieces) else None
        return now.text if now is not None and now.kind == "symbol" else ""

    def sum(self, depth: int, level: int = 0) -> Tree:
        if depth > MAX_DEPTH:
            fault("E903", self.model, self.pieces[min(self.at, len(self.pieces) - 1)].position, found="(")
        below = (lambda: self.sum(depth, 1)) if level == 0 else (lambda: self.power(depth))
        tree = below()
        while self.sign() in _LEVELS[level]:
            op = self.sign()
            self.at += 1
            tree = (op, tree, below())
        return tree

    def power(self, depth: int) -> Tree:
        if self.sign() in ("-", "+"):
            op = self.sign()
            self.at += 1
            inner = self.power(depth + 1) if depth < MAX_DEPTH else self.atom(depth)
            return ("-", ("number", 0.0), inner) if op == "-" else inner
        base = self.atom(depth)
        if self.sign() == "^":
            self.at += 1
            return ("^", base, self.power(depth + 1))
        return base

    def atom(self, depth: int) -> Tree:
        if self.at >= len(self.pieces):
            end = self.pieces[-1] if self.pieces else None
            fault("E903", self.model, end.position + len(end.text) - 1 if end else 0, found="")
        token = self.pieces[self.at]
        self.at += 1
        if token.kind == "number":
            return ("number", float(token.text))
        if token.kind == "name" and self.sign() == "(":
            if token.text not in FUNCTIONS:
                fault("E904", self.model, token.position, name=token.text, known=list(FUNCTIONS))
            return ("call", token.text, self.bracket(depth))
        if token.kind == "name":
            return ("label", token.text)
        if token.text == "(" and token.kind == "symbol":
            self.at -= 1
            return self.bracket(depth)
        fault("E903", self.model, token.position, found=token.text)

    def bracket(self, depth: int) -> Tree:
        opened = self.pieces[self.at]
        self.at += 1
        tree = self.sum(depth + 1)
        if self.sign() != ")":
            fault("E905", self.model, opened.position)
        self.at += 1
        return tree


def _value(tree: Tree, labels: Mapping[str, Any]) -> Any:
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "label":
        return labels[tree[1]]
    if kind == "call":
        return FUNCTIONS[tree[1]](_value(tree[2], labels))
    left, right = _value(tree[1], labels), _value(tree[2], labels)
    if kind == "+":
        return left + right
    if kind == "-":
        return left - right
    if kind == "*":
        return left * right
    if kind == "/":
        return np.divide(left, right)
    return np.power(left, right)
