"""Answers of one or several groups in; the marginal log-likelihood, its gradient and observed information out.

Bock & Aitkin (1981), Psychometrika 46, 443-459: the latent variable is summed out over fixed points. Each group has a
normal distribution of it; that of the first is standard, those of the others are estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from evalkit.measurement.item_response.categories import curves, feasible, log_probabilities

_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Patterns:
    """The distinct rows of answers of one group.

    Parameters
    ----------
    codes : ndarray of int, shape (u, p)
        Position of each answer among those of its item, -1 where it is missing.
    counts : ndarray, shape (u,)
        How many people gave the row.
    of_row : ndarray of int, shape (n,)
        Row of `codes` that each person gave.
    """

    codes: np.ndarray
    counts: np.ndarray
    of_row: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray) -> Patterns:
        found, inverse, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        return cls(found, counts.astype(float), inverse.ravel())

    def indicator(self, sizes: Sequence[int]) -> sparse.csr_matrix:
        """Shape (u, sum of sizes): 1 where the row holds the answer."""
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        u, j = np.nonzero(self.codes >= 0)
        place = starts[j] + self.codes[u, j]
        return sparse.csr_matrix((np.ones(len(u)), (u, place)), shape=(len(self.codes), int(np.sum(sizes))))


@dataclass(frozen=True, eq=False)
class Layout:
    """Which free parameter each slope and intercept is.

    Parameters
    ----------
    sizes : tuple of int
        Answers of each item.
    n_groups : int
    free : ndarray of int, shape (n_groups * sum(sizes),)
        For each group and item a, d_1, ..., d_m: its place among the free parameters. The mean and spread of the
        second and later groups follow them.
    """

    family: str
    sizes: tuple[int, ...]
    n_groups: int
    free: np.ndarray

    @property
    def n_item_parameters(self) -> int:
        return int(self.free.max()) + 1

    @property
    def n_free(self) -> int:
        return self.n_item_parameters + 2 * (self.n_groups - 1)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each item's parameters begin within a group."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(int)

    def places(self, group: int) -> np.ndarray:
        """Free parameters of a group, in the order of its items' parameters."""
        width = sum(self.sizes)
        return self.free[group * width : (group + 1) * width]

    def item(self, x: np.ndarray, group: int, j: int) -> tuple[float, np.ndarray]:
        """Slope and intercepts."""
        mine = x[self.places(group)[self.starts[j] : self.starts[j] + self.sizes[j]]]
        return float(mine[0]), mine[1:]

    def latent(self, x: np.ndarray, group: int) -> tuple[float, float]:
        """Natural parameters of a group's normal distribution: mean / variance and -1 / (2 variance)."""
        if group == 0:
            return 0.0, -0.5
        at = self.n_item_parameters + 2 * (group - 1)
        return float(x[at]), float(x[at + 1])


def layout_of(family: str, sizes: Sequence[int], *, one_slope: bool = False) -> Layout:
    """Each item with parameters of its own; `one_slope` makes the slopes one parameter, the first."""
    width, sizes = sum(sizes), tuple(sizes)
    free = np.arange(width)
    if one_slope:
        slopes = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        free = np.zeros(width, dtype=int)
        free[np.setdiff1d(np.arange(width), slopes)] = np.arange(1, width - len(sizes) + 1)
    return Layout(family, sizes, 1, free)


@dataclass(frozen=True, eq=False)
class _Curve:
    """Parameters of one item in the groups that share them, and where its answers stand among those of all items."""

    places: np.ndarray
    rows: slice
    groups: tuple[int, ...]

    def values(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Slope and intercepts."""
        return float(x[self.places[0]]), x[self.places[1:]]


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the E-step gives at some parameters.

    Parameters
    ----------
    log_likelihood : float
    posterior : tuple of ndarray, shape (u, q)
        By group: where on the latent scale each row of answers comes from.
    expected : tuple of ndarray, shape (sum of sizes, q)
        By group: how many answers are expected at each point.
    """

    log_likelihood: float
    posterior: tuple[np.ndarray, ...]
    expected: tuple[np.ndarray, ...]


class Marginal:
    """The marginal likelihood of the answers of some groups over fixed points `theta`."""

    def __init__(self, layout: Layout, groups: Sequence[Patterns], theta: np.ndarray) -> None:
        self.layout, self.groups, self.theta = layout, tuple(groups), theta
        self._curves = _distinct_curves(layout)
        self._indicators = [g.indicator(layout.sizes) for g in groups]
        self._powers = np.column_stack([theta, theta**2])

    def feasible(self, x: np.ndarray) -> bool:
        """Whether the parameters give every answer a probability."""
        own = self.layout
        return (
            bool(np.isfinite(x).all())
            and all(own.latent(x, g)[1] < 0 for g in range(own.n_groups))
            and all(feasible(own.family, curve.values(x)[1]) for curve in self._curves)
        )

    def expectation(self, x: np.ndarray) -> Expectation:
        """Log-likelihood and posterior weights."""
        total, posteriors, expected = 0.0, [], []
        every = np.empty((self.layout.n_groups, sum(self.layout.sizes), len(self.theta)))
        for curve in self._curves:
            every[list(curve.groups), curve.rows] = log_probabilities(self.layout.family, *curve.values(x), self.theta)
        for g, (patterns, indicator) in enumerate(zip(self.groups, self._indicators, strict=True)):
            joint = indicator @ every[g] + self._log_weights(x, g)
            top = joint.max(axis=1, keepdims=True)
            joint = np.exp(joint - top)
            sums = joint.sum(axis=1, keepdims=True)
            total += float(patterns.counts @ (np.log(sums) + top)[:, 0])
            posterior = joint / sums
            posteriors.append(posterior)
            expected.append(indicator.T @ (posterior * patterns.counts[:, None]))
        return Expectation(total, tuple(posteriors), tuple(expected))

    def gradient(self, x: np.ndarray, at: Expectation) -> np.ndarray:
        """Derivatives of the log-likelihood by the free parameters (Fisher's identity: those expected of the whole)."""
        return self._complete(x, at, curvature=False)[0]

    def expected_step(self, x: np.ndarray, at: Expectation) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and information of the data completed by the posterior weights."""
        return self._complete(x, at, curvature=True)

    def completed(self, x: np.ndarray, at: Expectation) -> float:
        """Expected log-likelihood of the completed data, which an M-step must raise."""
        total = 0.0
        for curve in self._curves:
            log_p = log_probabilities(self.layout.family, *curve.values(x), self.theta)
            total += float((self._answers(at, curve) * log_p).sum())
        for g in range(1, self.layout.n_groups):
            total += float(self._masses(at, g) @ self._log_weights(x, g))
        return total

    def observed_information(self, x: np.ndarray, at: Expectation) -> np.ndarray:
        """Minus the second derivatives of the log-likelihood, shape (n_free, n_free).

        Louis (1982), Journal of the Royal Statistical Society B 44, 226-233: the information of the completed data
        less the variance of its score given the answers.
        """
        own = self.layout
        total = self.expected_step(x, at)[1]
        for g, patterns in enumerate(self.groups):
            scores = [curves(own.family, *own.item(x, g, j), self.theta).score for j in range(len(own.sizes))]
            padded = [np.concatenate([s, np.zeros((1, *s.shape[1:]))]) for s in scores]  # code -1: no answer
            latent = self._powers - self._weights(x, g) @ self._powers if g else np.empty((len(self.theta), 0))
            at_end = own.n_item_parameters + 2 * (g - 1)
            places = np.concatenate([own.places(g), np.arange(at_end, at_end + latent.shape[1])])
            lost = sum(
                _score_variance(padded, own.starts, patterns.codes[block], at.posterior[g][block],
                                patterns.counts[block], latent)
                for block in (slice(i, i + _BLOCK) for i in range(0, len(patterns.codes), _BLOCK))
            )  # fmt: skip
            total -= _gathered(np.asarray(lost), places, own.n_free)
        return total

    def _complete(self, x: np.ndarray, at: Expectation, curvature: bool) -> tuple[np.ndarray, np.ndarray]:
        own = self.layout
        first, second = np.zeros(own.n_free), np.zeros((own.n_free, own.n_free))
        for curve in self._curves:
            found = curves(own.family, *curve.values(x), self.theta, curvature=curvature)
            r, mine = self._answers(at, curve), curve.places
            np.add.at(first, mine, np.einsum("kq,kqv->v", r, found.score))
            if curvature:
                np.add.at(second, np.ix_(mine, mine), -np.einsum("kq,kqvw->vw", r, found.curvature))
        for g in range(1, own.n_groups):
            ends = own.n_item_parameters + 2 * (g - 1) + np.arange(2)
            mass, weights = self._masses(at, g), self._weights(x, g)
            centred = self._powers - weights @ self._powers
            first[ends] = mass @ centred
            second[np.ix_(ends, ends)] = mass.sum() * (centred.T * weights) @ centred
        return first, second

    def _answers(self, at: Expectation, curve: _Curve) -> np.ndarray:
        """Expected answers of the groups that share a curve."""
        return np.asarray(sum(at.expected[g][curve.rows] for g in curve.groups))

    def _masses(self, at: Expectation, g: int) -> np.ndarray:
        return np.asarray(self.groups[g].counts @ at.posterior[g])

    def _log_weights(self, x: np.ndarray, g: int) -> np.ndarray:
        raw = self._powers @ np.array(self.layout.latent(x, g))
        top = raw.max()
        return np.asarray(raw - top - np.log(np.exp(raw - top).sum()))

    def _weights(self, x: np.ndarray, g: int) -> np.ndarray:
        return np.exp(self._log_weights(x, g))


def _distinct_curves(layout: Layout) -> tuple[_Curve, ...]:
    found: dict[tuple[int, bytes], tuple[np.ndarray, list[int]]] = {}
    for g in range(layout.n_groups):
        for j, (start, size) in enumerate(zip(layout.starts, layout.sizes, strict=True)):
            mine = layout.places(g)[start : start + size]
            found.setdefault((j, mine.tobytes()), (mine, []))[1].append(g)
    return tuple(
        _Curve(mine, slice(layout.starts[j], layout.starts[j] + layout.sizes[j]), tuple(groups))
        for (j, _), (mine, groups) in found.items()
    )


def _gathered(block: np.ndarray, places: np.ndarray, n: int) -> np.ndarray:
    out = np.zeros((n, n))
    np.add.at(out, np.ix_(places, places), block)
    return out


def _score_variance(
    scores: Sequence[np.ndarray], starts: np.ndarray, codes: np.ndarray, posterior: np.ndarray, counts: np.ndarray,
    latent: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Sum over people of the variance of their score given their answers; the latent variable's own score last."""
    width = sum(s.shape[2] for s in scores)
    each = np.empty((len(codes), width + latent.shape[1]))
    mean = np.zeros_like(each)
    total = np.zeros((each.shape[1],) * 2)
    for q in np.flatnonzero(posterior.max(axis=0) > 1e-14):
        for j, (score, start) in enumerate(zip(scores, starts, strict=True)):
            each[:, start : start + score.shape[2]] = score[codes[:, j], q]
        each[:, width:] = latent[q]
        weighted = posterior[:, q, None] * each
        mean += weighted
        total += each.T @ (weighted * counts[:, None])
    return total - (mean.T * counts) @ mean
