"""REDCap: twins in codes and labels, checkboxes hidden by branching logic, negative codes, brackets in labels."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import read_book

CODES = ["record_id", "redcap_event_name", "redcap_repeat_instance", "redcap_survey_identifier", "village_timestamp"]
LABELS = ["Record ID", "Event Name", "Repeat Instance", "Survey Identifier", "village_timestamp"]


def redcap(village, answers, *, labels: bool) -> list[list]:
    """Every checkbox of an unanswered question says 0; the answer is then that nothing was chosen."""
    columns = []
    for block in village.blocks:
        for item in block.items:
            if item.type == "multi":
                for o in item.options:
                    head = f"{item.en} (choice={o.en})" if labels else f"{item.id}___{o.code}"
                    columns.append((head, lambda a, c=o.code: _box(c in (a["need"] or ()), labels)))
            elif item.type == "rank":
                for o in item.options:
                    head = o.en if labels else f"{item.id}_{o.code}"
                    place = lambda a, c=o.code: str(a["order"].index(c) + 1) if a["order"] else ""  # noqa: E731
                    columns.append((head, place))
            else:
                head = item.en if labels else item.id
                columns.append((head, lambda a, i=item: _cell(i, a[i.id], labels)))
    own = ["baseline_arm_1", "", "", "2024-03-01 15:04:05"]
    rows = [[str(k), *own, *(cell(a) for _, cell in columns), "2"] for k, a in enumerate(answers, 1)]
    return [[*(LABELS if labels else CODES), *(head for head, _ in columns), "village_complete"], *rows]


def _box(chosen, labels):
    return ("Checked" if chosen else "Unchecked") if labels else str(int(chosen))


def _cell(item, value, labels):
    if value is None:
        return ""
    return wording(item, value, "en") if labels and item.options else str(value)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), labels=st.booleans())
def test_what_was_written_is_read(workbook, village, seed, labels):
    answers = invented(village, seed)
    found = read_responses(workbook(redcap(village, answers, labels=labels)), village)
    for one in answers:
        one["need"], one["need_text"] = one["need"] or set(), None
    assert found.dialect == "redcap" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


def test_a_checkbox_that_was_hidden_is_not_asked(workbook, ask):
    asked = ask("""
[choices]
yn = [{code = 1, zh = "是"}, {code = 0, zh = "否"}]
c = [{code = 1, zh = "甲"}, {code = -9, zh = "乙"}]
[[items]]
id = "used"
type = "single"
choices = "yn"
zh = "用过吗"
[[items]]
id = "why"
type = "multi"
choices = "c"
ask_if = "used == 1"
zh = "为什么"
""")
    rows = [["1", "a", "1", "1", "0"], ["2", "a", "0", "0", "0"], ["3", "a", "1", "0", "1"]]
    found = read_responses(workbook([["record_id", "redcap_event_name", "used", "why___1", "why____9"], *rows]), asked)
    assert found.frame.loc[[1, 3], ["why__1", "why__-9"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    assert np.isnan(found.frame.loc[2, "why__1"]) and found.missing.loc[2, ["why__1", "why__-9"]].tolist() == [1, 1]


def test_brackets_in_labels(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "停车（地下）"}, {code = 2, zh = "电梯"}]
[[items]]
id = "a"
type = "multi"
choices = "c"
zh = "需要什么（可多选）"
""")
    header = ["Record ID", "Event Name", "需要什么（可多选） (choice=停车（地下）)", "需要什么（可多选） (choice=电梯)"]
    found = read_responses(workbook([header, ["1", "x", "Checked", "Unchecked"]]), asked)
    assert found.frame[["a__1", "a__2"]].iloc[0].tolist() == [1, 0]


def test_its_own_columns(workbook, village):
    found = read_responses(workbook(redcap(village, invented(village, 1, 2), labels=False)), village)
    assert found.frame["respondent_id"].tolist() == ["1", "2"]
    assert str(found.frame["submitted_at"].iloc[0]) == "2024-03-01 15:04:05"
    assert "user_id" in found.private and "mapped" in set(found.columns["fate"])


def test_the_detector_says_why(workbook, village):
    for labels in (False, True):
        sheet = read_book(workbook(redcap(village, invented(village, 1, 3), labels=labels))).sheets[0]
        guess, second = guesses(sheet, "a.xlsx")[:2]
        assert guess.name == "redcap" and guess.score - second.score > 0.2
        assert any("___" in reason or "choice=" in reason for reason in guess.reasons)
    sheet = read_book(workbook([["record_id", "a"], [1, 2], [2, 3]], "b.xlsx")).sheets[0]
    assert guesses(sheet, "b.xlsx")[0].name == "plain"


def test_a_draft_knows_options(workbook, village):
    found = draft(workbook(redcap(village, invented(village, 3, 40), labels=True)))
    (need,) = [item for item in found.instrument.items if item.type == "multi"]
    assert {option.text("en") for option in need.options} == {"Parking", "Lift", "Green and light", "Other", "Nothing"}
