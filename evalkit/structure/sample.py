"""Rows of data in, sample statistics by group out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem
from evalkit.moments import moments, number_matrix
from evalkit.sampling import Design, DesignArrays, design_arrays
from evalkit.structure import positive

if TYPE_CHECKING:
    from evalkit.structure.ordered import OrderedStatistics


DEPENDENT = 1e-10
"""Below this eigenvalue of the correlations variables are combinations of one another."""


@dataclass(frozen=True, eq=False)
class Given:
    """Exogenous variables of one group on which the others are conditioned: rows (n, k), mean (k,), cov (k, k)
    with divisor n."""

    rows: np.ndarray
    mean: np.ndarray
    cov: np.ndarray


@dataclass(frozen=True, eq=False)
class GroupSample:
    """Statistics of one group.

    Parameters
    ----------
    label : str
    n : float
        Rows.
    mean, cov : ndarray, shapes (p,), (p, p)
        `cov` with the divisor of the likelihood (n, or n - 1 for Wishart, GLS and ULS). With missing answers the
        maximum-likelihood estimates of the saturated model; with ordered variables their polychoric correlations.
    rows : ndarray, shape (n, p), optional
        The data; nan where missing. None when only a covariance matrix was given.
    weights : ndarray, shape (n,), optional
        Sampling weights with mean 1.
    design : DesignArrays, optional
        Of the rows, for standard errors.
    index : Index, optional
        Labels of the rows.
    ordered : OrderedStatistics, optional
        First-stage statistics of ordered variables.
    given : Given, optional
        Exogenous variables that all these statistics are conditional on.
    """

    label: str
    n: float
    mean: np.ndarray
    cov: np.ndarray
    rows: np.ndarray | None = None
    weights: np.ndarray | None = None
    design: DesignArrays | None = None
    index: pd.Index | None = None
    ordered: OrderedStatistics | None = None
    given: Given | None = None

    @cached_property
    def log_det(self) -> float:
        """log |cov|."""
        root = positive.factor(self.cov)
        return float(np.linalg.slogdet(self.cov)[1]) if root is None else positive.log_det(root)

    @cached_property
    def precision(self) -> np.ndarray:
        """Inverse of `cov`."""
        return np.asarray(np.linalg.inv(self.cov))

    def rows_needed(self) -> np.ndarray:
        """The rows.

        Raises
        ------
        AnalysisError
            E920 if only a covariance matrix was given.
        """
        if self.rows is None:
            raise AnalysisError(Problem("E920"))
        return self.rows

    def statistics(self) -> OrderedStatistics:
        """The statistics of ordered variables.

        Raises
        ------
        AnalysisError
            E920 if only a covariance matrix was given.
        """
        if self.ordered is None:
            raise AnalysisError(Problem("E920"))
        return self.ordered


@dataclass(frozen=True, eq=False)
class Sample:
    """All groups: names of the variables, groups in order of appearance in the data, rows set aside, and the names of
    the variables that the statistics are conditional on."""

    names: tuple[str, ...]
    groups: tuple[GroupSample, ...]
    dropped: tuple[Drop, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def n(self) -> float:
        return sum(group.n for group in self.groups)

    @property
    def incomplete(self) -> bool:
        """Whether answers are missing among the rows that are used."""
        return any(g.rows is not None and bool(np.isnan(g.rows).any()) for g in self.groups)


@dataclass(frozen=True)
class Reading:
    """How rows become statistics: `missing` is listwise, pairwise or fiml, `ddof` 0 or 1, `given` must be complete
    (fixed x), `ordered` are variables in ordered categories, whose statistics are conditional on `given`."""

    missing: str = "listwise"
    ddof: int = 0
    group: str | None = None
    design: Design | None = None
    given: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()

    def conditioned(self) -> tuple[str, ...]:
        """What the statistics are conditional on."""
        return self.given if self.ordered else ()


def group_labels(data: pd.DataFrame, group: str | None) -> tuple[str, ...]:
    """Labels of the groups in order of appearance; one empty label without groups."""
    return ("",) if group is None else tuple(_text(v) for v in data[group].dropna().unique())


def read_sample(data: pd.DataFrame, names: Sequence[str], reading: Reading) -> Sample:
    """Statistics of the named columns; given ones that others are conditioned on stand apart.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for columns that are not there or hold no numbers; E921 for a constant variable, E922 for
        too few rows, E923 for variables that are combinations of others, E924 for a variable nobody of a group
        answered.
    """
    x = number_matrix(data, names)
    apart = reading.conditioned()
    kept = tuple(name for name in names if name not in apart)
    if reading.design is None and reading.group is None and not np.isnan(x).any():
        return Sample(kept, (_group("", x, names, reading, None, data.index),), (), apart)
    seen = ~np.isnan(x)
    nobody = [name for name, any_seen in zip(names, seen.any(axis=0), strict=True) if not any_seen]
    if nobody and len(x):
        raise AnalysisError(Problem("E924", params={"items": nobody, "group": ""}))
    given = [names.index(name) for name in reading.given]
    keep = seen.all(axis=1) if reading.missing == "listwise" else seen.any(axis=1) & seen[:, given].all(axis=1)
    if apart:
        keep &= seen[:, [name in kept for name in names]].any(axis=1)
    incomplete = int((~keep).sum())
    dropped = [Drop("drop.incomplete", incomplete)] if incomplete else []
    arrays = None
    if reading.design is not None:
        arrays = design_arrays(data, reading.design)
        dropped += [Drop("drop.design", gone)] if (gone := int((keep & ~arrays.complete).sum())) else []
        keep &= arrays.complete
    labels = np.full(len(data), "", dtype=object)
    if reading.group is not None:
        column = data[reading.group]
        dropped += [Drop("drop.group", gone)] if (gone := int((keep & column.isna().to_numpy()).sum())) else []
        keep &= column.notna().to_numpy()
        labels = np.array([_text(v) for v in column], dtype=object)
    groups = []
    for label in group_labels(data, reading.group):
        rows = np.flatnonzero(keep & (labels == label))
        part = None if arrays is None else _rows_of(arrays, rows)
        groups.append(_group(label, x[rows], names, reading, part, data.index[rows]))
    return Sample(kept, tuple(groups), tuple(dropped), apart)


def sample_of_moments(names: Sequence[str], cov: np.ndarray, mean: np.ndarray | None, n: float, ddof: int) -> Sample:
    """A sample known by its covariance matrix (divisor n - 1) only."""
    _check(np.asarray(cov, dtype=float), list(names), n, "")
    scaled = np.asarray(cov, dtype=float) * ((n - 1) / (n - ddof))
    at = np.zeros(len(names)) if mean is None else np.asarray(mean, dtype=float)
    return Sample(tuple(names), (GroupSample("", n, at, scaled),))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _rows_of(arrays: DesignArrays, rows: np.ndarray) -> DesignArrays:
    second = None if arrays.second is None else arrays.second[rows]
    parts = (arrays.weights, arrays.units, arrays.strata, arrays.fraction, arrays.complete)
    return DesignArrays(*(part[rows] for part in parts), second)


def _group(
    label: str, x: np.ndarray, names: Sequence[str], reading: Reading, design: DesignArrays | None, index: pd.Index
) -> GroupSample:
    n = len(x)
    lacking = np.isnan(x)
    incomplete = bool(lacking.any())
    if incomplete and lacking.all(axis=0).any():
        nobody = [names[j] for j in np.flatnonzero(lacking.all(axis=0))]
        raise AnalysisError(Problem("E924", params={"items": nobody, "group": label}))
    if n < 2:
        raise AnalysisError(Problem("E922", params={"n": n, "p": len(names), "group": label}))
    weights = None
    if design is not None and not np.allclose(design.weights, design.weights[0]):
        weights = design.weights / design.weights.mean()
    if reading.ordered:
        part = GroupSample(label, float(n), np.empty(0), np.empty((0, 0)), x, weights, design, index)
        return _ordered(x, names, reading, part)
    if incomplete:
        from evalkit.structure.fiml import saturated

        _check_constant(x, names, label)
        mean, cov = saturated(x, weights)
    else:
        m = moments(x, weights)
        mean, cov = m.mean, m.cross / (n - reading.ddof)
        _check_constant(x, names, label)
    _check(cov, names, n, label)
    return GroupSample(label, float(n), mean, cov, x, weights, design, index)


def _ordered(x: np.ndarray, names: Sequence[str], reading: Reading, part: GroupSample) -> GroupSample:
    """The group with the statistics of its ordered variables."""
    from evalkit.structure.ordered import ordered_statistics

    _check_constant(x, names, part.label)
    if len(x) <= len(names):
        raise AnalysisError(Problem("E922", params={"n": len(x), "p": len(names), "group": part.label}))
    apart = np.array([name in reading.conditioned() for name in names])
    kept = [name for name, gone in zip(names, apart, strict=True) if not gone]
    given = None
    if apart.any():
        m = moments(x[:, apart], part.weights)
        given = Given(x[:, apart], m.mean, m.cross / len(x))
        _check(given.cov, reading.given, len(x), part.label)
    ordered = np.array([name in reading.ordered for name in kept])
    keep = reading.design is not None
    found = ordered_statistics(x[:, ~apart], ordered, kept, part.label, part.weights, keep, given)
    return replace(part, mean=found.mean(), cov=found.cov(), rows=x[:, ~apart], ordered=found, given=given)


def _check_constant(x: np.ndarray, names: Sequence[str], label: str) -> None:
    flat = [names[j] for j in np.flatnonzero(np.nanmin(x, axis=0) == np.nanmax(x, axis=0))]
    if flat:
        raise AnalysisError(Problem("E921", params={"items": flat, "group": label}))


def _check(cov: np.ndarray, names: Sequence[str], n: float, label: str) -> None:
    if n <= len(names):
        raise AnalysisError(Problem("E922", params={"n": int(n), "p": len(names), "group": label}))
    sd = np.sqrt(np.diag(cov))
    correlations = cov / np.outer(sd, sd)
    root = positive.factor(correlations)
    if root is not None and np.trace(positive.inverse(root)) < 1 / DEPENDENT:
        return  # no eigenvalue is below the inverse of this trace
    values, vectors = np.linalg.eigh(correlations)
    if values[0] < DEPENDENT:
        weight = np.abs(vectors[:, 0])
        at_fault = [names[j] for j in np.flatnonzero(weight > 0.3 * weight.max())]
        raise AnalysisError(Problem("E923", params={"items": at_fault, "group": label}))
