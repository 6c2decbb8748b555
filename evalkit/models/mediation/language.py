"""Path equations as text in, outcomes and terms out: `m ~ a*x + w + x:w`, `y ~ b*m + x`.

A name before `*` that is no column of the data names the coefficient (`a*x`); between two columns `*` stands for both
and their product.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations

from evalkit.contract import AnalysisError, Problem
from evalkit.formula.tokens import Cursor, Token
from evalkit.models.mediation.system import CycleError, Equation, Term, causal_order


@dataclass(frozen=True)
class Written:
    """One equation as written.

    Attributes
    ----------
    terms : tuple of tuple of str
        Without the intercept; each once.
    labels : tuple of (str, tuple of str)
        Names of coefficients, with the term each belongs to.
    """

    outcome: str
    terms: tuple[tuple[str, ...], ...]
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()


def read_equations(texts: Sequence[str], names: Collection[str]) -> tuple[Written, ...]:
    """All equations, in causal order.

    Parameters
    ----------
    names : collection of str
        The columns of the data.

    Raises
    ------
    ExpressionError
        For a text that is no equation.
    AnalysisError
        E6150 for a name that is no column, E6151 for two equations of one outcome, E6152 for a coefficient named
        twice, E6153 for a cycle.
    """
    found = tuple(_equation(text, names) for text in texts)
    outcomes = [equation.outcome for equation in found]
    twice = [name for name in dict.fromkeys(outcomes) if outcomes.count(name) > 1]
    problems = [Problem("E6151", params={"name": name}) for name in twice]
    labels = [label for equation in found for label, _ in equation.labels]
    problems += [Problem("E6152", params={"name": n}) for n in dict.fromkeys(labels) if labels.count(n) > 1]
    if problems:
        raise AnalysisError(problems)
    return in_causal_order(found)


def in_causal_order(equations: Sequence[Written]) -> tuple[Written, ...]:
    """The same equations, every outcome before its uses; E6153 with the cycle if there is no such order."""
    by_outcome = {equation.outcome: equation for equation in equations}
    plain = tuple(Equation(e.outcome, "linear", tuple(Term(t) for t in e.terms)) for e in equations)
    try:
        return tuple(by_outcome[equation.outcome] for equation in causal_order(plain))
    except CycleError as fault:
        raise AnalysisError(Problem("E6153", params={"cycle": " → ".join(fault.cycle)})) from fault


def _equation(text: str, names: Collection[str]) -> Written:
    cursor = Cursor(text)
    outcome = _column(cursor, names)
    if cursor.token.text != "~":
        cursor.fail("E470", cursor.token.position)
    cursor.take()
    terms: dict[frozenset[str], tuple[str, ...]] = {}
    labels: list[tuple[str, tuple[str, ...]]] = []
    cursor.accept("+")
    while True:
        if cursor.token.kind == "number" and cursor.token.text == "1":
            cursor.take()
        else:
            label, groups = _product(cursor, names)
            for term in _expanded(groups):
                terms.setdefault(frozenset(term), term)
            if label:
                labels.append((label, terms[frozenset(groups[0])]))
        if not cursor.accept("+"):
            break
    if cursor.token.kind != "end":
        cursor.unexpected("+")
    return Written(outcome, tuple(terms.values()), tuple(labels))


def _product(cursor: Cursor, names: Collection[str]) -> tuple[str, list[tuple[str, ...]]]:
    """The name of the coefficient, if any, and the factors between `*`, each one column or several joined by `:`."""
    label = ""
    if cursor.token.kind == "name" and cursor.following.text == "*" and cursor.token.text not in names:
        label = cursor.take().text
        cursor.take()
    groups: list[list[str]] = [[]]
    while True:
        token = cursor.token
        name = _column(cursor, names)
        if any(name in group for group in groups):
            cursor.fail("E473", token.position, found=name)
        groups[-1].append(name)
        if not label and cursor.accept("*"):
            if len(groups) == 4:
                cursor.fail("E475", token.position)
            groups.append([])
        elif not cursor.accept(":"):
            return label, [tuple(group) for group in groups]


def _expanded(groups: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    sizes = range(1, len(groups) + 1)
    return [tuple(n for group in chosen for n in group) for size in sizes for chosen in combinations(groups, size)]


def _column(cursor: Cursor, names: Collection[str]) -> str:
    token = cursor.token
    if token.kind != "name":
        cursor.unexpected("x")
    if cursor.following.text == "(":
        cursor.fail("E474", token.position, found=token.text)
    if token.text not in names:
        near = get_close_matches(token.text, list(names), n=3, cutoff=0.3) or sorted(names)[:8]
        shown = f"\n    {cursor.text}\n    {under(cursor.text, token)}\n"
        params = {"name": token.text, "shown": shown, "known": near}
        raise AnalysisError(Problem("E6150", params=params))
    return cursor.take().text


def under(text: str, token: Token) -> str:
    """Carets that stand under the token when printed below the text; wide characters take wide blanks."""
    wide = ["\u3000" if unicodedata.east_asian_width(c) in "WF" else " " for c in text[: token.position - 1]]
    marks = ["＾" if unicodedata.east_asian_width(c) in "WF" else "^" for c in token.text]
    return "".join(wide + marks)
