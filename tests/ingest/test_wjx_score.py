"""问卷星 by score: read only when named; told by the file name or by a total that is the sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same

from evalkit.contract import InputError
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.sheets import read_book

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "总分"]


def by_score(village, answers) -> list[list]:
    """Scores are codes; open answers stand as they are, of several choices only the sum is given."""
    items = [(k, block, item) for k, block in enumerate(village.blocks, 1) for item in block.items]
    items = [(k, block, item) for k, block, item in items if item.type != "rank"]
    header = [
        f"{k}、{b.zh}—{i.zh}" if i.matrix and i is b.items[0] else i.zh if i.matrix else f"{k}、{i.zh}"
        for k, b, i in items
    ]
    rows = []
    for n, one in enumerate(answers, 1):
        given = {i.id: sum(one[i.id]) if i.type == "multi" and one[i.id] else one[i.id] for _, _, i in items}
        cells = [-2 if given[i.id] is None else given[i.id] for _, _, i in items]
        cells = [
            -3 if i.id in ("v1", "v2") and one["used"] != 1 else c for c, (_, _, i) in zip(cells, items, strict=True)
        ]
        total = sum(given[i.id] for _, _, i in items if i.options and given[i.id] is not None)
        rows.append([n, "2026/09/03 12:00:00", "60秒", "微信", "甲[x]", "1.2.3.4(湖北-武汉)", total, *cells])
    return [[*META, *header], *rows]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_what_was_written_is_read(workbook, village, seed):
    answers = invented(village, seed)
    found = read_responses(workbook(by_score(village, answers), "1_按分数_村庄_9_9.xlsx"), village, dialect="wjx_score")
    assert found.dialect == "wjx_score" and found.unmapped == ()
    same(found, answers, without=["need", "order", "phone", "remark"])
    assert {p.code for p in found.problems if p.code[0] == "E"} <= {"E229"}
    assert found.frame["total_score"].notna().all()
    for row, one in zip(found.frame.index, answers, strict=True):
        got = {code: found.frame.loc[row, f"need__{code}"] for code in (1, 2, 3, 9, 0)}
        if one["need"] is None:
            assert np.isnan(list(got.values())).all() and found.missing.loc[row, "need__1"] == 2
        elif sum(one["need"]) in (3, 12):  # 3 = 1 + 2, 12 = 3 + 9 = 1 + 2 + 9
            assert np.isnan(list(got.values())).all() and found.missing.loc[row, "need__1"] == 6
        else:
            assert got == {code: float(code in one["need"]) for code in got}


def test_it_is_not_read_unasked_and_the_message_says_how(workbook, village):
    path = workbook(by_score(village, invented(village, 1)), "1_按分数_村庄_9_9.xlsx")
    with pytest.raises(InputError) as caught:
        read_responses(path, village)
    (problem,) = caught.value.problems
    assert problem.code == "E310" and 'dialect = "wjx_score"' in say(problem, "en")
    guess = guesses(read_book(path).sheets[0], path.name)[0]
    assert guess.name == "wjx_score" and path.name in guess.reasons


def test_a_total_that_is_the_sum_makes_two_readings_that_differ_a_question(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "是"}, {code = 0, zh = "否"}]
[[items]]
id = "a"
type = "single"
choices = "c"
zh = "第一问"
[[items]]
id = "b"
type = "single"
choices = "c"
zh = "第二问"
""")
    rows = [[k, "2026/09/03 12:00:00", "60秒", "微信", None, None, 2, 1, 1] for k in (1, 2, 3)]
    path = workbook([[*META, "1、第一问", "2、第二问"], *rows])
    guess = {g.name: g for g in guesses(read_book(path).sheets[0], path.name)}["wjx_score"]
    assert "总分 = Σ" in guess.reasons
    assert read_responses(path, asked, dialect="wjx_score").frame["a"].tolist() == [1, 1, 1]
    rows[0][6] = 5
    path = workbook([[*META, "1、第一问", "2、第二问"], *rows], "b.xlsx")
    assert {g.name: g for g in guesses(read_book(path).sheets[0], path.name)}["wjx_score"].score == 0


def test_a_score_that_is_no_code_is_told_by_cell(workbook, village):
    path = workbook([[*META, "1、您去过互助站吗？"], [1, None, "5秒", None, None, None, 2, 2]])
    found = read_responses(path, village, dialect="wjx_score")
    assert np.isnan(found.frame["used"][1]) and [(p.code, p.at.cell) for p in found.problems if p.code[0] == "E"] == [
        ("E220", "H2")
    ]


SCORED = """
[choices]
c = [{code = 1, zh = "甲"}, {code = 2, zh = "乙"}, {code = 4, zh = "丙"}, {code = 8.5, zh = "丁"},
     {code = 0, zh = "都没有", exclusive = true}, {code = 100, zh = "不清楚", missing = "dont_know"}]
[[items]]
id = "a"
type = "multi"
choices = "c"
zh = "第一问"
"""


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.sets(st.sampled_from([1, 2, 4, 8.5]), min_size=1), min_size=1, max_size=8))
def test_a_sum_that_one_set_of_options_alone_makes_is_that_set(workbook, ask, rows):
    sheet = [[k, None, "5秒", None, None, None, None, sum(chosen)] for k, chosen in enumerate(rows, 1)]
    found = read_responses(workbook([[*META, "1、第一问"], *sheet]), ask(SCORED), dialect="wjx_score")
    table = found.frame[["a__1", "a__2", "a__4", "a__8.5", "a__0"]]
    assert table.to_numpy().tolist() == [[float(c in chosen) for c in (1, 2, 4, 8.5, 0)] for chosen in rows]
    assert not [p for p in found.problems if p.code[0] == "E"]


def test_sums_that_say_too_little_or_nothing_are_told_by_cell(workbook, ask):
    scores = [0, 100, 3, 9, -2, 2.5]
    sheet = [[k, None, "5秒", None, None, None, None, score] for k, score in enumerate(scores, 1)]
    found = read_responses(workbook([[*META, "1、第一问"], *sheet]), ask(SCORED), dialect="wjx_score")
    assert found.frame.loc[1, ["a__1", "a__0"]].tolist() == [0, 1]
    assert found.missing.loc[[2, 4, 5, 6], "a__1"].tolist() == [3, 6, 2, 6]
    assert found.frame.loc[3, ["a__1", "a__2", "a__4"]].tolist() == [1, 1, 0]
    assert [(p.code, p.at.cell) for p in found.problems if p.code[0] == "E"] == [("E238", "H5"), ("E238", "H7")]
    limited = ask(SCORED.replace('type = "multi"', 'type = "multi"\nmax_choices = 1'))
    assert np.isnan(
        read_responses(workbook([[*META, "1、第一问"], *sheet]), limited, dialect="wjx_score").frame["a__1"][3]
    )


def test_of_many_options_no_sum_can_be_told(ask):
    from evalkit.ingest.sums import sets_by_sum

    options = ", ".join(f'{{code = {k}, zh = "选项{k}"}}' for k in range(1, 22))
    many = ask(f'[choices]\nc = [{options}]\n[[items]]\nid = "a"\ntype = "multi"\nchoices = "c"\nzh = "问"\n')
    assert sets_by_sum(many.item("a")) == {}
