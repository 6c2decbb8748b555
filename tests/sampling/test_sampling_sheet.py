"""The sampling sheet: written, filled in, read back; totals checked, faults at their cells, sizes by hand."""

from __future__ import annotations

import math

import pytest
from openpyxl import Workbook, load_workbook

import evalkit as ek
from evalkit.cli import main
from evalkit.contract import AnalysisError, InputError
from evalkit.contract.words import LANGUAGES, say

FIRST = ["社区编号", "社区名称", "总体数", "计划样本量", "发放数", "回收数"]
SECOND = ["社区编号", "变量", "类别", "人数", "占比(%)"]
TWO = [["A", "幸福社区", 4199, 400, 420, 380], ["B", "和平社区", 1200, 300, 320, 250]]
GENDER = [["", "gender", "男", 2600, None], ["", "gender", "女", 2799, None]]


def sheet(path, first=TWO, second=(), heads=(FIRST, SECOND), titles=("抽样", "总体")):
    book = Workbook()
    one, two = book.active, book.create_sheet(titles[1])
    one.title = titles[0]
    for row in (heads[0], *first):
        one.append(row)
    for row in (heads[1], *second):
        two.append(row)
    book.save(path)
    return path


def read(tmp_path, **parts):
    return ek.read_sampling_sheet(sheet(tmp_path / "s.xlsx", **parts))


def faults(tmp_path, **parts):
    with pytest.raises(InputError) as caught:
        read(tmp_path, **parts)
    assert all(say(p, lang) for p in caught.value.problems for lang in LANGUAGES)
    return [(p.code, p.at.sheet, p.at.cell) for p in caught.value.problems]


# -- reading ----------------------------------------------------------------------------------


def test_counts_and_margins_are_read(tmp_path):
    found = read(tmp_path, second=[*GENDER, ["", "age", "青年", None, 40], ["", "age", "其他", None, 60]])
    assert found.issued == {"A": 420, "B": 320}
    assert found.returned == {"A": 380, "B": 250}
    assert found.population == 5399
    assert found.margins_of() == {"gender": {"男": 2600, "女": 2799}, "age": {"青年": 0.4, "其他": 0.6}}
    assert found.problems == ()


def test_english_headings_titles_above_and_a_total_line(tmp_path):
    book = Workbook()
    one = book.active
    one.title = "Sampling"
    rows = (
        ["Fieldwork 2026"],
        ["Community code", "Community name", "Population (people)", "Issued"],
        [1, "North", 100, 30],
        [2, "South", 50, 20],
        ["Total", None, 150, 50],
    )
    for row in rows:
        one.append(row)
    book.save(tmp_path / "s.xlsx")
    found = ek.read_sampling_sheet(tmp_path / "s.xlsx")
    assert [(c.code, c.name, c.population, c.issued, c.returned) for c in found.communities] == [
        ("1", "North", 100, 30, None),
        ("2", "South", 50, 20, None),
    ]


@pytest.mark.parametrize("shares", [(48.1, 51.9), (0.481, 0.519), (48.2, 51.9), ("48.1%", "51.9％")])
def test_shares_are_read_as_per_cent_or_parts_of_one(tmp_path, shares):
    lines = [["全部", "gender", "男", None, shares[0]], [None, "gender", "女", None, shares[1]]]
    margin = read(tmp_path, second=lines).margins_of()["gender"]
    assert sum(margin.values()) == pytest.approx(1, abs=1e-15)
    assert margin["男"] == pytest.approx(0.481, abs=0.001)


def test_counts_of_the_communities_add_up_to_the_whole(tmp_path):
    own = [
        [code, "gender", word, n, None]
        for code, numbers in (("A", (2000, 2199)), ("和平社区", (600, 600)))
        for word, n in zip("男女", numbers, strict=True)
    ]
    found = read(tmp_path, second=own)
    assert found.margins_of() == {"gender": {"男": 2600, "女": 2799}}
    assert found.margins_of("B") == {"gender": {"男": 600, "女": 600}}
    assert read(tmp_path, second=[*own, *GENDER]).margins_of() == found.margins_of()
    assert faults(tmp_path, second=[*own, ["", "gender", "男", 2601, None], ["", "gender", "女", 2798, None]]) == [
        ("E158", "总体", "C6")
    ]


def test_a_variable_without_any_number_is_left_out(tmp_path):
    assert read(tmp_path, second=[["", "gender", "男", None, None], ["", "gender", "女", None, None]]).margins == ()


def test_doubtful_numbers_and_unknown_columns_are_notices(tmp_path):
    found = read(tmp_path, first=[["A", "幸福社区", 100, 90, 80, 81]], heads=([*FIRST[:5], "回收数", "备注"], SECOND))
    assert [(p.code, p.at.cell) for p in found.problems] == [("N161", "G1"), ("W160", "A2")]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"titles": ("名单", "总体")}, [("E151", "", "")]),
        ({"heads": (["x", "y"], SECOND)}, [("E151", "", "")]),
        ({"heads": (FIRST, ["变量", "人数"])}, [("E151", "总体", "A1")]),
        ({"first": [["A", "甲", -1], ["B", "乙", "很多"], ["C", "丙", 9, 2.5]]},
         [("E152", "抽样", "C2"), ("E152", "抽样", "C3"), ("E152", "抽样", "D4")]),
        ({"first": [["A", "甲"], ["a", "乙"], ["B", "甲"]]}, [("E153", "抽样", "A3"), ("E153", "抽样", "A4")]),
        ({"first": [["A", "甲"], ["", "", 7]]}, [("E155", "抽样", "A3")]),
        ({"first": [*TWO, ["合计", "", 5000]]}, [("E159", "抽样", "C4")]),
        ({"second": [["C", "gender", "男", 1, None]]}, [("E154", "总体", "A2")]),
        ({"second": [["", "", "男", 1, None]]}, [("E155", "总体", "B2")]),
        ({"second": [["", "gender", "男", 1, None], ["", "gender", "女", None, None]]}, [("E155", "总体", "C3")]),
        ({"second": [["", "gender", "男", 1, 50], ["", "gender", "女", 1, None]]}, [("E155", "总体", "C2")]),
        ({"second": [["", "gender", "男", 1, None], ["", "gender", "男", 1, None]]}, [("E153", "总体", "C3")]),
        ({"second": [["", "gender", "男", None, 50], ["", "gender", "女", None, 48]]}, [("E156", "总体", "C2")]),
        ({"second": [*GENDER, ["", "age", "青年", 5000, None]]}, [("E157", "总体", "C4")]),
    ],
)  # fmt: skip
def test_a_fault_names_its_cell(tmp_path, parts, expected):
    assert faults(tmp_path, **parts) == expected


# -- writing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["j-community-renovation", "n-street-mutual-aid"])
def test_a_template_filled_in_reads_back(tmp_path, lang, name):
    instrument = ek.load_instrument(name)
    path = tmp_path / "template.xlsx"
    ek.write_sampling_sheet(path, instrument=instrument, lang=lang)
    book = load_workbook(path)
    one, two = book.worksheets
    background = [i for i in instrument.items if i.role == "background" and i.type == "single"]
    asked = [(i.id, o.text(lang)) for i in background for o in i.options if o.missing is None]
    written = [(two.cell(row, 2).value, two.cell(row, 4).value) for row in range(2, len(asked) + 2)]
    assert len(asked) > 2
    assert written == asked
    assert all(cell.comment for sheet_ in (one, two) for cell in sheet_[1])
    assert {rule.type for rule in two.data_validations.dataValidation} == {"list", "decimal"}
    one["A2"], one["B2"], one["E2"] = "001", "North", 12
    for row in range(2, len(asked) + 2):
        two.cell(row, 5).value = 1 if written[row - 2][0] == background[0].id else None
    book.save(path)
    found = ek.read_sampling_sheet(path)
    assert found.issued == {"001": 12}
    assert list(found.margins_of()) == [background[0].id]
    assert found.problems == ()


def test_communities_and_variables_may_be_given(tmp_path):
    path = tmp_path / "s.xlsx"
    ek.write_sampling_sheet(path, communities={"1": "=北", "2": "南"}, variables={"sex": ["男", "女"]})
    found = ek.read_sampling_sheet(path)
    assert [(c.code, c.name) for c in found.communities] == [("1", "=北"), ("2", "南")]
    ek.write_sampling_sheet(path, communities=["北", "南"])
    assert [c.code for c in ek.read_sampling_sheet(path).communities] == ["北", "南"]
    with pytest.raises(AnalysisError):
        ek.write_sampling_sheet(path, lang="fr")


def test_the_same_bytes_each_time(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        ek.write_sampling_sheet(tmp_path / name, communities=["北"])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_command_line_writes_a_template(tmp_path, capsys):
    path = tmp_path / "sampling.xlsx"
    words = ["instrument", "export", "j-community-renovation", "--as", "sampling", "--lang", "en"]
    assert main([*words, "-o", str(path)]) == 0
    assert len(ek.read_sampling_sheet(path).communities) == 8
    assert main([*words, "-o", str(tmp_path / "s.docx")]) == 2
    assert main([*words, "--form", "R", "-o", str(path)]) == 2
    assert "E574" in capsys.readouterr().err


# -- sizes ------------------------------------------------------------------------------------


def by_hand(n, population, deff=1.0):
    """The error of n out of N: z sqrt(p (1 - p) deff / n) with the finite population correction (N - n / deff)."""
    simple = n / deff
    return 1.959963984540054 * math.sqrt(0.25 / simple * (population - simple) / (population - 1))


def test_sizes_and_errors_by_community_and_in_all(tmp_path):
    found = read(tmp_path).sizes()
    assert [row.needed for row in found.rows] == [353, 292, 359]
    assert [row.code for row in found.rows] == ["A", "B", "total"]
    expected = [by_hand(380, 4199), by_hand(250, 1200), by_hand(630, 5399)]
    assert [row.error for row in found.rows] == pytest.approx(expected)
    assert found.n_obs == 630
    assert read(tmp_path).sizes(deff=1.5).rows[0].needed == 529
    assert read(tmp_path).sizes(deff=1.5).rows[0].error == pytest.approx(by_hand(380, 4199, 1.5))
    assert read(tmp_path).sizes(basis="planned").rows[1].error == pytest.approx(by_hand(300, 1200))


def test_views_of_the_sizes(tmp_path):
    found = read(tmp_path).sizes()
    tidy = found.tidy()
    assert list(tidy["term"]) == ["sample_size"] * 3 + ["error"] * 3
    assert list(tidy["n_obs"]) == [380, 250, 630] * 2
    table = found.table()
    assert [cell.value for cell in table.rows[0].cells[1:6]] == [4199, 353, 400, 420, 380]
    assert table.rows[0].cells[6].value == pytest.approx(100 * by_hand(380, 4199))
    assert all(note.text(lang) for note in table.notes for lang in LANGUAGES)
    assert found.glance()["estimate"].tolist() == [359]


def test_what_the_sheet_lacks_is_not_made_up(tmp_path):
    found = read(tmp_path, first=[["A", "甲", 100, "", "", ""], ["B", "乙", "", 50, 40, 30]]).sizes()
    assert [math.isnan(row.needed) for row in found.rows] == [False, True, True]
    assert all(math.isnan(row.error) for row in found.rows)
    assert [p.code for p in found.notices] == ["W150"]
    assert found.n_obs == 0
    with pytest.raises(AnalysisError):
        read(tmp_path).sizes(basis="wished")
    with pytest.raises(AnalysisError):
        read(tmp_path).sizes(error=0)
