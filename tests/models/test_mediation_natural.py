"""Natural effects against R (potential outcomes integrated by quadrature) and against sums done by brute force."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit, ndtr

from evalkit.models.mediation.counterfactual import Evaluation, Model, Parameters
from evalkit.models.mediation.equation_fit import fit_equation, refit_of
from evalkit.models.mediation.integrals import COARSE, logistic_normal
from evalkit.models.mediation.natural import Natural, ancestors
from evalkit.models.mediation.natural_draws import Fitted
from evalkit.models.mediation.system import Equation, System, Term, design
from evalkit.models.sandwich import Errors
from evalkit.resample import Plan

NAMES = {
    "acme0": "nie.pure",
    "acme1": "nie.total",
    "ade0": "nde.pure",
    "ade1": "nde.total",
    "total": "total",
    "acme_avg": "nie.average",
    "ade_avg": "nde.average",
    "prop_avg": "proportion",
    "cde_at_mean": "cde",
}
MODELS = {
    "logit": ("SAT ~ oe_hi renovated age renter", "signed_agreement ~ oe_hi SAT renovated age renter", "logit"),
    "logit_interaction": (
        "SAT ~ oe_hi renovated age renter",
        "signed_agreement ~ oe_hi SAT renovated age renter oe_hi:SAT",
        "logit",
    ),
    "linear_interaction": ("SV ~ oe_hi age female", "SAT ~ oe_hi SV age female oe_hi:SV", "linear"),
}
_DONE = {}


def equation(text, family="linear"):
    outcome, _, right = text.partition("~")
    own = [Term(tuple(part.split(":"))) for part in right.split()]
    first = [] if family.startswith("ordered") else [Term()]
    return Equation(outcome.strip(), family, (*first, *own))


def estimated(equations, columns, x, contrast=(0.0, 1.0), levels=()):
    """The natural effects of a system, and its fits with their engines."""
    names = tuple(columns)
    values = np.column_stack([columns[name] for name in names])
    places = System(equations, names).places
    designs = [design(e, places, values) for e in equations]
    fits = tuple(fit_equation(e, d, columns[e.outcome], Errors()) for e, d in zip(equations, designs, strict=True))
    refits = tuple(refit_of(f, d, columns[f.equation.outcome]) for f, d in zip(fits, designs, strict=True))
    fixed = {e.outcome: float(columns[e.outcome].mean()) for e in equations[:-1]}
    natural = Natural(equations, columns, x, *contrast, fixed, levels)
    return natural, Fitted(fits, refits, np.ones(len(values)))


@pytest.fixture
def reference(analysis_sample):
    def made(name):
        if name not in _DONE:
            data = analysis_sample.assign(oe_hi=(analysis_sample["OE"] > 3.25).astype(float))
            first, second, family = MODELS[name]
            equations = (equation(first), equation(second, family))
            used = dict.fromkeys(n for e in equations for n in (e.outcome, *e.names))
            _DONE[name] = estimated(equations, {n: data[n].to_numpy(float) for n in used}, "oe_hi")
        return _DONE[name]

    return made


def by_term(natural, values):
    return {term: value for (term, level), value in zip(natural.terms, values, strict=True) if level is None}


class TestAgainstR:
    @pytest.mark.parametrize(("record", "model", "place"), [
        ("causal.logit.M", "logit", 0),
        ("causal.logit.Y", "logit", 1),
        ("causal.logit_interaction.Y", "logit_interaction", 1),
    ])  # fmt: skip
    def test_equations(self, reference, golden, record, model, place):
        fit = reference(model)[1].fits[place]
        expected = golden("mediation", record)
        assert {"(Intercept)", *fit.terms} - {"intercept"} == set(expected.estimate.index)
        error = np.sqrt(np.diag(fit.covariance))
        statistic = fit.estimate / error
        law = stats.norm if np.isinf(fit.df) else stats.t(fit.df)
        found = {"estimate": fit.estimate, "se": error, "t": statistic, "p": 2 * law.sf(np.abs(statistic))}
        for i, term in enumerate(fit.terms):
            name = "(Intercept)" if term == "intercept" else term
            for column, values in found.items():
                assert values[i] == expected.approx(name, column), (term, column)

    def test_sigma(self, reference, golden):
        assert reference("logit")[1].fits[0].scale == golden("mediation", "causal.logit.sigma_M").approx()

    @pytest.mark.parametrize("record", [
        "causal.logit.deterministic",
        "causal.logit_interaction.deterministic",
        "causal.linear_interaction.closed_form",
    ])  # fmt: skip
    def test_effects(self, reference, golden, record):
        natural, fitted = reference(record.split(".")[1])
        found = by_term(natural, fitted.sample(natural))
        expected = golden("mediation", record)
        assert {name: found[NAMES[name]] for name in expected.fields} == expected.approx()

    @pytest.mark.parametrize("record", ["causal.logit.delta_se", "causal.logit_interaction.delta_se"])
    def test_delta_errors(self, reference, golden, record):
        natural, fitted = reference(record.split(".")[1])
        found = by_term(natural, fitted.delta(natural, Errors()))
        expected = golden("mediation", record)
        assert {name: found[NAMES[name]] for name in expected.fields} == expected.approx()

    @pytest.mark.parametrize("model", ["logit", "logit_interaction"])
    def test_normal_draws_of_the_coefficients(self, reference, golden, model):
        natural, fitted = reference(model)
        drawn = by_term(natural, fitted.monte_carlo(natural, Errors(), 3))
        for record in golden_ids(golden, f"causal.{model}.quasi_bayes."):
            values = drawn[NAMES[record.rpartition(".")[2]]]
            expected = golden("mediation", record)
            assert values.mean() == expected.approx("mean")
            assert np.quantile(values, 0.025) == expected.approx("lower")
            assert np.quantile(values, 0.975) == expected.approx("upper")
            p = 2 * min((values > 0).mean(), (values < 0).mean())
            assert p == pytest.approx(expected.value("p"), abs=0.05)


def golden_ids(golden, start):
    found = golden.ids("mediation", start)
    assert len(found) == 7
    return found


N = 6
X = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
C = np.array([-1.0, -0.5, 0.0, 0.3, 0.8, 1.5])
COLUMNS = {"x": X, "c": C, "m": np.zeros(N), "k": np.zeros(N), "y": np.zeros(N)}


def means(equations, parameters, at_m, at_y):
    """Mean outcome of every row with x at `at_m` for all mediators and at `at_y` for the outcome; shape (L, n)."""
    model = Model(equations, COLUMNS, "x")
    world = {e.outcome: at_m for e in equations[:-1]} | {equations[-1].outcome: at_y}
    own = tuple(
        Parameters(e, np.array([b]), np.array([scale]), support)
        for e, (b, scale, support) in zip(equations, parameters, strict=True)
    )
    return Evaluation(model, own).means(world)[:, 0]


def normal_mean(function):
    return integrate.quad(lambda z: function(z) * stats.norm.pdf(z), -9, 9, epsabs=1e-12, limit=400)[0]


class TestAgainstBruteForce:
    @pytest.mark.parametrize("family", ["logit", "probit", "poisson", "linear"])
    def test_a_normal_mediator_before_each_link(self, family):
        equations = (equation("m ~ x c"), equation("y ~ x m c x:m", family))
        b_m, sigma, b_y = [0.2, 0.7, -0.3], 1.3, [-0.4, 0.3, 0.5, 0.2, 0.25]
        found = means(equations, [(b_m, sigma, ()), (b_y, np.nan, (0.0, 1.0))], 1.0, 0.5)[0]
        inverse = {"logit": expit, "probit": ndtr, "poisson": np.exp, "linear": lambda e: e}[family]
        for i in range(N):
            mean = 0.2 + 0.7 - 0.3 * C[i]
            slope, rest = 0.5 + 0.25 * 0.5, -0.4 + 0.3 * 0.5 + 0.2 * C[i]
            wanted = normal_mean(lambda z, m=mean, s=slope, r=rest: inverse(r + s * (m + sigma * z)))
            assert found[i] == pytest.approx(wanted, abs=1e-9)

    def test_a_binary_mediator_with_other_codes(self):
        equations = (equation("m ~ x c", "logit"), equation("y ~ x m c", "logit"))
        found = means(
            equations, [([0.2, 0.7, -0.3], np.nan, (1.0, 2.0)), ([-0.4, 0.3, 0.5, 0.2], np.nan, (0.0, 1.0))], 0.0, 1.0
        )[0]
        chance = expit(0.2 - 0.3 * C)
        low, high = (expit(-0.4 + 0.3 + 0.5 * m + 0.2 * C) for m in (1, 2))
        assert found == pytest.approx((1 - chance) * low + chance * high, abs=1e-12)

    def test_an_ordered_mediator_and_an_ordered_outcome(self):
        equations = (equation("m ~ x c", "ordered_probit"), equation("y ~ x m", "ordered_logit"))
        support = (1.0, 2.0, 4.0)
        found = means(
            equations,
            [([-0.5, 0.6, 0.8, 0.1], np.nan, support), ([0.1, 1.2, 0.3, 0.4], np.nan, (1.0, 2.0, 3.0))],
            1.0,
            0.0,
        )
        eta = 0.8 + 0.1 * C
        below = np.array([ndtr(-0.5 - eta), ndtr(0.6 - eta), np.ones(N)])
        chances = np.diff(below, axis=0, prepend=0)
        above = [sum(p * expit(0.4 * m - cut) for p, m in zip(chances, support, strict=True)) for cut in (0.1, 1.2)]
        assert found[1] == pytest.approx(above[0], abs=1e-12)
        assert found[2] == pytest.approx(above[1], abs=1e-12)
        assert found[0] == pytest.approx(1 + above[0] + above[1], abs=1e-12)

    @pytest.mark.parametrize(("family", "theta"), [("poisson", np.nan), ("negative_binomial", 1.7)])
    def test_a_count_mediator_before_a_logit(self, family, theta):
        equations = (equation("m ~ x c", family), equation("y ~ x m", "logit"))
        found = means(equations, [([0.5, 0.4, 0.3], theta, ()), ([-1, 0.3, 0.4], np.nan, (0.0, 1.0))], 1.0, 1.0)[0]
        mean, m = np.exp(0.9 + 0.3 * C)[:, None], np.arange(400)
        law = stats.poisson(mean) if family == "poisson" else stats.nbinom(theta, theta / (theta + mean))
        assert found == pytest.approx((law.pmf(m) * expit(-0.7 + 0.4 * m)).sum(axis=1), abs=1e-8)

    def test_a_count_mediator_before_a_linear_outcome_needs_its_mean_only(self):
        equations = (equation("m ~ x c", "poisson"), equation("y ~ x m"))
        found = means(equations, [([0.5, 0.4, 0.3], np.nan, ()), ([-1, 0.3, 0.4], 1.0, ())], 1.0, 0.0)[0]
        assert found == pytest.approx(-1 + 0.4 * np.exp(0.9 + 0.3 * C), abs=1e-12)

    def test_a_chain_from_a_normal_to_a_binary_mediator(self):
        equations = (equation("m ~ x"), equation("k ~ m x", "logit"), equation("y ~ m k x", "probit"))
        parameters = [
            ([0.1, 0.5], 0.9, ()),
            ([0.2, 0.6, 0.3], np.nan, (0.0, 1.0)),
            ([-0.2, 0.4, 0.7, 0.1], np.nan, (0.0, 1.0)),
        ]
        found = means(equations, parameters, 1.0, 0.0)[0]

        def given(z):
            m = 0.6 + 0.9 * z
            p = expit(0.2 + 0.6 * m + 0.3)
            return p * ndtr(-0.2 + 0.4 * m + 0.7) + (1 - p) * ndtr(-0.2 + 0.4 * m)

        assert found[0] == pytest.approx(normal_mean(given), abs=1e-8)

    def test_a_product_of_two_normal_mediators(self):
        equations = (equation("m ~ x"), equation("k ~ m x"), equation("y ~ m k m:k", "logit"))
        parameters = [([0.1, 0.5], 0.8, ()), ([0.2, 0.3, -0.4], 0.7, ()), ([-0.2, 0.4, 0.3, 0.25], np.nan, (0.0, 1.0))]
        found = means(equations, parameters, 0.0, 1.0)[0]

        def given(z):
            m = 0.1 + 0.8 * z
            mean = 0.2 + 0.3 * m
            slope = 0.3 + 0.25 * m
            return logistic_normal(np.array([[-0.2 + 0.4 * m + slope * mean]]), np.array([[abs(slope) * 0.7]]))[0, 0]

        assert found[0] == pytest.approx(normal_mean(given), abs=1e-8)


@pytest.mark.parametrize("sd", [0.05, 0.6, 2.0, 2.9, 3.1, 9.0])
def test_mean_of_a_logit_over_a_normal_variable(sd):
    for mean in (-20.0, -3.0, 0.2, 6.0):
        wanted = integrate.quad(
            lambda u, m=mean: expit(u) * stats.norm.pdf(u, m, sd), mean - 12 * sd, mean + 12 * sd,
            points=[0.0, mean], epsabs=1e-14, limit=500,
        )[0]  # fmt: skip
        assert logistic_normal(np.array([[mean]]), np.array([[sd]]))[0, 0] == pytest.approx(wanted, abs=1e-10)


def survey(n=400, seed=3):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=n), rng.normal(size=n)
    m = 0.5 * x + 0.2 * c + rng.normal(size=n)
    k = (rng.random(n) < expit(0.4 * x + 0.5 * m)).astype(float)
    y = 1.0 + np.digitize(0.4 * x + 0.6 * m + 0.5 * k + rng.logistic(size=n), [-0.5, 0.7, 2.0])
    return {"x": x, "c": c, "m": m, "k": k, "y": y}


SERIAL = (equation("m ~ x c"), equation("k ~ x m c", "logit"), equation("y ~ x m k c", "ordered_logit"))


class TestIdentities:
    def test_parts_add_up(self):
        natural, fitted = estimated(SERIAL, survey(), "x", (0.0, 1.0), ("2", "3", "4"))
        effects = dict(zip(natural.terms, fitted.sample(natural), strict=True))
        for level in (None, "2", "3", "4"):
            e = {term: value for (term, own), value in effects.items() if own == level}
            assert e["total"] == pytest.approx(e["nde.pure"] + e["nie.total"], abs=1e-12)
            assert e["total"] == pytest.approx(e["nde.total"] + e["nie.pure"], abs=1e-12)
            assert e["total"] == pytest.approx(e["mean.high"] - e["mean.low"], abs=1e-12)
            assert e["nie.m"] + e["nie.k"] == pytest.approx(e["nie.total"], abs=1e-12)
            if level:
                assert e["rr.total"] == pytest.approx(e["rr.nde"] + e["rr.nie"], abs=1e-10)  # logarithms
                assert e["or.total"] == pytest.approx(e["or.nde"] + e["or.nie"], abs=1e-10)
        scores = sum(effects["total", level] for level in ("2", "3", "4"))
        assert effects["total", None] == pytest.approx(scores, abs=1e-12)

    def test_without_a_contrast_there_is_no_effect(self):
        natural, fitted = estimated(SERIAL, survey(), "x", (0.4, 0.4), ("2", "3", "4"))
        effects = fitted.sample(natural)
        for (term, _), value in zip(natural.terms, effects, strict=True):
            if not term.startswith(("mean.", "proportion")):
                assert value == pytest.approx(0, abs=1e-12)

    def test_a_linear_system_gives_the_product_of_its_paths(self):
        data = survey()
        equations = (equation("m ~ x c"), equation("y ~ x m c"))
        natural, fitted = estimated(equations, data, "x")
        effects = by_term(natural, fitted.sample(natural))
        a, b = fitted.fits[0], fitted.fits[1]
        product = a.estimate[a.place("x")] * b.estimate[b.place("m")]
        assert effects["nie.pure"] == pytest.approx(product, abs=1e-12)
        assert effects["nie.total"] == pytest.approx(product, abs=1e-12)
        assert effects["cde"] == pytest.approx(b.estimate[b.place("x")], abs=1e-12)

    def test_only_ancestors_count(self):
        extra = (*SERIAL, equation("z ~ x"))
        assert ancestors(extra, "y") == SERIAL
        assert [e.outcome for e in ancestors(extra, "k")] == ["m", "k"]


class TestResamples:
    def test_a_resample_is_an_analysis_with_counts_as_weights(self):
        data = survey(160)
        natural, fitted = estimated(SERIAL, data, "x", levels=("2", "3", "4"))
        found = fitted.bootstrap(natural, Plan(160, 8, 11), None)
        counts = next(Plan(160, 8, 11).blocks())
        repeated = {name: np.repeat(values, counts[2].astype(int)) for name, values in data.items()}
        again, alone = estimated(SERIAL, repeated, "x", levels=("2", "3", "4"))
        want = alone.sample(again)
        rows = [i for i, (term, _) in enumerate(natural.terms) if term != "cde"]
        assert found.n_failed == 0
        assert found.drawn[rows, 2] == pytest.approx(want[rows], abs=1e-6)

    def test_jackknife_leaves_whole_clusters_out(self):
        data = survey(160)
        natural, fitted = estimated(SERIAL, data, "x", levels=("2", "3", "4"))
        units = np.arange(160) // 10
        found = fitted.jackknife(natural, units)
        kept = {name: values[units != 4] for name, values in data.items()}
        again, alone = estimated(SERIAL, kept, "x", levels=("2", "3", "4"))
        rows = [i for i, (term, _) in enumerate(natural.terms) if term != "cde"]
        assert found.shape == (len(natural.terms), 16)
        assert found[rows, 4] == pytest.approx(alone.sample(again)[rows], abs=1e-6)

    def test_failed_resamples_are_counted_by_equation(self):
        data = survey(60)
        data["k"] = np.zeros(60)
        data["k"][:2] = 1.0  # one resample in seven draws neither
        equations = (equation("k ~ x", "logit"), equation("y ~ x k"))
        natural, fitted = estimated(equations, data, "x")
        found = fitted.bootstrap(natural, Plan(60, 200, 1), None)
        assert 0 < found.n_failed < 200
        assert found.failed["k"][0] == found.n_failed
        assert found.failed["k"][1] > 0
        assert found.drawn.shape == (len(natural.terms), 200 - found.n_failed)
        assert np.isfinite(found.drawn).all()

    def test_clustered_covariance_of_all_equations_together(self):
        data = survey(200)
        _, fitted = estimated(SERIAL, data, "x")
        alone = fitted.joint_covariance(Errors("CR1", np.arange(200)))
        assert np.linalg.eigvalsh(alone).min() > 0
        classical = fitted.joint_covariance(Errors())
        assert np.sqrt(np.diag(alone)) == pytest.approx(np.sqrt(np.diag(classical)), rel=0.35)


def test_rows_of_one_pattern_count_once():
    """Covariates in few values: the same effects as row by row, whatever the weights."""
    data = survey(120)
    data["c"] = np.round(data["c"])
    natural, fitted = estimated(SERIAL, data, "x", levels=("2", "3", "4"))
    weights = next(Plan(120, 3, 2).blocks())
    parameters = tuple(
        Parameters(f.equation, np.tile(f.filled, (3, 1)), np.full(3, f.scale), f.support) for f in fitted.fits
    )
    apart = Natural(
        SERIAL, data | {"c": data["c"] + 1e-9 * np.arange(120)}, "x", 0.0, 1.0, natural.fixed, natural.levels
    )
    assert natural.effects(parameters, weights) == pytest.approx(apart.effects(parameters, weights), abs=1e-6)
    assert natural.effects(parameters, weights, COARSE) == pytest.approx(natural.effects(parameters, weights), abs=1e-6)
