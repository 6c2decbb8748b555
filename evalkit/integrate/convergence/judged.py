"""The sheet `fit` in, what people judged of each construct and pair of strands out; nothing is judged here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns
from evalkit.contract.words import LANGUAGES, text_of

CODES = ("agreement", "partial_agreement", "silence", "dissonance")
"""Convergence codes of Farmer et al. (2006)."""
FIT = {"confirmation": "agreement", "expansion": "partial_agreement", "silence": "silence", "discordance": "dissonance"}
"""Word for the fit as a whole -> the convergence code it is counted beside."""
ASPECTS = ("meaning", "examples", "judgement")
DIFFER, OPEN = "differ", "open"
"""Where judges differ, and where nobody judged."""


@dataclass(frozen=True)
class Judgement:
    """What one person said of a construct and a pair; a word is empty where nothing was said."""

    construct: str
    pair: tuple[str, ...]
    said_of: str
    words: dict[str, str] = field(hash=False)
    rationale: str
    by: str

    @property
    def agreed(self) -> bool:
        return folded(self.by) in _consensus()


def judgements_of(fit: pd.DataFrame | None, strands: Sequence[str]) -> tuple[Judgement, ...]:
    """The judgements in the order of the sheet; `pair` is empty where its text names no two of the strands.

    Raises
    ------
    AnalysisError
        E600 for a column; E6700 for a word that is no convergence code.
    """
    if fit is None or not len(fit):
        return ()
    require_columns(fit, ["construct", *(["judgement"] if not {"meaning", "examples"} & set(fit) else [])])
    found, problems = [], []
    for row in fit.to_dict("records"):
        name = said(row.get("construct"))
        words = {aspect: said(row.get(aspect)) for aspect in ASPECTS}
        for aspect, word in words.items():
            known = tuple(FIT) if aspect == "judgement" else CODES
            if word and word not in known:
                params = {"name": name, "column": aspect, "word": word, "known": list(known)}
                problems.append(Problem("E6700", params=params))
        told = said(row.get("pair"))
        if name and any(words.values()):
            found.append(
                Judgement(name, pair_of(told, strands), told, words, said(row.get("rationale")), said(row.get("by")))
            )
    if problems:
        raise AnalysisError(problems)
    return tuple(found)


def pair_of(text: str, strands: Sequence[str]) -> tuple[str, ...]:
    """The two strands that a text names, in the order of the strands; without a text the only two there are."""
    if not text:
        return tuple(strands) if len(strands) == 2 else ()
    rest, named = folded(text), set()
    for strand in sorted(strands, key=lambda s: -len(folded(s))):
        if folded(strand) in rest:
            named.add(strand)
            rest = rest.replace(folded(strand), "\0", 1)
    return tuple(s for s in strands if s in named) if len(named) == 2 else ()


def counted(judgements: Sequence[Judgement], aspect: str) -> str:
    """The word that counts: that of the consensus, else what all judges say; `differ`, `open`."""
    agreed = [one for one in judgements if one.agreed and one.words[aspect]]
    words = {one.words[aspect] for one in agreed or judgements if one.words[aspect]}
    return OPEN if not words else DIFFER if len(words) > 1 else words.pop()


@cache
def _consensus() -> frozenset[str]:
    words = [w for lang in LANGUAGES for w in text_of("casebook.choice.round.consensus", lang).split("/")]
    return frozenset(folded(word) for word in ("consensus", *words))


def folded(text: str) -> str:
    """A name for comparing: without blanks and capitals."""
    return "".join(str(text).split()).casefold()


def said(value: object) -> str:
    """A cell as text; empty where there is nothing in it."""
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()
