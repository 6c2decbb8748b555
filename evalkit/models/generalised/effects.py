"""A model with one linear predictor in, average marginal effects with delta-method errors out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit.models.generalised.links import SingleIndex


@dataclass(frozen=True, eq=False)
class Effects:
    """Marginal effects on the mean of the outcome (on the probability of a category), one a variable or dummy.

    `levels` names the categories; empty for outcomes that have a mean.
    """

    terms: tuple[str, ...]
    estimate: np.ndarray
    std_error: np.ndarray
    levels: tuple[str, ...] = ()


def effects_at_means(
    likelihood: SingleIndex, terms: tuple[str, ...], b: np.ndarray, matrix: np.ndarray, weights: np.ndarray
) -> Effects:
    """As `average_effects`, at the means of all columns (products at the mean of the product)."""
    share = weights / weights.sum()
    binary = tuple(t for j, t in enumerate(terms) if np.isin(likelihood.x[:, j], (0, 1)).all())
    middle = replace(
        likelihood,
        x=(share @ likelihood.x)[None, :],
        y=np.array([share @ likelihood.y]),
        offset=np.array([share @ likelihood.offset]),
    )
    return average_effects(middle, terms, b, matrix, np.ones(1), binary=binary)


def average_effects(
    likelihood: SingleIndex,
    terms: tuple[str, ...],
    b: np.ndarray,
    matrix: np.ndarray,
    weights: np.ndarray,
    *,
    binary: tuple[str, ...] | None = None,
) -> Effects:
    """Mean derivative of the mean by a number; mean difference between 1 and 0 for what is 0 or 1.

    Parameters
    ----------
    terms : tuple of str
        Ids of the columns of `likelihood.x`, the constant first; products follow the variable that moves.
    weights : ndarray, shape (n,)
    binary : tuple of str, optional
        The columns that are 0 or 1, where x does not show it.

    Notes
    -----
    Bartus (2005), Stata Journal 5, 309-329. A dummy is compared with the reference category: its sisters are 0 then.
    A variable that stands in products only has no effect of its own here.
    """
    parts = [t.split(":") for t in terms]
    singles = [t for t, p in zip(terms[1:], parts[1:], strict=True) if len(p) == 1]
    share = weights / weights.sum()
    found, errors = [], []
    for term in singles:
        column = likelihood.x[:, terms.index(term)]
        if np.isin(column, (0, 1)).all() if binary is None else term in binary:
            sisters = [s for s in singles if "." in term and s.rpartition(".")[0] == term.rpartition(".")[0]]
            high = moved(likelihood.x, terms, {**dict.fromkeys(sisters, 0.0), term: 1.0})
            low = moved(likelihood.x, terms, dict.fromkeys([*sisters, term], 0.0))
            at = [x @ b + likelihood.offset for x in (high, low)]
            value = share @ (likelihood.link.mean(at[0]) - likelihood.link.mean(at[1]))
            slopes = [share * likelihood.link.slope(e) for e in at]
            gradient = slopes[0] @ high - slopes[1] @ low
        else:
            change = derivative(likelihood.x, terms, term)
            eta = likelihood.eta(b)
            slope, bend, steep = likelihood.link.slope(eta), likelihood.link.bend(eta), change @ b
            value = share @ (slope * steep)
            gradient = (share * bend * steep) @ likelihood.x + (share * slope) @ change
        found.append(float(value))
        errors.append(float(np.sqrt(max(gradient @ matrix @ gradient, 0.0))))
    return Effects(tuple(singles), np.array(found), np.array(errors))


def moved(x: np.ndarray, terms: tuple[str, ...], values: dict[str, float]) -> np.ndarray:
    """The columns with some variables set to a value, products included."""
    out = x.copy()
    for j, term in enumerate(terms):
        names = term.split(":")
        touched = [n for n in names if n in values]
        if touched:
            out[:, j] = np.prod([np.full(len(x), values[n]) if n in values else _single(x, terms, n) for n in names], 0)
    return out


def derivative(x: np.ndarray, terms: tuple[str, ...], moving: str) -> np.ndarray:
    """Derivative of every column by one variable."""
    out = np.zeros_like(x)
    for j, term in enumerate(terms):
        names = term.split(":")
        if moving in names:
            rest = [_single(x, terms, n) for n in names if n != moving]
            out[:, j] = np.prod(rest, 0) if rest else 1.0
    return out


def _single(x: np.ndarray, terms: tuple[str, ...], name: str) -> np.ndarray:
    return x[:, terms.index(name)]
