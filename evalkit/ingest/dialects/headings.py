"""The first rows of a hand-typed sheet in, its header out: which rows it takes, and a heading for every column.

A heading may stand on two or three rows (`您对互助站的看法` over `服务及时`), merged or with blanks to its right.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from evalkit.ingest.headers import Header, group_headers, parse_header
from evalkit.ingest.quantities import number_in
from evalkit.ingest.similarity import similarity
from evalkit.ingest.units import UNIT, unit_in
from evalkit.ingest.wording import clean, normal, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

SEARCHED_ROWS = 15
"""Titles may stand above the header, within this many rows."""
DEEPEST = 3
"""Most rows of one header."""
LIKE_A_QUESTION = 0.7
"""Similarity from which a heading over others is a question of the instrument, not a section."""

NOTE = re.compile(
    r"^[(（【*※]?\s*(?:备注|附注|注释?|说明|填表说明|填报说明|填表人|填报人|填表单位|填报单位|填表日期|填报日期|填表时间|制表人?|"
    r"审核人?|复核人?|负责人|单位负责人|调查员|录入员|录入人|统计人|联系人|联系电话|报送日期|日期|单位|数据来源|资料来源|"
    r"note|notes|remarks?|filled in by|checked by|source)\s*[\d一二三四五六七八九]?\s*(?:[:：]|[)）】]\s*[:：]?)",
    re.IGNORECASE,
)
"""How a line that is no answer begins: `备注：`, `填表人：`, `审核人：`."""
_TITLE = re.compile(
    r"(?:调查表|登记表|统计表|汇总表|一览表|名册|台账|情况表|数据表|调查问卷|社区|居委会|街道)$|^\d{4}\s*年"
)
_POLITE = re.compile(
    r"^(?:请问|请填写|请选择)?(?:您|你)(?:家|们)?(?:里)?(?:的|对|是|有)?|^(?:受访者|被访者|本人|个人)(?:的)?"
)
_ASKING = re.compile(r"(?:是多少|是什么|是|为|有多少|多少|情况)$")


def header_rows(sheet: Sheet, wanted: frozenset[str]) -> tuple[int, ...]:
    """Positions of the rows that make the header, top down.

    Parameters
    ----------
    wanted : frozenset of str
        Normalised ids and wordings of the instrument, which tell headings from titles; may be empty.
    """
    first = range(min(SEARCHED_ROWS, len(sheet.rows)))
    filled = [heads(sheet, k) for k in first]
    known = [sum(is_known(text, wanted) for text in row if text) for row in filled]
    if max(known, default=0) > 0:
        bottom = next(k for k in first if known[k] >= 0.7 * max(known))
    else:
        counts = [0 if _is_title(sheet, k) else sum(map(bool, row)) for k, row in zip(first, filled, strict=True)]
        bottom = next((k for k in first if counts[k] >= max(1, 0.7 * max(counts))), 0)
    rows = [bottom]
    while len(rows) < DEEPEST and rows[0] > 0 and _heads_others(sheet, rows[0] - 1):
        rows.insert(0, rows[0] - 1)
    while len(rows) < DEEPEST and rows[-1] + 1 < len(first) and _goes_on(sheet, rows, wanted):
        rows.append(rows[-1] + 1)
    return tuple(rows)


def heads(sheet: Sheet, row: int) -> list[str]:
    """Texts of a row, each once: a merged cell counts in its first column, and in every row it spans."""
    number = int(sheet.rows[row])
    down = {left: top for top, left, bottom, _ in sheet.merged if top < number <= bottom}
    positions = {int(n): k for k, n in enumerate(sheet.rows[: row + 1])}
    out = []
    for k, column in enumerate(sheet.columns):
        top = positions.get(down.get(column.number, number), row)
        out.append(tidy(sheet.text(top, k)))
    return out


def own_texts(sheet: Sheet, row: int) -> list[str]:
    """Texts that stand in a row itself."""
    return [tidy(sheet.text(row, k)) for k in range(len(sheet.columns))]


def is_known(text: str, wanted: frozenset[str]) -> bool:
    """Whether a heading is an id or a wording of the instrument, a unit or a polite beginning apart."""
    return bool(wanted) and (normal(text) in wanted or bool(_meant(text, wanted)))


def _meant(text: str, wanted: frozenset[str]) -> str:
    """The one wording that differs from a heading in its unit or in polite words only; else empty."""
    bare = unit_in(text)[0]
    if normal(bare) in wanted:
        return normal(bare)
    found = _cores(wanted).get(_core(normal(parse_header(bare).body)), ())
    return found[0] if len(found) == 1 else ""


def _core(text: str) -> str:
    return _ASKING.sub("", _POLITE.sub("", text, count=1)) or text


@lru_cache(maxsize=16)
def _cores(wanted: frozenset[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in sorted(wanted):
        core = _core(text)
        if len(core) >= 2:
            found[core] = (*found.get(core, ()), text)
    return found


def _spans(sheet: Sheet, row: int) -> list[tuple[int, int, int, int]]:
    """Merged ranges that begin in a row and span several columns, but not all."""
    number, width = int(sheet.rows[row]), len(sheet.columns)
    return [r for r in sheet.merged if r[0] == number and r[3] > r[1] and r[3] - r[1] + 1 < 0.7 * width]


def _is_title(sheet: Sheet, row: int) -> bool:
    """A row of one text that begins at the left, or of lines that are no headings."""
    texts = [(k, text) for k, text in enumerate(own_texts(sheet, row)) if text]
    if not texts:
        return True
    if any(NOTE.match(text) for _, text in texts):
        return True
    number = int(sheet.rows[row])
    wide = [r for r in sheet.merged if r[0] == number and r[3] - r[1] + 1 >= 0.7 * len(sheet.columns)]
    return len(texts) == 1 and len(sheet.columns) > 1 and (bool(wide) or texts[0][0] == 0 and not _spans(sheet, row))


def _heads_others(sheet: Sheet, row: int) -> bool:
    """Whether a row above the headings holds headings over them."""
    texts = [text for text in own_texts(sheet, row) if text]
    numbers_or_titles = any(number_in(clean(t)) is not None or _TITLE.search(clean(t)) for t in texts)
    return not _is_title(sheet, row) and not numbers_or_titles


def _goes_on(sheet: Sheet, rows: Sequence[int], wanted: frozenset[str]) -> bool:
    """Whether the row below the headings found so far belongs to the header: it fills what stands open under them."""
    above, below = own_texts(sheet, rows[-1]), own_texts(sheet, rows[-1] + 1)
    filled = [k for k, text in enumerate(below) if text]
    last, following = int(sheet.rows[rows[-1]]), int(sheet.rows[rows[-1] + 1])
    down = [r for r in sheet.merged if r[0] <= last and r[2] >= following and r[2] - r[0] < DEEPEST]
    if not filled or any(number_in(clean(below[k])) is not None for k in filled):
        return bool(down) and bool(filled)
    if all(clean(text) == clean(above[k]) for k, text in ((k, below[k]) for k in filled)):
        return False
    if down:
        return True
    if all(UNIT.match(clean(below[k])) for k in filled) or any(NOTE.match(below[k]) for k in filled):
        return False
    spans = [range(r[1], r[3] + 1) for r in _spans(sheet, rows[-1])]
    under = [k for k in filled if any(sheet.columns[k].number in span for span in spans)]
    if spans and under and (len(under) == len(filled) or sum(is_known(below[k], wanted) for k in filled) > 1):
        return True
    # Not merged: the headings with nothing below them stand alone, at the left first of all.
    top = own_texts(sheet, rows[0])
    first = next((k for k, text in enumerate(top) if text), 0)
    opened = any(not above[k] for k in filled)
    return opened and not below[first] and bool(top[first]) and filled[0] > first


def chains(sheet: Sheet, rows: Sequence[int]) -> list[tuple[str, ...]]:
    """Headings of every column from the uppermost to its own; a heading reaches over the blanks at its right."""
    cells = {row: own_texts(sheet, row) for row in rows}
    numbers = {int(sheet.rows[row]): row for row in rows}
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    at = {column.number: k for k, column in enumerate(sheet.columns)}
    for top, left, bottom, right in sheet.merged:
        for number in range(max(top, min(numbers)), min(bottom, max(numbers)) + 1):
            if number in numbers and top in numbers:
                for column in range(left, min(right, max(at, default=0)) + 1):
                    merged[numbers[number], at[column]] = (numbers[top], at[left])
    out: list[tuple[str, ...]] = []
    reach = dict.fromkeys(rows, "")
    for k in range(len(sheet.columns)):
        parts: list[tuple[tuple[int, int], str]] = []
        for depth, row in enumerate(rows):
            source = merged.get((row, k), (row, k))
            text = cells[source[0]][source[1]]
            below = any(cells[low][k] for low in rows[depth + 1 :])
            if (row, k) in merged or not below:
                reach[row] = ""
            elif text:
                reach[row] = text
            else:
                text = reach[row]
            if text and all(source != seen for seen, _ in parts):
                parts.append((source, text))
        out.append(tuple(text for _, text in parts))
    return out


def headings(found: Sequence[tuple[str, ...]], wanted: frozenset[str]) -> list[tuple[Header, int]]:
    """A header and the number of its question for every column that has a heading, in their order.

    A heading over others is the stem of a question where the instrument has one like it (or there is no
    instrument); otherwise it names a section, and the columns under it are questions of their own.
    """
    stems = {part for chain in found for part in chain[:-1]}
    asked = {stem for stem in stems if not wanted or _is_question(stem, wanted)}
    out: list[tuple[Header, int]] = []
    number = -1
    for key, run in groupby(found, key=lambda chain: tuple(part for part in chain[:-1] if part in asked)):
        group = list(run)
        read = [_header(chain, key, wanted) for chain in group]
        groups = [0] * len(read) if key else group_headers(read)
        out += [(header, number + 1 + k) for header, k in zip(read, groups, strict=True)]
        number += 1 + max(groups)
    return out


def _is_question(text: str, wanted: frozenset[str]) -> bool:
    body = parse_header(text).body
    if is_known(body, wanted):
        return True
    return bool(similarity([normal(body)], sorted(wanted)).max(initial=0) >= LIKE_A_QUESTION)


def _header(chain: tuple[str, ...], stems: tuple[str, ...], wanted: frozenset[str]) -> Header:
    """One column's header: its own heading, and the question over it where there is one."""
    own = parse_header(chain[-1])
    if chain[-1].isascii() and normal(chain[-1]) in wanted:
        return dataclasses.replace(own, number=None)
    meant = "" if normal(own.body) in wanted else _meant(chain[-1], wanted)
    bare = unit_in(own.body)[0]
    body = meant or (bare if normal(own.body) not in wanted else own.body)
    if not stems:
        splits = () if bare != own.body else own.splits
        above = tuple((parse_header(part).body, body) for part in reversed(chain[:-1]))
        text = "—".join(chain)
        return dataclasses.replace(own, text=text, body=body, splits=(*splits, *above), bracketed=bool(splits))
    over = [parse_header(part) for part in reversed(stems)]
    splits = tuple((_meant(one.body, wanted) or one.body, body) for one in over)
    return Header("—".join(chain), over[0].number, body, splits, dashed=True)
