"""Items in, how many factors to keep out: parallel analysis and minimum average partial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evalkit.measurement.minres import LEAST_UNIQUENESS, one_factor
from evalkit.resample import Stream, child_seed

_BLOCK_VALUES = 2_000_000
_SWEEPS, _NEAR = 300, 1e-6


class Parallel(NamedTuple):
    """Eigenvalues and those of random data without structure, each of shape (p,).

    `components` are those of the correlation matrix, `factors` those of the matrix with the communalities of one
    factor on its diagonal. `n_components` and `n_factors` count the leading ones above their references.
    """

    components: np.ndarray
    factors: np.ndarray
    component_reference: np.ndarray
    factor_reference: np.ndarray
    component_mean: np.ndarray
    factor_mean: np.ndarray
    n_components: int
    n_factors: int
    draws: int


class AveragePartial(NamedTuple):
    """Mean squared, and mean fourth power of, partial correlations after 0, 1, 2, ... components.

    `n_components` is where the squares are least, `n_components_revised` where the fourth powers are.
    """

    squares: np.ndarray
    fourths: np.ndarray
    n_components: int
    n_components_revised: int


def parallel_analysis(
    r: np.ndarray, n: int, *, draws: int, percentile: float, seed: int, permuted: np.ndarray | None = None
) -> Parallel:
    """Horn's parallel analysis.

    Parameters
    ----------
    r : ndarray, shape (p, p)
        Observed Pearson correlations.
    n : int
        Rows they rest on.
    draws : int
    percentile : float
        Of the random eigenvalues, between 0 and 100, that an observed one must exceed.
    permuted : ndarray, shape (n, p), optional
        Complete answers whose columns are shuffled; without them normal data are drawn.

    Notes
    -----
    Horn (1965), Psychometrika 30, 179-185; percentile: Glorfeld (1995), Educational and Psychological Measurement 55;
    factors: Humphreys & Ilgen (1969), same journal 29, with one-factor communalities as R's psych has them.
    Correlations of normal data come from their Wishart distribution: Smith & Hocking (1972), Applied Statistics 21.
    """
    stream = Stream(child_seed(seed, "parallel analysis"))
    blocks = _shuffled(permuted, draws, stream) if permuted is not None else _wishart(len(r), n, draws, stream)
    pairs = [(_eigenvalues(block), _eigenvalues(_reduced(block))) for block in blocks]
    components, factors = (np.concatenate([pair[i] for pair in pairs]) for i in (0, 1))
    own, own_reduced = _eigenvalues(r[None])[0], _eigenvalues(_with_shares(r[None], one_factor(r).loadings[None]))[0]
    bars = [np.quantile(found, percentile / 100, axis=0) for found in (components, factors)]
    return Parallel(
        own, own_reduced, bars[0], bars[1], components.mean(axis=0), factors.mean(axis=0), _leading(own > bars[0]),
        _leading(own_reduced > bars[1]), draws,
    )  # fmt: skip


def average_partial(r: np.ndarray) -> AveragePartial:
    """Velicer's minimum average partial, with the fourth powers of its revision.

    Velicer (1976), Psychometrika 41, 321-327; Velicer, Eaton & Fava (2000). Steps that leave an item without variance
    are nan.
    """
    p = len(r)
    values, vectors = np.linalg.eigh(r)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    loadings = vectors * np.sqrt(values)
    squares, fourths = np.full(max(p - 1, 1), np.nan), np.full(max(p - 1, 1), np.nan)
    for k in range(max(p - 1, 1)):
        rest = r - loadings[:, :k] @ loadings[:, :k].T
        own = np.diag(rest)
        if own.min() <= 1e-10:
            break
        partial = rest / np.sqrt(np.outer(own, own))
        np.fill_diagonal(partial, 0)
        squares[k], fourths[k] = (np.sum(partial**power) / (p * (p - 1)) for power in (2, 4))
    return AveragePartial(squares, fourths, int(np.nanargmin(squares)), int(np.nanargmin(fourths)))


def _wishart(p: int, n: int, draws: int, stream: Stream) -> Iterator[np.ndarray]:
    """Correlation matrices of n normal rows without structure, from Bartlett's triangle, in blocks."""
    from scipy.special import gammaincinv, ndtri

    block = max(1, _BLOCK_VALUES // (p * p))
    below = np.tril_indices(p, -1)
    df = (n - 1 - np.arange(p)) / 2
    for start in range(0, draws, block):
        size = min(block, draws - start)
        triangle = np.zeros((size, p, p))
        # One draw after the other, so that the size of a block leaves no trace.
        uniform = stream.uniform(size * p * (p + 1) // 2).reshape(size, -1)
        triangle[:, below[0], below[1]] = ndtri(uniform[:, p:])
        diagonal = np.arange(p)
        triangle[:, diagonal, diagonal] = np.sqrt(2 * gammaincinv(df, uniform[:, :p]))
        triangle /= np.sqrt(np.sum(triangle**2, axis=2, keepdims=True))
        yield triangle @ np.swapaxes(triangle, 1, 2)


def _shuffled(x: np.ndarray, draws: int, stream: Stream) -> Iterator[np.ndarray]:
    """Correlation matrices of the columns, each shuffled by itself."""
    n, p = x.shape
    deviation = x - x.mean(axis=0)
    z = np.ascontiguousarray((deviation / np.sqrt(np.sum(deviation**2, axis=0))).T)
    low = np.uint64((1 << max(int(n - 1).bit_length(), 1)) - 1)
    index = np.arange(n, dtype=np.uint64)
    block = max(1, _BLOCK_VALUES // (n * p))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        # The row number in the low bits of a random integer: sorting shuffles it.
        raw = (stream.raw(size * p * n).reshape(size, p, n) & ~low) | index
        raw.sort(axis=2)
        turned = np.take_along_axis(z[None], (raw & low).astype(np.intp), axis=2)
        r = turned @ np.swapaxes(turned, 1, 2)
        r[:, np.arange(p), np.arange(p)] = 1.0
        yield r


def _reduced(r: np.ndarray) -> np.ndarray:
    """Matrices (b, p, p) with the communalities of one minres factor on the diagonal, item by item to the optimum."""
    p = r.shape[1]
    bare = r.copy()
    diagonal = np.arange(p)
    bare[:, diagonal, diagonal] = 0
    values, vectors = np.linalg.eigh(r)
    loadings = vectors[:, :, -1] * np.sqrt(np.maximum(values[:, -1:] - 1, 0.1))
    bound = np.sqrt(1 - LEAST_UNIQUENESS)
    active = np.arange(len(r))
    for _ in range(_SWEEPS):
        part, rows = loadings[active], bare[active]
        before = part.copy()
        for i in range(p):
            others = np.sum(part**2, axis=1) - part[:, i] ** 2
            part[:, i] = np.clip(np.einsum("bj,bj->b", rows[:, i], part) / np.maximum(others, 1e-12), -bound, bound)
        loadings[active] = part
        active = active[np.abs(part - before).max(axis=1) > _NEAR]
        if not len(active):
            break
    return _with_shares(r, loadings)


def _with_shares(r: np.ndarray, loadings: np.ndarray) -> np.ndarray:
    """The matrices with squared loadings on the diagonal."""
    out = r.copy()
    diagonal = np.arange(r.shape[1])
    out[:, diagonal, diagonal] = loadings**2
    return out


def _eigenvalues(r: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(r)[:, ::-1]


def _leading(above: np.ndarray) -> int:
    """How many of the first are true."""
    return int(len(above) if above.all() else np.argmin(above))
