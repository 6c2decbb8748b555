"""Data, a model and what may be changed about it in; its key effects under every change out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, label_of
from evalkit.models.matrix import code_text
from evalkit.sampling import Design
from evalkit.studies.variants.choices import Wanted, choices_of
from evalkit.studies.variants.estimating import Estimated, estimate, key_terms, reason, taken
from evalkit.studies.variants.left_out import without_each
from evalkit.studies.variants.result import Column, RobustnessResult
from evalkit.studies.variants.specification import Specification, base_of


def robustness(
    data: pd.DataFrame,
    *,
    of: str,
    arguments: Mapping[str, Any] | None = None,
    key: str | Sequence[str] | None = None,
    outcomes: Sequence[str] = (),
    estimators: Sequence[str] = (),
    winsorise: float | Sequence[float] = (),
    standardise: bool = False,
    add: Sequence[str] | Sequence[Sequence[str]] = (),
    remove: Sequence[str] | Sequence[Sequence[str]] = (),
    leave_out: str | None = None,
    excluded: str | Sequence[int] | Mapping[str, pd.DataFrame] | None = None,
    design: Design | None = None,
) -> RobustnessResult:
    """The key effects of a model, with one thing at a time done otherwise.

    Parameters
    ----------
    of : str
        `regress`, `outcome_model`, `moderate` or `mediate`. In a plan: the id of a step that does one of these.
    arguments : mapping
        Arguments of that function. In a plan: those that shall differ from the step's own, if any.
    key : str or list of str, optional
        Terms of the effects to follow, as in `tidy()` of the model; the name of a nominal variable stands for its
        categories. By default the terms of the last block (of a single block: its first term), the product of a
        moderation, the (total) indirect effect of a mediation.
    outcomes : list of str
        Other columns as the outcome (y).
    estimators : list of str
        Other standard errors (`HC3`, `CR2`, ...; kinds without clusters drop `cluster`), another family of the outcome
        (`linear`, `logit`, `ordered_logit`, ...); of a mediation another kind of interval, or family of y.
    winsorise : float or list of float
        Share of each tail drawn in to its quantile (type 7): 0.01 is the first and the last percentile. Applied to
        every numeric variable of the model with more than two values.
    standardise : bool
        The same variables as z scores over the complete rows, before products are made.
    add, remove : list of str, or list of lists
        Control variables more or fewer: one alternative an entry.
    leave_out : str, optional
        Column of clusters of which each is left out in turn. Linear regressions with classical or CR0 to CR1 errors are
        found from cross-products; others are refitted.
    excluded : optional
        Name -> data in which rows that were excluded are kept. In a plan: `each` or `all` of the [[exclude]] rules, or
        their numbers (1 is the first).
    design : Design, optional
        Default: that of the codebook.

    Returns
    -------
    RobustnessResult
        An alternative that cannot be fitted is nan, and W6378 says why; the others stand.

    Raises
    ------
    AnalysisError
        As the model itself; E6370 for a function that is none of the four, E6371 to E6377, E6379 for alternatives that
        cannot mean anything.
    """
    base = base_of(data, of, {**(arguments or {}), **({"design": design} if design is not None else {})})
    wanted = Wanted(outcomes, estimators, winsorise, standardise, add, remove, excluded)  # type: ignore[arg-type]
    result = base.fitted()
    keys = key_terms(base, result, key)
    choices = choices_of(base, wanted)
    if not choices and leave_out is None:
        raise AnalysisError(Problem("E6379"))
    columns = [Column("base", "base", Label("robustness.base"), taken(result, keys, base), _others(base, keys))]
    for choice in choices:
        changed = choice.change(base)
        found = estimate(changed, keys)
        columns.append(Column(choice.id, choice.kind, choice.label, found, _others(changed, keys)))
    without = {} if leave_out is None else without_each(base, leave_out, keys)
    failed = [(column.label, column.found) for column in columns[1:] if column.found.why is not None]
    notices = [
        Problem("W6378", params={"alternative": _both(label), "why": reason(found.why)}) for label, found in failed
    ]
    notices += _cluster_notices(data, leave_out, without)
    return RobustnessResult(
        do=of,
        keys=keys,
        columns=tuple(columns),
        without=without,
        leave_out=leave_out,
        conf_level=float(base.arguments.get("conf_level", 0.95)),
        labels=_labels(data, base, result, keys, columns, leave_out, without),
        n_obs=result.n_obs,
        dropped=tuple(Drop(d.reason, d.n) for d in result.dropped),
        notices=(*notices, *(p for p in result.notices if p.severity != "note")),
    )


def _others(specification: Specification, keys: Sequence[str]) -> bool:
    """Whether there is a variable in the model besides those of the key effects."""
    named = {part.split(".")[0] for key in keys for part in key.split(":")}
    if specification.do == "mediate":
        return bool(specification.arguments.get("covariates"))
    if specification.do == "moderate":
        return bool(specification.arguments.get("covariates"))
    return bool(set(specification.names[1:]) - named)


def _cluster_notices(data: pd.DataFrame, column: str | None, without: Mapping[str, Estimated]) -> list[Problem]:
    failed = [name for name, found in without.items() if found.why is not None]
    if not failed:
        return []
    label = _both(label_of(data, str(column)))
    why = reason(without[failed[0]].why)
    return [Problem("W6380", params={"name": label, "clusters": failed[:8], "n": len(failed), "why": why})]


def _both(label: Label) -> dict[str, str]:
    return {"zh": label.text("zh"), "en": label.text("en")}


def _labels(
    data: pd.DataFrame,
    base: Specification,
    result: Any,
    keys: Sequence[str],
    columns: Sequence[Column],
    leave_out: str | None,
    without: Mapping[str, Estimated],
) -> dict[str, Label]:
    known = dict(result.labels)
    out = {key: effect_label(key, known) for key in keys}
    out |= {column.found.outcome: label_of(data, column.found.outcome) for column in columns}
    out |= {column.id: column.label for column in columns}
    if leave_out is None:
        return out
    variable = data.attrs["evalkit"].variables.get(leave_out) if "evalkit" in data.attrs else None
    words = {} if variable is None else {code_text(c.code): Label(zh=c.zh, en=c.en) for c in variable.categories}
    return out | {leave_out: label_of(data, leave_out)} | {name: words[name] for name in without if name in words}


def effect_label(key: str, known: Mapping[str, Label]) -> Label:
    """What a key effect is called: its own label, or that of an indirect effect by its mediators."""
    if key in known:
        return known[key]
    if key == "indirect.total":
        return Label("robustness.indirect_total")
    kind, _, rest = key.partition(".")
    if kind == "indirect" and rest:
        parts = [known.get(part, Label(zh=part, en=part)) for part in rest.split(".")]
        path = Label(zh=" → ".join(p.text("zh") for p in parts), en=" → ".join(p.text("en") for p in parts))
        return Label("robustness.indirect", path=path)
    parts = [known.get(part, Label(zh=part, en=part)) for part in key.split(":")]
    return Label(zh=" × ".join(p.text("zh") for p in parts), en=" × ".join(p.text("en") for p in parts))
