"""The structural-equation engine: seconds against its targets, and ratios to semopy where that is installed.

Run from the checkout: `python -m tests.benchmarks.structure`.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread: other work on the machine disturbs less

import numpy as np
import pandas as pd

TARGETS = {"ml": 0.05, "fiml": 1.0, "bootstrap": 10.0}
RATIO = 50.0
FACTORS, ITEMS = 4, 5
MODEL = "\n".join(f"f{k} =~ " + " + ".join(f"x{ITEMS * k + j}" for j in range(ITEMS)) for k in range(FACTORS))


def survey(n: int = 1000, seed: int = 20260101, missing: float = 0.0) -> pd.DataFrame:
    """Four correlated factors with five items each."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, FACTORS)) @ np.linalg.cholesky(0.4 + 0.6 * np.eye(FACTORS)).T
    x = 0.7 * np.repeat(factors, ITEMS, axis=1) + 0.7 * rng.normal(size=(n, FACTORS * ITEMS))
    data = pd.DataFrame(x, columns=[f"x{i}" for i in range(FACTORS * ITEMS)])
    return data.mask(rng.random(data.shape) < missing) if missing else data


def seconds(work: Callable[[], object], times: int) -> float:
    """The shortest of several runs: the one least disturbed."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def measured() -> dict[str, float]:
    """Seconds of an ML fit, a FIML fit with 10 % missing, and 1,000 resamples of three factors."""
    from evalkit.structure import bootstrap, fit

    complete, incomplete = survey(), survey(missing=0.1)
    three = fit("\n".join(MODEL.split("\n")[:3]), complete)
    return {
        "ml": seconds(lambda: fit(MODEL, complete), 5),
        "fiml": seconds(lambda: fit(MODEL, incomplete, missing="fiml"), 2),
        "bootstrap": seconds(lambda: bootstrap(three, resamples=1000, seed=1), 1),
    }


def peer() -> float | None:
    """Seconds of semopy's ML fit of the same model; None where it is not installed."""
    if importlib.util.find_spec("semopy") is None:
        return None
    import semopy

    data = survey()
    return seconds(lambda: semopy.Model(MODEL).fit(data), 2)


if __name__ == "__main__":
    found = measured()
    for name, value in found.items():
        print(
            f"{name:10s} {value:7.3f} s   target {TARGETS[name]:g} s   {'met' if value < TARGETS[name] else 'MISSED'}"
        )
    other = peer()
    if other is None:
        print("semopy is not installed: no ratio")
    else:
        print(f"semopy {other:.2f} s: {other / found['ml']:.0f} times (target {RATIO:g})")
