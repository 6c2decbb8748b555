"""One logit of a series with a random intercept: fitted, tested, compared with the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Problem
from evalkit.models.multilevel.category_fit import CategoryFit, category_fit
from evalkit.models.multilevel.cross_level import cross_levels, slope_lines
from evalkit.models.multilevel.explained import LOGISTIC_VARIANCE, median_odds_ratio, nakagawa
from evalkit.models.multilevel.model import LevelModel, Test, coefficients, spread, undefined

if TYPE_CHECKING:
    from evalkit.models.multilevel.series import Prepared, Task


def category_model(task: Task, prepared: Prepared, before: Sequence[LevelModel]) -> LevelModel:
    """Thresholds come after the slopes; a binary logit has a constant in the first place instead."""
    binary = task.options.family == "logit"
    cuts = tuple(f"threshold.{code}" for code in task.codes[:-1])
    terms = prepared.terms if binary else (*prepared.terms[1:], *cuts)
    fit = category_fit(prepared.x[:, 1:], task.y.astype(int), task.data.groups, n_quad=task.options.n_quad)
    apart = None if fit is None else _separating(prepared, fit)
    if fit is None or not fit.converged or apart:
        problem = (
            Problem("W758", params={"terms": apart}) if apart else Problem("W6071", params={"model": prepared.name})
        )
        why = "outcomes.why_separated" if apart else "mixed.why_no_maximum"
        return replace(undefined(prepared.name, prepared.step.part, terms, prepared.random, why), notices=(problem,))
    beta, matrix = _ordered(fit, len(cuts), binary)
    kept = prepared.kept if binary else [j - 1 for j in prepared.kept[1:]]
    if not binary:
        kept = [*kept, *range(len(prepared.terms) - 1, len(terms))]
    k = len(terms)
    arrays = coefficients(beta, matrix, np.full(len(beta), np.inf), task.options.conf_level)
    slopes = ()
    if binary and len(kept) == k and prepared.step.block >= 0:
        found = cross_levels(task.data, prepared.step.block, prepared.terms)
        slopes = slope_lines(found, beta, matrix, lambda _: np.inf, task.options.conf_level)
    variance = fit.sigma**2
    return LevelModel(
        prepared.name,
        prepared.step.part,
        terms,
        **{name: spread(values, kept, k) for name, values in arrays.items()},
        matrix=spread(matrix, kept, k),
        random=prepared.random,
        covariance=np.array([[variance]]),
        sigma=np.nan,
        deviations=np.full((2, 2), np.nan),
        measures=_measures(task, prepared, fit, len(cuts)),
        tests=_comparisons(task, fit, before),
        effects=fit.effects[:, None],
        effect_sd=fit.effect_sd[:, None],
        slopes=slopes,
        singular=fit.singular,
        notices=(Problem("W6072", params={"model": prepared.name, "effects": ["intercept"]}),) if fit.singular else (),
    )


def _ordered(fit: CategoryFit, cuts: int, binary: bool) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients in the order of the terms: ``P(y <= k) = F(threshold_k - x b - u)``; the constant is -threshold."""
    cuts = 1 if binary else cuts
    if binary:
        turn = np.eye(len(fit.beta))
        turn[0, 0] = -1.0
    else:
        turn = np.roll(np.eye(len(fit.beta)), cuts, axis=1)
    return turn @ fit.beta, turn @ fit.matrix @ turn.T


def _separating(prepared: Prepared, fit: CategoryFit) -> list[str]:
    """Terms whose coefficients have run off: a change of one SD moves the odds by more than exp(15)."""
    slopes = fit.beta[len(fit.beta) - prepared.x.shape[1] + 1 :]
    sizes = np.abs(slopes) * prepared.x[:, 1:].std(axis=0)
    return [prepared.terms[j] for j, size in zip(prepared.kept[1:], sizes, strict=True) if size > 15]


def _measures(task: Task, prepared: Prepared, fit: CategoryFit, cuts: int) -> dict[str, float]:
    n, k = len(task.y), fit.n_parameters
    slopes = fit.beta[len(fit.beta) - prepared.x.shape[1] + 1 :]
    deviance, variance = -2 * fit.log_likelihood, fit.sigma**2
    fixed = prepared.x[:, 1:] @ slopes
    marginal, conditional = nakagawa(fixed, np.ones((n, 1)), np.array([[variance]]), LOGISTIC_VARIANCE)
    return {
        "log_likelihood": fit.log_likelihood,
        "deviance": deviance,
        "aic": deviance + 2 * k,
        "bic": deviance + np.log(n) * k,
        "icc": variance / (variance + LOGISTIC_VARIANCE),
        "median_odds_ratio": median_odds_ratio(variance),
        "r2_marginal": marginal,
        "r2_conditional": conditional,
    }


def _comparisons(task: Task, fit: CategoryFit, before: Sequence[LevelModel]) -> dict[str, Test]:
    """Against the model before; the null model against the one without a random intercept."""
    from scipy.stats import chi2

    if not before:
        share = np.bincount(task.y.astype(int)) / len(task.y)
        alone = float((np.log(share) * np.bincount(task.y.astype(int))).sum())
        value = max(2 * (fit.log_likelihood - alone), 0.0)
        p = float(chi2.sf(value, 1))
        return {"lr_random": (value, 1.0, p), "lr_random_mixture": (value, np.nan, p / 2)}
    last = before[-1]
    if last.why:
        return {}
    df = fit.n_parameters - 1 - int((~np.isnan(last.estimate)).sum())
    value = 2 * (fit.log_likelihood - last.measures["log_likelihood"])
    return {"lr_fixed": (value, float(df), float(chi2.sf(value, df)) if df > 0 else np.nan)}
