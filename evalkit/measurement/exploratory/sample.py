"""Data and items in; answers fit for factoring, their correlations and what is wrong with them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, codebook_of, item_columns, label_of
from evalkit.correlations import pearson, polychoric, smooth
from evalkit.moments import moments, number_matrix

MOST_CATEGORIES = 20
_SAME = 1 - 1e-9
_SINGULAR = 1e-9


@dataclass(frozen=True, eq=False)
class Sample:
    """Answers and correlations.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Answers of the rows used; complete unless `missing` is pairwise.
    r : ndarray, shape (p, p)
        The correlations asked for, positive definite.
    pearson : ndarray, shape (p, p)
        Pearson correlations of the same rows.
    n : int
        Rows behind the tests: of the pair that has fewest.
    gamma : ndarray, optional
        Number of rows times the covariance matrix of polychoric correlations below the diagonal, column by column.
    """

    names: tuple[str, ...]
    labels: dict[str, Label]
    x: np.ndarray
    r: np.ndarray
    pearson: np.ndarray
    n: int
    mean: np.ndarray
    sd: np.ndarray
    gamma: np.ndarray | None
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]

    @property
    def complete(self) -> np.ndarray:
        """The rows without a gap."""
        return self.x[~np.isnan(self.x).any(axis=1)]


def sample_of(data: pd.DataFrame, items: str | Sequence[str], correlation: str, missing: str) -> Sample:
    """Take the items' answers and correlate them.

    Raises
    ------
    AnalysisError
        E600, E610, E611; E640 to E645, E648, E649.
    """
    names = _columns(data, items)
    labels = {name: label_of(data, name) for name in names}
    both = [{lang: labels[name].text(lang) for lang in ("zh", "en")} for name in names]
    x = number_matrix(data, names)
    blank = [both[j] for j in range(len(names)) if np.isnan(x[:, j]).all()]
    if blank:
        raise AnalysisError(Problem("E644", params={"items": blank}))
    gaps = np.isnan(x)
    used = ~gaps.any(axis=1) if missing == "listwise" else ~gaps.all(axis=1)
    lost = int((~used).sum())
    x = x[used]
    dropped = (Drop("drop.incomplete" if missing == "listwise" else "efa.drop_empty", lost),) if lost else ()
    plain = pearson(x)
    off = ~np.eye(len(names), dtype=bool)
    n = int(plain.n[off].min())
    if n <= len(names):
        raise AnalysisError(Problem("E642", params={"n": n, "k": len(names)}))
    constant = [both[j] for j, column in enumerate(x.T) if np.nanmin(column) == np.nanmax(column)]
    if constant:
        raise AnalysisError(Problem("E640", params={"items": constant}))
    _refuse_singular(plain.r, both)
    r, gamma = (plain.r, None) if correlation == "pearson" else _ordinal(x, both, missing)
    smoothed, straight = smooth(r), smooth(plain.r)
    notices = []
    if smoothed.changed:
        notices.append(Problem("W646", params={"value": f"{smoothed.smallest:.4f}"}))
    each = [moments(column[~np.isnan(column)][:, None]) for column in x.T]
    mean, sd = np.array([m.mean[0] for m in each]), np.array([m.sd()[0] for m in each])
    return Sample(names, labels, x, smoothed.r, straight.r, n, mean, sd, gamma, dropped, tuple(notices))


def _columns(data: pd.DataFrame, items: str | Sequence[str]) -> tuple[str, ...]:
    """Columns of a scale, of several scales one after another, or as listed."""
    known = codebook_of(data).scales
    if not isinstance(items, str) and len(items) and all(name in known for name in items):
        found = [column for name in items for column in item_columns(data, name)]
    else:
        found = item_columns(data, items if isinstance(items, str) else list(items))
    if len(found) < 3 or len(set(found)) < len(found):
        raise AnalysisError(Problem("E645", params={"names": list(found), "n": len(found)}))
    return tuple(found)


def _refuse_singular(r: np.ndarray, both: list[dict[str, str]]) -> None:
    """Name items that repeat one another, or whose combination is constant."""
    if np.isnan(r).any():
        i, j = np.argwhere(np.isnan(r))[0]
        raise AnalysisError(Problem("E648", params={"items": [both[i], both[j]]}))
    same = np.argwhere(np.triu(np.abs(r) > _SAME, 1))
    if len(same):
        raise AnalysisError([Problem("E641", params={"items": [both[i], both[j]]}) for i, j in same])
    values, vectors = np.linalg.eigh(r)
    # A clearly negative eigenvalue comes from pairwise deletion and can be smoothed; zero is a linear dependence.
    for value, vector in zip(values, vectors.T, strict=True):
        if abs(value) < _SINGULAR:
            involved = [both[i] for i in np.flatnonzero(np.abs(vector) > 1e-6)]
            raise AnalysisError(Problem("E641", params={"items": involved}))


def _ordinal(x: np.ndarray, both: list[dict[str, str]], missing: str) -> tuple[np.ndarray, np.ndarray]:
    many = [both[j] for j, column in enumerate(x.T) if len(np.unique(column[~np.isnan(column)])) > MOST_CATEGORIES]
    if many:
        raise AnalysisError(Problem("E649", params={"items": many, "most": MOST_CATEGORIES}))
    found = polychoric(x, missing=missing)
    if found.at_bound:
        raise AnalysisError([Problem("E641", params={"items": [both[j], both[i]]}) for i, j in found.at_bound])
    if np.isnan(found.r).any():
        i, j = np.argwhere(np.isnan(found.r))[0]
        raise AnalysisError(Problem("E648", params={"items": [both[i], both[j]]}))
    influence = found.influence()[:, len(found.tau) :]
    return found.r, influence.T @ influence / found.n_obs
