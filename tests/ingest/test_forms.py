"""SurveyMonkey, Google Forms and Microsoft Forms: a twin of each, their times, and how they are told."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import read_book

MONKEY = [
    "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name",
    "Last Name", "Custom Data 1",
]  # fmt: skip


def surveymonkey(village, answers, *, texts: bool = True) -> list[list]:
    columns = []
    for block in village.blocks:
        for r, item in enumerate(block.items):
            if item.type in ("multi", "rank"):
                for n, o in enumerate(item.options):
                    columns.append((item.en if n == 0 else "", o.en, lambda a, i=item, o=o: _part(i, a[i.id], o)))
                    if o.fill:
                        columns.append(("", "Other (please specify)", lambda a: a["need_text"]))
            elif item.matrix:
                columns.append((block.en if r == 0 else "", item.en, lambda a, i=item: _text(i, a[i.id], texts)))
            else:
                kind = "Response" if item.options else "Open-Ended Response"
                columns.append((item.en, kind, lambda a, i=item: _text(i, a[i.id], texts)))
    own = ["4001", "03/21/2024 11:58:00 PM", "03/22/2024 12:04:05 AM", "1.2.3.4", None, None, None, None]
    rows = [[f"1180000{k}", *own, *(cell(a) for *_, cell in columns)] for k, a in enumerate(answers)]
    return [[*MONKEY, *(c[0] for c in columns)], [None] * 9 + [c[1] for c in columns], *rows]


def _text(item, value, texts):
    if value is None:
        return None
    return wording(item, value, "en") if texts and item.options else value


def _part(item, given, option):
    if given is None or option.code not in given:
        return None
    return option.en if item.type == "multi" else given.index(option.code) + 1


def forms(village, answers, *, lang: str, separator: str, closing: str = "", grid: bool = False) -> tuple[list, list]:
    """Question headers and rows with lists in one cell."""
    items = [(block, item) for block in village.blocks for item in block.items]
    title = {"zh": lambda b, i: (b.zh, i.zh), "en": lambda b, i: (b.en, i.en)}[lang]
    header = ["{} [{}]".format(*title(b, i)) if i.matrix and grid else title(b, i)[1] for b, i in items]
    rows = []
    for one in answers:
        cells = []
        for _, item in items:
            value = one[item.id]
            if value is not None and item.type in ("multi", "rank"):
                codes = [o.code for o in item.options if o.code in value] if item.type == "multi" else value
                own = one["need_text"] if item.id == "need" else None
                names = [own if own and code == 9 else wording(item, code, lang) for code in codes]
                value = separator.join(names) + closing
            elif value is not None and item.options:
                value = wording(item, value, lang)
            cells.append(value)
        rows.append(cells)
    return header, rows


def google(village, answers, lang="zh") -> list[list]:
    header, rows = forms(village, answers, lang=lang, separator=", ", grid=True)
    stamp = "时间戳记" if lang == "zh" else "Timestamp"
    return [
        [stamp, "Email Address", *header],
        *([f"2024/03/01 3:0{k % 10}:05 PM GMT+8", "a@b.cc", *row] for k, row in enumerate(rows)),
    ]


def microsoft(village, answers) -> list[list]:
    header, rows = forms(village, answers, lang="en", separator=";", closing=";")
    head = ["ID", "Start time", "Completion time", "Email", "Name", *header]
    return [
        head,
        *([k, "3/21/24 15:04:05", "3/21/24 15:06:05", "anonymous", None, *row] for k, row in enumerate(rows, 1)),
    ]


TWINS = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@TWINS
@given(seed=st.integers(0, 10**6), texts=st.booleans())
def test_surveymonkey_reads_as_written(workbook, village, seed, texts):
    answers = invented(village, seed)
    found = read_responses(workbook(surveymonkey(village, answers, texts=texts)), village)
    assert found.dialect == "surveymonkey" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


@TWINS
@given(seed=st.integers(0, 10**6), lang=st.sampled_from(["zh", "en"]))
def test_google_reads_as_written(workbook, village, seed, lang):
    answers = invented(village, seed)
    found = read_responses(workbook(google(village, answers, lang)), village)
    assert found.dialect == "google_forms" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


@TWINS
@given(seed=st.integers(0, 10**6))
def test_microsoft_reads_as_written(workbook, village, seed):
    answers = invented(village, seed)
    found = read_responses(workbook(microsoft(village, answers)), village)
    assert found.dialect == "microsoft_forms" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


def test_a_text_of_the_respondents_own_takes_the_place_of_other(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "租住"}, {code = 7, zh = "其他", fill = true}]
d = [{code = 1, zh = "租住"}, {code = 2, zh = "自有"}]
[[items]]
id = "home"
type = "single"
choices = "c"
zh = "住房"
[[items]]
id = "strict"
type = "single"
choices = "d"
zh = "住房类别"
""")
    rows = [["2024/03/01 3:04:05 PM GMT+8", "借住", "借住"], ["2024/03/01 3:05:05 PM GMT+8", "租住", "租住"]]
    found = read_responses(workbook([["Timestamp", "住房", "住房类别"], *rows]), asked)
    assert found.frame["home"].tolist() == [7, 1] and found.frame["home__7__text"].tolist()[0] == "借住"
    assert [(p.code, p.at.cell) for p in found.problems if p.code[0] == "E"] == [("E220", "C2")]


def test_their_times_and_private_columns(workbook, village):
    answers = invented(village, 1, 3)
    monkey = read_responses(workbook(surveymonkey(village, answers)), village)
    assert monkey.frame[["started_at", "submitted_at"]].astype(str).iloc[0].tolist() == [
        "2024-03-21 23:58:00",
        "2024-03-22 00:04:05",
    ]
    assert monkey.frame["respondent_id"].iloc[0] == "11800000" and {"ip", "email", "first_name"} <= set(monkey.private)
    assert monkey.where(1, "used").cell == "J3"
    forms_of_google = read_responses(workbook(google(village, answers)), village)
    assert (
        str(forms_of_google.frame["submitted_at"].iloc[0]) == "2024-03-01 15:00:05"
        and "email" in forms_of_google.private
    )
    office = read_responses(workbook(microsoft(village, answers)), village)
    assert str(office.frame["submitted_at"].iloc[0]) == "2024-03-21 15:06:05"
    assert office.frame["respondent_id"].tolist() == ["1", "2", "3"] and {"email", "nickname"} <= set(office.private)


def test_a_date_that_could_be_two_is_not_guessed(workbook, village):
    rows = microsoft(village, invented(village, 1, 2))
    for row in rows[1:]:
        row[1] = row[2] = "3/4/24 15:04:05"
    found = read_responses(workbook(rows), village)
    assert found.frame["submitted_at"].isna().all()
    assert [p.at.cell for p in found.problems if p.code == "W239"] == ["B2", "B3", "C2", "C3"]
    rows[1][1] = rows[1][2] = "13/4/24 15:04:05"
    found = read_responses(workbook(rows, "b.xlsx"), village)
    assert found.frame["submitted_at"].astype(str).tolist() == ["2024-04-13 15:04:05", "2024-04-03 15:04:05"]


@pytest.mark.parametrize(
    ("write", "name", "reason"),
    [
        (surveymonkey, "surveymonkey", "Collector ID"),
        (google, "google_forms", "时间戳记"),
        (microsoft, "microsoft_forms", "Start time"),
    ],
)
def test_the_detector_says_why(workbook, village, write, name, reason):
    sheet = read_book(workbook(write(village, invented(village, 2, 4)))).sheets[0]
    guess, second = guesses(sheet, "a.xlsx")[:2]
    assert guess.name == name and guess.score - second.score >= 0.2 and reason in guess.reasons


@pytest.mark.parametrize("header", [["Timestamp", "a"], ["ID", "Start time", "a"], ["Start Date", "End Date", "a"]])
def test_a_table_that_shares_a_word_with_them_is_plain(workbook, header):
    sheet = read_book(workbook([header, *[["x", "y", "z"][: len(header)]] * 3])).sheets[0]
    found = guesses(sheet, "a.xlsx")
    assert found[0].name == "plain" or found[0].score - found[1].score < 0.2


@pytest.mark.parametrize("write", [surveymonkey, google, microsoft])
def test_a_draft_knows_a_list(workbook, village, write):
    found = draft(workbook(write(village, invented(village, 3, 60))))
    (need,) = [item for item in found.instrument.items if item.type == "multi"]
    found_options = {option.zh or option.en for option in need.options}
    assert {"停车", "电梯", "绿化、照明", "都不需要"} <= found_options or {
        "Parking",
        "Lift",
        "Nothing",
    } <= found_options
