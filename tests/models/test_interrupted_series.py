"""Interrupted time series: identities, Newey-West against an oracle, known changes recovered, and bad input."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.models.causal import interrupted_series
from evalkit.report import sentences


def series(n=40, start=21, level=3.0, slope=0.5, rho=0.0, noise=1.0, seed=6):
    rng = np.random.default_rng(seed)
    t = np.arange(1, n + 1)
    e = np.zeros(n)
    for i in range(n):
        e[i] = (rho * e[i - 1] if i else 0) + noise * rng.normal()
    after = t >= start
    return pd.DataFrame({"t": t, "y": 10 + 0.2 * t + level * after + slope * after * (t - start) + e})


def rows(result):
    return result.tidy().set_index("term")


def codes(result):
    return [p.code for p in result.notices]


def code(**call):
    with pytest.raises(AnalysisError) as err:
        interrupted_series(**call)
    return err.value.problems[0].code


CALL = {"y": "y", "time": "t", "start": 21}


class TestEstimates:
    def test_without_noise_the_changes_are_exact(self):
        found = rows(interrupted_series(series(noise=0.0), **CALL))["estimate"]
        assert found["level_change"] == pytest.approx(3, abs=1e-9)
        assert found["trend_change"] == pytest.approx(0.5, abs=1e-9)
        assert found["effect.end"] == pytest.approx(3 + 0.5 * 19, abs=1e-8)
        assert found["effect.mean"] == pytest.approx(3 + 0.5 * 9.5, abs=1e-8)
        assert found["trend"] == pytest.approx(0.2, abs=1e-9)
        assert found["intercept"] == pytest.approx(10 + 0.2 * 21, abs=1e-9)

    def test_it_is_two_lines_fitted_apart(self):
        data = series()
        found = rows(interrupted_series(data, **CALL))["estimate"]
        before, after = (np.polyfit(p["t"] - 21, p["y"], 1) for p in (data[data["t"] < 21], data[data["t"] >= 21]))
        assert found["level_change"] == pytest.approx(after[1] - before[1], rel=1e-9)
        assert found["trend_change"] == pytest.approx(after[0] - before[0], rel=1e-9)

    @pytest.mark.parametrize("lags", [0, 1, 4])
    def test_errors_are_newey_and_west_s(self, lags):
        sm = pytest.importorskip("statsmodels.api")
        data = series(rho=0.5)
        data["x"] = np.cos(data["t"])
        since = data["t"] - 21
        after = (since >= 0).astype(float)
        x = np.column_stack([np.ones(len(data)), since, after, after * since, data["x"]])
        oracle = sm.OLS(data["y"].to_numpy(), x).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
        )
        found = rows(interrupted_series(data, **CALL, covariates=["x"], lags=lags))
        for i, term in enumerate(("intercept", "trend", "level_change", "trend_change", "x")):
            assert found.loc[term, "estimate"] == pytest.approx(oracle.params[i], rel=1e-8)
            assert found.loc[term, "std_error"] == pytest.approx(oracle.bse[i], rel=1e-8)
            assert found.loc[term, "p_value"] == pytest.approx(oracle.pvalues[i], rel=1e-6, abs=1e-12)
        end = oracle.t_test([0, 0, 1, 19, 0])
        assert found.loc["effect.end", "std_error"] == pytest.approx(float(end.sd[0, 0]), rel=1e-8)

    def test_the_lags_follow_the_rule(self):
        assert interrupted_series(series(), **CALL).lags == 3
        assert interrupted_series(series(n=100), **CALL).lags == 4
        assert interrupted_series(series(n=10, start=6), **{**CALL, "start": 6}).lags == 2

    def test_a_control_series_gives_the_changes_of_the_difference(self):
        ours, theirs = series(rho=0.4), series(level=1.0, slope=0.0, rho=0.4, seed=9)
        both = pd.concat([ours.assign(ours=1), theirs.assign(ours=0)], ignore_index=True)
        gap = ours.assign(y=ours["y"] - theirs["y"])
        controlled = rows(interrupted_series(both, **CALL, treated="ours"))
        alone = rows(interrupted_series(gap, **CALL))
        for term in ("level_change", "trend_change", "effect.mean", "effect.end"):
            for name in ("estimate", "std_error", "df", "p_value"):
                assert controlled.loc[term, name] == pytest.approx(alone.loc[term, name], rel=1e-8)
        assert controlled.loc["common.level_change", "estimate"] == pytest.approx(
            rows(interrupted_series(theirs, **CALL)).loc["level_change", "estimate"], rel=1e-8
        )

    def test_people_of_one_time_are_averaged(self):
        data = series()
        people = pd.concat([data.assign(y=data["y"] + shift) for shift in (-1.0, 0.0, 1.0)])
        one, many = interrupted_series(data, **CALL), interrupted_series(people, **CALL)
        assert rows(many).loc["level_change", "std_error"] == pytest.approx(rows(one).loc["level_change", "std_error"])
        assert many.averaged and not one.averaged
        assert many.n_obs == 120
        assert any("averaged" in note.text("en") for note in many.table().notes)

    def test_intervals_cover_in_spite_of_autocorrelation(self):
        inside = naive = 0
        for seed in range(40):
            data = series(n=120, start=61, rho=0.5, seed=seed)
            for lags in (None, 0):
                one = interrupted_series(data, y="y", time="t", start=61, lags=lags).found("level_change")
                if lags is None:
                    inside += one.conf_low < 3 < one.conf_high
                else:
                    naive += one.conf_low < 3 < one.conf_high
        assert inside >= 31
        assert naive < inside


class TestAutocorrelation:
    def test_durbin_and_watson_and_ljung_and_box(self):
        tools = pytest.importorskip("statsmodels.stats.stattools")
        diagnostic = pytest.importorskip("statsmodels.stats.diagnostic")
        found = interrupted_series(series(rho=0.6), **CALL)
        residual = (found.series["observed"] - found.series["fitted"]).to_numpy()
        want = diagnostic.acorr_ljungbox(residual - residual.mean(), lags=[3]).iloc[0]
        assert rows(found).loc["test.durbin_watson", "estimate"] == pytest.approx(
            tools.durbin_watson(residual), rel=1e-9
        )
        assert rows(found).loc["test.ljung_box", "estimate"] == pytest.approx(want["lb_stat"], rel=1e-8)
        assert rows(found).loc["test.ljung_box", "p_value"] == pytest.approx(want["lb_pvalue"], rel=1e-6)

    def test_gaps_count_with_their_length(self):
        """As if the missing points stood there with a score of 0 (amplitude modulation)."""
        data = series(rho=0.4).drop(index=[5, 6, 30])
        found = interrupted_series(data, **CALL, lags=2)
        assert [p.params["n"] for p in found.notices if p.code == "N6309"] == [3]
        t = data["t"].to_numpy()
        since = t - 21.0
        after = (since >= 0).astype(float)
        x = np.column_stack([np.ones(len(t)), since, after, after * since])
        b = np.linalg.lstsq(x, data["y"].to_numpy(), rcond=None)[0]
        scores = np.zeros((41, 4))
        scores[t] = x * (data["y"].to_numpy() - x @ b)[:, None]
        meat = scores.T @ scores
        for lag in (1, 2):
            part = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / 3) * (part + part.T)
        inverse = np.linalg.inv(x.T @ x)
        want = np.sqrt(np.diag(inverse @ meat @ inverse) * 37 / 33)
        assert rows(found).loc["level_change", "std_error"] == pytest.approx(want[2], rel=1e-9)

    def test_years_by_two_have_no_gaps(self):
        data = series().assign(t=lambda d: 1980 + 2 * d["t"])
        found = interrupted_series(data, y="y", time="t", start=1980 + 42)
        assert "N6309" not in codes(found)
        assert rows(found).loc["level_change", "std_error"] == pytest.approx(
            rows(interrupted_series(series(), **CALL)).loc["level_change", "std_error"], rel=1e-8
        )


class TestBadInput:
    def test_too_few_time_points(self):
        assert code(data=series(n=20), y="y", time="t", start=2) == "E6307"
        assert code(data=series(n=22), **CALL) == "E6307"
        assert code(data=series(n=7), y="y", time="t", start=4, covariates=["y2"]) == "E600"
        few = series(n=12, start=7)
        assert "W6308" in codes(interrupted_series(few, y="y", time="t", start=7))
        assert "W6308" not in codes(interrupted_series(series(), **CALL))

    def test_start_and_options(self):
        data = series()
        assert code(data=data, y="y", time="t", start=1) == "E6277"
        assert code(data=data, y="y", time="t", start=99) == "E6277"
        assert code(data=data, **CALL, lags=-1) == "E6301"
        assert code(data=data, **CALL, lags=40) == "E6301"
        assert code(data=data.assign(y=1.0), **CALL) == "E6294"
        assert code(data=data.assign(one=1), **CALL, treated="one") == "E6275"
        assert code(data=data, **CALL, covariates=["t"]) == "E6271"

    def test_a_covariate_that_repeats_the_segments_is_named(self):
        data = series().assign(late=lambda d: (d["t"] >= 21) * 1.0)
        found = interrupted_series(data, **CALL, covariates=["late"])
        assert [p.params["term"] for p in found.notices if p.code == "W656"] == ["late"]
        assert found.found("level_change").estimate == pytest.approx(
            interrupted_series(series(), **CALL).found("level_change").estimate
        )

    def test_missing_answers_are_dropped_and_leave_gaps(self):
        data = series()
        data.loc[3, "y"] = np.nan
        found = interrupted_series(data, **CALL)
        assert found.dropped[0].n == 1
        assert "N6309" in codes(found)


def test_the_table_the_figure_and_the_sentences_hold_the_numbers():
    found = interrupted_series(series(), **CALL)
    cells = {cell.id: cell.value for line in found.table().rows for cell in line.cells if cell.id}
    assert cells["effect/y/level_change#estimate"] == found.found("level_change").estimate
    frame = found.figure().frame
    assert frame["without"].notna().sum() == 20
    last = frame.iloc[-1]
    assert last["fitted"] - last["without"] == pytest.approx(found.found("effect.end").estimate)
    said = [s.text("zh") for s in sentences("interrupted_series", found)]
    assert "中断（21）使y的水平立即提高" in said[0]
    assert len(said) == 3


def test_nothing_to_use_is_said():
    assert code(data=series().assign(y=np.nan), **CALL) == "E6307"
