"""A solution in, information matrices, the covariance of the estimates and the scores of the rows out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import Problem
from evalkit.sampling import DesignArrays, linearised_covariance
from evalkit.structure import positive
from evalkit.structure.estimators.normal import QuadraticBlock, normal_scores
from evalkit.structure.fiml import MissingBlock
from evalkit.structure.implied import Implied, Jacobian, Moves
from evalkit.structure.matrices import complex_jacobian
from evalkit.structure.optimise import Objective, Solution, held


def free_basis(objective: Objective, solution: Solution) -> np.ndarray:
    """Directions in which the parameters may move (equations and active bounds hold), shape (q, q - k)."""
    _, normals = held(objective.layout, solution.theta, solution.active)
    if not len(normals):
        return np.eye(len(solution.theta))
    _, values, directions = np.linalg.svd(normals, full_matrices=True)
    rank = int((values > 1e-10 * max(values.max(initial=0.0), 1e-300)).sum())
    return np.asarray(directions[rank:].T)


def expected_information(objective: Objective, solution: Solution) -> np.ndarray:
    """Expected information per observation, shape (q, q)."""
    return objective.information(solution.implied, objective.jacobians(solution.implied))


def observed_information(objective: Objective, solution: Solution) -> np.ndarray:
    """Observed information per observation: the curvature of the discrepancy and the bend of the model."""
    jacobians = objective.jacobians(solution.implied)
    parts = zip(objective.shares, objective.blocks, solution.implied, jacobians, strict=True)
    out = sum(s * b.curvature(m, j) for s, b, m, j in parts)  # type: ignore[attr-defined]
    slopes = [b.slope(m) for b, m in zip(objective.blocks, solution.implied, strict=True)]  # type: ignore[attr-defined]

    def pull(theta: np.ndarray) -> np.ndarray:
        values = objective.layout.row_values(theta)
        total = np.zeros(len(theta), dtype=values.dtype)
        for g, (share, (mean, cov)) in enumerate(zip(objective.shares, slopes, strict=True)):
            implied = objective.layout.implied_by_rows(values, g)
            total += share * objective.layout.jacobian(implied, g).pull(mean, cov)
        return total

    bend = complex_jacobian(pull, solution.theta)
    return np.asarray(out + 0.5 * (bend + bend.T))


def bread(information: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Inverse of the information in the free directions, shape (q, q); nan where it is singular."""
    free = basis.shape[1] == len(basis)
    inner = information if free else basis.T @ information @ basis
    scale = np.sqrt(np.abs(np.diag(inner)))
    scale[scale == 0] = 1.0
    units = np.outer(scale, scale)
    root = positive.factor(inner / units)
    try:
        inverse = (np.linalg.inv(inner / units) if root is None else positive.inverse(root)) / units
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    return inverse if free else np.asarray(basis @ inverse @ basis.T)


def case_scores(objective: Objective, solution: Solution) -> np.ndarray:
    """Weighted d log-likelihood / d parameter of every row, groups one after the other, shape (n, q)."""
    found = []
    jacobians = objective.jacobians(solution.implied)
    for block, implied, jacobian in zip(objective.blocks, solution.implied, jacobians, strict=True):
        scores = block.case_scores(implied, jacobian)
        weights = block.sample.weights  # type: ignore[attr-defined]
        found.append(scores if weights is None else scores * weights[:, None])
    return np.vstack(found)


def meat(scores: np.ndarray, objective: Objective) -> tuple[np.ndarray, tuple[Problem, ...]]:
    """Covariance of the total score, by the design where there is one, shape (q, q), and notices."""
    arrays = joined_design(objective)
    if arrays is None:
        return scores.T @ scores, ()
    covariance, _, notices = linearised_covariance(scores, arrays)
    return covariance, notices


def joined_design(objective: Objective) -> DesignArrays | None:
    """The designs of all groups, one after the other; None without."""
    parts = [block.sample.design for block in objective.blocks]  # type: ignore[attr-defined]
    if any(part is None for part in parts):
        return None
    names = ("weights", "units", "strata", "fraction", "complete")
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    second = None if parts[0].second is None else np.concatenate([part.second for part in parts])
    return DesignArrays(*joined, second)


def centred_scores(block: object, implied: Implied, jacobian: Jacobian) -> np.ndarray:
    """``Delta' W (d_i - s)``: what each row's moments pull, under the weight of the implied covariances, (n, q)."""
    sample, means = block.sample, block.means  # type: ignore[attr-defined]
    scores = normal_scores(sample.rows_needed() - sample.mean, implied, jacobian, means)
    return np.asarray(scores - scores.mean(axis=0))


def moment_meat(objective: Objective, solution: Solution) -> np.ndarray:
    """``Delta' W Gamma W Delta`` per observation (Browne 1984, British Journal of Mathematical and Statistical
    Psychology 37, 62-83), Gamma from the fourth moments of the rows, or normal for unweighted least squares."""
    jacobians = objective.jacobians(solution.implied)
    out = np.zeros((len(solution.theta),) * 2)
    for share, block, implied, jacobian in zip(
        objective.shares, objective.blocks, solution.implied, jacobians, strict=True
    ):
        if isinstance(block, QuadraticBlock):
            turned = block.weight @ jacobian.cov @ block.weight @ implied.cov
            q = len(turned)
            part = 0.5 * turned.reshape(q, -1) @ turned.transpose(0, 2, 1).reshape(q, -1).T
            shift = jacobian.mean @ block.weight
            part += shift @ implied.cov @ shift.T if block.means else 0.0
        else:
            scores = centred_scores(block, implied, jacobian)
            part = scores.T @ scores / len(scores)
        out += share * part
    return out


def saturated_traces(objective: Objective, names: np.ndarray | None = None) -> float:
    """Trace of inverse information times score covariance of the saturated model, over all groups.

    Parameters
    ----------
    names : ndarray of int, optional
        Only of these variables (the marginal model of exogenous ones).
    """
    arrays = joined_design(objective)
    total, first = 0.0, 0
    for block in objective.blocks:
        sample = block.sample  # type: ignore[attr-defined]
        x, mean, cov = sample.rows_needed(), sample.mean, sample.cov
        if names is not None:
            x, mean, cov = x[:, names], mean[names], cov[np.ix_(names, names)]
        rows = slice(first, first + len(x))
        first += len(x)
        means = isinstance(block, MissingBlock) or block.means  # type: ignore[attr-defined]
        if arrays is None and not np.isnan(x).any():
            p = len(mean)
            q = np.einsum("ij,ij->i", (x - mean) @ np.linalg.inv(cov), x - mean)
            total += float(0.5 * (np.mean(q**2) - 2 * np.mean(q) + p) + (np.mean(q) if means else 0.0))
            continue
        total += _saturated_trace(block, x, mean, cov, means, arrays, rows)
    return total


def _of_moments(p: int, means: bool) -> Jacobian:
    """Derivatives by the moments themselves: the means, if they count, then the lower triangle."""
    rows, columns = np.tril_indices(p)
    eye, first = np.eye(p), p if means else 0
    left, right = eye[rows], eye[columns] * np.where(rows == columns, 0.5, 1.0)[:, None]
    above, below, nothing = np.zeros((first, p)), np.zeros((len(rows), p)), np.zeros((0, 0))
    mean = np.vstack([eye[:first], below])
    moves = Moves(np.vstack([above, left]), np.vstack([above, right]))
    return Jacobian(mean, moves, nothing, nothing, nothing)


def _saturated_trace(
    block: object,
    x: np.ndarray,
    mean: np.ndarray,
    cov: np.ndarray,
    means: bool,
    arrays: DesignArrays | None,
    rows: slice,
) -> float:
    from dataclasses import replace

    from evalkit.structure.fiml import patterns_of

    jacobian = _of_moments(len(mean), means)
    nothing = np.zeros(0)
    implied = Implied(mean, cov, cov, np.eye(len(mean)), mean, nothing, nothing)
    sample = block.sample  # type: ignore[attr-defined]
    if np.isnan(x).any():
        part = MissingBlock(replace(sample, mean=mean, cov=cov, rows=x), patterns_of(x, sample.weights))
        scores, info = part.case_scores(implied, jacobian), part.curvature(implied, jacobian)
    else:
        scores = normal_scores(x - mean, implied, jacobian, means)
        info = jacobian.information(implied.precision, means)
    scores = scores if sample.weights is None else scores * sample.weights[:, None]
    if arrays is None:
        spread = scores.T @ scores
    else:
        inside = np.zeros((len(arrays.units), scores.shape[1]))
        inside[rows] = scores
        spread = linearised_covariance(inside, arrays)[0]
    return float(np.trace(np.linalg.solve(info, spread))) / len(x)
