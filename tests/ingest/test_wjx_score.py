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
    """Scores are codes; open answers stand as they are, and only single choice has scores."""
    items = [(k, block, item) for k, block in enumerate(village.blocks, 1) for item in block.items]
    items = [(k, block, item) for k, block, item in items if item.type not in ("multi", "rank")]
    header = [
        f"{k}、{b.zh}—{i.zh}" if i.matrix and i is b.items[0] else i.zh if i.matrix else f"{k}、{i.zh}"
        for k, b, i in items
    ]
    rows = []
    for n, one in enumerate(answers, 1):
        cells = [-2 if one[i.id] is None else one[i.id] for _, _, i in items]
        cells = [
            -3 if i.id in ("v1", "v2") and one["used"] != 1 else c for c, (_, _, i) in zip(cells, items, strict=True)
        ]
        total = sum(one[i.id] for _, _, i in items if i.options and one[i.id] is not None)
        rows.append([n, "2026/09/03 12:00:00", "60秒", "微信", "甲[x]", "1.2.3.4(湖北-武汉)", total, *cells])
    return [[*META, *header], *rows]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_what_was_written_is_read(workbook, village, seed):
    answers = invented(village, seed)
    found = read_responses(workbook(by_score(village, answers), "1_按分数_村庄_9_9.xlsx"), village, dialect="wjx_score")
    assert found.dialect == "wjx_score" and found.unmapped == ()
    same(found, answers, without=["need", "order", "phone", "remark"])
    assert not [p for p in found.problems if p.code[0] == "E"]
    assert found.frame["total_score"].notna().all()


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
