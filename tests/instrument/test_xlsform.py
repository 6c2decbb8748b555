"""An XLSForm reads back equal, field servers take it, and forms of others are read or refused with sheet and row."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from random_instruments import instruments

from evalkit.contract.problems import InstrumentError
from evalkit.instrument import Option, from_xlsform, load_instrument, shipped, to_xlsform


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("forms")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=15)
@given(instruments())
def test_an_export_reads_back_equal(folder, instrument):
    to_xlsform(instrument, folder / "form.xlsx")
    found = from_xlsform(folder / "form.xlsx")
    assert found == instrument
    assert [problem for problem in found.problems if problem.code != "W448"] == []


@pytest.mark.parametrize("id", shipped())
def test_field_servers_take_every_shipped_form_without_a_warning(folder, id):
    from pyxform.xls2xform import convert

    instrument = load_instrument(id)
    path = folder / f"{id}.xlsx"
    to_xlsform(instrument, path)
    assert from_xlsform(path) == instrument
    warnings: list[str] = []
    made = convert(str(path), warnings=warnings)
    assert warnings == []
    assert "evalkit" not in made.xform
    assert all(f'nodeset="/data/{item.id}"' in made.xform for item in instrument.items if item.matrix is None)
    assert all(f"/{item.matrix}/{item.id}" in made.xform for item in instrument.items if item.matrix)


def test_the_same_instrument_gives_the_same_bytes(folder):
    instrument = load_instrument(shipped()[0])
    for name in ("one.xlsx", "two.xlsx"):
        to_xlsform(instrument, folder / name)
    assert (folder / "one.xlsx").read_bytes() == (folder / "two.xlsx").read_bytes()


def edited(folder, change):
    to_xlsform(load_instrument("j-community-renovation"), folder / "edited.xlsx")
    book = openpyxl.load_workbook(folder / "edited.xlsx")
    rows = {row[1].value: row[0].row for row in book["survey"].iter_rows() if row[1].value}
    columns = {cell.value: cell.column for cell in book["survey"][1]}
    change(book["survey"], rows, columns)
    book.save(folder / "edited.xlsx")
    return from_xlsform(folder / "edited.xlsx")


def test_what_was_edited_in_the_form_counts_and_not_what_evalkit_had_noted(folder):
    def change(sheet, rows, columns):
        sheet.cell(rows["j_need"], columns["relevant"]).value = "${j_screen} != 0 or selected(${j_mode}, '2')"
        sheet.cell(rows["j_age"], columns["constraint"]).value = ". > 17 and . <= 99"

    found = edited(folder, change)
    assert str(found.item("j_need").ask_if) == "j_screen != 0 or j_mode == 2"
    assert (found.item("j_age").min, found.item("j_age").max) == (18, 99)


def test_a_fault_in_an_edited_form_names_the_cell(folder):
    def change(sheet, rows, columns):
        sheet.cell(rows["J_PG2"], columns["label::English (en)"]).value = None

    with pytest.raises(InstrumentError) as caught:
        edited(folder, change)
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.sheet) == ("E422", "survey")
    sheet = openpyxl.load_workbook(folder / "edited.xlsx")["survey"]
    assert sheet[problem.at.cell].value == "J_PG2"


def form(folder, survey, choices=(), settings=None):
    """A workbook as a person types it."""
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in survey:
        book.active.append(row)
    for name, rows in (("choices", choices), ("settings", settings or ())):
        if rows:
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
    book.save(folder / "theirs.xlsx")
    return folder / "theirs.xlsx"


YES_NO = [["list name", "name", "label"], ["yn", 1, "是"], ["yn", 0, "否"]]


def test_a_plain_form_of_others_is_read(folder):
    survey = [
        ["type", "name", "label::中文 (zh)", "label:English", "hint::中文 (zh)", "hint:English", "relevant", "required",
         "constraint", "appearance"],
        ["start", "start"],
        ["begin group", "first", "一、基本情况", "1. About you"],
        ["select_one yn", "used", "用过吗？", "Used it?", None, None, None, "yes"],
        ["select_multiple src or_other", "how", "从哪里知道？", "How?", None, None, "${used} = 1"],
        ["select_multiple src", "which", "哪一个？", "Which?", None, None, None, None,
         "count-selected(.) <= 2 and not(selected(., 'none') and count-selected(.) > 1)"],
        ["int", "age", "年龄", "Age", "周岁", "in years", "${used}='1' and not(selected(${how},'tv'))", None,
         "(. >= 16 and . <= 100)"],
        ["end group"],
        ["begin_group", "sat", "请评价", "Please rate", None, None, "${age} != ''", None, None, "table-list"],
        ["select_one yn", "sat1", "及时", "In time"],
        ["select_one yn", "sat2", "态度好", "Polite", None, None, "${age} > 20"],
        ["end_group"],
        ["range", "score", "打分", "Score"],
        ["image", "photo", "照片", "Photo"],
    ]  # fmt: skip
    survey[0].append("parameters")
    survey[-2] += [None] * 6 + ["start=0 end=10 step=1"]
    choices = [
        ["list_name", "name", "label::中文 (zh)", "label::English"],
        ["yn", 1, "是", "Yes"],
        ["yn", 0, "否", "No"],
        ["src", "tv", "电视", "TV"],
        ["src", "none", "没有", "None"],
    ]
    path = form(folder, survey, choices, [["form_title", "form_id", "version"], ["服务", "svc", "2025"]])
    found = from_xlsform(path)
    assert (found.id, found.version, found.languages, found.title["zh"]) == ("svc", "2025", ("zh", "en"), "服务")
    assert [(block.id, block.type) for block in found.blocks] == [
        ("start", "meta"), ("first", "note"), ("used", "single"), ("how", "multi"), ("which", "multi"),
        ("age", "integer"), ("sat", "matrix"), ("score", "integer"), ("photo", "file"),
    ]  # fmt: skip
    assert found.item("used").required and found.item("used").codes == (1, 0)
    assert found.item("how").options[-1] == Option("other", "其他", "Other", fill=True)
    assert str(found.item("how").ask_if) == "used == 1"
    assert [option.exclusive for option in found.item("which").options] == [False, True]
    assert found.item("which").max_choices == 2
    age = found.item("age")
    assert (age.min, age.max, age.hint["zh"], str(age.ask_if)) == (
        16, 100, "周岁", 'used == 1 and not chosen(how, "tv")',
    )  # fmt: skip
    assert str(found.item("sat2").ask_if) == "(answered(age)) and (age > 20)"
    assert (found.item("score").min, found.item("score").max) == (0, 10)
    assert [(problem.code, problem.at.cell) for problem in found.problems] == [("W487", "A14")]
    to_xlsform(found, folder / "again.xlsx")
    assert from_xlsform(folder / "again.xlsx") == found


def test_labels_without_a_language_are_in_the_language_they_are_written_in(folder):
    found = from_xlsform(form(folder, [["type", "name", "label"], ["select_one yn", "q1", "是否？"]], YES_NO))
    assert (found.languages, found.item("q1").zh, found.item("q1").options[0].zh) == (("zh",), "是否？", "是")
    assert [problem.code for problem in found.problems] == ["N493", "N493"]


@pytest.mark.parametrize(
    ("rows", "code", "cell"),
    [
        ([["slider", "q1", "甲"]], "E483", "A2"),
        ([["text", "q1", "甲"], ["begin_repeat", "r", "乙"]], "E489", "A3"),
        ([["text", "q1", "甲"], ["end_repeat"]], "E489", "A3"),
        ([["csv-external", "towns", "甲"]], "E484", "A2"),
        ([["select_one_from_file towns.csv", "q1", "甲"]], "E498", "A2"),
        ([["select_one_from_file ../towns.csv", "q1", "甲"]], "E498", "A2"),
        ([["select_one nowhere", "q1", "甲"]], "E485", "A2"),
        ([["text", "q1", "甲"], ["text", "q2", "乙", "string-length(${q1}) > 3"]], "E486", "D3"),
        ([["begin_group", "g", "甲"], ["text", "q1", "乙"]], "E489", "A2"),
        ([["text", "q1", "甲"], ["end group"]], "E489", "A3"),
        ([["text", "q1", "甲"], ["integer", "q1", "乙"]], "E490", "B3"),
        ([["text", "q1", "甲"], ["text", None, "乙"]], "E482", "B3"),
        ([["text", "q__1", "甲"]], "E420", "B2"),
        ([["text", "q1", "甲"], ["text", "q2", None]], "E422", "B3"),
        ([["text", "q1", "甲", "${q9} = 1"]], "E428", "B2"),
        ([["select_one yn", "q1", "甲"], ["text", "q2", "乙", "${q1} = 5"]], "E432", "B3"),
    ],
)
def test_what_cannot_be_taken_over_is_named_with_sheet_and_row(folder, rows, code, cell):
    path = form(folder, [["type", "name", "label::中文 (zh)", "relevant"], *rows], [*YES_NO])
    with pytest.raises(InstrumentError) as caught:
        from_xlsform(path)
    first = caught.value.problems[0]
    assert (first.code, first.at.file, first.at.sheet, first.at.cell) == (code, "theirs.xlsx", "survey", cell)
    assert str(caught.value)


def test_a_code_of_an_option_that_cannot_be_one_is_named_with_its_row(folder):
    path = form(folder, [["type", "name", "label"], ["select_one a-b", "q1", "甲"]], [*YES_NO, ["a-b", "x y", "乙"]])
    with pytest.raises(InstrumentError) as caught:
        from_xlsform(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.sheet, problem.at.cell) == ("E423", "choices", "A4")


@pytest.mark.parametrize("typed", ["1e400", "NaN", "Infinity", "zwei", "[1]", "true"])
def test_a_bound_that_is_no_number_is_refused_with_its_cell(folder, typed):
    def change(sheet, rows, columns):
        sheet.cell(rows["j_age"], columns["evalkit::min"]).value = typed

    with pytest.raises(InstrumentError) as caught:
        edited(folder, change)
    (problem,) = caught.value.problems
    assert problem.code == "E491"
    assert openpyxl.load_workbook(folder / "edited.xlsx")["survey"][problem.at.cell].value == typed


def test_columns_that_are_not_taken_over_are_named_once(folder):
    rows = [
        ["type", "name", "label", "calculation"],
        ["calculate", "c1", "乙", "1 + 1"],
        ["calculate", "c2", "丙", "2"],
        ["note", "c3", "丁"],
    ]
    found = from_xlsform(form(folder, rows))
    assert [(p.code, p.at.cell) for p in found.problems if p.code[0] == "W"] == [("W488", "D2")]


def test_a_workbook_without_a_survey_is_refused(folder):
    openpyxl.Workbook().save(folder / "none.xlsx")
    book = openpyxl.Workbook()
    book.active.append(["x"])
    book.save(folder / "none.xlsx")
    with pytest.raises(InstrumentError) as caught:
        from_xlsform(folder / "none.xlsx")
    assert caught.value.problems[0].code == "E481"


def test_a_text_that_no_cell_holds_is_refused_on_export(folder):
    instrument = load_instrument(shipped()[0])
    long = replace(instrument, title={"zh": "长" * 40_000, "en": "x"})
    with pytest.raises(InstrumentError) as caught:
        to_xlsform(long, folder / "long.xlsx")
    assert {problem.code for problem in caught.value.problems} == {"E480"}


def test_an_item_that_asks_another_one_again_survives_the_form(folder):
    shipped_one = load_instrument(shipped()[0])
    block = next(b for b in shipped_one.blocks if b.type == "matrix" and len(b.items) > 1)
    again = replace(block.items[1], check={"same_as": block.items[0].id})
    blocks = tuple(replace(b, items=(b.items[0], again, *b.items[2:])) if b is block else b for b in shipped_one.blocks)
    instrument = replace(shipped_one, blocks=blocks)
    to_xlsform(instrument, folder / "again.xlsx")
    assert from_xlsform(folder / "again.xlsx") == instrument


def test_a_repeat_is_left_out_and_told_and_the_rest_is_read(folder):
    survey = [
        ["type", "name", "label"],
        ["text", "q1", "甲"],
        ["begin repeat", "member", "成员"],
        ["integer", "age", "年龄"],
        ["begin group", "inner", "内"],
        ["begin_repeat", "toy", "玩具"],
        ["text", "toy_name", "名称"],
        ["end_repeat"],
        ["end group"],
        ["end repeat"],
        ["text", "q2", "乙"],
    ]
    found = from_xlsform(form(folder, survey))
    assert [item.id for item in found.items] == ["q1", "q2"]
    (told,) = [p for p in found.problems if p.code == "W497"]
    assert (told.at.sheet, told.at.cell, told.params) == ("survey", "A3", {"id": "member", "n": 2, "last": 10})


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("name,label\n1,东村\n2,西村\n", ""),
        ("code,label::中文 (zh),town\n1,东村,a\n2,西村,b\n", "value=code"),
        ("id,village\n1,东村\n2,西村\n", "value=id label=village"),
    ],
)
def test_options_in_a_file_beside_the_form_are_read(folder, text, parameters):
    (folder / "towns.csv").write_text(text, encoding="utf-8")
    survey = [
        ["type", "name", "label::中文 (zh)", "parameters"],
        ["select_one_from_file towns.csv", "home", "您住在哪里", parameters],
        ["select_multiple_from_file towns.csv", "been", "您去过哪里", parameters],
    ]
    found = from_xlsform(form(folder, survey))
    (folder / "towns.csv").unlink()
    assert [(item.type, item.choices) for item in found.items] == [("single", "towns_csv"), ("multi", "towns_csv")]
    assert [(o.code, o.zh) for o in found.item("home").options] == [(1, "东村"), (2, "西村")]
    to_xlsform(found, folder / "again.xlsx")
    assert from_xlsform(folder / "again.xlsx") == found


def test_an_option_without_a_name_is_named_with_its_row_of_the_file(folder):
    (folder / "towns.csv").write_text("name,label\n1,东村\n,西村\n", encoding="utf-8")
    survey = [["type", "name", "label"], ["select_one_from_file towns.csv", "home", "您住在哪里"]]
    with pytest.raises(InstrumentError) as caught:
        from_xlsform(form(folder, survey))
    (folder / "towns.csv").unlink()
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.file, problem.at.cell) == ("E482", "towns.csv", "A3")
