"""Levels of invariance, fitted and judged; tidy rows and tables out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Label, Problem, Table, tidy_frame
from evalkit.measurement.ladder.levels import Rule

NAN = float("nan")
GLANCE = ("chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr")


@dataclass(frozen=True, eq=False)
class Step:
    """One level.

    Parameters
    ----------
    level : str
        configural, thresholds, metric, scalar or strict.
    values : mapping
        chisq df p_value cfi tli rmsea srmr npar aic bic; chi-square and indices corrected where the estimator does so.
    end : str
        Which version the indices are: empty (plain), `_robust` or `_scaled`.
    changes : mapping
        Of cfi, tli, rmsea and srmr against the level before; empty at the first.
    chisq_diff, df_diff, p_diff : float, int, float
        The (scaled) difference test; nan where there is none.
    method : str
        Of the difference test: plain, sb2001, sb2010 or satorra2000; empty without one.
    verdict : str
        reference (the first level), held, broken, unjudged or reported (without a rule).
    notices : tuple of Problem
        Of the difference test: a negative scaling factor leaves no statistic.
    """

    level: str
    values: Mapping[str, float]
    end: str
    changes: Mapping[str, float] = field(default_factory=dict)
    chisq_diff: float = NAN
    df_diff: int = 0
    p_diff: float = NAN
    verdict: str = "reference"
    method: str = ""
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What releasing one item at the level given up would bring: a score test of `parameters` (chi-square)."""

    item: str
    kind: str
    statistic: float
    df: int
    p_value: float
    parameters: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class InvarianceResult:
    """A ladder of invariance.

    Parameters
    ----------
    steps : tuple of Step
        Levels fitted; the last may be the one that was given up.
    proposals : tuple of Proposal
        Items by the strength of the evidence against them, at the level given up; nothing was freed.
    rule : Rule
    partial : tuple of str
        Parameters the caller left free over groups.
    skipped : tuple of str
        Levels above the one given up, not fitted.
    sizes : mapping
        Rows of each group.
    """

    model: str
    by: str
    steps: tuple[Step, ...]
    proposals: tuple[Proposal, ...]
    rule: Rule
    partial: tuple[str, ...]
    skipped: tuple[str, ...]
    estimator: str
    ordinal: bool
    missing: str
    labels: Mapping[str, Label]
    sizes: Mapping[str, int]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def held(self) -> Step | None:
        """The last level that holds; None if even the first was not reached."""
        good = [step for step in self.steps if step.verdict in ("reference", "held", "reported")]
        return good[-1] if good else None

    @property
    def templates(self) -> tuple[str, ...]:
        """T10, and the items to release where a level was given up."""
        return ("T10", "T10_items") if self.proposals else ("T10",)

    def tidy(self) -> pd.DataFrame:
        """One row a measure of a level (`model.cfi`), its changes (`change.cfi`) and difference test, and a release.

        A release has outcome = item, term = what would be freed.
        """
        rows: list[dict[str, object]] = []
        for step in self.steps:
            rows += [
                {"level": step.level, "term": f"model.{name}", "estimate": value} for name, value in step.values.items()
            ]
            rows += [
                {"level": step.level, "term": f"change.{name}", "estimate": value}
                for name, value in step.changes.items()
            ]
            if step.changes:
                rows.append(
                    {"level": step.level, "term": "difference", "estimate": step.chisq_diff,
                     "statistic": step.chisq_diff, "df": step.df_diff, "p_value": step.p_diff}
                )  # fmt: skip
        for found in self.proposals:
            rows.append(
                {"outcome": found.item, "level": self.steps[-1].level, "term": f"release.{found.kind}",
                 "estimate": found.statistic, "statistic": found.statistic, "df": found.df, "p_value": found.p_value}
            )  # fmt: skip
        text, numbers = ("outcome", "term", "level"), ("estimate", "statistic", "df", "p_value")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in (*text, *numbers)}
        return tidy_frame(n_rows=len(rows), n_obs=self.n_obs, **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the fit of the last level that holds, named in `level`."""
        step = self.held
        values = {name: step.values[name] if step else NAN for name in GLANCE}
        return pd.DataFrame([{"level": step.level if step else None, **values, "n_obs": self.n_obs}])

    def table(self, template: str = "T10") -> Table:
        """T10 (levels) or T10_items (what releasing each item would bring)."""
        from evalkit.measurement.ladder.tables import TABLES

        return TABLES[template](self)
