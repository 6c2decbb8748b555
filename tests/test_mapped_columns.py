"""A file matched by guess, from drafted mapping to run: `init -i`, `check --mapping`, `[data] mapping`, `score`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook

from evalkit.cli import main
from evalkit.ingest.desk import collect
from evalkit.plan import run
from evalkit.plan.reader import read_plan
from evalkit.plan.start import start

INSTRUMENT = """format = "evalkit-instrument/1"
id = "home"
version = "1"
languages = ["zh"]
title = {zh = "住户"}

[choices]
sex = [{code = 1, zh = "男"}, {code = 2, zh = "女"}]

[[items]]
id = "sex"
type = "single"
choices = "sex"
zh = "您的性别"

[[items]]
id = "people"
type = "integer"
zh = "您家常住几口人"
"""
PLAN = """format = "evalkit-plan/1"
title = {zh = "住户"}
language = ["zh"]
instrument = "./home.toml"

[data]
file = "答卷.xlsx"
mapping = "答卷.mapping.toml"

[[step]]
id = "size"
do = "describe"
variables = ["people"]

[output]
formats = ["md"]
"""
ROWS = [["序号", "受访人男女", "人数"], [1, "男", "三口"], [2, "女", 2], [3, "女", 4]]


@pytest.fixture
def folder(tmp_path) -> Path:
    """An instrument, a plan and answers whose headings match nothing well."""
    save(tmp_path / "答卷.xlsx", ROWS)
    (tmp_path / "home.toml").write_text(INSTRUMENT, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def save(path: Path, rows: list) -> None:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.fixture
def settled(folder) -> Path:
    """The folder with the mapping drafted by `init -i` and completed by a person."""
    assert main(["init", str(folder / "答卷.xlsx"), "-i", str(folder / "home.toml")]) == 0
    path = folder / "答卷.mapping.toml"
    text = path.read_text(encoding="utf-8")
    for header, lines in (
        ("受访人男女", 'item = "sex"'),
        ("人数", 'item = "people"\nvalues = {"三口" = 3}'),
    ):
        assert f'header = "{header}"\nfate = "unmapped"' in text
        text = text.replace(f'header = "{header}"\nfate = "unmapped"', f'header = "{header}"\n{lines}')
    path.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    return folder


def test_init_drafts_a_mapping_for_an_instrument_that_is_there(folder, capsys):
    assert main(["init", str(folder / "答卷.xlsx"), "-i", str(folder / "home.toml"), "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert "答卷.mapping.toml" in told and "3 列中有 0 列" in told
    assert sorted(path.suffixes[-2:] for path in folder.glob("*.toml")).count([".mapping", ".toml"]) == 1
    assert not list(folder.glob("*.plan.toml"))
    assert main(["init", str(folder / "答卷.xlsx"), "-i", str(folder / "home.toml")]) == 2
    assert main(["init", str(folder / "答卷.xlsx"), "-i", str(folder / "home.toml"), "--workbook"]) == 2


def test_check_reads_through_the_mapping(settled, capsys):
    words = ["check", str(settled / "答卷.xlsx"), "-i", str(settled / "home.toml"), "--lang", "zh"]
    assert main(words) == 3
    capsys.readouterr()
    assert main([*words, "--mapping", str(settled / "答卷.mapping.toml")]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("3 行") and "三口" in said.err
    assert main([*words, "--mapping", str(settled / "none.toml")]) == 4
    save(settled / "答卷.xlsx", [["序号", "男女", "人数"], *ROWS[1:]])
    assert main([*words, "--mapping", str(settled / "答卷.mapping.toml")]) == 3
    assert "男女" in capsys.readouterr().err


def test_score_reads_through_the_mapping(settled):
    given = ["-i", str(settled / "home.toml"), "--mapping", str(settled / "答卷.mapping.toml")]
    assert main(["score", str(settled / "答卷.xlsx"), *given, "-o", str(settled / "scores.csv")]) == 0
    lines = (settled / "scores.csv").read_text(encoding="utf-8-sig").splitlines()
    at = lines[0].split(",").index("people")
    assert [float(line.split(",")[at]) for line in lines[1:4]] == [3, 2, 4]


def test_a_plan_names_its_mapping_and_the_run_remembers_it(settled):
    assert read_plan(settled / "plan.toml").data.mapping == "答卷.mapping.toml"
    found = run(settled / "plan.toml", settled / "out")
    assert found.exit_code == 0
    record = json.loads((settled / "out" / "run.json").read_text(encoding="utf-8"))
    assert set(record["inputs"]) == {"答卷.xlsx", "答卷.mapping.toml"}
    results = json.loads((settled / "out" / "results.json").read_text(encoding="utf-8"))
    assert [row["value"] for row in results if row["statistic"] == "mean"] == [3.0]


def test_a_plan_whose_mapping_is_gone_or_wrong_names_the_file(settled, capsys):
    path = settled / "答卷.mapping.toml"
    kept = settled / "kept.toml"
    shutil.move(path, kept)
    assert main(["run", str(settled / "plan.toml"), "-o", str(settled / "out")]) == 4
    assert "答卷.mapping.toml" in capsys.readouterr().err and not (settled / "out").exists()
    path.write_text(kept.read_text(encoding="utf-8").replace('"people"', '"persons"'), encoding="utf-8")
    assert main(["run", str(settled / "plan.toml"), "-o", str(settled / "out")]) == 4
    assert "persons" in capsys.readouterr().err


def test_init_on_jinshuju_writes_a_mapping_that_waits_for_a_person(folder):
    head = ["序号", "您的性别", "提交人", "提交时间", "修改时间", "填写设备"]
    times = ["2026-09-03 12:00:00", "2026-09-03 12:05:00"]
    save(folder / "金.xlsx", [head, *([k, "男" if k % 2 else "女", f"微信{k}", *times, "手机"] for k in range(1, 9))])
    started = start(folder / "金.xlsx", None)
    assert started.mapping == folder / "金.mapping.toml"
    assert main(["run", str(started.plan), "-o", str(folder / "out")]) == 3
    text = started.mapping.read_text(encoding="utf-8")
    started.mapping.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    assert main(["run", str(started.plan), "-o", str(folder / "out")]) == 0


@pytest.fixture
def sent(settled) -> Path:
    """Files of two communities: one with the mapping's headings, one with others; mapping and roster beside them."""
    inbox = settled / "收件"
    inbox.mkdir()
    save(inbox / "幸福社区.xlsx", ROWS)
    save(inbox / "和平社区.xlsx", [["序号", "男女", "人数"], *ROWS[1:]])
    save(inbox / "名册.xlsx", [["编号", "名称"], ["A1", "幸福社区"], ["A2", "和平社区"]])
    shutil.move(settled / "答卷.mapping.toml", inbox / "答卷.mapping.toml")
    return inbox


def test_the_collection_desk_reads_through_the_mapping(sent):
    found = collect(sent, str(sent.parent / "home.toml"), roster=sent / "名册.xlsx", mapping=sent / "答卷.mapping.toml")
    assert [(receipt.state, receipt.n) for receipt in found.receipts] == [("received", 3), ("unreadable", 0)]
    assert list(found.responses.frame["people"]) == [3, 2, 4]
    assert set(found.responses.frame["community_id"]) == {"A1"}
    assert {(p.code, p.at.file) for p in found.problems if p.code in ("E336", "N338", "W385")} == {
        ("E336", "和平社区.xlsx"),
        ("N338", "幸福社区.xlsx"),
    }


def test_the_desk_takes_a_mapping_at_the_command_line(sent, capsys):
    given = ["-i", str(sent.parent / "home.toml"), "--mapping", str(sent / "答卷.mapping.toml"), "--lang", "zh"]
    words = ["check", str(sent), "--roster", str(sent / "名册.xlsx"), *given]
    assert main([*words, "-o", str(sent.parent / "登记")]) == 1
    said = capsys.readouterr()
    assert "和平社区.xlsx" in said.err and "男女" in said.err and "答卷.mapping.toml" not in said.out
    assert main([*words, "-o", str(sent)]) == 2  # would overwrite what it reads
    mapping = sent / "答卷.mapping.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace('"people"', '"persons"'), encoding="utf-8")
    assert main(words) == 4
    assert "persons" in capsys.readouterr().err


def test_newer_answers_are_compared_through_the_mapping(sent, capsys):
    save(sent / "新.xlsx", [*ROWS[:3], [3, "女", 5], [4, "男", "三口"]])
    given = ["-i", str(sent.parent / "home.toml"), "--mapping", str(sent / "答卷.mapping.toml"), "--json"]
    assert main(["check", str(sent / "新.xlsx"), "--since", str(sent / "幸福社区.xlsx"), *given]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["unchanged"], counts["changed"], counts["new"]) == (2, 1, 1)
