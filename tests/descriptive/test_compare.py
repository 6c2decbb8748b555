"""Comparisons: bad input, paired rows in long data, families, equivalence, figure and table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.descriptive import compare
from evalkit.descriptive.comparison.adjustment import METHODS, adjusted
from evalkit.descriptive.comparison.studentised_range import StudentisedRange

NAN = float("nan")


def row_of(result, term, level=None):
    rows = result.tidy()
    own = rows[(rows["term"] == term) & (rows["level"].isna() if level is None else rows["level"] == level)]
    assert len(own) == 1
    return own.iloc[0]


def codes(result):
    return [problem.code for problem in result.notices]


def spoken(result):
    """Every notice can be said in both languages."""
    return all(say(problem, lang) for problem in result.notices for lang in ("zh", "en"))


class TestBadInput:
    @pytest.mark.parametrize("test", ["welch", "student", "anova", "ranks", "kruskal", "chi2", "brown_forsythe"])
    @pytest.mark.parametrize(
        "frame",
        [
            {"y": [1, 2, 3, 4], "g": [1, 1, 1, 1]},
            {"y": [1, 2, NAN, NAN], "g": [1, 1, 2, 2]},
            {"y": [2, 2, 2, 2], "g": [1, 1, 2, 2]},
            {"y": [NAN, NAN, NAN, NAN], "g": [1, 1, 2, 2]},
            {"y": [], "g": []},
        ],
        ids=["one group", "empty group", "constant", "no answer", "no row"],
    )
    def test_nothing_to_compare_is_nan_with_a_reason(self, test, frame, views):
        result = compare(pd.DataFrame(frame, dtype=float), outcome="y", by="g", test=test)
        row = row_of(result, "test")
        assert np.isnan(row["p_value"])
        assert row["reason"].startswith("descriptive.compare.reason_")
        assert "W877" in codes(result)
        assert spoken(result)
        assert views(result)

    @pytest.mark.parametrize("test", ["welch", "brown_forsythe"])
    def test_a_group_of_one_has_no_variance(self, test, views):
        data = pd.DataFrame({"y": [1.0, 2, 4, 5, 3], "g": ["a", "a", "b", "b", "c"]})
        result = compare(data, outcome="y", by="g", test=test)
        assert row_of(result, "test")["reason"] == "descriptive.compare.reason_one"
        assert codes(result) == ["W877"]
        assert row_of(result, "mean", "c")["mean"] == 3
        assert np.isnan(row_of(result, "mean", "c")["sd"])
        assert views(result)

    def test_a_group_of_one_takes_part_where_the_test_allows_it(self, views):
        data = pd.DataFrame({"y": [1.0, 2, 4, 5, 3], "g": ["a", "a", "b", "b", "c"]})
        for test in ("anova", "kruskal"):
            result = compare(data, outcome="y", by="g", test=test)
            assert np.isfinite(row_of(result, "test")["p_value"])
            assert views(result)

    def test_constant_groups(self, views):
        data = pd.DataFrame({"y": [1.0, 1, 2, 2, 3, 3], "g": [1, 1, 2, 2, 3, 3]})
        for test in ("welch", "anova"):
            result = compare(data, outcome="y", by="g", test=test)
            assert row_of(result, "test")["reason"] == "descriptive.compare.reason_constant_groups"
            assert views(result)

    def test_groups_without_answers_are_named(self, views):
        data = pd.DataFrame({"y": [1.0, 2, 4, 5, NAN], "g": [1, 1, 2, 2, 3]})
        known = Variable("g", "nominal", "组", "Group", tuple(Category(i, f"组{i}", f"group {i}") for i in (1, 2, 3)))
        result = compare(attach(data, Codebook().with_variables([known])), outcome="y", by="g")
        assert codes(result) == ["N879"]
        assert "group 3" in say(result.notices[0], "en")
        assert "组3" in say(result.notices[0], "zh")
        assert result.comparisons[0].method == "welch_t"
        assert result.dropped[0].n == 1
        assert views(result)

    @pytest.mark.parametrize("test", ["welch", "ranks", "mcnemar"])
    def test_measures_that_do_not_change(self, test, views):
        data = pd.DataFrame({"a": [0, 1, 1, 0], "b": [0, 1, 1, 0]})
        result = compare(data, outcome=["a", "b"], paired=True, test=test)
        assert row_of(result, "test")["reason"] == "descriptive.compare.reason_no_change"
        assert codes(result) == ["W877"]
        assert spoken(result)
        assert views(result)

    @pytest.mark.parametrize("test", ["welch", "ranks", "cochran"])
    def test_three_measures_that_do_not_change(self, test, views):
        data = pd.DataFrame({"a": [0, 1, 1, 0], "b": [0, 1, 1, 0], "c": [0, 1, 1, 0]})
        result = compare(data, outcome=["a", "b", "c"], paired=True, test=test)
        assert row_of(result, "test")["reason"] == "descriptive.compare.reason_no_change"
        assert views(result)

    def test_collinear_covariates(self, views):
        data = pd.DataFrame({"y": [1.0, 2, 4, 5, 3, 7], "g": [1, 1, 1, 2, 2, 2], "z": [0.0, 0, 0, 1, 1, 1]})
        result = compare(data, outcome="y", by="g", test="ancova", covariates=["z"])
        assert row_of(result, "test")["reason"] == "descriptive.compare.reason_collinear"
        assert views(result)

    def test_small_tables_are_said(self):
        data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 1], "g": [1, 1, 1, 2, 2, 2]})
        result = compare(data, outcome="y", by="g", test="chi2")
        assert codes(result) == ["W878"]
        assert "1.00" in say(result.notices[0], "en")

    def test_an_empty_cell_has_no_ratio(self, views):
        data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 1], "g": [1, 1, 1, 2, 2, 2]})
        for test in ("fisher", "proportions"):
            result = compare(data, outcome="y", by="g", test=test)
            assert np.isnan(row_of(result, "odds_ratio")["estimate"])
            assert np.isfinite(row_of(result, "test")["p_value"])
            assert views(result)


TINY = {
    "proportions": {"y": [0, 0, 1, 1], "g": [1, 1, 2, 2]},
    "chi2": {"y": [0, 1], "g": [1, 2]},
    "jonckheere": {"y": [0, 1], "g": [1, 2]},
    "ancova": {"y": [0.0, 1, 2, 5, 6, 7], "g": [1, 1, 1, 2, 2, 2]},
    "anova": {"y": [0, 1, 3], "g": [1, 1, 2]},
}


@pytest.mark.parametrize("test", TINY)
def test_tiny_samples_give_numbers_or_reasons(test, views):
    data = pd.DataFrame(TINY[test]).assign(z=[i % 3 for i in range(len(TINY[test]["y"]))])
    options = {"covariates": ["z"]} if test == "ancova" else {"equivalence": 0.5} if test == "proportions" else {}
    result = compare(data, outcome="y", by="g", test=test, **options)
    row = row_of(result, "test")
    assert np.isfinite(row["p_value"]) or row["reason"]
    assert spoken(result)
    assert views(result)


@pytest.mark.parametrize("rows", [2, 3])
def test_few_rows_measured_three_times(rows, views):
    data = pd.DataFrame({"a": [1.0, 2, 4], "b": [2.0, 5, 3], "c": [4.0, 4, 9]}).iloc[:rows]
    result = compare(data, outcome=["a", "b", "c"], paired=True)
    assert 0 <= row_of(result, "test")["p_value"] <= 1
    assert views(result)


FAULTS = {
    "no group": ({"outcome": "SAT"}, "E897"),
    "same": ({"outcome": "SAT", "by": "SAT"}, "E897"),
    "one measure": ({"outcome": "SAT", "paired": True}, "E897"),
    "measures and groups": ({"outcome": ["SAT", "PAR"], "by": "gender", "paired": True}, "E897"),
    "unknown test": ({"outcome": "SAT", "by": "gender", "test": "z"}, "E614"),
    "unknown adjustment": ({"outcome": "SAT", "by": "gender", "adjust": "sidak"}, "E614"),
    "unknown family": ({"outcome": "SAT", "by": "gender", "family": "most"}, "E614"),
    "level": ({"outcome": "SAT", "by": "gender", "conf_level": 95}, "E614"),
    "bounds": ({"outcome": "SAT", "by": "gender", "equivalence": [0.2, -0.2]}, "E614"),
    "no bounds": ({"outcome": "SAT", "by": "gender", "equivalence": 0}, "E614"),
    "too many groups": ({"outcome": "SAT", "by": "stratum", "test": "student"}, "E875"),
    "too many categories": ({"outcome": "renewal_support", "by": "gender", "test": "fisher"}, "E875"),
    "covariates": ({"outcome": "SAT", "by": "gender", "covariates": ["age"]}, "E876"),
    "no covariates": ({"outcome": "SAT", "by": "gender", "test": "ancova"}, "E876"),
    "paired test": ({"outcome": "SAT", "by": "gender", "test": "paired_t"}, "E876"),
    "independent test": ({"outcome": ["SAT", "PAR"], "paired": True, "test": "anova"}, "E876"),
    "posthoc": ({"outcome": "SAT", "by": "stratum", "posthoc": "dunn"}, "E876"),
    "posthoc of two": ({"outcome": "SAT", "by": "gender", "posthoc": "tukey"}, "E876"),
    "equivalence of many": ({"outcome": "SAT", "by": "stratum", "equivalence": 0.2}, "E876"),
    "equivalence of ranks": ({"outcome": "SAT", "by": "gender", "test": "ranks", "equivalence": 0.2}, "E876"),
    "nominal": ({"outcome": "tenure", "by": "gender"}, "E882"),
    "not yes or no": ({"outcome": ["SAT", "PAR"], "paired": True, "test": "mcnemar"}, "E859"),
    "repeated key": ({"outcome": "SAT", "by": "gender", "paired": "community_id"}, "E881"),
    "unknown name": ({"outcome": "SATT", "by": "gender"}, "E600"),
    "unknown key": ({"outcome": "SAT", "by": "gender", "paired": "household"}, "E600"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_calls_that_cannot_mean_anything(fault, categorical):
    arguments, code = FAULTS[fault]
    with pytest.raises(AnalysisError) as caught:
        compare(categorical, **arguments)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert all(say(problem, lang) for problem in caught.value.problems for lang in ("zh", "en"))


class TestPairedRows:
    """Long data: a row for each person and wave."""

    @pytest.fixture
    def long(self, scored):
        part = scored[["id", "trust_before", "trust_after"]].iloc[:200]
        long = part.melt(id_vars="id", var_name="wave", value_name="trust")
        return long.sample(frac=1, random_state=1).reset_index(drop=True)

    def test_they_give_what_columns_give(self, long, scored):
        found = compare(long, outcome="trust", by="wave", paired="id")
        wide = compare(scored.iloc[:200], outcome=["trust_after", "trust_before"], paired=True)
        for term in ("test", "cohens_dz", "correlation"):
            one, two = row_of(found, term), row_of(wide, term)
            for column in ("estimate", "statistic", "p_value", "conf_low", "conf_high"):
                assert one[column] == pytest.approx(two[column], nan_ok=True)
        assert found.n_obs == wide.n_obs

    def test_a_missing_pair_is_said(self, long, views):
        lost = long.drop(long[long["id"] == long["id"].iloc[0]].index[0])
        before = compare(long, outcome="trust", by="wave", paired="id")
        found = compare(lost, outcome="trust", by="wave", paired="id")
        lacking = {p.code: p.params["n"] for p in (*before.notices, *found.notices)}
        assert set(lacking) == {"W880"}
        assert found.n_obs == before.n_obs - 1
        assert spoken(found)
        assert views(found)

    def test_no_pair_at_all(self, views):
        data = pd.DataFrame({"id": [1, 2, 3, 4], "wave": [1, 1, 2, 2], "y": [1.0, 2, 3, 4]})
        found = compare(data, outcome="y", by="wave", paired="id")
        assert row_of(found, "test")["reason"] == "descriptive.compare.reason_few_pairs"
        assert codes(found) == ["W880", "W877"]
        assert views(found)

    def test_keys_that_are_missing_drop_their_rows(self):
        data = pd.DataFrame({"id": [1, 1, 2, 2, NAN, NAN, 3, 3], "wave": [1, 2] * 4, "y": [1.0, 2, 3, 5, 9, 9, 4, 4]})
        found = compare(data, outcome="y", by="wave", paired="id")
        assert found.n_obs == 3
        assert found.dropped[0].n == 2


def test_families_decide_what_is_adjusted(categorical):
    call = {"outcome": ["SAT", "PAR"], "by": ["gender", "stratum", "tenure"], "posthoc": "none"}
    p = np.array([c.test["p_value"] for c in compare(categorical, **call).comparisons])
    every = [c.p_adjusted for c in compare(categorical, **call, adjust="bh").comparisons]
    assert every == pytest.approx(adjusted(p, "bh"))
    own = [c.p_adjusted for c in compare(categorical, **call, family="outcome").comparisons]
    assert own[::2] == pytest.approx(adjusted(p[::2], "holm"))
    over = [c.p_adjusted for c in compare(categorical, **call, family="by").comparisons]
    assert over[2:4] == pytest.approx(adjusted(p[2:4], "holm"))
    assert [c.p_adjusted for c in compare(categorical, **call, family="none").comparisons] == pytest.approx(p)


def test_two_dichotomies_before_and_after():
    data = pd.DataFrame({"before": [1] * 30 + [0] * 70, "after": [1] * 25 + [0] * 5 + [1] * 20 + [0] * 50})
    found = compare(data, outcome=["after", "before"], paired=True, test="mcnemar", equivalence=0.3)
    test = row_of(found, "test")
    # 20 only after, 5 only before: (20 - 5)^2 / 25; the shares 45 and 30 per cent
    assert test["statistic"] == pytest.approx(9.0)
    assert test["estimate"] == pytest.approx(0.15)
    assert row_of(found, "odds_ratio")["estimate"] == pytest.approx(4.0)
    assert row_of(found, "share", "after")["percent"] == pytest.approx(45)
    assert row_of(found, "equivalence")["p_value"] < 0.01


def test_covariates_that_are_categories(categorical):
    call = {"outcome": "SAT", "by": "stratum", "test": "ancova"}
    found = compare(categorical, **call, covariates=["gender", "age"])
    import statsmodels.formula.api as smf

    data = categorical[["SAT", "stratum", "gender", "age"]].dropna()
    full = smf.ols("SAT ~ C(stratum) + C(gender) + age", pd.DataFrame(dict(data))).fit()
    rest = smf.ols("SAT ~ C(gender) + age", pd.DataFrame(dict(data))).fit()
    f, p, df = full.compare_f_test(rest)
    test = row_of(found, "test")
    assert [test["statistic"], test["p_value"], test["df"]] == pytest.approx([f, p, df])
    difference = row_of(found, "pair", "danwei:commodity")
    assert -difference["estimate"] == pytest.approx(full.params["C(stratum)[T.danwei]"] * -1, rel=1e-9)
    assert row_of(found, "covariate.gender")["df"] == 1


def test_exact_ranks_of_small_groups():
    data = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6], "g": [1, 1, 1, 2, 2, 2]})
    found = compare(data, outcome="y", by="g", test="ranks")
    assert row_of(found, "test")["p_value"] == pytest.approx(0.1)
    assert row_of(found, "rank_biserial")["estimate"] == -1
    pairs = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 4, 6, 8]})
    found = compare(pairs, outcome=["a", "b"], paired=True, test="wilcoxon")
    assert row_of(found, "test")["p_value"] == pytest.approx(0.125)


def test_effects_of_one_kind_have_a_figure(categorical):
    figure = compare(categorical, outcome=["SAT", "PAR"], by="gender").figure()
    assert figure.kind == "coefficients"
    assert list(figure.frame["term"]) == ["SAT", "PAR"]
    assert figure.frame["estimate"].tolist() == pytest.approx([-0.0475008071079095, -0.0594820464238639])
    both = compare(categorical, outcome="SAT", by=["gender", "renter"]).figure()
    assert list(both.frame["term"]) == ["SAT/gender", "SAT/renter"]
    assert compare(categorical, outcome="SAT", by=["gender", "stratum"]).figure() is None


def test_t11_names_the_pairs_that_differ(categorical, views):
    found = compare(categorical, outcome="SAT", by="stratum")
    assert views(found)
    table = found.table()
    first = table.rows[0].cells
    assert first[1].value.text("en") == "1. danwei"
    assert first[-1].value.text("en") == "1>3, 1>4, 2>3, 2>4"
    assert first[6].value == pytest.approx(600.821648510369)
    assert [cell.value for cell in table.rows[1].cells[4:]] == [""] * 6


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=9), method=st.sampled_from(sorted(METHODS)))
@limits(max_examples=40)
def test_adjustment_raises_p_and_keeps_its_order(p, method):
    values = np.array(p)
    found = adjusted(values, method)
    assert (found >= values - 1e-12).all()
    assert (found <= 1).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= -1e-12).all()
    gap = adjusted(np.append(values, NAN), method)
    assert gap[:-1] == pytest.approx(found)
    assert np.isnan(gap[-1])


@given(seed=st.integers(0, 999), shift=st.floats(-50, 50), scale=st.floats(0.1, 20))
@limits(max_examples=6)
def test_units_of_the_outcome_do_not_matter(seed, shift, scale):
    random = np.random.default_rng(seed)
    data = pd.DataFrame({"y": random.normal(size=40), "g": np.repeat([1, 2, 3, 4], 10)})
    moved = data.assign(y=data["y"] * scale + shift)
    for test in ("welch", "anova", "ranks"):
        one, two = (compare(d, outcome="y", by="g", test=test, posthoc="none") for d in (data, moved))
        for term in ("test", one.comparisons[0].how.effect):
            for column in ("statistic", "p_value", "estimate"):
                assert row_of(one, term)[column] == pytest.approx(row_of(two, term)[column], rel=1e-6, nan_ok=True)


def test_the_shift_is_the_median_of_all_differences():
    random = np.random.default_rng(5)
    data = pd.DataFrame({"y": random.normal(size=61), "g": [1] * 30 + [2] * 31})
    x, y = (data.loc[data["g"] == g, "y"].to_numpy() for g in (1, 2))
    found = row_of(compare(data, outcome="y", by="g", test="ranks"), "hodges_lehmann")
    differences = np.sort((x[:, None] - y[None, :]).ravel())
    assert found["estimate"] == pytest.approx(np.median(differences), abs=1e-9)
    # 465 - 1.96 * sqrt(30 * 31 * 62 / 12), rounded down
    k = int(465 - 1.959963984540054 * np.sqrt(30 * 31 * 62 / 12))
    assert found["conf_low"] == pytest.approx(differences[k - 1], abs=1e-9)
    assert found["conf_high"] == pytest.approx(differences[930 - k], abs=1e-9)


@pytest.mark.parametrize(("k", "df", "expected"), [(3, 10.0, 3.87677675), (2, 1.0, 17.969287), (4, 5.3, 5.105629818)])
def test_critical_values_of_the_studentised_range(k, df, expected):
    own = StudentisedRange(k, df)
    assert own.critical(0.95) == pytest.approx(expected, rel=1e-7)
    assert own.beyond(own.critical(0.95)) == pytest.approx(0.05, abs=1e-9)
