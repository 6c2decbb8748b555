"""A fitted linear model in, tests of its terms (type III) and of contrasts out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.models.linear import Term
from evalkit.models.matrix import term_id, variable_columns
from evalkit.models.multilevel.kenward_roger import KenwardRoger
from evalkit.models.multilevel.linear_fit import Degrees
from evalkit.models.multilevel.model import Line


def effect_coded(frame: pd.DataFrame, terms: Sequence[Term]) -> tuple[np.ndarray, list[range]]:
    """A constant and the columns of every term with nominal variables coded -1, 0, 1, and the places of each term.

    So coded, a main effect is its mean over the categories of what it interacts with (type III).
    """
    columns, places, at = [np.ones((len(frame), 1))], [], 1
    for term in terms:
        out = np.ones((len(frame), 1))
        for name in term:
            part = variable_columns(frame, name)
            values = part.values - (1 - part.values.sum(axis=1, keepdims=True)) if part.references else part.values
            out = (out[:, :, None] * values[:, None, :]).reshape(len(frame), -1)
        columns.append(out)
        places.append(range(at, at + out.shape[1]))
        at += out.shape[1]
    return np.column_stack(columns), places


def type_three(
    frame: pd.DataFrame,
    terms: Sequence[Term],
    x: np.ndarray,
    beta: np.ndarray,
    matrix: np.ndarray,
    degrees: Degrees | KenwardRoger | None,
    sigma: float,
) -> tuple[Line, ...]:
    """F tests of every term given all others.

    Kuznetsova, Brockhoff & Christensen (2017), section 2.3.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Constant first, no column left out.
    degrees : Degrees, KenwardRoger or None
        None: chi square divided by its degrees of freedom, infinite ones below.
    """
    from scipy.stats import chi2
    from scipy.stats import f as f_distribution

    coded, places = effect_coded(frame, terms)
    back = np.linalg.lstsq(coded, x, rcond=None)[0]
    out = []
    for term, place in zip(terms, places, strict=True):
        rows = back[list(place)]
        q = len(rows)
        if not q:
            continue
        scale, below = (1.0, np.inf) if degrees is None else degrees.denominator(rows)
        value = scale * float((rows @ beta) @ np.linalg.solve(rows @ matrix @ rows.T, rows @ beta)) / q
        p = chi2.sf(value * q, q) if np.isinf(below) else f_distribution.sf(value, q, below)
        squares = value * q * sigma**2
        out.append(Line(term_id(*term), statistic=value, df=q, df2=below, p_value=float(p), sum_of_squares=squares))
    return tuple(out)
