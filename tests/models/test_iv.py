"""Instrumental variables: identities, a published Wald estimate, an oracle, weak instruments, and bad input."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as f_distribution

from evalkit.contract import AnalysisError
from evalkit.models.causal import iv
from evalkit.report import sentences


def sample(n=400, strength=0.6, n_instruments=2, effect=0.5, seed=3, direct=0.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, n_instruments))
    common, w = rng.normal(size=n), rng.normal(size=n)
    x = strength * z.sum(axis=1) + 0.4 * w + common + rng.normal(size=n)
    y = effect * x + 0.3 * w + common + rng.normal(size=n) * (1 + 0.4 * np.abs(w)) + direct * z[:, -1]
    frame = pd.DataFrame({"y": y, "x": x, "w": w, "town": np.arange(n) // 10})
    return frame.assign(**{f"z{j}": z[:, j] for j in range(n_instruments)})


CALL = {"y": "y", "endogenous": "x", "instruments": ["z0", "z1"], "covariates": ["w"]}


def row(result, model, term="x", **keys):
    tidy = result.tidy()
    found = tidy[(tidy["model"] == model) & (tidy["term"] == term)]
    for key, value in keys.items():
        found = found[found[key] == value]
    return found.iloc[0]


def diagnostic(result, name):
    return result.tidy().set_index("term").loc[f"test.{name}"]


def codes(result):
    return [p.code for p in result.notices]


def code(**call):
    with pytest.raises(AnalysisError) as err:
        iv(**call)
    return err.value.problems[0].code


class TestEstimates:
    def test_angrist_and_krueger_1991_table_3(self):
        """Wald estimate of the return to schooling, men born 1920-29: published means give the published ratio."""
        wage, school = {1: 5.1484, 0: 5.1574}, {1: 11.3996, 0: 11.5252}
        frame = pd.DataFrame(
            [
                (quarter, school[quarter] + a, wage[quarter] + b)
                for quarter in (1, 0)
                for a, b in ((-1, 0.1), (1, -0.1), (0, 0.2), (0, -0.2))
            ],
            columns=["first_quarter", "schooling", "log_wage"],
        )
        found = iv(frame, y="log_wage", endogenous="schooling", instruments="first_quarter")
        assert row(found, "2sls", "schooling")["estimate"] == pytest.approx(0.0715, abs=2e-4)

    def test_one_binary_instrument_gives_the_wald_ratio(self):
        data = sample().assign(z=lambda d: (d["z0"] > 0).astype(float))
        means = data.groupby("z")[["y", "x"]].mean().diff().iloc[-1]
        found = iv(data, y="y", endogenous="x", instruments="z")
        assert row(found, "2sls")["estimate"] == pytest.approx(means["y"] / means["x"], rel=1e-10)

    def test_an_exogenous_column_that_instruments_itself_gives_least_squares(self):
        data = sample().assign(copy=lambda d: d["x"])
        found = iv(data, y="y", endogenous="x", instruments="copy", covariates=["w"], cov="classical")
        ours, least = row(found, "2sls"), row(found, "ols")
        for name in ("estimate", "std_error", "df", "p_value"):
            assert ours[name] == pytest.approx(least[name], rel=1e-9)

    def test_two_stage_least_squares_agrees_with_statsmodels(self):
        gmm = pytest.importorskip("statsmodels.sandbox.regression.gmm")
        data = sample()
        ones = np.ones(len(data))
        x = np.column_stack([data["x"], ones, data["w"]])
        z = np.column_stack([ones, data[["w", "z0", "z1"]]])
        oracle = gmm.IV2SLS(data["y"].to_numpy(), x, z).fit()
        found = iv(data, **CALL, cov="classical")
        for i, term in enumerate(("x", "intercept", "w")):
            ours = row(found, "2sls", term)
            assert ours["estimate"] == pytest.approx(oracle.params[i], rel=1e-10)
            assert ours["std_error"] == pytest.approx(oracle.bse[i], rel=1e-10)

    def test_robust_and_clustered_errors_are_the_sandwich_of_the_fitted_regressors(self):
        data = sample()
        x = np.column_stack([data["x"], np.ones(len(data)), data["w"]])
        z = np.column_stack([np.ones(len(data)), data[["w", "z0", "z1"]]])
        fitted = z @ np.linalg.lstsq(z, x, rcond=None)[0]
        bread = np.linalg.inv(fitted.T @ fitted)
        residual = data["y"] - x @ (bread @ fitted.T @ data["y"].to_numpy())
        scores = fitted * residual.to_numpy()[:, None]
        hc0 = np.sqrt(np.diag(bread @ scores.T @ scores @ bread))[0]
        totals = pd.DataFrame(scores).groupby(data["town"]).sum().to_numpy()
        cr0 = np.sqrt(np.diag(bread @ totals.T @ totals @ bread))[0]
        n = len(data)
        assert row(iv(data, **CALL, cov="HC0"), "2sls")["std_error"] == pytest.approx(hc0, rel=1e-9)
        assert row(iv(data, **CALL), "2sls")["std_error"] == pytest.approx(hc0 * np.sqrt(n / (n - 3)), rel=1e-9)
        clustered = iv(data, **CALL, cov="CR0", cluster="town")
        assert row(clustered, "2sls")["std_error"] == pytest.approx(cr0, rel=1e-9)
        assert row(clustered, "2sls")["df"] == 39
        assert iv(data, **CALL, cluster="town").cov == "CR1"

    def test_liml_is_the_value_at_which_anderson_and_rubin_s_statistic_is_least(self):
        data = sample(strength=0.2)
        found = iv(data, **CALL, cov="classical", method="liml")
        best = row(found, "liml")["estimate"]
        rest = np.column_stack([np.ones(len(data)), data["w"]])
        full = np.column_stack([rest, data[["z0", "z1"]]])

        def ratio(beta):
            target = (data["y"] - beta * data["x"]).to_numpy()
            parts = [target - c @ np.linalg.lstsq(c, target, rcond=None)[0] for c in (rest, full)]
            return (parts[0] @ parts[0]) / (parts[1] @ parts[1])

        assert ratio(best) < min(ratio(best - 1e-3), ratio(best + 1e-3))
        assert found.headline[0].model == "liml"
        exact = iv(data, **{**CALL, "instruments": "z0"}, method="liml")
        assert row(exact, "liml")["estimate"] == pytest.approx(row(exact, "2sls")["estimate"], rel=1e-9)

    def test_the_effect_is_recovered_where_least_squares_errs(self):
        found = [iv(sample(seed=seed, n=800), **CALL) for seed in range(25)]
        ours = np.array([row(f, "2sls")["estimate"] for f in found])
        least = np.array([row(f, "ols")["estimate"] for f in found])
        inside = sum(row(f, "2sls")["conf_low"] < 0.5 < row(f, "2sls")["conf_high"] for f in found)
        assert abs(ours.mean() - 0.5) < 0.03
        assert least.mean() > 0.7
        assert inside >= 21

    def test_two_endogenous_columns_each_have_a_first_stage(self):
        rng = np.random.default_rng(8)
        data = sample().assign(v=lambda d: d["z0"] - d["z1"] + rng.normal(size=len(d)))
        found = iv(data, y="y", endogenous=["x", "v"], instruments=["z0", "z1"], covariates=["w"], cov="classical")
        x = np.column_stack([data[["x", "v"]], np.ones(len(data)), data["w"]])
        z = np.column_stack([data[["z0", "z1"]], np.ones(len(data)), data["w"]])
        want = np.linalg.solve(z.T @ x, z.T @ data["y"])
        assert [e.estimate for e in found.headline] == pytest.approx(list(want[:2]), rel=1e-9)
        tests = found.tidy()
        assert list(tests[tests["term"] == "test.first_stage_f"]["group"]) == ["x", "v"]
        assert "N6296" in codes(found)
        assert found.robust_set == ()


class TestDiagnostics:
    def test_first_stage_f_is_that_of_nested_models(self):
        data = sample()
        short = np.column_stack([np.ones(len(data)), data["w"]])
        long = np.column_stack([short, data[["z0", "z1"]]])
        ss = [np.linalg.lstsq(c, data["x"].to_numpy(), rcond=None)[1][0] for c in (short, long)]
        want = (ss[0] - ss[1]) / 2 / (ss[1] / (len(data) - 4))
        found = iv(data, **CALL, cov="classical")
        assert diagnostic(found, "first_stage_f")["estimate"] == pytest.approx(want, rel=1e-9)
        # homoscedastic errors: the effective F is the F
        assert diagnostic(found, "effective_f")["estimate"] == pytest.approx(want, rel=1e-9)
        robust = iv(data, **{**CALL, "instruments": "z0"})
        assert diagnostic(robust, "effective_f")["estimate"] == pytest.approx(
            diagnostic(robust, "first_stage_f")["estimate"], rel=1e-9
        )

    def test_cragg_and_donald_of_one_column_is_its_f(self):
        from evalkit.models.causal.k_class import Equations, cragg_donald
        from evalkit.models.sandwich import Errors

        data = sample()
        exogenous = np.column_stack([np.ones(len(data)), data["w"]])
        model = Equations(
            data["y"].to_numpy(), data[["x"]].to_numpy(), exogenous, data[["z0", "z1"]].to_numpy(), Errors()
        )
        want = diagnostic(iv(data, **CALL, cov="classical"), "first_stage_f")["estimate"]
        assert cragg_donald(model) == pytest.approx(want, rel=1e-9)

    def test_wu_and_hausman_is_the_test_of_the_first_stage_residual(self):
        sm = pytest.importorskip("statsmodels.api")
        data = sample()
        z = np.column_stack([np.ones(len(data)), data[["w", "z0", "z1"]]])
        rest = data["x"] - z @ np.linalg.lstsq(z, data["x"], rcond=None)[0]
        x = np.column_stack([np.ones(len(data)), data[["w", "x"]], rest])
        oracle = sm.OLS(data["y"].to_numpy(), x).fit(cov_type="HC1", use_t=True)
        found = diagnostic(iv(data, **CALL), "endogeneity")
        assert found["estimate"] == pytest.approx(oracle.tvalues[-1] ** 2, rel=1e-8)
        assert found["p_value"] == pytest.approx(oracle.pvalues[-1], rel=1e-6)

    def test_sargan_is_n_times_the_r_squared_of_the_residual_on_the_instruments(self):
        data = sample()
        found = iv(data, **CALL, cov="classical")
        terms = {t: row(found, "2sls", t)["estimate"] for t in ("x", "w", "intercept")}
        e = (data["y"] - terms["x"] * data["x"] - terms["w"] * data["w"] - terms["intercept"]).to_numpy()
        z = np.column_stack([np.ones(len(data)), data[["w", "z0", "z1"]]])
        left = np.linalg.lstsq(z, e, rcond=None)[1][0]
        assert diagnostic(found, "sargan")["estimate"] == pytest.approx(len(e) * (1 - left / (e @ e)), rel=1e-8)
        assert diagnostic(found, "sargan")["df"] == 1

    def test_hansen_is_the_least_value_of_the_two_step_criterion(self):
        from scipy.optimize import minimize

        data = sample()
        found = iv(data, **CALL, cov="HC0")
        x = data[["x", "w"]].assign(one=1.0).to_numpy()
        z = data[["w", "z0", "z1"]].assign(one=1.0).to_numpy()
        b = np.array([row(found, "2sls", t)["estimate"] for t in ("x", "w", "intercept")])
        e = data["y"].to_numpy() - x @ b
        weight = np.linalg.inv((z * e[:, None] ** 2).T @ z)

        def criterion(c):
            g = z.T @ (data["y"].to_numpy() - x @ c)
            return g @ weight @ g

        assert diagnostic(found, "hansen")["estimate"] == pytest.approx(minimize(criterion, b, tol=1e-12).fun, rel=1e-5)

    def test_an_instrument_that_acts_directly_is_found(self):
        found = iv(sample(direct=0.5), **CALL)
        assert diagnostic(found, "hansen")["p_value"] < 0.001
        assert any("not exogenous" in s.text("en") for s in sentences("iv", found))


class TestAndersonRubin:
    @pytest.mark.parametrize("cov", ["classical", "HC1"])
    @pytest.mark.parametrize("strength", [0.6, 0.05, 0.0])
    @pytest.mark.parametrize("n_instruments", [1, 3])
    def test_the_set_is_where_the_instruments_are_not_rejected(self, cov, strength, n_instruments):
        from evalkit.models.causal.anderson_rubin import confidence_set, reduced_forms
        from evalkit.models.causal.k_class import Equations
        from evalkit.models.sandwich import Errors

        data = sample(strength=strength, n_instruments=n_instruments, n=200)
        names = [f"z{j}" for j in range(n_instruments)]
        exogenous = np.column_stack([np.ones(len(data)), data["w"]])
        model = Equations(data["y"].to_numpy(), data[["x"]].to_numpy(), exogenous, data[names].to_numpy(), Errors(cov))
        forms = reduced_forms(model)
        pieces = confidence_set(forms, 0.95)
        bound = f_distribution.ppf(0.95, n_instruments, forms.df)
        grid = np.concatenate([np.linspace(-30, 30, 1501), [-1e5, 1e5]])
        for beta in grid:
            inside = any(low <= beta <= high for low, high in pieces)
            assert inside == (forms.statistic(beta) <= bound)
        for end in (e for piece in pieces for e in piece if np.isfinite(e)):
            assert forms.statistic(end) == pytest.approx(bound, rel=1e-6)

    def test_the_statistic_is_the_f_of_the_instruments_for_what_is_left(self):
        sm = pytest.importorskip("statsmodels.api")
        from evalkit.models.causal.anderson_rubin import reduced_forms
        from evalkit.models.causal.k_class import Equations
        from evalkit.models.sandwich import Errors

        data = sample()
        exogenous = np.column_stack([np.ones(len(data)), data["w"]])
        z = data[["z0", "z1"]].to_numpy()
        forms = reduced_forms(Equations(data["y"].to_numpy(), data[["x"]].to_numpy(), exogenous, z, Errors("HC1")))
        fit = sm.OLS((data["y"] - 0.3 * data["x"]).to_numpy(), np.column_stack([exogenous, z])).fit(cov_type="HC1")
        want = fit.wald_test(np.eye(4)[2:], use_f=True, scalar=True).statistic
        assert forms.statistic(0.3) == pytest.approx(want, rel=1e-8)

    def test_weak_instruments_are_named_and_the_robust_interval_stands_in(self):
        found = iv(sample(strength=0.0, n=200), **CALL)
        assert {"W6295", "W6297"} <= set(codes(found))
        assert any(np.isinf(end) for piece in found.robust_set for end in piece)
        said = [s.text("zh") for s in sentences("iv", found)]
        assert any("Anderson-Rubin" in s for s in said)
        texts = [note.text("en") for note in found.table().notes]
        assert any("weak" in text for text in texts)

    def test_it_covers_where_the_usual_interval_does_not(self):
        results = [iv(sample(strength=0.05, n=150, seed=seed, effect=0.0), **CALL) for seed in range(40)]
        robust = sum(any(low <= 0 <= high for low, high in r.robust_set) for r in results)
        assert robust >= 35

    def test_instruments_that_contradict_one_another_leave_nothing(self):
        found = iv(sample(direct=3.0), **CALL)
        assert "W6298" in codes(found)
        assert np.isnan(found.robust_set[0]).all()


class TestBadInput:
    def test_instruments(self):
        data = sample()
        assert code(data=data, **{**CALL, "instruments": []}) == "E6292"
        assert code(data=data.assign(z0=1.0), y="y", endogenous="x", instruments="z0") == "E6292"
        assert code(data=data, y="y", endogenous=["x", "w"], instruments="z0") == "E6292"
        twice = iv(data.assign(z2=data["z0"] + data["w"]), **{**CALL, "instruments": ["z0", "z1", "z2"]})
        assert [p.params["name"] for p in twice.notices if p.code == "W6290"] == ["z2"]
        assert twice.headline[0].estimate == pytest.approx(iv(data, **CALL).headline[0].estimate)

    def test_columns(self):
        data = sample()
        assert code(data=data, **{**CALL, "covariates": ["x"]}) == "E6271"
        assert code(data=data.assign(x=2 * data["w"]), **CALL) == "E6291"
        assert code(data=data.head(4), **CALL) == "E6293"
        assert code(data=data.assign(y=1.0), **CALL) == "E6294"
        assert code(data=data, **{**CALL, "y": "nothing"}) == "E600"
        assert code(data=data, **CALL, method="gmm") == "E6272"
        assert code(data=data, **CALL, cov="HC3") == "E650"
        assert code(data=data, **CALL, cov="CR1") == "E659"
        same = iv(data.assign(w2=data["w"]), **{**CALL, "covariates": ["w", "w2"]})
        assert "W656" in codes(same)

    def test_missing_answers_are_dropped_and_counted(self):
        data = sample()
        data.loc[:9, "z1"] = np.nan
        found = iv(data, **CALL)
        assert found.n_obs == 390
        assert found.dropped[0].n == 10


def test_the_table_the_figure_and_the_sentences_hold_the_numbers():
    found = iv(sample(), **CALL)
    cells = {cell.id: cell.value for line in found.table().rows for cell in line.cells if cell.id}
    assert cells["2sls/y/x#estimate"] == found.headline[0].estimate
    assert cells["first_stage/y/x/z0#estimate"] == row(found, "first_stage", "z0")["estimate"]
    assert list(found.figure().frame["model"]) == ["2sls", "liml", "ols"]
    assert "x每增加一个单位使y提高" in sentences("iv", found)[0].text("zh")
    assert found.glance()["f_statistic"][0] == diagnostic(found, "effective_f")["estimate"]


def test_exact_fits_give_no_traceback_and_no_test():
    data = sample(n=60)
    same = data.assign(y=data["x"])
    found = iv(same, **CALL, cov="classical")
    assert found.headline[0].estimate == pytest.approx(1, abs=1e-10)
    both = iv(data.assign(v=data["z0"], y=data["x"]), y="y", endogenous=["x", "z1"], instruments=["z0", "town"])
    assert np.isfinite(diagnostic(both, "cragg_donald")["estimate"])
