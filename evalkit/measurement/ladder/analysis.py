"""A model fitted level by level, until the rule says stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, item_columns, label_of
from evalkit.measurement.ladder.levels import Rule, equalities, levels_of, rule_of
from evalkit.measurement.ladder.result import InvarianceResult, Proposal, Step
from evalkit.sampling import Design, design_of
from evalkit.structure import Fit, Model, compare, fit, joint_tests, parse_model

NAN = float("nan")
MEASURES = ("chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr", "npar", "aic", "bic")


def invariance(
    data: pd.DataFrame,
    model: str | Sequence[str],
    *,
    by: str,
    ordinal: bool | Sequence[str] = False,
    estimator: str | None = None,
    levels: Sequence[str] | None = None,
    rule: str | Mapping[str, float] = "cfi",
    partial: Sequence[str] = (),
    difference: str = "auto",
    missing: str = "listwise",
    std_lv: bool = True,
    cluster: str | None = None,
    design: Design | None = None,
) -> InvarianceResult:
    """Measurement invariance over groups, waves or questionnaire forms, level by level.

    Parameters
    ----------
    data : DataFrame
    model : str or sequence of str
        lavaan's language, or scale ids: one factor a scale, measured by its keyed columns.
    by : str
        Column of the groups, waves or forms; the first in the data is the reference. Where the same people answered
        in several waves name their id as `cluster`.
    ordinal : bool or sequence of str
        Items in ordered categories (True: all): thresholds and polychoric correlations, residual variances 1 in the
        first group, the levels of Wu & Estabrook.
    estimator : str, optional
        MLR by default, WLSMV for ordinal items; as in `cfa`.
    levels : sequence of str, optional
        configural, metric (equal loadings), scalar (and intercepts), strict (and residual variances); for ordinal
        items thresholds come before metric. By default all.
    rule : str or mapping
        When a level is given up and the ladder ends: `cfi` (CFI falls by more than .010, Cheung & Rensvold 2002),
        `chen` (CFI by .010 and RMSEA rises by .015 or SRMR by .030 for loadings, .010 later; Chen 2007), `chisq`
        (scaled difference test below .05), `none`, or own bounds: `{"cfi": 0.01, "rmsea": 0.015, "p": 0.01}`.
    partial : sequence of str
        Parameters that stay free over groups: `f=~x2`, `x2~1`, `x2~~x2`, `x2|t1`. Nothing is freed unasked.
    difference : {"auto", "plain", "sb2001", "sb2010", "satorra2000"}
        Kind of difference test. `auto`: Satorra & Bentler (2001) by MLR and MLM, whose factor may be negative (then
        there is no test, and a notice says so; `sb2010` is always positive), Satorra (2000) by WLSMV.
    missing, cluster, design : optional
        As in `cfa`.
    std_lv : bool
        Scale the factors by variance 1 in the first group, so that every item can be tested; False: first loading 1.

    Returns
    -------
    InvarianceResult
        Where a level is given up, score tests name the items whose release would help most.

    Raises
    ------
    ModelError, AnalysisError
        As `cfa`; E928 for an unknown level or rule, E942 for a group with fewer rows than parameters, E943 for fewer
        than two groups, E947 for a category nobody of a group chose.

    Notes
    -----
    Meredith (1993), Psychometrika 58, 525-543; Wu & Estabrook (2016), Psychometrika 81, 1014-1045. Changes of CFI and
    RMSEA are those of the robust versions by MLR and MLM, of the scaled ones for ordinal items: the bounds of the rules
    were found with continuous items.

    Examples
    --------
    >>> invariance(data, ["trust"], by="gender").glance()  # doctest: +SKIP
    """
    chosen = rule_of(rule)
    item_columns(data, [by, *([cluster] if cluster else [])])
    text = model if isinstance(model, str) else _of_scales(data, model)
    read = parse_model(text)
    ordered = bool(ordinal)
    wanted, notices = _testable(data, read, ordinal, levels_of(levels, ordered))
    _check_groups(data, read, by, missing, ordinal)
    options = {
        "estimator": estimator or ("WLSMV" if ordered else "MLR"), "missing": missing, "std_lv": std_lv, "group": by,
        "meanstructure": True, "design": None if cluster else design_of(data, design), "cluster": cluster,
        "group_partial": tuple(partial),
    }  # fmt: skip
    if ordered:
        options |= {"ordinal": ordinal, "parameterisation": "theta"}
    steps, fits = _climb(data, read, wanted, ordered, chosen, difference, options)
    last = steps[-1]
    broken = last.verdict == "broken"
    before = equalities(steps[-2].level, ordered) if len(steps) > 1 else ()
    added = tuple(k for k in equalities(last.level, ordered) if k not in before)
    found = fits[-1]
    gone = [level for level in wanted if level not in {step.level for step in steps}]
    return InvarianceResult(
        model=text,
        by=by,
        steps=tuple(steps),
        proposals=_proposals(found, added, set(partial)) if broken else (),
        rule=chosen,
        partial=tuple(partial),
        skipped=tuple(gone),
        estimator=found.options.estimator,
        ordinal=ordered,
        missing=found.options.missing,
        labels=_labels(data, found, by),
        sizes={group.label: int(group.n) for group in found.sample.groups},
        n_obs=found.n_obs,
        dropped=found.dropped,
        notices=(*notices, *_distinct([n for f in fits for n in f.notices] + [n for s in steps for n in s.notices])),
    )


def _distinct(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple({repr(problem): problem for problem in problems}.values())


def _of_scales(data: pd.DataFrame, scales: Sequence[str]) -> str:
    return "\n".join(f"{scale} =~ {' + '.join(item_columns(data, scale))}" for scale in scales)


def _items(model: Model) -> list[str]:
    """Items that factors measure, each once."""
    named = [t.name for s in model.statements if s.op == "=~" for t in s.terms]
    return [name for name in dict.fromkeys(named) if name not in model.latent]


def _ordered(model: Model, ordinal: bool | Sequence[str]) -> set[str]:
    """Items taken as ordered categories."""
    if isinstance(ordinal, bool):
        return set(_items(model)) if ordinal else set()
    return {ordinal} if isinstance(ordinal, str) else set(ordinal)


def _check_groups(data: pd.DataFrame, model: Model, by: str, missing: str, ordinal: bool | Sequence[str]) -> None:
    """At least two groups, and more rows in each than the model has parameters there."""
    items = [name for name in _items(model) if name in data]
    seen = data[items].notna()
    used = (seen.all(axis=1) if missing == "listwise" else seen.any(axis=1)) & data[by].notna()
    sizes = data.loc[used, by].value_counts(sort=False)
    if len(sizes) < 2:
        raise AnalysisError(Problem("E943", params={"name": by, "n": len(sizes)}))
    factors = len(model.latent)
    loadings = sum(len(s.terms) * len(s.left) for s in model.statements if s.op == "=~")
    cut = _ordered(model, ordinal)  # thresholds, or else an intercept and a residual variance
    own = sum(data[name].nunique() - 1 if name in cut else 2 for name in items)
    least = loadings + own + factors * (factors - 1) // 2
    for group, n in sizes.items():
        if n <= least:
            raise AnalysisError(Problem("E942", params={"group": _worded(group), "n": int(n), "free": least}))


def _worded(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _testable(
    data: pd.DataFrame, model: Model, ordinal: bool | Sequence[str], wanted: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """A factor of two-category items can only be compared in thresholds, loadings and intercepts at once."""
    if not ordinal or not {"thresholds", "metric"} & set(wanted):
        return wanted, ()
    two = {name for name in _ordered(model, ordinal) if name in data and data[name].nunique() == 2}
    for statement in model.statements:
        items = [t.name for t in statement.terms]
        if statement.op == "=~" and two.issuperset(items):
            return tuple(w for w in wanted if w not in ("thresholds", "metric")), (
                Problem("N969", params={"items": items}),
            )
    return wanted, ()


def _climb(
    data: pd.DataFrame, model: Model, wanted: Sequence[str], ordered: bool, rule: Rule, difference: str,
    options: Mapping[str, object],
) -> tuple[list[Step], list[Fit]]:  # fmt: skip
    steps: list[Step] = []
    fits: list[Fit] = []
    for level in wanted:
        found = fit(model, data, group_equal=equalities(level, ordered), **options)  # type: ignore[arg-type]
        steps.append(_step(level, found, fits[-1] if fits else None, steps[-1] if steps else None, rule, difference))
        fits.append(found)
        if steps[-1].verdict in ("broken", "unjudged") or not found.converged:
            break
    return steps, fits


def _step(level: str, found: Fit, above: Fit | None, before: Step | None, rule: Rule, difference: str) -> Step:
    measures = found.measures()
    end = {"MLR": "_robust", "MLM": "_robust", "WLSMV": "_scaled", "WLSM": "_scaled", "ULSMV": "_scaled"}.get(
        found.options.estimator, ""
    )
    values = {name: _value(measures, name, end) for name in MEASURES}
    if above is None or before is None:
        return Step(level, values, end, verdict="reference" if found.converged else "unjudged")
    changes = {name: values[name] - before.values[name] for name in ("cfi", "tli", "rmsea", "srmr")}
    statistic, df, p_value, notices = NAN, found.df - above.df, NAN, ()
    if not found.converged:
        return Step(level, values, end, changes, verdict="unjudged")
    worded = {"level": Label(f"invariance.{level}")}
    if df == 0:
        nothing = (Problem("N944", params=worded),)
        return Step(level, values, end, changes, df_diff=0, verdict="held", notices=nothing)
    tested = compare(above, found, difference)
    statistic, p_value, notices = tested.chisq_diff, tested.p_value, tested.notices
    verdict = rule.judge(level, changes, p_value)
    if verdict == "unjudged":
        notices = (*notices, Problem("W951", params=worded))
    return Step(level, values, end, changes, statistic, df, p_value, verdict, tested.method, notices)


def _value(measures: Mapping[str, float], name: str, end: str) -> float:
    """The corrected value where there is one: chi-square is scaled, the indices are robust or scaled."""
    if end and name in ("chisq", "df", "p_value"):
        return measures[f"{name}_scaled"]
    return measures.get(f"{name}{end}", measures.get(name, NAN))


def _proposals(found: Fit, kinds: Sequence[str], partial: set[str]) -> tuple[Proposal, ...]:
    """Score tests of freeing what a level made equal, item by item; the largest first."""
    known = {"".join(text.split()) for text in partial}
    sets: list[tuple[str, str, list[int], list[str]]] = []
    for name in (n for n in found.table.observed if n not in found.table.exogenous):
        for kind in kinds:
            rows = [i for i, row in enumerate(found.table.rows) if row.group > 1 and _is(row, kind, name)]
            if kind == "thresholds":  # intercept and residual variance are free, so that two must stay equal
                numbers = sorted({found.table.rows[i].rhs for i in rows}, key=lambda t: int(t[1:]))[:-2]
                rows = [i for i in rows if found.table.rows[i].rhs in numbers]
            keys = list(dict.fromkeys(found.table.rows[i].name for i in rows))
            if rows and not known & set(keys):
                sets.append((name, kind, rows, keys))
    tests = joint_tests(found, [rows for _, _, rows, _ in sets]) if sets else pd.DataFrame()
    out = [
        Proposal(name, kind, float(t.statistic), int(t.df), float(t.p_value), tuple(keys))
        for (name, kind, _, keys), t in zip(sets, tests.itertuples(), strict=True)
        if np.isfinite(t.statistic)
    ]
    return tuple(sorted(out, key=lambda p: (p.p_value, -p.statistic)))


def _is(row: object, kind: str, name: str) -> bool:
    """Whether a row of the table is the parameter of an item that a kind of equality is about."""
    lhs, op, rhs = row.lhs, row.op, row.rhs  # type: ignore[attr-defined]
    if kind == "loadings":
        return bool(op == "=~" and rhs == name and row.free)  # type: ignore[attr-defined]
    if kind == "residuals":
        return bool(op == "~~" and lhs == rhs == name)
    return bool(lhs == name and op == {"intercepts": "~1", "thresholds": "|"}[kind])


def _labels(data: pd.DataFrame, found: Fit, by: str) -> dict[str, Label]:
    names = [*found.table.observed, *found.table.latent, *found.table.conditioned, by]
    labels = {name: label_of(data, name) for name in names}
    known = codebook_of(data).variables
    categories = known[by].categories if by in known else ()
    worded = {f"{c.code:g}" if isinstance(c.code, float) else str(c.code): Label(zh=c.zh, en=c.en) for c in categories}
    return labels | {label: worded.get(label, Label(zh=label, en=label)) for label in found.table.groups}
