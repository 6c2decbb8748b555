"""An outcome result in, its average marginal effects as a table out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.models.generalised.effects import Effects
from evalkit.models.generalised.result import OutcomeResult


def effect_table(result: OutcomeResult) -> Table:
    """A variable a row with its SE below, a category a column (one column for an outcome with a mean): `T13.ame`."""
    model = result.models[-1]
    found = model.effects or Effects((), np.empty(0), np.empty(0))
    levels = list(dict.fromkeys(found.levels)) or [""]
    rows = []
    for term in dict.fromkeys(found.terms):
        first, second = [Cell(result.labels[term], "label")], [Cell("", "text")]
        for level in levels:
            upper, lower = _cells(result, found, term, level)
            first.append(upper)
            second.append(lower)
        rows += [Row(tuple(first)), Row(tuple(second))]
    outcome = result.labels[result.outcome]
    heads = [Head(result.categories[level] if level else Label("outcomes.ame_head")) for level in levels]
    return Table(
        id="outcome_model",
        template="T13.ame",
        title=Label("outcomes.title_ame", outcome=outcome, family=Label(f"outcomes.family.{result.family}")),
        header=((Head("variable"), *heads),),
        rows=tuple(rows),
        notes=(
            Note("general", Label(f"outcomes.note_ame_{'level' if found.levels else 'mean'}")),
            Note("general", Label("regression.note_rows", n=result.n_obs)),
        ),
    )


def _cells(result: OutcomeResult, found: Effects, term: str, level: str) -> tuple[Cell, Cell]:
    from scipy.stats import norm

    keys = list(zip(found.terms, found.levels or [""] * len(found.terms), strict=True))
    i = keys.index((term, level))
    value, error = float(found.estimate[i]), float(found.std_error[i])
    p = float(2 * norm.sf(abs(value) / error)) if error > 0 else float("nan")
    key = "/".join(part for part in (result.models[-1].name, result.outcome, f"ame.{term}", level) if part)
    return Cell(value, "estimate", p=p, id=f"{key}#estimate"), Cell(error, "std_error", wrap="(", id=f"{key}#std_error")
