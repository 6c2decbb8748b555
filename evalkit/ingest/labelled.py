"""Variables of a statistics package: values declared missing as marks, value labels as witnesses against codes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import MISSING_KINDS
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.ingest.choices import Choices, choices_of
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.ingest.matching import Match
    from evalkit.ingest.targets import Target
    from evalkit.sheets import Column, Description, Sheet

_KINDS = (
    ("refused", re.compile(r"拒|不愿|不想说|保密|refus|(?:prefer|rather) not", re.IGNORECASE)),
    ("dont_know", re.compile(r"不知道|不清楚|说不清|不了解|don'?t know|\bdk\b|unsure", re.IGNORECASE)),
    ("not_applicable", re.compile(r"不适用|不涉及|(?:not |in)applicable|^n/?a$", re.IGNORECASE)),
    ("not_asked", re.compile(r"跳过|跳答|未问|不问|not asked|skip", re.IGNORECASE)),
)
ANYTHING = "*"
"""Stands for any text that is no option."""


OWN_MARKS = {clean(f"({text_of(f'kind.{kind}', lang)})"): kind for lang in LANGUAGES for kind in MISSING_KINDS[1:]}
"""What our own data files say for a missing answer, after width folding."""


def missing_kind(label: str) -> str:
    """The missing kind a value label means; `no_answer` where it says nothing else."""
    own = OWN_MARKS.get(clean(f"({label})"))
    return own or next((kind for kind, sign in _KINDS if sign.search(label)), "no_answer")


def mark_of(text: str, described: Description) -> tuple[str, str]:
    """The mark that takes the place of a value declared missing, and its kind."""
    kind = missing_kind(described.values.get(text, ""))
    return clean(f"(missing {text}: {kind})").casefold(), kind


def marked(column: Column) -> Column:
    """The column with marks in place of the values declared missing."""
    said = column.described
    if said is None or not said.missing:
        return column
    # The first text is the empty one, the second the name of the variable.
    texts = [mark_of(t, said)[0] if k > 1 and t in said.missing else t for k, t in enumerate(column.distinct)]
    return dataclasses.replace(column, distinct=tuple(texts))


def ticked(column: Column) -> Column:
    """An option of a multiple response as 0/1: the value that counts is 1, every other answer 0."""
    said = column.described
    if said is None or not said.counted:
        return column
    known = {text for text in column.distinct[2:] if text.strip()} - {mark_of(text, said)[0] for text in said.missing}
    if known <= {"0", "1"} and said.counted == "1":
        return column
    texts = [("1" if text == said.counted else "0") if text in known else text for text in column.distinct[2:]]
    places = dict.fromkeys([*column.distinct[:2], *texts])
    if len(places) == len(column.distinct):
        return dataclasses.replace(column, distinct=tuple(places))
    position = {text: k for k, text in enumerate(places)}
    new = np.array([0, 1, *(position[text] for text in texts)], dtype=column.index.dtype)
    return dataclasses.replace(column, distinct=tuple(places), index=new[column.index])


def in_words(sheet: Sheet, matches: Iterable[Match], other: str = "") -> tuple[Sheet, list[Match]]:
    """The sheet as the instrument spells it, and the columns whose labels number the options otherwise.

    Value labels win over codes where both are options and differ, and a value that the instrument itself calls
    missing is not marked by the file. `other`, a platform's own code, becomes the one option that takes a text; if it
    is `*`, so does any text that is no option; what follows the `*` stands between several.
    """
    columns = list(sheet.columns)
    otherwise = []
    for one in matches:
        column = columns[one.column.position]
        if one.target is not None and column.described is not None:
            spelling = _spelling(column, column.described, one.target)
            texts = (*column.distinct[:2], *(spelling.get(text, text) for text in column.distinct[2:]))
            columns[one.column.position] = dataclasses.replace(column, distinct=texts)
            if spelling.keys() & column.described.values.keys():
                otherwise.append(one)
        elif other and one.target is not None and one.target.kind in ("single", "joined"):
            columns[one.column.position] = _with_other(column, other, one.target)
    return dataclasses.replace(sheet, columns=tuple(columns)), otherwise


def _with_other(column: Column, other: str, target: Target) -> Column:
    fills = [option for option in target.item.options if option.fill]
    anything = other.startswith(ANYTHING)
    if len(fills) != 1 or not (anything or other in column.distinct):
        return column
    name = fills[0].zh or fills[0].en or _plain(fills[0].code)
    choices = choices_of(target.item.options)
    separator = other.removeprefix(ANYTHING) if target.kind == "joined" else ""

    def spell(text: str) -> str:
        if not anything:
            return name if text == other else text
        known, own = _parted(text, choices, separator)
        return "┋".join([*known, f"{name}〖{', '.join(own)}〗"]) if own else text

    texts = (*column.distinct[:2], *map(spell, column.distinct[2:]))
    return dataclasses.replace(column, distinct=texts)


def _parted(text: str, choices: Choices, separator: str) -> tuple[list[str], list[str]]:
    """Options named in a cell, longest first since they may hold the separator, and pieces that are none."""
    pieces = [p for p in text.split(separator) if clean(p)] if separator else [text] * bool(clean(text))
    known: list[str] = []
    own: list[str] = []
    k = 0
    while k < len(pieces):
        ends = range(len(pieces), k, -1)
        end = next((e for e in ends if choices.find(separator.join(pieces[k:e]), "text")), k)
        if end > k:
            known.append(separator.join(pieces[k:end]))
        else:
            own.append(pieces[k].strip())
        k = max(end, k + 1)
    return known, own


def _spelling(column: Column, said: Description, target: Target) -> dict[str, str]:
    """Cell texts to be replaced: marks by values of the instrument's own, values by labels where those decide."""
    item = target.item
    own = {_plain(o.code) for o in item.options if o.missing} | {_plain(value) for value in item.missing}
    spelling = {mark_of(text, said)[0]: text for text in said.missing if text in own}
    if target.kind in ("single", "choice"):
        choices = choices_of(item.options)
        for text in set(column.distinct[2:]) & said.values.keys():
            by_label, by_code = choices.find(said.values[text], "text"), choices.codes.get(text)
            if by_label is not None and by_label.position != by_code:
                spelling[text] = said.values[text]
    return spelling


def _plain(code: float | str) -> str:
    """A code as `sheets` writes it."""
    return str(int(code)) if isinstance(code, (int, float)) and float(code).is_integer() else str(code)
