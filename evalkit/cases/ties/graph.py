"""Ties among actors as a square matrix of weights; row sends to column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns


@dataclass(frozen=True, eq=False)
class Graph:
    """A network without ties from an actor to itself.

    Parameters
    ----------
    weights : ndarray, shape (n, n)
        0 where there is no tie; symmetric unless `directed`.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    directed: bool

    @property
    def n(self) -> int:
        return len(self.names)

    @cached_property
    def arcs(self) -> np.ndarray:
        """1 where there is a tie, shape (n, n)."""
        return (self.weights > 0).astype(float)

    @cached_property
    def mutual(self) -> np.ndarray:
        """1 where there is a tie in either direction: the network without directions."""
        return np.maximum(self.arcs, self.arcs.T)

    @cached_property
    def distances(self) -> np.ndarray:
        """Steps from row to column; infinite where there is no way."""
        return _steps(self.arcs, self.directed)

    @cached_property
    def mutual_distances(self) -> np.ndarray:
        return _steps(self.mutual, False)

    def without(self, place: int) -> Graph:
        """The network when one actor has left."""
        keep = np.delete(np.arange(self.n), place)
        return Graph(tuple(self.names[i] for i in keep), self.weights[np.ix_(keep, keep)], self.directed)


def _steps(arcs: np.ndarray, directed: bool) -> np.ndarray:
    from scipy.sparse.csgraph import shortest_path

    if not len(arcs):
        return np.zeros((0, 0))
    return np.asarray(shortest_path(arcs, directed=directed, unweighted=True))


@dataclass(frozen=True)
class Faults:
    """Ties that were left out: to oneself, or without weight."""

    loops: tuple[str, ...] = ()
    doubled: int = 0


def read_ties(
    ties: pd.DataFrame, source: str, target: str, weight: str | None, actors: Sequence[str] | None, directed: bool
) -> tuple[Graph, Faults]:
    """An edge list as a graph; several ties between two actors add their weights.

    Parameters
    ----------
    actors : sequence of str, optional
        Every actor, in order: those without a tie are isolates. Default: actors in order of appearance.

    Raises
    ------
    AnalysisError
        E600 for a column; E6490 for a tie to an unknown actor; E6491 for a weight that is no positive number; E6492
        for no tie at all.
    """
    require_columns(ties, [source, target, *([weight] if weight else [])])
    kept = ties[[source, target, *([weight] if weight else [])]].dropna(subset=[source, target])
    ends = kept[[source, target]].map(str)
    names = [str(a) for a in actors] if actors is not None else list(dict.fromkeys(ends.to_numpy().ravel()))
    unknown = sorted(set(ends.to_numpy().ravel()) - set(names))
    if unknown:
        raise AnalysisError(Problem("E6490", params={"names": unknown}))
    strength = pd.to_numeric(kept[weight], errors="coerce").to_numpy() if weight else np.ones(len(kept))
    bad = ~(strength > 0)
    if bad.any():
        rows = ends[bad]
        pairs = [f"{a} - {b}" for a, b in rows.itertuples(index=False, name=None)]
        raise AnalysisError(Problem("E6491", params={"ties": pairs[:10], "n": int(bad.sum())}))
    place = {name: i for i, name in enumerate(names)}
    rows, columns = (ends[c].map(place).to_numpy(dtype=int) for c in (source, target))
    loops = rows == columns
    if not (~loops).any():
        raise AnalysisError(Problem("E6492"))
    weights = np.zeros((len(names), len(names)))
    np.add.at(weights, (rows[~loops], columns[~loops]), strength[~loops])
    if not directed:
        weights = weights + weights.T
    pairs = pd.DataFrame({"a": rows[~loops], "b": columns[~loops]})
    if not directed:
        pairs = pd.DataFrame(np.sort(pairs.to_numpy(), axis=1), columns=["a", "b"])
    faults = Faults(tuple(names[i] for i in rows[loops]), int(pairs.duplicated().sum()))
    return Graph(tuple(names), weights, directed), faults


def is_matrix(data: pd.DataFrame, source: str, target: str) -> bool:
    """Whether a frame names actors by its rows and columns, and holds numbers only."""
    named = not isinstance(data.index, pd.RangeIndex) and not {source, target} & set(map(str, data.columns))
    return named and all(map(pd.api.types.is_numeric_dtype, data.dtypes))


def ties_of_matrix(data: pd.DataFrame, source: str, target: str, weight: str, directed: bool) -> pd.DataFrame:
    """The ties of a square frame whose row and column names are the actors, one row each; undirected pairs once.

    Raises
    ------
    AnalysisError
        E6493 if rows and columns do not name the same actors; E6491 for a negative weight.
    """
    rows, columns = [str(i) for i in data.index], [str(c) for c in data.columns]
    if sorted(rows) != sorted(columns) or len(set(rows)) < len(rows):
        raise AnalysisError(Problem("E6493", params={"names": sorted(set(rows) ^ set(columns))}))
    weights = data.set_axis(rows, axis=0).set_axis(columns, axis=1)[rows].to_numpy(dtype=float)
    if not (weights >= 0).all():
        raise AnalysisError(Problem("E6491", params={"ties": [], "n": int((~(weights >= 0)).sum())}))
    if not directed:
        weights = np.triu(np.maximum(weights, weights.T))
    sender, receiver = np.nonzero(weights)
    names = np.array(rows, dtype=object)
    return pd.DataFrame({source: names[sender], target: names[receiver], weight: weights[sender, receiver]})


def projection(ties: pd.DataFrame, source: str, target: str) -> Graph:
    """Actors joined by what they share: ties to events become counts of shared events (two-mode to one-mode).

    Raises
    ------
    AnalysisError
        E600 for a column; E6492 if no two actors share anything.
    """
    require_columns(ties, [source, target])
    names = sorted(set(ties.dropna(subset=[source, target])[source].map(str)))
    shared = shared_targets(ties, source, target, names)
    if not shared.any():
        raise AnalysisError(Problem("E6492"))
    return Graph(tuple(names), shared, False)


def shared_targets(ties: pd.DataFrame, source: str, target: str, names: Sequence[str]) -> np.ndarray:
    """How many targets each pair of actors has in common, shape (n, n); an actor without ties has none."""
    table = pd.crosstab(ties[source].map(str), ties[target].map(str)).clip(upper=1).reindex(names, fill_value=0)
    shared = (table @ table.T).to_numpy(dtype=float).copy()
    np.fill_diagonal(shared, 0)
    return shared
