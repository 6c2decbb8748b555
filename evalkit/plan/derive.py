"""New columns from a plan: bands, merged categories, dummies, arithmetic, and values of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Category, EvalkitError, PlanError, Problem, Variable, attach, codebook_of
from evalkit.formula import compute
from evalkit.plan.model import Derive, Plan
from evalkit.plan.names import Names

Made = tuple[dict[str, "pd.Series[Any]"], list[Variable]]


def derive(data: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The data with the plan's derived columns, in the plan's order (later ones may use earlier ones).

    Raises
    ------
    PlanError
        E516 for an unknown column, E520-E524 for a derivation that cannot be carried out; with the line.
    """
    for entry in plan.derives:
        kinds = [k for k in KINDS if k in entry.arguments]
        if len(kinds) != 1:
            raise PlanError(Problem("E520", plan.place(entry.line), {"id": entry.id, "kinds": list(KINDS)}))
        if entry.id in data.columns:
            raise PlanError(Problem("E521", plan.place(entry.line), {"id": entry.id}))
        try:
            columns, variables = KINDS[kinds[0]](data, entry)
        except EvalkitError as error:
            raise PlanError(Problem(p.code, plan.place(entry.line), p.params) for p in error.problems) from None
        book = codebook_of(data).with_variables(variables)
        data = attach(pd.concat([data, pd.DataFrame(columns, index=data.index)], axis=1), book)
    return data


def _source(data: pd.DataFrame, entry: Derive) -> str:
    given = entry.arguments.get("from")
    if given is None:
        raise PlanError(Problem("E506", params={"key": "from", "table": "[[derive]]"}))
    return _column(data, str(given))


def _column(data: pd.DataFrame, given: str) -> str:
    names = Names(data)
    name = names.resolve(given)
    if name is None or name not in data.columns:
        raise PlanError(names.problem(given))
    return name


def _bands(data: pd.DataFrame, entry: Derive) -> Made:
    """`bands = [35, 60]` cuts [.., 35), [35, 60), [60, ..); `{below = 35, zh = .., en = ..}` names a band."""
    source = _source(data, entry)
    x = data[source].to_numpy(float)
    given = entry.arguments["bands"]
    named = [b for b in given if isinstance(b, Mapping)]
    found = [b["below"] for b in named if "below" in b] if named else given
    cuts = [float(b) for b in found if isinstance(b, (int, float)) and not isinstance(b, bool)]
    rising = all(a < b for a, b in zip(cuts, cuts[1:], strict=False))
    if not cuts or len(cuts) < len(found) or not rising or (named and len(named) != len(cuts) + 1):
        raise PlanError(Problem("E522", params={"id": entry.id}))
    codes = np.where(np.isnan(x), np.nan, 1.0 + np.searchsorted(cuts, x, side="right"))
    texts = [(b.get("zh", ""), b.get("en", "")) for b in named] if named else _band_texts(cuts)
    return _categorical(data, entry, codes, texts, "ordinal")


def _band_texts(cuts: list[float]) -> list[tuple[str, str]]:
    shown = [f"{c:g}" for c in cuts]
    middle = [f"{a}≤x<{b}" for a, b in zip(shown, shown[1:], strict=False)]
    return [(t, t) for t in (f"<{shown[0]}", *middle, f"≥{shown[-1]}")]


def _merge(data: pd.DataFrame, entry: Derive) -> Made:
    """`merge = [{codes = [1, 2], zh = .., en = ..}, ...]`: categories put together; codes not named go missing."""
    source = _source(data, entry)
    values = data[source]
    codes = np.full(len(data), np.nan)
    for position, group in enumerate(entry.arguments["merge"], start=1):
        if not isinstance(group, Mapping) or not isinstance(group.get("codes"), list) or not group["codes"]:
            raise PlanError(Problem("E523", params={"id": entry.id}))
        codes[values.isin(list(group["codes"])).to_numpy()] = position
    texts = [(g.get("zh", ""), g.get("en", "")) for g in entry.arguments["merge"]]
    return _categorical(data, entry, codes, texts, "nominal")


def _categorical(data: pd.DataFrame, entry: Derive, codes: np.ndarray, texts: list[tuple[str, str]], kind: str) -> Made:
    categories = [Category(i, zh or en, en or zh) for i, (zh, en) in enumerate(texts, start=1)]
    reference = entry.arguments.get("reference")
    if reference is not None:
        first = [c for c in categories if reference in (c.code, c.zh, c.en)]
        if not first:
            raise PlanError(Problem("E524", params={"id": entry.id, "reference": reference}))
        categories = first + [c for c in categories if c not in first]
    variable = Variable(entry.id, kind, entry.zh, entry.en, tuple(categories), 1.0, float(len(categories)))
    return {entry.id: pd.Series(codes, index=data.index)}, [variable]


def _dummies(data: pd.DataFrame, entry: Derive) -> Made:
    """`dummies = true` (all but the reference) or a list of codes: one 0/1 column `<id>_<code>` each."""
    source = _source(data, entry)
    known = codebook_of(data).variables[source].categories
    codes = [c.code for c in known if c.missing is None]
    reference = entry.arguments.get("reference", codes[0] if codes else None)
    wanted = entry.arguments["dummies"]
    chosen = [c for c in codes if c != reference] if wanted is True else list(wanted or ())
    unknown = [c for c in chosen if c not in codes]
    if unknown or not chosen:
        raise PlanError(Problem("E524", params={"id": entry.id, "reference": unknown or reference}))
    texts = {c.code: (c.zh, c.en) for c in known}
    columns, variables = {}, []
    for code in chosen:
        name = f"{entry.id}_{code:g}" if isinstance(code, (int, float)) else f"{entry.id}_{code}"
        values = (data[source] == code).astype(float)
        columns[name] = values.where(data[source].notna())
        variables.append(Variable(name, "number", *texts[code], low=0.0, high=1.0))
    return columns, variables


def _compute(data: pd.DataFrame, entry: Derive) -> Made:
    arithmetic = compute(str(entry.arguments["compute"]))
    values = arithmetic.evaluate(lambda name: data[_column(data, name)].to_numpy(float))
    return _number(data, entry, np.asarray(values, float))


def _aggregate(data: pd.DataFrame, entry: Derive) -> Made:
    """`aggregate = "mean"` (share, sd, blau) of `from` within `by`, spread back to the rows."""
    source = _source(data, entry)
    if "by" not in entry.arguments:
        raise PlanError(Problem("E506", params={"key": "by", "table": "[[derive]]"}))
    groups = data[_column(data, str(entry.arguments["by"]))]
    statistic = str(entry.arguments["aggregate"])
    if statistic not in AGGREGATES:
        raise PlanError(Problem("E525", params={"id": entry.id, "name": statistic, "near": list(AGGREGATES)}))
    grouped = data[source].groupby(groups)
    values = grouped.transform(AGGREGATES[statistic])
    return _number(data, entry, values.to_numpy(float))


def _blau(values: pd.Series) -> float:
    """Blau's index of heterogeneity, 1 - sum of squared shares (Blau 1977)."""
    shares = values.value_counts(normalize=True).to_numpy()
    return float(1 - (shares**2).sum()) if len(shares) else np.nan


AGGREGATES: Mapping[str, Any] = MappingProxyType({"mean": "mean", "share": "mean", "sd": "std", "blau": _blau})


def _number(data: pd.DataFrame, entry: Derive, values: np.ndarray) -> Made:
    values = np.where(np.isfinite(values), values, np.nan)
    return {entry.id: pd.Series(values, index=data.index)}, [Variable(entry.id, "number", entry.zh, entry.en)]


KINDS = MappingProxyType(
    {"bands": _bands, "merge": _merge, "dummies": _dummies, "compute": _compute, "aggregate": _aggregate}
)
