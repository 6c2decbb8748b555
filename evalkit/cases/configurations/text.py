"""A solution in plain text, laid out as users of the R package QCA know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from evalkit.cases.configurations.result import QcaResult
    from evalkit.cases.configurations.solutions import Model, Path


def solution_text(result: QcaResult, kind: str) -> str:
    """`M1: A*B + C -> Y`, then a line a term: inclS, PRI, covS, covU, cases; unshared terms of tied models apart."""
    models = result.solutions[kind].models
    if not models:
        return ""
    arrow = [("<->" if m.coverage > 1 - 1e-9 else "->") for m in models]
    lines = [
        f"M{i}: {m.text} {a} {result.cases.outcome_text}" for i, (m, a) in enumerate(zip(models, arrow, strict=True), 1)
    ]
    shared = frozenset.intersection(*(m.terms for m in models))
    blocks = [[p for p in models[0].paths if p.term in shared]]
    if len(models) > 1:
        blocks.append(list({p.term: p for m in models for p in m.paths if p.term not in shared}.values()))
    return "\n".join([*lines, "", *_table(result, models, [b for b in blocks if b])])


def _table(result: QcaResult, models: Sequence[Model], blocks: Sequence[Sequence[Path]]) -> list[str]:
    heads = [
        "",
        "inclS",
        "PRI",
        "covS",
        "covU",
        *(f"(M{i})" for i in range(1, len(models) + 1) if len(models) > 1),
        "cases",
    ]
    rows: list[list[str] | None] = []
    number = 0
    for block in blocks:
        rows.append(None)
        for p in block:
            number += 1
            own = [next((q.unique for q in m.paths if q.term == p.term), None) for m in models]
            least = min(u for u in own if u is not None)
            apart = [_number(u) for u in own] if len(models) > 1 else []
            rows.append([f"{number}  {p.text}", _number(p.consistency), _number(p.pri), _number(p.coverage),
                         _number(least), *apart, _cases(result, p)])  # fmt: skip
    rows.append(None)
    for i, m in enumerate(models, 1):
        blank = [""] * (len(heads) - 5)
        rows.append([f"   M{i}", _number(m.consistency), _number(m.pri), _number(m.coverage), *blank, ""])
    width = [max(len(h), *(len(r[j]) for r in rows if r)) for j, h in enumerate(heads)]
    rule = "-" * (sum(width) + 2 * len(width))
    head = "  ".join(h.rjust(w) if j else h.ljust(w) for j, (h, w) in enumerate(zip(heads, width, strict=True)))
    return [head.rstrip(), *(rule if r is None else _line(r, width) for r in rows), rule]


def _line(row: Sequence[str], width: Sequence[int]) -> str:
    last = len(row) - 1
    cells = (c.ljust(w) if j in (0, last) else c.rjust(w) for j, (c, w) in enumerate(zip(row, width, strict=True)))
    return "  ".join(cells).rstrip()


def _number(value: float | None) -> str:
    return "" if value is None else "-" if np.isnan(value) else f"{value:.3f}"


def _cases(result: QcaResult, path: Path) -> str:
    """Cases of one row of the truth table joined by commas, rows by semicolons."""
    by_row: dict[int, list[str]] = {}
    for c in path.members:
        by_row.setdefault(int(result.table_.best[c]), []).append(result.cases.names[c])
    return "; ".join(",".join(by_row[r]) for r in sorted(by_row))
