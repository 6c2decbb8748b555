"""A flow from the left to the right: bands as wide as what they carry, each end with its count and share.

Frame: part (node or band), a, b, column (of a node), size, kind (of a node: stage, route, open, none; of a band: on,
route, open, none). Nodes of the first column hold all; ends stand in the last column, in order from the top. Labels:
nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, WIDTH, Box, Canvas, Point, Shape
from evalkit.report.figures.wording import Wording

COLUMNS = ("part", "a", "b", "column", "size", "kind")
HEIGHT, BAR, GAP, ENDS, THINNEST = 230.0, 9.0, 12.0, 128.0, 1.0
"""Points: all that is received, a node's width, between two ends, at most for the words of an end, a band."""
_TINT = 0.42


@dataclass(frozen=True)
class _Node:
    name: str
    kind: str
    size: float
    box: Box
    colour: str


@dataclass(frozen=True)
class _Plan:
    """Where nodes stand, what the last column says, and how many points a problem takes."""

    nodes: dict[str, _Node]
    words: dict[str, tuple[str, ...]]
    per: float
    top: float
    bottom: float


def draw(wording: Wording) -> Canvas:
    """Bands first, then nodes, heads above the stages, words beside the ends."""
    canvas = Canvas()
    plan = _laid_out(wording)
    bands = wording.figure.frame[wording.figure.frame["part"] == "band"]
    for a, b, kind, start, end, thick in _lanes(plan, bands):
        _band(canvas, plan, plan.nodes[a], plan.nodes[b], kind, start, end, thick)
    for node in plan.nodes.values():
        edge = palette.SOFT if node.kind in ("open", "none") else None
        canvas.rect(node.box, palette.PAPER if edge else node.colour, edge, 0.8)
        if node.name in plan.words:
            canvas.block(node.box.x1 + 5, node.box.cy, plan.words[node.name], size=SMALL)
    _heads(canvas, wording, plan)
    notes = wording.notes(wording.say("flow.note"), _sum(wording))
    canvas.height = canvas.notes(plan.bottom + 8, notes) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many, and where they went."""
    nodes = wording.figure.frame[wording.figure.frame["part"] == "node"]
    total = float(nodes["size"].iloc[0])
    ends = nodes[nodes["kind"] != "stage"]
    parts = [
        wording.say(
            "flow.item",
            name=wording.label(str(row.a)),
            n=wording.number(row.size, "count"),
            share=wording.number(100 * float(row.size) / total, "percent"),
        )
        for row in ends.itertuples(index=False)
    ]
    return wording.say("flow.alt", n=wording.number(total, "count"), parts=wording.listing(parts))


def _sum(wording: Wording) -> str:
    """The ends added up, beside what was received: `1604 + 2657 = 4261`."""
    nodes = wording.figure.frame[wording.figure.frame["part"] == "node"]
    ends = nodes.loc[nodes["kind"] != "stage", "size"]
    parts = " + ".join(wording.number(size, "count") for size in ends)
    return wording.say("flow.sum", parts=parts, total=wording.number(ends.sum(), "count"))


def _laid_out(wording: Wording) -> _Plan:
    frame = wording.figure.frame
    nodes = frame[frame["part"] == "node"]
    stages, ends = nodes[nodes["kind"] == "stage"], nodes[nodes["kind"] != "stage"]
    total = float(stages["size"].iloc[0])
    per = HEIGHT / total
    words = {str(row.a): _said(wording, str(row.a), float(row.size), total) for row in ends.itertuples(index=False)}
    room = min(ENDS, max((lettering.widest(lines, SMALL) for lines in words.values()), default=0.0))
    right = WIDTH - MARGIN - room - 5 - BAR
    step = (right - MARGIN) / max(float(nodes["column"].max()), 1.0)
    top = (
        MARGIN
        + max((len(_head(wording, row, step)) for row in stages.itertuples(index=False)), default=1) * SMALL * LEADING
        + 5
    )
    found: dict[str, _Node] = {}
    y = top
    for i, row in enumerate(ends.itertuples(index=False)):
        name, high = str(row.a), float(row.size) * per
        slot = max(high, len(words[name]) * SMALL * LEADING)
        colour = palette.LINES[i % len(palette.LINES)]
        box = Box(right, y + (slot - high) / 2, right + BAR, y + (slot + high) / 2)
        found[name] = _Node(name, str(row.kind), float(row.size), box, colour)
        y += slot + GAP
    bottom = max(y - GAP, top + HEIGHT)
    for row in stages.itertuples(index=False):
        name, x = str(row.a), MARGIN + float(row.column) * step
        first = _first_end(frame, name, found) if float(row.column) else top
        box = Box(x, first, x + BAR, first + float(row.size) * per)
        found[name] = _Node(name, "stage", float(row.size), box, palette.INK)
    return _Plan(found, words, per, top, bottom)


def _first_end(frame: pd.DataFrame, stage: str, ends: dict[str, _Node]) -> float:
    """The top of the highest end that a stage, or one behind it, leads to: no band from before it runs into it."""
    bands = frame[frame["part"] == "band"]
    behind, reached = [stage], []
    while behind:
        at = behind.pop()
        for row in bands[bands["a"] == at].itertuples(index=False):
            if row.kind == "on":
                behind.append(str(row.b))
            else:
                reached.append((str(row.kind) != "route", ends[str(row.b)].box.y0))
    return min(reached)[1] if reached else 0.0


def _said(wording: Wording, name: str, size: float, total: float) -> tuple[str, ...]:
    share = wording.number(100 * size / total, "percent")
    count = f"{wording.number(size, 'count')} ({share}%)"
    return (*lettering.wrap(wording.label(name), ENDS, SMALL), count)


def _head(wording: Wording, row: object, step: float) -> tuple[str, ...]:
    name, size = str(row.a), float(row.size)  # type: ignore[attr-defined]
    return (*lettering.wrap(wording.label(name), step - 6, SMALL), wording.number(size, "count"))


def _heads(canvas: Canvas, wording: Wording, plan: _Plan) -> None:
    """Name and count above each stage, the last lines at one height."""
    nodes = wording.figure.frame[wording.figure.frame["kind"] == "stage"]
    boxes = [plan.nodes[str(a)].box for a in nodes["a"]]
    ends = [n.box.x0 for n in plan.nodes.values() if n.kind != "stage"]
    step = (boxes[1].x0 if len(boxes) > 1 else ends[0]) - boxes[0].x0
    for row, box in zip(nodes.itertuples(index=False), boxes, strict=True):
        lines = _head(wording, row, step)
        y = plan.top - 5 - (len(lines) - 0.5) * SMALL * LEADING
        for i, line in enumerate(lines):
            canvas.text(box.x0, y + i * SMALL * LEADING, line, size=SMALL)
        if box.y0 > plan.top + BODY:  # a stage that stands lower is led to its head
            canvas.path(
                ((box.x0 + BAR / 2, plan.top - 3), (box.x0 + BAR / 2, box.y0 - 2)), palette.GRID, 0.6, (1.5, 1.5)
            )


def _lanes(plan: _Plan, bands: pd.DataFrame) -> Iterator[tuple[str, str, str, float, float, float]]:
    """From, to, kind, middle at the start, middle at the end, thickness of each band.

    A node sends in the order of the ends from the top; what goes on to the next stage lies between routes and the
    rest. Routes receive the earliest stage on top; what is open, or has no route, receives it at the bottom, so that
    no band crosses another on the way round a stage.
    """
    order = {name: i for i, name in enumerate(plan.nodes)}

    def leaving(row: tuple[str, str, float, str]) -> tuple[bool, float]:
        return row[3] in ("open", "none"), 1e9 if row[3] == "on" else plan.nodes[row[1]].box.y0

    def coming(row: tuple[str, str, float, str]) -> float:
        return order[row[0]] * (-1.0 if row[3] in ("open", "none") else 1.0)

    rows = [(str(r.a), str(r.b), float(r.size), str(r.kind)) for r in bands.itertuples(index=False)]
    starts: dict[tuple[str, str], float] = {}
    ends: dict[tuple[str, str], float] = {}
    for name, node in plan.nodes.items():
        for side, mine in (
            (starts, sorted((r for r in rows if r[0] == name), key=leaving)),
            (ends, sorted((r for r in rows if r[1] == name), key=coming)),
        ):
            y = node.box.y0
            for a, b, size, _ in mine:
                side[a, b] = y + size * plan.per / 2
                y += size * plan.per
    for a, b, size, kind in rows:
        yield a, b, kind, starts[a, b], ends[a, b], max(size * plan.per, THINNEST)


def _band(canvas: Canvas, plan: _Plan, a: _Node, b: _Node, kind: str, start: float, end: float, thick: float) -> None:
    """A band with flowing edges; one that passes other stages has come to its height before the next of them."""
    left, right = a.box.x1, b.box.x0
    between = sorted(n.box.x0 for n in plan.nodes.values() if n.kind == "stage" and n.box.x0 > left)
    turn = min([x for x in between if x < right - 1] or [right])
    fill = palette.GRID if kind == "on" else palette.between((palette.PAPER, b.colour), _TINT)
    stroke, dash = (palette.SOFT, (2.2, 1.6)) if kind == "open" else (None, None)
    if kind in ("open", "none"):
        fill = palette.BLANK if thick > 2 * THINNEST else palette.SOFT
        stroke = palette.SOFT
    points = _flowing(left, start, turn, end, right, thick)
    canvas.shapes.append(Shape(points, fill, stroke, 0.7, dash, curved=True))


def _flowing(left: float, start: float, turn: float, end: float, right: float, thick: float) -> tuple[Point, ...]:
    """Outline of a band as cubic curves: over to the new height until `turn`, straight on from there, and back."""
    half, middle = thick / 2, (left + turn) / 2

    def straight(a: Point, b: Point) -> tuple[Point, ...]:
        return (a, b, b)

    top = ((middle, start - half), (middle, end - half), (turn, end - half))
    back = ((middle, end + half), (middle, start + half), (left, start + half))
    return (
        (left, start - half),
        *top,
        *straight((turn, end - half), (right, end - half)),
        *straight((right, end - half), (right, end + half)),
        *straight((right, end + half), (turn, end + half)),
        *back,
        *straight((left, start + half), (left, start - half)),
    )
