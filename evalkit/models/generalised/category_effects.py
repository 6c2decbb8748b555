"""A model of categories in, average marginal effects on the probability of each category out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.generalised.categories import Multinomial, Ordered
from evalkit.models.generalised.effects import Effects, derivative, moved


@dataclass(frozen=True, eq=False)
class Curves:
    """Probabilities of K categories, shape (n, K), with first and second derivatives in the m linear predictors."""

    chance: np.ndarray
    first: np.ndarray
    second: np.ndarray


def curves(likelihood: Ordered | Multinomial, eta: np.ndarray) -> Curves:
    """What the categories' probabilities do at linear predictors `eta`, shape (n, m)."""
    n, m = eta.shape
    first, second = np.zeros((n, m + 1, m)), np.zeros((n, m + 1, m, m))
    if isinstance(likelihood, Ordered):
        link = likelihood.link
        edge = np.ones((n, 1))
        slope, bend = link.slope(eta), link.bend(eta)
        for j in range(m):
            first[:, j, j], first[:, j + 1, j] = slope[:, j], -slope[:, j]
            second[:, j, j, j], second[:, j + 1, j, j] = bend[:, j], -bend[:, j]
        return Curves(np.diff(np.column_stack([0 * edge, link.mean(eta), edge]), axis=1), first, second)
    whole = np.column_stack([np.zeros(n), eta])
    e = np.exp(whole - whole.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    own = np.eye(m + 1)[None, :, 1:] - p[:, None, 1:]  # (n, K, m): 1(k = j) - p_j
    first = p[:, :, None] * own
    cross = p[:, 1:, None] * (np.eye(m)[None] - p[:, None, 1:])  # derivative of p_j by eta_l
    second = first[:, :, None, :] * own[:, :, :, None] - p[:, :, None, None] * cross[:, None]
    return Curves(p, first, second)


def category_effects(
    likelihood: Ordered | Multinomial,
    terms: tuple[str, ...],
    x: np.ndarray,
    codes: tuple[str, ...],
    b: np.ndarray,
    matrix: np.ndarray,
    weights: np.ndarray,
) -> Effects:
    """As `average_effects`, for the probability of every category; the effects of a variable add up to 0.

    Parameters
    ----------
    terms : tuple of str
        Ids of the columns of x, the constant first.
    x : ndarray, shape (n, k)
    codes : tuple of str
        Of the categories.

    Notes
    -----
    Delta method; Greene & Hensher (2010), Modeling Ordered Choices, section 5.
    """
    share = weights / weights.sum()
    singles = [t for t in terms[1:] if ":" not in t]
    found, errors, names, levels = [], [], [], []
    for term in singles:
        column = x[:, terms.index(term)]
        if np.isin(column, (0, 1)).all():
            sisters = [s for s in singles if "." in term and s.rpartition(".")[0] == term.rpartition(".")[0]]
            value, gradient = np.zeros(len(codes)), np.zeros((len(codes), len(b)))
            for sign, setting in (
                (1.0, {**dict.fromkeys(sisters, 0.0), term: 1.0}),
                (-1.0, dict.fromkeys([*sisters, term], 0.0)),
            ):
                design = likelihood.design(_part(likelihood, moved(x, terms, setting)))
                at = curves(likelihood, design @ b)
                value += sign * (share @ at.chance)
                gradient += sign * np.einsum("n,nkj,njp->kp", share, at.first, design, optimize=True)
        else:
            design = likelihood.design(_part(likelihood, x))
            step = likelihood.design(_part(likelihood, derivative(x, terms, term)))
            step -= likelihood.design(np.zeros_like(_part(likelihood, x)))  # thresholds do not move
            at, steep = curves(likelihood, design @ b), step @ b
            value = np.einsum("n,nkj,nj->k", share, at.first, steep, optimize=True)
            turned = np.einsum("nkjl,nj->nkl", at.second, steep)
            gradient = np.einsum("n,nkl,nlp->kp", share, turned, design, optimize=True)
            gradient += np.einsum("n,nkj,njp->kp", share, at.first, step, optimize=True)
        found += list(value)
        errors += list(np.sqrt(np.maximum(np.einsum("kp,pq,kq->k", gradient, matrix, gradient), 0.0)))
        names += [term] * len(codes)
        levels += codes
    return Effects(tuple(names), np.array(found), np.array(errors), tuple(levels))


def _part(likelihood: Ordered | Multinomial, x: np.ndarray) -> np.ndarray:
    """The columns that the likelihood sees: thresholds stand for the constant."""
    return x[:, 1:] if isinstance(likelihood, Ordered) else x
