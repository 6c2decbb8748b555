"""Set-theoretic comparison against the reference numbers and Lipset's cases as published and as R QCA gives them."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cases.configurations import necessity, qca
from evalkit.cases.configurations.covers import smallest_covers
from evalkit.cases.configurations.measures import consistency, coverage, pri
from evalkit.cases.configurations.robustness import robustness_fit
from evalkit.contract import AnalysisError

GOLDEN = Path(__file__).parent.parent / "golden"
CONDITIONS = ["OB", "OE", "MO", "AL", "REN"]
# Rihoux & De Meur 2009; Cronqvist & Berg-Schlosser 2009; Ragin 2009: crisp, DEV of three values, fuzzy.
LIPSET = """
AU 10110 0 1 .81 .12 .99 .73 .43 .05
BE 11111 1 2 .99 .89 .98 1 .98 .95
CZ 11111 1 1 .58 .98 .98 .90 .91 .89
EE 00101 0 0 .16 .07 .98 .01 .91 .12
FI 10101 1 1 .58 .03 .99 .08 .58 .77
FR 10111 1 2 .98 .03 .99 .81 .95 .95
DE 11110 0 1 .89 .79 .99 .96 .31 .05
GR 00000 0 0 .04 .09 .13 .36 .43 .06
HU 00100 0 0 .07 .16 .88 .07 .13 .42
IE 10101 1 1 .72 .05 .98 .01 .95 .92
IT 00001 0 0 .34 .10 .41 .47 .58 .05
NL 11111 1 2 .98 1 .99 .94 .99 .95
PL 00100 0 0 .02 .17 .59 .00 .00 .12
PT 00000 0 0 .01 .02 .01 .11 .01 .05
RO 00001 0 0 .01 .03 .17 .00 .84 .21
ES 00000 0 0 .03 .30 .09 .21 .20 .06
SE 10111 1 2 .95 .13 .99 .67 .91 .95
UK 11111 1 2 .98 .99 .99 1 .98 .95
"""
NAMES = ["DEV", "URB", "LIT", "IND", "STB"]


def lipset() -> dict[str, pd.DataFrame]:
    rows = [line.split() for line in LIPSET.strip().splitlines()]
    crisp = pd.DataFrame([[int(v) for v in r[1]] + [int(r[2])] for r in rows], columns=[*NAMES, "SURV"])
    fuzzy = pd.DataFrame([[float(v) for v in r[4:]] for r in rows], columns=[*NAMES, "SURV"])
    multi = crisp.assign(DEV=[int(r[3]) for r in rows])
    frames = {"crisp": crisp, "fuzzy": fuzzy, "multi": multi}
    return {kind: frame.assign(case=[r[0] for r in rows]) for kind, frame in frames.items()}


DATA = lipset()
PRESENT = dict.fromkeys(NAMES, 1)


def lipset_qca(kind, outcome="SURV", names=NAMES, **options):
    multi = ["DEV"] if kind == "multi" else []
    return qca(
        DATA[kind], outcome=outcome, conditions=names, case="case", multi_value=multi, robustness=False, **options
    )


def sets(solution):
    """Models as sets of terms."""
    return {frozenset(p.text for p in m.paths) for m in solution.models}


def said(*models):
    return {frozenset(t.strip() for t in m.split("+")) for m in models}


@pytest.fixture
def communities(golden):
    """Memberships of the forty communities."""
    frame = golden("qca", "membership.conditions").value().copy()
    return frame.assign(Y=pd.Series(golden("qca", "membership.outcome").value()))


CUTS = [(o, cut) for cut in (0.75, 0.8) for o in ("Y", "notY")]


@pytest.mark.parametrize(("outcome", "cut"), CUTS)
class TestCommunities:
    def result(self, communities, outcome, cut):
        y = "~Y" if outcome == "notY" else "Y"
        return qca(communities, outcome=y, conditions=CONDITIONS, consistency=cut, robustness=False)

    def test_truth_table(self, communities, outcome, cut, golden):
        t = self.result(communities, outcome, cut).table_
        rows = np.flatnonzero(t.n > 0)
        out = (t.out[rows] == "1").astype(float)
        got = np.column_stack([t.conditions.corners[rows], t.n[rows], t.consistency[rows], t.pri[rows], out])
        record = golden("qca", f"truth_table.{outcome}.cut{cut:g}")
        assert got == record.approx()
        assert t.n_remainders == golden("qca", f"remainders.{outcome}.cut{cut:g}").approx()

    @pytest.mark.parametrize(("ours", "theirs"), [("conservative", "complex"), ("parsimonious", "parsimonious")])
    def test_solutions(self, communities, outcome, cut, ours, theirs, golden):
        found = self.result(communities, outcome, cut).solutions[ours]
        primes = golden("qca", f"{theirs}.{outcome}.cut{cut:g}.primes").value()
        conditions = self.result(communities, outcome, cut).table_.conditions
        assert sorted(map(conditions.text, found.primes)) == sorted([primes] if isinstance(primes, str) else primes)
        models = golden("qca", f"{theirs}.{outcome}.cut{cut:g}.models").value()
        models = [models] if isinstance(models, str) else models
        assert sets(found) == said(*models)
        for i in range(1, 1 + min(2, len(models))):
            record = golden("qca", f"{theirs}.{outcome}.cut{cut:g}.model.{i}")
            terms = frozenset(record.value()["term"]) - {"solution"}
            m = next(m for m in found.models if {p.text for p in m.paths} == terms)
            got = {p.text: [p.consistency, p.pri, p.coverage, p.unique] for p in m.paths}
            got["solution"] = [m.consistency, m.pri, m.coverage, np.nan]
            for column, values in zip(("inclS", "PRI", "covS", "covU"), zip(*got.values(), strict=True), strict=True):
                reference = [record.value(term, column) for term in got]
                assert values == pytest.approx(reference, abs=record.absolute, rel=record.relative, nan_ok=True)


class TestNecessity:
    @pytest.mark.parametrize(("record", "side"), [("necessity", 0), ("necessity_of_negated_outcome", 1)])
    def test_single_conditions(self, communities, record, side, golden):
        found = {f.text: f for f in necessity(communities, outcome="Y", conditions=CONDITIONS).found}
        reference = golden("qca", record)
        for term in reference.value()["term"]:
            f = found[term]
            assert f.consistency[side] == reference.approx(term, "inclN")
            assert f.relevance[side] == reference.approx(term, "RoN")
            assert f.coverage[side] == reference.approx(term, "covN")

    def test_disjunctions(self, communities, golden):
        reference = golden("qca", "necessity_disjunction")
        all_pairs = necessity(
            communities, outcome="Y", conditions=CONDITIONS, disjunctions=2, cut=0.75, least_relevance=0
        )
        found = {f.text.replace(" ", ""): f for f in all_pairs.found}
        tried = [t for t in reference.value()["term"] if t in found]
        assert len(tried) >= 5
        for term in tried:
            assert found[term].consistency[0] == reference.approx(term, "inclN")
            assert found[term].relevance[0] == reference.approx(term, "RoN")
            assert found[term].coverage[0] == reference.approx(term, "covN")

    def test_sufficiency_of_one_and_of_two(self, communities, golden):
        y = communities["Y"].to_numpy()
        single = golden("qca", "sufficiency_single")
        for term in single.value()["term"]:
            x = communities[term.lstrip("~")].to_numpy()
            x = 1 - x if term.startswith("~") else x
            assert consistency(x, y) == single.approx(term, "inclS")
            assert pri(x, y) == single.approx(term, "PRI")
            assert coverage(x, y) == single.approx(term, "covS")
        pairs = golden("qca", "sufficiency_pairs")
        for a, b in combinations(CONDITIONS, 2):
            x = communities[[a, b]].min(axis=1).to_numpy()
            assert consistency(x, y) == pairs.approx(f"{a}*{b}", "inclS")
            assert pri(x, y) == pairs.approx(f"{a}*{b}", "PRI")

    def test_lipset_fuzzy(self):
        found = {f.text: f for f in necessity(DATA["fuzzy"], outcome="SURV", conditions=NAMES, case="case").found}
        published = {
            "DEV": (0.830986, 0.811355, 0.774617), "~DEV": (0.285211, 0.587026, 0.274266),
            "URB": (0.538732, 0.898583, 0.771429), "LIT": (0.990610, 0.509414, 0.642803),
            "IND": (0.669014, 0.786179, 0.684274), "STB": (0.920188, 0.680118, 0.706943),
        }  # fmt: skip
        for term, values in published.items():
            f = found[term]
            assert [f.consistency[0], f.relevance[0], f.coverage[0]] == pytest.approx(values, abs=5e-7)

    def test_lipset_disjunctions_that_pass(self):
        result = necessity(
            DATA["fuzzy"], outcome="SURV", conditions=NAMES, case="case", disjunctions=2, cut=0.925, least_relevance=0.5
        )
        found = {f.text: f for f in result.found}
        f = found["DEV + STB"]
        assert [f.consistency[0], f.relevance[0], f.coverage[0]] == pytest.approx(
            [0.927230, 0.579208, 0.650206], abs=5e-7
        )
        assert not [t for t in found if t.startswith("LIT +")]  # LIT passes alone

    def test_lipset_crisp(self):
        found = {f.text: f for f in necessity(DATA["crisp"], outcome="SURV", conditions=NAMES, case="case").found}
        for term, values in {"LIT": (1, 0.5, 0.615), "DEV": (1, 0.8, 0.8), "STB": (1, 0.7, 0.727)}.items():
            f = found[term]
            assert [f.consistency[0], f.relevance[0], f.coverage[0]] == pytest.approx(values, abs=5e-4)


class TestLipsetCrisp:
    def test_survival(self):
        found = lipset_qca("crisp", consistency=1, expectations=PRESENT).solutions
        assert sets(found["conservative"]) == said("DEV*~URB*LIT*STB + DEV*LIT*IND*STB")
        assert sets(found["parsimonious"]) == said("DEV*STB")
        assert sets(found["intermediate"]) == said("DEV*LIT*STB")
        assert [r + 1 for r in found["parsimonious"].models[0].simplifying] == [18, 20, 26, 28, 30]
        fit = {p.text: (p.coverage, p.unique) for p in found["conservative"].models[0].paths}
        assert fit == {"DEV*~URB*LIT*STB": (0.5, 0.25), "DEV*LIT*IND*STB": (0.75, 0.5)}

    def test_breakdown(self):
        found = lipset_qca("crisp", "~SURV", consistency=1).solutions
        assert sets(found["conservative"]) == said("~DEV*~URB*~IND + DEV*LIT*IND*~STB")
        assert sets(found["parsimonious"]) == said("~DEV + ~STB")
        assert [round(p.unique, 9) for p in found["parsimonious"].models[0].paths] == [0.3, 0.2]

    def test_no_assumption_is_contradictory(self):
        """Research, section 3.4: the outcome and its absence share no simplifying assumption."""
        plain, enhanced = (lipset_qca("crisp", consistency=1, enhanced=on) for on in (False, True))
        assert enhanced.barred == ()
        assert sets(enhanced.solutions["parsimonious"]) == sets(plain.solutions["parsimonious"])

    def test_text(self):
        lines = lipset_qca("crisp", consistency=1, expectations=PRESENT).text("conservative").splitlines()
        assert lines[0] == "M1: DEV*LIT*IND*STB + DEV*~URB*LIT*STB <-> SURV"
        assert lines[2].split() == ["inclS", "PRI", "covS", "covU", "cases"]
        assert lines[4].split() == ["1", "DEV*LIT*IND*STB", "1.000", "1.000", "0.750", "0.500", "FR,SE;", "BE,CZ,NL,UK"]
        assert lines[-2].split() == ["M1", "1.000", "1.000", "1.000"]


class TestLipsetMultiValue:
    def test_survival(self):
        found = lipset_qca("multi", names=NAMES[:4], consistency=1).solutions
        assert sets(found["conservative"]) == said("DEV[2]*LIT[1]*IND[1] + DEV[1]*URB[0]*LIT[1]*IND[0]")
        assert sets(found["parsimonious"]) == said("DEV[2] + DEV[1]*IND[0]")
        assert found["conservative"].models[0].coverage == pytest.approx(0.875)

    def test_breakdown(self):
        found = lipset_qca("multi", "~SURV", names=NAMES[:4], consistency=1).solutions
        assert sets(found["conservative"]) == said("DEV[0]*URB[0]*IND[0] + DEV[1]*URB[0]*LIT[1]*IND[1]")
        assert sets(found["parsimonious"]) == said("DEV[0] + DEV[1]*URB[0]*IND[1]")

    def test_contradictory_row_is_not_sufficient(self):
        t = lipset_qca("multi", names=NAMES[:4], consistency=1, contradiction=0.4).table_
        row = next(r for r in np.flatnonzero(t.n) if tuple(t.conditions.corners[r]) == (1, 1, 1, 1))
        assert (t.n[row], t.consistency[row], t.out[row]) == (2, 0.5, "C")

    def test_three_tied_models(self):
        found = lipset_qca("multi", consistency=1).solutions["parsimonious"]
        assert sets(found) == said(
            "DEV[2] + DEV[1]*STB[1]", "DEV[1]*IND[0] + IND[1]*STB[1]", "DEV[1]*STB[1] + IND[1]*STB[1]"
        )


class TestLipsetFuzzy:
    def result(self, **options):
        return lipset_qca("fuzzy", **({"consistency": 0.8, "expectations": PRESENT} | options))

    def test_truth_table(self):
        t = self.result().table_
        published = {
            1: (3, 0.215976, 0), 2: (2, 0.278027, 0), 5: (2, 0.520900, 0.113095), 6: (1, 0.528571, 0.228070),
            22: (2, 0.804270, 0.719388), 23: (1, 0.378205, 0.039604), 24: (2, 0.708772, 0.634361),
            31: (1, 0.445255, 0.05), 32: (4, 0.904206, 0.885794),
        }  # fmt: skip
        assert set(np.flatnonzero(t.n) + 1) == set(published)
        for row, (n, incl, proportional) in published.items():
            assert t.n[row - 1] == n
            assert [t.consistency[row - 1], t.pri[row - 1]] == pytest.approx([incl, proportional], abs=5.1e-7)

    @pytest.mark.parametrize(
        ("kind", "paths", "whole"),
        [
            (
                "conservative",
                {
                    "DEV*URB*LIT*IND*STB": (0.904206, 0.885794, 0.454225, 0.393192),
                    "DEV*~URB*LIT*~IND*STB": (0.804270, 0.719388, 0.265258, 0.204225),
                },
                (0.869767, 0.842991, 0.658451),
            ),
            (
                "parsimonious",
                {
                    "DEV*~IND": (0.814815, 0.720812, 0.284038, 0.193662),
                    "URB*STB": (0.873767, 0.845411, 0.519953, 0.429577),
                },
                (0.850350, 0.818644, 0.713615),
            ),
            (
                "intermediate",
                {
                    "DEV*URB*LIT*STB": (0.900677, 0.878788, 0.468310, 0.377934),
                    "DEV*LIT*~IND*STB": (0.813559, 0.720812, 0.281690, 0.191315),
                },
                (0.865948, 0.838590, 0.659624),
            ),
        ],
    )
    def test_solutions(self, kind, paths, whole):
        (m,) = self.result().solutions[kind].models
        assert {p.text for p in m.paths} == set(paths)
        for p in m.paths:
            assert [p.consistency, p.pri, p.coverage, p.unique] == pytest.approx(paths[p.text], abs=5.1e-7)
        assert [m.consistency, m.pri, m.coverage] == pytest.approx(whole, abs=5.1e-7)

    def test_counterfactuals(self):
        (m,) = self.result().solutions["intermediate"].models
        assert [r + 1 for r in m.simplifying] == [30]

    def test_case_types(self):
        result = self.result(solution="conservative")
        types = dict(zip(result.cases.names, result.types[0], strict=True))
        assert {c for c, t in types.items() if t == "typical"} == {"BE", "CZ", "FI", "IE", "NL"}
        assert {c for c, t in types.items() if t == "typical_inconsistent"} == {"UK"}
        assert {c for c, t in types.items() if t == "deviant_coverage"} == {"FR", "SE"}
        assert "deviant_consistency" not in types.values()

    def test_robustness_fit(self):
        own, *others = (
            self.result(consistency=cut).solutions["conservative"].models[0].membership for cut in (0.8, 0.7, 0.9)
        )
        fit = robustness_fit(own, others, DATA["fuzzy"]["SURV"].to_numpy())
        got = [fit.core_consistency, fit.core_coverage, fit.consistency, fit.coverage, fit.smallest, fit.largest]
        assert got == pytest.approx([0.904206, 0.454225, 0.961913, 0.689840, 0.663566, 0.806250], abs=5.1e-7)

    def test_ranges_of_the_cut_offs(self):
        result = qca(DATA["fuzzy"], outcome="SURV", conditions=NAMES, case="case", solution="conservative")
        by_name = {r.name: (r.low, r.high) for r in result.ranges}
        assert by_name["consistency"] == pytest.approx((0.708772, 0.804270), abs=5e-7)
        assert by_name["frequency"] == (1, 2)
        for cut, same in ((0.7088, True), (0.8042, True), (0.7087, False), (0.8043, False)):
            other = self.result(consistency=cut).solutions["conservative"]
            assert (sets(other) == sets(result.solutions["conservative"])) is same

    def test_radar_of_the_paths(self):
        result = self.result(figure="radar")
        figure = result.figure()
        assert figure is not None
        assert figure.kind == "radar"
        (model,) = result.models
        for i, path in enumerate(model.paths, start=1):
            part = figure.frame[figure.frame["path"] == str(i)].set_index("condition")["estimate"]
            assert part.to_dict() == {n: 0.5 if v == -1 else v for n, v in zip(NAMES, path.term, strict=True)}
        assert set(figure.frame["core"]) <= {0.0, 1.0}
        assert self.result().figure().kind == "xy_plot"
        assert self.result(figure="xy").figure().kind == "xy_plot"
        crisp = qca(DATA["fuzzy"].round(), outcome="SURV", conditions=NAMES, case="case", consistency=0.7)
        assert crisp.figure().kind == "radar"
        with pytest.raises(AnalysisError, match="figure"):
            self.result(figure="pie")


class TestCovers:
    @pytest.mark.parametrize("seed", range(12))
    def test_every_smallest_cover_is_found(self, seed):
        rng = np.random.default_rng(seed)
        held = rng.random((9, 7)) < 0.35
        held[rng.integers(0, 9, 7), np.arange(7)] = True
        for size in range(1, 10):
            brute = [c for c in combinations(range(9), size) if held[list(c)].any(axis=0).all()]
            if brute:
                break
        assert smallest_covers(held) == (tuple(brute), False)

    def test_too_many_ties_are_cut_and_told(self):
        held = np.zeros((20, 10), dtype=bool)
        held[np.arange(20), np.arange(20) // 2] = True
        found, more = smallest_covers(held, most=100)
        assert len(found) == 100
        assert more


class TestEnhanced:
    def test_necessary_and_impossible(self):
        result = lipset_qca("crisp", consistency=1, necessary=["LIT"], exclude=["DEV*~URB*~IND*~STB"])
        barred = result.table_.conditions.corners[list(result.barred)]
        assert all(row[2] == 0 or tuple(row[[0, 1, 3, 4]]) == (1, 0, 0, 0) for row in barred)
        assert sets(result.solutions["parsimonious"]) == said("DEV*LIT*STB")

    def test_rows_sufficient_for_both_are_left_out(self):
        result = lipset_qca("fuzzy", consistency=0.5, enhanced=True)
        own = lipset_qca("fuzzy", consistency=0.5).table_
        absent = lipset_qca("fuzzy", "~SURV", consistency=0.5).table_
        both = set(np.flatnonzero((own.out == "1") & (absent.out == "1")))
        assert both
        assert both <= set(result.barred)


class TestViews:
    def test_tables(self):
        result = qca(DATA["fuzzy"], outcome="SURV", conditions=NAMES, case="case", expectations=PRESENT)
        chart = result.table("S4")
        marks = {row.cells[0].value.text("en"): [c.value for c in row.cells[1:]] for row in chart.rows[:5]}
        assert marks == {"DEV": ["●", "•"], "URB": ["", "●"], "LIT": ["•", "•"], "IND": ["⊗", ""], "STB": ["•", "●"]}
        assert len(result.table("S3").rows) == 9
        assert len(result.table("cases").rows) == 18
        assert set(result.tidy()["term"]) >= {"row", "case", "solution", "range.consistency"}
        assert result.figure().frame["x"].max() <= 1

    def test_no_solution(self):
        result = lipset_qca("fuzzy", consistency=1)
        assert "W6461" in [p.code for p in result.notices]
        assert result.models == ()
        assert result.text() == ""
        assert result.figure() is None
        assert np.isnan(result.glance()["estimate"][0])
        assert len(result.table("S4").rows) > 0

    def test_tied_models_are_printed_with_shared_terms_once(self):
        lines = lipset_qca("multi", consistency=1).text("parsimonious").splitlines()
        assert [line[:3] for line in lines[:3]] == ["M1:", "M2:", "M3:"]
        assert sum("DEV[1]*STB[1]" in line for line in lines[4:]) == 1


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "options", "code"),
        [
            ({"DEV": 1.4}, {}, "E6451"),
            ({"DEV": -0.1}, {}, "E6451"),
            ({"DEV": 0.5}, {}, "E6452"),
            ({"case": "BE"}, {}, "E6453"),
            ({}, {"conditions": ["DEV", "DEV"]}, "E6450"),
            ({}, {"conditions": ["DEV", "SURV"]}, "E6450"),
            ({}, {"conditions": ["DEV", "GDP"]}, "E600"),
            ({}, {"consistency": 80}, "E614"),
            ({}, {"solution": "complex"}, "E614"),
            ({}, {"necessary": "LIT & DEV"}, "E6456"),
            ({}, {"expectations": {"GDP": 1}}, "E6457"),
            ({}, {"expectations": {"DEV": 2}}, "E6457"),
        ],
    )
    def test_refused_by_name(self, change, options, code):
        data = DATA["fuzzy"].copy()
        for column, value in change.items():
            data.loc[0, column] = value
        with pytest.raises(AnalysisError) as caught:
            qca(data, **({"outcome": "SURV", "conditions": NAMES, "case": "case"} | options))
        assert [p.code for p in caught.value.problems] == [code]

    def test_a_condition_that_never_varies(self):
        with pytest.raises(AnalysisError, match="E6454"):
            qca(DATA["crisp"].assign(LIT=1), outcome="SURV", conditions=NAMES)

    def test_an_outcome_that_never_varies(self):
        with pytest.raises(AnalysisError, match="E6454"):
            qca(DATA["crisp"].assign(SURV=1), outcome="SURV", conditions=NAMES)

    def test_more_than_five_conditions_need_a_word(self):
        rng = np.random.default_rng(1)
        data = pd.DataFrame(rng.integers(0, 2, (12, 7)), columns=list("ABCDEFY"))
        with pytest.raises(AnalysisError, match="E6455"):
            qca(data, outcome="Y", conditions=list("ABCDEF"))
        result = qca(data, outcome="Y", conditions=list("ABCDEF"), override=True, robustness=False)
        assert {"N6458", "W6459"} <= {p.code for p in result.notices}

    def test_cases_with_a_gap_are_counted(self):
        data = DATA["fuzzy"].copy()
        data.loc[3, "URB"] = np.nan
        result = qca(data, outcome="SURV", conditions=NAMES, case="case", robustness=False)
        assert (result.n_obs, result.dropped[0].n) == (17, 1)
