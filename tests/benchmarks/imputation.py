"""The imputer's headline: 20 imputations of 2,000 rows and 30 variables, beside statsmodels' chained equations.

Run from the checkout: `python -m tests.benchmarks.imputation`. BLAS keeps to one thread, as on the command line.
Target: below 20 s, of numbers and of mixed types. The peer matches predicted means of numbers only; one of its
imputations of ten sweeps is timed and taken twenty times.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from evalkit.contract import Variable, attach, codebook_of
from evalkit.studies import impute

N, K, SHARE, M, SWEEPS = 2000, 30, 0.1, 20, 10
TARGET = 20.0


def numbers() -> pd.DataFrame:
    """30 five-point answers to six things, a tenth missing."""
    rng = np.random.default_rng(1)
    trait = rng.normal(size=(N, K // 5)) + 0.5 * rng.normal(size=(N, 1))
    x = np.clip(np.round(3 + np.repeat(trait, 5, axis=1) + 0.8 * rng.normal(size=(N, K))), 1, 5)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(K)]).mask(rng.random((N, K)) < SHARE)


def mixed() -> pd.DataFrame:
    """The same with four binary, three ordinal and two nominal variables among them."""
    data = numbers()
    kinds = {f"x{i}": "ordinal" for i in (4, 5, 6)} | {f"x{i}": "nominal" for i in (7, 8)}
    for i in range(4):
        data[f"x{i}"] = (data[f"x{i}"] > 3).astype(float).where(data[f"x{i}"].notna())
    known = {name: codebook_of(data).variables[name] for name in kinds}
    made = [Variable(name, kind, known[name].zh, known[name].en) for name, kind in kinds.items()]
    return attach(data, codebook_of(data).with_variables(made))


def ours(data: pd.DataFrame) -> float:
    start = time.perf_counter()
    impute(data, variables=list(data.columns), m=M, iterations=SWEEPS, seed=1)
    return time.perf_counter() - start


def peer(data: pd.DataFrame) -> float:
    """Twenty times one chain of statsmodels."""
    from statsmodels.imputation.mice import MICEData

    chain = MICEData(data.copy())
    start = time.perf_counter()
    chain.update_all(SWEEPS)
    return M * (time.perf_counter() - start)


def main() -> None:
    plain = numbers()
    found, other, kinds = ours(plain), peer(plain), ours(mixed())
    print(f"numbers: {found:.1f} s; statsmodels {other:.1f} s; {other / found:.1f} times faster")
    print(f"mixed types: {kinds:.1f} s; target {TARGET:g} s: {'met' if max(found, kinds) < TARGET else 'missed'}")


if __name__ == "__main__":
    main()
