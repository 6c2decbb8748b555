"""The terms of a linear model in; their collinearity and sums of squares of type 1, 2 or 3 out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.models.matrix import term_columns, variable_columns
from evalkit.moments import least_squares

Name = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Squares:
    """Sums of squares of the terms: sum, df, F and p of each, and of what is left (`rest`, `rest_df`)."""

    sums: np.ndarray
    df: np.ndarray
    f: np.ndarray
    p: np.ndarray
    rest: float
    rest_df: int


def inflation(x: np.ndarray, groups: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Generalised variance inflation of groups of columns, and its root of order 2 df.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Full column rank, without the constant.
    groups : sequence of ndarray of int
        Columns of each term; together all of them.

    Notes
    -----
    ``det R11 det R22 / det R`` of the correlations; the root compares terms of several columns with single ones:
    Fox & Monette (1992), Journal of the American Statistical Association 87, 178-183.
    """
    if not x.shape[1]:
        return np.empty(0), np.empty(0)
    r = np.atleast_2d(np.corrcoef(x, rowvar=False))
    whole = np.linalg.slogdet(r)[1]
    out = np.empty(len(groups))
    for i, own in enumerate(groups):
        others = np.setdiff1d(np.arange(x.shape[1]), own)
        parts = [np.linalg.slogdet(r[np.ix_(part, part)])[1] for part in (own, others) if len(part)]
        out[i] = np.exp(sum(parts) - whole)
    return out, out ** (1 / (2 * np.array([len(g) for g in groups])))


def condition_indices(x: np.ndarray) -> np.ndarray:
    """Largest singular value over each, of the columns (with the constant) at length 1, shape (k,).

    Belsley, Kuh & Welsch (1980), Regression Diagnostics, section 3.2.
    """
    singular = np.linalg.svd(x / np.sqrt((x**2).sum(axis=0)), compute_uv=False)
    return np.asarray(singular[0] / singular)


def squares(data: pd.DataFrame, terms: Sequence[Name], rows: np.ndarray, y: np.ndarray, kind: int) -> Squares:
    """Sums of squares of the terms, tested against the residual of the whole model.

    Parameters
    ----------
    rows : ndarray of int
        Positions of the rows used; `y` holds their outcome.
    kind : {1, 2, 3}
        1: each after those before it; 2: each after all terms that do not contain it; 3: each after all others, with
        nominal variables coded so that their columns sum to 0.

    Notes
    -----
    Fox (2016), Applied Regression Analysis and Generalized Linear Models, section 8.2.
    """
    from scipy.stats import f as f_distribution

    columns = [_sum_coded(data, term)[rows] if kind == 3 else term_columns(data, term).values[rows] for term in terms]
    rest, rank = _residual(columns, range(len(terms)), y)
    sums, df = np.empty(len(terms)), np.empty(len(terms))
    for i, term in enumerate(terms):
        if kind == 1:
            before = list(range(i))
        elif kind == 2:
            before = [j for j, other in enumerate(terms) if not set(term) <= set(other)]
        else:
            before = [j for j in range(len(terms)) if j != i]
        less, fewer = _residual(columns, before, y)
        more, larger = _residual(columns, [*before, i], y)
        sums[i], df[i] = less - more, larger - fewer
    rest_df = len(y) - rank
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.where(df > 0, sums / df / (rest / rest_df), np.nan)
    return Squares(sums, df, f, f_distribution.sf(f, df, rest_df), rest, rest_df)


def _residual(columns: Sequence[np.ndarray], use: Sequence[int] | range, y: np.ndarray) -> tuple[float, int]:
    """Residual sum of squares and rank of a constant with the terms at these places."""
    found = least_squares(np.column_stack([np.ones(len(y)), *(columns[j] for j in use)]), y)
    return found.residual_ss, found.rank


def _sum_coded(data: pd.DataFrame, term: Name) -> np.ndarray:
    """The columns of a term with its nominal variables coded to sum to 0."""
    out = np.ones((len(data), 1))
    for name in term:
        columns = variable_columns(data, name)
        values = columns.values
        if columns.references:  # the reference category is -1 in every column
            values = values - (values.sum(axis=1, keepdims=True) == 0)
        out = (out[:, :, None] * values[:, None, :]).reshape(len(data), -1)
    return out
