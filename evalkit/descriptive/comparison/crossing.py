"""Two categorical columns in; their cells as one column out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import Label
from evalkit.descriptive.comparison.factorial import BOTH, FIRST, SECOND
from evalkit.descriptive.levels import Coded, Level


def crossed(one: Coded, other: Coded) -> Coded:
    """Cells `a:b`, the levels of the first column outermost."""
    k = len(other.levels)
    levels = [
        Level(float(i * k + j), f"{a.id}:{b.id}", _times(a.label, b.label))
        for i, a in enumerate(one.levels)
        for j, b in enumerate(other.levels)
    ]
    missing = (one.position < 0) | (other.position < 0)
    place = np.where(missing, -1, one.position * k + other.position)
    return Coded(f"{one.name}:{other.name}", _times(one.label, other.label), tuple(levels), place)


def factor_labels(one: Coded, other: Coded) -> dict[str, Label]:
    """The words of the factors and of their interaction."""
    return {FIRST: one.label, SECOND: other.label, BOTH: _times(one.label, other.label)}


def _times(one: Label, other: Label) -> Label:
    return Label(zh=f"{one.text('zh')}×{other.text('zh')}", en=f"{one.text('en')} x {other.text('en')}")
