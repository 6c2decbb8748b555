"""Small cells in a run: tables, sentences, figures' data and results.json hide the same numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import PlanError, result_id
from evalkit.descriptive import crosstab, profile
from evalkit.descriptive.withheld import REASON, withheld
from evalkit.plan import run, verify
from evalkit.report import sentences

PLAN = """format = "evalkit-plan/1"
title = {zh = "表", en = "Tables"}
language = ["zh", "en"]

[data]
file = "answers.csv"

[privacy]
suppress = true
min_cell = 10

[[step]]
id = "who"
do = "profile"
items = ["sex", "age"]

[[step]]
id = "cross"
do = "crosstab"
rows = "sex"
columns = "street"

[[step]]
id = "risk"
do = "disclosure"
variables = ["sex", "street"]
"""
CELLS = {
    ("f", "A"): 40, ("f", "B"): 31, ("f", "C"): 37, ("m", "A"): 45, ("m", "B"): 53, ("m", "C"): 3,
    ("x", "A"): 12, ("x", "B"): 13, ("x", "C"): 14,
}  # fmt: skip


@pytest.fixture
def people() -> pd.DataFrame:
    rows = [cell for cell, n in CELLS.items() for _ in range(n)]
    data = pd.DataFrame(rows, columns=["sex", "street"])
    return data.assign(age=20.0 + np.arange(len(data)) % 50)


@pytest.fixture
def study(tmp_path, people):
    people.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def hidden_of(result) -> set[str]:
    tidy, seen = result.result.tidy(), result.tidy()
    ids = set()
    for record, masked in zip(tidy.to_dict("records"), seen.to_dict("records"), strict=True):
        for name in tidy.columns:
            if pd.notna(record[name]) and pd.isna(masked[name]):
                ids.add(result_id("", record, name).lstrip("/"))
    return ids


def test_a_cross_table_hides_the_small_cell_and_its_company(people):
    found = withheld(crosstab(people, rows="sex", columns="street"), 10)
    tidy = found.tidy().set_index(["term", "group"])
    gone = {key for key in tidy.index if isinstance(key[1], str) and np.isnan(tidy.loc[key, "count"])}
    assert ("sex.m", "street.C") in gone and len(gone) == 4
    for term, group in gone:  # a rectangle: two in each row and column
        assert sum(t == term for t, _ in gone) == 2 and sum(g == group for _, g in gone) == 2
        assert (
            tidy.loc[(term, group), ["percent", "percent_row", "percent_column", "estimate", "residual"]].isna().all()
        )
        assert tidy.loc[(term, group), "reason"] == REASON
    assert np.isnan(tidy.loc[("chi2", None), "statistic"]) and found.glance()["p_value"].isna().all()
    numbers = [c.value for row in found.table().rows for c in row.cells if c.kind == "count"]
    assert sum(isinstance(n, float) and np.isnan(n) for n in numbers) == 4 and 3 not in numbers
    assert "N874" in {p.code for p in found.notices} and "W622" not in {p.code for p in found.notices}
    assert "not shown" in found.table().notes[-1].text("en")


def test_table_and_tidy_hide_the_same(people):
    for result in (
        crosstab(people, rows="sex", columns="street"),
        profile(people.iloc[100:150].assign(rare=["u"] * 4 + ["v"] * 46), items=["rare", "sex", "age"]),
    ):
        found = withheld(result, 10)
        ids = {c.id for t in found.templates for row in result.table(t).rows for c in row.cells if c.id}
        gone = {
            a.id
            for t in found.templates
            for one, other in zip(result.table(t).rows, found.table(t).rows, strict=True)
            for a, b in zip(one.cells, other.cells, strict=True)
            if a != b
        }
        assert gone == hidden_of(found) & ids and gone
        assert hidden_of(found) <= found.hidden


def test_a_profile_hides_means_and_extremes(people):
    data = people.assign(few=np.where(np.arange(len(people)) < 4, 1.0, np.nan), rare=["u"] * 4 + ["v"] * 244)
    found = withheld(profile(data, items=["rare", "few", "age"]), 10)
    tidy = found.tidy().set_index(["term", "level"])
    assert tidy.loc[[("rare", "u"), ("rare", "v")], ["count", "percent", "percent_valid"]].isna().all(axis=None)
    assert tidy.loc[("few", None), ["mean", "sd", "min", "max", "n_obs"]].isna().all()
    assert tidy.loc[("age", None), ["min", "max"]].isna().all() and tidy.loc[("age", None), "mean"] > 20
    said = " ".join(s.text("en") for s in sentences("profile", found))
    assert "rare" not in said and "few" not in said and "age" in said


def test_options_hide_in_table_sentence_and_figure():
    ticked = {"q__a": [1] * 3 + [0] * 97, "q__b": [1] * 60 + [0] * 40, "q__c": [1] * 30 + [0] * 70, "q__d": [1] * 100}
    from evalkit.contract import Codebook, Variable, attach

    book = Codebook().with_variables(
        [Variable(name, "option", name, name, item="q", low=0.0, high=1.0) for name in ticked]
        + [Variable("g", "nominal")]
    )
    data = attach(pd.DataFrame(ticked, dtype=float).assign(g=["k"] * 93 + ["l"] * 7), book)
    found = withheld(profile(data, items=["q"]), 10)
    assert found.n_withheld == 2 and found.figure().frame["option"].tolist() == ["d", "b"]
    said = " ".join(s.text("en") for s in sentences("profile", found))
    assert "q__d" in said and "q__a" not in said and "q__c" not in said
    groups = withheld(crosstab(data, rows="q", columns="g"), 10)
    assert groups.tidy()["p_value"].isna().all() and groups.figure() is None
    assert not {7.0, 93.0} & set(groups.tidy()["n_obs"].dropna())


def test_a_run_agrees_with_itself(study):
    found = run(study / "plan.toml", study / "out")
    rows = {r["id"]: r for r in json.loads((study / "out" / "results.json").read_text(encoding="utf-8"))}
    withheld_rows = {id for id, r in rows.items() if r["reason"] == REASON}
    counts = [id for id in withheld_rows if id.startswith("cross/street") and id.endswith("#count")]
    assert len(counts) == 4 and "who/age#max" in withheld_rows
    assert 3.0 not in [r["value"] for r in rows.values() if r["statistic"] == "count" and r["step"] == "cross"]
    assert all(rows[id]["value"] is None for id in withheld_rows)
    for step in ("who", "cross"):
        assert {
            f"{step}/{id}" if not id.startswith("#") else step + id for id in hidden_of(found[step])
        } <= withheld_rows
    said = json.loads((study / "out" / "run.json").read_text(encoding="utf-8"))["privacy"]
    assert said["suppressed_cells"] == {"who": 0, "cross": 4}
    assert found["risk"].k == 10 and verify(study / "out").same and found.exit_code == 0
    assert any(p.code == "W559" for o in found.outcomes if o.step.id == "risk" for p in o.problems)
    assert "不能隐去" in (study / "out" / "report.html").read_text(encoding="utf-8")


def test_a_threshold_that_hides_nothing_is_refused(study):
    (study / "plan.toml").write_text(PLAN.replace("min_cell = 10", "min_cell = 1"), encoding="utf-8")
    with pytest.raises(PlanError) as error:
        run(study / "plan.toml")
    assert [p.code for p in error.value.problems] == ["E558"]
