"""How well one set lies within another: consistency, coverage, and their relatives, for crisp and fuzzy memberships.

Every function takes memberships x (n,) or (n, k) column by column and y (n,), and gives one value a column.
"""

from __future__ import annotations

import numpy as np


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=float), np.asarray(bottom, dtype=float))
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _column(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y[:, None] if x.ndim == 2 else y


def consistency(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x within y: ``sum min(x, y) / sum x`` (Ragin 2006, Political Analysis 14, 291-310)."""
    return _ratio(np.minimum(x, _column(x, y)).sum(axis=0), x.sum(axis=0))


def coverage(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How much of y lies in x: ``sum min(x, y) / sum y``."""
    return _ratio(np.minimum(x, _column(x, y)).sum(axis=0), np.full(x.shape[1:], y.sum()))


def pri(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Proportional reduction in inconsistency: what is left when membership in both y and not-y is taken away.

    Schneider & Wagemann (2012), Set-theoretic methods for the social sciences, section 9.2.
    """
    y = _column(x, y)
    both = np.minimum(np.minimum(x, y), 1 - y).sum(axis=0)
    return _ratio(np.minimum(x, y).sum(axis=0) - both, x.sum(axis=0) - both)


def relevance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Relevance of necessity: low where x is nearly everywhere (Schneider & Wagemann 2012, section 9.2.1)."""
    return _ratio((1 - x).sum(axis=0), (1 - np.minimum(x, _column(x, y))).sum(axis=0))
