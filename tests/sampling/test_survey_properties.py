"""What must hold of weights and estimates whatever the numbers are."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError
from evalkit.sampling import (
    Design,
    calibrate,
    estimates,
    linearised_covariance,
    poststratify,
    rake,
    sample_size,
    trim,
)
from evalkit.sampling.design import design_arrays

BRIEF = settings(max_examples=8)
CLUSTERED = Design("w", "s", "c")


@st.composite
def samples(draw):
    """30 rows in 3 strata of 2 clusters, with an answer, a count, a category and whole weights."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = 30
    return pd.DataFrame(
        {
            "y": rng.integers(1, 6, n).astype(float),
            "x": rng.integers(1, 9, n).astype(float),
            "g": np.array(["a", "b", "c"])[np.r_[0, 1, 2, rng.integers(0, 3, n - 3)]],
            "h": np.array(["u", "v"])[np.r_[0, 1, 0, rng.integers(0, 2, n - 3)]],
            "s": np.repeat([1, 2, 3], 10),
            "c": np.repeat(range(6), 5),
            "w": rng.integers(1, 5, n).astype(float),
        }
    )


CALLS = (
    {"variables": ["y"]},
    {"variables": ["g"], "statistic": "proportion"},
    {"variables": ["y"], "statistic": "ratio", "denominator": "x"},
    {"variables": ["y"], "statistic": "quantile"},
    {"variables": ["y"], "by": "h", "difference": True},
)
POINT = ("estimate",)
WITH_ERRORS = ("estimate", "std_error", "conf_low", "conf_high")


def numbers(data, call, design, columns=WITH_ERRORS):
    return estimates(data, **call, design=design).tidy()[list(columns)].to_numpy(float)


@BRIEF
@given(samples())
def test_weights_of_one_are_no_weights(data):
    data = data.assign(w=1.0)
    for call in CALLS:
        assert np.allclose(numbers(data, call, CLUSTERED), numbers(data, call, Design(None, "s", "c")), equal_nan=True)
    plain = estimates(data, ["y"], design=Design("w")).tidy().iloc[0]
    assert plain["estimate"] == pytest.approx(data["y"].mean())
    assert plain["std_error"] == pytest.approx(data["y"].std() / math.sqrt(len(data)))


@BRIEF
@given(samples(), st.floats(0.001, 1000))
def test_only_proportions_of_weights_count(data, k):
    scaled = data.assign(w=data["w"] * k)
    for call in CALLS:
        assert np.allclose(numbers(scaled, call, CLUSTERED), numbers(data, call, CLUSTERED), equal_nan=True)
    total = {"variables": ["y"], "statistic": "total"}
    assert np.allclose(numbers(scaled, total, CLUSTERED), k * numbers(data, total, CLUSTERED))


@BRIEF
@given(samples(), st.sets(st.integers(3, 29), max_size=8))
def test_a_weight_of_zero_is_no_row(data, rows):
    zero = data.assign(w=data["w"].where(~data.index.isin(rows), 0.0))
    for call in CALLS:
        assert np.allclose(
            numbers(zero, call, CLUSTERED), numbers(data.drop(index=list(rows)), call, CLUSTERED), equal_nan=True
        )


@BRIEF
@given(samples())
def test_whole_weights_are_repeated_rows(data):
    repeated = data.loc[data.index.repeat(data["w"].astype(int))].reset_index(drop=True)
    for call in (*CALLS, {"variables": ["y"], "statistic": "total"}):
        assert np.allclose(numbers(repeated, call, None, POINT), numbers(data, call, Design("w"), POINT))


@BRIEF
@given(samples(), st.permutations(range(30)))
def test_the_order_of_rows_does_not_matter(data, order):
    for call in CALLS:
        assert np.allclose(numbers(data.iloc[order], call, CLUSTERED), numbers(data, call, CLUSTERED), equal_nan=True)


@BRIEF
@given(samples(), st.lists(st.floats(0.1, 1), min_size=5, max_size=5))
def test_raked_and_calibrated_margins_are_the_targets(data, shares):
    g, h = np.array(shares[:3]) / sum(shares[:3]), np.array(shares[3:]) / sum(shares[3:])
    margins = {"g": dict(zip("abc", g, strict=True)), "h": dict(zip("uv", h, strict=True))}
    assume(data.groupby(["g", "h"]).ngroups == 6)  # an empty cell may leave no solution
    for found in (
        rake(data, margins, population=500, design=Design("w")),
        calibrate(data, margins, method="raking", population=500, design=Design("w")),
    ):
        assert found.converged
        for name, wanted in margins.items():
            reached = found.weights.groupby(data[name]).sum() / 500
            assert np.allclose(reached[list(wanted)], list(wanted.values()), rtol=1e-8)
    assert np.allclose(
        rake(data, margins, population=500, design=Design("w")).weights,
        calibrate(data, margins, method="raking", population=500, design=Design("w")).weights,
        rtol=1e-6,
    )


@BRIEF
@given(samples())
def test_a_calibrated_total_is_known_without_error(data):
    found = calibrate(data, {"g": {"a": 20, "b": 30, "c": 50}, "x": 450.0}, design=Design("w"))
    row = estimates(data, ["x"], statistic="total", weighting=found, design=CLUSTERED).tidy().iloc[0]
    assert row["estimate"] == pytest.approx(450, rel=1e-8)
    assert row["std_error"] == pytest.approx(0, abs=1e-6)


@BRIEF
@given(samples())
def test_poststrata_add_up(data):
    cells = data.groupby(["g", "h"]).size().reset_index(name="total")
    found = poststratify(data, cells.to_dict("records"), design=Design("w"))
    assert np.allclose(found.weights.groupby([data["g"], data["h"]]).sum(), cells["total"])
    even = poststratify(data, cells.to_dict("records"))
    assert np.allclose(even.weights, 1)


@BRIEF
@given(samples(), st.floats(1.2, 3), st.floats(0.1, 0.8))
def test_trimmed_weights_stay_within_bounds_and_keep_their_sum(data, upper, lower):
    w = trim(data, lower=lower, upper=upper, strict=True, design=Design("w")).weights
    mean = data["w"].mean()
    assert w.sum() == pytest.approx(data["w"].sum())
    assert w.between(lower * mean * (1 - 1e-9), upper * mean * (1 + 1e-9)).all()


def test_raking_with_bounds_meets_both_or_says_so(scored):
    margins = {"gender": {"female": 0.51, "male": 0.49}, "tenure": {"owner": 0.6, "renter": 0.3, "public": 0.1}}
    found = rake(scored, margins, lower=0.3, upper=2.5, tolerance=1e-8, design=Design("weight"))
    w = found.weights
    assert found.converged and found.largest_gap <= 1e-8
    assert w.between(0.3 * w.mean() * (1 - 1e-6), 2.5 * w.mean() * (1 + 1e-6)).all()
    missed = rake(scored, margins, lower=0.98, upper=1.02, max_iterations=20, design=Design("weight"))
    assert not missed.converged
    assert [p.code for p in missed.notices] == ["W698"]


def test_sample_sizes_of_the_issue():
    found = sample_size(error=0.05, population=4199)
    assert found.exact == pytest.approx(352.02, abs=0.005)
    assert found.n == 353
    clustered = sample_size(error=0.05, population=4199, deff=1.5)
    assert clustered.n == 529
    assert sample_size(error=0.05).n == 385
    few = sample_size(error=0.01, population=50, deff=3)
    assert few.n == 50 and [p.code for p in few.notices] == ["N888"]


@given(st.floats(0.005, 0.2), st.integers(50, 10**7), st.floats(1, 1.2), st.floats(0.1, 0.9))
def test_error_and_sample_size_are_inverses(error, population, deff, p):
    found = sample_size(error=error, population=population, deff=deff, proportion=p)
    assume(not found.notices and 2 <= found.n < population)
    back = sample_size(n=found.n, population=population, deff=deff, proportion=p)
    assert back.error <= error * (1 + 1e-9)
    if found.n > 2:
        assert sample_size(n=found.n - 1, population=population, deff=deff, proportion=p).error > error * (1 - 1e-9)


def test_two_stages_with_everybody_drawn_have_no_error():
    data = pd.DataFrame({"y": [1.0, 2, 3, 5], "c": [1, 1, 2, 2], "N": [2, 2, 2, 2], "M": [2, 2, 2, 2]})
    found = estimates(data, ["y"], design=Design(clusters="c", fpc="N", fpc2="M")).tidy().iloc[0]
    assert found["std_error"] == 0
    with pytest.raises(AnalysisError) as caught:
        estimates(data, ["y"], design=Design(fpc2="M"))
    assert [p.code for p in caught.value.problems] == ["E694"]


def test_a_lonely_stratum_can_be_refused():
    data = pd.DataFrame({"y": [1.0, 2, 3], "s": [1, 1, 2]})
    for options, code in (({"lonely": "fail"}, "E695"), ({"variance": "jackknife"}, "E886")):
        with pytest.raises(AnalysisError) as caught:
            estimates(data, ["y"], design=Design(strata="s"), **options)
        assert [p.code for p in caught.value.problems] == [code]
    certain = estimates(data, ["y"], variance="jackknife", lonely="certainty", design=Design(strata="s"))
    assert [p.code for p in certain.notices] == ["W899"]
    lonely = design_arrays(data.assign(s=[1, 2, 3]), Design(strata="s"))
    covariance, _, _ = linearised_covariance(data[["y"]].to_numpy(), lonely, lonely="average")
    assert np.isnan(covariance).all()  # no other stratum to borrow from


def test_the_jackknife_of_a_mean_of_equal_weights_is_its_standard_error():
    data = pd.DataFrame({"y": [1.0, 2, 4, 8]})
    found = estimates(data, ["y"], variance="jackknife").tidy().iloc[0]
    assert found["std_error"] == pytest.approx(data["y"].std() / 2)


@pytest.mark.parametrize(
    "options",
    [
        {"statistic": "mode"},
        {"statistic": "ratio"},
        {"denominator": "x"},
        {"difference": True},
        {"statistic": "quantile", "variance": "jackknife"},
        {"statistic": "quantile", "by": "g", "difference": True},
        {"margins": {"g": {"a": 0.5, "b": 0.5}}, "variance": "jackknife"},
        {"lonely": "remove"},
        {"conf_level": 95},
        {"probabilities": [1.5]},
    ],
)
def test_choices_that_cannot_be_honoured_are_errors(options):
    data = pd.DataFrame({"y": [1.0, 2], "x": [1.0, 2], "g": ["a", "b"]})
    with pytest.raises(AnalysisError) as caught:
        estimates(data, ["y"], **options)
    assert [p.code for p in caught.value.problems] == ["E696"]


def test_targets_that_cannot_be_met_are_named():
    data = pd.DataFrame({"g": ["a", "a", "b"], "h": ["u", "v", "v"], "w": [0.0, 0, 0]})
    wrong = {
        "E890": {"g": {"a": 1.0}},
        "E891": {"g": {"a": 0.5, "b": 0.3, "c": 0.2}},
        "E892": {"g": {"a": 10, "b": 10}, "h": {"u": 10, "v": 11}},
        "E896": {"g": {"a": -1, "b": 2}},
    }
    for code, margins in wrong.items():
        with pytest.raises(AnalysisError) as caught:
            rake(data, margins)
        assert [p.code for p in caught.value.problems] == [code]
    with pytest.raises(AnalysisError) as caught:
        poststratify(data, [{"g": "a", "total": 1}, {"g": "b", "total": 1}, {"g": "a", "total": 2}])
    assert [p.code for p in caught.value.problems] == ["E883"]
    with pytest.raises(AnalysisError) as caught:
        rake(data, {"g": {"a": 0.5, "b": 0.5}}, design=Design("w"))
    assert [p.code for p in caught.value.problems] == ["E894"]
    with pytest.raises(AnalysisError) as caught:
        poststratify(data, [{"g": "a", "total": 1}, {"h": "u", "total": 2}])
    assert [p.code for p in caught.value.problems] == ["E889"]
    with pytest.raises(AnalysisError) as caught:
        calibrate(data, {"g": {"a": 30, "b": 1}}, method="logit", bounds=(0.9, 1.1))
    assert [p.code for p in caught.value.problems] == ["E893"]
    steep = calibrate(data.assign(x=[1.0, 2, 3]), {"g": {"a": 2, "b": 1}, "x": 9.0})
    assert [p.code for p in steep.notices] == ["W887"]


def test_rows_without_a_margin_or_a_weight_have_no_weight_and_are_counted():
    data = pd.DataFrame({"g": ["a", "b", None, "a"], "w": [1.0, 1, 1, 0], "y": [1.0, 2, 3, 4]}, index=[5, 6, 7, 9])
    found = rake(data, {"g": {"a": 0.5, "b": 0.5}}, design=Design("w"))
    assert found.weights.isna().tolist() == [False, False, True, True]
    assert {d.reason: d.n for d in found.dropped} == {"drop.incomplete": 1, "sampling.drop_design": 1}
    result = estimates(data, ["y"], weighting=found)
    assert result.n_obs == 2
    assert result.tidy()["estimate"].iloc[0] == 1.5


def test_what_cannot_be_estimated_is_nan_and_says_why():
    data = pd.DataFrame({"y": [1.0, np.nan, 3, 4], "g": ["a", "a", "b", "b"]})
    found = estimates(data, ["y"], by="g")
    tidy = found.tidy()
    assert np.isnan(tidy["std_error"].iloc[0]) and tidy["reason"].iloc[0] == "sampling.reason_few"
    assert tidy["std_error"].iloc[1] == pytest.approx(
        math.sqrt(1 / 6)
    )  # 4 / 3 * (0.25² + 0.25²): the other group counts as drawn
    assert [p.code for p in found.notices] == ["W884"]
    none = estimates(data, ["g"], statistic="proportion", by="g").tidy()
    assert none["estimate"].tolist() == [1, 0, 0, 1]
    assert none["conf_low"].isna().all() and set(none["reason"]) == {"sampling.reason_extreme"}
    with pytest.raises(AnalysisError) as caught:
        estimates(data, ["g"])
    assert [p.code for p in caught.value.problems] == ["E610"]


def test_the_views_speak_both_languages(scored):
    raked = rake(scored, {"gender": {"female": 0.51, "male": 0.49}}, design=Design("weight"))
    views = [
        raked,
        trim(scored, upper=2, design=Design("weight")),
        estimates(scored, ["tenure"], statistic="proportion", by="gender", design=Design("weight")),
        estimates(scored, ["SAT"], statistic="ratio", denominator="PAR"),
        estimates(scored, ["SAT"], statistic="quantile", by="gender"),
        estimates(scored, ["SAT"], by="gender", difference=True),
        sample_size(error=0.03, population=9000),
    ]
    for result in views:
        table = result.table()
        assert len(result.glance()) == 1
        assert {len(row.cells) for row in table.rows} <= {table.n_columns}
        for lang in ("zh", "en"):
            said = [
                table.title.text(lang),
                *(n.text(lang) for n in table.notes),
                *(h.text(lang) for h in table.header[0]),
            ]
            assert all(said) and not any("{" in text for text in said)
            cells = [c.value.text(lang) for row in table.rows for c in row.cells if hasattr(c.value, "text")]
            assert not any("{" in text for text in cells)
    assert len(views[1].table().rows) == 4  # no targets: the weights' own range
    assert views[0].glance()["n_effective"].iloc[0] < len(scored)
