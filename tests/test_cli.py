"""Every command as it is typed: what it prints where, what it writes, how it exits."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from command_line import COLUMN, LANGUAGES, MEDIATION, SHEET, N, Said, Say, Study, contents, make_study, private_values

from evalkit.cli import main
from evalkit.contract.words import catalogue
from evalkit.instrument import load_instrument, shipped

WJX = Path(__file__).parent / "data" / "wjx"
ROOT = Path(__file__).parents[1]
PRIVATE = ("tel", "card", "ip", "nickname")


@pytest.fixture
def study(tmp_path) -> Study:
    return make_study(tmp_path / "study")


@pytest.fixture
def say(capsys, monkeypatch) -> Say:
    """Run a command in Chinese, or in the language given; a bug of ours shows as itself."""
    monkeypatch.setenv("EVALKIT_DEBUG", "1")

    def call(*words: object, lang: str | None = "zh") -> Said:
        capsys.readouterr()
        code = main([*map(str, words), *(["--lang", lang] if lang else [])])
        said = Said(code, *capsys.readouterr())
        assert [value for value in private_values() if value in said.out + said.err] == []
        return said

    return call


def table_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows of a written csv."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return list(rows[0]), rows


# -- usage and language ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_help_names_every_command_in_the_language(lang, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help", "--lang", lang])
    told = capsys.readouterr().out
    assert stopped.value.code == 0
    for command in ("demo", "init", "check", "run", "verify", "score", "simulate", "instrument", "explain"):
        assert catalogue()["labels"][f"cli.{command}.about"][lang].split()[0] in told
    assert ("用法" in told) == (lang == "zh")


def test_no_command_shows_the_help_and_is_a_usage_error(say):
    said = say()
    assert (said.code, said.out) == (2, "")
    assert "evalkit" in said.err


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["run"], "E577", "plan"),
        (["run", "p.toml", "--frob"], "E578", "--frob"),
        (["chekc", "a.xlsx"], "E579", "check"),
        (["run", "p.toml", "-o"], "E580", "-o"),
        (["simulate", "j-community-renovation", "-n", "many", "-o", "a.xlsx"], "E580", "-n"),
        (["simulate", "j-community-renovation", "-n", "0", "-o", "a.xlsx"], "E570", "0"),
        (["instrument", "show"], "E571", "show"),
        (["explain", "E999"], "E572", "E999"),
        (["score", "a.xlsx", "-i", "j-community-renovation", "-o", "a.docx"], "E574", ".docx"),
    ],
)
def test_a_command_that_makes_no_sense_is_explained(words, code, named, lang, say):
    said = say(*words, lang=lang)
    assert (said.code, said.out, len(said.lines)) == (2, "", 1)
    assert named in said.the(code)


def test_the_language_is_that_of_the_option_then_the_environment_then_the_locale(say, monkeypatch):
    def language(*words: str) -> str:
        return "zh" if "没有代码" in say(*words, lang=None).err else "en"

    for name in ("LC_ALL", "LANG"):
        monkeypatch.setenv(name, "zh_CN.UTF-8")
    assert language("explain", "E999") == "zh"
    monkeypatch.setenv("EVALKIT_LANG", "en")
    assert language("explain", "E999") == "en"
    assert language("explain", "E999", "--lang", "zh") == "zh"
    assert language("--lang", "zh", "explain", "E999") == "zh"
    assert language("explain", "--lang=zh", "E999") == "zh"
    monkeypatch.setenv("EVALKIT_LANG", "fr")
    assert language("explain", "E999") == "zh"


@pytest.mark.parametrize("before", [True, False])
def test_json_gives_one_object_a_line(before, study, say):
    study.cells({"V1:3": "同意吧", "V1:7": "同意吧", "age:5": "不告诉你"})
    words = ["check", study.data, "-i", study.instrument]
    said = say(*(["--json", *words] if before else [*words, "--json"]))
    found = [json.loads(line) for line in said.lines]
    assert said.code == 1
    places = {(one["code"], one["severity"], one["file"], one["sheet"], one["cell"]) for one in found}
    assert places >= {
        ("E220", "error", "answers.xlsx", SHEET, f"{COLUMN['V1']}3"),
        ("E220", "error", "answers.xlsx", SHEET, f"{COLUMN['V1']}7"),
        ("E222", "error", "answers.xlsx", SHEET, f"{COLUMN['age']}5"),
    }
    assert all(one["message"].endswith(f"（{one['code']}）") for one in found)


def test_json_holds_faults_of_the_plan_and_of_a_step_too(study, say):
    study.change('满意度 ~ age | + embedding"', '满意度 ~ age | + embedding"\nwhere = "age < 22"')
    (step,) = (one for one in map(json.loads, say("run", study.plan, "-o", study.out, "--json").lines) if "step" in one)
    assert (step["step"], step["severity"]) == ("reg", "warning")
    line = study.change('do = "profile"', 'do = "profil"')
    (fault,) = map(json.loads, say("run", study.plan, "-o", study.out, "--json").lines)
    assert (fault["code"], fault["file"], fault["line"]) == ("E509", "plan.toml", line)
    (usage,) = map(json.loads, say("run", "--json").lines)
    assert usage["code"] == "E577"


# -- explain, instrument --------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_explain_says_what_and_what_to_do(lang, say):
    for code in ("E220", "e552", "W232"):
        said = say("explain", code, lang=lang)
        entry = catalogue()["messages"][code.upper()]
        assert (said.code, said.err) == (0, "")
        assert said.out.splitlines() == [f"{code.upper()}  {entry[lang]}", entry[f"{lang}_fix"]]


def test_instrument_list_names_the_shipped_ones(say):
    said = say("instrument", "list")
    listed = {line.split("\t")[0]: line.split("\t") for line in said.out.splitlines()}
    assert said.code == 0
    assert list(listed) == shipped() and "j-community-renovation" in listed
    for name, (_, version, items, title) in listed.items():
        found = load_instrument(name)
        assert (version, int(items), title) == (found.version, len(found.items), found.title["zh"])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("action", ["show", "check"])
def test_instrument_show_tells_what_it_holds(action, lang, study, say):
    said = say("instrument", action, study.instrument, lang=lang)
    assert said.code == 0
    found = load_instrument(study.instrument)
    assert found.title[lang] in said.out
    assert all(scale.id in said.out for scale in found.scales)
    assert "V2" in said.out  # the reverse item


def test_instrument_check_says_no_to_a_faulty_one(study, say):
    line = study.change('items = ["V1", "V2", "V3"]', 'items = ["V1", "V2", "V4"]', file="estate.toml")
    said = say("instrument", "check", study.instrument)
    assert (said.code, said.out) == (4, "")
    assert said.the("E443").startswith(f"estate.toml › 第 {line} 行：") and "V3" in said.the("E443")


def test_an_unknown_instrument_names_the_nearest(say):
    said = say("instrument", "show", "j-comunity-renovation")
    assert said.code == 4
    assert "j-community-renovation" in said.the("E444")


# -- check ----------------------------------------------------------------------------------------


def test_check_says_yes_to_a_clean_file(study, say):
    before = contents(study.folder)
    said = say("check", study.data, "-i", study.instrument)
    assert (said.code, [line for line in said.lines if "（E" in line]) == (0, [])
    assert said.out.startswith(f"{N} 行") and "0 处错误" in said.out
    assert contents(study.folder) == before


@pytest.mark.parametrize("lang", LANGUAGES)
def test_check_writes_a_workbook_that_can_be_mended(lang, study, say):
    study.cells({"V1:3": "同意吧", "V1:7": "同意吧", "age:5": "#N/A", "house:9": "H001"})
    before = contents(study.folder)
    target = study.folder / "problems.xlsx"
    said = say("check", study.data, "-i", study.instrument, "-o", target, lang=lang)
    assert said.code == 1
    assert str(target) in said.out
    after = contents(study.folder)
    assert after.pop("problems.xlsx") and after == before
    book, original = openpyxl.load_workbook(target), openpyxl.load_workbook(study.data)
    listed, copy = book.worksheets
    assert copy.title == SHEET
    comments = {cell.coordinate: cell.comment.text for row in copy.iter_rows() for cell in row if cell.comment}
    for name, row, code in (("V1", 3, "E220"), ("V1", 7, "E220"), ("age", 5, "E202"), ("house", 9, "W232")):
        cell = copy[f"{COLUMN[name]}{row}"]
        assert code in comments[cell.coordinate]
        assert cell.fill.fgColor.rgb not in ("00000000", None)
    asked = range(COLUMN["house"].encode()[0] - 64, COLUMN["S3"].encode()[0] - 63)
    for row in range(1, N + 2):
        assert [copy.cell(row, k).value for k in asked] == [original[SHEET].cell(row, k).value for k in asked]
    written = {str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}
    assert not [value for value in private_values() if any(value in text for text in written)]
    found = [
        [str(value) for value in row if value is not None] for row in listed.iter_rows(min_row=2, values_only=True)
    ]
    (grouped,) = (row for row in found if any("E220" in text for text in row))
    assert "2" in grouped and any(f"{COLUMN['V1']}7" in text for text in grouped)
    told = "\n".join([*comments.values(), *(text for row in found for text in row)])
    assert [value for value in private_values() if value in told] == []


def test_check_compares_two_clerks_entries(study, say, tmp_path):
    second = tmp_path / "second.xlsx"
    book = openpyxl.load_workbook(study.data)
    book[SHEET][f"{COLUMN['age']}5"].value = 17
    book.save(second)
    said = say("check", study.data, "-i", study.instrument, "--against", second, "-o", tmp_path / "p.xlsx")
    (line,) = said.all("W825")
    assert said.code == 1 and f"{COLUMN['age']}5" in line and "second.xlsx" in line
    marked = openpyxl.load_workbook(tmp_path / "p.xlsx")[SHEET][f"{COLUMN['age']}5"]
    assert marked.comment is not None and "17" in marked.comment.text
    assert say("check", study.data, "-i", study.instrument, "--against", study.data).code == 0
    assert say("check", study.data, "--against", second).code == 2


def test_check_without_an_instrument_reads_a_plain_table(tmp_path, say):
    path = tmp_path / "plain.csv"
    path.write_text("id,sex,V1,V2\n" + "".join(f"{k},{k % 2},{k % 5 + 1},{(k * k) % 5 + 1}\n" for k in range(1, 41)))
    said = say("check", path)
    assert said.code == 0
    assert said.out.startswith("40 行")


# -- run and verify -------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_dry_run_tells_in_plain_words_and_writes_nothing(lang, study, say):
    study.add(MEDIATION)
    before = contents(study.folder)
    said = say("run", study.plan, "--dry-run", lang=lang)
    assert said.code == 0
    assert contents(study.folder) == before
    first, second, *_ = said.out.splitlines()
    assert "60" in first and "59" in first
    assert "1" in second and ("过快" if lang == "zh" else "too fast") in second
    assert all(f"  {step}  " in said.out for step in ("sample", "alpha", "reg", "med"))


def test_a_run_writes_the_folder_and_names_its_files(study, say):
    study.add(MEDIATION)
    study.change('["md"]', '["xlsx", "docx", "html", "md"]')
    study.change('language = ["zh"]', 'language = ["zh", "en"]')
    said = say("run", study.plan, "-o", study.out)
    assert said.code == 0
    names = {Path(line).relative_to(study.out).as_posix() for line in said.out.splitlines()}
    assert names == {p.relative_to(study.out).as_posix() for p in study.out.rglob("*") if p.is_file()} - {"run.json"}
    wanted = {f"tables-{lang}.{suffix}" for lang in LANGUAGES for suffix in ("xlsx", "docx", "md")}
    assert wanted | {"report.html", "results.json"} <= names
    for path in study.out.rglob("*"):
        if path.suffix in (".html", ".md", ".json", ".toml", ".svg"):
            text = path.read_text(encoding="utf-8")
            assert [value for value in private_values() if value in text] == [], path.name
            assert str(study.folder) not in text, path.name


def test_verify_says_yes_then_no(study, say):
    say("run", study.plan, "-o", study.out)
    same = say("verify", study.out)
    assert (same.code, same.err) == (0, "")
    assert "一致" in same.out
    (study.out / "tables.md").write_text("改过", encoding="utf-8")
    study.cells({"S1:3": "非常同意", "S1:4": "非常不同意", "S2:5": "非常不同意"})
    before = contents(study.folder)
    differs = say("verify", study.out)
    assert differs.code == 1
    assert "tables.md" in differs.the("E565") and "answers.xlsx" in differs.the("E562")
    assert differs.all("E566")
    assert contents(study.folder) == before


def test_verify_finds_data_elsewhere(study, say, tmp_path):
    say("run", study.plan, "-o", study.out)
    moved = tmp_path / "sent by mail"
    shutil.copytree(study.out, moved)
    said = say("verify", moved)
    assert (said.code, said.out) == (3, "")
    assert "answers.xlsx" in said.the("E561") and "--data" in said.the("E561")
    assert say("verify", moved, "--data", study.folder).code == 0


@pytest.mark.parametrize("text", [None, "{", "[1, 2]", '[{"id": 1}]', '[{"id": "a", "value": "b"}]'])
def test_verify_names_results_that_were_lost(text, study, say):
    say("run", study.plan, "-o", study.out)
    results = study.out / "results.json"
    results.unlink() if text is None else results.write_text(text, encoding="utf-8")
    said = say("verify", study.out)
    assert (said.code, len(said.lines)) == (1, 1)
    assert "results.json" in said.the("E564" if text is None else "E565")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": {"file": 5, "sha256": ""}, "outputs": {}, "inputs": {}}'])
def test_verify_wants_a_manifest_that_can_be_read(text, study, say):
    (study.out / "run.json").write_text(text, encoding="utf-8")
    said = say("verify", study.out)
    assert (said.code, said.out, len(said.lines)) == (3, "", 1)
    assert "run.json" in said.the("E560")


def test_verify_wants_a_run_folder(study, say):
    said = say("verify", study.folder)
    assert (said.code, said.out) == (3, "")
    assert "study" in said.the("E560")


@pytest.mark.parametrize("target", [".", "..", "../out/.."])
def test_a_run_never_replaces_the_folder_of_its_data(target, study, say, monkeypatch):
    monkeypatch.chdir(study.out)
    before = contents(study.folder)
    words = ["run", study.plan, "-o", study.folder if target == "." else target]
    for more in ([], ["--force"]):
        said = say(*words, *more)
        assert said.code == 2
        assert "answers.xlsx" in said.the("E553") and "plan.toml" in said.the("E553")
    assert contents(study.folder) == before


# -- score ----------------------------------------------------------------------------------------


def test_scores_hold_items_keys_and_scales_but_no_personal_data(study, say):
    target = study.folder / "scores.csv"
    said = say("score", study.data, "-i", study.instrument, "-o", target)
    assert said.code == 0 and str(target) in said.out
    header, rows = table_of(target)
    assert len(rows) == N
    assert {"respondent_id", "sex", "need__1", "V2", "V2_R", "values", "values__n", "satisfaction"} <= set(header)
    assert not set(PRIVATE) & set(header)
    text = target.read_text(encoding="utf-8-sig")
    assert [value for value in private_values() if value in text] == []
    for row in rows:
        keyed = [float(row["V1"]), 6 - float(row["V2"]), float(row["V3"])]
        assert float(row["V2_R"]) == keyed[1]
        assert float(row["values"]) == pytest.approx(sum(keyed) / 3, abs=1e-12)


def test_scores_as_a_workbook_say_what_each_column_is(study, say):
    target = study.folder / "scores.xlsx"
    assert say("score", study.data, "-i", study.instrument, "-o", target).code == 0
    say("score", study.data, "-i", study.instrument, "-o", study.folder / "scores.csv")
    book = openpyxl.load_workbook(target)
    header, *rows = book["data"].iter_rows(values_only=True)
    names, written = table_of(study.folder / "scores.csv")
    assert list(header) == names and not set(PRIVATE) & set(header)
    assert [row[names.index("values")] for row in rows] == pytest.approx([float(row["values"]) for row in written])
    assert all(isinstance(row[names.index("V1")], (int, float)) for row in rows)
    described = {row[0]: row[1:] for row in book["codebook"].iter_rows(min_row=2, values_only=True) if row[0]}
    assert list(described)[: len(names)] == names
    assert described["values"][0] == "共享价值"
    cells = {str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row}
    assert not cells & set(private_values())


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_scores_take_texts_that_look_like_formulas_or_hold_control_signs(suffix, study, say):
    """Ids and channels are the platform's and may hold anything; in a workbook none of it may compute."""
    book = openpyxl.load_workbook(study.data)
    strange = {f"{COLUMN['house']}3": '=HYPERLINK("http://a")', f"{COLUMN['channel']}4": "=1+1"}
    for place, text in strange.items():
        book[SHEET][place] = text
        book[SHEET][place].data_type = "s"
    book[SHEET][f"{COLUMN['channel']}5"] = "a_x000B_b"
    book.save(study.data)
    target = study.folder / f"scores{suffix}"
    assert say("score", study.data, "-i", study.instrument, "-o", target).code == 0
    if suffix == ".xlsx":
        cells = [cell for row in openpyxl.load_workbook(target)["data"].iter_rows() for cell in row]
        found = [(cell.value, cell.data_type) for cell in cells if cell.value in strange.values()]
        assert set(found) == {(text, "s") for text in strange.values()}
    else:
        _, rows = table_of(target)
        assert (rows[1]["respondent_id"], rows[2]["channel"]) == tuple(f"'{text}" for text in strange.values())


# -- simulate -------------------------------------------------------------------------------------


def test_simulated_answers_are_the_same_every_time_and_read_back(study, say, tmp_path):
    one, two, other = (tmp_path / f"{name}.xlsx" for name in ("one", "two", "other"))
    words = ["simulate", "j-community-renovation", "-n", 40]
    assert say(*words, "-o", one).code == say(*words, "-o", two).code == say(*words, "--seed", 5, "-o", other).code == 0
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    sheet = openpyxl.load_workbook(one).worksheets[0]
    assert "模拟数据" in sheet.title
    assert sheet.max_row > 41  # dirty rows come on top
    said = say("check", one, "-i", "j-community-renovation")
    assert said.code in (0, 1)
    assert said.out.startswith(f"{sheet.max_row - 1} 行")


@pytest.mark.parametrize("by", ["text", "index"])
def test_clean_answers_have_the_number_asked_for_and_no_fault(by, say, tmp_path):
    target = tmp_path / "clean.xlsx"
    assert say("simulate", "j-community-renovation", "-n", 30, "--clean", "--by", by, "-o", target).code == 0
    said = say("check", target, "-i", "j-community-renovation")
    assert (said.code, [line for line in said.lines if "（E" in line or "（W" in line]) == (0, [])
    assert said.out.startswith("30 行")


# -- init -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["800_800_0.xls", "800_800_2.xls"], ids=["by text", "by index"])
def test_from_a_stranger_s_file_to_the_first_table(name, tmp_path, say):
    """The real pair: init, the drafted plan as it stands, a table with numbers; no item written by hand."""
    data = tmp_path / name
    shutil.copy(WJX / name, data)
    before = contents(tmp_path)
    said = say("init", data)
    assert said.code == 0, said.err
    assert "800 行" in said.out
    drafts = {p.name: p for p in tmp_path.iterdir() if p != data}
    assert {"".join(p.suffixes[-2:]) for p in drafts.values()} == {".instrument.toml", ".plan.toml"}
    assert contents(tmp_path)[name] == before[name]
    (plan,) = (p for p in drafts.values() if p.name.endswith(".plan.toml"))
    (instrument,) = (p for p in drafts.values() if p.name.endswith(".instrument.toml"))
    assert len(load_instrument(instrument).blocks) == 8
    assert "#" in instrument.read_text(encoding="utf-8")
    text = plan.read_text(encoding="utf-8")
    assert 'language = ["zh", "en"]' in text
    ran = say("run", plan, "-o", tmp_path / "out")
    assert ran.code == 0, ran.err
    account = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["rows"]
    assert (account["loaded"], account["used"]) == (800, 800)
    book = openpyxl.load_workbook(tmp_path / "out" / "tables-zh.xlsx")
    counts = [
        cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool)
    ]
    assert 800 in counts or len(counts) > 20
    assert (tmp_path / "out" / "report.html").is_file() and (tmp_path / "out" / "tables-zh.docx").is_file()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_init_on_an_export_proposes_its_scales_and_quotes_nobody(lang, study, say):
    study.instrument.unlink()
    study.plan.unlink()
    before = contents(study.folder)
    target = study.folder / "drafts"
    said = say("init", study.data, "-o", target, lang=lang)
    assert said.code == 0, said.err
    assert f"{N}" in said.out.splitlines()[0] and "evalkit run" in said.out
    (instrument,) = target.glob("*.instrument.toml")
    (plan,) = target.glob("*.plan.toml")
    drafted = load_instrument(instrument)
    assert sorted(len(scale.items) for scale in drafted.scales) == [3, 3, 3]
    for path in (instrument, plan):
        text = path.read_text(encoding="utf-8")
        assert [value for value in private_values() if value in text] == [], path.name
    assert {k: v for k, v in contents(study.folder).items() if not k.startswith("drafts")} == before
    ran = say("run", plan, "-o", study.folder / "first", lang=lang)
    assert ran.code == 0, ran.err


# -- demo -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_tells_its_story_twice_alike_and_spares_what_was_changed(say, tmp_path):
    folder = tmp_path / "demo"
    said = say("demo", folder)
    assert said.code == 0, said.err
    paths = [Path(line.strip()) for line in said.out.splitlines() if Path(line.strip()).is_absolute()]
    assert [path.suffix for path in paths] == [".html", ".xlsx", ".docx"]
    assert all(path.is_file() for path in paths)
    assert "（W633）" in said.out and "作答过快" in said.out and "重复" in said.out
    assert "evalkit init" in said.out.splitlines()[-1]
    first = contents(folder)
    assert say("demo", folder).code == 0
    second = contents(folder)
    for one in (first, second):
        del one["out/run.json"]
    assert first == second
    assert say("verify", folder / "out").code == 0
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8") + "# 我改过\n", encoding="utf-8")
    changed = contents(folder)
    refused = say("demo", folder)
    assert refused.code == 2 and "plan.toml" in refused.the("E575")
    assert contents(folder) == changed


def test_the_demo_refuses_a_file_in_its_way(say, study):
    before = contents(study.folder)
    said = say("demo", study.plan)
    assert said.code == 2 and "plan.toml" in said.the("E551")
    assert contents(study.folder) == before


# -- as a program ---------------------------------------------------------------------------------


def test_the_module_runs_as_a_program_with_output_that_can_be_piped(study):
    environment = {**os.environ, "EVALKIT_LANG": "zh", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "evalkit", "check", str(study.data), "-i", str(study.instrument)]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert done.stdout.decode("utf-8").startswith(f"{N} 行")
    assert b"Traceback" not in done.stderr


def test_a_bug_of_ours_is_told_as_ours(monkeypatch, capsys):
    def broken(options):
        raise ZeroDivisionError

    monkeypatch.setattr("evalkit.cli._explain", broken)
    monkeypatch.delenv("EVALKIT_DEBUG", raising=False)
    assert main(["explain", "E101", "--lang", "en"]) == 70
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told and "EVALKIT_DEBUG" in told and "Traceback" not in told
