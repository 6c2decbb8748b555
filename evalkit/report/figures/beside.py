"""Names beside their points so that no two touch: near if there is room, else farther off with a thin line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import SMALL, Box, Canvas, Point

_RINGS = (0.0, 9.0, 20.0, 34.0)
_FAR = 1.5
"""How many crossed lines a step outwards is worth."""
_HIDDEN = 0.4
"""How much of a crossed line counts where names have a ground."""
_STEPS = 80
_TURNS = (0.0, math.pi, -math.pi / 2, math.pi / 2, -math.pi / 4, math.pi / 4, -3 * math.pi / 4, 3 * math.pi / 4)


@dataclass(frozen=True)
class Named:
    """A point with a name and the radius of its mark."""

    name: str
    x: float
    y: float
    radius: float = 3.0


def names_beside(
    canvas: Canvas, points: Sequence[Named], room: Box, lines: Sequence[tuple[Point, Point]] = (), ground: bool = False
) -> None:
    """Write each name at a free place round its point, within `room`; one without any place is left out.

    A point without a name only takes its room.

    Parameters
    ----------
    lines : sequence of pairs of points
        Drawn lines that a name should rather not cross: near and uncrossed comes first.
    ground : bool
        Whether a line that runs through a name stops at it: the name stands on a ground of its own.
    """
    written: list[tuple[Named, Box, bool]] = []
    along, dear = _along(lines), _HIDDEN if ground else 1.0
    taken = [Box(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points]
    for p in points:
        if not p.name:
            continue
        wide, high = lettering.width(p.name, SMALL), SMALL * 1.15
        free = [
            (_FAR * rank + dear * _crossed(box, along), rank, box)
            for rank, ring in enumerate(_RINGS)
            for box in _boxes(p, wide, high, ring)
            if _free(box, taken, room)
        ]
        if not free:
            continue
        _, rank, place = min(free, key=lambda one: one[0])
        written.append((p, place, rank > (0 if ground else 1)))
        taken.append(place)
    for p, place, far in written:
        if far:
            canvas.path(_leader(p, place), palette.SOFT if ground else palette.RULE, 0.5)
    for p, place, _ in written:
        if ground and p.name:
            canvas.rect(Box(place.x0 - 0.5, place.y0 + 0.6, place.x1 + 0.5, place.y1 - 0.6), palette.PAPER)
        canvas.text(place.x0, place.cy, p.name, size=SMALL)


def _leader(p: Named, place: Box) -> tuple[Point, Point]:
    """From the edge of a mark to the nearest point of its name."""
    x, y = min(max(p.x, place.x0), place.x1), min(max(p.y, place.y0), place.y1)
    far = math.hypot(x - p.x, y - p.y) or 1.0
    return (p.x + (x - p.x) * p.radius / far, p.y + (y - p.y) * p.radius / far), (x, y)


def _along(lines: Sequence[tuple[Point, Point]]) -> np.ndarray:
    """Points along each line, shape (lines, steps, 2)."""
    if not lines:
        return np.empty((0, _STEPS, 2))
    ends = np.array(lines, dtype=float)
    share = np.linspace(0, 1, _STEPS)[None, :, None]
    return np.asarray(ends[:, :1] * (1 - share) + ends[:, 1:] * share)


def _crossed(box: Box, along: np.ndarray) -> int:
    """Lines that run through a box."""
    x, y = along[..., 0], along[..., 1]
    inside = (x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)
    return int(inside.any(axis=1).sum())


def _boxes(p: Named, wide: float, high: float, ring: float) -> list[Box]:
    """Places of the text at a distance, to the right first."""
    found = []
    for turn in _TURNS:
        reach = p.radius + 2.5 + ring
        x, y = p.x + reach * math.cos(turn), p.y + reach * math.sin(turn)
        left = x if math.cos(turn) > 0.3 else x - wide if math.cos(turn) < -0.3 else x - wide / 2
        middle = y if abs(math.sin(turn)) < 0.3 else y + math.copysign(high / 2, math.sin(turn))
        found.append(Box(left, middle - high / 2, left + wide, middle + high / 2))
    return found


def _free(box: Box, taken: Sequence[Box], room: Box) -> bool:
    inside = box.x0 >= room.x0 and box.x1 <= room.x1 and box.y0 >= room.y0 and box.y1 <= room.y1
    return inside and not any(box.overlaps(other) for other in taken)
