"""Qualtrics: twins with three, two and one header rows, codes or texts; ImportIds; -99; texts beside options."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import read_book

META = [
    "StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate",
    "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference",
    "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage",
]  # fmt: skip
GERMAN = ["Startdatum", "Enddatum", "Antworttyp", "IP-Adresse", *(f"Feld {k}" for k in range(13))]
KEYS = [
    "startDate", "endDate", "status", "ipAddress", "progress", "duration", "finished", "recordedDate", "_recordId",
    "recipientLastName", "recipientFirstName", "recipientEmail", "externalDataReference", "locationLatitude",
    "locationLongitude", "distributionChannel", "userLanguage",
]  # fmt: skip
OWN = ["2017-07-18 08:28:09", "2017-07-18 08:29:09", "0", "1.2.3.4", "100", "60", "1", "2017-07-18 08:29:10"]
REST = ["", "", "", "", "50.1", "8.6", "anonymous", "DE"]


def qualtrics(village, answers, *, rows: int = 3, texts: bool = False, marked: bool = False) -> list[list[str]]:
    """Header rows and data; the text of the question in zh, with markup."""
    columns = []
    for k, block in enumerate(village.blocks, 1):
        for r, item in enumerate(block.items, 1):
            name, title = (f"Q{k}_{r}", f"{block.zh} - {item.zh}") if item.matrix else (f"Q{k}", f"<b>{item.zh}</b>\n")
            if item.type in ("multi", "rank"):
                for n, o in enumerate(item.options, 1):
                    key = {"ImportId": f"QID{k}_{n + 2}"}
                    columns.append(
                        (f"Q{k}_{n}", f"{item.zh} - {o.zh}", key, lambda a, i=item, c=o: _part(i, a[i.id], c, texts))
                    )
                    if o.fill:
                        columns.append(
                            (f"Q{k}_{n}_TEXT", f"{item.zh} - {o.zh} - Text", key, lambda a: a["need_text"] or "")
                        )
            else:
                empty = "-99" if marked and item.options else ""
                columns.append((name, title, {"ImportId": f"QID{k}"}, lambda a, i=item, e=empty: _cell(i, a, texts, e)))
    data = [[*OWN, f"R_{k}", *REST, *(cell(a) for *_, cell in columns)] for k, a in enumerate(answers, 1)]
    heads = [
        [*META, *(name for name, *_ in columns)],
        [*GERMAN, *(title for _, title, *_ in columns)],
        [json.dumps({"ImportId": key}) for key in KEYS] + [json.dumps(key) for *_, key, _ in columns],
    ]
    return [*heads[:rows], *data]


def _cell(item, one, texts, empty):
    if one[item.id] is None:
        return "" if item.id in ("v1", "v2") and one["used"] != 1 else empty
    return wording(item, one[item.id]) if texts and item.options else str(one[item.id])


def _part(item, given, option, texts):
    if given is None or option.code not in given:
        return ""
    if item.type == "rank":
        return str(given.index(option.code) + 1)
    return option.zh if texts else "1"


def save(path, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), rows=st.sampled_from([3, 2]), texts=st.booleans(), marked=st.booleans())
def test_what_was_written_is_read(tmp_path, village, seed, rows, texts, marked):
    answers = invented(village, seed)
    found = read_responses(
        save(tmp_path / "a.csv", qualtrics(village, answers, rows=rows, texts=texts, marked=marked)), village
    )
    assert found.dialect == "qualtrics" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems
    assert found.counts()["rejected"] == rows - 1


def test_columns_are_told_by_the_first_row_or_the_key_whatever_the_language(tmp_path, village):
    table = qualtrics(village, invented(village, 1, 3))
    one = read_responses(save(tmp_path / "a.csv", table), village)
    table[0][:17] = [f"renamed {k}" for k in range(17)]
    two = read_responses(save(tmp_path / "b.csv", table), village)
    for found in (one, two):
        assert str(found.frame["submitted_at"].iloc[0]) == "2017-07-18 08:29:09"
        assert found.frame[["respondent_id", "duration_s", "progress", "language"]].iloc[0].tolist() == [
            "R_1",
            60,
            100,
            "DE",
        ]
        assert {"ip", "latitude", "first_name", "email"} <= set(found.private)
    assert one.where(2, "used").cell == "R5"


def test_an_instrument_may_use_import_ids_and_export_tags_may_change(tmp_path, ask):
    asked = ask(
        '[[items]]\nid = "QID20_3"\ntype = "integer"\nzh = "甲"\n'
        '[[items]]\nid = "QID20_7"\ntype = "integer"\nzh = "乙"\n'
    )
    table = [
        ["StartDate", "EndDate", "Finished", "ResponseId", "Q13_1", "Q13_2"],
        ["a", "b", "c", "d", "rows - x", "rows - y"],
        [json.dumps({"ImportId": k}) for k in ("startDate", "endDate", "finished", "_recordId", "QID20_3", "QID20_7")],
        [*OWN[:2], "1", "R_1", "5", "6"],
    ]
    found = read_responses(save(tmp_path / "a.csv", table), asked)
    assert found.frame[["QID20_3", "QID20_7"]].iloc[0].tolist() == [5, 6]


def test_names_alone_are_enough_where_the_instrument_has_them(tmp_path, ask):
    asked = ask('[[items]]\nid = "Q1"\ntype = "integer"\nzh = "甲"\n')
    table = [
        ["StartDate", "EndDate", "Finished", "ResponseId", "Q1"],
        [*OWN[:2], "1", "R_1", "5"],
        [*OWN[:2], "1", "R_2", "6"],
    ]
    found = read_responses(save(tmp_path / "a.csv", table), asked)
    assert found.dialect == "qualtrics" and found.frame["Q1"].tolist() == [5, 6]


def test_the_oldest_form_names_its_columns_in_the_second_row(tmp_path, ask):
    asked = ask('[[items]]\nid = "Q1"\ntype = "integer"\nzh = "甲"\n')
    table = [
        ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "Q1"],
        ["ResponseID", "ResponseSet", "Name", "EmailAddress", "IPAddress", "Status", "StartDate", "EndDate", "甲"],
        ["R_1", "Default", "Li", "a@b.cc", "1.2.3.4", "0", *OWN[:2], "5"],
    ]
    found = read_responses(save(tmp_path / "a.csv", table), asked)
    assert found.frame["respondent_id"].tolist() == ["R_1"] and found.frame["Q1"].tolist() == [5]
    assert {"nickname", "email", "ip"} <= set(found.private)


@pytest.mark.parametrize("rows", [3, 2])
def test_the_detector_says_why(tmp_path, village, rows):
    path = save(tmp_path / "a.csv", qualtrics(village, invented(village, 2, 3), rows=rows))
    guess, second = guesses(read_book(path).sheets[0], path.name)[:2]
    assert guess.name == "qualtrics" and guess.score - second.score > 0.2 and "StartDate" in guess.reasons
    assert any("ImportId" in reason for reason in guess.reasons) == (rows == 3)


def test_a_draft_knows_options_and_wordings(tmp_path, village):
    found = draft(save(tmp_path / "a.csv", qualtrics(village, invented(village, 3, 40), texts=True)))
    wordings = {item.text("zh") for item in found.instrument.items}
    assert "您去过互助站吗?" in {text.replace("？", "?") for text in wordings}
    assert found.n_rows == 40
    (need,) = [item for item in found.instrument.items if item.type == "multi"]
    assert [option.zh for option in need.options] == ["停车", "电梯", "绿化、照明", "其他", "都不需要"]


def test_the_layout_of_public_samples(tmp_path, ask):
    """Names, languages, keys and ghost columns as in files the platform wrote; the answers are invented."""
    asked = ask("""
[choices]
c = [{code = 1, zh = "甲"}, {code = 2, zh = "乙"}]
[[items]]
id = "Q1"
type = "single"
choices = "c"
zh = "选择题"
[[items]]
id = "Q2"
type = "text"
zh = "开放题"
""")
    ids = [*KEYS, "QID1", "QID2_TEXT", "QID2_TEXT_eae5Topics"]
    table = [
        [*META, "Q1", "Q2", "Q2 - Topics"],
        [*GERMAN, "This is a multiple choice question.", "This is a free text question.", "Q2 - Topics"],
        [json.dumps({"ImportId": key}, separators=(",", ":")) for key in ids],
        [*OWN, "R_1", *REST, "2", "Hello World!", ""],
    ]
    new = read_responses(save(tmp_path / "a.csv", table), asked)
    table = [
        [*(f"V{k}" for k in range(1, 11)), "Q1", "Q2", "LocationLatitude", "LocationLongitude", "LocationAccuracy", ""],
        [
            "ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress", "Status",
            "StartDate", "EndDate", "Finished", "a", "b", "LocationLatitude", "LocationLongitude", "LocationAccuracy",
            "",
        ],
        ["R_1", "Standard", "Anonym", "", "", "1.2.3.4", "0", *OWN[:2], "1", "2", "Hello World!", "1", "2", "-1", ""],
    ]  # fmt: skip
    old = read_responses(save(tmp_path / "b.csv", table), asked)
    for found in (new, old):
        assert found.dialect == "qualtrics" and len(found.frame) == 1
        assert found.frame[["respondent_id", "Q1", "Q2"]].iloc[0].tolist() == ["R_1", 2, "Hello World!"]
        assert not [p for p in found.problems if p.code[0] == "E"]
    assert old.unmapped == () and new.unmapped == ("T Q2 - Topics",)
