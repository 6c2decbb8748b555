"""Evidence laid out and weighed, against numbers worked out by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.tracing import process_tracing
from evalkit.cases.tracing.weighing import decibels, kind_of, posterior, ratio
from evalkit.contract import AnalysisError
from evalkit.ingest.casebook import read_casebook
from evalkit.report.sentences import sentences

NAN = float("nan")
EVIDENCE = pd.DataFrame(
    [
        ("A", "党建动员", "启动", "会议纪要在前", "S1", "hoop", 0.95, 0.5, None, 1),
        ("A", "党建动员", "协商", "书记上门记录", "S2", "smoking_gun", 0.3, 0.02, None, 1),
        ("A", "党建动员", "资金", "代收账本", None, "smoking_gun", 0.9, 0.45, None, None),
        ("A", "市场推动", "启动", "企业先到场", "S1", "hoop", 0.9, 0.3, 0, 1),
        ("A", "市场推动", None, "广告单", None, None, None, None, None, None),
        ("B", "党建动员", "启动", "红头文件", None, "doubly_decisive", 0.95, 0.0, None, 1),
        ("B", "党建动员", None, "口述", None, "straw_in_the_wind", 0.5, 0.4, None, 1),
        ("B", None, None, "无主", None, None, None, None, None, None),
    ],
    columns=[
        "case_id", "hypothesis", "step", "evidence", "source_id", "test", "p_h", "p_not_h", "found", "independent"
    ],
)  # fmt: skip


class TestArithmetic:
    @pytest.mark.parametrize(
        ("p_h", "p_not_h", "found", "lr", "db"),
        [
            (0.9, 0.1, True, 9.0, 9.54242509439325),
            (0.5, 0.5, True, 1.0, 0.0),
            (0.1, 0.9, True, 1 / 9, -9.54242509439325),
            (0.9, 0.3, False, 1 / 7, -8.45098040014257),
            (0.95, 0.0, True, math.inf, math.inf),
            (0.0, 0.4, True, 0.0, -math.inf),
            (1.0, 0.4, False, 0.0, -math.inf),
        ],
    )
    def test_ratio_and_decibels(self, p_h, p_not_h, found, lr, db):
        got = ratio(p_h, p_not_h, found)
        assert got == pytest.approx(lr)
        assert decibels(got) == pytest.approx(db)

    def test_what_no_ratio_can_be_had_of(self):
        assert math.isnan(ratio(0.0, 0.0, True))
        assert math.isnan(ratio(1.0, 1.0, False))
        assert math.isnan(ratio(NAN, 0.2, True))
        assert math.isnan(decibels(NAN))

    def test_posterior(self):
        assert posterior(0.5, [9.0, 0.5]) == pytest.approx(4.5 / 5.5)
        assert posterior(0.2, [4.0]) == pytest.approx(0.5)
        assert posterior(0.3, []) == pytest.approx(0.3)
        assert math.isnan(posterior(0.5, [9.0, math.inf]))
        assert math.isnan(posterior(0.5, [0.0]))

    @pytest.mark.parametrize(
        ("p_h", "p_not_h", "kind"),
        [
            (0.9, 0.5, "hoop"),
            (0.3, 0.02, "smoking_gun"),
            (0.95, 0.1, "doubly_decisive"),
            (0.5, 0.4, "straw_in_the_wind"),
            (0.89, 0.11, "straw_in_the_wind"),
            (NAN, 0.1, ""),
        ],
    )
    def test_kinds_of_tests(self, p_h, p_not_h, kind):
        assert kind_of(p_h, p_not_h, 0.9, 0.1) == kind

    @settings(max_examples=30)
    @given(st.floats(0.01, 0.99), st.lists(st.floats(0.01, 100), max_size=5))
    def test_updating_at_once_or_one_by_one_is_the_same(self, prior, ratios):
        step = prior
        for r in ratios:
            step = posterior(step, [r])
        assert posterior(prior, ratios) == pytest.approx(step, rel=1e-9)
        back = posterior(posterior(prior, ratios), [1 / r for r in ratios])
        assert back == pytest.approx(prior, rel=1e-6)


class TestTable:
    def test_the_typed_table_asks_for_no_numbers(self):
        bare = EVIDENCE[["case_id", "hypothesis", "evidence", "test"]]
        found = process_tracing(bare)
        assert found.templates == ("evidence", "tests")
        assert found.notices == ()
        assert found.n_obs == 7
        assert [d.n for d in found.dropped] == [1]
        assert not {"prior", "posterior"} & set(found.tidy()["term"])
        table = found.table()
        assert [r.role for r in table.rows].count("section") == 3
        assert table.rows[1].cells[-1].value.text("zh") == "仍然成立，不能证实"

    def test_what_was_looked_for_in_vain(self):
        found = process_tracing(EVIDENCE)
        table = found.table("evidence")
        row = next(r for r in table.rows if r.cells[0].value == "e4")
        assert [c.value.text("en") for c in row.cells[-3:]] == ["no", "hoop", "rules it out"]
        counts = found.table("tests")
        market = counts.rows[1].cells
        assert [c.value for c in market[2:]] == [0, "0 / 1", 0, 0, 1]

    def test_tests_that_the_probabilities_contradict(self):
        found = process_tracing(EVIDENCE)
        told = {p.code: p.params for p in found.notices}
        assert told["W6704"]["names"] == ["A 党建动员 e3 (0.9, 0.45)"]
        weights = found.table("weights")
        marked = [r.cells[4].value.text("en") for r in weights.rows if r.role == "body" and r.cells[4].bold]
        assert marked == ["hoop"]
        assert process_tracing(EVIDENCE, high=0.96).notices[0].params["names"] == [
            "A 党建动员 e1 (0.95, 0.5)", "A 党建动员 e3 (0.9, 0.45)", "A 市场推动 e4 (0.9, 0.3)",
            "B 党建动员 e6 (0.95, 0)",
        ]  # fmt: skip

    def test_weights_and_the_infinite(self):
        found = process_tracing(EVIDENCE)
        assert {p.code: p.params["names"] for p in found.notices}["W6705"] == ["B 党建动员 e6"]
        tidy = found.tidy().set_index("term")
        assert tidy.loc["e1", "estimate"] == pytest.approx(1.9)
        assert tidy.loc["e2", ["estimate", "statistic"]].tolist() == pytest.approx([15, 11.76091259055681])
        assert tidy.loc["e4", "estimate"] == pytest.approx(1 / 7)
        assert math.isnan(tidy.loc["e6", "estimate"])
        assert tidy.loc["e6", ["p_if_true", "p_if_false"]].tolist() == [0.95, 0]
        row = next(r for r in found.table("weights").rows if r.cells[0].value == "e6")
        assert [c.value for c in row.cells[5:7]] == ["∞", "∞"]
        assert any("Zaks" in n.text("zh") for n in found.table("weights").notes)


class TestPosterior:
    def test_only_on_request_and_of_rows_declared_independent(self):
        found = process_tracing(EVIDENCE, prior=0.4)
        after = {s.name: s.posterior for s in found.strands}
        odds = 0.4 / 0.6 * 1.9 * 15  # e3 is not declared independent
        assert after["A 党建动员"] == pytest.approx(odds / (1 + odds))
        assert after["A 市场推动"] == pytest.approx((4 / 6 / 7) / (1 + 4 / 6 / 7))
        assert math.isnan(after["B 党建动员"])  # one ratio is infinite
        assert {p.code: p.params for p in found.notices}["N6708"]["n"] == 2
        tidy = found.tidy().query("term == 'posterior'")
        assert tidy["n_obs"].tolist() == [2, 1, 2]
        stat = [r for r in found.table("weights").rows if r.role == "stat"]
        assert [r.cells[0].value.text("en") for r in stat][:2] == ["Prior", "Posterior (2 pieces of evidence)"]

    def test_all_rows_declared_at_once_and_priors_by_hypothesis(self):
        found = process_tracing(EVIDENCE, prior={"党建动员": 0.5}, independent=True)
        mine = next(s for s in found.strands if s.name == "A 党建动员")
        odds = 1.9 * 15 * 2
        assert mine.posterior == pytest.approx(odds / (1 + odds))
        assert [s.name for s in found.strands if not math.isnan(s.prior)] == ["A 党建动员", "B 党建动员"]

    def test_without_independent_rows_there_is_none(self):
        found = process_tracing(EVIDENCE.drop(columns="independent"), prior=0.5)
        assert {p.code: p.params["names"] for p in found.notices}["W6706"] == ["A 党建动员", "A 市场推动", "B 党建动员"]
        assert all(math.isnan(s.posterior) for s in found.strands)

    def test_sentences(self):
        said = [s.text("en") for s in sentences("process_tracing", process_tracing(EVIDENCE, prior=0.4))]
        assert said[0] == "There are 3 pieces of evidence on '党建动员' in A: hoop 1, smoking gun 2."
        assert "failed hoop, which rules it out" in said[3]
        assert sum("pieces of evidence are independent as declared" in s for s in said) == 2


@pytest.mark.parametrize(
    ("given", "options", "code"),
    [
        (EVIDENCE.assign(test="gun"), {}, "E6707"),
        (EVIDENCE.assign(p_h=1.2), {}, "E6709"),
        (EVIDENCE, {"prior": 1.0}, "E614"),
        (EVIDENCE, {"prior": {"没有": 0.5}}, "E614"),
        (EVIDENCE, {"high": 0.1, "low": 0.2}, "E614"),
        (EVIDENCE.drop(columns="hypothesis"), {}, "E600"),
    ],
)
def test_what_cannot_be_is_refused(given, options, code):
    with pytest.raises(AnalysisError) as caught:
        process_tracing(given, **options)
    assert {p.code for p in caught.value.problems} == {code}


def test_another_column_of_cases_or_none():
    found = process_tracing(EVIDENCE.rename(columns={"case_id": "place"}), case="place")
    assert [s.case for s in found.strands] == ["A", "A", "B"]
    none = process_tracing(EVIDENCE.drop(columns="case_id"))
    assert [s.hypothesis for s in none.strands] == ["党建动员", "市场推动"]
    assert [h.text("en") for h in none.table("tests").header[0]][0] == "Hypothesis"


def test_the_casebook_says_what_was_found_and_what_is_independent(tmp_path):
    (tmp_path / "evidence.csv").write_text(
        "案例编号,假设,证据,检验类型,p_h,p_not_h,是否找到,独立\nA,H1,纪要,环箍,0.95,0.5,0,1\n", encoding="utf-8"
    )
    frame = read_casebook(tmp_path).evidence
    found = process_tracing(frame, prior=0.5)
    assert found.rows[0].test == "hoop"
    assert not found.rows[0].found
    assert found.strands[0].posterior == pytest.approx(0.1 / 1.1)
