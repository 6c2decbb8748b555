"""The sampling sheet of a plan: issued counts in T0, the population in T1, raked weights in every step."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

import evalkit as ek
from evalkit.contract import EvalkitError, codebook_of
from evalkit.contract.words import LANGUAGES, say
from evalkit.plan import read_plan
from evalkit.plan.joined import survey_flow
from evalkit.plan.rehearsal import rehearse
from evalkit.plan.spss import steps_as_syntax

PLAN = """format = "evalkit-plan/1"
title = {zh = "居民", en = "Residents"}

[data]
file = "answers.csv"

[sampling]
file = "sampling.xlsx"
community = "place"

[design]
clusters = "place"
rake = ["sex", "band"]

[[derive]]
id = "band"
from = "age"
bands = [{below = 40, zh = "青年", en = "Young"}, {zh = "其他", en = "Older"}]
zh = "年龄段"
en = "Age group"

[[exclude]]
when = "age > 80"

[[step]]
id = "people"
do = "profile"
items = ["sex", "band"]

[[step]]
id = "north"
do = "profile"
items = ["sex"]
where = "place == 1"

[[step]]
id = "mean"
do = "estimates"
variables = ["age"]

[output]
formats = ["html"]

[[table]]
id = "flow"
template = "T0"
"""
ISSUED = [["N", "北", 900, 100, 90, 70], ["S", "南", 600, 100, 80, 50]]
OVERALL = [[None, "sex", "m", 0.4], [None, "sex", "f", 0.6], [None, "年龄段", "青年", 25], [None, "年龄段", "其他", 75]]


def sheet(folder, first=ISSUED, second=OVERALL):
    book = Workbook()
    one, two = book.active, book.create_sheet("Population")
    one.title = "Sampling"
    one.append(["Community code", "Community name", "Population", "Planned n", "Issued", "Returned"])
    two.append(["Community", "Variable", "Category", "Share (%)"])
    for target, lines in ((one, first), (two, second)):
        for line in lines:
            target.append(line)
    book.save(folder / "sampling.xlsx")


@pytest.fixture
def study(tmp_path):
    rng = np.random.default_rng(3)
    n = 120
    data = pd.DataFrame({"place": ["N"] * 70 + ["S"] * 50, "sex": rng.choice(["m", "f"], n, p=[0.6, 0.4])})
    data["age"] = rng.integers(20, 75, n)
    data.loc[[0, 1], "age"] = 85
    data.loc[5, "sex"] = None
    data.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    sheet(tmp_path)
    return tmp_path / "plan.toml"


def changed(study, *pairs):
    text = study.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    study.write_text(text, encoding="utf-8")
    return study


def flow_of(found):
    table = survey_flow(next(t for t in found.plan.tables if t.template == "T0"), found.plan, found.sample)
    return [[cell.value for cell in row.cells[1:4]] for row in table.rows if row.role == "body"]


def faults(study):
    with pytest.raises(EvalkitError) as caught:
        ek.run(study, study.parent / "out")
    assert not (study.parent / "out").exists()
    assert all(say(p, lang) for p in caught.value.problems for lang in LANGUAGES)
    return [(p.code, p.at.cell or p.at.line) for p in caught.value.problems]


# -- T0 ---------------------------------------------------------------------------------------


def test_issued_counts_come_from_the_sheet(study):
    found = ek.run(study)
    assert flow_of(found) == [
        [90, 70, pytest.approx(7000 / 90)],
        [80, 50, 62.5],
        [170, 120, pytest.approx(12000 / 170)],
    ]
    assert found.sample.problems == ()


def test_a_community_from_which_nothing_came_has_a_line_and_differences_are_told(study):
    sheet(study.parent, [["N", "北", 900, 100, 90, 71], ["W", "西", 600, 100, None, 0]])
    found = ek.run(study)
    assert flow_of(found) == [[90, 70, pytest.approx(7000 / 90)], [None, 50, None], [None, 0, None], [None, 120, None]]
    assert [(p.code, p.params["names"]) for p in found.sample.problems] == [
        ("W170", [{"zh": "S", "en": "S"}]),
        ("W171", ["北 (71 / 70)"]),
    ]
    assert all(say(p, lang) for p in found.sample.problems for lang in LANGUAGES)


def test_without_a_question_about_the_community_the_total_stands_alone(study):
    found = ek.run(changed(study, ('community = "place"\n', "")))
    assert flow_of(found) == [[170, 120, pytest.approx(12000 / 170)]]
    sheet(study.parent, [["N", "北", 900, 100, 90, 70], ["S", "南", 600, 100, 80, 49]])
    assert [p.code for p in ek.run(study).sample.problems] == ["W171"]


# -- T1 ---------------------------------------------------------------------------------------


def test_the_population_stands_beside_a_profile_of_all(study):
    found = ek.run(study)
    tidy = found["people"].tidy()
    shares = tidy[tidy["level"].notna()].set_index(["term", "level"])["percent_target"].dropna()
    men = next(f"{c.code:g}" for c in codebook_of(found.sample.used).variables["sex"].categories if c.zh == "m")
    assert shares[("sex", men)] == pytest.approx(40)
    assert sorted(shares["band"]) == [25, 75]
    assert np.isfinite(tidy.loc[tidy["term"].isin(["sex", "band"]) & tidy["level"].isna(), "statistic"]).all()
    assert found["north"].tidy()["percent_target"].isna().all()


# -- weights ----------------------------------------------------------------------------------


def test_steps_use_weights_raked_over_the_rows_in_use(study):
    found = ek.run(study, study.parent / "out")
    used = found.sample.used
    bands = {code: 0.25 if code == used["band"].min() else 0.75 for code in sorted(used["band"].dropna().unique())}
    expected = ek.rake(used, {"sex": {"m": 0.4, "f": 0.6}, "band": {f"{c:g}": s for c, s in bands.items()}})
    np.testing.assert_allclose(used["raked_weight"], expected.weights)
    design = codebook_of(used).design
    assert (design.weights, design.clusters) == ("raked_weight", "place")
    assert found["mean"].tidy()["estimate"][0] == pytest.approx(
        np.average(used["age"][used["sex"].notna()], weights=expected.weights.dropna())
    )
    results = {
        row["id"]: row["value"] for row in json.loads((study.parent / "out" / "results.json").read_text("utf-8"))
    }
    assert results["design-raking#n_effective"] == pytest.approx(expected.glance()["n_effective"][0])
    page = (study.parent / "out" / "report.html").read_text(encoding="utf-8")
    assert "有效样本量" in page
    assert "design effect of the weights" in page
    assert "sampling.xlsx" in json.loads((study.parent / "out" / "run.json").read_text("utf-8"))["inputs"]
    assert ek.verify(study.parent / "out").same


def test_weights_within_communities_meet_each_margin(study):
    own = [[code, "sex", sex, m if sex == "m" else 100 - m] for code, m in (("N", 30), ("南", 70)) for sex in "mf"]
    sheet(study.parent, second=own)
    changed(study, ('rake = ["sex", "band"]', 'rake = ["sex"]\nrake_within = true'))
    used = ek.run(study).sample.used
    book = codebook_of(used).variables
    codes = {c.zh: c.code for name in ("place", "sex") for c in book[name].categories}
    for place, share in (("N", 0.3), ("S", 0.7)):
        here = used[used["place"] == codes[place]]
        men = here.loc[here["sex"] == codes["m"], "raked_weight"]
        assert men.sum() / here["raked_weight"].sum() == pytest.approx(share)


def test_weights_that_miss_the_margins_are_a_notice(study):
    changed(study, ('rake = ["sex", "band"]', 'rake = ["sex", "band"]\nrake_lower = 0.95\nrake_upper = 1.05'))
    found = ek.run(study)
    assert not found.sample.weighting.converged
    assert [p.code for p in found.sample.problems] == ["W698"]
    assert found.exit_code == 0


def test_without_rake_the_sheet_makes_no_weights(study):
    found = ek.run(changed(study, ('rake = ["sex", "band"]\n', "")))
    assert found.sample.weighting is None
    assert "raked_weight" not in found.sample.used


# -- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([('file = "answers.csv"', 'file = "answers.csv"\nissued = {total = 9}')], [("E162", 6)]),
        ([('community = "place"', 'community = "plaza"')], [("E516", 9)]),
        ([('"sex", "band"]\n\n[[derive]]', '"sex", "bnd"]\n\n[[derive]]')], [("E516", 13)]),
        ([('rake = ["sex", "band"]', 'rake = ["sex", "place"]')], [("E165", 13)]),
        ([('rake = ["sex", "band"]', 'rake = ["sex"]\nrake_upper = 0.5')], [("E696", 13)]),
        ([('rake = ["sex", "band"]', 'rake = ["sex"]\nrake_within = true')], [("E165", 13)]),
        ([('rake = ["sex", "band"]', 'rake = ["sex"]\nrake_within = true'), ('community = "place"\n', "")],
         [("E166", 12)]),
        ([('rake = ["sex", "band"]', "rake_upper = 3")], [("E506", 13)]),
        ([('[sampling]\nfile = "sampling.xlsx"\ncommunity = "place"\n', "")], [("E506", 10)]),
        ([('file = "sampling.xlsx"\n', "")], [("E506", 7)]),
        ([('file = "sampling.xlsx"', 'file = "a\\tb.xlsx"')], [("E404", 8)]),
    ],
)  # fmt: skip
def test_a_fault_of_the_plan_stands_at_its_line(study, pairs, expected):
    assert faults(changed(study, *pairs)) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"first": [["N", "北"], ["n ", "南"]]}, [("E153", "A3")]),
        ({"second": [[None, "sexx", "m", 40], [None, "sexx", "f", 60]]}, [("E516", "C2")]),
        ({"second": [*OVERALL[:2], [None, "band", "老年", 100]]}, [("E164", "C4")]),
        ({"second": [[None, "sex", "m", 100], *OVERALL[2:]]}, [("E890", 13)]),
    ],
)
def test_a_fault_of_the_sheet_stands_at_its_cell(study, parts, expected):
    sheet(study.parent, **parts)
    assert faults(study) == expected


def test_a_closed_question_must_offer_the_communities(study):
    instrument = """format = "evalkit-instrument/1"
id = "small"
version = "1.0"
languages = ["zh", "en"]
title = {zh = "小", en = "Small"}
[choices]
places = [{code = 1, zh = "北", en = "N"}, {code = 2, zh = "南", en = "S"}, {code = 3, zh = "西", en = "W"}]
sexes = [{code = 1, zh = "男", en = "m"}, {code = 2, zh = "女", en = "f"}]
[[items]]
id = "place"
type = "single"
choices = "places"
role = "cluster"
zh = "place"
en = "place"
[[items]]
id = "sex"
type = "single"
choices = "sexes"
zh = "sex"
en = "sex"
[[items]]
id = "age"
type = "integer"
zh = "age"
en = "age"
"""
    (study.parent / "small.toml").write_text(instrument, encoding="utf-8")
    changed(study, ("[data]", 'instrument = "small.toml"\n\n[data]'), ('community = "place"\n', ""))
    changed(study, ('file = "answers.csv"', 'file = "answers.csv"\ndialect = "plain"'))
    assert flow_of(ek.run(study)) == [
        [90, 70, pytest.approx(7000 / 90)],
        [80, 50, 62.5],
        [None, 0, None],
        [170, 120, pytest.approx(12000 / 170)],
    ]
    sheet(study.parent, first=[*ISSUED, ["E", "东", 10, 1, 1, 0]])
    assert faults(study) == [("E163", "A4")]


def test_spss_syntax_says_that_it_does_not_weight(study):
    lines = steps_as_syntax(read_plan(study), ek.run(study).sample.used, "en")
    assert any("clusters = place, rake = sex + band" in line for line in lines)


def test_the_sheet_is_told_to_plan_and_rehearsal(study):
    plan = read_plan(study)
    assert (plan.sampling.file, plan.sampling.community) == ("sampling.xlsx", "place")
    assert (plan.raking.variables, dict(plan.design)) == (("sex", "band"), {"clusters": "place"})
    assert any("118" in line for line in rehearse(study, "zh"))
