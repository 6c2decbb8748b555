"""Findings on printed claims: three views and the verdict of each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.integrate.printed.claim import FLAG, NONE, OK, REMARK, VERDICTS, Finding
from evalkit.integrate.printed.numbers import printed

_COLUMNS = ("claim", "label", "value", "rule", "verdict", "finding", "source")


@dataclass(frozen=True, eq=False)
class Checked:
    """One row of the sheet with its finding; `names` are the claims whose numbers it uses."""

    claim: str
    rule: str
    label: Label
    value: str
    unit: str
    source: str
    finding: Finding
    remark: Label | None
    names: frozenset[str]

    @property
    def by_hand(self) -> bool:
        """Judged by the author of the sheet, by no rule."""
        return not self.rule

    def said(self, lang: str) -> str:
        """What was found, with the remark of the sheet."""
        texts = [label.text(lang) for label in (*self.finding.says, *([self.remark] if self.remark else []))]
        return ("；" if lang == "zh" else "; ").join(texts)


@dataclass(frozen=True, eq=False)
class ClaimsResult:
    """What fits and what does not in a sheet of printed numbers, row by row."""

    rows: tuple[Checked, ...]
    notices: tuple[Problem, ...] = ()
    dropped: tuple[Drop, ...] = ()

    templates: ClassVar[tuple[str, ...]] = ("claims", "claims_flagged")

    @property
    def n_obs(self) -> int:
        """Claims, each counted once."""
        return len({row.claim for row in self.rows})

    @property
    def verdicts(self) -> Mapping[str, str]:
        """Claim -> the worst verdict of its rows; a claim whose number a flagged row uses is flagged with it."""
        worst = {row.claim: NONE for row in self.rows}
        for row in self.rows:
            for claim in (row.claim, *(row.names if row.finding.verdict == FLAG else ())):
                worst[claim] = min(worst[claim], row.finding.verdict, key=VERDICTS.index)
        return worst

    def tidy(self) -> pd.DataFrame:
        """One row a claim (`term`) and rule (`group`): verdict (`text`), value computed and printed, in words."""
        numbers = [printed(row.value) for row in self.rows]
        return tidy_frame(
            n_rows=len(self.rows),
            group=[row.rule or None for row in self.rows],
            term=[row.claim for row in self.rows],
            estimate=[float("nan") if (e := row.finding.estimate) is None else float(e) for row in self.rows],
            observed=[float(number.number) if number else float("nan") for number in numbers],
            text=[row.finding.verdict for row in self.rows],
            reason=[row.said("en") for row in self.rows],
        )

    def glance(self) -> pd.DataFrame:
        """Claims, rows, and how many claims fit (`as_expected`), contradict (`n_failed`) or have nothing to check."""
        tally = Counter(self.verdicts.values())
        counts = {"count": len(self.rows), "as_expected": tally[OK], "n_failed": tally[FLAG], "n_missing": tally[NONE]}
        return pd.DataFrame([{"n_obs": self.n_obs, **counts}])

    def told(self) -> tuple[Checked, ...]:
        """Rows with a flag or a remark, the flags first."""
        told = [row for row in self.rows if row.finding.verdict in (FLAG, REMARK)]
        return tuple(sorted(told, key=lambda row: VERDICTS.index(row.finding.verdict)))

    def table(self, template: str = "claims") -> Table:
        """All rows, or (`claims_flagged`) those with a remark or a flag, the flags first."""
        rows = self.told() if template == "claims_flagged" else self.rows
        tally = Counter(self.verdicts.values())
        heads = tuple(Head(f"claims.column.{name}") for name in _COLUMNS)
        return Table(
            template,
            template,
            Label("claims.title") if template == "claims" else Label("claims.title_flagged"),
            (heads,),
            tuple(Row(_cells(row)) for row in rows) or (Row(tuple(Cell("", "text") for _ in _COLUMNS)),),
            (
                Note("general", _tally(self.n_obs, tally)),
                Note("general", "claims.note.rules"),
            ),
        )


def _tally(n: int, tally: Counter[str]) -> Label:
    return Label("claims.note.tally", n=n, flag=tally[FLAG], remark=tally[REMARK], ok=tally[OK], none=tally[NONE])


def _cells(row: Checked) -> tuple[Cell, ...]:
    said = Label(zh=row.said("zh"), en=row.said("en")) if row.finding.says or row.remark else ""
    unit = "" if row.value.endswith(row.unit) else " " + row.unit
    return (
        Cell(row.claim, "label"),
        Cell(row.label, "label"),
        Cell(row.value + unit, "text"),
        Cell(row.rule or Label("claims.by_hand"), "text"),
        Cell(Label(f"claims.verdict.{row.finding.verdict}"), "text", bold=row.finding.verdict == FLAG),
        Cell(said, "text"),
        Cell(row.source, "text"),
    )
