"""Data saved in each format reads back with our own reader: values, labels, missing kinds, measure levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import MISSING_KINDS, codebook_of
from evalkit.ingest import read_responses
from evalkit.report.data_files import save
from evalkit.sheets import read_book


def same_column(one: pd.Series, other: pd.Series) -> bool:
    if one.dtype.kind == "M":
        return bool((one.dropna() == other[one.notna()]).all() and (one.isna() == other.isna()).all())
    if not (one.dtype.kind == other.dtype.kind == "f"):
        return (
            one.astype(object).where(one.notna(), None).tolist()
            == other.astype(object).where(other.notna(), None).tolist()
        )
    return bool(np.allclose(one, other, rtol=0, atol=1e-12, equal_nan=True))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("suffix", ["sav", "dta", "xlsx", "csv"])
def test_what_is_saved_reads_back(responses, data, asked, tmp_path, suffix, lang):
    path = tmp_path / f"data.{suffix}"
    notices = save(data, path, lang=lang)
    assert all(problem.severity == "note" for problem in notices), notices
    again = read_responses(path, asked)
    assert not [p for p in again.problems if p.code[0] == "E"]
    changed = {a for p in notices if p.code == "N741" for a, _ in (n.split(" → ") for n in p.params["names"])}
    columns = [name for name in responses.missing if name not in changed]
    assert len(columns) > 40
    untold = {name for p in notices if p.code == "N743" for name in p.params["names"]}
    for name in columns:
        assert same_column(responses.frame[name], again.frame[name]), name
        if name not in untold:
            assert responses.missing[name].tolist() == again.missing[name].tolist(), name


def test_a_sav_file_says_itself_what_it_holds(data, asked, tmp_path):
    path = tmp_path / "data.sav"
    notices = save(data, path)
    sheet = read_book(path).sheets[0]
    described = {column.distinct[1]: column for column in sheet.columns}
    assert list(described) == [str(name) for name in data.columns]
    book = codebook_of(data)
    assert "N741" not in {p.code for p in notices}
    for name, column in described.items():
        variable, said = book.variables[name], column.described
        expected = {"nominal": "nominal", "ordinal": "ordinal", "option": "nominal", "text": "nominal", "id": "nominal"}
        assert said.measure == expected.get(variable.kind, "scale"), name
        if variable.kind in ("item", "nominal", "ordinal") and variable.categories:
            words = {str(c.code).removesuffix(".0"): c.zh for c in variable.categories if c.missing is None}
            assert words.items() <= dict(said.values).items(), name
            answers = {str(v).removesuffix(".0") for v in data[name].dropna().unique()}
            assert not answers & said.missing
    scores = [name for name in book.scales if name in data]
    assert scores
    for name in scores:
        cells = described[name].numbers()[1:]
        assert np.allclose(cells, data[name], rtol=0, atol=0, equal_nan=True)
        assert described[name].described.label == book.scales[name].zh


def test_without_the_instrument_a_sav_gives_the_same_missing_kinds(data, tmp_path):
    path = tmp_path / "data.sav"
    save(data, path)
    again = read_responses(path)
    book = codebook_of(data)
    seen = set()
    for name in book.missing:
        if name in again.missing and data[name].dtype.kind == "f":
            assert book.missing[name].tolist() == again.missing[name].tolist(), name
            seen |= set(book.missing[name].unique().tolist())
    assert {0, MISSING_KINDS.index("not_asked"), MISSING_KINDS.index("no_answer")} <= seen


@pytest.mark.parametrize("suffix", ["sav", "dta", "xlsx", "csv"])
def test_the_same_data_give_the_same_bytes(data, tmp_path, suffix):
    for twin in ("one", "two"):
        save(data, tmp_path / f"{twin}.{suffix}")
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()
