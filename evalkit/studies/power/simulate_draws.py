"""A population and a way of asking in, samples as they would come back out: measured, with gaps, in clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evalkit.resample import Stream
from evalkit.studies.power.simulate_population import Population

_CELLS = 2_000_000
"""Numbers held at a time."""
_SPAN = 5.0
"""Standard deviations over which the points of a scale are spread evenly."""


@dataclass(frozen=True)
class Measure:
    """How one variable is asked.

    Parameters
    ----------
    reliability : float
        Of the score: the share of its variance that is true.
    items : int
        Parallel items whose mean is the score.
    categories : int
        Answers an item has; 0: any number.
    """

    reliability: float = 1.0
    items: int = 1
    categories: int = 0

    @property
    def exact(self) -> bool:
        return self.reliability == 1 and not self.categories

    @property
    def loading(self) -> float:
        """Of each item, from the reliability of the score by Spearman (1910) and Brown (1910)."""
        one = self.reliability / (self.items - (self.items - 1) * self.reliability)
        return float(np.sqrt(one))

    def score(self, true: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Scores, shape (..., n), of true values and of normal numbers, shape (..., n, items)."""
        answers = self.loading * true[..., None] + np.sqrt(1 - self.loading**2) * noise
        if self.categories:
            cuts = (np.arange(1, self.categories) - self.categories / 2) * _SPAN / self.categories
            answers = np.searchsorted(cuts, answers).astype(float) - (self.categories - 1) / 2
        return np.asarray(answers.mean(axis=-1))


@dataclass(frozen=True, eq=False)
class Survey:
    """How people are drawn and asked.

    Parameters
    ----------
    measures : mapping
        Column -> how it is asked; columns not named are known without error.
    kept : float
        Chance that a person stays and has answered everything.
    clusters : int, optional
        Number of clusters, of sizes as equal as can be.
    cluster_size : int, optional
        People in each cluster, instead.
    """

    measures: Mapping[str, Measure]
    kept: float = 1.0
    clusters: int | None = None
    cluster_size: int | None = None

    def n_clusters(self, n: int) -> int | None:
        """Clusters in a sample of n people."""
        if self.cluster_size is not None:
            return -(-n // self.cluster_size)
        return None if self.clusters is None else min(self.clusters, n)

    def members(self, n: int) -> np.ndarray | None:
        """Cluster of each of n people, those of one cluster side by side."""
        if self.cluster_size is not None:
            return np.arange(n) // self.cluster_size
        groups = self.n_clusters(n)
        return None if groups is None else np.arange(n) * groups // n


@dataclass(frozen=True, eq=False)
class Samples:
    """A batch of d samples.

    Attributes
    ----------
    values : ndarray, shape (d, n, k)
    kept : ndarray of bool, shape (d, n), or None
        Rows that can be analysed; None: all.
    members : ndarray of int, shape (n,), or None
    """

    values: np.ndarray
    kept: np.ndarray | None
    members: np.ndarray | None


def samples(population: Population, survey: Survey, n: int, draws: int, seed: int) -> Iterator[Samples]:
    """`draws` samples of n people, in batches; the size of a batch leaves no trace in the numbers."""
    k = population.sources
    members = survey.members(n)
    groups = survey.n_clusters(n) or 0
    noisy = {name: m for name, m in survey.measures.items() if not m.exact}
    sizes = [n * k, groups * k, *(n * m.items for m in noisy.values()), n if survey.kept < 1 else 0]
    stream, starts = Stream(seed), np.cumsum([0, *sizes])
    batch = max(1, _CELLS // max(1, int(starts[-1])))
    for start in range(0, draws, batch):
        d = min(batch, draws - start)
        drawn = stream.normal(d * int(starts[-1])).reshape(d, -1)
        parts = [drawn[:, a:b] for a, b in zip(starts, starts[1:], strict=False)]
        shared = parts[1].reshape(d, groups, k) if groups else None
        values = population.values(parts[0].reshape(d, n, k), shared, members)
        for (name, measure), noise in zip(noisy.items(), parts[2:], strict=False):
            place = population.system.places[name]
            values[..., place] = measure.score(values[..., place], noise.reshape(d, n, measure.items))
        kept = parts[-1] < ndtri(survey.kept) if survey.kept < 1 else None
        yield Samples(values, kept, members)
