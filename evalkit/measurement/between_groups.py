"""Scores and groups in; how much of their variance lies between groups out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class BetweenGroups:
    """One-way random-effects analysis of variance.

    Parameters
    ----------
    n : ndarray of int, shape (G,)
        Members of each group.
    mean : ndarray, shape (G,)
    ms_between, ms_within : float
        Mean squares; nan with fewer than two groups, or no group of two.
    size_mean, size_adjusted : float
        Mean group size, and the size that allows for unequal groups, ``(N - sum n^2 / N) / (G - 1)``.
    """

    n: np.ndarray
    mean: np.ndarray
    ms_between: float
    ms_within: float
    size_mean: float
    size_adjusted: float

    @property
    def df(self) -> tuple[int, int]:
        """Degrees of freedom between and within."""
        return len(self.n) - 1, int(self.n.sum()) - len(self.n)

    @property
    def f(self) -> float:
        """F of the differences between groups; nan where nothing varies within them."""
        return self.ms_between / self.ms_within if self.ms_within > 0 else _NAN

    @property
    def p_value(self) -> float:
        return float(stats.f.sf(self.f, *self.df))

    def icc1(self, size: float | None = None) -> float:
        """Share of variance between groups (reliability of one member as a judge of the group).

        ``(MSB - MSW) / (MSB + (k - 1) MSW)`` with k the adjusted size, or `size`: Bartko (1976), Psychological
        Bulletin 83, 762-765; Bliese (2000), in Klein & Kozlowski, Multilevel Theory, Research, and Methods.
        """
        k = self.size_adjusted if size is None else size
        below = self.ms_between + (k - 1) * self.ms_within
        return (self.ms_between - self.ms_within) / below if below > 0 else _NAN

    @property
    def icc2(self) -> float:
        """Reliability of the group means, ``(MSB - MSW) / MSB``."""
        return (self.ms_between - self.ms_within) / self.ms_between if self.ms_between > 0 else _NAN

    @property
    def mean_reliability(self) -> np.ndarray:
        """Reliability of each group's mean, ``t / (t + MSW / n)`` with ``t = (MSB - MSW) / k``, at least 0, shape (G,).

        Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., eq. 3.42; components of the analysis of
        variance: Searle, Casella & McCulloch (1992), Variance Components, chapter 3.
        """
        between = max((self.ms_between - self.ms_within) / self.size_adjusted, 0.0)
        total = between + self.ms_within / self.n
        return np.divide(between, total, out=np.full(len(self.n), _NAN), where=total > 0)

    def icc1_interval(self, level: float) -> tuple[float, float]:
        """From the F distribution, exact for equal sizes: Searle (1971), Biometrics 27, 1-76."""
        low, high = self._f_ends(level)
        k = self.size_adjusted
        return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)

    def icc2_interval(self, level: float) -> tuple[float, float]:
        """From the F distribution."""
        low, high = self._f_ends(level)
        return 1 - 1 / low, 1 - 1 / high

    def _f_ends(self, level: float) -> tuple[float, float]:
        low, high = stats.f.ppf([(1 + level) / 2, (1 - level) / 2], *self.df)
        return self.f / float(low), self.f / float(high)


def between_groups(y: np.ndarray, group: np.ndarray, n_groups: int) -> BetweenGroups:
    """Analysis of variance of complete scores, shape (n,), with group 0 .. G - 1 of each row; empty groups left out."""
    n = np.bincount(group, minlength=n_groups)
    total, kept = int(n.sum()), n > 0
    mean = np.bincount(group, weights=y, minlength=n_groups)[kept] / n[kept]
    sizes = n[kept]
    groups = len(sizes)
    if groups < 2 or total <= groups:
        size = total / groups if groups else _NAN
        return BetweenGroups(sizes, mean, _NAN, _NAN, size, _NAN)
    place = np.cumsum(kept) - 1
    within = float(np.sum((y - mean[place[group]]) ** 2)) / (total - groups)
    between = float(sizes @ (mean - y.mean()) ** 2) / (groups - 1)
    if within < 1e-14 * max(float(np.mean(y**2)), 1e-300):
        within = 0.0
    adjusted = (total - float(np.sum(sizes**2)) / total) / (groups - 1)
    return BetweenGroups(sizes, mean, between, within, total / groups, adjusted)


@dataclass(frozen=True, eq=False)
class Components:
    """Variance between and within groups by restricted maximum likelihood."""

    between: float
    within: float
    n: np.ndarray

    @property
    def reliability(self) -> np.ndarray:
        """Reliability of each group's mean, ``b / (b + w / n)``, shape (G,).

        Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., eq. 3.42.
        """
        total = self.between + self.within / self.n
        return np.divide(self.between, total, out=np.full(len(self.n), np.nan), where=total > 0)


def components(found: BetweenGroups) -> Components:
    """Restricted maximum likelihood of the model with a random mean a group, profiled on the share between groups.

    Harville (1977), Journal of the American Statistical Association 72, 320-338.
    """
    n, mean = found.n.astype(float), found.mean
    if not found.ms_within > 0:
        return Components(_NAN, _NAN, n)
    rows = n.sum()
    inside = found.ms_within * found.df[1]

    def parts(share: float) -> tuple[float, float, np.ndarray]:
        ratio = share / (1 - share)
        weight = n / (1 + n * ratio)
        centre = weight @ mean / weight.sum()
        return ratio, (inside + weight @ (mean - centre) ** 2) / (rows - 1), weight

    def deviance(share: float) -> float:
        ratio, within, weight = parts(share)
        return float((rows - 1) * np.log(within) + np.log1p(n * ratio).sum() + np.log(weight.sum()))

    options = {"xatol": 1e-10, "maxiter": 500}
    best = optimize.minimize_scalar(deviance, bounds=(0.0, 1 - 1e-9), method="bounded", options=options).x
    best = 0.0 if deviance(0.0) <= deviance(float(best)) else float(best)
    ratio, within, _ = parts(best)
    return Components(ratio * within, within, n)


@dataclass(frozen=True)
class Waba:
    """Within and between analysis of two variables: correlations and the etas that weight them."""

    n_obs: int
    raw: float
    eta_between_x: float
    eta_between_y: float
    between: float
    eta_within_x: float
    eta_within_y: float
    within: float


def waba(x: np.ndarray, y: np.ndarray, group: np.ndarray, n_groups: int) -> Waba:
    """Part the correlation of two complete variables into what lies between and within groups.

    ``r = eta_bx eta_by r_b + eta_wx eta_wy r_w``: Dansereau, Alutto & Yammarino (1984), Theory Testing in
    Organizational Behavior: The Varient Approach. nan where a part does not vary.
    """
    both = np.column_stack([x, y])
    n = np.bincount(group, minlength=n_groups)
    sums = np.column_stack([np.bincount(group, weights=v, minlength=n_groups) for v in both.T])
    means = sums[group] / n[group][:, None]
    raw, between, within = both - both.mean(axis=0), means - both.mean(axis=0), both - means
    total = np.sum(raw**2, axis=0)
    eta_b, eta_w = (_roots(np.sum(part**2, axis=0), total) for part in (between, within))
    return Waba(
        len(x), _r(raw), float(eta_b[0]), float(eta_b[1]), _r(between), float(eta_w[0]), float(eta_w[1]), _r(within)
    )


def _roots(part: np.ndarray, total: np.ndarray) -> np.ndarray:
    return np.sqrt(np.divide(part, total, out=np.full(2, np.nan), where=total > 0))


def _r(part: np.ndarray) -> float:
    squares = np.sum(part**2, axis=0)
    scale = float(np.sqrt(squares[0] * squares[1]))
    return float(part[:, 0] @ part[:, 1]) / scale if scale > 1e-14 * max(float(squares.max()), 1e-300) else _NAN
