"""A question sheet in, an instrument out; ours or typed by hand."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.contract.words import text_of
from evalkit.formula.tokens import ExpressionError
from evalkit.instrument.definition import LANGUAGES, SCORES, Block, Instrument, Item, Option
from evalkit.instrument.definition import Scale as _Scale
from evalkit.instrument.fields import good_id, nearest
from evalkit.instrument.made_elsewhere import checked
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
)
from evalkit.instrument.questions import both
from evalkit.instrument.sheet_lines import TEXTS, Line, blank, exact_texts, read_lines
from evalkit.sheets import read_book

_SHARED = ("required", "measure", "role", "form", "private")
"""What the line of a matrix says for all its rows."""


def from_question_sheet(path: str | os.PathLike[str]) -> Instrument:
    """Read a question sheet, ours or typed by hand.

    Parameters
    ----------
    path : path
        A workbook whose sheet `题目` (else its first) has the columns 题号 题目 题型 选项 反向 维度. 选项 holds the
        name of a list on the sheet 选项表, or the options themselves, one a line or between ；, with or without
        `code=` before each; for a number its bounds, `16～100`. 维度 holds ids or names of scales, which are means
        unless the sheet 维度 says otherwise.

    Raises
    ------
    InstrumentError
        With every fault at its cell.
    InputError
        If the file is no workbook.
    """
    return _Sheet(Path(path)).instrument()


class _Sheet:
    """One workbook while it is read."""

    def __init__(self, path: Path) -> None:
        self._book = read_book(path)
        sheets = {sheet.name.strip(): sheet for sheet in self._book.sheets}
        exact = exact_texts(sheets.get(TEXTS))
        first = sheets.get(QUESTIONS, self._book.sheets[0])
        self._name = first.name
        self._lines = {
            part: read_lines(sheet, blank, exact.get(sheet.name)) if sheet is not None else []
            for part, sheet in ((QUESTIONS, first), *((part, sheets.get(part)) for part in (LISTS, SCALES, HEAD)))
        }
        self._problems: list[Problem] = []
        self._lists: dict[str, tuple[Option, ...]] = {}
        self._places: dict[str, list[Place]] = {}
        self._scales: dict[str, list[str]] = {}

    def instrument(self) -> Instrument:
        lines = self._lines[QUESTIONS]
        for column in ("题号", "题目", "题型"):
            if not lines or column not in lines[0].letters:
                raise InstrumentError(Problem("E482", Place(self._book.name, self._name, "A1"), {"found": column}))
        head = next(iter(self._lines[HEAD]), None)
        text = "".join(line.get("题目") for line in lines)
        lang = head.get("语言").strip() if head else ""
        self._lang = lang if lang in LANGUAGES else "zh" if re.search("[\u4e00-\u9fff]", text) else "en"
        self._read_lists()
        blocks = self._blocks(lines)
        scales = self._read_scales()
        if self._problems:
            raise InstrumentError(self._problems)
        stem = re.sub(r"[^A-Za-z0-9_-]", "", Path(self._book.name).stem)
        id = (head.get("代号") if head else "") or (stem if re.match("[A-Za-z]", stem) else f"form{stem}")
        built = Instrument(
            id=id,
            version=(head.get("版本") if head else "") or "1",
            languages=(self._lang,),
            title={self._lang: (head.get("标题") if head else "") or id},
            blocks=tuple(blocks),
            scales=tuple(scales),
            choices=self._lists,
        )
        at = Place(self._book.name, HEAD if head else self._name)
        return checked(built, self._places, at, found=(), sha256=self._book.sha256)

    def _note(self, code: str, line: Line, cell: str, /, **params: object) -> None:
        self._problems.append(Problem(code, line.place(cell), params))

    def _say(self, text: str) -> dict[str, Any]:
        return {self._lang: text}

    def _read_lists(self) -> None:
        found: dict[str, list[Option]] = {}
        for line in self._lines[LISTS]:
            name, missing = line.get("名称").strip(), line.get("缺失").strip()
            if missing and missing not in missing_words():
                near = nearest(missing, missing_words())
                self._note("E417", line, "缺失", where=name, key="缺失", found=missing, near=near)
            option = Option(
                code_of(line.get("代码").strip()),
                alias=tuple(alias for alias in line.get("别名").split(BETWEEN) if alias),
                fill=line.get("可填").strip() == YES,
                exclusive=line.get("互斥").strip() == YES,
                missing=missing_words().get(missing),
                **self._say(line.get("文字")),
            )
            found.setdefault(name, []).append(option)
            self._places.setdefault(name, []).append(line.place("代码"))
        self._lists = {name: tuple(options) for name, options in found.items()}

    def _blocks(self, lines: list[Line]) -> list[Block]:
        blocks: list[Block] = []
        seen: dict[str, int] = {}
        for line in lines:
            id, word = line.get("题号").strip(), line.get("题型").strip()
            kind = type_words().get(word) or type_words().get(f"{word}题", "")
            if not id:
                self._note("E482", line, "题号", found="题号")
            elif id in seen:
                self._note("E490", line, "题号", id=id, first=seen[id])
            elif not kind:
                self._note("E483", line, "题型", found=word, near=nearest(word, type_words()))
            elif kind == "row" and (not blocks or blocks[-1].type != "matrix"):
                self._note("E489", line, "题型", found=word)
            else:
                self._add(blocks, line, id, kind)
            seen.setdefault(id, line.row)
        for block in blocks:
            if block.type == "matrix" and len(block.items) == 1:
                self._problems.append(Problem("E446", self._places[block.id][0], {"where": block.id}))
        # The matrix itself stood in front of its rows to hold their options.
        return [replace(b, items=b.items[1:]) if b.type == "matrix" else b for b in blocks]

    def _add(self, blocks: list[Block], line: Line, id: str, kind: str) -> None:
        self._places[id] = [line.place("题号")]
        item = Item(id, "single" if kind in ("matrix", "row") else kind, **self._say(line.get("题目")))
        if kind == "row":
            matrix = blocks[-1]
            options, choices = matrix.items[0].options, matrix.items[0].choices
            item = replace(item, options=options, choices=choices, matrix=matrix.id)
        elif kind in ("single", "multi", "rank", "matrix"):
            name = self._list_of(line, id)
            item = replace(item, options=self._lists.get(name, ()), choices=name)
        elif kind in ("integer", "decimal") and line.get("选项").strip():
            item = self._with_range(item, line)
        item = replace(item, reverse=line.get("反向").strip() in (YES, "反向", "R", "1"))
        item = replace(item, **self._further(id, line, item_columns(self._lang)))
        if kind == "row":
            item = _as_row(item, blocks[-1].items[0])
        for name in filter(None, (part.strip() for part in re.split("[；;]", line.get("维度")))):
            self._scales.setdefault(name, []).append(id)
        if kind == "row":
            blocks[-1] = replace(blocks[-1], items=(*blocks[-1].items, item))
        else:
            hint = item.hint if kind == "matrix" else {}
            blocks.append(Block(id, kind, item.zh, item.en, (item,), hint))

    def _further(self, id: str, line: Line, columns: Sequence[Further]) -> dict[str, Any]:
        """What the further columns say of an item or scale: key -> value."""
        found: dict[str, Any] = {}
        for column in columns:
            text = line.get(column.heading)
            text = text if column.whole else text.strip()
            try:
                found |= {column.key: column.read(text)} if text else {}
            except ExpressionError as fault:
                at = line.place(column.heading)
                self._problems += [Problem(p.code, at, p.params) for p in fault.problems]
            except ValueError:
                if column.choices:
                    near = nearest(text, column.choices)
                    self._note("E417", line, column.heading, where=id, key=column.heading, found=text, near=near)
                else:
                    self._note("E491", line, column.heading, column=column.heading, found=text)
        return found

    def _list_of(self, line: Line, id: str) -> str:
        """The list that 选项 names, or a list made from the options it holds; the same options share one."""
        text = line.get("选项").strip()
        if not text:
            self._note("E482", line, "选项", found="选项")
            return ""
        if text in self._lists:
            return text
        parts = [part.strip() for part in re.split(r"[\n；;]+", text) if part.strip()]
        if len(parts) < 2 and good_id(text):
            self._note("E485", line, "选项", found=text, near=nearest(text, self._lists))
            return ""
        coded = [re.fullmatch(r"([A-Za-z0-9_.-]+)\s*[=＝]\s*(.+)", part) for part in parts]
        whole = all(coded)
        options = tuple(
            Option(code_of(m.group(1)) if whole and m else i, **self._say(m.group(2) if whole and m else part))
            for i, (part, m) in enumerate(zip(parts, coded, strict=True), start=1)
        )
        known = next((name for name, listed in self._lists.items() if listed == options), "")
        if not known:
            known = f"{id}_options"
            self._lists[known] = options
            self._places[known] = [line.place("选项")]
        return known

    def _with_range(self, item: Item, line: Line) -> Item:
        found = re.fullmatch(r"(-?[\d.]+)?\s*[～~]\s*(-?[\d.]+)?", line.get("选项").strip())
        ends = [code_of(end) if end else None for end in found.groups()] if found else ["?"]
        if any(isinstance(end, str) for end in ends):
            self._note("E491", line, "选项", column="选项", found=line.get("选项"))
            return item
        low, high = (None if end is None else float(end) for end in ends)
        return replace(item, min=low, max=high)

    def _read_scales(self) -> list[_Scale]:
        scores = {text_of(f"instrument.score.{score}", "zh"): score for score in SCORES}
        listed = {line.get("代号").strip(): line for line in self._lines[SCALES]}
        names = {line.get("名称").strip(): id for id, line in listed.items()}
        scales = []
        members: dict[str, list[str]] = {}
        for name, items in self._scales.items():
            members.setdefault(name if name in listed else names.get(name, name), []).extend(items)
        for id, line in listed.items():
            score, valid = line.get("计分").strip(), line.get("至少有效").strip()
            limit = code_of(valid) if valid else None
            if score and score not in scores:
                self._note("E417", line, "计分", where=id, key="计分", found=score, near=nearest(score, scores))
            if isinstance(limit, str):
                self._note("E491", line, "至少有效", column="至少有效", found=valid)
                limit = None
            self._places[id] = [line.place("代号")]
            least = None if limit is None else float(limit)
            made = _Scale(id, tuple(members.pop(id, ())), **self._say(line.get("名称")))
            made = replace(made, score=scores.get(score, "mean"), min_valid=least)
            scales.append(replace(made, **self._further(id, line, scale_columns())))
        for i, (name, items) in enumerate(members.items(), start=1):
            id = name if good_id(name) else f"scale{i}"
            scales.append(_Scale(id, tuple(items), **self._say(name)))
        return scales


def _as_row(item: Item, matrix: Item) -> Item:
    """A row with what the line of its matrix says for all rows."""
    shared = {key: getattr(matrix, key) for key in _SHARED if not getattr(item, key)}
    return replace(item, ask_if=both(matrix.ask_if, item.ask_if), **shared)
