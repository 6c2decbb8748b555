"""The workbook clerks type into: drop-downs, locked headers, a version mark, and no finding when it is read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import invented, same

from evalkit.contract import UsageError
from evalkit.ingest import read_responses
from evalkit.ingest.entry_workbook import FIRST_ROW, entry_columns, write_entry_workbook
from evalkit.instrument import Instrument, load_instrument, shipped


def typed(instrument: Instrument, path: Path, answers: list[dict[str, Any]], lang: str = "zh") -> Path:
    """The workbook with answers typed in as a clerk would, from the drop-downs."""
    write_entry_workbook(instrument, path, lang=lang, rows=len(answers))
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    place = {cell.value: cell.column for cell in sheet[2]}
    for row, one in enumerate(answers, FIRST_ROW):
        sheet.cell(row=row, column=place["respondent_id"], value=f"P{row}")
        for item in instrument.items:
            for name, value in cells(item, one, lang).items():
                sheet.cell(row=row, column=place[name], value=value)
    book.save(path)
    return path


def cells(item: Any, one: dict[str, Any], lang: str) -> dict[str, Any]:
    value = one.get(item.id)
    if value is None:
        return {}
    if item.type == "multi":
        found = {f"{item.id}__{o.code}": int(o.code in value) for o in item.options if o.missing is None}
        return found | ({"need__9__text": one["need_text"]} if one.get("need_text") else {})
    if item.type == "rank":
        return {f"{item.id}__{o.code}": value.index(o.code) + 1 for o in item.options}
    if item.options:
        return {item.id: next(o.text(lang) for o in item.options if o.code == value)}
    return {item.id: value}


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=8)
@given(seed=st.integers(0, 10_000), lang=st.sampled_from(["zh", "en"]))
def test_what_is_typed_is_what_is_read(tmp_path_factory, village, seed, lang):
    path = tmp_path_factory.mktemp("entry") / "entry.xlsx"
    answers = invented(village, seed, 6)
    found = read_responses(typed(village, path, answers, lang), village)
    assert found.dialect == "entry"
    same(found, answers)
    told = [p.code for p in found.problems if p.code not in ("N313", "W234")]
    assert told == []  # the contact is private and says so; a routed question may be left open


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_shipped_questionnaire_has_one(tmp_path, name, lang):
    instrument = load_instrument(name)
    write_entry_workbook(instrument, tmp_path / "e.xlsx", lang=lang, rows=3)
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    sheet = book.worksheets[0]
    columns = list(entry_columns(instrument, lang))
    assert [cell.value for cell in sheet[2]] == [c.name for c in columns]
    assert sheet.protection.sheet and sheet["A2"].protection.locked and not sheet["A3"].protection.locked
    ruled = {str(area).split(":")[0] for rule in sheet.data_validations.dataValidation for area in rule.sqref.ranges}
    closed = {sheet.cell(row=3, column=k).coordinate for k, c in enumerate(columns, 1) if c.choices}
    assert closed <= ruled
    lists = [r.formula1 for r in sheet.data_validations.dataValidation if r.type == "list"]
    assert all(len(one) <= 257 for one in lists)


def test_a_long_list_stands_on_its_own_sheet(tmp_path, ask):
    options = ", ".join(f'{{code = {k}, zh = "第{k}个很长很长很长很长的选项，带逗号"}}' for k in range(1, 31))
    instrument = ask(
        f'[choices]\nmany = [{options}]\n[[items]]\nid = "q"\ntype = "single"\nchoices = "many"\nzh = "问"\n'
    )
    write_entry_workbook(instrument, tmp_path / "e.xlsx", rows=2)
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    (rule,) = book.worksheets[0].data_validations.dataValidation
    assert rule.formula1 == "'选项'!$A$2:$A$31"
    assert book["选项"]["A31"].value.startswith("第30个")


def test_another_version_is_told(tmp_path, village):
    path = typed(village, tmp_path / "e.xlsx", invented(village, 1, 2))
    found = read_responses(path, replace(village, version="2"))
    (told,) = (p for p in found.problems if p.code == "W371")
    assert (told.at.cell, told.params) == ("A1", {"made": "village 1", "read": "village 2"})


def test_the_number_of_rows_is_bounded(tmp_path, village):
    with pytest.raises(UsageError):
        write_entry_workbook(village, tmp_path / "e.xlsx", rows=0)
    assert not (tmp_path / "e.xlsx").exists()
