"""A joint display: its table, the numbers in it, what was judged, and a figure where there is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.integrate.displays.judgements import JUDGED, NONE

_NAN = float("nan")
_TEXT = ("model", "outcome", "group", "term", "level", "label", "reason")
_COLUMNS = (
    *_TEXT[:5], "estimate", "std_error", "df", "conf_low", "conf_high", "n_obs", "count", "group_reliability", "label",
    "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a kind of display makes: the table, the numbers of its `n` rows, whose quotes it holds, a figure.

    `quoted` names cases and codes of every cell for quotes.
    """

    table: Table
    rows: tuple[Mapping[str, Any], ...]
    n: int
    quoted: tuple[tuple[Sequence[str], Sequence[str]], ...] = ()
    drawn: Figure | None = None


@dataclass(frozen=True, eq=False)
class JointDisplayResult:
    """A display of a kind.

    Parameters
    ----------
    n_quotes, n_withheld : int
        Quotes printed, and stretches of the display that there is no consent to print.
    """

    kind: str
    sheet: Sheet
    n_quotes: int
    n_withheld: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """J1 for hypotheses; else the kind of the display."""
        return (self.sheet.table.template,)

    @property
    def judgements(self) -> Mapping[str, int]:
        """How many rows hold each word of the fit vocabulary; `none` counts rows without a judgement."""
        return Counter(str(row["label"]) for row in self.sheet.rows if row.get("model") == JUDGED)

    def tidy(self) -> pd.DataFrame:
        """Model = strand (`survey`, `codes`, `qca`, `network`, `fit`), term = score, code or measure, level = row.

        `survey`: estimate = mean with its interval, `group_reliability` that of the mean; `codes`: estimate = share of
        sources that bear the code, count = stretches; `qca`: estimate = membership, label = type; `fit`: label = the
        judgement, estimate 1 where there is one. The last rows count quotes: `quotes.printed`, `quotes.withheld`.
        """
        counts = [("quotes.printed", self.n_quotes), ("quotes.withheld", self.n_withheld)]
        rows = [*self.sheet.rows, *({"term": name, "count": float(n)} for name, n in counts)]
        columns = {n: [row.get(n, None if n in _TEXT else _NAN) for row in rows] for n in _COLUMNS}
        columns["term"] = ["_".join(str(t).split()) if t is not None else None for t in columns["term"]]
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: rows of the display, and share of them that somebody judged."""
        found = self.judgements
        total = sum(found.values())
        share = 100 * (total - found.get(NONE, 0)) / total if total else _NAN
        return pd.DataFrame([{"count": float(self.sheet.n), "share": share, "n_obs": float(self.n_obs)}])

    def table(self, template: str | None = None) -> Table:
        """The display."""
        return self.sheet.table

    def figure(self) -> Figure | None:
        """Cases by their score with intervals, for a display of cases; else None."""
        return self.sheet.drawn

    @property
    def title(self) -> Label:
        return self.sheet.table.title
