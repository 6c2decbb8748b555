"""A canvas in, SVG and PNG bytes out: no clock, no state, the same bytes each time.

Text is drawn as outlines in both formats, so that a figure looks alike on every machine, with or without
Chinese fonts. matplotlib's Agg renderer is driven directly: a Figure with its artists takes ten times as long.
"""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import Canvas, Line, Shape

DPI = 240
_LONGEST_SIDE = 20_000  # pixels; a taller picture is drawn with fewer dots an inch
_MOVE, _LINE, _CURVE3, _CURVE4, _CLOSE = 1, 2, 3, 4, 79  # codes of matplotlib.path.Path


def svg(canvas: Canvas, name: str, alt: str) -> bytes:
    """A free-standing SVG without prolog, fit to stand inside a page too; `name` keeps its ids apart there."""
    prefix = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    used = dict.fromkeys(c for line in canvas.lines for c in line.text)
    glyphs = "".join(f'<path id="{prefix}-{ord(c):x}" d="{d}"/>' for c in used if (d := _outline(c)))
    body = "".join(_svg_line(s, prefix) if isinstance(s, Line) else _svg_shape(s) for s in canvas.shapes)
    wide, high = _n(canvas.width), _n(canvas.height)
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    size = f'width="{wide}pt" height="{high}pt" viewBox="0 0 {wide} {high}"'
    ground = f'<path d="M0 0H{wide}V{high}H0z" fill="{palette.PAPER}"/>'
    attributes = f'{head} {size} role="img" aria-label={quoteattr(alt)}'
    return f"<svg {attributes}><defs>{glyphs}</defs>{ground}{body}</svg>\n".encode()


def png(canvas: Canvas) -> bytes:
    """The same drawing as pixels, `DPI` dots an inch, without metadata."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D
    from PIL import Image

    dpi = min(DPI, _LONGEST_SIDE * 72 / max(canvas.width, canvas.height))
    scale = dpi / 72
    wide, high = (max(round(side * scale), 1) for side in (canvas.width, canvas.height))
    renderer = RendererAgg(wide, high, dpi)
    points = Affine2D().scale(scale, -scale).translate(0, high)
    paper = renderer.new_gc()
    paper.set_linewidth(0)
    renderer.draw_path(paper, Path.unit_rectangle(), Affine2D().scale(wide, high), palette.rgb(palette.PAPER))
    for shape in canvas.shapes:
        if isinstance(shape, Line):
            _agg_line(renderer, shape, points)
        else:
            _agg_shape(renderer, shape, points)
    picture = Image.frombuffer("RGBA", (wide, high), renderer.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "png", dpi=(dpi, dpi), compress_level=1)  # higher levels: twice the time, 1 % smaller
    return out.getvalue()


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@cache
def _outline(character: str) -> str:
    """Path data of a glyph in font units, y up; empty for a blank."""
    drawn = lettering.glyph(character)
    steps, i = [], 0
    while i < len(drawn.codes):
        code = int(drawn.codes[i])
        n = {_CURVE3: 2, _CURVE4: 3}.get(code, 1)
        if code == _CLOSE:
            steps.append("z")
        else:
            letter = {_MOVE: "M", _LINE: "L", _CURVE3: "Q", _CURVE4: "C"}[code]
            steps.append(letter + " ".join(f"{x:.0f} {y:.0f}" for x, y in drawn.vertices[i : i + n]))
        i += n
    return "".join(steps)


def _svg_line(line: Line, prefix: str) -> str:
    uses, x = [], 0.0
    for character in line.text:
        if _outline(character):
            at = f' x="{_n(x)}"' if x else ""
            uses.append(f'<use xlink:href="#{prefix}-{ord(character):x}"{at}/>')
        x += lettering.glyph(character).advance
    em = f"{line.size / lettering.UNITS:.5f}"
    place = f"translate({_n(line.x)} {_n(line.y)}) scale({em} -{em})"
    return f'<g fill="{line.colour}" transform="{place}">{"".join(uses)}</g>'


def _svg_shape(shape: Shape) -> str:
    start, *rest = (f"{_n(x)} {_n(y)}" for x, y in shape.points)
    style = f'fill="{shape.fill or "none"}"'
    if shape.stroke:
        style += f' stroke="{shape.stroke}" stroke-width="{_n(shape.line)}"'
    if shape.dash:
        style += f' stroke-dasharray="{_n(shape.dash[0])} {_n(shape.dash[1])}"'
    return f'<path d="M{start}{"C" if shape.curved else "L"}{" ".join(rest)}" {style}/>'


def _agg_line(renderer: Any, line: Line, points: Any) -> None:
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D

    vertices, codes, x = [], [], 0.0
    for character in line.text:
        drawn = lettering.glyph(character)
        if len(drawn.codes):
            vertices.append(drawn.vertices + [x, 0.0])
            codes.append(drawn.codes)
        x += drawn.advance
    if not vertices:
        return
    gc = renderer.new_gc()
    gc.set_linewidth(0)
    gc.set_snap(False)
    em = line.size / lettering.UNITS
    place = Affine2D().scale(em, -em).translate(line.x, line.y) + points
    renderer.draw_path(gc, Path(np.concatenate(vertices), np.concatenate(codes)), place, palette.rgb(line.colour))


def _agg_shape(renderer: Any, shape: Shape, points: Any) -> None:
    from matplotlib.path import Path

    gc = renderer.new_gc()
    gc.set_linewidth(shape.line if shape.stroke else 0)  # points: Agg multiplies by the resolution itself
    gc.set_foreground(palette.rgb(shape.stroke or palette.INK))
    gc.set_joinstyle("miter")
    if shape.dash:
        gc.set_dashes(0, shape.dash)
    codes = [_MOVE, *[_CURVE4 if shape.curved else _LINE] * (len(shape.points) - 1)]
    renderer.draw_path(gc, Path(shape.points, codes), points, palette.rgb(shape.fill) if shape.fill else None)
