"""A table of counts in; its chi-square test, residuals and Cramér's V out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, eq=False)
class Association:
    """Pearson's chi-square test of independence (no continuity correction) and Cramér's V.

    `expected` and `residual` (adjusted standardised) have the shape of the counts, nan in empty rows and columns,
    which take no part in the test. All values are nan where fewer than two rows or columns are left.
    """

    chi2: float
    df: float
    p_value: float
    cramers_v: float
    expected: np.ndarray
    residual: np.ndarray

    @property
    def smallest_expected(self) -> float:
        return float(np.nanmin(self.expected)) if np.isfinite(self.expected).any() else float("nan")

    @property
    def n_small(self) -> int:
        """Cells whose expected count is below 5."""
        return int(np.sum(self.expected < 5))

    @property
    def n_cells(self) -> int:
        return int(np.isfinite(self.expected).sum())


def association(counts: np.ndarray) -> Association:
    """Test a table of counts, shape (r, c).

    Notes
    -----
    V = sqrt(chi2 / (n (min(r, c) - 1))), Cramér (1946). Residuals: Haberman (1973), Biometrics 29, 205-220.
    """
    counts = np.asarray(counts, dtype=float)
    rows, columns = counts.sum(axis=1) > 0, counts.sum(axis=0) > 0
    used = counts[np.ix_(rows, columns)]
    expected, residual = np.full(counts.shape, np.nan), np.full(counts.shape, np.nan)
    nan = float("nan")
    if min(used.shape) < 2:
        return Association(nan, nan, nan, nan, expected, residual)
    found = stats.chi2_contingency(used, correction=False)
    n = used.sum()
    row, column = used.sum(axis=1, keepdims=True) / n, used.sum(axis=0, keepdims=True) / n
    free = found.expected_freq * (1 - row) * (1 - column)
    expected[np.ix_(rows, columns)] = found.expected_freq
    residual[np.ix_(rows, columns)] = (used - found.expected_freq) / np.sqrt(free)
    v = float(np.sqrt(found.statistic / (n * (min(used.shape) - 1))))
    return Association(float(found.statistic), float(found.dof), float(found.pvalue), v, expected, residual)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment (1979), Scandinavian Journal of Statistics 6, 65-70; nan stay out of it."""
    p = np.asarray(p, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = (len(order) - np.arange(len(order))) * p[order]
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted
