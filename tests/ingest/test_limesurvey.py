"""LimeSurvey: twins with code, full and code-text headings, short and long answers, Y and N, the answer other."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import read_book

META = {
    "code": ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "ipaddr"],
    "full": ["Response ID", "Date submitted", "Last page", "Start language", "Seed", "Access code", "IP address"],
}


def limesurvey(village, answers, *, heading: str, long: bool, remap: bool) -> list[list]:
    """`remap`: a box not ticked says N instead of nothing."""
    columns = []
    for block in village.blocks:
        for item in block.items:
            if item.type == "rank":
                for k in range(len(item.options)):
                    head = _heading(heading, item.id, str(k + 1), item.zh, f"Rank {k + 1}")
                    columns.append((head, lambda a, i=item, k=k: _cell(i, a[i.id] and a[i.id][k], long)))
                continue
            if item.type == "multi":
                for o in item.options:
                    sub, name = ("other", "其他") if o.fill else (str(o.code), o.zh)
                    head = _heading(heading, item.id, sub, item.zh, name)
                    columns.append((head, lambda a, o=o: _box(a, o, long, remap)))
            elif item.matrix:
                head = _heading(heading, block.id, item.id, block.zh, item.zh)
                columns.append((head, lambda a, i=item: _cell(i, a[i.id], long)))
            else:
                columns.append((_heading(heading, item.id, "", item.zh, ""), lambda a, i=item: _cell(i, a[i.id], long)))
    own = ["2024-03-01 15:04:05", "3", "zh-Hans", "12345", "tok", "1.2.3.4"]
    rows = [[str(k), *own, *(cell(a) for _, cell in columns)] for k, a in enumerate(answers, 1)]
    meta = META["full" if heading == "full" else "code"]
    return [[*meta, *(head for head, _ in columns)], *rows]


def _heading(heading, code, sub, words, name):
    short = f"{code}[{sub}]" if sub else code
    full = f"{words} [{name}]" if sub else words
    return {"code": short, "full": full, "codetext": f"{short}. {full}"}[heading]


def _box(one, option, long, remap):
    given = one["need"]
    if given is None:
        return ""
    if option.fill:
        return one["need_text"] if option.code in given else ""
    if option.code in given:
        return "Yes" if long else "Y"
    return ("No" if long else "N") if remap else ""


def _cell(item, value, long):
    if value is None:
        return ""
    return wording(item, value) if long and item.options else str(value)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    heading=st.sampled_from(["code", "full", "codetext"]),
    long=st.booleans(),
    remap=st.booleans(),
)
def test_what_was_written_is_read(workbook, village, seed, heading, long, remap):
    answers = invented(village, seed)
    for one in answers:
        if 9 in (one["need"] or ()):
            one["need_text"] = one["need_text"] or "长椅"
    found = read_responses(workbook(limesurvey(village, answers, heading=heading, long=long, remap=remap)), village)
    assert found.dialect == "limesurvey"
    if heading == "code":
        # The option other has no code of its own in a heading: by wording it is found, as here, or not at all.
        assert found.unmapped == ()
    same(found, answers, without=["need"] if remap else [])
    if remap:
        _same_boxes(found, answers)
    assert {p.code for p in found.problems if p.code[0] in "EW"} <= {"W309"}, found.problems


def _same_boxes(found, answers):
    """With N for boxes not ticked, the column of other still has only blanks."""
    for row, one in zip(found.frame.index, answers, strict=True):
        for code in (1, 2, 3, 0):
            value = found.frame.loc[row, f"need__{code}"]
            assert np.isnan(value) if one["need"] is None else value == (code in one["need"])
        assert (found.frame.loc[row, "need__9"] == 1) == (9 in (one["need"] or ()))


def test_the_answer_other_of_a_single_choice(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "租住"}, {code = 7, zh = "别的", fill = true}]
[[items]]
id = "home"
type = "single"
choices = "c"
zh = "住房"
""")
    rows = [["1", "2024-03-01 15:04:05", "1", "zh", "1", ""], ["2", "2024-03-01 15:04:05", "1", "zh", "-oth-", "借住"]]
    header = ["id", "submitdate", "lastpage", "startlanguage", "home", "home[other]"]
    found = read_responses(workbook([header, *rows]), asked)
    assert found.frame["home"].tolist() == [1, 7] and found.frame["home__7__text"].tolist()[1] == "借住"
    assert not [p for p in found.problems if p.code[0] in "EW"]


def test_its_own_columns(workbook, village):
    for heading in ("code", "full"):
        table = limesurvey(village, invented(village, 1, 2), heading=heading, long=True, remap=False)
        found = read_responses(workbook(table), village)
        assert (
            found.frame["respondent_id"].tolist() == ["1", "2"] and found.frame["language"].tolist() == ["zh-Hans"] * 2
        )
        assert {"user_id", "ip"} <= set(found.private)


def test_the_detector_says_why(workbook, village):
    table = limesurvey(village, invented(village, 1, 3), heading="code", long=False, remap=True)
    guess, second = guesses(read_book(workbook(table)).sheets[0], "a.xlsx")[:2]
    assert guess.name == "limesurvey" and guess.score - second.score > 0.2
    assert {"submitdate", "view[v1]"} <= set(guess.reasons)
    sheet = read_book(workbook([["id", "seed", "a"], [1, 2, 3], [2, 3, 4]], "b.xlsx")).sheets[0]
    assert guesses(sheet, "b.xlsx")[0].name == "plain"


def test_a_draft_reads_its_own_file(workbook, village):
    table = limesurvey(village, invented(village, 3, 40), heading="codetext", long=True, remap=False)
    found = draft(workbook(table))
    assert found.n_rows == 40 and "used" in {item.id for item in found.instrument.items}


def test_a_ranking_with_numbered_options_holds_the_option_of_each_place(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "甲"}, {code = 2, zh = "乙"}, {code = 3, zh = "丙"}]
[[items]]
id = "a"
type = "rank"
choices = "c"
zh = "请排序"
""")
    head = ["id", "submitdate", "lastpage", "startlanguage", "a[1]", "a[2]", "a[3]"]
    own = ["2024-03-01 15:04:05", "3", "zh"]
    rows = [["1", *own, "3", "1", "2"], ["2", *own, "2", "", ""], ["3", *own, "2", "2", "1"], ["4", *own, "7", "1", ""]]
    found = read_responses(workbook([head, *rows]), asked)
    table = found.frame[["a__1", "a__2", "a__3"]].to_numpy()
    assert table[0].tolist() == [2, 3, 1] and table[1][1] == 1 and np.isnan(table[1][[0, 2]]).all()
    assert found.missing.loc[2].tolist() == [2, 0, 2]
    assert table[2][:2].tolist() == [3, 1] and table[3][0] == 2
    assert found.missing.loc[4, ["a__1", "a__2", "a__3"]].tolist() == [0, 6, 6]
    assert [(p.code, p.at.cell) for p in found.problems if p.code[0] == "E"] == [("E220", "E5"), ("E230", "E4")]
