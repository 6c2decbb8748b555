"""Ordered categories in; polychoric correlations with thresholds, standard errors and influence of each person out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.correlations.bivariate import bivariate_normal_pdf, cell_probabilities, cell_slopes, pdf_slope
from evalkit.correlations.contingency import ZERO_ADD, Categories, categories, filled
from evalkit.correlations.influence import Influence, influence_of
from evalkit.correlations.polychoric_pair import PairTests, likelihood_ratio

LIMIT = 0.9999
"""No estimate goes beyond this; a pair that would is named in `at_bound`."""

_ROUNDS = 100
_NEAR = 1e-12
_STEEP, _NO_INFORMATION = 0.95, 1e-6
_BLOCK_VALUES = 4_000_000


@dataclass(frozen=True, eq=False)
class Polychoric:
    """Polychoric correlations of p columns and what stands behind them.

    Parameters
    ----------
    r : ndarray, shape (p, p)
        1 on the diagonal; nan for a constant column and for a pair without common rows.
    n : ndarray of int, shape (p, p)
        Rows of each pair.
    n_obs : int
        Rows used.
    categories, thresholds : tuple of ndarray
        Observed codes of each column, and the cut points between them (one fewer).
    pairs : ndarray of int, shape (n_pairs, 2)
        (i, j) with i > j, the lower triangle column by column: (1, 0), (2, 0), ..., (2, 1), ...
    at_bound : tuple of pairs
        Estimates held at `LIMIT`.
    empty_cells : ndarray of int, shape (n_pairs,)
    constant : tuple of int
        Columns with fewer than two observed categories.
    """

    r: np.ndarray
    n: np.ndarray
    n_obs: int
    categories: tuple[np.ndarray, ...]
    thresholds: tuple[np.ndarray, ...]
    pairs: np.ndarray
    at_bound: tuple[tuple[int, int], ...]
    empty_cells: np.ndarray
    constant: tuple[int, ...]
    log_likelihood: np.ndarray
    _coded: Categories
    _tables: np.ndarray

    @property
    def tau(self) -> np.ndarray:
        """Thresholds of all columns, one after another."""
        return np.concatenate([*self.thresholds, np.empty(0)])

    @property
    def rho(self) -> np.ndarray:
        """The correlations in the order of `pairs`."""
        return self.r[self.pairs[:, 0], self.pairs[:, 1]]

    @cached_property
    def std_error(self) -> np.ndarray:
        """Standard errors with the thresholds estimated, shape (p, p); zero on the diagonal."""
        return self._square(np.sqrt(self._influence.variances(self._blocks()) / self.n_obs)[len(self.tau) :])

    @cached_property
    def std_error_fixed(self) -> np.ndarray:
        """Standard errors as if the thresholds were known (inverse observed information), shape (p, p)."""
        if not len(self.pairs):
            return self._square(np.empty(0))
        values = np.clip(np.nan_to_num(self.rho), -LIMIT, LIMIT)
        cut = self._coded.thresholds[self.pairs[:, 0]], self._coded.thresholds[self.pairs[:, 1]]
        _, curvature, _ = _slopes(self._tables, *cut, values)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._square(np.where(np.isfinite(self.rho), 1 / np.sqrt(curvature), np.nan))

    @property
    def normality(self) -> PairTests:
        """Likelihood-ratio test of a bivariate normal behind each pair, against any table of the same margins."""
        n = self._tables.sum(axis=(1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = self._tables * np.log(self._tables / n[:, None, None])
        sizes = np.array([len(v) for v in self.categories], dtype=float)[self.pairs].reshape(-1, 2)
        return likelihood_ratio(np.nansum(shares, axis=(1, 2)) - self.log_likelihood, sizes)

    def influence(self, rows: slice | None = None) -> np.ndarray:
        """Influence of each row on `tau` and `rho`, shape (n, n_thresholds + n_pairs), weights inside.

        The estimate less the truth is about the mean of `n_obs` such rows, so that sums within clusters or strata
        give the covariance matrix under any design. Rows not used, and missing pieces of a row, hold 0.
        """
        return self._influence.of(slice(None) if rows is None else rows)

    def gamma(self) -> np.ndarray:
        """`n_obs` times the covariance matrix of (`tau`, `rho`) for independent rows, shape (q, q)."""
        q = len(self.tau) + len(self.pairs)
        total = np.zeros((q, q))
        for rows in self._blocks():
            part = self.influence(rows)
            total += part.T @ part
        return total / self.n_obs

    @cached_property
    def _influence(self) -> Influence:
        return influence_of(self._coded, self._tables, self.pairs, np.nan_to_num(self.rho))

    def _blocks(self) -> list[slice]:
        height = max(1, _BLOCK_VALUES // max(1, len(self.tau) + len(self.pairs)))
        return [slice(start, start + height) for start in range(0, len(self._coded.positions), height)]

    def _square(self, values: np.ndarray) -> np.ndarray:
        p = len(self.r)
        out = np.zeros((p, p))
        out[self.pairs[:, 0], self.pairs[:, 1]] = out[self.pairs[:, 1], self.pairs[:, 0]] = values
        out[np.isnan(self.r)] = np.nan
        return out


def polychoric(
    x: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    missing: str = "pairwise",
    zero_add: tuple[float, float] = ZERO_ADD,
) -> Polychoric:
    """Polychoric correlations in two steps: thresholds from the margins, then each correlation by maximum likelihood.

    Two categories make it tetrachoric.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Ordered categories as numbers; nan where missing. Only observed codes count as categories.
    weights : ndarray, shape (n,), optional
        Not negative; rescaled to the number of rows used.
    missing : {"pairwise", "listwise"}
        Thresholds from each column's own answers and correlations from the rows that have both; or complete rows only.
    zero_add : tuple of float
        What the one empty cell of a 2 x 2 table gets (margins kept), and each empty cell of a larger one.

    Raises
    ------
    ValueError
        For an unknown rule, infinite values or impossible weights (a fault of the caller).

    Notes
    -----
    Olsson (1979), Psychometrika 44, 443-460; covariance matrix of the estimates: Muthén (1984), Psychometrika 49,
    115-132, with outer products of the scores.
    """
    if missing not in ("pairwise", "listwise"):
        raise ValueError(f"missing is pairwise or listwise, not {missing!r}")
    coded = categories(x, weights, missing == "listwise")
    p = coded.positions.shape[1]
    columns, rows = np.triu_indices(p, 1)
    pairs = np.column_stack([rows, columns])
    sizes = np.array([len(v) for v in coded.values], dtype=int)[pairs].reshape(-1, 2)
    tables = coded.tables(pairs) if len(pairs) else np.empty((0, coded.widest, coded.widest))
    tables, empty = filled(tables, zero_add, sizes)
    counted = (sizes > 1).all(axis=1) & _varies(tables)
    rho, log_likelihood = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    at_bound: tuple[tuple[int, int], ...] = ()
    if counted.any():
        cut_i, cut_j = coded.thresholds[pairs[counted, 0]], coded.thresholds[pairs[counted, 1]]
        rho[counted], bound = _maximise(tables[counted], cut_i, cut_j)
        log_likelihood[counted] = _log_likelihood(tables[counted], cut_i, cut_j, rho[counted])
        at_bound = tuple((int(i), int(j)) for i, j in pairs[counted][bound])
    r = np.eye(p)
    r[pairs[:, 0], pairs[:, 1]] = r[pairs[:, 1], pairs[:, 0]] = rho
    constant = tuple(j for j, v in enumerate(coded.values) if len(v) < 2)
    r[list(constant), list(constant)] = np.nan
    cuts = tuple(coded.thresholds[j, 1 : max(len(v), 1)] for j, v in enumerate(coded.values))
    n = coded.rows_of_pairs()
    return Polychoric(
        r, n, coded.n_obs, coded.values, cuts, pairs, at_bound, empty, constant, log_likelihood, coded, tables
    )


def _varies(tables: np.ndarray) -> np.ndarray:
    """Pairs whose common rows still have two categories each."""
    return ((tables.sum(axis=2) > 0).sum(axis=1) > 1) & ((tables.sum(axis=1) > 0).sum(axis=1) > 1)


def _slopes(
    tables: np.ndarray, cut_i: np.ndarray, cut_j: np.ndarray, rho: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First derivative of the log-likelihood by rho, observed and expected information, each (n_pairs,)."""
    h, k, r = cut_i[:, :, None], cut_j[:, None, :], rho[:, None, None]
    first = cell_slopes(cut_i, cut_j, rho)
    second = np.diff(np.diff(bivariate_normal_pdf(h, k, r) * pdf_slope(h, k, r), axis=1), axis=2)
    chance = cell_probabilities(cut_i, cut_j, rho)
    score = first / chance
    slope = np.sum(tables * score, axis=(1, 2))
    observed = np.sum(tables * (score**2 - second / chance), axis=(1, 2))
    expected = tables.sum(axis=(1, 2)) * np.sum(first * score, axis=(1, 2))
    return slope, observed, expected


def _maximise(tables: np.ndarray, cut_i: np.ndarray, cut_j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method in a shrinking bracket for all pairs at once; the estimates, and which of them met `LIMIT`."""
    rho = np.clip(_moment_start(tables), -0.9, 0.9)
    low, high = np.full(len(rho), -LIMIT), np.full(len(rho), LIMIT)
    active = np.arange(len(rho))
    for _ in range(_ROUNDS):
        slope, observed, expected = _slopes(tables[active], cut_i[active], cut_j[active], rho[active])
        low[active] = np.where(slope > 0, rho[active], low[active])
        high[active] = np.where(slope < 0, rho[active], high[active])
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = rho[active] + slope / np.where(observed > 0, observed, expected)
        inside = (wanted > low[active]) & (wanted < high[active])
        moved = np.where(inside, wanted, (low[active] + high[active]) / 2)
        moved = np.where(slope == 0, rho[active], moved)
        step = np.abs(moved - rho[active])
        rho[active] = moved
        active = active[step > _NEAR]
        if not len(active):
            break
    # Where a perfect line explains a table with empty cells, the likelihood is flat near the bound.
    flat = (np.abs(rho) > _STEEP) & (_slopes(tables, cut_i, cut_j, rho)[1] < _NO_INFORMATION * tables.sum(axis=(1, 2)))
    rho = np.where(flat, np.sign(rho) * LIMIT, rho)
    return rho, np.abs(rho) > LIMIT - 1e-9


def _moment_start(tables: np.ndarray) -> np.ndarray:
    """Pearson's r of the category numbers, shape (n_pairs,)."""
    place = np.arange(tables.shape[1], dtype=float)
    n = tables.sum(axis=(1, 2))
    row, column = tables.sum(axis=2), tables.sum(axis=1)
    mean_i, mean_j = row @ place / n, column @ place / n
    cross = np.einsum("pab,a,b->p", tables, place, place) / n - mean_i * mean_j
    return cross / np.sqrt((row @ place**2 / n - mean_i**2) * (column @ place**2 / n - mean_j**2))


def _log_likelihood(tables: np.ndarray, cut_i: np.ndarray, cut_j: np.ndarray, rho: np.ndarray) -> np.ndarray:
    return np.sum(tables * np.log(cell_probabilities(cut_i, cut_j, rho)), axis=(1, 2))
