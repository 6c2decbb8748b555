"""Memberships against the reference numbers and the published examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cases.calibrating import calibrate_sets
from evalkit.cases.calibrating.methods import crisp, crossing, direct, indirect, linear
from evalkit.contract import AnalysisError

GOLDEN = Path(__file__).parent.parent / "golden"
RAW = pd.read_csv(GOLDEN / "qca_communities.csv")
SETS = {"OB": "OB", "OE": "OE", "MO": "MO", "AL": "alliance_strength", "SAT": "SAT"}
INCOME = np.array([40110, 20060, 17090, 13680, 7470, 4670, 2980, 110.0])


class TestCommunities:
    def rules(self, golden):
        anchors = {name: golden("qca", f"thresholds.{name}").value() for name in SETS}
        made = {
            name: {"from": SETS[name], "e": a["exclusion"], "c": a["crossover"], "i": a["inclusion"], "rationale": "x"}
            for name, a in anchors.items()
        }
        made["Y"] = made.pop("SAT")
        return made | {"REN": {"from": "attribute:renovated", "type": "crisp", "cuts": 1, "rationale": "x"}}

    def test_memberships(self, golden):
        result = calibrate_sets(RAW, calibration=self.rules(golden), case="community_id")
        got = result.data[["OB", "OE", "MO", "AL", "REN"]].to_numpy()
        assert got == golden("qca", "membership.conditions").approx()
        outcome = dict(zip(result.cases, result.data["Y"], strict=True))
        assert outcome == golden("qca", "membership.outcome").approx()
        half = sum(int((m.membership == 0.5).sum()) for m in result.sets)
        assert half == golden("qca", "no_half_memberships").approx()
        assert result.notices == ()

    def test_crisp(self, golden):
        high = {
            "n_sat_high": crisp(RAW["SAT"].to_numpy(), [3.21]).sum(),
            "n_ob_high": crisp(RAW["OB"].to_numpy(), [3.01]).sum(),
        }
        assert high == golden("qca", "calibration_crisp").approx()


class TestRagin:
    """Ragin (2008), per capita income: 2,500 / 5,000 / 20,000."""

    def test_idm_of_the_r_package(self):
        published = [0.998985, 0.950556, 0.914762, 0.846037, 0.618893, 0.404038, 0.084780, 0.003143]
        assert direct(INCOME, 2500, 5000, 20000) == pytest.approx(published, abs=5.1e-7)

    def test_log_odds_of_three(self):
        published = [0.9991, 0.9531, 0.9182, 0.8502, 0.6210, 0.4023, 0.0814, 0.0028]
        three = 1 / (1 + np.exp(-3))
        assert direct(INCOME, 2500, 5000, 20000, three) == pytest.approx(published, abs=5.1e-5)

    def test_a_falling_set_mirrors(self):
        assert direct(-INCOME, -2500, -5000, -20000) == pytest.approx(direct(INCOME, 2500, 5000, 20000))

    def test_linear(self):
        assert linear(np.array([3.0, 7.0, 1.0, 12.0]), 2, 5, 9) == pytest.approx([0.166667, 0.75, 0, 1], abs=5e-7)


class TestOtherMethods:
    def test_lipset_cuts(self):
        dev = np.array([720, 1098, 586, 468, 590, 983.0])
        assert crisp(dev, [550]).tolist() == [1, 1, 1, 0, 1, 1]
        assert crisp(dev, [850, 550]).tolist() == [1, 2, 1, 0, 1, 2]
        assert crisp(np.array([10, 4, 9.5]), [9.5], falling=True).tolist() == [0, 1, 1]

    def test_indirect_reproduces_grades_on_a_logistic(self):
        x = np.linspace(-3, 3, 61)
        found = indirect(x, [-2, -1, 0, 1, 2])
        assert (np.diff(found) > 0).all()
        assert found[30] == pytest.approx(0.5, abs=0.02)
        grades = crisp(x, [-2, -1, 0, 1, 2]) / 5
        z = (x - x.mean()) / x.std()
        design = np.column_stack([np.ones(61), z, z**2])
        assert design.T @ (grades - found) == pytest.approx(np.zeros(3), abs=1e-8)  # the likelihood's equations

    def test_chance_of_crossing(self):
        x, error = np.array([3.0, 3.2, 5.0, np.nan]), np.array([0.2, 0.2, 0.0, 0.2])
        found = crossing(x, 3.0, error)
        assert found[:3] == pytest.approx([0.5, 0.15865525, 0.0])
        assert np.isnan(found[3])
        draws = np.random.default_rng(1).normal(3.2, 0.2, 200_000)
        assert found[1] == pytest.approx((draws < 3).mean(), abs=0.004)


class TestCall:
    CASES = pd.DataFrame(
        {"case": ["a", "b", "c"], "trust": [2.0, 3.0, 4.5], "se": [0.3, 0.3, 0.1], "own": [0.2, 0.6, 1.0]}
    )

    def test_a_sheet_of_conditions(self):
        sheet = pd.DataFrame(
            {
                "name": ["TRUST", "OWN"], "from": ["survey:trust", "rating:own"], "type": ["fuzzy", "rating"],
                "e": [1.5, None], "c": [3.2, None], "i": [4.5, None], "std_error": ["se", None],
                "expectation": ["1", "none"], "rationale": ["theory", None],
            }
        )  # fmt: skip
        result = calibrate_sets(self.CASES, calibration=sheet, case="case")
        assert result.data["OWN"].tolist() == [0.2, 0.6, 1.0]
        assert result.expectations == {"TRUST": "1", "OWN": "none"}
        assert [(p.code, p.params["cases"]) for p in result.notices] == [("W6470", ["b"])]
        assert [r.cells[2].value for r in result.table("S1").rows] == ["4.5", ""]
        marked = [[c.bold for c in r.cells] for r in result.table("memberships").rows]
        assert marked == [[False] * 3, [False, True, False], [False] * 3]
        assert set(result.figure().frame["set"]) == {"TRUST"}
        assert len(result.tidy()) == 6

    def test_half_and_missing(self):
        data = self.CASES.assign(trust=[3.0, np.nan, 4.0])
        result = calibrate_sets(data, calibration={"T": {"from": "trust", "e": 2, "c": 3, "i": 4, "rationale": "r"}})
        assert [p.code for p in result.notices] == ["W6469"]
        assert np.isnan(result.data["T"][1])

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ({"e": 2, "c": 3}, "E6467"),
            ({"e": 2, "c": 1, "i": 4}, "E6467"),
            ({"e": "low", "c": 3, "i": 4}, "E6467"),
            ({"e": 2, "c": 3, "i": 4, "idm": 0.4}, "E6467"),
            ({"type": "crisp", "cuts": [1, 2]}, "E6467"),
            ({"type": "indirect", "cuts": "3"}, "E6467"),
            ({"type": "vague"}, "E6466"),
            ({"anchors": 3}, "E6465"),
            ({"from": "nothing", "e": 2, "c": 3, "i": 4}, "E600"),
            ({"type": "as_is"}, "E6468"),
        ],
    )
    def test_lines_that_cannot_mean_anything(self, line, code):
        with pytest.raises(AnalysisError) as caught:
            calibrate_sets(self.CASES, calibration={"T": {"from": "trust"} | line})
        assert [p.code for p in caught.value.problems] == [code]
