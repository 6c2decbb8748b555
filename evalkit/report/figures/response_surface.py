"""A surface over two variables as contours in grey, with the lines of fit and misfit and the area of the answers.

Frame: role, x, z, estimate. Roles: `surface` (a full grid with its height), `congruence`, `incongruence`, `axis` (two
ends each), `hull` (corners), `stationary` (a point). Labels: `x`, `z`, `y`. Darker is higher; the key gives the height
of each contour.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.axes import Axis
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Box, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.plot_area import Area, number_labels, tick_text
from evalkit.report.figures.wording import Wording

COLUMNS = ("role", "x", "z", "estimate")
SIDE, FINE, LEVELS = 250.0, 100, 7
SHADES = ("#FFFFFF", "#9C9C9C")
MARKS = {
    "congruence": (palette.INK, 1.4, None),
    "incongruence": (palette.INK, 1.4, (5.0, 2.4)),
    "axis": (palette.LINES[1], 1.3, (1.4, 1.8)),
    "hull": (palette.LINES[0], 1.0, (2.4, 1.4)),
}


def draw(wording: Wording) -> Canvas:
    """The legend, the surface, the axes and the notes."""
    frame = wording.figure.frame
    canvas = Canvas()
    seen = [role for role in (*MARKS, "stationary") if (frame["role"] == role).any()]
    entries = [(_sign(role), wording.say(f"surface.{role}")) for role in seen]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, entries) + 6
    for text in lettering.wrap(wording.label("z"), WIDTH - 2 * MARGIN, SMALL):
        canvas.text(MARGIN, top + SMALL / 2, text, size=SMALL, colour=palette.SOFT)
        top += SMALL * LEADING
    at, heights = grid(frame)
    low, high = float(at[0]), float(at[-1])
    step = axes.spanning(low, high, 0.0, SIDE).step
    upright = Axis(low, high, step, 0.0, SIDE)
    left = MARGIN + lettering.widest([tick_text(wording, upright, t) for t in upright.ticks()], SMALL) + 8
    area = Area(Axis(low, high, step, left, left + SIDE), upright, top + 4 + SIDE)
    levels = steps(heights)
    _shades(canvas, area, at, heights, levels)
    _contours(canvas, wording, area, at, heights, levels)
    canvas.rect(Box(left, area.top, left + SIDE, area.bottom), None, palette.RULE, 0.8)
    for role in seen:
        _mark(canvas, area, role, frame[frame["role"] == role])
    area.grid_marks(canvas, wording)
    y = area.feet(canvas, number_labels(wording, area.across)) + SMALL * LEADING / 2
    _scale(canvas, wording, left + SIDE + 22, area, levels)
    for text in lettering.wrap(wording.label("x"), WIDTH - 2 * MARGIN, SMALL):
        canvas.text(left + SIDE / 2, y, text, size=SMALL, align="center", colour=palette.SOFT)
        y += SMALL * LEADING
    canvas.height = canvas.notes(y, wording.notes()) + MARGIN
    return canvas


def grid(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The places of the grid, shape (k,), and the heights, rows z, shape (k, k)."""
    part = frame[frame["role"] == "surface"]
    wide = part.pivot_table(index="z", columns="x", values="estimate")
    return wide.columns.to_numpy(float), wide.to_numpy(float)


def steps(heights: np.ndarray) -> np.ndarray:
    """Round numbers that part the heights."""
    low, high = float(heights.min()), float(heights.max())
    if not high - low > 1e-12:
        return np.array([low])
    axis = axes.spanning(low, high, 0.0, 30.0 * LEVELS)
    return np.array([t for t in axis.ticks() if low < t < high])


def _shades(canvas: Canvas, area: Area, at: np.ndarray, heights: np.ndarray, levels: np.ndarray) -> None:
    """Strips of one shade, as wide as the height stays between two contours."""
    fine = np.linspace(at[0], at[-1], FINE + 1)
    middle = (fine[:-1] + fine[1:]) / 2
    across = np.array([np.interp(middle, at, row) for row in heights])
    full = np.array([np.interp(middle, at, column) for column in across.T]).T
    place = np.searchsorted(levels, full)
    for i, row in enumerate(place):
        cuts = [0, *(np.flatnonzero(np.diff(row)) + 1), FINE]
        for start, end in zip(cuts, cuts[1:], strict=False):
            a, b = area.at(fine[start], fine[i + 1]), area.at(fine[end], fine[i])
            canvas.rect(Box(a[0], a[1], b[0], b[1] + (0.4 if i else 0.0)), shade(int(row[start]), len(levels)))


def shade(place: int, n: int) -> str:
    """Grey of the place-th of n + 1 steps."""
    return palette.between(SHADES, place / max(n, 1))


def _contours(
    canvas: Canvas, wording: Wording, area: Area, at: np.ndarray, heights: np.ndarray, levels: np.ndarray
) -> None:
    from contourpy import contour_generator

    found = contour_generator(x=at, y=at, z=heights)
    for level in levels:
        for line in found.lines(float(level)):
            points = [area.at(float(x), float(z)) for x, z in np.asarray(line)]
            if len(points) > 1:
                canvas.path(points, palette.SOFT, 0.6)


def _scale(canvas: Canvas, wording: Wording, x: float, area: Area, levels: np.ndarray) -> None:
    """The steps of grey from low to high, with the numbers between them."""
    n = len(levels)
    high = min(15.0, SIDE / (n + 1))
    bottom = area.bottom
    axis = Axis(0.0, 1.0, float(levels[1] - levels[0]) if n > 1 else 1.0, 0.0, 1.0)
    room = WIDTH - MARGIN - x
    lines = lettering.wrap(wording.label("y"), room, SMALL)
    top = bottom - high * (n + 1)
    for k, text in enumerate(lines):
        y = top - (len(lines) - k) * SMALL * LEADING
        canvas.text(x, y, text, size=SMALL, colour=palette.SOFT)
    for k in range(n + 1):
        canvas.rect(Box(x, bottom - (k + 1) * high, x + 16, bottom - k * high), shade(k, n), palette.RULE, 0.5)
    for k, level in enumerate(levels, start=1):
        canvas.text(x + 21, bottom - k * high, tick_text(wording, axis, float(level)), size=SMALL, colour=palette.SOFT)


def _mark(canvas: Canvas, area: Area, role: str, part: pd.DataFrame) -> None:
    points = [area.at(float(x), float(z)) for x, z in zip(part["x"], part["z"], strict=True)]
    if role == "stationary":
        marker(canvas, *points[0], 2, palette.INK, True)
        return
    colour, width, dash = MARKS[role]
    canvas.path([*points, points[0]] if role == "hull" else points, colour, width, dash)


def _sign(role: str) -> Sign:
    def sign(canvas: Canvas, x: float, y: float) -> None:
        if role == "stationary":
            marker(canvas, x, y, 2, palette.INK, True)
        else:
            colour, width, dash = MARKS[role]
            canvas.path(((x - 8, y), (x + 5, y)), colour, width, dash)

    return sign


def alt(wording: Wording) -> str:
    """Heights at the four corners."""
    at, heights = grid(wording.figure.frame)
    low, high = (f"{v:g}" for v in (at[0], at[-1]))
    corners = {"ll": heights[0, 0], "lh": heights[-1, 0], "hl": heights[0, -1], "hh": heights[-1, -1]}
    spoken = {k: wording.number(float(v), "estimate") for k, v in corners.items()}
    names = {k: wording.label(k) for k in ("x", "z", "y")}
    return wording.say("surface.alt", low=low, high=high, **spoken, **names)
