"""Equations of one endogenous column in; the values of its effect that the instruments do not reject, out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evalkit.models.causal.k_class import Equations, ordinary
from evalkit.models.sandwich import covariance, wald


@dataclass(frozen=True, eq=False)
class ReducedForms:
    """Coefficients of the instruments for the outcome and for the endogenous column, with what a test needs.

    The outcome less ``beta`` times the endogenous column has coefficients ``level - beta slope`` with covariance
    ``v0 - beta v1 + beta^2 v2``, all (L, L).
    """

    level: np.ndarray
    slope: np.ndarray
    v0: np.ndarray
    v1: np.ndarray
    v2: np.ndarray
    df: float

    def statistic(self, beta: float) -> float:
        """F of the instruments if the effect is `beta`; L and `df` degrees of freedom."""
        matrix = self.v0 - beta * self.v1 + beta**2 * self.v2
        # An exact fit leaves nothing to test with: rounding may even make a variance negative.
        return wald(self.level - beta * self.slope, matrix) if (np.diag(matrix) > 0).all() else math.nan


def reduced_forms(model: Equations) -> ReducedForms:
    """Regressions on exogenous columns and instruments; errors as the model's."""
    z, k2 = model.z, model.exogenous.shape[1]
    ours, theirs = ordinary(z, model.y, model.errors), ordinary(z, model.endogenous[:, 0], model.errors)
    half = np.linalg.inv(np.linalg.qr(z, mode="r"))
    # The covariance is a quadratic form of the residuals, so that of a sum gives what two have in common.
    total = covariance(z, ours.residual + theirs.residual, half @ half.T, model.errors).matrix
    v0, v2, both = (m[k2:, k2:] for m in (ours.found.matrix, theirs.found.matrix, total))
    return ReducedForms(ours.estimate[k2:], theirs.estimate[k2:], v0, both - v0 - v2, v2, ours.found.df)


def confidence_set(forms: ReducedForms, conf_level: float) -> tuple[tuple[float, float], ...]:
    """Values of the effect that the F test of the instruments does not reject: pieces in order, ends may be infinite.

    Returns
    -------
    tuple of (low, high)
        One finite piece where the instruments are strong; two rays or the whole line where they are weak; none where
        they contradict one another at every value. A nan piece where the covariance has not full rank.

    Notes
    -----
    Anderson & Rubin (1949), Annals of Mathematical Statistics 20, 46-63; Andrews, Stock & Sun (2019), Annual Review
    of Economics 11, 727-753. The statistic is at its bound where ``c V(b) - d(b) d(b)'`` is singular, a quadratic
    eigenvalue problem in b, so that every end is found, whatever the shape of the set.
    """
    from scipy.linalg import cholesky, eig, solve_triangular
    from scipy.stats import f as f_distribution

    k = len(forms.level)
    if not math.isfinite(forms.statistic(0.0)) or np.linalg.matrix_rank(forms.v2, hermitian=True) < k:
        return ((math.nan, math.nan),)
    bound = float(f_distribution.ppf(conf_level, k, forms.df))
    size = math.sqrt(np.trace(forms.v0) / np.trace(forms.v2))  # effects in units in which both covariances are alike
    lower = cholesky(forms.v2 * size**2, lower=True)

    def white(matrix: np.ndarray) -> np.ndarray:
        return np.asarray(solve_triangular(lower, solve_triangular(lower, matrix, lower=True).T, lower=True))

    level, slope, c = forms.level, forms.slope * size, bound * k
    m0 = white(c * forms.v0 - np.outer(level, level))
    m1 = white(-c * forms.v1 * size + np.outer(level, slope) + np.outer(slope, level))
    m2 = white(c * forms.v2 * size**2 - np.outer(slope, slope))
    eye, none = np.eye(k), np.zeros((k, k))
    roots = eig(np.block([[none, eye], [-m0, -m1]]), np.block([[eye, none], [none, m2]]), right=False)
    roots = roots[np.isfinite(roots)]
    ends = np.sort(roots.real[np.abs(roots.imag) < 1e-7 * (1 + np.abs(roots.real))]) * size
    return _pieces(forms, ends, bound)


def _pieces(forms: ReducedForms, ends: np.ndarray, bound: float) -> tuple[tuple[float, float], ...]:
    """The stretches between the ends where the statistic stays within its bound."""
    points = [-math.inf, *map(float, ends), math.inf]
    out: list[tuple[float, float]] = []
    for low, high in zip(points, points[1:], strict=False):
        if low == high or forms.statistic(_inside(low, high)) > bound:
            continue
        if out and out[-1][1] == low:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return tuple(out)


def _inside(low: float, high: float) -> float:
    if math.isinf(low) and math.isinf(high):
        return 0.0
    if math.isinf(low):
        return high - 1 - abs(high)
    return low + 1 + abs(low) if math.isinf(high) else (low + high) / 2
