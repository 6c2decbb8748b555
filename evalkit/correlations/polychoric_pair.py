"""One table of counts in; its polychoric correlation and thresholds estimated together, tests and concordance out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import ndtri

from evalkit.correlations.bivariate import cell_probabilities, cell_slopes, threshold_slopes

_ROUNDS = 100
_NEAR = 1e-9


class PairTests(NamedTuple):
    """Statistic, degrees of freedom and p of each pair, all of shape (n_pairs,); p is nan without a degree."""

    chi2: np.ndarray
    df: np.ndarray
    p_value: np.ndarray


@dataclass(frozen=True, eq=False)
class PolychoricPair:
    """Joint maximum-likelihood estimates of one table.

    `std_error` is that of `rho`; `normality` tests the bivariate normal behind the table.
    """

    rho: float
    std_error: float
    row_thresholds: np.ndarray
    column_thresholds: np.ndarray
    log_likelihood: float
    normality: PairTests
    converged: bool


class Concordance(NamedTuple):
    """Order relations between the pairs of rows of a table; nan where all are tied.

    `gamma` leaves ties out (Goodman & Kruskal 1954), `tau_b` corrects for them (Kendall 1945), `somers_d` takes the
    columns as depending on the rows (Somers 1962).
    """

    gamma: float
    tau_b: float
    somers_d: float


def polychoric_ml(table: np.ndarray) -> PolychoricPair:
    """Correlation and thresholds by maximum likelihood together, by Fisher scoring.

    Parameters
    ----------
    table : ndarray, shape (k, l)
        Counts with at least two rows and two columns that are not empty; empty ones are left out.

    Raises
    ------
    ValueError
        If fewer than two rows or columns hold counts (a fault of the caller).

    Notes
    -----
    Olsson (1979), Psychometrika 44, 443-460. Standard error from the expected information.
    """
    table = np.asarray(table, dtype=float)
    table = table[np.ix_(table.sum(axis=1) > 0, table.sum(axis=0) > 0)]
    if min(table.shape) < 2:
        raise ValueError("a polychoric correlation takes two categories in rows and columns")
    k, n = len(table), float(table.sum())
    at = np.concatenate([[0.0], _margin_cuts(table.sum(axis=1)), _margin_cuts(table.sum(axis=0))])
    at[0] = np.clip(_start(table), -0.9, 0.9)
    value, converged = _log_likelihood(table, at, k), False
    for _ in range(_ROUNDS):
        slope, information = _score(table, at, k)
        step = np.linalg.solve(information, slope)
        for halving in range(30):
            wanted = at + step / 2**halving
            ordered = abs(wanted[0]) < 1 and all((np.diff(cut) > 0).all() for cut in (wanted[1:k], wanted[k:]))
            if ordered and _log_likelihood(table, wanted, k) >= value - 1e-10 * abs(value):
                break
        else:
            break
        moved = float(np.abs(wanted - at).max())
        at, value = wanted, _log_likelihood(table, wanted, k)
        if moved < _NEAR:
            converged = True
            break
    error = float(np.sqrt(np.linalg.inv(_score(table, at, k)[1])[0, 0]))
    shares = float(np.sum(np.where(table > 0, table * np.log(np.where(table > 0, table, 1) / n), 0.0)))
    test = likelihood_ratio(np.array([shares - value]), np.array([table.shape], dtype=float))
    return PolychoricPair(float(at[0]), error, at[1:k], at[k:], value, test, converged)


def likelihood_ratio(gain: np.ndarray, sizes: np.ndarray) -> PairTests:
    """Tests from the log-likelihoods that saturated tables have more; `sizes` are rows and columns, (n_pairs, 2)."""
    chi2 = np.maximum(2 * gain, 0)
    df = sizes.prod(axis=1) - sizes.sum(axis=1)
    return PairTests(chi2, df, np.where(df > 0, stats.chi2.sf(chi2, np.maximum(df, 1)), np.nan))


def concordance(table: np.ndarray) -> Concordance:
    """Gamma, tau-b and Somers' d of a table of counts, shape (k, l), rows and columns in order."""
    table = np.asarray(table, dtype=float)
    below = np.zeros((table.shape[0] + 1, table.shape[1] + 1))
    below[:-1, :-1] = table[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    agree = float(np.sum(table * below[1:, 1:]))
    below[:-1, :-1] = table[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)
    against = float(np.sum(table[:, 1:] * below[1:, :-2]))
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), table.sum()
    pairs = n * (n - 1) / 2
    apart_rows, apart_columns = (pairs - np.sum(m * (m - 1)) / 2 for m in (rows, columns))
    both = agree - against
    return Concordance(
        _share(both, agree + against), _share(both, np.sqrt(apart_rows * apart_columns)), _share(both, apart_rows)
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _margin_cuts(totals: np.ndarray) -> np.ndarray:
    return np.asarray(ndtri(np.cumsum(totals)[:-1] / totals.sum()))


def _start(table: np.ndarray) -> float:
    return float(np.sin(np.pi / 2 * concordance(table).tau_b))


def _ends(at: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut points of rows and columns with both ends, and the correlation, as one pair."""
    rows, columns = (np.concatenate([[-np.inf], cut, [np.inf]])[None] for cut in (at[1:k], at[k:]))
    return rows, columns, at[:1]


def _log_likelihood(table: np.ndarray, at: np.ndarray, k: int) -> float:
    return float(np.sum(table * np.log(cell_probabilities(*_ends(at, k))[0])))


def _score(table: np.ndarray, at: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Gradient by (rho, row thresholds, column thresholds) and the expected information."""
    rows, columns, rho = _ends(at, k)
    chance = cell_probabilities(rows, columns, rho)[0]
    slopes = np.zeros((len(at), *table.shape))
    slopes[0] = cell_slopes(rows, columns, rho)[0]
    for t, moved in enumerate(threshold_slopes(rows, columns, rho)[0]):
        slopes[1 + t, t], slopes[1 + t, t + 1] = moved, -moved
    for t, moved in enumerate(threshold_slopes(columns, rows, rho)[0]):
        slopes[k + t, :, t], slopes[k + t, :, t + 1] = moved, -moved
    flat, each = slopes.reshape(len(at), -1), chance.ravel()
    return flat @ (table.ravel() / each), table.sum() * (flat / each) @ flat.T
