from __future__ import annotations

import dataclasses
import importlib
import itertools
import math

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Figure, Label
from evalkit.report.figures import (
    KINDS,
    axes,
    coefficients,
    heatmap,
    lettering,
    likert,
    multiple_response,
    palette,
    path,
)
from evalkit.report.figures.canvas import Box, Canvas, Line, Shape
from evalkit.report.figures.path_layout import arrange, order
from evalkit.report.figures.wording import Wording, significant
from evalkit.report.styles import load_style


def drawing(figure: Figure, lang: str = "zh") -> tuple[Canvas, Wording]:
    wording = Wording(figure, lang, load_style("cn"))
    return importlib.import_module(KINDS[figure.kind]).draw(wording), wording


def ink(line: Line) -> Box:
    """What the glyphs of a line really cover."""
    xs, ys, pen = [], [], 0.0
    for character in line.text:
        glyph = lettering.glyph(character)
        if len(glyph.vertices):
            xs += [pen + glyph.vertices[:, 0].min(), pen + glyph.vertices[:, 0].max()]
            ys += [glyph.vertices[:, 1].min(), glyph.vertices[:, 1].max()]
        pen += glyph.advance
    em = line.size / lettering.UNITS
    return Box(line.x + min(xs) * em, line.y - max(ys) * em, line.x + max(xs) * em, line.y - min(ys) * em)


def extent(shape: Shape) -> Box:
    xs, ys = zip(*shape.points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def rectangles(canvas: Canvas, fill: str | None = None) -> list[Box]:
    found = [s for s in canvas.shapes if isinstance(s, Shape) and s.fill and not s.curved and len(s.points) == 5]
    return [extent(s) for s in found if fill is None or s.fill == fill]


def test_no_two_texts_touch_and_none_leaves_the_picture(sample, lang):
    canvas, _ = drawing(sample, lang)
    boxes = [(line, ink(line)) for line in canvas.lines if line.text]
    page = Box(0, 0, canvas.width, canvas.height)
    for line, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, line.text
    for (a, first), (b, second) in itertools.combinations(boxes, 2):
        assert not first.overlaps(second), (a.text, b.text)


def test_no_text_is_smaller_than_seven_and_a_half_points(sample, lang):
    canvas, _ = drawing(sample, lang)
    assert min(line.size for line in canvas.lines) >= 7.5
    assert canvas.width <= 480


def test_every_wording_is_drawn_whole(sample, lang):
    canvas, wording = drawing(sample, lang)
    shown = "".join("".join(line.text for line in canvas.lines).split())
    named = set()
    for column in ("item", "option", "row", "column", "term", "from", "to", "group"):
        named |= set(sample.frame[column].dropna()) if column in sample.frame else set()
    for name in named:
        assert "".join(wording.label(name).split()) in shown


def test_likert_bars_lie_about_the_middle_of_the_scale(samples):
    figure = samples["likert"]()
    canvas, _ = drawing(figure)
    codes, bars = likert.items(figure.frame)
    assert codes == [1, 2, 3, 4, 5]
    assert [bar.mean for bar in bars] == sorted((bar.mean for bar in bars), reverse=True)
    zero = next(s.points[0][0] for s in canvas.shapes if isinstance(s, Shape) and s.stroke == palette.INK)
    neutral = [box for box in rectangles(canvas, palette.NEUTRAL) if box.y1 - box.y0 == likert.LOOSE.bar]
    assert len(neutral) == 12
    assert all(box.cx == pytest.approx(zero) for box in neutral)
    strong = [box for box in rectangles(canvas, palette.levels(5)[4]) if box.y1 - box.y0 == likert.LOOSE.bar]
    per_cent = (neutral[0].x1 - neutral[0].x0) / bars[0].shares[2]
    for box, bar in zip(strong, bars, strict=True):
        assert box.x1 - box.x0 == pytest.approx(per_cent * bar.shares[4])
        assert box.x1 == pytest.approx(zero + per_cent * (100 - bar.left))


def test_many_items_are_set_closer_but_not_smaller_than_readable(samples, lang):
    one = samples["likert"]()
    frames = [one.frame.assign(item=one.frame["item"] + f"_{i}") for i in range(3)]
    labels = one.labels | {f"{name}_{i}": one.labels[name] for name in set(one.frame["item"]) for i in range(3)}
    canvas, _ = drawing(dataclasses.replace(one, frame=pd.concat(frames), labels=labels), lang)
    assert len(likert.items(pd.concat(frames))[1]) == 36
    assert canvas.height / 36 < 0.78 * drawing(one, lang)[0].height / 12
    assert min(line.size for line in canvas.lines) == 7.5


def test_likert_levels_decide_the_order_and_an_even_scale_parts_between_two(samples):
    figure = samples["likert"](2, 4)
    turned = figure.frame.assign(level=5 - figure.frame["level"])
    codes, bars = likert.items(turned)
    assert codes == [4, 3, 2, 1]
    assert bars[0].left == pytest.approx(bars[0].shares[0] + bars[0].shares[1])


def test_likert_shows_an_item_without_answers_as_such(samples, lang):
    figure = samples["likert"](3)
    frame = figure.frame.copy()
    blank = frame["item"] == "PG1"
    frame.loc[blank, ["percent", "mean"]] = np.nan
    frame.loc[blank, "n_obs"] = 0
    canvas, wording = drawing(dataclasses.replace(figure, frame=frame), lang)
    assert any(line.text == wording.say("no_answers") for line in canvas.lines)
    assert [bar.id for bar in likert.items(frame)[1]][-1] == "PG1"


def test_multiple_response_bars_start_at_zero_and_fall(samples):
    figure = samples["multiple"]()
    canvas, _ = drawing(figure)
    bars = rectangles(canvas, palette.FILLS[0])
    shares = sorted(figure.frame["percent_cases"], reverse=True)
    assert len({box.x0 for box in bars}) == 1
    widths = np.array([box.x1 - box.x0 for box in bars])
    np.testing.assert_allclose(widths / widths[0], np.array(shares) / shares[0])
    assert any("n = 1146" in line.text for line in canvas.lines)


def test_multiple_response_without_n_takes_it_from_count_and_share(samples):
    figure = samples["multiple"]()
    canvas, _ = drawing(dataclasses.replace(figure, frame=figure.frame.drop(columns="n_obs")))
    assert any("n = 1146" in line.text for line in canvas.lines)


def test_multiple_response_leaves_the_whole_sample_out_beside_its_groups(samples):
    grouped, whole = samples["multiple"](True).frame, samples["multiple"]().frame
    options, groups, rows = multiple_response.ordered(pd.concat([whole, grouped]))
    assert groups == ["party", "others"]
    assert len(rows) == 20
    total = grouped.groupby("option")["count"].sum()
    assert [total[o] for o in options] == sorted(total, reverse=True)


def test_heatmap_is_a_lower_triangle_with_every_value(samples):
    figure = samples["heatmap"]()
    canvas, wording = drawing(figure)
    names, fields = heatmap.pairs(figure.frame)
    assert names == list(figure.labels)
    assert len(fields) == 66
    assert all(field.column < field.row for field in fields)
    texts = [line.text for line in canvas.lines]
    for value in figure.frame["estimate"]:
        assert wording.number(value, "correlation") in texts


def test_heatmap_takes_either_order_and_both_triangles(samples):
    frame = samples["heatmap"](4).frame
    turned = frame.rename(columns={"row": "column", "column": "row"})
    diagonal = pd.DataFrame({"row": ["political_guidance"], "column": ["political_guidance"], "estimate": 1.0})
    both = pd.concat([diagonal, frame, turned])
    _, fields = heatmap.pairs(both)
    assert sorted(f.estimate for f in fields) == sorted(frame["estimate"])


def test_heatmap_says_where_there_is_no_coefficient(samples, lang):
    figure = samples["heatmap"](3)
    canvas, wording = drawing(
        dataclasses.replace(figure, frame=figure.frame.assign(estimate=np.nan, p_value=np.nan)), lang
    )
    assert [line.text for line in canvas.lines].count(wording.style.not_computed) == 3
    assert heatmap.alt(
        Wording(dataclasses.replace(figure, frame=figure.frame.assign(estimate=np.nan)), lang, wording.style)
    )


def test_a_marker_is_filled_just_when_the_coefficient_is_significant(samples):
    figure = samples["coefficients"](1)
    canvas, _ = drawing(figure)
    circles = [s for s in canvas.shapes if isinstance(s, Shape) and s.curved][2:]  # the first two are the legend's
    filled = [s.fill != palette.PAPER for s in circles]
    assert filled == [p < 0.05 for p in figure.frame["p_value"]]
    assert True in filled and False in filled


def test_whiskers_end_at_the_interval_and_keep_the_order_of_the_numbers(samples):
    figure = samples["coefficients"](1)
    canvas, _ = drawing(figure)
    lines = [s for s in canvas.shapes if isinstance(s, Shape) and s.stroke == palette.LINES[0] and len(s.points) == 2]
    whiskers = [extent(s) for s in lines if s.points[0][1] == s.points[1][1]]
    low, high = figure.frame["conf_low"].to_numpy(), figure.frame["conf_high"].to_numpy()
    scale = (whiskers[0].x1 - whiskers[0].x0) / (high[0] - low[0])
    for box, a, b in zip(whiskers, low, high, strict=True):
        assert box.x1 - box.x0 == pytest.approx(scale * (b - a))
        assert box.x0 - whiskers[0].x0 == pytest.approx(scale * (a - low[0]))


def test_significance_without_p_is_that_of_the_interval():
    assert significant(math.nan, 0.1, 0.4)
    assert not significant(math.nan, -0.1, 0.4)
    assert not significant(math.nan)
    assert not significant(0.05)


def test_a_coefficient_that_could_not_be_computed_has_no_whisker(samples, lang):
    figure = samples["coefficients"](1)
    frame = figure.frame.copy()
    frame.loc[0, ["estimate", "conf_low", "conf_high", "p_value"]] = np.nan
    canvas, wording = drawing(dataclasses.replace(figure, frame=frame), lang)
    assert wording.style.not_computed in [line.text for line in canvas.lines]
    assert len(coefficients.dots(frame)[1]) == 4


@pytest.mark.parametrize(
    ("kind", "k"), [("simple", 1), *(("parallel", k) for k in range(2, 7)), ("serial", 2), ("serial", 3), ("serial", 4)]
)
def test_labels_of_a_path_diagram_never_overlap_boxes_or_each_other(samples, lang, kind, k):
    figure = samples["path"](kind, k)
    plan = path.layout(Wording(figure, lang, load_style("cn")))
    boxes, labels = list(plan.boxes.values()), list(plan.labels.values())
    for label in labels:
        assert not any(label.overlaps(box) for box in boxes)
    for group in (labels, boxes):
        assert not any(a.overlaps(b) for a, b in itertools.combinations(group, 2))
    page = Box(0, 0, plan.width, plan.height)
    for box in [*boxes, *labels]:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    for route in plan.routes.values():
        assert all(page.x0 <= x <= page.x1 and page.y0 <= y <= page.y1 for x, y in route)


@pytest.mark.parametrize(("kind", "k"), [("simple", 1), ("parallel", 4), ("serial", 3)])
def test_arrows_run_from_box_to_box(samples, kind, k):
    plan = path.layout(Wording(samples["path"](kind, k), "zh", load_style("cn")))
    for (tail, tip), route in plan.routes.items():
        for node, (x, y) in ((tail, route[0]), (tip, route[-1])):
            box = plan.boxes[node]
            on_side = min(abs(x - box.x0), abs(x - box.x1), abs(y - box.y0), abs(y - box.y1))
            assert on_side == pytest.approx(0, abs=1e-9)
            assert box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


@pytest.mark.parametrize(("kind", "k"), [("simple", 1), ("parallel", 4), ("serial", 3)])
def test_x_stands_left_y_right_and_mediators_between(samples, kind, k):
    plan = path.layout(Wording(samples["path"](kind, k), "zh", load_style("cn")))
    x, y = plan.boxes["party_core_function"], plan.boxes["coproduction_network"]
    middle = [box for node, box in plan.boxes.items() if node not in ("party_core_function", "coproduction_network")]
    assert all(x.cx < box.cx < y.cx for box in middle)
    direct = max(point[1] for point in plan.routes["party_core_function", "coproduction_network"])
    assert all(box.y1 < direct for box in middle)


def test_an_arrow_is_dashed_just_when_it_is_not_significant(samples):
    figure = samples["path"]("serial", 3)
    canvas, wording = drawing(figure)
    open_lines = [s for s in canvas.shapes if isinstance(s, Shape) and s.fill is None and len(s.points) in (2, 4)]
    drawn = figure.frame[figure.frame["role"] != "total"]
    assert [s.dash is not None for s in open_lines] == list(drawn["p_value"] >= 0.05)
    assert any(wording.say("path.dashed", bound="0.05") in line.text for line in canvas.lines)


def test_effects_stand_below_the_diagram(samples, lang):
    figure = samples["path"]("parallel", 4)
    canvas, wording = drawing(figure, lang)
    below = path.layout(wording).height
    for note in figure.notes:
        assert any(line.text == note.text(lang) and line.box.y0 > below for line in canvas.lines)


def test_mediators_stand_in_the_order_of_their_chain():
    edges = [("x", "b"), ("x", "a"), ("a", "b"), ("b", "y"), ("a", "y"), ("x", "y")]
    assert order(["x", "b", "a", "y"], edges) == ("x", ["a", "b"], "y")


@pytest.mark.parametrize(
    "edges", [[("x", "y"), ("z", "y")], [("x", "a"), ("a", "b"), ("b", "a"), ("b", "y")], [("x", "y"), ("y", "x")]]
)
def test_a_diagram_without_one_start_and_one_end_is_refused(edges):
    nodes = list(dict.fromkeys(n for edge in edges for n in edge))
    with pytest.raises(ValueError, match="path diagram|circle"):
        arrange({node: node for node in nodes}, dict.fromkeys(edges, "0.1"))


@pytest.mark.parametrize(("low", "high"), [(0, 72.4), (-0.31, 0.52), (0, 1e-7), (-3e5, 12), (0, 0), (0.0, 100.0)])
def test_axes_hold_their_numbers_and_have_round_ticks(low, high):
    axis = axes.spanning(low, high, 100.0, 400.0)
    ticks = axis.ticks()
    assert axis.low <= low and high <= axis.high
    assert 2 <= len(ticks) <= 12
    assert axis.at(axis.low) == 100.0 and axis.at(axis.high) == pytest.approx(400.0)
    shown = [f"{tick:.{axis.places()}f}" for tick in ticks]
    assert len(set(shown)) == len(shown)


def test_titles_are_left_to_the_caption(samples):
    figure = dataclasses.replace(samples["likert"](2), title=Label(zh="标题不在图里", en="No title"))
    canvas, _ = drawing(figure)
    assert not any("标题不在图里" in line.text for line in canvas.lines)
