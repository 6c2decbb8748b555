"""Chained equations: answers stay, gaps get answers that exist, what is known of complete data comes back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Category, Variable, attach, codebook_of
from evalkit.contract.words import say
from evalkit.report.figures import draw
from evalkit.report.sentences import sentences
from evalkit.scoring import score
from evalkit.studies import impute
from evalkit.studies.imputation.convergence import limit, potential_scale_reduction

N = 1500


def linked(seed: int = 5, n: int = N) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complete data, and the same with y, b, o and c missing more often the larger x is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    latent = 0.8 * x + rng.normal(size=n)
    full = pd.DataFrame(
        {
            "x": x,
            "y": 1 + 0.8 * x + rng.normal(size=n),
            "b": (rng.random(n) < 1 / (1 + np.exp(-x))).astype(float),
            "o": np.digitize(latent, [-1.0, 0.0, 1.0]) + 1.0,
            "c": np.where(latent + rng.normal(size=n) > 1, "high", np.where(rng.random(n) < 0.5, "left", "right")),
        }
    )
    gaps = full.copy()
    for name in ("y", "b", "o", "c"):
        gaps.loc[rng.random(n) < 1 / (1 + np.exp(1 - 1.5 * x)), name] = np.nan
    book = codebook_of(gaps)
    known = [
        dataclasses.replace(book.variables["o"], kind="ordinal", low=1.0, high=4.0),
        Variable("c", "nominal", categories=tuple(Category(k, k, k) for k in ("left", "right", "high", "other"))),
    ]
    return full, attach(gaps, book.with_variables(known))


@pytest.fixture(scope="module")
def imputed():
    return impute(linked()[1], variables=["x", "y", "b", "o", "c"], m=8, iterations=5, seed=3)


def codes(result) -> set[str]:
    return {notice.code for notice in result.notices}


def test_answers_stay_and_gaps_get_answers_that_exist(imputed):
    _, gaps = linked()
    before = gaps.copy()
    for frame in imputed:
        assert not frame.isna().any().any()
        for name in gaps:
            had = gaps[name].notna()
            assert (frame.loc[had, name] == gaps.loc[had, name]).all()
            assert set(frame[name]) <= set(gaps.loc[had, name])
    pd.testing.assert_frame_equal(gaps, before)
    assert imputed.data is not gaps
    assert list(imputed.filled) == ["y", "b", "o", "c"]
    methods = {name: part.method for name, part in imputed.filled.items()}
    assert methods == {"y": "pmm", "b": "logit", "o": "ordered_logit", "c": "multinomial"}


def test_what_is_not_imputed_is_shared(imputed):
    frame = imputed.frame(0)
    assert np.shares_memory(frame["x"].to_numpy(), imputed.data["x"].to_numpy())
    assert len(imputed) == 8


@pytest.mark.parametrize("method", ["pmm", "normal"])
def test_a_mean_that_listwise_gets_wrong_comes_back(method):
    full, gaps = linked()
    found = impute(gaps, variables=["x", "y", "o", "b"], m=8, iterations=4, methods={"y": method}, seed=1)
    means = np.array([f["y"].mean() for f in found])
    slopes = np.array([np.polyfit(f["x"], f["y"], 1)[0] for f in found])
    error = np.sqrt(full["y"].var() / N * 2)
    assert abs(gaps["y"].mean() - full["y"].mean()) > 4 * error
    assert abs(means.mean() - full["y"].mean()) < 3 * error
    assert abs(slopes.mean() - 0.8) < 3 * np.sqrt(2 / N)
    assert means.std() > 0


@pytest.mark.parametrize("name", ["b", "o", "c"])
def test_shares_of_categories_come_back(imputed, name):
    full, gaps = linked()
    truth = full[name].value_counts(normalize=True)
    listwise = gaps[name].value_counts(normalize=True)
    found = pd.concat([f[name].value_counts(normalize=True) for f in imputed], axis=1).mean(axis=1)
    error = np.sqrt(0.25 / N * 2)
    assert (listwise - truth).abs().max() > 3 * error
    assert (found - truth).abs().max() < 3 * error


def test_the_seed_gives_each_imputation_whatever_their_number():
    _, gaps = linked(n=200)
    few, more, other = (
        impute(gaps, variables=["x", "y", "o"], m=m, iterations=2, seed=s) for m, s in ((2, 1), (3, 1), (2, 2))
    )
    pd.testing.assert_frame_equal(few.frame(1), more.frame(1))
    assert not few.frame(1)["y"].equals(other.frame(1)["y"])
    assert not few.frame(0)["y"].equals(few.frame(1)["y"])


def test_complete_data_come_out_as_they_went_in():
    full, _ = linked(n=60)
    found = impute(full, variables=["x", "y", "b"], m=2)
    pd.testing.assert_frame_equal(found.frame(0), full)
    assert not len(found.tidy())
    assert found.figure("trace") is None
    assert [s.text("en") for s in sentences("impute", found)] == ["There was nothing to impute in the 60 rows."]


def test_columns_keep_their_kind():
    rng = np.random.default_rng(6)
    x = rng.normal(size=120)
    data = pd.DataFrame({"x": x, "whole": np.round(3 + x), "side": np.where(x > 0, "up", "down"), "yes": x > 0.5})
    data["grade"] = pd.Categorical(np.digitize(x, [-1, 0, 1]).astype(str))
    gaps = data.assign(
        whole=data["whole"].astype("Int64").mask(np.arange(120) % 7 == 0),
        yes=data["yes"].astype("boolean").mask(np.arange(120) % 5 == 0),
        side=data["side"].mask(np.arange(120) % 6 == 0),
        grade=data["grade"].mask(np.arange(120) % 8 == 0),
    )
    found = impute(gaps, variables=list(gaps), m=2, iterations=2)
    frame = found.frame(1)
    assert not frame.isna().any().any()
    assert frame.dtypes.to_dict() == gaps.dtypes.to_dict()
    assert set(frame["side"]) == {"up", "down"}
    assert found.filled["yes"].method == found.filled["side"].method == "logit"
    kept = gaps["whole"].notna()
    assert (frame.loc[kept, "whole"] == gaps.loc[kept, "whole"]).all()
    drawn = impute(gaps, variables=["x", "whole"], m=2, iterations=1, methods={"whole": "normal"}).frame(0)["whole"]
    assert (drawn[~kept] % 1 > 0).any()


def items(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    trait, other = rng.normal(size=(2, n))
    made = {f"a{i}": np.clip(np.round(3 + trait + 0.7 * rng.normal(size=n)), 1, 5) for i in range(1, 5)}
    made["a4"] = 6 - made["a4"]
    made |= {f"v{i}": np.clip(np.round(3 + 0.5 * trait + other + 0.7 * rng.normal(size=n)), 1, 5) for i in (1, 2, 3)}
    frame = pd.DataFrame(made).mask(rng.random((n, 7)) < 0.15)
    frame["age"] = rng.integers(20, 80, n).astype(float)
    scales = [
        {"id": "A", "items": ["a1", "a2", "a3", "a4"], "reverse": ["a4"], "range": [1, 5], "min_valid": 3},
        {"id": "V", "items": ["v1", "v2", "v3"], "range": [1, 5], "score": "sum"},
        {"id": "AV", "parts": ["A", "V"], "score": "product_z"},
    ]
    return score(frame, scales)


def test_scales_are_scored_anew_from_imputed_items():
    data = items()
    found = impute(data, variables=["A", "V", "age"], m=2, iterations=3)
    assert set(found.filled) == {"a1", "a2", "a3", "a4", "v1", "v2", "v3"}
    frame = found.frame(0)
    assert (frame["a4_R"] == 6 - frame["a4"]).all()
    assert frame["A"].to_numpy() == pytest.approx(frame[["a1", "a2", "a3", "a4_R"]].mean(axis=1).to_numpy())
    assert frame["V"].to_numpy() == pytest.approx(frame[["v1", "v2", "v3"]].sum(axis=1).to_numpy())
    assert (frame["A__n"] == 4).all()
    z = frame[["A", "V"]].apply(lambda s: (s - s.mean()) / s.std())
    assert frame["AV"].to_numpy() == pytest.approx((z["A"] * z["V"]).to_numpy())
    assert codebook_of(frame).scales["A"].columns == ("a1", "a2", "a3", "a4_R")
    correlation = frame["a4"].corr(frame["a1"])
    assert correlation < -0.4


def test_a_score_is_imputed_with_the_items_that_were_answered():
    data = items()
    found = impute(data, variables=["A", "V", "age"], m=8, iterations=3, scales="score", methods={"A": "normal"})
    assert set(found.filled) == {"A", "V"}
    frame = found.frame(0)
    assert frame["a1"].equals(data["a1"])
    gaps = data["A"].isna() & (data[["a1", "a2", "a3", "a4_R"]].notna().sum(axis=1) == 2)
    known = data.loc[gaps, ["a1", "a2", "a3", "a4_R"]].mean(axis=1)
    means = pd.concat([f.loc[gaps, "A"] for f in found], axis=1).mean(axis=1)
    assert gaps.sum() > 15
    assert means.corr(known) > 0.9
    assert frame["A"].between(1, 5).all()


def test_what_was_not_asked_is_left():
    data = items()
    kinds = pd.DataFrame(0, index=data.index, columns=["v1", "v2"], dtype="int8")
    kinds.loc[data["v1"].isna(), "v1"] = 2
    kinds.loc[:20, "v1"] = 1
    data = data.assign(v1=data["v1"].mask(kinds["v1"] == 1))
    data = attach(data[["v1", "v2", "a1", "age"]], dataclasses.replace(codebook_of(data), missing=kinds, scales={}))
    found = impute(data, variables=["v1", "v2", "a1", "age"], m=2, iterations=2)
    frame = found.frame(0)
    assert frame["v1"].isna().to_numpy().tolist() == (kinds["v1"] == 1).tolist()
    assert not frame["v2"].isna().any()
    assert found.filled["v1"].n_left == 21
    assert "21 gaps that were not asked" in " ".join(note.text("en") for note in found.table().notes)


def clustered() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(40), 25)
    effect = rng.normal(size=40)
    y = 2 * effect[group] + rng.normal(size=1000)
    full = pd.DataFrame(
        {
            "g": group.astype(float),
            "x": rng.normal(size=1000),
            "y": y,
            "b": (1.5 * effect[group] + rng.logistic(size=1000) > 0).astype(float),
            "o": np.digitize(y, [-2.0, 0, 2]) + 0.0,
            "size": (group % 7) * 10.0,
        }
    )
    gaps = full.mask(rng.random(full.shape) < 0.4)
    gaps["g"] = full["g"]
    gaps.loc[group == 3, "size"] = np.nan
    book = codebook_of(gaps)
    return full, attach(gaps, book.with_variables([dataclasses.replace(book.variables["o"], kind="ordinal")]))


@pytest.mark.parametrize("method", ["normal", "pmm"])
def test_clusters_keep_their_differences(method):
    full, gaps = clustered()
    names = ["x", "y", "size"]
    apart, flat = (
        impute(gaps, variables=names, m=3, iterations=4, cluster=c, methods={"y": method}) for c in ("g", None)
    )

    def between(frame):
        return frame.groupby("g")["y"].mean().var()

    truth = between(full)
    assert between(apart.frame(0)) == pytest.approx(truth, rel=0.12)
    assert between(flat.frame(0)) < 0.6 * truth
    assert apart.filled["size"].method == "cluster"
    assert "N6242" in codes(apart)
    size = apart.frame(0)["size"]
    assert size[gaps["g"] == 3].isna().all()
    assert (size.dropna() == full.loc[size.dropna().index, "size"]).all()


def test_categories_of_clusters_too():
    full, gaps = clustered()
    names = ["x", "b", "o"]
    apart = impute(gaps, variables=names, m=2, iterations=6, cluster="g").frame(1)
    flat = impute(gaps, variables=names, m=2, iterations=6).frame(1)
    for name in ("b", "o"):
        gone = gaps[name].isna()
        effect = full.groupby("g")[name].mean().reindex(gaps["g"]).to_numpy()[gone]
        assert np.corrcoef(apart.loc[gone, name], effect)[0, 1] > np.corrcoef(flat.loc[gone, name], effect)[0, 1] + 0.15


def test_predictors_can_be_chosen():
    _, gaps = linked(n=600)
    alone = impute(gaps, variables=["x", "y", "b"], m=4, iterations=2, predictors={"y": ["b"]})
    gone = gaps["y"].isna()
    assert abs(np.corrcoef(alone.frame(0).loc[gone, "y"], gaps.loc[gone, "x"])[0, 1]) < 0.3
    both = impute(gaps, variables=["x", "y", "b"], m=4, iterations=2)
    assert np.corrcoef(both.frame(0).loc[gone, "y"], gaps.loc[gone, "x"])[0, 1] > 0.35


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"methods": {"y": "forest"}}, "E6230"),
        ({"methods": {"c": "pmm"}}, "E6230"),
        ({"methods": {"x": "logit"}}, "E6230"),
        ({"methods": {"z": "pmm"}}, "E6232"),
        ({"predictors": {"y": ["z"]}}, "E6232"),
        ({"m": 1}, "E6239"),
        ({"iterations": 0}, "E6239"),
        ({"scales": "people"}, "E6239"),
        ({"variables": []}, "E6239"),
        ({"variables": ["y", "nothing"]}, "E600"),
        ({"cluster": "o"}, "E6240"),
    ],
)
def test_calls_that_mean_nothing(options, code):
    _, gaps = linked(n=80)
    with pytest.raises(AnalysisError) as caught:
        impute(gaps, **{"variables": ["x", "y", "b", "c"]} | options)
    assert {p.code for p in caught.value.problems} == {code}


def test_texts_and_too_many_predictors_are_refused():
    _, gaps = linked(n=30)
    book = codebook_of(gaps)
    text = attach(gaps, book.with_variables([Variable("c", "text")]))
    with pytest.raises(AnalysisError, match="E6231"):
        impute(text, variables=["x", "c"])
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.normal(size=(20, 25)), columns=[f"w{i}" for i in range(25)])
    wide.iloc[:5, 0] = np.nan
    with pytest.raises(AnalysisError, match="E6237") as caught:
        impute(wide, variables=list(wide))
    assert "15 answers" in say(caught.value.problems[0], "en")


def test_variables_that_tell_nothing_are_named():
    _, gaps = linked(n=300)
    empty = attach(
        gaps.assign(none=np.nan, one=np.where(gaps.index < 9, np.nan, 7.0), twice=2 * gaps["x"]), codebook_of(gaps)
    )
    found = impute(empty, variables=["x", "y", "c", "none", "one", "twice"], m=2, iterations=2)
    assert {"W6234", "W6235", "W6236", "N6233"} <= codes(found)
    frame = found.frame(0)
    assert frame["none"].isna().all()
    assert (frame["one"] == 7).all()
    assert not frame["y"].isna().any()
    named = {p.code: p.params for p in found.notices}
    assert named["N6233"]["categories"] == ["other"]
    assert set(named["W6236"]["names"]) <= {"one", "twice"}


def test_a_separated_category_is_imputed_all_the_same():
    rng = np.random.default_rng(4)
    x = rng.normal(size=200)
    data = pd.DataFrame({"x": x, "b": (x > 0).astype(float)})
    data.loc[::5, "b"] = np.nan
    gone = data["b"].isna()
    found = impute(data, variables=["x", "b"], m=3, iterations=2).frame(2)
    assert ((found["b"] == (x > 0)) | (np.abs(x) < 0.6))[gone].all()


def test_chains_that_do_not_come_together_are_named():
    rng = np.random.default_rng(8)
    x = rng.normal(size=300)
    data = pd.DataFrame({"x": x, "p": x + 3 * rng.normal(size=300), "noise": rng.normal(size=300)})
    data["q"] = data["p"] + 0.02 * rng.normal(size=300)
    data.loc[:200, ["p", "q"]] = np.nan
    found = impute(data, variables=["x", "p", "q", "noise"], m=5, iterations=10, methods={"p": "normal", "q": "normal"})
    late = next(p for p in found.notices if p.code == "W6238")
    assert set(late.params["names"]) == {"p", "q"}
    assert any("have not converged" in s.text("en") for s in sentences("impute", found))
    few = impute(data, variables=["x", "p", "q"], m=2, iterations=2)
    assert np.isnan(few.rhat["p"])


def test_chance_alone_is_not_taken_for_chains_apart():
    assert limit(20, 10) == 1.2
    assert limit(3, 5) > 3
    assert limit(3, 2) == 1.2
    rng = np.random.default_rng(1)
    found = potential_scale_reduction(rng.normal(size=(3, 6, 2000)))
    assert np.mean(found > limit(3, 6)) < 0.005
    assert np.mean(found > 1.2) > 0.1


def test_r_hat_of_known_traces():
    rng = np.random.default_rng(0)
    good = rng.normal(size=(20, 50, 1))
    apart = good + np.arange(20)[:, None, None]
    trend = good + np.linspace(0, 5, 50)[None, :, None]
    still = np.ones((20, 50, 1))
    assert potential_scale_reduction(good)[0] == pytest.approx(1, abs=0.02)
    assert potential_scale_reduction(apart)[0] > 4
    assert potential_scale_reduction(trend)[0] > 1.2
    assert potential_scale_reduction(still)[0] == 1


def test_a_score_that_its_items_do_not_give_is_refused():
    data = items()
    changed = attach(data.assign(A=data["A"] + 1), codebook_of(data))
    with pytest.raises(AnalysisError, match="E6241"):
        impute(changed, variables=["a1", "a2"], m=2)


def test_derived_columns_follow():
    _, gaps = linked(n=100)
    found = impute(gaps, variables=["x", "y"], m=2, iterations=1).derive(lambda f: f.assign(twice=2 * f["y"]))
    assert (found.frame(1)["twice"] == 2 * found.frame(1)["y"]).all()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_table_figures_and_sentences(imputed, lang):
    table = imputed.table()
    assert len(table.rows) == 4
    assert table.rows[0].cells[2].value == len(imputed.filled["y"].rows)
    assert table.rows[3].cells[4].value is None
    for name in imputed.figures:
        drawn = draw(imputed.figure(name), lang=lang)
        assert drawn.alt
        assert not drawn.notices
    said = [s.text(lang) for s in sentences("impute", imputed)]
    assert len(said) == 3
    assert str(sum(len(p.rows) for p in imputed.filled.values())) in said[0]


def test_an_unknown_table_is_refused(imputed):
    with pytest.raises(AnalysisError, match="E652"):
        imputed.table("T1")
