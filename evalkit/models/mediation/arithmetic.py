"""Sums of products of coefficients as one matrix: values and slopes of all effects for any number of resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.models.mediation.routes import Parts


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """How E effects follow from q coefficients.

    Attributes
    ----------
    products : tuple of tuple of int
        The P products that occur, as places of their coefficients.
    weights : ndarray, shape (E, P)
    """

    products: tuple[tuple[int, ...], ...]
    weights: np.ndarray

    @classmethod
    def of(cls, sums: Sequence[Parts]) -> Arithmetic:
        products = tuple(dict.fromkeys(key for parts in sums for key in parts))
        place = {key: i for i, key in enumerate(products)}
        weights = np.zeros((len(sums), len(products)))
        for row, parts in enumerate(sums):
            for key, weight in parts.items():
                weights[row, place[key]] = weight
        return cls(products, weights)

    def values(self, coefficients: np.ndarray) -> np.ndarray:
        """Effects, shape (E, B), of coefficients (q, B)."""
        terms = np.ones((len(self.products), coefficients.shape[1]))
        for row, key in enumerate(self.products):
            for place in key:
                terms[row] *= coefficients[place]
        return np.asarray(self.weights @ terms)

    def gradient(self, coefficients: np.ndarray) -> np.ndarray:
        """Slopes of the effects along each coefficient, shape (E, q), at coefficients (q,)."""
        slopes = np.zeros((len(self.products), len(coefficients)))
        for row, key in enumerate(self.products):
            for left_out, place in enumerate(key):
                slopes[row, place] += np.prod([coefficients[p] for i, p in enumerate(key) if i != left_out])
        return np.asarray(self.weights @ slopes)
