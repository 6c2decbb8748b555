"""What a question sheet can hold reads back equal; what it cannot is refused by name; hand-typed sheets are read."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from random_instruments import instruments

from evalkit.contract.problems import InstrumentError
from evalkit.instrument import Instrument, from_question_sheet, load_instrument, shipped, to_question_sheet


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sheets")


def plain(instrument: Instrument) -> Instrument:
    """The same questions in Chinese: a sheet has one language, and ； parts its lists."""

    def zh(texts):
        return {lang: text for lang, text in texts.items() if lang == "zh"}

    lists = {
        name: tuple(replace(o, en="", alias=tuple(a for a in o.alias if "；" not in a)) for o in options)
        for name, options in instrument.choices.items()
    }
    blocks = tuple(
        replace(
            block,
            en="",
            hint=zh(block.hint),
            items=tuple(
                replace(i, en="", label=zh(i.label), hint=zh(i.hint), options=lists.get(i.choices, ()))
                for i in block.items
            ),
        )
        for block in instrument.blocks
    )
    title = {"zh": instrument.title["zh"]}
    scales = tuple(replace(s, en="") for s in instrument.scales)
    return replace(instrument, languages=("zh",), title=title, blocks=blocks, scales=scales, choices=lists)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=12)
@given(instruments())
def test_what_a_sheet_can_hold_reads_back_equal(folder, instrument):
    to_question_sheet(plain(instrument), folder / "sheet.xlsx")
    assert from_question_sheet(folder / "sheet.xlsx") == plain(instrument)
    assert load_instrument(folder / "sheet.xlsx") == plain(instrument)


def test_closed_choices_have_drop_downs(folder):
    to_question_sheet(plain(load_instrument("j-community-renovation")), folder / "drop.xlsx")
    sheet = openpyxl.load_workbook(folder / "drop.xlsx")["题目"]
    rules = {str(rule.sqref)[0]: rule for rule in sheet.data_validations.dataValidation}
    assert {"C", "D", "E", "F"} < set(rules)
    assert "单选题" in rules["C"].formula1 and rules["D"].formula1.startswith("选项表!$A$2")
    assert all(rule.type == "list" for rule in rules.values())


@pytest.mark.parametrize("id", shipped())
def test_every_shipped_questionnaire_fits_in_one_language(folder, id):
    instrument = plain(load_instrument(id))
    to_question_sheet(instrument, folder / f"{id}.xlsx")
    assert from_question_sheet(folder / f"{id}.xlsx") == instrument


@pytest.mark.parametrize("id", shipped())
def test_what_it_cannot_hold_is_refused_by_name(folder, id):
    instrument = load_instrument(id)
    with pytest.raises(InstrumentError) as caught:
        to_question_sheet(instrument, folder / "refused.xlsx")
    told = {(problem.params["where"], problem.params["key"]) for problem in caught.value.problems}
    assert {problem.code for problem in caught.value.problems} == {"E494"}
    assert (id, "en") in told
    assert {(scale.id, "en") for scale in instrument.scales if scale.en} <= told or len(instrument.languages) > 1
    assert not (folder / "refused.xlsx").exists()


def typed(folder, *rows):
    book = openpyxl.Workbook()
    book.active.append(["题号", "题目", "题型", "选项", "反向", "维度"])
    for row in rows:
        book.active.append(row)
    book.save(folder / "hand.xlsx")
    return folder / "hand.xlsx"


def test_a_sheet_typed_by_hand_is_read(folder):
    found = from_question_sheet(
        typed(
            folder,
            ["q1", "性别", "单选", "男\n女"],
            ["q2", "年龄", "整数", "16～100"],
            ["m", "请评价", "矩阵", "1=差；2=中；3=好"],
            ["m1", "及时", "矩阵行", None, None, "服务"],
            ["m2", "态度差", "矩阵行", None, "是", "服务"],
            ["q3", "意见", "填空"],
        )
    )
    assert [block.type for block in found.blocks] == ["single", "integer", "matrix", "text"]
    assert [(option.code, option.zh) for option in found.item("q1").options] == [(1, "男"), (2, "女")]
    assert (found.item("q2").min, found.item("q2").max) == (16, 100)
    assert (found.item("m1").codes, found.item("m1").reverse, found.item("m2").reverse) == ((1, 2, 3), False, True)
    (scale,) = found.scales
    assert (scale.id, scale.zh, scale.items) == ("scale1", "服务", ("m1", "m2"))


FURTHER = ["题号", "题目", "题型", "选项", "必答", "显示条件", "用途", "检查", "缺失值", "最多"]


def further(folder, *rows):
    book = openpyxl.Workbook()
    for row in (FURTHER, *rows):
        book.active.append(row)
    book.save(folder / "further.xlsx")
    return from_question_sheet(folder / "further.xlsx")


def test_further_columns_say_what_a_question_needs(folder):
    found = further(
        folder,
        ["q1", "去过吗", "单选", "1=是；0=否", "是", None, "筛选题"],
        ["m", "请评价", "矩阵", "1=差；2=中；3=好", "是", "q1 == 1"],
        ["m1", "及时", "矩阵行"],
        ["m2", "请选“中”", "矩阵行", None, None, None, None, "应答=2"],
        ["age", "年龄", "整数", "16～100", None, None, "background", None, "999=拒绝回答；998=不清楚"],
        ["n", "需要", "多选", "甲；乙；丙", None, None, None, None, None, 2],
    )
    assert (found.item("q1").required, found.item("q1").role) == (True, "screen")
    assert [str(found.item(id).ask_if) for id in ("m1", "m2")] == ["q1 == 1", "q1 == 1"]
    assert found.item("m1").required and found.item("m2").check == {"equals": 2}
    assert (found.item("age").role, found.item("age").missing) == ("background", {999: "refused", 998: "dont_know"})
    assert found.item("n").max_choices == 2


@pytest.mark.parametrize(
    ("column", "text", "code", "cell"),
    [(4, "也许", "E417", "E2"), (6, "背景", "E417", "G2"), (7, "应答", "E491", "H2"), (9, "两个", "E491", "J2"),
     (8, "999=忘了", "E491", "I2"), (5, "q1 ==", "E45", "F2")],
)  # fmt: skip
def test_a_fault_of_a_further_column_is_named_with_its_cell(folder, column, text, code, cell):
    row = ["q1", "甲", "填空", *[None] * 7]
    row[column] = text
    with pytest.raises(InstrumentError) as caught:
        further(folder, row)
    problem = caught.value.problems[0]
    assert problem.code.startswith(code) and problem.at.cell == cell


@pytest.mark.parametrize(
    ("rows", "code", "cell"),
    [
        ([["q1", "甲", "滑动条"]], "E483", "C2"),
        ([["q1", "甲", "填空"], ["q1", "乙", "填空"]], "E490", "A3"),
        ([[None, "甲", "填空"]], "E482", "A2"),
        ([["q1", "甲", "单选"]], "E482", "D2"),
        ([["q1", "甲", "单选", "nowhere"]], "E485", "D2"),
        ([["q1", "甲", "整数", "很多"]], "E491", "D2"),
        ([["m1", "甲", "矩阵行"]], "E489", "C2"),
        ([["m", "甲", "矩阵", "好；差"]], "E446", "A2"),
        ([["q__1", "甲", "填空"]], "E420", "A2"),
        ([["q1", "甲", "填空", None, "是"]], "E421", "A2"),
        ([["q1", "甲", "填空", None, None, "服务"]], "E449", None),
    ],
)
def test_a_fault_is_named_with_its_cell(folder, rows, code, cell):
    with pytest.raises(InstrumentError) as caught:
        from_question_sheet(typed(folder, *rows))
    problem = caught.value.problems[0]
    assert problem.code == code
    assert cell is None or problem.at.cell == cell
    assert "hand.xlsx" in str(caught.value)
