"""Continuous CFA against lavaan, record by record."""

from __future__ import annotations

import numpy as np
import pytest
from structure_models import MODELS, assert_close, assert_table, fitted, measure, records, scored

from evalkit.structure import compare, fit, modification_indices, scores

RECORDS = records("cfa")
CATEGORICAL = ("WLS", "DWLS", "ULSMV")


def named(*ends: str) -> list[str]:
    """Records of one kind, of the models of continuous items."""
    found = [id for id in RECORDS if id.rpartition(".")[2] in ends and not any(c in id for c in CATEGORICAL)]
    return [id for id in found if id.rpartition(".")[0] in MODELS]


@pytest.mark.parametrize("id", named("n"))
def test_rows(id):
    assert fitted(id.rpartition(".")[0]).n_obs == RECORDS[id]["estimate"]


@pytest.mark.parametrize("id", named("fit"))
def test_fit_measures(id):
    found = fitted(id.rpartition(".")[0])
    measures = found.measures()
    for name, value in RECORDS[id]["estimate"].items():
        assert_close(measure(measures, name, found.n_obs), value, RECORDS[id], name)


@pytest.mark.parametrize("id", named("parameters"))
def test_parameters(id):
    assert_table(fitted(id.rpartition(".")[0]).estimates(), RECORDS[id])


@pytest.mark.parametrize("id", named("std"))
def test_standardised(id):
    assert_table(fitted(id.rpartition(".")[0]).standardised(), RECORDS[id])


@pytest.mark.parametrize("id", named("r2"))
def test_r_squared(id):
    got = fitted(id.rpartition(".")[0]).r_squared().set_index("name")["value"]
    reference = RECORDS[id]["estimate"]
    assert_close([got[name] for name in reference], list(reference.values()), RECORDS[id])
    assert set(got.index) == set(reference)


@pytest.mark.parametrize("id", named("residual_cor"))
def test_residual_correlations(id):
    record = RECORDS[id]
    got = fitted(id.rpartition(".")[0]).residuals("cor").loc[record["rows"], record["cols"]]
    assert_close(got, record["estimate"], record)


@pytest.mark.parametrize("id", named("factor_cor"))
def test_latent_correlations(id):
    record = RECORDS[id]
    got = fitted(id.rpartition(".")[0]).latent_cor().loc[record["rows"], record["cols"]]
    assert_close(got, record["estimate"], record)


def test_covariance_of_the_estimates():
    record = RECORDS["m3.ML.std_lv.vcov_trace"]
    assert_close(np.trace(fitted("m3.ML.std_lv").vcov), record["estimate"], record)


@pytest.mark.parametrize(("id", "name"), [("m3.ML_expected_se", "m3.ML"), ("m3.ML_observed_se", "m3.ML.observed")])
def test_errors_by_kind_of_information(id, name):
    assert_close(fitted(name).estimates()["se"], RECORDS[id]["estimate"], RECORDS[id])


def test_a_covariance_matrix_gives_the_same():
    record = RECORDS["m3.from_cov.fit"]
    model = MODELS["m3.ML"][0]
    items = list(fitted("m3.ML").table.observed)
    complete = scored()[items].dropna()
    measures = fit(model, cov=complete.cov(), n=len(complete)).measures()
    for name, value in record["estimate"].items():
        assert_close(measure(measures, name, len(complete)), value, record, name)


def test_the_loading_of_the_common_factor():
    record = RECORDS["common_latent_factor.ML.loading_m"]
    rows = fitted("common_latent_factor.ML").estimates()
    assert_close(abs(rows.loc[rows["label"] == "m", "est"].iloc[0]), record["estimate"], record)


@pytest.mark.parametrize("id", [id for id in RECORDS if "modification_indices" in id])
def test_modification_indices(id):
    record = RECORDS[id]
    reference = record["estimate"]
    got = modification_indices(fitted(id.rpartition(".")[0] if id.startswith("m") else "outcomes.ML"))
    mine = {(r.lhs, r.op, r.rhs): r for r in got.head(len(reference) + 5).itertuples()}
    for row in reference:
        found = mine[row["lhs"], row["op"], row["rhs"]]
        for name, value in (("mi", found.mi), ("epc", found.epc), ("sepc.all", found.sepc_all)):
            assert_close(value, row[name], record, (row["lhs"], row["rhs"], name))
    top = got.head(len(reference))
    assert set(zip(top["lhs"], top["rhs"], strict=True)) == {(r["lhs"], r["rhs"]) for r in reference}


COMPARISONS = {
    "compare.m1_m3.ML": ("m3.ML", "m1.ML", "auto"),
    "compare.m1_m3.MLR": ("m3.MLR", "m1.MLR", "auto"),
    "compare.equal_correlations.MLR": ("m3.MLR", "equal_correlations.MLR", "auto"),
    "compare.equal_correlations.MLM": ("m3.MLM", "equal_correlations.MLM", "auto"),
    "compare.tau_equivalence.MLR": ("m3.MLR", "tau_equivalence.MLR", "auto"),
    "compare.equal_correlations.MLR_sb2010": ("m3.MLR", "equal_correlations.MLR", "sb2010"),
    "compare.outcomes_rescov": ("outcomes_rescov.ML", "outcomes.ML", "auto"),
    "compare.tau_equivalence.SAT": ("SAT.congeneric", "SAT.tau", "auto"),
}


def test_every_comparison_of_continuous_models_is_held():
    assert set(COMPARISONS) == {id for id in RECORDS if id.startswith("compare.") and "WLSMV" not in id}


@pytest.mark.parametrize("id", COMPARISONS)
def test_nested_models(id):
    one, other, method = COMPARISONS[id]
    found = compare(fitted(other), fitted(one), method)
    reference = RECORDS[id]["estimate"]
    for name, value in (("chisq_diff", found.chisq_diff), ("df_diff", found.df_diff), ("p", found.p_value)):
        assert_close(value, np.nan if reference[name] is None else reference[name], RECORDS[id], name)
    assert bool(found.notices) == (reference["chisq_diff"] is None)


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_factor_scores(method):
    record = RECORDS[f"SAT.scores_{method}_first10"]
    found = fitted("SAT_means.ML")
    got = scores(found, scored().loc[found.sample.groups[0].index], method)
    assert_close(got["SAT"].to_numpy()[:10], record["estimate"], record)


def test_baseline_alone():
    record = RECORDS["SAT.baseline_chisq"]
    measures = fitted("SAT_means.ML").measures()
    for name, value in record["estimate"].items():
        assert_close(measure(measures, name, 0), value, record, name)


def test_omega_of_the_second_order_model():
    record = RECORDS["second_order.ML.omega"]
    found = fitted("second_order.ML")
    implied, p = found.solution.implied[0], found.layout.n_observed
    at = found.layout.variables.index("LEAD")
    general, total = implied.paths_inverse[:p, at], implied.cov.sum()
    _, spread, _ = found.layout.matrices(found.values, 0)
    hierarchical = general.sum() ** 2 * spread[at, at] / total
    rest = 1 - np.trace(spread[:p, :p]) / total
    assert_close([hierarchical, rest], list(record["estimate"].values()), record)


OMEGA = [id for id in records("reliability") if id.startswith("omega_cfa_") and "semTools" not in id]


@pytest.mark.parametrize("id", OMEGA)
def test_omega_from_a_one_factor_model(id):
    record, scale = records("reliability")[id], id.rpartition(".")[2]
    items = [name for name in scored().columns if name[: len(scale)] == scale and name[len(scale) :].isdigit()]
    found = fit(f"F =~ {' + '.join(items)}", scored(), std_lv=True)
    rows = found.estimates() if "raw" in id else found.standardised()
    loadings = rows.loc[rows["op"] == "=~", "est"]
    rest = rows.loc[(rows["op"] == "~~") & (rows["lhs"] != "F"), "est"]
    assert_close(loadings.sum() ** 2 / (loadings.sum() ** 2 + rest.sum()), record["estimate"], record)


@pytest.mark.parametrize("id", [id for id in records("reliability") if id.startswith("omega_cfa_semTools")])
def test_omega_over_the_observed_variance(id):
    record, scale = records("reliability")[id], id.rpartition(".")[2]
    items = [name for name in scored().columns if name[: len(scale)] == scale and name[len(scale) :].isdigit()]
    found = fit(f"F =~ {' + '.join(items)}", scored(), std_lv=True)
    rows = found.estimates()
    loadings = rows.loc[rows["op"] == "=~", "est"]
    assert_close(loadings.sum() ** 2 / found.sample.groups[0].cov.sum(), record["estimate"], record)
