"""Open answers of one part in; whole columns of personal data set apart, single cells flagged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.contract import Place, Problem
from evalkit.contract.personal import personal_kinds
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.ingest.answers import Answers
from evalkit.ingest.findings import Decoded, shown
from evalkit.ingest.privacy import Personal, personal_column

if TYPE_CHECKING:
    from evalkit.instrument import Item

_OPEN = ("text", "region", "file", "meta")
_KEPT_ROLES = ("respondent_id", "cluster", "weight")
"""Columns that other rows are found by; pseudonyms are the way to hide them."""


@dataclass
class Sensitive:
    """What one part holds about persons.

    Attributes
    ----------
    apart : dict
        Column -> why it is private.
    flagged : dict
        Column that stays -> cells in it that hold personal data.
    """

    apart: dict[str, Personal] = field(default_factory=dict)
    flagged: dict[str, int] = field(default_factory=dict)


def sort_open_answers(
    items: Iterable[Item], decoded: Decoded, header_at: Callable[[int], tuple[str, Place]], sensitive: Sensitive
) -> list[Problem]:
    """Look through every open answer and text beside an option that the instrument does not mark as private.

    Parameters
    ----------
    header_at : callable
        Position of a spreadsheet column -> its heading and where that stands.
    sensitive : Sensitive
        Told what was found.

    Returns
    -------
    list of Problem
        N313 for each column set apart, W316 for a key or list of names that looks personal. Single cells (W340)
        are noted in `decoded`.
    """
    found: list[Problem] = []
    by_id = {item.id: item for item in items}
    for name, answers in decoded.sources.items():
        item = by_id.get(name.split("__")[0])
        if item is None or item.private or not (name in decoded.fills or item.type in _OPEN):
            continue
        header, at = header_at(answers.position)
        if name in decoded.fills:
            header = ""  # it is about the option, not about what was written beside it
        why = personal_column(header, answers.texts, answers.counts.tolist())
        needed = name not in decoded.fills and (item.role in _KEPT_ROLES or (item.max_choices or 1) > 1)
        if why is not None and needed:
            if why.by == "content":
                found.append(Problem("W316", at, {"item": name, "kind": kind_words(why.kind)}))
        elif why is not None:
            sensitive.apart[name] = why
            found.append(Problem("N313", at, apart_words(header or name, why)))
        if why is None or (needed and why.by != "content"):
            _flag_cells(name, item, answers, decoded, sensitive)
    return found


def apart_words(header: str, why: Personal) -> dict[str, object]:
    """Parameters of N313: heading, kind and how it is known."""
    reason = {lang: text_of(f"privacy.by_{why.by}", lang, n=why.n, answered=why.answered) for lang in LANGUAGES}
    return {"header": shown(header), "kind": kind_words(why.kind), "reason": reason}


def kind_words(kind: str) -> dict[str, str]:
    """A kind of personal data in both languages."""
    return {lang: text_of(f"privacy.kind.{kind}", lang) for lang in LANGUAGES}


def _flag_cells(name: str, item: Item, answers: Answers, decoded: Decoded, sensitive: Sensitive) -> None:
    kinds = {k: personal_kinds(text) for k, text in enumerate(answers.texts)}
    rows = answers.rows_of(k for k, held in kinds.items() if held)
    if not len(rows):
        return
    sensitive.flagged[name] = len(rows)

    def words(row: int) -> dict[str, object]:
        return {"kinds": [kind_words(kind) for kind in kinds[int(answers.index[row])]]}

    decoded.note_rows("W340", answers, rows, item, words)
