"""The dossier of scales: what it holds, by which rules it judges, and what it says of bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import KEYS, AnalysisError, result_id
from evalkit.contract.words import say
from evalkit.scoring import score
from evalkit.studies.dossier import RULES, Rule

SCALES = ("OB", "OE", "MO", "CC")
BLOCKS = [{"id": s.lower(), "zh": f"量表{s}", "en": s, "items": [f"{s}{i}" for i in range(1, 5)]} for s in SCALES]

MODELS = ["validity", "rivals"]
"""Parts that stand on a measurement model of all scales."""


def answers() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")
    items = [c for c in frame.columns if c[:-1] in SCALES and c[-1] in "1234"]
    return frame[[*items, "gender", "community_id", "weight"]]


@pytest.fixture(scope="module")
def survey():
    return score(answers(), BLOCKS)


@pytest.fixture(scope="module")
def dossier(survey):
    return ek.scale_dossier(survey)


def codes(found) -> list[str]:
    return [problem.code for problem in found.notices]


def test_the_parts_are_those_of_the_single_steps(survey, dossier):
    ids = [block["id"] for block in BLOCKS]
    alone = ek.reliability(survey, ids).tidy()
    pd.testing.assert_frame_equal(dossier["reliability"].tidy(), alone)
    model = ek.cfa(survey, ids).glance().iloc[0]
    for name in ("chisq", "cfi", "srmr"):
        assert dossier["validity"].measures[name] == model[name]
    one = ek.efa(survey, "ob", n_factors=1)
    found = dossier["dimension"].tidy().set_index(["group", "term"])
    assert found.loc[("ob", "n_factors"), "estimate"] == one.parallel.n_factors
    assert found.loc[("ob", "kmo"), "estimate"] == one.adequacy.kmo


def test_rows_have_keys_of_their_own_and_the_part_in_them(dossier):
    tidy = dossier.tidy()
    ids = [result_id("s", row, "estimate") for row in tidy.to_dict("records")]
    assert len(set(ids)) == len(ids)
    assert set(tidy["model"].str.split(".").str[0]) == {"judgement", *(f.part.id for f in dossier.parts)}
    assert list(tidy.columns[:5]) == list(KEYS)


def test_judgements_are_values_held_against_bounds(dossier):
    tidy = dossier.tidy().query("model == 'judgement'")
    assert set(tidy["term"]) <= set(RULES)
    alpha = tidy.query("term == 'alpha'").set_index("group")
    for scale in dossier["reliability"].scales:
        row = alpha.loc[scale.id]
        assert row["estimate"] == scale.alpha
        assert row["level"] == ("met" if scale.alpha >= 0.7 else "not_met")
    counted = dossier.glance().iloc[0]
    assert counted["count"] + counted["n_failed"] == len(tidy)


def test_sentences_say_what_is_kept_and_what_is_not(survey):
    from evalkit.report import sentences

    found = ek.scale_dossier(survey, ["ob", "oe"], rules={"ave": 0.95})
    ids = {result_id("s", row, "estimate") for row in found.tidy().to_dict("records")}
    said = sentences("scale_dossier", found, step="s")
    for lang, both in (("zh", "2项中有2项不符合，为OB和OE"), ("en", "2 of 2: OB and OE")):
        told = [label.text(lang).replace("量表", "") for label in said]
        assert any(both in sentence and "0.950" in sentence for sentence in told), told
        assert any("CFI" in sentence for sentence in told)
    refs = [label.params["ref"] for label in said if "ref" in label.params]
    assert refs and set(refs) <= ids


def test_a_rule_can_be_changed_and_says_so(survey):
    strict = ek.scale_dossier(survey, ["ob", "oe"], rules={"alpha": 0.99, "ave": {"at": 0.2, "source": "Us (2020)"}})
    rows = {row.cells[0].value.text("en"): row.cells for row in strict.table().rows}
    assert rows["Cronbach's α ≥"][1].value == 0.99
    assert rows["Cronbach's α ≥"][2].value.text("zh") == "研究者设定"
    assert [cell.value for cell in rows["Cronbach's α ≥"][3:5]] == [2, 0]
    assert rows["Average variance extracted (AVE) ≥"][2].value.text("en") == "Us (2020)"
    assert rows["KMO ≥"][2].value.text("en") == "Kaiser (1974)"
    whole = ek.scale_dossier(survey, ["ob"], rules=[Rule("kmo", "dimension", "kmo", "above", 0.5, RULES["kmo"].source)])
    assert whole.rules["kmo"].sense == "above"


@pytest.mark.parametrize(
    ("rules", "code"),
    [({"alfa": 0.6}, "E860"), ({"alpha": "high"}, "E861"), ({"alpha": True}, "E861"), ({"ave": {"bound": 1}}, "E861")],
)
def test_rules_that_make_no_sense(survey, rules, code):
    with pytest.raises(AnalysisError) as caught:
        ek.scale_dossier(survey, rules=rules)
    assert [p.code for p in caught.value.problems] == [code]
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


def test_the_appendix_is_printed_when_asked_for(survey, dossier):
    full = ek.scale_dossier(survey, appendix=True)
    assert dossier.templates == tuple(t for t in full.templates if t in dossier.templates)
    assert {"T4", "T6_loadings", "modification", "judged_values"} <= set(full.templates) - set(dossier.templates)
    assert len(dossier.table("T4").rows) == 16  # to be had all the same
    values = full.table("judged_values")
    assert len([row for row in values.rows if row.role == "body"]) == len(full.judgements)
    for template in full.templates:
        assert full.table(template).rows
    with pytest.raises(KeyError):
        dossier.table("T6_loadings")


def test_scales_can_be_items_by_name(survey, dossier):
    named = ek.scale_dossier(answers(), {"one": ["OB1", "OB2", "OB3", "OB4"]})
    assert named["reliability"].scales[0].alpha == dossier["reliability"].scales[0].alpha
    with pytest.raises(AnalysisError) as caught:
        ek.scale_dossier(survey, {"one": ["OB1", "OB2"], "two": ["OB2", "OB3"]})
    assert [p.code for p in caught.value.problems] == ["E863"]
    with pytest.raises(AnalysisError) as caught:
        ek.scale_dossier(answers())
    assert [p.code for p in caught.value.problems] == ["E862"]
    with pytest.raises(AnalysisError) as caught:
        ek.scale_dossier(survey, ["obb"])
    assert [p.code for p in caught.value.problems] == ["E600"]


def test_a_design_is_honoured_or_said_not_to_be(survey):
    design = ek.Design(weights="weight", clusters="community_id")
    found = ek.scale_dossier(survey, ["ob", "oe"], design=design)
    assert "N751" in codes(found)
    assert found["validity"].estimator == "MLR"


def constant(frame):
    frame["OB2"] = 3.0


def unanswered(frame):
    frame["OB2"] = np.nan


def twins(frame):
    frame["OB2"] = frame["OB1"]


@pytest.mark.parametrize(("spoil", "code"), [(constant, "W866"), (unanswered, "W865"), (twins, "W868")])
def test_an_item_that_measures_nothing_keeps_its_scale_out_of_the_model_only(spoil, code):
    frame = answers()
    spoil(frame)
    found = ek.scale_dossier(score(frame, BLOCKS))
    assert code in codes(found)
    (problem,) = (p for p in found.notices if p.code == code)
    assert "OB2" in say(problem, "zh") and "OB2" in say(problem, "en")
    assert [f.name for f in found["validity"].factors] == ["oe", "mo", "cc"]
    assert np.isfinite(found["validity"].measures["cfi"])
    assert len(found["reliability"].scales) == 4
    assert found.failed == ()


def test_one_item_a_factor(survey):
    found = ek.scale_dossier(survey, ["ob", "mo", "OE1"])
    assert "W867" in codes(found)
    assert [f.name for f in found["validity"].factors] == ["ob", "mo"]
    alone = ek.scale_dossier(survey, ["OE1"])
    assert [f.part.id for f in alone.failed] == MODELS
    assert "E750" in say(next(p for p in alone.notices if p.code == "W869"), "en")


def test_a_model_that_is_not_identified_leaves_the_rest(survey):
    found = ek.scale_dossier(survey, {"pair": ["OB1", "OB2"]})
    assert [f.part.id for f in found.failed] == MODELS
    why = next(p for p in found.notices if p.code == "W869")
    assert "E925" in say(why, "zh") and "收敛与区分效度" in say(why, "zh")
    assert np.isfinite(found["reliability"].scales[0].alpha)
    assert found.table().rows[-1].cells[-1].value.key == "dossier.not_computed"


def test_more_items_than_respondents_leaves_the_rest(survey):
    few = survey.dropna().iloc[:9]
    found = ek.scale_dossier(few)
    assert [f.part.id for f in found.failed] == ["validity", "method", "rivals"]
    assert any("E922" in say(p, "zh") for p in found.notices if p.code == "W869")
    assert np.isfinite(found["reliability"].scales[0].alpha)


def test_discriminant_validity_is_judged_by_pair(dossier):
    tidy = dossier.tidy().query("model == 'judgement'")
    assert len(tidy.query("term == 'htmt'")) == 6
    own = tidy.query("term == 'fornell_larcker'").set_index("group")["estimate"]
    for factor in dossier["validity"].factors:
        assert own[factor.name] == factor.ave - factor.msv
    assert {"T5", "T6", "T9"} < set(dossier.templates)


def test_method_bias_and_rivals_are_those_of_the_single_steps(survey, dossier):
    ids = [block["id"] for block in BLOCKS]
    alone = ek.method_bias(survey, ids)
    tidy = dossier.tidy().query("model == 'judgement'").set_index(["term", "group"])
    assert tidy.loc[("harman", "items"), "estimate"] == alone.harman.share
    assert tidy.loc[("method_cfi", "method"), "estimate"] == pytest.approx(alone.change("cfi"))
    assert tidy.loc[("vif", "oe"), "estimate"] == alone.vif["oe"]
    rivals = ek.compare_models(survey, ids)
    assert tidy.loc[("rivals", "model"), "estimate"] == len(rivals.rivals)
    assert dossier.table("T8").rows[0].cells[2].value == rivals.models[0].measures["chisq"]
    assert {"T7", "T8"} < set(dossier.templates)


def test_aggregation_goes_by_the_rules_of_the_dossier(survey):
    found = ek.scale_dossier(survey, ["ob", "oe"], cluster="community_id", rules={"icc2": 0.99})
    assert found["aggregation"].rule["icc2"] == 0.99
    rows = found.tidy().query("model == 'judgement' and term == 'icc2'")
    assert list(rows["level"]) == ["not_met", "not_met"]
    assert "T12" in found.templates
    alone = ek.aggregation(survey, ["ob", "oe"], cluster="community_id")
    assert found["aggregation"].variables[0].between.icc1() == alone.variables[0].between.icc1()


def test_invariance_is_tested_by_scale_and_for_all_together(survey):
    found = ek.scale_dossier(survey, ["ob", "oe"], groups=["gender"], estimator="MLR")
    ladders = {f.scale: f for f in found["invariance"].ladders}
    assert list(ladders) == ["ob", "oe", "all_scales"]
    alone = ek.invariance(survey, ["ob"], by="gender", rule={"cfi": 0.01})
    assert ladders["ob"].result.steps[1].values["cfi"] == alone.steps[1].values["cfi"]
    assert ladders["ob"].fall == max(-step.changes["cfi"] for step in alone.steps[1:3])
    assert "T10" in found.templates
    rows = [row for row in found.table("T10").rows if row.role == "body"]
    assert [row.cells[0].value.text("en") for row in rows] == ["OB", "OE", "All scales together"]
    judged = found.tidy().query("model == 'judgement' and term == 'invariance'")
    assert list(judged["group"]) == ["ob.gender", "oe.gender", "all_scales.gender"]


def test_a_group_too_small_for_the_model_has_its_own_message(survey):
    few = pd.concat([survey[survey["gender"] == "male"], survey[survey["gender"] == "female"].iloc[:9]])
    few.attrs.update(survey.attrs)
    found = ek.scale_dossier(few, ["ob", "oe"], groups=["gender"])
    assert any("E942" in say(p, "zh") and "gender" in say(p, "en") for p in found.notices if p.code == "W869")
    assert np.isfinite(found["reliability"].scales[0].alpha)
    assert all(np.isnan(cell.value) for cell in found.table("T10").rows[1].cells[2:7])
    lonely = ek.scale_dossier(survey.assign(gender="female"), ["ob", "oe"], groups=["gender"])
    assert any("E943" in say(p, "en") for p in lonely.notices if p.code == "W869")


def test_items_can_be_taken_as_ordered(survey):
    found = ek.scale_dossier(survey, ["ob", "oe"], ordinal=True, groups=["gender"], resamples=50)
    assert found.failed == ()
    assert found["validity"].estimator == "WLSMV"
    assert found["invariance"].estimator == "WLSMV"
    assert "N754" in codes(found)
    judged = found.tidy().query("model == 'judgement' and term == 'cfi'")
    alone = ek.cfa(survey, ["ob", "oe"], ordinal=True).measures
    known = [alone[k] for k in ("cfi_robust", "cfi_scaled") if np.isfinite(alone.get(k, np.nan))]
    assert judged["estimate"].iloc[0] == pytest.approx(known[0])
    assert {f.fall == f.fall for f in found["invariance"].ladders} == {True}
