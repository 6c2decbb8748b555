"""Re-import by id: unchanged, changed, new, conflict; nothing is overwritten in silence."""

from __future__ import annotations

import pytest
from messy import AGREE, HEADER, INSTRUMENT, write

from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.ingest.desk import append
from evalkit.instrument import parse_instrument

PHONE = '\n[[items]]\nid = "phone"\ntype = "text"\nprivate = true\nzh = "联系方式"\nen = "Contact"\n'
ASKED = parse_instrument(INSTRUMENT + PHONE, "desk.toml")
NAMES = ("rid", "used", "v1", "v2", "v3", "age", "remark")
HEADS = [HEADER[name] for name in NAMES] + ["联系方式"]


def row(rid, used="是", v1=3, v2=3, v3=3, age=40, remark="好", phone="13800000000"):
    return [rid, used, *(AGREE[v - 1] if v else None for v in (v1, v2, v3)), age, remark, phone]


@pytest.fixture
def load(tmp_path):
    def go(rows, name="a.xlsx", heads=HEADS):
        write(tmp_path / name, [heads, *rows])
        return read_responses(tmp_path / name, ASKED)

    return go


def statuses(found):
    return dict(zip(found.rows["id"], zip(found.rows["status"], found.rows["reason"], strict=True), strict=True))


class TestStatuses:
    @pytest.fixture
    def found(self, load):
        old = load([row("a"), row("b"), row("c"), row("d"), row("e", v1=None), row("gone")])
        new = load(
            [row("n"), row("a"), row("b", v1=5, age=41), row("c", v2=None, v3=1), row("d", phone="13911111111"),
             row("e", v1=2)],
            "b.xlsx",
        )  # fmt: skip
        return append(old, new)

    def test_every_row_has_one(self, found):
        assert statuses(found) == {
            "n": ("new", ""),
            "a": ("unchanged", ""),
            "b": ("changed", ""),
            "c": ("conflict", "blank"),
            "d": ("changed", ""),
            "e": ("changed", ""),
        }
        assert found.counts() == {"unchanged": 1, "changed": 3, "new": 1, "conflict": 1, "absent": 1}
        assert found.absent == ("gone",)

    def test_cells_with_both_places(self, found):
        cells = {
            (c.id, c.column): (c.old, c.new, c.taken, c.old_place.cell, c.new_place.file, c.new_place.cell)
            for c in found.cells.itertuples()
            if c.column != "phone"
        }
        assert cells == {
            ("b", "v1"): ("3", "5", True, "C3", "b.xlsx", "C4"),
            ("b", "age"): ("40", "41", True, "F3", "b.xlsx", "F4"),
            ("c", "v3"): ("3", "1", True, "E4", "b.xlsx", "E5"),
            ("c", "v2"): ("3", "—", False, "D4", "b.xlsx", "D5"),
            ("e", "v1"): ("—", "2", True, "C6", "b.xlsx", "C7"),
        }

    def test_private_answers_are_taken_and_never_quoted(self, found):
        both = found.responses
        at = both.frame.index[both.frame["respondent_id"] == "d"][0]
        assert both.private.loc[at, "phone"] == "13911111111"
        said = "".join(say(p, lang) for p in found.problems for lang in ("zh", "en")) + found.cells.to_string()
        assert "139" not in said
        assert "138" not in said
        assert "{" not in said.replace("{'zh'", "")

    def test_the_merged_answers(self, found):
        frame = found.responses.frame.set_index("respondent_id")
        assert list(frame.index) == ["a", "b", "c", "d", "e", "gone", "n"]
        assert frame.loc["b", ["v1", "age"]].tolist() == [5, 41]
        assert frame.loc["c", ["v2", "v3"]].tolist() == [3, 1]
        assert frame["v1"].tolist() == [3, 5, 3, 3, 2, 3, 3]
        assert found.responses.missing.loc[5, "v1"] == 0
        assert found.responses.missing.index.equals(found.responses.frame.index)
        assert found.responses.frame.attrs["evalkit"].missing is found.responses.missing

    def test_every_answer_leads_to_its_own_file(self, found):
        both = found.responses
        places = {
            (name, column): both.where(both.frame.index[both.frame["respondent_id"] == name][0], column)
            for name, column in (("b", "v1"), ("b", "v2"), ("n", "v1"), ("c", "v2"))
        }
        assert {key: (at.file, at.cell) for key, at in places.items()} == {
            ("b", "v1"): ("b.xlsx", "C4"),
            ("b", "v2"): ("a.xlsx", "D3"),
            ("n", "v1"): ("b.xlsx", "C2"),
            ("c", "v2"): ("a.xlsx", "D4"),
        }

    def test_rows_in_are_loaded_and_rejected(self, found):
        counts = found.responses.counts()
        assert counts["rows_in"] == 12 == counts["loaded"] + counts["rejected"]
        assert sorted(found.responses.rejected["reason"]) == ["changed", "changed", "changed", "conflict", "unchanged"]

    def test_the_table(self, found):
        table = found.table()
        assert [row.cells[1].value for row in table.rows] == [1, 3, 1, 1, 1]
        assert [row.cells[2].value for row in table.rows] == [None, 4, None, 2, None]

    def test_the_same_file_again_changes_nothing(self, found, load):
        again = append(found.responses, load([row("n"), row("a"), row("b", v1=5, age=41)], "c.xlsx"))
        assert set(again.rows["status"]) == {"unchanged"}
        assert again.responses.frame.equals(found.responses.frame)
        assert not len(again.cells)


class TestConflicts:
    def test_twice_in_the_newer_file(self, load):
        found = append(
            load([row("a")]),
            load([row("a", v1=1), row("a", v1=2), row("b"), row("b"), row("z", v1=1), row("z")], "b.xlsx"),
        )
        assert list(found.rows["status"]) == ["conflict", "conflict", "new", "unchanged", "conflict", "conflict"]
        assert list(found.rows["reason"]) == ["twice", "twice", "", "repeated", "twice", "twice"]
        assert found.responses.frame["respondent_id"].tolist() == ["a", "b"]
        assert found.responses.frame["v1"].tolist() == [3, 3]
        assert [(p.code, p.at.cell) for p in found.problems] == [("W354", f"A{n}") for n in (2, 3, 6, 7)]

    def test_twice_in_the_older_data(self, load):
        old = load([row("a", v1=1), row("a", v1=2)])
        found = append(old, load([row("a", v1=3)], "b.xlsx"))
        assert statuses(found) == {"a": ("conflict", "twice_before")}
        assert found.responses.frame["v1"].tolist() == [1, 2]

    def test_without_an_id(self, load):
        found = append(load([row("a")]), load([row(None), row("b")], "b.xlsx"))
        assert list(found.rows["status"]) == ["conflict", "new"]
        assert [p.code for p in found.problems] == ["W356"]

    def test_questions_the_newer_file_does_not_ask_stay(self, load):
        heads = [*HEADS[:4], *HEADS[5:]]
        new = load([[*row("a")[:4], *row("a")[5:]]], "b.xlsx", heads)
        found = append(load([row("a", v3=2)]), new)
        assert statuses(found) == {"a": ("unchanged", "")}
        assert found.responses.frame["v3"].tolist() == [2]

    def test_questions_the_older_data_lack_are_added(self, load):
        heads = [*HEADS[:4], *HEADS[5:]]
        old = load([[*row("a")[:4], *row("a")[5:]], [*row("b")[:4], *row("b")[5:]]], "a.xlsx", heads)
        found = append(old, load([row("a", v3=2)], "b.xlsx"))
        assert statuses(found) == {"a": ("changed", "")}
        assert found.responses.frame["v3"].tolist()[0] == 2
        assert found.responses.missing["v3"].tolist() == [0, 7]


def test_files_of_one_name_are_told_apart(load, tmp_path):
    old = load([row("a")], "1/a.xlsx")
    found = append(old, load([row("a", v1=1), row("b")], "2/a.xlsx"))
    both = found.responses
    assert both.where(2, "v1").file == "a.xlsx (2)"
    assert both.where(1, "v1").file == "a.xlsx (2)"
    assert both.where(1, "v2").file == "a.xlsx"
    assert set(both.sha256) == {"a.xlsx", "a.xlsx (2)"}


def test_wrong_calls(load):
    old = load([row("a")])
    with pytest.raises(AnalysisError) as fault:
        append(old, load([row("a")], "b.xlsx"), by="house")
    assert [p.code for p in fault.value.problems] == [
        "E353",
    ]
    other = parse_instrument(INSTRUMENT.replace("desk-test", "other"), "o.toml")
    write_to = old.source["file"].iloc[0]
    assert write_to == "a.xlsx"
    with pytest.raises(AnalysisError) as wrong:
        append(old, _other(old, other))
    assert [p.code for p in wrong.value.problems] == ["E352"]


def _other(responses, instrument):
    import dataclasses

    return dataclasses.replace(responses, instrument=instrument)
