"""The studentised range of several means: chances and critical values."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from evalkit.descriptive.comparison.noncentral import scaled_chi

_Z, _WEIGHT = np.polynomial.legendre.leggauss(96)
_REACH = 8.5


class StudentisedRange:
    """Distribution of the range of `k` normal means over an independent SD with `df` degrees of freedom.

    Integrals of Harter (1960), Annals of Mathematical Statistics 31, 1122-1147, by Gauss-Legendre.
    """

    def __init__(self, k: int, df: float) -> None:
        self.k, self.df = k, df
        self._critical: dict[float, float] = {}
        self.s, self.mass = scaled_chi(df)

    def beyond(self, q: float) -> float:
        """Chance of a range above q."""
        return float(min(1.0, max(0.0, np.sum(self.mass * (1 - self._range(q * self.s))))))

    def critical(self, level: float) -> float:
        """The range that is not exceeded with this chance."""
        if level not in self._critical:
            far = 4.0
            while self.beyond(far) > 1 - level:
                far *= 2
            root = optimize.brentq(lambda q: self.beyond(q) - (1 - level), 0.0, far, xtol=1e-9)
            self._critical[level] = float(root)
        return self._critical[level]

    def _range(self, w: np.ndarray) -> np.ndarray:
        """Chance that the range of k standard normal draws is below w: k * int phi(z) (Phi(z) - Phi(z - w))^(k-1)."""
        z = _Z * _REACH
        density = _WEIGHT * _REACH * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        return self.k * ((special.ndtr(z) - special.ndtr(z - w[:, None])) ** (self.k - 1)) @ density
