"""An instrument in, a question sheet out: 题号 题目 题型 选项 反向 维度, and what else is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evalkit.contract.problems import InstrumentError, Problem
from evalkit.contract.words import text_of
from evalkit.formula.tree import code_text
from evalkit.instrument.definition import LANGUAGES, Instrument, Item, Option
from evalkit.instrument.definition import Scale as _Scale
from evalkit.instrument.question_columns import (
    BETWEEN,
    HEAD,
    LISTS,
    QUESTIONS,
    SCALES,
    YES,
    Further,
    code_of,
    item_columns,
    missing_words,
    scale_columns,
    type_words,
    used,
)
from evalkit.instrument.sheet_lines import LineWriter
from evalkit.sheets.cells import column_letter

COLUMNS = ("题号", "题目", "题型", "选项", "反向", "维度")
_LIST_COLUMNS = ("名称", "代码", "文字", "别名", "可填", "互斥", "缺失")
_SCALE_COLUMNS = ("代号", "名称", "计分", "至少有效")
_HEAD_COLUMNS = ("代号", "版本", "语言", "标题")
_DASH = "～"
_PLAIN_ITEM, _PLAIN_SCALE = Item(""), _Scale("")


def to_question_sheet(instrument: Instrument, path: str | os.PathLike[str]) -> None:
    """Write an instrument as a question sheet with drop-downs for every closed choice.

    Parameters
    ----------
    instrument : Instrument
        In one language. Beside the six columns there are others only where a question or scale needs them.
    path : path
        An xlsx file.

    Raises
    ------
    InstrumentError
        E494 for each thing that the sheet cannot hold, by name; nothing is written then.
    OutputError
        E131 if the file cannot be written.
    """
    from evalkit.sheets import save_workbook

    lost = list(_not_carried(instrument))
    if lost:
        raise InstrumentError([Problem("E494", params={"where": where, "key": key}) for where, key in lost])
    (lang,) = instrument.languages
    writer = LineWriter(Path(path).name)
    further = used(item_columns(lang), (*instrument.items, *_hinted(instrument)), _PLAIN_ITEM)
    of_scales = used(scale_columns(), instrument.scales, _PLAIN_SCALE)
    scales = {id: [s.id for s in instrument.scales if id in s.items] for id in (i.id for i in instrument.items)}
    lines = list(_lines(instrument, lang, scales, further))
    widths = {"题目": 50, "选项": 20, "维度": 20, "文字": 30, "名称": 20, "标题": 40, "代号": 24}
    last = len(lines) + 200  # room for further questions
    columns = (*COLUMNS, *(one.heading for one in further))
    writer.sheet(QUESTIONS, columns, lines, widths, lambda sheet: _drop_downs(sheet, instrument, last, further))
    options = [_option_line(name, o, lang) for name, listed in instrument.choices.items() for o in listed]
    writer.sheet(LISTS, _LIST_COLUMNS, options, widths)
    listed = (*_SCALE_COLUMNS, *(one.heading for one in of_scales))
    writer.sheet(SCALES, listed, [_scale_line(scale, lang, of_scales) for scale in instrument.scales], widths)
    title = instrument.title.get(lang, "")
    head = {"代号": instrument.id, "版本": instrument.version, "语言": lang, "标题": title}
    writer.sheet(HEAD, _HEAD_COLUMNS, [head], widths)
    save_workbook(writer.workbook(), Path(path))


def _not_carried(instrument: Instrument) -> Iterator[tuple[str, str]]:
    for lang in instrument.languages[1:]:
        yield instrument.id, lang
    first = instrument.languages[0]
    other = next(lang for lang in LANGUAGES if lang != first)
    options = [option for listed in instrument.choices.values() for option in listed]
    spoken: list[tuple[str, Item | _Scale | Option]] = [(item.id, item) for item in instrument.items]
    spoken += [(scale.id, scale) for scale in instrument.scales]
    spoken += [(option.text(first), option) for option in options]
    for name, one in spoken:
        if getattr(one, other) and other not in instrument.languages:
            yield name, other
    for one in (*instrument.items, *_hinted(instrument)):
        yield from ((one.id, key) for key in ("label", "hint") if set(getattr(one, key)) - {first})
    for option in options:
        name = option.text(first)
        if isinstance(option.code, str) and isinstance(code_of(option.code), (int, float)):
            yield name, "code"
        if any(BETWEEN in alias for alias in option.alias):
            yield name, "alias"
    order = {item.id: i for i, item in enumerate(instrument.items)}
    for scale in instrument.scales:
        if list(scale.items) != sorted(scale.items, key=lambda id: order[id]):
            yield scale.id, "items"


def _hinted(instrument: Instrument) -> list[Item]:
    """Matrices as items that hold their hints."""
    return [Item(b.id, hint=b.hint) for b in instrument.blocks if b.type == "matrix" and b.hint]


def _lines(
    instrument: Instrument, lang: str, scales: dict[str, list[str]], further: Sequence[Further]
) -> Iterator[dict[str, Any]]:
    for block in instrument.blocks:
        if block.type == "matrix":
            kind = text_of("instrument.type.matrix", "zh")
            listed = block.items[0].choices
            above = {"题号": block.id, "题目": getattr(block, lang), "题型": kind, "选项": listed}
            yield above | _written(further, Item(block.id, hint=block.hint), _PLAIN_ITEM)
        for item in block.items:
            row = block.type == "matrix"
            yield {
                "题号": item.id,
                "题目": getattr(item, lang),
                "题型": text_of("instrument.type.row" if row else f"instrument.type.{item.type}", "zh"),
                "选项": "" if row else item.choices or _range(item),
                "反向": YES if item.reverse else "",
                "维度": BETWEEN.join(scales[item.id]),
            } | _written(further, item, _PLAIN_ITEM)


def _written(further: Sequence[Further], one: Item | _Scale, plain: Item | _Scale) -> dict[str, Any]:
    """Cells of the further columns, where the value is not the usual one."""
    held = {c: getattr(one, c.key) for c in further}
    return {c.heading: c.write(value) for c, value in held.items() if value != getattr(plain, c.key)}


def _range(item: Item) -> str:
    if item.min is None and item.max is None:
        return ""
    low, high = ("" if end is None else code_text(end) for end in (item.min, item.max))
    return f"{low}{_DASH}{high}"


def _option_line(name: str, option: Option, lang: str) -> dict[str, Any]:
    missing = {kind: word for word, kind in missing_words().items()}
    return {
        "名称": name,
        "代码": option.code,
        "文字": getattr(option, lang),
        "别名": BETWEEN.join(option.alias),
        "可填": YES if option.fill else "",
        "互斥": YES if option.exclusive else "",
        "缺失": missing[option.missing] if option.missing else "",
    }


def _scale_line(scale: _Scale, lang: str, further: Sequence[Further]) -> dict[str, Any]:
    score = text_of(f"instrument.score.{scale.score}", "zh")
    valid = scale.min_valid
    line = {"代号": scale.id, "名称": getattr(scale, lang), "计分": score, "至少有效": valid}
    return line | _written(further, scale, _PLAIN_SCALE)


def _drop_downs(sheet: Any, instrument: Instrument, last: int, further: Sequence[Further]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = f"{LISTS}!$A$2:$A${max(2, sum(map(len, instrument.choices.values())) + 1)}"
    names = f"{SCALES}!$A$2:$A${max(2, len(instrument.scales) + 1)}"
    for column, source, strict in (
        ("C", f'"{",".join(type_words())}"', True),
        ("D", lists, False),
        ("E", f'"{YES}"', True),
        ("F", names, False),
        *((column_letter(k), f'"{",".join(c.choices)}"', True) for k, c in enumerate(further, 7) if c.choices),
    ):
        rule = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=strict)
        rule.add(f"{column}2:{column}{last}")
        sheet.data_validations.append(rule)
