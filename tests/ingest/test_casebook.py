"""Casebooks: every sheet, every way to spell a cell, every fault with its address."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.cases.calibrating import calibrate_sets
from evalkit.contract import AnalysisError, InputError
from evalkit.contract.words import say
from evalkit.ingest.casebook import Casebook
from evalkit.ingest.casebook.quotes import _occurrences
from evalkit.ingest.casebook.schema import SHEETS

TEXT = "楼长挨家挨户动员，大家同意了。\n后来大家同意了出钱。"

BASE: dict[str, list[list[object]]] = {
    "sources": [["source_id", "case_id", "kind", "date", "path", "held_out", "quotable", "职业"],
                ["S1", "A", "访谈", "2021/3/6", "S1.txt", 0, 1, "楼长"],
                ["S2", "B", "document", "2021年3月", "", 1, "否", "文件"]],
    "codebook": [["code_id", "name", "parent_id", "level", "status", "merged_into"],
                 ["C1", "挨家动员", "K1", "概念", "", ""],
                 ["C2", "同意", "K1", "concept", "active", ""],
                 ["C3", "上门", "K1", "concept", "已合并", "C1"],
                 ["K1", "动员号召", "M1", "副范畴", "", ""],
                 ["M1", "意见领袖", "", "主范畴", "", ""]],
    "codings": [["source_id", "start", "end", "quote", "code_id", "coder", "round"],
                ["S1", 2, 6, "挨家挨户", "C1", "甲", 1],
                ["S1", 9, 13, "大家同意", "C2", "乙", "共识"],
                ["S2", "", "", "", "C2", "甲", 1]],
    "units": [["unit_id", "source_id", "start", "end"], ["U1", "S1", 0, 8], ["U2", "S1", 8, 15]],
    "cases": [["case_id", "label", "outcome", "RULE", "community_id"],
              ["A", "甲小区", "success", 0.67, "01"], ["B", "乙小区", "failure", 0, "02"]],
    "conditions": [["name", "from", "type", "e", "c", "i", "expectation"],
                   ["FORMAL", "RULE", "fuzzy", 0.1, 0.5, 0.9, 1]],
    "actors": [["actor_id", "label", "type"], ["党支部", "党支部", "党组织"], ["物业", "物业", "企业"]],
    "ties": [["from", "to", "relation", "weight", "source_id"], ["党支部", "物业", "协商", "２", "S1"]],
    "evidence": [["case_id", "hypothesis", "step", "evidence", "source_id", "test", "p_h", "p_not_h"],
                 ["A", "H1", "动员", "会议记录", "S1", "smoking gun", "60%", 0.05]],
    "findings": [["finding_id", "construct", "strand", "case_id", "claim", "sources"],
                 ["F1", "leadership", "interview", "A", "楼长先动员", "S1；S2"]],
    "fit": [["construct", "pair", "judgement", "rationale", "by", "date"],
            ["leadership", "survey-interview", "印证", "方向相同", "研究者", "2021-05"]],
}  # fmt: skip


def matrix(first: str, second: str, strength: object = 2) -> list[list[object]]:
    """Two actors as a square table: a tie each way, of different strength."""
    return [["来自＼到", first, second], [first, "", strength], [second, 1, 0]]


def book(folder: Path, text: str = TEXT, **changed: list[list[object]] | None) -> Path:
    """A workbook of these sheets, and its text."""
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / "S1.txt").write_text(text, encoding="utf-8", newline="")
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in (BASE | changed).items():
        if rows is not None:
            sheet = made.create_sheet(name)
            for row in rows:
                sheet.append(["" if v is None else v for v in row])
    made.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def rows(name: str, *cells: tuple[int, str, object]) -> list[list[object]]:
    """The rows of a sheet with some cells changed; row 1 is the first below the headings."""
    found = [list(row) for row in BASE[name]]
    for row, column, value in cells:
        found[row][found[0].index(column)] = value
    return found


def faults(path: Path) -> dict[str, str]:
    """Code -> cell of what stops the reading."""
    with pytest.raises(InputError) as raised:
        ek.read_casebook(path)
    for problem in raised.value.problems:
        assert all(say(problem, lang) for lang in ("zh", "en"))
    return {p.code: p.at.cell if p.at else "" for p in reversed(raised.value.problems)}


def told(casebook: Casebook) -> dict[str, str]:
    return {p.code: p.at.cell if p.at else "" for p in casebook.problems}


def test_every_sheet_becomes_a_frame(tmp_path):
    found = ek.read_casebook(book(tmp_path))
    assert told(found) == {"N2121": ""} or told(found) == {}
    assert list(found.codings["code_id"]) == ["C1", "C2", "C2"]
    assert list(found.codings["quotable"]) == [1, 1, 0]
    assert list(found.codings["round"]) == ["1", "consensus", "1"]
    assert list(found.sources["date"]) == ["2021-03-06", "2021-03"]
    assert list(found.sources["kind"]) == ["interview", "document"]
    assert list(found.sources["职业"]) == ["楼长", "文件"]
    assert found.sources.at[0, "n_chars"] == len(TEXT)
    assert found.sources.at[0, "sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert list(found.codebook["level"]) == ["concept"] * 3 + ["subcategory", "category"]
    assert list(found.cases["RULE"]) == [0.67, 0]
    assert list(found.cases["community_id"]) == ["01", "02"]
    assert found.ties.at[0, "weight"] == 2
    assert (found.evidence.at[0, "test"], found.evidence.at[0, "p_h"]) == ("smoking_gun", 0.6)
    assert found.findings.at[0, "sources"] == "S1; S2"
    assert found.fit.at[0, "judgement"] == "confirmation"
    assert found.texts == {"S1": TEXT}
    assert found.where("codings", 1, "quote").cell == "D3"
    for name, form in SHEETS.items():
        assert list(getattr(found, name).columns)[: len(form.names)] == list(form.names)
        assert found.frame(name) is getattr(found, name)


def test_missing_sheets_are_empty_frames_with_their_columns(tmp_path):
    path = book(tmp_path, **{name: None for name in BASE if name != "ties"})
    found = ek.read_casebook(path)
    assert len(found.codings) == 0
    assert list(found.codings.columns) == list(SHEETS["codings"].names)
    assert len(found.ties) == 1
    with pytest.raises(AnalysisError, match="E2139"):
        found.frame("tie")


def test_the_frames_go_into_the_analyses(tmp_path):
    codings = [*BASE["codings"], ["S1", 2, 6, "挨家挨户", "C1", "乙", 1], ["S1", 9, 13, "大家同意", "C2", "甲", 1]]
    found = ek.read_casebook(book(tmp_path, codings=codings))
    assert ek.agreement(found.codings, by="units", units=found.units, resamples=100).n_obs == 2
    levels = ek.saturation(found.codings, sources=found.sources, codebook=found.codebook, base=1, run=1).levels
    assert {level.name: level.n_codes for level in levels} == {"concept": 2, "subcategory": 1, "category": 1}
    made = calibrate_sets(found.cases, calibration=found.conditions, case="case_id")
    assert made.data["FORMAL"].iloc[0] > 0.5 > made.data["FORMAL"].iloc[1]
    assert ek.network(found.ties, actors=found.actors, permutations=100).n_obs == 2


def test_ties_as_a_square_table(tmp_path):
    found = ek.read_casebook(book(tmp_path, ties=matrix("党支部", "物业", "２")))
    assert found.ties[["from", "to", "weight"]].to_numpy().tolist() == [
        ["党支部", "物业", 2.0],
        ["物业", "党支部", 1.0],
    ]
    assert found.tables["ties"].place(1, "to").cell == "B3"
    titled = [["党组织与物业的协商", "", ""], *matrix("党支部", "物业")]
    assert len(ek.read_casebook(book(tmp_path, ties=titled)).ties) == 2


def test_a_folder_of_csv_in_the_encodings_people_have(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "S1.txt").write_bytes(("\ufeff" + TEXT.replace("\n", "\r\n")).encode())
    (tmp_path / "sources.csv").write_bytes("材料编号;类型;可引用\nS1;访谈;是\n".encode("gb18030"))
    (tmp_path / "编码本.csv").write_bytes("编码编号,名称,层级\nC1,动员,概念\n".encode("utf-8-sig"))
    (tmp_path / "codings.csv").write_text(
        "材料编号,起,止,引文,编码,编码员\nＳ１,２,\u00a06,挨家挨户,C1,甲\n", encoding="utf-8"
    )
    (tmp_path / "~$codings.xlsx").write_text("lock")
    (tmp_path / "notes.docx").write_text("no table")
    found = ek.read_casebook(tmp_path)
    assert found.codings[["source_id", "start", "end", "quotable"]].to_numpy().tolist() == [["S1", 2, 6, 1]]
    assert found.texts["S1"] == TEXT
    assert set(found.files) == {"sources.csv", "编码本.csv", "codings.csv", "texts/S1.txt"}


def test_numbers_as_ids_are_texts_and_a_title_may_stand_above(tmp_path):
    sources = [["我们的材料"], [], ["source_id", "path"], [7, "S1.txt"]]
    codings = [["source_id", "code_id", "quote"], [7.0, 12, "挨家挨户"]]
    found = ek.read_casebook(
        book(tmp_path, sources=sources, codings=codings, **{n: None for n in BASE if n not in ("sources", "codings")})
    )
    assert (found.codings.at[0, "source_id"], found.codings.at[0, "code_id"]) == ("7", "12")
    assert (found.codings.at[0, "start"], found.codings.at[0, "end"]) == (2, 6)
    assert told(found)["W2132"] == "A2"


REPEATED = [*BASE["codings"], ["S1", 3, 8, "", "C1", "甲", 1]]
FAULTS = {
    "unknown heading of a closed sheet": ({"codings": [["source_id", "code_idd"], ["S1", "C1"]]}, "E2103", "B1"),
    "heading twice": ({"units": [["unit_id", "unit", "source_id", "start", "end"]]}, "E2107", "B1"),
    "column lacking": ({"ties": [["from", "weight"], ["物业", 1]]}, "E2106", "A1"),
    "empty cell": ({"fit": rows("fit", (1, "rationale", " "))}, "E2108", "D2"),
    "id twice": ({"cases": rows("cases", (2, "case_id", "A"))}, "E2109", "A3"),
    "no whole number": ({"units": rows("units", (1, "end", "8.5"))}, "E2111", "D2"),
    "probability above 1": ({"evidence": rows("evidence", (1, "p_h", 1.2))}, "E2112", "G2"),
    "held out by two thirds": ({"sources": rows("sources", (1, "held_out", "2"))}, "E2113", "F2"),
    "word for fit": ({"fit": rows("fit", (1, "judgement", "agrees"))}, "E2113", "C2"),
    "no day": ({"fit": rows("fit", (1, "date", "2021-13"))}, "E2114", "F2"),
    "code not defined": ({"codings": rows("codings", (2, "code_id", "C9"))}, "E2115", "E3"),
    "source not known": ({"codings": rows("codings", (3, "source_id", "S3"))}, "E2115", "A4"),
    "case not known": ({"evidence": rows("evidence", (1, "case_id", "Z"))}, "E2115", "A2"),
    "actor not known": ({"ties": rows("ties", (1, "to", "街道"))}, "E2115", "B2"),
    "source of a finding": ({"findings": rows("findings", (1, "sources", "S1、S9"))}, "E2115", "F2"),
    "cycle": ({"codebook": rows("codebook", (5, "parent_id", "C1"))}, "E2116", "C2"),
    "orphan": ({"codebook": rows("codebook", (4, "parent_id", "M9"))}, "E2117", "C5"),
    "level below": ({"codebook": rows("codebook", (4, "level", "核心范畴"))}, "E2118", "D5"),
    "merged into nothing": ({"codebook": rows("codebook", (3, "merged_into", ""))}, "E2119", "F4"),
    "merged into itself": ({"codebook": rows("codebook", (3, "merged_into", "C3"))}, "E2119", "F4"),
    "dropped and used": ({"codebook": rows("codebook", (2, "status", "停用"))}, "E2120", "E3"),
    "parent merged": ({"codebook": rows("codebook", (2, "parent_id", "C3"), (2, "level", ""))}, "E2140", "C3"),
    "matrix, actor not known": ({"ties": matrix("党支部", "街道")}, "E2115", "C2"),
    "matrix, no number": ({"ties": matrix("党支部", "物业", "多")}, "E2112", "C2"),
    "matrix, tie to oneself": ({"ties": [["", "党支部", "物业"], ["党支部", 1, 0], ["物业", 1, 0]]}, "E2122", "B2"),
    "tie to oneself": ({"ties": rows("ties", (1, "to", "党支部"))}, "E2122", "B2"),
    "reversed": ({"units": rows("units", (1, "start", 9))}, "E2123", "D2"),
    "units overlap": ({"units": rows("units", (2, "start", 7))}, "E2124", "C3"),
    "one offset": ({"codings": rows("codings", (3, "start", 4))}, "E2137", "C4"),
    "behind the text": ({"units": rows("units", (2, "end", 99))}, "E2134", "D3"),
    "quote nowhere": ({"codings": rows("codings", (1, "quote", "挨家按户"))}, "E2133", "D2"),
    "quote twice": ({"codings": rows("codings", (2, "start", 8), (2, "end", 12))}, "E2133", "D3"),
    "path out of the folder": ({"sources": rows("sources", (1, "path", "../book.xlsx"))}, "E2126", "E2"),
    "absolute path": ({"sources": rows("sources", (1, "path", "C:\\texts\\S1.txt"))}, "E2126", "E2"),
    "no such text": ({"sources": rows("sources", (1, "path", "S9.txt"))}, "E2127", "E2"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_address(name, tmp_path):
    changed, code, cell = FAULTS[name]
    found = faults(book(tmp_path, **changed))
    assert found.get(code) == cell


def test_all_faults_are_told_at_once_and_a_cycle_is_printed(tmp_path):
    changed = {"codebook": rows("codebook", (5, "parent_id", "C1")), "ties": rows("ties", (1, "to", "街道"))}
    with pytest.raises(InputError) as raised:
        ek.read_casebook(book(tmp_path, **changed))
    assert {p.code for p in raised.value.problems} >= {"E2116", "E2115"}
    assert "C1 → K1 → M1 → C1" in str(raised.value)


def test_a_workbook_without_such_sheets_is_refused(tmp_path):
    path = book(tmp_path, **dict.fromkeys(BASE), 工作表=[["a"], [1]])
    assert faults(path) == {"E2100": ""}


def test_an_id_that_became_a_date_is_refused(tmp_path):
    from datetime import datetime

    assert faults(book(tmp_path, actors=rows("actors", (1, "actor_id", datetime(2021, 3, 1)))))["E2110"] == "A2"


class TestQuotes:
    def test_offsets_that_slipped_are_moved_and_told(self, tmp_path):
        found = ek.read_casebook(
            book(tmp_path, text="前言。" + TEXT, codings=rows("codings", (2, "quote", "动员，大家同意")))
        )
        assert list(found.codings["start"][:2]) == [5, 9]
        assert list(found.codings["end"][:2]) == [9, 16]
        assert {p.at.cell for p in found.problems if p.code == "W2132"} == {"B2", "B3"}

    def test_a_quote_that_is_missing_is_taken_from_the_text(self, tmp_path):
        found = ek.read_casebook(book(tmp_path, codings=rows("codings", (1, "quote", ""))))
        assert found.codings.at[0, "quote"] == "挨家挨户"

    def test_blanks_that_a_spreadsheet_changed_do_not_matter(self, tmp_path):
        text = TEXT.replace("，", "\u3000")
        found = ek.read_casebook(
            book(tmp_path, text=text, codings=rows("codings", (2, "quote", "\u00a0大家同意"), (2, "start", 8)))
        )
        assert found.codings.at[1, "quote"] == "\u3000大家同意"

    def test_a_changed_text_needs_quotes(self, tmp_path):
        heads, first, second = BASE["sources"]
        sources = [[*heads, "sha256"], [*first, "0" * 64], [*second, ""]]
        found = ek.read_casebook(book(tmp_path, sources=sources))
        assert told(found)["W2131"] == "I2"
        assert faults(book(tmp_path, sources=sources, codings=rows("codings", (1, "quote", ""))))["E2130"] == "I2"
        sources = [[*heads, "n_chars"], [*first, len(TEXT) + 1], [*second, ""]]
        assert told(ek.read_casebook(book(tmp_path, sources=sources)))["W2131"] == "I2"

    def test_without_texts_quotes_are_taken_on_trust_and_that_is_told(self, tmp_path):
        path = book(tmp_path, sources=rows("sources", (1, "path", "")))
        (tmp_path / "texts" / "S1.txt").unlink()
        assert told(ek.read_casebook(path))["N2135"] == ""

    def test_a_link_does_not_lead_out(self, tmp_path):
        path = book(tmp_path)
        (tmp_path / "texts" / "S1.txt").unlink()
        (tmp_path / "secret.txt").write_text(TEXT, encoding="utf-8")
        (tmp_path / "texts" / "S1.txt").symlink_to(tmp_path / "secret.txt")
        assert faults(path)["E2126"] == "E2"

    def test_overlapping_codings_are_told(self, tmp_path):
        assert told(ek.read_casebook(book(tmp_path, codings=REPEATED)))["W2125"] == "B5"

    @settings(max_examples=25, deadline=None)
    @given(text=st.text("大家同意 出\n", min_size=1, max_size=30), quote=st.text("大家同意", min_size=1, max_size=3))
    def test_occurrences_count_overlapping_ones(self, text, quote):
        assert _occurrences(text, quote) == sum(text.startswith(quote, i) for i in range(len(text)))


def test_merged_codes_count_where_they_went(tmp_path):
    found = ek.read_casebook(book(tmp_path, codings=rows("codings", (1, "code_id", "C3"))))
    assert found.codings.at[0, "code_id"] == "C1"
    assert "N2121" in told(found)


def test_consent_is_no_unless_somebody_said_so(tmp_path):
    heads = BASE["sources"][0]
    silent = [[v for h, v in zip(heads, row, strict=True) if h != "quotable"] for row in BASE["sources"]]
    found = ek.read_casebook(book(tmp_path, sources=silent))
    assert not found.codings["quotable"].any()
    assert "N2136" in told(found)
    own = [[*row, flag] for row, flag in zip(BASE["codings"], ("quotable", 0, "", 1), strict=True)]
    # The third is of a source without consent, which no coding can give.
    assert list(ek.read_casebook(book(tmp_path, codings=own)).codings["quotable"]) == [0, 1, 0]


def test_unknown_columns_are_attributes_or_left_out_and_told(tmp_path):
    cases = [[*row, v] for row, v in zip(BASE["cases"], ("outcomes", 1, 2), strict=True)]
    units = [[*row, v] for row, v in zip(BASE["units"], ("colour", 1, 2), strict=True)]
    cases[0][cases[0].index("outcome")] = "result of it"
    found = ek.read_casebook(book(tmp_path, cases=cases, units=units))
    assert told(found)["W2105"] == "F1"
    assert told(found)["N2104"] == "E1"
    assert list(found.cases["outcomes"]) == [1, 2]
    assert "colour" not in found.units
    assert np.isnan(ek.read_casebook(book(tmp_path, cases=cases, units=units)).sources["held_out"]).sum() == 0


def test_a_sheet_almost_called_so_is_told(tmp_path):
    found = ek.read_casebook(book(tmp_path, actors=None, actor=BASE["actors"], 说明=[["读我"]]))
    assert {p.code: p.at.sheet for p in found.problems if p.at} == {"W2101": "actor", "N2102": "说明"}
