"""Tables that no single step makes: T0 survey flow, T13 models side by side, T24 hypotheses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.contract import (
    Category,
    Cell,
    Head,
    Label,
    Note,
    PlanError,
    Problem,
    Result,
    Row,
    Table,
    codebook_of,
)
from evalkit.formula import code_text
from evalkit.plan.flow import Sample, issued_counts
from evalkit.plan.hypotheses import Verdict
from evalkit.plan.model import JoinedTable, Plan

T13_STEPS = ("regress", "outcome_model")
"""Functions whose models stand side by side in a joined T13; other steps keep their own tables."""


def survey_flow(wanted: JoinedTable, plan: Plan, sample: Sample) -> Table:
    """T0: issued, returned, usable and the two rates; every exclusion below, in the plan's order."""
    issued, column = issued_counts(plan, sample)
    columns = ["returned", "usable", "usable_rate"]
    columns = ["issued", "returned", "return_rate", *columns[1:]] if issued else columns
    groups = _flow_groups(sample, issued, column)
    rows = [_flow_row(label, columns, *numbers) for label, numbers in groups]
    for exclusion in sample.exclusions:
        empty = (Cell(None, "count"),) * (len(columns) - 2)
        cells = (Cell(Label("flow.excluded", reason=exclusion.reason), "label"), Cell(exclusion.n, "count"), *empty)
        rows.append(Row((*cells, Cell(None, "count")), role="stat", indent=1))
    header = (Head("flow.unit"), *(Head(f"flow.{name}") for name in columns))
    notes = [Note("general", "flow.note")]
    if sample.n_rejected:
        notes.append(Note("general", Label("flow.rejected", n=sample.n_rejected)))
    title = wanted.title or Label("flow.title")
    return Table(wanted.id, "T0", title, (header,), tuple(rows), tuple(notes))


def require_units(plan: Plan, sample: Sample) -> None:
    """Find a unit for every issued count, before anything is computed.

    Raises
    ------
    PlanError
        E516 for an unknown column, E534 for a count without its unit.
    """
    issued, column = issued_counts(plan, sample)
    if issued:
        _flow_groups(sample, issued, column)


def _flow_groups(
    sample: Sample, issued: Mapping[str, int], column: str | None
) -> list[tuple[Label, tuple[int | None, int, int]]]:
    """Each unit, the returns that name none, and the total; every issued count finds its unit or is an error."""
    used = sample.excluded_by < 0
    groups = []
    if column is not None:
        values = sample.complete[column]
        units = [
            c for c in codebook_of(sample.complete).variables[column].categories or _categories(values) if not c.missing
        ]
        units += _without_returns(sample, {code_text(unit.code) for unit in units})
        names = {name: unit.code for unit in units for name in (code_text(unit.code), unit.zh, unit.en)}
        unknown = [key for key in issued if key not in names]
        if unknown:
            raise PlanError(Problem("E534", params={"names": unknown, "near": [code_text(u.code) for u in units]}))
        counts = {names[key]: n for key, n in issued.items()}
        for unit in units:
            here = (values == unit.code).to_numpy()
            label = Label(zh=unit.zh, en=unit.en)
            groups.append((label, (counts.get(unit.code), int(here.sum()), int((here & used).sum()))))
        nowhere = ~values.isin([unit.code for unit in units]).to_numpy()
        if nowhere.any():
            groups.append((Label("flow.no_unit"), (None, int(nowhere.sum()), int((nowhere & used).sum()))))
    drawn = sample.drawn
    total = drawn.all_issued if drawn is not None and drawn.issued else sum(issued.values())
    return [*groups, (Label("total"), (total, len(sample.complete), int(used.sum())))]


def _without_returns(sample: Sample, known: set[str]) -> list[Category]:
    """Communities of the sampling sheet from which nothing came, where the question was an open one."""
    if sample.drawn is None or not sample.drawn.issued:
        return []
    return [Category(code, unit.name, unit.name) for code, unit in sample.drawn.units.items() if code not in known]


def _categories(values: pd.Series) -> list[Category]:
    return [Category(code, str(code), str(code)) for code in sorted(values.dropna().unique())]


def _flow_row(label: Label, columns: list[str], issued: int | None, returned: int, usable: int) -> Row:
    numbers = {
        "issued": Cell(issued, "count"),
        "returned": Cell(returned, "count"),
        "return_rate": Cell(100 * returned / issued if issued else None, "percent"),
        "usable": Cell(usable, "count"),
        "usable_rate": Cell(100 * usable / returned if returned else None, "percent"),
    }
    return Row((Cell(label, "label"), *(numbers[name] for name in columns)))


def hypothesis_table(wanted: JoinedTable, verdicts: tuple[Verdict, ...], methods: Mapping[str, Label]) -> Table:
    """T24: what was claimed, how it was tested, the numbers that decided, the verdict."""
    heads = ("id", "claim", "method", "effect", "interval", "verdict")
    rows = []
    for verdict in verdicts:
        shown = verdict.evidence or ((None, {}),)
        for position, (ref, row) in enumerate(shown):
            first = position == 0
            effect = row.get("estimate", np.nan) if ref else None
            ends = (row["conf_low"], row["conf_high"]) if ref and row["conf_low"] == row["conf_low"] else None
            rows.append(
                Row(
                    (
                        Cell(verdict.hypothesis.id if first else "", "text"),
                        Cell(verdict.hypothesis.label if first else "", "label"),
                        Cell(methods[ref.step] if ref else "", "label"),
                        Cell(effect, "estimate", reason="hypothesis.no_number"),
                        Cell(ends, "interval"),
                        Cell(Label(f"verdict.{verdict.decision}") if first else "", "label"),
                    )
                )
            )
    header = tuple(Head(f"hypothesis.{name}") for name in heads)
    notes = (Note("general", "hypothesis.note"),)
    return Table(wanted.id, "T24", wanted.title or Label("hypothesis.title"), (header,), tuple(rows), notes)


def models_side_by_side(wanted: JoinedTable, results: Mapping[str, Result]) -> Table | None:
    """T13 over the steps of `T13_STEPS`; None where none of them has a result."""
    from evalkit.models.generalised import OutcomeResult
    from evalkit.models.joined_table import joined_models
    from evalkit.models.linear import RegressionResult

    kinds = (RegressionResult, OutcomeResult)
    chosen = [r for step in wanted.steps if isinstance(r := results.get(step), kinds)]
    return joined_models(chosen, id=wanted.id, title=wanted.title) if chosen else None
