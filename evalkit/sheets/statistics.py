"""An SPSS (.sav, .zsav) or Stata (.dta) file in, one sheet out: names in row 1, and what the file says of variables.

Values a user declared missing stay in their cells (`99`, `.a`) and are listed in the column's description; a system
missing value is an empty cell.
"""

from __future__ import annotations

import codecs
import dataclasses
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets import statistics_child
from evalkit.sheets.cells import (
    DATE,
    EMPTY,
    MAX_COLUMN,
    NUMBER,
    TEXT,
    Column,
    Description,
    Sheet,
    address,
    column_letter,
)
from evalkit.sheets.contents import Contents
from evalkit.sheets.legacy import run_child
from evalkit.sheets.statistics_sizes import declared
from evalkit.sheets.store import LISTED, MAX_BOX, MAX_CELLS, MAX_TEXTS, too_much
from evalkit.sheets.values import elapsed_text, is_imprecise, moment_text, number, number_text, plain_text

if TYPE_CHECKING:
    import pandas as pd

_SPSS = (b"$FL2", b"$FL3")
_STATA = b"<stata_dta>"
_OLD_STATA = frozenset([105, 108, 110, 111, 112, 113, 114, 115])
_MEASURES = frozenset(["nominal", "ordinal", "scale"])


def statistics_format(head: bytes) -> str:
    """`sav`, `dta`, or empty for what is neither, by the first bytes."""
    if head.startswith(_SPSS):
        return "sav"
    old = len(head) > 3 and head[0] in _OLD_STATA and head[1] in (1, 2) and head[2] == 1
    return "dta" if head.startswith(_STATA) or old else ""


def read_statistics(path: Path, form: str, encoding: str | None = None) -> Contents:
    """Read a file of format `sav` or `dta`.

    Parameters
    ----------
    encoding : str, optional
        By default what the file says, else GB18030 (N121).

    Raises
    ------
    InputError
        E108 for a damaged file, or one too short for what it declares; E113 if reading it took too much time or
        memory; E114 and E115 for an encoding that is none or does not fit; E118 beyond the limits.
    """
    place = Place(path.name)
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError as fault:
            raise InputError(Problem("E114", place, {"encoding": encoding})) from fault
    _check_size(path, form)
    problems: tuple[Problem, ...] = ()
    loaded = _load(path, form, encoding)
    if loaded is None and encoding is not None and _load(path, form, None) is not None:
        raise InputError(Problem("E115", place, {"encoding": encoding}))
    if loaded is None and encoding is None and form == "sav":
        loaded = _load(path, form, "GB18030")
        problems = (Problem("N121", place, {"encoding": "GB18030"}),)
    if loaded is None:
        raise InputError(Problem("E108", place, {"part": ""}))
    frame, said = loaded
    if frame.shape[1] > MAX_COLUMN or len(frame) * frame.shape[1] > MAX_BOX:
        raise too_much(path.name)
    known = _Known(path.name)
    columns, last = [], 0
    for k, name in enumerate(map(str, frame.columns), 1):
        letters = frozenset(said.missing_user_values.get(name, ()))
        distinct, spelt, sorts, codes = _cells(frame.iloc[:, k - 1], letters)
        column = known.column(k, name, spelt, sorts, codes)
        columns.append(dataclasses.replace(column, described=_description(name, said, distinct, spelt)))
        last = max(last, int(np.flatnonzero(column.index)[-1]))
    if not columns:
        return Contents(form, (), (), problems)
    rows = np.arange(1, last + 2, dtype=np.int32)
    cut = tuple(dataclasses.replace(c, index=c.index[: last + 1], kinds=c.kinds[: last + 1],
                                    formula=np.zeros(last + 1, dtype=bool)) for c in columns)  # fmt: skip
    imprecise = frozenset(known.imprecise)
    found = known.problems(path.stem)
    sheet = Sheet(path.name, path.stem, rows, cut, problems=found, imprecise=imprecise)
    return Contents(form, (sheet,), (), problems)


def _check_size(path: Path, form: str) -> None:
    """Refuse what a file cannot hold; a file that may ask for much is first tried in a process of its own."""
    says = declared(path, form, MAX_COLUMN)
    if says is None or (says.columns <= MAX_COLUMN and not says.holds):
        raise InputError(Problem("E108", Place(path.name), {"part": ""}))
    if says.columns > MAX_COLUMN or says.rows * says.columns > MAX_CELLS:
        raise too_much(path.name)
    if not says.easy:
        run_child(statistics_child.__file__, path, path.name, form)


class _Known:
    """Counts what the columns hold, and keeps the cells whose numbers have lost digits."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.imprecise: list[tuple[int, int]] = []
        self._n_cells = self._n_texts = 0
        self._texts: set[str] | None = None
        self._lists: list[tuple[str, ...]] = []

    def column(self, number: int, name: str, spelt: list[str], sorts: np.ndarray, codes: np.ndarray) -> Column:
        """The column of a variable: its name in row 1, then the cell of each row (-1 in `codes` is empty).

        Raises
        ------
        InputError
            E118 beyond MAX_CELLS or MAX_TEXTS.
        """
        filled = sorts != EMPTY
        if name in spelt or len(set(spelt)) < len(spelt):
            places = {"": 0, name: 1}
            position = np.array([places.setdefault(text, len(places)) for text in spelt], dtype=np.int32)
            distinct = tuple(places)
        else:
            position = np.where(filled, np.cumsum(filled, dtype=np.int32) + 1, 0)
            distinct = ("", name, *(spelt if filled.all() else filter(None, spelt)))
        position, sorts = np.append(position, np.int32(0)), np.append(sorts, np.int8(EMPTY))
        index, kinds = (np.empty(len(codes) + 1, dtype=sort) for sort in (np.int32, np.int8))
        index[0], kinds[0] = 1, TEXT
        index[1:], kinds[1:] = position[codes], sorts[codes]
        self._count(distinct, int(np.count_nonzero(index)))
        long = [k for k in np.flatnonzero(sorts == NUMBER).tolist() if len(spelt[k]) > 15 and is_imprecise(spelt[k])]
        if long:
            self.imprecise += [(row, number) for row in (np.flatnonzero(np.isin(codes, long)) + 2).tolist()]
        index.flags.writeable = kinds.flags.writeable = False
        return Column(column_letter(number), number, distinct, index, kinds, kinds == -1)

    def _count(self, texts: tuple[str, ...], n_cells: int) -> None:
        """Texts that several columns share count once; to find them costs time, so only where there are many."""
        self._n_cells += n_cells
        self._n_texts += len(texts)
        self._lists.append(texts)
        if self._n_texts > MAX_TEXTS:
            self._texts = (self._texts or set()).union(*self._lists)
            self._lists = []
        if self._n_cells > MAX_CELLS or (self._texts and len(self._texts) > MAX_TEXTS):
            raise too_much(self.file)

    def problems(self, sheet: str) -> tuple[Problem, ...]:
        """E201 for each number that has lost digits, the first LISTED of them."""
        cells = sorted(self.imprecise)
        found = [Problem("E201", Place(self.file, sheet, address(*cell))) for cell in cells[:LISTED]]
        if len(cells) > LISTED:
            found.append(Problem("N208", Place(self.file, sheet), {"n": len(cells) - LISTED, "code": "E201"}))
        return tuple(found)


def _load(path: Path, form: str, encoding: str | None) -> tuple[pd.DataFrame, Any] | None:
    """Data and metadata; None where the library cannot read them. User-missing values are kept."""
    import pyreadstat

    read: Callable[..., tuple[pd.DataFrame, Any]] = pyreadstat.read_sav if form == "sav" else pyreadstat.read_dta
    try:
        return read(str(path), user_missing=True, encoding=encoding)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError, ArithmeticError):
        return None


def _cells(values: pd.Series, letters: frozenset[str]) -> tuple[list[Any], list[str], np.ndarray, np.ndarray]:
    """Distinct values, their texts and kinds (int8), and which of them each row holds; -1 for nan."""
    import pandas as pd

    textual = isinstance(values.dtype, pd.StringDtype)
    codes, found = pd.factorize(values)
    distinct = found.tolist() if textual or values.dtype.kind in "fiu" else list(found)
    if values.dtype.kind in "fiu" and all(map(isfinite, distinct)):
        return distinct, list(map(number_text, distinct)), np.full(len(distinct), NUMBER, np.int8), codes
    if textual and not letters:
        blank = [not text.strip() for text in distinct]
        spelt = ["" if none else text for none, text in zip(blank, distinct, strict=True)] if any(blank) else distinct
        return distinct, spelt, np.where(blank, EMPTY, TEXT).astype(np.int8), codes
    cells = [_cell(value, letters) for value in distinct]
    return distinct, [text for text, _ in cells], np.array([kind for _, kind in cells], np.int8), codes


def _cell(value: Any, letters: frozenset[str] = frozenset()) -> tuple[str, int]:
    """Text and kind of one value; a letter of Stata's missing values gets its dot."""
    if isinstance(value, str):
        return (f".{value}", TEXT) if value in letters else plain_text(value) if value.strip() else ("", EMPTY)
    if isinstance(value, (datetime, np.datetime64)):
        import pandas as pd

        return moment_text(pd.Timestamp(value).to_pydatetime(warn=False)), DATE
    if isinstance(value, date):
        return value.isoformat(), DATE
    if isinstance(value, time):
        clock = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        return elapsed_text(clock.total_seconds()), DATE
    if isinstance(value, timedelta):
        return elapsed_text(value.total_seconds()), DATE
    return number(repr(float(value)))


def _description(name: str, said: Any, distinct: list[Any], spelt: list[str]) -> Description:
    letters = frozenset(said.missing_user_values.get(name, ()))
    ranges = said.missing_ranges.get(name, ())
    labels = said.variable_value_labels.get(name, {})
    named = {_labelled_cell(value, letters): str(label) for value, label in labels.items()}
    missing: set[str] = set()
    if letters or ranges:
        every = list(zip(distinct, spelt, strict=True))
        every += [(value, _labelled_cell(value, letters)) for value in labels]
        missing = {text for value, text in every if text and (value in letters or _within(value, ranges))}
    measure = said.variable_measure.get(name, "")
    group, group_label, counted = _set_of(name, said)
    return Description(
        label=str(said.column_names_to_labels.get(name) or "").strip(),
        values=MappingProxyType(named),
        missing=frozenset(missing),
        measure=measure if measure in _MEASURES else "",
        group=group,
        group_label=group_label,
        counted=counted,
    )


def _set_of(name: str, said: Any) -> tuple[str, str, str]:
    """Name and label of the first set a variable belongs to, and the value that counts in one of dichotomies."""
    for group, one in said.mr_sets.items():
        # SPSS writes the variables of a set in letters of its own choosing.
        if name.casefold() in map(str.casefold, one["variable_list"]):
            return group, one["label"].strip(), str(one["counted_value"]) if one["is_dichotomy"] else ""
    return "", "", ""


def _labelled_cell(value: Any, letters: frozenset[str]) -> str:
    """The text of a labelled value: one of Stata's letters is a missing value whether it occurs or not."""
    stata = isinstance(value, str) and len(value) == 1 and value in letters
    return f".{value}" if stata else _cell(value)[0]


def _within(value: Any, ranges: Any) -> bool:
    """Whether a value lies in one of the ranges a user declared missing; single values are ranges of one."""
    for span in ranges:
        low, high = span["lo"], span["hi"]
        if isinstance(low, str) or isinstance(value, str):
            if isinstance(low, str) and isinstance(value, str) and value.rstrip() == low.rstrip():
                return True
        elif isinstance(value, (int, float)) and low <= value <= high:
            return True
    return False
