"""What stands behind `from` of a condition: a column of the cases, or a number made of their codings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
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


def coded_measure(origin: Origin, material: Material) -> tuple[np.ndarray, Label]:
    """The number of every case, and what it is called.

    `code:X rule` is the code X, or one below it, by a rule (default presence). `count_of:X,Y,Z` is how many of these
    codes a case has; of one code with codes below it, how many of those; with `share` behind, divided by their number.

    Raises
    ------
    AnalysisError
        E6682 for codes that are not there; as `check_rule`.
    """
    if origin.kind == "code":
        code, rule = _ruled(origin.name, rule_words(), "presence", material)
        require_codes([code], material.entries)
        check_rule(rule, material)
        label = Label("quantify.of_code", code=code_label(material.entries[code]), rule=Label(f"quantify.rule.{rule}"))
        return measured(material, [code], rule).values, label
    shares = {folded(w): "share" for w in ("share", *(text_of("quantify.share", lang) for lang in LANGUAGES))}
    listed, rule = _ruled(origin.name, shares, "count", material)
    codes = [part.strip() for part in _SEPARATORS.split(listed) if part.strip()]
    require_codes(codes or [listed], material.entries)
    above = material.entries[codes[0]] if len(set(codes)) == 1 else None
    end = "_share" if rule == "share" else ""
    if above is not None and above.children:
        label = Label(f"quantify.of_children{end}", code=code_label(above))
        codes = list(above.children)
    else:
        label = Label(f"quantify.of_codes{end}", k=len(set(codes)))
    found = count_present(material, codes)
    return (found / len(set(codes)) if rule == "share" else found), label


def count_present(material: Material, codes: Sequence[str]) -> np.ndarray:
    """How many of the codes each case has; nan for a case without a source."""
    each = [measured(material, [code], "presence").values for code in dict.fromkeys(codes)]
    return np.asarray(np.sum(each, axis=0), dtype=float)


def code_label(entry: CodeEntry) -> Label:
    text = entry.name or entry.id
    return Label(zh=text, en=text)


def _ruled(text: str, known: dict[str, str], default: str, material: Material) -> tuple[str, str]:
    """The text before a rule's word, and the rule; an id of a code that ends like a rule stays whole."""
    if text in material.entries:
        return text, default
    parts = text.split()
    for i in range(1, len(parts)):
        rule = known.get(folded("".join(parts[i:])))
        if rule is not None:
            return " ".join(parts[:i]), rule
    return text, default
