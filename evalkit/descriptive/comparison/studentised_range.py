"""The studentised range of several means: chances and critical values."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy import interpolate, optimize, special

from evalkit.descriptive.comparison.noncentral import scaled_chi

_Z, _WEIGHT = np.polynomial.legendre.leggauss(96)
_REACH = 8.5
_WIDEST, _STEPS = 2 * _REACH, 1701


class StudentisedRange:
    """Distribution of the range of `k` normal means over an independent SD with `df` degrees of freedom.

    Integrals of Harter (1960), Annals of Mathematical Statistics 31, 1122-1147, by Gauss-Legendre.
    """

    def __init__(self, k: int, df: float) -> None:
        self.k, self.df = k, df
        self._critical: dict[float, float] = {}
        self.s, self.mass = scaled_chi(df)
        self.range = _ranges(k)

    def beyond(self, q: float) -> float:
        """Chance of a range above q."""
        return float(min(1.0, max(0.0, np.sum(self.mass * (1 - self.range(np.minimum(q * self.s, _WIDEST)))))))

    def critical(self, level: float) -> float:
        """The range that is not exceeded with this chance."""
        if level not in self._critical:
            far = 4.0
            while self.beyond(far) > 1 - level:
                far *= 2
            root = optimize.brentq(lambda q: self.beyond(q) - (1 - level), 0.0, far, xtol=1e-9)
            self._critical[level] = float(root)
        return self._critical[level]


@cache
def _ranges(k: int) -> Any:
    """Chance that the range of k standard normal draws is below w: k * int phi(z) (Phi(z) - Phi(z - w))^(k-1).

    A cubic spline through steps of 0.01, which errs by less than 1e-9.
    """
    w = np.linspace(0.0, _WIDEST, _STEPS)
    z = _Z * _REACH
    density = _WEIGHT * _REACH * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    below = k * ((special.ndtr(z) - special.ndtr(z - w[:, None])) ** (k - 1)) @ density
    return interpolate.CubicSpline(w, below)
