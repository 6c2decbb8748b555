"""Paths in; direct, indirect and total effects of each level with delta-method errors and Monte Carlo intervals out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.contract import tidy_frame
from evalkit.models.mediation.intervals import normal_draws, quantile_intervals
from evalkit.models.nested_mediation.paths import Paths

LEVELS = ("within", "between")


def effect_terms(names: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the effects that the paths make."""
    out = []
    for level in LEVELS:
        if f"b.{level}" in names and f"a.{level}" in names:
            out += [f"indirect.{level}", f"direct.{level}", f"total.{level}"]
    if "indirect.within" in out and "indirect.between" in out:
        out.append("contrast.between-within")
    return tuple(out)


def effects_of(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The effects of paths, elementwise: ``a b`` (random paths: ``a b + cov``), ``c``, and their sum."""
    out: dict[str, np.ndarray] = {}
    for level in LEVELS:
        if f"a.{level}" not in values or f"b.{level}" not in values:
            continue
        indirect = values[f"a.{level}"] * values[f"b.{level}"]
        if level == "within" and "covariance.a.b" in values:
            indirect = indirect + values["covariance.a.b"]
        direct = values[f"c.{level}"]
        out |= {f"indirect.{level}": indirect, f"direct.{level}": direct, f"total.{level}": indirect + direct}
    if "indirect.within" in out and "indirect.between" in out:
        out["contrast.between-within"] = out["indirect.between"] - out["indirect.within"]
    return out


def effect_frame(paths: Paths, seed: int, conf_level: float, n: int) -> pd.DataFrame:
    """A row an effect; p is that of estimate / delta-method error.

    MacKinnon, Lockwood & Williams (2004), Multivariate Behavioral Research 39, 99-128.
    """
    from scipy.stats import norm

    terms = effect_terms(paths.names)
    estimate = _values(paths, paths.estimate)
    slope = np.zeros((len(terms), len(paths.names)))
    for k in range(len(paths.names)):
        step = np.zeros(len(paths.names))
        step[k] = 1e-6 * max(abs(float(np.nan_to_num(paths.estimate[k]))), 1e-3)
        ends = [_values(paths, paths.estimate + sign * step) for sign in (1.0, -1.0)]
        slope[:, k] = (ends[0] - ends[1]) / (2 * step[k])
    slope = np.nan_to_num(slope)  # of paths that are not there
    error = np.where(np.isnan(estimate), np.nan, np.sqrt(np.einsum("ij,jk,ik->i", slope, paths.matrix, slope)))
    drawn = effects_of(dict(zip(paths.names, normal_draws(paths.estimate, paths.matrix, seed), strict=True)))
    low, high = quantile_intervals(np.array([drawn[term] for term in terms]), conf_level).T
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimate / error
    return tidy_frame(
        term=list(terms),
        estimate=estimate,
        std_error=error,
        statistic=z,
        p_value=2 * norm.sf(np.abs(z)),
        conf_low=low,
        conf_high=high,
        n_obs=n,
    )


def _values(paths: Paths, at: np.ndarray) -> np.ndarray:
    found = effects_of(dict(zip(paths.names, at, strict=True)))
    return np.array([float(found[term]) for term in effect_terms(paths.names)])
