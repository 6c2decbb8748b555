"""Population totals in; the weights nearest to the design's that reproduce them out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.sampling.design import Design, design_of
from evalkit.sampling.targets import start_of, targets_of
from evalkit.sampling.weighting import Projection, WeightingResult, weighting_result

METHODS = ("linear", "raking", "logit")
_ROUNDS = 200
_NEAR = 1e-10

Ratio = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""u -> ratio of new to old weight, and its slope."""


def calibrate(
    data: pd.DataFrame,
    totals: Mapping[str, Mapping[str, float] | float],
    *,
    method: str = "linear",
    bounds: tuple[float, float] | None = None,
    population: float | None = None,
    design: Design | None = None,
) -> WeightingResult:
    """Calibrate weights to totals of categories and of numbers.

    Parameters
    ----------
    data : DataFrame
    totals : mapping
        Variable -> category -> share (summing to 1) or count of the population; or numeric variable -> its total.
    method : {"linear", "raking", "logit"}
        Distance from the starting weights: chi square (weights may turn negative: W887), entropy, or a bounded one.
    bounds : pair of float, optional
        For "logit": smallest and largest ratio of new to starting weight, around 1.
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
        E696 for an unknown method or bounds that do not go with it; E893 if no weights within the bounds meet the
        totals; see `targets_of`.

    Notes
    -----
    ``w = d F(x'λ)`` with λ from ``sum w x = totals`` by Newton's method; F(u) = 1 + u, exp(u), or the logit form
    ``(L (U-1) + U (1-L) e^{Au}) / (U-1 + (1-L) e^{Au})``, ``A = (U-L) / ((1-L)(U-1))``. Deville & Särndal (1992),
    JASA 87, 376-382, section 2.
    """
    ratio = _ratio(method, bounds)
    declared = design_of(data, design) or Design()
    start = start_of(data, list(totals), declared)
    groups = targets_of(data, totals, start, population)
    targets = [t for group in groups for t in group]
    x = np.column_stack([t.values for t in targets])
    wanted = np.array([t.total for t in targets])
    weights, rounds = _newton(start.weights.astype(float), x, wanted, ratio)
    numeric = tuple(name for name, value in totals.items() if not isinstance(value, Mapping))
    projection = Projection(tuple((n,) for n in totals if n not in numeric), numeric, start=declared.weights)
    found = weighting_result(
        data,
        start,
        targets,
        weights,
        method="calibration",
        iterations=rounds,
        tolerance=1e-8,
        projection=projection,
    )
    negative = int((weights < 0).sum())
    if not negative:
        return found
    return dataclasses.replace(found, notices=(*found.notices, Problem("W887", params={"n": negative})))


def _ratio(method: str, bounds: tuple[float, float] | None) -> Ratio:
    if method not in METHODS:
        raise AnalysisError(Problem("E696", params={"option": "method", "value": method}))
    if (bounds is not None) != (method == "logit"):
        raise AnalysisError(Problem("E696", params={"option": "bounds", "value": bounds}))
    if bounds is None:
        return _linear if method == "linear" else _exponential
    low, high = bounds
    if not 0 <= low < 1 < high < np.inf:
        raise AnalysisError(Problem("E696", params={"option": "bounds", "value": list(bounds)}))
    return _logit(float(low), float(high))


def _linear(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 1 + u, np.ones(len(u))


def _exponential(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    grown = np.exp(np.clip(u, -700, 700))
    return grown, grown


def _logit(low: float, high: float) -> Ratio:
    steep = (high - low) / ((1 - low) * (high - 1))

    def ratio(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e = np.exp(np.clip(steep * u, -700, 700))
        below = high - 1 + (1 - low) * e
        value = (low * (high - 1) + high * (1 - low) * e) / below
        return value, steep * e * (1 - low) * (high - 1) * (high - low) / below**2

    return ratio


def _newton(d: np.ndarray, x: np.ndarray, wanted: np.ndarray, ratio: Ratio) -> tuple[np.ndarray, int]:
    """Weights meeting the totals; steps are halved while they lead away. Redundant columns are no harm."""
    unit = np.maximum(np.sqrt((x**2).mean(axis=0)), 1e-300)
    x, wanted = x / unit, wanted / unit
    size = float(np.abs(wanted).max())
    coefficients = np.zeros(x.shape[1])
    value, slope = ratio(x @ coefficients)
    gap = wanted - x.T @ (d * value)
    for rounds in range(1, _ROUNDS + 1):
        step = np.linalg.lstsq((x * (d * slope)[:, None]).T @ x, gap, rcond=1e-11)[0]
        factor, before = 1.0, float(np.abs(gap).max())
        while factor > 1e-8:
            value, slope = ratio(x @ (coefficients + factor * step))
            gap = wanted - x.T @ (d * value)
            if np.abs(gap).max() < before or before <= _NEAR * size:
                break
            factor /= 2
        coefficients = coefficients + factor * step
        if np.abs(gap).max() <= _NEAR * size:
            return d * value, rounds
        if factor <= 1e-8:
            break
    raise AnalysisError(Problem("E893", params={"gap": float(np.abs(gap).max()) / size * 100}))
