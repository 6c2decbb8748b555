"""Scores against other scales, criteria and known groups: reference numbers, views and bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.report.sentences import sentences


def codes(problems) -> list[str]:
    assert all(say(p, lang) for p in problems for lang in ("zh", "en"))
    return [p.code for p in problems]


def said(do, result) -> str:
    found = sentences(do, result)
    assert all(s.text("zh") for s in found)
    return " ".join(s.text("en") for s in found)


class TestMultitrait:
    def test_mean_correlations_agree(self, scored, golden, scale_items):
        found = ek.multitrait(scored, scale_items).scales.set_index("group")
        got = found[["within", "between"]].T
        assert got == golden("validity", "convergent_discriminant_mean_r").approx()

    def test_scaling_success_agrees(self, scored, golden, scale_items):
        found = ek.multitrait(scored, scale_items)
        got = (found.scales.set_index("group")["share"] / 100).to_dict()
        assert got == golden("validity", "scaling_success_multitrait").approx()
        assert "100%" in said("multitrait", found)
        assert len(found.table().rows) == 8

    def test_a_misplaced_item_is_named(self, scored, scale_items):
        wrong = {"OB": [*scale_items["OB"][:3], "OE1"], "OE": scale_items["OE"][1:]}
        found = ek.multitrait(scored, wrong)
        assert list(found.misplaced["term"]) == ["OE1"]
        assert found.items.set_index("term").loc["OE1", "rival"] == "OE"
        assert "OE1" in said("multitrait", found)

    def test_an_item_against_another_scale_is_the_plain_correlation(self, scored, scale_items):
        two = {s: scale_items[s] for s in ("OB", "OE")}
        rows = scored[[i for own in two.values() for i in own]].dropna()
        found = ek.multitrait(scored, two).items.set_index("term")
        assert found.loc["OB2", "other"] == pytest.approx(np.corrcoef(rows["OB2"], rows[two["OE"]].sum(axis=1))[0, 1])

    def test_bad_input(self, scored, scale_items):
        two = {s: scale_items[s] for s in ("OB", "OE")}
        for scales, data, code in (({"OB": two["OB"]}, scored, "E721"), (two, scored.head(2), "E922")):
            with pytest.raises(AnalysisError) as caught:
                ek.multitrait(data, scales)
            assert codes(caught.value.problems) == [code]
        flat = ek.multitrait(scored.assign(OB1=3.0), two)
        assert codes(flat.notices) == ["W720"]
        assert np.isnan(flat.items["item_rest"][0])


class TestCriterion:
    def test_spearman_agrees(self, scored, golden):
        found = ek.criterion_validity(scored, "SAT", criterion="renewal_support").frame.iloc[0]
        got = {"rho": found["estimate"], "p": found["p_value"], "n": found["n_obs"]}
        assert got == golden("validity", "criterion.SAT_renewal_spearman").approx()

    def test_the_area_agrees(self, scored, golden):
        found = ek.criterion_validity(scored, "SAT", criterion="signed_agreement").frame.iloc[0]
        got = {"auc": found["estimate"], "se_hanley": found["hanley_se"]}
        assert got == golden("validity", "criterion.SAT_signed_auc").approx()
        ends = {"auc": found["estimate"], "lower": found["conf_low"], "upper": found["conf_high"],
                "var": found["std_error"] ** 2}  # fmt: skip
        assert ends == golden("validity", "criterion.SAT_signed_auc_delong").approx()
        best = {"cut": found["cut"], "J": found["youden"]}
        assert best == golden("validity", "criterion.SAT_youden").approx()

    def test_increments_agree(self, analysis_sample, golden):
        found = ek.criterion_validity(analysis_sample, "SV", criterion="SAT", over=["OB", "OE", "MO"])
        row = found.frame.iloc[0]
        got = {"delta_r2": row["r_squared_change"], "F": row["f_change"], "p": row["f_change_p"]}
        assert got == golden("validity", "incremental.SV_over_mechanisms_on_SAT").approx()
        assert "adds 0.073" in said("criterion_validity", found)
        assert found.table().n_columns == 8
        assert set(found.tidy()["level"]) == {"spearman", "increment"}

    def test_views_of_an_area(self, scored):
        found = ek.criterion_validity(scored, ["SAT", "PAR"], criterion="signed_agreement")
        table = found.table()
        assert table.n_columns == 8
        assert "AUC = 0.662" in said("criterion_validity", found)
        assert found.glance()["term"][0] == "SAT"
        pearson = ek.criterion_validity(scored, "SAT", criterion="signed_agreement", method="pearson")
        rows = scored[["SAT", "signed_agreement"]].dropna()
        assert pearson.frame["estimate"][0] == pytest.approx(rows.corr().iloc[0, 1])

    def test_a_score_that_says_nothing(self, scored):
        found = ek.criterion_validity(scored.assign(flat=1.0), ["flat"], criterion="meetings")
        assert codes(found.notices) == ["W722"]
        assert "could not" in said("criterion_validity", found)

    @pytest.mark.parametrize(
        ("options", "code"),
        [({"criterion": "renewal_support", "method": "auc"}, "E723"), ({"criterion": "SAT"}, "E724"),
         ({"criterion": "signed_agreement", "over": ["OB"]}, "E723"), ({"criterion": "gone"}, "E600"),
         ({"criterion": "OB", "method": "tau"}, "E614"), ({"criterion": "gender"}, "E610")],
    )  # fmt: skip
    def test_bad_input(self, scored, options, code):
        with pytest.raises(AnalysisError) as caught:
            ek.criterion_validity(scored, ["SAT"], **options)
        assert codes(caught.value.problems) == [code]


class TestKnownGroups:
    def test_welch_agrees(self, scored, golden):
        found = ek.known_groups(scored, "PAR", by="party_member", expected=[0, 1])
        test, means = found.tests.iloc[0], found.groups.set_index("level")["mean"]
        got = {"mean0": means["0"], "mean1": means["1"], "t": test["statistic"], "df": test["df"], "p": test["p_value"]}
        assert got == golden("validity", "known_groups.party_PAR").approx()
        assert test["as_expected"] == 1
        assert "expected order for PAR" in said("known_groups", found)

    def test_three_groups_agree_with_two_where_there_are_two(self, scored):
        """Welch's F of two groups is the square of his t: the general formula at k = 2."""
        from evalkit.measurement.validation.groups import _welch

        one, other = (scored.loc[scored["party_member"] == v, "PAR"].dropna().to_numpy() for v in (0, 1))
        t = _welch([one, other], 0.95)
        n, s2 = np.array([len(one), len(other)]), np.array([one.var(ddof=1), other.var(ddof=1)])
        w = n / s2
        centre = (w * [one.mean(), other.mean()]).sum() / w.sum()
        assert (w * (np.array([one.mean(), other.mean()]) - centre) ** 2).sum() == pytest.approx(t["statistic"] ** 2)

    def test_several_groups(self, scored):
        from statsmodels.stats.oneway import anova_oneway

        found = ek.known_groups(scored, ["SAT", "PAR"], by="tenure")
        parts = [v["SAT"].dropna() for _, v in scored.groupby("tenure")]
        reference = anova_oneway(parts, use_var="unequal")
        test = found.tests.iloc[0]
        assert test["statistic"] == pytest.approx(reference.statistic)
        assert test["p_value"] == pytest.approx(reference.pvalue)
        assert len(found.table().rows) == 6
        assert found.table().rows[1].cells[-1].value == ""
        assert said("known_groups", found)

    def test_what_cannot_be_tested(self, scored):
        found = ek.known_groups(scored.assign(flat=1.0), ["flat"], by="gender")
        assert codes(found.notices) == ["W725"]
        for options, code in (
            ({"by": "gender", "expected": ["female", "other"]}, "E726"),
            ({"by": "one"}, "E726"),
            ({"by": "gone"}, "E600"),
        ):
            with pytest.raises(AnalysisError) as caught:
                ek.known_groups(scored.assign(one="x"), "SAT", **options)
            assert codes(caught.value.problems) == [code]

    def test_codebook_words_are_used(self):
        frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 6, 7], "g": list("aaabbb")})
        found = ek.known_groups(frame, "x", by="g", expected=["b", "a"])
        assert found.tests["as_expected"][0] == 0
        assert "not in the expected order" in said("known_groups", found)
