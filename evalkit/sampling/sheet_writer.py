"""What is known of communities and variables in, a sampling workbook to be filled in out."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evalkit.contract import AnalysisError, Problem
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.sampling.categories import code_id
from evalkit.sampling.sheet_reader import COMMUNITIES, HEADINGS, POPULATION

ROOM = 200
"""Empty lines below the last entry that are checked while typing too."""

_WIDTHS = {"code": 16, "community": 16, "name": 26, "variable": 24, "label": 46, "category": 26}
_WHOLE = frozenset({"planned", "issued", "returned"})
_LAST_ROW = 1000  # of the communities that the drop-down of the other sheet offers


class Choice(Protocol):
    """An option of a question, as instruments have it."""

    @property
    def code(self) -> float | str: ...
    @property
    def missing(self) -> str | None: ...
    def text(self, lang: str) -> str: ...


class Question(Protocol):
    """A question, as instruments have it."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def role(self) -> str | None: ...
    @property
    def options(self) -> Sequence[Choice]: ...
    def text(self, lang: str) -> str: ...


class Questionnaire(Protocol):
    """An instrument: anything with `items`."""

    @property
    def items(self) -> Sequence[Question]: ...


@dataclass(frozen=True)
class _Variable:
    id: str
    label: str
    categories: tuple[str, ...]


def write_sampling_sheet(
    path: str | os.PathLike[str],
    *,
    communities: Mapping[str, str] | Sequence[str] | None = None,
    variables: Mapping[str, Sequence[str]] | None = None,
    instrument: Questionnaire | None = None,
    lang: str = "zh",
) -> None:
    """Write a sampling sheet with what is known filled in; `read_sampling_sheet` reads it back.

    Parameters
    ----------
    path : path
        An xlsx file.
    communities : mapping or sequence of str, optional
        Code -> name, or names that are their own codes. Default: the options of the instrument's first closed
        question with the role `cluster`.
    variables : mapping, optional
        Variable -> its categories. Default: the closed background questions of the instrument.
    instrument : Instrument, optional
    lang : {"zh", "en"}
        Of headings and wordings.

    Raises
    ------
    AnalysisError
        E696 for another language.
    OutputError
        E131 if the file cannot be written.
    """
    from openpyxl import Workbook

    from evalkit.sheets import save_workbook

    if lang not in LANGUAGES:
        raise AnalysisError(Problem("E696", params={"option": "lang", "value": lang}))
    questions = () if instrument is None else instrument.items
    known = _communities(questions, lang) if communities is None else _as_pairs(communities)
    asked = _background(questions, lang) if variables is None else _as_variables(variables)
    book = Workbook()
    first = book.active
    _sheet(first, COMMUNITIES, [{"code": code, "name": name} for code, name in known], lang)
    second = book.create_sheet()
    lines = [{"variable": v.id, "label": v.label, "category": c} for v in asked for c in v.categories]
    _sheet(second, POPULATION, lines, lang)
    _offer_communities(second, first.title)
    save_workbook(book, Path(path))


def _as_pairs(communities: Mapping[str, str] | Sequence[str]) -> list[tuple[str, str]]:
    if isinstance(communities, Mapping):
        return [(str(code), str(name)) for code, name in communities.items()]
    return [(str(name), str(name)) for name in communities]


def _as_variables(variables: Mapping[str, Sequence[str]]) -> list[_Variable]:
    return [_Variable(name, "", tuple(map(str, categories))) for name, categories in variables.items()]


def _communities(questions: Sequence[Question], lang: str) -> list[tuple[str, str]]:
    closed = (q for q in questions if q.role == "cluster" and q.type == "single" and q.options)
    first = next(closed, None)
    options = () if first is None else first.options
    return [(code_id(option.code), option.text(lang)) for option in options if option.missing is None]


def _background(questions: Sequence[Question], lang: str) -> list[_Variable]:
    closed = [q for q in questions if q.role == "background" and q.type == "single"]
    return [_Variable(q.id, q.text(lang), _categories(q, lang)) for q in closed]


def _categories(question: Question, lang: str) -> tuple[str, ...]:
    """Wordings; codes where two options have one wording, or a wording looks like another's code."""
    options = [option for option in question.options if option.missing is None]
    words, codes = [o.text(lang) for o in options], [code_id(o.code) for o in options]
    plain = len(set(words)) == len(words) and not set(words) & set(codes) and all(words)
    return tuple(words if plain else codes)


# -- the sheets -------------------------------------------------------------------------------


def _sheet(sheet: Any, kind: str, lines: Sequence[Mapping[str, str]], lang: str) -> None:
    sheet.title = text_of(f"sampling.sheet.{kind}", lang)
    names = _shown(kind)
    _head(sheet, kind, names, lang)
    last = len(lines) + 1 + ROOM
    for row, line in enumerate(lines, 2):
        for name, text in line.items():
            sheet.cell(row, names.index(name) + 1).value = text
    for number, name in enumerate(names, 1):
        letter = sheet.cell(1, number).column_letter
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 14)
        cells = f"{letter}2:{letter}{last}"
        if name in ("code", "community", "category"):
            for row in range(2, last + 1):
                sheet.cell(row, number).number_format = "@"  # `007` stays as it is typed
        rule = _rule(name, lang)
        if rule is not None:
            rule.add(cells)
            sheet.add_data_validation(rule)
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.freeze_panes = "A2"


def _shown(kind: str) -> list[str]:
    """The columns in the order in which they are written: the question beside its variable."""
    names = [name for name in HEADINGS[kind] if name != "label"]
    return [*names[:2], "label", *names[2:]] if kind == POPULATION else names


def _head(sheet: Any, kind: str, names: Sequence[str], lang: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    for number, name in enumerate(names, 1):
        cell = sheet.cell(1, number)
        cell.value = text_of(f"sampling.sheet.{name}", lang)
        cell.font, cell.fill = Font(name="Calibri", bold=True), PatternFill("solid", fgColor="DDE6EE")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        help_text = text_of(f"sampling.sheet.help.{kind}.{name}", lang)
        cell.comment = Comment(help_text, "evalkit", width=320, height=30 + 18 * _lines_of(help_text))


def _lines_of(text: str) -> int:
    """Lines of a comment: about forty letters, or twenty Chinese characters, a line."""
    return 1 + sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) // 40


def _rule(name: str, lang: str) -> Any:
    """What may be typed into a column; None where anything may."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if name not in ("population", "count", "share", *_WHOLE):
        return None
    kind = "whole" if name in _WHOLE else "decimal"
    error = text_of("sampling.sheet.whole" if name in _WHOLE else "sampling.sheet.number", lang)
    upper = {"operator": "between", "formula2": "100"} if name == "share" else {"operator": "greaterThanOrEqual"}
    return DataValidation(type=kind, formula1="0", error=error, showErrorMessage=True, allow_blank=True, **upper)


def _offer_communities(sheet: Any, communities: str) -> None:
    """A drop-down of the first sheet's codes."""
    from openpyxl.worksheet.datavalidation import DataValidation

    title = communities.replace("'", "''")
    rule = DataValidation(
        type="list", formula1=f"'{title}'!$A$2:$A${_LAST_ROW}", allow_blank=True, showErrorMessage=True
    )
    rule.add(f"A2:A{sheet.max_row + ROOM}")
    sheet.add_data_validation(rule)
