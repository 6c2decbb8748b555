"""The declared sampling design and its columns as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, codebook_of, require_columns
from evalkit.resample import codes, strata_of_units


@dataclass(frozen=True)
class Design:
    """Who was asked, and with what chance: names of columns.

    Parameters
    ----------
    weights : str, optional
        Sampling weight: how many people of the population a row stands for. Not negative.
    strata : str, optional
        Stratum in which the first-stage units were drawn.
    clusters : str, optional
        First-stage unit (community); without it each row is a unit of its own.
    fpc : str, optional
        Units in the population of the stratum, or (if all values are at most 1) the share that was drawn.
    fpc2 : str, optional
        The same one stage down: people (households) in the population of the cluster, or the share drawn. Adds the
        second stage's share of the variance; wants `clusters` and `fpc`.
    """

    weights: str | None = None
    strata: str | None = None
    clusters: str | None = None
    fpc: str | None = None
    fpc2: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns named, in the order weights, strata, clusters, fpc, fpc2."""
        return tuple(n for n in (self.weights, self.strata, self.clusters, self.fpc, self.fpc2) if n is not None)


@dataclass(frozen=True, eq=False)
class DesignArrays:
    """A design row by row.

    Parameters
    ----------
    weights : ndarray of float, shape (n,)
        1 where the design has none.
    units : ndarray of int, shape (n,)
        First-stage unit, 0 .. U - 1 in order of appearance (the row itself without clusters).
    strata : ndarray of int, shape (n,)
        0 .. H - 1; all 0 without strata.
    fraction : ndarray of float, shape (n,)
        Share of the stratum's units that was drawn; 0 without fpc.
    complete : ndarray of bool, shape (n,)
        No design column is missing and the weight is above 0. Other rows hold weight 0.
    second : ndarray of float, shape (n,), optional
        Share of the cluster's people that was drawn; None for a design of one stage.
    """

    weights: np.ndarray
    units: np.ndarray
    strata: np.ndarray
    fraction: np.ndarray
    complete: np.ndarray
    second: np.ndarray | None = None


def design_of(data: pd.DataFrame, design: Design | None = None) -> Design | None:
    """The design given, else the one the data's codebook declares, else None."""
    declared = design if design is not None else codebook_of(data).design
    return declared if declared is not None and declared.columns else None


def unused_design(data: pd.DataFrame) -> tuple[Problem, ...]:
    """N6000 naming the columns of the design that the codebook declares, for an analysis that has no use for it."""
    declared = design_of(data)
    return () if declared is None else (Problem("N6000", params={"names": list(declared.columns)}),)


def design_arrays(data: pd.DataFrame, design: Design) -> DesignArrays:
    """The columns of a design as arrays, checked.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E690 for weights or fpc that are no numbers of 0 or more, E691 if a cluster
        lies in two strata, E692 if the fpc is smaller than the sample or differs within a stratum (or cluster), E694
        for fpc2 without clusters and fpc.
    """
    if design.fpc2 is not None and (design.clusters is None or design.fpc is None):
        raise AnalysisError(Problem("E694", params={"name": design.fpc2}))
    require_columns(data, design.columns)
    n = len(data)
    complete = ~data[list(design.columns)].isna().any(axis=1).to_numpy()
    weights = np.ones(n) if design.weights is None else _numbers(data, design.weights)
    weights = np.where(complete, weights, 0.0)
    complete = complete & (weights > 0)
    strata = np.zeros(n, dtype=np.int64) if design.strata is None else codes(data[design.strata].to_numpy())
    units = np.arange(n) if design.clusters is None else codes(data[design.clusters].to_numpy())
    _check_nesting(units, strata, complete, design)
    fraction = np.zeros(n) if design.fpc is None else _fractions(data, design.fpc, units, strata, complete)
    second = None if design.fpc2 is None else _fractions(data, design.fpc2, np.arange(n), units, complete)
    return DesignArrays(np.where(complete, weights, 0.0), units, strata, fraction, complete, second)


def _numbers(data: pd.DataFrame, name: str) -> np.ndarray:
    column = data[name]
    numeric = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
    values = column.to_numpy(dtype=float, na_value=np.nan) if numeric else None
    if values is None or (values < 0).any() or np.isinf(values).any():
        raise AnalysisError(Problem("E690", params={"name": name}))
    return np.asarray(values)


def _check_nesting(units: np.ndarray, strata: np.ndarray, complete: np.ndarray, design: Design) -> None:
    if design.strata is None or design.clusters is None or not complete.any():
        return
    try:
        strata_of_units(units[complete], strata[complete])
    except ValueError as fault:
        raise AnalysisError(Problem("E691", params={"clusters": design.clusters, "strata": design.strata})) from fault


def _fractions(
    data: pd.DataFrame, name: str, units: np.ndarray, strata: np.ndarray, complete: np.ndarray
) -> np.ndarray:
    values = _numbers(data, name)
    population = bool((values[complete] > 1).any())
    out = np.zeros(len(values))
    for h in np.unique(strata[complete]):
        rows = complete & (strata == h)
        drawn = len(np.unique(units[rows]))
        first = values[rows][0]
        size = first if population else drawn / first if first > 0 else 0.0
        if (values[rows] != first).any() or size < drawn * (1 - 1e-9):
            raise AnalysisError(Problem("E692", params={"name": name, "n": drawn}))
        out[rows] = drawn / size
    return out
