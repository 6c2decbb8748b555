"""Polychoric, tetrachoric and polyserial correlations against R, and their asymptotic covariance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.correlations import (
    bivariate_normal_cdf,
    concordance,
    pearson,
    polychoric,
    polychoric_ml,
    polyserial,
    smooth,
)

MECHANISMS = [f"{scale}{i}" for scale in ("OB", "OE", "MO") for i in range(1, 5)]


@pytest.fixture
def sat(scored, scale_items):
    return scored[scale_items["SAT"]].dropna().to_numpy()


@pytest.fixture
def mechanisms(scored):
    return scored[MECHANISMS].dropna().to_numpy()


@pytest.fixture
def dichotomies(scored):
    table = pd.DataFrame(
        {
            "signed": scored["signed_agreement"],
            "party": scored["party_member"],
            "sat_hi": (scored["SAT"] >= 3.5).where(scored["SAT"].notna()).astype(float),
            "female": scored["female"],
        }
    )
    return table.dropna().to_numpy(float)


@pytest.fixture
def mixed(scored):
    return scored[["PAR", "SAT1", "signed_agreement", "renewal_support", "trust_after"]].dropna()


def table_of(x, y):
    return pd.crosstab(pd.Series(np.asarray(x)), pd.Series(np.asarray(y))).to_numpy()


@pytest.mark.parametrize("record", ["SAT.psych.rho", "SAT.lavaan.rho", "SAT.twostep.rho"])
def test_two_steps(sat, golden, record):
    assert polychoric(sat).r == golden("polychoric", record).approx()
    assert len(sat) == golden("polychoric", "n").value("SAT")


def test_two_steps_of_twelve_items(mechanisms, golden):
    found = polychoric(mechanisms)
    assert found.r == golden("polychoric", "mechanisms.psych.rho").approx()
    assert np.array(found.thresholds) == golden("polychoric", "mechanisms.psych.tau").approx()
    assert found.n_obs == golden("polychoric", "n").value("mechanisms")


def test_thresholds(sat, golden):
    found = polychoric(sat)
    assert np.array(found.thresholds) == golden("polychoric", "SAT.psych.tau").approx()
    assert found.tau == golden("polychoric", "SAT.lavaan.thresholds").approx()


def test_one_pair_in_two_steps(sat, golden):
    found, record = polychoric(sat[:, :2]), golden("polychoric", "SAT12.twostep")
    assert found.rho[0] == record.approx("rho")
    assert found.std_error_fixed[0, 1] == record.approx("se")
    assert found.normality.chi2[0] == record.approx("chisq")
    assert found.normality.df[0] == record.approx("df")


def test_one_pair_by_maximum_likelihood(sat, golden):
    found, record = polychoric_ml(table_of(sat[:, 0], sat[:, 1])), golden("polychoric", "SAT12.ml")
    assert found.converged
    assert found.rho == record.approx("rho")
    assert found.std_error == record.approx("se")
    assert found.normality.chi2[0] == record.approx("chisq")
    assert found.normality.df[0] == record.approx("df")
    cuts = np.concatenate([found.row_thresholds, found.column_thresholds])
    assert cuts == golden("polychoric", "SAT12.ml_thresholds").approx()
    two_steps = polychoric(sat[:, :2])
    assert found.log_likelihood >= two_steps.log_likelihood[0]
    # With the thresholds estimated, both ways lose about the same precision.
    assert found.std_error == pytest.approx(two_steps.std_error[0, 1], rel=0.03)


def test_tetrachoric(dichotomies, golden):
    found = polychoric(dichotomies)
    assert found.r == golden("polychoric", "tetrachoric").approx()
    table = table_of(dichotomies[:, 0], dichotomies[:, 2])
    assert table == golden("polychoric", "tetrachoric.table.signed_sathi").approx()
    record = golden("polychoric", "tetrachoric.pair.signed_sathi")
    assert found.r[0, 2] == record.approx("rho")
    assert found.std_error_fixed[0, 2] == record.approx("se")


@pytest.mark.parametrize("record, method", [("polyserial.twostep", "two-step"), ("polyserial.ml", "ml")])
def test_polyserial(mixed, golden, record, method):
    found, expected = polyserial(mixed["trust_after"], mixed["SAT1"], method=method), golden(
        "polychoric", f"{record}.trust_SAT1"
    )  # fmt: skip
    assert found.converged
    assert found.rho == expected.approx("rho")
    assert found.std_error == expected.approx("se")


def test_moment_estimates(mixed, golden):
    found = polyserial(mixed["PAR"], mixed["renewal_support"], method="moment")
    assert found.rho == golden("polychoric", "polyserial.twostep.PAR_renewal").approx()
    found = polyserial(mixed["PAR"], mixed["signed_agreement"], method="moment")
    assert found.rho == golden("polychoric", "biserial.PAR_signed").approx()
    point = pearson(mixed[["PAR", "signed_agreement"]].to_numpy(float)).r[0, 1]
    assert point == golden("polychoric", "point_biserial.PAR_signed").approx()


def test_pearson_and_concordance_of_the_same_rows(sat, golden):
    assert pearson(sat).r == golden("polychoric", "pearson_vs.SAT").approx()
    found, record = concordance(table_of(sat[:, 0], sat[:, 1])), golden("polychoric", "gamma_tau.SAT1_SAT2")
    assert found.gamma == record.approx("gamma")
    assert found.tau_b == record.approx("tau_b")
    assert found.somers_d == record.approx("somers_d_col_given_row")


def exact_population(rho, cuts):
    """Every answer pattern of two columns with its probability as weight."""
    ends = np.concatenate([[-np.inf], cuts, [np.inf]])
    grid = bivariate_normal_cdf(ends[:, None], ends[None, :], rho)
    chance = np.diff(np.diff(grid, axis=0), axis=1)
    a, b = np.indices(chance.shape)
    return np.column_stack([a.ravel(), b.ravel()]).astype(float), chance.ravel()


def test_influence_is_the_derivative_by_the_weight_of_a_person():
    # In a sample that is the model itself the outer products equal the information, so the two agree exactly.
    x, chance = exact_population(0.55, [-1.0, 0.2, 1.1])
    found = polychoric(x, weights=chance)
    assert found.rho[0] == pytest.approx(0.55, abs=1e-10)
    assert found.tau == pytest.approx([-1.0, 0.2, 1.1] * 2, abs=1e-12)
    whole = np.concatenate([found.tau, found.rho])
    for person in (0, 3, 6, 9, 15):
        step = np.zeros(len(x))
        step[person] = 1e-6
        moved = polychoric(x, weights=chance + step)
        slope = (np.concatenate([moved.tau, moved.rho]) - whole) / 1e-6
        # `influence` has the person's own weight inside, as a part of `n_obs`.
        assert found.influence()[person] / (chance[person] * len(x)) == pytest.approx(slope, rel=2e-4, abs=2e-4)


def test_influence_sums_to_nothing_and_gamma_is_its_square(mechanisms):
    found = polychoric(mechanisms)
    influence = found.influence()
    assert influence.shape == (849, 48 + 66)
    assert np.abs(influence.mean(axis=0)).max() < 1e-8
    assert found.gamma() == pytest.approx(influence.T @ influence / 849)
    errors = np.sqrt(np.diag(found.gamma())[48:] / 849)
    assert found.std_error[found.pairs[:, 0], found.pairs[:, 1]] == pytest.approx(errors)


def test_standard_errors_agree_with_what_repeated_samples_show():
    rng = np.random.default_rng(7)
    estimates, errors = [], []
    for _ in range(200):
        z = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400)
        found = polychoric(np.digitize(z, [-0.8, 0.1, 0.9]))
        estimates.append(found.rho[0])
        errors.append(found.std_error[0, 1])
    assert np.mean(estimates) == pytest.approx(0.5, abs=0.01)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.15)


def test_pairs_run_down_the_columns_of_the_lower_triangle(mechanisms):
    assert polychoric(mechanisms[:, :4]).pairs.tolist() == [[1, 0], [2, 0], [3, 0], [2, 1], [3, 1], [3, 2]]


def test_whole_weights_are_repeated_rows(sat):
    weights = np.arange(len(sat)) % 3
    weighted, repeated = polychoric(sat, weights=weights), polychoric(np.repeat(sat, weights, axis=0))
    assert weighted.r == pytest.approx(repeated.r, abs=1e-9)
    assert weighted.tau == pytest.approx(repeated.tau, abs=1e-12)


def test_gaps(sat):
    x = sat[:300].copy()
    x[:40, 0] = np.nan
    x[30:60, 1] = np.nan
    x[60] = np.nan
    pairwise, listwise = polychoric(x), polychoric(x, missing="listwise")
    assert pairwise.n_obs == 299 and listwise.n_obs == 239
    assert pairwise.n[0, 1] == 239 and pairwise.n[0, 2] == 259 and pairwise.n[2, 3] == 299
    complete = x[~np.isnan(x).any(axis=1)]
    assert listwise.r == pytest.approx(polychoric(complete).r)
    assert listwise.gamma() == pytest.approx(polychoric(complete).gamma())
    assert pairwise.thresholds[2] == pytest.approx(polychoric(np.delete(sat[:300], 60, axis=0)).thresholds[2])
    influence = pairwise.influence()
    assert np.all(influence[60] == 0) and np.all(influence[:40, :4] == 0) and np.all(influence[0, 4:8] != 0)
    assert np.abs(influence.sum(axis=0)).max() < 1e-6


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_reversed_item_changes_only_the_sign(seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(80, 1)) + rng.normal(size=(80, 3))
    x = np.digitize(z, [-1, 0, 1]).astype(float)
    turned = x.copy()
    turned[:, 0] = 3 - turned[:, 0]
    a, b = polychoric(x), polychoric(turned)
    assert np.allclose(a.r[0, 1:], -b.r[0, 1:], atol=1e-8)
    assert np.allclose(a.std_error, b.std_error, atol=1e-7)


def test_columns_of_different_width_do_not_disturb_one_another(sat):
    narrow = np.where(sat[:, 0] > 3, 1.0, 0.0)
    both = polychoric(np.column_stack([narrow, sat[:, 1], sat[:, 2]]))
    alone = polychoric(np.column_stack([narrow, sat[:, 1]]))
    assert both.r[0, 1] == pytest.approx(alone.r[0, 1], abs=1e-12)
    assert both.r[1, 2] == pytest.approx(polychoric(sat[:, 1:3]).r[0, 1], abs=1e-12)
    assert [len(t) for t in both.thresholds] == [1, 4, 4]
    assert both.std_error[0, 1] == pytest.approx(alone.std_error[0, 1])


def test_an_empty_cell_of_a_two_by_two_table_gets_half_an_answer():
    x = np.repeat([[0, 0], [0, 1], [1, 1]], [30, 20, 50], axis=0).astype(float)
    found = polychoric(x)
    assert found.empty_cells.tolist() == [1] and not found.at_bound
    by_hand = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [59, 41, 1, 99], axis=0).astype(float)
    assert found.rho[0] == pytest.approx(polychoric(by_hand).rho[0], abs=1e-9)
    bare = polychoric(x, zero_add=(0.0, 0.0))
    assert bare.at_bound == ((1, 0),) and bare.rho[0] == pytest.approx(0.9999)


def test_identical_columns_are_held_at_the_bound(sat):
    found = polychoric(np.column_stack([sat[:, 0], sat[:, 0], 6 - sat[:, 0]]))
    assert found.at_bound == ((1, 0), (2, 0), (2, 1))
    assert found.rho == pytest.approx([0.9999, -0.9999, -0.9999])


def test_a_constant_column_is_nan_and_named(sat):
    x = np.column_stack([sat[:, :2], np.full(len(sat), 3.0)])
    found = polychoric(x)
    assert found.constant == (2,)
    assert np.isnan(found.r[2]).all() and np.isfinite(found.r[0, 1])
    assert np.isnan(found.std_error[2]).all()
    assert found.influence().shape == (len(sat), 8 + 3)
    assert np.isfinite(found.gamma()).all()


def test_no_common_rows_and_no_rows():
    gap = np.nan
    apart = polychoric(np.array([[1, gap, 1], [2, gap, 2], [gap, 1, 1], [gap, 2, 2], [1, gap, 2]]))
    assert np.isnan(apart.r[0, 1]) and apart.n[0, 1] == 0
    nothing = polychoric(np.full((3, 2), gap))
    assert nothing.n_obs == 0 and np.isnan(nothing.r).all()


def test_calls_that_make_no_sense():
    x = np.ones((3, 2))
    for arguments in ({"missing": "fiml"}, {"weights": np.ones(2)}, {"weights": np.array([1, -1, 1])}):
        with pytest.raises(ValueError):
            polychoric(x, **arguments)
    with pytest.raises(ValueError):
        polychoric(np.array([[np.inf, 1.0]]))
    with pytest.raises(ValueError):
        polyserial(np.ones(3), np.ones(3), method="magic")
    with pytest.raises(ValueError):
        polychoric_ml(np.array([[3, 4], [0, 0]]))


def test_polyserial_without_variation_or_with_a_perfect_line():
    assert np.isnan(polyserial(np.arange(5), np.ones(5)).rho)
    held = polyserial(np.arange(20), np.arange(20) // 10)
    assert held.rho == pytest.approx(0.9999) and not held.converged
    with_gaps = polyserial(np.array([1, 2, 3, 4, np.nan]), np.array([0, 1, 0, 1, 1]), method="moment")
    assert with_gaps.n_obs == 4


def test_concordance_of_ties_only():
    assert np.isnan(concordance(np.array([[5, 0], [0, 0]]))).all()
    assert concordance(np.array([[3, 0], [0, 4]])) == pytest.approx((1, 1, 1))


def test_smoothing():
    r = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    found = smooth(r)
    assert found.changed and found.smallest == pytest.approx(-0.8)
    assert np.diag(found.r) == pytest.approx(1) and np.linalg.eigvalsh(found.r)[0] > 0
    fine = np.array([[1, 0.3], [0.3, 1]])
    assert smooth(fine).r is fine and not smooth(fine).changed
