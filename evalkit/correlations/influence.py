"""Tables of pairs with thresholds and correlations in; what each person adds to every estimate out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.correlations.bivariate import cell_probabilities, cell_slopes, normal_pdf, threshold_slopes
from evalkit.correlations.contingency import Categories


@dataclass(frozen=True, eq=False)
class Influence:
    """Influence by category, looked up for each person.

    Parameters
    ----------
    single : tuple of ndarray
        For each column, shape (widest + 1, thresholds): influence on its thresholds by category, the last row zero.
    double : ndarray, shape (n_pairs, (widest + 1) ** 2)
        Influence on the correlation by the categories of both, missing ones included.
    """

    coded: Categories
    pairs: np.ndarray
    single: tuple[np.ndarray, ...]
    double: np.ndarray

    def of(self, rows: slice) -> np.ndarray:
        """One row a person: thresholds of all columns, then the correlations."""
        at = self.coded.positions[rows]
        width = self.coded.widest + 1
        cell = at[:, self.pairs[:, 0]] * width + at[:, self.pairs[:, 1]]
        cell += np.arange(len(self.pairs)) * width**2
        parts = [table[at[:, j]] for j, table in enumerate(self.single)]
        return np.hstack([*parts, self.double.ravel()[cell]]) * self.coded.weights[rows, None]

    def variances(self, blocks: Sequence[slice]) -> np.ndarray:
        """Diagonal of `gamma`: mean squares of the influence over the rows used."""
        return sum((np.square(self.of(rows)).sum(axis=0) for rows in blocks), np.zeros(1)) / self.coded.n_obs


def influence_of(coded: Categories, tables: np.ndarray, pairs: np.ndarray, rho: np.ndarray) -> Influence:
    """Scores of the two steps, each divided by its information: Muthén (1984), Psychometrika 49, 115-132.

    The information comes from outer products of the scores, the thresholds' effect on the correlations from the
    products of the pair's own scores.
    """
    cuts = coded.thresholds
    margins = [_margin(coded.totals[j], cuts[j], len(v)) for j, v in enumerate(coded.values)]
    width = coded.widest
    single = tuple(np.vstack([m * coded.n_obs, np.zeros((1, m.shape[1]))]) for m in margins)
    double = np.zeros((len(pairs), width + 1, width + 1))
    if not len(pairs):
        return Influence(coded, pairs, single, double.reshape(0, (width + 1) ** 2))
    score, cross_i, cross_j, information = _pair_scores(tables, cuts[pairs[:, 0]], cuts[pairs[:, 1]], rho)
    for number, (i, j) in enumerate(pairs):
        if information[number] <= 0:
            continue
        double[number, :width, :width] = score[number]
        double[number, :width] -= (margins[i] @ cross_i[number, : margins[i].shape[1]])[:, None]
        double[number, :, :width] -= (margins[j] @ cross_j[number, : margins[j].shape[1]])[None, :]
        double[number] *= coded.n_obs / information[number]
    return Influence(coded, pairs, single, double.reshape(len(pairs), -1))


def _margin(totals: np.ndarray, cuts: np.ndarray, size: int) -> np.ndarray:
    """Inverse information times the score of each category, shape (widest, size - 1)."""
    score = np.zeros((len(totals), max(size - 1, 0)))
    if size < 2:
        return score
    density = normal_pdf(cuts[1:size])
    share = totals[:size] / totals.sum()
    place = np.arange(size - 1)
    score[place, place] = density / share[:-1]
    score[place + 1, place] = -density / share[1:]
    information = score.T @ (score * totals[:, None])
    return np.asarray(np.linalg.solve(information, score.T).T)


def _pair_scores(
    tables: np.ndarray, cut_i: np.ndarray, cut_j: np.ndarray, rho: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Score by rho in each cell, its products with the scores by both columns' thresholds, its sum of squares."""
    chance = cell_probabilities(cut_i, cut_j, rho)
    score = np.where(tables > 0, cell_slopes(cut_i, cut_j, rho) / chance, 0.0)
    weight = tables * score / chance
    cross_i = np.sum((weight[:, :-1] - weight[:, 1:]) * threshold_slopes(cut_i, cut_j, rho), axis=2)
    turned = weight.transpose(0, 2, 1)
    cross_j = np.sum((turned[:, :-1] - turned[:, 1:]) * threshold_slopes(cut_j, cut_i, rho), axis=2)
    return score, cross_i, cross_j, np.sum(tables * score**2, axis=(1, 2))
