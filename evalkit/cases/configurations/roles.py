"""A comparison in, each case in each path of its printed models out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.cases.configurations.tables import path_letter

if TYPE_CHECKING:
    from evalkit.cases.configurations.result import QcaResult

COLUMNS = (
    "model", "path", "term", "case", "inside", "solution", "outcome", "role", "consistency", "coverage",
    "unique_coverage",
)  # fmt: skip


def roles_frame(result: QcaResult) -> pd.DataFrame:
    """One row a model, path and case.

    Returns
    -------
    DataFrame
        model (1, 2, ...), path (`1a`, as in table S4), term, case; inside: whether the case is more in the path than
        out; solution, outcome: its memberships; role: its type in the model; consistency, coverage and
        unique_coverage of the path.
    """
    rows: list[dict[str, Any]] = []
    for i, (model, types) in enumerate(zip(result.models, result.types, strict=True), start=1):
        for j, path in enumerate(model.paths):
            fit = {"consistency": path.consistency, "coverage": path.coverage, "unique_coverage": path.unique}
            for k, name in enumerate(result.cases.names):
                case = {
                    "model": i, "path": f"{i}{path_letter(j)}", "term": path.text, "case": name,
                    "inside": k in path.members, "solution": float(model.membership[k]),
                    "outcome": float(result.cases.outcome[k]), "role": types[k],
                }  # fmt: skip
                rows.append(case | fit)
    return pd.DataFrame(rows, columns=list(COLUMNS))
