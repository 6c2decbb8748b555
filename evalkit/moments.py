"""Rows of numbers in; counts, means, cross-products, triangles and quantiles out.

A statistic of a part of the rows is merged with that of another part by `+`. Whole-number data keep their
sums in int64, so that every cut of the rows gives the same bits; real columns are shifted and merged without
cancellation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from evalkit.contract import AnalysisError, Problem, require_columns

RANK_TOLERANCE = 1e-11
"""A column counts as a combination of those before it when the part of it that they do not explain is
shorter than this share of its length. Exact combinations leave about 1e-15, the hardest published
full-rank problem (NIST Filip) 5e-8."""

_FLOAT = np.dtype(float)
_WHOLE_LIMIT = 2**62
_FLOAT_EXACT = 2**53


def number_matrix(data: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """The columns as float64, shape (n_rows, n_names); missing values nan.

    Raises
    ------
    AnalysisError
        E600 for an unknown name, E610 for a column that holds text or dates, E611 for an infinite value. A column
        without any value has no kind and counts as numbers.
    """
    require_columns(data, names)
    if data.columns.is_unique and all(dtype == _FLOAT for dtype in data.dtypes.array):
        values = data.to_numpy()[:, [data.columns.get_loc(name) for name in names]]
        if not np.isinf(values).any():
            return values
    problems, columns = [], []
    for name in names:
        column = data[name]
        if not _is_number(column):
            problems.append(Problem("E610", params={"name": name}))
            continue
        values = _floats(column)
        if np.isinf(values).any():
            problems.append(Problem("E611", params={"name": name, "n": int(np.isinf(values).sum())}))
        columns.append(values)
    if problems:
        raise AnalysisError(problems)
    return np.column_stack(columns) if columns else np.empty((len(data), 0))


def _floats(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column):
        return np.full(len(column), np.nan)  # without any value
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))


def _is_number(column: pd.Series) -> bool:
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column) or kinds.is_bool_dtype(column):
        return True
    return len(column) > 0 and not kinds.is_datetime64_any_dtype(column) and bool(column.isna().all())


@dataclass(frozen=True, eq=False)
class WholeSums:
    """Sums of whole numbers, exact: `total[i]` of column i, `product[i, j]` of columns i and j (int64)."""

    total: np.ndarray
    product: np.ndarray

    @property
    def largest(self) -> int:
        return max(int(np.abs(self.product).max(initial=0)), int(np.abs(self.total).max(initial=0)))


@dataclass(frozen=True, eq=False)
class Moments:
    """Means and cross-products of p columns.

    Parameters
    ----------
    n : float
        Rows, or the sum of their weights.
    origin, offset : ndarray, shape (p,)
        The mean in two parts, so that values far from zero keep their digits when parts are merged.
    cross : ndarray, shape (p, p)
        Sums of products of deviations from the mean.
    whole : WholeSums, optional
        The exact sums, where all values (and weights) are whole numbers of moderate size.
    """

    n: float
    origin: np.ndarray
    offset: np.ndarray
    cross: np.ndarray
    whole: WholeSums | None = None

    @property
    def mean(self) -> np.ndarray:
        """Means, shape (p,)."""
        return self.origin + self.offset

    def __add__(self, other: Moments) -> Moments:
        """The moments of both parts together.

        Exact for whole numbers; otherwise Chan, Golub & LeVeque (1983), American Statistician 37, 242-247.
        """
        if self.n == 0 or other.n == 0:
            return other if self.n == 0 else self
        a, b = self.whole, other.whole
        if a is not None and b is not None and a.largest + b.largest < _WHOLE_LIMIT:
            return _from_whole(self.n + other.n, WholeSums(a.total + b.total, a.product + b.product))
        n = self.n + other.n
        step = (other.origin - self.origin) + (other.offset - self.offset)
        cross = self.cross + other.cross + np.outer(step, step) * (self.n * other.n / n)
        return Moments(n, self.origin, self.offset + step * (other.n / n), cross)

    def cov(self, ddof: float = 1) -> np.ndarray:
        """Covariance matrix with divisor n - ddof; nan where that is not positive."""
        return self.cross / (self.n - ddof) if self.n > ddof else np.full_like(self.cross, np.nan)

    def sd(self, ddof: float = 1) -> np.ndarray:
        """Standard deviations, shape (p,)."""
        return np.sqrt(np.diag(self.cov(ddof)))

    def corr(self) -> np.ndarray:
        """Pearson correlations; nan in the rows and columns of a constant."""
        return correlation_of(self.cross)


def moments(x: np.ndarray, weights: np.ndarray | None = None) -> Moments:
    """Moments of a complete matrix.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        No missing values.
    weights : ndarray, shape (n,), optional
        Not negative. Whole weights are the same as repeated rows.

    Raises
    ------
    ValueError
        For a missing or infinite value, or a negative weight (a fault of the caller).
    """
    x = np.asarray(x, dtype=float)
    w = None if weights is None else np.asarray(weights, dtype=float)
    if not np.isfinite(x).all() or (w is not None and not (np.isfinite(w) & (w >= 0)).all()):
        raise ValueError("moments() wants complete rows and weights of zero or more")
    n = float(len(x) if w is None else w.sum())
    if n == 0:
        p = x.shape[1]
        return Moments(0.0, np.zeros(p), np.full(p, np.nan), np.zeros((p, p)), WholeSums(*_no_sums(p)))
    whole = _whole_sums(x, w)
    if whole is not None:
        return _from_whole(n, whole)
    first = x[0] if w is None else x[np.flatnonzero(w)[0]]
    shifted = x - first  # a constant column becomes exactly zero
    step = _mean(shifted, w, n)
    deviation = shifted - step
    rest = _mean(deviation, w, n)  # what rounding left: the corrected two-pass formula
    cross = deviation.T @ (deviation if w is None else deviation * w[:, None]) - n * np.outer(rest, rest)
    return Moments(n, first, step + rest, cross)


@dataclass(frozen=True, eq=False)
class Pairwise:
    """Moments of every pair of columns over the rows that have both.

    All have shape (p, p): `n` rows of the pair, `mean[i, j]` and `variance[i, j]` of column i over the rows that
    have j too, `cov[i, j]` with divisor n - 1.
    """

    n: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    cov: np.ndarray

    def corr(self) -> np.ndarray:
        """Pearson correlations, each from the rows of its own pair."""
        scale = self.variance * self.variance.T
        return _tidy_correlations(self.cov / np.sqrt(np.where(scale > 0, scale, np.nan)))


def pairwise(x: np.ndarray) -> Pairwise:
    """Pairwise moments of a matrix with missing values (nan), shape (n, p), through masks."""
    x = np.asarray(x, dtype=float)
    seen = ~np.isnan(x)
    mask = seen.astype(float)
    count = mask.T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.rint(np.where(seen, x, 0).sum(axis=0) / seen.sum(axis=0))  # whole numbers stay whole
        shift = np.where(np.isfinite(shift), shift, 0.0)
        d = np.where(seen, x - shift, 0.0)
        total, square, product = d.T @ mask, (d * d).T @ mask, d.T @ d
        inner = square - total**2 / count
        inner = np.where(inner <= 64 * np.finfo(float).eps * square, 0.0, inner)  # rounding of a constant
        divisor = np.where(count > 1, count - 1, np.nan)
        return Pairwise(
            count.astype(int),
            shift[:, None] + total / count,
            inner / divisor,
            (product - total * total.T / count) / divisor,
        )


def correlation_of(cov: np.ndarray) -> np.ndarray:
    """Correlations of a covariance or cross-product matrix, shape (p, p); nan for a constant."""
    variance = np.where(np.diag(cov) > 0, np.diag(cov), np.nan)
    # One root of the product, not two roots: a perfect line of whole numbers then gives exactly one.
    return _tidy_correlations(cov / np.sqrt(np.multiply.outer(variance, variance)))


class LeastSquares(NamedTuple):
    """Solution of a least-squares problem.

    `coefficients` (p,) hold nan at `dropped` columns; `triangle` (rank, rank) is R of the kept columns, so that
    `R'R` is their cross-product; `residual_ss` is the sum of squared residuals.
    """

    coefficients: np.ndarray
    triangle: np.ndarray
    rank: int
    dropped: tuple[int, ...]
    residual_ss: float

    @property
    def inverse(self) -> np.ndarray:
        """Inverse of the cross-product of the kept columns, shape (rank, rank)."""
        half = solve_triangular(self.triangle, np.eye(self.rank))
        return half @ half.T


@dataclass(frozen=True, eq=False)
class Triangle:
    """The R factor of `[x y]`: all that least squares needs of a part of the rows, never squared.

    `a + b` is the triangle of both parts (QR of the stacked factors), which keeps the digits that merged
    cross-products lose: Golub & Van Loan (2013), Matrix Computations, section 5.2.
    """

    r: np.ndarray

    def __add__(self, other: Triangle) -> Triangle:
        return Triangle(np.linalg.qr(np.vstack([self.r, other.r]), mode="r"))

    def solve(self, tolerance: float = RANK_TOLERANCE) -> LeastSquares:
        """Coefficients, setting aside every column that those before it explain."""
        x, y = self.r[:, :-1], self.r[:, -1]
        kept = list(range(x.shape[1]))
        while kept:
            r = np.linalg.qr(x[:, kept], mode="r")
            own = np.zeros(len(kept))
            own[: len(r)] = np.abs(np.diag(r))
            dependent = np.flatnonzero(own <= tolerance * np.linalg.norm(x[:, kept], axis=0))
            if not len(dependent):
                break
            # Later columns were judged against a direction of pure rounding, so one at a time.
            kept.pop(int(dependent[0]))
        r = np.linalg.qr(np.column_stack([x[:, kept], y]), mode="r")
        k = len(kept)
        coefficients = np.full(x.shape[1], np.nan)
        coefficients[kept] = solve_triangular(r[:k, :k], r[:k, k]) if k else []
        dropped = tuple(j for j in range(x.shape[1]) if j not in kept)
        return LeastSquares(coefficients, r[:k, :k], k, dropped, float(np.sum(r[k:, k] ** 2)))


def triangle(x: np.ndarray, y: np.ndarray) -> Triangle:
    """The triangle of complete rows `x`, shape (n, p), and `y`, shape (n,)."""
    return Triangle(np.linalg.qr(np.column_stack([x, y]).astype(float), mode="r"))


def least_squares(x: np.ndarray, y: np.ndarray, tolerance: float = RANK_TOLERANCE) -> LeastSquares:
    """Ordinary least squares by Householder QR.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Complete; a constant is a column like any other. Of columns that depend on one another the later go.
    y : ndarray, shape (n,)
    tolerance : float
        See `RANK_TOLERANCE`.

    Returns
    -------
    LeastSquares
        A tuple: coefficients, triangle, rank, dropped, residual_ss.
    """
    return triangle(x, y).solve(tolerance)


def quantile(x: np.ndarray, probs: Sequence[float] | float, kind: int = 7) -> np.ndarray:
    """Sample quantiles without the missing values; nan of nothing.

    Parameters
    ----------
    kind : int
        7: place (n - 1) p + 1, the default of R and numpy; 6: place (n + 1) p, as SPSS has it.
        Hyndman & Fan (1996), American Statistician 50, 361-365.
    """
    methods = {6: "weibull", 7: "linear"}
    if kind not in methods:
        raise ValueError(f"quantile kind {kind}: 6 or 7")
    x = np.asarray(x, dtype=float)
    x = x[~np.isnan(x)]
    wanted = np.atleast_1d(np.asarray(probs, dtype=float))
    return np.quantile(x, wanted, method=methods[kind]) if len(x) else np.full(len(wanted), np.nan)


def _mean(x: np.ndarray, weights: np.ndarray | None, n: float) -> np.ndarray:
    return (np.ones(len(x)) if weights is None else weights) @ x / n


def _tidy_correlations(r: np.ndarray) -> np.ndarray:
    r = np.clip((r + r.T) / 2, -1.0, 1.0)
    np.fill_diagonal(r, np.where(np.isnan(np.diag(r)), np.nan, 1.0))
    return r


def _no_sums(p: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(p, dtype=np.int64), np.zeros((p, p), dtype=np.int64)


def _whole_sums(x: np.ndarray, weights: np.ndarray | None) -> WholeSums | None:
    """Exact sums, or None where a value is not whole or the sums could pass int64.

    Blocks are short enough that their float64 products are exact (all partial sums below 2**53), which lets the
    fast matrix product do the work.
    """
    w = np.ones(len(x)) if weights is None else weights
    first = x[:8]  # tells most real data apart at once
    if not ((first == np.rint(first)).all() and (x == np.rint(x)).all() and (w == np.rint(w)).all()):
        return None
    largest = max(float(np.abs(x).max(initial=1)), 1.0) ** 2 * max(float(w.max(initial=1)), 1.0)
    if largest * len(x) >= _WHOLE_LIMIT or largest >= _FLOAT_EXACT:
        return None
    total, product = _no_sums(x.shape[1])
    rows = int(_FLOAT_EXACT // largest)
    for start in range(0, len(x), rows):
        part, weight = x[start : start + rows], w[start : start + rows]
        total += (weight @ part).astype(np.int64)
        product += (part.T @ (part * weight[:, None])).astype(np.int64)
    return WholeSums(total, product)


def _from_whole(n: float, whole: WholeSums) -> Moments:
    """Mean and cross-products from exact sums: one rounding each, so they depend on nothing but the sums."""
    count = int(n)
    total, product = whole.total, whole.product
    if count * int(np.abs(product).max(initial=0)) + int(np.abs(total).max(initial=0)) ** 2 >= _FLOAT_EXACT:
        total, product = total.astype(object), product.astype(object)
    numerator = count * product - np.multiply.outer(total, total)
    mean = np.array([int(t) / count for t in total], dtype=float)
    return Moments(float(count), np.zeros(len(mean)), mean, np.asarray(numerator / count, dtype=float), whole)
