"""同上 and ditto marks: filled from the row above, inside one column of one sheet, each with its address."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Place, Problem
from evalkit.ingest.answers import ERROR
from evalkit.ingest.findings import shown
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.ingest.layout import Layout
    from evalkit.sheets import Column, Sheet

DITTOS = frozenset(["同上", "同前", "〃", '"', "''", "″", "′′", "“", "”", "ditto", "do."])
"""Cleaned cell texts that mean "as above"."""
MOST_CELLS = 2000
"""Cells named one by one in one column; the rest is counted."""


def fill_dittos(sheet: Sheet, layout: Layout, rows: np.ndarray) -> tuple[Sheet, list[Problem]]:
    """The sheet with every ditto mark replaced by the answer above it.

    Parameters
    ----------
    rows : ndarray of int
        Positions of the respondents: a subtotal or a printed header between two of them is passed over.

    Returns
    -------
    sheet : Sheet
        A mark with nothing above it becomes a faulty cell, so that it is missing as `invalid`.
    problems : list of Problem
        N249 for a mark that was filled, E250 for one with nothing above it.
    """
    columns, problems = list(sheet.columns), []
    for k, column in enumerate(columns):
        marks = np.array([0 < len(text) <= 8 and clean(text).casefold() in DITTOS for text in column.distinct])
        if marks.any() and marks[column.index[rows]].any():
            header = layout.headers[k] if k < len(layout.headers) else ""
            columns[k], found = _filled(sheet, column, marks, rows, header)
            problems += found
    return dataclasses.replace(sheet, columns=tuple(columns)) if problems else sheet, problems


def merged_answers(sheet: Sheet, rows: np.ndarray) -> list[Problem]:
    """W255 for each merged cell that spans several respondents: only its first row holds the answer."""
    problems = []
    numbers = sheet.rows[rows]
    letters = {column.number: column.letter for column in sheet.columns}
    for top, left, bottom, right in sheet.merged:
        spanned = int(np.count_nonzero((numbers >= top) & (numbers <= bottom)))
        if spanned > 1 and left in letters:
            area = f"{letters[left]}{top}:{letters.get(right, letters[left])}{bottom}"
            at = Place(file=sheet.book, sheet=sheet.name, cell=f"{letters[left]}{top}")
            problems.append(Problem("W255", at, {"area": area, "n": spanned - 1}))
    return problems


def _filled(
    sheet: Sheet, column: Column, marks: np.ndarray, rows: np.ndarray, header: str
) -> tuple[Column, list[Problem]]:
    ditto = marks[column.index[rows]]
    positions = np.arange(len(rows))
    source = np.maximum.accumulate(np.where(ditto, -1, positions))
    blank = np.array([not clean(text) for text in column.distinct])
    lost = ditto & ((source < 0) | blank[column.index[rows[source]]] | (column.kinds[rows[source]] == ERROR))
    index, kinds = column.index.copy(), column.kinds.copy()
    done = ditto & ~lost
    index[rows[done]], kinds[rows[done]] = column.index[rows[source[done]]], column.kinds[rows[source[done]]]
    index[rows[lost]], kinds[rows[lost]] = 0, ERROR
    problems = []
    for code, cells in (("N249", done), ("E250", lost)):
        where = [f"{column.letter}{sheet.rows[row]}" for row in rows[cells].tolist()]
        texts = [column.distinct[k].strip() for k in column.index[rows[cells]].tolist()]
        for cell, text in list(zip(where, texts, strict=True))[:MOST_CELLS]:
            at = Place(file=sheet.book, sheet=sheet.name, cell=cell)
            problems.append(Problem(code, at, {"mark": text, "column": shown(header) if header else column.letter}))
        if len(where) > MOST_CELLS:
            at = Place(file=sheet.book, sheet=sheet.name, cell=where[MOST_CELLS])
            more = {"n": len(where) - MOST_CELLS, "code": code, "item": column.letter}
            problems.append(Problem("W246", at, more))
    return dataclasses.replace(column, index=index, kinds=kinds), problems
