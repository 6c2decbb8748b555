"""One equation of any family and its data in; its estimates, their influence and its engine for resamples out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.contract import Problem
from evalkit.models.fit import is_constant
from evalkit.models.generalised.fit import Estimated, estimated, robust
from evalkit.models.generalised.outcomes import likelihood_of
from evalkit.models.mediation.newton import (
    LinearRefit,
    Refit,
    Refitted,
    SingleIndexRefit,
    logit_kernel,
    poisson_kernel,
    probit_kernel,
)
from evalkit.models.mediation.newton_dispersed import DispersedRefit
from evalkit.models.mediation.newton_ordered import OrderedRefit
from evalkit.models.mediation.system import LINEAR, ORDERED, Equation
from evalkit.models.sandwich import Errors, covariance
from evalkit.moments import least_squares

KERNELS = {"logit": logit_kernel, "probit": probit_kernel, "poisson": poisson_kernel}
BINARY = ("logit", "probit")
COUNTS = ("poisson", "negative_binomial")


@dataclass(frozen=True, eq=False)
class EquationFit:
    """One equation, estimated on the sample.

    Attributes
    ----------
    terms : tuple of str
        Of the parameters: `threshold.1`, ... first in ordered families, then the terms of the equation.
    estimate : ndarray, shape (q,)
        nan where a column was left out or nothing could be estimated.
    covariance : ndarray, shape (q, q)
    scale : float
        Residual SD with n - p degrees of freedom (linear), theta (negative binomial), else nan.
    support : tuple of float
        Values of the outcome that stand for categories 0, 1, ...; nothing for linear equations and counts.
    hat, residual : ndarray, shape (n, q) and (n,)
        Linear only: influence is ``hat * residual``. Else `hat` holds the influence and `residual` is 1.
    weights : ndarray, shape (n,)
    kept : ndarray of int
        Places of the estimated parameters.
    problems : tuple of Problem
        Columns left out (W655, W656); why nothing could be estimated (W657, W658, W758, W759).
    """

    equation: Equation
    terms: tuple[str, ...]
    estimate: np.ndarray
    covariance: np.ndarray
    scale: float
    support: tuple[float, ...]
    hat: np.ndarray
    residual: np.ndarray
    weights: np.ndarray
    kept: np.ndarray
    df: float
    n_obs: int
    log_likelihood: float = float("nan")
    r_squared: float = float("nan")
    problems: tuple[Problem, ...] = ()

    @property
    def solved(self) -> bool:
        return bool(len(self.kept))

    @property
    def cuts(self) -> int:
        """Thresholds."""
        return len(self.support) - 1 if self.equation.family in ORDERED else 0

    @property
    def filled(self) -> np.ndarray:
        """Parameters with 0 for what was left out, shape (q,)."""
        return np.nan_to_num(self.estimate)

    @property
    def influence(self) -> np.ndarray:
        """Of every row on the parameters, weights included, shape (n, q)."""
        return self.hat * (self.residual * self.weights)[:, None]

    def place(self, term: str) -> int:
        return self.terms.index(term)


def encoded(family: str, y: np.ndarray) -> tuple[np.ndarray, tuple[float, ...]]:
    """The outcome as its engine wants it (0, 1, ... by category), and the values of the categories."""
    if family == LINEAR or family in COUNTS:
        return y, ()
    values, place = np.unique(y, return_inverse=True)
    return place.astype(float), tuple(float(v) for v in values)


def unfit(family: str, y: np.ndarray) -> bool:
    """Whether a family cannot take the values: more than two (binary), no whole numbers from 0 (counts)."""
    if family in BINARY:
        return len(np.unique(y)) > 2
    return family in COUNTS and bool(((y < 0) | (y != np.round(y))).any())


def fit_equation(equation: Equation, x: np.ndarray, y: np.ndarray, errors: Errors) -> EquationFit:
    """Estimate one equation.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        One column a term.
    y : ndarray, shape (n,)
        Raw values of the outcome.
    errors : Errors
        `classical`, `CR0`, `CR1p`, `CR1` or `linearised`.
    """
    family = equation.family
    names = tuple(str(term) for term in equation.terms)
    codes, support = encoded(family, y)
    cuts = max(len(support) - 1, 0) if family in ORDERED else 0
    terms = (*(f"threshold.{k}" for k in range(1, cuts + 1)), *names)
    weights = np.ones(len(y)) if errors.weights is None else errors.weights
    if is_constant(y) or len(y) <= len(terms):
        n = len(y)
        problem = (
            Problem("W657", params={"n": n, "k": len(terms)}) if n <= len(terms) else Problem("W658", params={"n": n})
        )
        return _nothing(equation, terms, support, weights, (problem,))
    full = x if cuts == 0 else np.column_stack([np.ones(len(y)), x])
    root = np.sqrt(weights)
    least = least_squares(full * root[:, None], codes * root)
    columns = ("", *names) if cuts else names
    left_out = tuple(
        Problem("W655" if is_constant(full[:, j]) else "W656", params={"term": columns[j]}) for j in least.dropped
    )
    stay = np.array([j for j in range(full.shape[1]) if j not in least.dropped], dtype=int)
    if family == LINEAR:
        return _linear(equation, terms, full, y, errors, weights, stay, left_out)
    kept = np.concatenate([np.arange(cuts), stay[1:] - 1 + cuts]) if cuts else stay
    likelihood = likelihood_of(family, full[:, stay], codes, np.zeros(len(y)))
    ids = tuple(terms[i] for i in kept)
    found = estimated(likelihood, ids, weights, family == "negative_binomial")
    if found.problem is not None:
        return _nothing(equation, terms, support, weights, (*left_out, found.problem))
    return _generalised(equation, terms, support, weights, kept, found, errors, left_out)


def _linear(
    equation: Equation,
    terms: tuple[str, ...],
    x: np.ndarray,
    y: np.ndarray,
    errors: Errors,
    weights: np.ndarray,
    kept: np.ndarray,
    problems: tuple[Problem, ...],
) -> EquationFit:
    n, root = len(y), np.sqrt(weights)
    used = x[:, kept]
    least = least_squares(used * root[:, None], y * root)
    residual = y - used @ least.coefficients
    found = covariance(used, residual, least.inverse, errors)
    rest = weights @ residual**2
    share = weights / weights.sum()
    total = weights @ (y - share @ y) ** 2
    q, sigma = len(terms), float(np.sqrt(rest / weights.sum() * n / (n - len(kept))))
    return EquationFit(
        equation, terms, _spread(least.coefficients, kept, q), _square(found.matrix, kept, q), sigma, (),
        _columns(used @ least.inverse, kept, q), residual, weights, kept, found.df, n,
        r_squared=float(1 - rest / total), problems=(*problems, *found.notices),
    )  # fmt: skip


def _generalised(
    equation: Equation,
    terms: tuple[str, ...],
    support: tuple[float, ...],
    weights: np.ndarray,
    kept: np.ndarray,
    found: Estimated,
    errors: Errors,
    problems: tuple[Problem, ...],
) -> EquationFit:
    best = found.maximum
    matrix, df, _, notices = robust(found, errors)
    q = len(terms)
    return EquationFit(
        equation, terms, _spread(best.b, kept, q), _square(matrix, kept, q), found.theta, support,
        _columns(best.scores @ best.inverse, kept, q), np.ones(len(weights)), weights, kept, df, len(weights),
        best.log_likelihood if errors.weights is None else float("nan"), problems=(*problems, *notices),
    )  # fmt: skip


def _spread(values: np.ndarray, kept: np.ndarray, q: int) -> np.ndarray:
    out = np.full(q, np.nan)
    out[kept] = values
    return out


def _square(matrix: np.ndarray, kept: np.ndarray, q: int) -> np.ndarray:
    out = np.full((q, q), np.nan)
    out[np.ix_(kept, kept)] = matrix
    return out


def _columns(values: np.ndarray, kept: np.ndarray, q: int) -> np.ndarray:
    out = np.zeros((len(values), q))
    out[:, kept] = values
    return out


def _nothing(
    equation: Equation,
    terms: tuple[str, ...],
    support: tuple[float, ...],
    weights: np.ndarray,
    problems: tuple[Problem, ...],
) -> EquationFit:
    q, n = len(terms), len(weights)
    empty = np.full(q, np.nan)
    return EquationFit(
        equation, terms, empty, np.full((q, q), np.nan), float("nan"), support, np.full((n, q), np.nan),
        np.full(n, np.nan), weights, np.empty(0, dtype=int), float("nan"), n, problems=problems,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class EquationRefit:
    """The engine of one equation with 0 for the parameters that the sample left out."""

    engine: Refit
    kept: np.ndarray
    size: int

    def block(self, weights: np.ndarray) -> Refitted:
        """Fit every row of `weights`, shape (B, n): counts times sampling weights."""
        found = self.engine.block(weights)
        if len(self.kept) == self.size:
            return found
        coefficients = np.zeros((len(weights), self.size))
        coefficients[:, self.kept] = found.coefficients
        return Refitted(coefficients, found.scale, found.converged, found.separated)


def refit_of(fit: EquationFit, x: np.ndarray, y: np.ndarray) -> EquationRefit:
    """The engine of an estimated equation; x and y as in `fit_equation`.

    Examples
    --------
    Resamples come in blocks so that memory stays bounded:
    ``for counts in plan.blocks(): refit.block(counts * weights).coefficients``.
    """
    family, w = fit.equation.family, fit.weights
    start = fit.estimate[fit.kept]
    used = x[:, fit.kept[fit.cuts :] - fit.cuts]
    codes = encoded(family, y)[0]
    engine: Refit
    if family == LINEAR:
        engine = LinearRefit.of(used, y, start, w)
    elif family in ORDERED:
        engine = OrderedRefit.of(used, codes.astype(int), family == "ordered_probit", start, w)
    elif family == "negative_binomial":
        engine = DispersedRefit.of(used, codes, start, fit.scale, w)
    else:
        engine = SingleIndexRefit.of(used, codes, KERNELS[family], start, w)
    return EquationRefit(engine, fit.kept, len(fit.terms))
