"""Codings as numbers of cases, counted by hand; conditions made of codes, scores, attributes and ratings."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.calibrating import calibrate_sets
from evalkit.cases.quantitising import quantitise
from evalkit.cases.quantitising.measures import union_length
from evalkit.cases.quantitising.origins import origin_of
from evalkit.contract import AnalysisError
from evalkit.report.sentences import sentences

SOURCES = pd.DataFrame(
    {"source_id": ["S1", "S2", "S3", "S4", "S5"], "case_id": ["A", "A", "B", "B", "C"],
     "n_chars": [100.0, 300.0, 50.0, 150.0, 400.0]}
)  # fmt: skip
CODEBOOK = pd.DataFrame(
    {"code_id": ["E", "E.1", "E.2", "E.3", "T", "OLD"], "name": ["工具", "会议", "微信群", "上门", "信任", "旧"],
     "parent_id": [None, "E", "E", "E", None, None], "status": ["active"] * 5 + ["dropped"]}
)  # fmt: skip
CODINGS = pd.DataFrame(
    [
        ("S1", "E.1", 0, 20), ("S1", "E.1", 10, 40), ("S1", "T", 0, 20), ("S2", "E.2", 0, 60),
        ("S3", "T", 0, 10), ("S3", "E", 20, 30), ("S4", "T", 0, 10), ("S5", "T", 5, 25),
    ],
    columns=["source_id", "code_id", "start", "end"],
).assign(round="1", coder="甲")  # fmt: skip
CASES = pd.DataFrame(
    {"case_id": ["A", "B", "C", "D"], "label": ["甲苑", "乙苑", "丙苑", "丁苑"], "renovated": [1, 0, 1, 0],
     "trust_mean": [3.1, 2.0, 4.4, 3.6], "trust_se": [0.2, 0.1, 0.1, 0.3], "own": [0.2, 0.8, 1.0, 0.0]}
)  # fmt: skip
MADE_OF = {"sources": SOURCES, "codebook": CODEBOOK}
NAN = float("nan")


def values(rule: str, code: str = "E", **changed: object) -> list[float]:
    found = quantitise(CODINGS, codes=[code], rule=rule, cases=CASES, **(MADE_OF | changed))
    return found.codes[0].measured.values.tolist()


class TestRules:
    """Case A: 2 sources of 400 characters, stretches S1 0-20, 10-40 and S2 0-60; B: E itself at S3 20-30."""

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("presence", [1, 1, 0, NAN]),
            ("share_of_sources", [2 / 2, 1 / 2, 0, NAN]),
            ("share_of_segments", [3 / 3, 1 / 3, 0, NAN]),  # S1 0-20 bears E.1 and T: one stretch of three
            ("share_of_characters", [(40 + 60) / 400, 10 / 200, 0, NAN]),
            ("per_10000", [10_000 * 3 / 400, 10_000 / 200, 0, NAN]),
        ],
    )
    def test_a_code_and_those_below_it(self, rule, expected):
        assert values(rule) == pytest.approx(expected, nan_ok=True)

    def test_a_code_without_children(self):
        assert values("share_of_sources", "T") == pytest.approx([1 / 2, 2 / 2, 1, NAN], nan_ok=True)
        assert values("presence", "E.3") == pytest.approx([0, 0, 0, NAN], nan_ok=True)

    def test_raw_counts_want_texts_of_one_length_or_an_offset(self):
        with pytest.raises(AnalysisError) as caught:
            values("count")
        assert [p.code for p in caught.value.problems] == ["E6685"]
        with pytest.raises(AnalysisError):
            values("count", sources=SOURCES.drop(columns="n_chars"))
        even = SOURCES.assign(n_chars=[200.0, 200.0, 100.0, 300.0, 400.0])
        assert values("count", sources=even) == pytest.approx([3, 1, 0, NAN], nan_ok=True)
        found = quantitise(CODINGS, codes=["E"], rule="count", offset="characters", cases=CASES, **MADE_OF)
        assert found.data["n_chars"].tolist() == [400, 200, 400, 0]
        assert found.data["E"].tolist()[:3] == [3, 1, 0]
        counted = quantitise(CODINGS, codes=["E"], rule="count", offset="sources", cases=CASES, **MADE_OF)
        assert counted.data["n_sources"].tolist() == [2, 2, 1, 0]

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"rule": "often"}, "E614"),
            ({"codes": ["E.9"]}, "E6682"),
            ({"codes": ["OLD"]}, "E6682"),
            ({"round": "3"}, "E2143"),
            ({"sources": SOURCES.head(4)}, "E2144"),
            ({"codebook": CODEBOOK.head(4)}, "E2141"),
            ({"codebook": CODEBOOK.assign(parent_id=["E.1", "E", "E", "E", None, None])}, "E2142"),
            ({"cases": CASES.assign(E_1=1)}, "E6692"),
            ({"cases": CASES.drop(columns="case_id")}, "E600"),
            ({"rule": "share_of_characters", "sources": SOURCES.drop(columns="n_chars")}, "E6684"),
        ],
    )
    def test_what_cannot_be_counted_is_refused(self, given, code):
        with pytest.raises(AnalysisError) as caught:
            quantitise(CODINGS, **(MADE_OF | {"cases": CASES} | given))
        assert [p.code for p in caught.value.problems] == [code]

    def test_stretches_need_their_places(self):
        with pytest.raises(AnalysisError) as caught:
            quantitise(CODINGS.drop(columns=["start", "end"]), rule="share_of_segments", **MADE_OF)
        assert caught.value.problems[0].code == "E6683"
        assert quantitise(CODINGS.drop(columns=["start", "end"]), **MADE_OF).data["E"].tolist() == [1, 1, 0]

    def test_a_length_that_is_not_known_leaves_its_case_out(self):
        some = SOURCES.assign(n_chars=[100.0, None, 50.0, 150.0, 400.0])
        assert values("share_of_characters", sources=some) == pytest.approx([NAN, 0.05, 0, NAN], nan_ok=True)


class TestRounds:
    def rounds(self, *more: tuple[str, str, int, int, str]) -> pd.DataFrame:
        extra = pd.DataFrame(more, columns=["source_id", "code_id", "start", "end", "round"]).assign(coder="乙")
        return pd.concat([CODINGS, extra], ignore_index=True)

    def test_each_source_counts_with_its_consensus_else_its_last_round(self):
        both = self.rounds(("S5", "E.3", 0, 5, "consensus"), ("S5", "T", 0, 5, "2"), ("S3", "E.3", 0, 5, "2"))
        found = quantitise(both, codes=["E", "E.3", "T"], **MADE_OF)
        # S5: the consensus has E.3 and no T; S3: round 2 has E.3 only; the others have round 1
        assert found.data[["E", "E_3", "T"]].to_numpy().tolist() == [[1, 0, 1], [1, 1, 1], [1, 1, 0]]
        assert found.round_note.text("en") == (
            "round of coding: consensus (sources: 1), 2 (sources: 1), 1 (sources: 3) "
            "(of each source the consensus where there is one, else the last round)"
        )
        assert "W6687" not in {p.code for p in found.notices}

    def test_ten_comes_after_two_and_words_before_numbers(self):
        both = self.rounds(("S5", "E.1", 0, 5, "2"), ("S5", "E.3", 0, 5, "10"), ("S4", "E.3", 0, 5, "pilot"))
        found = quantitise(both, codes=["E.1", "E.3"], rule="share_of_sources", **MADE_OF)
        assert found.data["E_1"].tolist() == [0.5, 0, 0]
        assert found.data["E_3"].tolist() == [0, 0, 1]

    def test_a_round_that_is_chosen(self):
        both = self.rounds(("S5", "E.3", 0, 5, "2"))
        second = quantitise(both, codes=["E", "T"], round="2", **MADE_OF)
        assert second.data[["E", "T"]].to_numpy().tolist() == [[0, 0], [0, 0], [1, 0]]
        assert second.round_note.text("en") == "round of coding, as set: 2"
        told = {p.code: p.params for p in second.notices}
        assert told["W6687"]["sources"] == ["S1", "S2", "S3", "S4"]
        assert "W6689" not in told

    def test_words_for_rounds_count_together_where_there_are_no_numbers(self):
        words = CODINGS.assign(round=["a", "b"] * 4)
        found = quantitise(words, codes=["E"], **MADE_OF)
        assert found.data["E"].tolist() == [1, 1, 0]
        assert quantitise(CODINGS.drop(columns="round"), **MADE_OF).round_note is None

    def test_coders_put_together_are_said_where_stretches_count(self):
        two = CODINGS.assign(coder=["甲", "乙"] * 4)
        assert "W6690" in {p.code for p in quantitise(two, rule="share_of_segments", **MADE_OF).notices}
        assert "W6690" not in {p.code for p in quantitise(two, **MADE_OF).notices}
        line = {"SET": {"from": "code:T share_of_segments", "type": "as_is"}}
        made = calibrate_sets(CASES, calibration=line, case="case_id", codings=two, **MADE_OF)
        assert [p.code for p in made.notices] == ["W6688", "W6690"]


class TestResult:
    def test_cases_without_sources_are_missing_and_said(self):
        found = quantitise(CODINGS, cases=CASES, sources=SOURCES.assign(case_id=["A", "A", "B", "B", "Z"]),
                           codebook=CODEBOOK)  # fmt: skip
        told = {p.code: p.params for p in found.notices}
        assert told["W6688"]["cases"] == ["C", "D"]
        assert told["N6691"]["cases"] == ["Z"]
        assert found.n_obs == 2
        assert found.data["T"].isna().tolist() == [False, False, True, True]

    def test_sources_that_bear_no_code_are_said(self):
        found = quantitise(CODINGS[CODINGS["source_id"] != "S2"], **MADE_OF)
        assert {p.code: p.params for p in found.notices}["W6689"] == {"n": 1, "sources": ["S2"]}

    def test_the_frame_keeps_the_cases_and_names_the_codes(self):
        found = quantitise(CODINGS, cases=CASES, **MADE_OF)
        assert list(found.data.columns) == [*CASES.columns, "E", "E_1", "E_2", "E_3", "T"]
        assert found.data.attrs["evalkit"].variables["E_1"].zh == "会议"
        tidy = found.tidy()
        assert tidy[(tidy["term"] == "E") & (tidy["level"] == "A")][
            ["estimate", "count", "n_obs"]
        ].to_numpy().tolist() == [[1, 2, 2]]

    def test_tables_turn_with_their_size(self):
        small = quantitise(CODINGS, rule="share_of_sources", cases=CASES, **MADE_OF).table()
        assert [h.text("zh") for h in small.header[0]] == ["编码", "甲苑", "乙苑", "丙苑", "丁苑"]
        assert [c.value for c in small.rows[0].cells[1:4]] == [100, 50, 0]
        assert small.rows[0].cells[4].reason
        assert [r.indent for r in small.rows] == [0, 1, 1, 1, 0, 0]
        many = pd.DataFrame({"case_id": [f"K{i}" for i in range(20)]})
        mine = SOURCES.assign(case_id=["K0", "K0", "K1", "K1", "K2"])
        tall = quantitise(CODINGS, cases=many, sources=mine, codebook=CODEBOOK).table()
        assert len(tall.rows) == 20
        wide = pd.DataFrame({"code_id": [*CODEBOOK["code_id"][:5], *(f"X{i}" for i in range(20))]})
        spread = quantitise(CODINGS, cases=many, sources=mine, codebook=wide).table()
        assert [c.value for c in spread.rows[1].cells[1:]] == [1, pytest.approx(1 / 3), 0, 1]

    def test_sentences(self):
        said = sentences("quantitise", quantitise(CODINGS, **MADE_OF))
        assert said[0].text("en") == "5 codes were turned into numbers of 3 cases with sources (presence)."
        assert said[1].text("zh") == "所有这些案例都出现的编码有1个：信任。"

    def test_rows_without_a_code_are_dropped_and_counted(self):
        more = pd.concat([CODINGS, pd.DataFrame({"source_id": ["S1"], "code_id": [None]})], ignore_index=True)
        found = quantitise(more, **MADE_OF)
        assert [d.n for d in found.dropped] == [1]

    def test_without_sources_the_codings_say_the_case(self):
        found = quantitise(CODINGS.assign(case_id=["A"] * 4 + ["B"] * 4))
        assert found.data["T"].tolist() == [1, 1]
        with pytest.raises(AnalysisError):
            quantitise(CODINGS)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), min_size=1, max_size=12), st.randoms())
def test_overlaps_count_once_whatever_their_order(stretches, random):
    covered = {i for low, n in stretches for i in range(low, low + n)}
    random.shuffle(stretches)
    start = np.array([low for low, _ in stretches], dtype=float)
    end = np.array([low + n for low, n in stretches], dtype=float)
    assert union_length(start, end) == len(covered)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(list(SOURCES["source_id"])), st.sampled_from(["E", "E.1", "E.2", "T"]),
                          st.integers(0, 40), st.integers(1, 10)), min_size=1, max_size=25))  # fmt: skip
def test_a_parent_has_at_least_what_a_child_has_and_shares_stay_within_bounds(rows):
    codings = pd.DataFrame(rows, columns=["source_id", "code_id", "start", "end"])
    codings["end"] += codings["start"]
    for rule in ("presence", "share_of_sources", "share_of_segments", "share_of_characters"):
        data = quantitise(codings, rule=rule, **MADE_OF).data
        known = data[["E", "E_1", "E_2"]].dropna()
        assert (known["E"] >= known[["E_1", "E_2"]].max(axis=1)).all()
        assert known.min().min() >= 0
        assert known.max().max() <= 1 + 1e-12


class TestConditions:
    """Sets made of codes, the survey, attributes and ratings (`from` of the sheet `conditions`)."""

    def made(self, origin: str, **line: object) -> pd.Series:
        rule = {"from": origin, "type": "linear", "e": -9, "c": 0, "i": 9, "rationale": "r"} | line
        found = calibrate_sets(CASES, calibration={"SET": rule}, case="case_id", codings=CODINGS, **MADE_OF)
        return pd.Series(found.sets[0].measure, index=found.cases)

    @pytest.mark.parametrize(
        ("origin", "expected"),
        [
            ("code:E", [1, 1, 0, NAN]),
            ("code:E presence", [1, 1, 0, NAN]),
            ("code: E.1 share_of_sources", [0.5, 0, 0, NAN]),
            ("编码：T 材料占比", [0.5, 1, 1, NAN]),
            ("code:T share of segments", [1 / 3, 2 / 3, 1, NAN]),
            ("code:T share_of_characters", [20 / 400, 20 / 200, 20 / 400, NAN]),
            ("count_of:E.1,E.2,T", [3, 1, 1, NAN]),
            ("count_of:E.1，E.2、T share", [1, 1 / 3, 1 / 3, NAN]),
            ("编码数：E", [2, 0, 0, NAN]),
            ("count_of:E share", [2 / 3, 0, 0, NAN]),
            ("count_of:T", [1, 1, 1, NAN]),
            ("survey:trust_mean", [3.1, 2.0, 4.4, 3.6]),
            ("attribute:renovated", [1, 0, 1, 0]),
            ("rating:own", [0.2, 0.8, 1.0, 0.0]),
            ("own", [0.2, 0.8, 1.0, 0.0]),
        ],
    )
    def test_where_a_measure_comes_from(self, origin, expected):
        assert self.made(origin).tolist() == pytest.approx(expected, nan_ok=True)

    @pytest.mark.parametrize(
        ("origin", "code"),
        [
            ("tie:x", "E6680"),
            ("code:Z", "E6682"),
            ("code:E often", "E6682"),
            ("count_of:E.1,Z", "E6682"),
            ("count_of:", "E6682"),
            ("code:E count", "E6685"),
            ("survey:trust", "E600"),
        ],
    )
    def test_what_it_cannot_come_from(self, origin, code):
        with pytest.raises(AnalysisError) as caught:
            self.made(origin)
        assert [p.code for p in caught.value.problems] == [code]

    def test_codes_want_codings_unless_a_column_has_the_name(self):
        line = {"SET": {"from": "code:E", "type": "as_is"}}
        with pytest.raises(AnalysisError) as caught:
            calibrate_sets(CASES, calibration=line)
        assert caught.value.problems[0].code == "E6681"
        own = calibrate_sets(CASES.assign(E=[0, 1, 0, 1]), calibration=line)
        assert own.data["SET"].tolist() == [0, 1, 0, 1]
        coded = calibrate_sets(CASES.assign(E=[0, 1, 0, 1]), calibration=line, case="case_id", codings=CODINGS,
                               sources=SOURCES, codebook=CODEBOOK)  # fmt: skip
        assert coded.data["SET"].tolist()[:3] == [1, 1, 0]

    def test_a_case_without_sources_has_no_membership_and_all_is_said(self):
        lines = {
            "TOOLS": {"from": "count_of:E", "type": "direct", "e": 0, "c": 1.5, "i": 3, "rationale": "six tools"},
            "TALK": {"from": "code:T share_of_sources", "type": "crisp", "cuts": 0.6, "rationale": "most"},
        }
        found = calibrate_sets(CASES, calibration=lines, case="case_id", codings=CODINGS, round="1", **MADE_OF)
        assert found.data["TALK"].tolist() == pytest.approx([0, 1, 1, NAN], nan_ok=True)
        assert found.data["TOOLS"].tolist()[0] == pytest.approx(1 / (1 + math.exp(-math.log(19) * 0.5 / 1.5)))
        assert [p.code for p in found.notices] == ["W6688"]
        table = found.table("S1")
        assert table.rows[0].cells[0].value.text("zh") == "TOOLS（“工具”的下级编码出现的个数）"
        assert table.rows[1].cells[0].value.text("en") == "TALK (code '信任': share of sources)"
        assert [n.text("en") for n in table.notes][1:] == [
            "a code counts the codes below it too", "round of coding, as set: 1"
        ]  # fmt: skip

    def test_the_share_of_draws_across_the_half_for_survey_scores(self):
        line = {"from": "survey:trust_mean", "e": 2, "c": 3, "i": 4.5, "std_error": "survey:trust_se", "rationale": "r"}
        found = calibrate_sets(CASES, calibration={"TRUST": line}, case="case_id")
        assert found.sets[0].crossing == pytest.approx(
            [0.308537538725987, 0.0, 0.0, 0.022750131948179], abs=1e-12
        )  # 1 - Phi of 0.5, 10, 14 and 2
        assert [(p.code, p.params["cases"]) for p in found.notices] == [("W6470", ["A"])]

    def test_a_rating_without_anchors_is_taken_as_it_is(self):
        found = calibrate_sets(CASES, calibration={"OWN": {"from": "rating:own"}})
        assert found.data["OWN"].tolist() == CASES["own"].tolist()
        assert found.sets[0].rule.type == "as_is"


def test_a_from_is_split_at_its_first_colon():
    assert origin_of("survey: trust_mean").name == "trust_mean"
    assert origin_of("属性：a:b").name == "a:b"
    assert origin_of("a:b", ["a:b"]).kind == ""
