"""Bad files, cells, plans and targets: one clear message each, the right exit code, every file as it was."""

from __future__ import annotations

import copy
import functools
import json
import operator
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
import xlwt
from command_line import (
    COLUMN,
    LANGUAGES,
    MEDIATION,
    PLAN,
    SHEET,
    N,
    Said,
    Say,
    Study,
    contents,
    is_clear,
    make_study,
    private_values,
)

from evalkit.cli import main
from evalkit.contract import PlanError
from evalkit.contract.words import say as say_it
from evalkit.plan import parse_plan

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

pytestmark = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture
def study(tmp_path, lang) -> Study:
    return make_study(tmp_path / "study", lang)


@pytest.fixture
def say(capsys, monkeypatch, lang) -> Say:
    """Run a command: no traceback, no private value, whatever happens. A bug of ours shows as itself."""
    monkeypatch.setenv("EVALKIT_DEBUG", "1")

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = main([*map(str, words), "--lang", lang])
        said = Said(code, *capsys.readouterr())
        told = said.out + said.err
        assert "Traceback" not in told
        assert [value for value in private_values() if value in told] == []
        return said

    return call


def refused(study: Study, said: Said, exit_code: int, code: str, lang: str, *place: str) -> str:
    """One message, and only one; where it is, what is wrong and what to do."""
    assert (said.code, len(said.lines)) == (exit_code, 1), said.err
    assert is_clear(said.the(code), code, lang, *place), said.err
    return said.the(code)


# -- files that cannot be read ------------------------------------------------------------------


def gone(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 8)


def prose(path: Path) -> None:
    path.write_text("这不是表格，\n只是两行字。\n", encoding="utf-8")


def a_word_file(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", "<document/>")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def nothing_in_it(path: Path) -> None:
    path.write_bytes(b"")


def no_cells(path: Path) -> None:
    openpyxl.Workbook().save(path)


def header_only(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book[SHEET].delete_rows(2, N)
    book.save(path)


def other_headers(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    for number, cell in enumerate(book[SHEET][1][6:], 1):
        cell.value = f"{number}、收入支出资产负债第{number}项"
    book.save(path)


def with_a_password(path: Path) -> None:
    """What Excel writes for a file with a password to open: a compound file with two encrypted streams."""
    name = {n: n.encode("utf-16-le").ljust(64, b"\0") for n in ("Root Entry", "EncryptionInfo", "EncryptedPackage")}
    head = bytes.fromhex("d0cf11e0a1b11ae1").ljust(512, b"\0")
    path.write_bytes(head + b"".join(entry.ljust(128, b"\0") for entry in name.values()) + os.urandom(4096))


def old_with_a_password(path: Path) -> None:
    """An .xls whose workbook stream announces encryption (record 002F after the first one)."""
    book = xlwt.Workbook()
    book.add_sheet("Sheet1").write(0, 0, "序号")
    book.save(str(path))
    data = path.read_bytes()
    first = data.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    after = first + 4 + 16
    path.write_bytes(data[:after] + b"\x2f\x00" + data[after + 2 :])


UNREADABLE: dict[str, tuple[Callable[[Path], None], str, tuple[str, ...]]] = {
    "missing": (gone, "E101", ("answers.xlsx",)),
    "a folder": (a_folder, "E102", ("answers.xlsx",)),
    "a picture": (a_picture, "E104", ("answers.xlsx",)),
    "prose": (prose, "E104", ("answers.xlsx",)),
    "a Word file": (a_word_file, "E104", ("answers.xlsx",)),
    "cut off": (cut_off, "E108", ("answers.xlsx",)),
    "password": (with_a_password, "E105", ("answers.xlsx",)),
    "password in an old file": (old_with_a_password, "E105", ("answers.xlsx",)),
    "no bytes": (nothing_in_it, "E110", ("answers.xlsx",)),
    "no cells": (no_cells, "E110", ("answers.xlsx",)),
    "header only": (header_only, "E302", ("answers.xlsx", SHEET)),
    "no column matches": (other_headers, "E317", ("answers.xlsx", SHEET)),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_stops_everything(case, study, say, lang):
    damage, code, place = UNREADABLE[case]
    damage(study.data)
    before = contents(study.folder)
    asked = ["-i", study.instrument]
    for words in (
        ["check", study.data, *asked, "-o", study.folder / "problems.xlsx"],
        ["run", study.plan, "-o", study.out],
        ["run", study.plan, "--dry-run"],
        ["score", study.data, *asked, "-o", study.folder / "scores.csv"],
    ):
        said = say(*words)
        if case == "a folder" and words[0] == "check":  # a folder is what the desk takes in, with a roster
            refused(study, said, 2, "E577", lang, "evalkit check --roster")
            continue
        refused(study, said, 3, code, lang, *place)
        assert said.out == ""
        assert contents(study.folder) == before


@pytest.mark.parametrize("case", ["missing", "a picture", "password", "no cells", "header only"])
def test_init_refuses_such_files_too(case, study, say, lang):
    damage, code, place = UNREADABLE[case]
    damage(study.data)
    before = contents(study.folder)
    refused(study, say("init", study.data), 3, code, lang, *place)
    assert contents(study.folder) == before


def test_the_sheets_there_are_are_named(study, say, lang):
    said = say("check", study.data, "-i", study.instrument, "--sheet", "Sheet2")
    assert SHEET in refused(study, said, 3, "E111", lang, "answers.xlsx")


def test_answers_in_place_of_headers_are_not_quoted(study, say, lang):
    """Somebody cut the header row off: nobody can know a nickname, but a number or address shows what it is."""
    study.cells({"nickname:2": None})
    book = openpyxl.load_workbook(study.data)
    book[SHEET].delete_rows(1)
    book.save(study.data)
    before = contents(study.folder)
    said = say("check", study.data, "-i", study.instrument)
    refused(study, said, 3, "E317", lang, "answers.xlsx", SHEET)
    assert contents(study.folder) == before


# -- cells in trouble: listed, and the run goes on ------------------------------------------------


def check(study: Study, say: Say) -> Said:
    """`check` and `run` tell the same about the file and leave it as it was; the check is returned."""
    before = contents(study.folder)
    said = say("check", study.data, "-i", study.instrument)
    assert contents(study.folder) == before
    ran = say("run", study.plan, "-o", study.out)
    assert (ran.code, [line for line in said.lines if line not in ran.lines]) == (0, []), ran.err
    after = contents(study.folder)
    assert {name: digest for name, digest in after.items() if not name.startswith("out")} == {
        name: digest for name, digest in before.items() if not name.startswith("out")
    }
    told = json.loads((study.out / "run.json").read_text(encoding="utf-8"))["notices"]
    codes = {found for line in said.lines for found in re.findall(r"[（(]([EWN]\d{3,4})[）)]", line)}
    assert codes <= {notice["code"] for notice in told}
    return said


def at(name: str, row: int) -> str:
    return f"{COLUMN[name]}{row}"


def test_answers_that_are_no_options_are_listed_all_of_them_and_grouped(study, say, lang):
    rows = (3, 7, 8, 20, 41, 42, 61)
    study.cells({f"V1:{row}": "同意吧" for row in rows} | {"S2:9": "不好说", "sex:4": "保密"})
    said = check(study, say)
    assert said.code == 1
    (together,) = (line for line in said.all("E220") if "同意吧" in line)
    others = [line for line in said.all("E220") if line != together]
    assert is_clear(together, "E220", lang, "answers.xlsx", SHEET, at("V1", 3)), together
    assert "V1" in together
    assert ("7 处" if lang == "zh" else "7 alike") in together
    assert all(at("V1", row) in together for row in rows[:5])
    assert sorted(place for line in others for place in (at("S2", 9), at("sex", 4)) if place in line) == ["H4", "R9"]
    assert len(others) == 2
    counted = "9 处错误" if lang == "zh" else "9 errors"
    assert counted in said.out
    each = [json.loads(line) for line in say("check", study.data, "-i", study.instrument, "--json").lines]
    assert {one["cell"] for one in each if one["code"] == "E220"} == {
        *(at("V1", row) for row in rows), at("S2", 9), at("sex", 4)
    }  # fmt: skip


def test_an_answer_that_is_no_number_names_its_cell(study, say, lang):
    study.cells({"age:5": "不告诉你", "age:6": "三十五", "age:7": 480})
    said = check(study, say)
    assert said.code == 1
    for code, row in (("E222", 5), ("E241", 6), ("E223", 7)):
        assert is_clear(said.the(code), code, lang, "answers.xlsx", SHEET, at("age", row))


def test_numbers_as_text_full_width_digits_and_blanks_are_read_and_noted(study, say, lang):
    study.cells({"age:5": "38", "age:6": "４２", "age:7": " 51 ", "V1:8": "同意  ", "sex:9": "　男"})
    said = check(study, say)
    assert said.code == 0
    assert is_clear(said.the("N236"), "N236", lang, "answers.xlsx", SHEET, at("age", 5))
    assert {line.split(" › ")[2].split("：")[0].split(":")[0] for line in said.all("N235")} == {
        at("age", 6), at("V1", 8), at("sex", 9)
    }  # fmt: skip
    scores = study.folder / "scores.csv"
    say("score", study.data, "-i", study.instrument, "-o", scores)
    header, *rows = (line.split(",") for line in scores.read_text(encoding="utf-8-sig").splitlines())
    read = [dict(zip(header, row, strict=True)) for row in rows]
    assert [float(read[row - 2]["age"]) for row in (5, 6, 7)] == [38, 42, 51]
    assert (float(read[8 - 2]["V1"]), float(read[9 - 2]["sex"])) == (4, 1)


def test_doubled_ids_are_loaded_and_flagged(study, say, lang):
    study.cells({"house:10": "H001", "house:12": "H001", "house:30": "H007"})
    said = check(study, say)
    assert said.code == 0
    lines = said.all("W232")
    assert len(lines) == 2
    assert is_clear(lines[0], "W232", lang, "answers.xlsx", SHEET, at("house", 10))
    assert "H001" in lines[0] and "H007" in lines[1]
    rows = json.loads((study.out / "run.json").read_text(encoding="utf-8"))["rows"]
    assert (rows["loaded"], rows["used"]) == (N, N - 1)  # one too fast; no row goes for its id alone


def test_error_cells_and_formulas_without_a_value_are_missing_and_listed(study, say, lang):
    study.cells({"age:5": "#N/A", "V1:6": "=1+1"})
    said = check(study, say)
    assert said.code == 1
    assert is_clear(said.the("E202"), "E202", lang, "answers.xlsx", SHEET, at("age", 5))
    assert "#N/A" in said.the("E202")
    assert is_clear(said.the("E203"), "E203", lang, "answers.xlsx", SHEET, at("V1", 6))


def test_an_id_or_telephone_number_that_was_rounded_is_no_key(study, say, lang):
    study.cells({"house:5": 330102197001011234, "house:6": 330102197001015678, "tel:7": 8613905710005123456})
    said = check(study, say)
    assert said.code == 1
    (line,) = said.all("E231")
    assert is_clear(line, "E231", lang, "answers.xlsx", SHEET, at("house", 5))
    assert any(at("tel", 7) in one and is_clear(one, "E201", lang) for one in said.all("E201"))
    assert "33010219700101" not in said.err + said.out and "86139" not in said.err + said.out
    assert said.all("W232") == []  # two rounded numbers may look alike and be two people


def test_an_old_workbook_with_a_new_suffix_is_read_and_noted(study, say, lang):
    """Renamed by hand; many platforms do it too."""
    rows = openpyxl.load_workbook(study.data)[SHEET].iter_rows(values_only=True)
    book = xlwt.Workbook()
    sheet = book.add_sheet(SHEET)
    for k, row in enumerate(rows):
        for j, value in enumerate(row):
            sheet.write(k, j, value)
    book.save(str(study.data))
    said = check(study, say)
    assert (said.code, said.out.split()[0]) == (0, str(N))
    assert is_clear(said.the("N120"), "N120", lang, "answers.xlsx")
    assert ".xlsx" in said.the("N120") and "xls" in said.the("N120")


def test_private_answers_are_never_quoted(study, say, lang):
    study.cells({"tel:5": "#N/A", "card:6": "=1+1", "ip:7": "#REF!", "nickname:8": "王小二" * 20})
    study.change('id = "tel"\ntype = "text"', 'id = "tel"\ntype = "integer"\nmin = 1\nmax = 9', file="estate.toml")
    said = check(study, say)
    hidden = "不公开" if lang == "zh" else "private"
    assert hidden in said.all("E223")[0]
    assert "王小二" not in said.err + said.out
    for path in (p for p in study.out.rglob("*") if p.is_file()):
        text = path.read_bytes().decode("utf-8", "replace")
        assert [value for value in private_values() if value in text] == [], path.name


def test_an_id_that_looks_like_a_telephone_number_is_not_quoted(study, say, lang):
    study.cells({f"house:{row}": f"1390571{row - 2:04d}" for row in range(2, N + 2)} | {"house:9": "13905710001"})
    said = check(study, say)
    assert is_clear(said.the("W232"), "W232", lang, "answers.xlsx", SHEET, at("house", 9))
    assert said.all("W316")


# -- plans ----------------------------------------------------------------------------------------

EVERY_TABLE = """
[[join]]
id = "register"
file = "register.csv"
key = "house"
aggregate = {size = "mean"}

[[derive]]
id = "age_group"
from = "age"
bands = [30, 50]

[[scales]]
id = "closeness"
items = ["V1", "V2"]
reverse = ["V2"]
range = [1, 5]
min_valid = 0.5

[[table]]
id = "flow"
template = "T0"
steps = ["reg"]
title = {zh = "流程", en = "Flow"}

[design]
weights = "age"
"""
OWN_SCALE = """[[scales]]
id = "closeness"
items = ["V1", "V2"]
zh = "亲近"
[[exclude]]"""
# What is wrong: old text, new text, code, what the message must name, and lines from the old text to the fault.
BAD_PLANS: dict[str, tuple[str, str, str | None, str] | tuple[str, str, str, str, int]] = {
    "unknown key": ("reason = {zh", "raeson = {zh", "E501", "reason"),
    "unknown key of a step": ('items = ["values"', 'itmes = ["values"', "E501", "items"),
    "unknown table": ("[output]", "[outptu]", "E501", "output"),
    "unknown scale": ('"values", "satisfaction"]', '"values", "satisfactoin"]', "E516", "satisfaction"),
    "unknown step": ('do = "profile"', 'do = "profil"', "E509", "profile"),
    "unknown column": ("满意度 ~ age", "满意度 ~ agee", "E516", "age"),
    "unknown column in an exclusion": ("duration_s < 30", "duraton_s < 30", "E516", "duration_s"),
    "unknown label": ("满意度 ~ age", "满意渡 ~ age", "E516", "满意度"),
    "unknown instrument": ('"estate.toml"', '"estat.toml"', "E402", ""),
    "unknown item of its own scale": ("[[exclude]]", OWN_SCALE.replace("V2", "V9"), "E600", "V1", 2),
    "unknown key of its own scale": ("[[exclude]]", OWN_SCALE.replace("zh", "zn"), "E501", "zh", 3),
    "unknown column of the design": ("[[exclude]]", '[design]\nweights = "aeg"\n[[exclude]]', "E516", "age", 1),
    "unknown key of the design": ("[[exclude]]", '[design]\nwieghts = "age"\n[[exclude]]', "E501", "weights", 1),
    "half a condition": ('"duration_s < 30"', '"duration_s <"', None, ""),
    "unknown format": ('["md"]', '["pdf"]', "E513", "md"),
    "negative seed": ("seed = 7", "seed = -7", "E532", "-7"),
    "seed of a step": ("[output]", '[[step]]\nid = "m"\ndo = "measures"\nseed = 5\n[output]', "E501", "scales", 3),
    "number for a list": ('items = ["sex", "need"]', "items = 5", "E505", "items"),
    "word for a number": ('do = "regress"', 'do = "regress"\nconf_level = "high"', "E505", "conf_level", 1),
    "design in a step": ('do = "regress"', 'do = "regress"\ndesign = "sex"', "E501", "design", 1),
    "text for a number": ("seed = 7", 'seed = "seven"', "E505", "seed"),
    "backslashes": ('"answers.xlsx"', '"C:\\data\\answers.xlsx"', "E404", "C:/data"),
    "backslashes that mean something": ('"answers.xlsx"', '"C:\\temp\\new.xlsx"', "E404", "C:/data"),
    "unquoted path": ('"answers.xlsx"', "C:\\data\\answers.xlsx", "E410", "C:\\data\\answers.xlsx"),
    "full-width quotes": ('file = "answers.xlsx"', "file = “answers.xlsx”", "E403", "“"),
    "full-width equals": ("seed = 7", "seed ＝ 7", "E403", "＝"),
}


@pytest.mark.parametrize("case", BAD_PLANS)
def test_a_fault_of_the_plan_names_its_line_and_the_remedy(case, study, say, lang):
    old, new, code, near, *below = BAD_PLANS[case]
    line = study.change(old, new) + sum(below)
    before = contents(study.folder)
    said = say("run", study.plan, "-o", study.out)
    assert (said.code, said.out, len(said.lines)) == (4, "", 1), said.err
    where = f"plan.toml › 第 {line} 行：" if lang == "zh" else f"plan.toml › line {line}: "
    assert said.err.startswith(where), (where, said.err)
    assert near in said.err
    if code:
        assert is_clear(said.the(code), code, lang), said.err
    assert say("run", study.plan, "--dry-run") == said
    assert contents(study.folder) == before


def _tables(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every place in a nest of tables and lists."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(part, dict | list):
            yield from _tables(part, (*path, key))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


@pytest.mark.parametrize("wrong", [5, -1.5, True, "", "a ~ b", [], ["x"], [["x"]], {}, {"a": 1}], ids=repr)
def test_a_value_of_any_kind_in_any_place_is_read_or_told_with_its_line(wrong, tmp_path, lang):
    """No plan, however wrong, is our bug."""
    whole = tomllib.loads(PLAN.replace("LANGUAGE", lang) + MEDIATION + EVERY_TABLE)
    for path in _tables(whole):
        plan = copy.deepcopy(whole)
        *above, last = path
        functools.reduce(operator.getitem, above, plan)[last] = wrong
        text = "".join(f"{key} = {_toml(value)}\n" for key, value in plan.items())
        try:
            parse_plan(text, tmp_path / "plan.toml")
        except PlanError as error:
            for problem in error.problems:
                assert problem.at.line > 0
                assert say_it(problem, lang).endswith(("）", ")"))


def test_all_faults_of_a_plan_come_at_once(study, say, lang):
    study.change('do = "profile"', 'do = "profil"')
    study.change("[output]", "[outptu]")
    said = say("run", study.plan, "-o", study.out)
    assert said.code == 4
    assert len(said.lines) == 2
    assert said.all("E509") and said.all("E501")


def test_an_unknown_step_in_a_hypothesis_names_the_nearest(study, say, lang):
    study.add(MEDIATION.replace("confirm_if = 'med[", "confirm_if = 'mad["))
    before = contents(study.folder)
    said = say("run", study.plan, "-o", study.out)
    assert "med" in refused(study, said, 4, "E514", lang, "plan.toml")
    assert contents(study.folder) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [('m = ["values"]', 'm = ["embedding"]'), ('x = "embedding"', 'x = "共享价值"'), ('["age"]', '["satisfaction"]')],
    ids=["x = m", "by label", "covariate = y"],
)
def test_a_variable_in_two_places_is_refused(old, new, study, say, lang):
    study.add(MEDIATION)
    study.change(old, new)
    before = contents(study.folder)
    said = say("run", study.plan, "-o", study.out)
    refused(study, said, 4, "E511", lang, "plan.toml")
    assert contents(study.folder) == before


@pytest.mark.parametrize("case", ["gbk", "bom", "utf-16"])
def test_a_plan_saved_in_another_encoding_is_explained(case, study, say, lang):
    text = study.plan.read_text(encoding="utf-8")
    data = {"gbk": text.encode("gbk"), "bom": b"\xef\xbb\xbf" + text.encode(), "utf-16": text.encode("utf-16")}[case]
    study.plan.write_bytes(data)
    before = contents(study.folder)
    said = say("run", study.plan, "-o", study.out)
    code = "E518" if case == "bom" else "E401"
    line = 2 if case == "gbk" else 1
    where = f"第 {line} 行" if lang == "zh" else f"line {line}"
    assert "UTF-8" in refused(study, said, 4, code, lang, "plan.toml", where)
    assert contents(study.folder) == before


def test_a_missing_plan_says_how_to_get_one(study, say, lang):
    study.plan.unlink()
    assert "evalkit init" in refused(study, say("run", study.plan), 4, "E502", lang)


def test_a_fault_of_the_instrument_names_its_line(study, say, lang):
    line = study.change('type = "integer"', 'type = "intteger"', file="estate.toml")
    before = contents(study.folder)
    for words in (["run", study.plan, "-o", study.out], ["check", study.data, "-i", study.instrument]):
        said = say(*words)
        where = f"第 {line} 行" if lang == "zh" else f"line {line}"
        assert "integer" in refused(study, said, 4, "E417", lang, "estate.toml", where)
    assert contents(study.folder) == before


# -- analyses that cannot be done -----------------------------------------------------------------


def all_missing(study: Study) -> None:
    study.cells({f"{item}:{row}": None for item in ("S1", "S2", "S3") for row in range(2, N + 2)})


def test_a_scale_without_an_answer_leaves_the_other_steps(study, say, lang):
    all_missing(study)
    said = say("run", study.plan, "-o", study.out)
    assert said.code == 5
    assert "satisfaction" in said.the("W839") and is_clear(said.the("W839"), "W839", lang)
    step = json.loads((study.out / "run.json").read_text(encoding="utf-8"))["steps"]
    assert [one["id"] for one in step] == ["sample", "alpha", "reg"]
    results = json.loads((study.out / "results.json").read_text(encoding="utf-8"))
    reasons = {row["reason"] for row in results if row["step"] == "reg" and row["statistic"] == "estimate"}
    assert results and None not in reasons
    alpha = {row["id"]: row["value"] for row in results if row["step"] == "alpha" and row["statistic"] == "alpha"}
    assert any(value is not None for value in alpha.values())
    assert (study.out / "tables.md").read_text(encoding="utf-8") != "上次的表"


def too_few(study: Study) -> None:
    """Two rows, which differ, for the two parameters of the first block and the three of the second."""
    study.change('满意度 ~ age | + embedding"', '满意度 ~ age | + embedding"\nwhere = "age < 22"')
    study.cells({"S1:2": "同意", "S1:3": "不同意", "S2:2": "同意", "S2:3": "不同意", "E1:2": "同意"})


def test_fewer_complete_rows_than_parameters(study, say, lang):
    too_few(study)
    study.add(MEDIATION.replace("resamples = 100", 'resamples = 100\nwhere = "age < 22"'))
    said = say("run", study.plan, "-o", study.out)
    assert said.code == 5
    assert said.all("W657") and all(is_clear(line, "W657", lang) for line in said.all("W657"))
    steps = json.loads((study.out / "run.json").read_text(encoding="utf-8"))["steps"]
    assert {one["id"] for one in steps if any(n["code"] == "W657" for n in one["notices"])} == {"reg", "med"}
    results = json.loads((study.out / "results.json").read_text(encoding="utf-8"))
    computed = {row["step"] for row in results if row["value"] is not None and row["statistic"] == "estimate"}
    assert computed == {"sample", "alpha"}


def test_strict_keeps_the_old_folder(study, say, lang):
    too_few(study)
    before = contents(study.folder)
    said = say("run", study.plan, "-o", study.out, "--strict")
    assert said.code == 5
    assert said.all("W657") and all(is_clear(line, "W657", lang) for line in said.all("W657"))
    assert contents(study.folder) == before


def test_a_constant_covariate_is_left_out_and_said(study, say, lang):
    study.cells({f"age:{row}": 40 for row in range(2, N + 2)})
    study.add(MEDIATION)
    said = say("run", study.plan, "-o", study.out)
    assert said.code == 0
    steps = json.loads((study.out / "run.json").read_text(encoding="utf-8"))["steps"]
    told = {one["id"]: [n for n in one["notices"] if n["code"] == "W655"] for one in steps}
    report = (study.out / "tables.md").read_text(encoding="utf-8")
    for step in ("reg", "med"):
        (notice,) = told[step]
        assert is_clear(notice[lang], "W655", lang) and "age" in notice[lang]
        assert notice[lang] in report


# -- targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["in a file", "read-only", "a file"])
def test_a_target_that_cannot_be_written_is_refused(case, study, say, lang):
    if case == "read-only" and AS_ROOT:
        target = Path("/proc/evalkit-out") if Path("/proc/self").is_dir() else study.plan / "out"
    elif case == "read-only":
        target = study.folder / "locked" / "out"
        target.parent.mkdir(mode=0o500)
    else:
        target = study.plan / "out" if case == "in a file" else study.instrument
    before = contents(study.folder)
    said = say("run", study.plan, "-o", target)
    code = "E551" if case == "a file" else "E550"
    assert target.name in refused(study, said, 2, code, lang)
    assert contents(study.folder) == before


@pytest.mark.parametrize("case", ["edited", "added", "both"])
def test_an_author_s_work_is_never_lost(case, study, say, lang):
    names = []
    if case in ("edited", "both"):
        (study.out / "tables.md").write_text("作者改过的表", encoding="utf-8")
        names.append("tables.md")
    if case in ("added", "both"):
        (study.out / "我的笔记.txt").write_text("笔记", encoding="utf-8")
        names.append("我的笔记.txt")
    before = contents(study.folder)
    said = say("run", study.plan, "-o", study.out)
    line = refused(study, said, 2, "E552", lang)
    assert all(name in line for name in names) and "--force" in line
    assert contents(study.folder) == before
    if case == "both":
        assert say("run", study.plan, "-o", study.out, "--force").code == 0
        assert "作者改过的表" not in (study.out / "tables.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["score", "check", "simulate", "init"])
def test_a_file_that_cannot_be_written_is_refused(command, study, say, lang):
    inside = study.plan / "x.xlsx"
    before = contents(study.folder)
    asked = ["-i", study.instrument]
    said = say(
        *{
            "score": ["score", study.data, *asked, "-o", inside],
            "check": ["check", study.data, *asked, "-o", inside],
            "simulate": ["simulate", "j-community-renovation", "-n", 5, "-o", inside],
            "init": ["init", study.data, "-o", study.plan],
        }[command]
    )
    assert said.code == 2, said.err
    assert len([line for line in said.lines if "E131" in line or "E55" in line]) == 1, said.err
    assert contents(study.folder) == before


@pytest.mark.parametrize("command", ["check", "score"])
def test_the_original_is_never_overwritten(command, study, say, lang):
    before = contents(study.folder)
    said = say(command, study.data, "-i", study.instrument, "-o", study.data)
    assert said.code == 2
    assert is_clear(said.the("E132"), "E132", lang, "answers.xlsx")
    assert contents(study.folder) == before


def test_a_draft_that_was_corrected_is_never_overwritten(study, say, lang):
    assert say("init", study.data).code == 0
    drafts = [p for p in study.folder.iterdir() if p.name not in ("answers.xlsx", "estate.toml", "plan.toml", "out")]
    assert len(drafts) == 2
    for path in drafts:
        path.write_text(path.read_text(encoding="utf-8") + "\n# 我改过\n", encoding="utf-8")
    before = contents(study.folder)
    said = say("init", study.data)
    assert "--force" in refused(study, said, 2, "E575", lang)
    assert contents(study.folder) == before


@pytest.mark.parametrize("command", ["score", "check", "simulate"])
def test_a_suffix_that_cannot_be_written_is_named(command, study, say, lang):
    """A workbook under another name would not open."""
    before = contents(study.folder)
    target = study.folder / ("x.pdf" if command == "score" else "x.csv")
    first = {"simulate": ["j-community-renovation"]}.get(command, [study.data, "-i", study.instrument])
    line = refused(study, say(command, *first, "-o", target), 2, "E574", lang)
    assert target.suffix in line and ".xlsx" in line
    assert contents(study.folder) == before


def test_files_taken_for_one_another_are_told_apart(study, say, lang):
    before = contents(study.folder)
    assert "evalkit init answers.xlsx" in refused(study, say("run", study.data), 4, "E533", lang, "answers.xlsx")
    assert "evalkit-plan/1" in refused(study, say("run", study.instrument), 4, "E503", lang, "estate.toml")
    said = say("check", study.data, "-i", study.plan)
    assert "evalkit-instrument/1" in refused(study, said, 4, "E413", lang, "plan.toml")
    assert contents(study.folder) == before


# -- as a user meets it ---------------------------------------------------------------------------


def test_a_user_never_sees_a_traceback(study, lang):
    """One language meets a picture for data, the other a plan in another encoding."""
    exit_code = {"zh": 3, "en": 4}[lang]
    if lang == "zh":
        a_picture(study.data)
    else:
        study.plan.write_bytes(study.plan.read_text(encoding="utf-8").encode("gbk"))
    before = contents(study.folder)
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "run", str(study.plan), "-o", str(study.out)],
        capture_output=True,
        env={**os.environ, "EVALKIT_LANG": lang, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=False,
    )
    told = done.stderr.decode("utf-8")
    assert (done.returncode, done.stdout, "Traceback" in told, len(told.splitlines())) == (exit_code, b"", False, 1)
    assert contents(study.folder) == before
