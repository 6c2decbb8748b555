"""Points in the plane in, probabilities and densities of the standard bivariate normal out, whole arrays at a time."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, owens_t

FAR = 40.0
"""A limit beyond this is infinite for all purposes: the normal tail there is below 1e-300."""

LEAST_PROBABILITY = float(np.finfo(float).eps)
"""Cells get at least this: what rounding leaves of a difference of probabilities says nothing below it."""


def bivariate_normal_cdf(h: np.ndarray, k: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """P(X <= h, Y <= k) of standard normals with correlation rho; the three are broadcast.

    Parameters
    ----------
    h, k : ndarray
        Limits, infinite ones too.
    rho : ndarray
        Between -1 and 1, both included.

    Notes
    -----
    Owen (1956), Annals of Mathematical Statistics 27, 1075-1090; absolute error about 1e-16.
    """
    h, k, rho = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (h, k, rho)))
    # A limit this near zero is zero: products of two would underflow, and the sign of -0.0 would decide a limit below.
    h, k = (np.where(np.abs(v) < 1e-150, 0.0, np.clip(v, -FAR, FAR)) for v in (h, k))
    spread = np.sqrt((1 - rho) * (1 + rho))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_h, slope_k = (k - rho * h) / (h * spread), (h - rho * k) / (k * spread)
        both_zero = (h == 0) & (k == 0)
        # The limit along h = k; either slope alone is 0 / 0 there.
        limit = np.sqrt((1 - rho) / (1 + rho))
    slope_h, slope_k = np.where(both_zero, limit, slope_h), np.where(both_zero, limit, slope_k)
    apart = (h * k < 0) | ((h * k == 0) & (h + k < 0))
    inside = np.abs(rho) < 1
    tails = owens_t(h, np.where(inside, slope_h, 0)) + owens_t(k, np.where(inside, slope_k, 0))
    proper = (ndtr(h) + ndtr(k)) / 2 - tails - apart / 2
    edge = np.where(rho > 0, ndtr(np.minimum(h, k)), np.maximum(ndtr(h) - ndtr(-k), 0))
    return np.clip(np.where(inside, proper, edge), 0, 1)


def bivariate_normal_pdf(h: np.ndarray, k: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Density at (h, k), which is also the derivative of the distribution function by rho; zero at infinity.

    Plackett (1954), Biometrika 41, 351-360.
    """
    h, k = np.clip(h, -FAR, FAR), np.clip(k, -FAR, FAR)
    free = (1 - rho) * (1 + rho)
    return np.exp(-(h * h - 2 * rho * h * k + k * k) / (2 * free)) / (2 * np.pi * np.sqrt(free))


def pdf_slope(h: np.ndarray, k: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Derivative of the log density by rho."""
    h, k = np.clip(h, -FAR, FAR), np.clip(k, -FAR, FAR)
    free = (1 - rho) * (1 + rho)
    return rho / free + (h * k * (1 + rho * rho) - rho * (h * h + k * k)) / free**2


def cell_probabilities(cut_i: np.ndarray, cut_j: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Probability of each cell of several tables, never below `LEAST_PROBABILITY`, shape (n_pairs, k, l).

    Parameters
    ----------
    cut_i, cut_j : ndarray, shape (n_pairs, k + 1) and (n_pairs, l + 1)
        Cut points of rows and columns from -inf to inf.
    rho : ndarray, shape (n_pairs,)
    """
    grid = bivariate_normal_cdf(cut_i[:, :, None], cut_j[:, None, :], rho[:, None, None])
    return np.maximum(np.diff(np.diff(grid, axis=1), axis=2), LEAST_PROBABILITY)


def cell_slopes(cut_i: np.ndarray, cut_j: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Derivative of each cell's probability by rho, shape (n_pairs, k, l)."""
    density = bivariate_normal_pdf(cut_i[:, :, None], cut_j[:, None, :], rho[:, None, None])
    return np.diff(np.diff(density, axis=1), axis=2)


def threshold_slopes(cut: np.ndarray, other: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """What a row threshold moves from the cell above it to the cell below it, shape (n_pairs, k - 1, l).

    Density at the threshold times the conditional probability of the column's category.
    """
    inner = np.clip(cut[:, 1:-1], -FAR, FAR)
    spread = np.sqrt((1 - rho) * (1 + rho))[:, None, None]
    conditional = np.diff(ndtr((other[:, None, :] - rho[:, None, None] * inner[:, :, None]) / spread), axis=2)
    return normal_pdf(inner)[:, :, None] * conditional


def normal_pdf(x: np.ndarray) -> np.ndarray:
    """Standard normal density."""
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
