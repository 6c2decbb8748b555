"""Model text in lavaan's language in, statements, definitions and constraints out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalkit.structure.algebra import Algebra, parse_algebra
from evalkit.structure.tokens import Token, fault, tokens

RELATIONS = ("=~", "~~", "~*~", "~", "|")
EQUATIONS = (":=", "==", "<", ">")
_CALLS = ("c", "start", "label", "equal")


@dataclass(frozen=True)
class Modifier:
    """What stands before a `*`: `kind` is fixed, free (NA), label, start or equal; one value, or one a group."""

    kind: str
    values: tuple[float | str | None, ...]
    position: int

    def of(self, group: int) -> float | str | None:
        """The value for group 0, 1, ...; None where the group has none."""
        return self.values[0] if len(self.values) == 1 else self.values[group]


@dataclass(frozen=True)
class Term:
    """A variable on the right (`name` is empty for the intercept `1`) with its modifiers."""

    name: str
    modifiers: tuple[Modifier, ...]
    position: int


@dataclass(frozen=True)
class Statement:
    """One relation: the variables on the left with their places, the operator, the terms on the right."""

    left: tuple[tuple[str, int], ...]
    op: str
    terms: tuple[Term, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Variables on the right; a threshold is none."""
        return () if self.op == "|" else tuple(term.name for term in self.terms if term.name)


@dataclass(frozen=True)
class Equation:
    """`name := formula` (left is None), or a constraint between two formulas."""

    op: str
    name: str
    left: Algebra | None
    right: Algebra
    position: int


@dataclass(frozen=True, eq=False)
class Model:
    """A model as written."""

    text: str
    statements: tuple[Statement, ...]
    definitions: tuple[Equation, ...]
    constraints: tuple[Equation, ...]

    @property
    def latent(self) -> tuple[str, ...]:
        """Latent variables, in order of appearance."""
        return tuple(dict.fromkeys(n for s in self.statements if s.op == "=~" for n, _ in s.left))

    def place_of(self, name: str) -> int:
        """Where a variable is first named."""
        for statement in self.statements:
            for found, at in (*statement.left, *((t.name, t.position) for t in statement.terms)):
                if found == name:
                    return at
        return 0


@lru_cache(maxsize=128)
def parse_model(text: str) -> Model:
    """Read a model.

    Parameters
    ----------
    text : str
        Statements, one a line or parted by `;`: `f =~ x1 + x2` (measured by), `y ~ a*x` (regressed on),
        `x1 ~~ x2` ((residual) covariance), `y ~ 1` (intercept), `x | t1` (threshold), `x ~*~ x` (scale),
        `ab := a*b` (defined), `a == b`, `a > 0`. Before a `*`: a number fixes, `NA` frees, a name labels (equal
        labels are equal parameters), `start(0.5)`, `equal("f=~x1")`, `c(a, b)` one a group. `#` or `!` comments.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        E900-E912, each with the line and a caret under the place.
    """
    statements: list[Statement] = []
    equations: list[Equation] = []
    line: list[Token] = []
    for token in tokens(text):
        if token.kind != "end":
            line.append(token)
        elif line:
            _read(line, text, statements, equations)
            line = []
    if not statements:
        fault("E906", text, 0)
    seen: set[str] = set()
    for equation in equations:
        if equation.op == ":=":
            if equation.name in seen:
                fault("E907", text, equation.position, name=equation.name)
            seen.add(equation.name)
    defined = tuple(e for e in equations if e.op == ":=")
    return Model(text, tuple(statements), defined, tuple(e for e in equations if e.op != ":="))


def _read(line: list[Token], text: str, statements: list[Statement], equations: list[Equation]) -> None:
    opened = [t for t in line if t.kind == "symbol" and t.text == "("]
    if len(opened) > sum(t.kind == "symbol" and t.text == ")" for t in line):
        fault("E905", text, opened[0].position)
    spots = [i for i, t in enumerate(line) if t.kind == "symbol" and t.text in (*RELATIONS, *EQUATIONS)]
    if not spots:
        fault("E908", text, line[0].position, found=line[0].text)
    if len(spots) > 1:
        fault("E909", text, line[spots[1]].position, found=line[spots[1]].text)
    at = spots[0]
    left, op, right = line[:at], line[at], line[at + 1 :]
    if not left:
        fault("E910", text, op.position, op=op.text)
    if not right:
        fault("E911", text, op.position, op=op.text)
    if op.text == ":=":
        if len(left) != 1 or left[0].kind != "name":
            fault("E912", text, left[0].position, found=left[0].text)
        equations.append(Equation(":=", left[0].text, None, parse_algebra(right, text), left[0].position))
    elif op.text in EQUATIONS:
        sides = parse_algebra(left, text), parse_algebra(right, text)
        equations.append(Equation(op.text, "", *sides, left[0].position))
    else:
        names = [_only_name(part, text, op) for part in _split(left, "+", text, op)]
        terms = tuple(_term(part, text, op.text) for part in _split(right, "+", text, op))
        statements.append(Statement(tuple(names), op.text, terms))


def _split(pieces: list[Token], sign: str, text: str, op: Token) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    last = op
    for token in pieces:
        depth += (token.text == "(") - (token.text == ")") if token.kind == "symbol" else 0
        if token.kind == "symbol" and token.text == sign and depth == 0:
            if not parts[-1]:
                fault("E903", text, token.position, found=token.text)
            parts.append([])
        else:
            parts[-1].append(token)
        last = token
    if not parts[-1]:
        fault("E911", text, last.position, op=last.text)
    return parts


def _only_name(part: list[Token], text: str, op: Token) -> tuple[str, int]:
    if part[0].kind != "name":
        fault("E912", text, part[0].position, found=part[0].text)
    if len(part) > 1:
        fault("E903", text, part[1].position, found=part[1].text)
    return part[0].text, part[0].position


def _term(part: list[Token], text: str, op: str) -> Term:
    factors = _split(part, "*", text, part[0])
    *before, last = factors
    if len(last) > 1:
        fault("E903", text, last[1].position, found=last[1].text)
    modifiers = tuple(_modifier(pieces, text) for pieces in before)
    token = last[0]
    if token.kind == "name" and token.text != "NA":
        return Term(token.text, modifiers, token.position)
    if op == "~" and token.kind == "number" and float(token.text) in (0.0, 1.0):
        fixed = () if float(token.text) else (Modifier("fixed", (0.0,), token.position),)
        return Term("", (*modifiers, *fixed), token.position)
    fault("E912", text, token.position, found=token.text)


def _modifier(pieces: list[Token], text: str) -> Modifier:
    head = pieces[0]
    if len(pieces) > 1 and head.kind == "name" and pieces[1].text == "(":
        if head.text not in _CALLS:
            fault("E904", text, head.position, name=head.text, known=list(_CALLS))
        if pieces[-1].text != ")":
            fault("E905", text, pieces[1].position)
        values = [_constant(p, text) for p in _split(pieces[2:-1], ",", text, pieces[1])]
        return _of_call(head, values, text)
    return _of_kind(head, [_constant(pieces, text)], text)


def _constant(pieces: list[Token], text: str) -> float | str | None:
    """A number, a label, or None for NA."""
    sign, rest = (-1.0, pieces[1:]) if pieces[0].text == "-" else (1.0, pieces)
    if len(rest) == 1 and rest[0].kind == "number":
        return sign * float(rest[0].text)
    if len(pieces) == 1 and pieces[0].kind == "name":
        return None if pieces[0].text == "NA" else pieces[0].text
    if len(pieces) == 1 and pieces[0].kind == "text":
        return pieces[0].text[1:-1].replace(" ", "")
    fault("E903", text, pieces[0].position, found=pieces[0].text)


def _of_call(head: Token, values: list[float | str | None], text: str) -> Modifier:
    if head.text == "c":
        return _of_kind(head, values, text)
    wanted = float if head.text == "start" else str
    wrong = [v for v in values if not isinstance(v, wanted)]
    if wrong:
        fault("E903", text, head.position, found=str(wrong[0]))
    return Modifier(head.text, tuple(values), head.position)


def _of_kind(head: Token, values: Sequence[float | str | None], text: str) -> Modifier:
    if all(v is None for v in values):
        return Modifier("free", (None,), head.position)
    if all(v is None or isinstance(v, float) for v in values):
        return Modifier("fixed", tuple(values), head.position)
    if all(v is None or isinstance(v, str) for v in values):
        return Modifier("label", tuple(values), head.position)
    fault("E903", text, head.position, found=head.text)
