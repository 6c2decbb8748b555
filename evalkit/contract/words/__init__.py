"""The word catalogue: every label, note and message, in zh and en.

One TOML file a topic stands beside this module. A file holds up to three tables:
`[messages]` (code -> zh, en and the remedies zh_fix, en_fix), `[labels]` and `[notes]` (key -> zh, en).
A text names its parameters in braces: `"{n} rows"`.
"""

from __future__ import annotations

import locale
import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from evalkit.contract.problems import Place, Problem

LANGUAGES = ("zh", "en")


@cache
def catalogue() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """All topics merged: `{"messages": {code: texts}, "labels": {key: texts}}`; notes count as labels.

    Raises
    ------
    ValueError
        If two topics define the same key (a fault of ours, held by a test).
    """
    merged: dict[str, dict[str, Mapping[str, str]]] = {"messages": {}, "labels": {}}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        topic = tomllib.loads(file.read_text(encoding="utf-8"))
        for table, entries in topic.items():
            target = merged["messages" if table == "messages" else "labels"]
            twice = target.keys() & entries.keys()
            if twice:
                raise ValueError(f"{file.name} defines again: {sorted(twice)}")
            target.update(entries)
    return merged


def user_language() -> str:
    """`EVALKIT_LANG`, else the locale: `zh` for a Chinese one, otherwise `en`."""
    wanted = os.environ.get("EVALKIT_LANG", "").strip().lower()[:2]
    if wanted in LANGUAGES:
        return wanted
    name = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def text_of(key: str, lang: str, **params: Any) -> str:
    """The label or note of a key in one language.

    Raises
    ------
    KeyError
        If the catalogue does not hold the key.
    """
    return _fill(catalogue()["labels"][key][lang], lang, params)


def has_text(key: str) -> bool:
    """Whether the catalogue holds a label or note of that key."""
    return key in catalogue()["labels"]


def say(problem: Problem, lang: str | None = None) -> str:
    """One problem as place, what, remedy and code, in one line."""
    lang = lang or user_language()
    entry = catalogue()["messages"][problem.code]
    what, remedy = (_fill(entry.get(k, ""), lang, problem.params) for k in (lang, f"{lang}_fix"))
    colon, gap, brackets = ("：", "", "（{}）") if lang == "zh" else (": ", " ", "({})")
    where = place_text(problem.at, lang)
    body = gap.join(part for part in (what, remedy) if part)
    return (where + colon if where else "") + body + gap + brackets.format(problem.code)


def say_all(problems: Iterable[Problem], lang: str | None = None, first: int = 5, most: int | None = None) -> list[str]:
    """Problems in words, alike ones (same code and same parameters) together with their first places.

    Of each code at most `most` sentences are given, then how many problems more there are.
    """
    lang = lang or user_language()
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.code, say(Problem(problem.code, None, problem.params), lang)), []).append(problem)
    lines = []
    told, untold = Counter[str](), Counter[str]()
    for (code, sentence), alike in groups.items():
        told[code] += 1
        if most is not None and told[code] > most:
            untold[code] += len(alike)
            continue
        places = [place_text(p.at, lang) for p in alike if p.at]
        if len(alike) == 1:
            lines.append(say(alike[0], lang))
            continue
        cells = [spot for p in alike[1:first] if p.at and (spot := _spot(p.at))]
        more = text_of("alike", lang, n=len(alike), cells=(", " if lang == "en" else "、").join(cells)) if cells else ""
        head = places[0] + ("：" if lang == "zh" else ": ") if places else ""
        lines.append(head + sentence + (" " if lang == "en" and more else "") + more)
    return lines + [text_of("more_of_code", lang, code=code, n=n) for code, n in untold.items()]


def place_text(at: Place | None, lang: str) -> str:
    """`book.xlsx › Sheet1 › C17`, or `plan.toml › line 18`, or `talk.docx › paragraph 4 › comment 2`."""
    if at is None:
        return ""
    counted = (
        ("第 {} 行" if lang == "zh" else "line {}", at.line),
        ("第 {} 段" if lang == "zh" else "paragraph {}", at.paragraph),
        ("批注 {}" if lang == "zh" else "comment {}", at.comment),
    )
    numbers = (text.format(n) for text, n in counted if n)
    return " › ".join(part for part in (at.file, at.sheet, at.cell, *numbers) if part)


def _spot(at: Place) -> str:
    """The shortest way to name a place again in a list of places."""
    return at.cell or (f"#{at.comment}" if at.comment else str(at.line or at.paragraph or ""))


def _fill(text: str, lang: str, params: Mapping[str, Any]) -> str:
    return text.format_map({name: _spoken(value, lang) for name, value in params.items()}) if params else text


def _spoken(value: Any, lang: str) -> Any:
    """Lists become enumerations, labels and zh/en pairs the right half; the rest stays, so that format codes work."""
    said = getattr(value, "text", None)
    if callable(said):
        return said(lang)
    if isinstance(value, Mapping) and lang in value:
        return value[lang]
    if isinstance(value, (list, tuple, set, frozenset)):
        return ("、" if lang == "zh" else ", ").join(str(_spoken(v, lang)) for v in value)
    return value
