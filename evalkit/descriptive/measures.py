"""Scales of a codebook in, the table of variables and their measurement out (table T3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Category,
    Cell,
    Codebook,
    Drop,
    Head,
    Label,
    Problem,
    Row,
    ScaleEntry,
    Table,
    Variable,
    codebook_of,
    tidy_frame,
)
from evalkit.contract.words import has_text
from evalkit.descriptive.levels import code_id

ROLES = ("outcome", "predictor", "mechanism", "mediator", "moderator", "condition", "control", "background")
MOST_OPTIONS = 8
"""A variable with more categories is described by their number."""


@dataclass(frozen=True)
class Measure:
    """How one variable was measured: an item of it as example, the rule of its score."""

    id: str
    label: Label
    role: str | None
    n_items: int
    example: Label | None
    scoring: Label
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class MeasuresResult:
    """Scales (and, without a selection, background variables) in the order of their roles."""

    measures: tuple[Measure, ...]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T3",)

    def tidy(self) -> pd.DataFrame:
        """One row a variable: items and the ends of its scale."""
        return tidy_frame(
            n_rows=len(self.measures),
            group=[m.role for m in self.measures],
            term=[m.id for m in self.measures],
            n_items=[float(m.n_items) for m in self.measures],
            min=[m.low for m in self.measures],
            max=[m.high for m in self.measures],
        )

    def glance(self) -> pd.DataFrame:
        """One row: rows of the data, items in all."""
        total = float(sum(m.n_items for m in self.measures))
        return pd.DataFrame({"n_items": [total], "n_obs": [float(self.n_obs)]})

    def table(self, template: str = "T3") -> Table:
        """T3: role, variable, number of items, an item as example, scoring."""
        heads = ("descriptive.role", "variable", "descriptive.n_items", "descriptive.example", "descriptive.scoring")
        rows, last = [], object()
        for m in self.measures:
            role: Label | str = role_label(m.role) if m.role != last else ""
            example = Cell(m.example, "label") if m.example else Cell(None)
            cells = (Cell(role, "label"), Cell(m.label, "label"), Cell(m.n_items, "n_items"), example)
            rows.append(Row((*cells, Cell(m.scoring, "label"))))
            last = m.role
        title = Label("descriptive.measures.title")
        return Table("measures", template, title, (tuple(Head(h) for h in heads),), tuple(rows))


def measures(data: pd.DataFrame, *, scales: Sequence[str] | None = None) -> MeasuresResult:
    """List how each variable was measured, from the codebook.

    Parameters
    ----------
    data : DataFrame
        With a Codebook that knows scales (see `scoring.score`).
    scales : sequence of str, optional
        Ids of scales; without it all of them, and the background variables.

    Returns
    -------
    MeasuresResult
        One row a variable, those explained first, then the explaining, mediating, moderating and control ones.

    Raises
    ------
    AnalysisError
        E629 where the data know no such scale.
    """
    book = codebook_of(data)
    unknown = [s for s in scales or () if s not in book.scales]
    if unknown or not book.scales:
        raise AnalysisError(Problem("E629", params={"names": unknown or ["–"], "known": list(book.scales) or ["–"]}))
    found = [_of_scale(book.scales[s], book) for s in (scales if scales is not None else book.scales)]
    if scales is None:
        kinds = ("nominal", "ordinal", "number", "count")
        known = [book.variables[str(c)] for c in data.columns]
        found += [_of_variable(v) for v in known if v.role == "background" and v.kind in kinds]
    order = {role: i for i, role in enumerate(ROLES)}
    found.sort(key=lambda m: order.get(m.role or "", len(ROLES)))
    return MeasuresResult(tuple(found), len(data))


def role_label(role: str | None) -> Label:
    """The words for a role; the role itself where the catalogue has none."""
    if not role:
        return Label("descriptive.role.other")
    return Label(f"descriptive.role.{role}") if has_text(f"descriptive.role.{role}") else Label(zh=role, en=role)


def _of_scale(scale: ScaleEntry, book: Codebook) -> Measure:
    items = [book.variables[c] for c in scale.columns if c in book.variables]
    ends = {(v.low, v.high) for v in items}
    known = f"descriptive.score.{scale.score}"
    how = Label(known) if has_text(known) else Label(zh=scale.score, en=scale.score)
    if scale.parts and scale.score in ("mean", "sum"):
        how = Label(f"{known}_parts", n=len(scale.parts))
    if len(ends) == 1 and None not in (only := ends.pop()):
        low, high = (code_id(end) for end in only)
        how = Label("descriptive.points", low=low, high=high, how=how)
    n_items = len(scale.columns) or len(scale.parts)
    example = _example(items[0], book) if items else None
    return Measure(scale.id, scale.label, scale.role, n_items, example, how, _number(scale.low), _number(scale.high))


def _example(item: Variable, book: Codebook) -> Label:
    """The first item as it was asked; a reverse-keyed one is marked."""
    asked = book.variables.get(item.reversed_from or "")
    return Label("descriptive.reversed", item=asked.label) if asked else item.label


def _of_variable(variable: Variable) -> Measure:
    options = [c for c in variable.categories if c.missing is None]
    low, high = _number(variable.low), _number(variable.high)
    return Measure(variable.name, variable.label, variable.role, 1, None, _coding(variable, options), low, high)


def _coding(variable: Variable, options: Sequence[Category]) -> Label:
    """`1 = male; 2 = female`, the number of categories where they are many, the unit of a number."""
    if not options:
        unit = variable.unit
        return Label(zh=unit, en=unit) if unit else Label("descriptive.score.number")
    if len(options) > MOST_OPTIONS:
        return Label("descriptive.n_categories", n=len(options))
    zh = "；".join(f"{code_id(c.code)} = {c.zh or c.en}" for c in options)
    en = "; ".join(f"{code_id(c.code)} = {c.en or c.zh}" for c in options)
    return Label(zh=zh, en=en)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
