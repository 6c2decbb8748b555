"""A question sheet (题号 题目 题型 选项 反向 维度) in, an instrument out, and back as far as a plain sheet goes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.contract.words import text_of
from evalkit.formula.tree import code_text
from evalkit.instrument.definition import ITEM_TYPES, LANGUAGES, OPTION_KINDS, Block, Code, Instrument, Item, Option
from evalkit.instrument.definition import Scale as _Scale
from evalkit.instrument.fields import good_id, nearest
from evalkit.instrument.made_elsewhere import checked
from evalkit.instrument.sheet_lines import TEXTS, Line, LineWriter, blank, exact_texts, read_lines
from evalkit.sheets import read_book

QUESTIONS, LISTS, SCALES, HEAD = "题目", "选项表", "维度", "问卷"
COLUMNS = ("题号", "题目", "题型", "选项", "反向", "维度")
_LIST_COLUMNS = ("名称", "代码", "文字", "别名", "可填", "互斥", "缺失")
_SCALE_COLUMNS = ("代号", "名称", "计分", "至少有效")
_HEAD_COLUMNS = ("代号", "版本", "语言", "标题")
_YES = "是"
_BETWEEN = "；"
_DASH = "～"
_SCORES = ("mean", "sum", "min")
_NOT_CARRIED = (
    "label", "hint", "ask_if", "end_if", "required", "unit", "step", "measure", "role", "check", "form", "private",
    "max_choices", "missing",
)  # fmt: skip


@cache
def _type_words() -> dict[str, str]:
    """题型 -> type; a row of a matrix has a word of its own."""
    return {text_of(f"instrument.type.{kind}", "zh"): kind for kind in (*ITEM_TYPES, "row")}


@cache
def _missing_words() -> dict[str, str]:
    return {text_of(f"kind.{kind}", "zh"): kind for kind in OPTION_KINDS}


def to_question_sheet(instrument: Instrument, path: str | os.PathLike[str]) -> None:
    """Write an instrument as a question sheet with drop-downs for every closed choice.

    Parameters
    ----------
    instrument : Instrument
        In one language, without routing: a plain sheet says what is asked, not when.
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
    scales = {id: [s.id for s in instrument.scales if id in s.items] for id in (i.id for i in instrument.items)}
    lines = list(_lines(instrument, lang, scales))
    widths = {"题目": 50, "选项": 20, "维度": 20, "文字": 30, "名称": 20, "标题": 40, "代号": 24}
    last = len(lines) + 200  # room for further questions
    writer.sheet(QUESTIONS, COLUMNS, lines, widths, lambda sheet: _drop_downs(sheet, instrument, last))
    options = [_option_line(name, o, lang) for name, listed in instrument.choices.items() for o in listed]
    writer.sheet(LISTS, _LIST_COLUMNS, options, widths)
    writer.sheet(SCALES, _SCALE_COLUMNS, [_scale_line(scale, lang) for scale in instrument.scales], widths)
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
    for block in instrument.blocks:
        if block.hint:
            yield block.id, "hint"
    for item in instrument.items:
        yield from ((item.id, key) for key in _NOT_CARRIED if getattr(item, key))
    for option in options:
        name = option.text(first)
        if isinstance(option.code, str) and isinstance(_code(option.code), (int, float)):
            yield name, "code"
        if any(_BETWEEN in alias for alias in option.alias):
            yield name, "alias"
    order = {item.id: i for i, item in enumerate(instrument.items)}
    for scale in instrument.scales:
        for key, plain in (("parts", ()), ("kind", "reflective"), ("role", None), ("level", None), ("form", ())):
            if getattr(scale, key) != plain:
                yield scale.id, key
        if scale.score not in _SCORES:
            yield scale.id, "score"
        if list(scale.items) != sorted(scale.items, key=lambda id: order[id]):
            yield scale.id, "items"


def _lines(instrument: Instrument, lang: str, scales: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for block in instrument.blocks:
        if block.type == "matrix":
            kind = text_of("instrument.type.matrix", "zh")
            listed = block.items[0].choices
            yield {"题号": block.id, "题目": getattr(block, lang), "题型": kind, "选项": listed}
        for item in block.items:
            row = block.type == "matrix"
            yield {
                "题号": item.id,
                "题目": getattr(item, lang),
                "题型": text_of("instrument.type.row" if row else f"instrument.type.{item.type}", "zh"),
                "选项": "" if row else item.choices or _range(item),
                "反向": _YES if item.reverse else "",
                "维度": _BETWEEN.join(scales[item.id]),
            }


def _range(item: Item) -> str:
    if item.min is None and item.max is None:
        return ""
    low, high = ("" if end is None else code_text(end) for end in (item.min, item.max))
    return f"{low}{_DASH}{high}"


def _option_line(name: str, option: Option, lang: str) -> dict[str, Any]:
    missing = {kind: word for word, kind in _missing_words().items()}
    return {
        "名称": name,
        "代码": option.code,
        "文字": getattr(option, lang),
        "别名": _BETWEEN.join(option.alias),
        "可填": _YES if option.fill else "",
        "互斥": _YES if option.exclusive else "",
        "缺失": missing[option.missing] if option.missing else "",
    }


def _scale_line(scale: _Scale, lang: str) -> dict[str, Any]:
    score = text_of(f"instrument.score.{scale.score}", "zh")
    valid = scale.min_valid
    return {"代号": scale.id, "名称": getattr(scale, lang), "计分": score, "至少有效": valid}


def _drop_downs(sheet: Any, instrument: Instrument, last: int) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = f"{LISTS}!$A$2:$A${max(2, sum(map(len, instrument.choices.values())) + 1)}"
    names = f"{SCALES}!$A$2:$A${max(2, len(instrument.scales) + 1)}"
    for column, source, strict in (
        ("C", f'"{",".join(_type_words())}"', True),
        ("D", lists, False),
        ("E", f'"{_YES}"', True),
        ("F", names, False),
    ):
        rule = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=strict)
        rule.add(f"{column}2:{column}{last}")
        sheet.data_validations.append(rule)


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
            if missing and missing not in _missing_words():
                near = nearest(missing, _missing_words())
                self._note("E417", line, "缺失", where=name, key="缺失", found=missing, near=near)
            option = Option(
                _code(line.get("代码").strip()),
                alias=tuple(alias for alias in line.get("别名").split(_BETWEEN) if alias),
                fill=line.get("可填").strip() == _YES,
                exclusive=line.get("互斥").strip() == _YES,
                missing=_missing_words().get(missing),
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
            kind = _type_words().get(word) or _type_words().get(f"{word}题", "")
            if not id:
                self._note("E482", line, "题号", found="题号")
            elif id in seen:
                self._note("E490", line, "题号", id=id, first=seen[id])
            elif not kind:
                self._note("E483", line, "题型", found=word, near=nearest(word, _type_words()))
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
        item = replace(item, reverse=line.get("反向").strip() in (_YES, "反向", "R", "1"))
        for name in filter(None, (part.strip() for part in re.split("[；;]", line.get("维度")))):
            self._scales.setdefault(name, []).append(id)
        if kind == "row":
            blocks[-1] = replace(blocks[-1], items=(*blocks[-1].items, item))
        else:
            blocks.append(Block(id, kind, item.zh, item.en, (item,)))

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
            Option(_code(m.group(1)) if whole and m else i, **self._say(m.group(2) if whole and m else part))
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
        ends = [_code(end) if end else None for end in found.groups()] if found else ["?"]
        if any(isinstance(end, str) for end in ends):
            self._note("E491", line, "选项", column="选项", found=line.get("选项"))
            return item
        low, high = (None if end is None else float(end) for end in ends)
        return replace(item, min=low, max=high)

    def _read_scales(self) -> list[_Scale]:
        scores = {text_of(f"instrument.score.{score}", "zh"): score for score in _SCORES}
        listed = {line.get("代号").strip(): line for line in self._lines[SCALES]}
        names = {line.get("名称").strip(): id for id, line in listed.items()}
        scales = []
        members: dict[str, list[str]] = {}
        for name, items in self._scales.items():
            members.setdefault(name if name in listed else names.get(name, name), []).extend(items)
        for id, line in listed.items():
            score, valid = line.get("计分").strip(), line.get("至少有效").strip()
            limit = _code(valid) if valid else None
            if score and score not in scores:
                self._note("E417", line, "计分", where=id, key="计分", found=score, near=nearest(score, scores))
            if isinstance(limit, str):
                self._note("E491", line, "至少有效", column="至少有效", found=valid)
                limit = None
            self._places[id] = [line.place("代号")]
            least = None if limit is None else float(limit)
            made = _Scale(id, tuple(members.pop(id, ())), **self._say(line.get("名称")))
            scales.append(replace(made, score=scores.get(score, "mean"), min_valid=least))
        for i, (name, items) in enumerate(members.items(), start=1):
            id = name if good_id(name) else f"scale{i}"
            scales.append(_Scale(id, tuple(items), **self._say(name)))
        return scales


def _code(text: str) -> Code:
    """A number where the text is one, else the text."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text
    return int(text) if "." not in text else float(text)
