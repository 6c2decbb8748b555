"""Patterns of missing answers: bars by count, dots where the frame says, words in both languages."""

from __future__ import annotations

import pytest

from evalkit.report.figures import draw, upset
from evalkit.report.figures.canvas import Shape
from evalkit.report.figures.wording import Wording
from evalkit.report.styles import load_style


def test_patterns_fall_and_keep_what_they_lack(samples):
    figure = samples["upset"]()
    shuffled = figure.frame.sample(frac=1, random_state=3)
    found = upset.matrix(shuffled)
    counts = [n for _, n in found.patterns]
    assert counts == sorted(counts, reverse=True) and len(found.items) == 6
    for (key, _), places in zip(found.patterns, found.lacking, strict=True):
        rows = shuffled[(shuffled["pattern"] == key) & (shuffled["missing"] == 1)]
        assert {found.items[i][0] for i in places} == set(rows["item"])


def test_every_pattern_and_item_has_a_dot_and_gaps_are_filled(samples):
    figure = samples["upset"]()
    canvas = upset.draw(Wording(figure, "en", load_style("cn")))
    dots = [shape for shape in canvas.shapes if isinstance(shape, Shape) and shape.curved]
    filled = [dot for dot in dots if dot.fill == "#0B3F7F"]
    assert len(dots) - len(filled) == int((figure.frame["missing"] == 0).sum())
    assert len(filled) == int(figure.frame["missing"].sum())


@pytest.mark.parametrize(("language", "word"), [("zh", "缺失"), ("en", "missing")])
def test_the_alternative_text_names_the_first_pattern(samples, language, word):
    figure = samples["upset"]()
    drawn = draw(figure, lang=language)
    first = figure.frame.loc[figure.frame["missing"] == 1, "item"].iloc[0]
    assert word in drawn.alt and figure.labels[first].text(language) in drawn.alt and "40" in drawn.alt
