"""The report as a whole, before any format: sections with tables, figures, sentences, notices and provenance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.contract import Figure, Label, Problem, Table

if TYPE_CHECKING:
    import pandas as pd

RESULT_COLUMNS = (
    "id",
    "model",
    "outcome",
    "group",
    "term",
    "level",
    "statistic",
    "value",
    "reason",
    "df",
    "method",
    "n_obs",
)
"""Columns of the results rows, in the order of `results.json`."""


@dataclass(frozen=True)
class Section:
    """What one step (or one joined table) brings to the report.

    Parameters
    ----------
    id : str
        The step's id.
    sentences : tuple of Label
        One sentence each. A parameter `ref` (a result id) makes it a link to that number in html.
    notices : tuple of Problem
        What a reader must know: listed under the tables.
    provenance : tuple of Label
        Where the numbers come from: rows used and dropped and why, the plan step.
    """

    id: str
    title: Label
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    sentences: tuple[Label, ...] = ()
    notices: tuple[Problem, ...] = ()
    provenance: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Numbered:
    """One section with the numbers of its tables and figures, which run through the whole report."""

    position: int
    section: Section
    tables: tuple[tuple[int, Table], ...]
    figures: tuple[tuple[int, Figure], ...]


@dataclass(frozen=True, eq=False)
class Report:
    """Everything a writer prints.

    Parameters
    ----------
    style : str
        Id or path of the journal style the report was made for (writers are given the loaded Style).
    languages : tuple of str
        `zh`, `en` or both; html shows them all in one file, other formats one a file.
    facts : tuple of Label
        Lines under the title: how many rows were used, which instrument, which plan.
    simulated : bool
        Whether the answers were made by the simulator: every format then says so where nobody can miss it.
    results : DataFrame or None
        The rows of `results.json`, one a statistic, columns `RESULT_COLUMNS`.
    plan_hash : str
        sha256 of the plan.
    """

    title: Label
    sections: tuple[Section, ...] = ()
    style: str = "cn"
    languages: tuple[str, ...] = ("zh",)
    facts: tuple[Label, ...] = ()
    simulated: bool = False
    results: pd.DataFrame | None = field(default=None, repr=False)
    plan_hash: str = ""

    def numbered(self) -> Iterator[Numbered]:
        """The sections in order, with tables and figures numbered by their order of appearance."""
        table_number = figure_number = 0
        for position, section in enumerate(self.sections, start=1):
            tables = tuple(enumerate(section.tables, start=table_number + 1))
            figures = tuple(enumerate(section.figures, start=figure_number + 1))
            table_number += len(tables)
            figure_number += len(figures)
            yield Numbered(position, section, tables, figures)
