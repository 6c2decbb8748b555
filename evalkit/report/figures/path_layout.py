"""Where the boxes, arrows and labels of a path diagram stand: sizes from the measured text, nothing drawn.

x stands left, y right; one mediator above the middle; parallel mediators stacked in the middle column, with the
direct path below them; serial mediators in a row above, paths that skip one as arcs over the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalkit.report.figures import lettering
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Box, Point, block_height

BOX_LIMIT = 84.0  # points of text in a box before it wraps
PAD_X, PAD_Y = 7.0, 6.0
LEAST_HEIGHT = 28.0
ARC = 20.0  # height of one storey of arcs
PORT = 9.0  # half the distance between two arrows at one side of a box
_STATIONS = (0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75, 0.2, 0.8)

Edge = tuple[str, str]


@dataclass(frozen=True)
class Layout:
    """Boxes by node, the points of each arrow from tail to tip, and the box of each arrow's label."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    texts: Mapping[str, tuple[str, ...]]
    routes: Mapping[Edge, tuple[Point, ...]]
    labels: Mapping[Edge, Box]


def arrange(names: Mapping[str, str], labels: Mapping[Edge, str]) -> Layout:
    """Places for every node and arrow.

    Parameters
    ----------
    names : mapping
        Node id -> wording, in reading order (mediators in the order of the chain).
    labels : mapping
        Arrow (from, to) -> the text on it.

    Raises
    ------
    ValueError
        If there is not exactly one start and one end, or the arrows run in a circle (a fault of the caller).
    """
    x, mediators, y = order(list(names), list(labels))
    texts = {node: lettering.wrap(word, BOX_LIMIT, BODY) for node, word in names.items()}
    sizes = {node: _size(lines) for node, lines in texts.items()}
    serial = any(a in mediators and b in mediators for a, b in labels)
    for gap in (46.0, 66.0, 90.0, 120.0, 160.0):
        if serial or len(mediators) == 1:
            boxes, routes = _row(x, mediators, y, sizes, list(labels), gap)
        else:
            boxes, routes = _stack(x, mediators, y, sizes, list(labels), gap)
        places, clear = _place(labels, routes, list(boxes.values()))
        if clear:
            break
    bottom = max([box.y1 for box in [*boxes.values(), *places.values()]])
    return Layout(WIDTH, bottom + MARGIN, boxes, texts, routes, places)


def order(nodes: Sequence[str], edges: Sequence[Edge]) -> tuple[str, list[str], str]:
    """Start, mediators in the order of their chain, end."""
    tails, tips = {a for a, _ in edges}, {b for _, b in edges}
    starts, ends = [n for n in nodes if n not in tips], [n for n in nodes if n not in tails]
    if len(starts) != 1 or len(ends) != 1:
        raise ValueError(f"a path diagram has one start and one end, not {starts} and {ends}")
    left = [n for n in nodes if n not in (starts[0], ends[0])]
    chain: list[str] = []
    while left:
        free = [n for n in left if not any(b == n and a in left for a, b in edges)]
        if not free:
            raise ValueError(f"the arrows between {left} run in a circle")
        chain.append(free[0])
        left.remove(free[0])
    return starts[0], chain, ends[0]


def _size(lines: Sequence[str]) -> tuple[float, float]:
    return lettering.widest(list(lines), BODY) + 2 * PAD_X, max(block_height(lines) + 2 * PAD_Y, LEAST_HEIGHT)


def _box(cx: float, cy: float, size: tuple[float, float]) -> Box:
    return Box(cx - size[0] / 2, cy - size[1] / 2, cx + size[0] / 2, cy + size[1] / 2)


def _ends(x: str, y: str, sizes: Mapping[str, tuple[float, float]], cy: float) -> dict[str, Box]:
    return {
        x: _box(MARGIN + sizes[x][0] / 2, cy, sizes[x]),
        y: _box(WIDTH - MARGIN - sizes[y][0] / 2, cy, sizes[y]),
    }


def _stack(
    x: str,
    mediators: Sequence[str],
    y: str,
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[Edge],
    gap: float,
) -> tuple[dict[str, Box], dict[Edge, tuple[Point, ...]]]:
    """Mediators one above the other; x and y beside the middle of the stack; the direct path below it."""
    between = gap * 0.3
    tops, top = {}, MARGIN
    for node in mediators:
        tops[node] = top
        top += sizes[node][1] + between
    bottom = top - between if mediators else MARGIN + LEAST_HEIGHT
    middle = (MARGIN + bottom) / 2
    boxes = {node: _box(WIDTH / 2, tops[node] + sizes[node][1] / 2, sizes[node]) for node in mediators}
    boxes |= _ends(x, y, sizes, middle)
    routes: dict[Edge, tuple[Point, ...]] = {}
    for a, b in edges:
        tail, tip = boxes[a], boxes[b]
        if (a, b) != (x, y):
            spread = _spread(mediators.index(b if a == x else a), len(mediators), min(sizes[x][1], sizes[y][1]) * 0.5)
            start = (tail.x1, tail.cy + (spread if a == x else 0.0))
            routes[a, b] = (start, (tip.x0, tip.cy + (spread if b == y else 0.0)))
        elif mediators:
            below = max(bottom, tail.y1, tip.y1) + 18
            routes[a, b] = ((tail.cx, tail.y1), (tail.cx, below), (tip.cx, below), (tip.cx, tip.y1))
        else:
            routes[a, b] = ((tail.x1, tail.cy), (tip.x0, tip.cy))
    return boxes, routes


def _row(
    x: str,
    mediators: Sequence[str],
    y: str,
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[Edge],
    gap: float,
) -> tuple[dict[str, Box], dict[Edge, tuple[Point, ...]]]:
    """Mediators side by side above x and y; the direct path runs straight from x to y."""
    place = {node: i for i, node in enumerate(mediators)}
    skips = [e for e in edges if e[0] in place and e[1] in place and place[e[1]] - place[e[0]] > 1]
    storeys = {e: i for i, e in enumerate(sorted(skips, key=lambda e: place[e[1]] - place[e[0]]))}
    high = max(sizes[node][1] for node in mediators)
    row = MARGIN + ARC * len(skips) + (8 if skips else 0) + high / 2
    wide = [sizes[node][0] for node in mediators]
    inset = min(max((WIDTH - 2 * MARGIN - sum(wide) - 62.0 * (len(wide) - 1)) / 2, 0.0), 46.0)
    space = (WIDTH - 2 * MARGIN - 2 * inset - sum(wide)) / max(len(wide) - 1, 1)
    boxes, left = {}, MARGIN + inset
    for node in mediators:
        centre = WIDTH / 2 if len(mediators) == 1 else left + sizes[node][0] / 2
        boxes[node] = _box(centre, row, sizes[node])
        left += sizes[node][0] + space
    deeper = gap * (1.0 if len(mediators) == 1 else 1.6)
    boxes |= _ends(x, y, sizes, row + high / 2 + deeper + max(sizes[x][1], sizes[y][1]) / 2)
    routes = {e: _row_route(e, x, mediators, y, boxes, storeys, row - high / 2) for e in edges}
    return boxes, routes


def _row_route(
    edge: Edge,
    x: str,
    mediators: Sequence[str],
    y: str,
    boxes: Mapping[str, Box],
    storeys: Mapping[Edge, int],
    top: float,
) -> tuple[Point, ...]:
    tail, tip = boxes[edge[0]], boxes[edge[1]]
    if edge in storeys:
        level = top - 8 - ARC * (storeys[edge] + 0.5)
        return (tail.cx + PORT, tail.y0), (tail.cx + PORT, level), (tip.cx - PORT, level), (tip.cx - PORT, tip.y0)
    if edge == (x, y) or (edge[0] in mediators and edge[1] in mediators):
        return (tail.x1, tail.cy), (tip.x0, tip.cy)
    if len(mediators) == 1:
        return ((tail.cx, tail.y0), (tip.x0, tip.cy)) if edge[0] == x else ((tail.x1, tail.cy), (tip.cx, tip.y0))
    end, inner = (tail, tip) if edge[0] == x else (tip, tail)
    node = edge[1] if edge[0] == x else edge[0]
    port = (end.cx + _spread(mediators.index(node), len(mediators), (end.x1 - end.x0) * 0.6), end.y0)
    other = (inner.cx + (-PORT if edge[0] == x else PORT), inner.y1)
    return (port, other) if edge[0] == x else (other, port)


def _spread(i: int, n: int, room: float) -> float:
    return room * (i / (n - 1) - 0.5) if n > 1 else 0.0


def _place(
    labels: Mapping[Edge, str], routes: Mapping[Edge, tuple[Point, ...]], boxes: Sequence[Box]
) -> tuple[dict[Edge, Box], bool]:
    """A box on each arrow that touches no node and no other label, and as few other arrows as can be."""
    places: dict[Edge, Box] = {}
    clear = True
    for edge in sorted(labels, key=lambda e: _length(_longest(routes[e]))):
        tries = []
        others = [_longest(route) for e, route in routes.items() if e != edge]
        for rank, share in enumerate(_STATIONS):
            box = _label_box(labels[edge], _along(_longest(routes[edge]), share))
            room = Box(box.x0 - 3, box.y0 - 3, box.x1 + 3, box.y1 + 3)
            blocked = any(box.overlaps(b, 2.0) for b in boxes) or any(box.overlaps(b, 1.0) for b in places.values())
            tries.append((blocked, sum(_meets(room, line) for line in others), rank, box))
        blocked, _, _, places[edge] = min(tries, key=lambda t: t[:3])
        clear = clear and not blocked
    return places, clear


def _label_box(text: str, at: Point) -> Box:
    wide = lettering.width(text, SMALL) / 2 + 2
    return Box(at[0] - wide, at[1] - SMALL * 0.62, at[0] + wide, at[1] + SMALL * 0.62)


def _longest(route: Sequence[Point]) -> tuple[Point, Point]:
    pairs = list(zip(route, route[1:], strict=False))
    return max(pairs, key=_length)


def _length(line: tuple[Point, Point]) -> float:
    (x0, y0), (x1, y1) = line
    return ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5


def _along(line: tuple[Point, Point], share: float) -> Point:
    (x0, y0), (x1, y1) = line
    return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share


def _meets(box: Box, line: tuple[Point, Point]) -> bool:
    """Whether a line passes through a box (Liang and Barsky 1984, clipping by parameter)."""
    (x0, y0), (x1, y1) = line
    low, high = 0.0, 1.0
    for step, room in ((x0 - x1, x0 - box.x0), (x1 - x0, box.x1 - x0), (y0 - y1, y0 - box.y0), (y1 - y0, box.y1 - y0)):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            low = max(low, room / step)
        else:
            high = min(high, room / step)
    return low < high
