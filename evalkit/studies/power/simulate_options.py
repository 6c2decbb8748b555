"""Options of a power simulation in, checked and spread over the columns of the model out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.contract import AnalysisError, Problem
from evalkit.models.mediation.system import Term
from evalkit.studies.power.simulate_draws import Measure, Survey
from evalkit.studies.power.simulate_model import Model, effect_keys
from evalkit.studies.power.simulate_pilot import Pilot
from evalkit.studies.power.simulate_tests import METHODS

PerVariable = float | Mapping[str, float]
"""One number for all variables, or variable -> number."""

LEAST_DRAWS = 100


@dataclass(frozen=True)
class Choices:
    """Choices of a call that do not depend on the model."""

    n: tuple[int, ...]
    target: float
    clusters: int | None
    cluster_size: int | None
    attrition: float
    test: str
    resamples: int
    draws: int
    alpha: float
    seed: int


def check_choices(choices: Choices) -> None:
    """E6343 for the first choice that cannot be meant."""
    both = choices.clusters is not None and choices.cluster_size is not None
    faults: Sequence[tuple[str, Any, bool, str]] = (
        ("n", list(choices.n), all(_whole(v) and v >= 4 for v in choices.n), "n >= 4"),
        ("power", choices.target, 0 < choices.target < 1, "0 < power < 1"),
        ("alpha", choices.alpha, 0 < choices.alpha < 1, "0 < alpha < 1"),
        ("draws", choices.draws, _whole(choices.draws) and choices.draws >= LEAST_DRAWS, f"draws >= {LEAST_DRAWS}"),
        ("resamples", choices.resamples, _whole(choices.resamples) and choices.resamples >= 100, "resamples >= 100"),
        ("attrition", choices.attrition, 0 <= choices.attrition < 1, "0 <= attrition < 1"),
        ("test", choices.test, choices.test in METHODS, " / ".join(METHODS)),
        ("clusters", choices.clusters, choices.clusters is None or choices.clusters >= 2, "clusters >= 2"),
        ("clusters", choices.clusters, not both, "clusters / cluster_size"),
        ("cluster_size", choices.cluster_size, choices.cluster_size is None or choices.cluster_size >= 2, ">= 2"),
    )
    for name, value, fine, wanted in faults:
        if not fine:
            raise _fault(name, value, wanted)


def effects_of(
    model: Model, given: Mapping[str, float], pilot: Pilot
) -> tuple[dict[tuple[str, Term], float], list[str], list[str]]:
    """Standardised effects of every term, names of those taken from the pilot, names of those nobody gave.

    Raises
    ------
    AnalysisError
        E6342 for a name that is no term of the model.
    """
    keys = effect_keys(model.system)
    folded = {_folded(name): key for name, key in keys.items()}
    own: dict[tuple[str, Term], float] = {}
    for name, value in given.items():
        if _folded(name) not in folded:
            raise AnalysisError(Problem("E6342", params={"name": name, "known": list(keys)}))
        own[folded[_folded(name)]] = _number("effects", name, value, lambda v: abs(v) < 10, "number")
    taken = [name for name, key in keys.items() if key not in own and key in pilot.effects]
    absent = [name for name, key in keys.items() if key not in own and key not in pilot.effects]
    return {key: own.get(key, pilot.effects.get(key, 0.0)) for key in keys.values()}, taken, absent


def correlations_of(model: Model, given: Mapping[str, float], pilot: Pilot) -> dict[tuple[str, str], float]:
    """Correlations of exogenous columns; E6342 for a name that is no pair of them."""
    outcomes = [e.outcome for e in model.system.equations]
    free = [name for name in model.system.columns if name not in outcomes]
    pairs = {f"{a} ~~ {b}": (a, b) for i, a in enumerate(free) for b in free[i + 1 :]}
    turned = {f"{b} ~~ {a}": (a, b) for a, b in pairs.values()}
    folded = {name.replace(" ", ""): pair for name, pair in (pairs | turned).items()}
    found = dict(pilot.correlations)
    for name, value in given.items():
        if name.replace(" ", "") not in folded:
            raise AnalysisError(Problem("E6342", params={"name": name, "known": list(pairs)}))
        wanted = "-1 < r < 1"
        found[folded[name.replace(" ", "")]] = _number("correlations", name, value, lambda v: abs(v) < 1, wanted)
    return found


def shares_of(model: Model, given: Mapping[str, float], pilot: Pilot) -> dict[str, float]:
    """Share of the upper value of exogenous columns that have two."""
    outcomes = [e.outcome for e in model.system.equations]
    wanted = _spread("shares", dict(given), model, None, lambda v: 0 < v < 1, "0 < share < 1", without=outcomes)
    return {**pilot.shares, **{name: value for name, value in wanted.items() if value is not None}}


def icc_of(model: Model, given: PerVariable | None, pilot: Pilot, clustered: bool) -> dict[str, float]:
    """Share of variance between clusters by column; E6347 where there are clusters and nobody says how alike."""
    if not clustered:
        if given:
            raise AnalysisError(Problem("E6347", params={"name": "clusters"}))
        return {}
    if given is None and not pilot.icc:
        raise AnalysisError(Problem("E6347", params={"name": "icc"}))
    own = _spread("icc", {} if given is None else given, model, None, lambda v: 0 <= v <= 1, "0 <= icc <= 1")
    found = {name: pilot.icc.get(name, 0.0) if value is None else value for name, value in own.items()}
    outcomes = [e.outcome for e in model.system.equations]
    if any(found[name] >= 1 for name in outcomes):
        raise _fault("icc", 1, "icc < 1: " + ", ".join(outcomes))
    return found


def survey_of(
    model: Model,
    choices: Choices,
    reliability: PerVariable,
    items: PerVariable,
    categories: PerVariable,
    missing: PerVariable,
    two_valued: Mapping[str, float],
) -> Survey:
    """How people are asked; columns of two values are known without error unless they are named."""
    exact = set(two_valued)
    sure = _spread("reliability", reliability, model, 1.0, lambda v: 0 < v <= 1, "0 < reliability <= 1")
    number = _spread("items", items, model, 1, lambda v: _whole(v) and 1 <= v <= 100, "1 ... 100")
    points = _spread("categories", categories, model, 0, lambda v: v == 0 or (_whole(v) and v >= 2), "2, 3, ...")
    gaps = _spread("missing", missing, model, 0.0, lambda v: 0 <= v < 1, "0 <= missing < 1")
    measures = {
        name: Measure(float(sure[name]), int(number[name]), int(points[name]))
        for name in model.system.columns
        if name not in exact
    }
    kept = 1 - choices.attrition
    for columns in model.columns.columns.values():
        kept *= 1 - gaps[columns[0]]
    return Survey(measures, kept, choices.clusters, choices.cluster_size)


def _spread(
    option: str,
    given: Any,
    model: Model,
    default: Any,
    fine: Callable[[float], bool],
    wanted: str,
    *,
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """Column -> value of an option that is one number or a number a variable."""
    owned = {name: own for name, own in model.columns.columns.items() if name not in without}
    if not isinstance(given, Mapping):
        _number(option, option, given, fine, wanted)
        return {column: given for own in owned.values() for column in own}
    unknown = [name for name in given if name not in owned]
    if unknown:
        raise AnalysisError(Problem("E6342", params={"name": unknown[0], "known": list(owned)}))
    checked = {name: _number(option, name, value, fine, wanted) for name, value in given.items()}
    return {column: checked.get(name, default) for name, own in owned.items() for column in own}


def _number(option: str, name: str, value: Any, fine: Callable[[float], bool], wanted: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not fine(value):
        raise _fault(option if name == option else f"{option} ({name})", value, wanted)
    return value


def _whole(value: Any) -> bool:
    return not isinstance(value, bool) and float(value).is_integer()


def _folded(name: str) -> tuple[str, frozenset[str]]:
    outcome, _, term = name.partition("~")
    return outcome.strip(), frozenset(part.strip() for part in term.split(":"))


def _fault(name: str, value: Any, wanted: str) -> AnalysisError:
    return AnalysisError(Problem("E6343", params={"option": name, "value": str(value), "wanted": wanted}))
