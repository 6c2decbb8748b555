"""The rows of a part and a roster in, the community of every row out; spellings are unified, none is guessed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Place, Problem, UsageError
from evalkit.ingest.answers import Answers
from evalkit.ingest.desk.roster import HEADINGS, Member, Roster
from evalkit.ingest.findings import HIDDEN, shown
from evalkit.ingest.parts import Part
from evalkit.ingest.wording import loose, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Instrument, Item

UNKNOWN, BLANK = -1, -2
"""Stand for the number of a community where a cell names none of the roster, or nothing."""
OWN_IDS = ("community_id", "community")
"""Items that name the community whatever their role."""
_HEADS = frozenset(HEADINGS["name"] + HEADINGS["id"]) - {"编号", "代码", "名称", "id", "code", "name"} | {
    "小区", "所在社区", "居委会", "社区居委会", "村", "村名", "社区名",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Told:
    """What a part's community column says: `members`, one a row, is a position in the roster, UNKNOWN or BLANK."""

    members: np.ndarray
    problems: tuple[Problem, ...] = ()


def community_item(instrument: Instrument, parts: Sequence[Part], roster: Roster, named: str | None) -> Item | None:
    """The item that says which community a row is from.

    It is the one named; else `community_id` or `community`; else of the items with the role `cluster` the one whose
    answers name most often a community of the roster, if any does.

    Raises
    ------
    UsageError
        E398 if the item named is not one, or takes no single answer.
    """
    able = {item.id: item for item in instrument.items if item.type in ("single", "text", "meta", "region")}
    if named is not None:
        if named not in able:
            raise UsageError(Problem("E398", params={"name": named, "near": list(able)[:6]}))
        return able[named]
    for name in OWN_IDS:
        if name in able:
            return able[name]
    clusters = [item for item in able.values() if item.role == "cluster"]
    hits = [sum(int((_find(texts_of(part, item), roster) >= 0).sum()) for part in parts) for item in clusters]
    return clusters[int(np.argmax(hits))] if any(hits) else None


def texts_of(part: Part, item: Item) -> np.ndarray:
    """The names a part's rows give, as texts; empty where there is none."""
    values = part.decoded.values.get(item.id)
    if values is None:
        return np.full(len(part.rows), "", dtype=object)
    options = {option.code: option for option in item.options}
    if options:
        return np.array([options[v].text("zh") if v in options else "" for v in values.tolist()], dtype=object)
    return np.array([tidy(v) if isinstance(v, str) else "" for v in values.tolist()], dtype=object)


def told(part: Part, item: Item | None, roster: Roster) -> Told:
    """What each row of a part says about its community, and W387 for each cell that names none of the roster.

    Without an item in this part a column that no question claims and that is headed 社区, community or the like is
    looked at; it then counts as read.
    """
    if item is not None and item.id in part.decoded.values:
        texts, letter, private = texts_of(part, item), part.letters.get(item.id, ""), item.private
    elif "community_id" in part.meta:
        texts = np.array([tidy(v) if isinstance(v, str) else "" for v in part.meta["community_id"]], dtype=object)
        letter, private = part.letters.get("community_id", ""), False
    else:
        column = _own_column(part)
        if column is None:
            return Told(np.full(len(part.rows), BLANK))
        answers = Answers(part.sheet, column, part.rows)
        texts = np.array([tidy(answers.texts[k]) for k in answers.index], dtype=object)
        letter, private = answers.letter, False
    members = _find(texts, roster)
    problems = []
    for k in np.flatnonzero(members == UNKNOWN).tolist():
        params = {
            "name": HIDDEN if private else shown(texts[k]),
            "near": HIDDEN if private else roster.nearest(texts[k]) or "—",
        }
        problems.append(Problem("W387", cell_of(part, letter, k), params))
    return Told(members, tuple(problems))


def unified(part: Part, item: Item | None, members: np.ndarray, roster: Roster) -> Part:
    """The part with the roster's own spelling in the community item, where that is open text."""
    if item is None or item.options or item.id not in part.decoded.values:
        return part
    spelt = [one.id if item.id == "community_id" else one.name for one in roster.members]
    values = part.decoded.values[item.id].astype(object)
    for k in np.flatnonzero((members >= 0) & (_find(texts_of(part, item), roster) == members)).tolist():
        values[k] = spelt[members[k]]
    decoded = dataclasses.replace(part.decoded, values=part.decoded.values | {item.id: values})
    return dataclasses.replace(part, decoded=decoded)


def cell_of(part: Part, letter: str, k: int) -> Place:
    """The cell in a column of the k-th respondent of a part."""
    row = int(part.sheet.rows[part.rows[k]])
    return Place(part.sheet.book, part.sheet.name, f"{letter or 'A'}{row}")


def _find(texts: np.ndarray, roster: Roster) -> np.ndarray:
    """Position in the roster of each text, UNKNOWN or BLANK."""
    places = {id(member): k for k, member in enumerate(roster.members)}
    known: dict[str, int] = {"": BLANK}
    for text in set(texts.tolist()) - {""}:
        member: Member | None = roster.find(text)
        known[text] = UNKNOWN if member is None else places[id(member)]
    return np.array([known[text] for text in texts.tolist()], dtype=int)


def _own_column(part: Part) -> int | None:
    """Position of the first unclaimed column that is headed like a community; its fate becomes `meta`."""
    numbers = [column.number for column in part.sheet.columns]
    for fate in part.fates:
        if fate["fate"] == "unmapped" and loose(fate["header"]) in _HEADS:
            fate.update(fate="meta", target="community_id", how="meta")
            return numbers.index(fate["number"])
    return None
