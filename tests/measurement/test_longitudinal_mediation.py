"""Mediation across two and three waves: effects, stationarity, within people, wide and long data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError, Codebook
from evalkit.report.figures import draw
from evalkit.report.sentences import sentences
from evalkit.structure import compare, fit

A, B = 0.4, 0.3
WIDE = {role: [f"{role}{t}" for t in (1, 2, 3)] for role in "xmy"}
TWO = {role: columns[:2] for role, columns in WIDE.items()}


@cache
def panel(n: int = 800, level: float = 0.0, late: float = 1.0, seed: int = 4) -> pd.DataFrame:
    """Three waves; `level`: SD of stable levels; `late`: factor of the paths from wave 2 to 3."""
    rng = np.random.default_rng(seed)
    x, m, y = rng.normal(size=(3, n))
    stable = level * (rng.normal(size=(3, n)) + rng.normal(size=n))
    columns = {}
    for t in (1, 2, 3):
        columns |= {f"{role}{t}": v + stable[i] for i, (role, v) in enumerate(zip("xmy", (x, m, y), strict=True))}
        k = late if t == 2 else 1.0
        e = rng.normal(size=(3, n))
        x, m, y = 0.5 * x + e[0], 0.4 * m + k * A * x + e[1], 0.4 * y + k * B * m + 0.1 * x + e[2]
    return pd.DataFrame(columns).assign(id=np.arange(n), town=rng.integers(0, 40, n), age=rng.normal(size=n))


@cache
def long_panel() -> pd.DataFrame:
    data = panel()
    parts = [
        data[["id", "town", "age", *(f"{role}{t}" for role in "xmy")]]
        .rename(columns={f"{role}{t}": role for role in "xmy"})
        .assign(wave=f"T{t}")
        for t in (1, 2, 3)
    ]
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1)


def effect(result, term: str) -> pd.Series:
    return result.effects.set_index("term").loc[term]


def regression(data: pd.DataFrame, y: str, right: list[str]) -> dict[str, float]:
    design = np.column_stack([np.ones(len(data)), data[right]])
    return dict(zip(["1", *right], np.linalg.lstsq(design, data[y], rcond=None)[0], strict=True))


def test_two_waves_are_the_half_longitudinal_design():
    result = ek.longitudinal_mediate(panel(20_000), **TWO, ci="delta")
    row = effect(result, "indirect.m")
    assert list(result.effects["term"]) == ["direct", "indirect.m"]
    assert row["estimate"] == pytest.approx(A * B, abs=0.01)
    paths = result.tidy().query("level == 'path'").set_index(["outcome", "term"])["estimate"]
    assert row["estimate"] == pytest.approx(paths["m2", "x1"] * paths["y2", "m1"])
    assert effect(result, "direct")["estimate"] == pytest.approx(paths["y2", "x1"])
    assert [p.code for p in result.notices] == ["N6408"]
    assert result.templates == ("T14", "T16", "T8")
    assert result.tests.empty


def test_equations_with_the_same_predictors_are_regressions():
    """With reverse paths every equation of a lag has the same right side: maximum likelihood is least squares."""
    data = panel()
    result = ek.longitudinal_mediate(data, **TWO, reverse=True, covariates="age", ci="delta")
    paths = result.tidy().query("level == 'path'").set_index(["outcome", "term"])["estimate"]
    for outcome in ("x2", "m2", "y2"):
        for name, value in regression(data, outcome, ["x1", "m1", "y1", "age"]).items():
            if name != "1":
                assert paths[outcome, name] == pytest.approx(value, abs=1e-5)


def test_three_waves_trace_every_way_from_the_first_x_to_the_last_y():
    result = ek.longitudinal_mediate(panel(20_000), **WIDE, reverse=True, ci=["monte_carlo", "delta"])
    paths = result.tidy().query("level == 'path'").set_index(["outcome", "term"])["estimate"]
    first, second = (
        np.array([[paths[f"{end}{t + 1}", f"{start}{t}"] for start in "xmy"] for end in "xmy"]) for t in (1, 2)
    )
    assert effect(result, "total")["estimate"] == pytest.approx((second @ first)[2, 0])
    assert effect(result, "indirect.m")["estimate"] == pytest.approx(paths["m2", "x1"] * paths["y3", "m2"])
    row = effect(result, "indirect.m")
    assert row["mc_low"] < A * B < row["mc_high"]
    assert (row["conf_low"], row["conf_high"]) == (row["mc_low"], row["mc_high"])


def test_stationarity_is_the_difference_to_equal_paths():
    data = panel()
    result = ek.longitudinal_mediate(data, **WIDE, ci="delta")
    equal = ek.longitudinal_mediate(data, **WIDE, stationary=True, ci="delta")
    tests = result.tests.set_index("term")
    found = compare(fit(result.structural.model, data), fit(equal.structural.model, data))
    assert tests.loc["stationary.all", "statistic"] == pytest.approx(found.chisq_diff)
    assert tests["df"].tolist() == [1, 1, 1, 3, 6]
    assert tests.loc["stationary.all", "p_value"] > 0.05
    paths = equal.tidy().query("level == 'path'").set_index(["outcome", "term"])["estimate"]
    assert paths["m2", "x1"] == pytest.approx(paths["m3", "x2"])
    assert effect(equal, "indirect.m")["std_error"] < effect(result, "indirect.m")["std_error"]
    assert not equal.notices


def test_paths_that_change_are_found_and_said():
    result = ek.longitudinal_mediate(panel(late=2.0), **WIDE, stationary=True, reverse=True, ci="delta")
    tests = result.tests.set_index("term")
    assert tests.loc["stationary.a", "p_value"] < 0.001
    assert tests.loc["stationary.reverse", "p_value"] > 0.01
    assert "W6409" in {p.code for p in result.notices}
    assert any("paths change over time" in s.text("en") for s in sentences("longitudinal_mediate", result))


def test_random_intercepts_set_stable_levels_apart():
    data = panel(level=0.8, seed=8)
    within = ek.longitudinal_mediate(data, **WIDE, model="random_intercepts", ci="delta")
    crossed = ek.longitudinal_mediate(data, **WIDE, ci="delta")
    assert within.glance()["df"][0] == 9
    assert within.glance()["p_value"][0] > 0.01
    assert crossed.glance()["p_value"][0] < 0.001
    row = effect(within, "indirect.m")
    assert row["conf_low"] < A * B < row["conf_high"]
    variances = within.structural.estimates.query("op == '~~' and lhs == rhs").set_index("lhs")["est"]
    assert variances["level_x"] == pytest.approx(2 * 0.8**2, rel=0.25)
    assert "Stable level of x1" in {label.text("en") for label in within.labels.values()}


def test_long_data_give_what_wide_data_give():
    wide = ek.longitudinal_mediate(panel(), **WIDE, covariates=["age"], ci="delta", cluster="town")
    names = {"x": "x", "m": "m", "y": "y", "wave": "wave", "person": "id"}
    long = ek.longitudinal_mediate(long_panel(), **names, covariates=["age"], ci="delta", cluster="town")
    for column in ("estimate", "std_error"):
        assert long.effects[column].to_numpy() == pytest.approx(wide.effects[column].to_numpy(), rel=1e-5)
    assert long.columns["x"] == ("x.1", "x.2", "x.3")
    assert long.labels["x.2"].text("en") == "x (T2)"
    part = ek.longitudinal_mediate(long_panel(), **names, order=["T2", "T3"], ci="delta")
    later = ek.longitudinal_mediate(panel(), **{role: columns[1:] for role, columns in WIDE.items()}, ci="delta")
    assert effect(part, "indirect.m")["estimate"] == pytest.approx(effect(later, "indirect.m")["estimate"])


def test_people_lost_on_the_way_are_dropped_or_kept():
    rows = long_panel()
    lost = rows[~((rows["wave"] == "T3") & (rows["id"] < 100))]
    call = {"x": "x", "m": "m", "y": "y", "wave": "wave", "person": "id", "ci": "delta"}
    listwise = ek.longitudinal_mediate(lost, **call)
    assert (listwise.n_obs, sum(d.n for d in listwise.dropped)) == (700, 100)
    assert ek.longitudinal_mediate(lost, **call, missing="fiml").n_obs == 800


def test_the_design_of_the_codebook_enters_the_errors():
    rows = long_panel().copy()
    rows.attrs["evalkit"] = Codebook(design=ek.Design(clusters="town"))
    call = {"x": "x", "m": "m", "y": "y", "wave": "wave", "person": "id", "ci": "delta"}
    declared = ek.longitudinal_mediate(rows, **call)
    named = ek.longitudinal_mediate(long_panel(), **call, cluster="town")
    assert declared.effects["std_error"].to_numpy() == pytest.approx(named.effects["std_error"].to_numpy())


def test_the_bootstrap_draws_people():
    result = ek.longitudinal_mediate(panel(), **TWO, resamples=100, seed=2)
    row = effect(result, "indirect.m")
    assert row["boot_se"] == pytest.approx(row["std_error"], rel=0.3)
    assert (row["conf_low"], row["conf_high"]) == (row["perc_low"], row["perc_high"])
    assert result.resamples == 100


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x": ["x1", "x2"]}, "E6404"),
        ({"x": ["x1"], "m": ["m1"], "y": ["y1"]}, "E6404"),
        ({"x": ["x1", "x2", "m1"]}, "E670"),
        ({"x": ["x1", "x2", "x9"]}, "E600"),
        ({"wave": "age"}, "E6406"),
        ({"model": "growth"}, "E928"),
        ({**TWO, "stationary": True}, "E6407"),
        ({**TWO, "model": "random_intercepts"}, "E6407"),
        ({"model": "random_intercepts", "covariates": ["age"]}, "E6407"),
        ({"ci": "bca"}, "E672"),
        ({"resamples": 5}, "E673"),
    ],
)
def test_a_call_that_means_nothing_says_so(change, code):
    with pytest.raises(AnalysisError) as found:
        ek.longitudinal_mediate(panel(), **(WIDE | change))
    assert [p.code for p in found.value.problems] == [code]


def test_faults_of_long_data():
    call = {"x": "x", "m": "m", "y": "y", "wave": "wave", "person": "id"}
    rows = long_panel()
    for data, change, code in (
        (pd.concat([rows, rows.head(3)], ignore_index=True), {}, "E6405"),
        (rows, {"order": ["T1"]}, "E6404"),
        (rows, {"y": "x"}, "E670"),
        (rows, {"person": "nobody"}, "E600"),
    ):
        with pytest.raises(AnalysisError) as found:
            ek.longitudinal_mediate(data, **(call | change))
        assert [p.code for p in found.value.problems] == [code]


def test_tables_figure_and_sentences():
    result = ek.longitudinal_mediate(panel(), **WIDE, ci="delta")
    assert result.templates == ("T14", "stationarity", "T16", "T8")
    assert [row.cells[0].value.text("en") for row in result.table().rows] == [
        "Total effect of x1",
        "Direct effect of x1",
        "Indirect effect by way of m1",
    ]
    assert len(result.table("stationarity").rows) == 5
    assert result.table("T16").template == "T16"
    with pytest.raises(AnalysisError):
        result.table("T5")
    assert len(result.figure().frame) == 12
    assert b"<svg" in draw(result.figure(), lang="zh").svg
    said = [s.text("zh") for s in sentences("longitudinal_mediate", result)]
    assert any("纵向间接效应值为" in s for s in said)
    assert any("没有发现路径随时间变化" in s for s in said)
    two = sentences("longitudinal_mediate", ek.longitudinal_mediate(panel(), **TWO, ci="delta"))
    assert any("cannot be tested" in s.text("en") for s in two)
