"""What a test gets: the answers of each group, and how the author wants it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

Line = dict[str, Any]
"""One tidy row of a comparison: `term`, perhaps `level`, and values by glossary name."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One comparison's data, complete.

    Parameters
    ----------
    ids : tuple of str
        Groups, or measures of a paired design, in order.
    values : tuple of arrays
        The answers of each; in a paired design all have the same length and order of rows.
    covariates : array, shape (n, p), optional
        Design columns for ANCOVA in the order of the groups' rows one after the other.
    covariate_of : tuple of str
        The variable behind each of these columns.
    categories : tuple of float or str
        Answer categories of an outcome that is counted; `values` then hold their positions.
    reference : tuple of float
        What one group is held against: a mean, or a share a category.
    strata : array of int, optional
        Stratum of each of `pooled`.
    """

    ids: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    covariates: np.ndarray | None = None
    covariate_of: tuple[str, ...] = ()
    categories: tuple[float | str, ...] = ()
    category_ids: tuple[str, ...] = ()
    reference: tuple[float, ...] = ()
    strata: np.ndarray | None = None

    @property
    def sizes(self) -> np.ndarray:
        return np.array([len(v) for v in self.values], dtype=float)

    @property
    def means(self) -> np.ndarray:
        return np.array([v.mean() for v in self.values])

    @property
    def variances(self) -> np.ndarray:
        """Divisor n - 1; nan for a group of one."""
        return np.array([v.var(ddof=1) if len(v) > 1 else np.nan for v in self.values])

    @property
    def pooled(self) -> np.ndarray:
        """All answers, group by group."""
        return np.concatenate(self.values)

    @property
    def group(self) -> np.ndarray:
        """Position of the group of each of `pooled`."""
        return np.repeat(np.arange(len(self.values)), self.sizes.astype(int))

    def pairs(self) -> Iterator[tuple[int, int, str]]:
        """Every two groups and the id of their comparison, `a:b`."""
        for a, b in combinations(range(len(self.ids)), 2):
            yield a, b, f"{self.ids[a]}:{self.ids[b]}"

    def only(self, a: int, b: int) -> Sample:
        """The two groups alone."""
        return Sample((self.ids[a], self.ids[b]), (self.values[a], self.values[b]), categories=self.categories,
                      category_ids=self.category_ids)  # fmt: skip


@dataclass(frozen=True)
class Wishes:
    """How a comparison is wanted; see `compare`."""

    posthoc: str = "none"
    adjust: str = "holm"
    equivalence: tuple[float, float] | None = None
    conf_level: float = 0.95
    share_interval: str = "wilson"


def line(term: str, level: str | None = None, **values: Any) -> Line:
    return {"term": term, "level": level, **values}


def effect(term: str, estimate: float, interval: tuple[float, float] = (np.nan, np.nan)) -> Line:
    return line(term, estimate=float(estimate), conf_low=float(interval[0]), conf_high=float(interval[1]))
