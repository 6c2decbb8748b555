"""Unrotated loadings in, loadings and factor correlations of simple structure out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from evalkit.resample import Stream, child_seed

ROTATIONS = ("none", "varimax", "quartimax", "promax", "oblimin", "geomin")
OBLIQUE = frozenset({"promax", "oblimin", "geomin"})
KAISER = {"none": False, "varimax": True, "quartimax": False, "promax": True, "oblimin": False, "geomin": False}
"""Whether rows are brought to length one before rotating when the caller does not say: what R's psych does."""

PROMAX_POWER = 4
GEOMIN_DELTA = 0.01
_ROUNDS, _NEAR = 2000, 2e-6
_SAME = 1e-6

Criterion = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Rotation(NamedTuple):
    """Pattern loadings (p, m), factor correlations (m, m), whether a minimum was found.

    `n_best` of `n_starts` random starts ended at the best value found (1 of 1 where there is nothing to start).
    """

    loadings: np.ndarray
    phi: np.ndarray
    converged: bool
    n_best: int = 1
    n_starts: int = 1


def rotate(
    loadings: np.ndarray, method: str, *, kaiser: bool | None = None, starts: int = 10, seed: int = 0
) -> Rotation:
    """Rotate loadings, shape (p, m), to the best of several local minima.

    Parameters
    ----------
    method : str
        One of `ROTATIONS`. Oblimin has gamma 0 (direct quartimin), geomin is oblique with delta 0.01.
    kaiser : bool, optional
        Bring each row to length one before and back after. For promax the varimax step always does; this says
        whether the promax step works on the rows of length one as well. By default as in `KAISER`.
    starts : int
        The first starts from the unrotated factors, the others from random rotations.
    seed : int
        Of the random rotations.

    Notes
    -----
    Gradient projection: Jennrich (2001), Psychometrika 66, 289-306; oblique: (2002), Psychometrika 67, 7-19; criteria:
    Bernaards & Jennrich (2005), Educational and Psychological Measurement 65, 676-696; Kaiser (1958), Psychometrika 23;
    promax: Hendrickson & White (1964), British Journal of Statistical Psychology 17, 65-70.
    """
    m = loadings.shape[1]
    if method == "none" or m == 1:
        return Rotation(loadings, np.eye(m), True)
    wanted = KAISER[method] if kaiser is None else kaiser
    length = np.sqrt(np.sum(loadings**2, axis=1, keepdims=True))
    length = np.where(length > 0, length, 1.0)
    if method == "promax":
        varimax = _best(loadings / length, CRITERIA["varimax"], False, starts, seed)
        base = varimax.loadings if wanted else varimax.loadings * length
        found = _promax(base)
        return varimax._replace(loadings=found.loadings * length if wanted else found.loadings, phi=found.phi)
    scale = length if wanted else np.ones_like(length)
    found = _best(loadings / scale, CRITERIA[method], method in OBLIQUE, starts, seed)
    return found._replace(loadings=found.loadings * scale)


def varimax(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minus the variance of squared loadings, and its gradient; leading axes are starts."""
    centred = loadings**2 - (loadings**2).mean(axis=-2, keepdims=True)
    return -np.sum(centred**2, axis=(-2, -1)) / 4, -loadings * centred


def quartimax(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minus the sum of fourth powers, and its gradient."""
    return -np.sum(loadings**4, axis=(-2, -1)) / 4, -(loadings**3)


def oblimin(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products of squared loadings across factors, and their gradient (gamma 0)."""
    squares = loadings**2
    others = squares.sum(axis=-1, keepdims=True) - squares
    return np.sum(squares * others, axis=(-2, -1)) / 4, loadings * others


def geomin(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Geometric means of the rows' squared loadings plus delta, and their gradient."""
    squares = loadings**2 + GEOMIN_DELTA
    m = loadings.shape[-1]
    means = np.exp(np.log(squares).sum(axis=-1, keepdims=True) / m)
    return means.sum(axis=(-2, -1)), 2 / m * loadings / squares * means


CRITERIA: dict[str, Criterion] = {"varimax": varimax, "quartimax": quartimax, "oblimin": oblimin, "geomin": geomin}


def _best(a: np.ndarray, criterion: Criterion, oblique: bool, starts: int, seed: int) -> Rotation:
    m = a.shape[1]
    turn = _random_rotations(m, max(starts, 1), seed)
    values, loadings, phi, converged = _project(a, turn, criterion, oblique)
    best = int(np.argmin(np.where(converged, values, np.inf))) if converged.any() else int(np.argmin(values))
    alike = int(np.sum(values <= values[best] + _SAME * max(1.0, abs(float(values[best])))))
    return Rotation(loadings[best], phi[best], bool(converged[best]), alike, len(turn))


def _random_rotations(m: int, starts: int, seed: int) -> np.ndarray:
    """The identity and random orthogonal matrices, shape (starts, m, m)."""
    normal = Stream(child_seed(seed, "rotation starts")).normal(m * m * (starts - 1)).reshape(-1, m, m)
    q, r = np.linalg.qr(normal)
    # Signs of R's diagonal make the draw uniform over rotations.
    q *= np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    return np.concatenate([np.eye(m)[None], q])


def _project(
    a: np.ndarray, turn: np.ndarray, criterion: Criterion, oblique: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gradient projection of all starts at once: values, loadings, factor correlations, converged."""
    step = np.ones(len(turn))
    turn = turn.copy()
    loadings = _turned(a, turn, oblique)
    value, slope = criterion(loadings)
    active = np.arange(len(turn))
    converged = np.zeros(len(turn), dtype=bool)
    for _ in range(_ROUNDS):
        t = turn[active]
        ahead = _projected(a, t, loadings[active], slope[active], oblique)
        size = np.sqrt(np.sum(ahead**2, axis=(1, 2)))
        done = size < _NEAR
        converged[active[done]] = True
        active, ahead, size = active[~done], ahead[~done], size[~done]
        if not len(active):
            break
        _advance(a, active, ahead, size, step, turn, loadings, value, slope, criterion, oblique)
    phi = np.swapaxes(turn, 1, 2) @ turn if oblique else np.broadcast_to(np.eye(a.shape[1]), turn.shape)
    return value, loadings, phi, converged


def _advance(
    a: np.ndarray, active: np.ndarray, ahead: np.ndarray, size: np.ndarray, step: np.ndarray, turn: np.ndarray,
    loadings: np.ndarray, value: np.ndarray, slope: np.ndarray, criterion: Criterion, oblique: bool,
) -> None:  # fmt: skip
    """One step of each active start, halved until the criterion falls enough; writes into the state arrays."""
    step[active] *= 2
    open_ = np.arange(len(active))
    before = value[active].copy()
    origin = turn[active].copy()
    for halving in range(12):
        which = active[open_]
        moved = _brought_back(origin[open_] - step[which, None, None] * ahead[open_], oblique)
        new = _turned(a, moved, oblique)
        new_value, new_slope = criterion(new)
        enough = before[open_] - new_value > 0.5 * size[open_] ** 2 * step[which]
        take = enough | (halving == 11)
        kept = which[take]
        turn[kept], loadings[kept] = moved[take], new[take]
        value[kept], slope[kept] = new_value[take], new_slope[take]
        open_ = open_[~take]
        if not len(open_):
            return
        step[active[open_]] /= 2


def _turned(a: np.ndarray, turn: np.ndarray, oblique: bool) -> np.ndarray:
    return a @ np.swapaxes(np.linalg.inv(turn), 1, 2) if oblique else a @ turn


def _projected(a: np.ndarray, turn: np.ndarray, loadings: np.ndarray, slope: np.ndarray, oblique: bool) -> np.ndarray:
    """Gradient by the transformation, without the part that leaves the manifold."""
    if oblique:
        by_turn = -np.swapaxes(np.swapaxes(loadings, 1, 2) @ slope @ np.linalg.inv(turn), 1, 2)
        return np.asarray(by_turn - turn * np.sum(turn * by_turn, axis=1, keepdims=True))
    by_turn = a.T @ slope
    inner = np.swapaxes(turn, 1, 2) @ by_turn
    return np.asarray(by_turn - turn @ (inner + np.swapaxes(inner, 1, 2)) / 2)


def _brought_back(turn: np.ndarray, oblique: bool) -> np.ndarray:
    """The nearest admissible transformation: columns of length one, or an orthogonal matrix."""
    if oblique:
        return np.asarray(turn / np.sqrt(np.sum(turn**2, axis=1, keepdims=True)))
    u, _, v = np.linalg.svd(turn)
    return np.asarray(u @ v)


def _promax(loadings: np.ndarray) -> Rotation:
    """Oblique factors nearest to the varimax loadings raised to `PROMAX_POWER`."""
    target = loadings * np.abs(loadings) ** (PROMAX_POWER - 1)
    turn = np.linalg.lstsq(loadings, target, rcond=None)[0]
    turn = turn * np.sqrt(np.diag(np.linalg.inv(turn.T @ turn)))
    inverse = np.linalg.inv(turn)
    return Rotation(loadings @ turn, inverse @ inverse.T, True)
