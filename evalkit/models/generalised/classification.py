"""A model of a binary outcome in, the table of whom it classifies rightly out."""

from __future__ import annotations

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.models.generalised.deviance import CELLS, CUTOFF
from evalkit.models.generalised.result import OutcomeResult


def classification_table(result: OutcomeResult) -> Table:
    """Observed against classified, of the last model, with the share that is right."""
    fit, outcome = result.models[-1].fit, result.labels[result.outcome]
    low, high = result.categories.values()
    found = fit.quality
    key = f"{result.models[-1].name}/{result.outcome}"
    rows = []
    for category, cells, rate in ((low, CELLS[:2], "specificity"), (high, CELLS[2:], "sensitivity")):
        counts = [Cell(int(found[name]), "count", id=f"{key}/model.{name}#estimate") for name in cells]
        right = Cell(100 * found[rate], "percent")
        rows.append(Row((Cell(category, "label"), *counts, right)))
    whole = Cell(100 * found["correct"], "percent")
    columns = [int(found[a] + found[b]) for a, b in (CELLS[::2], CELLS[1::2])]
    total = Row((Cell(Label("total"), "label"), *(Cell(n, "count") for n in columns), whole), role="stat")
    heads = ("outcomes.classified.observed", low, high, "outcomes.classified.right")
    return Table(
        id="classification",
        template="classification",
        title=Label("outcomes.classified.title", outcome=outcome),
        header=(tuple(map(Head, heads)),),
        rows=(*rows, total),
        notes=(
            Note("general", Label("outcomes.classified.note", cutoff=f"{CUTOFF:g}", category=high)),
            Note("general", Label("regression.note_rows", n=result.n_obs)),
        ),
    )
