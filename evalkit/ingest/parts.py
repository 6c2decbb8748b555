"""One sheet, its layout and an instrument in; its respondents' decoded answers and the fate of every column out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import Place, Problem
from evalkit.ingest.answers import NUMBER, Answers
from evalkit.ingest.by_hand import as_meant
from evalkit.ingest.choices import choices_of
from evalkit.ingest.decode import decode_item
from evalkit.ingest.dittos import fill_dittos, merged_answers
from evalkit.ingest.findings import KIND, Decoded, Rules, shown
from evalkit.ingest.headers import parse_header
from evalkit.ingest.labelled import in_words
from evalkit.ingest.layout import HeaderColumn, Layout
from evalkit.ingest.mapped import Settled, corrected, place_columns
from evalkit.ingest.matching import Match, match
from evalkit.ingest.meta import PRIVATE_META
from evalkit.ingest.open_answers import Sensitive, apart_words, sort_open_answers
from evalkit.ingest.paradata import read_meta
from evalkit.ingest.privacy import Personal, personal_column
from evalkit.ingest.quantities import number_in
from evalkit.ingest.routing import check_routing
from evalkit.ingest.rows import sort_rows
from evalkit.ingest.segments import cut
from evalkit.ingest.targets import Target, expected_items, targets_of
from evalkit.ingest.wording import clean, loose, normal, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Sheet

_SAMPLE = 200
"""Distinct answers looked at when an option set is asked as a witness."""
_CATCHES = {"options": "N308", "order": "W307", "moved": "N314"}
_REFUSALS = {"proposed": "W306", "ambiguous": "W305", "duplicate": "W315"}


@dataclass(eq=False)
class Part:
    """One sheet as read: `rows` = positions of its respondents, `fates` one row a column, `private` by name, `placed`
    = position of a column -> name of its target."""

    sheet: Sheet
    layout: Layout
    rows: np.ndarray
    rejected: list[tuple[int, str]]
    decoded: Decoded
    meta: dict[str, np.ndarray] = field(default_factory=dict)
    private: dict[str, np.ndarray] = field(default_factory=dict)
    fates: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    placed: dict[int, str] = field(default_factory=dict)
    sensitive: Sensitive = field(default_factory=Sensitive)

    @property
    def mapped(self) -> int:
        """Columns that hold answers to the instrument."""
        return sum(fate["fate"] == "mapped" for fate in self.fates)

    @property
    def unread(self) -> float:
        """Share of the answers that could not be read."""
        invalid = sum(int((kinds == KIND["invalid"]).sum()) for kinds in self.decoded.missing.values())
        answered = sum(int((kinds == 0).sum()) for kinds in self.decoded.missing.values())
        return invalid / (invalid + answered) if invalid else 0.0


def read_part(
    sheet: Sheet,
    layout: Layout,
    instrument: Instrument,
    *,
    form: str | None = None,
    typed: bool = True,
    assigned: Mapping[int, str] | None = None,
    mapped: Settled | None = None,
) -> Part:
    """Match, decode and check one sheet.

    Parameters
    ----------
    typed : bool
        False where the format knows only text (csv), so that a number as text is no news.
    assigned : mapping, optional
        Position of a column -> name of its target, where the instrument was drafted from this very sheet; nothing
        is left to match then.
    mapped : Settled, optional
        A saved mapping's table for these headings, which decides instead of the matching.
    """
    sheet = layout.seen(sheet)
    items = expected_items(instrument, form)
    wordings = frozenset(loose(t) for item in items for o in item.options for t in (o.zh, o.en, *o.alias) if t)
    rows, rejected = sort_rows(sheet, layout, wordings)
    part = Part(sheet, layout, rows, rejected, Decoded(len(rows)))
    if layout.hand is not None:
        sheet, filled = fill_dittos(sheet, layout, rows)
        part.sheet, part.problems = sheet, [*filled, *merged_answers(sheet, rows)]
    rules = Rules(layout.by, layout.marks, typed, own_words=layout.hand is not None)
    fates: dict[int, str] = {}
    if mapped is not None:
        matches, meta, fates = place_columns(sheet, layout, mapped)
        part.sheet = corrected(sheet, mapped, rows, layout.by, part.decoded)
    elif assigned is None:
        targets = targets_of(instrument, lists=layout.lists, form=form)
        columns, meta = _asked_columns(sheet, layout, targets)
        matches = match(columns, targets, _evidence(sheet, rows, layout), headed=layout.hand is not None)
        part.sheet, otherwise = in_words(sheet, matches, layout.other)
        for one in otherwise:
            params = {"header": shown(one.column.header.text), "item": one.target.name if one.target else ""}
            part.problems.append(Problem("N321", _head(part, one.column.position), params))
    else:
        lists = "spread" if layout.hand else "sets" if layout.lists == "sets" else "either"
        by_name = {target.name: target for target in targets_of(instrument, lists=lists)}
        matches = [Match(c, by_name[assigned[c.position]], "drafted", 1.0) for c in layout.columns]
        meta = dict(layout.meta)
    if layout.hand is not None:
        part.sheet = as_meant(part.sheet, layout, matches, rows, part.decoded)
    _decode_matches(part, matches, rules)
    for position, name in meta.items():
        _take_meta(part, position, name, rules)
    for one in matches:
        if one.target is None:
            _set_aside(part, one, rules)
    for position, fate in fates.items():
        _take_settled(part, position, fate, rules)
    _take_headless(part, {m.column.position for m in matches} | set(meta) | set(fates), rules)
    part.fates.sort(key=lambda fate: fate["number"])
    _note_rejected(part)
    check_routing(items, part.decoded)
    part.problems += sort_open_answers(items, part.decoded, partial(_header_at, part), part.sensitive)
    part.problems += part.decoded.close()
    return part


def _asked_columns(
    sheet: Sheet, layout: Layout, targets: tuple[Target, ...]
) -> tuple[list[HeaderColumn], dict[int, str]]:
    """Question columns and meta columns; one that looks like meta but is asked by the instrument is a question."""
    own = {normal(text) for t in targets if t.item.type == "meta" for text in (t.name, *t.texts)}
    asked = {normal(text) for t in targets if not t.stems for text in (t.name, *t.texts)}
    lead = next((k for k in range(len(layout.headers)) if k not in layout.meta), len(layout.headers))
    meta = dict(layout.meta)
    extra = []
    for position in layout.meta:
        header = parse_header(layout.headers[position])
        if normal(header.text) in (own if position < lead else asked):
            del meta[position]
            extra.append(HeaderColumn(position, sheet.columns[position].letter, header, -1 - position))
    return sorted([*layout.columns, *extra], key=lambda column: column.position), meta


def _evidence(sheet: Sheet, rows: np.ndarray, layout: Layout) -> Callable[[HeaderColumn, Target], float]:
    answers: dict[int, Answers] = {}
    known: dict[tuple[int, Any], float] = {}

    def share(column: HeaderColumn, target: Target) -> float:
        item = target.item
        if not (item.options or item.type in ("integer", "decimal")) or target.kind in (
            "option",
            "place",
            "tick",
            "summed",
        ):
            return float("nan")
        key = (column.position, (item.options, target.kind) if item.options else (item.type, item.unit))
        if key not in known:
            mine = answers.setdefault(column.position, Answers(sheet, column.position, rows))
            known[key] = _share(mine, target, layout)
        return known[key]

    return share


def _share(answers: Answers, target: Target, layout: Layout) -> float:
    item, good, total = target.item, 0, 0
    for text, n in list(zip(answers.texts, answers.counts.tolist(), strict=True))[:_SAMPLE]:
        line = clean(text)
        if not line or line in layout.marks:
            continue
        if not item.options:
            fits = number_in(line, item.unit) is not None
        elif target.kind in ("single", "ranked", "choice"):
            fits = choices_of(item.options).find(text, layout.by) is not None
        else:
            fits = not cut(text, item.options, layout.by, target.kind).unknown
        total, good = total + n, good + n * fits
    return good / total if total else float("nan")


def _decode_matches(part: Part, matches: list[Match], rules: Rules) -> None:
    """Decode item by item in the order of the questionnaire, and note how the less obvious columns were matched."""
    by_item: dict[str, list[tuple[Target, Answers]]] = {}
    for one in matches:
        if one.target is None:
            continue
        answers = Answers(part.sheet, one.column.position, part.rows)
        by_item.setdefault(one.target.item.id, []).append((one.target, answers))
        part.letters[one.target.name] = one.column.letter
        part.placed[one.column.position] = one.target.name
        # Options of a single choice are one answer, whichever of them a column stands for.
        name = one.target.item.id if one.target.kind in ("tick", "choice") else one.target.name
        part.fates.append(_fate(part, one.column.position, "mapped", name, one.how, one.score))
        if one.how in _CATCHES:
            params = {"header": shown(one.column.header.text), "item": one.target.name, "score": f"{one.score:.2f}"}
            rival = {"rival": one.rival.name} if one.rival else {}
            part.problems.append(Problem(_CATCHES[one.how], _head(part, one.column.position), params | rival))
    for found in sorted(by_item.values(), key=lambda parts: parts[0][0].block):
        decode_item(found[0][0].item, found, rules, part.decoded)
    for name, answers in part.decoded.sources.items():
        part.letters.setdefault(name, answers.letter)


def _take_meta(part: Part, position: int, name: str, rules: Rules) -> None:
    answers = Answers(part.sheet, position, part.rows)
    values, problems = read_meta(name, answers, rules)
    private = name in PRIVATE_META
    (part.private if private else part.meta)[name] = values
    part.letters[name] = answers.letter
    part.problems += problems
    part.fates.append(_fate(part, position, "private" if private else "meta", name, "meta"))


def _set_aside(part: Part, one: Match, rules: Rules) -> None:
    """A column with a header that was not mapped: private, ignored or unmapped."""
    position = one.column.position
    if one.how == "summary" and one.rival is not None:
        part.fates.append(_fate(part, position, "ignored", one.rival.name, "summary", one.score))
        return
    if _take_private(part, position, one.column.header.text, rules):
        return
    if one.how in _REFUSALS and one.rival is not None:
        params = {"header": shown(one.column.header.text), "item": one.rival.name, "score": f"{one.score:.2f}"}
        part.problems.append(Problem(_REFUSALS[one.how], _head(part, position), params))
    part.fates.append(_fate(part, position, "unmapped", "", one.how, one.score))


def _take_headless(part: Part, done: set[int], rules: Rules) -> None:
    """Columns without a header: empty ones are ignored, others are unmapped."""
    for position in range(len(part.sheet.columns)):
        if position in done:
            continue
        answers = Answers(part.sheet, position, part.rows)
        if not any(text.strip() for text in answers.texts) and not answers.faulty.any():
            part.fates.append(_fate(part, position, "ignored", "", "empty"))
        elif not _take_private(part, position, "", rules):
            part.fates.append(_fate(part, position, "unmapped", "", "none"))


def _take_private(part: Part, position: int, header: str, rules: Rules) -> bool:
    """Keep a column that names persons out of sight; whether it is one."""
    answers = Answers(part.sheet, position, part.rows)
    why = personal_column(header, answers.texts, answers.counts.tolist()) or _long_numbers(answers)
    if why is None:
        return False
    name = f"column_{answers.letter}"
    values, _ = read_meta("nickname", answers, rules)
    part.private[name], part.letters[name] = values, answers.letter
    part.sensitive.apart[name] = why
    part.fates.append(_fate(part, position, "private", name, "private"))
    part.problems.append(Problem("N313", _head(part, position), apart_words(header or answers.letter, why)))
    return True


def _take_settled(part: Part, position: int, fate: str, rules: Rules) -> None:
    """A column a saved mapping sets aside; one it leaves open may still name persons."""
    header = part.layout.headers[position]
    if fate == "private":
        answers = Answers(part.sheet, position, part.rows)
        name = f"column_{answers.letter}"
        part.private[name], _ = read_meta("nickname", answers, rules)
        part.letters[name] = answers.letter
        part.fates.append(_fate(part, position, "private", name, "mapping"))
    elif fate == "ignored" or not _take_private(part, position, header, rules):
        part.fates.append(_fate(part, position, fate, "", "mapping"))


def _long_numbers(answers: Answers) -> Personal | None:
    """Numbers that a spreadsheet has rounded: an identity or bank card typed without care."""
    if not (answers.kinds == NUMBER).any():
        return None
    long = [n for t, n in zip(answers.texts, answers.counts.tolist(), strict=True) if len(t) >= 16 and t.isdigit()]
    return Personal("long_number", "content", sum(long), answers.n) if long else None


def _header_at(part: Part, position: int) -> tuple[str, Place]:
    """The heading of a column and its cell."""
    headers = part.layout.headers
    return headers[position] if position < len(headers) else "", _head(part, position)


def _fate(part: Part, position: int, fate: str, target: str, how: str, score: float = float("nan")) -> dict[str, Any]:
    column, headers = part.sheet.columns[position], part.layout.headers
    return {
        "file": part.sheet.book,
        "sheet": part.sheet.name,
        "letter": column.letter,
        "header": tidy(headers[position]) if position < len(headers) else "",
        "fate": fate,
        "target": target,
        "how": how,
        "score": score,
        "number": column.number,
    }


def _head(part: Part, position: int) -> Place:
    """The header cell of a column."""
    row = int(part.sheet.rows[part.layout.header_row])
    return Place(file=part.sheet.book, sheet=part.sheet.name, cell=f"{part.sheet.columns[position].letter}{row}")


def _note_rejected(part: Part) -> None:
    """One note a reason, with the rows."""
    codes = {"total": "N244", "header": "N245", "blank": "N247", "unit": "N253", "note": "N254"}
    codes |= {"above_header": "N257"} if part.layout.hand is not None else {}
    for reason, code in codes.items():
        rows = [str(int(part.sheet.rows[k])) for k, why in part.rejected if why == reason]
        if rows:
            at = Place(file=part.sheet.book, sheet=part.sheet.name, cell=f"A{rows[0]}")
            more = {"n": len(rows), "rows": [*rows[:10], "…"] if len(rows) > 10 else rows}
            part.problems.append(Problem(code, at, more))
