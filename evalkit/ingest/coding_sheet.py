"""Open answers in, a workbook in which a coder gives each answer its themes out."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Problem, UsageError, codebook_of, require_columns
from evalkit.contract.masking import masked_text
from evalkit.contract.saying_nothing import NO_ANSWER, bare, says_nothing
from evalkit.contract.words import text_of
from evalkit.ingest.responses import Responses

MARK, THEMES_MARK = "evalkit-coding/1", "evalkit-coding-themes/1"
FIRST_ROW = 3  # below the headings with the mark, and the columns' names
NONE = "none"
"""Code of an answer that was read and has none of the themes."""
_CODE = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*")
_ROOM = 60
"""Lines for themes."""
_MOST_COLUMNS = 20


@dataclass(frozen=True)
class Theme:
    """A theme: its code and wording."""

    code: str
    zh: str
    en: str


def coding_sheet(
    data: pd.DataFrame | Responses,
    question: str,
    path: str | os.PathLike[str],
    *,
    themes: Sequence[str] | Mapping[str, str | Mapping[str, str]] = (),
    item: str | None = None,
    coder: str = "",
    columns: int = 5,
    no_answer: Sequence[str] | None = None,
    lang: str = "zh",
) -> None:
    """Write a workbook for giving open answers their themes.

    Parameters
    ----------
    data : DataFrame or Responses
    question : str
        A column of texts, e.g. `J_need__9__text`.
    path : path
        An xlsx file.
    themes : sequence of str, or mapping
        Themes known beforehand: their names (codes 1, 2, ...), or code -> name or {zh, en}. The coder may add some.
    item : str, optional
        Id of the multiple-response question that the themes will make; default the column's name and `_themes`.
    coder : str
        Who codes; may be filled in later. Two coders get a workbook each.
    columns : int
        How many themes an answer can have, 1 to 20.
    no_answer : sequence of str, optional
        What says nothing and is left out, in place of the package's list.
    lang : {"zh", "en"}

    Raises
    ------
    AnalysisError
        E600 for an unknown column; E6614 where no answer says anything.
    UsageError
        E6615 for themes, an id or a number of columns that cannot be.
    OutputError
        E131 if the file cannot be written.

    Notes
    -----
    A line a different answer, with the row of the first who gave it and how many did; personal data is covered. Themes
    come back by `read_themes`. The sheet is locked without a password but for the themes.
    """
    from openpyxl import Workbook

    from evalkit.sheets import save_workbook

    frame = data.frame if isinstance(data, Responses) else data
    require_columns(frame, [question])
    known = _themes(themes)
    id = item or "_".join(part for part in question.split("_") if part) + "_themes"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*", id) or id.endswith("_R"):
        raise UsageError(Problem("E6615", params={"key": "item", "value": id}))
    if not 1 <= columns <= _MOST_COLUMNS:
        raise UsageError(Problem("E6615", params={"key": "columns", "value": columns}))
    lines = _lines(frame[question], NO_ANSWER if no_answer is None else no_answer)
    if not lines:
        raise AnalysisError(Problem("E6614", params={"name": question}))
    book = Workbook()
    answers = book.active
    answers.title = text_of("coding.sheet", lang)
    listed = book.create_sheet(text_of("coding.themes", lang))
    wording = codebook_of(frame.loc[:, [question]]).variables[question].label.text(lang)
    _fill_answers(answers, lines, f"{MARK} {question} {id}", wording, columns, listed.title, lang)
    _fill_themes(listed, known, coder, lang)
    _fill_guide(book.create_sheet(text_of("coding.guide", lang)), lang)
    save_workbook(book, path)


def answer_text(value: object) -> str:
    """An answer as the sheet shows it: blanks made one, personal data covered; empty for a missing one."""
    if value is None or value != value:
        return ""
    text = f"{value:.15g}" if isinstance(value, (int, float)) else str(value)
    return masked_text(" ".join(text.split()))


def checksum(text: str) -> str:
    """Twelve hexadecimal figures that change with the answer."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def row_id(label: object) -> str:
    """A row of the data as a text: 3 and 3.0 are the same."""
    return f"{label:.15g}" if isinstance(label, (int, float)) else str(label)


def _themes(given: Sequence[str] | Mapping[str, str | Mapping[str, str]]) -> list[Theme]:
    if isinstance(given, str):
        raise UsageError(Problem("E6615", params={"key": "themes", "value": given}))
    pairs = given.items() if isinstance(given, Mapping) else ((str(k), name) for k, name in enumerate(given, 1))
    found = []
    for code, name in pairs:
        zh, en = (name, name) if isinstance(name, str) else (name.get("zh", ""), name.get("en", ""))
        if not _CODE.fullmatch(str(code)) or code == NONE or not (zh or en).strip():
            raise UsageError(Problem("E6615", params={"key": "themes", "value": code}))
        found.append(Theme(str(code), zh or en, en or zh))
    if len(found) > _ROOM - 1:
        raise UsageError(Problem("E6615", params={"key": "themes", "value": len(found)}))
    return found


def _lines(column: pd.Series, no_answer: Sequence[str]) -> list[tuple[str, str, int]]:
    """(row, answer, how many gave it) of each different answer that says something, in the order of the rows."""
    forms = {bare(form) for form in no_answer}
    codes, distinct = pd.factorize(column.to_numpy(dtype=object))
    first: dict[str, list[Any]] = {}
    texts = [answer_text(value) for value in distinct]
    speaking = [bool(text) and not says_nothing(text, forms) for text in texts]
    for label, k in zip(column.index, codes, strict=True):
        if k >= 0 and speaking[k]:
            first.setdefault(texts[k], [row_id(label), 0])[1] += 1
    return [(row, text, n) for text, (row, n) in first.items()]


def _fill_answers(
    sheet: Any, lines: Sequence[tuple[str, str, int]], mark: str, wording: str, columns: int, listed: str, lang: str
) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    names = ["row", "checksum", "times", "answer", *(f"theme_{k}" for k in range(1, columns + 1))]
    above = [mark, text_of("coding.checksum", lang), text_of("coding.times", lang), wording]
    above += [text_of("coding.theme_n", lang, n=k) for k in range(1, columns + 1)]
    grey, shade = Font(name="Calibri", color="7F7F7F", size=8), PatternFill("solid", fgColor="EEF2F7")
    for number, (name, words) in enumerate(zip(names, above, strict=True), 1):
        top, below = sheet.cell(row=1, column=number, value=words), sheet.cell(row=2, column=number, value=name)
        top.font, below.font = (grey if number == 1 else Font(name="Calibri", bold=True)), grey
        top.alignment = Alignment(wrap_text=True, vertical="top")
        top.fill = below.fill = shade
        sheet.column_dimensions[get_column_letter(number)].width = {"answer": 60, "row": 10}.get(name, 14)
    wrapped = Alignment(wrap_text=True, vertical="top")
    for place, (row, text, n) in enumerate(lines, FIRST_ROW):
        for number, value in enumerate((row, checksum(text), n, text), 1):
            cell = sheet.cell(row=place, column=number, value=value)
        cell.alignment = wrapped
    for number in range(5, 5 + columns):  # cells that are not there have the style of their column
        sheet.column_dimensions[get_column_letter(number)].protection = Protection(locked=False)
    last = FIRST_ROW + len(lines) - 1
    column = "B" if lang == "zh" else "C"
    title = listed.replace("'", "''")
    rule = DataValidation(
        type="list",
        formula1=f"'{title}'!${column}${FIRST_ROW}:${column}${FIRST_ROW + _ROOM - 1}",
        allow_blank=True,
        showErrorMessage=True,
        error=text_of("coding.choose", lang),
    )
    rule.add(f"E{FIRST_ROW}:{get_column_letter(4 + columns)}{last}")
    sheet.add_data_validation(rule)
    sheet.freeze_panes = f"E{FIRST_ROW}"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False


def _fill_themes(sheet: Any, themes: Sequence[Theme], coder: str, lang: str) -> None:
    """Mark and coder in the first row, headings in the second, then a theme a line and room for more."""
    from openpyxl.styles import Font, Protection

    sheet["A1"], sheet["B1"], sheet["C1"] = THEMES_MARK, text_of("coding.coder", lang), coder or None
    for number, key in enumerate(("code", "zh", "en", "meaning"), 1):
        sheet.cell(row=2, column=number, value=text_of(f"coding.head.{key}", lang)).font = Font(bold=True)
        sheet.column_dimensions["ABCD"[number - 1]].width = (10, 28, 28, 60)[number - 1]
    none = Theme(NONE, text_of("coding.none", "zh"), text_of("coding.none", "en"))
    for place, theme in enumerate((none, *themes), FIRST_ROW):
        for number, value in enumerate((theme.code, theme.zh, theme.en), 1):
            sheet.cell(row=place, column=number, value=value)
    for place in range(FIRST_ROW + 1, FIRST_ROW + _ROOM):
        for number in range(1, 5):
            sheet.cell(row=place, column=number).protection = Protection(locked=False)
    sheet["C1"].protection = Protection(locked=False)
    sheet.freeze_panes = f"A{FIRST_ROW}"
    sheet.protection.sheet = True


def _fill_guide(sheet: Any, lang: str) -> None:
    """How to code, a step a line."""
    from openpyxl.styles import Alignment

    for k in range(1, 6):
        sheet.cell(row=k, column=1, value=text_of(f"coding.step_{k}", lang)).alignment = Alignment(wrap_text=True)
    sheet.column_dimensions["A"].width = 100
    sheet.protection.sheet = True
