"""The result of a comparison of groups: tidy rows, table, figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.studies.variants.differing import Difference
from evalkit.studies.variants.estimating import NUMBERS, Estimated

MOST_COLUMNS = 9
"""Groups and tests that stand side by side on a page."""

TEMPLATES = ("T23", "T23.long")
Line = tuple[Label, Estimated, str]
"""A group in words, its estimates, its place in the results."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The groups of one column with their estimates, and the tests of the differences by key effect."""

    by: str
    label: Label
    codes: tuple[str, ...]
    words: tuple[Label, ...]
    found: tuple[Estimated, ...]
    differences: Mapping[str, Difference]


@dataclass(frozen=True, eq=False)
class HeterogeneityResult:
    """Key effects in all rows (`whole`) and in the groups of each column."""

    do: str
    keys: tuple[str, ...]
    whole: Estimated
    comparisons: tuple[Comparison, ...]
    test: str
    permutations: int
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`T23`, a group a column; with many groups `T23.long`, a group a line."""
        width = 2 + sum(len(one.codes) + 1 for one in self.comparisons)
        return ("T23.long",) if width > MOST_COLUMNS else ("T23",)

    def tidy(self) -> pd.DataFrame:
        """Rows a column of groups (`model`; `all`: every row), group and key effect; `difference.<key>` for the test.

        `estimate` of a difference is that of the second group less the first, where there are two.
        """
        rows = [self._row("all", None, self.whole, key) for key in self.keys]
        for one in self.comparisons:
            rows += [
                self._row(one.by, code, found, key)
                for code, found in zip(one.codes, one.found, strict=True)
                for key in self.keys
            ]
            for key in self.keys:
                test = one.differences[key]
                numbers = {n: getattr(test, n) for n in ("estimate", "std_error", "statistic", "df", "df2", "p_value")}
                keys = {"model": one.by, "outcome": self.whole.outcome, "group": None, "term": f"difference.{key}"}
                n = sum(found.n_obs for found in one.found)
                rows.append(keys | numbers | {"conf_low": np.nan, "conf_high": np.nan, "n_obs": n, "r_squared": np.nan})
        frame = pd.DataFrame(rows)
        return tidy_frame(len(frame), **{str(name): frame[name].tolist() for name in frame})

    def _row(self, model: str, group: str | None, found: Estimated, key: str) -> dict[str, Any]:
        numbers = {name: float(found.rows.at[key, name]) for name in NUMBERS}
        keys = {"model": model, "outcome": found.outcome, "group": group, "term": key}
        return keys | numbers | {"df2": np.nan, "n_obs": found.n_obs, "r_squared": found.r_squared}

    def glance(self) -> pd.DataFrame:
        """Rows, groups, groups without an estimate, and the smallest p of a difference."""
        found = [one for comparison in self.comparisons for one in comparison.found]
        p = [d.p_value for comparison in self.comparisons for d in comparison.differences.values()]
        known = [value for value in p if np.isfinite(value)]
        row = {"n_obs": self.n_obs, "count": len(found), "n_failed": sum(one.why is not None for one in found)}
        return pd.DataFrame([row | {"p_value": min(known) if known else np.nan}]).astype(float)

    def table(self, template: str = "T23") -> Table:
        """`T23`: groups side by side with the p of their difference; `T23.long`: a group a line.

        Raises
        ------
        AnalysisError
            E652 for an unknown template.
        """
        if template not in TEMPLATES:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(TEMPLATES)}))
        return _wide(self) if template == "T23" else _long(self)

    def figure(self) -> Figure:
        """Forest: the key effect in all rows and in every group, with intervals."""
        lines = [(Label("heterogeneity.all"), self.whole, "all"), *(x for c in self.comparisons for x in _lines(c))]
        rows = [
            {"model": key, "term": place} | {name: found.rows.at[key, name] for name in NUMBERS}
            for _, found, place in lines
            for key in self.keys
            if np.isfinite(found.rows.at[key, "estimate"])
        ]
        return Figure(
            id="heterogeneity",
            kind="coefficients",
            title=Label("heterogeneity.figure"),
            frame=pd.DataFrame(rows, columns=["model", "term", *NUMBERS]),
            labels={place: label for label, _, place in lines} | dict(self.labels),
            notes=(Label("regression.figure_note", level=f"{100 * self.conf_level:g}", n=self.n_obs),),
        )


def _lines(one: Comparison) -> list[Line]:
    named = zip(one.codes, one.words, one.found, strict=True)
    return [(Label("heterogeneity.group", by=one.label, group=w), found, f"{one.by}/{c}") for c, w, found in named]


def _cells(found: Estimated, key: str, where: str) -> tuple[Cell, Cell, Cell]:
    """Estimate, standard error, interval."""
    row = found.rows.loc[key]
    lacking = "robustness.why_not" if np.isnan(row["estimate"]) else None
    unknown = "robustness.why_not" if np.isnan(row["std_error"]) else None
    ends = (row["conf_low"], row["conf_high"]) if np.isfinite(row["conf_low"]) else None
    return (
        Cell(row["estimate"], "estimate", p=row["p_value"], id=f"{where}/{key}#estimate", reason=lacking),
        Cell(row["std_error"], "std_error", id=f"{where}/{key}#std_error", reason=unknown),
        Cell(ends, "interval"),
    )


def _p(one: Comparison, key: str, outcome: str) -> Cell:
    p = one.differences[key].p_value
    where = f"{one.by}/{outcome}/difference.{key}#p_value"
    return Cell(p, "p_value", id=where, reason="heterogeneity.why_no_test" if np.isnan(p) else None)


def _wide(result: HeterogeneityResult) -> Table:
    from dataclasses import replace

    outcome = result.whole.outcome
    top = [Head(""), Head("heterogeneity.all"), *(Head(c.label, span=len(c.codes) + 1) for c in result.comparisons)]
    second = [Head("variable"), Head("")]
    for one in result.comparisons:
        second += [*(Head(word) for word in one.words), Head("heterogeneity.difference_p")]
    rows = []
    for key in result.keys:
        upper, lower = [Cell(result.labels[key], "label")], [Cell("", "text")]
        for part in ([(result.whole, f"all/{outcome}")], *([*_placed(c, outcome)] for c in result.comparisons)):
            for found, where in part:
                estimate, error, interval = _cells(found, key, where)
                upper.append(estimate)
                lower.append(interval if result.do == "mediate" else replace(error, wrap="("))
            if part[0][0] is not result.whole:
                upper.append(_p(next(c for c in result.comparisons if c.found[0] is part[0][0]), key, outcome))
                lower.append(Cell("", "text"))
        rows += [Row(tuple(upper)), Row(tuple(lower))]
    counts, quality = [Cell(Label("robustness.n"), "label")], [Cell(Label("robustness.r_squared"), "label")]
    for part in ([result.whole], *([*c.found, None] for c in result.comparisons)):
        counts += [Cell(None if one is None else one.n_obs or None, "n_obs") for one in part]
        known = [None if one is None or np.isnan(one.r_squared) else one.r_squared for one in part]
        quality += [Cell(value, "r_squared") for value in known]
    rows += [Row(tuple(counts), role="stat"), Row(tuple(quality), role="stat")]
    return _table(result, "T23", (tuple(top), tuple(second)), rows)


def _placed(one: Comparison, outcome: str) -> list[tuple[Estimated, str]]:
    """Estimates of the groups with their places in the results, `model/outcome/group`."""
    return [(found, f"{one.by}/{outcome}/{code}") for code, found in zip(one.codes, one.found, strict=True)]


def _long(result: HeterogeneityResult) -> Table:
    names = ("heterogeneity.group_head", *(f"robustness.{n}" for n in ("estimate", "std_error", "interval", "n")))
    rows = []
    outcome = result.whole.outcome
    for key in result.keys:
        if len(result.keys) > 1:
            rows.append(Row((Cell(result.labels[key], "label"),), role="section"))
        for part in [None, *result.comparisons]:
            lines = [("all", Label("heterogeneity.all"), result.whole, f"all/{outcome}")]
            if part is not None:
                placed = zip(part.codes, _lines(part), _placed(part, outcome), strict=True)
                lines = [(code, line[0], line[1], where) for code, line, (_, where) in placed]
            for i, (_, label, found, where) in enumerate(lines):
                last = Cell("", "text") if i else Cell(None, "p_value")
                last = _p(part, key, outcome) if part is not None and i == 0 else last
                cells = (*_cells(found, key, where), Cell(found.n_obs or None, "n_obs"), last)
                rows.append(Row((Cell(label, "label"), *cells)))
    header = (*(Head(name) for name in names), Head("heterogeneity.difference_p"))
    return _table(result, "T23.long", (header,), rows)


def _table(result: HeterogeneityResult, template: str, header: tuple[tuple[Head, ...], ...], rows: list[Row]) -> Table:
    level = f"{100 * result.conf_level:g}"
    wide = template == "T23"
    mediated = Label("robustness.note_interval", level=level) if wide else Label("robustness.note_long", level=level)
    words = mediated if result.do == "mediate" or not wide else Label("robustness.note_se")
    test = Label(f"heterogeneity.note_{result.test}", n=result.permutations)
    return Table(
        id="heterogeneity",
        template=template,
        title=Label("heterogeneity.title", outcome=result.labels[result.whole.outcome]),
        header=header,
        rows=tuple(rows),
        notes=(Note("general", words), Note("general", test)),
    )
