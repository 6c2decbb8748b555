"""What stands behind `from` of a condition: a column of the cases, or a number made of their codings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cases.quantitising.codes import CodeEntry, require_codes
from evalkit.cases.quantitising.material import Material
from evalkit.cases.quantitising.measures import check_rule, folded, measured, rule_words
from evalkit.contract import AnalysisError, Label, Problem
from evalkit.contract.words import LANGUAGES, text_of

COLUMNS = ("survey", "attribute", "rating")
CODED = ("code", "count_of")
_SEPARATORS = re.compile(r"[,;，；、]")


@dataclass(frozen=True)
class Origin:
    """One `from`, split at its first colon.

    Parameters
    ----------
    kind : str
        `survey`, `attribute`, `rating` for a column of the cases with or without a word before it (""), `code` or
        `count_of` for codings.
    name : str
        The column; of codings what stands behind the colon.
    """

    kind: str
    name: str

    @property
    def coded(self) -> bool:
        return self.kind in CODED


def origin_of(text: str, columns: Sequence[str] = (), name: str = "") -> Origin:
    """Read a `from`: `survey:trust_mean`, `code:C1 share_of_sources`, `count_of:C1,C2`, or the name of a column.

    Parameters
    ----------
    columns : sequence of str
        Columns of the cases; one that is called like the whole text is meant.
    name : str
        The condition, for the message.

    Raises
    ------
    AnalysisError
        E6680 for a word before the colon that is none of these, where the whole is no column either.
    """
    plain = text.strip()
    if plain in columns:
        return Origin("", plain)
    half = unicodedata.normalize("NFKC", plain)
    word, colon, rest = half.partition(":")
    if not colon:
        return Origin("", plain)
    kind = _kinds().get(folded(word))
    if kind is None:
        raise AnalysisError(Problem("E6680", params={"name": name, "value": plain, "known": [*COLUMNS, *CODED]}))
    return Origin(kind, plain[re.search("[:：]", plain).end() :].strip())  # type: ignore[union-attr]


def _kinds() -> dict[str, str]:
    words = {kind: kind for kind in (*COLUMNS, *CODED)}
    return {folded(k): k for k in words} | {
        folded(text_of(f"quantify.origin.{kind}", lang)): kind for kind in words for lang in LANGUAGES
    }


@dataclass(frozen=True)
class Coded:
    """A measure made of codings: its codes, its rule (of `count_of`: count or share), what it is called."""

    codes: tuple[str, ...]
    rule: str
    label: Label
    counts_codes: bool


def read_coded(origin: Origin, entries: Mapping[str, CodeEntry]) -> Coded:
    """Read what stands behind `code:` or `count_of:`.

    `code:X rule` is the code X, or one below it, by a rule (default presence). `count_of:X,Y,Z` is how many of these
    codes a case has; of one code with codes below it, how many of those; with `share` behind, divided by their number.

    Raises
    ------
    AnalysisError
        E6682 for codes that are not there.
    """
    if origin.kind == "code":
        code, rule = _ruled(origin.name, rule_words(), "presence", entries)
        require_codes([code], entries)
        label = Label("quantify.of_code", code=code_label(entries[code]), rule=Label(f"quantify.rule.{rule}"))
        return Coded((code,), rule, label, False)
    shares = {folded(w): "share" for w in ("share", *(text_of("quantify.share", lang) for lang in LANGUAGES))}
    listed, rule = _ruled(origin.name, shares, "count", entries)
    codes = tuple(dict.fromkeys(part.strip() for part in _SEPARATORS.split(listed) if part.strip()))
    require_codes(codes or [listed], entries)
    end = "_share" if rule == "share" else ""
    above = entries[codes[0]]
    if len(codes) == 1 and above.children:
        return Coded(above.children, rule, Label(f"quantify.of_children{end}", code=code_label(above)), True)
    return Coded(codes, rule, Label(f"quantify.of_codes{end}", k=len(codes)), True)


def coded_measure(coded: Coded, material: Material) -> np.ndarray:
    """The number of every case; nan for a case without a source.

    Raises
    ------
    AnalysisError
        As `check_rule`.
    """
    if not coded.counts_codes:
        check_rule(coded.rule, material)
        return measured(material, coded.codes, coded.rule).values
    found = count_present(material, coded.codes)
    return found / len(coded.codes) if coded.rule == "share" else found


def count_present(material: Material, codes: Sequence[str]) -> np.ndarray:
    """How many of the codes each case has; nan for a case without a source."""
    each = [measured(material, [code], "presence").values for code in dict.fromkeys(codes)]
    return np.asarray(np.sum(each, axis=0), dtype=float)


def code_label(entry: CodeEntry) -> Label:
    text = entry.name or entry.id
    return Label(zh=text, en=entry.name_en or text)


def _ruled(text: str, known: Mapping[str, str], default: str, entries: Mapping[str, CodeEntry]) -> tuple[str, str]:
    """The text before a rule's word, and the rule; an id of a code that ends like a rule stays whole."""
    if text in entries:
        return text, default
    parts = text.split()
    for i in range(1, len(parts)):
        rule = known.get(folded("".join(parts[i:])))
        if rule is not None:
            return " ".join(parts[:i]), rule
    return text, default
