"""Cases that a comparison may use: complete memberships of conditions and outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cases.configurations.terms import Conditions
from evalkit.contract import AnalysisError, Drop, Label, Problem, attach, codebook_of, label_of, require_columns
from evalkit.moments import number_matrix


@dataclass(frozen=True, eq=False)
class Cases:
    """Memberships of complete cases; `outcome` is that of not-Y where the outcome was negated."""

    names: tuple[str, ...]
    conditions: Conditions
    outcome: np.ndarray
    outcome_name: str
    negated: bool
    labels: dict[str, Label]
    dropped: tuple[Drop, ...]

    @property
    def outcome_text(self) -> str:
        return f"~{self.outcome_name}" if self.negated else self.outcome_name


def read_cases(
    data: pd.DataFrame, outcome: str, conditions: Sequence[str], case: str | None, multi_value: Sequence[str] = ()
) -> Cases:
    """Cases with a membership in every condition and the outcome.

    Raises
    ------
    AnalysisError
        E600 for a column; E6450 for no condition, one named twice, or the outcome among them; E6451 for a value that
        is no membership, E6452 for a membership of exactly 0.5, each with its cases; E6453 for a case id that
        occurs twice; E6454 for a condition or outcome that all cases are alike in.
    """
    negated, name = outcome.strip().startswith("~"), outcome.strip().lstrip("~").strip()
    wanted = list(conditions)
    if not wanted or len(set(wanted)) < len(wanted) or name in wanted:
        raise AnalysisError(Problem("E6450", params={"names": wanted, "outcome": name}))
    require_columns(data, [*wanted, name, *([case] if case else [])])
    data = attach(data, codebook_of(data))
    x = number_matrix(data, [*wanted, name])
    complete = ~np.isnan(x).any(axis=1)
    ids = (data[case] if case else pd.Series(data.index, index=data.index)).map(str).to_numpy()[complete]
    x = x[complete]
    levels = tuple(int(np.nanmax(x[:, j])) + 1 if c in multi_value and len(x) else 2 for j, c in enumerate(wanted))
    _check(x, ids, [*wanted, name], [*(c in multi_value for c in wanted), False])
    lost = int((~complete).sum())
    y = x[:, -1]
    return Cases(
        tuple(ids),
        Conditions(tuple(wanted), x[:, :-1], tuple(max(2, n) for n in levels)),
        1 - y if negated else y,
        name,
        negated,
        {column: label_of(data, column) for column in (*wanted, name)},
        (Drop("drop.incomplete", lost),) if lost else (),
    )


def _check(x: np.ndarray, ids: np.ndarray, names: list[str], multi: list[bool]) -> None:
    problems = []
    doubled = sorted({i for i in ids if (ids == i).sum() > 1})
    if doubled:
        problems.append(Problem("E6453", params={"cases": doubled}))
    for j, name in enumerate(names):
        v = x[:, j]
        outside = (v != np.round(v)) | (v < 0) if multi[j] else (v < 0) | (v > 1)
        half = (v == 0.5) & (not multi[j])
        if outside.any():
            problems.append(Problem("E6451", params={"name": name, "cases": ids[outside].tolist()}))
        elif half.any():
            problems.append(Problem("E6452", params={"name": name, "cases": ids[half].tolist()}))
        elif len(np.unique(v if multi[j] else v > 0.5)) < 2:
            problems.append(Problem("E6454", params={"name": name, "n": len(v)}))
    if problems:
        raise AnalysisError(problems)
