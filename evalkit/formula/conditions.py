"""A condition as text in, a checked `Expression` out.

or_part  := and_part ("or" and_part)*
and_part := no_part ("and" no_part)*
no_part  := "not" no_part | comparison
comparison := part [("==" | "!=" | "<" | "<=" | ">" | ">=") part | "in" "(" literal ("," literal)* ")"]
part     := "(" or_part ")" | number | "-" number | text | name | name "[" text "]" "." name
          | "answered" "(" name ")" | "chosen" "(" name "," code ")"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from evalkit.contract.problems import Place
from evalkit.formula.evaluation import Columns, holds
from evalkit.formula.tokens import Cursor, Token
from evalkit.formula.tree import (
    Answered,
    Chosen,
    Column,
    Compare,
    Condition,
    Literal,
    Many,
    Member,
    Not,
    StepRef,
    Value,
    walk,
)

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_RESERVED = ("and", "or", "not", "in")


@dataclass(frozen=True)
class Expression:
    """A condition that has been read. Two are equal when their texts are.

    Attributes
    ----------
    text : str
        As written, without blanks around it.
    tree : Condition
        What it was read as; see `unparse`.
    """

    text: str
    tree: Condition = field(compare=False, repr=False)
    at: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Columns named, each once, in order; the question of `chosen` is in `choices`, not here."""
        named = [v.name for v in self._values() if isinstance(v, Column)]
        return tuple(dict.fromkeys(named + [c.name for c in walk(self.tree) if isinstance(c, Answered)]))

    @cached_property
    def steps(self) -> tuple[StepRef, ...]:
        """Results of steps named, each once, in order."""
        return tuple(dict.fromkeys(value for value in self._values() if isinstance(value, StepRef)))

    @cached_property
    def choices(self) -> tuple[tuple[str, float | str], ...]:
        """Question and code of each `chosen(...)`, each once, in order."""
        return tuple(dict.fromkeys((c.question, c.code) for c in walk(self.tree) if isinstance(c, Chosen)))

    def compared(self) -> Iterator[tuple[str, str, float | str]]:
        """Column, operator (`in` too) and literal of every comparison of a column with a literal."""
        for part in walk(self.tree):
            if isinstance(part, Member) and isinstance(part.left, Column):
                yield from ((part.left.name, "in", value) for value in part.values)
            elif isinstance(part, Compare):
                for one, other in ((part.left, part.right), (part.right, part.left)):
                    if isinstance(one, Column) and isinstance(other, Literal):
                        yield one.name, part.operator, other.value

    def evaluate(
        self,
        lookup: Callable[[str], Any],
        n: int,
        *,
        answered: Callable[[str], Any] | None = None,
        chosen: Callable[[str, float | str], Any] | None = None,
    ) -> np.ndarray:
        """Whether the condition holds, row by row.

        Parameters
        ----------
        lookup : callable
            Gives the column of a name: shape (n,), numbers (nan = missing), texts (`""`, None, nan = missing) or dates.
        n : int
            Number of rows.
        answered : callable, optional
            Gives for `answered(x)` a boolean column; by default, where `lookup(x)` is not missing.
        chosen : callable, optional
            Gives for `chosen(q, code)` a boolean column; by default, where `lookup("q__code")` is 1.

        Returns
        -------
        ndarray of bool, shape (n,)
            Comparing a missing value is false, with `!=` too.

        Raises
        ------
        ExpressionError
            If a column of texts is compared with a number: the text "1" is never the number 1.
        """
        return holds(self.tree, Columns(lookup, n, answered, chosen, self.text, self.at))

    def evaluate_one(self, lookup: Callable[[Any], Any]) -> bool:
        """Whether the condition holds for one set of values.

        Parameters
        ----------
        lookup : callable
            Gives a number (nan = missing) or a text for each name (`str`) or step result (`StepRef`).
        """
        return bool(self.evaluate(lambda name: np.array([lookup(name)], dtype=object), 1)[0])

    def _values(self) -> Iterator[Value]:
        for part in walk(self.tree):
            if isinstance(part, Compare):
                yield part.left
                yield part.right
            elif isinstance(part, Member):
                yield part.left


def parse_expression(text: str, *, at: Place | None = None, steps: bool = False) -> Expression:
    """Read a condition.

    Parameters
    ----------
    text : str
        At most 4000 characters, nested at most 50 deep.
    at : Place, optional
        Where it stands, for the message.
    steps : bool
        Whether `step["term"].column` may be used (only in `confirm_if`).

    Raises
    ------
    ExpressionError
        With the position of the fault and what to write instead.
    """
    reader = _Reader(text, at, steps)
    return Expression(text.strip(), reader.whole(), at)


class _Reader:
    """Recursive descent; a method a line of the grammar above."""

    def __init__(self, text: str, at: Place | None, steps: bool) -> None:
        self._cursor = Cursor(text, at)
        self._steps = steps

    def whole(self) -> Condition:
        first = self._cursor.token
        tree = self._condition(self._joined("or"), first)
        if self._cursor.token.kind != "end":
            self._cursor.unexpected("and / or")
        return tree

    def _joined(self, word: str) -> Condition | Value:
        first = self._cursor.token
        part = self._next(word)
        parts: list[Condition] = []
        while self._cursor.accept(word):
            parts = parts or [self._condition(part, first)]
            first = self._cursor.token
            parts.append(self._condition(self._next(word), first))
        return Many(word, tuple(parts)) if parts else part

    def _next(self, word: str) -> Condition | Value:
        return self._joined("and") if word == "or" else self._negated()

    def _negated(self) -> Condition | Value:
        if not self._cursor.accept("not"):
            return self._comparison()
        self._cursor.deeper()
        first = self._cursor.token
        inner = self._condition(self._negated(), first)
        self._cursor.higher()
        return Not(inner)

    def _comparison(self) -> Condition | Value:
        first = self._cursor.token
        left = self._part()
        if self._cursor.accept("in"):
            return Member(self._value(left, first), self._members())
        operator = self._cursor.accept(*_COMPARISONS)
        if operator is None:
            if self._cursor.token.text == "not" and self._cursor.following.text == "in":
                self._cursor.fail("E466", self._cursor.token.position)
            return left
        second = self._cursor.token
        found = Compare(self._value(left, first), operator.text, self._value(self._part(), second))
        if self._cursor.token.text in _COMPARISONS:
            self._cursor.fail("E463", self._cursor.token.position)
        return found

    def _members(self) -> tuple[float | str, ...]:
        self._cursor.expect("(")
        values = [self._literal()]
        while self._cursor.accept(","):
            values.append(self._literal())
        self._cursor.expect(")")
        return tuple(values)

    def _literal(self) -> float | str:
        negative = self._cursor.accept("-")
        token = self._cursor.token
        if token.kind == "number":
            value = self._cursor.take().value
            return -value if negative and isinstance(value, float) else value
        if token.kind == "text" and not negative:
            return self._cursor.take().value
        self._cursor.unexpected("123 / 'abc'")

    def _part(self) -> Condition | Value:
        token = self._cursor.token
        if token.kind in ("number", "text") or token.text == "-":
            return Literal(self._literal())
        if self._cursor.accept("("):
            self._cursor.deeper()
            inner = self._joined("or")
            self._cursor.expect(")")
            self._cursor.higher()
            return inner
        name = self._name()
        if self._cursor.token.text == "(":
            return self._function(token)
        if self._cursor.token.text == "[":
            return self._step(name)
        return Column(name)

    def _function(self, token: Token) -> Condition:
        if token.text not in ("answered", "chosen"):
            self._cursor.fail("E464", token.position, found=token.text)
        self._cursor.expect("(")
        name = self._name()
        if token.text == "answered":
            self._cursor.expect(")")
            return Answered(name)
        self._cursor.expect(",")
        code = self._name() if self._cursor.token.kind == "name" else self._literal()
        self._cursor.expect(")")
        return Chosen(name, code)

    def _step(self, step: str) -> StepRef:
        if not self._steps:
            self._cursor.fail("E465", self._cursor.token.position)
        self._cursor.expect("[")
        if self._cursor.token.kind != "text":
            self._cursor.unexpected('"term"')
        path = str(self._cursor.take().value)
        self._cursor.expect("]")
        self._cursor.expect(".")
        return StepRef(step, path, self._name())

    def _name(self) -> str:
        if self._cursor.token.kind != "name" or self._cursor.token.text in _RESERVED:
            self._cursor.unexpected("x")
        return self._cursor.take().text

    def _condition(self, node: Condition | Value, first: Token) -> Condition:
        if isinstance(node, (Literal, Column, StepRef)):
            if self._cursor.token.text == "=":
                self._cursor.unexpected("==")
            self._cursor.fail("E461", first.position, found=first.text)
        return node

    def _value(self, node: Condition | Value, first: Token) -> Value:
        if not isinstance(node, (Literal, Column, StepRef)):
            self._cursor.fail("E462", first.position, found=first.text)
        return node
