"""Linear predictor in; log-likelihood, score and information of each row out, a family each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Link:
    """A mean as a function of the linear predictor, with its first two derivatives."""

    mean: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    bend: Callable[[np.ndarray], np.ndarray]


def _expit(eta: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(eta))


def _normal(eta: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(eta))


def _density(eta: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi)


def _exp(eta: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(eta, 500.0))  # a step too far is halved, not overflown


LOGIT = Link(_expit, lambda e: _expit(e) * _expit(-e), lambda e: _expit(e) * _expit(-e) * (1 - 2 * _expit(e)))
PROBIT = Link(_normal, _density, lambda e: -e * _density(e))
CLOGLOG = Link(
    lambda e: -np.expm1(-_exp(e)),
    lambda e: np.exp(np.minimum(e, 500.0) - _exp(e)),
    lambda e: np.exp(np.minimum(e, 500.0) - _exp(e)) * (1 - _exp(e)),
)
LOG = Link(_exp, _exp, _exp)


@dataclass(frozen=True, eq=False)
class SingleIndex:
    """A likelihood that sees the predictors through one linear predictor only.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        The constant included.
    y : ndarray, shape (n,)
        0 and 1, shares between them, or counts.
    offset : ndarray, shape (n,)
    theta : float, optional
        Of a negative binomial with variance ``mu + mu^2 / theta``; None: binary, or Poisson where the link is log.
    """

    x: np.ndarray
    y: np.ndarray
    link: Link
    offset: np.ndarray
    theta: float | None = None

    def eta(self, b: np.ndarray) -> np.ndarray:
        return np.asarray(self.x @ b + self.offset)

    def variance(self, eta: np.ndarray) -> np.ndarray:
        """Of the outcome, shape (n,); not ``mu (1 - mu)``, which is 0 where mu rounds to 1."""
        mu = self.link.mean(eta)
        if self.link is LOG:
            return mu if self.theta is None else mu + mu**2 / self.theta
        return mu * self.complement(eta)

    def complement(self, eta: np.ndarray) -> np.ndarray:
        """Probability of 0 of a binary outcome."""
        return np.exp(-_exp(eta)) if self.link is CLOGLOG else self.link.mean(-eta)

    def rows(self, b: np.ndarray) -> np.ndarray:
        """Log-likelihood of each row; -inf where the model holds what happened impossible."""
        from scipy.special import gammaln, xlogy

        mu, y = self.link.mean(self.eta(b)), self.y
        with np.errstate(divide="ignore"):
            if self.link is not LOG:
                return np.asarray(xlogy(y, mu) + xlogy(1 - y, self.complement(self.eta(b))))
            if self.theta is None:
                return np.asarray(xlogy(y, mu) - mu - gammaln(y + 1))
            t = self.theta
            choose = gammaln(y + t) - gammaln(t) - gammaln(y + 1)
            return np.asarray(choose + t * np.log(t / (t + mu)) + xlogy(y, mu / (t + mu)))

    def working(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score and expected information of each row in its linear predictor, both of shape (n,)."""
        eta = self.eta(b)
        mu, slope = self.link.mean(eta), self.link.slope(eta)
        variance = self.variance(eta)
        known = variance > 0  # where the outcome is certain a row says no more
        part = np.divide(slope, variance, out=np.zeros_like(slope), where=known)
        rest = self.y - mu if self.link is LOG else self.y * self.complement(eta) - (1 - self.y) * mu
        return rest * part, slope * part

    def derivatives(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the rows, shape (n, k), and the weighted expected information, shape (k, k)."""
        score, information = self.working(b)
        return self.x * score[:, None], self.x.T @ (self.x * (weights * information)[:, None])

    def start(self, weights: np.ndarray) -> np.ndarray:
        out = np.zeros(self.x.shape[1])
        if self.link is LOG:
            out[0] = np.log(max(weights @ self.y, 1e-3) / (weights @ np.exp(self.offset)))
        return out

    def inside(self, b: np.ndarray) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class Firth(SingleIndex):
    """A binary logit whose likelihood carries Jeffreys' prior, so that it has a maximum under separation too.

    Firth (1993), Biometrika 80, 27-38; Heinze & Schemper (2002), Statistics in Medicine 21, 2409-2419.
    """

    def rows(self, b: np.ndarray) -> np.ndarray:
        """The penalty, half the log determinant of the information, is spread over the rows."""
        information = self.working(b)[1]
        sign, size = np.linalg.slogdet(self.x.T @ (self.x * information[:, None]))
        penalty = 0.5 * size if sign > 0 else -np.inf
        return super().rows(b) + penalty / len(self.y)

    def derivatives(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        score, information = self.working(b)
        whole = self.x.T @ (self.x * information[:, None])
        leverage = information * np.einsum("ij,ij->i", self.x, np.linalg.solve(whole, self.x.T).T)
        corrected = score + leverage * (0.5 - self.link.mean(self.eta(b)))
        return self.x * corrected[:, None], whole
