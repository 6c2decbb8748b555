"""A workbook with a sheet for each community."""

from __future__ import annotations

from messy import HEADER, INSTRUMENT, write

from evalkit.ingest.desk import Member, Roster, collect
from evalkit.instrument import parse_instrument

HEADS = [HEADER[name] for name in ("rid", "used", "v1", "v2", "v3", "age")]


def line(k: int) -> list[object]:
    return [f"x{k}", "是", "一般", "一般", "比较同意", 20 + k]


def test_a_sheet_a_community(tmp_path):
    two = Roster("r.xlsx", (Member("A", "幸福社区"), Member("B", "和平社区")))
    asked = parse_instrument(INSTRUMENT, "desk.toml")
    book = write(tmp_path / "汇总.xlsx", [["互助站调查"], HEADS, line(1), line(2)], "幸福社区")
    for title in ("和平社区", "和苹社区"):
        sheet = book.create_sheet(title)
        for row in [["互助站调查"], HEADS, line(3)]:
            sheet.append(row)
    book.save(tmp_path / "汇总.xlsx")
    found = collect(tmp_path, asked, roster=two)
    assert found.files[0].community == "A, B"
    assert [r.n for r in found.receipts] == [2, 1]
    assert found.responses.frame["community_id"].tolist()[:3] == ["A", "A", "B"]
    told = [(p.code, p.at.sheet) for p in found.files[0].problems if p.code in ("W387", "W395")]
    assert told == [("W387", "和苹社区"), ("W395", "和苹社区")]
