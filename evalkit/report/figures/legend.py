"""Keys of a drawing: what each colour or marker stands for, set in rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import LEADING, SMALL, Canvas

KEY, GAP = 11.0, 13.0
"""Points for the sign, and between two entries."""

Sign = Callable[[Canvas, float, float], None]
"""Draws one sign centred at (x, y)."""


def legend(canvas: Canvas, left: float, right: float, y: float, entries: Sequence[tuple[Sign, str]]) -> float:
    """Entries from left to right, in as many rows as they need, centred; gives the y below them."""
    room = right - left - KEY
    wrapped = [(sign, lettering.wrap(text, room, SMALL)) for sign, text in entries]
    rows: list[list[tuple[Sign, tuple[str, ...], float]]] = [[]]
    used = 0.0
    for sign, lines in wrapped:
        need = KEY + lettering.widest(lines, SMALL)
        if rows[-1] and used + GAP + need > right - left:
            rows.append([])
            used = 0.0
        used += need + (GAP if rows[-1] else 0.0)
        rows[-1].append((sign, lines, need))
    for row in rows:
        x = (left + right - sum(need for _, _, need in row) - GAP * (len(row) - 1)) / 2
        high = max(len(lines) for _, lines, _ in row) * SMALL * LEADING + 2
        for sign, lines, need in row:
            sign(canvas, x + KEY / 2 - 1.5, y + high / 2)
            canvas.block(x + KEY, y + high / 2, lines, size=SMALL, colour=palette.INK)
            x += need + GAP
        y += high
    return y
