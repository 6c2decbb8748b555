"""The sheet `fit` in, what a person judged of a row out; nothing is ever judged here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Cell, Label, Problem, Row, require_columns
from evalkit.contract.words import has_text

WORDS = ("confirmation", "expansion", "discordance", "silence")
"""The fixed vocabulary: Guetterman, Fetters & Creswell (2015), Annals of Family Medicine 13, 554-561."""

JUDGED, NONE = "fit", "none"
"""What the rows of judgements are called in tidy frames, and the word for no judgement."""


@dataclass(frozen=True)
class Judgement:
    """What was compared, how it fits and why; `by` whom."""

    pair: str
    word: str
    rationale: str
    by: str = ""


@dataclass(frozen=True, eq=False)
class Judgements:
    """Judgements by the folded name of what they are about."""

    of: Mapping[str, tuple[Judgement, ...]]

    def about(self, name: str) -> tuple[Judgement, ...]:
        return self.of.get(folded(name), ())


def judgements_of(fit: pd.DataFrame | None) -> Judgements:
    """The judgements in the order of the sheet.

    Raises
    ------
    AnalysisError
        E600 for a column; E6634 for a word that is none of the four; E6635 for a judgement without rationale.
    """
    if fit is None or not len(fit):
        return Judgements({})
    require_columns(fit, ["construct", "judgement", "rationale"])
    found: dict[str, list[Judgement]] = {}
    problems = []
    for row in fit.to_dict("records"):
        name, word, why = (said(row[key]) for key in ("construct", "judgement", "rationale"))
        if word not in WORDS:
            problems.append(Problem("E6634", params={"name": name, "word": word, "known": list(WORDS)}))
        elif not why:
            problems.append(Problem("E6635", params={"name": name}))
        else:
            one = Judgement(said(row.get("pair")), word, why, said(row.get("by")))
            found.setdefault(folded(name), []).append(one)
    if problems:
        raise AnalysisError(problems)
    return Judgements({name: tuple(each) for name, each in found.items()})


def entries_of(name: str, found: Sequence[Judgement]) -> Iterator[dict[str, Any]]:
    """Rows of a tidy frame: a judgement each, or one that says there is none."""
    if not found:
        yield {"model": JUDGED, "term": "judgement", "level": name, "estimate": 0.0, "label": NONE}
    pairs = [one.pair for one in found]
    for k, one in enumerate(found):
        plain = one.pair if pairs.count(one.pair) == 1 else f"{one.pair}:{k + 1}".lstrip(":")
        yield {"model": JUDGED, "term": "judgement", "group": plain or None, "level": name, "estimate": 1.0,
               "label": one.word}  # fmt: skip


def folded(name: str) -> str:
    """A name without blanks: `A * B` is `A*B`."""
    return "".join(str(name).split())


def said(value: object) -> str:
    """A cell as text; empty where there is nothing in it."""
    return "" if value is None or value != value else str(value).strip()


def word_cell(found: Sequence[Judgement]) -> Cell:
    """The judgements of a row, one a line; `not judged` where there is none."""
    if not found:
        return Cell(Label("displays.not_judged"), "text")
    return Cell(lines_of([_worded(one) for one in found]), "text")


def reasons_label(found: Sequence[Judgement]) -> Label | None:
    """The rationales of a row, each behind its pair where there are several; None for none."""
    parts = [
        Label("displays.reason_of", word=_worded(one), rationale=one.rationale)
        if len(found) > 1
        else Label(zh=one.rationale, en=one.rationale)
        for one in found
    ]
    return lines_of(parts) if parts else None


def _worded(one: Judgement) -> Label:
    word = Label(f"displays.fit.{one.word}")
    return Label("displays.fit_of", word=word, pair=pair_label(one.pair)) if one.pair else word


def strand_label(name: str) -> Label:
    """A strand in words where it has the name of a known one; else as it stands."""
    key = f"displays.strand_word.{name.strip().lower()}"
    return Label(key) if has_text(key) else Label(zh=name, en=name)


def pair_label(pair: str) -> Label:
    """Two strands joined by a hyphen in words: `survey-interviews`."""
    return lines_of([strand_label(part) for part in re.split("[-–—]", pair)], "—", "–")


def lines_of(parts: Sequence[Label], zh: str = "\n", en: str = "\n") -> Label:
    """Labels one under the other, or with a sign between them."""
    return Label(zh=zh.join(p.text("zh") for p in parts), en=en.join(p.text("en") for p in parts))


def text_row(**parts: Label | None) -> Iterator[Row]:
    """What is said of the row above, each part on lines of its own behind its name (`displays.text.<part>`)."""
    lines = [Label(f"displays.text.{name}", text=text) for name, text in parts.items() if text is not None]
    if lines:
        yield Row((Cell(lines_of(lines), "text"),), role="text", indent=1)
