"""What single formats cannot hold is told, nothing is cut in silence, and no text becomes a formula."""

from __future__ import annotations

import csv
import importlib.util
import io
import sys

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from evalkit.contract import Category, Codebook, OutputError, UsageError, Variable, attach
from evalkit.ingest import read_responses
from evalkit.report.data_files import FORMATS, save
from evalkit.report.data_files.codes import missing_codes
from evalkit.report.data_files.fields import fields_of
from evalkit.sheets import read_book

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None


def codes(problems):
    return sorted({p.code for p in problems})


def coded(values, kinds, *, categories=(), **more):
    data = pd.DataFrame({"a": values})
    missing = pd.DataFrame({"a": np.array(kinds, dtype=np.int8)})
    variable = Variable("a", "nominal", "问", "Asked", categories, **more)
    return attach(data, Codebook(missing=missing).with_variables([variable]))


FORMULAS = ["=1+1", "+86", "-3x", "@me", "'=1", "''+2", "'plain", "＝全角", "ok"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_text_like_a_formula_is_shown_not_run_and_reads_back(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    assert save(pd.DataFrame({"=t": FORMULAS, "n": range(-4, 5)}), path) == ()
    sheet = read_book(path).sheets[0]
    assert [sheet.text(k, 0) for k in range(1, 10)] == FORMULAS and sheet.text(0, 0) == "=t"
    assert [sheet.text(k, 1) for k in range(1, 10)] == [str(n) for n in range(-4, 5)]
    if suffix == "csv":
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        first = [row[0] for row in csv.reader(io.StringIO(raw.decode("utf-8-sig")))]
        assert not [text for text in first if text[0] in "=+-@＝"]
    else:
        cells = [row[0] for row in openpyxl.load_workbook(path)["data"].iter_rows()]
        assert {cell.data_type for cell in cells} == {"s"}
        assert [cell.quotePrefix for cell in cells][:5] == [True] * 5


def test_a_workbook_says_what_each_column_is(data, tmp_path):
    save(data, tmp_path / "a.xlsx", lang="en")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["codebook"]
    head, *rows = sheet.iter_rows(values_only=True)
    assert head[:4] == ("Variable", "Wording", "Level", "Codes")
    told = {row[0]: row for row in rows if row[0]}
    assert list(told)[: len(data.columns)] == list(data.columns)
    turned = next(name for name in data.columns if name.endswith("_R"))
    assert told[turned][6] == turned.removesuffix("_R") and told[turned][7]
    assert told["Decoded with"][1] == "j-community-renovation@1.0"


def test_three_missing_codes_stay_single_and_more_become_a_range():
    own = (Category(1.0, "是", "yes"), Category(8.0, "不清楚", "don't know", "dont_know"))
    few = missing_codes(fields_of(coded([1, np.nan, np.nan], [0, 1, 3], categories=own), "zh").fields[0], "zh")
    assert few.codes == {"not_asked": -1.0, "dont_know": 8.0} and few.spans == ((-1, -1), (8, 8))
    assert few.labels == {-1.0: "未问到", 8.0: "不清楚"}
    values, kinds = [1, *[np.nan] * 5], [0, 1, 2, 3, 4, 5]
    many = missing_codes(fields_of(coded(values, kinds, categories=own), "zh").fields[0], "zh")
    assert many.spans == ((-7, -1), (8, 8)) and many.codes["refused"] == -5 and not many.moved
    two = (*own, Category(9.0, "拒绝", "refused", "refused"))
    moved = missing_codes(fields_of(coded(values, kinds, categories=two), "zh").fields[0], "zh")
    assert moved.moved and moved.codes["dont_know"] == -3 and moved.spans == ((-7, -1),)


def test_missing_codes_keep_clear_of_negative_answers():
    one = fields_of(coded([-5.0, np.nan], [0, 5]), "zh").fields[0]
    assert missing_codes(one, "zh").codes == {"refused": -15.0}
    huge = fields_of(coded([-1e300, np.nan], [0, 5]), "zh").fields[0]
    assert missing_codes(huge, "zh").codes == {}


def test_options_whose_code_had_to_go_are_named(tmp_path):
    own = tuple(Category(float(k), k, k, kind) for k, kind in ((7, "dont_know"), (8, "refused"), (9, "invalid")))
    own = tuple(Category(c.code, str(c.code), str(c.code), c.missing) for c in own)
    data = coded([1, *[np.nan] * 4], [0, 1, 3, 5, 6], categories=own)
    assert codes(save(data, tmp_path / "a.sav")) == ["N745"]
    frame, said = pyreadstat.read_sav(tmp_path / "a.sav", user_missing=True)
    assert frame["a"].tolist() == [1, -1, -3, -5, -6] and said.missing_ranges["a"] == [{"lo": -7.0, "hi": -1.0}]


def test_names_and_labels_too_long_are_told(tmp_path):
    data = pd.DataFrame([[1.0] * 7], columns=["a" * 70, "A", "a", "with", "2x", "含 空格", "x" * 40])
    data = attach(data, Codebook().with_variables([Variable("a", "number", "长" * 100, "long " * 100)]))
    for suffix, most in (("sav", 64), ("dta", 32)):
        notices = save(data, tmp_path / f"a.{suffix}")
        assert codes(notices) == ["N741", "N742"]
        read = pyreadstat.read_sav if suffix == "sav" else pyreadstat.read_dta
        frame, said = read(tmp_path / f"a.{suffix}")
        names = list(frame)
        assert len({name.casefold() for name in names}) == 7 or suffix == "dta"
        assert len(set(names)) == 7 and max(len(name.encode()) for name in names) <= most
        assert names[1] == "A" and names[5] == "含_空格" and names[4] == "v2x"
        label = next(text for text in said.column_names_to_labels.values() if text)
        assert label.endswith("…") and label.startswith("长长")


def test_value_labels_stata_cannot_hold_are_named(tmp_path):
    halves = coded([0.5, 1.0], [0, 0], categories=(Category(0.5, "半", "half"), Category(1.0, "全", "whole")))
    assert codes(save(halves, tmp_path / "a.dta")) == ["N744"]
    assert pyreadstat.read_dta(tmp_path / "a.dta")[1].variable_value_labels == {"a": {1: "全"}}
    assert save(halves, tmp_path / "a.sav") == ()
    words = coded(["x", "y"], [0, 0], categories=(Category("x", "甲", "A"), Category("y", "乙", "B")))
    assert codes(save(words, tmp_path / "w.dta")) == ["N744"]
    assert save(words, tmp_path / "w.sav") == ()
    assert pyreadstat.read_sav(tmp_path / "w.sav")[1].variable_value_labels == {"a": {"x": "甲", "y": "乙"}}


def test_kinds_of_missing_texts_and_endless_numbers_are_told(tmp_path):
    data = coded(["x", None], [0, 5])
    for suffix in ("sav", "dta"):
        assert codes(save(data, tmp_path / f"a.{suffix}")) == ["N743"]
    assert save(data, tmp_path / "a.csv") == ()
    assert (tmp_path / "a.csv").read_text("utf-8-sig").split() == ["a", "x", "(拒绝回答)"]
    assert codes(save(pd.DataFrame({"z": [1.0, np.inf]}), tmp_path / "z.sav")) == ["W748"]


def test_texts_too_long_are_told(tmp_path):
    data = pd.DataFrame({"t": ["长" * 33_000]})
    assert codes(save(data, tmp_path / "a.sav")) == ["W747"] == codes(save(data, tmp_path / "a.xlsx"))
    assert save(data, tmp_path / "a.csv") == () == save(data, tmp_path / "a.dta")
    assert len(pyreadstat.read_dta(tmp_path / "a.dta")[0]["t"][0]) == 33_000


def test_plain_frames_of_every_dtype(tmp_path):
    data = pd.DataFrame(
        {
            "whole": pd.array([1, None], dtype="Int64"),
            "flag": [True, False],
            "day": pd.to_datetime(["2026-03-01", None]),
            "moment": pd.to_datetime(["2026-03-01 12:30:15.250", None], format="mixed"),
            "word": pd.Categorical(["甲", None]),
            "mixed": pd.Series([1, "b"], dtype=object),
            "nothing": [None, None],
            "span": pd.to_timedelta([90, 60], unit="s"),
        }
    )
    for suffix in ("sav", "dta", "xlsx", "csv"):
        path = tmp_path / f"a.{suffix}"
        save(data, path)
        sheet = read_book(path).sheets[0]
        row = {sheet.text(0, k): sheet.text(1, k) for k in range(sheet.n_columns)}
        expected = {"whole": "1", "day": "2026-03-01", "word": "甲", "mixed": "1", "span": "90"}
        assert expected.items() <= row.items(), (suffix, row)
        assert row["flag"] == "1" and row["moment"].startswith("2026-03-01 12:30:15"), (suffix, row)


@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is an extra")
def test_parquet_holds_the_values(data, tmp_path):
    notices = save(data, tmp_path / "a.parquet")
    assert codes(notices) == ["N743"]
    again = pd.read_parquet(tmp_path / "a.parquet")
    assert list(again) == list(data)
    for name in data:
        same = again[name].astype(object).where(again[name].notna(), None).tolist()
        assert same == data[name].astype(object).where(data[name].notna(), None).tolist(), name


def test_without_pyarrow_parquet_is_refused_in_words(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError) as caught:
        save(pd.DataFrame({"a": [1]}), tmp_path / "a.parquet")
    assert codes(caught.value.problems) == ["E746"] and not list(tmp_path.iterdir())


def test_calls_that_make_no_sense(tmp_path):
    one = pd.DataFrame({"a": [1]})
    for call, code in (
        (lambda: save(one, tmp_path / "a.sas"), "E705"),
        (lambda: save(one, tmp_path / "a.sav", lang="fr"), "E707"),
        (lambda: save(pd.DataFrame(), tmp_path / "a.sav"), "E749"),
        (lambda: save(pd.concat([one, one], axis=1), tmp_path / "a.sav"), "E740"),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert codes(caught.value.problems) == [code]
    with pytest.raises(OutputError) as caught:
        save(one, tmp_path / "no" / "a.csv")
    assert codes(caught.value.problems) == ["E131"]


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s != ".parquet" or HAS_PYARROW])
def test_no_rows_are_a_file_all_the_same(data, tmp_path, suffix):
    save(data.iloc[:0], tmp_path / f"a{suffix}")
    assert (tmp_path / f"a{suffix}").stat().st_size > 0


@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is an extra")
def test_parquet_reads_back_with_our_own_reader(responses, data, asked, tmp_path):
    save(data, tmp_path / "a.parquet")
    again = read_responses(tmp_path / "a.parquet", asked)
    for name in responses.missing:
        same = again.frame[name].astype(object).where(again.frame[name].notna(), None).tolist()
        assert same == responses.frame[name].astype(object).where(responses.frame[name].notna(), None).tolist(), name
