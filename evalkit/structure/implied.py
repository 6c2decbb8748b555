"""What a model implies for one group's moments, and how these move with the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.structure import positive


@dataclass(frozen=True, eq=False)
class Implied:
    """What the model implies for one group (p observed of v variables).

    Parameters
    ----------
    mean, cov : ndarray, shapes (p,), (p, p)
        Of the observed variables; where these are conditional on exogenous ones, at zeros of these and given these.
    total, paths_inverse, means : ndarray, shapes (v, v), (v, v), (v,)
        `P`, `E` and `E M` over all variables.
    thresholds, scale : ndarray, shapes (k,), (p,)
        Thresholds in the order of the table, and the `~*~` factors (1 where none).
    """

    mean: np.ndarray
    cov: np.ndarray
    total: np.ndarray
    paths_inverse: np.ndarray
    means: np.ndarray
    thresholds: np.ndarray
    scale: np.ndarray

    @cached_property
    def root(self) -> np.ndarray | None:
        """Lower Cholesky factor of real `cov`; None where it is not positive definite."""
        return positive.factor(self.cov)

    @cached_property
    def log_det(self) -> float:
        """log |cov|; nan where it is not positive definite."""
        return float("nan") if self.root is None else positive.log_det(self.root)

    @cached_property
    def precision(self) -> np.ndarray:
        """Inverse of `cov`.

        Raises
        ------
        numpy.linalg.LinAlgError
            If it is singular.
        """
        if np.iscomplexobj(self.cov) or self.root is None:
            return np.asarray(np.linalg.inv(self.cov))
        return positive.inverse(self.root)


@dataclass(frozen=True, eq=False)
class Moves:
    """Derivatives of a covariance matrix, each of rank two: ``left_k right_k' + right_k left_k'``.

    Parameters
    ----------
    left, right : ndarray, shapes (m, p)
    sums : ndarray, shape (m, q), optional
        How the m derivatives make those by the q parameters; None where they are the same.
    """

    left: np.ndarray
    right: np.ndarray
    sums: np.ndarray | None = None

    @property
    def dense(self) -> np.ndarray:
        """Shape (q, p, p)."""
        half = self.left[:, :, None] * self.right[:, None, :]
        out = half + half.transpose(0, 2, 1)
        return out if self.sums is None else np.asarray(np.tensordot(self.sums.T, out, 1))

    def pull(self, cov: np.ndarray) -> np.ndarray:
        """``tr(cov dSigma_k)`` for a symmetric matrix, shape (q,)."""
        out = 2 * np.einsum("ij,ij->i", self.left @ cov, self.right)
        return out if self.sums is None else out @ self.sums

    def information(self, precision: np.ndarray) -> np.ndarray:
        """``tr(P dSigma_k P dSigma_l) / 2`` for a symmetric matrix P, shape (q, q)."""
        left, right = self.left @ precision, self.right @ precision
        crossed = left @ self.right.T
        out = (left @ self.left.T) * (right @ self.right.T) + crossed * crossed.T
        return out if self.sums is None else self.sums.T @ out @ self.sums

    def beside(self, other: Moves, chosen: np.ndarray) -> Moves:
        """These derivatives, then the chosen ones of others."""
        if self.sums is None and other.sums is None:
            return Moves(np.vstack([self.left, other.left[chosen]]), np.vstack([self.right, other.right[chosen]]))
        own, more = self._sums(), other._sums()[:, chosen]
        q = own.shape[1]
        sums = np.zeros((len(own) + len(more), q + len(chosen)), dtype=np.result_type(own, more))
        sums[: len(own), :q], sums[len(own) :, q:] = own, more
        return Moves(np.vstack([self.left, other.left]), np.vstack([self.right, other.right]), sums)

    def _sums(self) -> np.ndarray:
        return np.eye(len(self.left)) if self.sums is None else self.sums


@dataclass(frozen=True, eq=False)
class Jacobian:
    """Derivatives by q parameters: `mean` (q, p), covariances (`moves`), `thresholds` (q, k), `scale` (q, p), and
    `effects` (q, p, n) of the n exogenous variables that the moments are conditional on."""

    mean: np.ndarray
    moves: Moves
    thresholds: np.ndarray
    scale: np.ndarray
    effects: np.ndarray

    @cached_property
    def cov(self) -> np.ndarray:
        """Derivatives of the covariances, shape (q, p, p)."""
        return self.moves.dense

    def pull(self, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
        """Derivatives of ``mean' mu + tr(cov Sigma)``, shape (q,)."""
        return self.moves.pull(cov) + self.mean @ mean if mean.any() else self.moves.pull(cov)

    def information(self, precision: np.ndarray, means: bool) -> np.ndarray:
        """``tr(P dS_k P dS_l) / 2 + dm_k' P dm_l``, shape (q, q)."""
        out = self.moves.information(precision)
        return out + self.mean @ precision @ self.mean.T if means else out

    def beside(self, other: Jacobian, chosen: np.ndarray) -> Jacobian:
        """These derivatives, then the chosen ones of others."""
        names = ("mean", "thresholds", "scale", "effects")
        parts = ((getattr(self, name), getattr(other, name)[chosen]) for name in names)
        mean, thresholds, scale, effects = (np.concatenate(pair) for pair in parts)
        return Jacobian(mean, self.moves.beside(other.moves, chosen), thresholds, scale, effects)
