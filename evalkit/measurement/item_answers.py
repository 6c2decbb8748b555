"""Item columns in; the share of each answer, for stacked bars, out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.contract import MISSING_KINDS, Codebook, Label, Variable, codebook_of
from evalkit.moments import number_matrix

MOST_POINTS = 11
_NOT_SEEN = (MISSING_KINDS.index("not_asked"), MISSING_KINDS.index("not_in_file"))


def item_answers(data: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, dict[str, Label]]:
    """Share of each scale point among the answers to each item, and the wording of items and points.

    The items of the answer scale that most of them share; empty where answers are no whole points, or more than
    `MOST_POINTS`. `missing_share` (don't know among those asked) stands only where some item has such answers.
    """
    book = codebook_of(data)
    columns = list(dict.fromkeys(columns))
    matrix = number_matrix(data, columns)
    ends = [_ends(book.variables[c], matrix[:, j]) for j, c in enumerate(columns)]
    whole = [e for e in ends if e is not None]
    common = max(dict.fromkeys(whole), key=whole.count) if whole else None
    if common is None:
        return pd.DataFrame(), {}
    points = range(common[0], common[1] + 1)
    chosen = [c for c, e in zip(columns, ends, strict=True) if e == common]
    rows = []
    for name in chosen:
        x = matrix[:, columns.index(name)]
        seen = x[~np.isnan(x)]
        share = _dont_know(data, book, name)
        for point in points:
            percent = 100 * float(np.mean(seen == point))
            rows.append((name, point, percent, len(seen), float(seen.mean()), share))
    frame = pd.DataFrame(rows, columns=["item", "code", "percent", "n_obs", "mean", "missing_share"])
    labels = {c: book.variables[c].label for c in chosen} | _point_labels(book, chosen, points)
    if not (frame["missing_share"] > 0).any():
        return frame.drop(columns="missing_share"), labels
    return frame, labels | {"missing_share": Label("kind.dont_know")}


def _ends(variable: Variable, x: np.ndarray) -> tuple[int, int] | None:
    """Lowest and highest point of an item's answer scale, of the data where the codebook does not say."""
    seen = x[~np.isnan(x)]
    if not len(seen) or (seen != np.rint(seen)).any():
        return None
    low = seen.min() if variable.low is None else min(variable.low, seen.min())
    high = seen.max() if variable.high is None else max(variable.high, seen.max())
    return (int(low), int(high)) if high - low < MOST_POINTS else None


def _dont_know(data: pd.DataFrame, book: Codebook, name: str) -> float:
    answered_as = book.variables[name].reversed_from or name
    if book.missing is None or answered_as not in book.missing:
        return float("nan")
    kinds = book.missing[answered_as].reindex(data.index, fill_value=0).to_numpy()
    asked = int(np.sum(~np.isin(kinds, _NOT_SEEN)))
    return 100 * float(np.sum(kinds == MISSING_KINDS.index("dont_know"))) / asked if asked else float("nan")


def _point_labels(book: Codebook, items: Sequence[str], points: range) -> dict[str, Label]:
    """Wording of each point: of the first item asked in the direction of its scale, else its number."""
    straight = (book.variables[c] for c in items if not book.variables[c].reversed_from)
    options = next((v.categories for v in straight if v.categories), ())
    known = {str(c.code).removesuffix(".0"): Label(zh=c.zh or c.en, en=c.en or c.zh) for c in options}
    return {str(p): known.get(str(p)) or Label(zh=str(p), en=str(p)) for p in points}
