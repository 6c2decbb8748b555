"""Coded sheets and the data they were made from in; the data with the themes as a multiple-response question out."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import (
    MISSING_KINDS,
    Category,
    InputError,
    Place,
    Problem,
    UsageError,
    Variable,
    attach,
    codebook_of,
    require_columns,
)
from evalkit.contract.words import text_of
from evalkit.ingest.coding_sheet import FIRST_ROW, MARK, NONE, THEMES_MARK, Theme, answer_text, checksum, row_id

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

TAKES = ("majority", "all", "any")
"""When coders differ: themes that more than half, all or any of those give who coded the answer."""
_FIXED = ("row", "checksum", "answer")


@dataclass(frozen=True)
class CodedAnswer:
    """A line of a sheet: where it stands, the row and checksum of its answer, the codes given."""

    at: Place
    row: str
    checksum: str
    answer: str
    codes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CodedSheet:
    """One coder's workbook."""

    file: str
    question: str
    item: str
    coder: str
    themes: tuple[Theme, ...]
    answers: tuple[CodedAnswer, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, eq=False)
class Themes:
    """Themes that coders gave.

    Attributes
    ----------
    item : str
        Id of the multiple-response question.
    themes : tuple of Theme
        In the order of the first sheet, then those that others added.
    data : DataFrame
        The data with a column `<item>__<code>` a theme: 1 given, 0 coded and not given, nan without an answer or not
        coded. Its codebook knows the question and the wordings.
    codings : DataFrame
        Columns source_id (row of the data), code_id, coder: what `agreement(codings, by="sources")` takes. An answer
        that was read and has no theme bears the code `none`.
    problems : tuple of Problem
        Lines and themes that could not be used, with their cells.
    """

    item: str
    themes: tuple[Theme, ...]
    data: pd.DataFrame
    codings: pd.DataFrame
    problems: tuple[Problem, ...]


def read_themes(
    data: pd.DataFrame, paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], *, take: str = "majority"
) -> Themes:
    """Read the workbooks of `coding_sheet` back, one a coder.

    Parameters
    ----------
    data : DataFrame
        What the sheets were made from; rows may have been added or excluded since.
    paths : path or sequence of paths
        Sheets of one question.
    take : {"majority", "all", "any"}
        Which themes an answer has where coders differ: those that more than half, all or any of them give who coded
        it.

    Returns
    -------
    Themes
        Every row with the same answer has its themes. W6617 to W6623 for what could not be used.

    Raises
    ------
    InputError
        E101-E118 for files that cannot be read; E6616 for a workbook that is no coding sheet, E6622 for sheets of
        different questions or of one coder.
    AnalysisError
        E600 where the data have no such question.
    UsageError
        E6615 for `take`; E6626 where the data have the question's columns already.
    """
    if take not in TAKES:
        raise UsageError(Problem("E6615", params={"key": "take", "value": take}))
    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return themes_of(data, [read_coded(path) for path in given], take)


def themes_of(data: pd.DataFrame, sheets: Sequence[CodedSheet], take: str = "majority") -> Themes:
    """The themes of sheets that were read; see `read_themes`."""
    _require_one(sheets)
    question, item = sheets[0].question, sheets[0].item
    require_columns(data, [question])
    if clash := [str(c) for c in data.columns if str(c) == item or str(c).startswith(f"{item}__")]:
        raise UsageError(Problem("E6626", params={"names": clash}))
    texts = [answer_text(value) for value in data[question]]
    problems = [p for sheet in sheets for p in sheet.problems]
    given = {sheet.coder: _given(sheet, data, texts, problems) for sheet in sheets}
    themes = tuple({theme.code: theme for sheet in reversed(sheets) for theme in reversed(sheet.themes)}.values())[::-1]
    problems += _uneven(given, sheets)
    return Themes(
        item,
        themes,
        _with_item(data, question, item, themes, texts, given, take),
        _codings(data, texts, given),
        tuple(problems),
    )


def read_coded(path: str | os.PathLike[str]) -> CodedSheet:
    """One workbook; E6616 if it is none of `coding_sheet`'s."""
    from evalkit.sheets import read_book

    book = read_book(Path(path))
    answers = next((s for s in book.sheets if _first(s).startswith(f"{MARK} ")), None)
    listed = next((s for s in book.sheets if _first(s) == THEMES_MARK), None)
    parts = _first(answers).split() if answers is not None else []
    if answers is None or listed is None or len(parts) != 3:
        raise InputError(Problem("E6616", Place(book.name), {"file": book.name}))
    columns = {answers.text(1, c): c for c in range(answers.n_columns)} if answers.n_rows > 1 else {}
    if any(name not in columns for name in _FIXED):
        raise InputError(Problem("E6616", Place(book.name, answers.name), {"file": book.name}))
    problems: list[Problem] = []
    themes = tuple(_listed_themes(listed, problems))
    coder = listed.text(0, 2).strip() if listed.n_columns > 2 else ""
    lines = tuple(_coded_answers(answers, columns, themes, problems))
    return CodedSheet(book.name, parts[1], parts[2], coder or Path(path).stem, themes, lines, tuple(problems))


def _first(sheet: Sheet) -> str:
    return sheet.text(0, 0) if sheet.n_rows and sheet.n_columns else ""


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _listed_themes(sheet: Sheet, problems: list[Problem]) -> Iterable[Theme]:
    """The themes of the list; one without a code has its line's number, W6620 for a code that stands twice."""
    seen = {NONE}
    for r in range(2, sheet.n_rows):
        code, zh, en = (sheet.text(r, c).strip() if c < sheet.n_columns else "" for c in range(3))
        if code == NONE or not (code or zh or en):
            continue
        line = int(sheet.rows[r])
        code = "_".join(part for part in (code or str(line - FIRST_ROW)).split("_") if part)
        if code in seen or not code.replace("_", "").isalnum() or not code.isascii():
            problems.append(Problem("W6620", Place(sheet.book, sheet.name, f"A{line}"), {"name": code}))
            continue
        seen.add(code)
        yield Theme(code, zh or en or code, en or zh or code)


def _coded_answers(
    sheet: Sheet, columns: Mapping[str, int], themes: Sequence[Theme], problems: list[Problem]
) -> Iterable[CodedAnswer]:
    meant = {_folded(text_of("coding.none", lang)): NONE for lang in ("zh", "en")} | {NONE: NONE}
    meant |= {_folded(word): theme.code for theme in themes for word in (theme.en, theme.zh, theme.code)}
    given = [c for name, c in columns.items() if name.startswith("theme_")]
    for r in range(2, sheet.n_rows):
        row, mark, answer = (sheet.text(r, columns[name]).strip() for name in _FIXED)
        if not row and not mark:
            continue
        codes = []
        for c in given:
            word = _folded(sheet.text(r, c))
            if word and word not in meant:
                problems.append(Problem("W6619", sheet.cell(r, c).place, {"name": sheet.text(r, c)[:40]}))
            elif word:
                codes.append(meant[word])
        named = [code for code in codes if code != NONE]
        kept = tuple(dict.fromkeys(named or codes))
        yield CodedAnswer(sheet.cell(r, columns["row"]).place, row, mark, answer, kept)


def _require_one(sheets: Sequence[CodedSheet]) -> None:
    if not sheets:
        raise InputError(Problem("E6622", params={"names": []}))
    if len({(s.question, s.item) for s in sheets}) > 1 or len({s.coder for s in sheets}) < len(sheets):
        raise InputError(Problem("E6622", params={"names": [f"{s.file}: {s.question}, {s.coder}" for s in sheets]}))


def _given(
    sheet: CodedSheet, data: pd.DataFrame, texts: Sequence[str], problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Answer -> codes, of the lines whose row is there with the same answer and that were coded."""
    by_row = dict(zip(map(row_id, data.index), texts, strict=True))
    found: dict[str, tuple[str, ...]] = {}
    blank = 0
    for line in sheet.answers:
        text = by_row.get(line.row)
        if text is None:
            problems.append(Problem("W6617", line.at, {"row": line.row}))
        elif checksum(text) != line.checksum or not _same(line.answer, text):
            problems.append(Problem("W6618", line.at, {"row": line.row}))
        elif line.codes:
            found[text] = line.codes
        else:
            blank += 1
    if blank:
        problems.append(Problem("W6621", Place(sheet.file), {"n": blank, "coder": sheet.coder}))
    return found


def _same(shown: str, text: str) -> bool:
    """Whether a cell still holds the answer; a very long one was cut by the sheet."""
    one, other = " ".join(shown.split()), " ".join(text.split())
    return one == other or (one.endswith("…") and len(one) > 10_000 and other.startswith(one[:10_000]))


def _uneven(given: Mapping[str, Mapping[str, tuple[str, ...]]], sheets: Sequence[CodedSheet]) -> list[Problem]:
    """N6623 if coders gave an answer different themes."""
    if len(given) < 2:
        return []
    all_texts = {text for codes in given.values() for text in codes}
    differ = sum(len({frozenset(codes[t]) for codes in given.values() if t in codes}) > 1 for t in all_texts)
    return [Problem("N6623", None, {"item": sheets[0].item, "n": differ, "of": len(all_texts)})] if differ else []


def _with_item(
    data: pd.DataFrame,
    question: str,
    item: str,
    themes: Sequence[Theme],
    texts: Sequence[str],
    given: Mapping[str, Mapping[str, tuple[str, ...]]],
    take: str,
) -> pd.DataFrame:
    """The data with a 0/1 column a theme, known to the codebook; not coded is not in the file."""
    rows: dict[str, np.ndarray] = {}
    for text in set(texts):
        coded = [codes[text] for codes in given.values() if text in codes]
        if coded:
            share = np.array([sum(theme.code in codes for codes in coded) / len(coded) for theme in themes])
            rows[text] = (share > 0 if take == "any" else share == 1 if take == "all" else share > 0.5).astype(float)
    blank = np.full(len(themes), np.nan)
    values = np.array([rows.get(text, blank) for text in texts]).reshape(len(texts), len(themes))
    names = [f"{item}__{theme.code}" for theme in themes]
    found = pd.DataFrame(values, index=data.index, columns=names)
    book = codebook_of(data)
    asked = book.variables[question]
    zh, en = (text_of("coding.item", lang, question=asked.label.text(lang)) for lang in ("zh", "en"))
    wordings = tuple(Category(theme.code, theme.zh, theme.en) for theme in themes)
    variables = [Variable(item, "nominal", zh, en, wordings)] + [
        Variable(name, "option", theme.zh, theme.en, low=0.0, high=1.0, item=item)
        for name, theme in zip(names, themes, strict=True)
    ]
    book = book.with_variables(variables)
    if book.missing is not None:
        kind = np.where(
            [bool(text) for text in texts], MISSING_KINDS.index("not_in_file"), MISSING_KINDS.index("no_answer")
        )
        known = book.missing[question].reindex(data.index, fill_value=0) if question in book.missing else 0
        kinds = np.where(np.asarray(known) > 0, known, kind)
        more = {name: np.where(found[name].isna(), kinds, 0).astype(np.int8) for name in names}
        book = replace(book, missing=book.missing.reindex(data.index, fill_value=0).assign(**more))
    return attach(pd.concat([data, found], axis=1), book)


def _codings(
    data: pd.DataFrame, texts: Sequence[str], given: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> pd.DataFrame:
    """A line a code, coder and different answer: an answer that many gave was judged once."""
    first: dict[str, str] = {}
    for label, text in zip(data.index, texts, strict=True):
        first.setdefault(text, row_id(label))
    lines = [
        (first[text], code, coder)
        for coder, answers in given.items()
        for text, codes in answers.items()
        for code in codes
    ]
    return pd.DataFrame(lines, columns=["source_id", "code_id", "coder"])
