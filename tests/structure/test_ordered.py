"""Ordered items beyond the golden records: theory that must hold, and bad input."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from structure_models import M3, scored

from evalkit.contract import AnalysisError
from evalkit.structure import ModelError, bootstrap, fit, modification_indices, monte_carlo, scores
from evalkit.structure.modification import joint_tests

ONE = "OB =~ OB1 + OB2 + OB3 + OB4"


@cache
def fitted(parameterisation: str = "delta"):
    return fit(M3, scored(), ordinal=True, parameterisation=parameterisation)


def code(error: pytest.ExceptionInfo) -> str:
    return error.value.problems[0].code


def test_delta_and_theta_standardise_alike():
    delta, theta = (fitted(kind).standardised() for kind in ("delta", "theta"))
    both = delta.merge(theta, on=["lhs", "op", "rhs"], suffixes=("", "_theta"))
    both = both[both["op"].isin(["=~", "~~", "|"])]
    assert len(both) > 60
    assert both["est_theta"].to_numpy() == pytest.approx(both["est"].to_numpy(), abs=1e-6)
    assert both["se_theta"].to_numpy() == pytest.approx(both["se"].to_numpy(), abs=1e-6)


def test_slopes_are_derivatives():
    found = fitted("theta")
    block, layout = found.objective.blocks[0], found.layout
    analytic = block.slopes(found.solution.implied[0], layout.jacobian(found.solution.implied[0], 0))
    at, step = found.theta, 1e-6
    for k in range(0, len(at), 7):
        ends = [block.statistics.implied(layout.implied(at + s * step * np.eye(len(at))[k])) for s in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(analytic[k], abs=1e-7)


def test_pairwise_uses_every_row():
    listwise, pairwise = (fit(ONE, scored(), ordinal=True, missing=rule) for rule in ("listwise", "pairwise"))
    answered = scored()[["OB1", "OB2", "OB3", "OB4"]].notna()
    assert listwise.n_obs == answered.all(axis=1).sum()
    assert pairwise.n_obs == answered.any(axis=1).sum()
    pairs = pairwise.estimates()
    assert pairs.loc[pairs["op"] == "=~", "est"].to_numpy() == pytest.approx([1, 0.97, 0.89, 0.79], abs=0.05)


def test_a_score_test_foresees_the_difference():
    small = fit(M3 + "\nOB1 ~~ 0*OE4", scored(), ordinal=True, estimator="WLSM")
    first = modification_indices(fitted()).iloc[0]
    text = f"{first['lhs']} {first['op']} {first['rhs']}"
    freed = fit(f"{M3}\n{text}", scored(), ordinal=True).estimates()
    row = freed[(freed["lhs"] == first["lhs"]) & (freed["op"] == first["op"]) & (freed["rhs"] == first["rhs"])].iloc[0]
    assert row["est"] == pytest.approx(first["epc"], rel=0.15)
    assert row["z"] ** 2 == pytest.approx(first["mi"], rel=0.3)
    at = next(i for i, r in enumerate(small.table.rows) if r.name == "OB1~~OE4")
    alone = modification_indices(small).query("lhs == 'OB1' and rhs == 'OE4' and op == '~~'")["mi"].iloc[0]
    assert joint_tests(small, [[at]])["statistic"][0] == pytest.approx(alone, rel=1e-9)


def test_modes_are_maxima_of_the_posterior():
    found = fit(ONE, scored(), ordinal=True)
    rows = scored().loc[found.sample.groups[0].index].head(5)
    got = scores(found, rows)["OB"].to_numpy()
    standard = found.standardised()
    loading = standard.loc[standard["op"] == "=~", "est"].to_numpy()
    cuts = found.sample.groups[0].statistics().thresholds
    variance = found.latent_cov().iloc[0, 0]
    from scipy import optimize, stats

    for answers, mode in zip(rows[["OB1", "OB2", "OB3", "OB4"]].to_numpy(int), got, strict=True):

        def loss(eta, answers=answers):
            out = 0.5 * eta**2
            for a, cut, reach in zip(answers, cuts, loading, strict=True):
                ends = np.array([-np.inf, *cut, np.inf])[[a - 1, a]]
                p = np.diff(stats.norm.cdf((ends - reach * eta) / np.sqrt(1 - reach**2)))[0]
                out -= np.log(p)
            return out

        best = optimize.minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9}).x
        assert mode / np.sqrt(variance) == pytest.approx(best, abs=1e-5)


def test_a_continuous_variable_may_stand_beside_ordered_ones():
    data = scored().assign(age=lambda d: d["age"] / 10)
    found = fit(ONE + "\nOB ~ age", data, ordinal=["OB1", "OB2", "OB3", "OB4"], fixed_x=False)
    assert [n.code for n in found.notices] == ["N954"]
    slope, plain = (f.standardised().query("op == '~'")["est"].iloc[0] for f in (found, fit(ONE + "\nOB ~ age", data)))
    assert slope == pytest.approx(plain, abs=0.03)
    mean = found.estimates().query("lhs == 'age' and op == '~1'").iloc[0]
    used = data.loc[found.sample.groups[0].index, "age"]
    assert mean["est"] == pytest.approx(used.mean(), rel=1e-6)
    assert mean["se"] == pytest.approx(used.std() / np.sqrt(len(used)), rel=5e-3)


def test_clusters_of_one_change_next_to_nothing_and_real_ones_do():
    data = scored().assign(alone=lambda d: np.arange(len(d)))
    plain = fit(ONE, data, ordinal=True)
    alone, real = (fit(ONE, data, ordinal=True, cluster=name) for name in ("alone", "community_id"))
    assert np.diag(alone.vcov) == pytest.approx(np.diag(plain.vcov), rel=5e-3)
    assert alone.scaled_test.statistic == pytest.approx(plain.scaled_test.statistic, rel=1e-2)
    assert np.abs(np.diag(real.vcov) / np.diag(plain.vcov) - 1).max() > 0.05


def test_the_bootstrap_agrees_with_the_sandwich():
    found = fit(ONE, scored(), ordinal=True)
    drawn = bootstrap(found, resamples=60, seed=3)
    loose = found.estimates()["se"].to_numpy() > 0
    ratio = drawn.values.std(axis=0)[loose] / found.estimates()["se"].to_numpy()[loose]
    assert drawn.n_failed < 10
    assert 0.7 < np.median(ratio) < 1.3


def test_residuals_over_their_errors():
    found = fitted()
    z = found.residuals("standardised").to_numpy()
    inside = z[np.tril_indices(12, -1)]
    assert np.isfinite(inside).all()
    assert 0.5 < np.sqrt(np.mean(inside**2)) < 1.5


def test_bad_input_says_what_to_do():
    data = scored()
    with pytest.raises(AnalysisError) as error:
        fit(ONE, data, ordinal=True, estimator="MLR")
    assert code(error) == "E948"
    with pytest.raises(AnalysisError) as error:
        fit(ONE, data, estimator="WLSMV")
    assert code(error) == "E957"
    with pytest.raises(AnalysisError) as error:
        fit(ONE, data, ordinal=True, missing="fiml")
    assert code(error) == "E928"
    with pytest.raises(AnalysisError) as error:
        fit(ONE, data, ordinal=["OB9"])
    assert code(error) == "E928"
    with pytest.raises(AnalysisError) as error:
        fit("OB =~ OB1 + OB2 + OB3 + twin", data.assign(twin=data["OB1"]), ordinal=True)
    assert code(error) == "E945"
    with pytest.raises(AnalysisError) as error:
        fit(ONE, data, ordinal=True, group="gender", group_equal=["residuals"])
    assert code(error) == "E956"
    for text in ("OB1 | t5", "OB1 ~~ 1*OB1"):
        with pytest.raises(ModelError) as error:
            fit(f"{ONE}\n{text}", data, ordinal=True)
        assert code(error) in ("E950", "E955")
    with pytest.raises(ModelError) as error:
        fit(f"{ONE}\nOB1 | t1", data)
    assert code(error) == "E950"
    with pytest.raises(AnalysisError) as error:
        scores(fit(ONE + "\nOB1 ~~ OB2", data, ordinal=True), data)
    assert code(error) == "E958"


def test_a_category_nobody_of_a_group_chose_is_named():
    data = scored()
    data = data[~((data["gender"] == "male") & (data["OB2"] == 5))]
    with pytest.raises(AnalysisError) as error:
        fit(ONE, data, ordinal=True, group="gender")
    assert code(error) == "E947"
    assert error.value.problems[0].params == {"item": "OB2", "codes": ["5"], "group": "male"}


def test_two_categories_are_enough():
    data = pd.DataFrame(
        {name: (scored()[name] > 3).where(scored()[name].notna()) for name in ("OB1", "OB2", "OB3", "OB4")}
    )
    found = fit(ONE, data.astype(float), ordinal=True)
    whole = fit(ONE, scored(), ordinal=True)
    assert found.df == whole.df == 2
    got, full = (f.standardised().query("op == '=~'")["est"].to_numpy() for f in (found, whole))
    assert got == pytest.approx(full, abs=0.12)


def test_a_parameter_to_leave_free_that_is_not_there_is_named():
    with pytest.raises(AnalysisError) as error:
        fit(ONE, scored(), ordinal=True, group="gender", group_equal=["thresholds"], group_partial=["OB1|t9"])
    assert code(error) == "E928"
    assert "OB1|t1" in error.value.problems[0].params["known"]


def test_a_variable_of_many_categories_is_hardly_ordinal():
    found = fit("OB =~ OB1 + OB2 + OB3 + age", scored(), ordinal=True)
    assert "W790" in [n.code for n in found.notices]


def test_draws_leave_out_what_is_derived():
    found = fit(ONE, scored(), ordinal=True)
    frame = monte_carlo(found, draws=2000, seed=1).frame()
    assert frame.loc[(frame["op"] == "~~") & (frame["lhs"] == "OB1"), "conf_low"].isna().all()
    loading = frame[(frame["op"] == "=~") & (frame["rhs"] == "OB2")].iloc[0]
    plain = found.estimates().query("op == '=~' and rhs == 'OB2'").iloc[0]
    assert loading["boot_se"] == pytest.approx(plain["se"], rel=0.1)
