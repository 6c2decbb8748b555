"""An item response model in, its figures out: chances of the answers, and information."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Figure, Label

if TYPE_CHECKING:
    from evalkit.measurement.item_response.result import IrtResult

MOST_CURVES, MOST_INFORMATION = 20, 16
"""More charts than this no page holds; further items are left to the tables."""
PLACES, FINE_PLACES = (np.round(np.arange(-4.0, 4.01, step), 10) for step in (0.2, 0.1))
"""Where curves are evaluated; the information of a steep item has narrow peaks."""


def curve_figure(result: IrtResult) -> Figure:
    """Frame: item, code, theta, estimate."""
    frames = [
        pd.DataFrame({"item": item.name, "code": value, "theta": PLACES, "estimate": line})
        for item, chances in zip(result.items[:MOST_CURVES], result.probabilities(PLACES), strict=False)
        for value, line in zip(item.values, chances, strict=True)
    ]
    labels = dict(result.labels) | dict(result.answers)
    return Figure("irt", "category_curves", Label("irt.curves"), pd.concat(frames, ignore_index=True), labels,
                  _notes(result, MOST_CURVES))  # fmt: skip


def information_figure(result: IrtResult) -> Figure:
    """Frame: part (test, error, item), item, theta, estimate."""
    each = result.information(FINE_PLACES)
    whole = each.sum(axis=0)
    frames = [
        pd.DataFrame({"part": "test", "item": None, "theta": FINE_PLACES, "estimate": whole}),
        pd.DataFrame({"part": "error", "item": None, "theta": FINE_PLACES, "estimate": 1 / np.sqrt(whole)}),
        *(
            pd.DataFrame({"part": "item", "item": item.name, "theta": FINE_PLACES, "estimate": line})
            for item, line in zip(result.items[:MOST_INFORMATION], each, strict=False)
        ),
    ]
    labels = dict(result.labels) | {"test": Label("irt.test"), "error": Label("irt.test_error")}
    return Figure("irt-information", "information", Label("irt.information"), pd.concat(frames, ignore_index=True),
                  labels, _notes(result, MOST_INFORMATION))  # fmt: skip


def _notes(result: IrtResult, most: int) -> tuple[Label, ...]:
    left = len(result.items) - most
    more = (Label("irt.figure_left", n=left),) if left > 0 else ()
    return (Label(f"irt.model_{result.model}"), Label("n", n=result.n_obs), *more)
