"""Plans: every fault with its line and the nearest known name, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.contract import PlanError
from evalkit.contract.words import say
from evalkit.plan import parse_plan, read_plan

GOOD = """format = "evalkit-plan/1"
title = {zh = "题", en = "Title"}
language = ["zh"]
[data]
file = "a.csv"
[[exclude]]
when = "duration_s < 60"
reason = {zh = "过快", en = "too fast"}
[[step]]
id = "med"
do = "mediate"
x = "a"
m = ["b"]
y = "c"
[[hypothesis]]
id = "H1"
zh = "一"
en = "one"
confirm_if = 'med["indirect.b"].conf_low > 0'
"""


def problems(text: str) -> list:
    with pytest.raises(PlanError) as caught:
        parse_plan(text, Path("plan.toml"))
    return list(caught.value.problems)


def test_a_good_plan_is_read_whole():
    plan = parse_plan(GOOD, Path("plan.toml"))
    assert (plan.languages, plan.data.files, plan.style) == (("zh",), ("a.csv",), "cn")
    assert plan.steps[0].arguments == {"x": "a", "m": ["b"], "y": "c"}
    assert plan.steps[0].line == 9
    assert plan.hypotheses[0].confirm_if.steps[0].path == "indirect.b"


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "near"),
    [
        ("title =", "titel =", "E501", 2, "title"),
        ('do = "mediate"', 'do = "mediat"', "E509", 11, "mediate"),
        ('x = "a"', 'xx = "a"', "E501", 12, "x"),
        ('when = "', 'wenn = "', "E501", 7, "when"),
        ("confirm_if = 'med[\"", "confirm_if = 'mad[\"", "E514", 19, "med"),
        ('m = ["b"]', 'm = ["a"]', "E511", 9, "a"),
        ('file = "a.csv"', "", "E506", 4, "file"),
        ('"evalkit-plan/1"', '"plan/2"', "E503", 1, "evalkit-plan/1"),
        ('language = ["zh"]', 'language = ["fr"]', "E508", 3, "fr"),
        ('id = "H1"', 'id = "H1"\nconfirm = 1', "E501", 17, "confirm_if"),
    ],
)
def test_a_fault_names_its_line_and_the_nearest_name(old, new, code, line, near):
    assert GOOD.count(old) == 1
    found = [p for p in problems(GOOD.replace(old, new)) if p.code == code]
    assert [p.at.line for p in found] == [line]
    assert near in say(found[0], "zh")
    assert near in say(found[0], "en")


def test_all_faults_come_at_once():
    broken = GOOD.replace("title =", "titel =").replace('do = "mediate"', 'do = "mediat"')
    assert {p.code for p in problems(broken)} >= {"E501", "E509"}


def test_two_steps_cannot_share_an_id():
    twice = GOOD + '[[step]]\nid = "med"\ndo = "profile"\n'
    assert "E507" in [p.code for p in problems(twice)]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("gbk"),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace('file = "a.csv"', "file = “a.csv”").encode(),
        GOOD.replace('file = "a.csv"', 'file = "C:\\Users\\a.csv"').encode(),
        GOOD.replace('file = "a.csv"', "file = C:/a.csv").encode(),
    ],
    ids=["gbk", "bom", "full-width quotes", "backslash", "unquoted path"],
)
def test_a_plan_saved_the_wrong_way_is_explained_with_its_line(tmp_path, content):
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    (problem,) = caught.value.problems
    assert problem.at.file == "plan.toml"
    assert problem.at.line >= 1
    for lang in ("zh", "en"):
        assert "Traceback" not in say(problem, lang)
        assert problem.code in say(problem, lang)


def test_a_missing_plan_is_a_plan_error(tmp_path):
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path / "none.toml")
    assert caught.value.problems[0].code == "E502"
