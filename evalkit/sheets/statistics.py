"""An SPSS (.sav, .zsav) or Stata (.dta) file in, one sheet out: names in row 1, and what the file says of variables.

Values a user declared missing stay in their cells (`99`, `.a`) and are listed in the column's description; a system
missing value is an empty cell.
"""

from __future__ import annotations

import codecs
import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import DATE, EMPTY, MAX_COLUMN, TEXT, Description
from evalkit.sheets.contents import Contents
from evalkit.sheets.store import SheetBuilder, Texts, too_much
from evalkit.sheets.values import elapsed_text, moment_text, number, plain_text

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
        E108 for a damaged file, E114 and E115 for an encoding that is none or does not fit, E118 beyond the limits.
    """
    place = Place(path.name)
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError as fault:
            raise InputError(Problem("E114", place, {"encoding": encoding})) from fault
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
    if frame.shape[1] > MAX_COLUMN:
        raise too_much(path.name)
    texts = Texts(path.name)
    builder = SheetBuilder(path.name, path.stem, texts)
    rows = np.arange(2, len(frame) + 2, dtype=np.int32)
    described: list[Description] = []
    for k, name in enumerate(frame.columns):
        column = np.int16(k + 1)
        builder.add(np.array([1], np.int32), np.array([column]), np.array([texts.add(str(name), TEXT)], np.int32))
        spelt, tokens = _tokens(frame.iloc[:, k], texts, frozenset(said.missing_user_values.get(name, ())))
        builder.add(rows, np.full(len(rows), column), tokens)
        described.append(_description(str(name), said, spelt))
    sheet = builder.finish()
    if sheet is None:
        return Contents(form, (), (), problems)
    columns = tuple(dataclasses.replace(c, described=described[c.number - 1]) for c in sheet.columns)
    return Contents(form, (dataclasses.replace(sheet, columns=columns),), (), problems)


def _load(path: Path, form: str, encoding: str | None) -> tuple[pd.DataFrame, Any] | None:
    """Data and metadata; None where the library cannot read them. User-missing values are kept."""
    import pyreadstat

    read: Callable[..., tuple[pd.DataFrame, Any]] = pyreadstat.read_sav if form == "sav" else pyreadstat.read_dta
    try:
        return read(str(path), user_missing=True, encoding=encoding)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError, ArithmeticError):
        return None


def _tokens(values: pd.Series, texts: Texts, letters: frozenset[str]) -> tuple[dict[Any, str], np.ndarray]:
    """Each distinct value's cell text, and the token of every cell; nan is an empty cell."""
    import pandas as pd

    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    found = [_cell(value, letters) for value in distinct]
    known = np.array([*(texts.add(*one) for one in found), texts.blank], dtype=np.int32)
    return {value: text for value, (text, _) in zip(distinct, found, strict=True)}, known[codes]


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


def _description(name: str, said: Any, spelt: Mapping[Any, str]) -> Description:
    letters = frozenset(said.missing_user_values.get(name, ()))
    ranges = said.missing_ranges.get(name, ())
    labels = said.variable_value_labels.get(name, {})
    named = {_labelled_cell(value, letters): str(label) for value, label in labels.items()}
    every = dict(spelt) | {value: _labelled_cell(value, letters) for value in labels}
    missing = {text for value, text in every.items() if text and (value in letters or _within(value, ranges))}
    measure = said.variable_measure.get(name, "")
    return Description(
        label=str(said.column_names_to_labels.get(name) or "").strip(),
        values=MappingProxyType(named),
        missing=frozenset(missing),
        measure=measure if measure in _MEASURES else "",
    )


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
