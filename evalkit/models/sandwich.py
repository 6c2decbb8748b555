"""Scores of a least-squares fit in, the covariance of its coefficients out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evalkit.contract import Problem
from evalkit.sampling import DesignArrays, linearised_covariance

LEVERAGE: dict[str, Callable[[np.ndarray, int, int], np.ndarray]] = {
    "HC0": lambda h, n, k: np.ones(n),
    "HC1": lambda h, n, k: np.full(n, n / (n - k)),
    "HC2": lambda h, n, k: 1 / (1 - h),
    "HC3": lambda h, n, k: 1 / (1 - h) ** 2,
    "HC4": lambda h, n, k: (1 - h) ** -np.minimum(4.0, n * h / k),
    "HC4m": lambda h, n, k: (1 - h) ** -(np.minimum(1.0, n * h / k) + np.minimum(1.5, n * h / k)),
    "HC5": lambda h, n, k: (1 - h) ** (-np.minimum(n * h / k, max(4.0, 0.7 * n * h.max() / k)) / 2),
}
"""Factor on each squared residual. MacKinnon & White (1985), Journal of Econometrics 29, 305-325 (HC0-HC3);
Cribari-Neto (2004), Computational Statistics & Data Analysis 45, 215-233 (HC4); Cribari-Neto & da Silva (2011),
AStA 95, 129-146 (HC4m); Cribari-Neto, Souza & Vasconcellos (2007), Communications in Statistics 36, 1877-1888 (HC5)."""

CLUSTERED = ("CR0", "CR1p", "CR1", "CR2", "CR3")
CROSSED = ("CR0", "CR1p", "CR1")
"""Kinds that two columns of clusters may have."""
KINDS = ("classical", *LEVERAGE, *CLUSTERED, "linearised")
FEW_CLUSTERS = 30


@dataclass(frozen=True, eq=False)
class Errors:
    """Which standard errors are wanted.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    clusters : ndarray of int, shape (n,), optional
        For the kinds in `CLUSTERED`.
    design : DesignArrays, optional
        For `linearised`: of all rows of the data, N of them.
    rows : ndarray of int, shape (n,), optional
        Positions of the n rows used among the N.
    between : bool
        Tests of clustered errors with G - 1 degrees of freedom (CR2 keeps its own).
    crossed : ndarray of int, shape (n,), optional
        Second clusters of the rows, for the kinds in `CROSSED`.
    precision : ndarray, shape (n,), optional
        Inverse error variances of the rows, up to a factor (weighted least squares); without a design.
    """

    kind: str = "classical"
    clusters: np.ndarray | None = None
    design: DesignArrays | None = None
    rows: np.ndarray | None = None
    between: bool = False
    crossed: np.ndarray | None = None
    precision: np.ndarray | None = None

    @property
    def weights(self) -> np.ndarray | None:
        """Weights of the rows used; None where all are 1."""
        if self.precision is not None:
            return self.precision
        if self.design is None or self.rows is None:
            return None
        return self.design.weights[self.rows]


@dataclass(frozen=True, eq=False)
class Covariance:
    """Covariance of the coefficients, shape (k, k), its degrees of freedom and what to know about it.

    `df` serves joint tests, and each coefficient where `term_df` (shape (k,), by Satterthwaite) is None.
    """

    matrix: np.ndarray
    df: float
    n_clusters: int | None = None
    notices: tuple[Problem, ...] = ()
    term_df: np.ndarray | None = None


def covariance(x: np.ndarray, residual: np.ndarray, inverse: np.ndarray, errors: Errors) -> Covariance:
    """Covariance of least-squares coefficients.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Full column rank.
    residual : ndarray, shape (n,)
    inverse : ndarray, shape (k, k)
        Inverse of the (weighted) cross-product of x.
    errors : Errors

    Returns
    -------
    Covariance
        df: n - k for classical, HC, CR0, CR1p, CR1, CR3 (`between`: G - 1); G - 1 for joint tests of CR2, whose
        coefficients have each their own; units - strata - k + 1 for linearised.

    Notes
    -----
    CR1 carries G / (G - 1) * (n - 1) / (n - k): Liang & Zeger (1986), Biometrika 73, 13-22; Cameron & Miller
    (2015), Journal of Human Resources 50, 317-372, eq. 12; CR1p carries G / (G - 1) only. CR2 and CR3: `_adjusted`.
    """
    n, k = x.shape
    if errors.kind == "classical":
        return Covariance(inverse * (residual @ residual / (n - k)), n - k)
    scores = x * residual[:, None]
    if errors.kind == "linearised":
        return _linearised(scores, inverse, errors)
    if errors.kind in CLUSTERED:
        return _clustered(x, residual, inverse, errors)
    return _heteroscedastic(x, scores, inverse, errors.kind)


def _heteroscedastic(x: np.ndarray, scores: np.ndarray, inverse: np.ndarray, kind: str) -> Covariance:
    n, k = x.shape
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    alone = leverage > 1 - 1e-10
    if alone.any() and kind not in ("HC0", "HC1"):
        notice = Problem("W661", params={"kind": kind, "n": int(alone.sum())})
        return Covariance(np.full((k, k), np.nan), n - k, None, (notice,))
    factor = LEVERAGE[kind](leverage, n, k)
    return Covariance(inverse @ (scores.T @ (scores * factor[:, None])) @ inverse, n - k)


def _clustered(x: np.ndarray, residual: np.ndarray, inverse: np.ndarray, errors: Errors) -> Covariance:
    n, k = x.shape
    if errors.crossed is not None:
        meat, groups, notices = crossed_meat(x * residual[:, None], errors)
        df = float(groups - 1 if errors.between else n - k)
        return Covariance(inverse @ meat @ inverse, df, groups, notices)
    names, place = np.unique(errors.clusters, return_inverse=True)
    groups = len(names)
    if groups < 2:
        return Covariance(np.full((k, k), np.nan), n - k, groups, (Problem("W662", params={"n": groups}),))
    notices = (Problem("N663", params={"n": groups, "enough": FEW_CLUSTERS}),) if groups < FEW_CLUSTERS else ()
    if groups < k:
        notices += (Problem("W765", params={"n": groups, "k": k}),)
    df = float(groups - 1 if errors.between or errors.kind == "CR2" else n - k)
    if errors.kind in ("CR2", "CR3"):
        return _adjusted(x, residual, inverse, place, errors.kind, df, notices)
    meat = cluster_meat(x * residual[:, None], place, errors.kind)
    return Covariance(inverse @ meat @ inverse, df, groups, notices)


def cluster_meat(scores: np.ndarray, place: np.ndarray, kind: str) -> np.ndarray:
    """Sum over clusters of the products of their score totals, with the factor of CR0, CR1p or CR1, shape (k, k)."""
    (n, k), groups = scores.shape, int(place.max()) + 1
    totals = np.zeros((groups, k))
    np.add.at(totals, place, scores)
    small = groups / (groups - 1)
    factor = {"CR0": 1.0, "CR1p": small, "CR1": small * (n - 1) / (n - k)}[kind]
    return np.asarray(factor * totals.T @ totals)


def crossed_meat(scores: np.ndarray, errors: Errors) -> tuple[np.ndarray, int, tuple[Problem, ...]]:
    """Sum of score products over two ways of clustering, with the smaller number of clusters.

    Returns
    -------
    meat : ndarray, shape (k, k)
        nan with W662 where a way has one cluster only. Where it is not positive semi-definite its negative
        eigenvalues are set to 0 (W6025).
    groups : int
    notices : tuple of Problem

    Notes
    -----
    ``V_a + V_b - V_ab``, each part with the factor of its own number of clusters (the cells of a by b for V_ab):
    Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29, 238-249, eqs 2.11, 2.13 and p. 241.
    """
    k = scores.shape[1]
    _, first = np.unique(errors.clusters, return_inverse=True)
    _, second = np.unique(errors.crossed, return_inverse=True)
    _, cell = np.unique(first * (int(second.max()) + 1) + second, return_inverse=True)
    groups = int(min(first.max(), second.max())) + 1
    if groups < 2:
        return np.full((k, k), np.nan), groups, (Problem("W662", params={"n": groups}),)
    notices = (Problem("N663", params={"n": groups, "enough": FEW_CLUSTERS}),) if groups < FEW_CLUSTERS else ()
    if groups < k:
        notices += (Problem("W765", params={"n": groups, "k": k}),)
    meat = sum(sign * cluster_meat(scores, p, errors.kind) for p, sign in ((first, 1), (second, 1), (cell, -1)))
    scale = np.sqrt(np.einsum("ij,ij->j", scores, scores))
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(meat / np.outer(scale, scale))
    if values[0] < -1e-12 * values[-1]:
        notices += (Problem("W6025"),)
        meat = (vectors * np.maximum(values, 0.0)) @ vectors.T * np.outer(scale, scale)
    return np.asarray(meat), groups, notices


def _adjusted(
    x: np.ndarray,
    residual: np.ndarray,
    inverse: np.ndarray,
    place: np.ndarray,
    kind: str,
    df: float,
    notices: tuple[Problem, ...],
) -> Covariance:
    """CR2 and CR3: the residuals of a cluster times ``(I - H_gg)`` to the power -1/2 or -1.

    Bell & McCaffrey (2002), Survey Methodology 28, 169-181; Pustejovsky & Tipton (2018), Journal of Business &
    Economic Statistics 36, 672-683, eqs 6 and 12, working model: equal variances, no correlation. With the thin QR
    ``X_g = Q R`` the power works on ``I - R (X'X)^-1 R'``, k x k, however large the cluster.
    """
    n, k = x.shape
    order = np.argsort(place, kind="stable")
    ends = np.flatnonzero(np.diff(place[order])) + 1
    members = np.split(order, ends)
    scores = np.empty((len(members), k))
    inner = np.empty((len(members), k, k))  # X_g' A_g X_g
    outer = np.empty((len(members), k, k))  # X_g' A_g A_g X_g
    for g, rows in enumerate(members):
        q, r = np.linalg.qr(x[rows])
        values, vectors = np.linalg.eigh(np.eye(len(r)) - r @ inverse @ r.T)
        alone = values < 1e-10
        if alone.any() and kind == "CR3":
            notice = Problem("W756", params={"kind": kind})
            return Covariance(np.full((k, k), np.nan), df, len(members), (*notices, notice))
        power = np.zeros(len(values))  # Moore-Penrose where a cluster alone determines a direction
        power[~alone] = values[~alone] ** (-0.5 if kind == "CR2" else -1.0)
        turned = vectors.T @ r
        scores[g] = turned.T @ (power * (vectors.T @ (q.T @ residual[rows])))
        inner[g] = turned.T @ (power[:, None] * turned)
        outer[g] = turned.T @ (power[:, None] ** 2 * turned)
    matrix = inverse @ (scores.T @ scores) @ inverse
    term_df = satterthwaite(inner, outer, inverse) if kind == "CR2" else None
    return Covariance(matrix, df, len(members), notices, term_df)


def satterthwaite(inner: np.ndarray, outer: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Degrees of freedom of each coefficient, shape (k,): ``(sum p_g'p_g)^2 / sum (p_g'p_h)^2``."""
    out = np.empty(len(inverse))
    for j, column in enumerate(inverse.T):
        ours = np.einsum("a,gab,b->g", column, outer, column)
        parts = inner @ column
        products = np.diag(ours) - parts @ inverse @ parts.T
        out[j] = np.trace(products) ** 2 / (products**2).sum()
    return out


def _linearised(scores: np.ndarray, inverse: np.ndarray, errors: Errors) -> Covariance:
    design, rows = errors.design, errors.rows
    if design is None or rows is None:
        raise ValueError("linearised standard errors need a design")
    k = scores.shape[1]
    everybody = np.zeros((len(design.weights), k))
    everybody[rows] = scores * design.weights[rows][:, None]
    meat, df, notices = linearised_covariance(everybody, design)
    df -= k - 1
    if df < 1:
        notices += (Problem("W664", params={"df": df}),)
    units = len(np.unique(design.units[rows]))
    clustered = units if units < len(rows) else None
    return Covariance(inverse @ meat @ inverse, df if df >= 1 else np.nan, clustered, notices)


def wald(estimate: np.ndarray, matrix: np.ndarray) -> float:
    """``b' V^-1 b / q``, an F statistic with q degrees of freedom above; nan where V cannot be inverted."""
    if not len(estimate) or not np.isfinite(matrix).all():
        return float("nan")
    scale = np.sqrt(np.diag(matrix))
    if (scale <= 0).any():
        return float("nan")
    correlation = matrix / scale[:, None] / scale
    values = np.linalg.eigvalsh(correlation)
    if values[0] < len(values) * 1e-12:
        return float("nan")
    z = estimate / scale
    return float(z @ np.linalg.solve(correlation, z) / len(z))
