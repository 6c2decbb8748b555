"""Item columns in; the share of each answer, for stacked bars, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import MISSING_KINDS, Codebook, Label, codebook_of
from evalkit.moments import number_matrix

MOST_POINTS = 11
_NOT_SEEN = (MISSING_KINDS.index("not_asked"), MISSING_KINDS.index("not_in_file"))


@dataclass(frozen=True, eq=False)
class ItemAnswers:
    """Rows of item, code, percent, n_obs, mean (and missing_share); words for items and points.

    `n_left` items have other answer options and are not among them.
    """

    frame: pd.DataFrame
    labels: Mapping[str, Label]
    n_left: int = 0


def item_answers(data: pd.DataFrame, columns: Sequence[str]) -> ItemAnswers:
    """Share of each scale point among the answers to each item.

    Shown are the items with the answer options that most of them share; none where answers are no whole points, or
    more than `MOST_POINTS`. `missing_share` (don't know among those asked) stands only where some item has it.
    """
    book = codebook_of(data)
    columns = list(dict.fromkeys(columns))
    matrix = number_matrix(data, columns)
    options = [_options(book, c, matrix[:, j]) for j, c in enumerate(columns)]
    usable = [o for o in options if o is not None]
    if not usable:
        return ItemAnswers(pd.DataFrame(), {})
    common = max(dict.fromkeys(usable), key=usable.count)
    chosen = [j for j, o in enumerate(options) if o == common]
    rows = []
    for j in chosen:
        seen = matrix[~np.isnan(matrix[:, j]), j]
        share = _dont_know(data, book, columns[j])
        for point in common.points:
            percent = 100 * float(np.mean(seen == point))
            rows.append((columns[j], point, percent, len(seen), float(seen.mean()), share))
    frame = pd.DataFrame(rows, columns=["item", "code", "percent", "n_obs", "mean", "missing_share"])
    labels = {columns[j]: book.variables[columns[j]].label for j in chosen}
    labels |= {str(p): words for p, words in zip(common.points, common.words, strict=True)}
    if (frame["missing_share"] > 0).any():
        labels["missing_share"] = Label("kind.dont_know")
    else:
        frame = frame.drop(columns="missing_share")
    return ItemAnswers(frame, labels, len(columns) - len(chosen))


@dataclass(frozen=True)
class _Options:
    """The answer scale of an item: its points and their wording when they were asked."""

    points: tuple[int, ...]
    words: tuple[Label, ...]


def _options(book: Codebook, name: str, x: np.ndarray) -> _Options | None:
    """Ends as the codebook has them, wider where the data are; a keyed item has the words of the one as asked.

    A bar of a keyed item then lies on the side of its scale, which its wording marks as turned round.
    """
    variable = book.variables[name]
    seen = x[~np.isnan(x)]
    if not len(seen) or (seen != np.rint(seen)).any():
        return None
    low = seen.min() if variable.low is None else min(variable.low, seen.min())
    high = seen.max() if variable.high is None else max(variable.high, seen.max())
    if high - low >= MOST_POINTS:
        return None
    asked = book.variables.get(variable.reversed_from or name, variable)
    known = {float(c.code): Label(zh=c.zh or c.en, en=c.en or c.zh) for c in asked.categories if _is_number(c.code)}
    points = tuple(range(int(low), int(high) + 1))
    return _Options(points, tuple(known.get(p) or Label(zh=str(p), en=str(p)) for p in points))


def _is_number(code: object) -> bool:
    return isinstance(code, (int, float)) and not isinstance(code, bool)


def _dont_know(data: pd.DataFrame, book: Codebook, name: str) -> float:
    answered_as = book.variables[name].reversed_from or name
    if book.missing is None or answered_as not in book.missing:
        return float("nan")
    kinds = book.missing[answered_as].reindex(data.index, fill_value=0).to_numpy()
    asked = int(np.sum(~np.isin(kinds, _NOT_SEEN)))
    return 100 * float(np.sum(kinds == MISSING_KINDS.index("dont_know"))) / asked if asked else float("nan")
