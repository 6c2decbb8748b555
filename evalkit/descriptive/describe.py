"""Columns of numbers in, their descriptive statistics out (table T4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    attach,
    codebook_of,
    label_of,
    require_columns,
    tidy_frame,
)
from evalkit.descriptive.levels import both, code_id, coded
from evalkit.descriptive.statistics import SKEW_TYPES, summary
from evalkit.moments import number_matrix

NUMERIC = ("item", "score", "count", "number")


@dataclass(frozen=True, eq=False)
class DescribeResult:
    """Statistics of each variable, of the whole sample or by group.

    Each variable uses all its own answers: `tidy` gives its `n_obs` and `n_missing`. `n_obs` of the result is the
    number of rows (with `by`: of rows that belong to a group).
    """

    statistics: pd.DataFrame
    labels: Mapping[str, Label]
    by: str | None
    conf_level: float
    skew_type: int
    quantile_type: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    scale_ends: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    templates: ClassVar[tuple[str, ...]] = ("T4",)

    def tidy(self) -> pd.DataFrame:
        """One row a variable (term) and group: `estimate` is the mean with its t interval."""
        return self.statistics.copy()

    def glance(self) -> pd.DataFrame:
        """One row: rows used."""
        return pd.DataFrame({"n_obs": [float(self.n_obs)]})

    def table(self, template: str = "T4") -> Table:
        """T4: variable, n, minimum, maximum, mean, SD, skewness, kurtosis; by group where asked for."""
        kinds = ("min", "max", "mean", "sd", "skew", "kurtosis")
        heads = ["variable", *(["descriptive.group"] if self.by else []), "n_valid", *kinds]
        rows, last = [], None
        for record in self.statistics.to_dict("records"):
            name = record["term"]
            first = Cell(self.labels[name] if name != last else "", "label")
            group = [Cell(self.labels[record["group"]], "label")] if self.by else []
            values = [Cell(record[k], k, reason=record["reason"]) for k in kinds]
            rows.append(Row((first, *group, Cell(int(record["n_obs"]), "n_obs"), *values)))
            last = name
        header = (tuple(Head(h) for h in heads),)
        return Table("describe", template, Label("descriptive.describe.title"), header, tuple(rows), self._notes())

    def _notes(self) -> tuple[Note, ...]:
        notes = [Note("general", Label(f"descriptive.shape_{self.skew_type}"))]
        ends = sorted(set(self.scale_ends.values()))
        if len(ends) == 1:
            notes.append(
                Note("general", Label("descriptive.scale_ends", low=code_id(ends[0][0]), high=code_id(ends[0][1])))
            )
        if self.statistics["n_obs"].nunique() > 1 and not self.by:
            notes.append(Note("general", Label("descriptive.n_differs")))
        return tuple(notes)


def describe(
    data: pd.DataFrame,
    variables: Sequence[str] | None = None,
    *,
    by: str | None = None,
    conf_level: float = 0.95,
    skew_type: int = 3,
    quantile_type: int = 7,
    normality: bool = False,
) -> DescribeResult:
    """Describe numeric variables.

    Parameters
    ----------
    data : DataFrame
    variables : sequence of str, optional
        Columns; without it every score, or where there are none every item, count and number.
    by : str, optional
        A categorical column: the statistics of each of its groups.
    conf_level : float
        Coverage of the mean's t interval.
    skew_type : {3, 2, 1}
        Kind of skewness and (excess) kurtosis; 2 is what SPSS prints. See `statistics.shape`.
    quantile_type : {7, 6}
        7 as R and numpy, 6 as SPSS.
    normality : bool
        Also the Shapiro-Wilk test of each variable (columns `shapiro_w`, `shapiro_p`).

    Returns
    -------
    DescribeResult

    Raises
    ------
    AnalysisError
        E600, E610, E611 for a name that is no column of finite numbers; E613 for a nominal variable, whose codes
        have no mean; E614 for an option out of range.
    """
    _require_options(conf_level, skew_type, quantile_type)
    data = attach(data, codebook_of(data))  # inferred once for a plain frame, not once a name
    names = list(variables) if variables is not None else default_variables(data)
    matrix = number_matrix(data, names)
    _require_measured(data, names, matrix)
    groups, labels, dropped = _groups(data, by)
    labels |= {name: label_of(data, name) for name in names}
    rows, notices = [], []
    for j, name in enumerate(names):
        for group, chosen in groups:
            values = matrix[chosen, j]
            seen = values[~np.isnan(values)]
            found = summary(
                seen, conf_level=conf_level, skew_type=skew_type, quantile_type=quantile_type, normality=normality
            )
            reason = _reason(seen)
            rows.append({"group": group, "term": name, "n_missing": len(values) - len(seen), "reason": reason} | found)
            if reason:
                notices.append(Problem("W615", params={"name": both(labels[name]), "n": len(seen)}))
            if normality and len(seen) > 5000:
                notices.append(Problem("W616", params={"name": both(labels[name]), "n": len(seen)}))
    columns = {key: [row[key] for row in rows] for key in rows[0]} if rows else {}
    ends = {n: (v.low, v.high) for n in names if (v := codebook_of(data).variables[n]).low is not None}
    return DescribeResult(
        tidy_frame(n_rows=len(rows), **columns),
        labels,
        by,
        conf_level,
        skew_type,
        quantile_type,
        int(sum(chosen.sum() for _, chosen in groups)),
        dropped,
        tuple(dict.fromkeys(notices)),
        ends if len(ends) == len(names) else {},
    )


def default_variables(data: pd.DataFrame) -> list[str]:
    """The scores of a frame; where it has none, its items, counts and numbers."""
    book = codebook_of(data)
    kinds = {str(c): book.variables[str(c)].kind for c in data.columns}
    scores = [name for name, kind in kinds.items() if kind == "score"]
    return scores or [name for name, kind in kinds.items() if kind in NUMERIC]


def _require_options(conf_level: float, skew_type: int, quantile_type: int) -> None:
    allowed = {
        "conf_level": 0 < conf_level < 1,
        "skew_type": skew_type in SKEW_TYPES,
        "quantile_type": quantile_type in (6, 7),
    }
    given = {"conf_level": conf_level, "skew_type": skew_type, "quantile_type": quantile_type}
    bad = [Problem("E614", params={"option": k, "value": given[k]}) for k, fine in allowed.items() if not fine]
    if bad:
        raise AnalysisError(bad)


def _require_measured(data: pd.DataFrame, names: Sequence[str], matrix: np.ndarray) -> None:
    """A mean of nominal codes says nothing, unless they are 0 and 1."""
    book = codebook_of(data)
    bad = []
    for j, name in enumerate(names):
        seen = set(matrix[~np.isnan(matrix[:, j]), j].tolist())
        if book.variables[name].kind == "nominal" and not seen <= {0.0, 1.0}:
            bad.append(Problem("E613", params={"name": both(book.variables[name].label)}))
    if bad:
        raise AnalysisError(bad)


def _groups(
    data: pd.DataFrame, by: str | None
) -> tuple[list[tuple[str | None, np.ndarray]], dict[str, Label], tuple[Drop, ...]]:
    """Group ids with their rows; rows without a group are set aside."""
    if by is None:
        return [(None, np.ones(len(data), dtype=bool))], {}, ()
    require_columns(data, [by])
    groups = coded(data, by)
    used = [(i, level) for i, level in enumerate(groups.levels) if (groups.position == i).any()]
    outside = int((groups.position < 0).sum())
    dropped = (Drop(Label("descriptive.no_group", by=groups.label), outside),) if outside else ()
    labels = {f"{by}.{level.id}": level.label for _, level in used}
    return [(f"{by}.{level.id}", groups.position == i) for i, level in used], labels, dropped


def _reason(seen: np.ndarray) -> str | None:
    if len(seen) < 2:
        return "descriptive.reason_few"
    return "descriptive.reason_constant" if seen.min() == seen.max() else None
