"""A sheet of which nothing is known in, one reading of it out; two that fit alike and differ are not chosen between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.draft.questions import Drafted, drafted
from evalkit.ingest.layout import Layout
from evalkit.ingest.opening import layouts
from evalkit.ingest.parts import Part, read_part
from evalkit.ingest.union import alike

if TYPE_CHECKING:
    from evalkit.sheets import Sheet


def clear_draft(
    sheet: Sheet, dialect: str, *, typed: bool, ids: str = "number", name: str = "draft", title: str = ""
) -> tuple[Layout, Drafted, Part]:
    """Draft an instrument from a sheet and read the sheet with it.

    Parameters
    ----------
    dialect : str
        `auto`, or the name of one.
    typed : bool
        As in `read_part`; `ids`, `name` and `title` as in `drafted`.

    Raises
    ------
    InputError
        E312 if dialects that fit nearly alike ask other questions or read other answers.
    """
    readings = []
    for layout, _ in layouts(sheet, dialect, frozenset()):
        found = drafted(sheet, layout, ids=ids, name=name, title=title)
        part = read_part(sheet, layout, found.instrument, typed=typed, assigned=found.columns)
        readings.append((layout, found, part))
    first, *others = readings
    differing = [one[0].dialect for one in others if not _same(first, one)]
    if differing:
        names = [first[0].dialect, *differing]
        raise InputError(Problem("E312", Place(sheet.book, sheet.name), {"dialects": names, "first": names[0]}))
    return first


def _same(one: tuple[Layout, Drafted, Part], other: tuple[Layout, Drafted, Part]) -> bool:
    return one[1].instrument == other[1].instrument and alike(one[2], other[2])
