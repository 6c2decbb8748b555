"""Texts of headers and cells in, forms that can be compared out. What a cell holds is never changed here."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
# What platforms hang on a stem: question type, "required", "choose several".
_HINT = re.compile(
    r"[\[【(（〔]\s*(?:单选|多选|可多选|不定项|最多选\S{1,4}项|至少选\S{1,4}项|限选\S{1,4}项|填空|矩阵|量表|排序|下拉|打分|评分|必填|必答|选填|"
    r"single choice|multiple choice|required)[^\[\]【】()（）]{0,8}[\]】)）〕]",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"^(.*?)\s*〖(.*)〗\s*$", re.DOTALL)
_LEADING_NUMBER = re.compile(r"^(?:第\s*\d{1,3}\s*题|[(（]?\d{1,3}[)）]|[Qq]?\d{1,3}\s*[、.．:：]|[①-⑳])\s*(?=\D)")


def tidy(text: str) -> str:
    """The same words on one line, without invisible characters and outer blanks; widths stay."""
    return " ".join((text if text.isascii() else text.translate(_INVISIBLE)).split())


def invisible(text: str) -> bool:
    """Whether a text holds characters that nobody can see."""
    return any(ord(character) in _INVISIBLE for character in text)


@lru_cache(maxsize=65536)
def clean(text: str) -> str:
    """`tidy` with full-width letters, digits and signs made half-width (NFKC): for decoding only."""
    return " ".join(text.split()) if text.isascii() else tidy(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=65536)
def loose(text: str) -> str:
    """`clean` without any blank, case or difference of dashes: two ways to type one option."""
    folded = clean(text).casefold().replace(" ", "")
    return re.sub("[~～〜—–−‐‑-]+", "-", folded)


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """A question's wording for comparison: no number, no type hint, no punctuation, one width and case.

    A text of nothing but digits or signs (`2`, `(3)`) keeps its letters and digits.
    """
    without_hint = _HINT.sub("", tidy(text).replace("*", ""))
    bare = _LEADING_NUMBER.sub("", unicodedata.normalize("NFKC", without_hint).strip())
    letters = "".join(c for c in bare.casefold() if c.isalnum())
    return letters or "".join(c for c in clean(text).casefold() if c.isalnum())


def take_off(text: str) -> tuple[str, str | None]:
    """An option and what was written beside it: `其他〖分居〗` gives `其他` and `分居`; None where nothing can be."""
    found = _BESIDE.match(text)
    return (found[1], found[2].strip()) if found else (text, None)
