"""Key effects group by group: every group is the model on its rows, every test agrees with its formula."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.contract.words import LANGUAGES, say
from evalkit.report import sentences

FORMULA = {"formula": "y ~ age | + x"}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(4)
    n = 400
    x, party = rng.normal(size=n), rng.choice(["no", "yes"], n)
    y = np.where(party == "yes", 0.8, 0.2) * x + rng.normal(size=n)
    return pd.DataFrame(
        {
            "party": party,
            "floor": rng.choice(["a", "b", "c"], n, p=[0.5, 0.485, 0.015]),
            "years": rng.uniform(0, 40, n),
            "village": rng.integers(1, 15, n),
            "age": rng.integers(18, 80, n).astype(float),
            "x": x,
            "m": 0.5 * x + rng.normal(size=n),
            "y": y,
            "yes": (y > 0).astype(float),
        }
    )


def row(result, model, term, group=None):
    tidy = result.tidy()
    here = tidy["group"].isna() if group is None else tidy["group"] == group
    return tidy[(tidy["model"] == model) & (tidy["term"] == term) & here].iloc[0]


def last(result, term):
    tidy = result.tidy()
    return tidy[tidy["term"] == term].iloc[-1]


@pytest.mark.parametrize("options", [{}, {"cov": "CR1", "cluster": "village"}, {"cov": "HC3"}])
def test_groups_are_the_model_on_their_rows_and_the_test_that_of_the_product(people, options):
    found = ek.heterogeneity(people, of="regress", arguments={**FORMULA, **options}, by="party")
    for code in ("no", "yes"):
        part = last(ek.regress(people[people["party"] == code], **FORMULA, **options), "x")
        assert row(found, "party", "x", code)["std_error"] == part["std_error"]
    product = last(ek.regress(people, "y ~ age + x + party + x:party", **options), "x:party.yes")
    test = row(found, "party", "difference.x")
    assert test["estimate"] == pytest.approx(product["estimate"], rel=1e-10)
    assert test["p_value"] == pytest.approx(product["p_value"], rel=1e-8)
    assert test["p_value"] < 0.001
    assert row(found, "all", "x")["estimate"] == last(ek.regress(people, **FORMULA), "x")["estimate"]


def test_with_every_coefficient_free_the_difference_is_that_of_the_groups(people):
    found = ek.heterogeneity(people, of="regress", arguments=FORMULA, by="party", test="chow")
    test = row(found, "party", "difference.x")
    apart = row(found, "party", "x", "yes")["estimate"] - row(found, "party", "x", "no")["estimate"]
    assert test["estimate"] == pytest.approx(apart, rel=1e-10)
    full = last(ek.regress(people, "y ~ age*party + x*party"), "x:party.yes")
    assert test["p_value"] == pytest.approx(full["p_value"], rel=1e-8)


def test_wald_takes_groups_as_independent(people):
    call = {"x": "x", "m": ["m"], "y": "y", "resamples": 200, "cluster": "village"}
    found = ek.heterogeneity(people, of="mediate", arguments=call, by="party")
    one, two = (row(found, "party", "indirect.m", code) for code in ("no", "yes"))
    test = row(found, "party", "difference.indirect.m")
    z2 = (two["estimate"] - one["estimate"]) ** 2 / (two["std_error"] ** 2 + one["std_error"] ** 2)
    assert test["statistic"] == pytest.approx(z2, rel=1e-10)
    assert test["df"] == 1
    assert "W6391" in [p.code for p in found.notices]


def test_a_binary_outcome_is_tested_by_chi_squared(people):
    call = {"formula": "yes ~ age | + x", "family": "logit"}
    found = ek.heterogeneity(people, of="outcome_model", arguments=call, by="party")
    product = ek.outcome_model(people, "yes ~ age + x + party + x:party", family="logit").tidy()
    z = product[product["term"] == "x:party.yes"].iloc[-1]["statistic"]
    assert row(found, "party", "difference.x")["statistic"] == pytest.approx(z**2, rel=1e-6)


def test_permutation_tells_a_difference_from_none_and_repeats(people):
    call = {"of": "regress", "arguments": FORMULA, "by": ["party", "years"], "test": "permutation", "permutations": 199}
    found = ek.heterogeneity(people, **call, seed=5)
    assert row(found, "party", "difference.x")["p_value"] == 1 / 200
    assert row(found, "years", "difference.x")["p_value"] > 0.05
    pd.testing.assert_frame_equal(found.tidy(), ek.heterogeneity(people, **call, seed=5).tidy())
    apart = row(found, "party", "x", "yes")["estimate"] - row(found, "party", "x", "no")["estimate"]
    assert row(found, "party", "difference.x")["statistic"] == pytest.approx(apart, rel=1e-9)


def test_clusters_change_their_group_as_a_whole(people):
    data = people.assign(rich=(people["village"] <= 7).astype(int))
    call = {"of": "regress", "by": "rich", "test": "permutation", "permutations": 200}
    rows_alone = ek.heterogeneity(data, arguments=FORMULA, **call)
    whole = ek.heterogeneity(data, arguments={**FORMULA, "cluster": "village"}, **call)
    assert row(rows_alone, "rich", "difference.x")["p_value"] != row(whole, "rich", "difference.x")["p_value"]


def test_a_group_that_is_too_small_is_nan_with_its_reason_and_the_others_stand(people):
    found = ek.heterogeneity(people, of="regress", arguments=FORMULA, by="floor")
    assert np.isnan(row(found, "floor", "x", "c")["estimate"])
    assert np.isfinite(row(found, "floor", "difference.x")["p_value"])
    assert row(found, "floor", "difference.x")["df"] == 1
    (notice,) = [p for p in found.notices if p.code == "W6387"]
    assert all("W6390" in say(notice, lang) for lang in LANGUAGES)
    assert found.glance().at[0, "n_failed"] == 1


def test_a_number_is_cut_at_its_median(people):
    found = ek.heterogeneity(people, of="regress", arguments=FORMULA, by="years")
    assert "N6386" in [p.code for p in found.notices]
    low = people[people["years"] <= people["years"].median()]
    assert row(found, "years", "x", "low")["estimate"] == last(ek.regress(low, **FORMULA), "x")["estimate"]


def test_tables_and_figure_show_groups_and_tests(people):
    found = ek.heterogeneity(people, of="regress", arguments=FORMULA, by=["party", "floor"])
    assert found.templates == ("T23",)
    wide = found.table()
    assert wide.n_columns == 9
    assert all(len(r.cells) == 9 for r in wide.rows)
    p = row(found, "party", "difference.x")["p_value"]
    assert wide.rows[0].cells[4].value == p
    long = found.table("T23.long")
    assert [len(r.cells) for r in long.rows] == [6] * 6
    assert found.figure().frame["term"].tolist() == ["all", "party/no", "party/yes", "floor/a", "floor/b"]
    told = [s.text("en") for s in sentences("heterogeneity", found)]
    assert told[0].startswith("x differs by party (p < 0.001): no 0.")
    assert "c not estimated" in told[1]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"by": "one"}, "E6383"),
        ({"by": "name"}, "E6383"),
        ({"test": "z"}, "E6384"),
        ({"permutations": 9}, "E6388"),
        ({"by": "nothing"}, "E600"),
    ],
)
def test_a_call_that_means_nothing_is_refused(people, options, code):
    data = people.assign(one=1, name=[f"n{i}" for i in range(len(people))])
    with pytest.raises(AnalysisError) as error:
        ek.heterogeneity(data, **({"of": "regress", "arguments": FORMULA, "by": "party"} | options))
    assert error.value.problems[0].code == code
