"""Repeated questions of KoboToolbox and ODK as tables keyed by the respondent's row."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_kobo import kobo, of_kobo, of_odk
from twins import invented, same

from evalkit.ingest import read_responses
from evalkit.scoring import score

KOBO = ["_index", "_parent_table_name", "_parent_index", "_submission__id", "_submission__uuid"]


def family(luck: random.Random, n: int) -> list[list[int]]:
    """Ages of the members of each of n households; some have none."""
    return [[luck.randint(0, 90) for _ in range(luck.randint(0, 3))] for _ in range(n)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_kobo_repeats_read_as_written(workbook, village, seed):
    answers = invented(village, seed)
    ages = family(random.Random(seed), len(answers))
    ages[0] = [30, 40]
    members = [(k, age) for k, household in enumerate(ages, 1) for age in household]
    rows = [[age, "一" if age < 18 else "二", i, "main", k, 900 + k, "u"] for i, (k, age) in enumerate(members, 1)]
    random.Random(seed).shuffle(rows)
    visits = [[5, 1, "family", rows[0][2]], [6, 2, "family", rows[1][2]]]
    path = workbook(
        {
            "main": of_kobo(kobo(village, answers, style="details", labels=False)),
            "family": [["family/age", "family/stage", *KOBO], *rows],
            "visits": [["hours", "_index", "_parent_table_name", "_parent_index"], *visits],
        }
    )
    found = read_responses(path, village)
    same(found, answers)
    table = found.repeats["family"]
    assert {k: sorted(group) for k, group in table["age"].groupby("row")} == {
        k: sorted(household) for k, household in enumerate(ages, 1) if household
    }
    assert len(table) == len(members) and list(table) == ["age", "stage"]
    assert table.attrs["evalkit"].variables["age"].kind == "number"
    assert found.repeats["visits"].index.tolist() == [rows[0][4], rows[1][4]]
    assert [p.params["tables"] for p in found.problems if p.code == "N368"] == [
        [f"family ({len(members)})", "visits (2)"]
    ]
    assert not [p for p in found.problems if p.code in ("N320", "W369") or p.code[0] == "E"]
    data = score(found)
    assert data.assign(mean=table.groupby("row")["age"].mean())["mean"].notna().sum() == sum(map(bool, ages))


def test_odk_puts_repeats_in_files_of_their_own(workbook, village):
    answers = invented(village, 3, 4)
    table = kobo(village, answers, style="summary", labels=False, separator="-")
    main = workbook(of_odk(table), "main.xlsx")
    members = [["age", "PARENT_KEY", "KEY"], [30, "uuid:2", "m1"], [8, "uuid:4", "m2"], [9, "uuid:4", "m3"]]
    toys = [["toy", "PARENT_KEY", "KEY"], ["ball", "m3", "t1"], ["car", "m1", "t2"]]
    paths = [workbook({"Sheet1": toys}, "toys.xlsx"), main, workbook({"members": members}, "members.xlsx")]
    found = read_responses(paths, village)
    same(found, answers)
    assert found.repeats["members"]["age"].groupby("row").sum().to_dict() == {2: 30, 4: 17}
    assert found.repeats["Sheet1"].index.tolist() == [4, 2]


def test_rows_without_a_respondent_are_told_and_personal_data_left_out(workbook, village):
    answers = invented(village, 1, 2)
    rows = [["13800000001", 30, 1, "main", 1], ["13800000002", 31, 2, "main", 7]]
    sheets = {
        "main": of_kobo(kobo(village, answers, style="details", labels=False)),
        "family": [["phone", "age", "_index", "_parent_table_name", "_parent_index"], *rows],
    }
    found = read_responses(workbook(sheets), village)
    assert found.repeats["family"].to_dict("index") == {1: {"age": 30.0}}
    (lost,) = [p for p in found.problems if p.code == "W369"]
    assert (lost.at.sheet, lost.at.cell, lost.params) == ("family", "A3", {"n": 1, "rows": ["3"]})


def test_a_repeat_read_alone_is_a_table_like_any_other(workbook):
    rows = [["age", "_index", "_parent_table_name", "_parent_index"], [30, 1, "main", 1], [31, 2, "main", 1]]
    found = read_responses(workbook({"family": rows}))
    assert found.frame["age"].tolist() == [30, 31]
