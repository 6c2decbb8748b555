"""How far a solution stands when anchors and cut-offs move."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cases.anchors import qca_robustness
from evalkit.cases.calibrating import calibrate_sets
from evalkit.cases.configurations import qca
from evalkit.contract import AnalysisError

# Lipset's eighteen states between the wars (Rihoux & De Meur 2009, chapter 3, table 3.3).
RAW = pd.DataFrame(
    [("AT", 720, 33.4, 98.0, 0), ("BE", 1098, 60.5, 94.4, 1), ("CZ", 586, 69.0, 95.9, 1), ("EE", 468, 28.5, 95.0, 0),
     ("FI", 590, 22.0, 99.1, 1), ("FR", 983, 21.2, 96.2, 1), ("DE", 795, 56.5, 98.0, 0), ("GR", 390, 31.1, 59.2, 0),
     ("HU", 424, 36.3, 85.0, 0), ("IE", 662, 25.0, 95.0, 1), ("IT", 517, 31.4, 72.1, 0), ("NL", 1008, 78.8, 99.9, 1),
     ("PL", 350, 37.0, 76.9, 0), ("PT", 320, 15.3, 38.0, 0), ("RO", 331, 21.9, 61.8, 0), ("ES", 367, 43.0, 55.6, 0),
     ("SE", 897, 34.0, 99.9, 1), ("UK", 1038, 74.0, 99.9, 1)],
    columns=["case", "gnp", "urban", "literate", "SURV"],
)  # fmt: skip
CRISP = {
    "DEV": {"from": "gnp", "type": "crisp", "c": 600},
    "URB": {"from": "urban", "type": "crisp", "c": 50},
    "LIT": {"from": "literate", "type": "crisp", "c": 75},
}
FUZZY = {
    "DEV": {"from": "gnp", "type": "direct", "e": 400, "c": 550, "i": 900},
    "URB": {"from": "urban", "type": "direct", "e": 25, "c": 50, "i": 65},
    "LIT": {"from": "literate", "type": "direct", "e": 50, "c": 75, "i": 90},
}
NAMES = ["DEV", "URB", "LIT"]
OPTIONS = {"outcome": "SURV", "conditions": NAMES, "case": "case", "solution": "conservative"}


def tried(rules, **options):
    made = calibrate_sets(RAW, calibration=rules)
    return qca_robustness(made.data, calibration=made, **(OPTIONS | options))


def models(rules, **options):
    found = qca(calibrate_sets(RAW, calibration=rules).data, **(OPTIONS | options))
    return {m.terms for m in found.models}


def reach(result, term):
    return next(r for r in result.reaches if r.term == term)


class TestRanges:
    @pytest.mark.parametrize(("term", "anchor"), [("DEV", "c"), ("URB", "c"), ("LIT", "e"), ("DEV", "i")])
    def test_the_solution_stays_inside_and_changes_outside(self, term, anchor):
        result = tried(FUZZY, consistency=0.7)
        own = models(FUZZY, consistency=0.7)
        found = reach(result, f"{term}.{anchor}")
        assert found.low <= found.value <= found.high
        room = abs(FUZZY[term]["i"] - FUZZY[term]["e"]) / 100
        for edge, open_, way in ((found.low, found.open_low, -1), (found.high, found.open_high, 1)):
            inside = FUZZY | {term: FUZZY[term] | {anchor: edge}}
            assert models(inside, consistency=0.7) == own
            if not open_:
                outside = FUZZY | {term: FUZZY[term] | {anchor: edge + way * room}}
                assert models(outside, consistency=0.7) != own

    def test_some_bound_is_found_and_some_is_not(self):
        reaches = [r for r in tried(FUZZY, consistency=0.7).reaches if r.anchor]
        assert any(not r.open_low or not r.open_high for r in reaches)
        assert any(r.open_low or r.open_high for r in reaches)
        assert len(reaches) == 9

    @pytest.mark.parametrize("name", ["DEV", "URB"])
    def test_a_crisp_cut_moves_between_observed_values(self, name):
        """It may be anywhere between the bounds, and not where one more case crosses."""
        found = reach(tried(CRISP, consistency=0.6), f"{name}.cut")
        own = models(CRISP, consistency=0.6)
        seen = RAW[CRISP[name]["from"]]

        def at(cut):
            return models(CRISP | {name: CRISP[name] | {"c": float(cut)}}, consistency=0.6)

        assert not found.open_low
        assert not found.open_high
        inside = [found.low, found.high, *seen[(seen > found.low) & (seen <= found.high)]]
        assert all(at(cut) == own for cut in inside)
        assert at(seen[seen < found.low].max()) != own
        assert at(seen[seen > found.high].min() + 0.01) != own

    def test_cut_offs_as_in_qca(self):
        result = tried(FUZZY, consistency=0.7)
        own = {r.name: (r.low, r.high) for r in result.found.ranges}
        assert {r.name: (r.low, r.high) for r in result.reaches if not r.anchor} == own


class TestFit:
    def test_core_and_overlap_by_their_definitions(self):
        result = tried(FUZZY, consistency=0.7)
        own, y = result.found.models[0].membership, result.found.cases.outcome
        least, most = np.min(result.alternatives, axis=0), np.max(result.alternatives, axis=0)
        core = np.minimum(own, least)
        assert result.fit.core_consistency == pytest.approx(np.minimum(core, y).sum() / core.sum())
        assert result.fit.smallest == pytest.approx(core.sum() / np.maximum(own, least).sum())
        assert result.fit.largest == pytest.approx(np.minimum(own, most).sum() / np.maximum(own, most).sum())
        roles = dict(zip(result.found.cases.names, result.roles, strict=True))
        for case, x, low, high in zip(roles, own, least, most, strict=True):
            wanted = ("robust" if low > 0.5 else "shaky") if x > 0.5 else ("possible" if high > 0.5 else "outside")
            assert roles[case] == wanted
        held = [c for c, r in roles.items() if r != "outside" and RAW.set_index("case")["SURV"][c] == 1]
        assert result.ratio(typical=True) == pytest.approx(sum(roles[c] == "robust" for c in held) / len(held))

    def test_views(self):
        result = tried(FUZZY, consistency=0.7)
        tidy = result.tidy()
        assert tidy[tidy["term"] == "DEV.c"]["level"].tolist() == ["low", "high"]
        assert len(tidy[tidy["term"] == "case"]) == len(RAW)
        assert result.glance()["count"].item() == len(result.alternatives)
        for template, rows in (("ranges", len(result.reaches)), ("fit", 8), ("cases", len(RAW))):
            assert len(result.table(template).rows) == rows
        assert result.figure() is None

    def test_where_nothing_stands_beside_it(self):
        """One condition that is the outcome: no anchor in reach and no cut-off gives another solution."""
        own = RAW.assign(GOOD=RAW["SURV"])
        result = qca_robustness(own, outcome="SURV", conditions=["GOOD"], case="case", solution="conservative")
        assert result.fit is None
        assert result.glance()["conf_low"].isna().all()
        assert set(result.roles) == {"robust", "outside"}
        assert result.ratio(typical=True) == 1
        assert np.isnan(result.ratio(typical=False))


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"steps": 1}, "E614"),
            ({"consistency": 0.9}, "E6760"),
            ({"calibration": FUZZY}, "E6762"),
        ],
    )
    def test_what_cannot_be_tried(self, options, code):
        made = calibrate_sets(RAW, calibration=FUZZY)
        with pytest.raises(AnalysisError, match=code):
            qca_robustness(made.data, **(OPTIONS | {"calibration": made} | options))

    def test_other_rows_than_those_calibrated(self):
        made = calibrate_sets(RAW, calibration=FUZZY)
        with pytest.raises(AnalysisError, match="E6761"):
            qca_robustness(made.data.iloc[1:], calibration=made, consistency=0.7, **OPTIONS)
