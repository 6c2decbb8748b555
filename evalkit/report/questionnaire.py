"""An instrument in, a questionnaire for print out: numbered questions, boxes, matrices as tables, hints in words."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evalkit.contract.words import text_of
from evalkit.instrument import Block, Instrument, Item, Option
from evalkit.instrument.condition_words import ConditionWords
from evalkit.instrument.dump import own_condition, shared_condition
from evalkit.report.codebook import unit_of
from evalkit.report.docx_package import empty_document, put_footer, section_properties, text_width
from evalkit.report.docx_xml import border, element, paragraph, text_run
from evalkit.report.layout import Run
from evalkit.report.styles import Style, load_style
from evalkit.report.text import printable
from evalkit.report.widths import longest_word
from evalkit.report.widths import text_width as half_ems
from evalkit.sheets.archive import rewrite_zip, write_bytes

_BOX = "□"
_LINE = "_" * 12
_LONG_LINE = "_" * 36
_TOGETHER = 66.0  # half-ems: options that are shorter together stand on one line
_STATEMENT = 0.3  # least share of a matrix's width for the statements
_SHORT = 11.0  # half-ems: an option up to this long is not broken
_KEPT_ROWS = 15  # a matrix of up to so many rows stays on one page


def write_questionnaire(
    instrument: Instrument,
    path: str | os.PathLike[str],
    *,
    lang: str = "zh",
    form: str | None = None,
    style: str = "cn",
) -> None:
    """Write a questionnaire for print as a Word document.

    Parameters
    ----------
    lang : {"zh", "en"}
    form : str, optional
        Only the questions of this form (`R`, `O`, `register`) and those of every form; by default all.
        Fields that a platform fills in are never printed.
    style : str
        Id of a style: paper, fonts and sizes.

    Raises
    ------
    OutputError
        E131 if the file cannot be written.
    """
    looks = load_style(style)
    document = empty_document(looks, lang)
    title = instrument.title.get(lang) or next(iter(instrument.title.values()), instrument.id)
    document.core_properties.title = printable(title)
    references = put_footer(document, "")
    body = document.element.body
    for made in _Printed(instrument, lang, form, looks).elements(title):
        body.sectPr.addprevious(made)
    body.replace(body.sectPr, section_properties(looks.page, landscape=False, references=references, last=True))
    stream = io.BytesIO()
    document.save(stream)
    write_bytes(Path(path), rewrite_zip(stream.getvalue()))


class _Printed:
    """One form in one language: which questions are printed, and their numbers."""

    def __init__(self, instrument: Instrument, lang: str, form: str | None, style: Style) -> None:
        self._lang = lang
        self._style = style
        self._blocks: list[tuple[Block, tuple[Item, ...]]] = []
        self._numbers: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        for block in instrument.blocks:
            items = tuple(i for i in block.items if i.type != "meta" and (not form or not i.form or form in i.form))
            if items:
                self._blocks.append((block, items))
            if items and block.type != "note":
                number = len(set(self._numbers.values())) + 1
                self._numbers |= {item.id: number for item in items}
                self._rows |= {item.id: i for i, item in enumerate(items, start=1) if block.type == "matrix"}
        self._words = ConditionWords(instrument, lang, self._called)

    def elements(self, title: str) -> Iterator[Any]:
        """Every paragraph and table, in order."""
        yield paragraph("Title", [text_run(Run(title))])
        yield paragraph("Fact", [text_run(Run(self._say("how")))])
        for block, items in self._blocks:
            yield from self._matrix(block, items) if block.type == "matrix" else self._question(items[0])
        yield paragraph("Fact", [text_run(Run(self._say("thanks")))], spacing=element("spacing", before=240, after=0))

    def _say(self, key: str, **params: Any) -> str:
        return text_of(f"questionnaire.{key}", self._lang, **params)

    def _called(self, item: Item) -> str:
        number = self._numbers.get(item.id)
        if number is None:
            return item.name(self._lang)
        if item.id in self._rows:
            return self._say("row", n=number, row=self._rows[item.id])
        return self._say("question", n=number)

    def _stem(self, number: int, text: str, item: Item, asked: Any) -> Iterator[Any]:
        """Number, wording, what may be ticked, and when the question is asked."""
        runs = [Run(f"{number}. ", bold=True), Run(text, bold=True)]
        most = item.max_choices
        if item.type == "multi" and not (most is None and self._say("multi").strip("（）()") in text):
            runs.append(Run(" " + (self._say("multi_most", n=most) if most else self._say("multi"))))
        if item.type == "rank":
            runs.append(Run(" " + (self._say("rank_most", n=most) if most else self._say("rank"))))
        space = element("spacing", before=160, after=40)
        yield paragraph("Normal", [text_run(r) for r in runs], keepNext=element("keepNext"), spacing=space)
        if asked is not None:
            yield self._aside(self._say("asked_if", condition=self._words.say(asked.tree)))

    def _aside(self, text: str) -> Any:
        keep, space = element("keepNext"), element("spacing", before=0, after=40)
        run = text_run(Run(text, italic=self._lang == "en"), size=self._style.fonts.note)
        return paragraph("Normal", [run], keepNext=keep, spacing=space)

    def _question(self, item: Item) -> Iterator[Any]:
        if item.type == "note":
            space = element("spacing", before=160, after=80)
            yield paragraph("Normal", [text_run(Run(item.text(self._lang)))], spacing=space)
            if item.ask_if is not None:
                yield self._aside(self._say("asked_if", condition=self._words.say(item.ask_if.tree)))
            return
        yield from self._stem(self._numbers[item.id], item.text(self._lang), item, item.ask_if)
        if hint := item.hint.get(self._lang):
            yield self._aside(hint)
        lines = self._answer_lines(item)
        for i, line in enumerate(lines):
            keep = element("keepNext") if i + 1 < len(lines) else None
            space, indent = element("spacing", before=20, after=20), element("ind", left=420)
            yield paragraph("Normal", [text_run(Run(line))], keepNext=keep, spacing=space, ind=indent)
        if item.end_if is not None:
            yield self._aside(self._say("ends_if", condition=self._words.say(item.end_if.tree)))

    def _answer_lines(self, item: Item) -> list[str]:
        if item.options:
            mark = "____" if item.type == "rank" else _BOX
            return _joined([self._option(option, mark) for option in item.options])
        if item.type in ("integer", "decimal"):
            kinds = [f"{_BOX} {text_of(f'kind.{kind}', self._lang)}" for kind in item.missing.values()]
            return ["    ".join([f"{_LINE} {unit_of(item, self._lang)}".rstrip(), *kinds])]
        if item.type in ("date", "time", "file"):
            return [self._say(item.type)]
        return [_LONG_LINE] * (item.max_choices or 1)

    def _option(self, option: Option, mark: str) -> str:
        said = f"{mark} {option.text(self._lang)}"
        said += f" {_LINE}" if option.fill else ""
        return said + (f" {self._say('alone')}" if option.exclusive else "")

    def _matrix(self, block: Block, items: Sequence[Item]) -> Iterator[Any]:
        shared = shared_condition(items)
        yield from self._stem(self._numbers[items[0].id], block.text(self._lang), items[0], shared)
        if hint := block.hint.get(self._lang):
            yield self._aside(hint)
        yield self._table(items, shared)
        yield paragraph("Spacer", [])

    def _table(self, items: Sequence[Item], shared: Any) -> Any:
        """Statements down, options across, a box in each cell; the head is repeated on the next page."""
        options = items[0].options
        width = text_width(self._style.page, landscape=False)
        across = min(self._option_width(options), width * (1 - _STATEMENT) / len(options))
        widths = [width - across * len(options), *[across] * len(options)]
        sides = ("top", "left", "bottom", "right", "insideH", "insideV")
        properties = element(
            "tblPr",
            element("tblW", w=round(width * 20), type="dxa"),
            element("tblBorders", *(border(side, 0.5) for side in sides)),
            element("tblLayout", type="fixed"),
            element("tblCellMar", *(element(side, w=60, type="dxa") for side in ("left", "right"))),
        )
        grid = element("tblGrid", *(element("gridCol", w=round(value * 20)) for value in widths))
        together = len(items) <= _KEPT_ROWS
        head = [_cell("", widths[0], keep=together)]
        head += [_cell(option.text(self._lang), across, centre=True, keep=together) for option in options]
        rows = [element("tr", element("trPr", element("cantSplit"), element("tblHeader")), *head)]
        for item in items:
            keep = together and item is not items[-1]
            text = f"({self._rows[item.id]}) {item.text(self._lang)}"
            own = own_condition(item.ask_if, shared)
            if own is not None:
                text += " " + self._say("asked_if", condition=self._words.say(own.tree))
            marks = [f"{_BOX} ____" if option.fill else _BOX for option in options]
            boxes = [_cell(mark, across, centre=True, keep=keep) for mark in marks]
            rows.append(element("tr", element("trPr", element("cantSplit")), _cell(text, widths[0], keep=keep), *boxes))
        return element("tbl", properties, grid, *rows)

    def _option_width(self, options: Sequence[Option]) -> float:
        """Points that every option column needs: no word broken, short texts on one line."""
        texts = [option.text(self._lang) for option in options]
        widest = max(half_ems(text) if half_ems(text) <= _SHORT else longest_word(text) for text in texts)
        return widest * self._style.fonts.table / 2 * 1.1 + 8


def _cell(text: str, width: float, *, keep: bool, centre: bool = False) -> Any:
    properties = element("tcPr", element("tcW", w=round(width * 20), type="dxa"), element("vAlign", val="center"))
    middle = element("jc", val="center") if centre else None
    with_next = element("keepNext") if keep else None
    return element("tc", properties, paragraph("TableText", [text_run(Run(text))], keepNext=with_next, jc=middle))


def _joined(options: Sequence[str]) -> list[str]:
    """Options side by side where they are short enough, as many a line as fit."""
    lines: list[str] = []
    for option in options:
        joined = f"{lines[-1]}    {option}" if lines else option
        if lines and half_ems(joined) <= _TOGETHER:
            lines[-1] = joined
        else:
            lines.append(option)
    return lines
