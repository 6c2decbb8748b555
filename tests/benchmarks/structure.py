"""The measurement engine's headlines: CFA by maximum likelihood and weighted least squares, FIML, bootstrap, dossier.

Run from the checkout: `python -m tests.benchmarks.structure`. BLAS keeps to one thread, as on the command line.
Targets: ML of 20 items and 4 factors, n 1,000, below 0.05 s and 50 times faster than semopy; WLSMV of 20 five-point
items below 1 s; FIML with 10 % missing below 1 s; 1,000 bootstrap resamples of 3 factors below 10 s; the dossier of
the estate instrument (71 items, 21 scales, 2,380 rows) below 60 s. Where semopy is not installed the peer is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from evalkit.measurement.item_response import irt
from evalkit.measurement.structural import cfa
from evalkit.structure import bootstrap, fit

THREADS = "OPENBLAS_NUM_THREADS"
N = 1000
STUDY = Path(__file__).parents[2] / "analyses" / "j-community-renovation" / "plan.toml"


def answers(factors: int, each: int = 5, points: bool = False) -> pd.DataFrame:
    """Items of correlated factors, continuous or on five points, shape (N, factors * each)."""
    rng = np.random.default_rng(3)
    own = rng.normal(size=(N, factors)) + 0.6 * rng.normal(size=(N, 1))
    x = 0.8 * np.repeat(own, each, axis=1) + 0.7 * rng.normal(size=(N, factors * each))
    x = np.digitize(x, [-1.5, -0.5, 0.5, 1.5]) + 1.0 if points else x
    return pd.DataFrame(x, columns=[f"x{i + 1}" for i in range(factors * each)])


def model(factors: int, each: int = 5) -> str:
    """One line a factor."""
    names = [[f"x{f * each + i + 1}" for i in range(each)] for f in range(factors)]
    return "\n".join(f"f{f + 1} =~ {' + '.join(items)}" for f, items in enumerate(names))


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """The best of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def race() -> str:
    """The same work by semopy in turn with ours, medians: estimates, standard errors and fit measures of one model.

    semopy: the model read, fitted, `inspect()` and `calc_stats()`; ours: `fit`, `estimates()` and `measures()`, which
    has more of them. Without semopy only ours.
    """
    data, text = answers(4), model(4)

    def run() -> None:
        found = fit(text, data)
        found.estimates()
        found.measures()

    run()
    if find_spec("semopy") is None:
        return f"{seconds(run, 20):.4f} s; semopy is not installed"
    import semopy

    ours, theirs = [], []
    for _ in range(12):
        start = time.perf_counter()
        peer = semopy.Model(text)
        peer.fit(data)
        peer.inspect()
        semopy.calc_stats(peer)
        theirs.append(time.perf_counter() - start)
        ours += [seconds(run, 1) for _ in range(5)]
    own, other = float(np.median(ours)), float(np.median(theirs))
    return f"{own:.4f} s; semopy {semopy.__version__}: {other:.3f} s, {other / own:.0f} times"


def race_with(threads: str) -> str:
    """The race in a process of its own, where BLAS has so many threads; an empty text leaves that to BLAS."""
    setting = os.environ | {THREADS: threads}
    call = [sys.executable, "-W", "ignore", "-c", "from tests.benchmarks.structure import race; print(race())"]
    return subprocess.run(call, env=setting, capture_output=True, text=True, check=True).stdout.strip()


def dossier() -> float:
    """The whole dossier of the estate study, from scored answers, appendix apart."""
    from evalkit.plan import read_plan
    from evalkit.plan.flow import load_sample
    from evalkit.studies import scale_dossier

    data = load_sample(read_plan(STUDY)).used
    return seconds(lambda: scale_dossier(data, groups=["tenant"], cluster="j_building"), 1)


def main() -> None:
    """Print each headline against its target, and the ratio to the peer."""
    data, text = answers(4), model(4)
    for threads in ("1", ""):
        told = f"BLAS threads {threads or 'by default'}"
        print(f"ML, 20 items, 4 factors, n {N}, {told}: {race_with(threads)} (target 0.05 s, 50 times)")
    print(f"the same by cfa(), with every table behind it: {seconds(lambda: cfa(data, text), 5):.4f} s")
    points = answers(4, points=True)
    ours = seconds(lambda: fit(text, points, estimator="WLSMV", ordinal=True).estimates())
    print(f"WLSMV, 20 five-point items, n {N}: {ours:.3f} s (target 1)")
    holes = data.mask(np.random.default_rng(4).random(data.shape) < 0.1)
    ours = seconds(lambda: fit(text, holes, missing="fiml").estimates())
    print(f"FIML, 20 items, 10 % missing, n {N}: {ours:.3f} s (target 1)")
    ours = seconds(lambda: irt(points, list(points.columns[:10])), 2)
    print(f"graded response model of 10 five-point items, n {N}: {ours:.2f} s")
    three = fit(model(3, 4), answers(3, 4))
    ours = seconds(lambda: bootstrap(three, resamples=1000, seed=1), 1)
    print(f"1,000 resamples of 3 factors, 12 items, n {N}: {ours:.2f} s (target 10)")
    print(f"dossier, 71 items, 21 scales, n 2,380: {dossier():.1f} s (target 60)")


if __name__ == "__main__":
    main()
