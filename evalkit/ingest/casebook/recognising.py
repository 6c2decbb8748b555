"""Is a path a casebook? And its sheets as one book, for a workbook in which they can be mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.casebook.documents import word_files
from evalkit.ingest.casebook.reading import PROJECTS
from evalkit.ingest.casebook.schema import SHEETS, column_words, folded, sheet_words
from evalkit.ingest.casebook.sheets import SEARCHED_ROWS, SUFFIXES
from evalkit.ingest.word_comments.document import SUFFIXES as WORD
from evalkit.sheets import Book, Sheet, read_book
from evalkit.sheets.xlsx import sheet_names

FILES = (*WORD, *PROJECTS)
"""Suffixes that data files never have."""


def is_casebook(path: Path) -> bool:
    """Whether a file or folder is called or looks like a casebook, told without reading a large data file.

    A folder is one with a table called as a sheet of a casebook is, or with nothing but Word files; a workbook or table
    with two such sheets, or with one that has the columns it needs. What cannot be opened is none.
    """
    if path.suffix.lower() in FILES:
        return True
    words = sheet_words()
    if path.is_dir():
        tables = _tables(path)
        named = any(folded(file.stem) in words for file in tables)
        return named or (not tables and bool(word_files(path)))
    try:
        titles = [*sheet_names(path), path.stem]
        hits = [title for title in titles if folded(title) in words]
        return len(hits) > 1 or (bool(hits) and _fits(path, words))
    except InputError:
        return False


def _tables(folder: Path) -> list[Path]:
    files = sorted(folder.iterdir())
    return [file for file in files if file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "~"))]


def _fits(path: Path, words: dict[str, str]) -> bool:
    """Whether a sheet called so has the columns that it must have."""
    sheets = read_book(path).sheets
    for sheet in sheets:
        title = sheet.name if folded(sheet.name) in words or len(sheets) > 1 else path.stem
        name = words.get(folded(title))
        if name is None:
            continue
        heads = column_words(name)
        needed = {field.name for field in SHEETS[name].fields if field.required}
        for row in range(min(SEARCHED_ROWS, sheet.n_rows)):
            if needed <= {heads.get(folded(sheet.text(row, k))) for k in range(sheet.n_columns)}:
                return True
    return False


def book_of(path: Path, problems: Iterable[Problem]) -> tuple[Book, tuple[Problem, ...]]:
    """The cells of a casebook as one book, and the problems with places in it.

    Tables of a folder are its sheets, called as their files are. Word files and projects have no cells: their problems
    keep their own places.
    """
    if path.is_dir():
        words = sheet_words()
        books = [read_book(file) for file in _tables(path) if folded(file.stem) in words]
    else:
        books = [] if path.suffix.lower() in FILES else [read_book(path)]
    if len(books) == 1 and not path.is_dir():
        return books[0], tuple(problems)
    sheets = tuple(_renamed(book.sheets[0], path.name, book.name) for book in books)
    mine = {book.name for book in books}
    book = Book(path, path.name, sheets, (), (), "casebook", "")
    return book, tuple(_moved(problem, path.name) if _file(problem) in mine else problem for problem in problems)


def _renamed(sheet: Sheet, book: str, name: str) -> Sheet:
    return replace(sheet, book=book, name=name, problems=())


def _file(problem: Problem) -> str:
    return "" if problem.at is None else problem.at.file


def _moved(problem: Problem, book: str) -> Problem:
    at = problem.at or Place()
    return replace(problem, at=Place(book, at.file, at.cell))
