"""Answers and who asked in, every interviewer held against all others out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
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
from evalkit.quality.company import interviewer_funnels
from evalkit.quality.funnel import Funnel
from evalkit.quality.scope import scope_of
from evalkit.quality.thresholds import with_defaults


@dataclass(frozen=True, eq=False)
class InterviewerChecks:
    """Each measure of each interviewer with the limits round all others. `n_obs` counts the rows with one."""

    funnels: tuple[Funnel, ...]
    interviewers: tuple[str, ...]
    labels: Mapping[str, Label]
    question: Label
    level: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("interviewer_checks",)

    def tidy(self) -> pd.DataFrame:
        """One row a measure (term) and interviewer (group).

        `estimate` is his respondents' mean or per cent, `expected` that of all others, `conf_low` and `conf_high` are
        the limits round the others, `count` is 1 outside of them; nan with its `reason` where nothing can be said.
        """
        rows = [
            {
                "group": self.interviewers[i],
                "term": funnel.name,
                "estimate": funnel.value[i],
                "expected": funnel.others[i],
                "conf_low": funnel.low[i],
                "conf_high": funnel.high[i],
                "n_obs": funnel.n[i],
                "count": funnel.outside[i],
                "reason": funnel.reason[i] or None,
            }
            for funnel, i in self._cells()
        ]
        names = ("group", "term", "estimate", "expected", "conf_low", "conf_high", "n_obs", "count", "reason")
        return tidy_frame(n_rows=len(rows), **{name: [row[name] for row in rows] for name in names})

    def glance(self) -> pd.DataFrame:
        """One row: respondents, interviewers (`n_clusters`), and how many lie outside in any measure (`count`)."""
        outside = np.array([funnel.outside for funnel in self.funnels])
        count = float((outside == 1).any(axis=0).sum())
        return pd.DataFrame(
            {"n_obs": [float(self.n_obs)], "n_clusters": [float(len(self.interviewers))], "count": [count]}
        )

    def table(self, template: str = "interviewer_checks") -> Table:
        """Each measure of each interviewer, all others, the limits, and the verdict."""
        heads = ("quality.head.interviewer", "quality.head.measure", "n_obs", "quality.head.own",
                 "quality.head.others", "quality.head.limits", "quality.head.verdict")  # fmt: skip
        k = len(self.interviewers)
        notes = (
            Label("quality.note.funnel", level=f"{100 * self.level:g}"),
            Label("quality.note.interviewers", n=self.n_obs, k=k, question=self.question),
        )
        return Table(
            "interviewer_checks",
            template,
            Label("quality.interviewer.title"),
            (tuple(Head(head) for head in heads),),
            tuple(self._row(funnel, i) for funnel, i in self._cells()),
            tuple(Note("general", note) for note in notes),
        )

    def _cells(self) -> Iterator[tuple[Funnel, int]]:
        return ((funnel, i) for i in range(len(self.interviewers)) for funnel in self.funnels)

    def _row(self, funnel: Funnel, i: int) -> Row:
        key = f"quality.reason.{funnel.reason[i]}" if funnel.reason[i] else None
        verdict = {1.0: "outside", 0.0: "inside"}.get(float(funnel.outside[i]), "unknown")
        name, id = self.interviewers[i], f"{self.interviewers[i]}/{funnel.name}"
        limits = (float(funnel.low[i]), float(funnel.high[i]))
        return Row(
            (
                Cell(self.labels[name], "label"),
                Cell(Label(f"quality.measure.{funnel.name}"), "label"),
                Cell(int(funnel.n[i]), "count", id=f"{id}#n_obs"),
                Cell(float(funnel.value[i]), "mean", id=f"{id}#estimate", reason=key),
                Cell(float(funnel.others[i]), "mean", id=f"{id}#expected", reason=key),
                Cell(None if key else limits, "interval", reason=key),
                Cell(Label(key) if key else Label(f"quality.verdict.{verdict}"), "label"),
            )
        )


def interviewer_checks(
    data: pd.DataFrame,
    *,
    interviewer: str,
    items: Sequence[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
    duration: str | None = None,
) -> InterviewerChecks:
    """Hold every interviewer against all others: mean answer, duration, blanks, respondents with the same answers.

    Parameters
    ----------
    data : DataFrame
        One row a respondent.
    interviewer : str
        Column that says who asked.
    items : sequence of str, optional
        Scale items as given; by default all that the Codebook knows.
    thresholds : mapping, optional
        `funnel` (coverage of the limits, 0.998), `funnel_least` (respondents an interviewer must have, 5) and
        `duplicate_items`, in place of the defaults.
    duration : str, optional
        Column of the seconds taken; by default `duration_s`.

    Returns
    -------
    InterviewerChecks
        A respondent without an interviewer is left out. Somebody outside the limits may have asked in another
        place: the limits say whom to look at, not who invented answers.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E801 and E802 for bounds, E803 for an item that holds no numbers, E810 if fewer
        than two interviewers have respondents.

    Notes
    -----
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202; formulas with `quality.funnel`.
    """
    bounds = with_defaults(thresholds)
    named = {"respondent_id": None, "duration": duration, "submitted": None, "interviewer": interviewer}
    scope = scope_of(data, items, named)
    group, names = pd.factorize(data[interviewer])
    if len(names) < 2:
        raise AnalysisError(Problem("E810", params={"name": interviewer, "n": len(names)}))
    known = group >= 0
    shown = tuple(f"{name:g}" if isinstance(name, float) else str(name) for name in names)
    wording = {category.code: category for category in codebook_of(data).variables[interviewer].categories}
    labels = {
        text: Label(zh=c.zh, en=c.en) if (c := wording.get(name)) and c.zh and c.en else Label(zh=text, en=text)
        for text, name in zip(shown, names, strict=True)
    }
    without = int((~known).sum())
    return InterviewerChecks(
        tuple(interviewer_funnels(scope, group, bounds)),
        shown,
        labels,
        label_of(data, interviewer),
        bounds["funnel"],
        int(known.sum()),
        (Drop("quality.drop.no_interviewer", without),) if without else (),
    )
