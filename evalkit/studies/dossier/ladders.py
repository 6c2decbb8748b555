"""Scales and groups in; how far measurement is the same over the groups (table T10, a row a scale) out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    KEYS,
    Cell,
    Drop,
    EvalkitError,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    codebook_of,
    label_of,
    tidy_frame,
)
from evalkit.contract.words import LANGUAGES, say
from evalkit.measurement.ladder import invariance
from evalkit.measurement.ladder.result import InvarianceResult
from evalkit.sampling import Design
from evalkit.studies.dossier.rules import Rule
from evalkit.studies.dossier.screen import Screened, both

MOST_TOGETHER = 30
"""Items up to which all scales are also tested in one model: beyond, groups rarely have rows enough."""

WHOLE = "all_scales"
MOST_ITEMS = 3
"""Items named in a row of the table."""

_REASON = "dossier.reason_part"


@dataclass(frozen=True, eq=False)
class Ladder:
    """The ladder of one scale (or of all together) over the groups of one column; None where it cannot be fitted."""

    scale: str
    by: str
    label: Label
    result: InvarianceResult | None

    @property
    def fall(self) -> float:
        """The largest fall of CFI up to equal intercepts; nan where that is not known."""
        steps = self.result.steps if self.result else ()
        early = [step for step in steps if step.level in ("thresholds", "metric", "scalar")]
        falls = [-step.changes["cfi"] for step in early]
        reached = early and (early[-1].level == "scalar" or early[-1].verdict == "broken")
        return float(max(falls)) if reached and np.isfinite(falls).all() else float("nan")


@dataclass(frozen=True, eq=False)
class LadderResult:
    """Measurement invariance of every scale over every grouping."""

    ladders: tuple[Ladder, ...]
    labels: Mapping[str, Label]
    estimator: str
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T10",)

    def tidy(self) -> pd.DataFrame:
        """Rows of each ladder with group = the grouping column and model = the scale."""
        frames = [
            f.result.tidy().assign(model=f.scale, group=f.by) for f in self.ladders if f.result is not None
        ]  # fmt: skip
        failed = [f for f in self.ladders if f.result is None]
        frames.append(
            tidy_frame(n_rows=len(failed), model=[f.scale for f in failed], group=[f.by for f in failed],
                       term="model.cfi", reason=_REASON)
        )  # fmt: skip
        columns = list(dict.fromkeys(c for frame in frames for c in frame.columns))
        texts = {*KEYS, "reason"}
        return pd.concat([f.astype({c: object for c in f.columns if c in texts}) for f in frames if len(f)],
                         ignore_index=True).reindex(columns=columns)  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: ladders fitted and those that could not be."""
        failed = sum(f.result is None for f in self.ladders)
        return pd.DataFrame(
            [{"count": float(len(self.ladders) - failed), "n_failed": float(failed), "n_obs": float(self.n_obs)}]
        )

    def table(self, template: str = "T10") -> Table:
        """T10: fit of the first level, changes of CFI, the level reached and the items at fault, by scale."""
        heads = ("dossier.scale", "dossier.group_sizes", "dossier.configural_cfi", "dossier.configural_rmsea",
                 "dossier.metric_change", "dossier.scalar_change", "dossier.strict_change",
                 "dossier.level_reached", "dossier.items_at_fault")  # fmt: skip
        rows: list[Row] = []
        for by in dict.fromkeys(f.by for f in self.ladders):
            rows.append(Row((Cell(self.labels[by], "label"),), role="section"))
            rows += [_printed(f) for f in self.ladders if f.by == by]
        notes = [Label("dossier.note_ladder", estimator=self.estimator), Label("dossier.note_fault")]
        return Table("ladders", template, Label("dossier.ladders"), (tuple(map(Head, heads)),), tuple(rows),
                     tuple(Note("general", label) for label in notes))  # fmt: skip


def ladders(
    screen: Screened, groups: Sequence[str], *, estimator: str | None, ordinal: bool, rule: Rule, design: Design | None
) -> LadderResult:
    """Climb the ladder for every scale of three items or more, and for all together while these are few.

    Parameters
    ----------
    rule : Rule
        Largest fall of CFI that a level may bring.
    """
    units = {id: [id] for id in screen.usable if len(screen.columns[id]) > 2}
    if len(screen.usable) > 1 and len(screen.usable_items) <= MOST_TOGETHER:
        units[WHOLE] = list(screen.usable)
    book = codebook_of(screen.data)
    found, notices = [], []
    for by in groups:
        for id, scales in units.items():
            label = Label("dossier.all_scales") if id == WHOLE else book.scales[id].label
            try:
                result = invariance(
                    screen.data,
                    scales,
                    by=by,
                    estimator=estimator,
                    ordinal=ordinal,
                    rule={"cfi": rule.at},
                    design=design,
                )
            except EvalkitError as error:
                result = None
                notices += [_told(label, by, screen, problem) for problem in error.problems]
            else:
                notices += [_told(label, by, screen, p) for p in result.notices if p.severity == "warning"]
            found.append(Ladder(id, by, label, result))
    labels = {by: label_of(screen.data, by) for by in groups}
    known = [f.result for f in found if f.result is not None]
    estimators = sorted({result.estimator for result in known})
    used = max((result.n_obs for result in known), default=0)
    return LadderResult(tuple(found), labels, "/".join(estimators), used, (), tuple(notices))


def _told(label: Label, by: str, screen: Screened, problem: Problem) -> Problem:
    name = Label("dossier.over", scale=label, by=label_of(screen.data, by))
    return Problem("W869", params={"part": both(name), "why": {lang: say(problem, lang) for lang in LANGUAGES}})


def _printed(ladder: Ladder) -> Row:
    result = ladder.result
    if result is None:
        gaps = [Cell(np.nan, "cfi", reason=_REASON) for _ in range(5)]
        return Row((Cell(ladder.label, "label"), Cell(None, "text"), *gaps, Cell(None, "text"), Cell(None, "text")))
    first = result.steps[0].values
    changes: dict[str, Any] = {step.level: step.changes for step in result.steps}
    moved = [
        Cell(changes[level]["cfi"], "cfi_change", reason=_REASON) if changes.get(level) else Cell(None, "cfi_change")
        for level in ("metric", "scalar", "strict")
    ]
    sizes = " / ".join(str(n) for n in result.sizes.values())
    reached = Label(f"invariance.{result.held.level}") if result.held else Label("dossier.no_level")
    items = [result.labels[p.item] for p in result.proposals if p.p_value < 0.05]
    named = list(dict.fromkeys(items))[:MOST_ITEMS]
    fault = Label(zh="、".join(i.text("zh") for i in named), en=", ".join(i.text("en") for i in named))
    return Row(
        (
            Cell(ladder.label, "label"),
            Cell(sizes, "text"),
            Cell(first["cfi"], "cfi", reason=_REASON),
            Cell(first["rmsea"], "rmsea", reason=_REASON),
            *moved,
            Cell(reached, "text"),
            Cell(fault if named else None, "text"),
        )
    )
