"""Stretches that overlap an earlier one of their group, found by arrays and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.ingest.casebook.quotes import _overlaps

OFFSETS = st.none() | st.integers(0, 9)
ROWS = st.lists(st.tuples(OFFSETS, OFFSETS, st.sampled_from("ab"), st.sampled_from(["x", "y", None])), max_size=14)


def by_hand(frame: pd.DataFrame) -> set[tuple[int, int]]:
    """Of each stretch the earlier one that reaches furthest, where it reaches into it."""
    found = set()
    groups: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
    for row, start, end, source, code in frame.fillna({"code": ""}).itertuples():
        if start < end:
            groups.setdefault((source, code), []).append((start, end, row))
    for stretches in groups.values():
        widest: tuple[float, int] | None = None
        for start, end, row in sorted(stretches):
            if widest and start < widest[0]:
                found.add((widest[1], row))
            if widest is None or end > widest[0]:
                widest = (end, row)
    return found


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_overlaps_are_those_found_by_hand(rows):
    frame = pd.DataFrame(rows, columns=["start", "end", "source", "code"])
    frame[["start", "end"]] = frame[["start", "end"]].astype(float)
    frame["code"] = frame["code"].astype("str")
    found = _overlaps(frame, ["source", "code"])
    assert len(found) == len(set(found)) and set(found) == by_hand(frame)


def test_a_long_stretch_is_the_one_that_is_named():
    frame = pd.DataFrame({"start": [0.0, 1.0, 5.0, np.nan], "end": [9.0, 2.0, 6.0, np.nan], "source": ["a"] * 4})
    assert _overlaps(frame, ["source"]) == [(0, 1), (0, 2)]
