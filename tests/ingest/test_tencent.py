"""腾讯问卷: a twin of its csv and xlsx exports, its detection, and the columns it adds."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import read_book

META = ["编号", "开始答题时间", "结束答题时间", "答题时长", "语言", "地理位置省", "地理位置市"]
TAIL = ["IP", "UA", "Referrer", "审核状态"]
COMMON = ["02-Feb-2021 20:26:47", "02-Feb-2021 20:26:58", "11", "简体中文", "湖北", "武汉"]
LETTERS = "ABCDEFGHIJ"


def tencent(instrument, answers, *, companion: bool = True, joined: bool = False) -> list[list[str]]:
    """Header and rows as this platform writes them; `joined`: a ranking in one cell, else a place in each option's
    column (which of the two this platform writes is not documented, so both are read)."""
    columns: list[tuple[str, Any]] = []
    for number, block in enumerate(instrument.blocks, 1):
        for item in block.items:
            head = f"{number}.{block.zh}"
            if item.type == "multi":
                for letter, option in zip(LETTERS, item.options, strict=False):
                    tick = f"{letter}.{option.zh}"
                    columns.append(
                        (f"{head}:{option.zh}", lambda a, c=option.code, t=tick: t * (c in (a["need"] or ())))
                    )
                    if option.fill and companion:
                        columns.append((f"{head}:{option.zh}", lambda a: a["need_text"] or ""))
            elif item.type == "single":
                title = f"{head}:{item.zh}" if item.matrix else head
                columns.append((title, lambda a, i=item: lettered(i, a[i.id])))
            elif item.type == "rank" and joined:
                columns.append((head, lambda a, i=item: "→".join(lettered(i, c) for c in a[i.id] or ())))
            elif item.type == "rank":
                for option in item.options:
                    cell = lambda a, c=option.code: str(a["order"].index(c) + 1) if a["order"] else ""  # noqa: E731
                    columns.append((f"{head}:{option.zh}", cell))
            else:
                columns.append((f"{head}_填空1", lambda a, i=item: "" if a[i.id] is None else str(a[i.id])))
    rows = [[cell(a) for _, cell in columns] for a in answers]
    body = [[str(k), *COMMON, *row, "1.2.3.4(湖北-武汉)", "Mozilla", "-", "通过"] for k, row in enumerate(rows, 1)]
    return [[*META, *(head for head, _ in columns), *TAIL], *body]


def lettered(item, code) -> str:
    if code is None:
        return ""
    at = [option.code for option in item.options].index(code)
    return f"{LETTERS[at]}.{wording(item, code)}"


def save(path, rows, encoding="utf-8") -> Any:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([*row, ""] for row in rows)
    return path


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]), joined=st.booleans())
def test_what_was_written_is_read(tmp_path, village, seed, encoding, joined):
    answers = invented(village, seed)
    rows = tencent(village, answers, joined=joined)
    found = read_responses(save(tmp_path / "123_1612268818.csv", rows, encoding), village)
    assert found.dialect == "tencent" and "N320" not in {p.code for p in found.problems}
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems
    assert found.unmapped == ()


def test_a_workbook_reads_like_the_text_file(workbook, village, tmp_path):
    rows = tencent(village, invented(village, 7))
    one = read_responses(workbook(rows), village)
    two = read_responses(save(tmp_path / "b.csv", rows), village)
    assert one.dialect == two.dialect == "tencent"
    assert one.frame.equals(two.frame) and one.missing.equals(two.missing)


def test_times_and_columns_of_the_platform(workbook, village):
    found = read_responses(workbook(tencent(village, invented(village, 1, 3))), village)
    first = found.frame.iloc[0]
    assert str(first["submitted_at"]) == "2021-02-02 20:26:58" and first["duration_s"] == 11
    assert first[["language", "province", "city", "status"]].tolist() == ["简体中文", "湖北", "武汉", "通过"]
    assert {"ip", "agent", "referrer"} <= set(found.private) and not {"ip", "agent"} & set(found.frame)
    assert set(found.columns["fate"]) == {"meta", "private", "mapped"}


def test_a_text_in_the_column_of_an_option_means_chosen_and_is_kept(workbook, village):
    header = [*META[:4], "4.您需要什么:停车", "4.您需要什么:其他", "4.您需要什么:都不需要"]
    rows = [
        ["1", *COMMON[:3], "A.停车", "长椅", ""],
        ["2", *COMMON[:3], "", "D.其他", ""],
        ["3", *COMMON[:3], "", "", ""],
    ]
    found = read_responses(workbook([header, *rows]), village)
    table = found.frame[["need__1", "need__9", "need__0"]].to_numpy()
    assert table[:2].tolist() == [[1, 1, 0], [0, 1, 0]] and np.isnan(table[2]).all()
    assert found.frame["need__9__text"].tolist()[0] == "长椅"


def test_several_blanks_of_one_question(workbook, ask):
    asked = ask('[[items]]\nid = "names"\ntype = "text"\nmax_choices = 3\nzh = "邻居的姓"\n')
    header = [*META[:4], *(f"1.邻居的姓_填空{k}" for k in (1, 2, 3))]
    found = read_responses(workbook([header, ["1", *COMMON[:3], "王", "李", ""]]), asked)
    assert found.frame[["names__1", "names__2"]].iloc[0].tolist() == ["王", "李"]


def test_the_text_beside_a_single_choice_goes_to_the_option_that_takes_one(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "租住"}, {code = 2, zh = "其他", fill = true}]
[[items]]
id = "home"
type = "single"
choices = "c"
zh = "住房"
""")
    header = [*META[:4], "1.住房", "1.住房"]
    rows = [["1", *COMMON[:3], "A.租住", ""], ["2", *COMMON[:3], "B.其他", "借住"]]
    found = read_responses(workbook([header, *rows]), asked)
    assert found.frame["home"].tolist() == [1, 2] and found.frame["home__2__text"].tolist()[1] == "借住"
    assert found.where(2, "home__2__text").cell == "F3"


@pytest.mark.parametrize(("kept", "sure"), [(4, 0.95), (3, 0.8)])
def test_the_detector_says_why(workbook, village, kept, sure):
    rows = [row[4 - kept : 4] + row[7:] for row in tencent(village, invented(village, 2))]
    guess = guesses(read_book(workbook(rows)).sheets[0], "a.xlsx")[0]
    assert guess.name == "tencent" and guess.score > sure
    assert set(META[4 - kept : 4]) <= set(guess.reasons) and any(":" in reason for reason in guess.reasons)


def test_a_table_with_a_running_number_is_not_taken_for_it(workbook):
    sheet = read_book(workbook([["编号", "答题时长"], [1, 2], [3, 4]])).sheets[0]
    assert guesses(sheet, "a.xlsx")[0].name == "plain"


def test_a_draft_knows_the_options(workbook, village):
    found = draft(workbook(tencent(village, invented(village, 3, 40))))
    need = next(item for item in found.instrument.items if item.type == "multi")
    assert [option.zh for option in need.options] == ["停车", "电梯", "绿化、照明", "其他", "都不需要"]
    used = next(item for item in found.instrument.items if "互助站吗" in item.zh)
    assert {option.zh for option in used.options} == {"是", "否"}
