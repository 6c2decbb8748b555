"""A series with an interruption in; the change of its level and of its trend out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.models.causal.effects import Effect, Test, effect
from evalkit.models.causal.segments_result import InterruptedResult
from evalkit.models.causal.serial import (
    default_lags,
    durbin_watson,
    gaps,
    kernel_covariance,
    ljung_box,
)
from evalkit.models.causal.treatment import both_arms, checked_level, labels_of, periods, prepared, treatment
from evalkit.models.fit import is_constant
from evalkit.models.matrix import INTERCEPT, numeric_outcome
from evalkit.moments import least_squares

FEWEST, FEW = 3, 8
"""Time points on either side: below the first there is no answer, below the second no firm one."""
OWN = (INTERCEPT, "trend", "level_change", "trend_change")
WITH_CONTROL = ("common.trend", "common.level_change", "common.trend_change", "gap", "gap.trend")


def interrupted_series(
    data: pd.DataFrame,
    *,
    y: str,
    time: str,
    start: float,
    treated: str | None = None,
    covariates: Sequence[str] = (),
    lags: int | None = None,
    conf_level: float = 0.95,
) -> InterruptedResult:
    """Segmented regression of a series that was interrupted, with a control series if there is one.

    Parameters
    ----------
    data : DataFrame
        A row a time point, or several, which are averaged (people asked in a month).
    y : str
    time : str
        Number of the period.
    start : float
        First period after the interruption.
    treated : str, optional
        Two values: the higher is the series that was interrupted, the lower a control series. Effects are then changes
        beyond those of the control series.
    covariates : sequence of str
        Numeric or nominal; with one slope for both series.
    lags : int, optional
        Periods over which errors may be correlated; by default ``floor(4 (T / 100)^(2/9))``, at least 1.
    conf_level : float

    Returns
    -------
    InterruptedResult
        `level_change` (jump at `start`), `trend_change` (per unit of time), `effect.mean` and `effect.end` (distance
        from what the earlier trend, or the control series, would have led to: average of the periods after, last
        period). Newey-West errors times T / (T - k), t tests with T - k degrees of freedom, k counting one series.

    Raises
    ------
    AnalysisError
        A start outside the series (E6277), fewer than three time points on a side or no more than parameters (E6307),
        a series without variation (E6294), a control that is none (E6273 to E6275).

    Notes
    -----
    Wagner, Soumerai, Zhang & Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27, 299-309; control
    series: Linden (2015), Stata Journal 15, 480-500.
    """
    checked_level(conf_level)
    names = [y, time, *([treated] if treated else [])]
    ready = prepared(data, names, covariates, None)
    outcome, _ = numeric_outcome(ready.data, y)
    arm = np.ones(len(ready.data)) if treated is None else treatment(ready.data, treated)
    values = np.column_stack([outcome, periods(ready.data, time), arm, ready.covariates.values])
    sample = ready.rows([*names, *covariates], values[:, :3], None)
    rows = values[sample.rows]
    if treated is not None:
        both_arms(rows[:, 2], treated)
    series = _averaged(rows)
    times = np.unique(series[:, 1])
    _checked(series, times, start, len(ready.covariates.terms))
    if is_constant(series[:, 0]):
        raise AnalysisError(Problem("E6294", params={"n": len(series)}))
    used = default_lags(len(times)) if lags is None else lags
    if not 0 <= used < len(times):
        raise AnalysisError(Problem("E6301", params={"option": "lags"}))
    task = _Task(series, times, float(start), used, treated is not None, ready.covariates.terms, conf_level)
    effects, tests, frame, dropped = task.results()
    labels = labels_of(ready.data, [y, time, treated]) | dict(ready.covariates.labels)
    found = (Problem("W656", params={"term": term}) for term in dropped)
    return InterruptedResult(
        outcome=y,
        time=time,
        start=float(start),
        treated=treated,
        effects=tuple(effects),
        tests=tuple(tests),
        series=frame,
        lags=used,
        averaged=len(rows) > len(series),
        conf_level=conf_level,
        labels=labels | {term: Label(f"causal.series.{term}") for term in (*OWN[1:], *WITH_CONTROL)} | _fixed(),
        n_before=int((times < start).sum()),
        n_after=int((times >= start).sum()),
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys((*ready.notices, *found, *_judged(times, start)))),
    )


def _averaged(rows: np.ndarray) -> np.ndarray:
    """One row a series and time: outcome, time, arm, covariates; the control series first, in order of time."""
    keys, place, count = np.unique(rows[:, [2, 1]], axis=0, return_inverse=True, return_counts=True)
    totals = np.zeros((len(keys), rows.shape[1]))
    np.add.at(totals, place.reshape(-1), rows)
    out = totals / count[:, None]
    out[:, [2, 1]] = keys
    return out


def _checked(series: np.ndarray, times: np.ndarray, start: float, n_covariates: int) -> None:
    if not len(times):
        raise AnalysisError(Problem("E6307", params={"before": 0, "after": 0, "least": FEWEST}))
    if not times[0] < start <= times[-1]:
        ends = {"low": f"{times[0]:g}", "high": f"{times[-1]:g}"}
        raise AnalysisError(Problem("E6277", params={"start": f"{start:g}", **ends}))
    for arm in np.unique(series[:, 2]):
        own = series[series[:, 2] == arm, 1]
        before, after = int((own < start).sum()), int((own >= start).sum())
        if min(before, after) < FEWEST or len(own) <= len(OWN) + n_covariates:
            raise AnalysisError(Problem("E6307", params={"before": before, "after": after, "least": FEWEST}))


@dataclass(frozen=True, eq=False)
class _Task:
    series: np.ndarray
    times: np.ndarray
    start: float
    lags: int
    controlled: bool
    covariates: tuple[str, ...]
    level: float

    def results(self) -> tuple[list[Effect], list[Test], pd.DataFrame, list[str]]:
        y, time, arm = self.series[:, :3].T
        since = time - self.start
        after = (since >= 0).astype(float)
        terms, x = self._columns(since, after, arm)
        solved = least_squares(x, y)
        kept = [j for j in range(len(terms)) if j not in solved.dropped]
        b = np.where(np.isnan(solved.coefficients), 0.0, solved.coefficients)
        residual = y - x @ b
        place = np.searchsorted(self.times, time)
        n_times, k = len(self.times), len(OWN) + sum(terms[j] in self.covariates for j in kept)
        matrix = np.zeros((len(terms), len(terms)))
        raw = kernel_covariance(x[:, kept], residual, solved.inverse, place, self.times, self.lags)
        matrix[np.ix_(kept, kept)] = raw * n_times / (n_times - k)
        later = self.times[self.times >= self.start] - self.start
        jump, bend = terms.index("level_change"), terms.index("trend_change")
        contrasts = {term: np.eye(len(terms))[j] for j, term in enumerate(terms) if j in kept}
        for name, distance in (("effect.mean", later.mean()), ("effect.end", later[-1])):
            contrasts[name] = contrasts["level_change"] + distance * contrasts["trend_change"]
        effects = [self._effect(name, c, b, matrix, n_times - k) for name, c in contrasts.items()]
        fitted = x @ b
        moved = (b[jump] + b[bend] * since) * after
        without = np.where((arm == 1) & (after == 1), fitted - moved, np.nan)
        frame = pd.DataFrame({"time": time, "series": arm, "observed": y, "fitted": fitted, "without": without})
        return effects, self._tests(residual[arm == 1], time[arm == 1]), frame, [terms[j] for j in solved.dropped]

    def _columns(self, since: np.ndarray, after: np.ndarray, arm: np.ndarray) -> tuple[list[str], np.ndarray]:
        covariates = self.series[:, 3:]
        base = [np.ones(len(since)), since, after, after * since]
        if not self.controlled:
            return [*OWN, *self.covariates], np.column_stack([*base, covariates])
        common = [INTERCEPT, *WITH_CONTROL, "level_change", "trend_change"]
        own = [arm, arm * since, arm * after, arm * after * since]
        return [*common, *self.covariates], np.column_stack([*base, *own, covariates])

    def _effect(self, name: str, contrast: np.ndarray, b: np.ndarray, matrix: np.ndarray, df: int) -> Effect:
        error = math.sqrt(max(float(contrast @ matrix @ contrast), 0.0))
        model = "effect" if name in ("level_change", "trend_change") or name.startswith("effect.") else "model"
        keys = {"df": float(df), "conf_level": self.level, "n_obs": len(self.series)}
        return effect(model, name, float(contrast @ b), error, **keys)

    def _tests(self, residual: np.ndarray, times: np.ndarray) -> list[Test]:
        from scipy.stats import chi2

        q, df = ljung_box(residual, times, min(max(self.lags, 1), len(times) - 2))
        return [
            Test("durbin_watson", durbin_watson(residual, times)),
            Test("ljung_box", q, df, p_value=float(chi2.sf(q, df)), kind="chi2"),
        ]


def _judged(times: np.ndarray, start: float) -> list[Problem]:
    out = []
    before, after = int((times < start).sum()), int((times >= start).sum())
    if min(before, after) < FEW:
        out.append(Problem("W6308", params={"before": before, "after": after, "enough": FEW}))
    missing = gaps(times)
    if missing:
        out.append(Problem("N6309", params={"n": missing}))
    return out


def _fixed() -> dict[str, Label]:
    return {
        INTERCEPT: Label("regression.intercept"),
        "effect.mean": Label("causal.series.effect.mean"),
        "effect.end": Label("causal.series.effect.end"),
    }
