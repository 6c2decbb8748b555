"""Saved mappings: their file, when they apply, what they settle, and the drafts of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording
from typed_by_hand import Mess, type_workbook

from evalkit.contract import EvalkitError, InputError, InstrumentError, UsageError
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.ingest.draft.mappings import draft_mapping
from evalkit.ingest.mapping import (
    ColumnMapping,
    MappedColumn,
    MappedTable,
    dump_mapping,
    fingerprint_of,
    load_mapping,
    parse_mapping,
)
from evalkit.instrument import parse_instrument
from evalkit.sheets import read_book
from evalkit.sheets.cells import column_letter

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
pairs = st.tuples(st.integers(1, 5), st.integers(1, 5))
codes = st.one_of(st.integers(-9, 99), st.sampled_from([0.5, 2.25]), texts, pairs)
METAS = ["channel", "device", "city", "status", "language"]


@st.composite
def mappings(draw):
    tables = []
    for _ in range(draw(st.integers(1, 3))):
        headers = draw(st.lists(texts, min_size=1, max_size=5))
        columns = []
        for k, header in enumerate(headers, 1):
            what = draw(st.sampled_from(["item", "meta", "fate"]))
            held = {
                "item": f"q{k}",
                "meta": METAS[k - 1],
                "fate": "ignored",
            }
            values = draw(st.dictionaries(texts, codes, max_size=2)) if what == "item" else {}
            columns.append(MappedColumn(column_letter(k), header, **{what: held[what]}, values=values))
        dialect = draw(st.sampled_from(["plain", "hand_typed", "jinshuju"]))
        tables.append(MappedTable(dialect, tuple(columns), fingerprint_of(headers), draw(texts)))
    return ColumnMapping(tuple(tables), draw(texts), draw(texts), draw(st.booleans()))


@settings(max_examples=30, deadline=None)
@given(mapping=mappings())
def test_a_mapping_reads_back_equal(mapping):
    text = dump_mapping(mapping, {(-1, ""): "一行\n两行", (0, "A"): "说明"})
    assert parse_mapping(text, "m.toml") == mapping


GOOD = """format = "evalkit-mapping/1"
instrument = "village"
confirmed = true

[[tables]]
dialect = "plain"

[[tables.columns]]
letter = "A"
header = "编号"
meta = "respondent_id"

[[tables.columns]]
letter = "B"
header = "Q-1"
item = "age"
values = {"三十" = 30}

[[tables.columns]]
letter = "C"
header = "Q-2"
item = "household"
values = {"两口" = 1, "四口" = 2, "不填" = ""}

[[tables.columns]]
letter = "D"
header = "Q-3"
item = "need"
values = {"车位和电梯" = [1, 2]}

[[tables.columns]]
letter = "E"
header = "谁"
fate = "private"

[[tables.columns]]
letter = "F"
header = "杂"
fate = "ignored"

[[tables.columns]]
letter = "G"
header = "另"
fate = "unmapped"
"""
ROWS = [
    ["编号", "Q-1", "Q-2", "Q-3", "谁", "杂", "另"],
    ["a1", "三十", "两口", "车位和电梯", "甲", 1, "x"],
    ["a2", 41, "四口", "停车", "乙", 2, "y"],
    ["a3", 42, "不填", "电梯、停车", "丙", 3, None],
]


@pytest.fixture
def saved(tmp_path):
    def write(text=GOOD, name="m.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_mapping_settles_columns_and_answers(workbook, village, saved):
    found = read_responses(workbook(ROWS), village, mapping=saved())
    assert found.frame["respondent_id"].tolist() == ["a1", "a2", "a3"]
    assert found.frame["age"].tolist() == [30, 41, 42]
    np.testing.assert_array_equal(found.frame["household"], [1, 2, np.nan])
    assert found.frame[["need__1", "need__2", "need__3"]].to_numpy().tolist() == [[1, 1, 0], [1, 0, 0], [1, 1, 0]]
    assert found.missing.loc[3, "household"] == 2
    assert found.private["column_E"].tolist() == ["甲", "乙", "丙"]
    assert found.columns["fate"].tolist() == [
        "meta", "mapped", "mapped", "mapped", "private", "ignored", "unmapped",
    ]  # fmt: skip
    assert set(found.columns["how"]) == {"meta", "mapping"} and found.unmapped == ("G 另",)
    told = {p.at.cell: (p.params["item"], p.params["meant"]) for p in found.problems if p.code == "N338"}
    assert told["B2"] == ("age", "30") and told["C3"] == ("household", "2") and told["D2"] == ("need", "1、2")
    assert not [p for p in found.problems if p.code[0] == "E"]


def test_other_headings_are_an_error_that_names_them(workbook, village, saved):
    rows = [["编号", "Q-2", "Q-1", "Q-3", "谁", "杂项", "另"], *ROWS[1:]]
    with pytest.raises(InputError) as raised:
        read_responses(workbook(rows), village, mapping=saved())
    (problem,) = raised.value.problems
    assert problem.code == "E336" and problem.params["moved"] == ["Q-2", "Q-1"]
    assert (problem.params["new"], problem.params["gone"]) == (["杂项"], ["杂"])
    assert all("Q-2" in say(problem, lang) for lang in ("zh", "en"))


def test_widths_and_blanks_of_headings_do_not_matter(workbook, village, saved):
    rows = [["编号 ", "Ｑ-1", "q-2", "Q-3", "谁", "杂", " 另"], *ROWS[1:]]
    assert read_responses(workbook(rows), village, mapping=saved()).frame["age"].tolist() == [30, 41, 42]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('item = "age"', 'item = "agee"', "E334"),
        ('{"两口" = 1,', '{"两口" = 7,', "E335"),
        ('fate = "ignored"', 'fate = "gone"', "E328"),
        ('meta = "respondent_id"', 'meta = "source_sheet"', "E328"),
        ('letter = "F"', 'letter = "F1"', "E328"),
        ('letter = "C"', 'letter = "B"', "E331"),
        ('item = "household"', 'item = "age"', "E331"),
        ('fate = "private"', "", "E329"),
        ('dialect = "plain"', 'dialect = "plane"', "E328"),
        ('dialect = "plain"', 'fingerprint = "0000000000000000"; dialect = "plain"'.replace("; ", "\n"), "E330"),
        ("confirmed = true", "confirmed = 1", "E328"),
        ("evalkit-mapping/1", "evalkit-mapping/9", "E327"),
        ('header = "杂"', 'heading = "杂"', "E332"),
        ('values = {"三十" = 30}', 'values = {"三十" = true}', "E328"),
        ('values = {"三十" = 30}', 'values = "三十"', "E328"),
        ('header = "Q-1"', "header = “Q-1”", "E40"),
    ],
)
def test_faults_cite_their_line(workbook, village, saved, old, new, code):
    assert old in GOOD
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    with pytest.raises(InstrumentError) as raised:
        read_responses(workbook(ROWS), village, mapping=saved(GOOD.replace(old, new, 1)))
    problem = raised.value.problems[0]
    assert problem.code.startswith(code), say(problem, "zh")
    # What concerns a whole column stands at the head of its entry.
    whole = code in ("E329", "E331", "E334", "E335")
    assert problem.at.line == (_head(line) if whole else line)


def _head(line):
    lines = GOOD.splitlines()
    return max(k for k, text in enumerate(lines, 1) if k <= line and text == "[[tables.columns]]")


def test_a_mapping_of_another_instrument_is_refused(workbook, village, saved):
    with pytest.raises(InstrumentError) as raised:
        read_responses(workbook(ROWS), village, mapping=saved(GOOD.replace('"village"', '"town"')))
    assert raised.value.problems[0].code == "E333"


def test_a_mapping_needs_its_file_and_an_instrument(workbook, village, saved, tmp_path):
    with pytest.raises(InstrumentError) as raised:
        load_mapping(tmp_path / "none.toml")
    assert raised.value.problems[0].code == "E326"
    with pytest.raises(UsageError) as wanted:
        read_responses(workbook(ROWS), mapping=saved())
    assert wanted.value.problems[0].code == "E342"
    with pytest.raises(InputError) as other:
        read_responses(workbook(ROWS), village, mapping=saved(), dialect="wjx_text")
    assert other.value.problems[0].code == "E337"


def test_a_mapping_that_is_not_confirmed_says_so(workbook, village, saved):
    found = read_responses(workbook(ROWS), village, mapping=saved(GOOD.replace("= true", "= false", 1)))
    assert "W341" in [p.code for p in found.problems] and len(found.frame) == 3


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_a_drafted_mapping_reads_what_the_matching_reads(tmp_path, village, seed):
    path, file = tmp_path / "全部.xlsx", tmp_path / "全部.mapping.toml"
    sheets = {
        "幸福社区": (invented(village, seed, 5), Mess(polite=True)),
        "和平村": (invented(village, seed + 1, 5), Mess(shuffled=True, extra=True)),
        "阳光里": (invented(village, seed + 2, 5), Mess(boxes=False, spread=False)),
    }
    type_workbook(path, sheets, village, seed)
    drafted = draft_mapping(path, village)
    file.write_text(drafted.text, encoding="utf-8")
    assert load_mapping(file) == drafted.mapping and len(drafted.mapping.tables) == 3
    one, two = read_responses(path, village), read_responses(path, village, mapping=file)
    assert one.frame.equals(two.frame) and one.missing.equals(two.missing) and one.private.equals(two.private)
    assert one.rejected.equals(two.rejected) and one.unmapped == two.unmapped
    same(two, [answer for answers, _ in sheets.values() for answer in answers])


def test_a_sheet_that_drifted_since_is_an_error(tmp_path, village):
    path, file = tmp_path / "a.xlsx", tmp_path / "a.mapping.toml"
    answers = invented(village, 3, 5)
    type_workbook(path, {"幸福社区": (answers, Mess())}, village, 1)
    file.write_text(draft_mapping(path, village).text, encoding="utf-8")
    type_workbook(path, {"幸福社区": (answers, Mess()), "和平村": (answers, Mess(extra=True))}, village, 1)
    with pytest.raises(InputError) as raised:
        read_responses(path, village, mapping=file)
    (problem,) = raised.value.problems
    assert (problem.code, problem.at.sheet, problem.params["new"]) == ("E336", "和平村", ["天气"])


def test_a_guess_stands_in_the_draft_with_its_evidence(workbook, village):
    rows = [["序号", "您的年纪", "现在住房的入住日期", "天气"], [1, 30, "2020-01-02", "晴"], [2, 41, None, "雨"]]
    drafted = draft_mapping(workbook(rows), village)
    found = {column.header: column.item or column.fate for column in drafted.mapping.tables[0].columns}
    lines = drafted.text.splitlines()
    at = lines.index('letter = "C"')
    assert found["现在住房的入住日期"] == "unmapped" and 'item = "since"' in "".join(lines[at - 5 : at])
    assert drafted.mapping.tables[0].columns[3].fate == "unmapped" and not drafted.mapping.confirmed


# -- 金数据: read only behind a mapping that a person confirmed ---------------------------------

TAIL = ["提交人", "提交时间", "修改时间", "填写设备", "操作系统", "浏览器", "IP"]


def jinshuju(instrument, answers):
    """Header and rows in the layout this platform is thought to have."""
    items = list(instrument.items)
    head = ["序号", *(f"{item.zh} [{number}]" if item.matrix else item.zh for number, item in enumerate(items)), *TAIL]
    rows = []
    for k, one in enumerate(answers, 1):
        cells = [_cell(item, one) for item in items]
        rows.append(
            [k, *cells, f"微信{k}", "2026-09-03 12:00:00", "2026-09-03 12:05:00", "手机", "iOS", "微信", "1.2.3.4"]
        )
    return [head, *rows]


def _cell(item, one):
    value = one[item.id]
    if value is None:
        return None
    if item.type == "multi":
        fill = f"〖{one['need_text']}〗" if one["need_text"] else ""
        return ",".join(wording(item, code) + fill * (code == 9) for code in sorted(value))
    if item.type == "rank":
        return "→".join(wording(item, code) for code in value)
    return wording(item, value) if item.type == "single" else value


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_jinshuju_reads_behind_a_confirmed_mapping(tmp_path, workbook, village, seed):
    answers = invented(village, seed)
    path, file = workbook(jinshuju(village, answers), "金.xlsx"), tmp_path / "金.mapping.toml"
    drafted = draft_mapping(path, village)
    text = drafted.text
    for table in drafted.mapping.tables:
        columns = dict(zip("CDEF", ("v1", "v2", "p1", "p2"), strict=True))
        for letter, item in columns.items():
            text = _settle(text, letter, item)
        assert table.dialect == "jinshuju"
    file.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    found = read_responses(path, village, mapping=file)
    same(found, answers)
    assert found.private["nickname"].tolist()[0] == "微信1" and found.frame["device"].tolist()[0] == "手机"
    assert str(found.frame["recorded_at"].iloc[0]) == "2026-09-03 12:05:00"


def _settle(text, letter, item):
    """What a person does: put the item in the column's entry."""
    head, entry = text.split(f'letter = "{letter}"\n', 1)
    header, line, rest = entry.split("\n", 2)
    return f'{head}letter = "{letter}"\n{header}\nitem = "{item}"\n{rest}'


@pytest.mark.parametrize("confirmed", [None, "false"])
def test_jinshuju_is_not_read_on_trust(workbook, village, tmp_path, confirmed):
    path, mapping = workbook(jinshuju(village, invented(village, 5)), "金.xlsx"), None
    if confirmed:
        mapping = tmp_path / "m.toml"
        mapping.write_text(draft_mapping(path, village).text, encoding="utf-8")
    with pytest.raises(EvalkitError) as raised:
        read_responses(path, village, mapping=mapping)
    (problem,) = raised.value.problems
    assert problem.code == "E339" and "confirmed = true" in say(problem, "zh")
    with pytest.raises(InputError) as without:
        read_responses(path)
    assert without.value.problems[0].code == "E339"


def test_the_detector_of_jinshuju_says_why(workbook, village):
    guess = guesses(read_book(workbook(jinshuju(village, invented(village, 5)))).sheets[0], "a.xlsx")[0]
    assert guess.name == "jinshuju" and guess.score > 0.9 and "填写设备" in guess.reasons


def test_a_draft_of_jinshuju_comes_with_a_mapping_to_confirm(workbook, village, tmp_path):
    answers = invented(village, 8, 30)
    path = workbook(jinshuju(village, answers), "金.xlsx")
    drafted = draft(path)
    assert f'mapping = "{drafted.mapping_name}"' in drafted.plan_text
    again = parse_instrument(drafted.instrument_text, "d.toml")
    file = tmp_path / drafted.mapping_name
    file.write_text(drafted.mapping_text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    found = read_responses(path, again, mapping=file)
    assert found.dialect == "jinshuju" and len(found.frame) == 30 and found.unmapped == ()
    age = next(item.id for item in again.items if item.zh == "您的年龄")
    np.testing.assert_array_equal(found.frame[age], [np.nan if a["age"] is None else a["age"] for a in answers])
