"""Columns, an outcome and the errors wanted in, fitted models block by block out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.contract import Problem
from evalkit.models.fit import is_constant
from evalkit.models.generalised.ascent import Likelihood
from evalkit.models.generalised.effects import Effects, average_effects
from evalkit.models.generalised.fit import (
    PER_COEFFICIENT,
    Fitted,
    coefficients,
    estimated,
    hosmer_lemeshow,
    overdispersion,
    quality,
    robust,
)
from evalkit.models.generalised.links import SingleIndex
from evalkit.models.generalised.outcomes import FAMILIES, likelihood_of
from evalkit.models.generalised.parallel import brant
from evalkit.models.matrix import INTERCEPT
from evalkit.models.sandwich import Errors, wald
from evalkit.moments import least_squares

Test = tuple[float, float, float]
NO_TEST: Test = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a series: its fit, its change against the one before, and average marginal effects."""

    name: str
    fit: Fitted
    change: Test
    effects: Effects | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """What all models of a series share.

    Parameters
    ----------
    y, offset : ndarray, shape (n,)
    codes : tuple of str
        Of the categories.
    """

    family: str
    y: np.ndarray
    codes: tuple[str, ...]
    offset: np.ndarray
    errors: Errors
    conf_level: float
    firth: bool = False

    @property
    def weights(self) -> np.ndarray:
        return np.ones(len(self.y)) if self.errors.weights is None else self.errors.weights

    @property
    def exact(self) -> bool:
        """Whether likelihoods may be compared: classical errors, no design, no prior."""
        return self.errors.kind == "classical" and not self.firth


def fitted(task: Task, x: np.ndarray, terms: Sequence[str]) -> tuple[Fitted, Effects | None]:
    """The model of a constant and the columns of x, shape (n, p), with its effects where it has one predictor."""
    n = len(task.y)
    if is_constant(task.y):
        problem = Problem("W658", params={"n": n}) if n else Problem("W657", params={"n": n, "k": len(terms) + 1})
        return _undefined(task, terms, (), problem), None
    full = np.column_stack([np.ones(n), x])
    solved = least_squares(full * np.sqrt(task.weights)[:, None], task.y * np.sqrt(task.weights))
    names = (INTERCEPT, *terms)
    left_out = tuple(
        Problem("W655" if is_constant(full[:, j]) else "W656", params={"term": names[j]}) for j in solved.dropped
    )
    kept = [j for j in range(len(names)) if j not in solved.dropped]
    likelihood = likelihood_of(task.family, full[:, kept], task.y, task.offset, firth=task.firth)
    ids = _ids(task, [names[j] for j in kept])
    if n <= len(ids):
        return _undefined(task, terms, left_out, Problem("W657", params={"n": n, "k": len(ids)})), None
    found = estimated(likelihood, tuple(t for t, _ in ids), task.weights, task.family == "negative_binomial")
    if found.problem is not None:
        return _undefined(task, terms, left_out, found.problem), None
    matrix, df, clusters, notices = robust(found, task.errors)
    fit = Fitted(
        terms=tuple(t for t, _ in ids),
        levels=tuple(level for _, level in ids),
        matrix=matrix,
        df=df,
        n_obs=n,
        n_parameters=len(ids) + (task.family == "negative_binomial"),
        log_likelihood=found.maximum.log_likelihood if task.errors.design is None else np.nan,
        n_clusters=clusters,
        notices=left_out + notices,
        **coefficients(found.maximum.b, matrix, df, task.conf_level, ratios=FAMILIES[task.family][2]),
    )
    effects = None
    if isinstance(found.likelihood, SingleIndex) and np.isfinite(matrix).all():
        used = tuple(names[j] for j in kept)
        effects = average_effects(found.likelihood, used, found.maximum.b, matrix, task.weights)
    return _judged(task, fit, found, found.likelihood, full[:, kept], [names[j] for j in kept]), effects


def _judged(task: Task, fit: Fitted, found, likelihood: Likelihood, x: np.ndarray, names: list[str]) -> Fitted:  # type: ignore[no-untyped-def]
    """The fit with its quality and tests; without likelihood measures under a design."""
    tests: dict[str, Test] = {"chi2_model": NO_TEST}
    slopes = [i for i, t in enumerate(fit.terms) if not _base(t)]
    measures: dict[str, float] = {}
    kind = FAMILIES[task.family][0]
    if task.errors.design is None:
        one = likelihood_of(task.family, np.ones((len(task.y), 1)), task.y, task.offset)
        null = estimated(one, (), task.weights, task.family == "negative_binomial").maximum.log_likelihood
        measures = quality(found, null, fit.n_obs, fit.n_parameters, kind == "binary")
        if task.firth:  # a likelihood with a prior is none to compare
            measures = {name: measures[name] for name in ("tjur", "auc", "brier", "correct")}
        if task.exact and slopes:
            tests["chi2_model"] = _likelihood_ratio(fit.log_likelihood, null, len(slopes))
    if not task.exact:
        tests["chi2_model"] = _wald(fit, slopes)
    if isinstance(likelihood, SingleIndex) and task.errors.design is None:
        mu = likelihood.link.mean(likelihood.eta(found.maximum.b))
        if kind == "binary":
            tests["hosmer_lemeshow"] = hosmer_lemeshow(mu, task.y)
        if task.family == "poisson":
            tests["overdispersion"] = overdispersion(task.y, mu)
    notices = fit.notices
    if task.family == "ordered_logit" and task.errors.design is None and len(task.codes) > 2 and slopes:
        parallel = brant(x[:, 1:], task.y.astype(int), tuple(names[1:]))
        tests |= parallel or {"parallel_lines": NO_TEST}
        notices += () if parallel else (Problem("W763"),)
    return replace(fit, quality=measures, tests=tests, notices=notices)


def _base(term: str) -> bool:
    return term == INTERCEPT or term.startswith("threshold.")


def _ids(task: Task, names: list[str]) -> list[tuple[str, str]]:
    """Term and level of every parameter, in the order of the likelihood."""
    kind = FAMILIES[task.family][0]
    if kind == "ordered":
        return [(f"threshold.{i}", "") for i in range(1, int(task.y.max()) + 1)] + [(t, "") for t in names[1:]]
    if kind == "nominal":
        return [(t, code) for code in task.codes[1:] for t in names]
    return [(t, "") for t in names]


def _undefined(task: Task, terms: Sequence[str], notices: tuple[Problem, ...], problem: Problem) -> Fitted:
    ids = _ids(task, [INTERCEPT, *terms]) if len(task.y) else [(t, "") for t in (INTERCEPT, *terms)]
    nan = np.full(len(ids), np.nan)
    why = {"W758": "outcomes.why_separated", "W759": "outcomes.why_no_maximum"}
    return Fitted(
        terms=tuple(t for t, _ in ids),
        levels=tuple(level for _, level in ids),
        matrix=np.full((len(ids), len(ids)), np.nan),
        df=np.nan,
        n_obs=len(task.y),
        n_parameters=len(ids),
        log_likelihood=np.nan,
        why=why.get(problem.code, "regression.why_undefined"),
        notices=(*notices, problem),
        **dict.fromkeys(PER_COEFFICIENT, nan),
    )


def changed(task: Task, fit: Fitted, before: Fitted | None) -> Test:
    """Test of the terms added: likelihood ratio for classical errors, else Wald with the robust covariance."""
    if before is None:
        return fit.tests.get("chi2_model", NO_TEST)
    old = set(zip(before.terms, before.levels, strict=True))
    new = [i for i, key in enumerate(zip(fit.terms, fit.levels, strict=True)) if key not in old]
    if not new or fit.why or before.why:
        return NO_TEST
    if task.exact:
        return _likelihood_ratio(fit.log_likelihood, before.log_likelihood, len(new))
    return _wald(fit, new)


def _likelihood_ratio(value: float, before: float, df: int) -> Test:
    from scipy.stats import chi2

    ratio = 2 * (value - before)
    return ratio, float(df), float(chi2.sf(ratio, df))


def _wald(fit: Fitted, places: list[int]) -> Test:
    """Chi square; its p from F where the design gives degrees of freedom."""
    from scipy.stats import chi2, f

    q = len(places)
    if not q:
        return NO_TEST
    value = wald(fit.estimate[places], fit.matrix[np.ix_(places, places)])
    p = f.sf(value, q, fit.df) if np.isfinite(fit.df) else chi2.sf(value * q, q)
    return value * q, float(q), float(p)
