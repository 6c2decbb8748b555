"""`recipe = "article"` and the roles of the variables in, the steps and tables it stands for out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.contract import EvalkitError, Place
from evalkit.instrument import load_instrument
from evalkit.plan.canonical import Key
from evalkit.plan.kinds import as_list

RECIPES = ("article",)
ROLES = ("x", "m", "y", "controls")
NEEDED = ("x", "y")

Entry = dict[str, Any]
_FROM_ROLES = {"x": "x", "m": "m", "y": "y", "covariates": "controls", "blocks": "x", "variables": "x", "items": "x"}


@dataclass(frozen=True)
class Expansion:
    """The tables with the recipe's steps in front, and the ids of those that the author did not write."""

    raw: dict[str, Any]
    places: dict[Key, Place]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class _Scale:
    id: str
    zh: str
    parts: tuple[str, ...]


def can_expand(raw: Mapping[str, Any]) -> bool:
    """Whether a plan names a recipe that can be carried out; a recipe with a fault is left to the reading to report."""
    roles, lists = raw.get("roles"), [raw.get(name, []) for name in ("step", "table", "hypothesis", "scales")]
    if raw.get("recipe") not in RECIPES or not isinstance(roles, Mapping):
        return False
    if not all(isinstance(entries, list) and all(isinstance(e, Mapping) for e in entries) for entries in lists):
        return False
    named = all(roles.get(role) for role in NEEDED) and roles.keys() <= set(ROLES)
    return named and all(isinstance(part, str) for value in roles.values() for part in as_list(value))


def expand(raw: Mapping[str, Any], places: Mapping[Key, Place], folder: Path) -> Expansion:
    """Put the steps and tables that a recipe stands for in front of the author's own.

    Parameters
    ----------
    raw : mapping
        The tables of a plan that names a recipe. An author's step or table with the id of one of the recipe's takes
        its place.
    places : mapping
        Where each key stands.
    folder : Path
        The plan's, in which its instrument may lie.

    Notes
    -----
    `article` gives the usual result part: who was asked (T0, T1), how it was measured (T3), describe (T4), reliability,
    correlations (T9), a regression an outcome with blocks controls, x, m (T13), a mediation for each x and outcome
    (T14, T15), and the hypotheses (T24) where any has a rule. What the roles do not allow (no m, no scale) has no step.
    """
    roles = {role: as_list(value) for role, value in raw["roles"].items()}
    steps = list(_steps(roles, _scales(raw, folder), bool(raw.get("instrument"))))
    rules = any("confirm_if" in h for h in raw.get("hypothesis", ()))
    tables = [{"id": "flow", "template": "T0"}, *([{"id": "hypotheses", "template": "T24"}] if rules else [])]
    found = dict(places)
    new = dict(raw)
    new["step"] = _merged("step", steps, raw.get("step", []), places, found)
    new["table"] = _merged("table", tables, raw.get("table", []), places, found)
    written = {entry.get("id") for entry in raw.get("step", ())}
    return Expansion(new, found, tuple(step["id"] for step in steps if step["id"] not in written))


def _merged(
    table: str, made: Sequence[Entry], own: Sequence[Entry], places: Mapping[Key, Place], found: dict[Key, Place]
) -> list[Entry]:
    """The recipe's entries, each replaced by the author's with its id, then the author's others; with their places."""
    for key in [key for key in found if key[0] == table]:
        del found[key]
    index_of = {entry.get("id"): index for index, entry in reversed(list(enumerate(own)))}
    taken = {index_of[entry["id"]] for entry in made if entry["id"] in index_of}
    order: list[tuple[Entry, int | None]] = [
        (own[index_of[e["id"]]], index_of[e["id"]]) if e["id"] in index_of else (e, None) for e in made
    ]
    order += [(entry, index) for index, entry in enumerate(own) if index not in taken]
    recipe = places["", 0, "recipe"]
    for position, (entry, index) in enumerate(order):
        if index is not None:
            found |= {(table, position, k): at for (t, i, k), at in places.items() if (t, i) == (table, index)}
            continue
        found[table, position, ""] = recipe
        found |= {(table, position, k): places.get(("roles", 0, _FROM_ROLES.get(k, "")), recipe) for k in entry}
    return [entry for entry, _ in order]


def _steps(roles: Mapping[str, list[str]], scales: Sequence[_Scale], asked: bool) -> Iterator[Entry]:
    x, m, y, controls = (roles.get(role, []) for role in ROLES)
    variables = [*x, *m, *y]
    constructs = [scale for name in variables if (scale := _scale_of(name, scales)) is not None]
    # An instrument says which questions are background; a plain file does not.
    yield {"id": "sample", "do": "profile"} | ({"items": controls} if controls and not asked else {})
    if constructs:
        yield {"id": "measures", "do": "measures", "scales": list(dict.fromkeys(s.id for s in constructs))}
    yield {"id": "descriptives", "do": "describe", "variables": variables}
    if constructs:
        lowest = dict.fromkeys(part for scale in constructs for part in _lowest(scale, scales))
        yield {"id": "reliability", "do": "reliability", "items": list(lowest)}
    yield {"id": "correlations", "do": "correlate", "variables": variables}
    blocks = [block for block in (controls, x, m) if block]
    for number, outcome in enumerate(y, start=1):
        yield {"id": _id("regression", number, y), "do": "regress", "y": outcome, "blocks": blocks, "cov": "HC3"}
    pairs = [(one, outcome) for outcome in y for one in x] if m else []
    for number, (one, outcome) in enumerate(pairs, start=1):
        others = [*controls, *(name for name in x if name != one)]
        step = {"id": _id("mediation", number, pairs), "do": "mediate", "x": one, "m": m, "y": outcome}
        yield step | ({"covariates": others} if others else {})


def _id(name: str, number: int, alike: Sequence[object]) -> str:
    return name if len(alike) == 1 else f"{name}_{number}"


def _scales(raw: Mapping[str, Any], folder: Path) -> list[_Scale]:
    """The scales of the plan and of its instrument; an instrument that cannot be read is reported by the run."""
    own = [e for e in raw.get("scales", ()) if isinstance(e.get("id"), str)]
    found = [_Scale(e["id"], str(e.get("zh", "")), tuple(map(str, as_list(e.get("parts"))))) for e in own]
    name = raw.get("instrument")
    if isinstance(name, str):
        beside = folder / name
        try:
            instrument = load_instrument(beside if beside.is_file() else name)
        except EvalkitError:
            return found
        found += [_Scale(scale.id, scale.zh, scale.parts) for scale in instrument.scales]
    return found


def _scale_of(name: str, scales: Sequence[_Scale]) -> _Scale | None:
    """The scale with this id, or the only one with this label."""
    by_id = [scale for scale in scales if scale.id == name]
    labelled = [scale for scale in scales if scale.zh == name]
    return by_id[0] if by_id else labelled[0] if len(labelled) == 1 else None


def _lowest(scale: _Scale, scales: Sequence[_Scale], depth: int = 0) -> Iterator[str]:
    """The scales of items that a construct is made of."""
    parts = [found for part in scale.parts if (found := _scale_of(part, scales)) is not None]
    if not parts or depth > len(scales):
        yield scale.id
    for part in parts if depth <= len(scales) else ():
        yield from _lowest(part, scales, depth + 1)
