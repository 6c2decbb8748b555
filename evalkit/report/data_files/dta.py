"""Columns in, a Stata file out (format 118): labels, and a letter for each kind of missing answer."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.contract import MISSING_KINDS, Problem
from evalkit.report.data_files.fields import DataTable, Field, missing_label, note
from evalkit.report.data_files.limits import NameRules, cut, cut_all, fitted_names

LETTERS = dict(zip(MISSING_KINDS[1:], "abcdefg", strict=True))
"""Missing kind -> extended missing value: `.a` not asked, `.b` no answer, and so on."""
LABEL, VALUE_LABEL = 80, 32_000
"""Most characters of a variable label, most bytes of a value label."""
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """byte double float if in int long using with aggregate array boolean break class colvector complex const
    continue delegate do else end enum eltypedef eltypeinfo eltypelist explicit export external for friend function
    global goto inline local mata matrix namespace new null numeric numscalar operator orgtypedef pointer
    polymorphic pragma private protected quad real return rowvector scalar short signed static string strl struct
    super switch template this throw try typedef typename union unsigned vector version virtual void volatile
    while""",
    )
) | {f"str{k}" for k in range(1, 2046)}
STATA = NameRules(
    "Stata",
    re.compile(r"\W"),
    32,
    len,
    _RESERVED,
    fold=False,
)
_CLOCK = re.compile(rb"<timestamp>\x11.{17}</timestamp>", re.DOTALL)
_MADE = b"<timestamp>\x1101 Jan 1980 00:00</timestamp>"


def content(table: DataTable) -> tuple[bytes, tuple[Problem, ...]]:
    """The bytes of the file, the same every time, and what Stata cannot hold."""
    import pyreadstat

    fields = table.fields
    names, notices = fitted_names([one.name for one in fields], STATA)
    labels, long = cut_all({names[k]: one.label for k, one in enumerate(fields)}, LABEL, len)
    columns: dict[str, Any] = {}
    values: dict[str, dict[Any, str]] = {}
    letters: dict[str, list[str]] = {}
    unlabelled, cut_values = [], []
    for k, one in enumerate(fields):
        name = names[k]
        columns[name] = _column(one)
        known = {code: text for code, text in one.labels.items() if text and _whole(one, code)}
        unlabelled += [one.name] if len(known) < sum(map(bool, one.labels.values())) else []
        said: dict[Any, str] = {int(code): cut(text, VALUE_LABEL) for code, text in known.items()}
        cut_values += [one.name] if any(said[int(code)] != text for code, text in known.items()) else []
        kinds = one.used_kinds if one.numeric else ()
        if kinds:
            letters[name] = [LETTERS[kind] for kind in kinds]
            said |= {LETTERS[kind]: cut(missing_label(kind, one.own, table.lang), VALUE_LABEL) for kind in kinds}
        if said:
            values[name] = said
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "data.dta"
        pyreadstat.write_dta(
            pd.DataFrame(columns),
            str(path),
            version=14,
            file_label=cut(table.codebook.decoded_by, LABEL, len),
            column_labels={name: text or None for name, text in labels.items()},
            variable_value_labels=values,
            missing_user_values=letters,
        )
        made = _CLOCK.sub(_MADE, path.read_bytes(), count=1)  # the library writes the clock there
    return made, (
        *notices,
        *note("N742", [*long, *cut_values], program="Stata"),
        *note("N743", [one.name for one in fields if one.typed and not one.numeric], program="Stata"),
        *note("N744", unlabelled, program="Stata"),
    )


def _whole(one: Field, code: float | str) -> bool:
    """Stata labels whole numbers alone."""
    return one.numeric and not isinstance(code, str) and float(code).is_integer() and abs(code) < 2**31 - 100


def _column(one: Field) -> pd.Series:
    if one.values.dtype.kind == "M":
        return pd.Series(one.values)
    if not one.numeric:
        return pd.Series(["" if text is None else text for text in one.values], dtype=object)
    if not one.used_kinds:
        return pd.Series(one.values)
    mixed = one.values.astype(object)
    for kind in one.used_kinds:
        mixed[one.kinds == MISSING_KINDS.index(kind)] = LETTERS[kind]
    return pd.Series(mixed, dtype=object)
