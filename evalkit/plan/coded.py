"""Files about open answers that a plan names: coded sheets, dictionaries and lists of stop words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from evalkit.contract import EvalkitError, InputError, PlanError, Problem, attach, codebook_of
from evalkit.ingest.themes import CodedSheet, read_coded, themes_of
from evalkit.ingest.word_lists import read_words
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan, Step

STEP = "open_answers"
WORD_LISTS = ("dictionary", "stop_words")
"""Arguments of the step that may name a file."""


def with_themes(data: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The data with the themes of `[data] themes` as multiple-response questions; what was found is a notice.

    Raises
    ------
    InputError
        See `read_themes`.
    PlanError
        For sheets of a question that the data do not have, with the line.
    """
    by_item: dict[tuple[str, str], list[CodedSheet]] = {}
    for name in plan.data.themes:
        sheet = read_coded(plan.folder / name)
        by_item.setdefault((sheet.question, sheet.item), []).append(sheet)
    for sheets in by_item.values():
        try:
            found = themes_of(data, sheets)
        except InputError:
            raise
        except EvalkitError as error:
            at = plan.place(Lines(plan.text, plan.path.name).key("data", 0, "themes"))
            raise PlanError(Problem(p.code, at, p.params) for p in error.problems) from None
        book = codebook_of(found.data)
        data = attach(found.data, dataclasses.replace(book, notices=(*book.notices, *found.problems)))
    return data


def with_words(
    resolved: tuple[tuple[Step, Mapping[str, Any]], ...], plan: Plan
) -> tuple[tuple[Step, Mapping[str, Any]], ...]:
    """The steps, where a word list is a file's name with the words of that file in its place."""
    return tuple(
        (step, MappingProxyType({**arguments, **dict(_read(arguments, plan))}) if step.do == STEP else arguments)
        for step, arguments in resolved
    )


def _read(arguments: Mapping[str, Any], plan: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key in WORD_LISTS:
        if isinstance(arguments.get(key), str):
            yield key, read_words(plan.folder / arguments[key])


def files_of(plan: Plan) -> tuple[str, ...]:
    """Names of these files, relative to the plan's folder."""
    named = [s.arguments[key] for s in plan.steps if s.do == STEP for key in WORD_LISTS if key in s.arguments]
    return tuple(dict.fromkeys((*plan.data.themes, *(name for name in named if isinstance(name, str)))))
