"""Answers that were repeated for each respondent in, one value a respondent out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.contract import Label, PlanError, Problem, Variable, attach, codebook_of
from evalkit.plan.derive import AGGREGATES
from evalkit.plan.lines import Lines
from evalkit.plan.model import Join, Plan


def with_repeat(data: pd.DataFrame, repeats: Mapping[str, pd.DataFrame], join: Join, plan: Plan) -> pd.DataFrame:
    """Add `<id>__n`, the rows each respondent has in a repeat, and the statistics the join asks for.

    Parameters
    ----------
    repeats : mapping
        As in `Responses.repeats`: the index of each table is the respondent's.

    Raises
    ------
    PlanError
        E516, E525 for a column or statistic that is not there, E529 for a name the data have, E548 for a repeat that
        the files do not hold.
    """
    lines = Lines(plan.text, plan.path.name)
    index = plan.joins.index(join)
    table = repeats.get(join.repeat or "")
    if table is None:
        at = plan.place(lines.key("join", index, "repeat"))
        raise PlanError(Problem("E548", at, {"name": join.repeat, "near": list(repeats) or ["—"]}))
    at = plan.place(lines.key("join", index, "aggregate"))
    counted = f"{join.id}__n"
    rows = table.groupby(level=0).size().reindex(data.index).fillna(0).astype(float)
    added = {counted: rows}
    label = Label("plan.repeat.rows", name=join.repeat)
    variables = [Variable(counted, "count", label.text("zh"), label.text("en"))]
    known = codebook_of(table).variables
    for name, statistic in join.aggregate.items():
        if name not in table:
            raise PlanError(Problem("E516", at, {"name": name, "near": list(table.columns) or ["—"]}))
        possible = [s for s in AGGREGATES if s == "blau" or pd.api.types.is_numeric_dtype(table[name])]
        if statistic not in possible:
            raise PlanError(Problem("E525", at, {"id": join.id, "name": statistic, "near": possible}))
        values = table[name].groupby(level=0).agg(AGGREGATES[statistic]).reindex(data.index)
        added[name] = values.astype(float).where(np.isfinite(values.astype(float)))
        meant = known[name].label
        variables.append(Variable(name, "number", meant.text("zh"), meant.text("en")))
    clash = [name for name in added if name in data.columns]
    if clash:
        raise PlanError(Problem("E529", plan.place(join.line), {"names": clash}))
    together = pd.concat([data, pd.DataFrame(added, index=data.index)], axis=1)
    return attach(together, codebook_of(data).with_variables(variables))
