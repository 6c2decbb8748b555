"""Differential item functioning: planted differences are found, equal items are not, tests are those of whole fits."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pandas as pd
import pytest

from evalkit import dif
from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.measurement.item_response.analysis import holm
from evalkit.measurement.item_response.categories import log_probabilities
from evalkit.measurement.item_response.differential import benjamini_hochberg, group_layout
from evalkit.measurement.item_response.estimation import estimate, points
from evalkit.measurement.item_response.likelihood import Marginal, Patterns
from evalkit.report.sentences import sentences

ITEMS = [f"x{j}" for j in range(6)]


@cache
def simulated(
    family: str = "graded", n: int = 800, p: int = 6, seed: int = 1, shift: float = 0.0, slope: float = 1.0
) -> pd.DataFrame:
    """Two groups, the second higher by half an SD and a little more alike; x2 is easier for it by `shift`."""
    rng = np.random.default_rng(seed)
    truth = [(a, np.sort(rng.normal(0, 1.2, 2))[::-1] + [0.2, -0.2]) for a in np.linspace(1, 2, p)]
    parts = []
    for group, mean, sd in (("a", 0.0, 1.0), ("b", 0.5, 0.8)):
        theta = rng.normal(mean, sd, n)
        columns = {"group": group}
        for j, (a, d) in enumerate(truth):
            own = (a * slope, d + shift) if j == 2 and group == "b" else (a, d)
            p_below = np.cumsum(np.exp(log_probabilities(family, *own, theta)), axis=0)
            columns[f"x{j}"] = (rng.random(n) > p_below).sum(axis=0) + 1
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


class TestTests:
    def test_a_planted_difference_is_found_with_its_sign_and_size(self):
        found = dif(simulated(shift=0.8), ITEMS, by="group")
        assert found.notices == ()
        assert {i.name for i in found.items if i.p_adjusted < 0.001} == {"x2"}
        (difference, absolute), *_ = found.items[2].differences
        assert 0.2 < difference < 0.5 and absolute == pytest.approx(difference, abs=0.03)
        assert all(abs(i.differences[0][0]) < 0.15 for i in found.items if i.name != "x2")
        assert [i.df for i in found.items] == [3] * 6

    def test_the_other_group_is_where_it_was_put(self):
        reference, other = dif(simulated(n=2000), ITEMS, by="group").groups
        assert (reference.mean, reference.sd) == (0, 1) and np.isnan(reference.mean_error)
        assert abs(other.mean - 0.5) < 3 * other.mean_error and abs(other.sd - 0.8) < 3 * other.sd_error
        assert 0.01 < other.mean_error < 0.08 and 0.01 < other.sd_error < 0.08

    @pytest.mark.parametrize("anchors", [None, ["x0", "x1", "x3"]])
    def test_the_statistic_is_the_ratio_of_two_whole_fits(self, anchors):
        data = simulated(n=300, shift=0.4)
        found = {i.name: i.statistic for i in dif(data, ITEMS, by="group", anchors=anchors).items}
        codes = [data.loc[data["group"] == g, ITEMS].to_numpy() - 1 for g in "ab"]
        tested = frozenset() if anchors is None else frozenset({2, 4, 5})

        def fitted(free: frozenset[int]) -> float:
            layout = group_layout("graded", [3] * 6, 2, one_slope=False, free=free)
            start = np.zeros(layout.n_free)
            start[layout.free] = np.tile([1.0, 1.0, -1.0], 12)
            start[-2:] = 0.0, -0.5
            done = estimate(Marginal(layout, [Patterns.of(c) for c in codes], points(91, 9.0)), start)
            assert done.converged
            return done.log_likelihood

        base = fitted(tested)
        other = fitted(tested ^ {4})
        assert found["x4"] == pytest.approx(2 * abs(base - other), abs=1e-5)
        assert set(found) == (set(ITEMS) if anchors is None else {"x2", "x4", "x5"})

    def test_equal_items_are_named_no_more_often_than_promised(self):
        p = [i.p_value for seed in range(3) for i in dif(simulated(n=250, seed=seed + 20), ITEMS, by="group").items]
        assert np.mean(np.array(p) < 0.05) < 0.15 and 0.35 < np.mean(p) < 0.65

    def test_a_steeper_item_differs_without_a_difference_of_means(self):
        found = dif(simulated(n=2500, slope=2.2), ITEMS, by="group", model="graded")
        difference, absolute = found.items[2].differences[0]
        assert found.items[2].p_adjusted < 1e-6 and absolute > 1.2 * abs(difference)

    def test_the_partial_credit_model_frees_steps_only(self):
        found = dif(simulated("credit", n=250, shift=1.2), ITEMS, by="group", model="partial_credit")
        assert [i.df for i in found.items] == [2] * 6 and found.items[2].p_adjusted < 0.001
        wide = group_layout("credit", [3] * 6, 2, one_slope=False, free=frozenset({2}))
        narrow = group_layout("credit", [3] * 6, 2, one_slope=True, free=frozenset({2}))
        assert (wide.n_free, narrow.n_free) == (18 + 3 + 2, 13 + 2 + 2)

    def test_three_groups(self):
        data = simulated(n=300)
        data = data.assign(group=np.where(data.index % 3 == 0, "c", data["group"]))
        found = dif(data, ITEMS, by="group")
        assert [i.df for i in found.items] == [6] * 6 and [g.id for g in found.groups] == ["a", "b", "c"]
        assert found.groups[1].mean > found.groups[2].mean > 0.1

    def test_swapping_the_groups_turns_the_difference(self):
        data = simulated(shift=0.8)
        turned = data.assign(group=data["group"].map({"a": "b", "b": "a"}))
        one, other = (dif(d, ITEMS, by="group").items[2] for d in (data, turned))
        assert one.statistic == pytest.approx(other.statistic, abs=1e-3)
        assert one.differences[0][0] > 0.05 and other.differences[0][0] < -0.05

    def test_a_dozen_items_take_seconds(self):
        data = simulated(n=400, p=12)
        start = time.process_time()
        found = dif(data, [f"x{j}" for j in range(12)], by="group")
        assert not found.notices and time.process_time() - start < 10


class TestResult:
    def test_tidy_table_and_sentences(self):
        data = simulated(shift=0.8).rename(columns={"x2": "help"})
        items = [*ITEMS[:2], "help", *ITEMS[3:]]
        found = dif(data, items, by="group", adjust="bh")
        tidy = found.tidy()
        row = tidy[(tidy["term"] == "help") & (tidy["level"] == "difference")].iloc[0]
        assert row["group"] == "b" and row["estimate"] == found.items[2].differences[0][0]
        mean = tidy[(tidy["term"] == "model.mean") & (tidy["group"] == "b")].iloc[0]
        assert mean["conf_low"] < found.groups[1].mean < mean["conf_high"] and 0.4 < mean["estimate"] < 0.9
        assert found.glance()["count"].item() == 1
        table = found.table()
        assert len(table.rows) == 6 + 3 and len(table.header[0]) == 6 and table.header[0][4].text("en") == "p (BH)"
        said = [label.text("en") for label in sentences("dif", found)]
        assert said[0].startswith("1 of 6 items") and "Benjamini" in said[0] and said[0].endswith("help.")
        assert "“help”: b answer" in said[1] and "points higher than a" in said[1]
        none = dif(simulated(n=200, seed=3), ITEMS, by="group")
        assert "未发现" in sentences("dif", none)[0].text("zh") and len(sentences("dif", none)) == 1

    def test_groups_come_in_the_order_of_the_codebook_with_its_words(self):
        data = simulated(n=200).assign(group=lambda d: d["group"].map({"a": 2.0, "b": 1.0}))
        words = (Category(1.0, "女", "female"), Category(2.0, "男", "male"))
        found = dif(
            attach(data, Codebook({"group": Variable("group", "nominal", categories=words)})), ITEMS, by="group"
        )
        assert [g.id for g in found.groups] == ["1", "2"] and found.labels["1"].text("zh") == "女"
        assert found.groups[1].mean < 0
        assert "male: difference" in [head.text("en") for head in found.table().header[0]]

    def test_anchors_are_named(self):
        found = dif(simulated(n=300), ITEMS, by="group", anchors=["x0", "x1", "x3"])
        assert [i.name for i in found.items] == ["x2", "x4", "x5"] and set(found.anchors) == {"x0", "x1", "x3"}
        assert any("Anchors: " in note.text("en") for note in found.table().notes)

    def test_benjamini_and_hochberg(self):
        p = np.array([0.01, 0.02, np.nan, 0.03, 0.5])
        np.testing.assert_allclose(benjamini_hochberg(p), [0.04, 0.04, np.nan, 0.04, 0.5])
        assert (benjamini_hochberg(p[[0, 1, 3, 4]]) <= holm(p[[0, 1, 3, 4]])).all()


def code_of(call) -> tuple[str, str]:
    with pytest.raises(AnalysisError) as caught:
        call()
    problem = caught.value.problems[0]
    assert say(problem, "zh")
    return problem.code, say(problem, "en")


class TestBadInput:
    def test_groups_must_be_two_to_ten(self):
        data = simulated(n=100)
        for group in ("a", None, [f"g{i % 11}" for i in range(200)]):
            found, text = code_of(lambda group=group: dif(data.assign(group=group), ITEMS, by="group"))
            assert found == "E982" and "group" in text
        assert code_of(lambda: dif(data, ITEMS, by="grupe"))[0] == "E600"
        assert code_of(lambda: dif(data, ITEMS, by="x0"))[0] == "E614"

    def test_a_group_needs_people(self):
        data = simulated(n=100)
        thin = pd.concat([data.iloc[:60], data.iloc[-10:]]).assign(group=["a"] * 60 + ["b"] * 10)
        found, text = code_of(lambda: dif(thin, ITEMS, by="group", anchors=["x0"]))
        assert found == "E983" and "'b' has 10 rows" in text

    def test_an_item_that_one_group_never_answered_is_named(self):
        data = simulated(n=100).astype({"x3": float})
        data.loc[data["group"] == "b", "x3"] = np.nan
        found, text = code_of(lambda: dif(data, ITEMS, by="group"))
        assert found == "E984" and "x3" in text

    def test_an_answer_that_one_group_never_gave_is_merged(self):
        data = simulated(n=300)
        data.loc[(data["group"] == "b") & (data["x3"] == 1), "x3"] = 2
        found = dif(data, ITEMS, by="group")
        assert [(p.code, p.params["n"]) for p in found.notices] == [("N985", 2)]
        assert found.items[3].df == 2 and "x3" in say(found.notices[0], "en")

    def test_items_without_anything_in_common_get_no_test(self):
        rng = np.random.default_rng(0)
        data = pd.DataFrame((rng.normal(size=(120, 1)) > np.linspace(-1, 1, 4)) * 1, columns=list("abcd"))
        found = dif(data.assign(group=rng.integers(0, 2, 120)), list("abcd"), by="group")
        assert [p.code for p in found.notices] == ["W986"] and all(np.isnan(i.statistic) for i in found.items)
        assert found.table().rows[0].cells[1].reason == "dif.reason" and sentences("dif", found) == ()
        assert np.isnan(found.glance()["max"].item())

    def test_rows_without_a_group_are_dropped_and_counted(self):
        data = simulated(n=200)
        data.loc[:9, "group"] = None
        found = dif(data, ITEMS, by="group")
        assert found.n_obs == 390 and [(d.reason, d.n) for d in found.dropped] == [("dif.drop_group", 10)]

    @pytest.mark.parametrize("anchors", [["x9"], [], ITEMS])
    def test_anchors_must_be_some_of_the_items(self, anchors):
        assert code_of(lambda: dif(simulated(n=100), ITEMS, by="group", anchors=anchors))[0] == "E987"

    @pytest.mark.parametrize("option", [{"adjust": "none"}, {"model": "2pl"}, {"nodes": 5}])
    def test_unknown_options_are_refused(self, option):
        assert code_of(lambda: dif(simulated(n=100), ITEMS, by="group", **option))[0] == "E614"
