"""Cases, networks and coders: prints seconds, and ratios where there is a peer.

Run from the checkout: `python -m tests.benchmarks.cases`.
QCA with 10 fuzzy conditions and 200 cases, all three solutions; no peer in Python gives all tied models. QAP with 5,000
relabellings of 100 actors, against numpy's corrcoef in a loop. Krippendorff's alpha of 3 coders on 5,000 units with
2,000 resamples, against the package krippendorff (if installed) called once a resample.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from tests.benchmarks.mediation import seconds

QCA_TARGET, QAP_TARGET, ALPHA_TARGET = 5.0, 5.0, 2.0
PEER_DRAWS = 50
"""Draws of a peer that is timed; its time is scaled up to the whole number."""


def memberships(cases: int = 200, conditions: int = 10, seed: int = 7) -> pd.DataFrame:
    """Fuzzy conditions; the outcome follows two of their combinations with some error."""
    rng = np.random.default_rng(seed)
    x = rng.beta(0.6, 0.6, (cases, conditions))
    data = pd.DataFrame(x, columns=[f"C{j}" for j in range(conditions)])
    path = np.maximum(np.minimum(data["C0"], data["C1"]), np.minimum(1 - data["C2"], data["C3"]))
    return data.assign(Y=np.clip(path + rng.normal(0, 0.08, cases), 0, 1))


def configurations() -> float:
    """Seconds of `qca` with the ranges of its cut-offs left out."""
    from evalkit.cases.configurations import qca

    data = memberships()
    names = [c for c in data if c != "Y"]

    def ours() -> object:
        return qca(data, outcome="Y", conditions=names, override=True, robustness=False)

    return seconds(ours, 2)


def relabelled(actors: int = 100, draws: int = 5000) -> tuple[float, float]:
    """Seconds of `qap` with a correlation and a regression, and of the correlation alone in a loop."""
    from evalkit.cases.ties import qap

    rng = np.random.default_rng(3)
    x = rng.random((actors, actors)) < 0.1
    y = (x & (rng.random(x.shape) < 0.7)) | (rng.random(x.shape) < 0.05)
    edges = [(a, b, name) for name, m in (("x", x), ("y", y)) for a, b in zip(*np.nonzero(m), strict=True) if a != b]
    ties = pd.DataFrame(edges, columns=["from", "to", "relation"]).astype({"from": str, "to": str})
    off = ~np.eye(actors, dtype=bool)

    def ours() -> object:
        return qap(ties, outcome="y", predictors=["x"], permutations=draws)

    def loop() -> object:
        found = []
        for _ in range(PEER_DRAWS):
            order = rng.permutation(actors)
            found.append(np.corrcoef(x[off], y[np.ix_(order, order)][off])[0, 1])
        return found

    return seconds(ours, 2), seconds(loop, 2) * draws / PEER_DRAWS


def coders(units: int = 5000, draws: int = 2000) -> tuple[float, float | None]:
    """Seconds of alpha with its bootstrap interval, and of the package krippendorff in a loop (None: not there)."""
    from evalkit.qualitative.agreeing import agreement

    rng = np.random.default_rng(5)
    truth = rng.integers(0, 5, units)
    values = np.array([np.where(rng.random(units) < 0.8, truth, rng.integers(0, 5, units)) for _ in range(3)])
    data = pd.DataFrame(values.T, columns=["a", "b", "c"])

    def ours() -> object:
        return agreement(data, list(data), methods="krippendorff", intervals="bootstrap", resamples=draws)

    own = seconds(ours, 2)
    try:
        import krippendorff
    except ImportError:
        return own, None

    def loop() -> object:
        drawn = (rng.integers(0, units, units) for _ in range(PEER_DRAWS))
        return [krippendorff.alpha(values[:, rows], level_of_measurement="nominal") for rows in drawn]

    return own, seconds(loop, 1) * draws / PEER_DRAWS


def main() -> None:
    took = configurations()
    print(f"qca, 10 conditions, 200 cases: {took:.2f} s (target {QCA_TARGET:g} s: {_said(took, QCA_TARGET)})")
    took, peer = relabelled()
    print(f"qap, 100 actors, 5,000 relabellings: {took:.2f} s (target {QAP_TARGET:g} s: {_said(took, QAP_TARGET)})")
    print(f"    numpy in a loop, correlation only: {peer:.2f} s, {peer / took:.1f} times")
    took, other = coders()
    said = _said(took, ALPHA_TARGET)
    print(f"alpha, 3 coders, 5,000 units, 2,000 draws: {took:.2f} s (target {ALPHA_TARGET:g} s: {said})")
    if other is not None:
        print(f"    krippendorff in a loop: {other:.1f} s, {other / took:.0f} times")


def _said(took: float, target: float) -> str:
    return "reached" if took <= target else "MISSED"


if __name__ == "__main__":
    main()
