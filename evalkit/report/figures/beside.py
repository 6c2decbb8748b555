"""Names beside their points so that no two touch: near if there is room, else farther off with a thin line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import SMALL, Box, Canvas

_RINGS = (0.0, 9.0, 20.0, 34.0)
_TURNS = (0.0, math.pi, -math.pi / 2, math.pi / 2, -math.pi / 4, math.pi / 4, -3 * math.pi / 4, 3 * math.pi / 4)


@dataclass(frozen=True)
class Named:
    """A point with a name and the radius of its mark."""

    name: str
    x: float
    y: float
    radius: float = 3.0


def names_beside(canvas: Canvas, points: Sequence[Named], room: Box) -> None:
    """Write each name at the first free place round its point, within `room`; one without any place is left out."""
    taken = [Box(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points]
    for p in points:
        wide, high = lettering.width(p.name, SMALL), SMALL * 1.15
        for ring in _RINGS:
            place = next((box for box in _boxes(p, wide, high, ring) if _free(box, taken, room)), None)
            if place is None:
                continue
            if ring > _RINGS[1]:
                canvas.path(((p.x, p.y), (min(max(p.x, place.x0), place.x1), place.cy)), palette.RULE, 0.5)
            canvas.text(place.x0, place.cy, p.name, size=SMALL)
            taken.append(place)
            break


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
