"""Slopes along a moderator in m completed data sets in, pooled Johnson-Neyman bounds out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from evalkit.studies.imputation.methods import Row
from evalkit.studies.imputation.rubin import rubin

POINTS = 41
"""Places along the moderator between which a bound is looked for."""


def boundary_rows(results: Sequence[Any], df_complete: float | None) -> Iterator[Row]:
    """Rows `jn.lower` and `jn.upper`: where the pooled slope turns significant, within the answers.

    At each value of the moderator the m slopes are pooled by Rubin's rules, with Barnard & Rubin's degrees of freedom;
    a bound is a root of ``|slope| / SE - t``.

    Parameters
    ----------
    results : list of ModerationResult
    df_complete : float, optional
        Of large-sample tests.
    """
    for number, first in enumerate(results[0].regions):
        found = [r.regions[number] for r in results if len(r.regions) > number]
        if len(found) < len(results) or not all(np.isfinite(one.grid["std_error"]).all() for one in found):
            continue
        alpha, several = 1 - results[0].conf_level, _several(results[0])
        low, high = min(one.low for one in found), max(one.high for one in found)
        keys = {"group": first.term if several else None, "level": first.level or None}
        for name, value in zip(("lower", "upper"), _bounds(_margin(found, alpha, df_complete), low, high), strict=True):
            if np.isfinite(value):
                yield keys | {"term": f"jn.{name}", "estimate": value, "label": "bound"}


def _several(result: Any) -> bool:
    return len({one.term for one in result.regions}) > 1


def _margin(found: Sequence[Any], alpha: float, df_complete: float | None) -> Callable[[float], float]:
    """How far the t value of the pooled slope lies beyond the critical one, by value of the moderator.

    A slope is linear and its variance quadratic in the moderator: three places tell them.
    """
    from scipy.stats import norm, t

    slopes, variances, freedoms = [], [], []
    for one in found:
        grid = one.grid.iloc[[0, len(one.grid) // 2, len(one.grid) - 1]]
        at = grid["at"].to_numpy(float)
        slopes.append(np.polyfit(at[[0, 2]], grid["estimate"].to_numpy(float)[[0, 2]], 1))
        variances.append(np.polyfit(at, grid["std_error"].to_numpy(float) ** 2, 2))
        freedoms.append((one.grid["at"].to_numpy(float), one.grid["df"].to_numpy(float)))

    def complete(at: float) -> float:
        known = [float(np.interp(at, places, df)) for places, df in freedoms]
        if np.isfinite(known).all():
            return float(np.mean(known))
        return np.inf if df_complete is None else df_complete

    def margin(at: float) -> float:
        values = np.array([[np.polyval(one, at)] for one in slopes])
        spread = np.array([[max(np.polyval(one, at), 0.0)] for one in variances])
        pooled = rubin(values, spread, complete(at))
        df = float(pooled.df[0])
        critical = t.isf(alpha / 2, df) if np.isfinite(df) else norm.isf(alpha / 2)
        return float(abs(pooled.estimate[0]) / pooled.std_error[0] - critical)

    return margin


def _bounds(margin: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Lower and upper bound within the answers, nan where there is none; one alone is the lower or the upper end of
    where the slope is significant below or above it."""
    from scipy.optimize import brentq

    places = np.linspace(low, high, POINTS)
    values = [margin(p) for p in places]
    if not np.isfinite(values).all():
        return np.nan, np.nan
    turns = [i for i in range(POINTS - 1) if values[i] * values[i + 1] < 0]
    roots = [float(brentq(margin, places[i], places[i + 1])) for i in turns]
    if not roots:
        return np.nan, np.nan
    if len(roots) > 1:
        return roots[0], roots[-1]
    return (np.nan, roots[0]) if values[-1] > 0 else (roots[0], np.nan)
