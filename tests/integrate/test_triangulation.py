"""The triangulation protocol: what people judged is counted, what nobody judged is listed, nothing is judged here."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Codebook, ScaleEntry, attach
from evalkit.ingest.casebook import read_casebook
from evalkit.integrate.convergence import triangulate
from evalkit.integrate.convergence.judged import CODES, pair_of
from evalkit.report.sentences import sentences

FINDINGS = pd.DataFrame(
    [
        ("F1", "信任", "问卷", None, "信任高者更支持", 1.0), ("F2", "信任", "访谈", "A", "居民信任书记", None),
        ("F3", "信任", "访谈", "B", "信任来自熟人", "强"), ("F4", "资金", "访谈", None, "分摊难", None),
        ("F5", "资金", "文件", None, "补贴到位", None), ("F6", "动员", "问卷", None, "动员无差异", None),
        ("F7", "动员", "访谈", None, "动员是关键", None), ("F8", "电梯", "文件", None, "选型统一", None),
        ("F9", None, "文件", None, "无主", None),
    ],
    columns=["finding_id", "construct", "strand", "case_id", "claim", "prominence"],
)  # fmt: skip
FIT = pd.DataFrame(
    [
        ("信任", "问卷–访谈", "confirmation", "agreement", "agreement", "两处同向", "甲"),
        ("信任", "问卷 vs 访谈", "expansion", "agreement", "dissonance", "例子不同", "乙"),
        ("资金", "访谈/文件", "discordance", "dissonance", "dissonance", "说法相反", "甲"),
        ("资金", "访谈/文件", "expansion", "partial_agreement", None, "各讲一半", "乙"),
        ("资金", "访谈/文件", "expansion", "partial_agreement", "dissonance", "商定", "共识"),
        ("资金", "问卷-访谈", "silence", "silence", "silence", "问卷未问", "甲"),
        ("动员", "访谈、问卷", "confirmation", "dissonance", None, "看似一致", "甲"),
        ("A*B", None, "silence", None, None, "别处的判断", "甲"),
        ("电梯", "文件", "silence", None, None, "不成对", "甲"),
    ],
    columns=["construct", "pair", "judgement", "meaning", "examples", "rationale", "by"],
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return triangulate(FINDINGS, fit=FIT)


def test_the_words_that_count(found):
    words = {c.name: tuple(c.words.values()) for c in found.comparisons}
    assert words["信任: 问卷 – 访谈"] == ("agreement", "differ", "differ")
    assert words["资金: 访谈 – 文件"] == ("partial_agreement", "dissonance", "expansion")  # the consensus decides
    assert words["资金: 问卷 – 访谈"] == ("silence",) * 3
    assert words["动员: 问卷 – 访谈"] == ("dissonance", "open", "confirmation")
    assert words["电梯: 问卷 – 文件"] == ("open",) * 3
    assert len(words) == 4 * 3 - 1  # of 电梯 neither 问卷 nor 访谈 speaks


def test_counts_by_pair(found):
    first = found.counts(("问卷", "访谈"), "meaning")
    assert first == {"agreement": 1, "partial_agreement": 0, "silence": 1, "dissonance": 1, "differ": 0, "open": 0}
    whole = found.counts(("访谈", "文件"), "judgement")
    assert (whole["partial_agreement"], whole["open"]) == (1, 3)
    assert found.judges("meaning") == (2, 1)  # 信任 alike, 资金 not; the consensus is no judge
    assert found.judges("examples") == (1, 0)


def test_completeness_of_each_strand(found):
    by = {c.strand: (c.n_findings, c.n_constructs, c.alone) for c in found.coverage()}
    assert by == {"问卷": (2, 2, ()), "访谈": (4, 3, ()), "文件": (2, 2, ("电梯",))}
    shares = found.tidy().query("model == 'completeness' and term == 'constructs'")["estimate"].tolist()
    assert shares == [0.5, 0.75, 0.5]


def test_what_is_open_odd_or_disputed_is_said(found):
    told = {p.code: p.params["names"] for p in found.notices}
    assert told["W6696"] == [
        "信任: 问卷 – 文件", "信任: 访谈 – 文件", "资金: 问卷 – 文件", "动员: 问卷 – 文件", "动员: 访谈 – 文件",
        "电梯: 问卷 – 文件", "电梯: 访谈 – 文件",
    ]  # fmt: skip
    assert "W6697" not in told
    assert told["W6698"] == ["动员: 问卷 – 访谈"]
    assert told["W6699"] == ["信任: 问卷 – 访谈"]
    assert told["W6702"] == ["电梯: 文件"]
    assert told["N6703"] == ["A*B"]
    assert [d.n for d in found.dropped] == [1]
    odd = FIT.assign(judgement=["silence"] * 9, meaning=None, examples=None)
    assert {p.code: p.params["names"] for p in triangulate(FINDINGS, fit=odd).notices}["W6697"] == [
        "信任: 问卷 – 访谈", "资金: 访谈 – 文件", "动员: 问卷 – 访谈"
    ]  # fmt: skip


def test_tables(found):
    matrix = found.table()
    heads = [h.text("zh") for h in matrix.header[0]]
    assert heads == ["构念", "问卷", "访谈", "文件", "对照", "含义与突出程度", "覆盖与例证", "总体契合"]
    shown = [[c.value.text("zh") if hasattr(c.value, "text") else c.value for c in row.cells] for row in matrix.rows]
    assert shown[0] == [
        "信任", "信任高者更支持（突出程度：1）", "居民信任书记（A）\n信任来自熟人（B；突出程度：强）", None,
        "问卷—访谈", "一致", "判断有分歧", "判断有分歧",
    ]  # fmt: skip
    assert shown[1] == ["理由：两处同向（甲）；例子不同（乙）"]
    assert matrix.rows[1].role == "text"
    assert shown[2] == ["未判断的对照：问卷—文件、访谈—文件"]
    assert shown[-2] == ["电梯", None, None, "选型统一", None, "未判断", "未判断", "未判断"]
    assert shown[-1] == ["未判断的对照：问卷—文件、访谈—文件"]
    assert [row.role for row in matrix.rows].count("body") == 1 + 2 + 1 + 1
    counts = found.table("assessment")
    assert [c.value for c in counts.rows[0].cells[2:]] == [1, 0, 1, 1, 0, 0]
    assert any("2 comparisons were judged by two people or more, 1 of them alike" in n.text("en") for n in counts.notes)
    complete = found.table("completeness")
    assert [c.value for c in complete.rows[2].cells[1:5]] == [2, 2, 50, 1]


def test_strands_and_constructs_have_their_words():
    book = Codebook().with_scales([ScaleEntry("trust", (), zh="信任", en="Trust")])
    data = pd.DataFrame({"construct": ["trust", "trust"], "strand": ["survey", "interviews"], "claim": ["a", "b"]})
    found = triangulate(attach(data, book))
    table = found.table()
    assert [h.text("zh") for h in table.header[0]][:3] == ["构念", "问卷", "访谈"]
    assert table.rows[0].cells[0].value.text("zh") == "信任"
    assert found.table("assessment").rows[0].cells[0].value.text("zh") == "问卷—访谈"


def test_two_strands_need_no_pair():
    two = FINDINGS[FINDINGS["strand"] != "文件"]
    fit = pd.DataFrame({"construct": ["信任"], "judgement": ["confirmation"], "rationale": ["同向"]})
    found = triangulate(two, fit=fit)
    assert [c.words["judgement"] for c in found.comparisons] == ["confirmation", "open", "open"]
    assert [h.text("en") for h in found.table().header[0]][3:] == ["Fit as a whole"]
    assert triangulate(two, strands=["访谈", "问卷"]).pairs == (("访谈", "问卷"),)


def test_without_judgements_all_is_open():
    found = triangulate(FINDINGS)
    assert all(c.open for c in found.comparisons)
    assert found.glance()["n_missing"][0] == 11
    assert {p.code: p.params["n"] for p in found.notices} == {"W6696": 11}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"fit": FIT.assign(meaning="yes")}, "E6700"),
        ({"fit": FIT.assign(judgement="agreement")}, "E6700"),
        ({"fit": FIT[["pair", "judgement"]]}, "E600"),
        ({"strands": ["问卷"]}, "E6701"),
        ({"strands": ["问卷", "观察"]}, "E6701"),
    ],
)
def test_what_cannot_be_read_is_refused(given, code):
    with pytest.raises(AnalysisError) as caught:
        triangulate(FINDINGS, **given)
    assert {p.code for p in caught.value.problems} == {code}


def test_the_pair_is_read_from_its_text():
    strands = ["interview", "interview of officials", "survey"]
    assert pair_of("Survey vs. Interview of officials", strands) == ("interview of officials", "survey")
    assert pair_of("survey–interview", strands) == ("interview", "survey")
    assert pair_of("survey", strands) == ()


def test_sentences(found):
    said = [s.text("zh") for s in sentences("triangulate", found)]
    assert said[0] == "11处对照中已判断4处。"
    assert said[1] == "含义与突出程度：一致1处、缺失1处、部分一致1处、相异1处。"
    assert said[-1] == "只有文件涉及电梯。"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=2, max_size=12),
       st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x-y", "y-z", "x-z"]), st.sampled_from(CODES)),
                max_size=8))  # fmt: skip
def test_every_comparison_is_counted_once(findings, judged):
    frame = pd.DataFrame(findings, columns=["construct", "strand"]).assign(claim="c")
    if frame["strand"].nunique() < 2:
        return
    fit = pd.DataFrame(judged, columns=["construct", "pair", "meaning"])
    found = triangulate(frame, fit=fit)
    for pair in found.pairs:
        for aspect in ("meaning", "examples", "judgement"):
            assert sum(found.counts(pair, aspect).values()) == sum(c.pair == pair for c in found.comparisons)
    if not judged:
        assert all(c.open for c in found.comparisons)
    assert sum(c.n_findings for c in found.coverage()) == found.n_obs == len(frame)


def test_the_casebook_has_the_two_elements(tmp_path):
    (tmp_path / "fit.csv").write_text(
        "构念,对照,判断,含义与突出程度,覆盖与例证,理由,判断人\n信任,问卷-访谈,印证,一致,部分一致,同向,共识\n",
        encoding="utf-8",
    )
    fit = read_casebook(tmp_path).fit
    assert fit.loc[0, ["judgement", "meaning", "examples"]].tolist() == [
        "confirmation",
        "agreement",
        "partial_agreement",
    ]
