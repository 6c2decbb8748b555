"""A classic test and three of effect, sample size, level and power in; the fourth out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize

from evalkit.contract import AnalysisError, Drop, Label, Problem, require_columns
from evalkit.measurement.between_groups import between_groups
from evalkit.moments import number_matrix
from evalkit.studies.power.classic_result import PowerResult
from evalkit.studies.power.curve import Scenario
from evalkit.studies.power.formulas import FORMULAS, Formula, Plan, design_effect

ALTERNATIVES = ("two-sided", "one-sided")
MOST_PEOPLE = 1e9
_UNKNOWNS = ("effect", "n", "alpha", "power")
_WHOLE = ("groups", "predictors", "tested", "df")
_RANGES: dict[str, tuple[float, float, str]] = {
    "alpha": (0.0, 1.0, "()"), "power": (0.0, 1.0, "()"), "groups": (2, math.inf, "[)"), "ratio": (0, math.inf, "()"),
    "predictors": (1, math.inf, "[)"), "tested": (1, math.inf, "[)"), "df": (1, math.inf, "[)"),
    "base": (0.0, 1.0, "()"), "discordant": (0.0, 1.0, "(]"), "icc": (0.0, 1.0, "[]"),
    "cluster_size": (1, math.inf, "[)"), "cluster_cv": (0, math.inf, "[)"), "attrition": (0.0, 1.0, "[)"),
    "a": (-1.0, 1.0, "()"), "b": (-1.0, 1.0, "()"), "direct": (-1.0, 1.0, "()"),
}  # fmt: skip
"""Lower and upper end of each option, and whether the ends belong to it."""


def power(
    data: pd.DataFrame | None = None,
    *,
    test: str,
    effect: float | Sequence[float] | None = None,
    n: float | Sequence[float] | None = None,
    alpha: float | None = 0.05,
    power: float | Sequence[float] | None = None,
    alternative: str = "two-sided",
    groups: int | None = None,
    ratio: float | None = None,
    predictors: int | None = None,
    tested: int | None = None,
    df: int | None = None,
    base: float | None = None,
    discordant: float | None = None,
    bounds: float | Sequence[float] | None = None,
    a: float | None = None,
    b: float | None = None,
    direct: float | None = None,
    icc: float | None = None,
    cluster_size: float | None = None,
    cluster_cv: float | None = None,
    attrition: float | None = None,
    cluster: str | None = None,
    outcome: str | None = None,
    strict: bool = True,
) -> PowerResult:
    """Solve for the one of effect, n, alpha and power that is not given. Formulas, no simulation.

    Parameters
    ----------
    data : DataFrame, optional
        Only for `cluster`: what earlier answers tell about the clusters.
    test : str
        `t` (two groups, effect d), `t_one_sample` (d), `t_paired` (dz), `anova` (f), `correlation` (r), `regression`
        (f2 of `tested` among `predictors`, so also R2 change), `chi2` (w), `proportion` and `proportions` (difference
        from `base`), `mcnemar` (difference of the shares), `equivalence` and `equivalence_paired` (true difference in
        SD, 0 unless given, against `bounds`), `mediation` (joint significance of `a` and `b`), `mediation_sobel`.
    effect, n, power : float or sequence of float, optional
        Several values give several scenarios, every combination of them. `n` are people altogether.
    alpha : float, optional
        Level; None to solve for it.
    alternative : {"two-sided", "one-sided"}
        One-sided: in the direction of a positive effect.
    groups, ratio : optional
        Groups of an `anova` (3 unless given); size of the second group over the first (1).
    predictors, tested : int, optional
        Of a regression: all predictors (1), and how many of them are tested together (all).
    df : int, optional
        Degrees of freedom of `chi2` (1).
    base, discordant : float, optional
        Share of the first group or under the hypothesis (0.5); share that changes either way (0.5).
    bounds : float or pair, optional
        Of equivalence, in SD units.
    a, b, direct : float, optional
        Standardised paths x to m, m to y given x, and x to y given m (0).
    icc, cluster_size, cluster_cv : float, optional
        People in clusters: intraclass correlation, mean size, coefficient of variation of the sizes (0). The sample
        counts as n over the design effect 1 + ((1 + cv^2) m - 1) icc, and the degrees of freedom with it.
    attrition : float, optional
        Share of recruits who will give no usable answer; says how many to recruit.
    cluster, outcome : str, optional
        Columns of `data` from which icc (ANOVA), cluster_size and cluster_cv are taken where not given.
    strict : bool
        Count rejections in the direction opposite to the effect too.

    Returns
    -------
    PowerResult
        `n` unrounded, and whole groups rounded up. W6315 where no value reaches what is asked (nan); N6316 for an
        intraclass correlation below 0, taken as 0.

    Raises
    ------
    AnalysisError
        E614, E6310 unless exactly one is left open; E6311 for an option that the test does not have; E6312 for a value
        out of range; E6313 for paths that explain more than everything; E6314 for clusters without data, size or icc.
    """
    if test not in FORMULAS or alternative not in ALTERNATIVES:
        name, value = ("test", test) if test not in FORMULAS else ("alternative", alternative)
        raise AnalysisError(Problem("E614", params={"option": name, "value": value}))
    formula = FORMULAS[test]
    given: dict[str, Any] = {
        "groups": groups, "ratio": ratio, "predictors": predictors, "tested": tested, "df": df, "base": base,
        "discordant": discordant, "bounds": bounds, "a": a, "b": b, "direct": direct, "icc": icc,
        "cluster_size": cluster_size, "cluster_cv": cluster_cv, "attrition": attrition,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    values = {"effect": _several(effect), "n": _several(n), "alpha": _several(alpha), "power": _several(power)}
    unknown = _unknown(test, formula, values)
    _require_options(test, formula, given, alternative, values)
    rows, dropped, notices = _clusters(data, cluster, outcome, given)
    plan = _plan(formula, given, alternative, strict)
    deff = design_effect(given.get("icc", 0.0), given.get("cluster_size", 1.0), given.get("cluster_cv", 0.0))
    cases = [dict(zip(values, case, strict=True)) for case in product(*(v or [math.nan] for v in values.values()))]
    problems = [p for case in cases for p in _out_of_range(formula, plan, case, deff)]
    if problems:
        raise AnalysisError(problems)
    found = tuple(_scenario(formula, plan, case, unknown, deff) for case in cases)
    for one in found:
        if one.reason:
            notices.append(Problem("W6315", params={"name": unknown, "reason": _both(one.reason)}))
    return PowerResult(test, formula.symbol, unknown, found, plan, alternative, {"deff": deff, **given}, rows, dropped,
                       tuple(notices))  # fmt: skip


def _several(value: float | Sequence[float] | None) -> list[float]:
    if value is None:
        return []
    return [float(v) for v in value] if isinstance(value, Sequence) else [float(value)]


def _unknown(test: str, formula: Formula, values: dict[str, list[float]]) -> str:
    """Which one is to be solved for."""
    if formula.effect != "needed":
        if formula.effect == "none" and values["effect"]:
            raise AnalysisError(Problem("E6311", params={"option": "effect", "test": test}))
        values["effect"] = values["effect"] or [0.0]
    free = [name for name in _UNKNOWNS if not values[name]]
    if len(free) != 1:
        raise AnalysisError(Problem("E6310", params={"names": free or list(_UNKNOWNS)}))
    return free[0]


def _require_options(
    test: str, formula: Formula, given: dict[str, Any], alternative: str, values: dict[str, list[float]]
) -> None:
    foreign = [name for name in given if name not in formula.options]
    foreign += ["alternative"] if alternative != "two-sided" and not formula.directed else []
    lacking = [n for n in ("bounds", "a", "b") if n in formula.options and n not in given]
    problems = [Problem("E6311", params={"option": name, "test": test}) for name in foreign]
    problems += [Problem("E6317", params={"option": name, "test": test}) for name in lacking]
    checked = [(k, v) for k, v in given.items() if k in _RANGES]
    checked += [(k, v) for k in ("alpha", "power") for v in values[k]]
    for name, value in checked:
        low, high, ends = _RANGES[name]
        inside = (low < value or ends[0] == "[" and value == low) and (value < high or ends[1] == "]" and value == high)
        if not inside or (name in _WHOLE and value != int(value)):
            problems.append(_beyond(name, value, low, high))
    if given.get("tested", 1) > given.get("predictors", 1):
        problems.append(_beyond("tested", given["tested"], 1, given.get("predictors", 1)))
    if problems:
        raise AnalysisError(problems)


def _beyond(name: str, value: float, low: float, high: float) -> Problem:
    ends = {"low": f"{low:g}", "high": "∞" if math.isinf(high) else f"{high:g}"}
    return Problem("E6312", params={"option": name, "value": f"{value:g}", **ends})


def _plan(formula: Formula, given: dict[str, Any], alternative: str, strict: bool) -> Plan:
    known = {f.name for f in fields(Plan)}
    own = {name: value for name, value in given.items() if name in known}
    if "groups" in formula.options:
        own.setdefault("groups", 3)
    own.setdefault("tested", own.get("predictors", 1))
    if "bounds" in own:
        bounds = own["bounds"]
        ends = tuple(map(float, bounds)) if isinstance(bounds, Sequence) else (-float(bounds), float(bounds))
        if len(ends) != 2 or not ends[0] < ends[1]:
            raise AnalysisError(Problem("E614", params={"option": "bounds", "value": bounds}))
        own["bounds"] = ends
    plan = Plan(**own, sides=2 if alternative == "two-sided" else 1, strict=strict)
    explained = plan.b**2 + plan.direct**2 + 2 * plan.a * plan.b * plan.direct
    if explained >= 1:
        raise AnalysisError(Problem("E6313", params={"value": f"{explained:.3g}"}))
    return plan


def _out_of_range(formula: Formula, plan: Plan, case: dict[str, float], deff: float) -> list[Problem]:
    found = []
    least = formula.least(plan) * deff
    if case["n"] < least:
        found.append(_beyond("n", case["n"], math.ceil(least), math.inf))
    effect = case["effect"]
    low, high = _effects(formula, plan)
    if not math.isnan(effect) and not (low < effect < high):
        found.append(_beyond("effect", effect, low, high))
    return found


def _effects(formula: Formula, plan: Plan) -> tuple[float, float]:
    """Between which ends an effect lies."""
    if "base" in formula.options:
        return -plan.base, 1 - plan.base
    if "discordant" in formula.options:
        return -plan.discordant, plan.discordant
    if not formula.directed and formula.effect == "needed":
        return -1e-12, formula.most
    return -formula.most, formula.most


def _clusters(
    data: pd.DataFrame | None, cluster: str | None, outcome: str | None, given: dict[str, Any]
) -> tuple[int, tuple[Drop, ...], list[Problem]]:
    """Completes `given` from the data: rows used, rows dropped and what to know."""
    named = (cluster is not None) + (outcome is not None)
    if named == 1 or (named and data is None) or (not named and ("icc" in given) != ("cluster_size" in given)):
        raise AnalysisError(Problem("E6314"))
    if data is None or cluster is None or outcome is None:
        return (0 if data is None else len(data)), (), []
    require_columns(data, [cluster, outcome])
    y = number_matrix(data, [outcome])[:, 0]
    used = np.isfinite(y) & data[cluster].notna().to_numpy()
    codes, known = pd.factorize(data[cluster][used])
    if len(known) < 2 or len(codes) <= len(known):
        raise AnalysisError(Problem("E6314"))
    found = between_groups(y[used], codes, len(known))
    sizes = np.bincount(codes)
    spread = found.ms_between + (found.size_adjusted - 1) * found.ms_within
    icc = (found.ms_between - found.ms_within) / spread if spread > 0 else 0.0
    notices = [Problem("N6316", params={"value": f"{icc:.3f}"})] if icc < 0 and "icc" not in given else []
    given.setdefault("icc", max(float(icc), 0.0))
    given.setdefault("cluster_size", float(sizes.mean()))
    given.setdefault("cluster_cv", float(sizes.std(ddof=1) / sizes.mean()))
    lost = int((~used).sum())
    return int(used.sum()), (Drop("drop.incomplete", lost),) if lost else (), notices


def _scenario(formula: Formula, plan: Plan, case: dict[str, float], unknown: str, deff: float) -> Scenario:
    n, effect, alpha, wanted = (case[name] for name in ("n", "effect", "alpha", "power"))
    least = formula.least(plan)
    reason = None
    if unknown == "n":
        effective = _root(lambda m: formula.power(m, effect, alpha, plan) - wanted, least, MOST_PEOPLE)
        n = effective * deff
    elif unknown == "power":
        wanted = formula.power(n / deff, effect, alpha, plan)
    elif unknown == "alpha":
        alpha = _root(lambda p: formula.power(n / deff, effect, p, plan) - wanted, 1e-15, 1 - 1e-9)
    else:
        # 1e6 standard deviations are as good as no end.
        high = min(_effects(formula, plan)[1] * (1 - 1e-9), 1e6)
        effect = _root(lambda e: formula.power(n / deff, e, alpha, plan) - wanted, 0.0, high)
    solved = {"n": n, "effect": effect, "alpha": alpha, "power": wanted}
    if math.isnan(solved[unknown]):
        reason = f"formula_power.reason_{unknown}"
    sizes = _sizes(formula, plan, n, up=unknown == "n")
    total = sum(sizes)
    reached = formula.power(total / deff, effect, alpha, plan) if unknown == "n" and total else wanted
    return Scenario(effect, n, alpha, wanted, sizes, reached, reason)


def _root(gap: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising gap is 0; `low` where it is above 0 at once, nan where it never gets there."""
    if gap(low) >= 0:
        return low
    far = max(2 * low, 1.0)
    while far < high and gap(far) < 0:
        far *= 2
    far = min(far, high)
    return float(optimize.brentq(gap, low, far, xtol=1e-12, rtol=1e-13)) if gap(far) >= 0 else math.nan


def _sizes(formula: Formula, plan: Plan, n: float, *, up: bool) -> tuple[int, ...]:
    """Whole people a group; a sample searched for is rounded up group by group."""
    if math.isnan(n):
        return ()

    def whole(x: float) -> int:
        return math.ceil(x - 1e-9) if up else round(x)

    if "ratio" in formula.options:
        first = whole(n / (1 + plan.ratio))
        return first, (math.ceil(plan.ratio * first - 1e-9) if up else round(n) - first)
    if "groups" in formula.options:
        return (whole(n / plan.groups),) * plan.groups if up else _spread(round(n), plan.groups)
    return (whole(n),)


def _spread(n: int, k: int) -> tuple[int, ...]:
    return tuple(n // k + (i < n % k) for i in range(k))


def _both(key: str) -> dict[str, str]:
    label = Label(key)
    return {lang: label.text(lang) for lang in ("zh", "en")}
