"""Values of all respondents and who interviewed each in, each interviewer against all others out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Funnel:
    """One measure, each array of shape (interviewers,): `value` against `others`, with limits round the others.

    `outside` is 1 beyond the limits, 0 within, nan where nothing can be said; `reason` says why.
    """

    name: str
    n: np.ndarray
    value: np.ndarray
    others: np.ndarray
    low: np.ndarray
    high: np.ndarray
    outside: np.ndarray
    reason: np.ndarray


def means(name: str, values: np.ndarray, group: np.ndarray, *, level: float, least: int) -> Funnel:
    """Mean of each interviewer's respondents against all other respondents.

    Parameters
    ----------
    values : ndarray, shape (n,)
        nan where unknown.
    group : ndarray of int, shape (n,)
        Interviewer of each, from 0; -1 without one.
    level : float
        Coverage of the limits, `m ± t s sqrt(1/n_g + 1/n_o)` with the others' mean m, standard deviation s and
        number n_o, and t on n_o - 1 degrees of freedom.
    least : int
        Respondents with a value an interviewer must have.

    Notes
    -----
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202; with the others in place of all, so that an
    interviewer is no part of what he is held against.
    """
    from scipy import stats

    known = (group >= 0) & np.isfinite(values)
    at, x = group[known], values[known]
    k = int(group.max(initial=-1)) + 1
    x = x - (centre := x.mean() if x.size else 0.0)
    n, total, square = (np.bincount(at, weights=w, minlength=k) for w in (np.ones(len(x)), x, x * x))
    n_o = n.sum() - n
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, others = total / n, (total.sum() - total) / n_o
        inner = square.sum() - square - n_o * others**2
        sd = np.sqrt(np.where(inner > 1e-10 * square.sum(), inner, 0.0) / (n_o - 1))
        half = stats.t.ppf((1 + level) / 2, np.maximum(n_o - 1, 1)) * sd * np.sqrt(1 / n + 1 / n_o)
    return _judged(name, n, mean + centre, others + centre, half, half, least, flat=sd == 0)


def rates(name: str, found: np.ndarray, group: np.ndarray, *, level: float, least: int) -> Funnel:
    """Per cent of each interviewer's respondents with a finding against all other respondents.

    Parameters
    ----------
    found : ndarray, shape (n,)
        1, 0 or nan.

    Notes
    -----
    Limits: quantiles of the hypergeometric distribution of the findings over the respondents (Fisher's exact
    test, one-sided at each end).
    """
    from scipy import stats

    known = (group >= 0) & np.isfinite(found)
    k = int(group.max(initial=-1)) + 1
    n = np.bincount(group[known], minlength=k).astype(float)
    hits = np.bincount(group[known], weights=found[known], minlength=k)
    tail = (1 - level) / 2
    spread = stats.hypergeom(int(n.sum()), int(hits.sum()), n.astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):
        share, others = 100 * hits / n, 100 * (hits.sum() - hits) / (n.sum() - n)
        low, high = 100 * spread.ppf(tail) / n, 100 * spread.ppf(1 - tail) / n
    return _judged(name, n, share, others, others - low, high - others, least, flat=np.full(k, not hits.sum()))


def _judged(
    name: str, n: np.ndarray, value: np.ndarray, others: np.ndarray, below: np.ndarray, above: np.ndarray,
    least: int, *, flat: np.ndarray,
) -> Funnel:  # fmt: skip
    reason = np.full(len(n), "", dtype=object)
    reason[flat] = "flat"
    reason[n < least] = "few_interviews"
    reason[n.sum() - n < 2] = "no_others"
    reason[:] = reason if n.sum() else "no_values"
    dumb = reason != ""
    low, high = (np.where(dumb, np.nan, limit) for limit in (others - below, others + above))
    edge = 1e-9 * np.maximum(1.0, np.abs(others))  # limits that are counts over n may differ by rounding
    with np.errstate(invalid="ignore"):
        outside = np.where(dumb, np.nan, ((value < low - edge) | (value > high + edge)).astype(float))
    return Funnel(name, n, np.where(n > 0, value, np.nan), others, low, high, outside, reason)
