"""What must hold of any model: derivatives, invariances, constraints, and faults that name their cause."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from structure_models import M3, fitted, scored

from evalkit.contract import AnalysisError
from evalkit.sampling import Design
from evalkit.structure import bootstrap, fit, modification_indices, monte_carlo, scores
from evalkit.structure.information import expected_information, observed_information

SEM = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ b*f + c*z\nx1 ~~ x4\nindirect := b * c"


def simulated(n=400, seed=3, missing=0.0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    z = draw.normal(size=n)
    f = draw.normal(size=n)
    g = 0.5 * f + 0.3 * z + 0.7 * draw.normal(size=n)
    x = np.column_stack([f, f, f, g, g, g]) + 0.8 * draw.normal(size=(n, 6))
    data = pd.DataFrame(x, columns=[f"x{i}" for i in range(1, 7)]).assign(z=z)
    return data.mask(draw.random(data.shape) < missing) if missing else data


CASES = [
    {"estimator": "ML"},
    {"estimator": "ML", "meanstructure": True},
    {"estimator": "GLS", "meanstructure": True},
    {"estimator": "ULS", "meanstructure": True},
    {"estimator": "ML", "missing": "fiml", "fixed_x": False},
]


@pytest.mark.parametrize("options", CASES, ids=lambda o: "-".join(map(str, o.values())))
def test_derivatives_are_exact(options):
    found = fit(SEM, simulated(missing=0.1 if "missing" in options else 0.0), **options)
    objective = found.objective
    theta = found.theta + 0.03 * np.sin(np.arange(len(found.theta)))

    def value(at):
        return objective.value(objective.implied(at))

    def gradient(at):
        implied = objective.implied(at)
        return objective.gradient(implied, objective.jacobians(implied))

    step = 1e-6
    numeric = [(value(theta + step * e) - value(theta - step * e)) / (2 * step) for e in np.eye(len(theta))]
    assert gradient(theta) == pytest.approx(numeric, abs=2e-8)
    hessian = [
        (gradient(found.theta + step * e) - gradient(found.theta - step * e)) / (2 * step) for e in np.eye(len(theta))
    ]
    observed = observed_information(objective, found.solution)
    assert observed == pytest.approx(np.array(hessian), abs=1e-7)
    assert np.abs(gradient(found.theta)).max() < 1e-8


@pytest.mark.parametrize("options", CASES[-1:], ids=["fiml"])
def test_scores_of_rows_add_up_to_the_gradient(options):
    from evalkit.structure.information import case_scores

    found = fit(SEM, simulated(missing=0.1), **options)
    assert np.abs(case_scores(found.objective, found.solution).sum(axis=0)).max() < 1e-5


def test_scaling_does_not_matter_to_the_fit():
    marker, unit = fitted("m3.ML"), fitted("m3.ML.std_lv")
    assert marker.test.statistic == pytest.approx(unit.test.statistic, abs=1e-9)
    loadings = [f.standardised().query("op == '=~'")[["est", "se"]].to_numpy() for f in (marker, unit)]
    assert loadings[0] == pytest.approx(loadings[1], abs=1e-7)


def test_order_of_items_and_units_do_not_matter():
    data = scored()
    turned = "MO =~ MO1 + MO4 + MO3 + MO2\nOB =~ OB1 + OB3 + OB2 + OB4\nOE =~ OE1 + OE4 + OE2 + OE3"
    assert fit(turned, data).test.statistic == pytest.approx(fitted("m3.ML").test.statistic, abs=1e-9)
    stretched = data.assign(OB1=1000 * data["OB1"], MO3=data["MO3"] / 500 + 7)
    assert fit(M3, stretched).test.statistic == pytest.approx(fitted("m3.ML").test.statistic, abs=1e-7)


def test_complete_rows_make_fiml_ordinary():
    data = simulated()
    plain, full = (fit(SEM, data, meanstructure=True, missing=m, information="expected") for m in ("listwise", "fiml"))
    assert full.theta == pytest.approx(plain.theta, abs=1e-8)
    assert full.estimates()["se"].to_numpy() == pytest.approx(plain.estimates()["se"].to_numpy(), abs=1e-8)


def test_weights_are_repeated_rows():
    data = simulated(150)
    weights = 1 + np.arange(150) % 3
    repeated = data.loc[data.index.repeat(weights)].reset_index(drop=True)
    weighted = fit(SEM, data.assign(w=weights.astype(float)), design=Design(weights="w"))
    assert weighted.options.estimator == "MLR"
    assert [p.code for p in weighted.notices] == ["N936"]
    assert weighted.theta == pytest.approx(fit(SEM, repeated).theta, abs=1e-7)


def test_equations_and_bounds():
    data = simulated()
    text = "f =~ x1 + a*x2 + b*x3\ng =~ x4 + x5 + x6"
    free, same = fit(text, data), fit("f =~ x1 + a*x2 + a*x3\ng =~ x4 + x5 + x6", data)
    equation = fit(text + "\na == b", data)
    assert (equation.df, equation.n_parameters) == (same.df, same.n_parameters)
    assert equation.test.statistic == pytest.approx(same.test.statistic, abs=1e-8)
    assert equation.estimates()["se"].to_numpy() == pytest.approx(same.estimates()["se"].to_numpy(), abs=1e-6)
    curved = fit(text + "\na * b == 1.1", data)
    labels = curved.table.label_values(curved.values)
    assert labels["a"] * labels["b"] == pytest.approx(1.1, abs=1e-8)
    assert curved.df == free.df + 1
    loose, tight = fit(text + "\na > 0.1", data), fit(text + "\na > 1.5", data)
    assert loose.theta == pytest.approx(free.theta, abs=1e-7)
    assert tight.table.label_values(tight.values)["a"] == pytest.approx(1.5, abs=1e-7)
    assert [p.code for p in tight.notices] == ["W935"]


def test_unweighted_least_squares_is_near_and_tests_itself():
    uls, ml = fitted("m3.ULS"), fitted("m3.ML")
    assert uls.test.statistic == pytest.approx(ml.test.statistic, rel=0.1)
    assert uls.estimates()["se"].to_numpy() == pytest.approx(ml.estimates()["se"].to_numpy(), rel=0.2)
    residual = uls.residuals().to_numpy()
    assert (residual**2).sum() < (ml.residuals().to_numpy() ** 2).sum()


def test_a_freed_parameter_falls_by_its_index():
    found = fitted("outcomes.ML")
    top = modification_indices(found).iloc[0]
    freed = fit(f"{found.model.text}\n{top.lhs} {top.op} {top.rhs}", scored())
    assert found.test.statistic - freed.test.statistic == pytest.approx(top.mi, rel=0.15)
    row = freed.table.find(top.lhs, top.op, top.rhs)
    assert freed.theta[row.free - 1] == pytest.approx(top.epc, rel=0.2)


def test_standardised_residuals_are_z_values():
    z = fitted("m3.ML").residuals("standardised").to_numpy()
    z = z[np.tril_indices(12, -1)]
    assert 0.5 < np.nanstd(z) < 1.3


def test_scores_of_incomplete_rows():
    found = fit("f =~ x1 + x2 + x3", simulated(), meanstructure=True)
    rows = pd.DataFrame({"x1": [1.0, 1.0, np.nan], "x2": [1.0, np.nan, np.nan], "x3": [1.0, 1.0, np.nan]})
    got = scores(found, rows)["f"]
    assert got[0] > got[1] > 0
    assert np.isnan(got[2])
    assert scores(found, rows, "ebm")["f"].equals(got)


def test_bootstrap_and_monte_carlo():
    found = fit(SEM, simulated(300))
    drawn = bootstrap(found, resamples=120, seed=7)
    assert drawn.n_failed == 0
    again = bootstrap(found, resamples=120, seed=7)
    assert np.array_equal(drawn.values, again.values)
    frame, analytic = drawn.frame(), found.estimates()
    free = analytic["se"] > 0
    assert frame.loc[free, "boot_se"].to_numpy() == pytest.approx(analytic.loc[free, "se"].to_numpy(), rel=0.35)
    corrected = drawn.frame(kind="bias_corrected")
    assert (corrected.loc[free, "conf_low"] < corrected.loc[free, "est"]).all()
    simulated_ends = monte_carlo(found, seed=1).frame().iloc[-1]
    assert simulated_ends["boot_se"] == pytest.approx(analytic["se"].iloc[-1], rel=0.1)
    assert simulated_ends["op"] == ":="


def test_bootstrap_of_clusters_groups_and_missing_answers():
    data = simulated(240, missing=0.05).assign(c=np.arange(240) // 8, h=np.arange(240) % 2)
    full = fit("f =~ x1 + x2 + x3 + x4", data, missing="fiml")
    assert np.isfinite(bootstrap(full, resamples=20, seed=1).values).all()
    clustered = fit("f =~ x1 + x2 + x3 + x4", data, cluster="c")
    assert len(bootstrap(clustered, resamples=30, seed=1).values) == 30
    groups = fit("f =~ x1 + x2 + x3 + x4", data, group="h")
    drawn = bootstrap(groups, resamples=20, seed=1, standardised=True)
    assert np.abs(drawn.values.mean(axis=0)).max() < 3


def test_definitions_of_a_definition_and_their_errors():
    found = fit("y ~ a*x1 + b*x2\n ab := a*b\n double := 2*ab", simulated().rename(columns={"z": "y"}))
    rows = found.estimates().set_index("lhs")
    assert rows.loc["double", "se"] == pytest.approx(2 * rows.loc["ab", "se"])


def codes(caught) -> list[str]:
    return [problem.code for problem in caught.value.problems]


FAULTS = [
    ("a constant item", "f =~ x1 + x2 + x3", {"x2": 1.0}, "E921", "x2"),
    ("two identical items", "f =~ x1 + x2 + x3", {"x2": "x1"}, "E923", "x1"),
    ("nobody answered", "f =~ x1 + x2 + x3", {"x2": np.nan}, "E924", "x2"),
    ("two items on one factor", "f =~ x1 + x2", {}, "E925", "f (2)"),
    ("two items and one strong factor", "f =~ x1 + x2\ng =~ x3 + x4 + x5\nf ~~ 0*g", {}, "E926", "f=~x2"),
    ("no scale", "f =~ NA*x1 + x2 + x3 + x4", {}, "E926", "f~~f"),
]


@pytest.mark.parametrize(("what", "model", "change", "code", "name"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_fault_names_its_cause(what, model, change, code, name):
    data = simulated()
    data = data.assign(**{k: data[v] if isinstance(v, str) else v for k, v in change.items()})
    with pytest.raises(AnalysisError) as caught:
        fit(model, data, missing="fiml" if code == "E924" else "listwise")
    assert codes(caught) == [code]
    assert name in str(caught.value.problems[0].params.values()) or name in str(caught.value)


def test_more_items_than_rows_and_a_small_group():
    with pytest.raises(AnalysisError) as caught:
        fit("f =~ x1 + x2 + x3 + x4 + x5 + x6", simulated().head(5))
    assert codes(caught) == ["E922"]
    with pytest.raises(AnalysisError) as caught:
        fit("f =~ x1 + x2 + x3", simulated(40).assign(h=["a"] * 37 + ["b"] * 3), group="h")
    assert codes(caught) == ["E922"]
    assert caught.value.problems[0].params["group"] == "b"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"estimator": "WLS2"}, "E928"),
        ({"missing": "pairwise"}, "E928"),
        ({"group": "h", "group_equal": ("loading",)}, "E927"),
        ({"estimator": "GLS", "missing": "fiml"}, "E929"),
        ({"estimator": "GLS", "cluster": "h"}, "E929"),
        ({"likelihood": "wishart", "missing": "fiml"}, "E929"),
    ],
)
def test_options_that_cannot_be_honoured(options, code):
    with pytest.raises(AnalysisError) as caught:
        fit("f =~ x1 + x2 + x3", simulated(60).assign(h=1.0), **options)
    assert codes(caught) == [code]


def test_a_heywood_case_is_said_and_not_clamped():
    cov = pd.DataFrame([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]], index=list("abc"), columns=list("abc"))
    found = fit("f =~ a + b + c", cov=cov, n=200)
    assert [(p.code, p.params["name"]) for p in found.notices] == [("W931", "a")]
    assert found.values[[r.name for r in found.table.rows].index("a~~a")] == pytest.approx(-0.28 * 199 / 200)


def test_latent_correlations_beyond_one_are_said():
    within = np.kron(np.eye(2), np.full((3, 3), 0.5)) + np.kron(1 - np.eye(2), np.full((3, 3), 0.55)) + 0.5 * np.eye(6)
    names = [f"x{i}" for i in range(6)]
    found = fit("f =~ x0 + x1 + x2\ng =~ x3 + x4 + x5", cov=pd.DataFrame(within, index=names, columns=names), n=300)
    assert found.notices[0].params["r"] == pytest.approx(1.1)
    assert "W933" in [p.code for p in found.notices]


def test_a_search_that_does_not_arrive_has_no_errors():
    draw = np.random.default_rng(8)
    data = pd.DataFrame(draw.normal(size=(60, 6)), columns=[f"x{i}" for i in range(6)])
    found = fit("f =~ x0 + x1 + x2\ng =~ x3 + x4 + x5", data)
    if not found.converged:
        assert [p.code for p in found.notices] == ["W930"]
        assert np.isnan(found.estimates().loc[1, "se"])
    assert np.isfinite(expected_information(found.objective, found.solution)).all()


def test_data_or_moments():
    with pytest.raises(AnalysisError) as caught:
        fit("f =~ a + b + c", cov=pd.DataFrame(np.eye(3), index=list("abc"), columns=list("abc")))
    assert codes(caught) == ["E920"]
    cov = pd.DataFrame(0.4 + 0.6 * np.eye(3), index=list("abc"), columns=list("abc"))
    with pytest.raises(AnalysisError) as caught:
        bootstrap(fit("f =~ a + b + c", cov=cov, n=100), resamples=5)
    assert codes(caught) == ["E920"]


def test_a_bifactor_model():
    draw = np.random.default_rng(12)
    n, general = 600, None
    general = draw.normal(size=n)
    special = draw.normal(size=(n, 3))
    x = 0.6 * general[:, None] + 0.5 * np.repeat(special, 4, axis=1) + 0.6 * draw.normal(size=(n, 12))
    data = pd.DataFrame(x, columns=[f"x{i}" for i in range(12)])
    parts = "\n".join(f"s{k} =~ " + " + ".join(f"x{4 * k + i}" for i in range(4)) for k in range(3))
    apart = "\n".join(f"g ~~ 0*s{k}" for k in range(3)) + "\ns0 ~~ 0*s1\ns0 ~~ 0*s2\ns1 ~~ 0*s2"
    found = fit("g =~ " + " + ".join(data.columns) + f"\n{parts}\n{apart}", data, std_lv=True)
    assert found.converged
    assert found.df == 42
    assert found.test.p_value > 0.001
    assert found.standardised()["est"][:12].abs().mean() == pytest.approx(0.61, abs=0.06)


def test_weak_markers_are_found_by_another_way():
    draw = np.random.default_rng(0)
    f = draw.normal(size=500)
    loadings = np.array([0.05, 0.8, -0.7, 0.6, 0.75])
    x = f[:, None] * loadings + np.sqrt(1 - loadings**2) * draw.normal(size=(500, 5))
    data = pd.DataFrame(x * [1, 20, 0.1, 3, 1], columns=list("abcde"))
    weak, strong = fit("f =~ a + b + c + d + e", data), fit("f =~ b + a + c + d + e", data)
    assert strong.converged
    if weak.converged:
        assert weak.test.statistic == pytest.approx(strong.test.statistic, abs=1e-6)
    else:
        assert np.isnan(weak.measures()["cfi"])


def test_residual_covariances_that_cannot_be_are_said():
    cov = pd.DataFrame(0.3 + 0.7 * np.eye(4), index=list("abcd"), columns=list("abcd"))
    text = "f =~ 1*a + 1*b + 1*c + 1*d\nf ~~ 1*f\na ~~ -0.5*b\na ~~ -0.5*c\nb ~~ -0.5*c"
    assert "W949" in [p.code for p in fit(text, cov=cov, n=200).notices]


def test_frames_of_estimates_share_nothing_that_can_be_changed():
    data = simulated()
    found = fit(SEM, data).estimates()
    found.columns.name, found.loc[0, "lhs"] = "changed", "changed"
    again = fit(SEM, data).estimates()
    assert again.columns.name is None and again.loc[0, "lhs"] != "changed"
