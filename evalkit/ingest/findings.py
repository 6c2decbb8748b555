"""Findings of one part of a file, with the address of every cell; private values never enter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import MISSING_KINDS, Problem
from evalkit.ingest.answers import Answers
from evalkit.ingest.wording import invisible

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
    _unlisted: dict[tuple[str, str], Problem] = field(default_factory=dict)

    def put(self, name: str, values: np.ndarray, missing: np.ndarray, source: Answers) -> None:
        """Keep one finished column."""
        self.values[name], self.missing[name], self.sources[name] = values, missing.astype(np.int8), source

    def note(self, code: str, answers: Answers, k: int, item: Item, **params: Any) -> None:
        """List one cell. `params["value"]` of a private item is hidden here, once for all."""
        if item.private:
            params |= {name: HIDDEN for name in ("value", "near", "proposal") if name in params}
        key = (code, answers.letter)
        self._listed[key] += 1
        problem = Problem(code, answers.place(k), {"item": item.id, "question": question(item), **params})
        if self._listed[key] <= MOST_CELLS:
            self.problems.append(problem)
        else:
            self._unlisted.setdefault(key, problem)

    def close(self) -> list[Problem]:
        """All findings; those past the limit are counted."""
        for (code, letter), problem in self._unlisted.items():
            more = self._listed[code, letter] - MOST_CELLS
            self.problems.append(Problem("W246", problem.at, {"n": more, "code": code, "item": problem.params["item"]}))
        self._unlisted.clear()
        return self.problems


@dataclass(frozen=True)
class Rules:
    """How this sheet writes answers: `by` and `marks` of the layout, `typed` False where every cell is text (csv)."""

    by: str
    marks: Mapping[str, str]
    typed: bool = True

    def mark(self, line: str) -> int:
        """Missing kind a cleaned text stands for, 0 if it is no mark."""
        return KIND[self.marks[line]] if line in self.marks else 0


def note_untidy(item: Item, answers: Answers, out: Decoded) -> None:
    """Say so, once a column, where answers were read in spite of stray blanks or full-width letters and digits."""
    untidy = [k for k, text in enumerate(answers.texts) if text.strip() and _untidy(text)]
    cells = list(answers.cells_of(untidy)) if untidy else []
    if cells:
        out.note("N235", answers, cells[0][0], item, n=len(cells))


def _untidy(text: str) -> bool:
    wide = any("\uff10" <= c <= "\uff5a" and c.isalnum() for c in text)
    return wide or text != text.strip() or invisible(text)


def question(item: Item) -> Mapping[str, str]:
    """The wording of an item, short enough for a message."""
    zh, en = item.text("zh") or item.id, item.text("en") or item.id
    return {"zh": zh if len(zh) <= 24 else zh[:23] + "…", "en": en if len(en) <= 60 else en[:59] + "…"}
