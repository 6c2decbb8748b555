"""`evalkit check FOLDER --roster`: receipts on stdout, findings on stderr, workbooks in a folder of their own."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import openpyxl
import pytest

from evalkit.cli import main
from evalkit.ingest import read_responses

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest"))
from messy import INSTRUMENT, id_of, messy, name_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    found = messy(tmp_path_factory.mktemp("reception"))
    (found.folder.parent / "desk.toml").write_text(INSTRUMENT, encoding="utf-8")
    return found


@pytest.fixture(scope="module", params=["zh", "en"])
def told(request, made, tmp_path_factory):
    """Language, exit code, the folder written."""
    out = tmp_path_factory.mktemp("out") / request.param
    words = ["check", str(made.folder), "--roster", str(made.roster), "-i", str(made.folder.parent / "desk.toml")]
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as found:
        code = main([*words, "-o", str(out), "--lang", request.param])
    SAID[request.param] = said.getvalue(), found.getvalue()
    return request.param, code, out


SAID: dict[str, tuple[str, str]] = {}
"""Language -> what the command said on stdout and stderr."""


NAMES = {"zh": ("收件登记", "合并数据", "问题", "-问题"), "en": ("receipts", "data", "problems", "-problems")}


def test_receipts_data_and_a_problem_workbook_each(told):
    lang, code, out = told
    receipts, data, below, suffix = NAMES[lang]
    assert code == 1
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    troubled = (f"{name_of(9)}_v2", "幸复社区", name_of(14), name_of(15))
    assert files == {
        f"{receipts}.xlsx",
        f"{data}.xlsx",
        "run.json",
        *(f"{below}/{name}{suffix}.xlsx" for name in troubled),
    }


def test_comments_stand_on_the_cells_of_the_findings(told):
    lang, _, out = told
    _, _, below, suffix = NAMES[lang]
    expected = {
        f"{name_of(9)}_v2": {"G4"},
        "幸复社区": {"B2", "B3"},
        name_of(14): {"B6"},
        name_of(15): {"D3", "E5", "G4"},
    }
    for name, cells in expected.items():
        sheet = openpyxl.load_workbook(out / below / f"{name}{suffix}.xlsx")["居民"]
        marked = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
        assert set(marked) == cells
        assert all(sheet[cell].fill.fgColor.rgb == "FFFFF2A8" for cell in cells)
        assert all(text.endswith(("）", ")")) for text in marked.values())


def test_the_receipts_workbook_holds_every_community_file_and_discrepancy(told, made):
    lang, _, out = told
    book = openpyxl.load_workbook(out / f"{NAMES[lang][0]}.xlsx")
    communities, files, findings = book.worksheets
    assert [row[0] for row in communities.iter_rows(min_row=2, values_only=True)][:30] == [id_of(k) for k in range(30)]
    assert communities.max_row == 32
    assert files.max_row == 1 + sum(p.is_file() and p != made.roster for p in made.folder.rglob("*"))
    listed = {(row[2], row[4] or "") for row in findings.iter_rows(min_row=2, values_only=True)}
    assert listed == {(file, cell) for _, file, cell in made.planted}


def test_the_joined_data_read_back_the_same(told, made):
    lang, _, out = told
    again = read_responses(out / f"{NAMES[lang][1]}.xlsx", made.instrument)
    assert not again.unmapped
    assert len(again.frame) == 156
    assert again.frame.loc[again.frame["community_id"] == id_of(9), "respondent_id"].nunique() == 7
    assert again.frame["v1"].notna().sum() == 155
    assert not [p for p in again.problems if p.severity == "error"]


HEADS = {
    "zh": ["编号", "社区", "状态", "文件数", "份数", "应收", "对照应收", "问题单元格", "重复报送"],
    "en": ["Id", "Community", "Status", "Files", "Answers", "Quota", "Against", "quota", "Cells", "in", "trouble"],
}
LACKING = {"zh": ["未收", "0", "0", "6", "不足", "0"], "en": ["missing", "0", "0", "6", "below", "0"]}


def test_the_table_on_stdout(told):
    lang = told[0]
    said, found = SAID[lang]
    lines = said.splitlines()
    assert lines[0].split()[: len(HEADS[lang])] == HEADS[lang]
    assert lines[6].split() == ["C06", "建设社区", *LACKING[lang]]
    assert "W399" in found


def test_the_account_as_json(made, capsys):
    words = ["check", str(made.folder), "--roster", str(made.roster), "-i", str(made.folder.parent / "desk.toml")]
    assert main([*words, "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert len(content["communities"]) == 30
    assert {one["state"] for one in content["files"]} >= {
        "read",
        "copy",
        "different",
        "unreadable",
        "lock",
        "hidden",
        "other",
    }


def test_a_second_run_replaces_its_own_files_and_spares_edited_ones(made, tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(made.folder / f"{name_of(1)}.xlsx", folder)
    (tmp_path / "roster.csv").write_text(f"编号,名称\nC02,{name_of(1)}\n", encoding="utf-8")
    out = folder / "out"
    words = [
        "check",
        str(folder),
        "--roster",
        str(tmp_path / "roster.csv"),
        "-i",
        str(made.folder.parent / "desk.toml"),
    ]
    words += ["-o", str(out), "--lang", "zh"]
    assert [main(words), main(words)] == [0, 0]
    (out / "收件登记.xlsx").write_bytes(b"my remarks")
    assert main(words) == 2
    assert "E552" in capsys.readouterr().err
    assert (out / "收件登记.xlsx").read_bytes() == b"my remarks"
    assert main([*words, "--force"]) == 0


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ([], 2, "E577"),
        (["--roster", "r.csv"], 2, "E577"),
        (["--roster", "r.csv", "-i", "desk.toml", "--sheet", "x"], 2, "E578"),
        (["--roster", "r.csv", "-i", "desk.toml", "-o", "in"], 2, "E553"),
        (["--roster", "no.csv", "-i", "desk.toml"], 3, "E101"),
        (["--roster", "desk.toml", "-i", "desk.toml"], 3, "E380"),
    ],
)
def test_wrong_calls_say_what_is_wrong(more, code, said, made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.csv").write_text("x\n1\n", encoding="utf-8")
    Path("r.csv").write_text("编号\nA\n", encoding="utf-8")
    Path("desk.toml").write_text(INSTRUMENT, encoding="utf-8")
    assert main(["check", "in", *more]) == code
    assert said in capsys.readouterr().err


def test_options_of_the_desk_are_refused_for_a_single_file(made, capsys):
    assert main(["check", str(made.folder / f"{name_of(1)}.xlsx"), "--community", "village"]) == 2
    assert "E578" in capsys.readouterr().err


class TestSince:
    @pytest.fixture
    def files(self, made, tmp_path):
        path = made.folder / f"{name_of(1)}.xlsx"
        book = openpyxl.load_workbook(path)
        sheet = book.active
        sheet["G2"], sheet["G3"] = 99, None
        sheet["A4"] = "C02-999"
        book.save(tmp_path / "new.xlsx")
        return ["check", str(tmp_path / "new.xlsx"), "-i", str(made.folder.parent / "desk.toml"), "--since", str(path)]

    def test_counts_and_the_merged_workbook(self, files, made, tmp_path, capsys):
        out = tmp_path / "merged.xlsx"
        assert main([*files, "-o", str(out), "--lang", "zh"]) == 1
        said = capsys.readouterr()
        assert [line.split()[1] for line in said.out.splitlines()[1:6]] == ["3", "1", "1", "1", "1"]
        assert "N358" in said.err
        assert "W357" in said.err
        book = openpyxl.load_workbook(out)
        assert book.sheetnames == ["data", "variables", "新文件与原数据的对照", "逐份", "逐格"]
        assert [row[1] for row in book["逐格"].iter_rows(min_row=2, values_only=True)] == ["age", "age"]
        again = read_responses(out, made.instrument)
        assert len(again.frame) == 7
        assert again.frame["age"].tolist()[0] == 99
        assert again.frame["age"].notna().all()

    def test_json(self, files, capsys):
        assert main([*files, "--json"]) == 1
        counts = {"unchanged": 3, "changed": 1, "new": 1, "conflict": 1, "absent": 1}
        assert json.loads(capsys.readouterr().out) == counts

    def test_the_files_read_are_never_written_over(self, files):
        assert main([*files, "-o", files[1]]) == 2
        assert main([*files, "-o", files[5]]) == 2

    def test_wrong_calls(self, files, capsys):
        assert main([files[0], files[1], *files[4:]]) == 2
        assert main([*files, "-o", "a.csv"]) == 2
        assert main([*files, "--community", "village"]) == 2
        said = capsys.readouterr().err
        assert [code for code in ("E577", "E574", "E578") if code not in said] == []
