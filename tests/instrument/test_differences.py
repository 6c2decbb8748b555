"""Every kind of change between two versions is told once, and nothing where nothing changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from random_instruments import instruments

from evalkit.cli import main
from evalkit.instrument import Change, differences, dump_toml, load_instrument, parse_instrument

OLD = """
format = "evalkit-instrument/1"
id = "demo"
version = "1"
languages = ["zh"]
title = "试"
[choices]
A = [{code = 1, zh = "差"}, {code = 2, zh = "中"}, {code = 3, zh = "好"}]
[[items]]
id = "q1"
type = "single"
choices = "A"
zh = "甲"
[[items]]
id = "q2"
type = "integer"
zh = "乙"
[[items]]
id = "q3"
type = "text"
zh = "丙"
ask_if = "q1 == 1"
[[scales]]
id = "s"
items = ["q1"]
zh = "分"
"""


def changes(*edits: tuple[str, str]) -> list[Change]:
    new = OLD
    for was, now in edits:
        assert was in new
        new = new.replace(was, now)
    return list(differences(parse_instrument(OLD), parse_instrument(new)))


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([('zh = "甲"', 'zh = "甲甲"')], [Change("wording", "question", "q1", "zh", "甲", "甲甲")]),
        ([('version = "1"', 'version = "2"')], [Change("key", "head", "demo", "version", "1", "2")]),
        ([('id = "q2"', 'id = "q9"')], [Change("renamed", "question", "q9", before="q2", after="q9")]),
        ([('"q1 == 1"', '"q1 == 2"')], [Change("routing", "question", "q3", "ask_if", "q1 == 1", "q1 == 2")]),
        ([('type = "integer"', 'type = "integer"\nmin = 3')], [Change("key", "question", "q2", "min", "", "3")]),
        ([('zh = "中"', 'zh = "一般"')], [Change("wording", "option", "A.2", "zh", "中", "一般")]),
        ([("code = 3", "code = 5")], [Change("code", "option", "A.5", "好", "3", "5")]),
        ([(', {code = 3, zh = "好"}', "")], [Change("removed", "option", "A.3", before="好")]),
        (
            [('{code = 1, zh = "差"}, {code = 2, zh = "中"}', '{code = 2, zh = "差"}, {code = 1, zh = "中"}')],
            [Change("code", "option", "A.2", "差", "1", "2"), Change("code", "option", "A.1", "中", "2", "1")],
        ),
        ([('zh = "分"', 'zh = "分"\nscore = "sum"')], [Change("key", "scale", "s", "score", "mean", "sum")]),
        (
            [('[[items]]\nid = "q2"\ntype = "integer"\nzh = "乙"\n', "")],
            [Change("removed", "question", "q2", before="乙")],
        ),
        (
            [
                ('[[items]]\nid = "q2"\ntype = "integer"\nzh = "乙"\n', ""),
                ("[[scales]]", '[[items]]\nid = "q2"\ntype = "integer"\nzh = "乙"\n[[scales]]'),
            ],
            [Change("moved", "question", "q3", before="q2", after="q1")],
        ),
        (
            [("[[scales]]", '[[items]]\nid = "q4"\ntype = "date"\nzh = "丁"\n[[scales]]')],
            [Change("added", "question", "q4", before="q3", after="丁")],
        ),
    ],
)
def test_one_edit_is_one_change(edits, expected):
    found = changes(*edits)
    assert found == expected
    for change in found:
        for lang in ("zh", "en"):
            assert change.id in change.text(lang) or change.after in change.text(lang)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=15)
@given(instruments())
def test_an_instrument_differs_from_itself_in_nothing_and_from_an_emptier_one_in_what_is_gone(instrument):
    assert differences(instrument, instrument) == ()
    ids = {block.id for block in instrument.blocks[1:]}
    fewer = replace(instrument, blocks=instrument.blocks[:1])
    removed = {change.id for change in differences(instrument, fewer) if change.kind == "removed"}
    assert ids <= removed


def test_the_command_tells_the_changes_in_words_and_as_records(tmp_path, capsys):
    text = dump_toml(load_instrument("j-community-renovation"))
    new = tmp_path / "new.toml"
    new.write_text(text.replace('version = "1.0"', 'version = "1.1"'), encoding="utf-8")
    assert main(["instrument", "diff", "j-community-renovation", str(new), "--lang", "en"]) == 0
    assert capsys.readouterr().out == "questionnaire j-community-renovation, version: 1.0 became 1.1\n"
    assert main(["instrument", "diff", "j-community-renovation", str(new), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["after"] == "1.1"
    assert main(["instrument", "diff", str(new), str(new), "--lang", "zh"]) == 0
    assert capsys.readouterr().out == "两份问卷所问相同。\n"
    assert main(["instrument", "diff", str(new), "--lang", "zh"]) == 2
