"""KoboToolbox and ODK: twins in names and labels, with groups, and several choices in all three styles."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.sheets import read_book

TAIL = [
    "_id", "_uuid", "_submission_time", "_validation_status", "_status", "_submitted_by", "__version__",
    "meta/rootUuid", "_index",
]  # fmt: skip


def kobo(village, answers, *, style: str, labels: bool, separator: str = "/", truth=("1", "0")) -> list[list]:
    """Questions in a group `base`; the rows of a matrix in a group of its own."""
    columns = []
    for block in village.blocks:
        for item in block.items:
            group = (block.zh if labels else block.id) if item.matrix else ("基本" if labels else "base")
            path = f"{group}{separator}{item.zh if labels else item.id}"
            if item.type == "multi":
                if style != "details":
                    columns.append((path, lambda a, i=item: _summary(i, a[i.id], labels)))
                if style != "summary":
                    for o in item.options:
                        name = o.zh if labels else o.code
                        columns.append((f"{path}/{name}", lambda a, i=item, c=o.code: _tick(a[i.id], c, truth)))
                columns.append((f"base{separator}need_fill_9", lambda a: a["need_text"]))
            elif item.type == "rank":
                columns.append((path, lambda a, i=item: _summary(i, a[i.id], labels)))
            else:
                columns.append((path, lambda a, i=item: _cell(i, a[i.id], labels)))
    rows = [[cell(a) for _, cell in columns] for a in answers]
    return [[name for name, _ in columns], *rows]


def _summary(item, given, labels):
    if given is None:
        return ""
    codes = [o.code for o in item.options if o.code in given] if item.type == "multi" else given
    return " ".join(wording(item, code) if labels else str(code) for code in codes)


def _tick(given, code, truth):
    return "" if given is None else truth[0] if code in given else truth[1]


def _cell(item, value, labels):
    if value is None:
        return ""
    return wording(item, value) if labels and item.options else str(value)


def of_kobo(table) -> list[list]:
    own = ["uuid-1", "2024-03-01T08:00:00", "", "submitted_via_web", "field", "v1", "uuid-0"]
    start = ["2024-03-01T15:04:05.123+08:00", "2024-03-01T15:14:05.123+08:00"]
    head = ["start", "end", *table[0], *TAIL]
    return [head, *([*start, *row, f"90{k}", *own, k] for k, row in enumerate(table[1:], 1))]


def of_odk(table) -> list[list]:
    head = ["SubmissionDate", *table[0], "meta-instanceID", "KEY", "SubmitterID", "SubmitterName", "FormVersion"]
    return [
        head,
        *(
            ["2024-03-01T07:04:05.000Z", *row, f"uuid:{k}", f"uuid:{k}", "1", "field", "2"]
            for k, row in enumerate(table[1:], 1)
        ),
    ]


TWINS = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@TWINS
@given(seed=st.integers(0, 10**6), style=st.sampled_from(["summary", "details", "both"]), labels=st.booleans())
def test_kobo_reads_as_written(workbook, village, seed, style, labels):
    answers = invented(village, seed)
    found = read_responses(workbook(of_kobo(kobo(village, answers, style=style, labels=labels))), village)
    assert found.dialect == "kobo" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


@TWINS
@given(seed=st.integers(0, 10**6), split=st.booleans())
def test_odk_central_reads_as_written(workbook, village, seed, split):
    answers = invented(village, seed)
    style = "both" if split else "summary"
    table = kobo(village, answers, style=style, labels=False, separator="-", truth=("1", "0"))
    found = read_responses(workbook(of_odk(table)), village)
    assert found.dialect == "kobo" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


def test_columns_of_the_server(workbook, village):
    answers = invented(village, 1, 3)
    found = read_responses(workbook(of_kobo(kobo(village, answers, style="both", labels=False))), village)
    first = found.frame.iloc[0]
    assert (
        str(first["started_at"])[:19] == "2024-03-01 15:04:05"
        and str(first["submitted_at"])[:19] == "2024-03-01 15:14:05"
    )
    assert first[["respondent_id", "uuid", "form_version"]].tolist() == ["901", "uuid-1", "v1"]
    assert found.private["user_id"].tolist() == ["field"] * 3
    assert found.columns.set_index("header").loc["base/need", ["fate", "how"]].tolist() == ["ignored", "summary"]


def test_places_and_names_are_private_in_repeats_too(workbook, village):
    table = of_kobo(kobo(village, invented(village, 1, 2), style="details", labels=False))
    table[0] += ["_home_latitude", "_home_longitude"]
    for row in table[1:]:
        row += ["30.5", "114.3"]
    repeat = [["name", "_index", "_parent_table_name", "_parent_index"], ["甲", 1, "main", 1], ["乙", 2, "main", 1]]
    found = read_responses(workbook({"main": table, "family": repeat}), village)
    assert {"latitude", "longitude"} <= set(found.private) and not {"latitude", "longitude"} & set(found.frame)
    assert found.repeats["family"].shape == (2, 0) and [p.code for p in found.problems].count("N368") == 1


def test_a_mark_of_the_path_in_a_wording_does_no_harm(workbook, ask):
    asked = ask("""
[choices]
c = [{code = 1, zh = "电梯/扶梯"}, {code = 2, zh = "无"}]
[[items]]
id = "a"
type = "multi"
choices = "c"
zh = "有/无什么"
""")
    rows = [
        ["组/有/无什么/电梯/扶梯", "组/有/无什么/无", "_id", "_uuid", "_submission_time"],
        ["1", "0", "1", "u", "2024-03-01T08:00:00"],
    ]
    found = read_responses(workbook(rows), asked)
    assert found.frame[["a__1", "a__2"]].iloc[0].tolist() == [1, 0]


def test_the_detector_says_why(workbook, village):
    table = kobo(village, invented(village, 1, 3), style="both", labels=False)
    for rows, reason in ((of_kobo(table), "_submission_time"), (of_odk(table), "SubmissionDate")):
        guess, second = guesses(read_book(workbook(rows)).sheets[0], "a.xlsx")[:2]
        assert guess.name == "kobo" and guess.score - second.score > 0.2 and reason in guess.reasons
    sheet = read_book(workbook([["start", "end", "_id"], ["x", "y", 1]], "b.xlsx")).sheets[0]
    assert guesses(sheet, "b.xlsx")[0].name == "plain"


def test_a_draft_knows_options(workbook, village):
    found = draft(workbook(of_kobo(kobo(village, invented(village, 3, 40), style="both", labels=False))))
    (need,) = [item for item in found.instrument.items if item.type == "multi"]
    assert len(need.options) == 5
