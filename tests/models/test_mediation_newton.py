"""Resamples of equations of every family against a fit of its own for each, with counts as weights."""

import numpy as np
import pytest

from evalkit.models.generalised.ascent import maximum, with_dispersion
from evalkit.models.generalised.outcomes import likelihood_of
from evalkit.models.mediation.equation_fit import fit_equation, refit_of
from evalkit.models.mediation.newton import packed, solved
from evalkit.models.mediation.system import Equation, Term
from evalkit.models.sandwich import Errors
from evalkit.resample import Plan

N = 300
TERMS = (Term(), Term(("x",)), Term(("m",)))


def made(family, seed=1):
    """Columns and an outcome of a family."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    m = 0.4 * x + rng.normal(size=N)
    eta = 0.2 + 0.3 * x + 0.4 * m
    columns = np.column_stack([np.ones(N), x, m])
    if family == "linear":
        y = eta + rng.normal(size=N)
    elif family == "logit":
        y = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    elif family == "probit":
        y = (eta + rng.normal(size=N) > 0).astype(float)
    elif family == "poisson":
        y = rng.poisson(np.exp(eta)).astype(float)
    elif family == "negative_binomial":
        y = rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, size=N)).astype(float)
    else:
        noise = rng.logistic(size=N) if family == "ordered_logit" else rng.normal(size=N)
        y = 1.0 + np.digitize(eta + noise, [-1.2, 0.3, 1.4])
    return columns, y


def equation(family):
    return Equation("y", family, TERMS[1:] if family.startswith("ordered") else TERMS)


def parts(family, columns, y):
    x = columns[:, 1:] if family.startswith("ordered") else columns
    fit = fit_equation(equation(family), x, y, Errors())
    return fit, refit_of(fit, x, y)


def alone(family, columns, y, weights):
    """Parameters and scale of one resample, by the models of outcomes or by least squares."""
    if family == "linear":
        b = np.linalg.solve(columns.T @ (columns * weights[:, None]), columns.T @ (weights * y))
        return b, np.sqrt(weights @ (y - columns @ b) ** 2 / (N - 3))
    codes = y - 1 if family.startswith("ordered") else y
    likelihood = likelihood_of(family, columns, codes, np.zeros(N))
    if family == "negative_binomial":
        current, found, _ = with_dispersion(likelihood, weights)
        return found.b, np.inf if current.theta is None else current.theta
    return maximum(likelihood, weights).b, np.nan


FAMILIES = ("linear", "logit", "probit", "ordered_logit", "ordered_probit", "poisson", "negative_binomial")


@pytest.mark.parametrize("family", FAMILIES)
class TestEngines:
    def test_every_resample_is_at_its_own_maximum(self, family):
        columns, y = made(family)
        _, refit = parts(family, columns, y)
        counts = next(Plan(N, 12, 3).blocks())
        found = refit.block(counts)
        assert found.converged.all()
        assert not found.separated.any()
        for i in range(0, 12, 3):
            b, scale = alone(family, columns, y, counts[i])
            assert found.coefficients[i] == pytest.approx(b, abs=1e-7)
            assert found.scale[i] == pytest.approx(scale, rel=1e-5, nan_ok=True)

    def test_the_sample_itself_comes_back(self, family):
        columns, y = made(family)
        fit, refit = parts(family, columns, y)
        found = refit.block(np.ones((2, N)))
        assert found.coefficients[1] == pytest.approx(fit.estimate, abs=1e-8)
        assert found.scale[0] == pytest.approx(fit.scale, rel=1e-6, nan_ok=True)

    def test_weights_scale_out(self, family):
        columns, y = made(family)
        _, refit = parts(family, columns, y)
        counts = next(Plan(N, 3, 5).blocks())
        assert refit.block(2 * counts).coefficients == pytest.approx(refit.block(counts).coefficients, abs=1e-8)

    def test_a_collinear_column_stays_out(self, family):
        columns, y = made(family)
        terms = (*equation(family).terms, Term(("x", "x")))
        x = columns[:, 1:] if family.startswith("ordered") else columns
        x = np.column_stack([x, 2 * x[:, -1]])
        fit = fit_equation(Equation("y", family, terms), x, y, Errors())
        assert [p.code for p in fit.problems] == ["W656"]
        assert np.isnan(fit.estimate[-1])
        found = refit_of(fit, x, y).block(next(Plan(N, 4, 5).blocks()))
        assert (found.coefficients[:, -1] == 0).all()
        assert found.converged.all()


class TestFailures:
    def test_a_separated_resample_is_told_apart(self):
        columns, y = made("logit")
        _, refit = parts("logit", columns, y)
        chosen = np.where(columns[:, 1] > 0, y == 1, y == 0).astype(float)  # the drawn ones follow x to a man
        found = refit.block(np.vstack([np.ones(N), chosen]))
        assert found.converged.tolist() == [True, False]
        assert found.separated.tolist() == [False, True]
        assert np.isnan(found.coefficients[1]).all()

    @pytest.mark.parametrize("family", ["logit", "probit", "poisson", "negative_binomial"])
    def test_a_resample_with_one_value_has_no_maximum(self, family):
        columns, y = made(family)
        _, refit = parts(family, columns, y)
        assert refit.block((y == 0).astype(float)[None]).converged.tolist() == [False]

    @pytest.mark.parametrize("family", ["ordered_logit", "ordered_probit"])
    def test_an_empty_category_is_no_resample(self, family):
        columns, y = made(family)
        _, refit = parts(family, columns, y)
        found = refit.block(np.vstack([(y != 2).astype(float), np.ones(N)]))
        assert found.converged.tolist() == [False, True]
        assert found.separated.tolist() == [True, False]

    def test_counts_without_overdispersion_are_poisson(self):
        columns, y = made("poisson", seed=4)
        fit, refit = parts("negative_binomial", columns, np.minimum(y, 3.0))
        assert fit.scale == np.inf
        found = refit.block(next(Plan(N, 10, 2).blocks()))
        assert found.converged.all()
        assert np.isinf(found.scale).sum() > 5

    def test_separation_in_the_sample_is_a_problem(self):
        columns, _ = made("logit")
        fit = fit_equation(equation("logit"), columns, (columns[:, 1] > 0).astype(float), Errors())
        assert not fit.solved
        assert [p.code for p in fit.problems] == ["W758"]

    def test_one_value_is_a_problem(self):
        columns, _ = made("logit")
        fit = fit_equation(equation("logit"), columns, np.ones(N), Errors())
        assert [p.code for p in fit.problems] == ["W658"]


def test_elimination_solves_and_inverts():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 40, 4)) * [1.0, 1e3, 1e-4, 5.0]
    whole = np.einsum("bni,bnj->bij", x, x)
    right = rng.normal(size=(3, 4))
    move, variances = solved(np.array([packed(part).sum(axis=0) for part in x]), right)
    assert move == pytest.approx(np.linalg.solve(whole, right[:, :, None])[:, :, 0], rel=1e-9)
    assert variances == pytest.approx(np.array([np.diag(np.linalg.inv(w)) for w in whole]), rel=1e-9)
    assert np.isnan(solved(np.zeros((1, 3)), np.ones((1, 2)))[0]).all()
