"""The codebook counted level by level, codes by case, tables Q1 to Q4, the code tree."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.report.sentences import sentences

SUBCATEGORIES = {
    "党建引领": ("直接引领", "嵌入式引领"),
    "外部系统环境": ("社会经济背景", "动员者特质", "企业合作意愿"),
    "驱动行为因素": ("公众感知", "权力失衡", "政策僵局"),
    "多方关系协调者": ("放权赋能", "情感治理"),
    "正式协商组织者": ("细则制定", "冲突治理"),
    "共同愿景促进者": ("资源整合", "利益互构"),
    "意见领袖": ("动员号召", "统一意愿"),
    "行动领袖": ("共同决策", "沟通游说"),
    "社区精英": ("知识技能", "学习技能"),
    "社区更新": ("", "", "", ""),
}


def elevator_codebook() -> pd.DataFrame:
    """45 concepts, 24 subcategories of which the text names 20, 10 categories, one core category."""
    rows = [("CORE", "党建引领促进合作生产", "", "core", "")]
    for i, (category, below) in enumerate(SUBCATEGORIES.items(), 1):
        rows.append((f"E{i}", category, "CORE", "category", f"{category}的内涵"))
        rows += [(f"E{i}.{j}", name, f"E{i}", "subcategory", "") for j, name in enumerate(below, 1)]
    subs = [row[0] for row in rows if row[3] == "subcategory"]
    rows += [(f"C{k + 1}", f"概念{k + 1}", subs[k % len(subs)], "concept", "") for k in range(45)]
    return pd.DataFrame(rows, columns=["code_id", "name", "parent_id", "level", "definition"])


SOURCES = pd.DataFrame(
    {
        "source_id": ["S1", "S2", "S3", "S4"],
        "case_id": ["A", "A", "A", "B"],
        "kind": ["interview", "interview", "document", "interview"],
        "n_chars": [100.0, 200.0, 300.0, 50.0],
        "path": ["a", "b", "c", "d"],
    }
)
CODEBOOK = pd.DataFrame(
    {
        "code_id": ["C1", "C2", "K1", "K2", "OLD"],
        "name": ["动员", "同意", "号召", "引领", "旧"],
        "parent_id": ["K1", "K1", None, None, "K1"],
        "level": ["concept", "concept", "subcategory", "subcategory", "concept"],
        "status": ["active", "active", "active", "active", "merged"],
    }
)
CODINGS = pd.DataFrame(
    [
        ("S1", 0, 4, "挨家挨户", "C1", "甲", "1", 1.0),
        ("S1", 0, 4, "挨家挨户", "C1", "乙", "1", 1.0),
        ("S1", 5, 9, "大家同意", "C2", "甲", "1", 0.0),
        ("S2", 0, 4, "挨家动员", "C1", "甲", "1", 1.0),
        ("S4", 0, 2, "同意", "C2", "乙", "1", 0.0),
        ("S4", 3, 6, "党支部", "K2", "乙", "1", 1.0),
    ],
    columns=["source_id", "start", "end", "quote", "code_id", "coder", "round", "quotable"],
)


def shown(table, lang="zh"):
    def text(value):
        return value.text(lang) if hasattr(value, "text") else value

    return [[text(cell.value) for cell in row.cells] for row in table.rows]


def of(result, code):
    return next(c for c in result.codes if c.code.id == code)


def test_the_chain_of_45_24_and_10_is_counted_from_the_codebook():
    codings = pd.DataFrame({"source_id": ["S1", "S1"], "code_id": ["C1", "C2"]})
    result = ek.code_profile(codings, codebook=elevator_codebook())
    counted = {x.level: (x.n, x.n_named) for x in result.levels}
    assert counted == {"concept": (45, 45), "subcategory": (24, 20), "category": (10, 10), "core": (1, 1)}
    assert [x.level for x in result.levels] == ["concept", "subcategory", "category", "core"]
    told = {p.code: p.params for p in result.notices}
    assert told["W2145"]["n"] == 4
    assert told["W2145"]["names"] == ["E10.1", "E10.2", "E10.3", "E10.4"]
    assert told["N2146"]["n"] == 43
    assert of(result, "C1").code.path == ("CORE", "E1", "E1.1", "C1")
    tidy = result.tidy().set_index(["term", "level"])
    assert tidy.loc[("codes.named", "subcategory"), "count"] == 20
    said = " ".join(label.text("zh") for label in sentences("code_profile", result))
    assert "24个副范畴（其中20个有名称）" in said
    assert len(result.table("Q4").rows) == 10
    assert shown(result.table("Q4"))[0] == ["党建引领→党建引领促进合作生产", "党建引领的内涵"]
    assert "Q4" in result.templates


def test_printed_numbers_are_held_against_the_codebook():
    codings = pd.DataFrame({"source_id": ["S1", "S1"], "code_id": ["C1", "C2"]})
    short = elevator_codebook().iloc[:-42]
    result = ek.code_profile(codings, codebook=short, printed={"concept": 45, "subcategory": 24, "category": 10})
    assert {x.level: x.printed for x in result.levels} == {
        "concept": 45,
        "subcategory": 24,
        "category": 10,
        "core": None,
    }
    (told,) = [p for p in result.notices if p.code == "W6712"]
    assert told.params == {"level": {"zh": "概念", "en": "concepts"}, "printed": 45, "n": 3, "named": 3}
    tidy = result.tidy()
    assert tidy[tidy["term"] == "codes.printed"]["count"].tolist() == [45, 24, 10]
    notes = " ".join(note.text("zh") for note in result.table("Q3").notes)
    assert "概念：文中印出45个，编码本有3个" in notes
    said = [label.text("en") for label in sentences("code_profile", result)]
    assert said[1] == (
        "Against the numbers that the text prints: 45 concepts (3 in the codebook), 24 subcategories (agrees) and "
        "10 categories (agrees)."
    )


def test_rows_of_the_axial_table_are_the_subcategories_whether_or_not_codes_stand_below_them():
    result = ek.code_profile(CODINGS.assign(code_id=["C1", "C1", "K2", "K1", "C2", "K2"]), codebook=CODEBOOK)
    rows = shown(result.table("Q3"))
    assert [(row[0], row[3]) for row in rows] == [("号召", 3), ("引领", 2), ("合计", 5)]


def test_codes_count_what_stands_below_them_and_a_stretch_counts_once():
    result = ek.code_profile(CODINGS, sources=SOURCES, codebook=CODEBOOK)
    one, two, above = of(result, "C1"), of(result, "C2"), of(result, "K1")
    assert (one.n_total, one.n_sources) == (2, 2)
    assert (two.n_total, two.n_sources) == (2, 2)
    assert (above.n_own, above.n_total, above.n_sources) == (0, 4, 3)
    assert above.shares == {"A": pytest.approx(2 / 3), "B": 1.0}
    assert above.references == {"A": 3, "B": 1}
    assert result.n_codings == 5
    assert result.n_obs == 4
    assert "OLD" not in {c.code.id for c in result.codes}
    tidy = result.tidy()
    row = tidy[(tidy["term"] == "K1") & (tidy["group"] == "A")].iloc[0]
    assert (row["estimate"], row["count"], row["n_obs"]) == (pytest.approx(2 / 3), 3, 3)
    by_kind = ek.code_profile(CODINGS, sources=SOURCES, codebook=CODEBOOK, by="kind")
    assert of(by_kind, "K1").sizes == {"interview": 3, "document": 1}


def test_the_consensus_counts_where_there_is_one():
    both = pd.concat([CODINGS, CODINGS.iloc[[0]].assign(round="consensus")])
    assert ek.code_profile(both, codebook=CODEBOOK).n_codings == 1
    assert ek.code_profile(both, codebook=CODEBOOK, round="1").n_codings == 5
    two = pd.concat([CODINGS, CODINGS.iloc[[0]].assign(round="2")])
    assert "N2147" in {p.code for p in ek.code_profile(two, codebook=CODEBOOK).notices}


def test_tables_print_sources_quotes_and_sums():
    result = ek.code_profile(CODINGS, sources=SOURCES, codebook=CODEBOOK)
    assert result.templates == ("Q1", "Q2", "Q3", "profile")
    first = shown(result.table("Q1"))
    assert first[0] == ["S1", "A", "访谈", 100.0]
    assert first[-1] == ["合计", None, None, 650.0]
    assert shown(result.table("Q2")) == [
        ["挨家挨户", "动员", "号召", "S1"],
        ["（未获引用同意）", "同意", "号召", None],
        ["党支部", None, "引领", "S4"],  # a sub-category without concepts below it
    ]
    third = shown(result.table("Q3"))
    assert [row[0] for row in third] == ["号召", "引领", "合计"]
    assert [row[3] for row in third] == [4, 1, 5]
    assert shown(result.table("profile"))[-1] == ["材料来源数", 3, 1]
    notes = " ".join(note.text("zh") for note in result.table("Q3").notes)
    assert "概念：编码本2个，有名称2个，材料中出现2个" in notes


def test_no_quote_is_printed_without_consent():
    result = ek.code_profile(CODINGS.drop(columns="quotable"), codebook=CODEBOOK)
    assert {e.quote for e in result.excerpts} == {""}


def test_a_source_without_consent_silences_its_codings():
    named = CODINGS.assign(quotable=1)
    printed = {e.quote for e in ek.code_profile(named, codebook=CODEBOOK).excerpts}
    first = str(CODINGS["source_id"].iloc[0])
    ids = list(dict.fromkeys(CODINGS["source_id"]))
    sources = pd.DataFrame({"source_id": ids, "quotable": [0.0 if s == first else 1.0 for s in ids]})
    left = ek.code_profile(named, codebook=CODEBOOK, sources=sources).excerpts
    assert first not in {e.source for e in left if e.quote}
    assert {e.quote for e in left} - {""} <= set(CODINGS.loc[CODINGS["source_id"] != first, "quote"])
    assert printed - {e.quote for e in left}


def test_codings_of_a_higher_code_add_up_too():
    codings = pd.concat([CODINGS, CODINGS.iloc[[0]].assign(code_id="E1"), CODINGS.iloc[[3]].assign(code_id="T")])
    top = pd.DataFrame({"code_id": ["T", "E1", "E2"], "name": ["主", "子一", "子二"],
                        "parent_id": ["", "T", "E1"], "level": ["category", "subcategory", "concept"]})  # fmt: skip
    result = ek.code_profile(codings[codings["code_id"].isin(["T", "E1"])], codebook=top)
    rows = shown(result.table("Q3"))
    assert [row[3] for row in rows] == [1, 1, 2]
    assert rows[1][0] == "直接编入更高层级"


FAULTS = {
    "E600": {"code": "theme"},
    "E2141": {"codebook": CODEBOOK[CODEBOOK["code_id"] != "C2"]},
    "E2142": {"codebook": CODEBOOK.assign(parent_id=["K1", "K1", "C1", None, "K1"])},
    "E2143": {"round": "3"},
    "E2144": {"sources": SOURCES.iloc[:2]},
    "E6710": {"printed": {"theme": 3}},
    "E6711": {"printed": {"concept": -1}},
}


@pytest.mark.parametrize("code", FAULTS)
def test_faults_are_told(code):
    with pytest.raises(AnalysisError) as raised:
        ek.code_profile(CODINGS, **{"codebook": CODEBOOK, **FAULTS[code]})
    assert raised.value.problems[0].code == code


def test_a_cycle_is_printed():
    with pytest.raises(AnalysisError, match="C1 → K1 → C1"):
        ek.code_profile(CODINGS, codebook=FAULTS["E2142"]["codebook"])


def test_nothing_coded_is_no_traceback():
    result = ek.code_profile(CODINGS.iloc[:0], codebook=CODEBOOK, sources=SOURCES)
    assert (result.n_codings, of(result, "K1").n_total) == (0, 0)
    assert {result.table(t).template for t in result.templates} == set(result.templates)
    empty = ek.code_profile(CODINGS.iloc[:0])
    assert empty.figure() is None
    assert empty.table("Q3").rows[-1].cells[3].value == 0


def test_the_figure_is_the_tree():
    figure = ek.code_profile(CODINGS, sources=SOURCES, codebook=CODEBOOK).figure()
    frame = figure.frame.set_index("code")
    assert dict(frame["count"]) == {"C1": 2, "C2": 2, "K1": 4, "K2": 1}
    assert dict(frame["parent"]) == {"C1": "K1", "C2": "K1", "K1": "", "K2": ""}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["S1", "S2", "S3"])), max_size=20))
def test_references_of_a_code_are_its_own_and_those_below(pairs):
    codings = pd.DataFrame(pairs, columns=["code_id", "source_id"])
    codebook = pd.DataFrame({"code_id": list("abcd"), "parent_id": ["", "a", "b", "a"]})
    result = ek.code_profile(codings, codebook=codebook)
    for c in result.codes:
        assert c.n_total == c.n_own + sum(of(result, child).n_total for child in c.code.children)
        assert c.n_sources <= result.n_obs
    assert of(result, "a").n_total == result.n_codings == len(set(pairs))
