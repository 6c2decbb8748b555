"""The framework of a study: variables as boxes in causal order, hypotheses with their signs on the arrows.

Frame: from, to, on, sign, hypothesis; with `on` the arrow of `from` ends at the arrow from `on` to `to` (moderation).
Labels: variables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Box, Canvas, Point, block_height
from evalkit.report.figures.wording import Wording

COLUMNS = ("from", "to", "on", "sign", "hypothesis")
PAD, BETWEEN, CHANNEL, HEAD, HALF_HEAD = 6.0, 22.0, 16.0, 6.0, 2.6
LEAST_GAP = 52.0

Edge = tuple[str, str]


def columns_of(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Column of each node: the longest way to it; an arrow that would close a circle does not count."""
    place = dict.fromkeys(nodes, 0)
    forward: list[Edge] = []
    for edge in edges:
        if not _leads(edge[1], edge[0], forward):
            forward.append(edge)
    for _ in nodes:
        for tail, tip in forward:
            place[tip] = max(place[tip], place[tail] + 1)
    return place


def draw(wording: Wording) -> Canvas:
    """Moderators above, the columns of variables below them, paths that skip a column under all."""
    labels = _texts(wording)
    paths = [(a, b) for a, b, on in labels if not on]
    ends = [(on, b) for _, b, on in labels if on]
    edges = list(dict.fromkeys([*paths, *ends]))
    nodes = list(dict.fromkeys(node for edge in edges for node in edge))
    above = [a for a in dict.fromkeys(a for a, _, on in labels if on) if a not in nodes]
    place = columns_of(nodes, edges)
    on = {a: (on, b) for a, b, on in labels if on}
    boxes, texts, bottom = _boxes(wording, nodes, {node: on[node] for node in above}, place)
    routes, depth = _routes(edges, boxes, place, bottom)
    canvas = Canvas()
    for edge in edges:
        _arrow(canvas, routes[edge])
    taken: list[Box] = list(boxes.values())
    spots: list[tuple[Point, str]] = [(_middle(routes[edge]), labels.get((*edge, ""), "")) for edge in edges]
    for (tail, tip, on), text in labels.items():
        if on:
            box, end = boxes[tail], _middle(routes[on, tip], 0.36)
            start = (box.cx, box.y1 if box.y1 < end[1] else box.y0)
            _arrow(canvas, (start, end))
            spots.append((_middle((start, end), 0.45), text))
    for point, text in spots:
        if text:
            _label(canvas, point, text, taken)
    for node, box in boxes.items():
        canvas.rect(box, palette.BLANK, palette.INK, 0.9)
        canvas.block(box.cx, box.cy, texts[node], align="center")
    canvas.height = canvas.notes(depth + BODY, wording.notes(results=False)) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """Every arrow with its hypotheses."""
    parts = []
    for (tail, tip, on), text in _texts(wording).items():
        words = {"tail": wording.label(tail), "tip": wording.label(tip), "text": text}
        key = "framework.item_on" if on else "framework.item"
        parts.append(wording.say(key, **words, **({"on": wording.label(on)} if on else {})))
    return wording.say("framework.alt", n=len(parts), each=wording.listing(parts))


def _texts(wording: Wording) -> dict[tuple[str, str, str], str]:
    """(from, to, on) -> `H1 (+), H2`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for tail, tip, on, sign, number in wording.figure.frame[list(COLUMNS)].itertuples(index=False, name=None):
        shown = {"+": " (+)", "-": f" ({wording.style.minus})"}.get(sign, "")
        found.setdefault((str(tail), str(tip), str(on)), []).append(f"{number}{shown}")
    return {key: ", ".join(parts) for key, parts in found.items()}


def _boxes(
    wording: Wording, nodes: Sequence[str], above: Mapping[str, Edge], place: Mapping[str, int]
) -> tuple[dict[str, Box], dict[str, list[str]], float]:
    """Box of each node, its lines, and the y below all of them."""
    n = max(place.values()) + 1
    wide = min(92.0, (WIDTH - 2 * MARGIN - (n - 1) * LEAST_GAP) / n)
    texts = {node: list(lettering.wrap(wording.label(node), wide - 2 * PAD, BODY)) for node in [*nodes, *above]}
    high = max(block_height(lines) for lines in texts.values()) + 2 * PAD
    boxes: dict[str, Box] = {}
    columns = [MARGIN + wide / 2 + (c * (WIDTH - 2 * MARGIN - wide) / (n - 1) if n > 1 else 0) for c in range(n)]
    top = MARGIN
    for row in _rows_above(above, place, columns, wide):
        for node, x in row.items():
            boxes[node] = Box(x - wide / 2, top, x + wide / 2, top + high)
        top += high + BETWEEN
    stacks = [[node for node in nodes if place[node] == c] for c in range(n)]
    tall = max(len(stack) for stack in stacks) * (high + BETWEEN) - BETWEEN
    for c, stack in enumerate(stacks):
        x = columns[c]
        y = top + (tall - (len(stack) * (high + BETWEEN) - BETWEEN)) / 2
        for node in stack:
            boxes[node] = Box(x - wide / 2, y, x + wide / 2, y + high)
            y += high + BETWEEN
    return boxes, texts, top + tall


def _rows_above(
    above: Mapping[str, Edge], place: Mapping[str, int], columns: Sequence[float], wide: float
) -> list[dict[str, float]]:
    """Middle of each moderator's box, row by row: over the gap behind the column where its path begins."""
    rows: list[dict[str, float]] = []
    for node, (tail, tip) in above.items():
        first = min(place[tail], place[tip])
        x = (columns[first] + columns[min(first + 1, len(columns) - 1)]) / 2
        free = [row for row in rows if all(abs(x - other) > wide + PAD for other in row.values())]
        if free:
            free[0][node] = x
        else:
            rows.append({node: x})
    return rows


def _routes(
    edges: Sequence[Edge], boxes: Mapping[str, Box], place: Mapping[str, int], bottom: float
) -> tuple[dict[Edge, tuple[Point, ...]], float]:
    """Points of each arrow, and the lowest y."""
    out: dict[Edge, tuple[Point, ...]] = {}
    channel = bottom
    for edge in edges:
        tail, tip = boxes[edge[0]], boxes[edge[1]]
        if place[edge[1]] - place[edge[0]] == 1:
            out[edge] = ((tail.x1, tail.cy), (tip.x0, tip.cy))
            continue
        channel += CHANNEL
        shift = 10.0 + 5.0 * ((channel - bottom) / CHANNEL % 4)
        down, up = tail.x1 + shift, tip.x0 - shift
        low, near = (box.y1 - (box.y1 - box.y0) / 5 for box in (tail, tip))
        out[edge] = ((tail.x1, low), (down, low), (down, channel), (up, channel), (up, near), (tip.x0, near))
    return out, channel


def _leads(start: str, end: str, edges: Sequence[Edge]) -> bool:
    """Whether arrows lead from one node to another."""
    reached, new = {start}, [start]
    while new:
        node = new.pop()
        more = [b for a, b in edges if a == node and b not in reached]
        reached.update(more)
        new += more
    return end in reached


def _middle(route: Sequence[Point], share: float = 0.5) -> Point:
    """A point on the longest part of a route."""
    (x0, y0), (x1, y1) = max(zip(route, route[1:], strict=False), key=lambda part: math.dist(*part))
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def _arrow(canvas: Canvas, route: Sequence[Point]) -> None:
    (x0, y0), (x1, y1) = route[-2:]
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    base = (x1 - HEAD * ux, y1 - HEAD * uy)
    canvas.path((*route[:-1], base), palette.INK, 1.0)
    left = (base[0] - HALF_HEAD * uy, base[1] + HALF_HEAD * ux)
    right = (base[0] + HALF_HEAD * uy, base[1] - HALF_HEAD * ux)
    canvas.polygon(((x1, y1), left, right), palette.INK)


def _label(canvas: Canvas, point: Point, text: str, taken: list[Box]) -> None:
    """The text on a white ground, moved up or down where another one stands."""
    lines = lettering.wrap(text, 60.0, SMALL)
    wide, high = lettering.widest(list(lines), SMALL) / 2 + 1.5, block_height(list(lines), SMALL) / 2
    x = min(max(point[0], MARGIN + wide), WIDTH - MARGIN - wide)
    for step in (0.0, -1.0, 1.0, -2.0, 2.0, -3.0, 3.0):
        y = point[1] + step * (high + 2)
        box = Box(x - wide, y - high, x + wide, y + high)
        if not any(box.overlaps(other) for other in taken):
            break
    taken.append(box)
    canvas.rect(box, palette.PAPER)
    canvas.block(x, y, list(lines), size=SMALL, align="center")
