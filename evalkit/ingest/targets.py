"""Where an answer can go: the frame columns an instrument calls for, with the wordings that name them in a header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.instrument import Block, Instrument, Item, Option

MAX_NAMES = 50
"""Most columns a text item that takes several names may have."""


@dataclass(frozen=True)
class Target:
    """One place a spreadsheet column can be mapped to.

    Attributes
    ----------
    name : str
        Frame column; for a list in one cell (`joined`, `places`, `names`) the item's id.
    kind : str
        `single`, `tick` (one option of a single choice), `joined`, `option`, `choice` (a column that names one of the
        options chosen), `places`, `place`, `ranked` (the option in one place), `summed` (of scores), `names`, `name`,
        `fill`, or the item's own type.
    code : int, float or str, optional
        Of an option, a place or a fill-in.
    texts : tuple of str
        Its own wordings: question, row title or option.
    stems : tuple of str
        Wordings of the question it is a part of; empty where it is a whole question.
    block : int
        Number of its block in the instrument.
    """

    name: str
    item: Item
    kind: str
    texts: tuple[str, ...]
    stems: tuple[str, ...]
    block: int
    code: int | float | str | None = None


def code_text(code: int | float | str) -> str:
    """A code as it stands in column names and cells: `3`, `0.5`, `web`."""
    return str(int(code)) if isinstance(code, (int, float)) and float(code).is_integer() else str(code)


def option_column(item_id: str, code: int | float | str) -> str:
    """`<id>__<code>`."""
    return f"{item_id}__{code_text(code)}"


def fill_column(item_id: str, code: int | float | str) -> str:
    """`<id>__<code>__text`."""
    return option_column(item_id, code) + "__text"


def choice_column(item_id: str, k: int) -> str:
    """Name of the k-th column that names an option chosen, counted from 1."""
    return f"{item_id}__choice{k}"


def choice_text(k: int) -> str:
    """What such a column is headed below its question."""
    return f"choice {k}"


def names_of(item: Item) -> int:
    """How many names a text item takes."""
    return min(item.max_choices or 1, MAX_NAMES)


def item_columns(item: Item) -> list[str]:
    """Frame columns of an item's answers (fill-ins apart)."""
    if item.type in ("multi", "rank"):
        return [option_column(item.id, option.code) for option in item.options if option.missing is None]
    if item.type == "text" and (item.max_choices or 1) > 1:
        return [option_column(item.id, k) for k in range(1, names_of(item) + 1)]
    return [item.id]


def expected_items(instrument: Instrument, form: str | None) -> tuple[Item, ...]:
    """Items that have a column, of one form or of all; notes have none."""
    return tuple(
        item for item in instrument.items if item.type != "note" and (not form or not item.form or form in item.form)
    )


def targets_of(instrument: Instrument, *, lists: str, form: str | None = None) -> tuple[Target, ...]:
    """Every target in the order of the questionnaire.

    Parameters
    ----------
    lists : str
        `joined`, `columns`, `either`, `spread`, `sets`, `ranked` or `summed`, as in `Layout.lists`.
    form : str, optional
        Only items of this form.
    """
    wanted = set(expected_items(instrument, form))
    return tuple(
        target
        for number, block in enumerate(instrument.blocks)
        for item in block.items
        if item in wanted
        for target in _targets(block, item, number, lists)
    )


def _targets(block: Block, item: Item, number: int, lists: str) -> Iterator[Target]:
    texts, stems = _wordings(item), _wordings(block) if item.matrix else ()
    if item.type == "rank" and lists == "ranked":
        yield Target(item.id, item, "places", texts, stems, number)
        for k in range(1, len(item.options) + 1):
            yield Target(option_column(item.id, k), item, "ranked", _rank_texts(k), texts, number, k)
    elif item.type == "multi" and lists == "summed":
        if not any(isinstance(option.code, str) for option in item.options):
            yield Target(item.id, item, "summed", texts, stems, number)
    elif item.type in ("multi", "rank"):
        whole, part = ("joined", "option") if item.type == "multi" else ("places", "place")
        if lists != "columns":
            yield Target(item.id, item, whole, texts, stems, number)
        if lists != "joined":
            for option in item.options:
                name = option_column(item.id, option.code)
                yield Target(name, item, part, _option_texts(option), texts, number, option.code)
        if item.type == "multi" and lists == "sets":
            for k in range(1, len(item.options) + 1):
                yield Target(choice_column(item.id, k), item, "choice", (choice_text(k),), texts, number)
    elif item.type == "text" and (item.max_choices or 1) > 1:
        yield Target(item.id, item, "names", texts, stems, number)
        for k in range(1, names_of(item) + 1):
            yield Target(option_column(item.id, k), item, "name", (str(k),), texts, number, k)
    else:
        yield Target(item.id, item, item.type, texts, stems, number)
    if item.type == "single" and lists == "spread":
        for option in item.options:
            name = option_column(item.id, option.code)
            yield Target(name, item, "tick", _option_texts(option), (*texts, *stems), number, option.code)
    for option in item.options:
        if option.fill:
            yield Target(fill_column(item.id, option.code), item, "fill", (), texts, number, option.code)


def _wordings(asked: Item | Block) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in (asked.zh, asked.en) if text))


def _rank_texts(k: int) -> tuple[str, ...]:
    """How a column of what was put in the k-th place is headed."""
    return (str(k), f"Rank {k}", f"Ranking {k}", f"排名 {k}", f"第{k}位")


def _option_texts(option: Option) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in (option.zh, option.en, *option.alias) if text))
