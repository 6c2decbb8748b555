"""A way to simulate power at any n in, the n that reaches a wished power out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

MOST = 20_000
"""Largest sample looked at."""
_TRIES = 8
_AROUND = (0.5, 0.7, 0.85, 1.2, 1.5)
"""Where the curve is drawn, as shares of the n found."""
_APART = 0.06
"""Sizes closer than that say the same."""


@dataclass(frozen=True)
class Needed:
    """Smallest n of a wished power, with a 95% interval for the error of the simulation; nan where there is none."""

    n: float
    low: float
    high: float


def looked_at(
    power: Callable[[int], np.ndarray], goal: Callable[[np.ndarray], float], start: int, target: float, draws: int
) -> dict[int, np.ndarray]:
    """Powers of all effects at the sizes of a search.

    Parameters
    ----------
    power : callable
        n -> power of each effect.
    goal : callable
        Powers -> the one that is to reach the target.
    """
    seen: dict[int, np.ndarray] = {}
    n = start
    for _ in range(_TRIES):
        seen[n] = power(n)
        p = goal(seen[n])
        if abs(p - target) < 2 * np.sqrt(target * (1 - target) / draws):
            break
        step = _next(seen, goal, n, target, draws, start)
        if step in seen:
            break
        n = step
    if goal(seen[n]) > 1.5 * target - 0.5:  # the search came near
        for share in _AROUND:
            at = max(start, round(n * share))
            if at <= MOST and all(abs(at - known) > _APART * known for known in seen):
                seen[at] = power(at)
    return dict(sorted(seen.items()))


def _next(
    seen: Mapping[int, np.ndarray],
    goal: Callable[[np.ndarray], float],
    n: int,
    target: float,
    draws: int,
    start: int,
) -> int:
    """As if a single z test were behind the power, whose mean grows with the root of n; inside what brackets it."""
    p = float(np.clip(goal(seen[n]), 0.5 / draws, 1 - 0.5 / draws))
    z = ndtri(0.975)
    step = n * np.clip(((ndtri(target) + z) / max(ndtri(p) + z, 0.3)) ** 2, 0.25, 4.0)
    short = [k for k, v in seen.items() if goal(v) < target]
    enough = [k for k, v in seen.items() if goal(v) >= target]
    if short:
        step = max(step, max(short) + 1)
    if enough:
        step = min(step, min(enough) - 1)
    return int(np.clip(round(step), start, MOST))


def needed(sizes: np.ndarray, counts: np.ndarray, draws: int, target: float) -> Needed:
    """Where the power of one effect reaches the target, by probit regression on the root of n.

    Parameters
    ----------
    sizes, counts : ndarray, shape (k,)
        Sample sizes and in how many of `draws` samples the effect was found.

    Notes
    -----
    ``Phi^-1(power) = a + b sqrt(n)`` holds for a z test, and nearly so for products, over the middle of the curve:
    fitted by weighted least squares of empirical probits between powers of 0.2 and 0.98. Only inside the sizes
    simulated; interval by the delta method.
    """
    nothing = Needed(np.nan, np.nan, np.nan)
    share = (counts + 0.5) / (draws + 1)
    if not (share.max() >= target > share.min()):
        return nothing
    use = (share > 0.2) & (share < 0.98)
    beside = np.argsort(np.abs(share - target))[:2]
    use[beside] = True
    root, probit = np.sqrt(sizes[use].astype(float)), ndtri(share[use])
    density = np.exp(-(probit**2) / 2) / np.sqrt(2 * np.pi)
    weight = draws * density**2 / (share[use] * (1 - share[use]))
    x = np.column_stack([np.ones(use.sum()), root])
    information = x.T @ (x * weight[:, None])
    a, b = np.linalg.solve(information, x.T @ (weight * probit))
    if b <= 0:
        return nothing
    at = (ndtri(target) - a) / b
    gradient = np.array([-1 / b, -at / b])
    error = float(np.sqrt(gradient @ np.linalg.solve(information, gradient)))
    ends = np.clip([at, at - 1.96 * error, at + 1.96 * error], 0, None) ** 2
    if not sizes.min() <= ends[0] <= sizes.max() + 1:
        return nothing
    return Needed(*(float(np.ceil(v - 1e-9)) for v in ends))


def wilson(counts: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """95% interval of a share: Wilson (1927), JASA 22, 209-212."""
    z = float(ndtri(0.975))
    p = counts / draws
    middle = (p + z**2 / (2 * draws)) / (1 + z**2 / draws)
    half = z / (1 + z**2 / draws) * np.sqrt(p * (1 - p) / draws + z**2 / (4 * draws**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
