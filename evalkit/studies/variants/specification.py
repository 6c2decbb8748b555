"""A model's function and its arguments in, the same model with one thing changed out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, require_columns
from evalkit.models.generalised import outcome_model
from evalkit.models.generalised.fit import KINDS as OUTCOME_KINDS
from evalkit.models.generalised.outcomes import FAMILIES
from evalkit.models.linear import model_blocks, regress
from evalkit.models.mediation import mediate
from evalkit.models.mediation.intervals import METHODS
from evalkit.models.mediation.system import FAMILIES as PATH_FAMILIES
from evalkit.models.moderation import moderate
from evalkit.models.sandwich import CLUSTERED, KINDS

MODELS: Mapping[str, Callable[..., Any]] = {
    "regress": regress,
    "outcome_model": outcome_model,
    "moderate": moderate,
    "mediate": mediate,
}
"""Functions whose results can be put to the test."""

LINEAR = "linear"
BY_FORMULA = ("regress", "outcome_model")
SLOPES = tuple(family for family in FAMILIES if family != "multinomial")
"""Families with one slope a column: a multinomial model has no single key effect."""

_ROLES = ("x", "m", "y", "w", "z", "v", "q", "covariates")
_ONLY_LINEAR = ("bootstrap", "resamples", "seed", "precision", "df")
_ONLY_OUTCOME = ("family", "exposure", "firth", "free", "interval")


@dataclass(frozen=True, eq=False)
class Specification:
    """One way to estimate a model: function, arguments, data."""

    do: str
    arguments: Mapping[str, Any]
    data: pd.DataFrame

    @property
    def family(self) -> str:
        """Of the outcome."""
        if self.do == "mediate":
            families = self.arguments.get("families") or {}
            return str(families.get(self.outcome, LINEAR))
        return str(self.arguments.get("family", LINEAR))

    @property
    def outcome(self) -> str:
        if self.do in BY_FORMULA:
            return self.blocks[0]
        y = self.arguments.get("y", "")
        return y if isinstance(y, str) else ", ".join(y)

    @property
    def blocks(self) -> tuple[str, tuple[tuple[tuple[str, ...], ...], ...]]:
        """Outcome and terms, block by block, of a model with a formula."""
        given = self.arguments
        return model_blocks(given.get("formula"), given.get("y"), given.get("blocks"))

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that stands in the model, the outcome first."""
        if self.do in BY_FORMULA:
            outcome, blocks = self.blocks
            return tuple(dict.fromkeys([outcome, *(n for block in blocks for term in block for n in term)]))
        found = [name for role in _ROLES for name in listed(self.arguments.get(role))]
        found += [part for name in self.arguments.get("moderators") or {} for part in re.split(r"[*:\s]+", name)]
        words = re.findall(r"\w+", " ".join(listed(self.arguments.get("paths"))))
        known = set(map(str, self.data.columns))
        found += [word for word in words if word in known]
        return tuple(dict.fromkeys([self.outcome, *found]))

    def fitted(self) -> Any:
        """The result of the model's function."""
        return MODELS[self.do](self.data, **self.arguments)

    def given(self, **changes: Any) -> Specification:
        """With other arguments; None takes one away."""
        merged = {**self.arguments, **changes}
        return replace(self, arguments={k: v for k, v in merged.items() if v is not None})


def listed(value: Any) -> list[str]:
    """One name or several as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def base_of(data: pd.DataFrame, of: str, arguments: Mapping[str, Any]) -> Specification:
    """The model that is put to the test.

    Raises
    ------
    AnalysisError
        E6370 for a function that is none of `MODELS`.
    """
    if of not in MODELS:
        raise AnalysisError(Problem("E6370", params={"name": of, "known": list(MODELS)}))
    return Specification(of, dict(arguments), data)


def with_outcome(base: Specification, name: str) -> Specification:
    """Another column on the left side."""
    require_columns(base.data, [name])
    if base.do in BY_FORMULA:
        return base.given(formula=None, y=name, blocks=_named(base.blocks[1]))
    changes: dict[str, Any] = {"y": name}
    families = dict(base.arguments.get("families") or {})
    if base.outcome in families:
        changes["families"] = {name if k == base.outcome else k: v for k, v in families.items()}
    if base.arguments.get("paths"):
        pattern = re.compile(rf"\b{re.escape(base.outcome)}\b")
        changes["paths"] = [pattern.sub(name, path) for path in listed(base.arguments["paths"])]
    return base.given(**changes)


def with_covariates(base: Specification, names: Sequence[str]) -> Specification:
    """More control variables, in every model or equation."""
    require_columns(base.data, list(names))
    if base.do in BY_FORMULA:
        outcome, blocks = base.blocks
        known = {term for block in blocks for term in block}
        new = tuple((name,) for name in names if (name,) not in known)
        return base.given(formula=None, y=outcome, blocks=_named(((*blocks[0], *new), *blocks[1:])))
    known = set(listed(base.arguments.get("covariates")))
    return base.given(covariates=[*listed(base.arguments.get("covariates")), *(n for n in names if n not in known)])


def without_covariates(base: Specification, names: Sequence[str]) -> Specification:
    """Control variables left out, with the products that they stand in.

    Raises
    ------
    AnalysisError
        E6371 for one that the model does not have.
    """
    if base.do in BY_FORMULA:
        outcome, blocks = base.blocks
        _require_there(names, {n for block in blocks for term in block for n in term})
        kept = [tuple(t for t in block if not set(t) & set(names)) for block in blocks]
        return base.given(formula=None, y=outcome, blocks=_named([block for block in kept if block]))
    known = listed(base.arguments.get("covariates"))
    _require_there(names, set(known))
    return base.given(covariates=[name for name in known if name not in names])


def estimators(do: str) -> tuple[str, ...]:
    """Other ways to estimate that a model has: standard errors, families of the outcome, intervals."""
    if do == "mediate":
        return (*METHODS, *PATH_FAMILIES)
    kinds = KINDS if do in ("regress", "moderate") else OUTCOME_KINDS
    return (*(k for k in kinds if k != "linearised"), LINEAR, *SLOPES)


def with_estimator(base: Specification, name: str) -> Specification:
    """Other standard errors, another family of the outcome, another kind of interval.

    Raises
    ------
    AnalysisError
        E6372 for what the model does not have.
    """
    if name not in estimators(base.do):
        raise AnalysisError(Problem("E6372", params={"name": name, "do": base.do, "known": list(estimators(base.do))}))
    if base.do == "mediate":
        if name in METHODS:
            return base.given(ci=(name,))
        families = dict(base.arguments.get("families") or {})
        return base.given(families={**families, base.outcome: name})
    if name in KINDS:
        # HC and classical errors know no clusters; naming both would be an error.
        return base.given(cov=name) if name in CLUSTERED else base.given(cov=name, cluster=None, df=None)
    if base.do == "moderate":
        return base.given(family=name)
    if name == LINEAR:
        return replace(base, do="regress").given(**dict.fromkeys(_ONLY_OUTCOME))
    return replace(base, do="outcome_model").given(**dict.fromkeys(_ONLY_LINEAR), family=name)


def with_winsorised(base: Specification, share: float) -> Specification:
    """Every numeric variable of the model with its tails drawn in to the quantiles `share` and 1 - `share`."""
    data = base.data.copy(deep=False)
    for name in measured(base):
        values = data[name].astype(float)
        low, high = np.nanquantile(values, [share, 1 - share])
        data[name] = values.clip(low, high)
    return replace(base, data=data)


def with_standardised(base: Specification) -> Specification:
    """Every numeric variable of the model less its mean, by its standard deviation, over the complete rows."""
    data = base.data.copy(deep=False)
    complete = data[[name for name in base.names if name in data]].notna().all(axis=1)
    for name in measured(base):
        values = data[name].astype(float)
        data[name] = (values - values[complete].mean()) / values[complete].std()
    return replace(base, data=data)


def measured(base: Specification) -> list[str]:
    """Variables that are numbers with more than two values; not an outcome that is no measurement."""
    book = codebook_of(base.data)
    out = []
    for name in base.names:
        if name not in base.data or book.variables[name].kind in ("nominal", "text", "date", "id", "option"):
            continue
        free = base.family == LINEAR or name != base.outcome
        if free and pd.api.types.is_numeric_dtype(base.data[name]) and base.data[name].nunique() > 2:
            out.append(name)
    return out


def estimator_label(name: str) -> Label:
    """What an estimator is called."""
    if name in METHODS:
        return Label(f"robustness.interval.{name}")
    if name in KINDS:
        return Label("robustness.errors", kind=name) if name != "classical" else Label("robustness.errors_classical")
    return Label("robustness.linear") if name == LINEAR else Label(f"outcomes.family.{name}")


def _named(blocks: Sequence[Sequence[tuple[str, ...]]]) -> list[list[str]]:
    return [[":".join(term) for term in block] for block in blocks]


def _require_there(names: Sequence[str], known: set[str]) -> None:
    lacking = [name for name in names if name not in known]
    if lacking:
        raise AnalysisError(Problem("E6371", params={"names": lacking, "known": sorted(known)}))
