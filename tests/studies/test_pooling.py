"""Rubin's rules against mice, and every kind of result pooled from Python."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from evalkit.contract import GLOSSARY, KEYS, AnalysisError, Result, quantity
from evalkit.contract.words import say
from evalkit.descriptive import compare, correlate, describe, profile
from evalkit.measurement import reliability
from evalkit.models import mediate, outcome_model, regress
from evalkit.models.moderation import moderate
from evalkit.models.multilevel import mixed
from evalkit.report.figures import draw
from evalkit.report.sentences import sentences
from evalkit.scoring import score
from evalkit.studies import impute, pool
from evalkit.studies.imputation.rubin import likelihood_test, rubin, statistics_test, wald_test

GOLDEN = Path(__file__).parent.parent / "golden"
COLUMNS = ["trust_after", "trust_before", "SAT", "OE", "age", "years_resident", "female", "signed_agreement"]
MODEL = "trust_after ~ trust_before | + SAT + age + years_resident"
NAMES = {"(Intercept)": "intercept"}


@cache
def completed() -> tuple[pd.DataFrame, ...]:
    """The 20 completed data sets of the reference."""
    scored = pd.read_csv(GOLDEN / "residents_scored.csv")[COLUMNS].astype(float)
    rows = pd.read_csv(GOLDEN / "imputed.csv")
    out = []
    for _, part in rows.groupby(".imp"):
        frame = scored.copy()
        frame.iloc[part[".id"].to_numpy() - 1] = part[COLUMNS].to_numpy(float)
        out.append(frame)
    return tuple(out)


@cache
def linear():
    return pool([regress(frame, MODEL) for frame in completed()])


def coefficients(result, model: str) -> pd.DataFrame:
    rows = result.tidy()
    return rows[(rows["model"] == model) & ~rows["term"].str.startswith("model.")].set_index("term")


def cell(result, term: str, model: str = "2") -> pd.Series:
    rows = result.tidy()
    return rows[(rows["model"] == model) & (rows["term"] == term)].iloc[0]


FIELDS = {
    "estimate": "estimate",
    "se": "std_error",
    "df": "df",
    "riv": "riv",
    "lambda": "lambda",
    "fmi": "fmi",
    "t": "statistic",
    "p": "p_value",
    "lower": "conf_low",
    "upper": "conf_high",
}


def assert_rows(rows: pd.DataFrame, record, fields) -> None:
    got = rows.loc[[NAMES.get(term, term) for term in record.estimate.index]]
    for field in fields:
        assert got[FIELDS[field]].to_numpy() == record.approx(field), field


def test_pooled_regression(golden):
    rows, record = coefficients(linear(), "2"), golden("missing", "mi.pool_lm")
    assert_rows(rows, record, ["estimate", "se", "df", "riv", "lambda", "fmi"])
    parts = rubin(
        *(np.array([part(f) for f in fits()]) for part in (lambda f: f.estimate, lambda f: f.std_error**2)), 1195
    )
    for name, ours in (("ubar", parts.within), ("b", parts.between), ("t", parts.total)):
        assert ours == record.approx(name)
    assert parts.efficiency == pytest.approx(1 / (1 + parts.fmi / 20))


def fits():
    return [regress(frame, MODEL).models[-1].fit for frame in completed()]


def test_its_tests_and_intervals(golden):
    rows = coefficients(linear(), "2")
    assert_rows(rows, golden("missing", "mi.pool_lm_summary"), ["estimate", "se", "t", "df", "p", "lower", "upper"])


def test_degrees_of_freedom_of_1987(golden):
    record = golden("missing", "mi.rubin_old_df")
    found = rubin(np.array([f.estimate for f in fits()]), np.array([f.std_error**2 for f in fits()]), 1195)
    names = ["(Intercept)", "trust_before", "SAT", "age", "years_resident"]
    assert dict(zip(names, found.df_large, strict=True)) == record.approx()


def test_the_completed_data(golden):
    rows = pd.read_csv(GOLDEN / "imputed.csv")
    counted = {"imputed_rows_per_imputation": len(rows) / 20, "n": len(completed()[0])}
    assert counted == golden("missing", "mi.n_rows").approx()
    fit = regress(completed()[0], MODEL).models[-1].fit
    names = ["(Intercept)", *fit.terms[1:]]
    assert dict(zip(names, fit.estimate, strict=True)) == golden("missing", "mi.first_imputation_coef").approx()


def test_pooled_logit(golden):
    pooled = pool([outcome_model(f, "signed_agreement ~ SAT + OE + age", family="logit") for f in completed()])
    record = golden("missing", "mi.pool_logit")
    assert_rows(coefficients(pooled, "1"), record, ["estimate", "se", "df", "lambda", "fmi"])
    row = cell(pooled, "model.chi2_model", "1")
    assert row["label"] == "d1"
    assert cell(pooled, "model.chi2_model_d2", "1")["df"] == 3
    assert 0 < cell(pooled, "model.nagelkerke", "1")["estimate"] < 0.2


def test_pooled_mean(golden):
    pooled = pool([describe(frame, ["trust_after"]) for frame in completed()])
    row, record = pooled.tidy().iloc[0], golden("missing", "mi.pool_mean")
    assert row["estimate"] == record.approx("qbar")
    assert row["std_error"] ** 2 == record.approx("t")
    for name, column in (("df", "df"), ("r", "riv"), ("fmi", "fmi")):
        assert row[column] == record.approx(name)
    assert np.isnan(row["p_value"])
    values = np.array([[frame["trust_after"].mean()] for frame in completed()])
    spread = np.array([[frame["trust_after"].var() / 1200] for frame in completed()])
    found = rubin(values, spread, 1199)
    assert found.within[0] == record.approx("ubar")
    assert found.between[0] == record.approx("b")


def test_pooled_r_squared(golden):
    record = golden("missing", "mi.pool_r2")
    results = [regress(frame, MODEL) for frame in completed()]
    row = cell(pool(results, conf_level=2 * norm.cdf(1.96) - 1), "model.r_squared")  # mice takes 1.96
    assert [row["estimate"], row["conf_low"], row["conf_high"]] == [
        record.approx(name) for name in ("est", "lo95", "hi95")
    ]
    change = cell(linear(), "model.r_squared_change")["estimate"]
    first, last = (cell(linear(), "model.r_squared", m)["estimate"] for m in ("1", "2"))
    assert change == pytest.approx(last - first)


def test_block_of_predictors(golden):
    record, row = golden("missing", "mi.D1_test"), cell(linear(), "model.f_change")
    for name, column in (("F", "statistic"), ("df1", "df"), ("df2", "df2"), ("p", "p_value"), ("riv", "riv")):
        assert row[column] == record.approx(name)
    rough, exact = (cell(linear(), f"model.f_change_{d}") for d in ("d2", "d3"))
    assert rough["statistic"] == pytest.approx(row["statistic"], rel=0.1)
    assert exact["statistic"] == pytest.approx(row["statistic"], rel=0.05)
    assert (rough["label"], exact["label"]) == ("d2", "d3")


def test_listwise_regression(golden, scored):
    record = golden("missing", "listwise.regression")
    fit = regress(scored, "trust_after ~ trust_before + SAT + years_resident + age").models[-1].fit
    for field, values in (("estimate", fit.estimate), ("se", fit.std_error), ("t", fit.statistic), ("p", fit.p_value)):
        assert values == record.approx(field)


def test_person_means_are_prorated_sums(golden, scored):
    items = [f"SAT{i}" for i in range(1, 6)]
    names = {item: f"i{item}" for item in items}
    keyed = scored[["SAT4_R" if "SAT4_R" in scored and i == "SAT4" else i for i in items]]
    keyed.columns = list(names.values())
    total = score(keyed, [{"id": "total", "items": list(names.values()), "score": "sum", "min_valid": 1}])["total"]
    found = {"mean": total.mean(), "sd": total.std()}
    assert found == golden("missing", "person_mean_imputation.SAT_mean_sd").approx()


def test_without_differences_pooling_changes_nothing():
    estimates, matrix = np.tile([1.0, -2.0], (5, 1)), np.tile(np.diag([0.04, 0.09]), (5, 1, 1))
    found = rubin(estimates, np.tile([0.04, 0.09], (5, 1)), 50)
    assert found.std_error == pytest.approx([0.2, 0.3])
    assert found.df == pytest.approx(51 / 53 * 50)
    assert found.lam == pytest.approx(0)
    large = rubin(estimates, np.tile([0.04, 0.09], (5, 1)))
    assert large.interval(0.95)[1][0] == pytest.approx(1 + 1.959964 * 0.2)
    joint = wald_test(estimates, matrix)
    assert joint.statistic == pytest.approx((25 + 4 / 0.09) / 2)
    assert statistics_test(np.full(5, 8.0), 2).statistic == pytest.approx(4)
    same = likelihood_test(np.full(5, 8.0), np.full(5, 8.0), 2)
    assert (same.statistic, same.df2) == (pytest.approx(4), np.inf)


def test_few_imputations_of_one_quantity():
    joint = wald_test(np.array([[1.0], [1.4], [0.9]]), np.full((3, 1, 1), 0.04))
    single = rubin(np.array([[1.0], [1.4], [0.9]]), np.full((3, 1), 0.04))
    assert joint.statistic == pytest.approx((single.estimate[0] / single.std_error[0]) ** 2)
    assert joint.df2 == pytest.approx(single.df[0])


@pytest.fixture(scope="module")
def imputed():
    scored = pd.read_csv(GOLDEN / "residents_scored.csv")[[*COLUMNS, "SV", "SAT1", "SAT2", "SAT3"]].astype(float)
    return impute(scored.iloc[:400], variables=[*COLUMNS, "SV", "SAT1", "SAT2", "SAT3"], m=4, iterations=2, seed=7)


CALLS = {
    "regress": lambda d: regress(d, "trust_after ~ trust_before | + female"),
    "robust": lambda d: regress(d, "trust_after ~ trust_before + age", cov="HC3"),
    "outcome_model": lambda d: outcome_model(d, "signed_agreement ~ SAT | + age", family="logit"),
    "correlate": lambda d: correlate(d, ["trust_after", "SAT", "age"]),
    "describe": lambda d: describe(d, ["trust_after", "SAT"], by="female"),
    "compare": lambda d: compare(d, outcome="trust_after", by="female"),
    "anova": lambda d: compare(d.assign(g=pd.cut(d["SV"], 3, labels=["a", "b", "c"])), outcome="trust_after", by="g"),
    "reliability": lambda d: reliability(d, ["SAT1", "SAT2", "SAT3"]),
    "mediate": lambda d: mediate(d, x="OE", m="SV", y="SAT", resamples=100),
    "moderate": lambda d: moderate(d, x="SAT", w="age", y="trust_after"),
    "mixed": lambda d: mixed(d.assign(place=np.arange(len(d)) % 20), "trust_after ~ SAT + age", group="place"),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_analysis_can_be_pooled(imputed, name):
    found = pool(imputed, CALLS[name])
    assert isinstance(found, Result)
    rows, glance = found.tidy(), found.glance()
    assert not rows[list(KEYS)].astype(str).duplicated().any()
    assert {*rows.columns, *glance.columns} <= set(GLOSSARY)
    assert np.isfinite(rows.loc[rows["label"] != "change", "estimate"].astype(float)).all()
    assert found.n_obs == 400
    assert found.n_listwise < 400 or name == "describe"
    table = found.table()
    assert {len(row.cells) for row in table.rows} == {table.n_columns}
    assert all(quantity(c.kind) for row in table.rows for c in row.cells)
    for lang in ("zh", "en"):
        assert all(note.text(lang) for note in table.notes)
        assert all(say(problem, lang) for problem in found.notices)
        assert all(row.cells[0].value.text(lang) for row in table.rows)
    assert rows["listwise"].notna().any()
    assert rows["estimate"].to_numpy(float) != pytest.approx(rows["listwise"].to_numpy(float), nan_ok=True)


def test_alpha_is_pooled_on_its_own_scale(imputed):
    results = [reliability(frame, ["SAT1", "SAT2", "SAT3"]) for frame in imputed]
    row = pool(results).tidy().iloc[0]
    alphas = np.array([r.tidy()["estimate"].iloc[0] for r in results])
    assert row["estimate"] == pytest.approx(1 - np.exp(np.log(1 - alphas).mean()))
    assert row["conf_low"] < row["estimate"] < row["conf_high"] < 1
    assert row["estimate"] - row["conf_low"] > row["conf_high"] - row["estimate"]
    within = 2 * 3 / (2 * 398)
    total = within + 1.25 * np.log(1 - alphas).var(ddof=1)
    assert row["std_error"] == pytest.approx((1 - row["estimate"]) * np.sqrt(total))


def test_an_indirect_effect_keeps_the_shape_of_its_interval(imputed):
    results = [mediate(frame, x="OE", m="SV", y="SAT", resamples=300, seed=3) for frame in imputed]
    frames = [r.tidy().set_index("term", drop=False).loc["indirect.SV"] for r in results]
    row = next(r for r in pool(results).tidy().to_dict("records") if r["term"] == "indirect.SV")
    values = np.array([f["estimate"] for f in frames])
    between = norm.ppf(0.975) ** 2 * 1.25 * values.var(ddof=1)
    up = np.mean([(f["conf_high"] - f["estimate"]) ** 2 for f in frames]) + between
    assert row["label"] == "recovered"
    assert row["estimate"] == pytest.approx(values.mean())
    assert row["conf_high"] == pytest.approx(values.mean() + np.sqrt(up))
    errors = np.array([f["std_error"] for f in frames])
    assert row["std_error"] == pytest.approx(np.sqrt((errors**2).mean() + 1.25 * values.var(ddof=1)))


def test_a_correlation_goes_through_fishers_z(imputed):
    results = [correlate(frame, ["trust_after", "trust_before"]) for frame in imputed]
    r = np.array([x.r[0, 1] for x in results])
    row = pool(results).tidy().iloc[0]
    assert row["estimate"] == pytest.approx(np.tanh(np.arctanh(r).mean()))
    assert row["conf_low"] < r.min() < r.max() < row["conf_high"]


def test_likelihood_ratios_of_completed_data_that_agree():
    frame = completed()[0]
    found = pool([regress(frame, MODEL)] * 3)
    f = regress(frame, MODEL).models[-1]
    ratio = 1200 * np.log(regress(frame, MODEL).models[0].fit.ssr / f.fit.ssr)
    assert cell(found, "model.f_change_d3")["statistic"] == pytest.approx(ratio / 3)
    total = 1200 * np.log(f.fit.total_ss / f.fit.ssr)
    assert cell(found, "model.f_statistic_d3")["statistic"] == pytest.approx(total / 4)


def test_robust_errors_have_no_likelihood_test(imputed):
    terms = set(pool(imputed, CALLS["robust"]).tidy()["term"])
    assert "model.f_statistic_d2" in terms
    assert "model.f_statistic_d3" not in terms


def test_what_only_some_imputations_give_is_named():
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40)}) for _ in range(3)]
    frames[1]["x"] = 1.0
    found = pool([regress(frame, "y ~ x") for frame in frames])
    named = {p.code: p.params for p in found.notices}
    assert "x" in named["W6247"]["terms"]
    assert "x" not in set(found.tidy()["term"])
    assert "model.aic" in named["N6246"]["terms"]


def test_what_cannot_be_pooled_is_refused(imputed):
    with pytest.raises(AnalysisError, match="E6245"):
        pool(imputed)
    with pytest.raises(AnalysisError, match="E6244"):
        pool([regress(completed()[0], MODEL)])
    with pytest.raises(AnalysisError, match="E6244"):
        pool([regress(completed()[0], MODEL), describe(completed()[0], ["age"])])
    with pytest.raises(AnalysisError, match="E6244"):
        pool([profile(frame, items=["female"]) for frame in completed()[:2]])
    with pytest.raises(AnalysisError, match="E652"):
        linear().table("T1")


def test_the_table_shows_tests_of_blocks_once():
    table = linear().table()
    assert sum(row.role == "section" for row in table.rows) == 2
    shown = [row.cells[0].value.text("en") for row in table.rows]
    assert shown.count("R² change") == 1
    assert shown.count("F (D1)") == 2
    assert not [text for text in shown if text.startswith("model.")]


def test_figure_of_pooled_coefficients():
    figure = linear().figure()
    assert list(figure.frame["term"]) == [
        f"2/trust_after/{x}" for x in ("trust_before", "SAT", "age", "years_resident")
    ]
    for lang in ("zh", "en"):
        assert draw(figure, lang=lang).alt


def test_variances_are_averaged_and_groups_not_printed(imputed):
    results = [CALLS["mixed"](frame) for frame in imputed]
    found = pool(results)
    rows = found.tidy().set_index(["model", "term"])
    own = [r.tidy().set_index(["model", "term"]).loc[("1", "variance.residual"), "estimate"] for r in results]
    assert rows.loc[("1", "variance.residual"), "estimate"] == pytest.approx(np.mean(own))
    assert rows.loc[("1", "variance.residual"), "label"] == "mean"
    shown = [row.cells[0].value.text("en") for row in found.table().rows]
    assert "Residual variance (mean)" in shown
    assert not [text for text in shown if "effect.intercept" in text]


def test_effects_are_called_by_their_names(imputed):
    shown = [row.cells[0].value.text("en") for row in pool(imputed, CALLS["mediate"]).table().rows]
    assert {"Total effect", "Indirect effect by way of SV"} <= set(shown)


def test_what_is_said_of_pooled_results(imputed):
    found = pool(imputed, CALLS["regress"])
    said = [s.text("en") for s in sentences("regress", found)]
    assert said[0] == "Results are pooled over 4 imputations (n = 400)."
    assert "1 · trust_before" not in said[1] and "trust_before" in said[1]
    assert said[2].startswith("The largest fraction of missing information is 0.")
    assert said[3] in ("The conclusions are those of listwise deletion.",) or "differs" in said[3]
    assert sentences("regress", found)[1].params["ref"] == "1/trust_after/trust_before#p_value"


def test_a_conclusion_that_changes_is_named():
    rng = np.random.default_rng(13)
    x = rng.normal(size=400)
    data = pd.DataFrame({"x": x, "y": 0.2 * x + rng.normal(size=400)})
    data["twin"] = data["y"] + 0.05 * rng.normal(size=400)
    data.loc[60:, "y"] = np.nan
    found = pool(impute(data, variables=["x", "y", "twin"], m=5, iterations=2), lambda d: regress(d, "y ~ x"))
    assert "Against listwise deletion the significance of x differs; report both." in [
        s.text("en") for s in sentences("regress", found)
    ]
    assert any("x" in s.text("zh") for s in sentences("regress", found))


def test_nothing_significant_is_said_so(imputed):
    rng = np.random.default_rng(1)
    noise = dict(enumerate(rng.normal(size=400)))
    found = pool(imputed, lambda d: regress(d.assign(z=pd.Series(noise)), "trust_after ~ z"))
    assert "no estimate was found" in " ".join(s.text("en") for s in sentences("regress", found))
