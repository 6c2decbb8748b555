"""One linear model of a series: fitted by REML or ML, tested, compared with the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Problem
from evalkit.models.multilevel.contrasts import type_three
from evalkit.models.multilevel.cross_level import cross_levels, slope_lines
from evalkit.models.multilevel.explained import intraclass, nakagawa, reduction, snijders_bosker
from evalkit.models.multilevel.kenward_roger import KenwardRoger, kenward_roger
from evalkit.models.multilevel.linear_fit import Degrees, LinearFit, linear_fit, refitted
from evalkit.models.multilevel.model import NO_TEST, LevelModel, Test, coefficients, spread, undefined
from evalkit.models.multilevel.profile_interval import deviation_interval, fixed_interval, sigma_interval

if TYPE_CHECKING:
    from evalkit.models.multilevel.series import Prepared, Task


def linear_model(
    task: Task, prepared: Prepared, before: Sequence[LevelModel], fits: Sequence[LinearFit | None]
) -> tuple[LevelModel, LinearFit | None]:
    """The model and its ML fit, which comparisons of fixed parts rest on."""
    data, options = task.data, task.options
    ml = linear_fit(prepared.z, prepared.x, task.y, data.groups, correlated=options.correlated, reml=False)
    fit = ml if ml is None or not options.reml else refitted(ml, reml=True)
    if ml is None or fit is None:
        problem = Problem("W6071", params={"model": prepared.name})
        model = undefined(prepared.name, prepared.step.part, prepared.terms, prepared.random, "mixed.why_no_maximum")
        return replace(model, notices=(problem,)), None
    degrees = _degrees(task, prepared, fit)
    df = _df(task, prepared, degrees)
    covariance = degrees.matrix if degrees is not None else fit.matrix
    arrays = coefficients(fit.beta, covariance, df, options.conf_level, normal=options.interval == "normal")
    deviations = np.full((len(prepared.random) + 1, 2), np.nan)
    if options.interval == "profile":
        ends = np.array([fixed_interval(ml, k, options.conf_level) for k in range(len(ml.beta))])
        arrays["conf_low"], arrays["conf_high"] = ends[:, 0], ends[:, 1]
        each = [deviation_interval(ml, k, options.conf_level) for k in range(len(prepared.random))]
        deviations = np.array([*each, sigma_interval(ml, options.conf_level)])
    k = len(prepared.terms)
    means, spreads = fit.group_effects()
    matrix = spread(covariance, prepared.kept, k)
    complete = len(prepared.kept) == k
    anova, slopes = _tests(task, prepared, fit, covariance, degrees) if complete else ((), ())
    model = LevelModel(
        prepared.name,
        prepared.step.part,
        prepared.terms,
        **{name: spread(values, prepared.kept, k) for name, values in arrays.items()},
        matrix=matrix,
        random=prepared.random,
        covariance=fit.covariance,
        sigma=fit.sigma,
        deviations=deviations,
        measures=_measures(task, prepared, fit, ml, before, fits),
        tests=_comparisons(task, prepared, fit, ml, before, fits),
        effects=means,
        effect_sd=np.sqrt(np.maximum(np.diagonal(spreads, axis1=1, axis2=2), 0.0)),
        anova=anova,
        slopes=slopes,
        singular=fit.singular,
        notices=_notices(task, prepared, fit, degrees),
    )
    return model, ml


def _degrees(task: Task, prepared: Prepared, fit: LinearFit) -> Degrees | KenwardRoger | None:
    """What gives degrees of freedom, where they come from the fit."""
    if task.options.df == "kenward_roger":
        return kenward_roger(fit, prepared.z, prepared.x, task.data.groups)
    return fit.degrees() if task.options.df == "satterthwaite" else None


def _df(task: Task, prepared: Prepared, degrees: Degrees | KenwardRoger | None) -> np.ndarray:
    """Of every kept term: by the fit, those of nlme (inner or outer), or infinite ones.

    Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, p. 91: rows minus groups minus terms that vary within
    groups, or groups minus terms that do not; the constant has the inner ones.
    """
    k = len(prepared.kept)
    if degrees is not None:
        return np.array([degrees.of(row) for row in np.eye(k)])
    if task.options.df == "normal":
        return np.full(k, np.inf)
    if task.options.df == "kenward_roger":  # the fit says nothing about its variances
        return np.full(k, np.nan)
    inner = [task.data.varying.get(prepared.terms[j], False) for j in prepared.kept]
    n, groups = len(task.y), len(task.data.names)
    outer = sum(not v for v in inner) - 1
    out = [float(n - groups - sum(inner)) if v or j == 0 else float(groups - 1 - outer) for j, v in enumerate(inner)]
    return np.array([value if value > 0 else np.nan for value in out])


def _tests(  # type: ignore[no-untyped-def]
    task: Task, prepared: Prepared, fit: LinearFit, matrix: np.ndarray, degrees: Degrees | KenwardRoger | None
):
    """Type III tests and the slopes of cross-level products."""
    block = prepared.step.block
    if block < 0 or (degrees is None and task.options.df == "kenward_roger"):
        return (), ()
    data, options = task.data, task.options
    terms = [term for part in data.terms[: block + 1] for term in part]
    anova = type_three(data.frame, terms, prepared.x, fit.beta, matrix, degrees, fit.sigma)
    found = cross_levels(data, block, prepared.terms)

    def of(contrast: np.ndarray) -> float:
        return np.inf if degrees is None else degrees.of(contrast)

    return anova, slope_lines(found, fit.beta, matrix, of, options.conf_level)


def _measures(
    task: Task,
    prepared: Prepared,
    fit: LinearFit,
    ml: LinearFit,
    before: Sequence[LevelModel],
    fits: Sequence[LinearFit | None],
) -> dict[str, float]:
    n, k = len(task.y), fit.n_parameters
    deviance = -2 * fit.log_likelihood
    out = {
        "log_likelihood": fit.log_likelihood,
        "deviance": deviance,
        "aic": deviance + 2 * k,
        "bic": deviance + np.log(n) * k,
    }
    marginal, conditional = nakagawa(prepared.x @ fit.beta, prepared.z, fit.covariance, fit.sigma**2)
    out |= {"r2_marginal": marginal, "r2_conditional": conditional}
    only = len(prepared.random) == 1
    sizes = task.data.sizes
    if only:
        share, effect = intraclass(float(fit.covariance[0, 0]), fit.sigma**2, sizes)
        out |= {"icc": share} | ({"design_effect": effect} if prepared.step.block < 0 else {})
    null = fits[0] if fits else None
    if null is not None:
        base = (before[0].sigma ** 2, float(before[0].covariance[0, 0]))
        out["explained_1"], out["explained_2"] = reduction(base, (fit.sigma**2, float(fit.covariance[0, 0])))
        if only:
            out["snijders_1"], out["snijders_2"], out["harmonic_size"] = snijders_bosker(null, ml, sizes)
    return out


def _comparisons(
    task: Task,
    prepared: Prepared,
    fit: LinearFit,
    ml: LinearFit,
    before: Sequence[LevelModel],
    fits: Sequence[LinearFit | None],
) -> dict[str, Test]:
    """Likelihood ratio tests: of fixed parts by ML, of random parts by the criterion in use.

    A variance is tested at its boundary: with q effects before and one added, the reference is an even mixture of chi
    square(q) and chi square(q + 1), without covariances of chi square(0) and (1). Stram & Lee (1994), Biometrics 50,
    1171-1177.
    """
    from scipy.stats import chi2

    if not before:
        rss = float(((task.y - task.y.mean()) ** 2).sum())
        n = len(task.y)
        value = max(2 * ml.log_likelihood + n * (np.log(2 * np.pi * rss / n) + 1), 0.0)
        p = float(chi2.sf(value, 1))
        return {"lr_random": (value, 1.0, p), "lr_random_mixture": (value, np.nan, p / 2)}
    last, old = before[-1], fits[-1]
    if old is None:
        return {}
    if last.random == prepared.random:
        df = ml.n_parameters - old.n_parameters
        value = 2 * (ml.log_likelihood - old.log_likelihood)
        return {"lr_fixed": (value, float(df), float(chi2.sf(value, df)) if df > 0 else np.nan)}
    value = max(2 * fit.log_likelihood - 2 * last.measures["log_likelihood"], 0.0)
    df = ml.n_parameters - old.n_parameters
    out = {"lr_random": (value, float(df), float(chi2.sf(value, df)))}
    q = len(last.random)
    if len(prepared.random) == q + 1:
        lower, upper = (q, q + 1) if task.options.correlated else (0, 1)
        first = float(chi2.sf(value, lower)) if lower else float(value <= 0)
        out["lr_random_mixture"] = (value, np.nan, (first + float(chi2.sf(value, upper))) / 2)
    else:
        out["lr_random_mixture"] = NO_TEST
    return out


def _notices(
    task: Task, prepared: Prepared, fit: LinearFit, degrees: Degrees | KenwardRoger | None
) -> tuple[Problem, ...]:
    out: tuple[Problem, ...] = ()
    if task.options.df == "kenward_roger" and degrees is None:
        out = (Problem("W6081", params={"model": prepared.name}),)
    if fit.singular:
        names = singular_effects(fit, prepared.random)
        out = (*out, Problem("W6072", params={"model": prepared.name, "effects": names}))
    if not fit.converged:
        out = (*out, Problem("W6073", params={"model": prepared.name}))
    return out


def singular_effects(fit: LinearFit, random: tuple[str, ...]) -> list[str]:
    """The random effects with no variance of their own: 0, or fixed by those before them."""
    from evalkit.models.multilevel.optimise import BOUNDARY

    places = zip(fit.optimum.theta, fit.criterion.free, strict=True)
    return [random[i] for value, (i, j) in places if i == j and value < BOUNDARY]
