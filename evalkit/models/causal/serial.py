"""Residuals and scores over time in, covariances and tests that allow for autocorrelation out."""

from __future__ import annotations

import math

import numpy as np


def default_lags(n_times: int) -> int:
    """``floor(4 (T / 100)^(2/9))``, at least 1: Newey & West (1994), Review of Economic Studies 61, 631-653."""
    return max(1, int(4 * (n_times / 100) ** (2 / 9)))


def step_of(times: np.ndarray) -> float:
    """The least distance between two times, shape (T,) in order: the length of one period."""
    return float(np.diff(times).min())


def gaps(times: np.ndarray) -> int:
    """Periods between the first and the last time that are not there."""
    return int(round(float(np.ptp(times)) / step_of(times))) + 1 - len(times)


def kernel_covariance(
    x: np.ndarray, residual: np.ndarray, inverse: np.ndarray, place: np.ndarray, times: np.ndarray, lags: int
) -> np.ndarray:
    """Covariance of least-squares coefficients with scores correlated over time, shape (k, k).

    Parameters
    ----------
    x : ndarray, shape (n, k)
    residual : ndarray, shape (n,)
    inverse : ndarray, shape (k, k)
        Of ``x'x``.
    place : ndarray of int, shape (n,)
        Position of each row's time in `times`; the scores of one time are summed.
    times : ndarray, shape (T,)
        In order; gaps count with their true length.
    lags : int
        Correlation is allowed up to so many periods.

    Notes
    -----
    Newey & West (1987), Econometrica 55, 703-708, Bartlett's weights ``1 - d / (lags + 1)``; several series:
    Driscoll & Kraay (1998), Review of Economics and Statistics 80, 549-560; gaps: Parzen (1963), Sankhya A 25,
    383-392. Without the small-sample factor.
    """
    totals = np.zeros((len(times), x.shape[1]))
    np.add.at(totals, place, x * residual[:, None])
    distance = np.abs(times[:, None] - times) / step_of(times)
    weight = np.maximum(0.0, 1 - distance / (lags + 1))
    return np.asarray(inverse @ (totals.T @ weight @ totals) @ inverse)


def durbin_watson(residual: np.ndarray, times: np.ndarray) -> float:
    """Durbin & Watson's d over neighbouring periods; about 2 without autocorrelation of the first order."""
    near = np.diff(times) < 1.5 * step_of(times)
    pairs = int(near.sum())
    total = float(residual @ residual)
    if not pairs or total <= 0:
        return math.nan
    # With gaps there are fewer differences than neighbours; the factor keeps the expectation near 2.
    return float((np.diff(residual)[near] ** 2).sum() / total * (len(times) - 1) / pairs)


def ljung_box(residual: np.ndarray, times: np.ndarray, lags: int) -> tuple[float, int]:
    """Ljung & Box (1978), Biometrika 65, 297-303: Q of the first lags, and its degrees of freedom."""
    n, total = len(times), float(residual @ residual)
    if total <= 0:
        return math.nan, lags
    distance = np.rint((times[:, None] - times) / step_of(times)).astype(int)
    products = np.outer(residual, residual)
    q = 0.0
    for lag in range(1, lags + 1):
        r = float(products[distance == lag].sum()) / total
        q += r**2 / (n - lag)
    return n * (n + 2) * q, lags
