"""Versions of a questionnaire in, one instrument that describes the answers to all of them out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.contract import InstrumentError, Problem
from evalkit.ingest.wording import loose

if TYPE_CHECKING:
    from evalkit.instrument import Instrument, Item, Option


def one_instrument(asked: Mapping[str, Instrument]) -> tuple[Instrument, list[Problem]]:
    """Bring the versions used in several waves together.

    Parameters
    ----------
    asked : mapping
        Wave -> its instrument, oldest first.

    Returns
    -------
    instrument : Instrument
        The last one, with the questions, options and scales that only earlier ones have; private is what one of them
        calls private.
    problems : list of Problem
        W361 for each question that has another wording for one of its codes.

    Raises
    ------
    InstrumentError
        E360 for each question of one id that is not the same question: another type or unit, or a code that stands
        for what another code stands for in the other version.
    """
    waves = list(asked)
    whole, last = asked[waves[-1]], waves[-1]
    problems: list[Problem] = []
    for wave in reversed(waves[:-1]):
        if asked[wave] != whole:
            problems += _disagreements(asked[wave], whole, wave, last)
            whole = _with_earlier(whole, asked[wave])
    faults = [problem for problem in problems if problem.severity == "error"]
    if faults:
        raise InstrumentError(faults)
    return whole, problems


def _disagreements(old: Instrument, new: Instrument, before: str, after: str) -> Iterator[Problem]:
    known = {item.id: item for item in new.items}
    for item in old.items:
        other = known.get(item.id)
        if other is None:
            continue
        named = {"item": item.id, "before": before, "after": after}
        if (item.type, item.unit) != (other.type, other.unit):
            kinds = {"old": f"{item.type} {item.unit or ''}".strip(), "new": f"{other.type} {other.unit or ''}".strip()}
            yield Problem("E360", params={**named, **kinds})
            continue
        for code, one, another, moved in _changed(item.options, other.options):
            yield Problem(
                "E360" if moved else "W361", params={**named, "old": f"{code} = {one}", "new": f"{code} = {another}"}
            )


def _changed(old: Sequence[Option], new: Sequence[Option]) -> Iterator[tuple[object, str, str, bool]]:
    """Codes whose wording is another one; and whether that wording is another code's now."""
    wordings = {option.code: _wordings(option) for option in new}
    shown = {option.code: option.text("zh") for option in new}
    for option in old:
        mine = _wordings(option)
        if option.code in wordings and not mine & wordings[option.code]:
            moved = any(mine & texts for code, texts in wordings.items() if code != option.code)
            yield option.code, option.text("zh"), shown[option.code], moved


def _wordings(option: Option) -> frozenset[str]:
    return frozenset(loose(text) for text in (option.zh, option.en, *option.alias) if text)


def _with_earlier(new: Instrument, old: Instrument) -> Instrument:
    """The newer instrument with what only the older one has, each in its block where that is still there."""
    known = {item.id for item in new.items}
    before = {item.id: item for item in old.items}
    dropped = {block.id: tuple(i for i in block.items if i.id not in known) for block in old.blocks}
    blocks = [
        dataclasses.replace(
            block,
            items=(*(_with_options(item, before.get(item.id)) for item in block.items), *dropped.pop(block.id, ())),
        )
        for block in new.blocks
    ]
    blocks += [dataclasses.replace(b, items=dropped[b.id]) for b in old.blocks if dropped.get(b.id)]
    scales = {scale.id for scale in new.scales}
    return dataclasses.replace(
        new, blocks=tuple(blocks), scales=(*new.scales, *(scale for scale in old.scales if scale.id not in scales))
    )


def _with_options(item: Item, old: Item | None) -> Item:
    codes = {option.code for option in item.options}
    more = tuple(option for option in old.options if option.code not in codes) if old else ()
    # What one version calls private stays so for everybody.
    private = item.private or (old is not None and old.private)
    if not more and private == item.private:
        return item
    return dataclasses.replace(item, options=(*item.options, *more), private=private)
