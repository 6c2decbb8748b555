"""Sensitivity of indirect effects: against published formulas, and against data with a confounder of known strength."""

import numpy as np
import pandas as pd
import pytest

from evalkit.models import mediate, regress
from evalkit.models.mediation.evidence import e_value
from evalkit.models.mediation.sensitivity import Edge, Residuals, Traced, sensitivity_of, step_of, vanishing_rho
from evalkit.models.mediation.system import Equation, System, Term
from evalkit.report.figures import draw

FEW = {"resamples": 100, "seed": 3}
COVARIATES = ["age", "female", "education", "renter"]
SIMPLE = System(
    (Equation("m", "linear", (Term(), Term(("x",)))), Equation("y", "linear", (Term(), Term(("x",)), Term(("m",))))),
    ("x", "m", "y"),
)


def residual(y, x):
    x = np.column_stack([np.ones(len(y)), x])
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def links(result):
    return result.sensitivity.links


class TestRho:
    def test_is_the_partial_correlation_of_the_two_ends(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m="SV", y="SAT", covariates=COVARIATES, **FEW)
        base = analysis_sample[["OE", *COVARIATES]].to_numpy(float)
        m, y = (residual(analysis_sample[name].to_numpy(float), base) for name in ("SV", "SAT"))
        rho = np.corrcoef(m, y)[0, 1]
        row = result.effects.set_index("term").loc["indirect.SV"]
        assert row["rho"] == pytest.approx(rho, abs=1e-10)
        assert row["r2_residual"] == pytest.approx(rho**2, abs=1e-10)
        fits = [
            regress(analysis_sample, f"{o} ~ {' + '.join(['OE', *more, *COVARIATES])}")
            for o, more in (("SV", []), ("SAT", ["SV"]))
        ]
        shares = [fit.glance()["r_squared"].iloc[0] for fit in fits]
        assert row["r2_total"] == pytest.approx(rho**2 * (1 - shares[0]) * (1 - shares[1]), abs=1e-10)

    def test_effects_along_rho_follow_theorem_4_of_imai_keele_yamamoto(self):
        rng = np.random.default_rng(4)
        x = rng.normal(size=300)
        m = 0.5 * x + rng.normal(size=300)
        y = 0.2 * x + 0.4 * m + rng.normal(size=300)
        found = Residuals(SIMPLE, np.column_stack([x, m, y])).ends("m", "y")
        e1, e2 = residual(y, x[:, None]), residual(m, x[:, None])
        rho0 = np.corrcoef(e1, e2)[0, 1]
        b = np.linalg.lstsq(np.column_stack([np.ones(300), x, m]), y, rcond=None)[0][2]
        a = np.linalg.lstsq(np.column_stack([np.ones(300), x]), m, rcond=None)[0][1]
        traced = Traced(0, (Edge("x", "m", a, 0.05), Edge("m", "y", b, 0.05)))
        curve = sensitivity_of([traced], Residuals(SIMPLE, np.column_stack([x, m, y])), 300, 0.95).curves
        rho = curve["theta"].to_numpy(float)
        wanted = a * e1.std() / e2.std() * (rho0 - rho * np.sqrt((1 - rho0**2) / (1 - rho**2)))
        assert curve["estimate"].to_numpy(float) == pytest.approx(wanted, abs=1e-10)
        assert vanishing_rho(b, found.ratio) == pytest.approx(rho0, abs=1e-10)
        assert (curve["conf_low"] < curve["estimate"]).all()

    @pytest.mark.parametrize("rho", [-0.5, 0.2, 0.6])
    def test_a_confounder_of_known_strength_is_found(self, rho):
        """The mediator has no effect at all; only correlated errors make it seem so."""
        rng = np.random.default_rng(5)
        n = 40_000
        x = rng.normal(size=n)
        errors = rng.normal(size=(n, 2))
        m = 0.5 * x + errors[:, 0]
        y = 0.3 * x + 1.5 * (rho * errors[:, 0] + np.sqrt(1 - rho**2) * errors[:, 1])
        data = pd.DataFrame({"x": x, "m": m, "y": y})
        row = mediate(data, x="x", m="m", y="y", ci="monte_carlo").effects.set_index("term").loc["indirect.m"]
        assert row["rho"] == pytest.approx(rho, abs=0.02)

    def test_the_weakest_path_of_a_chain_counts(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m=["SV", "CW"], y="SAT", kind="serial", **FEW)
        rows = links(result)
        terms = dict(enumerate(result.effects["term"]))
        chain = rows[rows["row"].map(terms) == "indirect.SV.CW"]
        assert list(zip(chain["start"], chain["to"], strict=True)) == [("SV", "CW"), ("CW", "SAT")]
        effect = result.effects.set_index("term").loc["indirect.SV.CW"]
        assert effect["rho"] == chain["rho"].abs().min()
        assert chain["weakest"].sum() == 1

    def test_a_path_model_and_a_chain_agree(self, analysis_sample):
        chain = mediate(analysis_sample, x="OE", m="SV", y="SAT", covariates=["age"], **FEW)
        model = mediate(analysis_sample, x="OE", m=(), y="SAT", paths=["SV ~ OE + age", "SAT ~ OE + SV + age"], **FEW)
        for name in ("rho", "r2_residual", "r2_total"):
            one, other = (r.effects.set_index("term").loc["indirect.SV", name] for r in (chain, model))
            assert one == pytest.approx(other, abs=1e-10)

    def test_a_moderated_path_has_a_rho_at_each_point(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m="SV", y="SAT", moderators={"CC": ["b"]}, **FEW)
        rho = result.effects[result.effects["term"] == "indirect.SV"]["rho"]
        assert len(rho) == 3
        assert rho.is_monotonic_increasing

    def test_weights_count(self, analysis_sample):
        from evalkit.sampling import Design

        data = analysis_sample.assign(w=np.where(analysis_sample["age"] > 50, 2.0, 1.0))
        weighted = mediate(data, x="OE", m="SV", y="SAT", design=Design(weights="w"), **FEW)
        doubled = data.loc[np.repeat(data.index, data["w"].astype(int))].reset_index(drop=True)
        plain = mediate(doubled, x="OE", m="SV", y="SAT", **FEW)
        one, other = (r.effects.set_index("term").loc["indirect.SV", "rho"] for r in (weighted, plain))
        assert one == pytest.approx(other, abs=1e-10)


class TestEValues:
    def test_of_a_standardised_effect(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m="SV", y="SAT", **FEW)
        for term in ("indirect.SV", "total"):
            row = result.effects.set_index("term").loc[term]
            assert row["e_value"] == pytest.approx(e_value(np.exp(0.91 * row["completely_standardised"])))
        assert row["e_value_limit"] < row["e_value"]

    def test_a_step_is_the_distance_of_two_values(self):
        assert step_of(np.array([1.0, 3.0, 1.0, 3.0]), None) == 2.0
        assert step_of(np.array([1.0, 2.0, 3.0]), None) == 1.0


class TestViews:
    def test_table_and_figure(self, analysis_sample):
        result = mediate(
            analysis_sample, x="OE", m=["SV", "CW"], y="SAT", kind="serial", moderators={"CC": ["b"]}, **FEW
        )
        assert "sensitivity" in result.templates
        assert "sensitivity" in result.figures
        table = result.table("sensitivity")
        assert len(table.rows) == len(links(result))
        assert {len(row.cells) for row in table.rows} == {table.n_columns}
        for lang in ("zh", "en"):
            assert all(note.text(lang) for note in table.notes)
            drawn = draw(result.figure("sensitivity"), lang=lang)
            assert drawn.svg
            assert not drawn.notices

    def test_nothing_to_examine_where_nothing_was_estimated(self):
        data = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "m": 1.0, "y": [1.0, 3, 2, 4, 6, 5]})
        result = mediate(data, x="x", m="m", y="y", **FEW)
        assert result.sensitivity is None
        assert "sensitivity" not in result.templates
        assert result.effects["rho"].isna().all()

    def test_no_rho_where_it_is_not_defined(self):
        assert np.isnan(vanishing_rho(0.5, np.nan))
        logit = System((SIMPLE.equations[0], Equation("y", "logit", SIMPLE.equations[1].terms)), SIMPLE.columns)
        ends = Residuals(logit, np.random.default_rng(1).normal(size=(20, 3))).ends("m", "y")
        assert np.isnan(ends.ratio)
