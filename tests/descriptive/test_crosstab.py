"""Cross tables against R; options by group by hand and against scipy."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from evalkit.contract import AnalysisError
from evalkit.descriptive import crosstab
from evalkit.descriptive.association import association, holm

PAIRS = {"T1": ("gender", "tenure"), "T3": ("education", "renewal_support")}
tables = hnp.arrays(np.int64, st.tuples(st.integers(2, 4), st.integers(2, 4)), elements=st.integers(0, 20))


def cell_matrix(result, column):
    tidy = result.tidy()
    cells = tidy[tidy["group"].notna() & tidy["term"].notna()]
    return cells.pivot(index="term", columns="group", values=column).reindex(
        index=cells["term"].unique(), columns=cells["group"].unique()
    ).to_numpy(dtype=float)  # fmt: skip


@pytest.mark.parametrize("id", ["T1", "T3"])
def test_chi_square_residuals_and_v(categorical, golden, id):
    rows, columns = PAIRS[id]
    found = crosstab(categorical, rows=rows, columns=columns)
    record = golden("groups", f"chisq.{id}")
    glance = found.glance().iloc[0]
    got = {"chisq": glance["statistic"], "df": glance["df"], "p": glance["p_value"], "n": glance["n_obs"]}
    assert got | {"min_expected": glance["expected"]} == record.approx()
    assert cell_matrix(found, "expected") == golden("groups", f"chisq_expected.{id}").approx()
    assert cell_matrix(found, "residual") == golden("groups", f"chisq_stdres.{id}").approx()
    assert glance["cramers_v"] == golden("groups", f"cramers_v.{id}").approx("estimate")


def test_counts_and_row_per_cents(categorical, golden):
    found = crosstab(categorical, rows="gender", columns="tenure")
    assert found.counts == golden("describe", "crosstab.gender_by_tenure").approx()
    assert cell_matrix(found, "percent_row") == golden("describe", "crosstab.rowpercent.gender_by_tenure").approx()
    by_renewal = crosstab(categorical, rows="education", columns="renewal_support")
    assert by_renewal.counts == golden("describe", "crosstab.education_by_renewal").approx()
    assert by_renewal.dropped[0].n == len(categorical) - by_renewal.n_obs


def test_no_continuity_correction(categorical, golden):
    record = golden("groups", "chisq_2x2")
    glance = crosstab(categorical, rows="renter", columns="signed_agreement").glance().iloc[0]
    assert glance["statistic"] == record.approx("chisq")
    assert glance["p_value"] == record.approx("p")


@pytest.mark.parametrize("percent", ["row", "column", "total"])
def test_per_cents_add_up(survey, views, percent):
    found = crosstab(survey, rows="gender", columns="SAT1", percent=percent)
    counts = found.counts.to_numpy()
    share = cell_matrix(found, "estimate")
    sums = {"row": share.sum(axis=1)[counts.sum(axis=1) > 0], "column": share.sum(axis=0)[counts.sum(axis=0) > 0],
            "total": share.sum()}[percent]  # fmt: skip
    assert np.allclose(sums, 100) or np.isnan(sums).any()
    assert views(found)


def test_small_expected_counts_are_said(survey):
    found = crosstab(survey, rows="gender", columns="SAT1")
    assert [p.code for p in found.notices] == ["W622"]
    assert "5" in found.table().notes[1].text("en")


def test_the_test_stands_below_the_counts(categorical):
    rows = crosstab(categorical, rows="gender", columns="tenure").table().rows
    assert [r.role for r in rows] == ["body", "body", "stat", "stat", "stat", "stat"]
    assert [c.value for c in rows[2].cells[1:]] == [765, pytest.approx(63.75), 293, pytest.approx(293 / 12), 142,
                                                     pytest.approx(142 / 12), 1200, 100.0]  # fmt: skip
    assert rows[3].cells[1].kind == "chi2"
    assert rows[5].cells[1].value == pytest.approx(0.0451840514)


def test_options_by_group(survey, views):
    found = crosstab(survey, rows="need", columns="gender")
    # cases with a gender: rows 11 to 15
    assert found.n_obs == 5 and found.dropped[0].n == 3
    assert found.counts.to_numpy().tolist() == [[2, 1, 0], [1, 1, 0], [0, 2, 0]]
    assert cell_matrix(found, "percent_cases")[0, :2] == pytest.approx([100, 100 / 3])
    tests = found.tidy().query("group.isna()").set_index("term")
    expected = stats.chi2_contingency([[2, 1], [0, 2]], correction=False)
    assert tests.loc["need.1", "statistic"] == pytest.approx(expected.statistic)
    assert tests.loc["need.1", "p_value"] == pytest.approx(expected.pvalue)
    assert tests["p_adjusted"].tolist() == pytest.approx(holm(tests["p_value"].to_numpy()).tolist())
    assert [p.code for p in found.notices] == ["W623"]
    assert found.figure().frame["group"].nunique() == 3
    assert views(found)


def test_an_option_that_all_or_none_chose_is_not_tested(survey):
    found = crosstab(survey.assign(need__1=1.0), rows="need", columns="gender")
    assert np.isnan(found.tests[0].chi2) and np.isnan(found.p_adjusted[0])
    assert "N624" in [p.code for p in found.notices]
    assert np.isfinite(found.glance()["p_adjusted"].iloc[0])


def test_one_category_gives_nan_and_a_notice(survey, views):
    found = crosstab(survey[survey["gender"] == 1], rows="gender", columns="SAT1")
    assert np.isnan(found.glance()["statistic"].iloc[0])
    assert [p.code for p in found.notices] == ["W621"]
    assert views(found)


def test_nobody_is_left(survey, views):
    found = crosstab(survey.assign(gender=np.nan), rows="gender", columns="SAT1")
    assert found.n_obs == 0
    assert views(found)


def test_calls_that_cannot_mean_anything(survey):
    for arguments, code in (
        ({"rows": "gender", "columns": "gender"}, "E620"),
        ({"rows": "gender", "columns": "SAT1", "percent": "cell"}, "E614"),
        ({"rows": "gendr", "columns": "SAT1"}, "E600"),
        ({"rows": "need", "columns": "sex"}, "E600"),
    ):
        with pytest.raises(AnalysisError) as caught:
            crosstab(survey, **arguments)
        assert caught.value.problems[0].code == code


@given(tables, st.integers(0, 2**32 - 1))
def test_the_order_of_categories_does_not_matter(counts, seed):
    rng = np.random.default_rng(seed)
    assume(counts.sum() > 0)
    turned = counts[rng.permutation(counts.shape[0])][:, rng.permutation(counts.shape[1])].T
    a, b = association(counts), association(turned)
    assert a.chi2 == pytest.approx(b.chi2, abs=1e-9, nan_ok=True)
    assert a.cramers_v == pytest.approx(b.cramers_v, abs=1e-9, nan_ok=True)
    assert not a.cramers_v > 1 + 1e-12


@given(tables)
def test_doubling_all_counts_doubles_chi_square_and_keeps_v(counts):
    a, b = association(counts), association(2 * counts)
    assert b.chi2 == pytest.approx(2 * a.chi2, abs=1e-9, nan_ok=True)
    assert b.cramers_v == pytest.approx(a.cramers_v, abs=1e-9, nan_ok=True)


def test_holm_agrees_with_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, 0.04, 0.03, 0.005, np.nan, 0.9])
    assert np.isnan(holm(p)[4])
    tested = ~np.isnan(p)
    assert holm(p)[tested] == pytest.approx(multipletests(p[tested], method="holm")[1])


def test_codes_keep_their_words(survey):
    table = crosstab(survey, rows="gender", columns="SAT1").table()
    assert table.header[0][1].text("zh") == "差"
    assert table.rows[1].cells[0].value.text("en") == "female"
    assert isinstance(table.rows[0].cells[1].value, int)
    assert table.rows[2].cells[1].value == 0 and table.rows[2].cells[2].value is None
