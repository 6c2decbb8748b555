"""Items, experts, scales and criteria against the reference numbers, and what they say of bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.measurement.validation.experts import cvr_bound
from evalkit.report.sentences import sentences

GOLDEN = Path(__file__).parent.parent / "golden"
ALL = ("OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR")


def codes(caught) -> list[str]:
    """Codes of what was raised; each is said in both languages."""
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))
    return [p.code for p in caught.value.problems]


def said(do, result) -> str:
    """The sentences in English, Chinese alongside."""
    found = sentences(do, result)
    assert all(s.text("zh") for s in found)
    return " ".join(s.text("en") for s in found)


class TestItems:
    @pytest.mark.parametrize("scale", ALL)
    def test_critical_ratios_agree(self, scored, golden, scale_items, scale):
        found = ek.item_analysis(scored, {scale: scale_items[scale]}).tidy().set_index("term")
        got = found[["statistic", "df", "p_value", "estimate", "n_low", "n_high"]]
        got.columns = ["t", "df", "p", "diff", "n_low", "n_high"]
        assert got == golden("validity", f"critical_ratio.{scale}").approx()

    @pytest.mark.parametrize("scale", ALL)
    def test_item_totals_agree(self, scored, golden, scale_items, scale):
        found = ek.item_analysis(scored, {scale: scale_items[scale]}).tidy().set_index("term")
        got = found[["item_total", "item_rest"]].set_axis(["item_total", "corrected"], axis=1)
        assert got == golden("validity", f"item_total.{scale}").approx()

    def test_items_as_one_scale_agree(self, scored, golden, scale_items):
        every = [item for items in scale_items.values() for item in items]
        found = ek.item_analysis(scored, {"all": every}).tidy().set_index("term")
        assert found["item_rest"].to_dict() == golden("validity", "item_total_all34_corrected").approx()

    def test_views(self, scored, scale_items):
        found = ek.item_analysis(scored, {s: scale_items[s] for s in ("OB", "SAT")})
        table = found.table()
        assert [row.role for row in table.rows].count("section") == 2
        assert found.glance()["term"][0] == "SAT4"
        assert "every item" in said("item_analysis", found).lower()
        strict = ek.item_analysis(scored, {"OB": scale_items["OB"]}, r_norm=0.79)
        assert list(strict.weak["term"]) == ["OB3", "OB4"]
        assert "OB3 and OB4" in said("item_analysis", strict)

    def test_what_cannot_be_computed(self):
        flat = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 1]})
        found = ek.item_analysis(flat, {"s": ["a", "b"]})
        assert [p.code for p in found.notices] == ["W771"]
        assert found.tidy()[["statistic", "item_total"]].isna().all(axis=None)
        assert "could not" in said("item_analysis", found)
        empty = ek.item_analysis(flat.iloc[:0], {"s": ["a", "b"]})
        assert empty.n_obs == 0
        constant = pd.DataFrame({"a": [1.0, 2, 3, 4, 5, 6], "b": [2.0] * 6})
        rows = ek.item_analysis(constant, {"s": ["a", "b"]}).tidy().set_index("term")
        assert np.isnan(rows.loc["b", "statistic"])
        assert rows.loc["a", "item_total"] == pytest.approx(1)

    @pytest.mark.parametrize(
        ("scales", "share", "code"),
        [({"s": ["a"]}, 0.27, "E770"), ({"s": ["a", "a"]}, 0.27, "E770"), ([], 0.27, "E770"), ("c", 0.27, "E600"),
         ({"s": ["a", "b"]}, 0.5, "E772")],
    )  # fmt: skip
    def test_bad_input(self, scales, share, code):
        with pytest.raises(AnalysisError) as caught:
            ek.item_analysis(pd.DataFrame({"a": [1.0, 2], "b": [2.0, 1]}), scales, share=share)
        assert codes(caught) == [code]


@pytest.fixture(scope="module")
def sheet() -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / "experts.csv")
    return frame.assign(scale=frame["item"].str.rstrip("0123456789"))


@pytest.fixture(scope="module")
def experts(sheet) -> list[str]:
    return [c for c in sheet if c.startswith("expert")]


class TestExperts:
    @pytest.mark.parametrize(
        ("id", "column"),
        [("i_cvi", "i_cvi"), ("modified_kappa", "kappa"), ("aiken_v", "aiken_v"), ("cvr_lawshe", "cvr")],
    )
    def test_items_agree(self, sheet, experts, golden, id, column):
        found = ek.content_validity(sheet, experts, item="item").frame.set_index("term")
        assert found[column].to_dict() == golden("validity", id).approx()

    def test_the_interval_of_v_agrees(self, sheet, experts, golden):
        found = ek.content_validity(sheet, experts, item="item").frame
        got = found[["aiken_low", "aiken_high"]].to_numpy()[:3]
        assert got == golden("validity", "aiken_v_ci_first3").approx()

    def test_scales_and_agreement_agree(self, sheet, experts, golden):
        found = ek.content_validity(sheet, experts, item="item", scale="scale")
        tidy = found.tidy()
        means = tidy[(tidy["term"] == "s_cvi_ave")].set_index("group")["estimate"].to_dict()
        assert means == golden("validity", "s_cvi_by_scale").approx()
        glance = found.glance().iloc[0]
        assert {"ave": glance["s_cvi_ave"], "ua": glance["s_cvi_ua"]} == golden("validity", "s_cvi").approx()
        assert glance["kappa"] == golden("validity", "expert_agreement_fleiss").approx()

    def test_views(self, sheet, experts):
        found = ek.content_validity(sheet, experts, item="item", scale="scale")
        table = found.table()
        assert [row.role for row in table.rows].count("section") == 8
        assert [row.role for row in table.rows].count("stat") == 2 * 9 + 1
        assert "0.78" in table.notes[1].text("en")
        text = said("content_validity", found)
        assert "S-CVI/Ave is 0.938" in text
        assert "OB1" in text

    def test_missing_ratings(self, sheet, experts):
        gaps = sheet.copy()
        gaps.loc[0, experts] = np.nan
        gaps.loc[1, experts[0]] = np.nan
        found = ek.content_validity(gaps, experts, item="item")
        assert [p.code for p in found.notices] == ["W774", "N775"]
        assert list(found.frame["n_obs"][:3]) == [0, 7, 8]
        assert np.isnan(found.frame["i_cvi"][0])
        assert found.frame["i_cvi"][1] == 1

    def test_the_bound_of_the_cvr_is_the_published_one(self):
        """Ayre & Scally (2014), table 2."""
        published = {5: 1.0, 6: 1.0, 7: 1.0, 8: 0.75, 9: 0.778, 10: 0.8, 15: 0.6, 20: 0.5, 40: 0.3}
        assert {n: round(cvr_bound(n), 3) for n in published} == published
        assert np.isnan(cvr_bound(3))

    @pytest.mark.parametrize(
        ("change", "options", "code"),
        [(None, {"experts": ["expert_1"]}, "E773"), (5.0, {}, "E776"), (None, {"item": "scale"}, "E777"),
         (None, {"item": "name"}, "E600"), (None, {"conf_level": 2}, "E614")],
    )  # fmt: skip
    def test_bad_input(self, sheet, experts, change, options, code):
        frame = sheet.copy()
        if change is not None:
            frame.loc[0, "expert_1"] = change
        with pytest.raises(AnalysisError) as caught:
            ek.content_validity(frame, **{"experts": experts, "item": "item"} | options)
        assert codes(caught) == [code]

    @settings(max_examples=20)
    @given(ratings=st.lists(st.lists(st.integers(1, 4), min_size=3, max_size=3), min_size=2, max_size=6))
    def test_indices_stay_within_their_bounds(self, ratings):
        frame = pd.DataFrame(ratings, columns=["a", "b", "c"], index=[f"i{k}" for k in range(len(ratings))])
        found = ek.content_validity(frame.astype(float), ["a", "b", "c"]).frame
        assert ((found["i_cvi"] >= 0) & (found["i_cvi"] <= 1)).all()
        assert (found["aiken_low"] <= found["aiken_v"] + 1e-12).all()
        assert (found["aiken_high"] >= found["aiken_v"] - 1e-12).all()
        assert ((found["cvr"] >= -1) & (found["cvr"] <= 1)).all()
