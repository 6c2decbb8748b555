"""The regressions behind a mediation model: fitted once on the sample, with the joint covariance of the paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.fit import Fit, fit_linear
from evalkit.models.mediation.layout import Coefficients, Layout
from evalkit.models.sandwich import Errors
from evalkit.moments import least_squares
from evalkit.sampling import linearised_covariance


@dataclass(frozen=True, eq=False)
class Data:
    """Rows used, as arrays.

    Parameters
    ----------
    covariates : ndarray, shape (n, c)
    x, y : ndarray, shape (n,)
    mediators : ndarray, shape (n, k)
    terms : tuple of str
        Ids of the covariates, then x, then the mediators.
    """

    covariates: np.ndarray
    x: np.ndarray
    mediators: np.ndarray
    y: np.ndarray
    terms: tuple[str, ...]

    @property
    def n_covariates(self) -> int:
        return self.covariates.shape[1]

    @property
    def x_term(self) -> str:
        return self.terms[self.n_covariates]

    def columns(self, mediators: int) -> tuple[np.ndarray, tuple[str, ...]]:
        """Covariates, x and the first so many mediators, with their ids."""
        used = np.column_stack([self.covariates, self.x, self.mediators[:, :mediators]])
        return used, self.terms[: self.n_covariates + 1 + mediators]


@dataclass(frozen=True, eq=False)
class Equations:
    """Fits of every mediator, of y, and of y without the mediators (the total effect)."""

    mediators: tuple[Fit, ...]
    outcome: Fit
    total: Fit


def fit_equations(data: Data, layout: Layout, errors: Errors, conf_level: float) -> Equations:
    """All regressions of the model, each with x and every covariate."""

    def fit(y: np.ndarray, mediators: int) -> Fit:
        columns, terms = data.columns(mediators)
        return fit_linear(columns, terms, y, errors=errors, conf_level=conf_level)

    before = _mediators_before(layout)
    return Equations(
        tuple(fit(data.mediators[:, j], before[j]) for j in range(len(before))),
        fit(data.y, len(before)),
        fit(data.y, 0),
    )


def path_coefficients(equations: Equations, layout: Layout, x_term: str) -> Coefficients:
    """The paths as one "resample" (B = 1)."""
    k = len(layout.mediators)
    d = np.zeros((k, k, 1))
    if layout.kind == "serial":
        for j, fit in enumerate(equations.mediators):
            for i in range(j):
                d[i, j] = fit.estimate[fit.place(layout.mediators[i])]
    outcome = equations.outcome
    return Coefficients(
        a=np.array([[fit.estimate[fit.place(x_term)]] for fit in equations.mediators]),
        d=d,
        b=np.array([[outcome.estimate[outcome.place(m)]] for m in layout.mediators]),
        direct=outcome.estimate[[outcome.place(x_term)]],
        total=equations.total.estimate[[equations.total.place(x_term)]],
    )


@dataclass(frozen=True, eq=False)
class JointPaths:
    """All free paths in one vector: `values` (q,), `covariance` (q, q); `unpack` gives them names again."""

    values: np.ndarray
    covariance: np.ndarray
    layout: Layout

    def unpack(self, drawn: np.ndarray) -> Coefficients:
        """Vectors of paths, shape (q, B), as Coefficients; the total is direct plus indirect."""
        k = len(self.layout.mediators)
        a, d, b = np.empty((k, drawn.shape[1])), np.zeros((k, k, drawn.shape[1])), np.empty((k, drawn.shape[1]))
        at = 0
        for j in range(k):
            a[j] = drawn[at]
            n_before = j if self.layout.kind == "serial" else 0
            d[:n_before, j] = drawn[at + 1 : at + 1 + n_before]
            at += 1 + n_before
        direct, b[:] = drawn[at], drawn[at + 1 :]
        without = self.layout.effects(Coefficients(a, d, b, direct, np.zeros_like(direct)))
        return Coefficients(a, d, b, direct, direct + without[self.layout.indirect].sum(axis=0))


def joint_paths(data: Data, equations: Equations, layout: Layout, errors: Errors) -> JointPaths:
    """Paths of all equations with their joint covariance.

    Classical errors: ``s_ij (X_i'X_i)^-1 X_i'X_j (X_j'X_j)^-1`` with ``s_ij`` the covariance of residuals
    (which is 0 but between parallel mediators). CR1 and linearised: the sandwich of the stacked scores.
    """
    before = _mediators_before(layout)
    k = len(layout.mediators)
    wanted = [(data.mediators[:, j], before[j], equations.mediators[j]) for j in range(k)]
    wanted.append((data.y, k, equations.outcome))
    values, parts = [], []
    for y, mediators, fit in wanted:
        x = np.column_stack([np.ones(len(y)), data.columns(mediators)[0]])
        w = np.ones(len(y)) if errors.weights is None else errors.weights
        inverse = least_squares(x * np.sqrt(w)[:, None], y * np.sqrt(w)).inverse
        residual = y - x @ fit.estimate
        free = np.arange(1 + data.n_covariates, x.shape[1])
        values.append(fit.estimate[free])
        parts.append((x @ inverse[:, free], residual, w, x.shape[1]))
    covariance = classical_joint(parts) if errors.kind == "classical" else robust_joint(parts, errors)
    return JointPaths(np.concatenate(values), covariance, layout)


def _mediators_before(layout: Layout) -> list[int]:
    return [j if layout.kind == "serial" else 0 for j in range(len(layout.mediators))]


def classical_joint(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]]) -> np.ndarray:
    """Joint covariance of the coefficients of several equations under equal variances.

    Parameters
    ----------
    parts : list
        By equation: ``X (X'X)^-1`` of the coefficients wanted, residuals, weights, number of parameters.
    """

    def block(left: tuple, right: tuple) -> np.ndarray:  # type: ignore[type-arg]
        (h_i, e_i, _, k_i), (h_j, e_j, _, k_j) = left, right
        return (e_i @ e_j) / np.sqrt((len(e_i) - k_i) * (len(e_j) - k_j)) * (h_i.T @ h_j)

    return np.block([[block(left, right) for right in parts] for left in parts])


def robust_joint(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]], errors: Errors) -> np.ndarray:
    """The same by the sandwich of the stacked scores, for CR1 and linearised errors."""
    n = len(parts[0][1])
    influence = np.column_stack([h * (e * w)[:, None] for h, e, w, _ in parts])
    if errors.kind == "linearised" and errors.design is not None:
        everybody = np.zeros((len(errors.design.weights), influence.shape[1]))
        everybody[errors.rows] = influence
        return linearised_covariance(everybody, errors.design)[0]
    names, place = np.unique(errors.clusters, return_inverse=True)
    totals = np.zeros((len(names), influence.shape[1]))
    np.add.at(totals, place, influence)
    groups = len(names)
    factor = np.concatenate([np.full(h.shape[1], np.sqrt((n - 1) / (n - k))) for h, _, _, k in parts])
    if groups < 2:
        return np.full((influence.shape[1],) * 2, np.nan)
    return groups / (groups - 1) * (totals.T @ totals) * np.outer(factor, factor)
