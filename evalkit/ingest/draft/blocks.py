"""The columns of one question in, its block out: matrix, multiple response, ranking, names or a single question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Label
from evalkit.ingest.answers import Answers
from evalkit.ingest.draft.collected import Questions
from evalkit.ingest.draft.columns import Look
from evalkit.ingest.draft.likert import known_set
from evalkit.ingest.draft.options import OptionList, numbered_options, options_from, points
from evalkit.ingest.headers import parse_header
from evalkit.ingest.quantities import number_in
from evalkit.ingest.wording import clean, loose, take_off, tidy
from evalkit.instrument import Block, Item, Option

if TYPE_CHECKING:
    from evalkit.ingest.layout import HeaderColumn, Layout
    from evalkit.sheets import Sheet

_ID = re.compile(r"^[A-Za-z](?:_?[A-Za-z0-9])*$")
_BACKGROUND = re.compile(
    r"性别|年龄|岁数|出生|学历|教育程度|文化程度|收入|职业|婚姻|户籍|户口|政治面貌|民族|居住(?:年限|时间)|住房|"
    r"gender|\bsex\b|\bage\b|education|income|occupation|marital|tenure",
    re.IGNORECASE,
)
_DIRECTED = re.compile(
    r"请(?:您)?(?:在(?:本|这|此)题)?(?:直接)?(?:选择?|勾选|点选)\s*[“\"「『]?([^“”\"「」『』，,。]{1,12})"
)
_STEM = re.compile(r"^(.*\S)\s*[:：_\-—/.]\s*([^:：_\-—/.]+)$")


FEWEST_TICKED = 5
"""Answers from which one tick each says that a question takes one."""


def stem_of(header: str) -> tuple[str, str]:
    """Stem and part of a header such as `需求:停车` or `need_1`; empty where there are none."""
    parsed = parse_header(header)
    if parsed.splits:
        return parsed.splits[0]
    found = _STEM.match(tidy(header))
    return (found[1], found[2]) if found else ("", "")


def draft_group(group: list[Look], sheet: Sheet, rows: np.ndarray, layout: Layout, questions: Questions) -> None:
    """Draft one question of several columns, or each column on its own where they do not make one."""
    if len(group) == 1:
        _draft_single(group[0], layout, questions)
        return
    bracketed = all(look.column.header.bracketed or stem_of(look.column.header.text)[0] for look in group)
    answered = [look for look in group if look.kind != "empty"]
    kinds = {look.kind for look in answered}
    if bracketed and kinds == {"ticks"}:
        _draft_ticks(group, questions, one_each=layout.hand is not None and _one_each(group, sheet, rows))
    elif bracketed and kinds <= {"ticks", "points"} and _are_places(answered, sheet, rows):
        _draft_places(group, questions)
    elif kinds == {"text"} and all(
        look.column.header.part.isdigit() or look.column.header.text.isdigit() for look in group
    ):
        _draft_names(group, questions)
    else:
        size = _matrix_size(group)
        if size > 1:
            _draft_matrix(group[:size], layout, questions)
        for look in group[size if size > 1 else 0 :]:
            _draft_single(look, layout, questions)


def _matrix_size(group: list[Look]) -> int:
    """How many of the first columns share one answer scale: bare titles after a matrix may be other questions."""
    if group[0].kind not in ("choice", "points", "ticks"):
        return 0
    seen: Counter[str] = Counter()
    for k, look in enumerate(group):
        if look.kind == "empty" and k:
            continue
        if look.kind == "choice" and group[0].kind == "choice":
            mine = {clean(take_off(text)[0]) for text in look.counts}
            together = mine | set(seen)
            if seen and known_set(list(together)) is None and len(mine & set(seen)) < 0.5 * min(len(mine), len(seen)):
                return k
            seen.update(mine)
        elif look.kind == "choice" or group[0].kind == "choice" or look.kind not in ("points", "ticks"):
            return k
    return len(group)


def _draft_matrix(group: list[Look], layout: Layout, questions: Questions) -> None:
    """A matrix: rows of single choice on one list."""
    first = group[0].column.header
    counts: Counter[str] = Counter()
    for look in group:
        counts.update(look.counts)
    if any(look.kind == "choice" for look in group):
        found = options_from(counts)
    else:
        found = _points(max(group, key=lambda look: look.high if look.high == look.high else 0), layout, group)
    id = questions.id_for(first.stem, first.number)
    name = questions.list_for(id, found)
    rows = []
    for k, look in enumerate(group, 1):
        title = _row_title(look.column.header)
        row_id = title if _ID.match(title) and title not in questions.ids else f"{id}_{k}"
        questions.ids.add(row_id)
        check = _directed(title, found.options)
        if check:
            questions.comments.setdefault(row_id, []).append(Label("draft.check"))
        rows.append(Item(row_id, "single", options=found.options, choices=name, matrix=id, check=check, zh=tidy(title)))
    stem = first.stem if first.splits and first.stem else f"第{first.number}题" if first.number else id
    block = Block(id, "matrix", tidy(stem), "", tuple(rows))
    questions.add(block, group, Label("draft.matrix", n=len(rows)), guessed=found.guessed)


def _row_title(header: object) -> str:
    part, body = getattr(header, "part", ""), getattr(header, "body", "")
    return tidy(part or body)


def _one_each(group: list[Look], sheet: Sheet, rows: np.ndarray) -> bool:
    """Whether nobody ticked two of the columns, and nearly everybody one: a single choice, spread out."""
    ticks = np.zeros(len(rows), dtype=int)
    for look in group:
        answers = Answers(sheet, look.column.position, rows)
        ticks += np.array([clean(take_off(text)[0]) == "1" for text in answers.texts])[answers.index]
    answered = np.count_nonzero(ticks)
    return bool(answered >= FEWEST_TICKED and ticks.max() == 1 and answered >= 0.5 * len(rows))


def _draft_ticks(group: list[Look], questions: Questions, *, one_each: bool) -> None:
    """A multiple response with a 0/1 column an option, or a single choice where one is ticked each."""
    parts = [_option_name(look.column) for look in group]
    first = group[0].column.header
    stem = first.splits[-1][0] if first.splits else stem_of(first.text)[0]
    id = questions.id_for(stem, first.number)
    fills = [bool(look.filled) for look in group]
    options = tuple(Option(k, zh=tidy(parts[k - 1]), fill=fills[k - 1]) for k in range(1, len(parts) + 1))
    found = OptionList(options, False, Label("draft.by_columns"))
    text = stem or (f"第{first.number}题" if first.number else id)
    type = "single" if one_each else "multi"
    item = Item(id, type, options=options, choices=questions.list_for(id, found), zh=tidy(text))
    evidence = Label("draft.spread" if one_each else "draft.ticks", n=len(group))
    questions.add(Block(id, type, item.zh, item.en, (item,)), group, evidence)


def _option_name(column: HeaderColumn) -> str:
    splits = column.header.splits
    return splits[-1][1] if splits else stem_of(column.header.text)[1]


def _draft_places(group: list[Look], questions: Questions) -> None:
    """A ranking with a column an option."""
    parts = [_option_name(look.column) for look in group]
    first = group[0].column.header
    stem = first.splits[-1][0] if first.splits else ""
    id = questions.id_for(stem, first.number)
    options = tuple(Option(k, zh=tidy(text)) for k, text in enumerate(parts, 1))
    name = questions.list_for(id, OptionList(options, False, Label("draft.by_columns")))
    item = Item(id, "rank", options=options, choices=name, zh=tidy(stem or f"第{first.number}题"))
    questions.add(Block(id, "rank", item.zh, item.en, (item,)), group, Label("draft.places"))


def _are_places(group: list[Look], sheet: Sheet, rows: np.ndarray) -> bool:
    """Whether the columns hold places: from 1 to the number of columns, none given twice by one respondent."""
    table = np.full((len(rows), len(group)), np.nan)
    for k, look in enumerate(group):
        answers = Answers(sheet, look.column.position, rows)
        numbers = [number_in(clean(text)) for text in answers.texts]
        values = np.array([np.nan if number is None or number < 1 else number for number in numbers])
        table[:, k] = values[answers.index]
    if not np.nanmax(table, initial=0) > 1 or np.nanmax(table) > len(group):
        return False
    ordered = np.sort(np.where(np.isnan(table), np.inf, table), axis=1)
    twice = (np.isfinite(ordered[:, 1:]) & (ordered[:, 1:] == ordered[:, :-1])).any(axis=1)
    return bool(twice.mean() < 0.05)


def _draft_names(group: list[Look], questions: Questions) -> None:
    """Several blanks under one question."""
    first = group[0].column.header
    id = questions.id_for(first.stem, first.number)
    item = Item(id, "text", max_choices=len(group), zh=tidy(first.stem or id))
    questions.add(Block(id, "text", item.zh, item.en, (item,)), group, Label("draft.names", n=len(group)))


def _draft_single(look: Look, layout: Layout, questions: Questions) -> None:
    """A question of one column."""
    header = look.column.header
    id = questions.id_for(header.text, header.number)
    words = tidy(header.body or header.text)
    role = "background" if _BACKGROUND.search(header.body) else None
    kind = (
        "integer"
        if look.kind in ("ticks", "points") and questions.mode == "header" and layout.by == "code"
        else look.kind
    )
    if kind == "ticks" and layout.by == "index":
        kind = "points" if {take_off(text)[0] for text in look.counts} == {"1"} else "integer"
    if kind in ("multi", "rank"):
        mark = "┋" if kind == "multi" else "→"
        cells = [(text.split(mark), n) for text, n in look.counts.items()]
        counts: Counter[str] = Counter()
        for pieces, n in cells:
            counts.update({tidy(piece): n for piece in pieces if tidy(piece)})
        found = options_from(counts, [p for p, _ in cells] if kind == "multi" else ())
    elif kind == "choice":
        found = options_from(look.counts)
    elif kind in ("ticks", "points"):
        found = points(0, 1) if kind == "ticks" else _points(look, layout, [look])
    else:
        type = {"private": "text", "empty": "text"}.get(kind, kind)
        item = Item(id, type, private=kind == "private", role=role, zh=words, unit=look.unit)
        questions.add(Block(id, type, item.zh, item.en, (item,)), [look], *_open_comment(kind))
        return
    type = kind if kind in ("multi", "rank") else "single"
    check = _directed(words, found.options) if type == "single" else None
    measure = "ordinal" if found.ordered and type == "single" and kind != "ticks" else None
    name = questions.list_for(id, found)
    item = Item(id, type, options=found.options, choices=name, measure=measure, role=role, check=check, zh=words)
    evidence = [Label("draft.check")] if check else []
    questions.add(Block(id, type, item.zh, item.en, (item,)), [look], *evidence, guessed=found.guessed)


def _directed(text: str, options: Sequence[Option]) -> dict[str, float | str] | None:
    """The answer an attention check asks for: `请在本题选择“一般”` where 一般 is an option."""
    found = _DIRECTED.search(text)
    wanted = loose(found[1]) if found else ""
    return next(({"equals": option.code} for option in options if loose(option.zh) == wanted), None)


def _open_comment(kind: str) -> list[Label]:
    return [Label(f"draft.{kind}")] if kind in ("empty", "private") else []


def _points(look: Look, layout: Layout, group: list[Look]) -> OptionList:
    """Scale points up to the usual end above the highest answer; by index, options known by number only."""
    high, low = int(look.high), int(min((one.low for one in group if one.low == one.low), default=1))
    if layout.by == "index":
        return numbered_options(max(high, 2), frozenset().union(*(one.filled for one in group)))
    return points(min(low, 1), next(end for end in (5, 7, 10) if high <= end))
