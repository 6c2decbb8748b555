"""A condition in, the XPath that an XLSForm wants out; and the part of XPath that conditions can say, back again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evalkit.formula import Expression, ExpressionError, parse_expression, unparse
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
    Value,
    code_text,
)
from evalkit.instrument.definition import Item

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$\{\s*[^\s{}]+\s*\})|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<word>[a-z][a-z-]*)|(?P<sign>!=|<=|>=|[=<>(),.-]))"
)
_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class XPathFault(ValueError):
    """What stands there cannot be said as a condition; the argument is the part that cannot."""


def to_xpath(condition: Condition, items: Mapping[str, Item]) -> str:
    """The XPath that holds where the condition holds.

    Parameters
    ----------
    items : mapping
        Id -> item: an answer that counts as missing satisfies no comparison, so it is ruled out by name.
    """
    match condition:
        case Not(inner):
            return f"not({to_xpath(inner, items)})"
        case Many(word, parts):
            return f" {word} ".join(_inside(part, items) for part in parts)
        case Answered(name):
            return " and ".join([f"${{{name}}} != ''", *_not_missing(name, items)])
        case Chosen(question, code):
            return f"selected(${{{question}}}, {_quoted(code_text(code))})"
        case Member(left, values):
            said = " or ".join(f"{_value(left)} = {_value(Literal(value))}" for value in values)
            return said if len(values) == 1 else f"({said})"
        case Compare(left, operator, right):
            return _comparison(left, operator, right, items)


def _inside(part: Condition, items: Mapping[str, Item]) -> str:
    text = to_xpath(part, items)
    joined = isinstance(part, Many) or (" and " in text and not isinstance(part, Not))
    return f"({text})" if joined else text


def _comparison(left: Value, operator: str, right: Value, items: Mapping[str, Item]) -> str:
    sign = "=" if operator == "==" else operator
    said = [f"{_value(left)} {sign} {_value(right)}"]
    names = [value.name for value in (left, right) if isinstance(value, Column)]
    if operator == "!=" or len(names) == 2:  # XPath finds nothing unequal to something
        said = [*(f"${{{name}}} != ''" for name in names), *said]
    if operator != "==" or len(names) == 2:
        said += [ruled for name in names for ruled in _not_missing(name, items)]
    return " and ".join(said)


def _not_missing(name: str, items: Mapping[str, Item]) -> list[str]:
    item = items.get(name)
    if item is None:
        return []
    codes = [code_text(option.code) for option in item.options if option.missing is not None]
    if item.type in ("multi", "rank"):
        return [f"not(selected(${{{name}}}, {_quoted(code)}))" for code in codes]
    numbers = [code_text(code) for code in item.missing]
    return [f"${{{name}}} != {_quoted(code)}" for code in codes] + [f"${{{name}}} != {code}" for code in numbers]


def _value(value: Value) -> str:
    if isinstance(value, Column):
        return f"${{{value.name}}}"
    if isinstance(value, Literal):
        return _quoted(value.value) if isinstance(value.value, str) else code_text(value.value)
    raise XPathFault(unparse(value))


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else f'"{text}"'


def from_xpath(text: str, items: Mapping[str, Item]) -> Expression:
    """The condition an XPath means.

    Parameters
    ----------
    items : mapping
        Id -> item asked before: its codes decide whether '1' is the number or the text.

    Raises
    ------
    XPathFault
        For anything but `${x}`, numbers, texts, `and or not( )`, comparisons and `selected(${x}, 'code')`.
    """
    reader = _Reader(text, items)
    try:
        return parse_expression(unparse(reader.whole()))
    except (ExpressionError, RecursionError):
        raise XPathFault(text) from None


@dataclass(frozen=True)
class Bounds:
    """What a constraint says of the answer itself."""

    min: float | None = None
    max: float | None = None
    max_choices: int | None = None
    exclusive: frozenset[str] = frozenset()


_BOUND = re.compile(r"\.\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
_MOST = re.compile(r"count-selected\(\s*\.\s*\)\s*<=\s*(\d+)")
_ALONE = re.compile(
    r"not\s*\(\s*selected\(\s*\.\s*,\s*['\"]([^'\"]+)['\"]\s*\)\s*and\s*count-selected\(\s*\.\s*\)\s*>\s*1\s*\)"
)


def bounds_of(constraint: str, *, whole: bool) -> Bounds:
    """What a constraint of an XLSForm says, where it is bounds, a number of choices or exclusive options.

    Parameters
    ----------
    whole : bool
        The answer is a whole number: `. > 0` is `. >= 1`.

    Raises
    ------
    XPathFault
        For every other constraint.
    """
    low = high = None
    most = None
    alone: set[str] = set()
    for part in _conjuncts(constraint):
        if found := _BOUND.fullmatch(part):
            sign, limit = found.group(1), float(found.group(2))
            if sign in "<>":
                if not whole or limit != int(limit):
                    raise XPathFault(part)
                limit += 1 if sign == ">" else -1
            if sign.startswith(">"):
                low = limit if low is None else max(low, limit)
            else:
                high = limit if high is None else min(high, limit)
        elif found := _MOST.fullmatch(part):
            most = int(found.group(1)) if most is None else min(most, int(found.group(1)))
        elif found := _ALONE.fullmatch(part):
            alone.add(found.group(1))
        else:
            raise XPathFault(part)
    return Bounds(low, high, most, frozenset(alone))


def _conjuncts(text: str) -> Iterable[str]:
    """The parts between `and` outside brackets, without brackets around them."""
    text = text.strip()
    depth, start, parts = 0, 0, []
    for found in re.finditer(r"[()]|\band\b", text):
        if found.group() in "()":
            depth += 1 if found.group() == "(" else -1
        elif depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
    parts.append(text[start:])
    if len(parts) > 1:
        return [inner for part in parts for inner in _conjuncts(part)]
    if text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")") == 1:
        return _conjuncts(text[1:-1])
    return [text]


class _Reader:
    """Recursive descent over the tokens of one XPath."""

    def __init__(self, text: str, items: Mapping[str, Item]) -> None:
        self._items = items
        self._tokens: list[tuple[str, str]] = []
        at, text = 0, text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise XPathFault(text[at:].strip())
            self._tokens.append((found.lastgroup or "", found.group().strip()))
            at = found.end()
        self._tokens.append(("end", ""))
        self._at = 0

    def whole(self) -> Condition:
        condition = self._joined("or")
        if self._tokens[self._at][0] != "end":
            raise XPathFault(self._rest())
        return condition

    def _rest(self) -> str:
        return " ".join(text for _, text in self._tokens[self._at :]).strip() or "…"

    def _accept(self, *texts: str) -> str:
        text = self._tokens[self._at][1]
        if text in texts and self._tokens[self._at][0] != "text":
            self._at += 1
            return text
        return ""

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise XPathFault(self._rest())

    def _joined(self, word: str) -> Condition:
        parts = [self._joined("and") if word == "or" else self._single()]
        while self._accept(word):
            parts.append(self._joined("and") if word == "or" else self._single())
        return parts[0] if len(parts) == 1 else Many(word, tuple(parts))

    def _single(self) -> Condition:
        if self._accept("not"):
            self._expect("(")
            inner = self._joined("or")
            self._expect(")")
            return Not(inner)
        if self._accept("selected"):
            return self._selected()
        if self._accept("("):
            inner = self._joined("or")
            self._expect(")")
            return inner
        return self._compared()

    def _selected(self) -> Condition:
        self._expect("(")
        question = self._value()
        self._expect(",")
        code = self._value()
        self._expect(")")
        if not isinstance(question, Column) or not isinstance(code, Literal):
            raise XPathFault(self._rest())
        typed = self._typed(code, question)
        item = self._items.get(question.name)
        if item is not None and item.type == "single":
            return Compare(question, "==", typed)
        return Chosen(question.name, typed.value)

    def _compared(self) -> Condition:
        left = self._value()
        sign = self._accept(*_SIGNS)
        if not sign:
            raise XPathFault(self._rest())
        right = self._value()
        operator = _SIGNS[sign]
        if isinstance(left, Literal) and isinstance(right, Column):
            left, right, operator = right, left, _TURNED[operator]
        if isinstance(left, Column) and isinstance(right, Literal):
            if right.value == "" and operator in ("==", "!="):
                return Answered(left.name) if operator == "!=" else Not(Answered(left.name))
            right = self._typed(right, left)
        return Compare(left, operator, right)

    def _value(self) -> Value:
        kind, text = self._tokens[self._at]
        if kind == "name":
            self._at += 1
            return Column(text[2:-1].strip())
        if kind == "text":
            self._at += 1
            return Literal(text[1:-1])
        negative = bool(self._accept("-"))
        kind, text = self._tokens[self._at]
        if kind != "number":
            raise XPathFault(self._rest())
        self._at += 1
        return Literal(-float(text) if negative else float(text))

    def _typed(self, literal: Literal, column: Column) -> Literal:
        """A literal as the question's codes are: numbers for numeric codes and numbers, texts for others."""
        item = self._items.get(column.name)
        if item is None:
            return literal
        numeric = item.type in ("integer", "decimal") or any(not isinstance(o.code, str) for o in item.options)
        if numeric and isinstance(literal.value, str):
            try:
                return Literal(float(literal.value))
            except ValueError:
                return literal
        if not numeric and item.options and not isinstance(literal.value, str):
            return Literal(code_text(literal.value))
        return literal
