"""A horizontal number axis: round ticks, a linear map to points, grid lines and the title with its unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import LEADING, SMALL, Canvas

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """Numbers `low` to `high` laid over the points `left` to `right`; `step` between ticks."""

    low: float
    high: float
    step: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """Where a number stands, in points."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def ticks(self) -> list[float]:
        """The numbers at the grid lines."""
        first = math.ceil(self.low / self.step - 1e-9)
        return [i * self.step for i in range(first, math.floor(self.high / self.step + 1e-9) + 1)]

    def places(self) -> int:
        """Decimals that tell neighbouring ticks apart."""
        return next(d for d in range(12) if abs(round(self.step, d) - self.step) < self.step * 1e-6)

    def draw(self, canvas: Canvas, top: float, bottom: float, title: str, spoken: Callable[[float], str]) -> float:
        """Grid from `top` to `bottom`, numbers and title below it; gives the y below the title."""
        for tick in self.ticks():
            x = self.at(tick)
            canvas.path(((x, top), (x, bottom)), palette.RULE if tick == 0 else palette.GRID, 0.9 if tick == 0 else 0.6)
            canvas.text(x, bottom + SMALL * 0.9, spoken(tick), size=SMALL, align="center", colour=palette.SOFT)
        y = bottom + SMALL * (0.9 + LEADING)
        for line in lettering.wrap(title, (self.right - self.left) * 1.6, SMALL):
            canvas.text((self.left + self.right) / 2, y, line, size=SMALL, align="center", colour=palette.SOFT)
            y += SMALL * LEADING
        return y


def spanning(low: float, high: float, left: float, right: float, *, widest_tick: float = 30.0) -> Axis:
    """An axis that holds `low` to `high`, both moved outwards to a round number.

    Parameters
    ----------
    widest_tick : float
        Points between two ticks at least, so that their numbers stand apart.
    """
    if not high > low:
        low, high = low - 1.0, high + 1.0
    rough = (high - low) / max((right - left) // widest_tick, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s for s in _STEPS if s * power >= rough * (1 - 1e-9)) * power
    return Axis(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step, left, right)
