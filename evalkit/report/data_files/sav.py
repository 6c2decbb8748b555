"""Columns in, an SPSS file out: labels, user-missing codes, measure levels."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Problem
from evalkit.report.data_files.codes import MissingCodes, missing_codes
from evalkit.report.data_files.fields import DataTable, Field, note
from evalkit.report.data_files.limits import cut, cut_all, fitted_names, utf8_size
from evalkit.report.data_files.spss_names import SPSS

LABEL, VALUE_LABEL, TEXT = 255, 120, 32_000
"""Most bytes of a variable label, a value label and a text value."""
_MADE = b"01 Jan 8000:00:00"
_MADE_AT = 84 + 8


def content(table: DataTable) -> tuple[bytes, tuple[Problem, ...]]:
    """The bytes of the file, the same every time, and what SPSS cannot hold."""
    import pyreadstat

    fields = table.fields
    names, notices = fitted_names([one.name for one in fields], SPSS)
    labels, long = cut_all({names[k]: one.label for k, one in enumerate(fields)}, LABEL)
    columns: dict[str, Any] = {}
    values: dict[str, dict[Any, str]] = {}
    missing: dict[str, list[Any]] = {}
    moved, overlong, cut_values, untold = [], [], [], []
    for k, one in enumerate(fields):
        name = names[k]
        codes = missing_codes(one, table.lang)
        moved += [one.name] if codes.moved else []
        untold += [one.name] if one.typed and not codes.codes else []
        columns[name], shortened = _column(one, codes)
        overlong += [one.name] if shortened else []
        known = _value_labels(one, codes)
        cut_values += [one.name] if any(utf8_size(text) > VALUE_LABEL for text in known.values()) else []
        if known:
            values[name] = {code: cut(text, VALUE_LABEL) for code, text in known.items()}
        if codes.spans:
            missing[name] = [dict(zip(("lo", "hi"), span, strict=True)) for span in codes.spans]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "data.sav"
        pyreadstat.write_sav(
            pd.DataFrame(columns),
            str(path),
            file_label=cut(table.codebook.decoded_by, 60),
            column_labels={name: text or None for name, text in labels.items()},
            variable_value_labels=values,
            missing_ranges=missing,
            variable_measure={names[k]: one.measure for k, one in enumerate(fields)},
            variable_format=_formats(table, names),
        )
        made = path.read_bytes()
    made = made[:_MADE_AT] + _MADE + made[_MADE_AT + len(_MADE) :]  # the library writes the clock there
    return made, (
        *notices,
        *note("N742", [*long, *cut_values], program="SPSS"),
        *note("N743", untold, program="SPSS"),
        *note("N745", moved, program="SPSS"),
        *note("W747", overlong, longest=TEXT),
    )


def _column(one: Field, codes: MissingCodes) -> tuple[pd.Series, bool]:
    if one.numeric:
        return pd.Series(codes.applied(one)), False
    if one.values.dtype.kind == "M":
        return pd.Series(one.values), False
    texts = ["" if text is None else text for text in one.values]
    long = [utf8_size(text) > TEXT for text in texts]
    fitted = [cut(text, TEXT) if over else text for text, over in zip(texts, long, strict=True)]
    return pd.Series(fitted, dtype=object), any(long)


def _value_labels(one: Field, codes: MissingCodes) -> dict[Any, str]:
    if one.values.dtype.kind == "M":
        return {}
    kind = float if one.numeric else str
    return {kind(code): text for code, text in one.labels.items() if text} | codes.labels


def _formats(table: DataTable, names: dict[int, str]) -> dict[str, str]:
    """Whole numbers without decimals, dates without a time of day where there is none."""
    found = {}
    for k, one in enumerate(table.fields):
        values = one.values
        if values.dtype.kind == "M":
            days = values.astype("datetime64[D]")
            found[names[k]] = "SDATE10" if bool((np.isnat(values) | (values == days)).all()) else "DATETIME20"
        elif one.numeric:
            known = values[np.isfinite(values)]
            whole = bool((known == np.round(known)).all()) and bool((np.abs(known) < 1e7).all())
            found[names[k]] = "F8.0" if whole else "F12.4"
    return found
