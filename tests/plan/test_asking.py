"""A file that fits two platforms is no matter of guessing: a person is asked, a script fails."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook

from evalkit.cli import main
from evalkit.contract import InputError
from evalkit.ingest import read_responses
from evalkit.ingest.draft import draft

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
ASKED = """format = "evalkit-instrument/1"
id = "x"
version = "1"
languages = ["zh"]
title = {zh = "x"}
[choices]
c = [{code = 3, zh = "丙"}, {code = 1, zh = "甲"}]
[[items]]
id = "a"
type = "single"
choices = "c"
zh = "第一问"
[[items]]
id = "b"
type = "text"
zh = "第二问"
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def doubtful(tmp_path) -> Path:
    """Nothing tells whether 1 is the first option or the one of code 1."""
    book = Workbook()
    for row in ([*META, "1、第一问", "2、第二问"], [1, *[None] * 5, 1, "好"], [2, *[None] * 5, 1, "不好"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "x.toml").write_text(ASKED, encoding="utf-8")
    return tmp_path


@pytest.fixture
def at(monkeypatch):
    """`at(typed)`: a terminal at which these lines are typed; gives what was shown."""

    def sit(typed: str, *, terminal: bool = True) -> io.StringIO:
        shown = Terminal() if terminal else io.StringIO()
        monkeypatch.setattr(sys, "stdin", Terminal(typed) if terminal else io.StringIO(typed))
        monkeypatch.setattr(sys, "stderr", shown)
        return shown

    return sit


def check(folder: Path, *more: str) -> int:
    return main(["check", str(folder / "a.xlsx"), "-i", str(folder / "x.toml"), "--lang", "en", *more])


def test_a_person_is_asked_and_the_answer_counts(doubtful, at, capsys):
    shown = at("0\n2\n")
    assert check(doubtful) == 0
    text = shown.getvalue()
    assert "1  wjx_" in text and "2  wjx_" in text and text.count("Type a number from 1 to 2") == 2
    assert "2" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["", "\n", "3\nx\n9\n2\n"])
def test_without_an_answer_it_fails_and_names_both(doubtful, at, typed):
    shown = at(typed)
    assert check(doubtful) == 3
    assert "wjx_text" in shown.getvalue() and "wjx_index" in shown.getvalue()


@pytest.mark.parametrize("more", [[], ["--json"], ["--quiet"]])
def test_a_script_fails_and_is_not_asked(doubtful, at, more):
    shown = at("1\n", terminal=bool(more))
    assert check(doubtful, *more) == 3
    assert "Type a number" not in shown.getvalue()
    if more == ["--json"]:
        assert json.loads(shown.getvalue())["code"] == "E312"


def test_a_platform_that_is_named_is_no_question(doubtful, at):
    shown = at("")
    assert check(doubtful, "--dialect", "wjx_index") == 0 and "Type a number" not in shown.getvalue()


def test_other_faults_are_told_at_once(doubtful, at):
    shown = at("1\n")
    assert main(["check", str(doubtful / "none.xlsx"), "-i", str(doubtful / "x.toml"), "--lang", "en"]) == 3
    assert "Type a number" not in shown.getvalue()


def test_a_draft_is_no_guess_either(doubtful, at):
    for read in (read_responses, draft):
        with pytest.raises(InputError) as caught:
            read(doubtful / "a.xlsx")
        (problem,) = caught.value.problems
        assert problem.code == "E312" and set(problem.params["dialects"]) == {"wjx_text", "wjx_index"}
        assert read(doubtful / "a.xlsx", dialect="wjx_text")
    at("1\n")
    assert main(["init", str(doubtful / "a.xlsx"), "--lang", "en"]) == 0
    assert (doubtful / "a.instrument.toml").is_file()
