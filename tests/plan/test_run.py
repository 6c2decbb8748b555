"""A plan carried out: the account of rows, results by name, verdicts, the folder, and the same bytes twice."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError, InputError, PlanError
from evalkit.plan.output import sha256_of


def changed(plan, old, new):
    text = plan.read_text(encoding="utf-8")
    assert text.count(old) == 1
    plan.write_text(text.replace(old, new), encoding="utf-8")
    return plan


def codes(caught):
    return [p.code for p in caught.value.problems]


def test_the_plan_and_the_script_give_the_same_numbers(study):
    found = ek.run(study)
    data = found.sample.used
    again = ek.mediate(data, x="embedding", m=["values"], y="satisfaction", covariates=["age"], resamples=500, seed=1)
    of_plan, of_script = (r.tidy().set_index("term")["estimate"] for r in (found["med"], again))
    assert of_plan["indirect.values"] == pytest.approx(of_script["indirect.values"], abs=1e-12)
    assert found.exit_code == 0


def test_every_row_is_accounted_for(study):
    sample = ek.run(study).sample
    old = int((sample.complete["age"] >= 75).sum())
    assert [e.n for e in sample.exclusions] == [old]
    assert old > 0
    assert len(sample.complete) == len(sample.used) + old


def test_verdicts_follow_their_rules(study):
    found = ek.run(study)
    tidy = found["med"].tidy().set_index("term")
    assert {v.hypothesis.id: v.decision for v in found.verdicts} == {
        "H1": "supported" if tidy.loc["indirect.values", "conf_low"] > 0 else "not_supported",
        "H2": "partly" if tidy.loc["direct", "estimate"] > 0 else "supported",
    }


def test_the_folder_holds_what_its_manifest_lists(study, tmp_path):
    out = tmp_path / "out"
    found = ek.run(study, out)
    content = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert set(content["outputs"]) == set(found.files)
    assert all(sha256_of(out / name) == digest for name, digest in content["outputs"].items())
    assert {"report.html", "tables-zh.xlsx", "tables-en.xlsx", "tables-zh.md", "results.json", "plan.toml"} <= set(
        found.files
    )
    assert content["inputs"] == {"residents.csv": sha256_of(study.parent / "residents.csv")}
    assert content["rows"]["loaded"] == content["rows"]["used"] + sum(e["n"] for e in content["rows"]["excluded"])
    assert str(tmp_path) not in (out / "run.json").read_text(encoding="utf-8")


def test_results_json_has_one_row_a_statistic_with_unique_ids(study, tmp_path):
    ek.run(study, tmp_path / "out")
    rows = pd.DataFrame(json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8")))
    assert rows["id"].is_unique
    assert np.isfinite(rows["value"].dropna().to_numpy(float)).all()
    assert (rows["value"].notna() | rows["reason"].notna()).all()
    estimate = rows.set_index("id").loc["med/indirect.values#estimate", "value"]
    assert estimate == pytest.approx(ek.run(study)["med"].tidy().set_index("term").loc["indirect.values", "estimate"])


def test_a_second_run_gives_the_same_bytes(study, tmp_path):
    ek.run(study, tmp_path / "one")
    ek.run(study, tmp_path / "two")
    for path in sorted((tmp_path / "one").rglob("*")):
        if path.is_file() and path.name != "run.json":
            twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
            assert path.read_bytes() == twin.read_bytes(), path.name


def test_a_run_may_replace_itself(study, tmp_path):
    ek.run(study, tmp_path / "out")
    ek.run(study, tmp_path / "out")
    assert (tmp_path / "out" / "report.html").is_file()


def test_verify_agrees_and_notices_a_changed_file(study, tmp_path):
    out = tmp_path / "out"
    ek.run(study, out)
    assert ek.verify(out).same
    (out / "report.html").write_text("edited", encoding="utf-8")
    assert [p.code for p in ek.verify(out).findings] == ["E565"]


def test_verify_notices_changed_data(study, tmp_path):
    out = tmp_path / "out"
    ek.run(study, out)
    text = (study.parent / "residents.csv").read_text().splitlines()
    (study.parent / "residents.csv").write_text("\n".join([text[0], *text[200:]]))
    found = {p.code for p in ek.verify(out).findings}
    assert found == {"E562", "E566"}


def test_verify_wants_a_run_folder(tmp_path):
    with pytest.raises(InputError) as caught:
        ek.verify(tmp_path)
    assert codes(caught) == ["E560"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('m = ["values"]', 'm = ["valuees"]', "E516"),
        ('x = "组织嵌入"', 'x = "共享价值"', "E511"),
        ("满意度 ~ age", "满意度 ~ agee", "E516"),
        ('when = "age >= 75"', 'when = "aage >= 75"', "E516"),
        ('items = ["values", "satisfaction"]', 'items = ["values", "satisfactoin"]', "E516"),
        ('med["direct"].estimate', 'med["directt"].estimate', "E530"),
    ],
)
def test_unknown_names_stop_the_run_before_anything_is_written(study, tmp_path, old, new, code):
    with pytest.raises(PlanError) as caught:
        ek.run(changed(study, old, new), tmp_path / "out")
    assert code in codes(caught)
    assert all(p.at is not None and p.at.line > 0 for p in caught.value.problems)
    assert not (tmp_path / "out").exists()


def test_a_step_that_cannot_be_computed_leaves_the_others(study, tmp_path):
    changed(
        study, 'formula = "满意度 ~ age | + embedding"', 'formula = "满意度 ~ age | + embedding"\nwhere = "age > 500"'
    )
    found = ek.run(study, tmp_path / "out")
    assert "med" in found.results
    outcome = next(o for o in found.outcomes if o.step.id == "reg")
    assert outcome.problems
    assert found.exit_code in (0, AnalysisError.exit_code)


def test_where_restricts_one_step_only(study):
    changed(study, "resamples = 500", 'resamples = 500\nwhere = "age < 40"')
    found = ek.run(study)
    young = int((found.sample.used["age"] < 40).sum())
    assert found["med"].n_obs <= young < found["reg"].n_obs


def test_the_manifest_says_which_instrument_decoded_which_rows(study, tmp_path):
    found = ek.run(study, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["decoded_by"]
    ((decoder, n),) = told["residents.csv"].items()
    assert "@" in decoder and n == len(found.sample.complete)
    assert set(found.sample.responses.source["instrument"]) == {decoder}
