"""Simulated answers in, a workbook out as the 问卷星 platform exports it; what is invented says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.contract import MISSING_KINDS, Label
from evalkit.instrument import Block, Instrument, Item
from evalkit.sheets.text import CELL_LIMIT, clean_text
from evalkit.sheets.workbook import FORMULA_STARTS, safe_cell, save_workbook

if TYPE_CHECKING:
    from evalkit.simulation.simulated import Simulated

META = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
LIST = "┋"
NAMES = "、"
MARKS = {"text": {"not_asked": "(跳过)", "other": "(空)"}, "index": {"not_asked": -3, "other": -2}}
"""What stands for an answer that there is none of: skipped by logic, and any other reason."""


def write_wjx(
    simulated: Simulated, instrument: Instrument, path: str | Path, *, lang: str = "zh", by: str = "text"
) -> None:
    """Write answers in the layout of 问卷星.

    Parameters
    ----------
    simulated : Simulated
    instrument : Instrument
        The one that was simulated; it gives wordings, options and the order of the questions.
    path : str or Path
        An xlsx file; the same answers give the same bytes.
    lang : str
        Language of questions and options, `zh` or `en`; the platform's own columns and marks stay Chinese.
    by : str
        `text`: option texts, a multiple response in one cell joined by `┋`. `index`: n for the n-th option, a 0/1
        column an option.

    Notes
    -----
    Sheet name, document title and the column 来源 say 模拟数据; addresses and nicknames are placeholders.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    source = Label("simulation.source").text(lang)
    sheet = book.create_sheet(source)
    title = Label(zh=instrument.title.get("zh", ""), en=instrument.title.get("en", ""))
    book.properties.title = Label("simulation.title", title=title).text(lang)
    headers, columns = [*META], _meta_columns(simulated.meta, source)
    for header, column in _question_columns(simulated, instrument, lang, by):
        headers.append(header)
        columns.append(column)
    harmless: dict[str, bool] = {}

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # Each text is looked at once; a cell of its own is never used twice, as openpyxl writes into it.
        if value not in harmless:
            harmless[value] = _harmless(value)
        return value if harmless[value] else safe_cell(sheet, value)

    sheet.append([cell(header) for header in headers])
    for row in zip(*columns, strict=True):
        sheet.append([cell(value) for value in row])
    save_workbook(book, path)


def _harmless(text: str) -> bool:
    """Whether a text may be streamed as it is: openpyxl is twice as fast with a str as with a cell."""
    return text[:1] not in ("#", "_", *FORMULA_STARTS) and "_x" not in text and clean_text(text, CELL_LIMIT) == text


def _meta_columns(meta: pd.DataFrame, source: str) -> list[Sequence[Any]]:
    return [
        [int(i) for i in meta["respondent_id"]],
        list(meta["submitted_at"].dt.strftime("%Y/%m/%d %H:%M:%S")),
        [f"{int(s)}秒" for s in meta["duration_s"]],
        [source] * len(meta),
        list(meta["nickname"]),
        list(meta["ip"]),
    ]


def _question_columns(
    simulated: Simulated, instrument: Instrument, lang: str, by: str
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Header and cells of every column, in the order of the questionnaire."""
    asked = set(simulated.items)
    blocks = [block for block in instrument.blocks if any(item.id in asked for item in block.items)]
    for number, block in enumerate(blocks, 1):
        items = [item for item in block.items if item.id in asked]
        if block.type == "matrix":
            for place, item in enumerate(items):
                yield _row_header(number, block, item, place, lang), _cells(simulated, item, lang, by)
        elif block.type == "multi" and by == "index":
            for place, code in enumerate(items[0].codes):
                header = _option_header(number, items[0], code, place, lang)
                yield header, _tick_cells(simulated, items[0], code)
        else:
            yield f"{number}、{block.text(lang)}", _cells(simulated, items[0], lang, by)


def _row_header(number: int, block: Block, item: Item, place: int, lang: str) -> str:
    return item.text(lang) if place else f"{number} {block.text(lang)}—{item.text(lang)}"


def _option_header(number: int, item: Item, code: Any, place: int, lang: str) -> str:
    option = next(option for option in item.options if option.code == code)
    return f"{number}({option.text(lang)})" if place else f"{number}. {item.text(lang)}({option.text(lang)})"


def _cells(simulated: Simulated, item: Item, lang: str, by: str) -> list[Any]:
    if item.type == "multi":
        return _joined_cells(simulated, item, lang)
    names = [
        name for name in simulated.answers if name.startswith(f"{item.id}__") and name[len(item.id) + 2 :].isdigit()
    ]
    if item.type == "text" and names:
        cells = [NAMES.join(given) for given in _given(simulated.answers[names])]
        kinds = simulated.missing[names[0]].to_numpy()
    else:
        cells = _coded(simulated, item, lang, by) if item.options else _written(simulated.answers[item.id])
        kinds = simulated.missing[item.id].to_numpy()
    words = _words_for_missing(item, lang, by)
    return [words[kind] if kind else value for value, kind in zip(cells, kinds, strict=True)]


def _coded(simulated: Simulated, item: Item, lang: str, by: str) -> list[Any]:
    shown = {option.code: option.text(lang) if by == "text" else k for k, option in enumerate(item.options, 1)}
    cells = [shown.get(code, "") for code in simulated.answers[item.id]]
    for option in item.options:
        written = simulated.answers.get(f"{item.id}__{option.code}__text")
        if written is not None:
            cells = [f"{v}〖{t}〗" if isinstance(t, str) and t else v for v, t in zip(cells, written, strict=True)]
    return cells


def _words_for_missing(item: Item, lang: str, by: str) -> list[Any]:
    """What to write for each missing kind: the option that means it, else the platform's mark."""
    marks = MARKS[by]
    words: list[Any] = [marks["not_asked"] if kind == "not_asked" else marks["other"] for kind in MISSING_KINDS]
    for k, option in reversed(list(enumerate(item.options, 1))):
        if option.missing:
            words[MISSING_KINDS.index(option.missing)] = option.text(lang) if by == "text" else k
    return words


def _joined_cells(simulated: Simulated, item: Item, lang: str) -> list[str]:
    n = len(simulated.answers)
    chosen: list[list[str]] = [[] for _ in range(n)]
    for option in item.options:
        if option.missing is not None:
            continue
        name = f"{item.id}__{option.code}"
        texts = simulated.answers.get(f"{name}__text", pd.Series([""] * n)).to_numpy()
        for row in np.flatnonzero(simulated.answers[name].to_numpy() == 1):
            beside = texts[row]
            chosen[row].append(option.text(lang) + (f"〖{beside}〗" if isinstance(beside, str) and beside else ""))
    kinds = simulated.missing[f"{item.id}__{item.codes[0]}"].to_numpy()
    words = _words_for_missing(item, lang, "text")
    return [words[kind] if kind else LIST.join(picked) for picked, kind in zip(chosen, kinds, strict=True)]


def _tick_cells(simulated: Simulated, item: Item, code: Any) -> list[Any]:
    name = f"{item.id}__{code}"
    words = _words_for_missing(item, "zh", "index")
    kinds = simulated.missing[name].to_numpy()
    ticks = simulated.answers[name].to_numpy()
    texts = simulated.answers.get(f"{name}__text", pd.Series([""] * len(ticks))).to_numpy()
    cells = [f"{int(v)}〖{t}〗" if isinstance(t, str) and t else v for v, t in zip(ticks, texts, strict=True)]
    return [words[k] if k else v if isinstance(v, str) else int(v) for v, k in zip(cells, kinds, strict=True)]


def _written(values: pd.Series) -> list[Any]:
    return [int(v) if isinstance(v, float) and v == v and v == int(v) else v for v in values]


def _given(names: pd.DataFrame) -> Iterator[list[str]]:
    for row in names.itertuples(index=False):
        yield [name for name in row if isinstance(name, str)]
