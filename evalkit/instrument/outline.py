"""问卷星's outline text (`1. 题干[单选题]`, then options) in, an instrument out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.instrument.definition import Block, Instrument, Item, Option
from evalkit.instrument.fields import nearest
from evalkit.instrument.made_elsewhere import checked

_QUESTION = re.compile(r"\s*(?:[Qq第]?\s*(\d+)\s*题?\s*[.．、:：]\s*)?(.+?)\s*[\[【]([^\[\]【】]+)[\]】]\s*(.*)")
_SECTION = re.compile(r"\s*(行标题|行|列标题|列|选项)\s*[:：]\s*(.*)")
_REQUIRED = re.compile(r"\s*(?:[\[【(（]\s*必答(?:题)?\s*[\]】)）]|\*|＊)\s*")
_FILL = re.compile(r"\s*(?:_{2,}|[\[【(（](?:可填空|填空|请注明|允许填空)[\]】)）])\s*$")
_ALONE = re.compile(r"\s*[\[【(（](?:互斥|排他)[\]】)）]\s*$")
_HAN = re.compile("[\u4e00-\u9fff]")
_WORDS = {
    "single": "单选题 单选 下拉题 下拉框 量表题 评分单选题",
    "multi": "多选题 多选 不定项选择题",
    "rank": "排序题 排序",
    "matrix": "矩阵题 矩阵单选题 矩阵单选 矩阵量表题 矩阵量表",
    "text": "填空题 单项填空 单项填空题 简答题 多行填空",
    "integer": "整数题",
    "decimal": "数字题",
    "date": "日期题 日期",
    "time": "时间题",
    "region": "地区题 省市区",
    "file": "文件上传题 文件上传 上传题",
    "note": "段落说明 说明",
}
_TYPES = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_CHOOSING = ("single", "multi", "rank", "matrix")


@dataclass
class _Question:
    """One question while its lines are read."""

    number: str
    text: str
    kind: str
    line: int
    required: bool
    parts: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: {"options": [], "rows": []})


def parse_outline(text: str, name: str = "") -> Instrument:
    """Read an outline as 问卷星 imports and exports it.

    Parameters
    ----------
    text : str
        Lines before the first question are the title (the first) and a note (the rest). A question is
        `1. 题干[单选题]` with its options below, one a line; in a matrix the rows stand below `行：`, the options
        above it or below `列：` or `选项：`. `[必答]` or `*` behind a question make it required; `____` or `[可填空]`
        behind an option let it take words, `[互斥]` makes it rule out the others.
    name : str
        File name, for messages.

    Returns
    -------
    Instrument
        In one language, without scales. Questions are called `q1`, rows `q1_1`; options have the codes 1, 2, ...

    Raises
    ------
    InstrumentError
        With every fault at its line: an unknown type, options where none can be, a matrix without rows.
    """
    reader = _Outline(name)
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if line.strip():
            reader.line(line.strip(), number)
    return reader.instrument(hashlib.sha256(text.encode()).hexdigest(), "zh" if _HAN.search(text) else "en")


class _Outline:
    def __init__(self, name: str) -> None:
        self._name = name
        self._opening: list[tuple[str, int]] = []
        self._questions: list[_Question] = []
        self._section = "options"
        self._problems: list[Problem] = []

    def line(self, line: str, number: int) -> None:
        """One line that is not blank."""
        found = _QUESTION.fullmatch(line)
        if found and (found[1] or found[3].strip() in _TYPES):
            self._question(found, number)
            return
        section = _SECTION.fullmatch(line)
        if not self._questions:
            self._opening.append((line, number))
        elif section and self._questions[-1].kind == "matrix":
            self._section = "rows" if section[1].startswith("行") else "options"
            inline = [(part, number) for part in re.split(r"[\s,，;；、|]+", section[2]) if part]
            self._questions[-1].parts[self._section] += inline
        elif self._questions[-1].kind in _CHOOSING:
            self._questions[-1].parts[self._section].append((line, number))
        elif self._questions[-1].kind:  # an unknown type is told already
            self._note("E496", number, found=line, kind=self._questions[-1].kind)

    def _question(self, found: re.Match[str], number: int) -> None:
        word = found[3].strip()
        kind = _TYPES.get(word, "")
        if not kind:
            self._note("E483", number, found=word, near=nearest(word, _TYPES))
        required = bool(_REQUIRED.search(found[4])) or bool(re.match(r"[*＊]", found[2]))
        rest = _REQUIRED.sub(" ", found[4]).strip()
        if rest:
            self._note("E496", number, found=rest, kind=word)
        given = found[1] or str(max((int(q.number) for q in self._questions), default=0) + 1)
        self._questions.append(_Question(given, found[2].lstrip("*＊ "), kind, number, required))
        self._section = "options"

    def _note(self, code: str, line: int, **params: object) -> None:
        self._problems.append(Problem(code, Place(self._name, line=line), params))

    def instrument(self, sha256: str, lang: str) -> Instrument:
        """The instrument, checked."""
        if not self._questions:
            self._note("E446", 1, where=self._name or "1")
        seen: dict[str, int] = {}
        for question in self._questions:
            if question.number in seen:
                self._note("E490", question.line, id=question.number, first=seen[question.number])
            seen.setdefault(question.number, question.line)
            for part in ("options", "rows"):
                if (question.kind == "matrix" or (part == "options" and question.kind in _CHOOSING)) and not (
                    question.parts[part]
                ):
                    self._note("E446", question.line, where=question.text)
        if self._problems:
            raise InstrumentError(sorted(self._problems, key=lambda problem: problem.at.line if problem.at else 0))
        lists: dict[str, tuple[Option, ...]] = {}
        places: dict[str, list[Place]] = {}
        blocks = [*self._note_block(lang), *(self._block(q, lang, lists, places) for q in self._questions)]
        title = self._opening[0][0] if self._opening else self._name or "outline"
        stem = re.sub(r"[^A-Za-z0-9_-]", "", self._name.rsplit(".", 1)[0])
        built = Instrument(
            id=stem if re.match("[A-Za-z]", stem) else f"outline{stem}",
            version="1",
            languages=(lang,),
            title={lang: title},
            blocks=tuple(blocks),
            choices=lists,
        )
        return checked(built, places, Place(self._name, line=1), found=(), sha256=sha256)

    def _note_block(self, lang: str) -> Sequence[Block]:
        """What is said between the title and the first question."""
        said = "\n".join(text for text, _ in self._opening[1:])
        if not said:
            return ()
        note = replace(Item("opening", "note"), **_in(lang, said))
        return (Block(note.id, note.type, note.zh, note.en, (note,)),)

    def _block(
        self, question: _Question, lang: str, lists: dict[str, tuple[Option, ...]], places: dict[str, list[Place]]
    ) -> Block:
        id = f"q{question.number}"
        places[id] = [Place(self._name, line=question.line)]
        choices = self._list(question, lang, lists, places)
        asked = Item(id, question.kind, options=lists.get(choices, ()), choices=choices, required=question.required)
        item = replace(asked, **_in(lang, question.text))
        if question.kind != "matrix":
            return Block(id, question.kind, item.zh, item.en, (item,))
        rows = []
        for i, (text, line) in enumerate(question.parts["rows"], start=1):
            places[f"{id}_{i}"] = [Place(self._name, line=line)]
            row = replace(asked, id=f"{id}_{i}", type="single", matrix=id)
            rows.append(replace(row, **_in(lang, text)))
        return Block(id, "matrix", item.zh, item.en, tuple(rows))

    def _list(
        self, question: _Question, lang: str, lists: dict[str, tuple[Option, ...]], places: dict[str, list[Place]]
    ) -> str:
        """The name of its option list; the same options share one."""
        if question.kind not in _CHOOSING:
            return ""
        options = tuple(_option(text, i, lang) for i, (text, _) in enumerate(question.parts["options"], start=1))
        known = next((name for name, listed in lists.items() if listed == options), "")
        if not known:
            known = f"list{len(lists) + 1}"
            lists[known] = options
            places[known] = [Place(self._name, line=line) for _, line in question.parts["options"]]
        return known


def _option(text: str, code: int, lang: str) -> Option:
    text = re.sub(r"^(?:[A-Za-z][.．、]|[○□◯●]|\(\s*\))\s*", "", text)
    fill, alone = bool(_FILL.search(text)), bool(_ALONE.search(text))
    words = _ALONE.sub("", _FILL.sub("", text)) or text
    return replace(Option(code, fill=fill, exclusive=alone), **_in(lang, words))


def _in(lang: str, text: str) -> dict[str, Any]:
    return {lang: text}
