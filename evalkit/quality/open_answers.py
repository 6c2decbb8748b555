"""Open answers of one question in, those that say nothing out: copied, keys at random, one character, the stem."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT = frozenset(pair for row in _ROWS for a, b in zip(row, row[1:], strict=False) for pair in (a + b, b + a))
_VOWELS = frozenset("aeiouy")
_ALONG = 0.8
"""Share of steps to the next key from which a text is a run along the keyboard."""
_FEW = 10
"""Long answers from which on it can be told whether a question is answered from a list of names."""


def doubtful(
    answers: pd.Series, stems: Iterable[str], *, least: int, repeats: int, keys: int, shared: float
) -> np.ndarray:
    """Which answers of one open question are doubtful.

    Parameters
    ----------
    answers : Series, shape (n,)
        Texts, missing where nothing was written.
    stems : iterable of str
        Wordings of the question.
    least : int
        Characters (without spaces) from which the same text of two people is a copy.
    repeats : int
        Characters from which a text of one character only is no answer.
    keys : int
        Letters or digits from which a run along the keyboard, or letters without a vowel, are no answer.
    shared : float
        With ten long answers or more, of which more than this share occur more than once, the question asks for
        names (of places, of groups) and the same answer is no copy.

    Returns
    -------
    ndarray of bool, shape (n,)

    Notes
    -----
    Width and case do not count. The rules are judged on distinct texts, so their cost does not grow with the
    respondents.
    """
    place, distinct = pd.factorize(answers)
    lines = [plain(str(text)) for text in distinct]
    line_of, texts = pd.factorize(np.array([*lines, ""], dtype=object))
    known = place >= 0
    row_text = line_of[place]  # a missing answer (-1) is the empty text at the end
    count = np.bincount(row_text[known], minlength=len(texts))
    stem = {plain(text) for text in stems} - {""}
    alone = np.array([_no_answer(text, stem, repeats, keys) for text in texts], dtype=bool)
    long = np.array([len(text) >= least for text in texts], dtype=bool)
    n_long, n_shared = count[long].sum(), count[long & (count > 1)].sum()
    names = n_long >= _FEW and n_shared > shared * n_long
    copied = long & (count > 1) & ~names
    return np.asarray(known & (alone | copied)[row_text])


def plain(text: str) -> str:
    """A text without spaces, width and case."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _no_answer(text: str, stems: set[str], repeats: int, keys: int) -> bool:
    if not text:
        return False
    if len(text) >= repeats and len(set(text)) == 1:
        return True
    return text in stems or (len(text) >= keys and text.isascii() and text.isalnum() and _mashed(text))


def _mashed(text: str) -> bool:
    """Letters without a vowel, or steps from key to neighbouring key."""
    if text.isalpha() and not _VOWELS & set(text):
        return True
    steps = [a + b in _NEXT for a, b in zip(text, text[1:], strict=False)]
    return sum(steps) >= _ALONG * len(steps)
