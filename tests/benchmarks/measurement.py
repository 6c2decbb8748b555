"""Polychoric correlations with their covariance matrix, and parallel analysis, against plain loops over scipy.

Run from the checkout: `python -m tests.benchmarks.measurement`. BLAS keeps to one thread, as on the command line.
Targets: 20 five-point items of 1,000 people with the asymptotic covariance below 0.7 s; parallel analysis of 25 items
with 1,000 draws below 5 s. The loops do a part of the work and are scaled up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import optimize, stats

from evalkit.correlations import polychoric
from evalkit.measurement.exploratory.retention import parallel_analysis
from evalkit.measurement.minres import one_factor

N, PAIRS_IN_LOOP, DRAWS, DRAWS_IN_LOOP = 1000, 6, 1000, 30


def answers(n_items: int) -> np.ndarray:
    """Five-point answers of one factor, shape (N, n_items)."""
    rng = np.random.default_rng(1)
    z = 0.8 * rng.normal(size=(N, 1)) + rng.normal(size=(N, n_items))
    return np.digitize(z, [-1.5, -0.5, 0.5, 1.5]).astype(float)


def loop_of_pairs(x: np.ndarray) -> np.ndarray:
    """Polychoric correlations of the first pairs, one at a time, without any covariance."""
    found = []
    for j in range(1, PAIRS_IN_LOOP + 1):
        table = np.zeros((5, 5))
        np.add.at(table, (x[:, 0].astype(int), x[:, j].astype(int)), 1)
        cuts = [
            np.r_[-8, stats.norm.ppf(np.cumsum(m)[:-1] / m.sum()), 8] for m in (table.sum(axis=1), table.sum(axis=0))
        ]
        points = np.array([(a, b) for a in cuts[0] for b in cuts[1]])

        def loss(rho: float, points: np.ndarray = points, table: np.ndarray = table) -> float:
            grid = stats.multivariate_normal.cdf(points, cov=[[1, rho], [rho, 1]]).reshape(6, 6)
            return -float(np.sum(table * np.log(np.maximum(np.diff(np.diff(grid, axis=0), axis=1), 1e-300))))

        found.append(optimize.minimize_scalar(loss, bounds=(-0.99, 0.99), method="bounded").x)
    return np.array(found)


def loop_of_draws(n_items: int) -> np.ndarray:
    """Eigenvalues of random data sets drawn whole, with a one-factor fit each."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(DRAWS_IN_LOOP):
        r = np.corrcoef(rng.normal(size=(n_items, N)))
        reduced = r - np.diag(1 - one_factor(r).loadings ** 2)
        found.append((np.linalg.eigvalsh(r)[::-1], np.linalg.eigvalsh(reduced)[::-1]))
    return np.mean(found, axis=0)


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """The best of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print each headline, its peer and the ratio."""
    x = answers(20)
    ours = seconds(lambda: polychoric(x).gamma())
    loop = seconds(lambda: loop_of_pairs(x), 1) * 190 / PAIRS_IN_LOOP
    apart = np.abs(loop_of_pairs(x) - polychoric(x).r[0, 1 : PAIRS_IN_LOOP + 1]).max()
    print(f"polychoric and covariance, 20 items, n {N}: {ours:.3f} s; loop of r: {loop:.1f} s, {loop / ours:.0f} times")
    print(f"  largest difference of the estimates: {apart:.1e}")
    y = answers(25)
    r = np.corrcoef(y.T)
    loop = seconds(lambda: loop_of_draws(25), 1) * DRAWS / DRAWS_IN_LOOP
    for name, permuted in (("normal", None), ("shuffled", y)):
        ours = seconds(lambda p=permuted: parallel_analysis(r, N, draws=DRAWS, percentile=95, seed=1, permuted=p), 2)
        print(
            f"parallel analysis, 25 items, {DRAWS} draws, {name}: {ours:.2f} s; "
            f"loop: {loop:.1f} s, {loop / ours:.0f} times"
        )


if __name__ == "__main__":
    main()
