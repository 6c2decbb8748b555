"""Every dialect: invented answers written as the platform writes them are read back the same."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from test_credamo import credamo
from test_forms import google, microsoft, surveymonkey
from test_kobo import kobo, of_kobo
from test_limesurvey import limesurvey
from test_mapping import jinshuju
from test_qualtrics import qualtrics
from test_redcap import redcap
from test_statistics import table
from test_tencent import tencent
from test_wjx_score import by_score
from twins import invented, same, wording
from typed_by_hand import Mess, type_workbook

from evalkit.ingest import read_responses
from evalkit.ingest.dialects import CONFIRMED_ONLY, DIALECTS
from evalkit.ingest.draft.mappings import draft_mapping
from evalkit.ingest.entry_workbook import FIRST_ROW, write_entry_workbook

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
COMMON = ["2026/09/03 12:00:00", "60秒", "微信", "甲[x]", "1.2.3.4(湖北-武汉)"]
NOT_ASKED = ("v1", "v2")


def _title(number, block, item) -> str:
    """The first row of a matrix carries its question, the others stand alone."""
    if item.matrix:
        return f"{number}、{block.zh}—{item.zh}" if item is block.items[0] else item.zh
    return f"{number}、{item.zh}"


def wjx(village, answers, *, by: str) -> list[list[Any]]:
    """问卷星 by text or by index, with its marks for skipped and left blank."""
    columns: list[tuple[str, Callable[[dict], Any]]] = []
    for number, block in enumerate(village.blocks, 1):
        for item in block.items:
            title = _title(number, block, item)
            if by == "index" and item.type in ("multi", "rank"):
                for k, option in enumerate(item.options):
                    head = f"{title}({option.zh})" if k == 0 else f"{number}({option.zh})"
                    columns.append((head, lambda a, i=item, c=option.code: _numbered(i, a, c)))
            else:
                columns.append((title, lambda a, i=item: _cell(i, a, by)))
    rows = [[k, *COMMON, *(cell(a) for _, cell in columns)] for k, a in enumerate(answers, 1)]
    return [[*META, *(head for head, _ in columns)], *rows]


def _blank(item, one, by) -> Any:
    skipped = item.id in NOT_ASKED and one["used"] != 1
    return {"text": ("(空)", "(跳过)"), "index": (-2, -3)}[by][skipped]


def _cell(item, one, by) -> Any:
    value = one[item.id]
    if value is None:
        return _blank(item, one, by)
    if item.type == "multi":
        chosen = [o for o in item.options if o.code in value]
        return "┋".join(o.zh + f"〖{one['need_text']}〗" * bool(o.fill and one["need_text"]) for o in chosen)
    if item.type == "rank":
        return "→".join(wording(item, code) for code in value)
    if item.options:
        codes = [option.code for option in item.options]
        return codes.index(value) + 1 if by == "index" else wording(item, value)
    return value


def _numbered(item, one, code) -> Any:
    value = one[item.id]
    if value is None:
        return _blank(item, one, "index")
    return int(code in value) if item.type == "multi" else value.index(code) + 1


def plain(village, answers) -> list[list[Any]]:
    """Ids above codes; an option or a place a column."""
    columns: list[tuple[str, Callable[[dict], Any]]] = []
    for item in village.items:
        if item.type in ("multi", "rank"):
            for option in item.options:
                cell = lambda a, i=item, c=option.code: None if a[i.id] is None else _numbered(i, a, c)  # noqa: E731
                columns.append((f"{item.id}__{option.code}", cell))
            columns += [("need__9__text", lambda a: a["need_text"])] if item.type == "multi" else []
        else:
            columns.append((item.id, lambda a, i=item: a[i.id]))
    return [[head for head, _ in columns], *([cell(a) for _, cell in columns] for a in answers)]


def _book(path: Path, rows: list[list[Any]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def _text(path: Path, rows: list[list[Any]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def _sav(path: Path, data, labels, values) -> Path:
    import pyreadstat

    pyreadstat.write_sav(data, str(path), column_labels=labels, variable_value_labels=values)
    return path


def _typed(path: Path, village, answers) -> Path:
    type_workbook(path, {"居民": (answers, Mess())}, village, 1)
    return path


def _entered(path: Path, village, answers) -> Path:
    """The entry workbook with the options' wordings chosen from its drop-downs."""
    write_entry_workbook(village, path, rows=len(answers))
    book = load_workbook(path)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[2]}
    head, *rows = plain(village, answers)
    for at, row in enumerate(rows, FIRST_ROW):
        sheet.cell(at, columns["respondent_id"], f"P{at}")
        for name, value in zip(head, row, strict=True):
            single = next((i for i in village.items if i.id == name and i.type == "single"), None)
            if value is not None:
                sheet.cell(at, columns[name], wording(single, value) if single else value)
    book.save(path)
    return path


WRITERS: dict[str, Callable[[Path, Any, list[dict]], Path]] = {
    "wjx_text": lambda f, v, a: _book(f / "1_按文本_村庄_9_9.xlsx", wjx(v, a, by="text")),
    "wjx_index": lambda f, v, a: _book(f / "1_按序号_村庄_9_9.xlsx", wjx(v, a, by="index")),
    "wjx_score": lambda f, v, a: _book(f / "1_按分数_村庄_9_9.xlsx", by_score(v, a)),
    "tencent": lambda f, v, a: _text(f / "1.csv", tencent(v, a)),
    "credamo": lambda f, v, a: _book(f / "a.xlsx", credamo(v, a, texts=True)),
    "qualtrics": lambda f, v, a: _text(f / "a.csv", qualtrics(v, a)),
    "surveymonkey": lambda f, v, a: _book(f / "a.xlsx", surveymonkey(v, a)),
    "google_forms": lambda f, v, a: _book(f / "a.xlsx", google(v, a)),
    "microsoft_forms": lambda f, v, a: _book(f / "a.xlsx", microsoft(v, a)),
    "kobo": lambda f, v, a: _book(f / "a.xlsx", of_kobo(kobo(v, a, style="both", labels=False))),
    "redcap": lambda f, v, a: _text(f / "a.csv", redcap(v, a, labels=False)),
    "limesurvey": lambda f, v, a: _text(f / "a.csv", limesurvey(v, a, heading="code", long=False, remap=False)),
    "statistics": lambda f, v, a: _sav(f / "a.sav", *table(v, a)),
    "entry": lambda f, v, a: _entered(f / "a.xlsx", v, a),
    "jinshuju": lambda f, v, a: _book(f / "a.xlsx", jinshuju(v, a)),
    "hand_typed": lambda f, v, a: _typed(f / "a.xlsx", v, a),
    "plain": lambda f, v, a: _book(f / "a.xlsx", plain(v, a)),
}
"""A new dialect wants a line here: folder, instrument and answers in, a file out."""

NAMED = ("wjx_score", "hand_typed")
"""Read when named: answers by score cannot be told from codes, and a tidy table typed by hand is a plain one."""
# What an export cannot hold: of a sum of scores not always the options, of a hidden checkbox not that it was
# hidden, of the option other without a text not that it was ticked,
# of rows without their matrix not which one they belong to.
LOSES = {
    "wjx_score": {"need", "order", "phone", "remark"},
    "redcap": {"need"},
    "statistics": {"need"},
    "limesurvey": {"need"},
    "jinshuju": {"v1", "v2", "p1", "p2"},
}
NO_FILL = ("credamo", "wjx_index")


def test_every_dialect_has_a_writer():
    assert set(DIALECTS) <= set(WRITERS)


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_what_was_written_is_read(tmp_path, village, name, seed):
    answers = invented(village, seed)
    path = WRITERS[name](tmp_path, village, answers)
    mapping = None
    if name in CONFIRMED_ONLY:
        mapping = tmp_path / "a.mapping.toml"
        text = draft_mapping(path, village).text
        mapping.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    found = read_responses(path, village, dialect=name if name in NAMED else "auto", mapping=mapping)
    if name in NO_FILL:
        for one in answers:
            one["need_text"] = None
    assert found.dialect == name
    same(found, answers, without=sorted(LOSES.get(name, ())))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), by=st.sampled_from(["text", "index"]), named=st.booleans())
def test_问卷星_reads_as_written(tmp_path, village, seed, by, named):
    answers = invented(village, seed, 20)
    path = _book(
        tmp_path / (f"1_按{'文本' if by == 'text' else '序号'}_村庄_9_9.xlsx" if named else "a.xlsx"),
        wjx(village, answers, by=by),
    )
    found = read_responses(path, village)
    assert found.dialect == f"wjx_{by}" and found.unmapped == ()
    if by == "index":
        for one in answers:
            one["need_text"] = None
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), text=st.booleans())
def test_a_plain_table_reads_as_written(tmp_path, village, seed, text):
    answers = invented(village, seed)
    path = (
        _text(tmp_path / "a.csv", plain(village, answers))
        if text
        else _book(tmp_path / "a.xlsx", plain(village, answers))
    )
    found = read_responses(path, village)
    assert found.dialect == "plain" and found.unmapped == ()
    same(found, answers)
    assert not [p for p in found.problems if p.code[0] in "EW"], found.problems
