"""Coding sheets: what they show, how themes come back, and what is wrong with a sheet; files of words."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from evalkit.contract import (
    MISSING_KINDS,
    AnalysisError,
    Codebook,
    InputError,
    OutputError,
    UsageError,
    Variable,
    attach,
)
from evalkit.contract.words import say
from evalkit.descriptive import profile
from evalkit.ingest import read_responses
from evalkit.ingest.coding_sheet import checksum, coding_sheet
from evalkit.ingest.themes import read_themes
from evalkit.ingest.word_lists import read_words
from evalkit.qualitative.agreeing import agreement
from evalkit.scoring import score

SAID = ["停车难", "想加装电梯，电话13812345678", "无", None, "停车难", "=1+1 绿化", "楼道 灯坏"]
THEMES = {"park": {"zh": "停车", "en": "Parking"}, "lift": "电梯"}


@pytest.fixture
def data():
    asked = {"say": Variable("say", "text", "您的建议", "Your suggestion", item="say")}
    return attach(pd.DataFrame({"say": SAID}, index=range(1, 8)), Codebook(variables=asked))


@pytest.fixture
def sheet(tmp_path, data):
    """Writes a sheet, fills the themes of its lines and gives its path."""

    def made(*themes, coder="甲", lang="zh", **choices):
        path = tmp_path / f"{coder}-{lang}.xlsx"
        coding_sheet(data, "say", path, themes=THEMES, coder=coder, lang=lang, **choices)
        book = openpyxl.load_workbook(path)
        for line, codes in enumerate(themes, 3):
            for column, code in enumerate(codes, 5):
                book.worksheets[0].cell(line, column).value = code
        book.save(path)
        return path

    return made


def change(path, sheet, cell, value):
    book = openpyxl.load_workbook(path)
    book.worksheets[sheet][cell].value = value
    book.save(path)


class TestSheet:
    def test_a_line_a_different_answer_without_personal_data(self, sheet):
        shown = openpyxl.load_workbook(sheet()).worksheets[0]
        lines = [[c.value for c in row] for row in shown.iter_rows(min_row=3, max_col=4)]
        assert [(row, n, text) for row, _, n, text in lines] == [
            ("1", 2, "停车难"),
            ("2", 1, "想加装电梯，电话***"),
            ("6", 1, "=1+1 绿化"),
            ("7", 1, "楼道 灯坏"),
        ]
        assert lines[0][1] == checksum("停车难")
        assert shown["A1"].value == "evalkit-coding/1 say say_themes"
        assert shown["D1"].value == "您的建议"

    def test_only_themes_may_be_typed_and_are_offered(self, sheet):
        shown = openpyxl.load_workbook(sheet(lang="en", columns=3))
        first = shown.worksheets[0]
        assert first.protection.sheet and first["D3"].protection.locked and first["E2"].protection.locked
        assert [first.column_dimensions[c].protection.locked for c in "DEG"] == [True, False, False]
        (rule,) = first.data_validations.dataValidation
        assert (str(rule.sqref), rule.formula1) == ("E3:G6", "'Themes'!$C$3:$C$62")
        assert [c.value for c in shown["Themes"]["C"]][2:5] == ["no theme", "Parking", "电梯"]
        assert shown["How to code"]["A1"].value.startswith("1. ")

    def test_the_same_bytes_twice(self, data, tmp_path):
        for name in ("a", "b"):
            coding_sheet(data, "say", tmp_path / f"{name}.xlsx", themes=["停车"])
        assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()

    @pytest.mark.parametrize(
        "choices",
        [
            {"themes": "停车"},
            {"themes": {"a b": "停车"}},
            {"themes": {"none": "停车"}},
            {"themes": {"a": " "}},
            {"themes": [f"t{k}" for k in range(60)]},
            {"item": "a__b"},
            {"item": "1a"},
            {"columns": 0},
        ],
    )
    def test_what_cannot_be(self, data, tmp_path, choices):
        with pytest.raises(UsageError, match="E6615"):
            coding_sheet(data, "say", tmp_path / "a.xlsx", **choices)

    def test_responses_will_do(self, tmp_path):
        (tmp_path / "answers.csv").write_text("id,say\n1,停车难\n2,无\n3,想加装电梯\n", encoding="utf-8")
        came = read_responses(tmp_path / "answers.csv")
        coding_sheet(came, "say", tmp_path / "a.xlsx", themes=["停车", "电梯"])
        book = openpyxl.load_workbook(tmp_path / "a.xlsx")
        book.worksheets[0]["E3"].value = "停车"
        book.save(tmp_path / "a.xlsx")
        found = read_themes(score(came), tmp_path / "a.xlsx")
        assert found.data["say_themes__1"].tolist()[0] == 1

    def test_nothing_to_code(self, data, tmp_path):
        with pytest.raises(AnalysisError, match="E6614"):
            coding_sheet(data.loc[3:4], "say", tmp_path / "a.xlsx")
        with pytest.raises(AnalysisError, match="E600"):
            coding_sheet(data, "nowhere", tmp_path / "a.xlsx")
        with pytest.raises(OutputError, match="E131"):
            coding_sheet(data, "say", tmp_path / "no" / "a.xlsx")


class TestThemes:
    def test_they_come_back_as_a_multiple_response(self, data, sheet):
        found = read_themes(data, sheet(["停车"], ["电梯", "停车"], ["不属于任何主题"]))
        assert found.item == "say_themes"
        park, lift = found.data["say_themes__park"], found.data["say_themes__lift"]
        assert park.tolist()[:2] == [1, 1] and park[5] == 1 and park[6] == 0
        assert lift[2] == 1 and lift[6] == 0
        assert park.loc[[3, 4, 7]].isna().all()
        assert [p.code for p in found.problems] == ["W6621"]
        (question,) = profile(found.data, items=["say_themes"]).multiple
        assert [(o.label.text("zh"), o.count) for o in question.by_count] == [("停车", 3), ("电梯", 1)]
        assert question.label.text("en") == "Your suggestion: themes"

    def test_code_and_either_language_are_understood(self, data, sheet):
        found = read_themes(data, sheet(["park"], ["ＰＡＲＫＩＮＧ "], ["电梯"], ["no theme"], lang="en"))
        assert not found.problems
        assert found.data["say_themes__park"].loc[[1, 2, 6, 7]].tolist() == [1, 1, 0, 0]

    def test_a_theme_the_coder_added(self, data, sheet):
        path = sheet(["停车"], ["绿化"])
        for cell, value in {"A6": "green", "B6": "绿化", "B7": "照明"}.items():
            change(path, 1, cell, value)
        found = read_themes(data, path)
        assert [t.code for t in found.themes] == ["park", "lift", "green", "4"]
        assert found.data["say_themes__green"][2] == 1
        assert found.themes[3].zh == "照明"

    def test_kinds_of_missing(self, data, sheet):
        kinds = pd.DataFrame({"say": [0, 0, 0, 5, 0, 0, 0]}, index=data.index, dtype="int8")
        book = data.attrs["evalkit"]
        data = attach(data, type(book)(variables=book.variables, missing=kinds))
        found = read_themes(data, sheet(["停车"], ["电梯"])).data.attrs["evalkit"].missing["say_themes__park"]
        assert found[4] == 5 and MISSING_KINDS[found[7]] == "not_in_file" and found[1] == 0

    def test_faults_have_their_cells(self, data, sheet):
        path = sheet(["停车"], ["飞机"], ["电梯"], ["电梯"])
        change(path, 0, "A3", "99")
        change(path, 0, "D6", "楼道 灯好")
        changed = data.copy()
        changed.attrs = data.attrs
        changed.loc[6, "say"] = "绿化"
        found = read_themes(changed, path)
        told = {p.code: p.at.cell for p in found.problems}
        assert told == {"W6617": "A3", "W6618": "A6", "W6619": "E4", "W6621": ""}
        assert sorted(p.at.cell for p in found.problems if p.code == "W6618") == ["A5", "A6"]
        assert found.data["say_themes__lift"].isna().all()
        assert all(say(p, lang) for p in found.problems for lang in ("zh", "en"))

    def test_a_code_twice(self, data, sheet):
        path = sheet(["停车"])
        change(path, 1, "A6", "park")
        change(path, 1, "B6", "停车位")
        assert "W6620" in [p.code for p in read_themes(data, path).problems]

    def test_rows_may_have_gone_or_come(self, data, sheet):
        path = sheet(["停车"], ["电梯"], ["停车"], ["停车"])
        fewer = attach(data.loc[[5, 2, 1]], data.attrs["evalkit"])
        found = read_themes(fewer, path)
        assert found.data["say_themes__park"].tolist() == [1, 0, 1]
        assert {p.code for p in found.problems} == {"W6617"}


class TestCoders:
    def test_agreement_runs_on_two_sheets(self, data, sheet):
        one = sheet(["停车"], ["电梯"], ["停车"], ["不属于任何主题"], coder="甲")
        two = sheet(["停车"], ["电梯"], ["电梯"], ["停车"], coder="乙")
        found = read_themes(data, [one, two])
        result = agreement(found.codings, by="sources", methods=["percent", "cohen"], resamples=100)
        tidy = result.tidy()
        assert tidy.loc[tidy["term"] == "percent", "estimate"].iloc[0] == pytest.approx(0.5)
        note = next(p for p in found.problems if p.code == "N6623")
        assert (note.params["n"], note.params["of"]) == (2, 4)

    @pytest.mark.parametrize(
        ("take", "wanted"), [("majority", [1, 0, 0, 0]), ("all", [1, 0, 0, 0]), ("any", [1, 0, 1, 1])]
    )
    def test_where_they_differ(self, data, sheet, take, wanted):
        one = sheet(["停车"], ["电梯"], ["停车"], ["不属于任何主题"], coder="甲")
        two = sheet(["停车"], ["电梯"], ["电梯"], ["停车"], coder="乙")
        found = read_themes(data, [one, two], take=take)
        assert found.data["say_themes__park"].loc[[1, 2, 6, 7]].tolist() == wanted

    def test_an_answer_that_one_of_them_coded_has_that_ones_themes(self, data, sheet):
        found = read_themes(data, [sheet(["停车"], coder="甲"), sheet([], ["电梯"], coder="乙")])
        assert found.data["say_themes__park"].loc[[1, 2]].tolist() == [1, 0]

    def test_one_coder_twice_and_two_questions(self, data, sheet, tmp_path):
        one = sheet(["停车"])
        twin = tmp_path / "twin.xlsx"
        twin.write_bytes(one.read_bytes())
        with pytest.raises(InputError, match="E6622"):
            read_themes(data, [one, twin])
        coding_sheet(data, "say", twin, item="other", coder="乙")
        with pytest.raises(InputError, match="E6622"):
            read_themes(data, [one, twin])
        with pytest.raises(InputError, match="E6622"):
            read_themes(data, [])

    def test_other_faults(self, data, sheet, tmp_path):
        with pytest.raises(UsageError, match="E6615"):
            read_themes(data, sheet(["停车"]), take="best")
        done = read_themes(data, sheet(["停车"])).data
        with pytest.raises(UsageError, match="E6626"):
            read_themes(done, sheet(["停车"]))
        with pytest.raises(AnalysisError, match="E600"):
            read_themes(data.rename(columns={"say": "x"}), sheet(["停车"]))
        other = tmp_path / "other.xlsx"
        book = openpyxl.Workbook()
        book.active.append(["a"])
        book.save(other)
        with pytest.raises(InputError, match="E6616"):
            read_themes(data, other)
        renamed = sheet(["停车"])
        change(renamed, 0, "B2", "sum")
        with pytest.raises(InputError, match="E6616"):
            read_themes(data, renamed)


class TestWords:
    def test_a_word_a_line(self, tmp_path):
        path = tmp_path / "words.txt"
        text = "# 注\n加装电梯 100 n\nparking lot\n\n飞线\t说明\n加装电梯\nWiFi 3\n"
        for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
            path.write_bytes(text.encode(encoding))
            assert read_words(path) == ("加装电梯", "parking lot", "飞线", "WiFi")

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"PK\x03\x04\0\0\0\0words", "E6624"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "E6624"),
            ("长" * 61, "E6624"),
            ("a\x01b", "E6624"),
            (b"\xff\xfe\xfa\xfb\xfc\x81\xff\x80\n", "E109"),
            (b"", "E6625"),
            ("# only a comment\n", "E6625"),
        ],
    )
    def test_what_is_no_list(self, tmp_path, content, code):
        path = tmp_path / "words.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError, match=code):
            read_words(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(InputError, match="E101"):
            read_words(tmp_path / "none.txt")
        with pytest.raises(InputError, match="E102"):
            read_words(tmp_path)
