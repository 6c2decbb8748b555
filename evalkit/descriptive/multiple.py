"""The 0/1 columns of a multiple-response question in; counts, per cents of responses and of cases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table, codebook_of, label_of
from evalkit.descriptive.frequencies import percent
from evalkit.descriptive.levels import missing_counts, option_columns, option_id
from evalkit.moments import number_matrix


@dataclass(frozen=True)
class OptionCount:
    """One option: how many chose it, as per cent of all choices and of the cases."""

    id: str
    label: Label
    count: int
    percent_responses: float
    percent_cases: float


@dataclass(frozen=True)
class MultipleResponse:
    """One multiple-response question.

    A case is a respondent who ticked at least one option, an exclusive one ("none of these") included; who was
    asked and ticked nothing, or was not asked, is no case.
    """

    question: str
    label: Label
    options: tuple[OptionCount, ...]
    n_rows: int
    n_cases: int
    missing: tuple[tuple[str, int], ...]

    @property
    def responses(self) -> int:
        """All ticks."""
        return sum(o.count for o in self.options)

    @property
    def mean_choices(self) -> float:
        """Ticks a case; nan without cases."""
        return self.responses / self.n_cases if self.n_cases else float("nan")

    @property
    def by_count(self) -> tuple[OptionCount, ...]:
        """Options from the most to the least chosen; ties in questionnaire order."""
        return tuple(sorted(self.options, key=lambda o: -o.count))


@dataclass(frozen=True, eq=False)
class Ticks:
    """Who ticked what: `chosen` (n_rows, n_options), `case` (n_rows,)."""

    columns: tuple[str, ...]
    chosen: np.ndarray
    case: np.ndarray


def ticks(data: pd.DataFrame, question: str) -> Ticks:
    """The ticks of a question.

    Raises
    ------
    AnalysisError
        E618 where an option column holds something else than 0, 1 and missing.
    """
    columns = option_columns(data, question)
    values = number_matrix(data, columns)
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise AnalysisError(Problem("E618", params={"name": question}))
    chosen = values == 1.0
    return Ticks(tuple(columns), chosen, chosen.any(axis=1))


def multiple_response(data: pd.DataFrame, question: str) -> MultipleResponse:
    """Count one multiple-response question (its id, e.g. `J_need` for the columns `J_need__1`, `J_need__2`)."""
    found = ticks(data, question)
    count = found.chosen.sum(axis=0)
    total, cases = int(count.sum()), int(found.case.sum())
    options = tuple(
        OptionCount(option_id(c), label_of(data, c), int(k), percent(int(k), total), percent(int(k), cases))
        for c, k in zip(found.columns, count, strict=True)
    )
    return MultipleResponse(question, question_label(data, question), options, len(data), cases, _missing(data, found))


def question_label(data: pd.DataFrame, question: str) -> Label:
    """The question's own wording where the codebook has it, else its id."""
    known = codebook_of(data).variables.get(question)
    return known.label if known else Label(zh=question, en=question)


def table_t2(questions: Sequence[MultipleResponse]) -> Table:
    """T2: option, count, per cent of responses, per cent of cases, a total row; one block a question."""
    heads = ("option", "count", "percent_responses", "percent_cases")
    rows: list[Row] = []
    notes: list[Note] = [Note("general", Label("descriptive.multiple.base"))]
    for q in questions:
        if len(questions) > 1:
            rows.append(Row((Cell(q.label, "label"),), role="section"))
        rows += [
            Row(
                (
                    Cell(o.label, "label"),
                    Cell(o.count, "count", id=f"{q.question}/{o.id}#count"),
                    _share(o.percent_responses, "percent_responses", f"{q.question}/{o.id}"),
                    _share(o.percent_cases, "percent_cases", f"{q.question}/{o.id}"),
                )
            )
            for o in q.by_count
        ]
        rows.append(
            Row(
                (
                    Cell(Label("total"), "label"),
                    Cell(q.responses, "count"),
                    Cell(percent(q.responses, q.responses), "percent_responses", reason="descriptive.reason_no_case"),
                    Cell(percent(q.responses, q.n_cases), "percent_cases", reason="descriptive.reason_no_case"),
                ),
                role="stat",
            )
        )
        notes.append(Note("general", _cases_note(q, named=len(questions) > 1)))
    title = Label("descriptive.multiple.title")
    return Table("multiple", "T2", title, (tuple(Head(h) for h in heads),), tuple(rows), tuple(notes))


def _share(value: float, kind: str, key: str) -> Cell:
    return Cell(value, kind, reason="descriptive.reason_no_case", id=f"{key}#{kind}")


def _cases_note(q: MultipleResponse, *, named: bool) -> Label:
    key = "descriptive.multiple.cases" if q.n_cases else "descriptive.multiple.no_case"
    said = Label(key, n=q.n_cases, mean=q.mean_choices, rows=q.n_rows)
    return Label("descriptive.of_question", question=q.label, text=said) if named else said


def _missing(data: pd.DataFrame, found: Ticks) -> tuple[tuple[str, int], ...]:
    """Rows that are no case, by kind: not answered on every option, else asked without a tick."""
    silent = data.loc[~found.case]
    blank = silent[list(found.columns)].isna().all(axis=1)
    kinds = missing_counts(silent.loc[blank], found.columns[0]) if found.columns else ()
    unticked = int((~blank).sum())
    return (*kinds, *((("no_tick", unticked),) if unticked else ()))
