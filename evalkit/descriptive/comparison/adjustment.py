"""p-values of a family of tests in; p-values adjusted for their number out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from evalkit.descriptive.association import holm


def adjusted(p: np.ndarray, method: str) -> np.ndarray:
    """Adjusted p-values by one of `METHODS`; nan take no part in the family.

    Notes
    -----
    Holm (1979), Hochberg (1988), Hommel (1988), Bonferroni; false discovery rate: Benjamini & Hochberg (1995),
    Benjamini & Yekutieli (2001).
    """
    p = np.asarray(p, dtype=float)
    found = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        found[tested] = METHODS[method](p[tested])
    return found


def _step_up(p: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Smallest of the products at this and all larger p-values; `factors` belong to p in falling order."""
    order = np.argsort(-p, kind="stable")
    found = np.empty(len(p))
    found[order] = np.minimum(1.0, np.minimum.accumulate(factors * p[order]))
    return found


def _hochberg(p: np.ndarray) -> np.ndarray:
    return _step_up(p, np.arange(1, len(p) + 1))


def _bonferroni(p: np.ndarray) -> np.ndarray:
    return np.minimum(1.0, len(p) * p)


def _bh(p: np.ndarray) -> np.ndarray:
    return _step_up(p, len(p) / np.arange(len(p), 0, -1))


def _by(p: np.ndarray) -> np.ndarray:
    n = len(p)
    return _step_up(p, n * np.sum(1 / np.arange(1, n + 1)) / np.arange(n, 0, -1))


def _hommel(p: np.ndarray) -> np.ndarray:
    """Closed testing by Simes' tests: for each size m of a subset the bound that it sets; Wright (1992)."""
    n = len(p)
    order = np.argsort(p, kind="stable")
    x = p[order]
    found = np.full(n, np.min(n * x / np.arange(1, n + 1)))
    for m in range(n - 1, 1, -1):
        least = np.min(m * x[n - m + 1 :] / np.arange(2, m + 1))
        bound = np.append(np.minimum(m * x[: n - m + 1], least), np.full(m - 1, 0.0))
        bound[n - m + 1 :] = bound[n - m]
        found = np.maximum(found, bound)
    back = np.empty(n)
    back[order] = np.maximum(found, x)
    return back


def _none(p: np.ndarray) -> np.ndarray:
    return p


METHODS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "holm": holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "bonferroni": _bonferroni,
    "bh": _bh,
    "by": _by,
    "none": _none,
}
