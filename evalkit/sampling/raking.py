"""Population margins in; weights that meet them, by raking or post-stratification, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.sampling.design import Design, design_of
from evalkit.sampling.targets import Target, cell_targets, start_of, targets_of
from evalkit.sampling.weighting import Projection, WeightingResult, weighting_result


def rake(
    data: pd.DataFrame,
    margins: Mapping[str, Mapping[str, float]],
    *,
    population: float | None = None,
    design: Design | None = None,
    lower: float | None = None,
    upper: float | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> WeightingResult:
    """Weights whose weighted margins are those of the population.

    Parameters
    ----------
    data : DataFrame
    margins : mapping
        Variable -> category (code, or wording where unique) -> share (summing to 1) or count of the population.
    population : float, optional
        Size of the population for shares; without it the sum of the starting weights stays.
    design : Design, optional
        Its weights are the start; without any each row starts from 1.
    lower, upper : float, optional
        Trim in every round: no weight below `lower` or above `upper` times the mean weight.
    tolerance : float
        Largest relative distance of a margin from its target at which to stop.
    max_iterations : int
        Rounds over all margins.

    Returns
    -------
    WeightingResult
        `converged` and `largest_gap` say how it ended; W698 if the margins were not reached.

    Raises
    ------
    AnalysisError
        See `targets_of` for targets that cannot be met; E696 for bounds or limits out of range.

    Notes
    -----
    Each round multiplies the weights, margin by margin, by target over weighted total: Deming & Stephan (1940),
    Annals of Mathematical Statistics 11, 427-444.
    """
    _require_bounds(lower, upper, max_iterations, tolerance)
    declared = design_of(data, design) or Design()
    start = start_of(data, list(margins), declared)
    groups = targets_of(data, margins, start, population)
    weights, iterations = start.weights.astype(float), 0
    gap = _gap(groups, weights)
    while iterations < max_iterations and (gap > tolerance or iterations == 0):
        for group in groups:
            for target in group:
                weights = _scaled(weights, target)
        weights = _bounded(weights, lower, upper)
        gap, iterations = _gap(groups, weights), iterations + 1
    projection = Projection(tuple((name,) for name in margins), weighted=False, start=declared.weights)
    return weighting_result(
        data,
        start,
        [t for group in groups for t in group],
        weights,
        method="raking",
        iterations=iterations,
        tolerance=tolerance,
        projection=projection,
    )


def poststratify(
    data: pd.DataFrame,
    cells: Sequence[Mapping[str, str | float]],
    *,
    population: float | None = None,
    design: Design | None = None,
) -> WeightingResult:
    """Weights whose weighted cells of a cross-classification are those of the population.

    Parameters
    ----------
    data : DataFrame
    cells : sequence of mapping
        One a cell: variable -> code, and `total` (share, summing to 1 over the cells, or count).
    population : float, optional
        Size of the population for shares; without it the sum of the starting weights stays.
    design : Design, optional
        Its weights are the start.

    Returns
    -------
    WeightingResult

    Raises
    ------
    AnalysisError
        E889 for cells that do not name the same variables; see `targets_of`.

    Notes
    -----
    ``w = d N_c / sum of d in cell c``: Holt & Smith (1979), JRSS A 142, 33-46.
    """
    names = [key for key in cells[0] if key != "total"] if cells else []
    declared = design_of(data, design) or Design()
    start = start_of(data, names, declared)
    targets = cell_targets(data, cells, start, population)
    weights = start.weights.astype(float)
    for target in targets:
        weights = _scaled(weights, target)
    projection = Projection((tuple(names),), start=declared.weights)
    return weighting_result(
        data,
        start,
        targets,
        weights,
        method="poststratification",
        iterations=1,
        tolerance=1e-9,
        projection=projection,
    )


def trim(
    data: pd.DataFrame,
    *,
    lower: float = 0.0,
    upper: float = np.inf,
    strict: bool = False,
    weighting: WeightingResult | None = None,
    design: Design | None = None,
) -> WeightingResult:
    """Weights cut at multiples of their mean; what is cut is spread equally over the other rows.

    Parameters
    ----------
    data : DataFrame
    lower, upper : float
        Bounds as multiples of the mean weight.
    strict : bool
        Cut again until no weight lies outside; without it once, so that spreading may pass a bound.
    weighting : WeightingResult, optional
        Weights to trim; without it those of the design.
    design : Design, optional

    Returns
    -------
    WeightingResult
        The sum of the weights stays. Margins met before are no longer exactly met, so standard errors from these
        weights do not profit from them.

    Raises
    ------
    AnalysisError
        E696 for bounds that leave no room around the mean.

    Notes
    -----
    Potter (1990), Proceedings of the Section on Survey Research Methods, ASA, 225-230.
    """
    _require_bounds(lower, upper, 1, 0.0)
    if weighting is None:
        start = start_of(data, (), design)
    else:
        values = weighting.weights.reindex(data.index)
        start = start_of(data.assign(weight=values), (), Design(weights="weight"))
    mean = float(start.weights.mean())
    low, high = lower * mean, upper * mean
    weights, rounds = start.weights.astype(float), 0
    outside = (weights < low) | (weights > high)
    while outside.any() and not outside.all() and rounds < (1000 if strict else 1):
        cut = np.clip(weights, low, high)
        free = ~outside
        weights = cut + np.where(free, (weights - cut).sum() / free.sum(), 0.0)
        slack = 1e-12 * mean
        outside = (weights < low - slack) | (weights > high + slack)
        rounds += 1
    return weighting_result(
        data, start, [], weights, method="trimming", iterations=rounds, tolerance=0.0, projection=None
    )


def _scaled(weights: np.ndarray, target: Target) -> np.ndarray:
    reached = float(weights @ target.values)
    return np.where(target.values > 0, weights * (target.total / reached if reached > 0 else 0.0), weights)


def _bounded(weights: np.ndarray, lower: float | None, upper: float | None) -> np.ndarray:
    if lower is None and upper is None:
        return weights
    mean = float(weights.mean())
    return np.asarray(np.clip(weights, (lower or 0.0) * mean, np.inf if upper is None else upper * mean))


def _gap(groups: Sequence[Sequence[Target]], weights: np.ndarray) -> float:
    return max(
        abs(float(weights @ t.values) - t.total) / max(t.total, 1e-300) for g in groups for t in g if t.total > 0
    )


def _require_bounds(lower: float | None, upper: float | None, rounds: int, tolerance: float) -> None:
    given = {"lower": lower, "upper": upper, "max_iterations": rounds, "tolerance": tolerance}
    fine = {
        "lower": lower is None or 0 <= lower < 1,
        "upper": upper is None or upper > 1,
        "max_iterations": rounds >= 1,
        "tolerance": tolerance >= 0,
    }
    bad = [Problem("E696", params={"option": k, "value": given[k]}) for k, ok in fine.items() if not ok]
    if bad:
        raise AnalysisError(bad)
