"""A structural model with its estimates: ellipses for factors, boxes for items, arrows with coefficients and stars.

Frame: from, to, estimate, p_value, role (loading, path, covariance), from_shape, to_shape (factor or item). Factors
with items stand left of them, correlations of factors are arcs on their left; paths run from left to right by the
longest way to a variable, and one that passes a column goes below it. A dashed arrow is not significant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Box, Canvas, Point, Shape, block_height
from evalkit.report.figures.wording import ALPHA, Wording, number_or_nan, significant

COLUMNS = ("from", "to", "estimate", "p_value", "role", "from_shape", "to_shape")
FACTOR_LIMIT, ITEM_LIMIT, NARROW_LIMIT = 76.0, 150.0, 96.0  # points of text before it wraps
PAD_X, PAD_Y, GAP = 7.0, 4.0, 5.0
HEAD, HALF_HEAD = 5.5, 2.4
DASH = (3.5, 2.4)
LANE, ROOM = 16.0, 46.0
_STATIONS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)


@dataclass(frozen=True)
class Link:
    """One line of the diagram."""

    start: str
    end: str
    text: str
    solid: bool
    role: str


@dataclass
class _Plan:
    boxes: dict[str, Box]
    texts: dict[str, tuple[str, ...]]
    routes: list[tuple[Link, tuple[Point, ...]]]
    height: float


def links(wording: Wording) -> list[Link]:
    """The rows of the frame as lines with their printed numbers."""
    rows = wording.figure.frame[list(COLUMNS[:5])].itertuples(index=False, name=None)
    found = []
    for start, end, value, p, role in rows:
        estimate, chance = number_or_nan(value), number_or_nan(p)
        text = wording.number(estimate, "loading" if role == "loading" else "beta", p=chance)
        fixed = math.isnan(chance)
        found.append(Link(str(start), str(end), text, fixed or significant(chance), str(role)))
    return found


def shapes(wording: Wording) -> dict[str, str]:
    """Node -> factor or item, in order of appearance."""
    out: dict[str, str] = {}
    for row in wording.figure.frame.itertuples(index=False):
        ends = row._asdict() if hasattr(row, "_asdict") else {}
        out.setdefault(str(row[0]), str(ends["from_shape"]))
        out.setdefault(str(row[1]), str(ends["to_shape"]))
    return out


def draw(wording: Wording) -> Canvas:
    """Lines first, their numbers on them, nodes over their ends, notes below."""
    found, forms = links(wording), shapes(wording)
    measured = any(link.role == "loading" for link in found)
    plan = _measured(wording, found, forms) if measured else _layered(wording, found, forms)
    canvas = Canvas(width=WIDTH)
    for link, route in plan.routes:
        _line(canvas, link, route)
    taken = list(plan.boxes.values())
    for link, route in plan.routes:
        _number(canvas, link, route, taken)
    for node, box in plan.boxes.items():
        _node(canvas, box, plan.texts[node], forms[node])
    dashed = any(not link.solid for link in found)
    bound = wording.number(ALPHA, "p_value").rstrip("0")
    below = wording.notes(wording.say("path.dashed", bound=bound) if dashed else "", stars=True)
    canvas.height = canvas.notes(plan.height + 4, below) + 4
    return canvas


def alt(wording: Wording) -> str:
    """How many factors and items, and the range of the coefficients."""
    found, forms = links(wording), shapes(wording)
    values = [number_or_nan(v) for v in wording.figure.frame["estimate"]]
    values = [v for v in values if not math.isnan(v)] or [math.nan]
    return wording.say(
        "structural.alt",
        factors=sum(form == "factor" for form in forms.values()),
        items=sum(form == "item" for form in forms.values()),
        n=len(found),
        low=wording.number(min(values), "beta"),
        high=wording.number(max(values), "beta"),
    )


def _size(lines: Sequence[str], form: str) -> tuple[float, float]:
    wide, high = lettering.widest(list(lines), BODY) + 2 * PAD_X, block_height(lines) + 2 * PAD_Y
    return (wide * 1.25, max(high * 1.3, 26.0)) if form == "factor" else (wide, high)


def _at(cx: float, cy: float, size: tuple[float, float]) -> Box:
    return Box(cx - size[0] / 2, cy - size[1] / 2, cx + size[0] / 2, cy + size[1] / 2)


def _measured(wording: Wording, found: Sequence[Link], forms: Mapping[str, str]) -> _Plan:
    """Each factor at the middle of its items; an item of two factors stands with the first; higher factors left."""
    children: dict[str, list[str]] = {}
    for link in found:
        if link.role == "loading":
            children.setdefault(link.start, []).append(link.end)
    higher = _higher(children, forms)
    limits = {"factor": FACTOR_LIMIT, "item": NARROW_LIMIT if higher else ITEM_LIMIT}
    texts = {node: lettering.wrap(wording.label(node), limits[form], BODY) for node, form in forms.items()}
    sizes = {node: _size(texts[node], form) for node, form in forms.items()}
    items_wide = max((sizes[n][0] for n, f in forms.items() if f == "item"), default=0.0)
    arcs = [link for link in found if link.role == "covariance"]
    reach = _reaches(arcs, [n for n in children if n not in higher])
    left = MARGIN + (max(reach.values()) + 24.0 if arcs else 0.0)
    factor_wide = max(sizes[n][0] for n, f in forms.items() if f == "factor")
    boxes: dict[str, Box] = {}
    y = MARGIN
    column = left + (factor_wide + 46.0 if higher else 0.0) + factor_wide / 2
    for factor in (n for n in children if n not in higher):
        own = [c for c in children[factor] if c not in boxes and forms[c] == "item"]
        high = max(sum(sizes[c][1] + GAP for c in own), sizes[factor][1] + GAP)
        top = y + (high - sum(sizes[c][1] + GAP for c in own)) / 2
        for item in own:
            boxes[item] = _at(WIDTH - MARGIN - items_wide / 2, top + sizes[item][1] / 2, (items_wide, sizes[item][1]))
            top += sizes[item][1] + GAP
        boxes[factor] = _at(column, y + high / 2, sizes[factor])
        y += high + 2 * GAP
    for factor in higher:
        below = [boxes[c].cy for c in children[factor] if c in boxes]
        middle = sum(below) / len(below) if below else y
        boxes[factor] = _at(left + factor_wide / 2, middle, sizes[factor])
    _part(boxes, higher)
    routes = [
        (link, _straight(boxes[link.start], boxes[link.end]))
        for link in found
        if link.role == "loading" and link.start in boxes and link.end in boxes
    ]
    ends = _arc_ends(arcs, boxes)
    edge = min((boxes[n].x0 for link in arcs for n in (link.start, link.end)), default=0.0)
    routes += [(link, _arc(ends[link, link.start], ends[link, link.end], edge - reach[link])) for link in arcs]
    return _Plan(boxes, texts, routes, max(box.y1 for box in boxes.values()) + MARGIN)


def _higher(children: Mapping[str, Sequence[str]], forms: Mapping[str, str]) -> list[str]:
    """Factors of factors."""
    return [n for n, below in children.items() if any(forms[c] == "factor" for c in below)]


def _reaches(arcs: Sequence[Link], column: Sequence[str]) -> dict[Link, float]:
    """How far each bow goes out: longer ones outside; of one length side by side where they would cross."""
    order = {node: i for i, node in enumerate(column)}
    spans = {link: sorted(order.get(n, 0) for n in (link.start, link.end)) for link in arcs}
    lanes = sorted({(high - low, low % max(high - low, 1)) for low, high in spans.values()})
    return {
        link: 16.0 + 15.0 * lanes.index((high - low, low % max(high - low, 1))) for link, (low, high) in spans.items()
    }


def _arc_ends(arcs: Sequence[Link], boxes: Mapping[str, Box]) -> dict[tuple[Link, str], Point]:
    """Where bows meet the left half of their ellipses: those going up above, the longest nearest to the middle."""
    meeting: dict[str, list[tuple[float, Link]]] = {}
    for link in arcs:
        rise = boxes[link.end].cy - boxes[link.start].cy
        meeting.setdefault(link.start, []).append((rise, link))
        meeting.setdefault(link.end, []).append((-rise, link))
    out = {}
    for node, found in meeting.items():
        box = boxes[node]
        # From top to bottom: up and short, up and long, down and long, down and short.
        found = sorted((f for f in found if f[0] < 0), key=lambda f: -f[0]) + sorted(
            (f for f in found if f[0] >= 0), key=lambda f: -f[0]
        )
        for i, (_, link) in enumerate(found, 1):
            share = 1.5 * (i / (len(found) + 1) - 0.5)
            x = box.cx - (box.x1 - box.x0) / 2 * math.sqrt(1 - share**2)
            out[link, node] = (x, box.cy + share * (box.y1 - box.y0) / 2)
    return out


def _part(boxes: dict[str, Box], nodes: Sequence[str]) -> None:
    """Nodes of one column pushed apart downwards where they touch."""
    bottom = -math.inf
    for node in sorted(nodes, key=lambda n: boxes[n].cy):
        box = boxes[node]
        shift = max(0.0, bottom + GAP - box.y0)
        boxes[node] = Box(box.x0, box.y0 + shift, box.x1, box.y1 + shift)
        bottom = boxes[node].y1


def _depths(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest way to each node; arrows that close a circle are followed once."""
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for start, end in edges:
            depth[end] = min(max(depth[end], depth[start] + 1), len(nodes) - 1)
    used = sorted(set(depth.values()))
    return {node: used.index(level) for node, level in depth.items()}


def _layered(wording: Wording, found: Sequence[Link], forms: Mapping[str, str]) -> _Plan:
    depth = _depths(list(forms), [(link.start, link.end) for link in found])
    columns = [[n for n in forms if depth[n] == level] for level in range(max(depth.values()) + 1)]
    for limit in (FACTOR_LIMIT, 68.0, 60.0):  # narrower until a number has room between two columns
        texts = {node: lettering.wrap(wording.label(node), limit, BODY) for node in forms}
        sizes = {node: _size(texts[node], form) for node, form in forms.items()}
        wide = [max(sizes[n][0] for n in column) for column in columns]
        gap = (WIDTH - 2 * MARGIN - sum(wide)) / max(len(columns) - 1, 1)
        if gap > ROOM:
            break
    high = [sum(sizes[n][1] for n in column) + 22.0 * (len(column) - 1) for column in columns]
    middle = MARGIN + max(high) / 2
    boxes: dict[str, Box] = {}
    x = MARGIN
    for column, width, total in zip(columns, wide, high, strict=True):
        y = middle - total / 2
        for node in column:
            boxes[node] = _at(x + width / 2, y + sizes[node][1] / 2, sizes[node])
            y += sizes[node][1] + 22.0
        x += width + gap
    straight, bowed = [], []
    for link in found:
        start, end = boxes[link.start], boxes[link.end]
        blocked = any(_crosses(start, end, b) for n, b in boxes.items() if n not in (link.start, link.end))
        (bowed if blocked and depth[link.end] > depth[link.start] else straight).append(link)
    routes = [(link, _straight(boxes[link.start], boxes[link.end])) for link in straight]
    routes += _lanes(bowed, boxes, columns, depth)
    top = min(y for _, route in routes for _, y in route) - SMALL
    top = min(top, *(box.y0 for box in boxes.values())) - MARGIN
    bottom = max([y + SMALL for _, route in routes for _, y in route] + [box.y1 for box in boxes.values()])
    boxes = {n: Box(b.x0, b.y0 - top, b.x1, b.y1 - top) for n, b in boxes.items()}
    moved = [(link, tuple((x, y - top) for x, y in route)) for link, route in routes]
    return _Plan(boxes, texts, moved, bottom - top + MARGIN)


def _lanes(
    bowed: Sequence[Link], boxes: Mapping[str, Box], columns: Sequence[Sequence[str]], depth: Mapping[str, int]
) -> list[tuple[Link, tuple[Point, ...]]]:
    """Arrows over or below the nodes they pass, short ways inside, so that no two cross."""
    edge = {1: max(box.y1 for box in boxes.values()), -1: min(box.y0 for box in boxes.values())}
    count = {1: 0, -1: 0}
    lanes: list[tuple[Link, int, float]] = []
    ports: dict[tuple[str, int], list[tuple[int, int, Link]]] = {}
    for link in sorted(bowed, key=lambda x: depth[x.end] - depth[x.start]):
        closed = {side: sum(not _outer(n, side, columns, depth) for n in (link.start, link.end)) for side in (-1, 1)}
        side = min((-1, 1), key=lambda s: (closed[s], count[s], s))
        count[side] += 1
        lanes.append((link, side, edge[side] + side * LANE * count[side]))
        # From left to right: arriving ones from the inner lane outwards, then leaving ones from the outer inwards.
        ports.setdefault((link.end, side), []).append((0, count[side], link))
        ports.setdefault((link.start, side), []).append((1, -count[side], link))
    at: dict[tuple[str, Link], float] = {}
    for (node, _), ends in ports.items():
        box = boxes[node]
        for i, (_, _, link) in enumerate(sorted(ends, key=lambda e: e[:2]), 1):
            at[node, link] = box.x0 + (box.x1 - box.x0) * (0.2 + 0.6 * i / (len(ends) + 1))
    out = []
    for k, (link, side, y) in enumerate(lanes):
        ends = []
        for node, right in ((link.start, True), (link.end, False)):
            box = boxes[node]
            if _outer(node, side, columns, depth):
                x = at[node, link]
                ends.append(((x, box.y1 if side > 0 else box.y0), (x, y)))
                continue
            # Nodes stand in the way: out by the side and along the gutter of the column.
            gutter = (
                max(boxes[n].x1 for n in columns[depth[node]])
                if right
                else min(boxes[n].x0 for n in columns[depth[node]])
            )
            gutter += (9.0 + 5.0 * (k % 3)) * (1 if right else -1)
            level = box.cy + side * (box.y1 - box.y0) * 0.1
            ends.append(((box.x1 if right else box.x0, level), (gutter, level), (gutter, y)))
        out.append((link, (*ends[0], *reversed(ends[1]))))
    return out


def _outer(node: str, side: int, columns: Sequence[Sequence[str]], depth: Mapping[str, int]) -> bool:
    """Whether nothing of its column stands between a node and that side."""
    column = columns[depth[node]]
    return node == (column[-1] if side > 0 else column[0])


def _crosses(start: Box, end: Box, other: Box) -> bool:
    """Whether the straight line between two nodes runs through a third."""
    steps = [k / 40 for k in range(1, 40)]
    points = [(start.cx + t * (end.cx - start.cx), start.cy + t * (end.cy - start.cy)) for t in steps]
    return any(other.x0 - 2 <= x <= other.x1 + 2 and other.y0 - 2 <= y <= other.y1 + 2 for x, y in points)


def _straight(start: Box, end: Box) -> tuple[Point, ...]:
    if start.x1 <= end.x0:
        return (start.x1, start.cy), (end.x0, end.cy)
    if end.x1 <= start.x0:
        return (start.x0, start.cy), (end.x1, end.cy)
    return ((start.cx, start.y1), (end.cx, end.y0)) if start.cy < end.cy else ((start.cx, start.y0), (end.cx, end.y1))


def _arc(start: Point, end: Point, outermost: float) -> tuple[Point, ...]:
    """Points of a bow to the left of two points, going out to a place."""
    (x0, y0), (x1, y1) = start, end
    bend = (outermost - (x0 + x1) / 8) * 4 / 3
    steps = [k / 32 for k in range(33)]
    return tuple(
        (
            (1 - t) ** 3 * x0 + 3 * t * (1 - t) * bend + t**3 * x1,
            (1 - t) ** 3 * y0 + 3 * (1 - t) ** 2 * t * y0 + 3 * (1 - t) * t**2 * y1 + t**3 * y1,
        )
        for t in steps
    )


def _line(canvas: Canvas, link: Link, route: tuple[Point, ...]) -> None:
    colour = palette.INK if link.solid else palette.SOFT
    dash = None if link.solid else DASH
    canvas.path(_short(route, both=link.role == "covariance"), colour, 0.9, dash)
    _head(canvas, route[-2], route[-1], colour)
    if link.role == "covariance":
        _head(canvas, route[1], route[0], colour)


def _short(route: tuple[Point, ...], both: bool) -> tuple[Point, ...]:
    """The route without the length of its heads."""
    points = list(route)
    for at, before in ((-1, -2), (0, 1))[: 2 if both else 1]:
        (x0, y0), (x1, y1) = points[before], points[at]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        points[at] = (x1 - HEAD * (x1 - x0) / length, y1 - HEAD * (y1 - y0) / length)
    return tuple(points)


def _head(canvas: Canvas, before: Point, tip: Point, colour: str) -> None:
    (x0, y0), (x1, y1) = before, tip
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    base = (x1 - HEAD * ux, y1 - HEAD * uy)
    wings = ((base[0] - HALF_HEAD * uy, base[1] + HALF_HEAD * ux), (base[0] + HALF_HEAD * uy, base[1] - HALF_HEAD * ux))
    canvas.polygon((tip, *wings), colour)


def _number(canvas: Canvas, link: Link, route: tuple[Point, ...], taken: list[Box]) -> None:
    """The number on its line, at the first place that is free."""
    size = (lettering.width(link.text, SMALL) + 4, SMALL * 1.25)
    # On a short level line the number stands above, or it would hide the line.
    short = len(route) == 2 and abs(route[1][0] - route[0][0]) < size[0] + 3 * HEAD
    lift = SMALL * 0.75 if short and abs(route[1][1] - route[0][1]) < SMALL else 0.0
    places = [(x, y - lift) for x, y in (_along(route, share) for share in _STATIONS)]
    boxes = [_at(x, y, size) for x, y in places]
    free = [box for box in boxes if not any(box.overlaps(other) for other in taken)]
    box = (free or boxes)[0]
    taken.append(box)
    if not lift:
        canvas.rect(box, palette.PAPER)
    canvas.text(box.cx, box.cy, link.text, size=SMALL, align="center")


def _along(route: tuple[Point, ...], share: float) -> Point:
    lengths = [math.dist(a, b) for a, b in zip(route, route[1:], strict=False)]
    left = share * sum(lengths)
    for (a, b), length in zip(zip(route, route[1:], strict=False), lengths, strict=True):
        if left <= length and length:
            return a[0] + (b[0] - a[0]) * left / length, a[1] + (b[1] - a[1]) * left / length
        left -= length
    return route[-1]


def _node(canvas: Canvas, box: Box, lines: Sequence[str], form: str) -> None:
    if form == "factor":
        canvas.shapes.append(Shape(_ellipse(box), palette.BLANK, palette.INK, 0.9, curved=True))
    else:
        canvas.rect(box, palette.BLANK, palette.INK, 0.9)
    canvas.block(box.cx, box.cy, lines, align="center")


def _ellipse(box: Box) -> tuple[Point, ...]:
    """Four cubic arcs; 0.5523 keeps them within 0.03 % of a quarter."""
    a, b = (box.x1 - box.x0) / 2, (box.y1 - box.y0) / 2
    unit = ((1, 0), (1, 0.5523), (0.5523, 1), (0, 1), (-0.5523, 1), (-1, 0.5523), (-1, 0))
    lower = ((-1, -0.5523), (-0.5523, -1), (0, -1), (0.5523, -1), (1, -0.5523), (1, 0))
    return tuple((box.cx + a * x, box.cy + b * y) for x, y in (*unit, *lower))
