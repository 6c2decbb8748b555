"""Blocks and start values in, the minimum out: damped Fisher scoring, equations held by multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.structure import positive
from evalkit.structure.estimators import Block
from evalkit.structure.implied import Implied, Jacobian
from evalkit.structure.matrices import Layout, complex_jacobian

MAX_ITERATIONS = 300
TOLERANCE = 1e-16
"""Largest squared Newton decrement: the distance to the minimum in standard errors is its root times that of n."""

LARGEST = 1e12
"""Damping beyond which no step lowers the value."""

DESCENT = 300
"""Quasi-Newton iterations of the second attempt."""

CLOSE = 1e-2
"""Secant steps take over from scoring below this squared Newton decrement, if the last step brought as much: where
scoring crawls, the surface has other minima nearby that they would fall into."""

NEAR = 1e-8
"""Below this decrement steps are taken whole: the value's own rounding could not tell a better point from a worse."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Where the search ended.

    Parameters
    ----------
    theta : ndarray, shape (q,)
    value : float
        Half the discrepancy; chi-square is 2 N times it.
    implied : tuple of Implied
        By group.
    iterations : int
    converged : bool
    active : tuple of int
        Inequalities (numbers among the `<` and `>` of the table) that hold with equality.
    """

    theta: np.ndarray
    value: float
    implied: tuple[Implied, ...]
    iterations: int
    converged: bool
    active: tuple[int, ...] = ()


class Objective:
    """The weighted sum of the blocks: value, gradient and expected information per observation."""

    def __init__(self, layout: Layout, blocks: Sequence[Block]) -> None:
        self.layout, self.blocks = layout, tuple(blocks)
        self.total = sum(block.n for block in blocks)
        self.shares = [block.n / self.total for block in blocks]

    def implied(self, theta: np.ndarray) -> tuple[Implied, ...]:
        """What the parameters imply, by group."""
        values = self.layout.row_values(theta)
        return tuple(self.layout.implied_by_rows(values, g) for g in range(len(self.blocks)))

    def jacobians(self, implied: Sequence[Implied]) -> tuple[Jacobian, ...]:
        """Derivatives by the free parameters, by group."""
        return tuple(self.layout.jacobian(m, g) for g, m in enumerate(implied))

    def value(self, implied: Sequence[Implied]) -> float:
        """Half the discrepancy; inf where it is not defined."""
        return sum(s * b.value(m) for s, b, m in zip(self.shares, self.blocks, implied, strict=True))

    def gradient(self, implied: Sequence[Implied], jacobians: Sequence[Jacobian]) -> np.ndarray:
        """Derivatives of the value, shape (q,)."""
        parts = zip(self.shares, self.blocks, implied, jacobians, strict=True)
        return np.asarray(sum(s * b.gradient(m, j) for s, b, m, j in parts))

    def information(self, implied: Sequence[Implied], jacobians: Sequence[Jacobian]) -> np.ndarray:
        """Expected second derivatives, shape (q, q)."""
        parts = zip(self.shares, self.blocks, implied, jacobians, strict=True)
        return np.asarray(sum(s * b.information(m, j) for s, b, m, j in parts))


def minimise(layout: Layout, blocks: Sequence[Block], start: np.ndarray, tolerance: float = TOLERANCE) -> Solution:
    """Minimise the discrepancy.

    Equations among parameters are held by Lagrange multipliers, inequalities by an active set. A search that does not
    arrive says so (`converged` is False); nothing is clamped.
    """
    objective = Objective(layout, blocks)
    signs = np.array([1.0 if c.op == ">" else -1.0 for c in layout.table.constraints if c.op in "<>"])
    active: tuple[int, ...] = ()
    solution = _search(objective, start, active, tolerance)
    if (
        not solution.converged
        and not layout.table.constraints
        and np.isfinite(objective.value(objective.implied(start)))
    ):
        other = _search(objective, _descent(objective, start), active, tolerance)
        solution = other if other.converged or other.value < solution.value else solution
    for _ in range(2 * len(signs)):
        slack = signs * np.real(layout.constraint_values(solution.theta, ("<", ">")))
        broken = [i for i in np.argsort(slack) if slack[i] < -1e-8 and i not in active]
        if not broken:
            break
        active = (*active, int(broken[0]))
        solution = _search(objective, solution.theta, active, tolerance)
    return replace(solution, active=active)


def held(layout: Layout, theta: np.ndarray, active: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Values of what must be zero (equations, active inequalities) and their derivatives, shapes (k,), (k, q)."""

    def values(at: np.ndarray) -> np.ndarray:
        bounds = layout.constraint_values(at, ("<", ">"))[list(active)]
        return np.concatenate([layout.constraint_values(at), bounds])

    if not layout.table.constraints:
        return np.zeros(0), np.zeros((0, len(theta)))
    return np.real(values(theta)), complex_jacobian(values, theta)


def _search(objective: Objective, start: np.ndarray, active: tuple[int, ...], tolerance: float) -> Solution:
    """Scoring steps, damped where a whole step would not lower the value (Levenberg 1944; Marquardt 1963)."""
    theta = start.astype(float)
    implied = objective.implied(theta)
    value = objective.value(implied)
    ridge, done, iteration, weight, before = 0.0, len(theta) == 0, 0, 1.0, np.inf
    while not done and iteration < MAX_ITERATIONS and np.isfinite(value):
        iteration += 1
        jacobians = objective.jacobians(implied)
        gradient, info = objective.gradient(implied, jacobians), objective.information(implied, jacobians)
        gap, normals = held(objective.layout, theta, active)
        step, multipliers = _step(gradient, info, gap, normals, 0.0)
        decrement = float(step @ info @ step)
        stalled = decrement < 1e-13 and decrement > 0.25 * before  # as near as rounding lets it come
        near = decrement < NEAR and decrement < before
        fast = not ridge and decrement < CLOSE * min(before, 1.0)
        before = decrement
        if fast and not objective.layout.table.constraints:
            refined = _refined(objective, theta, implied, gradient, info, tolerance)
            if refined is not None:
                return replace(refined, iterations=iteration + refined.iterations)
        done = (decrement < tolerance or stalled) and bool(np.abs(gap).sum() < 1e-8)
        weight = max(weight, 2 * float(np.abs(multipliers).max(initial=0.0)))
        merit = value + weight * np.abs(gap).sum()
        while ridge < LARGEST:
            if ridge and not (done or near):
                step, _ = _step(gradient, info, gap, normals, ridge)
            ahead = objective.implied(theta + step)
            value_ahead = objective.value(ahead)
            rest = np.abs(held(objective.layout, theta + step, active)[0]).sum() if len(gap) else 0.0
            fall = merit - value_ahead - weight * rest
            promised = -float(gradient @ step + 0.5 * step @ info @ step) + weight * np.abs(gap).sum()
            if np.isfinite(value_ahead) and (done or near or fall > 1e-4 * promised):
                break
            ridge = max(8 * ridge, 1e-3)
        else:
            break
        if fall > 0.75 * promised:
            ridge = ridge / 8 if ridge > 1e-4 else 0.0
        elif fall < 0.25 * promised and not near:
            ridge = max(4 * ridge, 1e-3)
        theta, implied, value = theta + step, ahead, value_ahead
    return Solution(theta, value, implied, iteration, bool(done and np.isfinite(value)))


def _refined(
    objective: Objective, theta: np.ndarray, implied: Sequence[Implied], gradient: np.ndarray, info: np.ndarray,
    tolerance: float,
) -> Solution | None:  # fmt: skip
    """Secant steps (BFGS) from a point near the minimum, the expected information being the first curvature.

    None where a step leads away: then scoring goes on.
    """
    root = positive.factor(info)
    inverse = None if root is None else positive.inverse(root)
    before = CLOSE
    for iteration in range(MAX_ITERATIONS):
        if inverse is None:
            return None
        step = -inverse @ gradient
        decrement = -float(gradient @ step)
        theta = theta + step
        implied = objective.implied(theta)
        if not 0 <= decrement < before:
            return None
        if decrement * decrement / before < tolerance:  # what this step leaves, if it brings as much as the last
            value = objective.value(implied)
            return Solution(theta, value, tuple(implied), iteration, True) if np.isfinite(value) else None
        try:
            ahead = objective.gradient(implied, objective.jacobians(implied))
        except np.linalg.LinAlgError:
            return None
        inverse = _secant(inverse, step, ahead - gradient)
        gradient, before = ahead, decrement
    return None


def _secant(inverse: np.ndarray, step: np.ndarray, bend: np.ndarray) -> np.ndarray | None:
    """The inverse curvature that turns a change of the gradient into the step that made it; None without bend.

    Nocedal & Wright (2006), Numerical Optimization, eq. 6.17.
    """
    product = float(step @ bend)
    if not product > 0:
        return None
    turned = inverse @ bend
    size = (product + float(bend @ turned)) / (2 * product)
    half = np.outer(step, size * step - turned) / product
    return np.asarray(inverse + half + half.T)


def _descent(objective: Objective, start: np.ndarray) -> np.ndarray:
    """Quasi-Newton steps (BFGS) from the start, for surfaces on which the expected curvature misleads."""
    from scipy.optimize import minimize

    implied = objective.implied(start)
    curvature = np.diag(objective.information(implied, objective.jacobians(implied)))
    scale = 1 / np.sqrt(np.where(curvature > 0, curvature, 1.0))

    def value(at: np.ndarray) -> float:
        found = objective.value(objective.implied(at * scale))
        return found if np.isfinite(found) else 1e10

    def gradient(at: np.ndarray) -> np.ndarray:
        here = objective.implied(at * scale)
        return objective.gradient(here, objective.jacobians(here)) * scale

    options = {"maxiter": DESCENT, "gtol": 1e-6}
    with np.errstate(all="ignore"):
        found = minimize(value, start / scale, jac=gradient, method="BFGS", options=options)
    return np.asarray(found.x * scale)


def _step(
    gradient: np.ndarray, info: np.ndarray, gap: np.ndarray, normals: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    q, k = len(gradient), len(gap)
    scale = np.diag(info).copy()
    scale[scale <= 0] = max(float(scale.max(initial=0.0)), 1.0)
    matrix = info + np.diag(scale * (ridge + 1e-12))
    if k:
        matrix = np.block([[matrix, normals.T], [normals, np.zeros((k, k))]])
    right = np.concatenate([-gradient, -gap])
    try:
        solved = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        solved = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return solved[:q], solved[q:]
