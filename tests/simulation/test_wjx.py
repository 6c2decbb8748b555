import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from evalkit.contract import MISSING_KINDS
from evalkit.ingest import read_responses
from evalkit.simulation import simulate, write_wjx

DIRTY = {
    "missing": {"no_answer": 0.08, "dont_know": 0.1, "spread": 0.2},
    "dirt": {"straight": 0.02, "duplicate": 0.02, "screened_out": 0.05, "screened_as": {"here": 0}},
}


def written(tmp_path, instrument, model, **how):
    made = simulate(instrument, model)
    path = tmp_path / "data.xlsx"
    write_wjx(made, instrument, path, **how)
    return made, path


def test_layout_by_text(small, model, tmp_path):
    made, path = written(tmp_path, small, model | DIRTY)
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert rows[0] == [
        "序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP",
        "1、您住在这里吗？", "2 您是否同意？—第一句。", "第二句。", "第三句。", "此题请选“一般”。",
        "3 用过以后，您是否同意？—好用。", "省事。", "4、您用过吗？", "5、哪些？", "6、年龄", "7、听谁的？（最多两人）",
    ]  # fmt: skip
    assert len(rows) == 1 + len(made.answers)
    column = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    assert set(column["来源"]) == {"模拟数据"} and column["序号"][:3] == (1, 2, 3)
    assert all(text.endswith("秒") and text[:-1].isdigit() for text in column["所用时间"])
    assert {"(空)", "(跳过)", "不清楚", "很同意"} <= set(column["第三句。"])
    assert any("┋其他〖别的〗" in text for text in column["5、哪些？"])
    assert all(isinstance(v, (int, str)) for v in column["6、年龄"])
    assert any("、" in text for text in column["7、听谁的？（最多两人）"])


def test_the_file_says_that_it_is_simulated(small, model, tmp_path):
    _, path = written(tmp_path, small, model)
    book = openpyxl.load_workbook(path, read_only=True)
    assert [sheet.title for sheet in book.worksheets] == ["模拟数据"]
    assert book.properties.title == "小问卷（模拟数据）"


def test_layout_by_index(small, model, tmp_path):
    made, path = written(tmp_path, small, model | DIRTY, by="index")
    rows = list(openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True))
    head = list(rows[0])
    assert head[14:19] == ["5. 哪些？(甲)", "5(乙)", "5(丙)", "5(其他)", "5(没有)"]
    here = [row[6] for row in rows[1:]]
    assert set(here) == {1, 2}  # the second option has code 0
    third = [row[9] for row in rows[1:]]
    assert {-2, -3, 6} <= set(third)  # 6: "don't know", the sixth option
    assert [row[14] for row in rows[1:] if row[14] in (0, 1)] == made.answers["what__a"].dropna().astype(int).to_list()


def test_same_answers_same_bytes(small, model, tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    _, one = written(tmp_path / "a", small, model)
    _, two = written(tmp_path / "b", small, model)
    assert one.read_bytes() == two.read_bytes()
    assert {entry.date_time[0] for entry in zipfile.ZipFile(one).infolist()} == {1980}


def test_texts_are_never_formulas(small, model, tmp_path):
    model["variables"][-1]["texts"] = ["=1+1", "@x", "_x000D_", "#N/A"]
    made, path = written(tmp_path, small, model)
    cells = [row[-1] for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(min_row=2)]
    assert all(cell.data_type == "s" for cell in cells)
    read = read_responses(path, small)
    assert_same(read, made)


def assert_same(read, made, fills=True):
    """What was read is what was simulated: codes, texts and missing kinds."""
    wanted = made.answers if fills else made.answers.drop(columns=made.answers.filter(regex="__text$"))
    assert set(made.missing) == set(read.missing)
    for name in wanted:
        ours, theirs = wanted[name].to_numpy(), read.frame[name].to_numpy()
        same = (pd.isna(ours) & pd.isna(theirs)) | (ours == theirs)
        assert same.all(), (name, np.flatnonzero(~same)[:3], ours[~same][:3], theirs[~same][:3])
    for name in made.missing:
        ours, theirs = made.missing[name].to_numpy(), read.missing[name].to_numpy()
        assert (ours == theirs).all(), (
            name,
            [MISSING_KINDS[k] for k in {*ours[ours != theirs], *theirs[ours != theirs]}],
        )
    assert not read.unmapped and len(read.rejected) == 0
    assert list(read.frame["respondent_id"]) == list(made.meta["respondent_id"])
    assert (read.frame["duration_s"].to_numpy() == made.meta["duration_s"].to_numpy()).all()
    assert (read.frame["submitted_at"].to_numpy() == made.meta["submitted_at"].to_numpy()).all()
    assert set(read.private) >= {"ip", "nickname"}


@pytest.mark.parametrize("by", ["text", "index"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_simulated_is_read_back(small, model, tmp_path, by, lang):
    made, path = written(tmp_path, small, model | DIRTY, by=by, lang=lang)
    read = read_responses(path, small)
    assert read.dialect == f"wjx_{by}"
    assert_same(read, made)


@pytest.mark.parametrize("by", ["text", "index"])
@pytest.mark.parametrize("study", ["j-community-renovation", "elevator-coproduction"])
def test_the_studies_are_read_back(shipped_study, tmp_path, study, by):
    instrument, model, _ = shipped_study(study)
    made = simulate(instrument, model, n=150)
    write_wjx(made, instrument, tmp_path / "data.xlsx", by=by)
    read = read_responses(tmp_path / "data.xlsx", instrument, form="R")
    assert read.dialect == f"wjx_{by}"
    assert_same(read, made)
