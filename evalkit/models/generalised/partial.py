"""Parameters in, log-likelihood, scores and information of ordered categories whose slopes differ between cuts out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.models.generalised.categories import Ordered


@dataclass(frozen=True, eq=False)
class PartlyOrdered(Ordered):
    """``P(y <= k) = F(threshold_k - x b - z d_k)``: some columns keep one slope, others have one a cut.

    Parameters: the thresholds, the slopes that are common, then the free ones cut by cut. Peterson & Harrell (1990),
    Applied Statistics 39, 205-217; Williams (2006), Stata Journal 6, 58-82. Observed information. Parameters under
    which a category would have a negative probability in some row are outside.

    Parameters
    ----------
    free : tuple of int
        Columns of x that have a slope a cut.
    """

    free: tuple[int, ...] = ()

    @cached_property
    def tensor(self) -> np.ndarray:
        return self.design(self.x)

    def design(self, x: np.ndarray) -> np.ndarray:
        common = [j for j in range(x.shape[1]) if j not in self.free]
        cuts, q = self.cuts, len(self.free)
        out = np.zeros((len(x), cuts, cuts + len(common) + cuts * q))
        for cut in range(cuts):
            out[:, cut, cut] = 1.0
            out[:, cut, cuts : cuts + len(common)] = -x[:, common]
            start = cuts + len(common) + cut * q
            out[:, cut, start : start + q] = -x[:, list(self.free)]
        return out

    def _ends(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        edge = np.full((len(self.y), 1), np.inf)
        bounds = np.column_stack([-edge, self.tensor @ b, edge])
        row = np.arange(len(self.y))
        upper, lower = bounds[row, self.y + 1], bounds[row, self.y]
        mean = self.link.mean
        chance = np.where(lower > 0, mean(-lower) - mean(-upper), mean(upper) - mean(lower))
        return upper, lower, chance

    def _columns(self, cut: np.ndarray) -> np.ndarray:
        inside = (cut >= 0) & (cut < self.cuts)
        return self.tensor[np.arange(len(cut)), np.where(inside, cut, 0)] * inside[:, None]

    def start(self, weights: np.ndarray) -> np.ndarray:
        common = super().start(weights)
        return np.concatenate([common[: self.cuts], np.zeros(self.tensor.shape[2] - self.cuts)])

    def inside(self, b: np.ndarray) -> bool:
        return bool((np.diff(self.tensor @ b, axis=1) > 0).all())

    def probabilities(self, b: np.ndarray) -> np.ndarray:
        edge = np.ones((len(self.x), 1))
        return np.diff(np.column_stack([0 * edge, self.link.mean(self.tensor @ b), edge]), axis=1)
