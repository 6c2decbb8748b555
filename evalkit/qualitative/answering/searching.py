"""Words and themes in, which answers hold them, and in what surroundings, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from evalkit.qualitative.answering.cleaning import HAN, Answers, searched

_HAN = re.compile(f"[{HAN}]")


@dataclass(frozen=True)
class Line:
    """A keyword in its context: what stands left of it, itself, what stands right of it, and the group of who said it.

    `keyword` is what was looked for, `match` what stands there.
    """

    keyword: str
    left: str
    match: str
    right: str
    group: str | None


def pattern_of(word: str) -> re.Pattern[str]:
    """A word as it is searched for: Chinese anywhere, other letters as whole words."""
    folded = re.escape(" ".join(searched(word).split())).replace("\\ ", r"\s+")
    before = "" if _HAN.match(word.strip()) else r"(?<![^\W_" + HAN + "])"
    after = "" if _HAN.search(word.strip()[-1:]) else r"(?![^\W_" + HAN + "])"
    return re.compile(before + folded + after)


def holding(answers: Answers, words: Sequence[str]) -> np.ndarray:
    """Which distinct answers hold any of the words: bool, shape (n_texts,)."""
    patterns = [pattern_of(word) for word in words]
    return np.array([any(p.search(text) for p in patterns) for text in answers.texts], dtype=bool)


def incidence(
    texts: Sequence[Sequence[str]], listed: Callable[[str], bool], fold: Callable[[str], str]
) -> tuple[sparse.csr_array, tuple[str, ...]]:
    """Which distinct answers hold which words: (n_texts, n_words) of 0 and 1, and the words."""
    number: dict[str, int] = {}
    ends, columns = [0], []
    for words in texts:
        held = {number.setdefault(name, len(number)) for name in {fold(word) for word in words if listed(word)}}
        columns += sorted(held)
        ends.append(len(columns))
    shape = (len(texts), len(number))
    ones = np.ones(len(columns), dtype=np.int64)
    return sparse.csr_array((ones, np.array(columns, dtype=np.int64), np.array(ends)), shape=shape), tuple(number)


def concordance(
    answers: Answers, keyword: str, rows: np.ndarray, groups: Sequence[str | None], *, width: int, most: int
) -> tuple[Line, ...]:
    """The first `most` different answers with the keyword, in the order of the rows.

    Parameters
    ----------
    rows : ndarray of int
        Places of the rows whose answers may be printed.
    groups : sequence of str or None
        Group of each row of the data.
    width : int
        Characters to either side.
    """
    pattern = pattern_of(keyword)
    found: list[Line] = []
    seen: set[str] = set()
    for row in rows:
        text = int(answers.at[row])
        hit = pattern.search(answers.texts[text])
        if hit is None or answers.texts[text] in seen:
            continue
        seen.add(answers.texts[text])
        # A sign can be longer half-width (℃) or in small letters: then the answer is shown as it was searched.
        whole = answers.shown[text]
        source = whole if len(whole) == len(answers.texts[text]) else answers.texts[text]
        left, right = source[: hit.start()], source[hit.end() :]
        found.append(
            Line(
                keyword,
                ("…" if len(left) > width else "") + left[max(len(left) - width, 0) :],
                source[hit.start() : hit.end()],
                right[:width] + ("…" if len(right) > width else ""),
                groups[row],
            )
        )
        if len(found) == most:
            break
    return tuple(found)
