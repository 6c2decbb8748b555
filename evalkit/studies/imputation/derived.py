"""Pooled rows in, with the rows that only follow from several of them or from the m results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from evalkit.contract import KEYS
from evalkit.studies.imputation.boundaries import boundary_rows
from evalkit.studies.imputation.fit import fit_rows
from evalkit.studies.imputation.joint import product_rows
from evalkit.studies.imputation.methods import NAN, Row

Key = tuple[object, ...]
Left = dict[Key, Row]
RANGES = ("tukey", "games_howell")


def derived(results: Sequence[Any], rows: list[Row], left: Left, complete: float | None, level: float) -> list[Row]:
    """The pooled rows with what the class of the results adds.

    Parameters
    ----------
    left : dict
        Keys of rows that no rule could pool -> their keys and `n_obs`.
    complete : float, optional
        Degrees of freedom of large-sample tests in complete data.
    """
    made = next((_MADE[c.__name__] for c in type(results[0]).__mro__ if c.__name__ in _MADE), None)
    return rows if made is None else made(results, rows, left, complete, level)


def _added(found: Iterable[Row], rows: list[Row], left: Left) -> list[Row]:
    """The rows with those found, each under the keys of the row that it stands for."""
    named: dict[tuple[object, ...], Key] = {_short(key): key for key in left}
    extra = []
    for row in found:
        key = named.get((row.get("group"), row["term"], row.get("level")))
        if key is not None:
            extra.append(left[key] | {name: value for name, value in row.items() if name not in KEYS})
    return [*rows, *extra]


def _short(key: Key) -> tuple[object, ...]:
    values = dict(zip(KEYS, key, strict=True))
    return (values["group"], values["term"], values["level"])


def _structures(results: Sequence[Any], rows: list[Row], left: Left, *rest: Any) -> list[Row]:
    return _added(fit_rows(results), rows, left)


def _moderation(results: Sequence[Any], rows: list[Row], left: Left, complete: float | None, level: float) -> list[Row]:
    """Tests of the products, and bounds; a bound that is not there is no loss."""
    found = _added([*product_rows(results), *boundary_rows(results, complete)], rows, left)
    for key in [key for key in left if str(key[KEYS.index("term")]).startswith("jn.")]:
        del left[key]
    return found


def _surface(results: Sequence[Any], rows: list[Row], left: Left, *rest: Any) -> list[Row]:
    """The terms of second order together are what the last model adds."""
    names = ("model.f_change", "model.chi2_change")
    last = [row for row in rows if row["term"] in names]
    return _added([last[-1] | {"term": "second_order", "group": None, "level": None}] if last else [], rows, left)


def _curve(results: Sequence[Any], rows: list[Row], left: Left, *rest: Any) -> list[Row]:
    """Median and range of the pooled estimates of all specifications."""
    values = [float(row["estimate"]) for row in rows]
    summary = {"median": np.median, "min": np.min, "max": np.max}
    found = [{"term": f"curve.{n}", "estimate": float(how(values)), "label": "mean"} for n, how in summary.items()]
    return _added(found if values else [], rows, left)


def _comparisons(
    results: Sequence[Any], rows: list[Row], left: Left, complete: float | None, level: float
) -> list[Row]:
    """Pooled p-values adjusted for one another: of the tests, and of the pairs of each test, as was asked."""
    from evalkit.descriptive.comparison.adjustment import adjusted

    result, out = results[0], list(rows)
    for one in result.comparisons:
        places = [i for i, row in enumerate(out) if _belongs(row, one, "pair")]
        if places and one.posthoc in RANGES:
            for place, row in zip(places, _ranged([out[i] for i in places], len(one.levels), level), strict=True):
                out[place] = row
        elif places:
            values = adjusted(np.array([float(out[i].get("p_value", NAN)) for i in places]), result.adjust)
            for place, value in zip(places, values, strict=True):
                out[place] = out[place] | {"p_adjusted": float(value)}
    for family in _families(result):
        places = [i for one in family for i, row in enumerate(out) if _belongs(row, one, "test")]
        values = adjusted(np.array([float(out[i].get("p_value", NAN)) for i in places]), result.adjust)
        for place, value in zip(places, values, strict=True):
            out[place] = out[place] | {"p_adjusted": float(value)}
    return out


def _predictions(
    results: Sequence[Any], rows: list[Row], left: Left, complete: float | None, level: float
) -> list[Row]:
    """Differences of predictions, their pooled p-values adjusted as was asked."""
    from evalkit.descriptive.comparison.adjustment import adjusted

    asked, out = results[0].pairs, list(rows)
    places = [i for i, row in enumerate(out) if str(row["term"]).startswith("pair.")]
    if asked is None or not places:
        return out
    found = [out[i] for i in places]
    if asked.adjust in RANGES:
        found = _ranged(found, len(results[0].points), level)
    else:
        values = adjusted(np.array([float(row.get("p_value", NAN)) for row in found]), asked.adjust)
        found = [row | {"p_adjusted": float(value)} for row, value in zip(found, values, strict=True)]
    for place, row in zip(places, found, strict=True):
        out[place] = row
    return out


def _belongs(row: Row, one: Any, term: str) -> bool:
    return (row["outcome"], row["group"], row["term"]) == (one.outcome, one.group, term)


def _families(result: Any) -> Iterator[list[Any]]:
    """Comparisons whose tests are adjusted for one another."""
    if result.family == "none":
        yield from ([one] for one in result.comparisons)
        return
    by: dict[object, list[Any]] = {}
    for one in result.comparisons:
        by.setdefault({"outcome": one.outcome, "by": one.group}.get(result.family), []).append(one)
    yield from by.values()


def _ranged(rows: Sequence[Row], k: int, level: float) -> list[Row]:
    """Pairs by the studentised range with the pooled degrees of freedom."""
    from evalkit.descriptive.comparison.studentised_range import StudentisedRange

    out = []
    for row in rows:
        error, df = float(row.get("std_error", NAN)), float(row.get("df", NAN))
        if not (np.isfinite(error) and np.isfinite(df) and error > 0):
            out.append(row)
            continue
        known = StudentisedRange(k, df)
        value, half = float(row["estimate"]), known.critical(level) * error / np.sqrt(2)
        ends = {"conf_low": value - half, "conf_high": value + half}
        out.append(row | ends | {"p_adjusted": known.beyond(abs(value) / error * np.sqrt(2))})
    return out


_MADE: Mapping[str, Callable[..., list[Row]]] = {
    "StructuralResult": _structures,
    "LatentMediationResult": _structures,
    "LongitudinalMediationResult": _structures,
    "ValidityResult": _structures,
    "ModerationResult": _moderation,
    "SurfaceResult": _surface,
    "CurveResult": _curve,
    "CompareResult": _comparisons,
    "PredictionResult": _predictions,
}
