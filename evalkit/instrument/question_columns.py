"""What a question sheet is made of: its sheets, its words, and further columns that are there where needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from evalkit.contract.words import text_of
from evalkit.formula import parse_expression
from evalkit.formula.tree import code_text
from evalkit.instrument.definition import (
    FORMS,
    ITEM_TYPES,
    MEASURES,
    OPTION_KINDS,
    ROLES,
    SCALE_KINDS,
    SCALE_LEVELS,
    SCALE_ROLES,
    Code,
)

QUESTIONS, LISTS, SCALES, HEAD = "题目", "选项表", "维度", "问卷"
YES = "是"
BETWEEN = "；"
_LIST = re.compile(r"[；;\n]+")
_CHECKS = ("equals", "same_as", "opposite_of")


@dataclass(frozen=True)
class Further:
    """One further column: its zh heading, the key it holds, how a value is written and read.

    Attributes
    ----------
    read : callable
        Text -> value; ValueError (or an ExpressionError of formula) for a text that says nothing.
    choices : tuple of str
        Words of a closed choice, for the drop-down.
    whole : bool
        A text whose outer blanks count.
    """

    heading: str
    key: str
    write: Callable[[Any], Any]
    read: Callable[[str], Any]
    choices: tuple[str, ...] = ()
    whole: bool = False


@cache
def type_words() -> dict[str, str]:
    """题型 -> type; a row of a matrix has a word of its own."""
    return _words("instrument.type", (*ITEM_TYPES, "row"))


@cache
def missing_words() -> dict[str, str]:
    """缺失 -> missing kind."""
    return _words("kind", OPTION_KINDS)


def code_of(text: str) -> Code:
    """A number where the text is one, else the text."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text
    return int(text) if "." not in text else float(text)


def _number(text: str) -> float:
    return float(text)


def _yes(text: str) -> bool:
    if text not in (YES, "否"):
        raise ValueError(text)
    return text == YES


def _words(prefix: str, keys: Iterable[str]) -> dict[str, str]:
    return {text_of(f"{prefix}.{key}", "zh"): key for key in keys}


def _word(heading: str, key: str, words: Mapping[str, str]) -> Further:
    """A closed choice, told in words; the key itself is taken too."""
    said = {value: word for word, value in words.items()}

    def read(text: str) -> str:
        if text not in words and text not in said:
            raise ValueError(text)
        return words.get(text, text)

    return Further(heading, key, said.__getitem__, read, tuple(words))


def _pairs(words: Mapping[str, str], read_left: Callable[[str], Any], *, word_first: bool) -> Callable[[str], Any]:
    """`999=拒绝回答；998=不清楚` -> {999.0: "refused", ...}; with `word_first`, the word stands on the left."""

    def read(text: str) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for part in filter(None, map(str.strip, _LIST.split(text))):
            left, _, right = (side.strip() for side in re.sub("＝", "=", part).partition("="))
            word, value = (left, right) if word_first else (right, left)
            if not right or word not in words and word not in words.values():
                raise ValueError(part)
            key = words.get(word, word)
            found.update({key: read_left(value)} if word_first else {read_left(value): key})
        return found

    return read


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, _LIST.split(text))))


def _forms(text: str) -> tuple[str, ...]:
    if unknown := [name for name in _names(text) if name not in FORMS]:
        raise ValueError(unknown[0])
    return _names(text)


def item_columns(lang: str) -> Sequence[Further]:
    """What a question may have beside its text, type, options, direction and scales."""
    kinds, checks = missing_words(), _words("instrument.check", _CHECKS)
    missing = {kind: word for word, kind in kinds.items()}
    told = {key: word for word, key in checks.items()}
    return (
        Further("短名", "label", lambda value: value.get(lang, ""), lambda text: {lang: text}, whole=True),
        Further("提示", "hint", lambda value: value.get(lang, ""), lambda text: {lang: text}, whole=True),
        Further("显示条件", "ask_if", str, parse_expression),
        Further("结束条件", "end_if", str, parse_expression),
        Further("必答", "required", lambda value: YES, _yes, (YES,)),
        Further("单位", "unit", str, str, whole=True),
        Further("步长", "step", float, _number),
        _word("测量", "measure", _words("instrument.measure", MEASURES)),
        _word("用途", "role", _words("instrument.use", ROLES)),
        Further(
            "检查",
            "check",
            lambda value: BETWEEN.join(f"{told[key]}={code_text(code)}" for key, code in value.items()),
            _pairs(checks, code_of, word_first=True),
        ),
        Further("表别", "form", BETWEEN.join, _forms),
        Further("私密", "private", lambda value: YES, _yes, (YES,)),
        Further("最多", "max_choices", int, int),
        Further(
            "缺失值",
            "missing",
            lambda value: BETWEEN.join(f"{code_text(code)}={missing[kind]}" for code, kind in value.items()),
            _pairs(kinds, _number, word_first=False),
        ),
    )


def scale_columns() -> Sequence[Further]:
    """What a scale may have beside its name, score and the answers it needs."""
    return (
        _word("类型", "kind", _words("plan.choice.kind", SCALE_KINDS)),
        _word("角色", "role", _words("instrument.role", SCALE_ROLES)),
        _word("层级", "level", _words("plan.choice.level", SCALE_LEVELS)),
        Further("表别", "form", BETWEEN.join, _forms),
        Further("组成", "parts", BETWEEN.join, _names),
        Further("反向组成", "reverse_parts", BETWEEN.join, _names),
    )


def used(columns: Sequence[Further], things: Iterable[Any], plain: Any) -> list[Further]:
    """The columns that one of the things needs: where it differs from a plain one."""
    held = list(things)
    return [c for c in columns if any(getattr(one, c.key) != getattr(plain, c.key) for one in held)]
