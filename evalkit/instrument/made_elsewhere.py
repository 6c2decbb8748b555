"""An instrument made from cells or lines in, the same checked by the one checker of all instruments out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.instrument.definition import Instrument
from evalkit.instrument.dump import dump_toml
from evalkit.instrument.parse import parse_instrument

_MARK = re.compile(r"\s*# @(\d+)$")


def checked(
    built: Instrument, places: Mapping[str, Sequence[Place]], head: Place, *, found: Sequence[Problem], sha256: str
) -> Instrument:
    """An instrument with every check that a file of its own would have had.

    Parameters
    ----------
    places : mapping
        Id of a question, matrix, option list or scale -> where it was made from; of a list, option by option.
    head : Place
        Where everything else stands.
    found : sequence of Problem
        Warnings and notes found so far.

    Raises
    ------
    InstrumentError
        With every fault at its place.
    """
    where = list(places.values())
    text = dump_toml(built, comments={id: f"@{i}" for i, id in enumerate(places)})
    try:
        read = parse_instrument(text, head.file)
    except InstrumentError as error:
        raise InstrumentError([_placed(problem, text, where, head) for problem in error.problems]) from None
    problems = (*found, *(_placed(problem, text, where, head) for problem in read.problems))
    lines = {id: _line(found_at[0]) for id, found_at in places.items() if found_at}
    blocks = tuple(
        replace(block, items=tuple(replace(item, line=lines.get(item.id, 0)) for item in block.items))
        for block in read.blocks
    )
    return replace(read, blocks=blocks, source=head.file, sha256=sha256, problems=problems)


def _placed(problem: Problem, text: str, places: Sequence[Sequence[Place]], head: Place) -> Problem:
    """A finding at a line of the dump, at the place that line was made from."""
    lines = text.splitlines()
    line = problem.at.line if problem.at else 0
    for above in range(min(line, len(lines)), 0, -1):
        mark = _MARK.match(lines[above - 1])
        if mark:
            made_from = places[int(mark.group(1))]
            # Below the mark of a list stand its name and then one option a line.
            position = line - above - 2 if len(made_from) > 1 else 0
            return Problem(problem.code, made_from[min(max(position, 0), len(made_from) - 1)], problem.params)
    return Problem(problem.code, head, problem.params)


def _line(place: Place) -> int:
    digits = re.sub(r"\D", "", place.cell)
    return int(digits) if digits else place.line
