"""Pooling of every kind of step: data sets that are alike give the answer of one; Rubin's rules by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, f, norm, t

import evalkit as ek
from evalkit.contract import GLOSSARY, KEYS, AnalysisError, quantity
from evalkit.contract.words import say
from evalkit.report.sentences import sentences
from evalkit.studies import pool

M = 3


def frame(shift: float = 0.0) -> pd.DataFrame:
    """Made-up answers of 240 people in 24 places; a few of them differ by `shift`."""
    rng = np.random.default_rng(11)
    n = 240
    trait, other = rng.normal(size=n), rng.normal(size=n)
    data = pd.DataFrame({f"a{i}": np.clip(np.round(3 + trait + 0.7 * rng.normal(size=n)), 1, 5) for i in (1, 2, 3)})
    for i in (1, 2, 3):
        data[f"b{i}"] = np.clip(np.round(3 + 0.4 * trait + other + 0.7 * rng.normal(size=n)), 1, 5)
    data["place"] = np.repeat([f"P{i:02d}" for i in range(24)], 10)
    data["wave"] = np.tile(np.arange(1, 13), 20)
    data["after"] = (data["wave"] > 6).astype(float)
    data["member"] = (rng.random(n) < 1 / (1 + np.exp(-trait))).astype(float)
    data["z"] = rng.normal(size=n)
    data["x"] = 0.8 * data["z"] + 0.5 * trait + rng.normal(size=n)
    data["m"] = 0.4 * data["x"] + rng.normal(size=n)
    data["y"] = 0.1 * data["x"] + 0.3 * data["m"] + 0.4 * data["x"] * trait + trait + rng.normal(size=n)
    data["w"] = trait + 0.5 * rng.normal(size=n)
    data["b"] = (data["y"] + rng.normal(size=n) > 0).astype(float)
    data["g"] = pd.cut(data["w"], [-9, -0.5, 0.5, 9], labels=["low", "middle", "high"]).astype(str)
    moved = np.random.default_rng(int(1000 * shift)).choice(n, 30, replace=False)
    for name, part in {"x": 1, "m": 1, "y": 1, "w": 1, "a2": 0.3, "b2": 0.3}.items():
        data.loc[moved, name] += part * shift * np.random.default_rng(int(1000 * shift) + 1).normal(size=30)
    return data


CALLS = {
    "iv": lambda d: ek.iv(d, y="y", endogenous="x", instruments=["z", "after"]),
    "propensity": lambda d: ek.propensity(d, y="y", treated="member", covariates=["x", "w"]),
    "did": lambda d: ek.did(d, y="y", treated="member", time="after"),
    "interrupted_series": lambda d: ek.interrupted_series(d, y="y", time="wave", start=7),
    "cfa": lambda d: ek.cfa(d, "a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3", estimator="MLR"),
    "sem": lambda d: ek.sem(d, "a =~ a1 + a2 + a3\na ~ p*x + w\ntwice := 2*p"),
    "latent_mediate": lambda d: ek.latent_mediate(d, x="x", m="m", y="y", ci="delta"),
    "longitudinal_mediate": lambda d: ek.longitudinal_mediate(
        d, x=["a1", "a2"], m=["b1", "b2"], y=["y", "w"], ci="delta"
    ),
    "validity": lambda d: ek.validity(d, {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]}, resamples=20),
    "multilevel_mediate": lambda d: ek.multilevel_mediate(d, x="x", m="m", y="y", group="place"),
    "natural": lambda d: ek.mediate(
        d, x="x", m="m", y="b", families={"b": "logit"}, interactions=True, resamples=100, seed=2
    ),
    "moderate": lambda d: ek.moderate(d, x="x", w="w", y="y"),
    "two_moderators": lambda d: ek.moderate(d, x="x", w="w", z="g", y="b", family="logit"),
    "response_surface": lambda d: ek.response_surface(d, x="a1", z="b1", y="y", covariates=["w"]),
    "predict": lambda d: ek.predict(d, "b ~ x + w", family="logit", at={"x": [-1, 1]}),
    "pairs": lambda d: ek.predict(d, "y ~ g + w", at={"g": ["low", "middle", "high"]}, typical="equal", pairs="tukey"),
    "relative_importance": lambda d: ek.relative_importance(d, "y ~ x + m + w"),
    "compare": lambda d: ek.compare(d, outcome=["y", "x"], by="g"),
    "crosstab": lambda d: ek.crosstab(d, rows="g", columns="member"),
    "estimates": lambda d: ek.estimates(d, ["x"], by="member"),
    "aggregation": lambda d: ek.aggregation(d, ["y"], cluster="place"),
    "icc": lambda d: ek.icc(d, ["a1", "a2", "a3"]),
    "criterion_validity": lambda d: ek.criterion_validity(d, "x", criterion="y", over=["w"]),
    "known_groups": lambda d: ek.known_groups(d, "y", by="g"),
    "heterogeneity": lambda d: ek.heterogeneity(d, of="regress", arguments={"formula": "y ~ w | + x"}, by=["member"]),
    "robustness": lambda d: ek.robustness(
        d, of="regress", arguments={"formula": "y ~ w | + x"}, estimators=["HC3"], winsorise=0.05
    ),
    "specification_curve": lambda d: ek.specification_curve(
        d, of="regress", arguments={"formula": "y ~ w | + x"}, estimators=["HC3"], add=["m"]
    ),
}


@pytest.fixture(scope="module")
def done():
    found: dict[str, tuple] = {}

    def made(name):
        if name not in found:
            results = [CALLS[name](frame(shift)) for shift in (0.0, 0.4, 0.8)]
            found[name] = (results, pool(results))
        return found[name]

    return made


def keyed(tidy: pd.DataFrame) -> pd.DataFrame:
    keys = tidy[list(KEYS)].astype(object).where(tidy[list(KEYS)].notna(), "")
    return tidy.set_index(pd.Index(["/".join(map(str, key)) for key in keys.to_numpy()]))


@pytest.mark.parametrize("name", CALLS)
def test_alike_data_sets_give_the_answer_of_one(name):
    one = CALLS[name](frame())
    found = keyed(pool([one] * M).tidy())
    single = keyed(one.tidy()).reindex(found.index)
    how = found["label"]
    plain = how.isin(["rubin", "recovered", "mean", "fisher", "ratio", "fit"])
    assert plain.any()
    assert found.loc[plain, "estimate"].to_numpy() == pytest.approx(single.loc[plain, "estimate"].to_numpy(float))
    errors = plain & single["std_error"].gt(0) & how.ne("fisher")
    assert found.loc[errors, "std_error"].to_numpy() == pytest.approx(single.loc[errors, "std_error"].to_numpy())
    assert (found.loc[how.isin(["rubin", "ratio"]), "lambda"].abs() < 1e-9).all()
    tests = how.eq("d2") & ~found["term"].astype(str).str.startswith("model.chisq")
    if tests.any() and "statistic" in single:
        chi = single["df2"].isna() if "df2" in single else single["df"].notna()
        k = np.where(chi[tests], found.loc[tests, "df"], 1.0)
        known = single.loc[tests, "statistic"].notna().to_numpy()
        expected = (single.loc[tests, "statistic"] / k).to_numpy(float)
        assert found.loc[tests, "statistic"].to_numpy()[known] == pytest.approx(expected[known])


@pytest.mark.parametrize("name", CALLS)
def test_the_views_speak_both_languages(done, name):
    results, found = done(name)
    rows, table = found.tidy(), found.table()
    assert not rows[list(KEYS)].astype(str).duplicated().any()
    assert set(rows.columns) <= set(GLOSSARY)
    assert np.isfinite(rows.loc[rows["label"] != "change", "estimate"].to_numpy(float)).all()
    assert {len(row.cells) for row in table.rows} == {table.n_columns}
    assert all(quantity(c.kind) for row in table.rows for c in row.cells)
    for lang in ("zh", "en"):
        names = [row.cells[0].value.text(lang) for row in table.rows]
        assert all(names)
        assert not [text for text in names if "model." in text or "nan" in text]
        assert all(note.text(lang) for note in table.notes)
        assert all(say(problem, lang) for problem in found.notices)
        assert [sentence.text(lang) for sentence in sentences(name, found)]


def values(results, **keys) -> dict[str, np.ndarray]:
    """Columns of one row in each of the results."""
    out: dict[str, list[float]] = {}
    for result in results:
        rows = result.tidy()
        for key, value in keys.items():
            rows = rows[rows[key].isna() if value is None else rows[key].astype(str) == value]
        assert len(rows) == 1
        for column in ("estimate", "std_error", "df", "statistic", "df2"):
            out.setdefault(column, []).append(float(rows[column].iloc[0]) if column in rows else np.nan)
    return {name: np.array(column) for name, column in out.items()}


def pooled_row(found, **keys) -> pd.Series:
    rows = found.tidy()
    for key, value in keys.items():
        rows = rows[rows[key].isna() if value is None else rows[key].astype(str) == value]
    assert len(rows) == 1
    return rows.iloc[0]


def by_hand(estimates: np.ndarray, errors: np.ndarray, complete: float) -> dict[str, float]:
    """Rubin (1987) and Barnard & Rubin (1999), written out."""
    m = len(estimates)
    within, between = np.mean(errors**2), np.var(estimates, ddof=1)
    total = within + (1 + 1 / m) * between
    lam = (1 + 1 / m) * between / total
    old = (m - 1) / lam**2
    df = old
    if np.isfinite(complete):
        seen = (complete + 1) / (complete + 3) * complete * (1 - lam)
        df = old * seen / (old + seen)
    value = float(np.mean(estimates))
    return {"estimate": value, "std_error": np.sqrt(total), "df": df, "p_value": 2 * t.sf(abs(value) / total**0.5, df)}


HAND = {
    "iv": ({"model": "2sls", "term": "x"}, 238),
    "propensity": ({"model": "ipw", "term": "effect"}, np.inf),
    "did": ({"model": "two_way", "term": "effect"}, "df"),
    "interrupted_series": ({"term": "level_change"}, "df"),
    "cfa": ({"outcome": "a2", "level": "loading"}, np.inf),
    "sem": ({"outcome": "a", "term": "x"}, np.inf),
    "latent_mediate": ({"term": "indirect.m"}, np.inf),
    "longitudinal_mediate": ({"term": "indirect.m"}, np.inf),
    "multilevel_mediate": ({"outcome": "y", "term": "m", "level": "within"}, "df"),
    "natural": ({"outcome": "b", "term": "x:m"}, 236),
    "moderate": ({"model": None, "term": "slope.high"}, 236),
    "response_surface": ({"model": None, "term": "a1"}, 233),
    "compare": ({"outcome": "y", "term": "pair", "level": "high:low"}, "df"),
    "estimates": ({"term": "x", "group": "member.1"}, "df"),
    "heterogeneity": ({"model": "member", "term": "x", "group": "1"}, "df"),
    "robustness": ({"model": "estimator.HC3", "term": "x"}, 237),
    "specification_curve": ({"model": "added.m", "term": "x"}, 236),
}


@pytest.mark.parametrize("name", HAND)
def test_one_term_of_each_kind_by_hand(done, name):
    results, found = done(name)
    keys, complete = HAND[name]
    single = values(results, **keys)
    known = float(np.mean(single["df"])) if complete == "df" else complete
    expected = by_hand(single["estimate"], single["std_error"], known)
    row = pooled_row(found, **keys)
    assert expected["df"] > 2
    for column, value in expected.items():
        if column != "p_value" or np.isfinite(row["p_value"]):
            assert row[column] == pytest.approx(value), column


def test_ratios_are_pooled_as_logarithms(done):
    results, found = done("natural")
    single, row = values(results, term="or.nie"), pooled_row(found, term="or.nie")
    expected = by_hand(np.log(single["estimate"]), single["std_error"], 236)
    assert row["estimate"] == pytest.approx(np.exp(expected["estimate"]))
    assert row["p_value"] == pytest.approx(expected["p_value"])
    assert 0 < row["conf_low"] < row["estimate"] < row["conf_high"]
    drawn = set(found.figure().frame["term"])
    assert "nie.total" in drawn and "or.nie" not in drawn  # no ratio beside differences from 0
    assert found.naming.word("product.m").text("en") == "Product of coefficients (linear predictor): m"


def test_the_chi_square_of_a_model_and_its_indices(done):
    results, found = done("cfa")
    for end in ("", "_scaled"):
        single = np.array([r.measures[f"chisq{end}"] for r in results])
        k = results[0].measures["df"]
        r = (1 + 1 / M) * np.var(np.sqrt(single), ddof=1)
        d2 = (single.mean() / k - (M + 1) / (M - 1) * r) / (1 + r)
        df2 = k ** (-3 / M) * (M - 1) * (1 + 1 / r) ** 2
        row = pooled_row(found, term=f"model.chisq{end}")
        assert row["estimate"] == pytest.approx(d2 * k)
        assert row["p_value"] == pytest.approx(f.sf(d2, k, df2))
    chisq = pooled_row(found, term="model.chisq")["estimate"]
    rmsea = np.sqrt(max(chisq - k, 0) / (k * 240))
    assert pooled_row(found, term="model.rmsea")["estimate"] == pytest.approx(rmsea)
    srmr = np.mean([result.measures["srmr"] for result in results])
    assert pooled_row(found, term="model.srmr")["estimate"] == pytest.approx(srmr)
    fixed = pooled_row(found, outcome="a1", level="loading")
    assert (fixed["estimate"], fixed["label"]) == (1.0, "mean")


def test_johnson_neyman_bounds_lie_where_the_pooled_slope_turns_significant(done):
    results, found = done("moderate")
    bounds = found.tidy()
    bound = bounds.loc[bounds["label"] == "bound", "estimate"].astype(float).iloc[0]
    slopes, variances = [], []
    for result in results:
        fit = result.series.models[-1].fit
        centre_w = result.roles["w"].centre
        place = [fit.terms.index(term) for term in ("x", "x:w")]
        contrast = np.array([1.0, bound - centre_w])
        slopes.append(contrast @ fit.estimate[place])
        variances.append(contrast @ fit.matrix[np.ix_(place, place)] @ contrast)
    expected = by_hand(np.array(slopes), np.sqrt(variances), 236)
    assert expected["p_value"] == pytest.approx(0.05, rel=1e-6)
    assert "jn.significant" not in {t for p in found.notices for t in p.params.get("terms", ())}


def test_the_interaction_is_tested_by_d1(done):
    results, found = done("moderate")
    row, slope = pooled_row(found, term="interaction.x:w"), pooled_row(found, model="2", term="x:w")
    assert row["label"] == "d1"
    assert row["statistic"] == pytest.approx(slope["statistic"] ** 2)
    surface = done("response_surface")[1]
    change = pooled_row(surface, model="3", term="model.f_change")
    assert pooled_row(surface, term="second_order")["statistic"] == change["statistic"]
    whole = pooled_row(done("two_moderators")[1], term="interaction.x:w:g")
    assert (whole["df"], whole["label"]) == (2, "d1")


def test_pairs_are_adjusted_over_the_pooled_statistics(done):
    from scipy.stats import studentized_range

    _, found = done("compare")
    row = pooled_row(found, outcome="y", term="pair", level="high:low")
    q = abs(row["statistic"]) * np.sqrt(2)
    assert row["p_adjusted"] == pytest.approx(studentized_range.sf(q, 3, row["df"]), abs=1e-6)
    both = [pooled_row(found, outcome=name, term="test") for name in ("x", "y")]
    first, last = sorted(both, key=lambda r: r["p_value"])
    assert first["p_adjusted"] == pytest.approx(min(1, 2 * first["p_value"]))
    assert last["p_adjusted"] == pytest.approx(max(first["p_adjusted"], last["p_value"]))


def test_marginal_means_and_their_differences(done):
    from scipy.stats import studentized_range

    results, found = done("pairs")
    keys = {"term": "pair.g=low-g=high"}
    single, row = values(results, **keys), pooled_row(found, **keys)
    expected = by_hand(single["estimate"], single["std_error"], 236)
    assert row["std_error"] == pytest.approx(expected["std_error"])
    assert row["df"] == pytest.approx(expected["df"])
    q = abs(row["statistic"]) * np.sqrt(2)
    assert row["p_adjusted"] == pytest.approx(studentized_range.sf(q, 3, row["df"]), abs=1e-6)


def test_differences_between_groups_have_no_degrees_of_freedom_of_their_test(done):
    results, found = done("heterogeneity")
    keys = {"model": "member", "term": "difference.x"}
    single = values(results, **keys)
    residual = single["df2"].mean() if np.isfinite(single["df2"]).all() else np.inf
    expected = by_hand(single["estimate"], single["std_error"], residual)
    assert (single["df"] == 1).all()
    assert pooled_row(found, **keys)["df"] == pytest.approx(expected["df"])


def test_the_summary_of_a_curve_is_that_of_the_pooled_estimates(done):
    _, found = done("specification_curve")
    rows = found.tidy()
    own = rows.loc[rows["label"] == "rubin", "estimate"].astype(float)
    assert pooled_row(found, term="curve.median")["estimate"] == pytest.approx(np.median(own))
    assert pooled_row(found, term="curve.max")["estimate"] == pytest.approx(own.max())


def test_other_tests_by_d2(done):
    results, found = done("iv")
    single = values(results, term="test.hansen")
    r = (1 + 1 / M) * np.var(np.sqrt(single["statistic"]), ddof=1)
    expected = max((single["statistic"].mean() - (M + 1) / (M - 1) * r) / (1 + r), 0)
    row = pooled_row(found, term="test.hansen")
    assert (row["statistic"], row["label"]) == (pytest.approx(expected), "d2")
    none = pool([CALLS["iv"](frame())] * M)
    single = values([CALLS["iv"](frame())], term="test.hansen")["statistic"][0]
    assert pooled_row(none, term="test.hansen")["p_value"] == pytest.approx(chi2.sf(single, 1))


def test_a_group_mean_has_the_degrees_of_freedom_of_its_group(done):
    results, found = done("compare")
    keys = {"outcome": "x", "term": "mean", "level": "low"}
    n = (frame()["g"] == "low").sum()
    assert pooled_row(found, **keys)["df"] <= n - 1
    one = CALLS["compare"](frame())
    row = pooled_row(pool([one] * M), **keys)
    seen = n / (n + 2) * (n - 1)
    assert row["df"] == pytest.approx(seen)
    assert row["conf_high"] == pytest.approx(row["estimate"] + t.ppf(0.975, seen) * row["std_error"])


def test_bootstrapped_natural_effects_keep_their_shape(done):
    results, found = done("natural")
    row = pooled_row(found, term="nie.total")
    frames = [r.effects.set_index("term").loc["nie.total"] for r in results]
    centre = np.mean([one["estimate"] for one in frames])
    between = norm.ppf(0.975) ** 2 * (1 + 1 / M) * np.var([one["estimate"] for one in frames], ddof=1)
    up = np.mean([(one["conf_high"] - one["estimate"]) ** 2 for one in frames]) + between
    assert row["conf_high"] == pytest.approx(centre + np.sqrt(up))


def test_factors_that_may_turn_are_not_pooled():
    results = [
        ek.efa(frame(shift), [f"{s}{i}" for s in "ab" for i in (1, 2, 3)], n_factors=2, draws=20) for shift in (0, 1)
    ]
    with pytest.raises(AnalysisError, match="E6244"):
        pool(results)
