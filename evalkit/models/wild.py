"""A linear model with few clusters in; p values and intervals by the wild cluster bootstrap out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.resample import Stream

KINDS = ("wild_cluster", "wild_cluster_rademacher", "wild_cluster_webb")
ENOUGH = 12
"""With fewer clusters two-point weights give too few different samples."""
BLOCK_CELLS = 2_000_000
NEAR = 1e-9
"""Two t values that differ by less are the same one: the sample itself is among the draws."""


@dataclass(frozen=True, eq=False)
class Wild:
    """What the bootstrap says of each coefficient, nan where it could not be said.

    Attributes
    ----------
    p_value, conf_low, conf_high : ndarray, shape (k,)
    weights : str
        `rademacher` or `webb`.
    draws : int
    enumerated : bool
        Every one of the 2^G sign patterns was used, none drawn at random.
    """

    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    weights: str
    draws: int
    enumerated: bool
    notices: tuple[Problem, ...] = ()


def wild_cluster(
    x: np.ndarray,
    y: np.ndarray,
    clusters: np.ndarray,
    *,
    kind: str = "wild_cluster",
    resamples: int = 9999,
    seed: int = 0,
    conf_level: float = 0.95,
) -> Wild:
    """Wild cluster bootstrap-t of every coefficient with the null imposed.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Full column rank (rows times the root of their weight in weighted least squares).
    y : ndarray, shape (n,)
    clusters : ndarray, shape (n,)
    kind : str
        One of `KINDS`; `wild_cluster` takes Webb's six-point weights below 12 clusters, else Rademacher's.
    resamples : int
        Rademacher weights of G clusters with 2^G <= resamples are enumerated.

    Returns
    -------
    Wild
        Intervals hold the values c for which the test of b = c is not rejected; an end that the test never reaches
        (too few clusters) is nan with W6024.

    Notes
    -----
    Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90, 414-427, algorithm of table 1;
    Webb (2023), Canadian Journal of Economics 56, 839-858 (six points); inversion: Roodman, Nielsen, MacKinnon &
    Webb (2019), Stata Journal 19, 4-60, sections 3.5 and 5. p is the share of ``|t*| >= |t|`` among the patterns, or
    (count + 1) / (draws + 1) for random draws. Everything is linear in c, so a trial value costs one pass over the
    draws.
    """
    _, place = np.unique(clusters, return_inverse=True)
    groups, k = int(place.max()) + 1, x.shape[1]
    webb = kind == "wild_cluster_webb" or (kind == "wild_cluster" and groups < ENOUGH)
    enumerated = not webb and groups < 60 and 2**groups <= resamples
    draws = 2**groups if enumerated else resamples
    model = _Model.of(x, y, place, groups)
    moments = np.zeros((k, 5, draws))
    start = 0
    for v in _signs(groups, draws, webb, enumerated, seed):
        for j in range(k):
            moments[j, :, start : start + len(v)] = model.draws_of(j, v)
        start += len(v)
    tests = [_Test(*moments[j], model.b[j], model.error(j), enumerated) for j in range(k)]
    p = np.array([test.p(0.0) for test in tests])
    ends = np.array([[test.end(side, 1 - conf_level) for side in (-1.0, 1.0)] for test in tests])
    known = np.isfinite(p)
    open_ended = bool((~np.isfinite(ends[known])).any())
    notices = (Problem("W6024", params={"n": groups}),) if open_ended else ()
    return Wild(p, ends[:, 0], ends[:, 1], "webb" if webb else "rademacher", draws, enumerated, notices)


def check_bootstrap(kind: str, resamples: int, seed: int) -> None:
    """E6023 for a bootstrap that is not known, fewer than 99 draws or a negative seed."""
    if kind not in KINDS or resamples < 99 or seed < 0:
        given = {"kind": kind, "resamples": resamples, "seed": seed}
        raise AnalysisError(Problem("E6023", params={"known": list(KINDS)} | given))


@dataclass(frozen=True, eq=False)
class _Model:
    """Least squares with what every draw needs; w holds the rows of (x'x)^-1 x'."""

    x: np.ndarray
    y: np.ndarray
    place: np.ndarray
    groups: int
    inverse: np.ndarray
    w: np.ndarray
    b: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, place: np.ndarray, groups: int) -> _Model:
        inverse = np.linalg.inv(x.T @ x)
        w = inverse @ x.T
        return cls(x, y, place, groups, inverse, w, w @ y)

    def totals(self, rows: np.ndarray) -> np.ndarray:
        """Sums over clusters, shape (groups, ...)."""
        out = np.zeros((self.groups, *rows.shape[1:]))
        np.add.at(out, self.place, rows)
        return out

    def error(self, j: int) -> float:
        """Cluster-robust standard error without a small-sample factor: it is the same in t and in t*."""
        residual = self.y - self.x @ self.b
        return float(np.sqrt((self.totals(self.w[j] * residual) ** 2).sum()))

    def draws_of(self, j: int, v: np.ndarray) -> np.ndarray:
        """n0, n1, q00, q01 and q11 of the draws v, shape (5, draws).

        t*^2 at c is ``(n0 - c n1)^2 / (q00 - 2 c q01 + c^2 q11)``. The residuals under b_j = c are r0 - c r1: of y
        and of column j on the other columns.
        """
        others = np.delete(self.x, j, axis=1)
        both = np.column_stack([self.y, self.x[:, j]])
        if others.shape[1]:
            both = both - others @ np.linalg.lstsq(others, both, rcond=None)[0]
        own = self.totals(self.w[j][:, None] * both)  # (groups, 2)
        loads = self.totals(self.w[j][:, None] * self.x)  # (groups, k)
        parts = []
        for i in range(2):
            scores = self.totals(self.x * both[:, i : i + 1])
            parts.append(v * own[:, i] - (v @ scores) @ self.inverse @ loads.T)
        zero, one = parts
        squares = [np.einsum("bg,bg->b", a, b) for a, b in ((zero, zero), (zero, one), (one, one))]
        return np.array([v @ own[:, 0], v @ own[:, 1], *squares])


@dataclass(frozen=True, eq=False)
class _Test:
    """The test of b = c for any c."""

    n0: np.ndarray
    n1: np.ndarray
    q00: np.ndarray
    q01: np.ndarray
    q11: np.ndarray
    b: float
    error: float
    enumerated: bool

    def p(self, c: float) -> float:
        if not self.error > 0:
            return float("nan")
        variance = self.q00 - 2 * c * self.q01 + c**2 * self.q11
        t = abs(self.b - c) / self.error
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.abs(self.n0 - c * self.n1) / np.sqrt(np.maximum(variance, 0.0))
        beyond = int((drawn >= t * (1 - NEAR)).sum())
        return beyond / len(drawn) if self.enumerated else (beyond + 1) / (len(drawn) + 1)

    def end(self, side: float, alpha: float) -> float:
        """The value furthest on one side (along steps that double) before the test rejects; nan where it never does."""
        if not self.error > 0:
            return float("nan")
        inside, outside = 0.0, 1.0
        while self.p(self.b + side * outside * self.error) > alpha:
            inside, outside = outside, 2 * outside
            if outside > 2.0**20:
                return float("nan")
        for _ in range(60):
            middle = (inside + outside) / 2
            if self.p(self.b + side * middle * self.error) > alpha:
                inside = middle
            else:
                outside = middle
        return self.b + side * inside * self.error


def _signs(groups: int, draws: int, webb: bool, enumerated: bool, seed: int) -> Iterator[np.ndarray]:
    """Weights of the clusters, blocks of shape (b, groups)."""
    size = max(1, BLOCK_CELLS // groups)
    if enumerated:
        for start in range(0, draws, size):
            number = np.arange(start, min(start + size, draws), dtype=np.int64)
            yield 1.0 - 2.0 * ((number[:, None] >> np.arange(groups)) & 1)
        return
    points = np.sqrt(np.array([1.5, 1.0, 0.5])) if webb else np.ones(1)
    values = np.concatenate([points, -points])
    stream = Stream(seed)
    for start in range(0, draws, size):
        n = min(size, draws - start)
        yield values[stream.below(len(values), n * groups)].reshape(n, groups)
