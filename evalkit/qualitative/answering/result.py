"""What an analysis of open answers gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.qualitative.answering import tables
from evalkit.qualitative.answering.discovery import NewWord
from evalkit.qualitative.answering.searching import Line
from evalkit.qualitative.answering.shares import Difference, Share

_NAN = float("nan")
_DRAWN, _MOST_GROUPS = 15, 4
_BASE = ("rows", "blank", "nothing_said", "answered")


@dataclass(frozen=True)
class Mention:
    """Respondents who mention a word or theme, all and by group, and whether groups differ."""

    id: str
    label: Label
    share: Share
    by_group: Mapping[str, Share]
    difference: Difference


@dataclass(frozen=True)
class Group:
    """A group of respondents: `n` answered."""

    id: str
    label: Label
    n: int


@dataclass(frozen=True, eq=False)
class OpenQuestion:
    """One open question.

    Attributes
    ----------
    missing : tuple of (str, int)
        Rows without a text, by kind of missing answer (`no_text` where the data do not say).
    silent : tuple of (str, int)
        What was written by those who said nothing, and how many wrote it; "" for signs alone.
    words, themes : tuple of Mention
        By falling count; words that the analyst named stand first, in the order given.
    base_themes : int
        Respondents behind the themes: those coded, else those who answered.
    found : tuple of NewWord
        Words that no list held.
    """

    name: str
    label: Label
    n_rows: int
    missing: tuple[tuple[str, int], ...]
    silent: tuple[tuple[str, int], ...]
    n_answered: int
    groups: tuple[Group, ...]
    words: tuple[Mention, ...]
    themes: tuple[Mention, ...]
    base_themes: int
    lines: tuple[Line, ...]
    found: tuple[NewWord, ...]

    @property
    def n_blank(self) -> int:
        return sum(n for _, n in self.missing)

    @property
    def n_silent(self) -> int:
        return sum(n for _, n in self.silent)


@dataclass(frozen=True, eq=False)
class OpenAnswersResult:
    """Words, themes and quotations of open questions. `n_obs` counts rows; shares are of those who answered."""

    questions: tuple[OpenQuestion, ...]
    by: Label | None
    weighted: bool
    conf_level: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    _parts: ClassVar[tuple[str, ...]] = ("words", "themes")

    @property
    def templates(self) -> tuple[str, ...]:
        """`answers` (who answered), `words`, `themes` and `concordance` where there are any."""
        there = {
            "answers": True,
            "words": any(q.words for q in self.questions) or not any(q.themes for q in self.questions),
            "themes": any(q.themes for q in self.questions),
            "concordance": any(q.lines for q in self.questions),
        }
        return tuple(name for name, is_there in there.items() if is_there)

    @property
    def labels(self) -> Mapping[str, Label]:
        """Wordings of questions, words and themes, for sentences."""
        named = {q.name: q.label for q in self.questions}
        return named | {m.id: m.label for q in self.questions for m in (*q.words, *q.themes)}

    def tidy(self) -> pd.DataFrame:
        """outcome = question, term = word or theme, level = `word` or `theme`, group = group of respondents.

        `estimate` is the per cent of those who answered, `count` respondents; without group also the test between
        groups. Terms `answers.rows`, `answers.blank`, `answers.nothing_said`, `answers.answered` count rows.
        """
        rows = [row for q in self.questions for row in self._rows(q)]
        texts = ("outcome", "group", "term", "level")
        names = (*texts, "estimate", "conf_low", "conf_high", "n_obs", "count", "statistic", "df", "df2", "p_value",
                 "p_adjusted")  # fmt: skip
        return tidy_frame(
            n_rows=len(rows), **{n: [r.get(n, None if n in texts else _NAN) for r in rows] for n in names}
        )

    def _rows(self, q: OpenQuestion) -> Iterator[dict[str, Any]]:
        counts = (q.n_rows, q.n_blank, q.n_silent, q.n_answered)
        for name, n in zip(_BASE, counts, strict=True):
            yield {"outcome": q.name, "term": f"answers.{name}", "count": float(n), "n_obs": float(q.n_rows)}
        for level, mentions in (("word", q.words), ("theme", q.themes)):
            for m in mentions:
                d = m.difference
                test = {"statistic": d.statistic, "df": d.df, "df2": d.df2, "p_value": d.p_value,
                        "p_adjusted": d.p_adjusted}  # fmt: skip
                yield {"outcome": q.name, "term": m.id, "level": level} | _values(m.share) | test
                for group, share in m.by_group.items():
                    yield {"outcome": q.name, "group": group, "term": m.id, "level": level} | _values(share)

    def glance(self) -> pd.DataFrame:
        """One row: rows and questions."""
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(self.questions))]})

    def table(self, template: str = "words") -> Table:
        """`answers`, `words`, `themes` or `concordance`."""
        return tables.TABLES[template](self)

    def figure(self) -> Figure | None:
        """Bars of the themes, else of the words, of the first question that has some; side by side for few groups."""
        for q in self.questions:
            mentions = (q.themes or q.words)[:_DRAWN]
            if mentions:
                return self._bars(q, mentions)
        return None

    def _bars(self, q: OpenQuestion, mentions: tuple[Mention, ...]) -> Figure:
        rows = []
        labels = {m.id: m.label for m in mentions}
        split = 1 < len(q.groups) <= _MOST_GROUPS
        for m in mentions:
            parts: dict[str | None, Share] = {g.id: m.by_group[g.id] for g in q.groups} if split else {None: m.share}
            for group, share in parts.items():
                row = {"option": m.id, "count": share.count, "percent_cases": share.percent, "n_obs": share.n}
                rows.append(row | ({"group": f"group.{group}"} if split else {}))
        labels |= {f"group.{g.id}": g.label for g in q.groups}
        key = "open_answers.figure_themes" if q.themes else "open_answers.figure_words"
        notes = (Label("open_answers.note_weighted"),) if self.weighted else ()
        return Figure(
            "open_answers", "multiple_response", Label(key, question=q.label), pd.DataFrame(rows), labels, notes
        )


def _values(share: Share) -> dict[str, float]:
    return {"estimate": share.percent, "conf_low": share.low, "conf_high": share.high, "n_obs": float(share.n),
            "count": float(share.count)}  # fmt: skip
