"""Two questions in, their cross table with its test out; multiple responses by group too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

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
from evalkit.descriptive.association import Association, association, holm
from evalkit.descriptive.levels import Coded, both, coded, option_columns, option_id
from evalkit.descriptive.multiple import question_label, ticks

PERCENTS = ("row", "column", "total")
_COLUMNS = (
    "group", "term", "estimate", "statistic", "df", "p_value", "n_obs", "count", "percent", "percent_row",
    "percent_column", "percent_cases", "expected", "residual", "cramers_v", "p_adjusted", "reason",
)  # fmt: skip
_NO_TEST = "descriptive.reason_no_test"


@dataclass(frozen=True, eq=False)
class CrosstabResult:
    """A cross table of `rows` by `columns`.

    `counts` has one row a category (or option) and one column a group. Two categorical questions have one test;
    a multiple-response question has one an option (chosen or not, by group), adjusted by Holm in `p_adjusted`.
    `cases` holds the size of each group; `percent` is what the shares add up over, `cases` for options.
    """

    rows: str
    columns: str
    percent: str
    counts: pd.DataFrame
    cases: np.ndarray
    labels: Mapping[str, Label]
    tests: tuple[Association, ...]
    p_adjusted: np.ndarray
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("crosstab",)

    @property
    def multiple(self) -> bool:
        """Whether the rows are options of a multiple-response question."""
        return self.percent == "cases"

    def tidy(self) -> pd.DataFrame:
        """One row a cell (term = row category, group = column category), one a margin, and the tests.

        A test stands in a row without a group: `statistic`, `df`, `p_value` and `cramers_v` (also the `estimate`) of
        term `chi2`, or of each option. A cell's `estimate` is the per cent asked for.
        """
        shares = self._shares()
        rows = [self._cell(shares, i, j) for i, j in np.ndindex(self.counts.shape)]
        rows += self._option_rows() if self.multiple else self._margin_rows()
        text = ("group", "term", "reason")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in _COLUMNS}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: chi-square, df, p and V of the table; for options those of the least p, with its adjusted p."""
        p = np.array([t.p_value for t in self.tests])
        least = int(np.nanargmin(p)) if np.isfinite(p).any() else 0
        t = self.tests[least]
        values = {"statistic": t.chi2, "df": t.df, "p_value": t.p_value, "cramers_v": t.cramers_v}
        adjusted = {"p_adjusted": self.p_adjusted[least]} if self.multiple else {"expected": t.smallest_expected}
        return pd.DataFrame([values | adjusted | {"n_obs": float(self.n_obs)}])

    def table(self, template: str = "crosstab") -> Table:
        """Count and per cent of every cell, margins, and the test (a test an option for multiple responses)."""
        counts, shares = self._with_margins()
        tail = ("descriptive.chi2", "p_value", "descriptive.p_holm") if self.multiple else ()
        rows = []
        for i, term in enumerate(counts.index):
            words = self.labels[f"row.{term}"] if term else Label("total")
            keys = [self._key(str(term), str(group)) for group in counts.columns]
            cells = [
                cell
                for j, key in enumerate(keys)
                for cell in _pair(counts.iat[i, j], shares[i, j], key, self._share_name)
            ]
            rows.append(Row((Cell(words, "label"), *cells, *self._tested(i)), role="body" if term else "stat"))
        if not self.multiple:
            rows += _test_rows(self.tests[0], width=2 * counts.shape[1])
        title = Label("descriptive.crosstab.title", rows=self.labels["rows"], columns=self.labels["columns"])
        return Table("crosstab", template, title, self._heads(tail), tuple(rows), self._notes())

    def figure(self) -> Figure | None:
        """Bars of the options by group; None for two categorical questions."""
        if not self.multiple:
            return None
        shares = self._shares()["cases"]
        rows = [
            {"option": f"row.{o}", "count": self.counts.iat[i, j], "percent_cases": shares[i, j], "group": g}
            | {"n_obs": self.cases[j]}
            for i, o in enumerate(self.counts.index)
            for j, g in enumerate(self.counts.columns)
        ]
        title = Label("descriptive.crosstab.title", rows=self.labels["rows"], columns=self.labels["columns"])
        return Figure("crosstab", "multiple_response", title, pd.DataFrame(rows), dict(self.labels))

    @property
    def _share_name(self) -> str:
        """The statistic printed beside each count."""
        return {"row": "percent_row", "column": "percent_column", "cases": "percent_cases"}.get(self.percent, "percent")

    def _key(self, term: str, group: str) -> str:
        """Result id of a cell or margin, without the step; empty for the grand total."""
        parts = (f"{self.columns}.{group}" if group else "", f"{self.rows}.{term}" if term else "")
        return "/".join(part for part in parts if part)

    def _shares(self) -> dict[str, np.ndarray]:
        x = self.counts.to_numpy(dtype=float)
        bases = {"row": x.sum(axis=1, keepdims=True), "column": x.sum(axis=0, keepdims=True), "total": x.sum()}
        bases["cases"] = self.cases[None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            return {name: 100 * x / base for name, base in bases.items()}

    def _cell(self, shares: Mapping[str, np.ndarray], i: int, j: int) -> dict[str, object]:
        row = {
            "term": f"{self.rows}.{self.counts.index[i]}",
            "group": f"{self.columns}.{self.counts.columns[j]}",
            "estimate": shares[self.percent][i, j],
            "count": self.counts.iat[i, j],
            "n_obs": self.cases[j],
        }
        if self.multiple:
            return row | {"percent_cases": shares["cases"][i, j]}
        test = self.tests[0]
        row |= {"percent": shares["total"][i, j], "percent_row": shares["row"][i, j]}
        row |= {"percent_column": shares["column"][i, j]}
        return row | {"expected": test.expected[i, j], "residual": test.residual[i, j]}

    def _margin_rows(self) -> list[dict[str, object]]:
        row_totals, n = self.counts.sum(axis=1), max(self.n_obs, 1)
        rows = [{"term": f"{self.rows}.{i}", "count": k, "percent": 100 * k / n} for i, k in row_totals.items()]
        rows += [
            {"group": f"{self.columns}.{g}", "count": k, "percent": 100 * k / n}
            for g, k in zip(self.counts.columns, self.cases, strict=True)
        ]
        return [*rows, {"term": "chi2", "n_obs": self.n_obs} | _test_values(self.tests[0])]

    def _option_rows(self) -> list[dict[str, object]]:
        totals = self.counts.sum(axis=1)
        return [
            {"term": f"{self.rows}.{option}", "n_obs": self.n_obs, "count": totals[option]}
            | {"percent_cases": 100 * totals[option] / max(self.n_obs, 1), "p_adjusted": p}
            | _test_values(test)
            for option, test, p in zip(self.counts.index, self.tests, self.p_adjusted, strict=True)
        ]

    def _with_margins(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Counts with a total column (and, for categories, a total row), and the shares printed beside them."""
        wide = self.counts.assign(**{"": self.counts.sum(axis=1)})
        if not self.multiple:
            wide = pd.concat([wide, wide.sum(axis=0).to_frame("").T])
        x = wide.to_numpy(dtype=float)
        bases = {"row": x[:, -1:], "column": x[-1:, :], "total": x[-1:, -1:]}
        base = np.append(self.cases, self.cases.sum())[None, :] if self.multiple else bases[self.percent]
        with np.errstate(divide="ignore", invalid="ignore"):
            return wide, 100 * x / base

    def _heads(self, tail: tuple[str, ...]) -> tuple[tuple[Head, ...], ...]:
        groups = [*(self.labels[str(g)] for g in self.counts.columns), Label("total")]
        kind = "percent_cases" if self.multiple else f"descriptive.percent_{self.percent}"
        return (
            (Head(self.labels["rows"]), *(Head(g, 2) for g in groups), *(Head("") for _ in tail)),
            (Head(""), *(h for _ in groups for h in (Head("count"), Head(kind))), *(Head(k) for k in tail)),
        )

    def _tested(self, i: int) -> tuple[Cell, ...]:
        if not self.multiple:
            return ()
        chi2, p, adjusted = self.tests[i].chi2, self.tests[i].p_value, float(self.p_adjusted[i])
        found = zip((chi2, p, adjusted), ("chi2", "p_value", "p_adjusted"), strict=True)
        key = f"{self.rows}.{self.counts.index[i]}"
        names = ("statistic", "p_value", "p_adjusted")
        return tuple(
            Cell(value, kind, reason=_NO_TEST, id=f"{key}#{name}")
            for (value, kind), name in zip(found, names, strict=True)
        )

    def _notes(self) -> tuple[Note, ...]:
        if self.multiple:
            df = next((int(t.df) for t in self.tests if np.isfinite(t.df)), 0)
            notes = [Label("descriptive.crosstab.cases", n=self.n_obs)]
            notes.append(Label("descriptive.crosstab.holm", df=df, n=len(self.tests)))
            small = sum(t.n_small > 0 for t in self.tests)
            notes += [Label("descriptive.crosstab.small_options", n=small)] if small else []
            return tuple(Note("general", label) for label in notes)
        test = self.tests[0]
        notes = [Label("n", n=self.n_obs)]
        if test.n_small:
            share, least = 100 * test.n_small / test.n_cells, test.smallest_expected
            notes.append(Label("descriptive.crosstab.expected", n=test.n_small, share=share, least=least))
        return tuple(Note("general", label) for label in notes)


def crosstab(data: pd.DataFrame, *, rows: str, columns: str, percent: str = "row") -> CrosstabResult:
    """Cross-tabulate two questions and test their independence.

    Parameters
    ----------
    data : DataFrame
    rows : str
        A categorical column, or the id of a multiple-response question: then each option by group, in per cent of
        the group's cases, with a chi-square test an option and Holm's adjustment over the options.
    columns : str
        A categorical column: the groups.
    percent : {"row", "column", "total"}
        What the per cents of the table add up over; an option's are always of the group's cases.

    Returns
    -------
    CrosstabResult
        Rows with a missing answer in either question are dropped; for multiple responses those who ticked nothing.
        A test that cannot be computed is nan and a notice says why.

    Raises
    ------
    AnalysisError
        E600, E612, E614 (unknown `percent`), E618, E620 (rows and columns are the same).
    """
    if percent not in PERCENTS:
        raise AnalysisError(Problem("E614", params={"option": "percent", "value": percent}))
    if rows == columns:
        raise AnalysisError(Problem("E620", params={"name": rows}))
    data = attach(data, codebook_of(data))  # inferred once for a plain frame, not once a name
    options = [] if rows in data.columns else option_columns(data, rows)
    require_columns(data, [columns] if options else [rows, columns])
    groups = coded(data, columns)
    return _of_options(data, rows, groups) if options else _of_categories(coded(data, rows), groups, percent)


def _of_categories(rows: Coded, groups: Coded, percent: str) -> CrosstabResult:
    full = (rows.position >= 0) & (groups.position >= 0)
    counts = (rows.indicator()[full].T @ groups.indicator()[full]).astype(int)
    frame = pd.DataFrame(counts, index=[v.id for v in rows.levels], columns=[v.id for v in groups.levels])
    test = association(counts)
    pair = {"rows": both(rows.label), "columns": both(groups.label)}
    notices: tuple[Problem, ...] = ()
    if np.isnan(test.chi2):
        notices = (Problem("W621", params=pair),)
    elif test.n_small:
        at = {"n": test.n_small, "cells": test.n_cells, "least": test.smallest_expected}
        notices = (Problem("W622", params=pair | at),)
    labels = _labels(rows.label, groups, {v.id: v.label for v in rows.levels})
    lost, cases = _dropped(full, "drop.incomplete"), counts.sum(axis=0).astype(float)
    return CrosstabResult(
        rows.name, groups.name, percent, frame, cases, labels, (test,), np.empty(0), int(full.sum()), lost, notices
    )


def _of_options(data: pd.DataFrame, question: str, groups: Coded) -> CrosstabResult:
    found = ticks(data, question)
    full = found.case & (groups.position >= 0)
    member = groups.indicator()[full]
    counts = (found.chosen[full].astype(float).T @ member).astype(int)
    cases = member.sum(axis=0)
    tests = tuple(association(np.vstack([row, cases - row])) for row in counts)
    names = [option_id(c) for c in found.columns]
    words = {n: label_of(data, c) for n, c in zip(names, found.columns, strict=True)}
    labels = _labels(question_label(data, question), groups, words)
    frame = pd.DataFrame(counts, index=names, columns=[v.id for v in groups.levels])
    findings = {
        "W623": [both(words[n]) for n, t in zip(names, tests, strict=True) if t.n_small],
        "N624": [both(words[n]) for n, t in zip(names, tests, strict=True) if np.isnan(t.chi2)],
    }
    notices = tuple(
        Problem(code, params={"question": both(labels["rows"]), "options": which})
        for code, which in findings.items()
        if which
    )
    adjusted = holm(np.array([t.p_value for t in tests]))
    lost = _dropped(full, Label("descriptive.no_case"))
    return CrosstabResult(
        question, groups.name, "cases", frame, cases, labels, tests, adjusted, int(full.sum()), lost, notices
    )


def _labels(rows: Label, groups: Coded, levels: Mapping[str, Label]) -> dict[str, Label]:
    """`rows`, `columns`, each row category as `row.<id>`, each group by its id."""
    categories = {f"row.{id}": label for id, label in levels.items()}
    return {**categories, **{v.id: v.label for v in groups.levels}, "rows": rows, "columns": groups.label}


def _dropped(full: np.ndarray, reason: str | Label) -> tuple[Drop, ...]:
    lost = int((~full).sum())
    return (Drop(reason, lost),) if lost else ()


def _test_values(test: Association) -> dict[str, object]:
    values = {"estimate": test.cramers_v, "statistic": test.chi2, "df": test.df, "p_value": test.p_value}
    return values | {"cramers_v": test.cramers_v, "reason": _NO_TEST if np.isnan(test.chi2) else None}


def _pair(count: int, share: float, key: str, name: str) -> tuple[Cell, Cell]:
    """Count and per cent; of an empty group there is no per cent. A margin's share is its `percent` of all."""
    name = name if "/" in key or name == "percent_cases" else "percent"
    ids = (f"{key}#count", f"{key}#{name}") if key else (None, None)
    return Cell(int(count), "count", id=ids[0]), Cell(None if np.isnan(share) else float(share), "percent", id=ids[1])


def _test_rows(test: Association, width: int) -> list[Row]:
    """Chi-square, p and V below the counts, each in the first column of numbers."""
    lines = (
        (Label("descriptive.chi2_df", df=int(test.df)) if np.isfinite(test.df) else Label("descriptive.chi2"), "chi2"),
        (Label("p_value"), "p_value"),
        (Label("descriptive.cramers_v"), "cramers_v"),
    )
    rest = (Cell("", "text"),) * (width - 1)
    return [
        Row(
            (Cell(words, "label"), Cell(getattr(test, kind), kind, reason=_NO_TEST, id=f"chi2#{name}"), *rest),
            role="stat",
        )
        for (words, kind), name in zip(lines, ("statistic", "p_value", "cramers_v"), strict=True)
    ]
