"""Data, the items of a scale and a design in; answers, their covariances and what is wrong with them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.contract import Label, Problem
from evalkit.moments import correlation_of, moments, number_matrix, pairwise
from evalkit.sampling import Design, DesignArrays, design_arrays

_NAN = float("nan")
_SAME = 1 - 1e-9


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers to k items by the n rows that the design knows.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        nan where an answer is missing.
    used : ndarray of bool, shape (n,)
        Rows that enter: complete ones, or with `pairwise` those with any answer.
    design : DesignArrays
        Weight 0 for rows not used; every row a unit of weight 1 where there is no design.
    cov : ndarray, shape (k, k)
        Weighted, divisor n - 1 for weights that sum to n; of pairs with `pairwise`.
    whole : tuple of float
        Mean and SD of the mean of a row's answers.
    rows : ndarray of bool, shape (n_rows of the data,)
        Rows of the data that enter.
    """

    x: np.ndarray
    used: np.ndarray
    pairwise: bool
    design: DesignArrays
    mean: np.ndarray
    sd: np.ndarray
    n_items: np.ndarray
    cov: np.ndarray
    whole: tuple[float, float]
    rows: np.ndarray

    @property
    def n(self) -> int:
        """Rows that enter."""
        return int(self.used.sum())

    @property
    def r(self) -> np.ndarray:
        return correlation_of(self.cov)

    @property
    def filled(self) -> np.ndarray:
        """`x` with 0 in the rows that do not enter (their weight is 0)."""
        return np.where(self.used[:, None], self.x, 0.0)

    def with_total(self) -> np.ndarray:
        """Correlation of each item with the mean of a row's answers, shape (k,)."""
        if not self.pairwise:
            return np.asarray(self.cov.sum(axis=1) / np.sqrt(np.diag(self.cov) * self.cov.sum()))
        total = np.nanmean(self.x[self.used], axis=1)
        return pairwise(np.column_stack([self.x[self.used], total])).corr()[:-1, -1]


def answers_of(data: pd.DataFrame, columns: Sequence[str], missing: str, design: Design | None) -> Answers:
    """Take the items' answers; with `missing="pairwise"` weights are 1.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for the items, E690 to E694 for the design.
    """
    everything = number_matrix(data, columns)
    n = len(everything)
    gaps = np.isnan(everything)
    seen = ~gaps.all(axis=1) if missing == "pairwise" else ~gaps.any(axis=1)
    if design is None:
        # Without a design nothing but the rows used counts as drawn.
        arrays, known = DesignArrays(np.ones(n), np.arange(n), np.zeros(n, int), np.zeros(n), seen), seen
    else:
        arrays = design_arrays(data, design)
        known = arrays.complete
    arrays, used = _rows(arrays, known), seen[known]
    arrays = replace(arrays, weights=np.where(used, arrays.weights, 0.0))
    return _summed(everything[known], used, missing == "pairwise", arrays, seen & known)


def fault(label: Label, labels: Sequence[Label], answers: Answers) -> tuple[str | None, Problem | None]:
    """Why nothing can be said about a scale: a word key and its notice."""
    x, n, k = answers.x[answers.used], answers.n, len(labels)
    at = {"scale": both(label), "n": n}
    if k < 2:
        return "reliability.reason_one_item", Problem("W631", params=at)
    blank = [both(labels[i]) for i in range(k) if n and np.isnan(x[:, i]).all()]
    if n < 2 or blank or np.isnan(answers.cov).any():
        return "reliability.reason_few", Problem("W630", params=at)
    constant = [both(labels[i]) for i in range(k) if np.nanmin(x[:, i]) == np.nanmax(x[:, i])]
    if constant:
        return "reliability.reason_constant", Problem("W635", params=at | {"items": constant})
    if answers.cov.sum() <= 1e-12 * np.trace(answers.cov):
        return "reliability.reason_total", Problem("W636", params=at)
    return None, None


def doubts(label: Label, labels: Sequence[Label], answers: Answers) -> list[Problem]:
    """Items that repeat one another, and fewer respondents than items."""
    scale = both(label)
    pairs = np.argwhere(np.triu(answers.r > _SAME, 1))
    found = [Problem("W841", params={"scale": scale, "items": [both(labels[i]), both(labels[j])]}) for i, j in pairs]
    if answers.n <= len(labels):
        found.append(Problem("W842", params={"scale": scale, "n": answers.n, "k": len(labels)}))
    return found


def both(label: Label) -> dict[str, str]:
    """The zh/en pair that a Problem's parameters take, without the stop at the end of a wording."""
    return {lang: label.text(lang).rstrip("。.；;：: ") for lang in ("zh", "en")}


def _rows(arrays: DesignArrays, kept: np.ndarray) -> DesignArrays:
    second = None if arrays.second is None else arrays.second[kept]
    return DesignArrays(
        arrays.weights[kept], arrays.units[kept], arrays.strata[kept], arrays.fraction[kept], arrays.complete[kept],
        second,
    )  # fmt: skip


def _summed(x: np.ndarray, used: np.ndarray, by_pairs: bool, arrays: DesignArrays, rows: np.ndarray) -> Answers:
    seen = x[used]
    k = x.shape[1]
    if by_pairs:
        found = pairwise(seen)
        row_mean = np.array([row[~np.isnan(row)].mean() for row in seen])
        whole = (float(row_mean.mean()) if len(seen) else _NAN, float(row_mean.std(ddof=1)) if len(seen) > 1 else _NAN)
        n_items = np.diag(found.n).astype(float)
        return Answers(
            x,
            used,
            True,
            arrays,
            np.diag(found.mean),
            np.sqrt(np.diag(found.variance)),
            n_items,
            found.cov,
            whole,
            rows,
        )
    weights = arrays.weights[used]
    even = len(weights) == 0 or bool((weights == weights[0]).all())
    m = moments(seen, None if even else weights * len(weights) / weights.sum())
    cov = m.cov()
    spread = float(np.sqrt(max(cov.sum(), 0.0)) / k) if len(seen) > 1 else _NAN
    n_items = np.full(k, float(len(seen)))
    return Answers(x, used, False, arrays, m.mean, m.sd(), n_items, cov, (float(m.mean.mean()), spread), rows)
