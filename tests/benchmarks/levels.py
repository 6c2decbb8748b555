"""Multilevel models against statsmodels' MixedLM in one process: prints seconds and ratios.

Run from the checkout: `python -m tests.benchmarks.levels`.
2,000 rows in 100 groups, four predictors. One model of ours by REML against one of theirs: a random intercept, and a
random intercept with a slope. The whole call of `mixed` (null model, comparisons, Satterthwaite) is timed beside.
"""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread for both: other work on the machine disturbs less

import numpy as np
import pandas as pd

from tests.benchmarks.mediation import seconds

TARGET = 3.0
"""Times faster than MixedLM at least."""


def survey(n: int = 2000, groups: int = 100, seed: int = 20260101) -> pd.DataFrame:
    """A made-up sample with an intraclass correlation of 0.1 and a slope that varies between groups."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(n, 4)), columns=["x", "a", "b", "c"])
    g = np.repeat(np.arange(groups), n // groups)
    effects = rng.normal(size=(groups, 2)) * (0.33, 0.15)
    data["g"] = g
    data["y"] = 0.3 * data["x"] + 0.1 * data["a"] + effects[g, 0] + effects[g, 1] * data["x"] + rng.normal(size=n)
    return data


def ratios(times: int = 5) -> dict[str, tuple[float, float, float]]:
    """Model -> seconds of one fit, of the whole call, of MixedLM."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    from evalkit.models.multilevel import mixed
    from evalkit.models.multilevel.linear_fit import linear_fit

    data = survey()
    y, g = data["y"].to_numpy(), data["g"].to_numpy()
    x = np.column_stack([np.ones(len(data)), data[["x", "a", "b", "c"]]])
    out = {}
    for name, q in (("intercept", 1), ("slope", 2)):
        z, random = x[:, :q], ["1", "x"][:q]

        def fit(z: np.ndarray = z) -> object:
            return linear_fit(z, x, y, g, correlated=True, reml=True).degrees()

        def call(random: list[str] = random) -> object:
            return mixed(data, "y ~ x + a + b + c", group="g", random=random)

        def peer(z: np.ndarray = z) -> object:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return MixedLM(y, x, groups=g, exog_re=z).fit(reml=True).bse

        for warm in (fit, call, peer):
            warm()  # imports and the first allocation are no part of the comparison
        out[name] = (seconds(fit, times), seconds(call, times), seconds(peer, 2))
    return out


def main() -> None:
    for name, (fit, call, peer) in ratios().items():
        word = "reached" if peer / fit >= TARGET else "MISSED"
        print(f"random {name}: one fit {fit:.4f} s, whole call {call:.3f} s, MixedLM {peer:.3f} s")
        print(f"    {peer / fit:.1f} times; target {TARGET:g} times: {word}")


if __name__ == "__main__":
    main()
