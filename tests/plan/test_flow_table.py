"""T0: every issued count stands beside its unit, and the rows add up."""

from __future__ import annotations

import pytest

import evalkit as ek
from evalkit.contract import PlanError
from evalkit.plan.joined import survey_flow

BANDS = """[[derive]]
id = "band"
from = "age"
bands = [40]
zh = "年龄段"
en = "Band"
"""


def by_band(study, issued):
    text = study.read_text(encoding="utf-8").replace("issued = {total = 1500}", f"issued = {issued}")
    study.write_text(text.replace("[[exclude]]", BANDS + "\n[[exclude]]"), encoding="utf-8")
    return study


def cells(study):
    found = ek.run(study)
    table = survey_flow(next(t for t in found.plan.tables if t.template == "T0"), found.plan, found.sample)
    return [[cell.value for cell in row.cells[1:]] for row in table.rows if row.role == "body"]


def test_the_total_alone(study):
    ((issued, returned, rate, usable, usable_rate),) = cells(study)
    assert (issued, returned) == (1500, 1200)
    assert rate == pytest.approx(80.0)
    assert usable_rate == pytest.approx(100 * usable / returned)


def test_counts_by_code_or_label_and_rows_that_add_up(study):
    *units, total = cells(by_band(study, '{by = "band", "1" = 700, "≥40" = 800}'))
    assert [row[0] for row in units[:2]] == [700, 800]
    assert total[0] == 1500
    for column in (1, 3):
        assert sum(row[column] for row in units) == total[column]


def test_returns_that_name_no_unit_have_a_row(study):
    *units, _ = cells(by_band(study, '{by = "band", "1" = 700, "2" = 800}'))
    missing = int(ek.run(study).sample.complete["age"].isna().sum())
    assert sum(row[1] for row in units if row[0] is None) == missing


@pytest.mark.parametrize(("issued", "code"), [('{by = "band", "7" = 5}', "E534"), ('{by = "bandd", "1" = 5}', "E516")])
def test_a_count_without_a_unit_stops_the_run(study, tmp_path, issued, code):
    with pytest.raises(PlanError) as caught:
        ek.run(by_band(study, issued), tmp_path / "out")
    assert [p.code for p in caught.value.problems] == [code]
    assert not (tmp_path / "out").exists()
