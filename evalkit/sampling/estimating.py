"""Columns of values in domains in; a row of numbers for each estimate out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evalkit.contract import Label, Problem
from evalkit.sampling.choices import Options
from evalkit.sampling.design import DesignArrays
from evalkit.sampling.domains import Cut, Drawn
from evalkit.sampling.influence import ESTIMATORS, weighted_quantile
from evalkit.sampling.jackknife import jackknife_covariance
from evalkit.sampling.projection import residual_scores
from evalkit.sampling.proportions import Precision, proportion_interval
from evalkit.sampling.variance import linearised_covariance


def estimated_rows(
    cuts: Sequence[Cut], drawn: Drawn, options: Options
) -> tuple[list[dict[str, Any]], tuple[Problem, ...]]:
    """One record an estimate, with W884 for those without a standard error or interval."""
    if options.statistic == "quantile":
        found = [_quantile(cut, drawn, options) for cut in cuts]
        rows, told = [row for row, _ in found], [p for _, notices in found for p in notices]
    else:
        values, covariance, told = _covariance(cuts, drawn, options)
        rows = [
            _row(cut, value, np.sqrt(max(v, 0.0)) if v == v else np.nan, drawn, options)
            for cut, value, v in zip(cuts, values, np.diag(covariance), strict=True)
        ]
    few = [row["term"] for row in rows if row["reason"]]
    lost = [Problem("W884", params={"names": list(dict.fromkeys(few)), "n": len(few)})] if few else []
    return rows, (*told, *lost)


def _covariance(cuts: Sequence[Cut], drawn: Drawn, options: Options) -> tuple[list[float], np.ndarray, list[Problem]]:
    """Estimates of all cuts and their joint covariance."""
    arrays = drawn.arrays
    weights = [np.where(cut.inside, arrays.weights, 0.0) for cut in cuts]
    found = [ESTIMATORS[options.statistic](c.values, c.per, w) for c, w in zip(cuts, weights, strict=True)]
    scores = np.column_stack([s for _, s in found])
    undefined = np.isnan(scores).any(axis=0)
    scores[:, undefined] = 0.0
    if options.variance == "jackknife":
        above = np.column_stack([w * c.values for c, w in zip(cuts, weights, strict=True)])
        below = np.column_stack([w * c.per for c, w in zip(cuts, weights, strict=True)])
        below = np.full_like(below, np.nan) if options.statistic == "total" else below
        with np.errstate(invalid="ignore", divide="ignore"):
            covariance, notices = jackknife_covariance(above, below, arrays, lonely=options.lonely)
    else:
        if drawn.projection is not None:
            scores = residual_scores(drawn.data, scores, arrays.weights, drawn.projection)
        covariance, _, notices = linearised_covariance(scores, arrays, lonely=options.lonely)
    covariance[undefined, :] = covariance[:, undefined] = np.nan
    return [value for value, _ in found], covariance, list(notices)


def _row(cut: Cut, value: float, error: float, drawn: Drawn, options: Options) -> dict[str, Any]:
    n = int(cut.inside.sum())
    df = _df([cut], drawn.arrays, options)
    precision = Precision(n, df, options.conf_level)
    reason = None
    if df <= 0 or n < 2 or value != value:
        error, reason = np.nan, "sampling.reason_few"
    if options.statistic == "proportion":
        reason = reason or ("sampling.reason_extreme" if value in (0.0, 1.0) else None)
        low, high = proportion_interval(value, error, precision, options.interval)
    else:
        low, high = value - precision.critical * error, value + precision.critical * error
    return _record(cut, value, error, df, (low, high), n, reason) | {"deff": _deff(cut, error, drawn, options)}


def _record(
    cut: Cut, value: float, error: float, df: float, ends: tuple[float, float], n: int, reason: str | None
) -> dict[str, Any]:
    return {
        "group": cut.group,
        "term": cut.term,
        "level": cut.level,
        "estimate": value,
        "std_error": error,
        "df": df,
        "conf_low": ends[0],
        "conf_high": ends[1],
        "n_obs": float(n),
        "n_missing": float(cut.n_missing),
        "reason": reason,
        "statistic": np.nan,
        "p_value": np.nan,
        "deff": np.nan,
    }


def _df(cuts: Sequence[Cut], arrays: DesignArrays, options: Options) -> float:
    """Units minus strata with rows in the domain; what the caller asked for otherwise."""
    if options.df is not None:
        return float(options.df)
    inside = np.logical_or.reduce([cut.inside for cut in cuts])
    return float(len(np.unique(arrays.units[inside])) - len(np.unique(arrays.strata[inside])))


def _deff(cut: Cut, error: float, drawn: Drawn, options: Options) -> float:
    """Variance over that of a simple random sample of as many rows: Kish (1965), Survey Sampling, p. 258."""
    if options.statistic not in ("mean", "proportion", "total"):
        return float("nan")
    weights = np.where(cut.inside, drawn.arrays.weights, 0.0)
    n, size = int(cut.inside.sum()), float(weights.sum())
    spread, _ = ESTIMATORS["variance"](cut.values, cut.per, weights)
    if n < 2 or size <= 0:
        return float("nan")
    simple = spread / n * (1 if options.deff == "replace" else (size - n) / size)
    simple *= size**2 if options.statistic == "total" else 1
    return error**2 / simple if simple > 0 else float("nan")


def _quantile(cut: Cut, drawn: Drawn, options: Options) -> tuple[dict[str, Any], list[Problem]]:
    """A quantile with Woodruff's interval: that of the share below it, turned back into values."""
    weights = np.where(cut.inside, drawn.arrays.weights, 0.0)
    value = weighted_quantile(cut.values, weights, cut.probability)
    below = dataclasses.replace(cut, values=(cut.values <= value).astype(float), per=np.ones(len(weights)))
    shares, covariance, notices = _covariance([below], drawn, dataclasses.replace(options, statistic="mean"))
    n, df = int(cut.inside.sum()), _df([cut], drawn.arrays, options)
    if df <= 0 or n < 2 or shares[0] != shares[0]:
        return _record(cut, value, np.nan, df, (np.nan, np.nan), n, "sampling.reason_few"), notices
    half = Precision(n, df, options.conf_level).critical
    reach = half * float(np.sqrt(max(covariance[0, 0], 0.0)))
    low, high = (
        weighted_quantile(cut.values, weights, float(np.clip(p, 0.0, 1.0)))
        for p in (shares[0] - reach, shares[0] + reach)
    )
    return _record(cut, value, (high - low) / (2 * half), df, (low, high), n, None), notices


def difference_labels(cuts: Sequence[Cut], labels: Mapping[str, Label]) -> dict[str, Label]:
    """What the differences of `differences` are called."""
    groups = list(dict.fromkeys(str(cut.group) for cut in cuts))
    return {
        f"{g}-{groups[0]}": Label("sampling.difference", first=labels[g], second=labels[groups[0]]) for g in groups[1:]
    }


def differences(
    cuts: Sequence[Cut], rows: Sequence[Mapping[str, Any]], drawn: Drawn, options: Options
) -> list[dict[str, Any]]:
    """Each category of `by` minus the first, for every variable and level, with a t test."""
    from scipy.stats import t

    values, covariance, _ = _covariance(cuts, drawn, options)
    first = cuts[0].group
    reference = {(c.term, c.level): i for i, c in enumerate(cuts) if c.group == first}
    out = []
    for j, cut in enumerate(cuts):
        i = reference.get((cut.term, cut.level))
        if cut.group == first or i is None:
            continue
        value = values[j] - values[i]
        error = float(np.sqrt(max(covariance[j, j] + covariance[i, i] - 2 * covariance[i, j], 0.0)))
        df = _df([cut, cuts[i]], drawn.arrays, options) - (options.df is None)
        n = int(rows[j]["n_obs"] + rows[i]["n_obs"])
        pair = dataclasses.replace(cut, group=f"{cut.group}-{first}", n_missing=cut.n_missing + cuts[i].n_missing)
        defined = df > 0 and error > 0
        half = Precision(n, df, options.conf_level).critical * error if defined else np.nan
        ends = (value - half, value + half)
        row = _record(
            pair, value, error if defined else np.nan, df, ends, n, None if defined else "sampling.reason_few"
        )
        if defined:
            row |= {"statistic": value / error, "p_value": float(2 * t.sf(abs(value / error), df))}
        out.append(row)
    return out
