"""cfa() and sem(): what an analyst calls, what is printed and drawn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError, attach, codebook_of
from evalkit.report.figures import draw
from evalkit.scoring import score
from evalkit.structure import fit, scores

SCALES = ("OB", "OE", "MO")
M3 = "\n".join(f"{s} =~ " + " + ".join(f"{s}{i}" for i in range(1, 5)) for s in SCALES)
PATHS = M3 + "\nOB ~ a*OE + age\nMO ~ b*OB + c*OE\nindirect := a*b"


@pytest.fixture(scope="module")
def data():
    from pathlib import Path

    frame = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")
    items = [f"{s}{i}" for s in SCALES for i in range(1, 5)]
    return frame[[*items, "age", "gender", "community_id", "weight"]]


@pytest.mark.parametrize("name", ["ave_std", "cr_std"])
@pytest.mark.parametrize("model", ["m3", "m8"])
def test_convergent_validity_agrees_with_lavaan(scored, scale_items, golden, model, name):
    wanted = SCALES if model == "m3" else tuple(scale_items)
    found = ek.cfa(scored, "\n".join(f"{s} =~ {' + '.join(scale_items[s])}" for s in wanted))
    field = "ave" if name == "ave_std" else "composite_reliability"
    got = {f.name: getattr(f, field) for f in found.factors}
    assert got == golden("cfa", f"{model}.ML.{name}").approx()


def test_scales_make_the_model(data):
    raw = data[[f"OB{i}" for i in range(1, 5)]].copy()
    raw["OB4"] = 6 - raw["OB4"]
    scored = score(
        raw, [{"id": "voice", "zh": "意见", "en": "Voice", "items": list(raw), "reverse": ["OB4"], "range": [1, 5]}]
    )
    found = ek.cfa(scored, ["voice"])
    assert found.glance()["n_obs"][0] == len(data.dropna(subset=list(raw)))
    direct = ek.cfa(data, "voice =~ OB1 + OB2 + OB3 + OB4")
    assert found.glance()["chisq"][0] == pytest.approx(direct.glance()["chisq"][0])
    assert found.labels["voice"].zh == "意见"
    assert found.estimates["rhs"][3] == "OB4_R"


def test_views_of_a_measurement_model(data):
    found = ek.cfa(data, M3, estimator="MLR")
    tidy = found.tidy().set_index(["outcome", "term", "level"])
    assert tidy.loc[("OB2", "OB", "loading"), "std_error"] == pytest.approx(0.04749, abs=1e-5)
    assert tidy.loc[("OB", "ave", None), "estimate"] == pytest.approx(0.497, abs=1e-3)
    glance = found.glance()
    assert glance["chisq_scaled"][0] == pytest.approx(40.554, abs=1e-3)
    assert glance["cfi_robust"][0] == 1
    assert found.templates == ("T5", "T8", "T9")
    fit = {row.cells[0].value.key: row.cells for row in found.table("T8").rows}
    assert fit["structural.chisq"][2].value == pytest.approx(40.554, abs=1e-3)
    assert fit["structural.gfi"][2].value is None
    assert fit["structural.rmsea_p"][1].value == found.measures["rmsea_p"] > 0.99
    assert {"structural." + name for name in ("chisq_df", "gfi", "agfi", "nfi", "ifi", "rmr", "pnfi")} <= set(fit)
    loadings = found.table("T5")
    assert [row.indent for row in loadings.rows].count(1) == 12
    assert loadings.rows[1].cells[2].value is None
    assert len(found.table("modification").rows) == 20


def test_views_of_paths(data):
    found = ek.sem(data, PATHS, ci="percentile", resamples=60, seed=3)
    assert found.templates == ("T5", "T16", "T8", "T9")
    table = found.table("T16")
    assert [row.role for row in table.rows].count("section") == 1
    assert "60" in table.notes[0].text("en")
    tidy = found.tidy()
    own = tidy[tidy["term"] == "indirect"].iloc[0]
    delta = ek.sem(data, PATHS).tidy()
    other = delta[delta["term"] == "indirect"].iloc[0]
    assert own["estimate"] == other["estimate"]
    assert own["conf_low"] != other["conf_low"]
    assert own["conf_low"] < own["estimate"] < own["conf_high"]
    again = ek.sem(data, PATHS, ci="percentile", resamples=60, seed=3).tidy()
    assert again["conf_low"].equals(tidy["conf_low"])


MEDIATED = M3 + "\nOB ~ a*OE\nMO ~ b*OB + c*OE\nab := a*b\ntotal := c + a*b"


@pytest.mark.parametrize("model", [MEDIATED, "MO1 ~ b*OB1 + c*OE1\nOB1 ~ a*OE1\nab := a*b"])
def test_indirect_effects_have_delta_monte_carlo_and_bootstrap_intervals(data, model):
    found = {ci: ek.sem(data, model, ci=ci, seed=1) for ci in ("delta", "monte_carlo")}
    few = {ci: ek.sem(data, model, ci=ci, resamples=200, seed=1) for ci in ("percentile", "bias_corrected")}
    intervals = {}
    for ci, result in {**found, **few}.items():
        row = result.tidy().set_index("term").loc["ab"]
        intervals[ci] = (row["conf_low"], row["conf_high"])
        shown = next(r for r in result.table("T16").rows if "ab =" in str(getattr(r.cells[0].value, "text", str)("en")))
        assert shown.cells[5].value == intervals[ci]
        assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert len(set(intervals.values())) == 4
    low = [interval[0] for interval in intervals.values()]
    assert max(low) - min(low) < 0.02  # four ways to the same thing
    assert "20000" in found["monte_carlo"].table("T16").notes[0].text("en")


def test_resamples_without_a_resampled_interval_are_refused(data):
    with pytest.raises(AnalysisError) as caught:
        ek.sem(data, PATHS, resamples=500)
    assert [p.code for p in caught.value.problems] == ["E814"]


def test_hypotheses_are_judged_by_the_interval(data):
    claims = {"H1": "OB ~ OE > 0", "H2": "OB ~ age", "H3": "indirect", "H4": "c < 0"}
    table = ek.sem(data, PATHS, hypotheses=claims).table("T16")
    assert {len(row.cells) for row in table.rows if row.role != "section"} == {9}
    rows = [row.cells for row in table.rows if row.role == "body"]
    judged = {cells[0].value: cells[-1].value for cells in rows}
    assert judged.pop("") == ""  # the path nothing is claimed of
    assert {name: said.text("en") for name, said in judged.items()} == {
        "H1": "supported", "H2": "not supported", "H3": "supported", "H4": "not supported"
    }  # fmt: skip
    with pytest.raises(AnalysisError) as caught:
        ek.sem(data, PATHS, hypotheses={"H1": "OB ~ MO"})
    assert caught.value.problems[0].params["option"] == "hypotheses.H1"


def test_groups_missing_answers_and_a_design(data):
    found = ek.cfa(data, M3, missing="fiml", group="gender", group_equal=("loadings",))
    assert found.groups == ("female", "male")
    rows = found.estimates.query("op == '=~' and rhs == 'OB2'")["est"]
    assert rows.nunique() == 1
    assert [row.role for row in found.table("T5").rows].count("section") == 2
    clustered = ek.cfa(data, M3, cluster="community_id")
    assert clustered.estimator == "MLR"
    assert [p.code for p in clustered.notices] == ["N936"]
    weighted = ek.cfa(data, M3, design=ek.Design(weights="weight", clusters="community_id"))
    assert weighted.glance()["chisq"][0] != clustered.glance()["chisq"][0]


def test_what_cannot_be_honoured(data):
    with pytest.raises(AnalysisError) as caught:
        ek.cfa(data, M3, ci="profile")
    assert [p.code for p in caught.value.problems] == ["E928"]
    with pytest.raises(AnalysisError) as caught:
        ek.cfa(data, M3, group="genders")
    assert [p.code for p in caught.value.problems] == ["E600"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_diagrams(data, lang):
    measured = ek.cfa(data, M3).figure()
    assert list(measured.frame["role"]).count("covariance") == 3
    drawn = draw(measured, lang=lang)
    assert "12" in drawn.alt
    higher = draw(ek.cfa(data, M3 + "\nLEAD =~ OB + OE + MO").figure(), lang=lang)
    paths = draw(ek.sem(data, PATHS).figure(), lang=lang)
    assert min(len(d.png) for d in (drawn, higher, paths)) > 5000


def test_numbers_and_nodes_of_a_diagram_do_not_collide(data):
    from evalkit.report.figures import structural
    from evalkit.report.figures.wording import Wording
    from evalkit.report.styles import load_style

    for result in (ek.cfa(data, M3), ek.sem(data, PATHS)):
        canvas = structural.draw(Wording(result.figure(), "zh", load_style("cn")))
        boxes = [line.box for line in canvas.lines]
        assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
        assert all(box.x0 >= 0 and box.x1 <= canvas.width and 0 <= box.y0 <= canvas.height for box in boxes)


def test_a_search_that_does_not_arrive_still_prints(data):
    draw_rows = np.random.default_rng(4).normal(size=(40, 6))
    noise = pd.DataFrame(draw_rows, columns=[f"x{i}" for i in range(6)])
    found = ek.cfa(noise, "f =~ x0 + x1 + x2\ng =~ x3 + x4 + x5")
    for template in found.templates:
        assert found.table(template).rows
    assert len(found.glance()) == 1


def test_ordinal_items_have_corrected_fit_and_thresholds(scored):
    found = ek.cfa(scored, "OB =~ OB1 + OB2 + OB3 + OB4", ordinal=True, missing="pairwise")
    assert found.estimator == "WLSMV"
    row = found.glance().iloc[0]
    assert np.isfinite(row[["chisq_scaled", "cfi_scaled", "cfi_robust", "rmsea_robust"]].astype(float)).all()
    tidy = found.tidy()
    cuts = tidy[(tidy["level"] == "threshold") & (tidy["outcome"] == "OB1")]
    assert list(cuts["term"]) == ["t1", "t2", "t3", "t4"]
    assert cuts["estimate"].is_monotonic_increasing
    assert found.table("T8").header[0][2].label == "structural.corrected"


M8 = "\n".join(
    f"{s} =~ " + " + ".join(f"{s}{i}" for i in range(1, 1 + (5 if s in ("SAT", "PAR") else 4)))
    for s in (*SCALES, "SV", "CW", "CC", "SAT", "PAR")
)


@pytest.fixture(scope="module")
def ordinal():
    from pathlib import Path

    rows = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")
    return {name: ek.cfa(rows, model, ordinal=True) for name, model in (("m3", M3), ("m8", M8))}


@pytest.mark.parametrize("name", ["m3", "m8"])
def test_strength_of_ordinal_factors_agrees_with_semtools(name, ordinal, golden):
    found = ordinal[name]
    strength = {
        "ave_std": {f.name: f.ave for f in found.factors},
        "semTools_AVE": {f.name: f.ave for f in found.factors},
        "cr_std": {f.name: f.composite_reliability for f in found.factors},
        "semTools_compRelSEM": {f.name: f.categorical_omega for f in found.factors},
    }
    for record, got in strength.items():
        assert got == golden("cfa", f"{name}.WLSMV.{record}").approx(), record
    r = found.correlations[""].to_numpy().copy()
    np.fill_diagonal(r, np.nan)
    shared = pd.DataFrame(
        [np.nanmax(r**2, axis=1), np.nanmean(r**2, axis=1)], ["MSV", "ASV"], list(found.correlations[""].columns)
    )
    assert shared == golden("cfa", f"{name}.WLSMV.msv_asv").approx()
    apart = {f.name: bool(np.sqrt(f.ave) > np.nanmax(np.abs(r[i]))) for i, f in enumerate(found.factors)}
    assert apart == golden("cfa", f"{name}.WLSMV.fornell_larcker_ok").estimate


@pytest.mark.parametrize("options", [{}, {"group": "gender"}, {"estimator": "MLR", "missing": "fiml"}])
def test_residuals_are_printed_for_every_group(data, options):
    found = ek.cfa(data, M3, **options)
    table = found.table("residuals")
    rows = [row for row in table.rows if row.role == "body"]
    assert len(rows) == 12 * len(found.groups)
    assert {len(row.cells) for row in rows} == {13}
    correlations, z = found.residuals[found.groups[0]]
    assert rows[1].cells[1].value == correlations.loc["OB2", "OB1"]
    assert rows[0].cells[2].value == z.loc["OB1", "OB2"]
    assert np.abs(correlations.to_numpy()).max() < 0.15


def test_factor_scores_keep_the_rows_and_answer_to_the_groups(data):
    found = ek.factor_scores(data, M3, missing="fiml")
    assert list(found.columns) == list(SCALES) and found.index.equals(data.index)
    means = data[[f"OB{i}" for i in range(1, 5)]].mean(axis=1)
    assert found["OB"].corr(means) > 0.95
    grouped = ek.factor_scores(data, M3, group="gender", method="bartlett")
    for name in ("female", "male"):
        rows = data["gender"] == name
        own = ek.factor_scores(data[rows], M3, method="bartlett", missing="listwise")
        assert grouped[rows]["MO"].corr(own["MO"]) > 0.999
    with pytest.raises(AnalysisError) as caught:
        ek.factor_scores(data, M3, method="thurstone")
    assert caught.value.problems[0].code == "E928"


def test_factor_scores_honour_a_declared_design(data):
    design = ek.Design(weights="weight", clusters="community_id")
    book = dataclasses.replace(codebook_of(data), design=design)
    declared, stated = ek.factor_scores(attach(data.copy(), book), M3), ek.factor_scores(data, M3, design=design)
    pd.testing.assert_frame_equal(declared, stated)
    by_hand = scores(fit(M3, data, design=design), data)
    pd.testing.assert_frame_equal(stated, by_hand)
    assert not np.allclose(stated["OB"], ek.factor_scores(data, M3)["OB"], equal_nan=True, atol=1e-6)


def test_factor_scores_of_a_lost_model_are_refused(data, monkeypatch):
    from evalkit.measurement.structural import factor_values

    lost = dataclasses.replace(fit(M3, data), solution=dataclasses.replace(fit(M3, data).solution, converged=False))
    monkeypatch.setattr(factor_values, "fit", lambda *args, **options: lost)
    with pytest.raises(AnalysisError) as caught:
        ek.factor_scores(data, M3)
    assert caught.value.problems[0].code == "E811"


def test_a_model_without_a_parameter_to_free_has_no_modification_indices(data):
    found = ek.sem(data, "OB1 ~ a*MO1")
    assert len(found.modification) == 0
    assert found.table("modification").rows[0].cells[0].value is None


def test_groups_smaller_than_their_parameters_are_named(data):
    parted = data.assign(part=np.where(np.arange(len(data)) < 22, "few", "many"))
    notices = ek.cfa(parted, M3, group="part").notices
    few = [p for p in notices if p.code == "W816"]
    assert [p.params["group"] for p in few] == ["few"]
    assert few[0].params["free"] == 39


@pytest.mark.parametrize("ci", ["percentile", "monte_carlo"])
@pytest.mark.parametrize("resamples", [0, 100_001])
def test_the_number_of_resamples_has_bounds(data, ci, resamples):
    with pytest.raises(AnalysisError) as caught:
        ek.sem(data, "OB1 ~ a*MO1", ci=ci, resamples=resamples)
    assert [p.code for p in caught.value.problems] == ["E941"]


def test_factor_scores_of_an_unknown_group_are_refused(data):
    with pytest.raises(AnalysisError) as caught:
        ek.factor_scores(data, M3, group="genders")
    assert [p.code for p in caught.value.problems] == ["E600"]
