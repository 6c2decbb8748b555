"""Estimates with their errors in; tidy rows, and the lines of a table, out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table, tidy_frame

COLUMNS = ("estimate", "std_error", "statistic", "p_value")
DESCRIBED = ("means", "score")
"""Models whose lines describe: no test is meant."""
_NUMBERS = {
    "estimate": "estimate",
    "std_error": "std_error",
    "statistic": "statistic",
    "p_value": "p_value",
}


@dataclass(frozen=True)
class Effect:
    """One number that a design gives, with its test and interval; nan where there is none.

    `model` says by which estimator, `term` what it is, `group` and `level` of whom and when.
    """

    model: str
    term: str
    estimate: float
    std_error: float = math.nan
    statistic: float = math.nan
    df: float = math.nan
    p_value: float = math.nan
    conf_low: float = math.nan
    conf_high: float = math.nan
    n_obs: float = math.nan
    group: str | None = None
    level: str | None = None

    @property
    def id(self) -> str:
        """The end of its result id."""
        return "/".join(part for part in (self.group, self.term, self.level) if part)


def effect(
    model: str,
    term: str,
    estimate: float,
    std_error: float,
    *,
    df: float = math.inf,
    conf_level: float = 0.95,
    n_obs: float = math.nan,
    group: str | None = None,
    level: str | None = None,
) -> Effect:
    """An estimate with its t test (z where `df` is infinite) against 0 and its interval."""
    from scipy.stats import t as t_distribution

    estimate, std_error = float(estimate), float(std_error)
    if not (math.isfinite(estimate) and math.isfinite(std_error) and std_error > 0 and df > 0):
        shown = std_error if math.isfinite(std_error) and math.isfinite(estimate) else math.nan
        return Effect(model, term, estimate, shown, n_obs=n_obs, group=group, level=level)
    z = estimate / std_error
    reach = float(t_distribution.ppf((1 + conf_level) / 2, df)) * std_error
    p = float(2 * t_distribution.sf(abs(z), df))
    shown_df = df if math.isfinite(df) else math.nan
    return Effect(
        model, term, estimate, std_error, z, shown_df, p, estimate - reach, estimate + reach, n_obs, group, level
    )


@dataclass(frozen=True)
class Test:
    """A diagnostic: its statistic, degrees of freedom and p-value; `kind` is the glossary's name of the statistic."""

    name: str
    statistic: float
    df: float = math.nan
    df2: float = math.nan
    p_value: float = math.nan
    kind: str = "statistic"
    group: str | None = None


def tidy_effects(outcome: str, effects: Sequence[Effect], tests: Sequence[Test]) -> pd.DataFrame:
    """Rows an estimate, then rows a diagnostic (`term` = `test.<name>`)."""
    names = [f.name for f in fields(Effect)]
    columns = {name: [getattr(e, name) for e in effects] for name in names}
    frames = [tidy_frame(n_rows=len(effects), outcome=outcome, **columns)]
    if tests:
        frames.append(
            tidy_frame(
                outcome=outcome,
                group=[t.group for t in tests],
                term=[f"test.{t.name}" for t in tests],
                estimate=[t.statistic for t in tests],
                statistic=[t.statistic for t in tests],
                df=[t.df for t in tests],
                df2=[t.df2 for t in tests],
                p_value=[t.p_value for t in tests],
            )
        )
    return pd.concat([f for f in frames if len(f)], ignore_index=True)


@dataclass(frozen=True, eq=False)
class Layout:
    """What an effect table shows: sections of effects, then diagnostics.

    Parameters
    ----------
    sections : sequence of (Label or None, effects)
        Each under its heading.
    tests : sequence of Test
    counts : mapping
        Label -> whole number, at the foot.
    """

    title: Label
    sections: Sequence[tuple[Label | None, Sequence[Effect]]]
    tests: Sequence[Test] = ()
    counts: Mapping[Label, int] = field(default_factory=dict)
    notes: Sequence[Label] = ()


def effect_table(id: str, outcome: str, layout: Layout, labels: Mapping[str, Label]) -> Table:
    """T22 of one design: a line an effect with SE, t, p and interval; a line a diagnostic."""
    rows: list[Row] = []
    width = len(COLUMNS) + 2
    for heading, found in layout.sections:
        if not found:
            continue
        if heading is not None:
            rows.append(Row((Cell(heading, "label"), *[Cell("", "text")] * (width - 1)), role="section"))
        rows += [Row(_cells(one, outcome, labels), indent=int(heading is not None)) for one in found]
    rows += [Row(_test_cells(one, outcome, labels), role="stat") for one in layout.tests]
    for label, n in layout.counts.items():
        rows.append(Row((Cell(label, "label"), Cell(n, "count"), *[Cell("", "text")] * (width - 2)), role="stat"))
    return Table(
        id=id,
        template="T22",
        title=layout.title,
        header=((Head("causal.what"), *(Head(f"causal.column.{name}") for name in COLUMNS), Head("causal.interval")),),
        rows=tuple(rows),
        notes=tuple(Note("general", note) for note in layout.notes),
    )


def known_template(template: str, known: Sequence[str]) -> None:
    """E652 for a template that a result does not have."""
    if template not in known:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(known)}))


def effect_label(one: Effect, labels: Mapping[str, Label]) -> Label:
    """How a line is called: by what it is and whose, else by its term."""
    for key in (f"{one.model}.{one.id}", one.id, one.term):
        if key in labels:
            return labels[key]
    return Label(zh=one.id, en=one.id)


def _cells(one: Effect, outcome: str, labels: Mapping[str, Label]) -> tuple[Cell, ...]:
    key = "/".join(part for part in (one.model, outcome, one.id) if part)
    bare = not math.isfinite(one.std_error) or one.std_error == 0
    cells = [Cell(effect_label(one, labels), "label")]
    for name, kind in _NUMBERS.items():
        value = getattr(one, name)
        p = one.p_value if name == "estimate" else None
        why = None if not np.isnan(value) else "causal.why_no_estimate" if np.isnan(one.estimate) else "causal.why_bare"
        if one.model in DESCRIBED and name != "estimate" and np.isnan(value):
            cells.append(Cell(None, kind))
        else:
            cells.append(Cell(value, kind, p=p, id=f"{key}#{name}", reason=why))
    ends = (one.conf_low, one.conf_high)
    if one.model in DESCRIBED:
        cells.append(Cell(None, "interval"))
    elif bare or np.isnan(ends).any():
        cells.append(Cell(np.nan, "interval", reason="causal.why_bare"))
    else:
        cells.append(Cell(ends, "interval"))
    return tuple(cells)


def _test_cells(one: Test, outcome: str, labels: Mapping[str, Label]) -> tuple[Cell, ...]:
    key = "/".join(part for part in (outcome, one.group or "", f"test.{one.name}") if part)
    label = labels.get(one.name, Label(f"causal.test.{one.name}")) if not one.group else None
    shown = label or Label("causal.test_of", test=Label(f"causal.test.{one.name}"), name=labels[one.group or ""])
    value = Cell(
        one.statistic, one.kind, id=f"{key}#estimate", reason="causal.why_no_test" if np.isnan(one.statistic) else None
    )
    p = Cell("", "text") if np.isnan(one.p_value) else Cell(one.p_value, "p_value", id=f"{key}#p_value")
    return (Cell(shown, "label"), value, Cell("", "text"), Cell("", "text"), p, Cell("", "text"))
