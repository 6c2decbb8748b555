"""Codes and a rule in, one number a case out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from evalkit.cases.quantitising.material import Material, segments
from evalkit.contract import AnalysisError, Problem
from evalkit.contract.words import LANGUAGES, text_of

RULES = ("presence", "share_of_sources", "share_of_segments", "share_of_characters", "count", "per_10000")
_BY_PLACE = ("share_of_segments", "share_of_characters", "count", "per_10000")
_POOLED = ("share_of_segments", "count", "per_10000")
_BY_LENGTH = ("share_of_characters", "per_10000")


@dataclass(frozen=True, eq=False)
class Measured:
    """One number a case; `count` stands over `base` where the rule is a share. nan: the case has no such material."""

    values: np.ndarray
    count: np.ndarray
    base: np.ndarray


@cache
def rule_words() -> dict[str, str]:
    """Folded word -> rule: its name, and what it is called in each language."""
    found = {}
    for rule in RULES:
        for word in (rule, *(text_of(f"quantify.rule.{rule}", lang) for lang in LANGUAGES)):
            found[folded(word)] = rule
    return found


def folded(text: str) -> str:
    """A word for comparing: half-width, small letters, without blanks and lines."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if not c.isspace() and c not in "_-")


def check_rule(rule: str, material: Material, offset: str | None = None) -> None:
    """Refuse what the material cannot bear.

    Raises
    ------
    AnalysisError
        E6683 for stretches without start and end; E6684 where no length of a case is known; E6685 for raw counts of
        cases whose texts are not equally long, unless an offset is named.
    """
    if rule in _BY_PLACE and not material.placed:
        raise AnalysisError(Problem("E6683", params={"rule": rule}))
    bearing = material.n_sources > 0
    if (rule in _BY_LENGTH or offset == "characters") and not np.isfinite(material.n_chars[bearing]).any():
        raise AnalysisError(Problem("E6684", params={"rule": rule}))
    if rule == "count" and offset is None:
        size = material.n_chars[bearing]
        if len(size) > 1 and not (np.isfinite(size).all() and np.ptp(size) == 0):
            raise AnalysisError(Problem("E6685"))


def pooling_problems(material: Material, rules: Iterable[str]) -> list[Problem]:
    """W6690 where rules count stretches, and those of several coders were put together."""
    if len(material.coders) < 2 or not set(rules) & set(_POOLED):
        return []
    return [Problem("W6690", params={"n": len(material.coders)})]


def measured(material: Material, codes: Iterable[str], rule: str) -> Measured:
    """The rule's number for every case of the material; codes below the given ones count for them.

    Notes
    -----
    presence: 1 if any source of the case bears a code; share_of_sources: sources that bear one / sources;
    share_of_segments: distinct stretches under the codes / distinct stretches under any code;
    share_of_characters: characters under the codes, overlaps once / characters of the case's sources;
    count: distinct stretches; per_10000: 10,000 count / characters.
    """
    wanted = frozenset().union(*(material.entries[code].counts for code in codes))
    mine = material.marks[material.marks["code"].isin(wanted)]
    count, base = _counted(material, mine, rule)
    count = np.where(material.n_sources > 0, count, np.nan)
    if rule == "presence":
        values = np.where(np.isnan(count), np.nan, count > 0)
    elif rule == "count":
        values = count
    else:
        scale = 10_000.0 if rule == "per_10000" else 1.0
        usable = (base > 0) & ~np.isnan(count)
        values = np.divide(scale * count, base, out=np.full(len(count), np.nan), where=usable)
    return Measured(values, count, base)


def _counted(material: Material, mine: pd.DataFrame, rule: str) -> tuple[np.ndarray, np.ndarray]:
    if rule in ("presence", "share_of_sources"):
        bearing = mine.groupby("case")["source"].nunique().reindex(list(material.cases), fill_value=0)
        return bearing.to_numpy(dtype=float), material.n_sources
    if rule == "share_of_characters":
        return _covered(mine, material.cases), material.n_chars
    base = material.n_segments if rule == "share_of_segments" else material.n_chars
    return segments(mine, material.cases), base


def _covered(mine: pd.DataFrame, cases: tuple[str, ...]) -> np.ndarray:
    """Characters of each case under at least one of the stretches."""
    total = dict.fromkeys(cases, 0.0)
    for (case, _), part in mine.groupby(["case", "source"]):
        total[str(case)] += union_length(part["start"].to_numpy(), part["end"].to_numpy())
    return np.array([total[case] for case in cases])


def union_length(start: np.ndarray, end: np.ndarray) -> float:
    """Length of the union of half-open stretches."""
    order = np.argsort(start, kind="stable")
    low, high = start[order], end[order]
    reached = np.concatenate([[-np.inf], np.maximum.accumulate(high)[:-1]])
    return float(np.clip(high - np.maximum(low, reached), 0, None).sum())
