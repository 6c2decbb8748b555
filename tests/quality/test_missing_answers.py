"""What is missing: golden shares, patterns, coverage and Little's test; kinds, groups and routing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Category, Codebook, Label, Variable, attach
from evalkit.contract.words import has_text
from evalkit.quality import missing_answers
from evalkit.quality.mcar import em, little_test
from evalkit.report.figures import draw
from evalkit.scoring import score

SAT = ["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"]
MIXED = ["age", "education", "years_resident", "trust_before", "trust_after", "meetings"]
NAN = np.nan


@pytest.fixture
def items(scale_items):
    return [name for names in scale_items.values() for name in names]


@pytest.fixture(scope="module")
def routed():
    """A question everybody gets, one by condition, a multiple response; kinds kept."""
    frame = pd.DataFrame(
        {
            "own": [1.0, 2, 2, 1, NAN, 1],
            "rent": [NAN, 500, NAN, 300, NAN, NAN],
            "q": [1.0, 2, NAN, 4, NAN, 5],
            "m__1": [1.0, 0, NAN, 1, NAN, 0],
            "m__2": [0.0, 0, NAN, 1, NAN, 1],
            "sex": [1.0, 2, 1, 2, 1, NAN],
        }
    )
    kinds = pd.DataFrame(0, index=frame.index, columns=["own", "rent", "q", "m__1", "m__2", "sex"], dtype="int8")
    kinds.loc[[0, 5], "rent"], kinds.loc[[2, 4], "rent"], kinds.loc[4, "own"] = 1, 2, 2
    kinds.loc[2, "q"], kinds.loc[4, "q"] = 3, 2
    kinds.loc[[2], ["m__1", "m__2"]], kinds.loc[[4], ["m__1", "m__2"]], kinds.loc[5, "sex"] = 1, 2, 5
    variables = [
        Variable("own", "nominal", item="own"),
        Variable("rent", "number", item="rent", ask_if="own == 2"),
        Variable("q", "item", item="q", low=1, high=5),
        Variable("m", "nominal", zh="需求", en="Needs"),
        Variable("m__1", "option", item="m"),
        Variable("m__2", "option", item="m"),
        Variable("sex", "nominal", item="sex", categories=(Category(1.0, "男", "Men"), Category(2.0, "女", "Women"))),
    ]
    return attach(frame, Codebook(missing=kinds).with_variables(variables))


def test_cells_rows_and_gaps_of_a_row_agree_with_the_reference(residents, items, golden):
    found = missing_answers(residents, items)
    cells = {"count": found.n_gaps, "percent": found.glance()["percent"].item()}
    assert cells == golden("missing", "cells_missing_items").approx()
    assert found.n_rows_with_gaps == golden("missing", "rows_any_missing_items").approx()
    by_gaps = {str(k): n for k, n in found.rows_by_gaps.items()}
    assert by_gaps == golden("missing", "missing_per_row_distribution").approx()


def test_shares_of_every_column_agree_with_the_reference(residents, golden):
    record = golden("missing", "missing_percent_per_variable")
    tidy = missing_answers(residents, list(record.estimate)).tidy()
    whole = tidy[tidy["level"].isna() & ~tidy["term"].str.startswith("all.")].set_index("term")
    assert whole["percent"].to_dict() == record.approx()
    assert {item.name for item in missing_answers(residents).items} == set(residents.columns)


def test_patterns_and_coverage_agree_with_the_reference(residents, golden):
    found = missing_answers(residents, SAT)
    assert len(found.patterns) == golden("missing", "patterns.SAT.n_patterns").approx()
    assert {p.key: p.count for p in found.patterns[:5]} == golden("missing", "patterns.SAT.top5").approx()
    assert found.coverage == golden("missing", "coverage.SAT").approx()
    assert found.patterns[1].missing == ("SAT3",)


@pytest.mark.parametrize("part", ["SAT", "mechanisms", "mixed"])
def test_little_agrees_with_the_reference(scored, scale_items, golden, part):
    names = {"SAT": SAT, "mechanisms": [i for s in ("OB", "OE", "MO") for i in scale_items[s]], "mixed": MIXED}[part]
    record = golden("missing", f"little_mcar.{part}")
    test = missing_answers(scored, names).little
    found = {"chisq": test.statistic, "df": test.df, "p": test.p_value, "patterns": test.n_patterns}
    assert found == record.approx()


def test_em_agrees_with_the_reference(scored, golden):
    found = em(scored[SAT].to_numpy(dtype=float))
    assert dict(zip(SAT, found.mean, strict=True)) == golden("missing", "em.SAT.mean").approx()
    assert found.cov == golden("missing", "em.SAT.cov").approx()
    assert found.cov == golden("missing", "em.SAT.cov_lavaan").approx()
    assert found.converged and found.n_obs == 1200


def test_em_of_complete_rows_is_the_plain_moments():
    x = np.random.default_rng(2).normal(3, 2, size=(40, 3))
    found = em(np.vstack([x, np.full(3, NAN)]))
    np.testing.assert_allclose(found.mean, x.mean(axis=0))
    np.testing.assert_allclose(found.cov, np.cov(x, rowvar=False, ddof=0))


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_little_does_not_depend_on_scale_or_order(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4))
    x[rng.random(x.shape) < 0.15] = NAN
    one, other = little_test(x), little_test((x * [1, 100, 0.01, -1] + 7)[::-1][:, [2, 0, 3, 1]])
    assert one.statistic == pytest.approx(other.statistic, rel=1e-6)
    assert (one.df, one.n_patterns) == (other.df, other.n_patterns)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones((5, 1)), "few_variables"),
        (np.eye(5)[:, :2], "no_gaps"),
        (np.array([[1, NAN], [NAN, 2.0]]), "few_rows"),
        (np.array([[1, NAN], [2, NAN], [NAN, 1], [NAN, 2.0]]), "never_together"),
        (np.array([[1, 2, 2], [2, 4, 4], [3, 1, 1], [4, 4, 4], [5, 2, NAN], [6, 0, 0.0]]), "singular"),
    ],
)
def test_little_says_what_stands_in_its_way(values, reason):
    test = little_test(values)
    assert test.reason == reason and np.isnan(test.statistic) and has_text(f"quality.reason.{reason}")


def test_a_question_not_asked_is_no_gap(routed):
    found = missing_answers(routed)
    by_name = {item.name: item for item in found.items}
    assert list(by_name) == ["own", "rent", "q", "m", "sex"]
    assert (by_name["rent"].n_asked, by_name["rent"].n_missing) == (4, 2)
    assert by_name["rent"].kinds == {"not_asked": 2, "no_answer": 2}
    assert by_name["q"].kinds == {"no_answer": 1, "dont_know": 1}
    assert (by_name["m"].n_asked, by_name["m"].n_missing) == (5, 1)
    assert found.patterns[0].key == "11111" and "rent" not in found.little_items


def test_answers_to_questions_not_asked_are_counted(routed):
    found = missing_answers(routed)
    assert found.contradictions == {"rent": 1}  # row 3: owns, and states a rent; row 4 did not say what it owns
    notes = [note.text("en") for note in found.table().notes]
    assert any("“rent” was answered by 1" in note for note in notes)


def test_groups_have_their_own_shares(routed):
    found = missing_answers(routed, ["q"], by="sex")
    assert found.items[0].groups == {"1": (3, 2), "2": (2, 0)}
    tidy = found.tidy().set_index(["group", "term"])
    assert tidy.loc[("1", "q"), "estimate"].item() == pytest.approx(200 / 3)
    heads = [head.text("zh") for head in found.table().header[0]]
    assert heads[-2:] == ["男(%)", "女(%)"]


def test_scales_stand_for_their_items_as_given(residents):
    data = score(residents, [{"id": "sat", "items": SAT, "reverse": ["SAT4"], "range": [1, 5]}])
    assert [item.name for item in missing_answers(data, ["sat"]).items] == SAT


@pytest.mark.parametrize(
    ("variables", "by", "code"), [(["nobody"], None, "E600"), (None, "weight", "E807"), ([], None, "E808")]
)
def test_calls_that_mean_nothing_are_refused(residents, variables, by, code):
    with pytest.raises(AnalysisError) as fault:
        missing_answers(residents, variables, by=by)
    assert fault.value.problems[0].code == code


def test_what_littles_test_leaves_out_is_said(residents):
    codes = {p.code for p in missing_answers(residents).notices}
    assert codes == {"N805"}
    assert {p.code for p in missing_answers(residents, ["gender", "tenure"]).notices} == {"W806"}


def test_tables_and_figure_speak_both_languages(residents, items, routed):
    for found in (missing_answers(residents, SAT, by="gender"), missing_answers(residents, items),
                  missing_answers(routed)):  # fmt: skip
        for template in found.templates:
            table = found.table(template)
            assert all(len(row.cells) == table.n_columns for row in table.rows), template
            for lang in ("zh", "en"):
                texts = [c.value.text(lang) for row in table.rows for c in row.cells if isinstance(c.value, Label)]
                texts += [note.text(lang) for note in table.notes]
                assert not any("{" in text for text in texts)
    assert "coverage" not in missing_answers(residents, items).templates
    figure = missing_answers(residents, SAT).figure()
    assert figure.frame.groupby("pattern", sort=False)["count"].first().tolist()[:5] == [39, 32, 30, 28, 23]
    assert all("1041" in figure.notes[0].text(lang) and "39" in draw(figure, lang=lang).alt for lang in ("zh", "en"))


def test_nothing_missing_has_no_figure(residents):
    found = missing_answers(residents[["gender", "renovated"]])
    assert found.figure() is None and found.templates == ("missing", "mcar")
    assert missing_answers(residents.iloc[:0], SAT).n_obs == 0
