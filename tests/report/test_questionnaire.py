"""The printed questionnaire and the codebook hold every question, option, condition and code, in both languages."""

from __future__ import annotations

import docx
import openpyxl
import pytest

from evalkit.cli import main
from evalkit.instrument import from_xlsform, load_instrument, parse_instrument, shipped
from evalkit.report import write
from evalkit.report.codebook import codebook_tables
from evalkit.report.questionnaire import write_questionnaire

SMALL = """
format = "evalkit-instrument/1"
id = "small"
version = "1"
languages = ["zh", "en"]
title = {zh = "小问卷", en = "Small form"}
[choices]
yn = [{code = 1, zh = "是", en = "Yes"}, {code = 0, zh = "否", en = "No"}]
src = [{code = "a", zh = "公告", en = "Board"}, {code = "b", zh = "其他", en = "Other", fill = true},
  {code = "c", zh = "没有", en = "None", exclusive = true}]
[[items]]
id = "q1"
type = "single"
choices = "yn"
end_if = "q1 == 0"
zh = "住在这里吗？"
en = "Do you live here?"
[[items]]
id = "q2"
type = "multi"
choices = "src"
max_choices = 2
ask_if = "q1 == 1"
zh = "从哪里知道？"
en = "How did you hear?"
[[items]]
id = "m"
type = "matrix"
choices = "yn"
zh = "请评价"
en = "Please rate"
rows = [
  {id = "m1", zh = "及时", en = "In time"},
  {id = "m2", zh = "态度差", en = "Rude", reverse = true, ask_if = 'm1 == 1 and not answered(q2) or chosen(q2, a)'},
]
[[items]]
id = "age"
type = "integer"
min = 16
max = 100
unit = "岁"
missing = {999 = "refused"}
zh = "年龄"
en = "Age"
[[items]]
id = "sent"
type = "meta"
zh = "提交时间"
en = "Sent at"
[[items]]
id = "office"
type = "date"
form = "O"
ask_if = "m2 in (0, 1) and age >= 60"
zh = "成立日期"
en = "Founded"
[[scales]]
id = "s"
items = ["m1", "m2"]
zh = "服务"
en = "Service"
"""


def printed(path):
    document = docx.Document(str(path))
    texts = [p.text for p in document.paragraphs if p.text]
    return texts, [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]


@pytest.mark.parametrize(
    ("lang", "expected", "matrix"),
    [
        (
            "zh",
            [
                "小问卷", "请在符合的选项前的 □ 内打“√”，在横线上填写。",
                "1. 住在这里吗？", "□ 是    □ 否", "（如果第 1 题为“否”，问卷到此结束。）",
                "2. 从哪里知道？ （最多选 2 项）", "（只在以下情况回答：第 1 题为“是”。）",
                "□ 公告    □ 其他 ____________    □ 没有 （选此项则不选其他）",
                "3. 请评价", "4. 年龄", "____________ 岁    □ 拒绝回答",
                "5. 成立日期", "（只在以下情况回答：第 3 题（2）为“否”、“是”之一，并且第 4 题不小于 60。）",
                "________ 年 ____ 月 ____ 日", "谢谢您的回答！",
            ],
            [
                ["", "是", "否"], ["(1) 及时", "□", "□"],
                ["(2) 态度差 （只在以下情况回答："
                 "（第 3 题（1）为“是”，并且第 2 题没有回答），或者第 2 题选了“公告”。）",
                 "□", "□"],
            ],
        ),
        (
            "en",
            [
                "Small form", "Please tick the box □ of the answer that fits, and write on the lines.",
                "1. Do you live here?", "□ Yes    □ No", "(If question 1 is “No”, the questionnaire ends here.)",
                "2. How did you hear? (tick at most 2)", "(Answer only if question 1 is “Yes”.)",
                "□ Board    □ Other ____________    □ None (then tick no other)",
                "3. Please rate", "4. Age", "____________    □ refused",
                "5. Founded", "(Answer only if question 3 (2) is one of “No”, “Yes” and question 4 is at least 60.)",
                "____ day ____ month ________ year", "Thank you for your answers.",
            ],
            [
                ["", "Yes", "No"], ["(1) In time", "□", "□"],
                ["(2) Rude (Answer only if (question 3 (1) is “Yes” and question 2 is not answered) or “Board” is "
                 "ticked in question 2.)", "□", "□"],
            ],
        ),
    ],
)  # fmt: skip
def test_a_small_form_is_printed_to_the_word(tmp_path, lang, expected, matrix):
    write_questionnaire(parse_instrument(SMALL), tmp_path / "q.docx", lang=lang)
    texts, tables = printed(tmp_path / "q.docx")
    assert texts == expected
    assert tables == [matrix]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("id", shipped())
def test_every_question_and_option_of_a_shipped_form_is_printed_once(tmp_path, id, lang):
    instrument = load_instrument(id)
    write_questionnaire(instrument, tmp_path / "q.docx", lang=lang, form="R")
    texts, tables = printed(tmp_path / "q.docx")
    asked = [b for b in instrument.blocks if b.type != "meta" and (not b.items[0].form or "R" in b.items[0].form)]
    numbered = [text for text in texts if text.split(". ")[0].isdigit()]
    shown = [b for b in asked if b.type != "note"]
    assert len(numbered) == len(shown)
    for i, (block, text) in enumerate(zip(shown, numbered, strict=True), start=1):
        assert text.startswith(f"{i}. {block.text(lang)}")
    matrices = [block for block in asked if block.type == "matrix"]
    for block, table in zip(matrices, tables, strict=True):
        assert table[0][1:] == [option.text(lang) for option in block.items[0].options]
        assert len(table) == len(block.items) + 1
        for row, item in zip(table[1:], block.items, strict=True):
            assert row[0].partition(") ")[2].startswith(item.text(lang))


def test_a_condition_that_all_rows_share_stands_above_the_matrix_once(tmp_path):
    write_questionnaire(load_instrument("j-community-renovation"), tmp_path / "q.docx", lang="zh", form="R")
    rows = [row[0] for table in printed(tmp_path / "q.docx")[1] for row in table]
    (hint,) = {row.partition(" （")[2] for row in rows if "只在以下情况回答" in row}
    assert hint == "只在以下情况回答：第 3 题为“是”。）"


def test_the_same_form_gives_the_same_bytes(tmp_path):
    for name in ("a.docx", "b.docx"):
        write_questionnaire(parse_instrument(SMALL), tmp_path / name)
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_codebook_says_wording_codes_routing_scale_and_reverse(lang):
    items, lists, scales = codebook_tables(parse_instrument(SMALL))

    def said(table):
        values = [[cell.value for cell in row.cells] for row in table.rows]
        return [[value if isinstance(value, str) else value.text(lang) for value in row] for row in values]

    rows = {row[0]: row[1:] for row in said(items)}
    if lang == "zh":
        assert rows["m2"][0:2] == ["态度差", "yn"]
        assert rows["q2"] == ["从哪里知道？", "src", "q1为“是”", "", ""]
        assert rows["age"][1] == "16–100 岁；999 = 拒绝回答"
        assert rows["m2"][3:] == ["服务", "是"]
        assert said(scales) == [["s", "服务", "m1, m2 (R)", "取均值", ""]]
    else:
        assert rows["q2"] == ["How did you hear?", "src", "q1 is “Yes”", "", ""]
        assert rows["m2"][3:] == ["Service", "yes"]
    assert [row[:2] for row in said(lists)] == [["yn", "1"], ["", "0"], ["src", "a"], ["", "b"], ["", "c"]]


@pytest.mark.parametrize("suffix", ["xlsx", "docx", "html"])
def test_the_codebook_of_a_shipped_form_is_written_in_every_format(tmp_path, suffix):
    path = tmp_path / f"codebook.{suffix}"
    write(codebook_tables(load_instrument("j-community-renovation")), path, lang="zh")
    if suffix == "xlsx":
        book = openpyxl.load_workbook(path)
        held = " ".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value)
    elif suffix == "docx":
        held = " ".join(cell for table in printed(path)[1] for row in table for cell in row)
    else:
        held = path.read_text(encoding="utf-8")
    assert "J_PG1" in held and "j_screen为“是”" in held and "政治引领" in held


def test_export_writes_what_is_asked_for_and_refuses_the_rest(tmp_path, capsys):
    small = tmp_path / "small.toml"
    small.write_text(SMALL, encoding="utf-8")

    def run(*words):
        code = main(["instrument", "export", str(small), *words, "--lang", "en"])
        return code, capsys.readouterr().err

    assert run("--as", "xlsform", "-o", str(tmp_path / "x.xlsx")) == (0, "")
    assert from_xlsform(tmp_path / "x.xlsx") == parse_instrument(SMALL)
    assert run("--as", "codebook", "-o", str(tmp_path / "c.docx")) == (0, "")
    assert run("--as", "questionnaire", "--form", "R", "-o", str(tmp_path / "q.docx")) == (0, "")
    texts, _ = printed(tmp_path / "q.docx")
    assert "1. Do you live here?" in texts and not any("Founded" in text for text in texts)
    for words, exit_code, told in (
        (("--as", "sheet", "-o", str(tmp_path / "s.xlsx")), 4, "E494"),
        (("--as", "questionnaire", "-o", str(tmp_path / "q.xlsx")), 2, "E574"),
        (("--as", "questionnaire"), 2, "E577"),
        (("--as", "codebook", "--form", "R", "-o", str(tmp_path / "c.docx")), 2, "E578"),
    ):
        code, said = run(*words)
        assert (code, told in said) == (exit_code, True)
    assert main(["instrument", "show", str(small), "--as", "codebook", "--lang", "en"]) == 2
