"""A sheet and its layout in, a drafted instrument out: questions, options and the evidence for each."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from evalkit.contract import Label
from evalkit.ingest.dittos import fill_dittos
from evalkit.ingest.draft.blocks import draft_group, stem_of
from evalkit.ingest.draft.collected import Questions
from evalkit.ingest.draft.columns import Look, look_at
from evalkit.ingest.draft.labelled import draft_variables
from evalkit.ingest.rows import sort_rows
from evalkit.instrument import Block, Instrument, Item, Option

if TYPE_CHECKING:
    from evalkit.ingest.layout import Layout
    from evalkit.sheets import Sheet

_NUMBERED_ZH = re.compile(r"^第(\d+)题$")


@dataclass(frozen=True)
class Drafted:
    """A drafted instrument without scales.

    Attributes
    ----------
    comments : dict
        Id -> evidence.
    guessed : tuple of str
        Questions whose option order or wording is a guess.
    columns : dict
        Position of a column -> name of its target, as in `targets.Target`.
    """

    instrument: Instrument
    comments: dict[str, list[Label]]
    guessed: tuple[str, ...]
    columns: dict[int, str]


def drafted(sheet: Sheet, layout: Layout, *, ids: str = "number", name: str = "draft", title: str = "") -> Drafted:
    """Draft an instrument from a sheet.

    Parameters
    ----------
    ids : str
        `number`: headers that can be ids stay, others become `q<number>`. `header`: others become `c1`, `c2`, and
        plain numeric columns stay numbers, for a table that is read without an instrument.
    name : str
        Id of the instrument; `title` is the id where none is given.
    """
    sheet = layout.seen(sheet)
    rows, _ = sort_rows(sheet, layout)
    if layout.hand is not None:
        sheet, _ = fill_dittos(sheet, layout, rows)
    looks = [look_at(sheet, column, layout, rows) for column in layout.columns]
    questions = Questions(ids)
    if any(column.described for column in sheet.columns):
        draft_variables(looks, sheet, rows, layout, questions)
    else:
        for group in _groups(looks, ids):
            draft_group(group, sheet, rows, layout, questions)
    chosen = {name: options for options, name in questions.lists.items()}
    instrument = Instrument(
        id=name,
        version="0.1",
        languages=("zh",),
        title={"zh": title or name},
        blocks=tuple(questions.blocks),
        choices=chosen,
    )
    words = [column.header.text + column.header.body for column in layout.columns]
    words += [text for column in sheet.columns if column.described for text in column.described.values.values()]
    if "".join(words).isascii():
        instrument = _to_english(instrument)
    return Drafted(instrument, questions.comments, tuple(questions.guessed), questions.columns)


def _groups(looks: Sequence[Look], ids: str) -> Iterator[list[Look]]:
    """Columns that make one question: as the headers say, and neighbouring 0/1 columns with one stem."""
    by_header = [list(group) for _, group in groupby(looks, key=lambda look: look.column.group)]
    pending: list[Look] = []
    for group in by_header:
        joins = (
            len(group) == 1 and group[0].kind == "ticks" and ids == "number" and group[0].column.header.number is None
        )
        stem = stem_of(group[0].column.header.text)[0] if joins else ""
        if pending and not (stem and stem == stem_of(pending[0].column.header.text)[0]):
            yield pending
            pending = []
        if stem:
            pending += group
        else:
            yield group
    if pending:
        yield pending


def _to_english(instrument: Instrument) -> Instrument:
    """The same draft with every wording under en; drafting writes zh throughout."""

    def option(one: Option) -> Option:
        return dataclasses.replace(one, zh="", en=re.sub(r"^选项(\d+)$", r"Option \1", one.zh))

    def item(one: Item) -> Item:
        return dataclasses.replace(
            one, zh="", en=_NUMBERED_ZH.sub(r"Question \1", one.zh), options=tuple(map(option, one.options))
        )

    def block(one: Block) -> Block:
        return dataclasses.replace(
            one, zh="", en=_NUMBERED_ZH.sub(r"Question \1", one.zh), items=tuple(map(item, one.items))
        )

    return dataclasses.replace(
        instrument,
        languages=("en",),
        title={"en": instrument.title["zh"]},
        blocks=tuple(map(block, instrument.blocks)),
        choices={name: tuple(map(option, options)) for name, options in instrument.choices.items()},
    )
