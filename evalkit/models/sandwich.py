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
}
"""Factor on each squared residual. MacKinnon & White (1985), Journal of Econometrics 29, 305-325 (HC0-HC3);
Cribari-Neto (2004), Computational Statistics & Data Analysis 45, 215-233 (HC4)."""

KINDS = ("classical", *LEVERAGE, "CR0", "CR1", "linearised")
FEW_CLUSTERS = 30


@dataclass(frozen=True, eq=False)
class Errors:
    """Which standard errors are wanted.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    clusters : ndarray of int, shape (n,), optional
        For CR0 and CR1.
    design : DesignArrays, optional
        For `linearised`: of all rows of the data, N of them.
    rows : ndarray of int, shape (n,), optional
        Positions of the n rows used among the N.
    """

    kind: str = "classical"
    clusters: np.ndarray | None = None
    design: DesignArrays | None = None
    rows: np.ndarray | None = None

    @property
    def weights(self) -> np.ndarray | None:
        """Weights of the rows used; None where all are 1."""
        if self.design is None or self.rows is None:
            return None
        return self.design.weights[self.rows]


@dataclass(frozen=True, eq=False)
class Covariance:
    """Covariance of the coefficients, shape (k, k), its degrees of freedom and what to know about it."""

    matrix: np.ndarray
    df: float
    n_clusters: int | None = None
    notices: tuple[Problem, ...] = ()


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
        df: n - k for classical, HC and CR; units - strata - k + 1 for linearised.

    Notes
    -----
    CR1 carries G / (G - 1) * (n - 1) / (n - k): Liang & Zeger (1986), Biometrika 73, 13-22; Cameron & Miller
    (2015), Journal of Human Resources 50, 317-372, eq. 12.
    """
    n, k = x.shape
    if errors.kind == "classical":
        return Covariance(inverse * (residual @ residual / (n - k)), n - k)
    scores = x * residual[:, None]
    if errors.kind == "linearised":
        return _linearised(scores, inverse, errors)
    if errors.kind in ("CR0", "CR1"):
        return _clustered(scores, inverse, errors)
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


def _clustered(scores: np.ndarray, inverse: np.ndarray, errors: Errors) -> Covariance:
    n, k = scores.shape
    names, place = np.unique(errors.clusters, return_inverse=True)
    groups = len(names)
    if groups < 2:
        return Covariance(np.full((k, k), np.nan), n - k, groups, (Problem("W662", params={"n": groups}),))
    totals = np.zeros((groups, k))
    np.add.at(totals, place, scores)
    factor = groups / (groups - 1) * (n - 1) / (n - k) if errors.kind == "CR1" else 1.0
    few = (Problem("N663", params={"n": groups, "enough": FEW_CLUSTERS}),) if groups < FEW_CLUSTERS else ()
    return Covariance(factor * inverse @ (totals.T @ totals) @ inverse, n - k, groups, few)


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
