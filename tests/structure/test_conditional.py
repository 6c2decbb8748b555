"""Ordered variables given exogenous ones: identities with probit regression, theory that must hold, and bad input."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from structure_models import scored

from evalkit.contract import AnalysisError
from evalkit.structure import bootstrap, compare, fit, modification_indices, scores
from evalkit.structure.ordered_reliability import categorical_omega

ITEMS = ["OB1", "OB2", "OB3", "OB4"]
ONE = "OB =~ " + " + ".join(ITEMS)
PATHS = "OB ~ decade + female\nSAT1 ~ OB + decade + female"
AGREED = "signed_agreement"


@cache
def sample() -> pd.DataFrame:
    data = scored()
    data = data[data["in_analysis_sample"] == 1].assign(decade=lambda d: d["age"] / 10)
    return data.dropna(subset=[*ITEMS, "SAT1", "decade", "female", AGREED])


@cache
def fitted(parameterisation: str = "delta"):
    return fit(f"{ONE}\n{PATHS}", sample(), ordinal=True, parameterisation=parameterisation)


def code(error: pytest.ExceptionInfo) -> str:
    return error.value.problems[0].code


def row(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame.loc[(frame["lhs"] + frame["op"] + frame["rhs"]) == name].iloc[0]


def test_one_binary_outcome_is_its_probit_regression():
    from statsmodels.discrete.discrete_model import Probit

    data = sample()
    design = data[["decade", "female", "OE"]]
    found = fit(f"{AGREED} ~ decade + female + OE", data, ordinal=True)
    model = Probit(data[AGREED], design.assign(one=1.0))
    probit = model.fit(disp=0, method="newton", tol=1e-12)
    each = model.score_obs(probit.params.to_numpy())
    se = np.sqrt(np.diag(np.linalg.inv(each.T @ each)) * len(data) / (len(data) - 1))  # outer products of the scores
    got = found.estimates()
    for k, name in enumerate(design):
        assert row(got, f"{AGREED}~{name}")["est"] == pytest.approx(probit.params[name], abs=1e-7)
        assert row(got, f"{AGREED}~{name}")["se"] == pytest.approx(se[k], rel=1e-5)
    assert row(got, f"{AGREED}|t1")["est"] == pytest.approx(-probit.params["one"], abs=1e-6)
    assert row(got, f"{AGREED}|t1")["se"] == pytest.approx(se[3], rel=1e-5)
    assert found.df == 0 and not found.notices
    explained = np.var(design @ probit.params[list(design)])
    assert found.r_squared()["value"][0] == pytest.approx(explained / (1 + explained), rel=1e-6)


def test_one_ordered_outcome_is_its_ordered_probit_regression():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    data = sample()
    found = fit("SAT1 ~ decade + female", data, ordinal=["SAT1"]).estimates()
    model = OrderedModel(data["SAT1"], data[["decade", "female"]], distr="probit")
    probit = model.fit(disp=0, method="bfgs", gtol=1e-8, maxiter=500)
    cuts = model.transform_threshold_params(probit.params.to_numpy())[1:-1]
    assert found.query("op == '~'")["est"].to_numpy() == pytest.approx(probit.params[:2].to_numpy(), abs=1e-5)
    assert found.query("op == '|'")["est"].to_numpy() == pytest.approx(cuts, abs=1e-4)


def test_one_continuous_outcome_beside_keeps_its_least_squares():
    data = sample()
    found = fit(f"SV ~ decade + female\n{AGREED} ~ decade", data, ordinal=[AGREED]).estimates()
    design = np.column_stack([np.ones(len(data)), data[["decade", "female"]]])
    slopes, rest = np.linalg.lstsq(design, data["SV"].to_numpy(), rcond=None)[:2]
    # The path female -> agreement is fixed at zero, but weighted by itself: the regression of SV hardly moves.
    assert found.query("lhs == 'SV' and op == '~'")["est"].to_numpy() == pytest.approx(slopes[1:], abs=0.01)
    assert row(found, "SV~~SV")["est"] == pytest.approx(rest[0] / len(data), rel=1e-3)


def test_units_of_the_exogenous_variables_do_not_matter():
    data = sample()
    moved = data.assign(decade=data["decade"] * 1000 + 5e5)
    one, other = (fit(f"{ONE}\nOB ~ decade", d, ordinal=True) for d in (data, moved))
    assert other.test.statistic == pytest.approx(one.test.statistic, rel=1e-5)
    got, plain = (row(f.estimates(), "OB~decade") for f in (other, one))
    assert got["est"] * 1000 == pytest.approx(plain["est"], rel=1e-5)
    assert got["z"] == pytest.approx(plain["z"], rel=1e-5)
    beta, plain_beta = (f.standardised()["est"].to_numpy() for f in (other, one))
    kept = ~one.estimates()["op"].isin(["~1", "|"]).to_numpy()  # these are where the exogenous variable is zero
    assert beta[kept] == pytest.approx(plain_beta[kept], abs=1e-5)


def test_delta_and_theta_standardise_alike():
    delta, theta = (fitted(kind).standardised() for kind in ("delta", "theta"))
    both = delta.merge(theta, on=["lhs", "op", "rhs"], suffixes=("", "_theta"))
    both = both[both["op"].isin(["=~", "~", "~~", "|"])]
    assert both["est_theta"].to_numpy() == pytest.approx(both["est"].to_numpy(), abs=1e-5)
    assert both["se_theta"].to_numpy() == pytest.approx(both["se"].to_numpy(), abs=1e-5)


@pytest.mark.parametrize("parameterisation", ["delta", "theta"])
def test_slopes_are_derivatives(parameterisation):
    found = fitted(parameterisation)
    block, layout = found.objective.blocks[0], found.layout
    analytic = block.slopes(found.solution.implied[0], layout.jacobian(found.solution.implied[0], 0))
    at, step = found.theta, 1e-6
    assert len(block.statistics.values) == analytic.shape[1] == 5 * 4 + 5 * 2 + 10
    for k in range(len(at)):
        ends = [block.statistics.implied(layout.implied(at + s * step * np.eye(len(at))[k])) for s in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(analytic[k], abs=1e-7)


def test_a_normal_predictor_may_as_well_be_modelled():
    given, joint = (fit(f"{ONE}\nOB ~ SAT", sample(), ordinal=ITEMS, fixed_x=kept) for kept in (True, False))
    assert [n.code for n in joint.notices] == ["N954"]
    assert not given.notices
    assert given.df == joint.df
    for name in ("OB~SAT", "OB=~OB3", "SAT~~SAT"):
        one, other = (row(f.standardised(), name)["est"] for f in (given, joint))
        assert one == pytest.approx(other, abs=0.02)
    assert given.r_squared()["value"].to_numpy() == pytest.approx(joint.r_squared()["value"].to_numpy(), abs=0.02)
    assert given.latent_cov().iloc[0, 0] == pytest.approx(
        row(given.estimates(), "OB~~OB")["est"] / (1 - given.r_squared().set_index("name")["value"]["OB"]), rel=1e-9
    )


def test_exogenous_variables_keep_their_units_in_nox():
    every, nox = (fitted().standardised(kind) for kind in ("all", "nox"))
    female = sample()["female"].std(ddof=0)
    assert row(every, "OB~female")["est"] == pytest.approx(row(nox, "OB~female")["est"] * female, rel=1e-9)
    assert row(every, "decade~~female")["est"] == pytest.approx(sample()[["decade", "female"]].corr().iloc[0, 1])


def test_parameters_of_a_known_population_come_back():
    rng = np.random.default_rng(7)
    n = 6000
    x = rng.exponential(1.0, n)  # far from normal, as the model allows
    factor = 0.5 * x + rng.standard_normal(n)
    data = pd.DataFrame({f"y{k}": 0.8 * factor + 0.6 * rng.standard_normal(n) for k in range(1, 5)})
    data["y1"] += 0.3 * x
    data = (data.apply(lambda c: np.digitize(c, [-0.3, 0.6, 1.4]))).astype(float).assign(x=x)
    found = fit("f =~ NA*y2 + y3 + y4 + y1\nf ~~ 1*f\nf ~ x\ny1 ~ x", data, ordinal=["y1", "y2", "y3", "y4"])
    got = found.estimates()
    assert row(got, "f~x")["est"] == pytest.approx(0.5, abs=4 * row(got, "f~x")["se"])
    assert row(got, "y1~x")["est"] == pytest.approx(0.3, abs=4 * row(got, "y1~x")["se"])
    assert row(got, "f=~y3")["est"] == pytest.approx(0.8, abs=4 * row(got, "f=~y3")["se"])
    assert got.query("op == '|'")["est"].to_numpy() == pytest.approx(np.tile([-0.3, 0.6, 1.4], 4), abs=0.12)
    assert found.df == 4 and found.scaled_test.p_value > 0.001


def test_the_bootstrap_agrees_with_the_sandwich():
    found = fit(f"SV ~ OE\n{AGREED} ~ OE + SV", sample(), ordinal=[AGREED])
    drawn = bootstrap(found, resamples=120, seed=5)
    assert drawn.n_failed == 0
    slopes = (found.estimates()["op"] == "~").to_numpy()
    ratio = drawn.values.std(axis=0)[slopes] / found.estimates()["se"].to_numpy()[slopes]
    assert ratio == pytest.approx(np.ones(3), abs=0.25)


def test_clusters_and_whole_weights():
    from evalkit.sampling import Design

    data = sample().reset_index(drop=True)
    text = f"SV ~ decade\n{AGREED} ~ decade + SV"
    plain, clustered = (fit(text, data, ordinal=[AGREED], cluster=c) for c in (None, "community_id"))
    assert clustered.theta == pytest.approx(plain.theta, abs=1e-9)
    assert np.abs(np.diag(clustered.vcov) / np.diag(plain.vcov) - 1).max() > 0.05
    counts = 1 + (np.arange(len(data)) % 3 == 0)
    repeated = fit(text, data.loc[np.repeat(data.index, counts)], ordinal=[AGREED])
    weighted = fit(text, data.assign(w=counts.astype(float)), ordinal=[AGREED], design=Design(weights="w"))
    assert weighted.theta == pytest.approx(repeated.theta, abs=1e-7)


def test_pairwise_leaves_out_who_has_no_exogenous_value_or_nothing_else():
    data = scored().assign(decade=lambda d: d["age"] / 10).reset_index(drop=True)
    data.loc[[3, 8], "decade"] = np.nan
    data.loc[[5, 9, 11], ITEMS] = np.nan
    listwise, pairwise = (fit(f"{ONE}\nOB ~ decade", data, ordinal=True, missing=r) for r in ("listwise", "pairwise"))
    answered = data[ITEMS].notna()
    assert listwise.n_obs == (answered.all(axis=1) & data["decade"].notna()).sum()
    assert pairwise.n_obs == (answered.any(axis=1) & data["decade"].notna()).sum()
    slopes = [row(f.standardised(), "OB~decade")["est"] for f in (listwise, pairwise)]
    assert slopes[0] == pytest.approx(slopes[1], abs=0.03)


def test_groups_may_share_their_paths():
    free, equal = (
        fit(f"{ONE}\nOB ~ decade", sample(), ordinal=True, group="gender", group_equal=names)
        for names in (["thresholds", "loadings"], ["thresholds", "loadings", "regressions"])
    )
    got = equal.estimates().query("op == '~'")["est"]
    assert got.nunique() == 1 and free.estimates().query("op == '~'")["est"].nunique() == 2
    assert compare(free, equal).df_diff == equal.df - free.df == 1


def test_a_score_test_foresees_an_added_path():
    small = fit(f"{ONE}\nOB ~ decade + female", sample(), ordinal=True)
    indices = modification_indices(small)
    foreseen = indices[(indices["op"] == "~") & (indices["lhs"] == "SAT1")]
    assert foreseen.empty  # only among the variables of the regressions
    small = fit(f"{ONE}\nOB ~ decade\nSAT1 ~ OB + 0*decade", sample(), ordinal=True)
    indices = modification_indices(small)
    chosen = indices[(indices["lhs"] == "SAT1") & (indices["op"] == "~") & (indices["rhs"] == "decade")].iloc[0]
    freed = row(fit(f"{ONE}\nOB ~ decade\nSAT1 ~ OB + decade", sample(), ordinal=True).estimates(), "SAT1~decade")
    assert freed["est"] == pytest.approx(chosen["epc"], rel=0.15)
    assert freed["z"] ** 2 == pytest.approx(chosen["mi"], rel=0.2)


def test_scores_are_modes_given_the_exogenous_variables():
    found = fit(f"{ONE}\nOB ~ decade + female\nOB2 ~ female", sample(), ordinal=True, parameterisation="theta")
    rows = sample().head(6)
    got = scores(found, rows)["OB"].to_numpy()
    est = found.estimates()
    loading = est.query("op == '=~'")["est"].to_numpy()
    cuts = est.query("op == '|'")["est"].to_numpy().reshape(4, -1)
    variance = row(est, "OB~~OB")["est"]
    for k, (_, person) in enumerate(rows.iterrows()):
        centre = sum(row(est, f"OB~{x}")["est"] * person[x] for x in ("decade", "female"))
        direct = np.array([0.0, row(est, "OB2~female")["est"] * person["female"], 0.0, 0.0])

        def loss(eta, person=person, centre=centre, direct=direct):
            ends = np.hstack([np.full((4, 1), -np.inf), cuts, np.full((4, 1), np.inf)])
            at = person[ITEMS].to_numpy(int)
            p = stats.norm.cdf(ends - (loading * eta + direct)[:, None])
            chance = p[np.arange(4), at] - p[np.arange(4), at - 1]
            return 0.5 * (eta - centre) ** 2 / variance - np.log(chance).sum()

        best = optimize.minimize_scalar(loss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9}).x
        assert got[k] == pytest.approx(best, abs=1e-4)
    unknown = scores(found, rows.assign(decade=np.nan))
    assert unknown["OB"].isna().all()


def test_reliability_counts_the_exogenous_variance():
    with_x = categorical_omega(fit(f"{ONE}\nOB ~ SAT", sample(), ordinal=ITEMS))["OB"]
    without = categorical_omega(fit(ONE, sample(), ordinal=True))["OB"]
    assert with_x == pytest.approx(without, abs=0.01)


def test_moments_that_the_model_writes_are_modelled():
    written = fit(f"{ONE}\nOB ~ decade\ndecade ~~ decade", sample(), ordinal=ITEMS)
    joint = fit(f"{ONE}\nOB ~ decade", sample(), ordinal=ITEMS, fixed_x=False)
    assert written.test.statistic == pytest.approx(joint.test.statistic, rel=1e-9)
    assert [n.code for n in written.notices] == ["N954"]
    with pytest.raises(AnalysisError) as error:
        fit(f"{ONE}\nOB ~ decade\ndecade ~~ decade", sample(), ordinal=ITEMS, fixed_x=True)
    assert code(error) == "E956"


def test_bad_input_says_what_to_do():
    data = sample().assign(twin=lambda d: d["decade"] * 2, told=lambda d: d[AGREED] + 0.1, same=1.0)
    for text, expected in (
        (f"{AGREED} ~ told", "E6010"),
        (f"{AGREED} ~ decade + twin", "E923"),
        (f"{AGREED} ~ same", "E921"),
        (f"twin ~ decade\n{AGREED} ~ decade", "E6010"),
    ):
        with pytest.raises(AnalysisError) as error:
            fit(text, data, ordinal=[AGREED])
        assert code(error) == expected
    with pytest.raises(AnalysisError) as error:
        fit(f"{AGREED} ~ decade", data, ordinal=["decade"])
    assert code(error) == "E928"
