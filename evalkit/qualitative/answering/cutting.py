"""Texts and a lexicon in, the words of each text out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from evalkit.qualitative.answering.cleaning import HAN
from evalkit.qualitative.answering.lexicon import Lexicon

_FIRST_LOOK = 20_000
"""Runs of Chinese characters on which the frequencies of words are learnt."""
_STRANGE = 0.01
"""Count that stands for a character which is no word."""


def tokens(texts: Sequence[str], lexicon: Lexicon) -> list[list[str]]:
    """The pieces of each text in order: Chinese words, single characters, words and numbers of other scripts.

    Parameters
    ----------
    texts : sequence of str
        As `cleaning.searched` gives them.

    Notes
    -----
    A run of Chinese characters is cut along the most probable path (Viterbi 1967, IEEE Transactions on Information
    Theory 13, 260-269) of a model in which words are drawn independently: first every known word is as likely as
    another, so that few long words win; then with the frequencies which that cut gave, plus one. Words of the
    analyst's dictionary weigh as much as the square root of their probability, so that they win.
    """
    pieces = _splitter(lexicon)
    split = [pieces.findall(text) for text in texts]
    han = re.compile(f"[{HAN}]").match
    mixed = frozenset(lexicon.mixed)
    runs = list(dict.fromkeys(piece for parts in split for piece in parts if han(piece) and piece not in mixed))
    first = Cutter(lexicon, {})
    counts = Counter(word for run in runs[:_FIRST_LOOK] for word in first(run))
    cut = Cutter(lexicon, counts)
    words = {run: cut(run) for run in runs}
    return [[word for piece in parts for word in words.get(piece, (piece,))] for parts in split]


def han_runs(texts: Sequence[str], lexicon: Lexicon) -> Iterator[str]:
    """Runs of Chinese characters of the texts, the analyst's mixed words taken out."""
    pieces, mixed = _splitter(lexicon), frozenset(lexicon.mixed)
    han = re.compile(f"[{HAN}]").match
    return (piece for text in texts for piece in pieces.findall(text) if han(piece) and piece not in mixed)


def _splitter(lexicon: Lexicon) -> re.Pattern[str]:
    letter = f"[^\\W_{HAN}]"
    plain = f"[{HAN}]+|{letter}+(?:['.&+-]{letter}+)*"
    if not lexicon.mixed:
        return re.compile(plain)
    # At an end that is no Chinese character, a word of the analyst's is not part of a longer one.
    own = "|".join(map(re.escape, lexicon.mixed))
    return re.compile(f"(?:(?<!{letter})|(?=[{HAN}]))(?:{own})(?:(?!{letter})|(?<=[{HAN}]))|{plain}")


class Cutter:
    """Cuts a run of Chinese characters."""

    def __init__(self, lexicon: Lexicon, counts: Mapping[str, int]) -> None:
        self._lexicon = lexicon
        total = sum(counts.values()) + len(lexicon.known) + 1
        self._strange = math.log(total / _STRANGE)
        singles = {c: math.log(total / (counts.get(c, 0) + 0.5)) for c in lexicon.single}
        words = {w: math.log(total / (counts.get(w, 0) + 1)) for w in lexicon.known}
        own = {w: math.log(total / (counts.get(w, 0) + 1)) / 2 for w in lexicon.own}
        self._cost = words | singles | own

    def __call__(self, run: str) -> tuple[str, ...]:
        n = len(run)
        best, back = [0.0] + [math.inf] * n, [0] * (n + 1)
        cost, prefixes, strange = self._cost.get, self._lexicon.prefixes, self._strange
        for start in range(n):
            here = best[start]
            through = here + cost(run[start], strange)
            if through < best[start + 1]:
                best[start + 1], back[start + 1] = through, start
            for end in range(start + 2, n + 1):
                word = run[start:end]
                if word not in prefixes:
                    break
                own = cost(word)
                if own is not None and here + own < best[end]:
                    best[end], back[end] = here + own, start
        words, end = [], n
        while end:
            words.append(run[back[end] : end])
            end = back[end]
        return tuple(reversed(words))


def folded_plurals(words: set[str]) -> Callable[[str], str]:
    """English plurals to singulars that occur too: `lifts` to `lift`, `bodies` to `body`; others stay."""

    def fold(word: str) -> str:
        if not word.isascii() or len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
            return word
        endings = (word[:-3] + "y",) if word.endswith("ies") else ()
        ways = (*endings, word[:-1], *((word[:-2],) if word.endswith("es") else ()))
        return next((way for way in ways if way in words), word)

    return fold
