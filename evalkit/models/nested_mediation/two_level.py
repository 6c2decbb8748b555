"""Rows in groups in; maximum-likelihood covariances within and between groups out, as recursive equations.

The values of a person are the sum of a group part and a part within the group, both normal and neither observed on its
own; variables of the group have the first only. McDonald & Goldstein (1989), British Journal of Mathematical and
Statistical Psychology 42, 215-232; Lüdtke et al. (2008), Psychological Methods 13, 203-229. Each level is written as
equations in causal order, ``v = B v + e``, which is any covariance at all; the paths are entries of B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST = 1e-8
"""Residual variance between groups, in units of the variable's variance, below which there is none."""


@dataclass(frozen=True, eq=False)
class Products:
    """What the likelihood needs.

    Attributes
    ----------
    within : ndarray, shape (k, k)
        Cross-products about the group means of the variables that vary within groups.
    means : ndarray, shape (G, p)
        Group means of the variables that have a part between groups.
    inner, outer : tuple of int
        Which variables, in causal order, the k and the p are.
    """

    within: np.ndarray
    means: np.ndarray
    sizes: np.ndarray
    inner: tuple[int, ...]
    outer: tuple[int, ...]

    @property
    def shared(self) -> tuple[list[int], list[int]]:
        """Places of the variables with both parts among the k and among the p."""
        both = [j for j in self.inner if j in self.outer]
        return [self.inner.index(j) for j in both], [self.outer.index(j) for j in both]


@dataclass(frozen=True, eq=False)
class Levels:
    """The maximum.

    Attributes
    ----------
    within, between : ndarray, shapes (k, k) and (p, p)
        B of each level.
    within_variance, between_variance : ndarray
        Residual variances.
    names : tuple
        One a free parameter: (level, row, column) for a path, (level, row, row) for a variance, ("mean", row, row).
    matrix : ndarray
        Covariance of the parameters in `names`, those of exogenous variables taken as known; nan where there is no
        information.
    """

    within: np.ndarray
    between: np.ndarray
    within_variance: np.ndarray
    between_variance: np.ndarray
    log_likelihood: float
    converged: bool
    names: tuple[tuple[str, int, int], ...]
    matrix: np.ndarray


def two_level(
    values: np.ndarray, groups: np.ndarray, inner: tuple[int, ...], outer: tuple[int, ...], exogenous: int
) -> Levels:
    """Fit both levels at once.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        In causal order, the `exogenous` first ones fixed for inference.
    groups : ndarray of int, shape (n,)
    inner, outer : tuple of int
        Places of the variables with a part within and with a part between groups.
    """
    from scipy.optimize import minimize

    spread = values.std(axis=0)
    data = _products((values - values.mean(axis=0)) / spread, groups, inner, outer)
    found = minimize(
        lambda free: _scaled(data, free),
        _start(data),
        jac=True,
        method="L-BFGS-B",
        bounds=_bounds(data),
        options={"ftol": 1e-15, "gtol": 1e-7, "maxiter": 2000, "maxfun": 4000},
    )
    free = _natural(data, found.x)
    paths_w, variance_w, paths_b, variance_b, _ = _parts(free, len(inner), len(outer))
    own_w, own_b = spread[list(inner)], spread[list(outer)]
    names, matrix = _covariance(data, free, spread, exogenous)
    shift = float(np.log(own_w).sum() * (len(values) - len(data.sizes)) + np.log(own_b).sum() * len(data.sizes))
    gradient = np.abs(_scaled(data, found.x)[1]).max()
    return Levels(
        within=paths_w * np.divide.outer(own_w, own_w),
        between=paths_b * np.divide.outer(own_b, own_b),
        within_variance=variance_w * own_w**2,
        between_variance=variance_b * own_b**2,
        log_likelihood=-float(found.fun) - shift,
        converged=bool(gradient < 1e-2),
        names=names,
        matrix=matrix,
    )


def _products(values: np.ndarray, groups: np.ndarray, inner: tuple[int, ...], outer: tuple[int, ...]) -> Products:
    sizes = np.bincount(groups)
    means = np.column_stack([np.bincount(groups, column) for column in values.T]) / sizes[:, None]
    apart = (values - means[groups])[:, list(inner)]
    return Products(apart.T @ apart, means[:, list(outer)], sizes, inner, outer)


def _parts(free: np.ndarray, k: int, p: int) -> tuple[np.ndarray, ...]:
    """B and variances within, B and variances between, means; from the vector of all parameters."""
    lower_w, lower_b = np.tril_indices(k, -1), np.tril_indices(p, -1)
    cuts = np.cumsum([len(lower_w[0]), k, len(lower_b[0]), p])
    first, variance_w, second, variance_b, mean = np.split(free, cuts)
    within, between = np.zeros((k, k)), np.zeros((p, p))
    within[lower_w], between[lower_b] = first, second
    return within, variance_w, between, variance_b, mean


def _logs(k: int, p: int) -> np.ndarray:
    """Which parameters are variances."""
    lower = k * (k - 1) // 2, p * (p - 1) // 2
    return np.repeat([False, True, False, True, False], [lower[0], k, lower[1], p, p])


def _natural(data: Products, free: np.ndarray) -> np.ndarray:
    logs = _logs(len(data.inner), len(data.outer))
    return np.where(logs, np.exp(np.where(logs, free, 0.0)), free)


def _bounds(data: Products) -> list[tuple[float | None, float | None]]:
    limit = (np.log(SMALLEST) - 2, np.log(1e3))
    return [limit if log else (None, None) for log in _logs(len(data.inner), len(data.outer))]


def _start(data: Products) -> np.ndarray:
    p = len(data.outer)
    within = data.within / (data.sizes.sum() - len(data.sizes))
    between = np.cov(data.means.T).reshape(p, p) + 1e-3 * np.eye(p)
    parts = []
    for matrix in (within, between):
        root = np.linalg.cholesky(matrix)
        unit = root / np.diag(root)
        paths = np.eye(len(matrix)) - np.linalg.inv(unit)
        parts += [paths[np.tril_indices(len(matrix), -1)], 2 * np.log(np.diag(root))]
    return np.concatenate([*parts, data.means.mean(axis=0)])


def _scaled(data: Products, free: np.ndarray) -> tuple[float, np.ndarray]:
    """Negative log likelihood and gradient with variances on the log scale."""
    natural = _natural(data, free)
    try:
        value, gradient = log_likelihood(data, natural)
    except np.linalg.LinAlgError:
        return np.inf, np.zeros(len(free))
    logs = _logs(len(data.inner), len(data.outer))
    return -value, -np.where(logs, gradient * natural, gradient)


def log_likelihood(data: Products, free: np.ndarray) -> tuple[float, np.ndarray]:
    """Log likelihood and its gradient.

    Deviations from group means and the means themselves are independent; the latter have covariance
    ``between + within / n_j``.
    """
    k, p = len(data.inner), len(data.outer)
    paths_w, variance_w, paths_b, variance_b, mean = _parts(free, k, p)
    reach_w, reach_b = np.linalg.inv(np.eye(k) - paths_w), np.linalg.inv(np.eye(p) - paths_b)
    within, between = (reach_w * variance_w) @ reach_w.T, (reach_b * variance_b) @ reach_b.T
    n, groups = data.sizes.sum(), len(data.sizes)
    wide = np.zeros((p, p))
    own, at = (np.ix_(places, places) for places in data.shared)
    wide[at] = within[own]
    each = between + wide / data.sizes[:, None, None]
    inverse = np.linalg.inv(each)
    apart = data.means - mean
    turned = np.einsum("gij,gj->gi", inverse, apart)
    inner = np.linalg.inv(within)
    signs, sizes = np.linalg.slogdet(each)
    sign, size = np.linalg.slogdet(within)
    if sign <= 0 or (signs <= 0).any():
        raise np.linalg.LinAlgError("not positive definite")
    value = -0.5 * (n - groups) * size - 0.5 * float((inner * data.within).sum())
    value += -0.5 * float(sizes.sum() + (turned * apart).sum()) - 0.5 * len(data.shared[0]) * float(
        np.log(data.sizes).sum()
    )
    value -= 0.5 * np.log(2 * np.pi) * (k * (n - groups) + p * groups)
    by_group = -0.5 * (inverse - turned[:, :, None] * turned[:, None, :])
    slope_b = by_group.sum(axis=0)
    slope_w = np.zeros((k, k))
    slope_w[own] = np.einsum("gij,g->ij", by_group, 1 / data.sizes)[at]
    slope_w -= 0.5 * ((n - groups) * inner - inner @ data.within @ inner)
    out = []
    for slope, reach, covariance in ((slope_w, reach_w, within), (slope_b, reach_b, between)):
        whole = 2 * reach.T @ slope @ covariance
        out += [whole[np.tril_indices(len(reach), -1)], np.diag(reach.T @ slope @ reach)]
    return value, np.concatenate([*out, turned.sum(axis=0)])


def _covariance(
    data: Products, free: np.ndarray, spread: np.ndarray, exogenous: int
) -> tuple[tuple[tuple[str, int, int], ...], np.ndarray]:
    """Names and covariance of the parameters of the equations, from the observed information."""
    names: list[tuple[str, int, int]] = []
    units: list[float] = []
    for level, places in (("within", data.inner), ("between", data.outer)):
        m = len(places)
        pairs = [*zip(*np.tril_indices(m, -1), strict=True), *((i, i) for i in range(m))]
        names += [(level, places[i], places[j]) for i, j in pairs]
        units += [spread[places[i]] ** 2 if i == j else spread[places[i]] / spread[places[j]] for i, j in pairs]
    names += [("mean", j, j) for j in data.outer]
    units += list(spread[list(data.outer)])
    keep = [i for i, name in enumerate(names) if name[1] >= exogenous]
    bend = np.zeros((len(free), len(free)))
    for i in keep:
        step = np.zeros(len(free))
        step[i] = 1e-4 * max(abs(free[i]), 0.02)
        ends = [log_likelihood(data, free + sign * step)[1] for sign in (-1.0, 1.0)]
        bend[i] = (ends[0] - ends[1]) / (2 * step[i])
    bend = ((bend + bend.T) / 2)[np.ix_(keep, keep)]
    scale = np.array(units)[keep]
    try:
        matrix = np.linalg.inv(bend) * np.multiply.outer(scale, scale)
    except np.linalg.LinAlgError:
        matrix = np.full((len(keep), len(keep)), np.nan)
    return tuple(names[i] for i in keep), matrix
