"""What an author says about each set: where it comes from, how it is calibrated, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalkit.cases.calibrating.methods import TYPES
from evalkit.cases.quantitising.origins import Origin, origin_of
from evalkit.contract import AnalysisError, Problem

ALIASES = {"fuzzy": "direct", "mv": "multi_value", "rating": "as_is", "membership": "as_is"}
KEYS = ("from", "type", "e", "c", "i", "cuts", "direction", "idm", "expectation", "rationale", "std_error")
_FALLING = ("falling", "decreasing", "down", "-")


@dataclass(frozen=True)
class Rule:
    """How one set is made.

    Parameters
    ----------
    source : str
        Column of the measure, or the `from` of one that is made of codings.
    origin : Origin
        What `from` says.
    out, crossover, full : float
        Anchors of `direct` and `linear`.
    cuts : tuple of float
        Of `crisp` (one), `multi_value` and `indirect`.
    std_error : str, optional
        Column with the standard error of the measure.
    """

    name: str
    source: str
    origin: Origin
    type: str
    out: float = math.nan
    crossover: float = math.nan
    full: float = math.nan
    cuts: tuple[float, ...] = ()
    falling: bool = False
    idm: float = 0.95
    rationale: str = ""
    expectation: str = ""
    std_error: str | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def middle(self) -> float:
        """Where membership passes 0.5; nan where there is no one such place."""
        return self.cuts[0] if self.type == "crisp" else self.crossover


def rules_of(
    calibration: pd.DataFrame | Mapping[str, Mapping[str, Any]], columns: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """Read a sheet `conditions` (columns name, from, type, ...) or a mapping of the same keys.

    Parameters
    ----------
    columns : sequence of str
        Columns of the cases.

    Raises
    ------
    AnalysisError
        E6465 for an unknown key, E6466 for a type, E6467 for anchors out of order or missing, E6680 for a `from` of no
        known kind, each naming the set.
    """
    if isinstance(calibration, pd.DataFrame):
        lines = calibration.to_dict("records")
        given = {str(line["name"]): {k: v for k, v in line.items() if k != "name" and not _empty(v)} for line in lines}
    else:
        given = {name: dict(line) for name, line in calibration.items()}
    problems: list[Problem] = []
    found = [_rule(name, line, columns, problems) for name, line in given.items()]
    if problems:
        raise AnalysisError(problems)
    return tuple(rule for rule in found if rule is not None)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value).strip() == ""


def _rule(name: str, line: Mapping[str, Any], columns: Sequence[str], problems: list[Problem]) -> Rule | None:
    unknown = [k for k in line if k not in KEYS]
    if unknown:
        problems.append(Problem("E6465", params={"name": name, "keys": unknown, "known": list(KEYS)}))
        return None
    try:
        origin = origin_of(str(line.get("from", name)), columns, name)
        error_of = origin_of(str(line["std_error"]), columns, name).name if "std_error" in line else None
    except AnalysisError as error:
        problems.extend(error.problems)
        return None
    said = str(line.get("type", "as_is" if origin.kind == "rating" and not _anchored(line) else "direct"))
    kind = ALIASES.get(said, said)
    if kind not in TYPES:
        problems.append(Problem("E6466", params={"name": name, "value": kind, "known": list(TYPES)}))
        return None
    try:
        anchors = [float(line[k]) if k in line else math.nan for k in ("e", "c", "i")]
        cuts = _cuts(line.get("cuts", line.get("c") if kind in ("crisp", "multi_value", "indirect") else None))
        idm = float(line.get("idm", 0.95))
    except (TypeError, ValueError):
        problems.append(Problem("E6467", params={"name": name, "type": kind}))
        return None
    if not _fits(kind, anchors, cuts, idm):
        problems.append(Problem("E6467", params={"name": name, "type": kind}))
        return None
    source = str(line.get("from", name)).strip() if origin.coded else origin.name
    falling = str(line.get("direction", "")).strip() in _FALLING
    return Rule(
        name, source, origin, kind, *anchors, cuts=cuts, falling=falling, idm=idm,
        rationale=str(line.get("rationale", "")), expectation=str(line.get("expectation", "")),
        std_error=error_of, said=dict(line),
    )  # fmt: skip


def _anchored(line: Mapping[str, Any]) -> bool:
    return any(key in line for key in ("e", "c", "i", "cuts"))


def _cuts(value: Any) -> tuple[float, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(float(part) for part in value.replace("；", ";").replace("，", ",").replace(";", ",").split(","))
    return tuple(float(v) for v in value) if isinstance(value, Sequence) else (float(value),)


def _fits(kind: str, anchors: Sequence[float], cuts: tuple[float, ...], idm: float) -> bool:
    if kind in ("direct", "linear"):
        out, middle, full = anchors
        return (out < middle < full or out > middle > full) and 0.5 < idm < 1
    if kind == "as_is":
        return True
    ordered = len(set(cuts)) == len(cuts)
    return ordered and (len(cuts) == 1 if kind == "crisp" else len(cuts) >= 2)
