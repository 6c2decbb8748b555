"""Coded answers in, respondents that are the same or nearly the same as another one out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_PAIRS = 10_000_000
"""Candidate pairs compared; data that are more alike than this say nothing about single respondents."""
_CHUNK = 400_000


@dataclass(frozen=True, eq=False)
class Twins:
    """For each row: how many others are like it (nan where not computable), and the place of the first (-1: none)."""

    count: np.ndarray
    partner: np.ndarray
    n_items: int
    reason: str = ""


def coded(columns: pd.DataFrame) -> np.ndarray:
    """Columns as whole numbers from 1, 0 where missing; shape (n, k)."""
    found = np.empty(columns.shape, dtype=np.int32)
    for place, name in enumerate(columns):
        found[:, place] = pd.factorize(columns[name], sort=False)[0] + 1
    return found


def exact_twins(codes: np.ndarray, least: int) -> Twins:
    """Rows with all answers equal to another row's, where at least `least` were given."""
    group, size, first = equal_rows(codes)
    enough = (codes > 0).sum(axis=1) >= least
    count = np.where(enough, size[group] - 1.0, np.nan)
    second = np.full(len(size), -1)
    later = np.flatnonzero(np.arange(len(codes)) != first[group])[::-1]
    second[group[later]] = later  # written from the last to the second, so the second stays
    partner = np.where(np.arange(len(codes)) == first[group], second[group], first[group])
    return Twins(count, np.where(enough & (count > 0), partner, -1), codes.shape[1])


def near_twins(codes: np.ndarray, *, share: float, least: int, mode: float) -> Twins:
    """Rows that agree with another in at least `share` of the informative items.

    Parameters
    ----------
    codes : ndarray of int, shape (n, k)
        0 where missing; a column of over 254 values is left out. Two gaps agree with each other, a gap and an
        answer do not.
    share : float
        Share of the informative items that agree.
    least : int
        Items that both must have answered; with fewer informative items nothing is computed.
    mode : float
        An item is informative if its most frequent answer is given by no more than this share.

    Notes
    -----
    Kuriakose & Robbins (2016), Statistical Journal of the IAOS 32, 283-291. With t disagreements allowed, the items
    are laid into t + 1 bands: whoever agrees that far with another is equal to him in one band at least, so only
    rows that share a band are compared, and none is missed.
    """
    n = len(codes)
    nothing, nobody = np.full(n, np.nan), np.full(n, -1)
    if n < 2 or codes.shape[1] < least:
        return Twins(nothing, nobody, codes.shape[1], "few_informative")
    codes = codes[:, _informative(codes, mode)].astype(np.uint8)
    k = codes.shape[1]
    if k < least:
        return Twins(nothing, nobody, k, "few_informative")
    group, size, first = equal_rows(codes)
    rows = codes[first]
    pairs = _pairs(rows, int((1 - share) * k + 1e-9), least)
    if pairs is None:
        return Twins(nothing, nobody, k, "too_alike")
    enough = (rows > 0).sum(axis=1) >= least
    others = np.where(enough, size - 1.0, 0.0)
    np.add.at(others, pairs[:, 0], size[pairs[:, 1]])
    np.add.at(others, pairs[:, 1], size[pairs[:, 0]])
    nearest = np.full(len(rows), -1)
    nearest[pairs[::-1, 0]] = first[pairs[::-1, 1]]
    nearest[pairs[::-1, 1]] = first[pairs[::-1, 0]]
    same = exact_twins(codes, least).partner
    answered = (codes > 0).sum(axis=1) >= least
    partner = np.where(same >= 0, same, nearest[group])
    return Twins(np.where(answered, others[group], np.nan), np.where(answered, partner, -1), k)


def equal_rows(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Equal rows: group of each row, size of each group, its first row. Groups in order of appearance."""
    n, k = codes.shape
    if not k:
        return np.arange(n), np.ones(n, int), np.arange(n)
    _, first, group, size = _unique(codes.astype(np.uint64) @ _weights(k))
    if (codes != codes[first[group]]).any():  # two different rows met by chance
        whole = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.itemsize * k))).reshape(-1)
        _, first, group, size = _unique(whole)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[group], size[order], first[order]


def _unique(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    distinct, first, group, size = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return distinct, first, group.reshape(-1), size


def _weights(k: int) -> np.ndarray:
    """Odd multipliers that spread small codes over 64 bits."""
    weights = np.arange(1, k + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    weights ^= weights >> np.uint64(29)
    return (weights * np.uint64(0xBF58476D1CE4E5B9)) | np.uint64(1)


def _informative(codes: np.ndarray, mode: float) -> np.ndarray:
    """Columns whose most frequent answer is no more than `mode` of the answers."""
    most = np.array([np.bincount(column, minlength=2)[1:].max() for column in codes.T], dtype=float)
    answered = (codes > 0).sum(axis=0)
    return np.flatnonzero((answered > 0) & (most <= mode * answered) & (codes.max(axis=0) < 255))


def _pairs(rows: np.ndarray, allowed: int, least: int) -> np.ndarray | None:
    """Pairs of rows that disagree in at most `allowed` places, each once, sorted; None if too many share a band."""
    weights = _weights(rows.shape[1])
    compared, found = 0, [np.empty((0, 2), dtype=np.int64)]
    for band in np.array_split(np.arange(rows.shape[1]), allowed + 1):
        keys = rows[:, band].astype(np.uint64) @ weights[band]
        if _number_of_pairs(keys) + compared > MOST_PAIRS:
            return None
        for a, b in _sharing(keys):
            compared += len(a)
            alike = (rows[a] != rows[b]).sum(axis=1) <= allowed
            a, b = a[alike], b[alike]
            both = ((rows[a] > 0) & (rows[b] > 0)).sum(axis=1) >= least
            found.append(np.column_stack([np.minimum(a, b), np.maximum(a, b)])[both])
    together = np.concatenate(found)
    single = np.unique(together[:, 0] * len(rows) + together[:, 1])
    return np.column_stack([single // len(rows), single % len(rows)])


def _number_of_pairs(keys: np.ndarray) -> int:
    size = np.unique(keys, return_counts=True)[1].astype(np.int64)
    return int((size * (size - 1) // 2).sum())


def _sharing(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows with the same key, in chunks."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    start, step = np.arange(len(keys) - 1), 1
    while len(start):
        start = start[start + step < len(keys)]
        start = start[ordered[start] == ordered[start + step]]
        for i in range(0, len(start), _CHUNK):
            part = start[i : i + _CHUNK]
            yield order[part], order[part + step]
        step += 1
