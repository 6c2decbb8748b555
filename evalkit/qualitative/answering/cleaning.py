"""Answers of one question in, each once: as it is searched, and whether it says something, out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract.masking import COVER, masked_text
from evalkit.contract.saying_nothing import bare

HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_SPACE = re.compile(r"\s+")
_EDGES = re.compile(r"^\W+|\W+$")
_LONG = 60
"""A longer text says something."""
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")


@dataclass(frozen=True, eq=False)
class Answers:
    """Distinct answers and who gave them.

    Attributes
    ----------
    texts : tuple of str
        Distinct answers that say something: half-width, small letters, blanks made one, personal data covered.
    shown : tuple of str
        The same as they may be printed: with their capitals and full-width signs.
    at : ndarray of int, shape (n_rows,)
        Place of the row's answer in `texts`; -1 without an answer that says something.
    silent : Counter
        What was written by those who said nothing, half-width and in small letters -> rows; "" for signs alone.
    n_blank : int
        Rows without a text.
    n_covered : int
        Rows whose answer holds personal data.
    """

    texts: tuple[str, ...]
    shown: tuple[str, ...]
    at: np.ndarray
    silent: Counter[str]
    n_blank: int
    n_covered: int

    @property
    def answered(self) -> np.ndarray:
        """Shape (n_rows,): rows whose answer says something."""
        return self.at >= 0

    @property
    def n_silent(self) -> int:
        """Rows with a text that says nothing."""
        return sum(self.silent.values())


def answers_of(column: pd.Series, no_answer: Sequence[str]) -> Answers:
    """The answers of one question; the cost is that of its distinct texts.

    Parameters
    ----------
    column : Series
        Texts; missing where nothing was written. A number is its text.
    no_answer : sequence of str
        What counts as saying nothing.
    """
    forms = {bare(form) for form in no_answer}
    codes, distinct = pd.factorize(column.to_numpy(dtype=object))
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    place = np.full(len(distinct) + 1, -1)  # the last entry is that of a missing answer
    known: dict[str, int] = {}
    silent: Counter[str] = Counter()
    n_blank, n_covered = int((codes < 0).sum()), 0
    for k, value in enumerate(distinct):
        text = _SPACE.sub(" ", _as_text(value)).strip()
        left = bare(text[:_LONG]) or text[_LONG:] * any(map(str.isalnum, text[_LONG:]))
        if not text:
            n_blank += int(counts[k])
        elif not left or (len(text) <= _LONG and left in forms):
            silent[_EDGES.sub("", searched(text)) if left else ""] += int(counts[k])
        else:
            safe = masked_text(text)
            n_covered += int(counts[k]) * (safe != text)
            place[k] = known.setdefault(safe, len(known))
    shown = tuple(known)
    return Answers(tuple(map(searched, shown)), shown, place[codes], silent, n_blank, n_covered)


def _as_text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, (int, float, np.number)) else str(value)


def searched(text: str) -> str:
    """A text as words are looked for in it: half-width, small letters, straight apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES).replace(COVER, "\n" * len(COVER))
