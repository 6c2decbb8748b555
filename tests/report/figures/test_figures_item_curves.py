"""Curves of items: lines where the numbers are, looks that differ, scales that are shared, words in both languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.report.figures import category_curves, draw, information, palette
from evalkit.report.figures.canvas import Canvas, Shape
from evalkit.report.figures.panels import HIGH, LOW, colour, dashes
from evalkit.report.figures.wording import Wording
from evalkit.report.styles import load_style


def curves(canvas: Canvas) -> list[Shape]:
    """The lines of many points."""
    return [s for s in canvas.shapes if isinstance(s, Shape) and s.fill is None and len(s.points) > 4]


def test_every_answer_of_every_item_has_a_line_at_its_numbers(samples):
    figure = samples["category_curves"]()
    found = curves(category_curves.draw(Wording(figure, "zh", load_style("cn"))))
    assert len(found) == 6 * 5
    inside = figure.frame[figure.frame["theta"].between(LOW, HIGH)]
    first = inside[(inside["item"] == inside["item"].iloc[0])]
    for shape, (_, part) in zip(found[:5], first.groupby("code"), strict=True):
        x, y = np.array(shape.points).T
        np.testing.assert_allclose(np.diff(x), np.diff(x)[0])
        slope, base = np.polyfit(part["estimate"], y, 1)
        np.testing.assert_allclose(base + slope * part["estimate"], y, atol=1e-6)
        assert slope == pytest.approx(-category_curves.HEIGHTS[3])


def test_no_two_answers_look_alike():
    looks = [(colour(i), dashes(i)) for i in range(20)]
    assert len(set(looks)) == 20
    assert len({dashes(i) for i in range(5)}) == 5 and palette.INK not in {colour(i) for i in range(20)}


def test_items_share_the_scale_of_information(samples):
    figure = samples["information"]()
    found = curves(information.draw(Wording(figure, "en", load_style("cn"))))
    assert len(found) == 8
    height = [np.ptp(np.array(s.points)[:, 1]) for s in found[2:]]
    items = figure.frame[(figure.frame["part"] == "item") & figure.frame["theta"].between(LOW, HIGH)]
    spread = items.groupby("item", sort=False)["estimate"].agg(np.ptp)
    np.testing.assert_allclose(np.array(height) / spread, height[0] / spread.iloc[0], rtol=1e-9)


def test_the_alternative_texts_name_what_is_to_be_seen(samples):
    text = draw(samples["category_curves"](3, 2), lang="en").alt
    assert "3 items with 2 answers; in 3 of them" in text
    figure = samples["information"]()
    text = draw(figure, lang="zh").alt
    test = figure.frame[figure.frame["part"] == "test"]
    assert f"{test['estimate'].max():.3f}" in text and "6个题项" in text


def test_an_answer_that_never_leads_is_not_counted(samples):
    figure = samples["category_curves"](3, 3)
    frame = figure.frame.copy()
    frame.loc[frame["code"] == 2, "estimate"] = 0.01
    frame = pd.concat([frame])
    assert category_curves._each_leads(frame[frame["item"] == frame["item"].iloc[0]]) is False
