"""What may be changed about a model, each change with its id and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, label_of
from evalkit.models.matrix import joined
from evalkit.studies.variants.specification import (
    Specification,
    estimator_label,
    with_covariates,
    with_estimator,
    with_outcome,
    with_standardised,
    with_winsorised,
    without_covariates,
)

Names = Sequence[str] | Sequence[Sequence[str]]
"""One alternative a name, or one a list of names."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One change: `kind` says of what, `id` is the model's name in the results."""

    id: str
    kind: str
    label: Label
    change: Callable[[Specification], Specification]


@dataclass(frozen=True)
class Wanted:
    """The alternatives that a call names."""

    outcomes: Sequence[str] = ()
    estimators: Sequence[str] = ()
    winsorise: float | Sequence[float] = ()
    standardise: bool = False
    add: Names = ()
    remove: Names = ()
    excluded: Mapping[str, pd.DataFrame] | None = None


def choices_of(base: Specification, wanted: Wanted) -> tuple[Choice, ...]:
    """Every alternative by itself, in the order of the parameters.

    Raises
    ------
    AnalysisError
        E600, E6371, E6372, E6375, E6376 for alternatives that cannot mean anything, before anything is fitted.
    """
    found = [
        Choice(
            f"outcome.{name}",
            "outcome",
            Label("robustness.outcome", name=label_of(base.data, name)),
            partial(with_outcome, name=name),
        )
        for name in wanted.outcomes
    ]
    found += [
        Choice(f"estimator.{name}", "estimator", estimator_label(name), partial(with_estimator, name=name))
        for name in wanted.estimators
    ]
    found += [
        Choice(
            f"winsorised.{share:g}",
            "scaling",
            Label("robustness.winsorised", percent=f"{100 * share:g}"),
            partial(with_winsorised, share=share),
        )
        for share in _shares(wanted.winsorise)
    ]
    found += _standardised(wanted.standardise)
    for kind, sets, change in (("added", wanted.add, with_covariates), ("removed", wanted.remove, without_covariates)):
        for names in _sets(sets):
            words = joined((label_of(base.data, name) for name in names), "+")
            key = "robustness.added" if kind == "added" else "robustness.removed"
            found.append(
                Choice(f"{kind}.{'+'.join(names)}", "covariates", Label(key, names=words), partial(change, names=names))
            )
    found += [
        Choice(f"excluded.{i}", "rows", Label("robustness.put_back", reason=_own(name)), partial(_on, data=data))
        for i, (name, data) in enumerate(_frames(wanted.excluded).items(), 1)
    ]
    for choice in found:
        if choice.kind not in ("scaling", "rows"):
            choice.change(base)  # a name or estimator that is not there is a fault of the call
    return tuple(found)


def _standardised(wanted: bool) -> list[Choice]:
    label = Label("robustness.standardised")
    return [Choice("standardised", "scaling", label, with_standardised)] if wanted else []


def _shares(given: float | Sequence[float]) -> list[float]:
    shares = [float(given)] if isinstance(given, (int, float)) else [float(share) for share in given]
    wrong = [share for share in shares if not 0 < share < 0.5]
    if wrong:
        raise AnalysisError(Problem("E6375", params={"value": wrong[0]}))
    return shares


def _sets(given: Names) -> list[list[str]]:
    return [[entry] if isinstance(entry, str) else list(entry) for entry in given]


def _frames(given: Mapping[str, pd.DataFrame] | None) -> Mapping[str, pd.DataFrame]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(frame, pd.DataFrame) for frame in given.values()):
        raise AnalysisError(Problem("E6376"))
    return given


def _own(name: str | Label) -> Label:
    return name if isinstance(name, Label) else Label(zh=name, en=name)


def _on(base: Specification, data: pd.DataFrame) -> Specification:
    return replace(base, data=data)
