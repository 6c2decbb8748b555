"""Columns and a resampling plan in, path coefficients of every resample out.

All least-squares paths are functions of cross-products, so a resample is a count-weighted sum of them: one
matrix product of counts and per-unit cross-products gives every resample of a block, clusters and weights
included, and leaving one unit out (the jackknife) is a subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.mediation.layout import Coefficients
from evalkit.resample import Plan

SINGULAR = 1e-10
"""A pivot below this share of its full-sample variance: the resample has no solution."""

CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Products:
    """Cross-products of each unit, and what is needed to read them.

    Parameters
    ----------
    values : ndarray, shape (n_units, q)
        The q = p (p + 1) / 2 products of the p standardised columns `1, covariates, x, mediators, y`.
    size : int
        p.
    n_base : int
        Columns before x (the constant and the covariates).
    scale : ndarray, shape (k + 2,)
        SD of x, the mediators and y: turns standardised paths back.
    serial : bool
    """

    values: np.ndarray
    size: int
    n_base: int
    scale: np.ndarray
    serial: bool


def unit_products(
    covariates: np.ndarray,
    x: np.ndarray,
    mediators: np.ndarray,
    y: np.ndarray,
    *,
    serial: bool,
    weights: np.ndarray | None = None,
    units: np.ndarray | None = None,
) -> Products:
    """Cross-products by unit.

    Parameters
    ----------
    covariates : ndarray, shape (n, c)
        Of full rank, no constant.
    x, y : ndarray, shape (n,)
    mediators : ndarray, shape (n, k)
        In causal order if `serial`.
    weights : ndarray, shape (n,), optional
    units : ndarray of int, shape (n,), optional
        Unit of each row, 0 .. U - 1; by default each row is one.

    Notes
    -----
    Columns are centred and divided by their SD first: the slopes do not change (but for scale), the digits stay.
    """
    columns = np.column_stack([covariates, x, mediators, y])
    sd = columns.std(axis=0)
    z = np.column_stack([np.ones(len(y)), (columns - columns.mean(axis=0)) / sd])
    rows, cols = np.triu_indices(z.shape[1])
    products = z[:, rows] * z[:, cols]
    if weights is not None:
        products *= weights[:, None]
    if units is not None and len(units) and int(units.max()) + 1 < len(units):
        sums = np.zeros((int(units.max()) + 1, products.shape[1]))
        np.add.at(sums, units, products)
        products = sums
    elif units is not None:
        products = products[np.argsort(units)]
    return Products(products, z.shape[1], 1 + covariates.shape[1], sd[covariates.shape[1] :], serial)


def sample_coefficients(products: Products) -> Coefficients:
    """Coefficients of the sample itself (B = 1), by the same arithmetic as the resamples'."""
    return _coefficients(products.values.sum(axis=0)[:, None], products)


def bootstrap_coefficients(products: Products, plan: Plan) -> Coefficients:
    """Coefficients of every resample; nan where a resample is singular."""
    sums = np.empty((plan.resamples, products.values.shape[1]))
    done = 0
    for counts in plan.blocks():
        np.matmul(counts, products.values, out=sums[done : done + len(counts)])
        done += len(counts)
    return _in_chunks(sums, products)


def jackknife_coefficients(products: Products) -> Coefficients:
    """Coefficients without each unit in turn (B = n_units), exactly, by down-dating the cross-products."""
    return _in_chunks(products.values.sum(axis=0) - products.values, products)


def _in_chunks(sums: np.ndarray, products: Products) -> Coefficients:
    parts = [_coefficients(sums[i : i + CHUNK].T, products) for i in range(0, len(sums), CHUNK)]
    names = ("a", "d", "b", "direct", "total")
    return Coefficients(**{name: np.concatenate([getattr(p, name) for p in parts], axis=-1) for name in names})


def _coefficients(sums: np.ndarray, products: Products) -> Coefficients:
    """Solve all B systems at once: elimination with the resamples as the last axis.

    Parameters
    ----------
    sums : ndarray, shape (q, B)

    Notes
    -----
    The constant and the covariates are eliminated first. Then x and the mediators are swept one after the
    other (Goodnight 1979, American Statistician 33, 149-158): after a sweep, the row of each swept variable
    holds its coefficients for all variables not yet swept, so each equation is read off when its turn has come.
    """
    p, base, k = products.size, products.n_base, products.size - products.n_base - 2
    matrix = np.empty((p, p, sums.shape[1]))
    rows, cols = np.triu_indices(p)
    matrix[rows, cols] = sums
    matrix[cols, rows] = sums
    least = SINGULAR * sums[0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for j in range(base):
            row = matrix[j, j + 1 :] / _pivot(matrix[j, j], least)
            matrix[j + 1 :, j + 1 :] -= matrix[j + 1 :, j, None] * row[None]
        return _read_paths(matrix[base:, base:], k, products, least)


def _read_paths(rest: np.ndarray, k: int, products: Products, least: np.ndarray) -> Coefficients:
    """Sweep `rest` (x, mediators, y; shape (k + 2, k + 2, B)) in place and read every equation in its turn."""
    n_resamples = rest.shape[2]
    a, d = np.empty((k, n_resamples)), np.zeros((k, k, n_resamples))
    scale, last = products.scale, k + 1
    _sweep(rest, 0, least)
    total = rest[0, last] * (scale[last] / scale[0])
    if not products.serial:
        a[:] = rest[0, 1:last] * (scale[1:last] / scale[0])[:, None]
    for j in range(k):
        if products.serial:
            a[j] = rest[0, j + 1] * (scale[j + 1] / scale[0])
            d[:j, j] = rest[1 : j + 1, j + 1] * (scale[j + 1] / scale[1 : j + 1])[:, None]
        _sweep(rest, j + 1, least)
    b = rest[1:last, last] * (scale[last] / scale[1:last])[:, None]
    return Coefficients(a, d, b, rest[0, last] * (scale[last] / scale[0]), total)


def _sweep(matrix: np.ndarray, j: int, least: np.ndarray) -> None:
    row = matrix[j, j + 1 :] / _pivot(matrix[j, j], least)
    matrix[:, j + 1 :] -= matrix[:, j, None] * row[None]
    matrix[j, j + 1 :] = row


def _pivot(values: np.ndarray, least: np.ndarray) -> np.ndarray:
    return np.where(values > least, values, np.nan)
