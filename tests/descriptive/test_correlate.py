"""The correlation table: values of R, views, gaps and constants."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import evalkit as ek
from evalkit.contract import AnalysisError, attach, codebook_of
from evalkit.contract.words import say
from evalkit.descriptive import correlate
from evalkit.descriptive.correlation_tests import steiger
from evalkit.report.sentences import sentences
from evalkit.sampling import Design

SCALES = ["OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR"]


def test_listwise_table_of_r(scored, golden):
    found = correlate(scored, SCALES)
    pairs = found.tidy().dropna(subset=["outcome"])
    record = golden("correlation", "pearson_ci")
    for field, column in (("r", "estimate"), ("lower", "conf_low"), ("upper", "conf_high"), ("p", "p_value")):
        assert pairs[column].to_numpy() == record.approx(field)
    assert pairs["term"].iloc[0] == "OE" and pairs["outcome"].iloc[0] == "OB"
    assert found.n_obs == 1199 and found.dropped[0].n == 1
    cov = golden("correlation", "covariance_listwise")
    assert (np.outer(found.sd, found.sd) * found.r) == cov.approx()


def test_pairwise_and_spearman(scored, golden):
    found = correlate(scored, SCALES, missing="pairwise")
    assert found.r == golden("correlation", "pearson_pairwise").approx()
    assert found.n == golden("correlation", "pearson_pairwise_n").approx()
    assert found.n_obs == 1200 and found.dropped == ()
    ranks = correlate(scored, SCALES, method="spearman")
    assert ranks.r == golden("correlation", "spearman_listwise").approx()
    assert np.isnan(ranks.conf_low).all()
    record = golden("correlation", "spearman_test.SAT_PAR")
    assert ranks.p_value[6, 7] == record.approx("p")


def test_dichotomies_and_repeated_measures(scored, golden):
    record = golden("correlation", "point_biserial")
    pair = correlate(scored, ["SAT", "signed_agreement"]).tidy().iloc[-1]
    assert [pair["estimate"], pair["p_value"], pair["n_obs"]] == [record.approx(f) for f in ("r", "p", "n")]
    record = golden("reliability", "retest.trust")
    pair = correlate(scored, ["trust_before", "trust_after"]).tidy().iloc[-1]
    found = [pair[c] for c in ("estimate", "conf_low", "conf_high", "n_obs")]
    assert found == [record.approx(f) for f in ("r", "lower", "upper", "n")]


def test_t9_is_a_lower_triangle_with_p_behind_each_value(scored, views):
    found = correlate(scored, ["SAT", "PAR", "age"])
    assert views(found)
    rows = found.table().rows
    assert [c.value for c in rows[0].cells[3:]] == [None, "", ""]
    last = rows[2].cells
    assert last[3].value == pytest.approx(found.r[2, 0]) and last[3].p == pytest.approx(found.p_value[2, 0])
    assert last[0].value.text("en") == "3. age"
    assert last[1].value == pytest.approx(scored[["SAT", "PAR", "age"]].dropna()["age"].mean())


def test_heat_map_holds_each_pair_once(scored):
    figure = correlate(scored, ["SAT", "PAR", "age"]).figure()
    assert figure.kind == "heatmap"
    assert list(zip(figure.frame["row"], figure.frame["column"], strict=True)) == [
        ("PAR", "SAT"), ("age", "SAT"), ("age", "PAR")
    ]  # fmt: skip


def test_a_constant_is_nan_and_named(views):
    data = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 2, 2], "c": [1, 3, 2, 5]})
    found = correlate(data, ["a", "b", "c"])
    assert np.isnan(found.r[1]).all() and np.isfinite(found.r[0, 2])
    assert [p.code for p in found.notices] == ["W625"]
    assert found.tidy()["reason"].notna().sum() == 2
    assert views(found)


def test_no_common_answers_and_impossible_matrices_are_said(views):
    apart = pd.DataFrame({"a": [1, 2, np.nan, np.nan], "b": [np.nan, np.nan, 1, 2], "c": [1, 2, 3, 4]})
    found = correlate(apart, ["a", "b", "c"], missing="pairwise")
    assert [p.code for p in found.notices] == ["W625"]
    assert views(found)
    gap = np.nan
    odd = pd.DataFrame(
        [
            [1, 1, gap],
            [2, 2, gap],
            [3, 3, gap],
            [1, gap, 1],
            [2, gap, 2],
            [3, gap, 3],
            [gap, 1, 3],
            [gap, 2, 2],
            [gap, 3, 1],
        ],
        columns=list("abc"),
    )
    assert [p.code for p in correlate(odd, list("abc"), missing="pairwise").notices] == ["W626"]


def test_calls_that_cannot_mean_anything(scored):
    for arguments, code in (
        ({"variables": ["SAT"]}, "E627"),
        ({"variables": ["SAT", "SAT"]}, "E627"),
        ({"variables": ["SAT", "PAR"], "method": "gamma"}, "E614"),
        ({"variables": ["SAT", "PAR"], "missing": "fiml"}, "E614"),
        ({"variables": ["SAT", "gender"]}, "E610"),
    ):
        with pytest.raises(AnalysisError) as caught:
            correlate(scored, **arguments)
        assert caught.value.problems[0].code == code


def test_listwise_without_a_row_left(views):
    data = pd.DataFrame({"a": [1, np.nan], "b": [np.nan, 2]})
    found = correlate(data, ["a", "b"])
    assert found.n_obs == 0 and np.isnan(found.r).all()
    assert views(found)


def test_polychoric_of_ordered_answers_with_tests(scored, scale_items, golden, views):
    found = correlate(scored, scale_items["SAT"], method="polychoric")
    assert found.r == golden("polychoric", "SAT.lavaan.rho").approx()
    record = golden("polychoric", "SAT12.ml")
    assert found.std_error[0, 1] == pytest.approx(record.value("se"), rel=0.02)
    pair = found.tidy().set_index(["outcome", "term"]).loc[("SAT1", "SAT2")]
    assert pair["statistic"] == pytest.approx(pair["estimate"] / pair["std_error"])
    assert np.isnan(pair["df"]) and pair["p_value"] < 1e-100
    assert 0.70 < pair["conf_low"] < pair["estimate"] < pair["conf_high"] < 0.79
    assert found.n_obs == 1041 and not found.notices and not found.continuous
    assert views(found)
    assert "Polychoric" in found.figure().notes[0].text("en")
    assert found.templates == ("T9", "thresholds")
    complete = scored[scale_items["SAT"]].dropna()
    share = np.cumsum(complete["SAT1"].value_counts(normalize=True).sort_index())[:-1]
    assert found.thresholds["SAT1"] == pytest.approx(norm.ppf(share))
    table = found.table("thresholds")
    assert [cell.value for cell in table.rows[0].cells[1:]] == pytest.approx(list(found.thresholds["SAT1"]))
    assert len(table.rows) == len(scale_items["SAT"])


def test_polychoric_beside_a_continuous_variable_and_with_gaps(scored, views):
    found = correlate(scored, ["SAT1", "SAT2", "trust_after"], method="polychoric", missing="pairwise")
    assert found.continuous == ("trust_after",)
    assert found.r[0, 2] == pytest.approx(0.1276, abs=0.01)
    assert found.n[0, 1] == scored[["SAT1", "SAT2"]].dropna().shape[0]
    assert "trust_after" in found.table().notes[1].label.text("en")
    assert views(found)


@pytest.mark.parametrize("step", ["correlate", "efa", "irt", "dif"])
def test_a_declared_design_is_said_to_play_no_part(scored, scale_items, step):
    book = dataclasses.replace(codebook_of(scored), design=Design(weights="weight", clusters="community_id"))
    options = {"efa": {"draws": 20}, "dif": {"by": "gender"}}.get(step, {})
    run = getattr(ek, step)
    found = run(attach(scored, book), scale_items["SAT"], **options)
    told = [p.params["names"] for p in found.notices if p.code == "N6000"]
    assert told == [["weight", "community_id"]]
    assert "N6000" not in [p.code for p in run(scored, scale_items["SAT"], **options).notices]


def test_twins_and_constants_among_ordered_answers(scored, views):
    data = scored.assign(twin=scored["SAT1"], still=3.0)
    found = correlate(data, ["SAT1", "twin", "SAT2", "still"], method="polychoric")
    assert [p.code for p in found.notices] == ["W625", "W966"]
    assert found.r[0, 1] == pytest.approx(0.9999) and np.isnan(found.p_value[0, 1])
    assert np.isnan(found.r[3]).all()
    assert views(found)


def test_tables_of_differences_and_of_levels(scored, views):
    scales = ["SAT", "PAR", "OE"]
    found = correlate(scored, scales, by="tenure", differences=["SAT~PAR = SAT~OE"], cluster="community_id")
    assert found.templates == ("T9", "differences", "levels")
    assert views(found)
    assert len(found.table("differences").rows) == 3 * 3 + 1
    corner = found.table("levels").rows[1].cells
    assert [corner[1].value, corner[3].value] == [pytest.approx(found.within[1, 0]), pytest.approx(found.between[1, 2])]
    said = [label.text("en") for label in sentences("correlate", found)]
    assert any("differs from" in text or "No statistical evidence" in text for text in said)


def test_what_is_held_constant_is_said(scored, views):
    found = correlate(
        scored, ["SAT", "PAR", "OE"], partial=["age"], adjust="bh", reliability={"SAT": 0.8, "PAR": 0.7, "OE": 0.9}
    )
    assert views(found)
    notes = " ".join(note.text("en") for note in found.table().notes)
    assert all(words in notes for words in ("Held constant: age", "Benjamini-Hochberg", "unreliability"))
    cell = found.table().rows[1].cells[3]
    assert cell.p == pytest.approx(found.p_adjusted[1, 0])


def test_partial_correlations_are_those_of_residuals_whatever_is_missing(scored):
    gaps = scored[["SAT", "PAR", "OE", "age"]].astype(float).copy()
    gaps.iloc[::7, 0] = np.nan
    gaps.iloc[::11, 3] = np.nan
    found = correlate(gaps, ["SAT", "PAR", "OE"], partial=["age"], missing="pairwise")
    own = gaps[["PAR", "OE", "age"]].dropna()
    rest = own[["PAR", "OE"]] - np.column_stack(
        [np.poly1d(np.polyfit(own["age"], own[c], 1))(own["age"]) for c in ("PAR", "OE")]
    )
    assert found.r[1, 2] == pytest.approx(rest.corr().iloc[0, 1])
    assert found.n[1, 2] == len(own)


def test_a_variable_determined_by_what_is_held_is_nan_and_named():
    data = pd.DataFrame({"a": [1.0, 2, 3, 5, 4], "b": [2.0, 4, 6, 10, 8], "c": [1.0, 0, 1, 3, 2]})
    found = correlate(data, ["a", "c"], partial=["b"])
    assert np.isnan(found.r[0, 1])
    assert [p.code for p in found.notices] == ["W625"]


def test_steigers_z_of_pairs_apart_against_resampling():
    rng = np.random.Generator(np.random.PCG64(3))
    cov = np.array([[1, 0.5, 0.4, 0.2], [0.5, 1, 0.1, 0.3], [0.4, 0.1, 1, 0.5], [0.2, 0.3, 0.5, 1]])
    z = []
    for _ in range(1500):
        r = np.corrcoef(rng.multivariate_normal(np.zeros(4), cov, 100).T)
        z.append(steiger(r[0, 1], r[2, 3], (r[0, 2], r[0, 3], r[1, 2], r[1, 3]), 100).statistic)
    assert np.std(z) == pytest.approx(1, abs=0.05)
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.05, abs=0.018)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"differences": ["SAT~PAR"]}, "E6320"),
        ({"differences": ["SAT~PAR = PAR~SAT"]}, "E6320"),
        ({"differences": ["SAT~PAR = SAT~age"]}, "E6320"),
        ({"method": "kendall", "partial": ["age"]}, "E6321"),
        ({"semipartial": True}, "E6321"),
        ({"by": "gender", "method": "spearman"}, "E6321"),
        ({"cluster": "community_id", "partial": ["age"]}, "E6321"),
        ({"reliability": {"SAT": 0.8}}, "E6322"),
        ({"reliability": {"SAT": 0.8, "PAR": 1.2}}, "E6322"),
        ({"partial": ["SAT"]}, "E627"),
        ({"adjust": "tukey"}, "E614"),
        ({"by": "nowhere"}, "E600"),
    ],
)
def test_options_that_do_not_go_together(options, code, scored):
    with pytest.raises(AnalysisError) as caught:
        correlate(scored, ["SAT", "PAR"], **options)
    assert [p.code for p in caught.value.problems] == [code]
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


def test_reliabilities_that_are_too_low_are_named(scored):
    found = correlate(scored, ["SAT", "PAR"], reliability={"SAT": 0.2, "PAR": 0.2})
    assert [p.code for p in found.notices] == ["W6323"]
