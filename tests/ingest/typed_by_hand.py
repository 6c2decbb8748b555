"""The hand that types: an instrument and answers in, a workbook with everything people put around answers out."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from twins import wording

from evalkit.instrument import Instrument, Item

TITLE = "2026年居民调查登记表"
NOTES = (["备注：以上均为入户访谈所得"], ["填表人：", "张三", "审核人：", "李四"], ["日期：2026年9月3日"])
DITTO = ("同上", "〃", '"', "″")
POLITE = {"您去过互助站吗？": "去过互助站吗", "您的年龄": "年龄（岁）", "您需要什么": "需要什么", "您的建议": "建议"}


@dataclass
class Mess:
    """What one writer does; `ditto` names the items in which 同上 may stand."""

    title: bool = True
    merged: bool = True
    section: bool = False
    units: bool = False
    spread: bool = True
    boxes: bool = True
    polite: bool = False
    pages: bool = True
    totals: bool = True
    notes: bool = True
    scales: str = "words"
    ages: str = "{}"
    ditto: frozenset[str] = frozenset(["used", "household", "since"])
    shuffled: bool = False
    lacking: frozenset[str] = frozenset()
    extra: bool = False


@dataclass
class Typed:
    """Where things stand in the written sheet: row numbers by reason, and cells with a ditto mark."""

    rejected: dict[int, str] = field(default_factory=dict)
    dittos: set[str] = field(default_factory=set)


Heading = tuple[str, ...]
Cell = Callable[[dict[str, Any]], Any]


def columns_of(instrument: Instrument, mess: Mess, luck: random.Random) -> list[tuple[Heading, Cell, str]]:
    """Heading (upper, lower), cell and item id of every column."""
    groups: list[list[tuple[Heading, Cell, str]]] = []
    for block in instrument.blocks:
        group: list[tuple[Heading, Cell, str]] = []
        for item in block.items:
            if item.id not in mess.lacking:
                group += _columns_of_item(item, block.zh if item.matrix else "", mess, luck)
        groups.append(group)
    if mess.shuffled:
        luck.shuffle(groups)
    found = [column for group in groups for column in group]
    return [*found, (("天气",), lambda a: "晴", "")] if mess.extra else found


def _columns_of_item(item: Item, matrix: str, mess: Mess, luck: random.Random) -> list[tuple[Heading, Cell, str]]:
    head = POLITE.get(item.zh, item.zh) if mess.polite else item.zh
    spread = mess.spread and item.id == "used"
    if spread or (mess.boxes and item.type == "multi"):
        return [((head, option.zh), lambda a, o=option: _tick(item, a, o, luck), item.id) for option in item.options]
    heading = (matrix, head) if matrix else ("基本情况", head) if mess.section and item.type == "integer" else (head,)
    return [(heading, lambda a: _written(item, a, mess, luck), item.id)]


def _tick(item: Item, answers: dict[str, Any], option: Any, luck: random.Random) -> str:
    value = answers[item.id]
    chosen = value is not None and (option.code in value if item.type == "multi" else option.code == value)
    if chosen and option.fill and answers["need_text"]:
        return answers["need_text"]
    return luck.choice("√✓○") if chosen else ""


def _written(item: Item, answers: dict[str, Any], mess: Mess, luck: random.Random) -> Any:
    value = answers[item.id]
    if value is None:
        return None
    if item.type == "single":
        text = wording(item, value)
        if item.matrix:
            return {"words": text, "points": f"{value}分", "both": f"{value}({text})", "codes": value}[mess.scales]
        return text
    if item.type == "multi":
        fill = f"〖{answers['need_text']}〗" if answers["need_text"] else ""
        return "、".join(wording(item, code) + fill * (code == 9) for code in sorted(value))
    if item.type == "rank":
        return "→".join(wording(item, code) for code in value)
    if item.type == "integer":
        digits = str(value) if "wide" not in mess.ages else "".join(chr(ord(c) + 0xFEE0) for c in str(value))
        text = mess.ages.replace("wide", "").format(digits)
        return int(text) if text.isascii() and text.isdigit() else text
    return value


def type_sheet(
    book: Workbook, name: str, instrument: Instrument, answers: Sequence[dict], mess: Mess, seed: int
) -> Typed:
    """Add one sheet to a workbook."""
    luck = random.Random(seed)
    sheet, told = book.create_sheet(name), Typed()
    columns = columns_of(instrument, mess, luck)
    width = len(columns) + 1
    if mess.title:
        sheet.cell(1, 1, TITLE)
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
        sheet.cell(2, 1, f"填报单位：{name}")
        told.rejected |= {1: "above_header", 2: "above_header"}
    top = sheet.max_row + 1 if mess.title else 1
    deep = _header(sheet, top, [("序号",), *(heading for heading, _, _ in columns)], mess)
    told.rejected |= dict.fromkeys(range(top, top + deep - 1), "above_header")
    row = top + deep
    if mess.units:
        at = next((k for k, (_, _, id) in enumerate(columns, 2) if id == "age"), 0)
        if at:
            sheet.cell(row, at, "（岁）")
            told.rejected[row], row = "unit", row + 1
    before: dict[str, Any] = {}
    for number, one in enumerate(answers, 1):
        if mess.pages and number == 5:
            row = _page(sheet, row, top, deep, mess, told, columns)
        sheet.cell(row, 1, number)
        for k, (_, cell, id) in enumerate(columns, 2):
            text = cell(one)
            plain = id in mess.ditto and not (mess.spread and id == "used")
            if plain and text not in (None, "") and before.get(id) == text and luck.random() < 0.7:
                told.dittos.add(sheet.cell(row, k).coordinate)
                sheet.cell(row, k, luck.choice(DITTO))
            else:
                sheet.cell(row, k, text if text != "" else None)
            before[id] = text
        row += 1
    if mess.totals:
        sheet.cell(row, 1, "合计")
        sheet.cell(row, width, len(answers))
        told.rejected[row], row = "total", row + 1
    if mess.notes:
        for line in NOTES:
            for k, text in enumerate(line, 1):
                sheet.cell(row, k, text)
            told.rejected[row], row = "note", row + 1
    return told


def _header(sheet: Any, top: int, headings: Sequence[Heading], mess: Mess) -> int:
    """Write the header; the number of rows it takes."""
    deep = max(map(len, headings))
    k = 1
    while k <= len(headings):
        heading = headings[k - 1]
        end = k
        while len(heading) == 2 and end < len(headings) and headings[end][:-1] == heading[:-1]:
            end += 1
        sheet.cell(top, k, heading[0])
        if len(heading) == 2:
            for column in range(k, end + 1):
                sheet.cell(top + 1, column, headings[column - 1][1])
        if mess.merged and deep == 2:
            if len(heading) == 1:
                sheet.merge_cells(start_row=top, end_row=top + 1, start_column=k, end_column=k)
            elif end > k:
                sheet.merge_cells(start_row=top, end_row=top, start_column=k, end_column=end)
        k = end + 1
    return deep


def _page(sheet: Any, row: int, top: int, deep: int, mess: Mess, told: Typed, columns: Sequence[Any]) -> int:
    """A subtotal, a blank row and the header once more, as on a new printed page."""
    if mess.totals:
        sheet.cell(row, 1, "本页小计")
        sheet.cell(row, 2, 4)
        told.rejected[row], row = "total", row + 1
    told.rejected[row], row = "blank", row + 1
    _header(sheet, row, [("序号",), *(heading for heading, _, _ in columns)], mess)
    told.rejected |= {row + k: "header" for k in range(deep)}
    return row + deep


def type_workbook(
    path: Path, sheets: dict[str, tuple[Sequence[dict], Mess]], instrument: Instrument, seed: int
) -> dict[str, Typed]:
    """Write a workbook of one sheet a name."""
    book = Workbook()
    book.remove(book.active)
    told = {name: type_sheet(book, name, instrument, answers, mess, seed) for name, (answers, mess) in sheets.items()}
    book.save(path)
    return told
