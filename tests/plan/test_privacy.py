"""Personal data in a run: pseudonyms, what run.json says, and that no value comes out anywhere."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from evalkit.cli import main
from evalkit.contract import PlanError, UsageError
from evalkit.contract.words import say
from evalkit.ingest.pseudonyms import Key, pseudonyms, read_key
from evalkit.plan import run, verify

INSTRUMENT = """format = "evalkit-instrument/1"
id = "estate"
version = "1"
languages = ["zh", "en"]
title = {zh = "小区", en = "Estate"}

[choices]
sex = [{code = 1, zh = "男", en = "Male"}, {code = 2, zh = "女", en = "Female"}]

[[items]]
id = "gender"
type = "single"
choices = "sex"
role = "background"
zh = "性别"
en = "Gender"

[[items]]
id = "age"
type = "integer"
role = "background"
zh = "年龄"
en = "Age"

[[items]]
id = "remark"
type = "text"
zh = "您的建议"
en = "Suggestions"
"""
PLAN = """format = "evalkit-plan/1"
title = {zh = "小区", en = "Estate"}
language = ["zh", "en"]
instrument = "estate.toml"

[data]
file = "answers.xlsx"

[privacy]
pseudonyms = ["respondent_id"]
key_file = "keys/study.key"
new_key = true

[[step]]
id = "who"
do = "profile"

[output]
formats = ["xlsx", "docx", "html", "md"]
"""
PLANTED = (
    "13812345678", "11010519491231002X", "li.na@mail.example.cn", "10.11.12.13", "wx_user3", "中山路12号3栋501室",
    "王建国", "小明明", "NX-0007",
)  # fmt: skip


def answers(path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["序号", "来源详情", "来自IP", "性别", "年龄", "您的建议", "微信", "备注"])
    for k in range(1, 31):
        sheet.append(
            [f"NX-{k:04d}", "小明明", "10.11.12.13(北京-北京)", "男女"[k % 2], 20 + k, f"建议{k}", f"wx_user{k}", ""]
        )
    sheet["F3"], sheet["F4"] = "打13812345678找王建国书记", "写信li.na@mail.example.cn"
    for row in range(5, 15):
        sheet[f"H{row}"] = "11010519491231002X"
    sheet["F6"], sheet["E7"] = "住中山路12号3栋501室", "问13812345678"
    sheet["A9"] = "NX-0007"  # the id of row 8 again
    book.save(path)


@pytest.fixture
def estate(tmp_path) -> Path:
    answers(tmp_path / "answers.xlsx")
    (tmp_path / "estate.toml").write_text(INSTRUMENT, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def everything(path: Path) -> str:
    """All text of a file or folder, zip parts opened."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    texts = []
    for file in files:
        texts.append(file.read_bytes().decode("utf-8", "replace"))
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as parts:
                texts += [parts.read(name).decode("utf-8", "replace") for name in parts.namelist()]
    return "\n".join(texts)


def leaked(text: str) -> list[str]:
    return [value for value in PLANTED if value in text]


def test_no_planted_value_is_in_any_byte_of_a_run_or_message(estate):
    found = run(estate / "plan.toml", estate / "out")
    said = "".join(say(p, lang) for p in found.sample.problems for lang in ("zh", "en"))
    assert leaked(said) == [] and leaked(everything(estate / "out")) == []
    secret = (estate / "keys" / "study.key").read_text().strip()
    assert secret not in everything(estate / "out")
    assert verify(estate / "out").same


def test_run_json_says_what_was_removed(estate):
    run(estate / "plan.toml", estate / "out")
    said = json.loads((estate / "out" / "run.json").read_text(encoding="utf-8"))["privacy"]
    assert said == {
        "private_columns": {"identity": 1, "ip": 1, "nickname": 1, "wechat": 1},
        "masked_cells": {"remark": 3},
        "pseudonyms": ["respondent_id"],
        "suppressed_cells": {},
    }


def test_problem_workbook_and_messages_of_check_hold_none(estate, capsys):
    given = ["check", str(estate / "answers.xlsx"), "-i", str(estate / "estate.toml"), "-o", str(estate / "bad.xlsx")]
    main(given)
    said = capsys.readouterr()
    values = set(leaked(everything(estate / "bad.xlsx") + said.out + said.err))
    assert values == {"NX-0007"}  # an id by which field staff find the row is no personal datum by its form
    assert "***" in everything(estate / "bad.xlsx") and "W340" in said.err


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_scores_are_written_under_pseudonyms(estate, suffix, capsys):
    out, key = estate / f"scores.{suffix}", estate / "k" / "a.key"
    given = ["score", str(estate / "answers.xlsx"), "-i", str(estate / "estate.toml"), "-o", str(out)]
    assert main([*given, "--key-file", str(key), "--new-key"]) == 0
    said = capsys.readouterr()
    assert leaked(everything(out) + said.out + said.err) == [] and key.read_text().strip() not in everything(out)
    assert main([*given, "--key-file", str(estate / "none.key")]) == 2
    assert "E343" in capsys.readouterr().err


def test_one_id_has_one_pseudonym_over_files_and_forms():
    key, other = Key(b"k" * 32), Key(b"l" * 32)
    one = pseudonyms(pd.Series(["7", " ７", None, "007"]), key)
    two = pseudonyms(pd.Series([8.0, 7.0], index=[3, 4], name="x"), key)
    assert one[0] == one[1] == two[4] and pd.isna(one[2]) and one[3] != one[0]
    assert len(one[0]) == 26 and one[0].isalnum() and one[0] == one[0].lower()
    assert pseudonyms(pd.Series(["7"]), other)[0] != one[0]
    # RFC 4231, test case 2 with its key filled up to our least length would be another key: hold the definition.
    import base64
    import hashlib
    import hmac

    digest = hmac.new(b"k" * 32, b"7", hashlib.sha256).digest()[:16]
    assert one[0].upper() + "======" == base64.b32encode(digest).decode()


def test_keys_are_made_for_their_owner_and_refused_elsewhere(tmp_path):
    path = tmp_path / "keys" / "a.key"
    key = read_key(path, new=True)
    assert read_key(path) == key and "secret" not in repr(key) and path.read_text().strip() not in repr(key)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)
        refused("E345", path)
        path.chmod(0o600)
    refused("E346", path, away_from=tmp_path / "keys")
    refused("E343", tmp_path / "none.key")
    refused("E344", tmp_path)
    (tmp_path / "short.key").write_text("abc")
    (tmp_path / "short.key").chmod(0o600)
    refused("E344", tmp_path / "short.key")


def refused(code: str, path: Path, **more: object) -> None:
    with pytest.raises(UsageError) as error:
        read_key(path, **more)
    assert [p.code for p in error.value.problems] == [code]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('key_file = "keys/study.key"\n', "", "E506"),
        ("new_key = true\n", "", "E343"),
        ('"keys/study.key"', '"out/study.key"', "E346"),
        ('["respondent_id"]', '["respondent"]', "E516"),
        ("new_key = true", "new_key = 1", "E505"),
    ],
)
def test_a_plan_whose_privacy_cannot_be_kept_is_refused_before_anything(estate, old, new, code):
    (estate / "plan.toml").write_text(PLAN.replace(old, new), encoding="utf-8")
    with pytest.raises(PlanError) as error:
        run(estate / "plan.toml", estate / "out")
    assert [p.code for p in error.value.problems] == [code] and error.value.problems[0].at.line
    assert not (estate / "out").exists()


def test_a_register_is_joined_over_pseudonyms(estate):
    (estate / "register.csv").write_text("respondent_id,floor\nNX-0001,3\nNX-0002,4\n", encoding="utf-8")
    join = '\n[[join]]\nid = "r"\nfile = "register.csv"\nkey = "respondent_id"\n'
    (estate / "plan.toml").write_text(PLAN + join, encoding="utf-8")
    data = run(estate / "plan.toml").sample.used
    assert data["floor"].tolist()[:2] == [3.0, 4.0] and data["floor"].notna().sum() == 2
    assert not data["respondent_id"].astype(str).str.startswith("NX").any()
