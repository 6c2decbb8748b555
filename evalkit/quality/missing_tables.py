"""What is missing as tables and as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Figure, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.quality.missing_answers import MissingAnswers, Pattern

MOST_PATTERNS = 10
MOST_ITEMS = 15


def items_table(found: MissingAnswers) -> Table:
    """Each item: respondents asked, missing, per cent; counts by kind, then per cents by group."""
    kinds = list(dict.fromkeys(kind for item in found.items for kind in item.kinds))
    heads = [Head("variable"), Head("quality.missing.asked"), Head("quality.missing.count"), Head("percent")]
    heads += [Head(Label(f"kind.{kind}")) for kind in kinds]
    heads += [Head(Label("quality.missing.group", group=found.group_labels[level])) for level in found.groups]
    rows = []
    for item in found.items:
        cells = [
            Cell(found.labels[item.name], "label"),
            Cell(item.n_asked, "count", id=f"{item.name}#n_obs"),
            Cell(item.n_missing, "count", id=f"{item.name}#n_missing"),
            _percent(item.n_missing, item.n_asked, f"{item.name}#estimate"),
        ]
        cells += [Cell(item.kinds.get(kind, 0), "count", id=f"{item.name}/kind.{kind}#count") for kind in kinds]
        for level in found.groups:
            asked, missing = item.groups[level]
            cells.append(_percent(missing, asked, f"{level}/{item.name}#estimate"))
        rows.append(Row(tuple(cells)))
    n_gaps, n_cells = found.n_gaps, found.n_cells
    notes = [
        Label("quality.missing.base"),
        Label("quality.missing.cells", n=n_gaps, cells=n_cells, rows=found.n_rows_with_gaps, all=found.n_obs),
    ]
    for question, n in found.contradictions.items():
        notes.append(Label("quality.missing.astray", question=found.labels[question], n=n))
    return _table("missing", Label("quality.missing.title"), heads, rows, notes)


def patterns_table(found: MissingAnswers) -> Table:
    """The most frequent patterns and what is missing in each."""
    heads = [Head("quality.missing.pattern"), Head("quality.missing.n_items"), Head("count"), Head("percent")]
    rows = []
    for pattern in found.patterns[:MOST_PATTERNS]:
        rows.append(
            Row(
                (
                    Cell(_lacking(found, pattern), "label"),
                    Cell(len(pattern.missing), "count"),
                    Cell(pattern.count, "count", id=f"all.pattern/{pattern.key}#count"),
                    _percent(pattern.count, found.n_obs, f"all.pattern/{pattern.key}#percent"),
                )
            )
        )
    shown = sum(pattern.count for pattern in found.patterns[:MOST_PATTERNS])
    rest = Label("quality.missing.rest", n=len(found.patterns), rows=found.n_obs - shown)
    return _table("patterns", Label("quality.missing.patterns"), heads, rows, [rest])


def mcar_table(found: MissingAnswers) -> Table:
    """Little's test."""
    test = found.little
    reason = f"quality.reason.{test.reason}" if test.reason else None
    numbers = (("statistic", test.statistic), ("df", test.df), ("p_value", test.p_value))
    heads = [Head("quality.missing.test"), *(Head(name) for name, _ in numbers), Head("quality.missing.n_patterns"),
             Head("n_obs")]  # fmt: skip
    cells = [Cell(Label("quality.missing.little"), "label")]
    cells += [Cell(value, name, id=f"all.little#{name}", reason=reason) for name, value in numbers]
    cells += [Cell(test.n_patterns, "count"), Cell(test.n_obs, "n_obs", id="all.little#n_obs")]
    notes = [Label("quality.missing.little_note", k=len(found.little_items))]
    return _table("mcar", Label("quality.missing.little_title"), heads, [Row(tuple(cells))], notes)


def coverage_table(found: MissingAnswers) -> Table:
    """Per cent of the respondents who answered both of two items; the diagonal is each item's own."""
    names = [item.name for item in found.items]
    heads = [Head("variable"), *(Head(Label("quality.missing.number", n=i + 1)) for i in range(len(names)))]
    rows = []
    for i, name in enumerate(names):
        label = Label("quality.missing.numbered", n=i + 1, item=found.labels[name])
        below = [Cell(100 * found.coverage.iloc[i, j], "percent", bold=i == j) for j in range(i + 1)]
        rows.append(Row((Cell(label, "label"), *below, *[Cell(None)] * (len(names) - i - 1))))
    return _table("coverage", Label("quality.missing.coverage"), heads, rows, [Label("quality.missing.coverage_note")])


def upset(found: MissingAnswers) -> Figure | None:
    """Patterns with gaps as columns over the items they lack; None where nothing is missing."""
    patterns = [pattern for pattern in found.patterns if pattern.missing][:MOST_PATTERNS]
    lacking = {name for pattern in patterns for name in pattern.missing}
    items = sorted((i for i in found.items if i.name in lacking), key=lambda i: -i.n_missing)[:MOST_ITEMS]
    kept = {item.name for item in items}
    patterns = [pattern for pattern in patterns if kept.issuperset(pattern.missing)]
    if not patterns:
        return None
    rows = [
        (pattern.key, pattern.count, item.name, item.n_missing, float(item.name in pattern.missing))
        for pattern in patterns
        for item in items
    ]
    frame = pd.DataFrame(rows, columns=["pattern", "count", "item", "n_missing", "missing"])
    n_more = len([p for p in found.patterns if p.missing]) - len(patterns)
    complete = found.n_obs - found.n_rows_with_gaps
    notes = [Label("quality.missing.figure_note", complete=complete, n=found.n_obs)]
    if n_more:
        notes.append(Label("quality.missing.figure_more", more=n_more))
    labels: Mapping[str, Label] = {item.name: found.labels[item.name] for item in items}
    return Figure("missing", "upset", Label("quality.missing.figure"), frame, dict(labels), tuple(notes))


def _lacking(found: MissingAnswers, pattern: Pattern) -> Label:
    if not pattern.missing:
        return Label("quality.missing.complete")
    words = {lang: [found.labels[name].text(lang) for name in pattern.missing] for lang in ("zh", "en")}
    return Label(zh="、".join(words["zh"]), en=", ".join(words["en"]))


def _percent(part: int, whole: int, id: str) -> Cell:
    if not whole:
        return Cell(np.nan, "percent", id=id, reason="quality.reason.not_asked")
    return Cell(100 * part / whole, "percent", id=id)


def _table(name: str, title: Label, heads: Sequence[Head], rows: Sequence[Row], notes: Sequence[Label]) -> Table:
    return Table(name, name, title, (tuple(heads),), tuple(rows), tuple(Note("general", note) for note in notes))
