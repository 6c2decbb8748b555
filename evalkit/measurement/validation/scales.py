"""Scale ids or lists of items in; the columns of each scale with its wording out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, item_columns, label_of
from evalkit.moments import number_matrix

Scales = str | Sequence[str] | Mapping[str, Sequence[str]]
"""A scale id, several, or items by a name of their scale."""


@dataclass(frozen=True)
class ScaleItems:
    """One scale: its keyed columns and their words."""

    id: str
    label: Label
    columns: tuple[str, ...]
    labels: tuple[Label, ...]


def scales_of(data: pd.DataFrame, scales: Scales, least: int = 2) -> tuple[ScaleItems, ...]:
    """Columns of each scale.

    Parameters
    ----------
    scales : str, sequence of str or mapping
        Scale ids of the codebook, or items by name: `{"trust": ["t1", "t2", "t3"]}`.
    least : int
        Items that a scale must have.

    Raises
    ------
    AnalysisError
        E600 for unknown names; E770 for no scale, one named twice, too few items in one, or an item named twice in it.
    """
    if isinstance(scales, Mapping):
        wanted = [(str(id), item_columns(data, list(columns))) for id, columns in scales.items()]
    else:
        names = [scales] if isinstance(scales, str) else list(scales)
        wanted = [(name, item_columns(data, name)) for name in names]
    bad = [id for id, columns in wanted if len(columns) < least or len(set(columns)) < len(columns)]
    if bad or not wanted or len({id for id, _ in wanted}) < len(wanted):
        raise AnalysisError(Problem("E770", params={"names": bad or [id for id, _ in wanted], "least": least}))
    return tuple(
        ScaleItems(id, label_of(data, id), tuple(columns), tuple(label_of(data, c) for c in columns))
        for id, columns in wanted
    )


def complete_rows(data: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Answers of the rows complete on all columns, shape (n, p), and which rows of the data these are."""
    matrix = number_matrix(data, columns)
    complete = ~np.isnan(matrix).any(axis=1)
    return matrix[complete], complete


def both(label: Label) -> dict[str, str]:
    """The zh/en pair that a Problem's parameters take, without the stop at the end of a wording."""
    return {lang: label.text(lang).rstrip("。.；;：: ") for lang in ("zh", "en")}
