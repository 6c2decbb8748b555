"""The asymptotic covariance of polychorics through the statistics that rest on it: WLSMV tests of lavaan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from evalkit.correlations import polychoric

THREE, EIGHT = ["OB", "OE", "MO"], ["OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR"]


class Weighted:
    """A model of correlated clusters fitted to polychorics with the inverse variances as weights."""

    def __init__(self, x: np.ndarray, factor: np.ndarray) -> None:
        found = polychoric(x)
        n_tau, (i, j) = len(found.tau), found.pairs.T
        self.gamma, self.rho = found.gamma()[n_tau:, n_tau:], found.rho
        self.weight, self.n = 1 / np.diag(self.gamma), found.n_obs - 1  # lavaan's N - 1
        p, upper = len(factor), np.triu_indices(factor.max() + 1, 1)

        def implied(at: np.ndarray) -> np.ndarray:
            phi = np.eye(factor.max() + 1)
            phi[upper] = phi[upper[::-1]] = at[p:]
            return at[i] * at[j] * phi[factor[i], factor[j]]

        root = np.sqrt(self.weight)
        start = np.concatenate([np.full(p, 0.7), np.full(len(upper[0]), 0.3)])
        fit = optimize.least_squares(
            lambda at: root * (self.rho - implied(at)), start, xtol=1e-12, ftol=1e-12, gtol=1e-12
        )
        self.estimates, self.slopes = fit.x, -fit.jac / root[:, None]
        self.loss, self.df = 2 * fit.cost, len(self.rho) - len(start)

    def scaled(self, loss: float, directions: np.ndarray, df: int) -> float:
        product = directions @ self.gamma
        scale = np.sqrt(df / np.trace(product @ product))
        return scale * self.n * loss + df - scale * np.trace(product)

    @property
    def bread(self) -> np.ndarray:
        return np.linalg.inv(self.slopes.T @ (self.weight[:, None] * self.slopes))

    def statistics(self) -> dict[str, float]:
        whole = np.diag(self.weight)
        heavy = self.weight[:, None] * self.slopes
        null = float(self.weight @ self.rho**2)
        return {
            "chisq": self.n * self.loss,
            "chisq.scaled": self.scaled(self.loss, whole - heavy @ self.bread @ heavy.T, self.df),
            "baseline.chisq": self.n * null,
            "baseline.chisq.scaled": self.scaled(null, whole, len(self.rho)),
        }

    def std_errors(self) -> np.ndarray:
        half = self.bread @ (self.weight[:, None] * self.slopes).T
        return np.sqrt(np.diag(half @ self.gamma @ half.T) / self.n)


@pytest.mark.parametrize("scales, record", [(THREE, "m3"), (EIGHT, "m8")])
def test_statistics_of_wlsmv(scored, scale_items, golden, scales, record):
    items = [item for scale in scales for item in scale_items[scale]]
    factor = np.repeat(np.arange(len(scales)), [len(scale_items[scale]) for scale in scales])
    fit = Weighted(scored[items].dropna().to_numpy(), factor)
    expected = golden("cfa", f"{record}.WLSMV.fit")
    assert fit.df == expected.value("df")
    for name, value in fit.statistics().items():
        assert value == expected.approx(name), name
    standard = golden("cfa", f"{record}.WLSMV.std")
    loadings = standard.estimate[standard.estimate["op"] == "=~"]
    assert fit.estimates[: len(items)] == pytest.approx(loadings["est.std"].to_numpy(), abs=standard.absolute)
    assert fit.std_errors()[: len(items)] == pytest.approx(loadings["se"].to_numpy(), abs=standard.absolute)
