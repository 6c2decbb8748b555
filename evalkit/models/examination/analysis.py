"""A data frame and a formula in, the diagnostics of the linear model out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, label_of
from evalkit.models.examination.cases import Cases, Linear, influence
from evalkit.models.examination.residual_tests import MOST_SHAPIRO, NAMES, assumption_tests
from evalkit.models.examination.result import DiagnosticsResult, Influential
from evalkit.models.examination.variables import condition_indices, inflation, squares
from evalkit.models.fit import fit_linear
from evalkit.models.linear import entered, model_blocks, variable_labels
from evalkit.models.matrix import joined, numeric_outcome, term_columns, term_id
from evalkit.models.sample import complete_rows, relevant
from evalkit.moments import least_squares
from evalkit.sampling import Design

POINTS = 400
"""Points of the residual figure at most; quantiles of the residuals stand for more rows."""


def diagnostics(
    data: pd.DataFrame,
    formula: str | None = None,
    *,
    y: str | None = None,
    blocks: Sequence[Sequence[str]] | None = None,
    squares_type: int = 2,
    cases: int = 10,
    design: Design | None = None,
) -> DiagnosticsResult:
    """What speaks against a linear model: its residuals, single rows, collinear predictors.

    Parameters
    ----------
    data : DataFrame
    formula, y, blocks
        As in `regress`; all blocks are in the model.
    squares_type : {1, 2, 3}
        Sums of squares of the analysis of variance; type 3 codes nominal variables to sum to 0.
    cases : int
        How many rows are listed, those with the largest Cook's distance.
    design : Design, optional
        Default: that of the codebook. The diagnostics are of the unweighted fit (N6032 says so).

    Returns
    -------
    DiagnosticsResult
        `tidy()` rows by `group`: `test` (assumptions), `variable` (GVIF, sum of squares, F and
        partial eta squared with its 90 % interval), `condition`, `beyond` (rows
        beyond the usual bounds), `case` (term = `row.<index>`) and `dfbetas` (level = `row.<index>`). nan where nothing
        can be estimated (W657, W658) or the fit leaves no residual (W6033).

    Raises
    ------
    AnalysisError
        As `regress`; E6030 for another type of sums of squares, E6031 for a negative number of cases.
    """
    _check(squares_type, cases)
    outcome, given = model_blocks(formula, y, blocks)
    names = [outcome, *(n for block in given for term in block for n in term)]
    data = relevant(data, names, None, design)
    values, _ = numeric_outcome(data, outcome)
    steps, notices = entered(data, given)
    columns = steps[-1]
    sample = complete_rows(data, names, np.column_stack([values, columns.values]), design=design)
    if sample.declared is not None:
        notices.append(Problem("N6032", params={"columns": list(sample.declared.columns)}))
    used, goal = columns.values[sample.rows], values[sample.rows]
    fit = fit_linear(used, columns.terms, goal)
    terms = [term for block in given for term in block if term_columns(data, term).terms]
    labels = variable_labels(data, outcome, columns) | {
        term_id(*term): joined([label_of(data, n) for n in term], " × ") for term in terms
    }
    found = [*columns.notices, *notices, *fit.notices]
    common = {
        "outcome": outcome,
        "variables": tuple(term_id(*term) for term in terms),
        "squares_type": squares_type,
        "n_obs": sample.n,
        "dropped": sample.dropped,
    }
    if fit.rank == 0:
        return DiagnosticsResult.undefined(notices=tuple(dict.fromkeys(found)), labels=labels, **common)
    kept = [j for j in range(len(fit.terms)) if not np.isnan(fit.estimate[j])]
    full = np.column_stack([np.ones(sample.n), used])[:, kept]
    solved = least_squares(full, goal)
    model = Linear(full, goal, solved.coefficients, solved.inverse)
    exact = fit.ssr <= 1e-20 * fit.total_ss
    found += _remarks(exact, sample.n)
    measures = influence(model)
    gvif, root = _inflation(full, kept, _owners(terms, columns.terms, data), len(terms))
    return DiagnosticsResult(
        tests=dict.fromkeys(NAMES, (np.nan,) * 4) if exact else assumption_tests(model, measures),
        gvif=gvif,
        gvif_root=root,
        squares=squares(data, terms, sample.rows, goal, squares_type),
        condition=condition_indices(full),
        beyond=measures.beyond(full.shape[1]),
        cases=_most_influential(measures, data.index[sample.rows], tuple(fit.terms[j] for j in kept), cases),
        press=measures.press,
        total_ss=fit.total_ss,
        sigma=fit.sigma,
        points=_points(model, measures),
        notices=tuple(dict.fromkeys(found)),
        labels=labels,
        **common,
    )


def _check(squares_type: int, cases: int) -> None:
    if squares_type not in (1, 2, 3):
        raise AnalysisError(Problem("E6030", params={"value": squares_type}))
    if cases < 0:
        raise AnalysisError(Problem("E6031", params={"value": cases}))


def _remarks(exact: bool, n: int) -> list[Problem]:
    """That an exact fit leaves nothing to test, or that the test of normality has too many rows."""
    if exact:
        return [Problem("W6033")]
    return [Problem("N6034", params={"n": n, "most": MOST_SHAPIRO})] if n > MOST_SHAPIRO else []


def _inflation(full: np.ndarray, kept: Sequence[int], owner: Sequence[int], n_terms: int) -> np.ndarray:
    """Generalised variance inflation and its root for each term, shape (2, terms); nan for one without a column."""
    groups = [
        np.array([i - 1 for i, j in enumerate(kept) if j and owner[j - 1] == t], dtype=int) for t in range(n_terms)
    ]
    there = [t for t, g in enumerate(groups) if len(g)]
    spread = np.full((2, n_terms), np.nan)
    spread[:, there] = inflation(full[:, 1:], [groups[t] for t in there])
    return spread


def _owners(terms: Sequence[tuple[str, ...]], columns: Sequence[str], data: pd.DataFrame) -> list[int]:
    """The term that each column came with (the first, where two have it)."""
    owner: dict[str, int] = {}
    for i, term in enumerate(terms):
        for column in term_columns(data, term).terms:
            owner.setdefault(column, i)
    return [owner[column] for column in columns]


def _most_influential(found: Cases, index: pd.Index, terms: tuple[str, ...], n: int) -> Influential:
    order = np.argsort(-np.nan_to_num(found.cooks, nan=-1.0), kind="stable")[:n]
    rows = tuple(term_id("row." + str(index[i])) for i in order)
    labels = {row: Label(zh=str(index[i]), en=str(index[i])) for row, i in zip(rows, order, strict=True)}
    return Influential(rows, order, found, terms, labels)


def _points(model: Linear, found: Cases) -> pd.DataFrame:
    """Standardised residuals against fitted values, and against normal quantiles.

    With more rows than `POINTS` every k-th in the order of the residuals stands for its neighbours, the ends always.
    """
    from scipy.special import ndtri

    n = len(model.y)
    order = np.argsort(found.rstandard, kind="stable")
    order = order[~np.isnan(found.rstandard[order])]
    if not len(order):
        return pd.DataFrame({"part": ["fitted"], "x": [np.nan], "y": [np.nan]})
    take = np.unique(np.round(np.linspace(0, len(order) - 1, min(len(order), POINTS))).astype(int))
    chance = (np.arange(1, len(order) + 1) - 0.5) / len(order)
    shown = order[take]
    parts = [("fitted", model.fitted[shown]), ("normal", ndtri(chance)[take])]
    frames = [pd.DataFrame({"part": name, "x": x, "y": found.rstandard[shown]}) for name, x in parts]
    return pd.concat(frames, ignore_index=True).assign(n_obs=n)
