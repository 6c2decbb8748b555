"""Small drawings of equal width, set in rows."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.report.figures.canvas import MARGIN, WIDTH

BELOW = 10.0
Draw = Callable[[int, float, float, float], float]
"""Number, left edge, top and width of a drawing in, the y below it out."""


def in_rows(n: int, most_across: int, gap: float, draw: Draw) -> float:
    """Draw `n` of them, at most so many side by side; gives the y below all."""
    across = min(n, most_across)
    wide = (WIDTH - 2 * MARGIN - gap * (across - 1)) / across
    bottom = top = MARGIN
    for i in range(n):
        if i % across == 0:
            top = bottom + (BELOW if i else 0)
        bottom = max(bottom, draw(i, MARGIN + (i % across) * (wide + gap), top, wide))
    return bottom
