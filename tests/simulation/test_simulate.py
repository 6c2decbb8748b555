import hashlib

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import MISSING_KINDS
from evalkit.simulation import simulate

KIND = {name: code for code, name in enumerate(MISSING_KINDS)}


def test_a_seed_means_the_same_answers_everywhere(small, model):
    """The hash was taken once; PCG64's raw integers make it the same on every numpy."""
    model["missing"] = {"no_answer": 0.03, "dont_know": 0.05, "spread": 0.3}
    model["dirt"] = {
        "fast": 0.02,
        "straight": 0.02,
        "duplicate": 0.01,
        "screened_out": 0.02,
        "screened_as": {"here": 0},
    }
    made = simulate(small, model)
    text = made.answers.to_csv() + made.missing.to_csv() + made.meta.to_csv()
    assert hashlib.sha256(text.encode()).hexdigest() == PINNED
    again = simulate(small, model)
    pd.testing.assert_frame_equal(again.answers, made.answers)
    assert not simulate(small, model, seed=8).answers.equals(made.answers)


PINNED = "c99ecd7bba197f8a7322b38ea3b14a57699fee092bd237122843d0aefd1c0d0a"


def test_adding_a_variable_leaves_the_others_as_they_were(small, model):
    before = simulate(small, model)
    model["variables"].append({"id": "extra", "shares": {"0": 0.5, "1": 0.5}})
    pd.testing.assert_frame_equal(simulate(small, model).answers, before.answers)


def test_margins_and_paths_come_out(small, model):
    made = simulate(small, model, n=20_000, dirt=False)
    shares = made.answers["T1"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(shares, model["margins"]["agree"], atol=0.015)
    assert made.answers["used"].mean() == pytest.approx(0.6, abs=0.015)
    assert made.answers["age"].between(18, 90).all() and made.answers["age"].mean() == pytest.approx(50, abs=1.5)
    truth = made.truth
    assert truth.std().between(0.97, 1.03).all()
    standard = (made.answers["age"] - made.answers["age"].mean()) / made.answers["age"].std()
    used = made.answers["used"]
    x = np.column_stack([np.ones(len(truth)), truth["trust"], standard, (used - used.mean()) / used.std()])
    slopes = np.linalg.lstsq(x, truth["use"], rcond=None)[0][1:]
    np.testing.assert_allclose(slopes, [0.5, -0.3, 0.2], atol=0.03)


def test_loadings_places_and_reverse_items(small, model):
    made = simulate(small, model, n=20_000, dirt=False)
    r = made.answers[["T1", "T2", "T3"]].corr()
    assert r.loc["T1", "T2"] < -0.45 and r.loc["T1", "T3"] > 0.45
    place = pd.Series(made.context["street"])
    between = made.truth["trust"].groupby(place.to_numpy()).mean()
    assert len(between) == 20 and 0.1 < between.var() < 0.4


def test_a_multiple_response_has_its_shares_and_nobody_is_without(small, model):
    answers = simulate(small, model, n=20_000, dirt=False).answers
    options = answers[["what__a", "what__b", "what__c", "what__o", "what__none"]]
    np.testing.assert_allclose(options.mean()[["what__a", "what__b", "what__o"]], [0.5, 0.3, 0.2], atol=0.015)
    assert options.sum(axis=1).min() == 1
    assert (options.loc[options["what__none"] == 1].sum(axis=1) == 1).all()
    assert (answers["what__o__text"].notna() == (answers["what__o"] == 1)).all()


def test_a_union_of_options_has_its_share(small, model):
    model["multiple"] = [{"id": "what", "together": [{"share": 0.43, "patterns": {"a": 0.5, "b": 0.3, "a b": 0.2}}]}]
    answers = simulate(small, model, n=20_000, dirt=False).answers
    either = (answers["what__a"] == 1) | (answers["what__b"] == 1)
    both = (answers["what__a"] == 1) & (answers["what__b"] == 1)
    assert either.mean() == pytest.approx(0.43, abs=0.015) and both.mean() == pytest.approx(0.086, abs=0.01)
    assert answers["what__a"].isna().equals(~either)  # nothing ticked is no answer


def test_missing_kinds_are_typed(small, model):
    model["missing"] = {
        "no_answer": 0.1,
        "dont_know": 0.2,
        "rates": {"age": {"no_answer": 0.4}, "use": {"dont_know": 0.0}},
    }
    made = simulate(small, model, n=10_000, dirt=False)
    share = {c: made.missing[c].value_counts(normalize=True) for c in ("T1", "Y1", "age", "here", "att")}
    assert share["T1"][KIND["dont_know"]] == pytest.approx(0.18, abs=0.03)  # a blank wins where both befall
    assert share["age"][KIND["no_answer"]] == pytest.approx(0.4, abs=0.02)
    assert KIND["dont_know"] not in share["Y1"].index
    assert set(share["here"].index) == {0}  # required
    assert KIND["no_answer"] not in share["att"].index
    assert (made.answers["T1"].isna() == (made.missing["T1"] != 0)).all()


def test_people_differ_in_leaving_blanks(small, model):
    def spread(rho):
        model["missing"] = {"no_answer": 0.2, "spread": rho}
        made = simulate(small, model, n=5000, dirt=False)
        return (made.missing[["T1", "T2", "T3", "age", "used"]] == KIND["no_answer"]).sum(axis=1).var()

    assert spread(0.6) > 1.5 * spread(0.0)


def test_who_is_screened_out_is_asked_nothing_more(small, model):
    model["dirt"] = {"screened_out": 0.1, "screened_as": {"here": 0}}
    made = simulate(small, model)
    out = made.kind == "screened_out"
    assert out.sum() == 40 and (made.answers.loc[out, "here"] == 0).all()
    later = made.missing.drop(columns="here")
    assert (later[out] == KIND["not_asked"]).all().all() and not (later[~out] == KIND["not_asked"]).any().any()


def test_doubtful_rows_come_on_top_and_behave_as_told(small, model):
    model["dirt"] = {
        "fast": 0.05,
        "straight": 0.05,
        "random": 0.05,
        "inattentive": 0.05,
        "incomplete": 0.05,
        "duplicate": 0.05,
    }
    model["duration"] = {"median": 300, "shortest": 150}
    made = simulate(small, model)
    counts = made.kind.value_counts()
    assert counts["usable"] == 400 and (counts.drop("usable") == 20).all()
    asked = made.answers.join(made.meta["duration_s"])
    kind = made.kind
    assert (asked.loc[kind == "usable", "att"] == 3).all()
    careless = kind.isin(["fast", "straight", "random", "inattentive"])
    assert (asked.loc[careless, "att"] != 3).all()
    assert asked.loc[kind == "fast", "duration_s"].max() < 150 <= asked.loc[kind == "usable", "duration_s"].min()
    lines = asked.loc[kind == "straight", ["T1", "T2", "T3", "Y1", "Y2"]]
    assert (lines.nunique(axis=1) == 1).all() and lines["T1"].nunique() > 1
    blanks = (made.missing == KIND["no_answer"]).mean(axis=1)
    assert blanks[kind == "incomplete"].min() > 0.3 and blanks[kind == "usable"].max() < 0.3
    copies = made.answers[kind == "duplicate"]
    earlier = made.answers[kind == "usable"]
    assert copies.merge(earlier.drop_duplicates(), how="inner").shape[0] >= 20
    assert made.meta["submitted_at"].is_monotonic_increasing
    assert set(simulate(small, model, dirt=False).kind) == {"usable"}


def test_a_miskeyed_item_runs_against_its_scale(small, model):
    right = simulate(small, model, n=5000)
    model["dirt"] = {"miskeyed": ["T3"]}
    wrong = simulate(small, model, n=5000)
    np.testing.assert_array_equal(wrong.answers["T3"], 6 - right.answers["T3"])
    assert wrong.answers["T1"].corr(wrong.answers["T3"]) < -0.4
    assert simulate(small, model, n=5000, miskeyed=["T3", "T1"]).answers["T1"].mean() != right.answers["T1"].mean()
    assert simulate(small, model, n=5000, dirt=False).answers["T3"].equals(right.answers["T3"])


def test_addresses_and_names_belong_to_nobody(small, model):
    meta = simulate(small, model).meta
    assert meta["ip"].str.match(r"^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\(").all()
    assert meta["nickname"].str.startswith("模拟用户").all() and (meta["channel"] == "模拟数据").all()


def test_several_names_stand_in_columns_of_their_own(small, model):
    made = simulate(small, model)
    first, second = made.answers["whom__1"], made.answers["whom__2"]
    assert first.notna().all() and 0 < second.notna().sum() < len(second)
    assert (first != second).all()
    assert set(made.missing.loc[second.isna(), "whom__2"]) == {KIND["no_answer"]}
