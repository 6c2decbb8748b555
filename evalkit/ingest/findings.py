"""Findings of one part of a file, with the address of every cell; private values never enter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import MISSING_KINDS, Place, Problem
from evalkit.ingest.answers import Answers
from evalkit.ingest.privacy import names_person
from evalkit.ingest.wording import clean, invisible

if TYPE_CHECKING:
    from evalkit.instrument import Item

HIDDEN = MappingProxyType({"zh": "（不公开的内容）", "en": "(private)"})
"""Stands for a value that must not be quoted."""
MOST_CELLS = 2000
"""Cells listed of one kind of finding in one column; the rest is counted."""
KIND = {name: code for code, name in enumerate(MISSING_KINDS)}
"""Missing kind -> its int8 code."""


@dataclass
class Decoded:
    """Columns decoded so far, all with one entry a respondent.

    Attributes
    ----------
    values, missing : dict
        Frame column -> answers (float64, object or datetime64) and missing kinds (int8).
    fills : dict
        Frame column -> texts written beside options (object, nan where none).
    sources : dict
        Frame column -> the spreadsheet column it came from.
    """

    n: int
    values: dict[str, np.ndarray] = field(default_factory=dict)
    missing: dict[str, np.ndarray] = field(default_factory=dict)
    fills: dict[str, np.ndarray] = field(default_factory=dict)
    sources: dict[str, Answers] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _listed: Counter[tuple[str, str]] = field(default_factory=Counter)
    _unlisted: dict[tuple[str, str], tuple[Place, str]] = field(default_factory=dict)

    def put(self, name: str, values: np.ndarray, missing: np.ndarray, source: Answers) -> None:
        """Keep one finished column."""
        self.values[name], self.missing[name], self.sources[name] = values, missing.astype(np.int8), source

    def note(self, code: str, answers: Answers, k: int, item: Item, **params: Any) -> None:
        """List the cell of respondent `k`. Private values and personal numbers are hidden here, once for all."""
        if item.private:
            params |= {name: HIDDEN for name in ("value", "near", "proposal") if name in params}
        elif "value" in params:
            params["value"] = shown(str(params["value"]))
        self.problems.append(Problem(code, answers.place(k), {"item": item.id, "question": question(item), **params}))

    def note_rows(
        self, code: str, answers: Answers, rows: np.ndarray, item: Item, params: Callable[[int], Mapping[str, Any]]
    ) -> None:
        """List the cells of these respondents up to `MOST_CELLS` a column and code, and count the rest."""
        key = (code, answers.letter)
        room = max(0, MOST_CELLS - self._listed[key])
        self._listed[key] += len(rows)
        for k in rows[:room].tolist():
            self.note(code, answers, k, item, **params(k))
        if len(rows) > room:
            self._unlisted.setdefault(key, (answers.place(int(rows[room])), item.id))

    def note_texts(
        self, code: str, answers: Answers, texts: Iterable[int], item: Item, params: Callable[[int], Mapping[str, Any]]
    ) -> None:
        """`note_rows` for every cell that holds one of these texts; `params` takes the position of the text."""
        self.note_rows(code, answers, answers.rows_of(texts), item, lambda k: params(int(answers.index[k])))

    def close(self) -> list[Problem]:
        """All findings; those past the limit are counted."""
        for (code, letter), (at, item) in self._unlisted.items():
            more = self._listed[code, letter] - MOST_CELLS
            self.problems.append(Problem("W246", at, {"n": more, "code": code, "item": item}))
        self._unlisted.clear()
        return self.problems


@dataclass(frozen=True)
class Rules:
    """How this sheet writes answers: `by` and `marks` of the layout, `typed` False where every cell is text (csv).

    `own_words`: under 其他 people write what they mean instead of a tick.
    """

    by: str
    marks: Mapping[str, str]
    typed: bool = True
    own_words: bool = False

    @cached_property
    def _starts(self) -> frozenset[str]:
        """First characters of marks, of either width: nearly every answer begins otherwise."""
        first = {mark[0] for mark in self.marks}
        return frozenset(first | {chr(ord(c) + 0xFEE0) for c in first if "!" <= c <= "~"})

    def blank(self, text: str) -> bool:
        """Whether a raw text is empty or a mark."""
        line = text.strip()
        return not line or (line[0] in self._starts and bool(self.mark(clean(line))))

    def mark(self, line: str) -> int:
        """Missing kind a cleaned text stands for, 0 if it is no mark."""
        return KIND[self.marks[line]] if line in self.marks else 0


def note_untidy(item: Item, answers: Answers, out: Decoded) -> None:
    """Say so, once a column, where answers were read in spite of stray blanks or full-width letters and digits."""
    untidy = [k for k, text in enumerate(answers.texts) if text.strip() and _untidy(text)]
    rows = answers.rows_of(untidy)
    if len(rows):
        out.note("N235", answers, int(rows[0]), item, n=len(rows))


def _untidy(text: str) -> bool:
    wide = any("\uff10" <= c <= "\uff5a" and c.isalnum() for c in text)
    return wide or text != text.strip() or invisible(text)


def shown(text: str) -> str | Mapping[str, str]:
    """A header, id or answer as a message may quote it: hidden where it is a telephone, card or network number."""
    return HIDDEN if names_person(clean(text)) else text


def question(item: Item) -> Mapping[str, str]:
    """The wording of an item, short enough for a message."""
    zh, en = item.text("zh") or item.id, item.text("en") or item.id
    return {"zh": zh if len(zh) <= 24 else zh[:23] + "…", "en": en if len(en) <= 60 else en[:59] + "…"}
