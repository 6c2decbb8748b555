"""Variables in, their frequencies out: the sample profile (table T1) and multiple responses (table T2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Figure,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    attach,
    codebook_of,
    label_of,
    require_columns,
    tidy_frame,
)
from evalkit.descriptive.frequencies import (
    Frequencies,
    NumberSummary,
    frequencies,
    likert_figure,
    number_summary,
    percent,
)
from evalkit.descriptive.levels import (
    CATEGORICAL,
    MOST_LEVELS,
    both,
    kind_label,
    multiple_questions,
    option_columns,
)
from evalkit.descriptive.multiple import MultipleResponse, multiple_response, table_t2
from evalkit.descriptive.population import with_population

NUMERIC = ("number", "count", "score")
_NO_PART = ("respondent_id", "cluster", "weight", "screen", "paradata")


@dataclass(frozen=True, eq=False)
class ProfileResult:
    """Frequencies, numbers and multiple responses of a sample. `n_obs` counts all rows: missing ones have a line."""

    frequencies: tuple[Frequencies, ...]
    numbers: tuple[NumberSummary, ...]
    multiple: tuple[MultipleResponse, ...]
    order: tuple[str, ...]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """T1 for categories and numbers, T2 for multiple responses; whichever there is something for."""
        wanted = {"T1": self.frequencies or self.numbers or not self.multiple, "T2": self.multiple}
        return tuple(name for name, there in wanted.items() if there)

    def tidy(self) -> pd.DataFrame:
        """One row a category: term = variable, level = code or `missing.<kind>`; one row a variable without level.

        `estimate` is the valid per cent of a category, the mean of a number, the per cent of cases of an option.
        Where the population is known, `percent_target` is a category's per cent there, and the line of the variable
        holds the test of fit.
        """
        rows: list[dict[str, object]] = []
        for f in self.frequencies:
            n_missing = f.n_rows - f.n_valid
            test = {} if f.fit is None else {"statistic": f.fit.statistic, "df": f.fit.df, "p_value": f.fit.p_value}
            rows.append({"term": f.name, "n_obs": f.n_valid, "n_missing": n_missing, "mean": f.mean} | test)
            for s in f.shares:
                own = {"count": s.count, "percent": s.percent, "percent_valid": s.percent_valid}
                own |= {"percent_target": f.fit.percents[s.id]} if f.fit else {}
                rows.append({"term": f.name, "level": s.id, "estimate": s.percent_valid, "n_obs": f.n_valid} | own)
            rows += _missing_rows(f.name, f.missing, f.n_rows)
        for v in self.numbers:
            own = {"n_missing": v.n_rows - v.n_valid, "mean": v.mean, "sd": v.sd, "min": v.low, "max": v.high}
            rows.append({"term": v.name, "estimate": v.mean, "n_obs": v.n_valid} | own)
            rows += _missing_rows(v.name, v.missing, v.n_rows)
        for q in self.multiple:
            own = {"count": q.responses, "n_missing": q.n_rows - q.n_cases, "mean": q.mean_choices}
            rows.append({"term": q.question, "n_obs": q.n_cases} | own)
            for o in q.by_count:
                own = {"count": o.count, "percent_responses": o.percent_responses, "percent_cases": o.percent_cases}
                rows.append({"term": q.question, "level": o.id, "estimate": o.percent_cases, "n_obs": q.n_cases} | own)
            rows += _missing_rows(q.question, q.missing, q.n_rows)
        names = ("term", "level", "estimate", "statistic", "df", "p_value", "n_obs", "count", "n_missing", "percent",
                 "percent_valid", "percent_target", "percent_responses", "percent_cases", "mean", "sd", "min",
                 "max")  # fmt: skip
        text = ("term", "level")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: respondents and variables."""
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(self.order))]})

    def table(self, template: str | None = None) -> Table:
        """T1 (sample profile) or T2 (multiple responses)."""
        template = template or self.templates[0]
        return table_t2(self.multiple) if template == "T2" else self._t1()

    def figure(self) -> Figure | None:
        """Bars of the first multiple-response question, else stacked bars of the scale items; None without either."""
        if self.multiple:
            return _bars(self.multiple[0])
        items = [f for f in self.frequencies if f.kind == "item" and f.n_valid]
        return likert_figure(items, Label("descriptive.items.title")) if items else None

    def _t1(self) -> Table:
        gaps = any(f.missing for f in (*self.frequencies, *self.numbers))
        known = any(f.fit for f in self.frequencies)
        more = (*(("percent_valid",) if gaps else ()), *(("descriptive.profile.population",) if known else ()))
        heads = ("variable", "category", "count", "percent", *more)
        blocks = {f.name: _frequency_rows(f, gaps, known) for f in self.frequencies}
        blocks |= {v.name: _number_rows(v, gaps, known) for v in self.numbers}
        rows = tuple(row for name in self.order for row in blocks.get(name, ()))
        notes = [Note("general", Label("descriptive.profile.base", n=self.n_obs))]
        if gaps:
            notes.append(Note("general", Label("descriptive.profile.valid_base")))
        if self.numbers:
            notes.append(Note("general", Label("descriptive.profile.numbers")))
        notes += [Note("general", f.fit.note(f.label)) for f in self.frequencies if f.fit and f.fit.df]
        title = Label("descriptive.profile.title")
        return Table("profile", "T1", title, (tuple(Head(h) for h in heads),), rows, tuple(notes))


def profile(
    data: pd.DataFrame,
    *,
    items: Sequence[str] | None = None,
    margins: Mapping[str, Mapping[str, float]] | None = None,
) -> ProfileResult:
    """Count answers.

    Parameters
    ----------
    data : DataFrame
    items : sequence of str, optional
        Columns, and ids of multiple-response questions. Without it: the background variables of the instrument;
        where none are marked, every categorical and numeric column that is no scale item, score or key.
    margins : mapping, optional
        The population: variable -> category (code, or wording where unique) -> share or count. Adds a column to T1
        and a test of fit a variable.

    Returns
    -------
    ProfileResult
        Categorical variables (and items) as frequencies, numbers as mean and SD, multiple-response questions
        with per cents of responses and of cases. No row is dropped.

    Raises
    ------
    AnalysisError
        E600 for an unknown name; E612 for a variable with too many values; E619 for text and dates; E168 for margins
        of a variable that is not among the categorical ones shown; for their categories see `with_population`.
    """
    data = attach(data, codebook_of(data))  # inferred once for a plain frame, not once a name
    notices: tuple[Problem, ...] = ()
    if items is None:
        names, notices = _default_items(data)
    else:
        names = list(items)
    multiple = [n for n in names if n not in data.columns and option_columns(data, n)]
    single = [n for n in names if n not in multiple]
    require_columns(data, single)
    book = codebook_of(data)
    kinds = {n: book.variables[n].kind for n in single}
    wrong = [n for n, kind in kinds.items() if kind not in (*CATEGORICAL, *NUMERIC)]
    if wrong:
        raise AnalysisError(Problem("E619", params={"name": both(label_of(data, n))}) for n in wrong)
    counted = [frequencies(data, n) for n in single if kinds[n] in CATEGORICAL]
    if margins:
        counted, more = _with_margins(counted, margins)
        notices = (*notices, *more)
    return ProfileResult(
        tuple(counted),
        tuple(number_summary(data, n) for n in single if kinds[n] in NUMERIC),
        tuple(multiple_response(data, n) for n in multiple),
        tuple(names),
        len(data),
        (),
        notices,
    )


def categorical_items(data: pd.DataFrame, items: Sequence[str] | None = None) -> list[str]:
    """The columns that `profile` shows with their categories."""
    book = codebook_of(data)
    names = _default_items(data)[0] if items is None else items
    return [name for name in names if name in data.columns and book.variables[name].kind in CATEGORICAL]


def _with_margins(
    counted: Sequence[Frequencies], margins: Mapping[str, Mapping[str, float]]
) -> tuple[list[Frequencies], tuple[Problem, ...]]:
    if beside := [name for name in margins if name not in {f.name for f in counted}]:
        raise AnalysisError(Problem("E168", params={"names": beside}))
    found = [with_population(f, margins[f.name]) if f.name in margins else (f, ()) for f in counted]
    return [f for f, _ in found], tuple(p for _, notices in found for p in notices)


def _default_items(data: pd.DataFrame) -> tuple[list[str], tuple[Problem, ...]]:
    book = codebook_of(data)
    known = [book.variables[str(c)] for c in data.columns]
    background = [v for v in known if v.role == "background"]
    pool = background or [
        v
        for v in known
        if v.role not in _NO_PART
        and v.kind in ("nominal", "ordinal", "number", "count", "option")
        and (book.missing is None or v.name in book.missing or v.kind == "option")
    ]
    multiple = set(multiple_questions(data))
    names = [v.item if v.kind == "option" and v.item in multiple else v.name for v in pool if v.kind != "text"]
    names = [str(n) for n in dict.fromkeys(names)]
    wide = [n for n in names if n in data and book.variables[n].kind in CATEGORICAL and _too_wide(data, n)]
    notices = (Problem("N628", params={"names": wide, "most": MOST_LEVELS}),) if wide else ()
    return [n for n in names if n not in wide], notices


def _too_wide(data: pd.DataFrame, name: str) -> bool:
    return int(data[name].nunique()) > MOST_LEVELS or len(codebook_of(data).variables[name].categories) > MOST_LEVELS


def _missing_rows(name: str, missing: Sequence[tuple[str, int]], n_rows: int) -> list[dict[str, object]]:
    return [
        {"term": name, "level": f"missing.{kind}", "count": n, "percent": percent(n, n_rows)} for kind, n in missing
    ]


def _frequency_rows(f: Frequencies, gaps: bool, known: bool) -> list[Row]:
    cells = [
        (
            s.label,
            Cell(s.count, "count", id=f"{f.name}/{s.id}#count"),
            Cell(s.percent, "percent", id=f"{f.name}/{s.id}#percent"),
            Cell(s.percent_valid, "percent_valid", id=f"{f.name}/{s.id}#percent_valid"),
            Cell(f.fit.percents[s.id], "percent_target", id=f"{f.name}/{s.id}#percent_target") if f.fit else Cell(None),
        )
        for s in f.shares
    ]
    return _block(f.label, cells + _missing_cells(f.name, f.missing, f.n_rows), gaps, known)


def _number_rows(v: NumberSummary, gaps: bool, known: bool) -> list[Row]:
    few = "descriptive.reason_few" if v.n_valid < 2 else None
    numbers = (
        Label("descriptive.profile.mean_sd"),
        Cell(v.n_valid, "count", id=f"{v.name}#n_obs"),
        Cell((v.mean, v.sd), "mean_sd", reason=few, id=f"{v.name}#mean"),
        Cell(None),
        Cell(None),
    )
    return _block(v.label, [numbers, *_missing_cells(v.name, v.missing, v.n_rows)], gaps, known)


def _missing_cells(name: str, missing: Sequence[tuple[str, int]], n_rows: int) -> list[tuple[Label, *tuple[Cell, ...]]]:
    return [
        (Label("descriptive.missing", kind=kind_label(kind)) if kind != "missing" else Label("missing"),
         Cell(n, "count", id=f"{name}/missing.{kind}#count"),
         Cell(percent(n, n_rows), "percent", id=f"{name}/missing.{kind}#percent"), Cell(None), Cell(None))
        for kind, n in missing
    ]  # fmt: skip


def _block(label: Label, lines: Sequence[tuple[Label, *tuple[Cell, ...]]], gaps: bool, known: bool) -> list[Row]:
    """Rows of one variable; its wording stands in the first. Cells: count, per cent, valid, population."""
    kept = (0, 1, *((2,) if gaps else ()), *((3,) if known else ()))
    return [
        Row((Cell(label if i == 0 else "", "label"), Cell(words, "label"), *(values[k] for k in kept)))
        for i, (words, *values) in enumerate(lines)
    ]


def _bars(q: MultipleResponse) -> Figure:
    rows = [(o.id, o.count, o.percent_cases, q.n_cases) for o in q.by_count]
    frame = pd.DataFrame(rows, columns=["option", "count", "percent_cases", "n_obs"])
    labels = {o.id: o.label for o in q.options} | {"question": q.label}
    return Figure(
        "multiple", "multiple_response", Label("descriptive.multiple.figure", question=q.label), frame, labels
    )
