"""Runs of Chinese characters in, words that no list holds out, by how firmly they cohere and how freely they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.qualitative.answering.cutting import Cutter
from evalkit.qualitative.answering.lexicon import Lexicon

LONGEST = 4
COHESION = 0.5
"""Least mutual information of the parts, as a share of the largest that the string's frequency allows."""
FREEDOM = 1.2
"""Least entropy of the neighbours on either side, in bits."""
_SWALLOWED = 0.8
"""A part that occurs outside a longer word in less than this share of cases is no word of its own."""
_LOOSE = frozenset(
    "的了是在和与及或就都也很太还不没有无我你他她它们这那个一二三两几多少吧吗呢啊呀哦嘛把被让给对向从到于以之为而但更最要会能可想请应该些点"
    "着过得地所其如若因则再又才只便将已未非每各某另同上下里中内外前后来去时等请使比较做有好大小"
)
"""Characters at whose edge a word of speech hardly begins or ends."""


@dataclass(frozen=True)
class NewWord:
    """A found word: occurrences, normalised mutual information of its parts, entropy of its neighbours in bits."""

    word: str
    count: int
    cohesion: float
    freedom: float


def new_words(runs: Sequence[str], lexicon: Lexicon, *, least: int) -> tuple[NewWord, ...]:
    """Strings of two to four characters that behave as words.

    Parameters
    ----------
    runs : sequence of str
        Runs of Chinese characters of distinct answers (a sentence copied many times is one).
    least : int
        Occurrences from which on a string is looked at.

    Returns
    -------
    tuple of NewWord
        By falling count. Words of the lexicon, joins of its words, and strings with a particle at an edge are none.

    Notes
    -----
    Cohesion: ``min over splits ab of log(p(ab) / (p(a) p(b))) / -log p(ab)``, Bouma (2009), Proceedings of GSCL,
    31-40. Freedom: the smaller entropy of the characters to the left and to the right, Huang & Powers (2003),
    Chinese word segmentation based on contextual entropy; the edge of a run is a neighbour of its own each time.
    """
    text = "\0" + "\0".join(runs) + "\0"
    letters, at = np.unique(np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32), return_inverse=True)
    if len(text) < 2 + least or len(letters) >= 1 << 15:
        return ()
    size = np.int64(len(letters))
    counts = [_grams(at, n, size) for n in range(1, LONGEST + 1)]
    total = float(counts[0].n.sum())
    spelt = "".join(map(chr, letters))
    found: list[NewWord] = []
    for n in range(2, LONGEST + 1):
        grams = counts[n - 1]
        often = np.flatnonzero(grams.n >= least)
        words = [_spelling(key, n, size, spelt) for key in grams.keys[often]]
        apt = [w[0] not in _LOOSE and w[-1] not in _LOOSE and w not in lexicon.known for w in words]
        kept = often[np.array(apt, dtype=bool)]
        cohesion = _cohesion(grams.keys[kept], grams.n[kept], n, size, counts, total)
        kept, cohesion = kept[cohesion >= COHESION], cohesion[cohesion >= COHESION]
        freedom = _freedom(at, grams, kept, n)
        found += [
            NewWord(_spelling(grams.keys[k], n, size, spelt), int(grams.n[k]), float(c), float(f))
            for k, c, f in zip(kept, cohesion, freedom, strict=True)
            if f >= FREEDOM
        ]
    return _sifted(found, lexicon)


@dataclass(frozen=True, eq=False)
class _Grams:
    """Strings of n characters as numbers, sorted; how often each occurs; the one that begins at a place (-1: none)."""

    keys: np.ndarray
    n: np.ndarray
    starting: np.ndarray


def _grams(at: np.ndarray, n: int, size: np.int64) -> _Grams:
    last = len(at) - n + 1
    keys, whole = np.zeros(last, dtype=np.int64), np.ones(last, dtype=bool)
    for k in range(n):
        part = at[k : last + k]
        keys = keys * size + part
        whole &= part > 0
    distinct, place, count = np.unique(keys[whole], return_inverse=True, return_counts=True)
    starting = np.full(len(at), -1)
    starting[np.flatnonzero(whole)] = place
    return _Grams(distinct, count, starting)


def _spelling(key: int, n: int, size: np.int64, spelt: str) -> str:
    out = ""
    for _ in range(n):
        key, letter = divmod(int(key), int(size))
        out = spelt[letter] + out
    return out


def _cohesion(
    keys: np.ndarray, n_obs: np.ndarray, n: int, size: np.int64, counts: Sequence[_Grams], total: float
) -> np.ndarray:
    """Least normalised pointwise mutual information over the ways to split each string."""
    least = np.full(len(keys), np.inf)
    for left in range(1, n):
        base = size ** (n - left)
        one, other = counts[left - 1], counts[n - left - 1]
        n_one = one.n[np.searchsorted(one.keys, keys // base)]
        n_other = other.n[np.searchsorted(other.keys, keys % base)]
        least = np.minimum(least, np.log(n_obs * total / (n_one * n_other.astype(float))))
    return least / np.log(total / n_obs)


def _freedom(at: np.ndarray, grams: _Grams, kept: np.ndarray, n: int) -> np.ndarray:
    """The smaller entropy of the neighbours of each kept string, to its left and to its right."""
    number = np.full(len(grams.keys), -1)
    number[kept] = np.arange(len(kept))
    start = np.flatnonzero(grams.starting >= 0)
    which = number[grams.starting[start]]
    start, which = start[which >= 0], which[which >= 0]
    sides = []
    for beside in (start - 1, start + n):
        neighbour = at[beside].astype(np.int64)
        edge = neighbour == 0
        neighbour[edge] = len(at) + beside[edge]  # each edge is a neighbour of its own
        sides.append(_entropy(which, neighbour, len(kept)))
    return np.minimum(*sides)


def _entropy(which: np.ndarray, neighbour: np.ndarray, size: int) -> np.ndarray:
    order = np.lexsort((neighbour, which))
    one, two = which[order], neighbour[order]
    new = np.r_[True, (one[1:] != one[:-1]) | (two[1:] != two[:-1])] if len(order) else np.zeros(0, dtype=bool)
    count = np.diff(np.r_[np.flatnonzero(new), len(order)]).astype(float)
    owner = one[new]
    total = np.bincount(owner, weights=count, minlength=size)
    share = count / total[owner]
    return np.bincount(owner, weights=-share * np.log2(share), minlength=size)


def _sifted(found: Sequence[NewWord], lexicon: Lexicon) -> tuple[NewWord, ...]:
    """Without joins of known words, and without parts that hardly occur outside a longer find."""
    cut = Cutter(lexicon, {})
    kept: list[NewWord] = []
    for word in sorted(found, key=lambda w: (-len(w.word), -w.count, w.word)):
        pieces = cut(word.word)
        if all(len(piece) > 1 or piece in lexicon.single for piece in pieces):
            continue
        if len(word.word) > 3 and len(pieces[0]) + len(pieces[-1]) > 2:
            continue  # a known word and two characters: those are looked at by themselves
        if any(word.word in longer.word and longer.count >= _SWALLOWED * word.count for longer in kept):
            continue
        kept.append(word)
    return tuple(sorted(kept, key=lambda w: (-w.count, w.word)))
