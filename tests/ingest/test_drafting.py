"""What can be seen in a stranger's file: types, options, order, scales, reverse items; drafts that load at once."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.ingest.draft import draft
from evalkit.ingest.draft.likert import known_set, ladder, numbered
from evalkit.ingest.draft.options import options_from
from evalkit.ingest.draft.scales import cut_run, keying
from evalkit.instrument import parse_instrument

DATA = Path(__file__).parent.parent / "data"
GOLDEN = Path(__file__).parent.parent / "golden"
META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
REVERSED = {"SV4", "CW3", "SAT4", "PAR2", "PAR5"}
AGREE = ["非常不同意", "比较不同意", "一般", "比较同意", "非常同意"]


def reloaded(path):
    """The draft, checked to load, and the file read with it."""
    drafted = draft(path)
    instrument = parse_instrument(drafted.instrument_text, drafted.instrument_name)
    assert instrument == drafted.instrument
    plan = tomllib.loads(drafted.plan_text)
    assert plan["instrument"] == "./" + drafted.instrument_name and plan["data"]["file"] == path.name
    known = {item.id for item in instrument.items} | {scale.id for scale in instrument.scales}
    for step in plan.get("step", []):
        named = step.get("items") or step.get("variables")
        assert set([named] if isinstance(named, str) else named) <= known
    return drafted, read_responses(path, instrument)


@pytest.mark.parametrize(("name", "mapped"), [("800_800_0.xls", 8), ("800_800_2.xls", 30)])
def test_a_real_export_drafts_and_loads_whole(name, mapped):
    drafted, found = reloaded(DATA / "wjx" / name)
    assert drafted.n_rows == 800 == len(found.frame)
    assert found.counts()["mapped"] == mapped and found.counts()["unmapped"] == 0
    assert not [p for p in (*found.problems, *drafted.problems) if p.severity != "note"]
    assert not (found.missing == 6).to_numpy().any()
    types = [item.type for item in drafted.instrument.items]
    assert types == ["single"] * 5 + ["multi", "single", "multi"]


def test_the_order_inside_answers_gives_back_the_questionnaires_order():
    drafted = draft(DATA / "wjx" / "800_800_0.xls")
    by_index = draft(DATA / "wjx" / "800_800_2.xls")
    for question in ("q6", "q8"):
        texts = [option.zh for option in drafted.instrument.item(question).options]
        assert texts == [option.zh for option in by_index.instrument.item(question).options]
    prices = [option.zh for option in drafted.instrument.item("q2").options]
    assert prices[:8] == [
        "0-799元",
        "800-999元",
        "1000-1499元",
        "1500-1999元",
        "2000-2499元",
        "2500-2999元",
        "3000-3499元",
        "3500元及以上",
    ]
    assert drafted.instrument.item("q2").options[-1].fill


def test_scales_and_reverse_items_of_the_reference_survey():
    drafted, found = reloaded(GOLDEN / "residents.csv")
    assert [scale.id for scale in drafted.instrument.scales] == ["ob", "oe", "mo", "sv", "cw", "cc", "sat", "par"]
    assert {item.id for item in drafted.instrument.items if item.reverse} == REVERSED
    assert len(found.frame) == 1200 and "# " in drafted.instrument_text
    assert "item-rest" in drafted.comments["sat"] and "相关" in drafted.comments["sat"]


def test_scales_are_found_without_telling_names(residents, scale_items, tmp_path):
    """The same answers under meaningless headers: only the correlations speak."""
    items = [item for one in scale_items.values() for item in one]
    table = residents[items].rename(
        columns={item: f"Q{chr(65 + k % 26)}{chr(65 + k // 26)}x" for k, item in enumerate(items)}
    )
    path = tmp_path / "answers.csv"
    table.to_csv(path, index=False)
    drafted = draft(path)
    sizes = [len(scale.items) for scale in drafted.instrument.scales]
    assert sizes == [len(one) for one in scale_items.values()]
    assert {items[k] for k, item in enumerate(drafted.instrument.items) if item.reverse} == REVERSED


def test_a_run_of_items_that_are_all_alike_stays_whole():
    rng = np.random.default_rng(4)
    factor = rng.standard_normal(400)
    table = factor[:, None] * 0.7 + rng.standard_normal((400, 10)) * 0.7
    assert cut_run(np.abs(np.corrcoef(table, rowvar=False))) == [(0, 10)]


def test_two_correlated_constructs_are_cut_apart():
    rng = np.random.default_rng(5)
    one = rng.standard_normal(600)
    two = 0.5 * one + np.sqrt(0.75) * rng.standard_normal(600)
    table = np.column_stack([f[:, None] * 0.8 + rng.standard_normal((600, 5)) * 0.6 for f in (one, two)])
    assert cut_run(np.abs(np.corrcoef(table, rowvar=False))) == [(0, 5), (5, 10)]


def test_keying_follows_the_majority():
    r = np.array([[1.0, 0.5, -0.4], [0.5, 1.0, -0.5], [-0.4, -0.5, 1.0]])
    assert keying(r).tolist() == [1, 1, -1]


def test_known_sets_and_amounts_and_ladders():
    assert known_set(["比较同意", "一般"]).texts == tuple(AGREE)
    assert known_set(["Agree", "strongly disagree"]).texts[0] == "Strongly disagree"
    assert known_set(["经常", "从不", "较多"]).texts == ("从不", "很少", "有时", "较多", "经常")
    assert known_set(["红", "绿"]) is None and known_set(["一般"]) is None
    assert not known_set(["是", "否"]).scale
    ranges = ["15000元以上", "3000元以下", "3000-5000元", "5001-8000元", "1万-1.2万元"]
    assert sorted(ranges, key=numbered) == [ranges[1], ranges[2], ranges[3], ranges[4], ranges[0]]
    assert ladder(["本科", "小学及以下", "高中/中专", "初中"]) == ["小学及以下", "初中", "高中/中专", "本科"]
    assert ladder(["本科", "红"]) is None


def test_option_lists_add_what_nobody_chose_and_mark_what_is_no_answer():
    found = options_from({"比较同意": 5, "一般": 3, "非常不同意": 1, "不清楚": 2})
    assert [option.zh for option in found.options] == [*AGREE, "不清楚"] and found.ordered
    assert found.options[-1].missing == "dont_know" and found.options[0].code == 1
    assert "比较不同意" in found.evidence.text("zh") and "非常同意" in found.evidence.text("en")


def test_frequency_is_the_last_resort_and_other_stands_last():
    found = options_from({"其他〖甲〗": 9, "红": 2, "蓝": 5})
    assert [(option.zh, option.fill) for option in found.options] == [("蓝", False), ("红", False), ("其他", True)]
    assert found.guessed and not found.ordered


def test_an_option_that_stands_alone_is_exclusive():
    drafted = options_from({"停车": 3, "电梯": 3, "以上都没有": 2}, [["停车", "电梯"], ["以上都没有"], ["电梯"]])
    assert [(option.zh, option.exclusive) for option in drafted.options] == [
        ("停车", False),
        ("电梯", False),
        ("以上都没有", True),
    ]


def wjx(rows, header):
    return [[*META, *header], *([k, None, "60秒", None, None, None, *row] for k, row in enumerate(rows, 1))]


def test_an_export_by_text_with_every_kind_of_question(workbook):
    header = [
        "1、您的性别", "2、您的看法—服务及时", "态度友好", "收费合理", "3、请在本题选择“一般”", "4、您需要什么",
        "5、请排序", "6、您的年龄", "7、入住日期", "8、您的手机号", "9、您的建议", "10、费用",
    ]  # fmt: skip
    rng = np.random.default_rng(2)
    rows = []
    for k in range(60):
        level = rng.integers(0, 5)
        alike = [AGREE[int(np.clip(level + rng.integers(-1, 2), 0, 4))] for _ in range(2)]
        needs, order = "停车┋电梯" if k % 3 else "电梯┋绿化", "甲→乙" if k % 4 else "乙→甲"
        open_answers = [str(20 + k), f"2020/{k % 12 + 1}/1", f"138{k:08}", f"建议{k}", 1.5 * k]
        rows.append(
            ["男" if k % 2 else "女", *alike, AGREE[4 - level], AGREE[2 + (k == 0)], needs, order, *open_answers]
        )
    drafted, found = reloaded(workbook(wjx(rows, header)))
    instrument = drafted.instrument
    assert [block.type for block in instrument.blocks] == [
        "single", "matrix", "single", "multi", "rank", "integer", "date", "text", "text", "decimal",
    ]  # fmt: skip
    assert [option.zh for option in instrument.item("q2_1").options] == AGREE
    assert instrument.item("q3").check == {"equals": 3} and instrument.item("q8").private
    assert [option.zh for option in instrument.item("q4").options] == ["停车", "电梯", "绿化"]
    assert instrument.item("q1").role == "background" and instrument.scales[0].items == ("q2_1", "q2_2", "q2_3")
    assert [item.id for item in instrument.items if item.reverse] == ["q2_3"]
    assert "q8" in found.private and not (found.missing == 6).to_numpy().any()
    said = " ".join(say(problem, "zh") for problem in drafted.problems) + drafted.instrument_text + drafted.plan_text
    assert "13800000001" not in said


def test_an_export_by_index_names_options_by_number(workbook):
    header = ["1、您的性别", "2. 您需要什么(停车)", "2(电梯)", "2(其他)", "3. 请排序(甲)", "3(乙)", "4、小区"]
    rows = [[1 + k % 2, k % 2, 1, "1〖长椅〗" if k % 5 == 0 else 0, 1 + k % 2, 2 - k % 2, "甲小区"] for k in range(30)]
    drafted, found = reloaded(workbook(wjx(rows, header), "1_按序号_x.xlsx"))
    instrument = drafted.instrument
    assert [block.type for block in instrument.blocks] == ["single", "multi", "rank", "text"]
    assert [option.zh for option in instrument.item("q1").options] == ["选项1", "选项2"]
    assert instrument.item("q2").options[2].fill and found.frame["q2__3__text"].notna().sum() == 6
    assert "N350" in [problem.code for problem in drafted.problems] and not found.problems


def test_neighbouring_columns_of_0_and_1_make_one_question(workbook):
    header = ["年龄", "需求_停车", "需求_电梯", "需求_绿化", "满意度"]
    rows = [[20 + k, k % 2, int(k % 3 == 0), 1, AGREE[k % 5].replace("同意", "满意")] for k in range(30)]
    rows = [[*row[:4], row[4].replace("比较不满意", "不太满意")] for row in rows]
    drafted, found = reloaded(workbook([header, *rows]))
    assert [block.type for block in drafted.instrument.blocks] == ["integer", "multi", "single"]
    assert [option.zh for option in drafted.instrument.item("q2").options] == ["停车", "电梯", "绿化"]
    assert found.frame["q2__3"].sum() == 30 and drafted.instrument.item("q3").measure == "ordinal"


def test_an_english_file_drafts_in_english(workbook):
    words = ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]
    rows = [[words[k % 5], words[(k + 1) % 5], "Yes" if k % 2 else "No"] for k in range(40)]
    drafted, found = reloaded(workbook([["The service is fast", "The staff is kind", "Do you live here?"], *rows]))
    assert drafted.instrument.languages == ("en",)
    assert [option.en for option in drafted.instrument.items[0].options] == words
    assert len(found.frame) == 40 and not found.problems


def test_a_file_of_one_text_column_still_drafts(workbook):
    drafted, found = reloaded(workbook([["意见"], *([f"第{k}条完全不同的意见"] for k in range(12))]))
    assert [item.type for item in drafted.instrument.items] == ["text"] and len(found.frame) == 12


def test_comments_stand_in_the_wanted_language_first(workbook):
    path = workbook([["性别"], ["男"], ["女"], ["男"], ["女"]])
    zh, en = draft(path, lang="zh"), draft(path, lang="en")
    assert zh.comments[""].startswith("由") and en.comments[""].startswith("Drafted")
    assert zh.instrument == en.instrument


def test_without_an_instrument_ids_come_from_the_headers_and_numbers_stay_numbers(workbook):
    found = read_responses(workbook([["SAT1", "满意度"], [5, 3], [4, 2], [3, 3], [2, 1]]))
    assert list(found.frame.columns) == ["SAT1", "c2"]
    assert found.instrument.item("SAT1").type == "integer"
    pd.testing.assert_series_equal(found.frame["SAT1"], pd.Series([5.0, 4, 3, 2], index=found.frame.index, name="SAT1"))
