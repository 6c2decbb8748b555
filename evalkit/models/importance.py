"""A linear model in, the share of its explained variance that belongs to each predictor out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    label_of,
    tidy_frame,
)
from evalkit.models.fit import is_constant
from evalkit.models.linear import model_blocks
from evalkit.models.matrix import numeric_outcome, term_columns
from evalkit.models.sample import complete_rows, relevant
from evalkit.sampling import Design

MOST = 14
"""Predictors at most: 2^14 models are fitted."""


@dataclass(frozen=True, eq=False)
class ImportanceResult:
    """R squared of a linear model, parted among its predictors. Arrays have one entry a predictor."""

    outcome: str
    terms: tuple[str, ...]
    lmg: np.ndarray
    alone: np.ndarray
    last: np.ndarray
    r_squared: float
    weighted: bool
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T13.importance",)

    def tidy(self) -> pd.DataFrame:
        """Rows a predictor: `estimate` its part of R squared, `share` that part in per cent of it."""
        share = 100 * self.lmg / self.r_squared if self.r_squared > 0 else np.full(len(self.lmg), np.nan)
        parts = {"share": share, "r_squared_alone": self.alone, "r_squared_last": self.last}
        return tidy_frame(outcome=self.outcome, term=list(self.terms), estimate=self.lmg, n_obs=self.n_obs, **parts)

    def glance(self) -> pd.DataFrame:
        """R squared and the rows used, in one row."""
        return pd.DataFrame([{"n_obs": self.n_obs, "r_squared": self.r_squared}])

    def table(self, template: str = "T13.importance") -> Table:
        """A predictor a row; E652 for an unknown template."""
        if template not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(self.templates)}))
        columns = (("estimate", "r_squared"), ("share", "share"), ("r_squared_alone", "r_squared"))
        columns += (("r_squared_last", "r_squared"),)
        rows = []
        for record in self.tidy().to_dict("records"):
            cells = [Cell(self.labels[record["term"]], "label")]
            for name, kind in columns:
                value = float(record[name])
                why = "regression.why_undefined" if np.isnan(value) else None
                cells.append(Cell(value, kind, id=f"{self.outcome}/{record['term']}#{name}", reason=why))
            rows.append(Row(tuple(cells)))
        notes = [Note("general", Label("importance.note", n=self.n_obs))]
        if self.weighted:
            notes.append(Note("general", Label("regression.note_weighted")))
        return Table(
            id="importance",
            template=template,
            title=Label("importance.title", outcome=self.labels[self.outcome]),
            header=((Head("variable"), *(Head(f"importance.{name}") for name, _ in columns)),),
            rows=tuple(rows),
            notes=tuple(notes),
        )


def relative_importance(
    data: pd.DataFrame,
    formula: str | None = None,
    *,
    y: str | None = None,
    x: Sequence[str] | None = None,
    design: Design | None = None,
) -> ImportanceResult:
    """The part of R squared that each predictor brings, on average over all orders of entry (LMG, Shapley).

    Parameters
    ----------
    data : DataFrame
    formula : str
        `"y ~ a + b + c"`; the dummies of a nominal variable count as one predictor.
    y, x : str and list of names
        The same without a formula.
    design : Design, optional
        Default: that of the codebook. Its weights are used; there are no standard errors here.

    Returns
    -------
    ImportanceResult
        The parts add up to R squared. nan with W657 or W658 where the model cannot be estimated.

    Raises
    ------
    AnalysisError
        As `regress`; E766 for products or more than 14 predictors.

    Notes
    -----
    Lindeman, Merenda & Gold (1980), Introduction to Bivariate and Multivariate Analysis, p. 120; Groemping (2006),
    Journal of Statistical Software 17(1), section 3.3.
    """
    outcome, blocks = model_blocks(formula, y, None if x is None else [list(x)])
    terms = [term for block in blocks for term in block]
    if any(len(term) > 1 for term in terms) or not 1 <= len(terms) <= MOST:
        raise AnalysisError(Problem("E766", params={"n": len(terms), "most": MOST}))
    names = [name for (name,) in terms]
    data = relevant(data, [outcome, *names], None, design)
    values, _ = numeric_outcome(data, outcome)
    columns = [term_columns(data, term) for term in terms]
    together = np.column_stack([values, *(c.values for c in columns)])
    sample = complete_rows(data, [outcome, *names], together, design=design)
    weights = np.ones(sample.n) if sample.design is None else sample.design.weights[sample.rows]
    used = together[sample.rows]
    place = np.repeat(np.arange(len(terms)), [len(c.terms) for c in columns])
    notice = None
    if is_constant(used[:, 0]) and sample.n:
        notice = Problem("W658", params={"n": sample.n})
    elif sample.n <= used.shape[1]:
        notice = Problem("W657", params={"n": sample.n, "k": used.shape[1]})
    shares = np.full(2 ** len(terms), np.nan) if notice else _r_squared(used, weights, place, len(terms))
    lmg, alone, last = _parted(shares, len(terms))
    return ImportanceResult(
        outcome=outcome,
        terms=tuple(names),
        lmg=lmg,
        alone=alone,
        last=last,
        r_squared=float(shares[-1]),
        weighted=sample.declared is not None and sample.declared.weights is not None,
        labels={name: label_of(data, name) for name in (outcome, *names)},
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=(notice,) if notice else (),
    )


def _r_squared(values: np.ndarray, weights: np.ndarray, place: np.ndarray, k: int) -> np.ndarray:
    """R squared of every subset of predictors, shape (2^k,); bit i of the position says whether i is in.

    Outcome first in `values`; `place` is the predictor of each further column.
    """
    share = weights / weights.sum()
    centred = values - share @ values
    scale = np.sqrt(share @ centred**2)
    scale[scale == 0] = 1.0
    z = centred / scale
    cross = z.T @ (z * share[:, None])
    out = np.zeros(2**k)
    for subset in range(1, 2**k):
        use = 1 + np.flatnonzero((subset >> place) & 1)
        out[subset] = cross[0, use] @ np.linalg.lstsq(cross[np.ix_(use, use)], cross[use, 0], rcond=1e-12)[0]
    return out


def _parted(shares: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """LMG, R squared alone and gain when last, of each predictor."""
    subsets = np.arange(2**k)
    size = np.array([int(s).bit_count() for s in subsets])
    orders = np.array([factorial(s) * factorial(max(k - s - 1, 0)) / factorial(k) for s in range(k + 1)])
    lmg, alone, last = np.empty(k), np.empty(k), np.empty(k)
    for i in range(k):
        without = subsets[(subsets >> i) & 1 == 0]
        gain = shares[without | (1 << i)] - shares[without]
        lmg[i], alone[i], last[i] = orders[size[without]] @ gain, gain[0], gain[-1]
    return lmg, alone, last
