"""Clustered samples in, random-intercept models by REML out, all samples at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_SINGULAR = 1e-10
"""Smallest eigenvalue of scaled cross-products that still counts as a fit."""
_STEPS = 40
_LARGEST = 0.995
"""Largest intraclass correlation looked at."""
_GOLDEN = (np.sqrt(5) - 1) / 2


def random_intercepts(
    x: np.ndarray, y: np.ndarray, members: np.ndarray, kept: np.ndarray | None, constant: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """REML fits of d samples.

    Parameters
    ----------
    x, y : ndarray, shapes (d, n, p) and (d, n)
        Rows that are not kept hold zeros.
    members : ndarray of int, shape (n,)
        Clusters side by side.
    constant : ndarray of bool, shape (p,)
        Columns that do not vary within clusters, the intercept among them.

    Returns
    -------
    estimate (d, p), covariance (d, p, p), df (d, p)
        df: clusters less columns that are constant within them, or rows less clusters less the other columns
        (Pinheiro & Bates 2000, Mixed-Effects Models in S and S-PLUS, section 2.4.2).

    Notes
    -----
    ``V = s2 (I + g 11')`` by cluster of size m has the inverse ``(I - 11' g / (1 + m g)) / s2``, so the profiled REML
    criterion needs only totals by cluster; it is minimised along the intraclass correlation ``g / (1 + g)`` by golden
    section.
    """
    d, n, p = x.shape
    both = np.concatenate([x, y[..., None]], axis=2)
    starts = np.flatnonzero(np.diff(members, prepend=-1))
    totals = np.add.reduceat(both, starts, axis=1)
    left = np.ones((d, n)) if kept is None else kept.astype(float)
    sizes = np.add.reduceat(left, starts, axis=1)
    rows, groups = left.sum(axis=1), (sizes > 0).sum(axis=1)
    whole = both.transpose(0, 2, 1) @ both

    def criterion(icc: np.ndarray) -> np.ndarray:
        ratio = icc / (1 - icc)
        reduced = _reduced(whole, totals, sizes, ratio)
        sign, log_det = np.linalg.slogdet(reduced[:, :p, :p])
        _, log_all = np.linalg.slogdet(reduced)
        # Residual sum of squares = determinant of all over determinant of the predictors.
        spread = np.log1p(sizes * ratio[:, None]).sum(axis=1)
        with np.errstate(invalid="ignore"):
            value = (rows - p) * (log_all - log_det) + spread + log_det
        return np.where((sign > 0) & np.isfinite(value), value, np.inf)

    icc = _smallest(criterion, d)
    reduced = _reduced(whole, totals, sizes, icc / (1 - icc))
    inverse = inverted(reduced[:, :p, :p])
    estimate = (inverse @ reduced[:, :p, p:])[..., 0]
    rss = reduced[:, p, p] - np.einsum("dp,dp->d", estimate, reduced[:, :p, p])
    covariance = inverse * (rss / np.where(rows > p, rows - p, np.nan))[:, None, None]
    outer = groups - constant.sum()
    inner = rows - groups - (~constant).sum()
    df = np.where(constant[None, :], outer[:, None], inner[:, None]).astype(float)
    return estimate, covariance, np.where(df > 0, df, np.nan)


def _reduced(whole: np.ndarray, totals: np.ndarray, sizes: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """``Z'V^-1 Z s2``, shape (d, p + 1, p + 1)."""
    weight = ratio[:, None] / (1 + sizes * ratio[:, None])
    return np.asarray(whole - (totals * weight[..., None]).transpose(0, 2, 1) @ totals)


def _smallest(criterion: Callable[[np.ndarray], np.ndarray], d: int) -> np.ndarray:
    """Where each of d functions of one number in [0, `_LARGEST`] is smallest."""
    low, high = np.zeros(d), np.full(d, _LARGEST)
    one, two = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_one, at_two = criterion(one), criterion(two)
    for _ in range(_STEPS):
        first = at_one < at_two
        low, high = np.where(first, low, one), np.where(first, two, high)
        new = np.where(first, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        value = criterion(new)
        one, two = np.where(first, new, two), np.where(first, one, new)
        at_one, at_two = np.where(first, value, at_two), np.where(first, at_one, value)
    middle = (low + high) / 2
    return np.where(criterion(np.zeros(d)) <= criterion(middle), 0.0, middle)


def inverted(products: np.ndarray) -> np.ndarray:
    """Inverses of cross-products, shape (..., p, p); nan where columns repeat one another."""
    scale = np.sqrt(np.diagonal(products, axis1=-2, axis2=-1))
    dead = ~(scale > 0).all(axis=-1)
    scale = np.where(scale > 0, scale, 1.0)
    scaled = products / (scale[..., :, None] * scale[..., None, :])
    bad = dead | ~(np.linalg.eigvalsh(scaled)[..., 0] > _SINGULAR)
    scaled = np.where(bad[..., None, None], np.eye(products.shape[-1]), scaled)
    out = np.linalg.inv(scaled) / (scale[..., :, None] * scale[..., None, :])
    return np.where(bad[..., None, None], np.nan, out)
