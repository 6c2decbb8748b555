"""Rows with missing answers in, their likelihood by pattern out.

Patterns are kept as padded inverse covariance matrices (zero where missing), so that sums over patterns are matrix
products and the cost of a step does not grow with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.structure.implied import Implied, Jacobian
from evalkit.structure.sample import GroupSample

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Patterns:
    """Rows by which answers they hold.

    Parameters
    ----------
    seen : ndarray of bool, shape (m, p)
        One pattern a row.
    member : ndarray of int, shape (n,)
        The pattern of each row.
    n : ndarray, shape (m,)
        Rows (sum of weights) of each pattern.
    mean : ndarray, shape (m, p)
        Means within the pattern; 0 where missing.
    cov : ndarray, shape (m, p, p)
        Covariances about these means (divisor n); 0 where missing.
    """

    seen: np.ndarray
    member: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    cov: np.ndarray


def patterns_of(x: np.ndarray, weights: np.ndarray | None = None) -> Patterns:
    """Patterns of a matrix with nan where missing, shape (n, p)."""
    present = ~np.isnan(x)
    seen, member = np.unique(present, axis=0, return_inverse=True)
    member = member.ravel()
    w = np.ones(len(x)) if weights is None else weights
    n = np.bincount(member, w, minlength=len(seen))
    filled = np.where(present, x, 0.0)
    mean = np.zeros(seen.shape)
    np.add.at(mean, member, filled * w[:, None])
    mean /= n[:, None]
    d = np.where(present, filled - mean[member], 0.0)
    cov = np.zeros((len(seen), x.shape[1], x.shape[1]))
    order = np.argsort(member, kind="stable")
    edges = np.searchsorted(member[order], np.arange(len(seen) + 1))
    for m in np.flatnonzero(np.diff(edges) > 1):
        rows = order[edges[m] : edges[m + 1]]
        cov[m] = d[rows].T @ (d[rows] * w[rows, None]) / n[m]
    return Patterns(seen, member, n, mean, cov)


def padded_inverse(cov: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverses of the seen part of a covariance matrix, zero elsewhere, shape (m, p, p), and log-determinants (m,).

    Raises
    ------
    numpy.linalg.LinAlgError
        If a part is not positive definite.
    """
    both = seen[:, :, None] & seen[:, None, :]
    padded = np.where(both, cov, np.eye(len(cov)))
    if not np.iscomplexobj(cov):
        root = np.linalg.cholesky(padded)
        logdet = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    else:
        logdet = np.zeros(len(seen))
    return np.where(both, np.linalg.inv(padded), 0.0), logdet


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over patterns at one point: value, slopes, and the products second derivatives are made of."""

    value: float
    mean: np.ndarray
    cov: np.ndarray
    inverse: np.ndarray
    turned: np.ndarray
    deviation: np.ndarray


def _sums(found: Patterns, mean: np.ndarray, cov: np.ndarray) -> _Sums:
    inverse, logdet = padded_inverse(cov, found.seen)
    d = np.where(found.seen, found.mean - mean, 0.0)
    spread = found.cov + d[:, :, None] * d[:, None, :]
    turned = inverse @ spread @ inverse
    pulled = np.einsum("mij,mj->mi", inverse, d)
    w = found.n
    value = float(w @ (logdet + np.einsum("mij,mij->m", inverse, spread))) / 2
    return _Sums(value, -(w @ pulled), 0.5 * np.tensordot(w, inverse - turned, 1), inverse, turned, pulled)


def _pairs(weights: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``sum_m w_m left_m[a, b] right_m[c, d]``, shape (p, p, p, p)."""
    m, p, _ = left.shape
    return ((left.reshape(m, -1) * weights[:, None]).T @ right.reshape(m, -1)).reshape(p, p, p, p)


def _bilinear(products: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """``sum U_bc V_da products[a, b, c, d]`` for all pairs of q symmetric matrices, shape (q, q)."""
    p = products.shape[0]
    matrix = products.transpose(1, 2, 3, 0).reshape(p * p, p * p)
    flat = jacobian.reshape(len(jacobian), -1)
    return flat @ matrix @ flat.T


def _expected(sums: _Sums, weights: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
    out = 0.5 * _bilinear(_pairs(weights, sums.inverse, sums.inverse), cov)
    return out + mean @ np.tensordot(weights, sums.inverse, 1) @ mean.T


def _observed(sums: _Sums, weights: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
    """Second derivatives in the moments: tr(V P U P R P) - tr(P U P V) / 2, and those with the means."""
    out = _bilinear(_pairs(weights, sums.inverse, sums.turned - 0.5 * sums.inverse), cov)
    m, p, _ = sums.inverse.shape
    pulled = ((sums.inverse.reshape(m, -1) * weights[:, None]).T @ sums.deviation).reshape(p, p, p)
    cross = mean @ np.einsum("abc,qbc->aq", pulled, cov)
    return 0.5 * (out + out.T) + mean @ np.tensordot(weights, sums.inverse, 1) @ mean.T + cross + cross.T


@dataclass(frozen=True, eq=False)
class MissingBlock:
    """Half of ``-2 (log-likelihood - that of the saturated model) / n`` with missing answers (FIML).

    Arbuckle (1996), in Marcoulides & Schumacker, Advanced Structural Equation Modeling, 243-277.
    """

    sample: GroupSample
    patterns: Patterns

    @property
    def n(self) -> float:
        return self.sample.n

    @property
    def log_likelihood_h1(self) -> float:
        """Log-likelihood of the saturated model."""
        return -_sums(self.patterns, self.sample.mean, self.sample.cov).value - 0.5 * LOG_2PI * self._answers

    @property
    def _answers(self) -> float:
        return float(self.patterns.n @ self.patterns.seen.sum(axis=1))

    def _at(self, implied: Implied) -> _Sums:
        held = implied.__dict__.get("_pattern_sums")
        if held is None or held[0] is not self:
            held = (self, _sums(self.patterns, implied.mean, implied.cov))
            implied.__dict__["_pattern_sums"] = held
        return held[1]

    def _base(self) -> float:
        held = self.__dict__.get("_saturated_value")
        if held is None:
            held = _sums(self.patterns, self.sample.mean, self.sample.cov).value
            self.__dict__["_saturated_value"] = held
        return float(held)

    def value(self, implied: Implied) -> float:
        """The discrepancy; inf where the implied covariances are not positive definite."""
        try:
            return (self._at(implied).value - self._base()) / self.n
        except np.linalg.LinAlgError:
            return float("inf")

    def slope(self, implied: Implied) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the value by the implied means and covariances."""
        sums = self._at(implied)
        return sums.mean / self.n, sums.cov / self.n

    def gradient(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        return jacobian.pull(*self.slope(implied))

    def information(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Expected second derivatives given which answers are missing (that is: if they are missing completely at
        random); used for steps. Standard errors take the observed ones (Kenward & Molenberghs 1998)."""
        return _expected(self._at(implied), self.patterns.n / self.n, jacobian.mean, jacobian.cov)

    def curvature(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Observed second derivatives as far as they come from the discrepancy."""
        return _observed(self._at(implied), self.patterns.n / self.n, jacobian.mean, jacobian.cov)

    def case_scores(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """d log-likelihood / d parameter of each row, shape (n, q)."""
        x = self.sample.rows_needed()
        inverse = self._at(implied).inverse
        member = self.patterns.member
        d = np.where(np.isnan(x), 0.0, x - implied.mean)
        flat = jacobian.cov.reshape(len(jacobian.cov), -1)
        out = np.empty((len(x), len(flat)))
        for start in range(0, len(x), 2048):
            part = inverse[member[start : start + 2048]]
            z = np.einsum("nij,nj->ni", part, d[start : start + 2048])
            products = z[:, :, None] * z[:, None, :] - part
            out[start : start + 2048] = 0.5 * products.reshape(len(z), -1) @ flat.T + z @ jacobian.mean.T
        return out


def moment_basis(p: int) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of means (q, p) and covariances (q, p, p) by the means, then the lower triangle."""
    rows, columns = np.tril_indices(p)
    k = len(rows)
    cov = np.zeros((p + k, p, p))
    cov[p + np.arange(k), rows, columns] = 1.0
    cov[p + np.arange(k), columns, rows] = 1.0
    return np.vstack([np.eye(p), np.zeros((k, p))]), cov


def saturated(x: np.ndarray, weights: np.ndarray | None = None, tolerance: float = 1e-12) -> tuple[np.ndarray, ...]:
    """Maximum-likelihood means and covariances of incomplete rows, shapes (p,), (p, p).

    EM (Dempster, Laird & Rubin 1977) brings the start, Newton steps the end; EM goes on where a step fails.
    """
    found = patterns_of(x, weights)
    mean = np.nanmean(x, axis=0)
    cov = np.diag(np.nanvar(x, axis=0))
    for _ in range(4):
        mean, cov = _em(found, mean, cov)
    basis = moment_basis(x.shape[1])
    rows, columns = np.tril_indices(x.shape[1])
    p, n = x.shape[1], float(found.n.sum())
    sums = _sums(found, mean, cov)
    for _ in range(500):
        gradient = np.concatenate([sums.mean, basis[1][p:].reshape(len(rows), -1) @ sums.cov.ravel()])
        info = _observed(sums, found.n, *basis)
        step = -np.linalg.lstsq(info, gradient, rcond=None)[0]
        moved = cov.copy()
        moved[rows, columns] += step[p:]
        moved[columns, rows] = moved[rows, columns]
        try:
            ahead = _sums(found, mean + step[:p], moved)
        except np.linalg.LinAlgError:
            ahead = None
        if ahead is not None and ahead.value <= sums.value + 1e-12 * abs(sums.value):
            mean, cov, sums = mean + step[:p], moved, ahead
        else:
            mean, cov = _em(found, mean, cov)
            sums = _sums(found, mean, cov)
        if float(-gradient @ step) / n < tolerance * 1e-3:
            break
    return mean, cov


def _em(found: Patterns, mean: np.ndarray, cov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inverse, _ = padded_inverse(cov, found.seen)
    to_all = cov @ inverse  # regression of every variable on those that were seen
    d = np.where(found.seen, found.mean - mean, 0.0)
    w, n = found.n, found.n.sum()
    filled = np.einsum("mij,mj->mi", to_all, d)
    rest = cov - to_all @ cov
    spread = to_all @ found.cov @ to_all.transpose(0, 2, 1) + rest + filled[:, :, None] * filled[:, None, :]
    step = w @ filled / n
    out = np.tensordot(w, spread, 1) / n - np.outer(step, step)
    return mean + step, 0.5 * (out + out.T)
