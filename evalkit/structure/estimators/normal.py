"""Normal-theory discrepancies of complete data: maximum likelihood, generalised and unweighted least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.structure.implied import Implied, Jacobian
from evalkit.structure.sample import GroupSample

CHUNK = 4096
"""Rows whose products are held at once."""


@dataclass(frozen=True, eq=False)
class NormalBlock:
    """Half the Wishart discrepancy: ``(log|Sigma| + tr(S Sigma^-1) - log|S| - p + (m - mu)' Sigma^-1 (m - mu)) / 2``.

    Bollen (1989), Structural Equations with Latent Variables, eq. 4.67.
    """

    sample: GroupSample
    means: bool
    lost: int = 0

    @property
    def n(self) -> float:
        """Rows; one less under the Wishart likelihood (`lost`)."""
        return self.sample.n - self.lost

    def _deviation(self, implied: Implied) -> np.ndarray:
        return self.sample.mean - implied.mean if self.means else np.zeros(len(self.sample.mean))

    def value(self, implied: Implied) -> float:
        """The discrepancy, 0 at perfect fit; inf where the implied covariances are not positive definite."""
        if implied.root is None:
            return float("inf")
        precision, d = implied.precision, self._deviation(implied)
        inner = np.vdot(precision, self.sample.cov) + d @ precision @ d
        return float(0.5 * (implied.log_det + inner - self.sample.log_det - len(d)))

    def slope(self, implied: Implied) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the value by the implied means and covariances, shapes (p,), (p, p)."""
        precision, d = implied.precision, self._deviation(implied)
        spread = self.sample.cov + np.outer(d, d) if self.means else self.sample.cov
        return -precision @ d, 0.5 * (precision - precision @ spread @ precision)

    def gradient(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Derivatives of the value by the parameters, shape (q,)."""
        return jacobian.pull(*self.slope(implied))

    def information(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Expected second derivatives, shape (q, q)."""
        return jacobian.information(implied.precision, self.means)

    def curvature(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Observed second derivatives as far as they come from the discrepancy (not from the model's bend)."""
        precision, d = implied.precision, self._deviation(implied)
        q = len(jacobian.cov)
        turned = precision @ (self.sample.cov + np.outer(d, d)) @ precision
        flat = jacobian.cov.reshape(q, -1)
        out = -jacobian.moves.information(precision)
        out += (precision @ jacobian.cov @ turned).reshape(q, -1) @ flat.T
        if self.means:
            cross = jacobian.mean @ precision @ (jacobian.cov @ (precision @ d)).T
            out += jacobian.mean @ precision @ jacobian.mean.T + cross + cross.T
        return 0.5 * (out + out.T)

    def case_scores(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """d log-likelihood / d parameter of each row, shape (n_rows, q)."""
        rows = self.sample.rows_needed()
        return normal_scores(rows - (implied.mean if self.means else self.sample.mean), implied, jacobian, self.means)


def normal_scores(deviations: np.ndarray, implied: Implied, jacobian: Jacobian, means: bool) -> np.ndarray:
    """Scores of rows given as deviations from the mean, shape (n, q)."""
    precision = implied.precision
    q, p = len(jacobian.cov), deviations.shape[1]
    flat = jacobian.cov.reshape(q, -1)
    centre = flat @ precision.ravel()
    out = np.empty((len(deviations), q))
    for start in range(0, len(deviations), CHUNK):
        z = deviations[start : start + CHUNK] @ precision
        products = (z[:, :, None] * z[:, None, :]).reshape(-1, p * p)
        out[start : start + CHUNK] = 0.5 * (products @ flat.T - centre)
        if means:
            out[start : start + CHUNK] += z @ jacobian.mean.T
    return out


@dataclass(frozen=True, eq=False)
class QuadraticBlock:
    """``tr((V (S - Sigma))^2) / 4``, plus ``(m - mu)' V (m - mu) / 2`` with means.

    `weight` V is the inverse sample covariance matrix (GLS) or the identity over the mean variance (ULS): Browne
    (1974), South African Statistical Journal 8, 1-24. For ULS the information is that of the quadratic form, not of
    the data.
    """

    sample: GroupSample
    means: bool
    weight: np.ndarray

    @property
    def n(self) -> float:
        """Rows less one: the covariances have that divisor."""
        return self.sample.n - 1

    def _parts(self, implied: Implied) -> tuple[np.ndarray, np.ndarray]:
        deviation = self.sample.mean - implied.mean if self.means else np.zeros(len(self.sample.mean))
        return deviation, self.sample.cov - implied.cov

    def value(self, implied: Implied) -> float:
        d, rest = self._parts(implied)
        turned = self.weight @ rest
        return float(0.25 * np.sum(turned * turned.T) + 0.5 * d @ self.weight @ d)

    def slope(self, implied: Implied) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the value by the implied means and covariances."""
        d, rest = self._parts(implied)
        return -self.weight @ d, -0.5 * self.weight @ rest @ self.weight

    def gradient(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        return jacobian.pull(*self.slope(implied))

    def information(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        return jacobian.information(self.weight, self.means)

    def curvature(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """The quadratic form has the same second derivatives everywhere."""
        return self.information(implied, jacobian)

    def case_scores(self, implied: Implied, jacobian: Jacobian) -> None:
        """A least-squares fit has no likelihood."""
