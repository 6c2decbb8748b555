"""Word lists in, the words that answers are cut into out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import pandas as pd

from evalkit.contract import AnalysisError, Problem, codebook_of
from evalkit.qualitative.answering.cleaning import HAN, searched

_ALL_HAN = re.compile(f"[{HAN}]+")
_LONGEST = 12
"""A longer word is a sentence; it can still be searched for."""
_OF_QUESTIONNAIRE = 4
"""Wordings of options of at most this many characters are words."""


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What answers are cut into.

    Attributes
    ----------
    known : frozenset of str
        Chinese words of two characters and more: the package's own, the questionnaire's, the analyst's, found ones.
    own : frozenset of str
        The analyst's words of Chinese characters only; they win over other cuts of the same characters.
    mixed : tuple of str
        The analyst's other words (`12345热线`, `parking lot`), longest first; they are taken out before cutting.
    single : frozenset of str
        Single characters that count as words.
    stop : frozenset of str
        Words that are not listed.
    """

    known: frozenset[str]
    own: frozenset[str]
    mixed: tuple[str, ...]
    single: frozenset[str]
    stop: frozenset[str]

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """Every beginning, of two characters and more, of a known word."""
        return frozenset(word[:k] for word in self.known for k in range(2, len(word) + 1))

    def with_words(self, words: Iterable[str]) -> Lexicon:
        """The same with further known words."""
        return Lexicon(self.known | frozenset(words), self.own, self.mixed, self.single, self.stop)

    def counts(self, word: str) -> bool:
        """Whether a piece of an answer is a word that may be listed."""
        if word in self.stop:
            return False
        if len(word) == 1:
            return word in self.single or word in self.own
        return word in self.own or not word.replace("'", "").replace(".", "").isdecimal()


def lexicon_of(data: pd.DataFrame, dictionary: Collection[str], stop_words: Collection[str]) -> Lexicon:
    """The words of the package, of the questionnaire's short wordings, and of the analyst.

    Raises
    ------
    AnalysisError
        E6602 for a text where a list of words is wanted.
    """
    for name, given in (("dictionary", dictionary), ("stop_words", stop_words)):
        if isinstance(given, str):
            raise AnalysisError(Problem("E6602", params={"key": name}))
    added = {word for text in dictionary if (word := " ".join(searched(str(text)).split()))}
    own = frozenset(word for word in added if _ALL_HAN.fullmatch(word) and len(word) <= _LONGEST)
    stop = {word for text in stop_words if (word := " ".join(searched(str(text)).split()))}
    book = codebook_of(data)
    asked_of = [v for v in book.variables.values() if v.item is not None]  # others are answers as they came
    wordings = [c.zh for v in asked_of for c in v.categories] + [v.zh for v in asked_of if v.kind == "option"]
    asked = {w for w in wordings if 2 <= len(w) <= _OF_QUESTIONNAIRE and _ALL_HAN.fullmatch(w)}
    shipped = {word for word in listed("words.txt") if len(word) > 1}
    return Lexicon(
        frozenset(shipped | asked | {word for word in own if len(word) > 1}),
        own,
        tuple(sorted(added - own, key=lambda word: (-len(word), word))),
        frozenset(listed("characters.txt")),
        frozenset((set(listed("stop_words.txt")) - own) | stop),
    )


@cache
def listed(name: str) -> tuple[str, ...]:
    """The words of one of the package's lists."""
    lines = (resources.files(__package__) / name).read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())
