"""A sample in, what its bootstrap draws out: rows or clusters, within strata, and what to know about it."""

from __future__ import annotations

import numpy as np

from evalkit.contract import Problem
from evalkit.models.sample import Sample
from evalkit.resample import codes, strata_of_units

SMALL_STRATUM = 10


def units_of(sample: Sample) -> tuple[np.ndarray | None, int, np.ndarray | None, list[Problem]]:
    """Unit of each row (None: every row is one), number of units, stratum of each unit, notices.

    With fewer than two units nothing can be resampled: W662.
    """
    units = sample.clusters
    n_units = sample.n if units is None else int(units.max()) + 1
    if n_units < 2:
        return units, n_units, None, [Problem("W662", params={"n": n_units})]
    notices: list[Problem] = []
    strata = None
    if sample.declared is not None and sample.declared.strata is not None and sample.design is not None:
        rows = codes(sample.design.strata[sample.rows])
        strata = rows if units is None else strata_of_units(units, rows)
        fewest = int(np.bincount(strata).min())
        if fewest < SMALL_STRATUM:
            notices.append(Problem("N685", params={"n": fewest}))
    if sample.declared is not None and sample.declared.fpc is not None:
        notices.append(Problem("N686", params={"name": sample.declared.fpc}))
    return units, n_units, strata, notices
