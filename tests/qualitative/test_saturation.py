"""Saturation against the published examples and exact identities."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.qualitative.saturating import saturation
from evalkit.qualitative.saturating.curves import accumulation, expected_curve, first_seen, stopping, unseen

ROWS = [
    "111100000000",
    "110011100000",
    "101010011000",
    "011001000100",
    "100110000010",
    "010010010000",
    "101001000001",
    "110010000000",
]
INCIDENCE = np.array([[mark == "1" for mark in row] for row in ROWS])
CODINGS = pd.DataFrame(
    [(f"I{i + 1}", f"c{j:02d}") for i, row in enumerate(ROWS) for j, mark in enumerate(row) if mark == "1"],
    columns=["source_id", "code_id"],
)


class TestGuest:
    """Guest, Namey & Chen (2020): the worked example saturates at 6+2 and at 7+3."""

    NEW = np.array([16, 10, 7, 4, 4, 3, 1, 0, 1, 0, 0, 0])

    @pytest.mark.parametrize(("run", "reached", "ratios"), [(2, 6, [7, 4, 1]), (3, 7, [8, 4, 2, 1])])
    def test_worked_example(self, run, reached, ratios):
        stop = stopping(self.NEW, 4, run, 0.05)
        assert (stop.base_codes, stop.reached) == (37, reached)
        assert stop.ratios[: len(ratios)] == pytest.approx(np.array(ratios) / 37)

    @pytest.mark.parametrize(("base", "codes", "reached"), [(4, 10, 5), (5, 11, 5), (6, 11, 6)])
    def test_second_fixture(self, base, codes, reached):
        stop = stopping(np.array([4, 3, 2, 1, 1, 0, 0, 0]), base, 2, 0.05)
        assert (stop.base_codes, stop.reached) == (codes, reached)

    def test_new_codes_without_end_never_saturate(self):
        assert stopping(np.full(8, 4), 4, 2, 0.05).reached is None


class TestUnseen:
    """Numbers of vegan's `specpool` for the same incidences."""

    def test_estimates(self):
        found = unseen(INCIDENCE)
        assert (found.seen, found.once, found.twice) == (12, 5, 2)
        assert found.chao2 == pytest.approx(17.46875)
        assert found.chao2_se == pytest.approx(6.6594, abs=5e-5)
        assert found.chao2_bc == pytest.approx(12 + 7 / 8 * 20 / 6)
        assert found.jackknife1 == pytest.approx(16.375)
        assert [found.jackknife2, found.bootstrap] == pytest.approx([18.8393, 13.9463], abs=5e-5)
        assert found.good_turing == pytest.approx(5 / 32)

    def test_no_code_met_twice_leaves_the_classic_form_undefined(self):
        found = unseen(np.array([[True, True, False], [True, False, True], [True, False, False]]))
        assert np.isnan(found.chao2)
        assert found.chao2_bc == pytest.approx(3 + 2 / 3 * 2 / 2)


class TestAccumulation:
    def test_expected_curve(self):
        published = [4, 6.35714, 7.875, 8.98571, 9.89286, 10.67857, 11.375, 12]
        assert expected_curve(INCIDENCE) == pytest.approx(published, abs=5e-6)

    def test_expectation_is_the_mean_over_every_order(self):
        part = INCIDENCE[:5][:, INCIDENCE[:5].any(axis=0)]
        curves = [first_seen(part[list(order)]).cumsum() for order in permutations(range(5))]
        assert expected_curve(part) == pytest.approx(np.mean(curves, axis=0))

    def test_band_holds_the_expectation_and_ends_at_all_codes(self):
        found = accumulation(INCIDENCE, 2000, 3, 0.95)
        assert (found.low <= found.expected).all()
        assert (found.expected <= found.high).all()
        assert found.low[-1] == found.high[-1] == found.total[-1] == 12
        again = accumulation(INCIDENCE, 2000, 3, 0.95)
        assert (found.low == again.low).all()


class TestCall:
    def test_tidy_table_and_glance(self):
        result = saturation(CODINGS)
        tidy = result.tidy().set_index(["term", "level"])["estimate"]
        assert [tidy["total", f"I{i}"] for i in range(1, 9)] == [4, 7, 9, 10, 11, 11, 12, 12]
        assert tidy["ratio", "I6"] == pytest.approx(1 / 10)
        assert len(result.table("Q6").rows) == 8 + 2
        assert result.glance()["count"].tolist() == [12]

    def test_levels_of_the_codebook(self):
        codes = sorted(set(CODINGS["code_id"]))
        book = pd.DataFrame(
            {
                "code_id": [*codes, "s1", "s2", "top"],
                "parent_id": [*(["s1"] * 6), *(["s2"] * 6), "top", "top", None],
                "level": [*(["concept"] * 12), "subcategory", "subcategory", "category"],
                "name": [*codes, "一", "二", "总"],
            }
        )
        result = saturation(CODINGS, codebook=book)
        assert [(x.name, x.n_codes) for x in result.levels] == [("concept", 12), ("subcategory", 2), ("category", 1)]
        assert result.levels[1].curve.total.tolist() == [1, 2, 2, 2, 2, 2, 2, 2]
        assert result.table("Q6").n_columns == 8

    def test_order_of_work_and_sources_without_codings(self):
        sources = pd.DataFrame(
            {"source_id": ["I8", "I0", *[f"I{i}" for i in range(1, 8)]], "held_out": [1, 1, *[0] * 7]}
        )
        result = saturation(CODINGS, sources=sources)
        assert result.levels[0].curve.new[:3].tolist() == [3, 0, 2]
        out = result.held_out[0]
        assert (out.new, out.n, out.n_bearing, out.share) == ((), 2, 0, 0.0)
        assert out.upper(0.95) == pytest.approx(1 - 0.05 ** (1 / 2))

    def test_held_out_with_new_codes(self):
        result = saturation(CODINGS, held_out=["I4", "I7"])
        assert result.held_out[0].new == ("c09", "c11")
        assert result.held_out[0].share == pytest.approx(2 / 8)
        assert np.isnan(result.held_out[0].upper(0.95))

    def test_too_few_sources(self):
        result = saturation(CODINGS[CODINGS["source_id"].isin(["I1", "I2"])])
        assert [p.code for p in result.notices] == ["W6432"]
        assert result.levels[0].stop.reached is None

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"order": ["I1"]}, "E6430"),
            ({"held_out": ["X"]}, "E6430"),
            ({"codebook": pd.DataFrame({"code_id": ["c00"], "parent_id": [None], "level": ["concept"]})}, "E6431"),
            ({"base": 0}, "E614"),
            ({"threshold": 5}, "E614"),
            ({"source": "place"}, "E600"),
        ],
    )
    def test_calls_that_cannot_mean_anything(self, options, code):
        with pytest.raises(AnalysisError) as caught:
            saturation(CODINGS, **options)
        assert [p.code for p in caught.value.problems] == [code]

    def test_a_codebook_in_a_circle_ends(self):
        book = pd.DataFrame(
            {"code_id": [*sorted(set(CODINGS["code_id"])), "a", "b"], "parent_id": [*["a"] * 12, "b", "a"],
             "level": [*["concept"] * 12, "x", "y"]}
        )  # fmt: skip
        assert {x.name for x in saturation(CODINGS, codebook=book).levels} == {"concept", "x", "y"}


def test_the_core_category_is_not_judged_beside_others():
    codebook = pd.DataFrame(
        {"code_id": ["T", "A", "B"], "parent_id": [None, "T", "T"], "level": ["core", "category", "category"]}
    )
    codings = pd.DataFrame({"source_id": ["s1", "s2"], "code_id": ["A", "B"]})
    assert [x.name for x in saturation(codings, codebook=codebook).levels] == ["category"]
    alone = codebook.iloc[:1]
    assert [x.name for x in saturation(codings.assign(code_id="T"), codebook=alone).levels] == ["core"]
