"""Joint displays on small cases whose every number is worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.cases.configurations import qca
from evalkit.cases.ties import network
from evalkit.contract import AnalysisError
from evalkit.contract.consent import may_quote
from evalkit.integrate.displays import joint_display
from evalkit.integrate.displays.quoting import Choice
from evalkit.report import sentences

CASES = pd.DataFrame({
    "case_id": list("ABCDE"), "label": ["幸福里", "", "", "", "E"], "outcome": [1.0, 0.0, 1.0, 0.0, 1.0],
    "trust_mean": [4.0, 2.0, 3.5, 3.0, 2.5], "trust_n": [20.0, 16.0, 30.0, 3.0, 1.0],
    "trust_sd": [0.5, 0.8, 0.6, 0.4, np.nan], "trust_reliability": [0.8, 0.7, 0.9, 0.4, 0.2],
    "X": [1, 0, 1, 0, 1], "Z": [1, 1, 0, 0, 0], "Y": [1, 0, 1, 1, 0],
})  # fmt: skip
SOURCES = pd.DataFrame({
    "source_id": ["S1", "S2", "S3", "S4", "S5"], "case_id": ["A", "A", "B", "C", "D"], "quotable": [1, 1, 1, 0, 1],
})  # fmt: skip
CODEBOOK = pd.DataFrame({
    "code_id": ["K", "K1", "C1", "C2", "K2"], "name": ["核心", "动员", "号召", "带头", "规则"],
    "parent_id": [None, "K", "K1", "K1", "K"],
})  # fmt: skip
CODINGS = pd.DataFrame(
    [
        ("S1", 0, 20, "C1", "书记带头敲门，挨家挨户做了三轮工作才谈成", "1"),
        ("S1", 30, 44, "C2", "他先出了钱，大家就跟着出", "1"),
        ("S2", 0, 6, "K2", "先公示再签", "1"),
        ("S3", 5, 21, "C1", "没有人来问过我们低楼层的意见呀", "1"),
        ("S4", 0, 15, "K2", "这一段受访人不同意引用出来", "1"),
        ("S4", 0, 15, "K1", "这一段受访人不同意引用出来", "2"),
    ],
    columns=["source_id", "start", "end", "code_id", "quote", "round"],
)
GIVEN = {"case": "case_id", "codings": CODINGS, "sources": SOURCES, "codebook": CODEBOOK}


def tidy(result):
    return result.tidy().set_index(["model", "term", "level"])


def words(result, lang="zh"):
    """Every text of the table."""
    found = [
        getattr(c.value, "text", lambda lang, v=c.value: str(v))(lang) for r in result.table().rows for c in r.cells
    ]
    return "\n".join([*found, *(note.text(lang) for note in result.table().notes)])


def codes(raised):
    return {p.code for p in raised.value.problems}


# -- cases ------------------------------------------------------------------------------------


def test_a_score_stands_with_its_interval_and_reliability():
    rows = tidy(joint_display(CASES, scores="trust", **GIVEN))
    row = rows.loc[("survey", "trust", "A")]
    half = stats.t.ppf(0.975, 19) * 0.5 / np.sqrt(20)
    assert (row["estimate"], row["n_obs"], row["df"], row["group_reliability"]) == (4.0, 20.0, 19.0, 0.8)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((4 - half, 4 + half), rel=1e-12)
    assert np.isnan(rows.loc[("survey", "trust", "E"), "conf_low"])  # one respondent
    wide = tidy(joint_display(CASES, scores="trust", conf_level=0.99, **GIVEN)).loc[("survey", "trust", "A")]
    assert wide["conf_low"] < row["conf_low"]


def test_sentences_say_who_stands_highest_and_what_was_judged():
    said = [
        s.text("zh") for s in sentences("joint_display", joint_display(CASES, scores="trust", fit=FIT, case="case_id"))
    ]
    assert said == [
        "联合展示列出5个案例；研究者作出的判断共2项：一致1项和背离1项；未判断的4行。",
        "trust最高的案例是A 幸福里（4.00），最低的是B（2.00）。",
    ]


def test_a_standard_error_of_the_survey_comes_before_the_sd():
    cases = CASES.assign(trust_se=0.25)
    row = tidy(joint_display(cases, scores="trust", **GIVEN)).loc[("survey", "trust", "A")]
    assert row["std_error"] == 0.25


def test_of_cases_with_few_respondents_no_score_is_told():
    result = joint_display(CASES, scores="trust", least=5, **GIVEN)
    row = tidy(result).loc[("survey", "trust", "D")]
    assert row[["estimate", "n_obs", "conf_low", "std_error", "group_reliability"]].isna().all()
    assert row["reason"] == "descriptive.withheld"
    assert list(result.figure().frame["case"]) == ["A", "C", "B"]
    assert "不足5人" in words(result)
    assert "3.0" not in words(joint_display(CASES, kind="side_by_side", scores={"t": "trust"}, least=5, case="case_id"))


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({"scores": "trust"}, "ACDEB"),
        ({"scores": "trust", "ascending": True}, "BEDCA"),
        ({}, "ACEBD"),
        ({"scores": "trust", "sort": "outcome"}, "ACEDB"),
        ({"scores": "trust", "sort": "trust", "least": 5}, "ACBDE"),
        ({"sort": "case_id"}, "EDCBA"),
    ],
)
def test_cases_stand_in_order(options, order):
    result = joint_display(CASES, **options, case="case_id")
    shown = [r.cells[0].value.text("zh")[0] for r in result.table().rows if r.role == "body"]
    assert "".join(shown) == order


def test_a_code_counts_what_stands_below_it_among_the_sources_of_the_case():
    rows = tidy(joint_display(CASES, codes=["K1", "C2", "K2"], round="1", **GIVEN))
    assert rows.loc[("codes", "K1", "A"), ["estimate", "count", "n_obs"]].tolist() == [0.5, 2, 2]
    assert rows.loc[("codes", "C2", "A"), "count"] == 1
    assert rows.loc[("codes", "K1", "D"), "estimate"] == 0
    assert ("codes", "K1", "E") not in rows.index  # no source: nothing can be known
    text = words(joint_display(CASES, round="1", **GIVEN))  # by default the highest codes below the core
    assert "动员 1/2；规则 1/2" in text
    assert "无材料" in text


def test_without_the_codebook_codes_stand_for_themselves():
    rows = tidy(joint_display(CASES, case="case_id", codings=CODINGS, sources=SOURCES))
    assert rows.loc[("codes", "C1", "A"), "count"] == 1
    with pytest.raises(AnalysisError) as raised:
        joint_display(CASES, codes=["K9"], **GIVEN)
    assert codes(raised) == {"E6632"}


def test_missing_strands_are_left_out_and_named():
    result = joint_display(CASES[["case_id", "label"]], case="case_id")
    assert [head.text("en") for head in result.table().header[-1]] == ["Case", "Fit"]
    assert [p.code for p in result.notices] == ["N6640"]
    lost = joint_display(CASES, case="case_id", codings=CODINGS, sources=SOURCES.drop(columns="case_id"))
    assert {p.code for p in lost.notices} == {"N6640", "W6644"}


def test_two_cases_of_one_name_are_refused():
    with pytest.raises(AnalysisError) as raised:
        joint_display(pd.concat([CASES, CASES]), case="case_id")
    assert codes(raised) == {"E6639"}


# -- quotes -----------------------------------------------------------------------------------


def stretches(*rows):
    frame = pd.DataFrame(rows, columns=["source", "start", "end", "quote"]).assign(may=True)
    return frame.assign(order=frame["source"].map({"S1": 0, "S2": 1, "S3": 2})).to_dict("records")


def test_quotes_are_chosen_by_the_stated_rule():
    found = stretches(
        ("S1", 0, 4, "短短短短"), ("S1", 10, 25, "十五个字的句子在这里共十五字"),
        ("S1", 30, 45, "另外一个也有那么多字的句子啊"), ("S2", 0, 30, "二" * 30), ("S3", 0, 3, "三三三"),
    )  # fmt: skip
    assert [q.source for q in Choice(3, 12, 60).quotes(found)] == ["S1", "S2", "S3"]  # one a source first
    assert [q.start for q in Choice(1, 12, 60).quotes(found)] == [10]
    assert [q.source for q in Choice(1, 20, 60).quotes(found)] == ["S2"]
    assert [q.start for q in Choice(5, 12, 60).quotes(found)] == [10, 0, 0, 30, 0]
    assert Choice(1, 20, 20).quotes(found)[0].text == "二" * 19 + "…"
    assert Choice(0, 12, 60).quotes(found) == ()


def test_overlapping_quotes_are_not_printed_twice():
    found = stretches(
        ("S1", 0, 14, "十四个字的一句话就在这里边"),
        ("S1", 3, 18, "个字的一句话就在这里边还有"),
        ("S1", 20, 34, "另外一句不相干的话也够长"),
    )
    assert [q.start for q in Choice(3, 5, 60).quotes(found)] == [20, 0]


FLAGS = st.sampled_from([0.0, 1.0, np.nan])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 12), FLAGS), min_size=1, max_size=8),
    st.tuples(FLAGS, FLAGS, FLAGS),
)
def test_no_character_without_consent_is_ever_printed(rows, flags):
    texts = ["".join(chr(0xAC00 + 100 * k + i) for i in range(50)) for k in range(3)]
    frame = pd.DataFrame({
        "source_id": [f"S{k}" for k, *_ in rows],
        "start": [a for _, a, *_ in rows],
        "end": [a + n for _, a, n, _ in rows],
        "code_id": "C",
        "quote": [texts[k][a : a + n] for k, a, n, _ in rows],
        "quotable": [f for *_, f in rows],
    })  # fmt: skip
    sources = pd.DataFrame({"source_id": ["S0", "S1", "S2"], "case_id": "A", "quotable": flags})
    cases = pd.DataFrame({"case_id": ["A"]})
    result = joint_display(cases, case="case_id", codings=frame, sources=sources, quotes=9, shortest=0)
    shut = {c for k, a, n, f in rows for c in texts[k][a : a + n] if flags[k] == 0 or (f if f == f else flags[k]) != 1}
    assert not set(words(result)) & shut
    assert result.n_quotes + result.n_withheld <= len(rows)


def test_consent_is_asked_of_source_and_coding_and_of_what_overlaps():
    frame = pd.DataFrame({
        "source": ["S1", "S1", "S1", "S4", "S9"], "start": [0.0, 10.0, 30.0, 0.0, 0.0],
        "end": [12.0, 20.0, 40.0, 5.0, 9.0],
        "quote": ["a", "b", "c", "d", "e"], "quotable": [0, np.nan, np.nan, 1, np.nan],
    })  # fmt: skip
    assert may_quote(frame, SOURCES, "source").tolist() == [False, False, True, False, False]
    assert may_quote(frame.drop(columns="quotable"), None, "source").tolist() == [False] * 5
    unplaced = pd.DataFrame({
        "source": "S1", "start": np.nan, "end": np.nan, "quotable": [1, 0, 1],
        "quote": ["我们不同意", "不同意", "别的话"],
    })  # fmt: skip
    assert may_quote(unplaced, SOURCES, "source").tolist() == [False, False, True]


def test_what_is_withheld_is_counted_and_never_printed():
    result = joint_display(CASES, codes=["K1", "K2"], quotes=2, **GIVEN)
    assert (result.n_quotes, result.n_withheld) == (3, 1)
    assert "不同意引用" not in words(result)
    assert "S1:30–44" in words(result)
    said = [s.text("en") for s in sentences("joint_display", result)]
    assert said[-1] == "Quotes printed: 3; stretches withheld for lack of consent: 1."


# -- QCA, network, judgements -----------------------------------------------------------------


COMPARED = qca(CASES, outcome="Y", conditions=["X", "Z"], case="case_id", consistency=0.5, robustness=False)


def test_roles_come_from_the_comparison():
    roles = COMPARED.roles()
    assert set(roles["path"]) == {f"1{letter}" for letter in "ab"[: len(COMPARED.models[0].paths)]}
    first = roles.drop_duplicates("case").set_index("case")
    assert first["role"].to_dict() == dict(zip(COMPARED.cases.names, COMPARED.types[0], strict=True))
    rows = tidy(joint_display(CASES, configurations=COMPARED, case="case_id"))
    for name, role, inside in zip(COMPARED.cases.names, COMPARED.types[0], COMPARED.models[0].membership, strict=True):
        assert rows.loc[("qca", "membership", name), ["estimate", "label"]].tolist() == [inside, role]


def test_each_path_stands_with_its_cases():
    result = joint_display(CASES, kind="configurations", configurations=[COMPARED], **GIVEN)
    cases = CASES.set_index("case_id")
    rows = result.tidy().set_index(["group", "term"])
    for path in COMPARED.models[0].paths:
        name = next(g for g, t in rows.index if t == "consistency" and rows.loc[(g, t), "level"] == path.text)
        inside = [COMPARED.cases.names[i] for i in path.members]
        assert rows.loc[(name, "typical"), "count"] == sum(cases.loc[inside, "Y"] > 0.5)
        assert rows.loc[(name, "deviant"), "count"] == sum(cases.loc[inside, "Y"] < 0.5)
        assert rows.loc[(name, "coverage"), "estimate"] == path.coverage
    empty = qca(
        CASES, outcome="Y", conditions=["X", "Z"], case="case_id", consistency=1.0, frequency=4, robustness=False
    )
    assert "没有路径" in words(joint_display(CASES, kind="configurations", configurations=empty, **GIVEN))


def test_codes_of_its_conditions_illustrate_a_path():
    given = {"configurations": COMPARED, "kind": "configurations", "quotes": 3, **GIVEN}
    text = words(joint_display(CASES, codes={"X": "K2"}, **given))
    assert "先公示再签" in text
    assert "书记带头" not in text
    assert "X：规则" in text


def test_places_of_actors_that_belong_to_cases():
    actors = pd.DataFrame({
        "actor_id": ["p", "q", "r", "s", "t"], "case_id": ["A", "A", "A", "B", "B"],
        "role": ["党", "民", "民", "党", "民"],
    })  # fmt: skip
    ties = pd.DataFrame({"from": ["p", "q", "q", "t"], "to": ["q", "p", "r", "p"]})
    net = network(ties, actors=actors, lead="q", permutations=10)
    assert len(net.edges()) == 4
    rows = tidy(joint_display(CASES, network=net, actors=actors, lead={"role": "党"}, case="case_id"))
    assert rows.loc[("network", "actors", "A"), "estimate"] == 3
    assert rows.loc[("network", "ties", "A"), "estimate"] == 2  # either direction once; the tie to B is none of A
    assert rows.loc[("network", "density", "A"), "estimate"] == pytest.approx(2 / 3)
    assert rows.loc[("network", "lead_share", "A"), "estimate"] == 50
    assert np.isnan(rows.loc[("network", "lead_share", "B"), "estimate"])  # no tie within
    own = tidy(joint_display(CASES, network=net, actors=actors, case="case_id"))
    assert own.loc[("network", "lead_share", "A"), "estimate"] == 100  # the lead of the network
    one = joint_display(CASES, network=net, actors=actors, lead="p", belongs="case_id", case="case_id")
    assert tidy(one).loc[("network", "lead_share", "A"), "estimate"] == 50
    for options, code in (({"lead": {"role": "官"}}, "E6636"), ({"belongs": "estate"}, "E600")):
        with pytest.raises(AnalysisError) as raised:
            joint_display(CASES, network=net, actors=actors, case="case_id", **options)
        assert codes(raised) == {code}


def test_places_of_cases_that_are_actors_and_of_ties_that_sources_tell():
    ties = pd.DataFrame({"from": ["A", "B", "A"], "to": ["B", "C", "D"], "source_id": ["S1", "S1", "S3"]})
    net = network(ties, directed=False, permutations=10)
    assert len(net.edges()) == 3
    rows = tidy(joint_display(CASES, network=net, case="case_id"))
    assert rows.loc[("network", "degree", "A"), "estimate"] == 2
    assert rows.loc[("network", "rank", "D"), "estimate"] == 3
    told = ties.replace({"A": "p", "B": "q", "C": "r", "D": "s"})
    net = network(told, directed=False, permutations=10)
    rows = tidy(joint_display(CASES, network=net, ties=told, sources=SOURCES, lead="p", case="case_id"))
    assert rows.loc[("network", "ties", "A"), "estimate"] == 2
    assert rows.loc[("network", "lead_share", "A"), "estimate"] == 50
    assert rows.loc[("network", "actors", "B"), "estimate"] == 2
    lost = joint_display(CASES, network=net, case="case_id")
    assert "W6645" in {p.code for p in lost.notices}


@pytest.mark.parametrize("option", ["configurations", "network"])
def test_results_of_another_kind_are_refused(option):
    net = network(pd.DataFrame({"from": ["A"], "to": ["B"]}), permutations=10)
    other = net if option == "configurations" else COMPARED
    with pytest.raises(AnalysisError) as raised:
        joint_display(CASES, case="case_id", **{option: other})
    assert codes(raised) == {"E6633"}


FIT = pd.DataFrame({
    "construct": ["A", "A", "trust", "K1"], "pair": ["survey-interviews", "survey-qca", "", ""],
    "judgement": ["confirmation", "discordance", "expansion", "silence"],
    "rationale": ["两处一致", "路径不符", "补充了过程", "没有谈到"], "by": "甲",
})  # fmt: skip


def test_judgements_are_printed_with_their_reasons_and_never_made():
    result = joint_display(CASES, fit=FIT, case="case_id")
    assert result.judgements == {"confirmation": 1, "discordance": 1, "none": 4}
    assert words(result).count("未判断") == 5  # four cases and the note
    assert "一致（问卷—访谈）：两处一致\n背离（问卷—组态分析）：路径不符" in words(result)
    rows = result.tidy().query("model == 'fit' and level == 'A'")
    assert list(rows["group"]) == ["survey-interviews", "survey-qca"]
    assert result.glance().loc[0, "share"] == pytest.approx(100 * 2 / 6)


@pytest.mark.parametrize(
    ("column", "value", "code"), [("judgement", "agreement", "E6634"), ("rationale", None, "E6635")]
)
def test_judgements_outside_the_rules_are_refused(column, value, code):
    with pytest.raises(AnalysisError) as raised:
        joint_display(CASES, fit=FIT.assign(**{column: value}), case="case_id")
    assert codes(raised) == {code}


# -- constructs, themes, strands, hypotheses --------------------------------------------------


def test_constructs_stand_side_by_side():
    scores, chosen = {"trust": ["trust"]}, {"trust": ["K1"], "rules": ["K2"]}
    result = joint_display(CASES, kind="side_by_side", scores=scores, codes=chosen, fit=FIT, round="1", **GIVEN)
    row = result.tidy().set_index(["model", "term"]).loc[("survey", "trust")]
    half = stats.t.ppf(0.975, 4) * CASES["trust_mean"].std() / np.sqrt(5)
    assert row["estimate"] == pytest.approx(3.0)
    assert row["conf_high"] == pytest.approx(3.0 + half)
    first, text, second, _ = result.table().rows
    assert [c.value for c in first.cells[7:10]] == [2, 2, 3]
    assert first.cells[4].value == (2.0, 4.0)
    assert "动员：“" in text.cells[0].value.text("zh")
    assert [c.value for c in second.cells[7:10]] == [2, 2, 2]
    assert result.sheet.n == 2


def test_themes_stand_by_thirds_of_the_score_with_ties_together():
    cases = CASES.assign(trust_mean=[4.0, 2.0, 4.0, 3.0, 1.0])
    result = joint_display(cases, kind="themes", scores="trust", groups=2, round="1", **GIVEN)
    rows = result.tidy().set_index(["group", "term"])
    assert rows.loc[("2", "K1"), ["count", "n_obs"]].tolist() == [1, 2]  # A and C, of four cases with sources
    assert rows.loc[("1", "K1"), ["count", "n_obs"]].tolist() == [1, 2]
    head = [h.text("en") for h in result.table().header[0]]
    assert head[1:3] == ["4.00 to 4.00 (n = 2)", "2.00 to 3.00 (n = 2)"]
    by = joint_display(CASES, kind="themes", round="1", **GIVEN).tidy().set_index(["group", "term"])
    assert by.loc[("1", "K2"), ["count", "n_obs"]].tolist() == [2, 2]
    lost = CASES.assign(outcome=[1, None, 0, 0, 1])
    assert "1个案例没有分组取值" in words(joint_display(lost, kind="themes", groups="outcome", **GIVEN))
    for groups in (1, "label"):
        with pytest.raises(AnalysisError) as raised:
            joint_display(CASES.assign(label="x"), kind="themes", scores="trust", groups=groups, **GIVEN)
        assert codes(raised) == {"E6638"}


def test_strands_stand_side_by_side_with_every_judgement():
    findings = pd.DataFrame({
        "finding_id": ["F1", "F2", "F3"], "construct": ["trust", "trust", "rules"],
        "strand": ["survey", "interviews", None],
        "claim": ["偏高", "多提动员", "先公示"], "sources": ["", "S1; S2", "S1"], "case_id": [None, "A", None],
    })  # fmt: skip
    result = joint_display(CASES, kind="convergence", findings=findings, fit=FIT, case="case_id")
    assert [h.text("en") for h in result.table().header[0]][:4] == ["Construct", "survey", "interviews", "no strand"]
    text = words(result)
    assert "多提动员（F2, A, S1; S2）" in text
    assert "补充了过程" in text
    assert result.tidy().set_index(["term", "level"]).loc[("interviews", "trust"), "count"] == 1
    assert result.judgements == {"expansion": 1, "none": 1}


def test_hypotheses_need_a_frame_of_them():
    result = joint_display(CASES, kind="hypotheses", **GIVEN)
    assert [p.code for p in result.notices] == ["W6646"]
    frame = pd.DataFrame([{
        "hypothesis": "H1", "zh": "甲", "en": "one", "decision": "supported", "step": "reg", "method_zh": "回归",
        "method_en": "OLS", "term_zh": "年龄", "term_en": "age", "estimate": 0.3, "conf_low": 0.1, "conf_high": 0.5,
        "p_value": 0.01,
    }])  # fmt: skip
    result = joint_display(CASES, kind="hypotheses", hypotheses=frame, codes={"H1": "K1"}, round="1", **GIVEN)
    assert result.templates == ("J1",)
    assert "回归：年龄" in words(result)
    assert result.tidy().loc[0, ["estimate", "conf_low", "conf_high"]].tolist() == [0.3, 0.1, 0.5]


WRONG = {
    "kind": ({"kind": "matrix"}, "E6630"),
    "unused": ({"kind": "themes", "network": COMPARED}, "E6631"),
    "unused sort": ({"kind": "convergence", "sort": "outcome"}, "E6631"),
    "a list for rows": ({"kind": "side_by_side", "scores": ["trust"]}, "E6642"),
    "rows for a list": ({"scores": {"x": ["trust"]}}, "E6643"),
    "quotes": ({"quotes": -1}, "E614"),
    "longest": ({"longest": 3}, "E614"),
    "shortest": ({"shortest": -3}, "E614"),
    "level": ({"conf_level": 95}, "E614"),
    "score": ({"scores": "thrust"}, "E600"),
    "text as a score": ({"scores": "label"}, "E610"),
    "outcome": ({"outcome": "lift"}, "E600"),
    "sort": ({"sort": "lift"}, "E600"),
    "round": ({"round": "9", **GIVEN}, "E2143"),
    "themes without codings": ({"kind": "themes", "scores": "trust"}, "E6637"),
    "paths without a comparison": ({"kind": "configurations"}, "E6637"),
    "convergence without findings": ({"kind": "convergence"}, "E6637"),
}


@pytest.mark.parametrize("name", WRONG)
def test_options_that_cannot_be_honoured_are_errors(name):
    options, code = WRONG[name]
    with pytest.raises(AnalysisError) as raised:
        joint_display(CASES, **{"case": "case_id", **options})
    assert codes(raised) == {code}
