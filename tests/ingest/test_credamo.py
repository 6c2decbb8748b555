"""见数: a twin in both ways to write lists, its own columns, and questions that share a word with them."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same, wording

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.sheets import read_book

META = [
    "作答ID", "用户ID", "开始时间", "结束时间", "作答总时长(秒)", "作答渠道", "发布ID", "问卷发布名称", "IP", "经度",
    "纬度", "省份", "城市", "设备类型", "操作系统类型", "浏览器类型", "屏幕分辨率",
]  # fmt: skip
OWN = [
    "u1", "2026-09-03 12:00:00", "2026-09-03 12:03:00", 180, "数据集市", "p1", "村庄", "1.2.3.4", "114.3", "30.6",
    "湖北", "武汉", "手机", "iOS", "Safari", "390*844",
]  # fmt: skip


def credamo(village, answers, *, texts: bool) -> list[list]:
    columns = []
    for block in village.blocks:
        for item in block.items:
            title = f"{block.zh}—{item.zh}" if item.matrix else item.zh
            if item.type in ("multi", "rank"):
                columns += [
                    (f"{title}[{o.zh}]", lambda a, i=item, c=o.code: _place(i, a[i.id], c)) for o in item.options
                ]
            elif item.options and texts:
                columns.append((title, lambda a, i=item: None if a[i.id] is None else wording(i, a[i.id])))
            else:
                columns.append((title, lambda a, i=item: a[i.id]))
    rows = [[f"r{k}", *OWN, *(cell(a) for _, cell in columns)] for k, a in enumerate(answers, 1)]
    return [[*META, *(title for title, _ in columns)], *rows]


def _place(item, given, code):
    if given is None:
        return None
    return int(code in given) if item.type == "multi" else given.index(code) + 1


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), texts=st.booleans())
def test_what_was_written_is_read(workbook, village, seed, texts):
    answers = invented(village, seed)
    found = read_responses(workbook(credamo(village, answers, texts=texts)), village)
    for one in answers:
        one["need_text"] = None
    assert found.dialect == "credamo" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


def test_its_own_columns(workbook, village):
    found = read_responses(workbook(credamo(village, invented(village, 1, 3), texts=True)), village)
    first = found.frame.iloc[0]
    assert first["respondent_id"] == "r1" and first["duration_s"] == 180 and first["channel"] == "数据集市"
    assert first[["province", "city", "device", "system", "release"]].tolist() == ["湖北", "武汉", "手机", "iOS", "p1"]
    assert {"ip", "user_id", "latitude", "longitude"} <= set(found.private)
    assert set(found.columns["fate"]) == {"meta", "private", "mapped"}


def test_a_question_that_holds_the_name_of_a_column_is_a_question(workbook, ask):
    asked = ask('[[items]]\nid = "town"\ntype = "text"\nzh = "您所在的城市是？"\n')
    rows = [[*META, "您所在的城市是？"], ["r1", *OWN, "宜昌"]]
    found = read_responses(workbook(rows), asked)
    assert found.frame["town"].tolist() == ["宜昌"] and found.frame["city"].tolist() == ["武汉"]


def test_the_detector_says_why(workbook, village):
    sheet = read_book(workbook(credamo(village, invented(village, 2, 3), texts=True))).sheets[0]
    guess, second = guesses(sheet, "a.xlsx")[:2]
    assert guess.name == "credamo" and guess.score - second.score > 0.2 and "作答总时长(秒)" in guess.reasons
    sheet = read_book(workbook([["城市", "省份", "开始时间"], ["武汉", "湖北", "甲"]], "b.xlsx")).sheets[0]
    assert guesses(sheet, "b.xlsx")[0].name == "plain"
