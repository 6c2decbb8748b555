"""Scores under calibrated weights in, their residuals on what was calibrated to out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.moments import number_matrix
from evalkit.sampling.categories import categories
from evalkit.sampling.design import Design, design_arrays
from evalkit.sampling.weighting import Projection


def residual_scores(data: pd.DataFrame, scores: np.ndarray, weights: np.ndarray, projection: Projection) -> np.ndarray:
    """The part of the scores that the calibration left to chance.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Weighted contributions, from weights that were calibrated.
    weights : ndarray, shape (n,)
        The calibrated weights; 0 where a row has none.

    Notes
    -----
    ``w (z - x'b)`` with ``z = score / w``: Deville & Särndal (1992), JASA 87, section 3. After calibration b is the
    regression by the starting weights, after raking an unweighted one, as the two-way projections of R's survey are.
    """
    used = weights != 0
    x = _auxiliary(data.loc[used], projection)
    z = scores[used] / weights[used][:, None]
    start = np.ones(int(used.sum()))
    if projection.weighted and projection.start is not None:
        start = design_arrays(data, Design(weights=projection.start)).weights[used]
    root = np.sqrt(start)[:, None]
    size = np.maximum(np.sqrt((x**2).mean(axis=0)), 1e-300)
    b = np.linalg.lstsq(x / size * root, z * root, rcond=1e-11)[0]
    out = np.zeros_like(scores)
    out[used] = weights[used][:, None] * (z - (x / size) @ b)
    return out


def _auxiliary(data: pd.DataFrame, projection: Projection) -> np.ndarray:
    """Shape (n, q): indicators of each (joint) category, and numbers."""
    columns = []
    for names in projection.categorical:
        joint = np.zeros(len(data), dtype=np.int64)
        for name in names:
            found = categories(data, name)
            joint = joint * (len(found.ids) + 1) + found.position
        columns.append((joint[:, None] == np.unique(joint)).astype(float))
    if projection.numeric:
        columns.append(number_matrix(data, list(projection.numeric)))
    return np.column_stack(columns)
