"""Columns, an outcome and the errors wanted in, fitted models block by block out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.contract import Problem
from evalkit.models.fit import is_constant, weighted_sd
from evalkit.models.generalised.ascent import Likelihood
from evalkit.models.generalised.categories import Multinomial, Ordered
from evalkit.models.generalised.category_effects import category_effects
from evalkit.models.generalised.deviance import CLASSIFIED, classified, deviances
from evalkit.models.generalised.effects import Effects, average_effects, effects_at_means
from evalkit.models.generalised.fit import (
    PER_COEFFICIENT,
    Estimated,
    Fitted,
    clustered,
    coefficients,
    dispersion,
    estimated,
    hosmer_lemeshow,
    overdispersion,
    quality,
    robust,
)
from evalkit.models.generalised.links import Firth, SingleIndex
from evalkit.models.generalised.outcomes import FAMILIES, QUASI, likelihood_of
from evalkit.models.generalised.parallel import brant
from evalkit.models.generalised.profile import profile_interval
from evalkit.models.matrix import INTERCEPT
from evalkit.models.sandwich import CLUSTERED, Covariance, Errors, wald
from evalkit.moments import least_squares

Test = tuple[float, float, float]
NO_TEST: Test = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a series: its fit, its change against the one before, and marginal effects.

    `effects` are averages over the rows; `at_means`, of outcomes with a mean, those of the average row.
    """

    name: str
    fit: Fitted
    change: Test
    effects: Effects | None = None
    at_means: Effects | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """What all models of a series share.

    Parameters
    ----------
    y, offset : ndarray, shape (n,)
    codes : tuple of str
        Of the categories.
    free : tuple of str
        Terms of an ordered family whose slopes differ between cuts.
    profile : bool
        Intervals by profile likelihood.
    """

    family: str
    y: np.ndarray
    codes: tuple[str, ...]
    offset: np.ndarray
    errors: Errors
    conf_level: float
    firth: bool = False
    free: tuple[str, ...] = ()
    profile: bool = False

    @property
    def weights(self) -> np.ndarray:
        return np.ones(len(self.y)) if self.errors.weights is None else self.errors.weights

    @property
    def exact(self) -> bool:
        """Whether likelihoods may be compared: there is one, classical errors, no design, no prior."""
        return self.errors.kind == "classical" and not self.firth and self.family not in QUASI


def fitted(task: Task, x: np.ndarray, terms: Sequence[str]) -> tuple[Fitted, Effects | None, Effects | None]:
    """The model of a constant and the columns of x, shape (n, p), with its average effects and those at the means."""
    n = len(task.y)
    if is_constant(task.y):
        problem = Problem("W658", params={"n": n}) if n else Problem("W657", params={"n": n, "k": len(terms) + 1})
        return _undefined(task, terms, (), problem), None, None
    full = np.column_stack([np.ones(n), x])
    solved = least_squares(full * np.sqrt(task.weights)[:, None], task.y * np.sqrt(task.weights))
    names = (INTERCEPT, *terms)
    left_out = tuple(
        Problem("W655" if is_constant(full[:, j]) else "W656", params={"term": names[j]}) for j in solved.dropped
    )
    kept = [j for j in range(len(names)) if j not in solved.dropped]
    used = tuple(names[j] for j in kept)
    free = tuple(i for i, name in enumerate(used[1:]) if name in task.free)
    likelihood = likelihood_of(task.family, full[:, kept], task.y, task.offset, firth=task.firth, free=free)
    ids = _ids(task, list(used))
    if n <= len(ids):
        return _undefined(task, terms, left_out, Problem("W657", params={"n": n, "k": len(ids)})), None, None
    found = estimated(likelihood, tuple(t for t, _ in ids), task.weights, task.family == "negative_binomial")
    if found.problem is not None:
        return _undefined(task, terms, left_out, found.problem), None, None
    errors = _covariance(task, found)
    matrix, df = errors.matrix, errors.df
    fit = Fitted(
        terms=tuple(t for t, _ in ids),
        levels=tuple(level for _, level in ids),
        matrix=matrix,
        df=df,
        n_obs=n,
        n_parameters=len(ids) + (task.family == "negative_binomial"),
        log_likelihood=found.maximum.log_likelihood if task.errors.design is None else np.nan,
        n_clusters=errors.n_clusters,
        term_df=errors.term_df,
        per_sd=_per_sd(ids, found.maximum.b, full[:, kept], used, task.errors.weights),
        notices=left_out + errors.notices,
        **coefficients(
            found.maximum.b,
            matrix,
            df if errors.term_df is None else errors.term_df,
            task.conf_level,
            ratios=FAMILIES[task.family][2],
        ),
    )
    if task.profile:
        fit = _profiled(task, fit, found)
    fit = _judged(task, fit, found, found.likelihood, full[:, kept], list(used))
    if not np.isfinite(matrix).all():
        return fit, None, None
    return fit, *_effects(task, found, full[:, kept], used, matrix)


def _effects(
    task: Task, found: Estimated, x: np.ndarray, used: tuple[str, ...], matrix: np.ndarray
) -> tuple[Effects | None, Effects | None]:
    likelihood, b = found.likelihood, found.maximum.b
    if isinstance(likelihood, SingleIndex):
        average = average_effects(likelihood, used, b, matrix, task.weights)
        return average, effects_at_means(likelihood, used, b, matrix, task.weights)
    if isinstance(likelihood, (Ordered, Multinomial)):
        return category_effects(likelihood, used, x, task.codes, b, matrix, task.weights), None
    return None, None


def _covariance(task: Task, found: Estimated) -> Covariance:
    """By the errors wanted; classical errors of a quasi-likelihood carry its dispersion, and t tests."""
    if task.errors.kind in CLUSTERED:
        return clustered(found, task.errors)
    matrix, df, clusters, notices = robust(found, task.errors)
    if task.errors.kind == "classical" and task.family in QUASI and isinstance(found.likelihood, SingleIndex):
        scale = dispersion(found.likelihood, found.likelihood.eta(found.maximum.b))
        return Covariance(matrix * scale, len(task.y) - len(matrix))
    return Covariance(matrix, df, clusters, notices)


def _per_sd(
    ids: list[tuple[str, str]], b: np.ndarray, x: np.ndarray, used: tuple[str, ...], weights: np.ndarray | None
) -> np.ndarray:
    scale = {t: weighted_sd(x[:, j], weights) for j, t in enumerate(used) if t != INTERCEPT}
    return b * np.array([scale.get(t, np.nan) for t, _ in ids])


def _profiled(task: Task, fit: Fitted, found: Estimated) -> Fitted:
    """The fit with intervals by profile likelihood; W6037 where an end is not there."""
    ends = np.array(
        [profile_interval(found.likelihood, found.maximum, j, task.conf_level) for j in range(len(fit.terms))]
    )
    low, high = ends.T
    ratios = {"ratio_low": np.exp(low), "ratio_high": np.exp(high)} if FAMILIES[task.family][2] else {}
    open_ended = [fit.terms[j] for j in np.flatnonzero(np.isnan(ends).any(axis=1))]
    notices = (Problem("W6037", params={"terms": open_ended}),) if open_ended else ()
    return replace(fit, conf_low=low, conf_high=high, notices=fit.notices + notices, **ratios)


def _judged(task: Task, fit: Fitted, found, likelihood: Likelihood, x: np.ndarray, names: list[str]) -> Fitted:  # type: ignore[no-untyped-def]
    """The fit with its quality and tests; without likelihood measures under a design."""
    tests: dict[str, Test] = {"chi2_model": NO_TEST}
    slopes = [i for i, t in enumerate(fit.terms) if not _base(t)]
    measures: dict[str, float] = {}
    kind = FAMILIES[task.family][0]
    if task.family in QUASI:
        if isinstance(likelihood, SingleIndex) and task.errors.design is None:
            measures = {"dispersion": dispersion(likelihood, likelihood.eta(found.maximum.b))}
    elif task.errors.design is None:
        one = likelihood_of(task.family, np.ones((len(task.y), 1)), task.y, task.offset)
        null = estimated(one, (), task.weights, task.family == "negative_binomial").maximum.log_likelihood
        measures = quality(found, null, fit.n_obs, fit.n_parameters, kind == "binary")
        if isinstance(likelihood, SingleIndex):
            measures |= _further(likelihood, found.maximum.b, kind == "binary")
        if task.firth:  # a likelihood with a prior is none to compare
            measures = {name: measures[name] for name in ("tjur", "auc", "brier", "correct", *CLASSIFIED)}
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
    if kind == "ordered" and task.exact and len(task.codes) > 2 and not task.free:
        tests |= _proportional(task, fit, x, names)
    brants = task.family == "ordered_logit" and not task.free
    if brants and task.errors.design is None and len(task.codes) > 2 and slopes:
        parallel = brant(x[:, 1:], task.y.astype(int), tuple(names[1:]))
        tests |= parallel or {"parallel_lines": NO_TEST}
        notices += () if parallel else (Problem("W763"),)
    return replace(fit, quality=measures, tests=tests, notices=notices)


def _further(likelihood: SingleIndex, b: np.ndarray, binary: bool) -> dict[str, float]:
    """Deviances, and of two values who is classified how."""
    distances = {} if isinstance(likelihood, Firth) else deviances(likelihood, b)
    return distances | (classified(likelihood.link.mean(likelihood.eta(b)), likelihood.y) if binary else {})


def _proportional(task: Task, fit: Fitted, x: np.ndarray, names: list[str]) -> dict[str, Test]:
    """Likelihood ratio of one slope a cut against one for all, a predictor each; nothing where it cannot be fitted."""
    out: dict[str, Test] = {}
    for i, name in enumerate(names[1:]):
        freed = likelihood_of(task.family, x, task.y, task.offset, free=(i,))
        found = estimated(freed, (), task.weights, False)
        more = len(found.maximum.b) - len(fit.terms)
        ratio = _likelihood_ratio(found.maximum.log_likelihood, fit.log_likelihood, more)
        out[f"proportional.{name}"] = ratio if found.problem is None else NO_TEST
    return out


def _base(term: str) -> bool:
    return term == INTERCEPT or term.startswith("threshold.")


def _ids(task: Task, names: list[str]) -> list[tuple[str, str]]:
    """Term and level of every parameter, in the order of the likelihood."""
    kind = FAMILIES[task.family][0]
    if kind == "ordered":
        cuts = range(1, int(task.y.max()) + 1)
        free = [t for t in names[1:] if t in task.free]
        common = [(t, "") for t in names[1:] if t not in free]
        return [(f"threshold.{i}", "") for i in cuts] + common + [(t, f"cut.{i}") for i in cuts for t in free]
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
        per_sd=nan,
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
