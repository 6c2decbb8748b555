"""A model formula as text in, outcome and blocks of terms out.

`y ~ age + gender | + x | + x:w` has three blocks, entered one after the other. `a:b` is a product, `a*b` stands for
`a + b + a:b`, `1` for no term at all. The intercept is always there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from evalkit.contract.problems import Place
from evalkit.formula.tokens import Cursor, Token

Term = tuple[str, ...]
"""One name is a main effect, two or more are a product."""


@dataclass(frozen=True)
class Formula:
    """An outcome and its blocks of terms.

    Attributes
    ----------
    outcome : str
    blocks : tuple of tuple of Term
        In the order of entry; a term stands in one block only.
    """

    outcome: str
    blocks: tuple[tuple[Term, ...], ...]

    def __str__(self) -> str:
        blocks = (" + ".join(":".join(term) for term in block) or "1" for block in self.blocks)
        return f"{self.outcome} ~ {' | '.join(blocks)}"

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of all blocks, in order."""
        return tuple(term for block in self.blocks for term in block)

    @property
    def names(self) -> tuple[str, ...]:
        """The outcome and every name in a term, each once, in order."""
        return tuple(dict.fromkeys([self.outcome, *(name for term in self.terms for name in term)]))


def parse_formula(text: str, *, at: Place | None = None) -> Formula:
    """Read a model formula.

    Raises
    ------
    ExpressionError
        With the position of the fault: no `~`, a term twice or multiplied with itself, the outcome among the terms.
    """
    cursor = Cursor(text, at)
    outcome = _name(cursor)
    if cursor.token.text != "~":
        cursor.fail("E470", cursor.token.position)
    cursor.take()
    seen: set[frozenset[str]] = set()
    blocks = [_block(cursor, outcome, seen)]
    while cursor.accept("|"):
        blocks.append(_block(cursor, outcome, seen))
    if cursor.token.kind != "end":
        cursor.unexpected("+ / |")
    return Formula(outcome, tuple(blocks))


def _block(cursor: Cursor, outcome: str, seen: set[frozenset[str]]) -> tuple[Term, ...]:
    cursor.accept("+")
    terms: list[Term] = []
    while True:
        first = cursor.token
        if first.kind == "number" and first.text == "1":
            cursor.take()
        else:
            terms.extend(_new_terms(cursor, first, _product(cursor, outcome), seen))
        if not cursor.accept("+"):
            return tuple(terms)


def _new_terms(cursor: Cursor, first: Token, groups: list[Term], seen: set[frozenset[str]]) -> list[Term]:
    """The terms a product stands for that are not there yet; the highest one must be new."""
    found: list[Term] = []
    for size in range(1, len(groups) + 1):
        for chosen in combinations(groups, size):
            term: Term = tuple(dict.fromkeys(name for group in chosen for name in group))
            key = frozenset(term)
            if key in seen:
                if size == len(groups):
                    cursor.fail("E471", first.position, found=":".join(term))
                continue
            seen.add(key)
            found.append(term)
    return found


def _product(cursor: Cursor, outcome: str) -> list[Term]:
    """The factors between `*`, each a name or names joined by `:`, which binds tighter."""
    groups: list[list[str]] = [[]]
    while True:
        token = cursor.token
        name = _name(cursor)
        if name == outcome:
            cursor.fail("E472", token.position, found=name)
        if any(name in group for group in groups):
            cursor.fail("E473", token.position, found=name)
        groups[-1].append(name)
        if cursor.accept("*"):
            if len(groups) == 4:
                cursor.fail("E475", token.position)
            groups.append([])
        elif not cursor.accept(":"):
            return [tuple(group) for group in groups]


def _name(cursor: Cursor) -> str:
    token = cursor.token
    if token.kind != "name":
        cursor.unexpected("x")
    if cursor.following.text == "(":
        cursor.fail("E474", token.position, found=token.text)
    return cursor.take().text
