"""Where actors stand in a drawing: the same place every time, near those they can reach in few steps."""

from __future__ import annotations

import numpy as np

_ABOVE = 0.88
"""Share of the height that is left to actors with ties where others stand below them."""


def places(distances: np.ndarray, rounds: int = 300) -> np.ndarray:
    """Points whose distances follow the steps between actors, shape (n, 2), within 0 to 1.

    Stress majorisation (Gansner, Koren & North 2005) from classical scaling; no chance is in it. Actors out of reach
    stand one step beyond the longest way; those without any tie in a row below the others.
    """
    n = len(distances)
    if n < 2:
        return np.full((n, 2), 0.5)
    alone = np.isfinite(distances).sum(axis=1) <= 1
    if alone.any() and not alone.all():
        found = np.empty((n, 2))
        found[~alone] = places(distances[np.ix_(~alone, ~alone)], rounds) * (1, _ABOVE)
        found[alone] = np.column_stack([np.arange(1, alone.sum() + 1) / (alone.sum() + 1), np.ones(alone.sum())])
        return found
    d = distances.copy()
    farthest = d[np.isfinite(d)].max(initial=1.0)
    d[~np.isfinite(d)] = farthest + 1
    np.fill_diagonal(d, 0)
    x = _scaled(d)
    weight = np.divide(1, d**2, out=np.zeros_like(d), where=d > 0)
    laplacian = np.diag(weight.sum(axis=1)) - weight
    inverse = np.linalg.pinv(laplacian)
    for _ in range(rounds):
        apart = np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))
        pull = np.divide(weight * d, apart, out=np.zeros_like(d), where=apart > 1e-9)
        moved = inverse @ (np.diag(pull.sum(axis=1)) - pull) @ x
        if np.abs(moved - x).max() < 1e-6:
            break
        x = moved
    low, high = x.min(axis=0), x.max(axis=0)
    return np.asarray((x - (low + high) / 2) / max((high - low).max(), 1e-9) + 0.5)


def _scaled(d: np.ndarray) -> np.ndarray:
    """Classical scaling; actors at one point are set apart on a small circle, in order."""
    n = len(d)
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-centre @ (d**2) @ centre / 2)
    x = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
    x *= np.where(x[np.abs(x).argmax(axis=0), [0, 1]] < 0, -1, 1)  # the sign of an eigenvector is arbitrary
    turn = 2 * np.pi * np.arange(n) / n
    return np.asarray(x + 0.05 * np.column_stack([np.cos(turn), np.sin(turn)]))
