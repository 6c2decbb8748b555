"""A seed in, resampling plans out: how often each unit is drawn, the same on every machine and version.

numpy promises no stream for its distributions, but PCG64's raw integers are fixed for good; whole numbers,
uniforms and normals are therefore made from raw integers here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BLOCK_CELLS = 65_536
"""Draws made at a time: small enough that a block of counts stays in the processor's cache."""

_WORD = 2**32


def child_seed(seed: int, name: str) -> int:
    """A seed of its own for a named part of the work, from sha256 of both; between 0 and 2**63 - 1.

    Examples
    --------
    >>> child_seed(1, "a") == child_seed(1, "a"), child_seed(1, "a") == child_seed(1, "b")
    (True, False)
    """
    digest = hashlib.sha256(f"{int(seed)}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class Stream:
    """Random numbers in order from the raw 64-bit integers of PCG64.

    Parameters
    ----------
    seed : int
        Not negative.
    """

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(int(seed))
        self._left = np.empty(0, dtype=np.uint32)  # words drawn but not used, so that block sizes leave no trace

    def below(self, bound: int, size: int, out: np.ndarray | None = None) -> np.ndarray:
        """`size` whole numbers, uniform on 0 .. bound - 1 without any bias.

        Multiply and shift with rejection: Lemire (2019), ACM Transactions on Modeling and Computer
        Simulation 29(1), 3, algorithm 5, with 32-bit words (low half of a raw integer first).

        Parameters
        ----------
        out : ndarray of uint64, shape (size,), optional
            Where to put them; saves the cost of fresh memory in a loop.

        Returns
        -------
        ndarray of int64, shape (size,)
        """
        if not 1 <= bound < _WORD:
            raise ValueError(f"bound must lie between 1 and 2**32 - 1, not {bound}")
        threshold = np.uint32(_WORD % bound)
        product = np.empty(size, dtype=np.uint64) if out is None else out
        filled = 0
        while filled < size:
            words = self._words(size - filled)
            rejected = words * np.uint32(bound) < threshold  # the low 32 bits of the product
            if rejected.any():
                words = words[~rejected]
            np.multiply(words, np.uint64(bound), out=product[filled : filled + len(words)])
            filled += len(words)
        product >>= np.uint64(32)
        return product.view(np.int64)

    def raw(self, size: int) -> np.ndarray:
        """`size` raw 64-bit integers."""
        return np.asarray(self._bits.random_raw(size))

    def uniform(self, size: int) -> np.ndarray:
        """`size` numbers strictly between 0 and 1: (the upper 53 bits of a raw integer + 0.5) / 2**53."""
        raw = self._bits.random_raw(size) >> np.uint64(11)
        return (raw.astype(np.float64) + 0.5) * 2.0**-53

    def normal(self, size: int) -> np.ndarray:
        """`size` standard normal numbers by the inverse distribution function."""
        from scipy.special import ndtri

        return np.asarray(ndtri(self.uniform(size)))

    def _words(self, size: int) -> np.ndarray:
        short = size - len(self._left)
        if short > 0:
            raw = self._bits.random_raw((short + 1) // 2).astype("<u8", copy=False).view("<u4")
            self._left = np.concatenate([self._left, raw]) if len(self._left) else raw
        words, self._left = self._left[:size], self._left[size:]
        return words


@dataclass(frozen=True, eq=False)
class Plan:
    """How units (rows, or clusters of rows) are drawn with replacement.

    Parameters
    ----------
    n_units : int
        Units drawn from.
    resamples : int
    seed : int
        The same seed gives the same counts whatever `block` is.
    strata : ndarray of int, shape (n_units,), optional
        Stratum of each unit, 0 .. H - 1. In each stratum as many units are drawn as it has; each stratum has a
        stream of its own (`child_seed(seed, "stratum h")`).
    """

    n_units: int
    resamples: int
    seed: int = 0
    strata: np.ndarray | None = None

    def blocks(self, block: int | None = None) -> Iterator[np.ndarray]:
        """Counts in blocks of at most `block` resamples, float64 shape (block, n_units), whole numbers.

        Every row sums to `n_units`. float64 because counts are there to be multiplied with cross-products.
        """
        if self.n_units < 1:
            raise ValueError("there is nothing to resample")
        size = block or max(1, BLOCK_CELLS // self.n_units)
        groups = self._groups()
        streams = [Stream(seed) for _, seed in groups]
        space = np.empty(size * self.n_units, dtype=np.uint64)
        for start in range(0, self.resamples, size):
            rows = min(size, self.resamples - start)
            counts = np.empty((rows, self.n_units))
            for (members, _), stream in zip(groups, streams, strict=True):
                drawn = _tally(stream, rows, self.n_units if members is None else len(members), space)
                if members is None:
                    counts[...] = drawn
                else:
                    counts[:, members] = drawn
            yield counts

    def _groups(self) -> list[tuple[np.ndarray | None, int]]:
        if self.strata is None:
            return [(None, self.seed)]
        strata = np.asarray(self.strata)
        return [
            (np.flatnonzero(strata == h), child_seed(self.seed, f"stratum {i}"))
            for i, h in enumerate(np.unique(strata))
        ]


def counts(
    n: int,
    *,
    resamples: int,
    seed: int,
    clusters: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    block: int | None = None,
) -> Iterator[np.ndarray]:
    """How often each of `n` rows is drawn, block by block.

    Parameters
    ----------
    clusters : ndarray, shape (n,), optional
        Whole clusters are drawn; the rows of one cluster share a count.
    strata : ndarray, shape (n,), optional
        Drawn within strata; with clusters, each cluster must lie in one stratum.

    Yields
    ------
    ndarray of int64, shape (block, n)

    Raises
    ------
    ValueError
        If a cluster lies in two strata.
    """
    if clusters is None:
        for drawn in Plan(n, resamples, seed, None if strata is None else codes(strata)).blocks(block):
            yield drawn.astype(np.int64)
        return
    unit = codes(clusters)
    n_units = int(unit.max()) + 1
    unit_strata = None if strata is None else strata_of_units(unit, codes(strata))
    for drawn in Plan(n_units, resamples, seed, unit_strata).blocks(block):
        yield drawn.astype(np.int64)[:, unit]


def codes(labels: np.ndarray) -> np.ndarray:
    """Labels as 0, 1, 2, ... in order of first appearance, so that one row a cluster keeps the row order."""
    import pandas as pd

    return np.asarray(pd.factorize(np.asarray(labels))[0], dtype=np.int64)


def strata_of_units(unit: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Stratum of each unit (cluster) from the strata of its rows.

    Raises
    ------
    ValueError
        If the rows of one unit lie in different strata.
    """
    out = np.full(int(unit.max()) + 1, -1, dtype=np.int64)
    out[unit] = strata
    if (out[unit] != strata).any():
        raise ValueError("a cluster lies in more than one stratum")
    return out


def _tally(stream: Stream, rows: int, n: int, space: np.ndarray) -> np.ndarray:
    drawn = stream.below(n, rows * n, out=space[: rows * n]).reshape(rows, n)
    drawn += np.arange(0, rows * n, n)[:, None]  # one bincount for the whole block
    return np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
