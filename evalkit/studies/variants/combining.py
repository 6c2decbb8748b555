"""Data, a model and what may be changed about it in; its key effect under every combination of the changes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, label_of
from evalkit.sampling import Design
from evalkit.studies.variants.analysis import effect_label
from evalkit.studies.variants.choices import Choice, Wanted, choices_of
from evalkit.studies.variants.combined import CurveResult, Line
from evalkit.studies.variants.estimating import estimate, key_terms, nothing, reason, taken
from evalkit.studies.variants.specification import Specification, base_of, estimator_label

ORDER = ("rows", "outcome", "covariates", "scaling", "estimator")
"""Changes are made in this order: scaling knows every variable, and an estimator the function."""

MOST = 5000


def specification_curve(
    data: pd.DataFrame,
    *,
    of: str,
    arguments: Mapping[str, Any] | None = None,
    key: str | None = None,
    outcomes: Sequence[str] = (),
    estimators: Sequence[str] = (),
    winsorise: float | Sequence[float] = (),
    standardise: bool = False,
    add: Sequence[str] | Sequence[Sequence[str]] = (),
    remove: Sequence[str] | Sequence[Sequence[str]] = (),
    excluded: str | Sequence[int] | Mapping[str, pd.DataFrame] | None = None,
    design: Design | None = None,
) -> CurveResult:
    """One key effect under every combination of declared alternatives.

    Parameters
    ----------
    of, arguments, outcomes, estimators, winsorise, standardise, excluded, design
        As in `robustness`; of each of outcome, estimator, scaling and rows one alternative, or the base model's own
        choice, stands in a combination.
    key : str, optional
        As in `robustness`; one effect (of several, the first).
    add, remove : list of str, or list of lists
        Control variables more or fewer: each entry is in or out by itself, so that k entries give 2^k sets.

    Returns
    -------
    CurveResult
        Combinations that cannot be fitted are nan and counted; W6393 gives the first reason.

    Raises
    ------
    AnalysisError
        As `robustness`; E6392 for more than 5,000 combinations.

    Notes
    -----
    Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208-1214. Shares are descriptive: the specifications
    rest on the same data.
    """
    base = base_of(data, of, {**(arguments or {}), **({"design": design} if design is not None else {})})
    wanted = Wanted(outcomes, estimators, winsorise, standardise, add, remove, excluded)  # type: ignore[arg-type]
    result = base.fitted()
    keys = key_terms(base, result, key)[:1]
    choices = choices_of(base, wanted)
    if not choices:
        raise AnalysisError(Problem("E6379"))
    sets = _dimensions(base, choices)
    n = prod(len(options) for options in sets)
    if n > MOST:
        raise AnalysisError(Problem("E6392", params={"n": n, "most": MOST}))
    lines = []
    for combination in product(*sets):
        chosen = [choice for choice in combination if choice.id]
        if not chosen:
            lines.append(Line((), taken(result, keys, base)))
            continue
        changed, why = base, None
        try:
            for choice in chosen:
                changed = choice.change(changed)
        except AnalysisError as error:
            why = error.problems[0]
        found = estimate(changed, keys) if why is None else nothing(base, keys, why)
        lines.append(Line(tuple(choice.id for choice in chosen), found))
    failed = [line.found.why for line in lines if line.found.why is not None]
    notices = [Problem("W6393", params={"n": len(failed), "all": n, "why": reason(failed[0])})] if failed else []
    own = {choice.id: choice.label for options in sets for choice in options if choice.id}
    return CurveResult(
        do=of,
        key=keys[0],
        lines=tuple(lines),
        panels=_panels(sets),
        conf_level=float(base.arguments.get("conf_level", 0.95)),
        labels={keys[0]: effect_label(keys[0], dict(result.labels))} | own,
        n_obs=result.n_obs,
        dropped=tuple(Drop(d.reason, d.n) for d in result.dropped),
        notices=(*notices, *(p for p in result.notices if p.severity != "note")),
    )


def _dimensions(base: Specification, choices: Sequence[Choice]) -> list[list[Choice]]:
    """What can be chosen independently, the base model's own choice first (an empty id)."""
    out = []
    for kind in ORDER:
        mine = [choice for choice in choices if choice.kind == kind]
        own = Choice("", kind, _own(base, kind), lambda given: given)
        out += [[own, choice] for choice in mine] if kind == "covariates" else [[own, *mine]] if mine else []
    return out


def _own(base: Specification, kind: str) -> Label:
    """What the base model does."""
    if kind == "outcome":
        return label_of(base.data, base.outcome)
    if kind == "estimator" and base.family != "linear":
        return estimator_label(base.family)
    return Label(f"curve.own_{kind}")


def _panels(sets: Sequence[Sequence[Choice]]) -> tuple[tuple[str, tuple[tuple[str, Label], ...]], ...]:
    """Kind of choice -> ids and words; the base model's own choice has the id `<kind>.own`."""
    out: dict[str, list[tuple[str, Label]]] = {}
    for options in sets:
        for choice in options:
            entry = (choice.id or f"{choice.kind}.own", choice.label)
            if choice.id or choice.kind != "covariates":
                out.setdefault(choice.kind, []).append(entry)
    return tuple((kind, tuple(out[kind])) for kind in reversed(ORDER) if kind in out)
