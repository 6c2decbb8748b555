"""Two lists of normalised wordings in, how alike each pair is out (0 to 1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

CONTAINED = 0.70
"""Similarity of a text inside a much longer one; it grows to 1 with the share it covers."""
OPPOSED = 0.75
"""Most that two texts can reach which differ in a negation, a number or a word of direction."""

_TELLING = re.compile(
    r"[不没未无非勿别否多少高低大小增减升降前后上下男女父母早晚左右好坏优劣长短公私内外"
    r"一二三四五六七八九十]|\d+|not|never|without|more|less|before|after|increas|decreas"
)


def similarity(left: Sequence[str], right: Sequence[str]) -> np.ndarray:
    """The larger of exact agreement, containment and Dice's coefficient of character bigrams.

    Parameters
    ----------
    left, right : sequence of str
        Normalised texts (`wording.normal`); an empty one is like nothing.

    Returns
    -------
    ndarray of float32, shape (len(left), len(right))

    Notes
    -----
    One word can turn a long sentence round (及时, 不及时), so pairs that differ in one stay below `OPPOSED`.
    Containment: ``0.70 + 0.30 * len(shorter) / len(longer)``, for shorter texts of two characters and more.
    Dice (1945), Ecology 26, p. 298: ``2 |A and B| / (|A| + |B|)`` on the sets of bigrams.
    """
    ones, others = list(dict.fromkeys(left)), list(dict.fromkeys(right))
    scores, holding = _dice(ones, others)
    for i, j in holding:
        short, long = sorted((ones[i], others[j]), key=len)
        if short in long:
            scores[i, j] = max(scores[i, j], CONTAINED + (1 - CONTAINED) * len(short) / len(long))
    known = {text: j for j, text in enumerate(others)}
    for i, text in enumerate(ones):
        if text and text in known:
            scores[i, known[text]] = 1.0
    for i, j in zip(*np.nonzero((scores > OPPOSED) & (scores < 1)), strict=True):
        if _telling(ones[i]) != _telling(others[j]):
            scores[i, j] = OPPOSED
    rows = {text: k for k, text in enumerate(ones)}
    columns = {text: k for k, text in enumerate(others)}
    return scores[np.ix_([rows[t] for t in left], [columns[t] for t in right])]


def _telling(text: str) -> Counter[str]:
    return Counter(_TELLING.findall(text))


def _dice(ones: list[str], others: list[str]) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Dice's coefficients, and the pairs of which one may contain the other: all bigrams of the shorter are shared."""
    if not ones or not others:
        return np.zeros((len(ones), len(others)), dtype=np.float32), []
    from scipy.sparse import csr_matrix

    bigrams: dict[str, int] = {}
    pairs = [sorted({t[k : k + 2] for k in range(len(t) - 1)}) for t in ones + others]
    sets = [[bigrams.setdefault(pair, len(bigrams)) for pair in one] for one in pairs]
    sizes = np.array([len(s) for s in sets], dtype=np.float32)
    columns = np.fromiter((b for s in sets for b in s), dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum([len(s) for s in sets])])
    table = csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(sets), max(len(bigrams), 1)))
    n = len(ones)
    shared = (table[:n] @ table[n:].T).tocoo()
    left, right = sizes[shared.row], sizes[n + shared.col]
    scores = np.zeros((n, len(others)), dtype=np.float32)
    scores[shared.row, shared.col] = 2 * shared.data / (left + right)
    inside = np.flatnonzero(shared.data >= np.minimum(left, right))
    return scores, list(zip(shared.row[inside].tolist(), shared.col[inside].tolist(), strict=True))
