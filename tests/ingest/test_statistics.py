"""SPSS and Stata files: what R read from them, twins of both, and files that are damaged or odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same

from evalkit.contract import MISSING_KINDS, InputError
from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import DATE, NUMBER, TEXT, read_book

DATA = Path(__file__).parent.parent / "data"
SAV, DTA = DATA / "residents_first600.sav", DATA / "residents_first600.dta"


@pytest.fixture(scope="module")
def sav():
    return read_responses(SAV)


@pytest.mark.parametrize("path", [SAV, DTA], ids=["sav", "dta"])
def test_a_file_reads_as_in_r(golden, path):
    found = read_responses(path)
    frame = found.frame
    assert found.dialect == "statistics"
    assert list(frame.shape) == golden("ingestion", f"{path.name}.dim").estimate
    assert list(frame) == golden("ingestion", f"{path.name}.names").estimate
    missing = golden("ingestion", f"{path.name}.missing").estimate
    assert {name: int(frame[name].isna().sum()) for name in frame} == missing
    means = golden("ingestion", f"{path.name}.numeric_means")
    for name in means.fields:
        assert frame[name].mean() == means.approx(name), name
    numeric = {name for name in frame if frame[name].dtype.kind == "f"}
    assert numeric == set(means.estimate)


def test_labels_and_missing_values_read_as_in_r(golden, sav):
    labels = golden("ingestion", "sav.variable_labels").estimate
    said = {name: sav.instrument.item(name).text("zh") for name in sav.frame}
    assert said == {name: label or name for name, label in labels.items()}
    for name in ("OB1", "gender"):
        options = {option.zh: option.code for option in sav.instrument.item(name).options}
        assert options == golden("ingestion", f"sav.value_labels_{name}").estimate
    counts = {
        name: int((sav.missing[name] == 2).sum()) for name in sav.frame if name[-1].isdigit() and name[0].isupper()
    }
    assert counts == golden("ingestion", "sav.user_missing_99_counts").estimate
    assert (
        sav.instrument.item("OB1").measure == "number" and sav.instrument.item("OB1").options[5].missing == "no_answer"
    )
    items = sav.frame[["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"]].assign(SAT4=6 - sav.frame["SAT4"])
    cov = items.cov().to_numpy()
    assert 5 / 4 * (1 - np.trace(cov) / cov.sum()) == golden("ingestion", "sav.alpha_SAT").approx()


def test_every_cell_keeps_its_value_and_address(sav):
    sheet = read_book(SAV).sheets[0]
    column = next(c for c in sheet.columns if c.distinct[1] == "OB1")
    assert column.described.missing == {"99"} and column.described.values["99"] == "未回答"
    assert (column.numbers() == 99).sum() == 15 and np.isnan(column.numbers()).sum() == 1
    row = int(np.flatnonzero(sav.missing["OB1"] == 2)[0]) + 1
    assert sav.where(row, "OB1").cell == f"{column.letter}{row + 1}"


def table(village, answers, *, by_label: bool = True) -> tuple[pd.DataFrame, dict, dict]:
    """Answers as variables with names of their own: data, variable labels, value labels."""
    data, labels, values = {}, {}, {}
    for k, item in enumerate(village.items, 1):
        if item.type in ("multi", "rank"):
            for option in item.options:
                name = f"{item.id}__{option.code}"
                given = [a[item.id] for a in answers]
                data[name] = [
                    np.nan
                    if g is None
                    else float(option.code in g)
                    if item.type == "multi"
                    else g.index(option.code) + 1.0
                    for g in given
                ]
            continue
        name = f"v{k:02}"
        label = f"{next(b.zh for b in village.blocks if item in b.items)}—{item.zh}" if item.matrix else item.zh
        labels[name] = label
        if item.options or item.type == "integer":
            data[name] = [np.nan if a[item.id] is None else float(a[item.id]) for a in answers]
            values[name] = {float(o.code): o.zh for o in item.options} if by_label else {}
        elif item.type == "date":
            data[name] = pd.to_datetime([a[item.id] for a in answers])
        else:
            data[name] = ["" if a[item.id] is None else a[item.id] for a in answers]
    return pd.DataFrame(data), labels, {k: v for k, v in values.items() if v}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), form=st.sampled_from(["sav", "dta"]), by_label=st.booleans())
def test_what_was_written_is_read(tmp_path, village, seed, form, by_label):
    answers = invented(village, seed)
    data, labels, values = table(village, answers, by_label=by_label)
    path = tmp_path / f"a.{form}"
    if form == "sav":
        pyreadstat.write_sav(data, str(path), column_labels=labels, variable_value_labels=values)
    else:
        values = {name: {int(code): text for code, text in one.items()} for name, one in values.items()}
        pyreadstat.write_dta(data, str(path), column_labels=labels, variable_value_labels=values, version=14)
    found = read_responses(path, village)
    assert found.dialect == "statistics" and found.unmapped == ()
    assert "N320" not in {p.code for p in found.problems}
    without = ["need"] if not any(a["need_text"] for a in answers) else []
    for one in answers:
        one["need_text"] = None
    same(found, answers, without=without)
    assert not [p for p in found.problems if p.code[0] in "EW" and p.code != "W309"], found.problems


def test_user_missing_values_keep_their_kind(tmp_path, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "是"}, {code = 2, zh = "否"}, {code = 8, zh = "弃权", missing = "refused"}]
[[items]]
id = "a"
type = "single"
choices = "c"
zh = "第一问"
[[items]]
id = "age"
type = "integer"
missing = {999 = "refused"}
zh = "年龄"
[[items]]
id = "t"
type = "text"
zh = "建议"
""")
    data = pd.DataFrame(
        {"a": [1.0, 8, 97, 98, 99, np.nan], "age": [30.0, 999, 998, 31, 32, 33], "t": ["x", "NR", "y", "", "z", "w"]}
    )
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        data,
        str(path),
        variable_value_labels={"a": {1: "是", 2: "否", 97: "拒答", 98: "不知道", 99: "不适用"}},
        missing_ranges={"a": [8, {"lo": 97, "hi": 99}], "age": [{"lo": 998, "hi": 999}], "t": ["NR"]},
    )
    found = read_responses(path, asked)
    told = [[MISSING_KINDS[k] for k in found.missing[name]] for name in ("a", "age", "t")]
    assert told[0] == ["answered", "refused", "refused", "dont_know", "not_applicable", "no_answer"]
    assert told[1] == ["answered", "refused", "no_answer", *["answered"] * 3]
    assert told[2] == ["answered", "no_answer", "answered", "no_answer", "answered", "answered"]
    assert not [p for p in found.problems if p.code[0] == "E"]


def test_letters_of_stata_are_missing_values(tmp_path):
    data = pd.DataFrame({"a": [1.0, 2.0, "c", np.nan], "b": ["a", "c", "", "x"]})
    path = tmp_path / "a.dta"
    pyreadstat.write_dta(
        data, str(path), missing_user_values={"a": ["c"]}, variable_value_labels={"a": {1: "是", 2: "否", "c": "拒答"}}
    )
    sheet = read_book(path).sheets[0]
    assert sheet.columns[0].described.missing == {".c"} and sheet.cell(3, 0).text == ".c"
    found = read_responses(path)
    assert found.missing["a"].tolist() == [0, 0, 5, 2] and found.frame["a"].tolist()[:2] == [1, 2]
    assert found.frame["b"].tolist()[:2] == ["a", "c"]
    assert [option.zh for option in found.instrument.item("a").options] == ["是", "否"]


def test_value_labels_win_over_other_codes(tmp_path, village):
    path = tmp_path / "a.sav"
    data = pd.DataFrame({"used": [1.0, 2.0, 1.0]})
    pyreadstat.write_sav(data, str(path), variable_value_labels={"used": {1: "否", 2: "是"}})
    found = read_responses(path, village)
    assert found.frame["used"].tolist() == [0, 1, 0]
    (note,) = [p for p in found.problems if p.code == "N321"]
    assert note.at.cell == "A1" and note.params["item"] == "used"


def test_kinds_of_cells(tmp_path):
    path = tmp_path / "a.sav"
    data = pd.DataFrame(
        {"n": [1.5, np.nan], "d": pd.to_datetime(["2020-01-02 00:00", "2020-01-03 10:00"]), "s": ["甲", " "]}
    )
    pyreadstat.write_sav(data, str(path))
    book = read_book(path)
    assert book.format == "sav" and book.sheets[0].name == "a"
    n, d, s = book.sheets[0].columns
    assert n.kinds.tolist() == [TEXT, NUMBER, 0] and d.kinds.tolist() == [TEXT, DATE, DATE]
    assert d.distinct[2:] == ("2020-01-02", "2020-01-03 10:00:00") and s.distinct == ("", "s", "甲")


def test_ends_of_a_scale_may_be_all_that_is_labelled(tmp_path):
    path = tmp_path / "a.sav"
    data = pd.DataFrame({"a": [1.0, 4.0, 7.0, 7.0], "income": [0.0, 12000.0, 5.5, 3.0]})
    pyreadstat.write_sav(
        data, str(path), variable_value_labels={"a": {1: "很差", 7: "很好"}, "income": {0: "无收入"}},
        variable_measure={"a": "ordinal", "income": "scale"},
    )  # fmt: skip
    found = read_responses(path)
    options = found.instrument.item("a").options
    assert [(o.code, o.zh) for o in options] == [(1, "很差"), (4, "4"), (7, "很好")]
    assert found.instrument.item("a").measure == "ordinal"
    assert found.instrument.item("income").type == "decimal" and found.frame["income"].tolist() == [0, 12000, 5.5, 3]


def test_a_draft_takes_options_from_the_file():
    found = draft(SAV)
    assert [option.zh for option in found.instrument.item("gender").options] == ["男", "女"]
    assert "值标签" in found.instrument_text and found.n_rows == 600


def test_the_detector_says_why():
    guess, second = guesses(read_book(SAV).sheets[0], SAV.name)[:2]
    assert guess.name == "statistics" and guess.score == 1 and second.score < 0.5
    assert "user-missing: 34" in guess.reasons


@pytest.mark.parametrize("path", [SAV, DTA], ids=["sav", "dta"])
@pytest.mark.parametrize("keep", [12, 300, 0.7])
def test_a_cut_file_is_told_in_words(tmp_path, path, keep):
    whole = path.read_bytes()
    (tmp_path / path.name).write_bytes(whole[: keep if keep > 1 else int(keep * len(whole))])
    with pytest.raises(InputError) as caught:
        read_responses(tmp_path / path.name)
    assert caught.value.problems[0].code == "E108"


def test_random_bytes_behind_a_right_beginning_do_no_harm(tmp_path):
    rng = np.random.default_rng(5)
    for k, path in enumerate([SAV, DTA] * 5):
        content = bytearray(path.read_bytes())
        for at in rng.integers(4, 3000, 25):
            content[at] = rng.integers(256)
        target = tmp_path / f"{k}{path.suffix}"
        target.write_bytes(content)
        try:
            book = read_book(target)
        except InputError as fault:
            assert fault.problems[0].code in ("E104", "E108", "E109", "E110", "E112", "E115", "E118")
        else:
            assert all(sheet.n_columns for sheet in book.sheets)


def test_an_encoding_that_is_none_or_does_not_fit(tmp_path):
    with pytest.raises(InputError) as caught:
        read_book(SAV, encoding="no-such")
    assert caught.value.problems[0].code == "E114"
    with pytest.raises(InputError) as caught:
        read_book(SAV, sheet="other")
    assert caught.value.problems[0].code == "E111"


def test_chinese_labels_in_an_undeclared_encoding(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"a": [1.0, 2.0]}), str(path), column_labels={"a": "性别"})
    content = path.read_bytes()
    assert "性别".encode() in content
    path.write_bytes(content.replace("性别".encode(), "您性别".encode("gb18030")))
    book = read_book(path)
    assert book.sheets[0].columns[0].described.label == "您性别"
    assert [p.code for p in book.problems] == ["N121"]
    assert read_book(path, encoding="gb18030").sheets[0].columns[0].described.label == "您性别"
    with pytest.raises(InputError) as caught:
        read_book(path, encoding="utf-8")
    assert caught.value.problems[0].code in ("E108", "E115")


def test_a_platforms_columns_do_not_make_it_that_platforms_export(tmp_path, village):
    path = tmp_path / "a.sav"
    names = ["StartDate", "EndDate", "Status", "Progress", "Finished", "ResponseId"]
    data = pd.DataFrame({**{name: [1.0, 2.0] for name in names}, "used": [1.0, 0.0]})
    pyreadstat.write_sav(data, str(path), column_labels={"used": "您去过互助站吗？"})
    found = read_responses(path, village)
    assert found.dialect == "statistics" and found.frame["used"].tolist() == [1, 0]


def wide(form: str, columns: int) -> bytes:
    """The beginning of a file that declares so many variables."""
    if form == "dta":
        head = b"<stata_dta><header><release>119</release><byteorder>LSF</byteorder><K>"
        return head + columns.to_bytes(4, "little") + b"</K>"
    head = b"$FL2@(#)".ljust(64) + (2).to_bytes(4, "little") + bytes(108)
    variable = b"".join(v.to_bytes(4, "little", signed=True) for v in (2, 0, 1, -2, 5, 5)) + b"V       "
    return head + (variable + (3).to_bytes(4, "little") + b"abc " + bytes(16)) * columns


@pytest.mark.parametrize("form", ["sav", "dta"])
def test_more_variables_than_a_sheet_has_columns_are_refused_before_they_are_read(tmp_path, form):
    for columns, code in ((16_385, "E118"), (40_000, "E118"), (16_384, "E108")):
        (tmp_path / f"a.{form}").write_bytes(wide(form, columns))
        with pytest.raises(InputError) as caught:
            read_book(tmp_path / f"a.{form}")
        assert caught.value.problems[0].code == code, columns


def test_numbers_that_lost_digits_and_texts_alike_are_told_apart(tmp_path):
    path = tmp_path / "a.sav"
    data = pd.DataFrame({"a": ["a", " ", "  ", "", "x", "a"], "n": [2.0**60, 7, -0.0, 0.0, np.nan, np.nan]})
    pyreadstat.write_sav(data, str(path))
    sheet = read_book(path).sheets[0]
    assert sheet.columns[0].distinct == ("", "a", "x") and sheet.columns[0].index.tolist() == [1, 1, 0, 0, 0, 2, 1]
    assert sheet.imprecise == {(2, 2)} and [(p.code, p.at.cell) for p in sheet.problems] == [("E201", "B2")]
    assert sheet.columns[1].distinct[3:] == ("7", "0") and sheet.n_rows == 7
