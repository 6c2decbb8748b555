"""A sheet of printed claims in, a frame of texts out, its rows numbered as in the sheet."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.contract import InputError, Place, Problem
from evalkit.contract.words import LANGUAGES, catalogue, text_of

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

_KEY = "claims.column."
_SEARCHED_ROWS = 10
_SPREADSHEETS = ("xlsx", "xls", "xlsb", "ods")
_DIGITS_MATTER = ("value", "parts")


def read_claims(path: str | os.PathLike[str], *, sheet: str | None = None) -> pd.DataFrame:
    """Read a sheet of claims for `check_claims`.

    Parameters
    ----------
    path : path
        xlsx, xls, ods, csv and others. A title may stand above the headings (claim, rule, label, value ... or their
        Chinese words); the first sheet with the headings of claim and value is read.
    sheet : str, optional
        Name of the sheet.

    Returns
    -------
    DataFrame
        Texts, one row a line that is not blank; the index holds the sheet's row numbers, `attrs` the file, the sheet,
        the letters of the columns and the problems found while reading (N6543: numbers that may have lost zeros).

    Raises
    ------
    InputError
        E101-E116 for a file that cannot be read; E6542 where no sheet has the headings.
    """
    from evalkit.sheets import read_book

    book = read_book(Path(path), sheet=sheet)
    for candidate in book.sheets:
        top = _heading_row(candidate)
        if top is not None:
            frame = _frame(candidate, top)
            frame.attrs["problems"] = (*book.problems, *_lost_zeros(candidate, frame, book.format))
            return frame
    raise InputError(Problem("E6542", Place(book.name), {"file": book.name}))


def headings() -> Mapping[str, str]:
    """What a heading may say, folded -> the column it means: its id and its words in both languages."""
    keys = [key for key in catalogue()["labels"] if key.startswith(_KEY)]
    names = [key.removeprefix(_KEY) for key in keys if key != f"{_KEY}finding"]
    worded = {_folded(text_of(_KEY + name, lang)): name for name in names for lang in LANGUAGES}
    return worded | {name: name for name in names}


def _folded(text: str) -> str:
    return "_".join(unicodedata.normalize("NFKC", text).casefold().split())


def _heading_row(sheet: Sheet) -> int | None:
    known = headings()
    for row in range(min(_SEARCHED_ROWS, sheet.n_rows)):
        means = {known.get(_folded(sheet.text(row, c))) for c in range(sheet.n_columns)}
        if {"claim", "value"} <= means:
            return row
    return None


def _frame(sheet: Sheet, top: int) -> pd.DataFrame:
    """Rows below the headings; one without a meaning, or with that of another, keeps its words with its letter."""
    known = headings()
    columns = {c: text for c in range(sheet.n_columns) if (text := sheet.text(top, c).strip())}
    names: dict[int, str] = {}
    for c, text in columns.items():
        name = known.get(_folded(text))
        names[c] = name if name and name not in names.values() else f"{text} ({sheet.columns[c].letter})"
    rows = {
        int(sheet.rows[r]): {names[c]: sheet.text(r, c).strip() for c in columns} for r in range(top + 1, sheet.n_rows)
    }
    filled = {number: row for number, row in rows.items() if any(row.values())}
    frame = pd.DataFrame.from_dict(filled, orient="index", columns=list(dict.fromkeys(names.values())), dtype=object)
    letters = {name: sheet.columns[c].letter for c, name in names.items()}
    frame.attrs.update(file=sheet.book, sheet=sheet.name, letters=letters)
    return frame


def _lost_zeros(sheet: Sheet, frame: pd.DataFrame, format: str) -> list[Problem]:
    """N6543 for number cells of a workbook among printed decimals: 93.80 is kept as 93.8."""
    from evalkit.sheets import NUMBER

    found = []
    for name in _DIGITS_MATTER if format in _SPREADSHEETS else ():
        if name not in frame.columns:
            continue
        column = next(c for c in sheet.columns if c.letter == frame.attrs["letters"][name])
        told = {int(row) for row in frame.index[frame["decimals"] != ""]} if "decimals" in frame.columns else set()
        bare = [
            int(row)
            for row, kind, text in zip(sheet.rows, column.kinds, column.index, strict=True)
            if kind == NUMBER and "." in column.distinct[text] and int(row) not in told
        ]
        if bare:
            at = Place(sheet.book, sheet.name, f"{column.letter}{bare[0]}")
            words = {lang: text_of(_KEY + name, lang) for lang in LANGUAGES}
            found.append(Problem("N6543", at, {"n": len(bare), "column": words}))
    return found
