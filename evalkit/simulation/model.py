"""A model file or mapping in, a checked `Model` out: what is written in `simulation.toml`."""

from __future__ import annotations

import datetime
import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.contract import InputError, Place, PlanError, Problem
from evalkit.instrument import decode_toml, toml_problem

FORMAT = "evalkit-simulation/1"

_KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        "format", "instrument", "form", "n", "seed", "start", "days", "region", "duration", "defaults", "margins",
        "places", "variables", "latents", "shifts", "multiple", "missing", "dirt", "register",
    ),
    "duration": ("median", "spread", "shortest"),
    "defaults": ("loading", "margin", "item_spread"),
    "places": ("id", "shares", "columns", "rows", "within", "count", "label"),
    "variables": ("id", "at", "on", "shares", "normal", "lognormal", "uniform", "compute", "texts", "label", "noise",
                  "min", "max", "step", "fills"),
    "latents": ("on", "places", "loading", "loadings", "margin", "items"),
    "multiple": ("id", "shares", "together", "otherwise", "on", "fills"),
    "missing": ("no_answer", "dont_know", "not_applicable", "refused", "spread", "rates"),
    "dirt": ("fast", "straight", "random", "inattentive", "incomplete", "duplicate", "screened_out", "screened_as",
             "miskeyed"),
    "register": ("key", "columns"),
}  # fmt: skip

DIRT = ("fast", "straight", "random", "inattentive", "incomplete", "screened_out", "duplicate")
"""Kinds of doubtful rows; the share of each is of the usable rows and comes on top of them."""

RULES = ("shares", "normal", "lognormal", "uniform", "compute", "texts", "label")


@dataclass(frozen=True)
class Model:
    """What a respondent is made of. Fields are the keys of the file; see `_KEYS`."""

    instrument: str
    name: str
    form: str = ""
    n: int = 300
    seed: int = 0
    start: datetime.datetime = datetime.datetime(2026, 3, 2, 8, 30)
    days: float = 14
    region: str = "北京-北京"
    duration: Mapping[str, float] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    margins: Mapping[str, Sequence[float]] = field(default_factory=dict)
    places: tuple[Mapping[str, Any], ...] = ()
    variables: tuple[Mapping[str, Any], ...] = ()
    latents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shifts: Mapping[str, float] = field(default_factory=dict)
    multiple: tuple[Mapping[str, Any], ...] = ()
    missing: Mapping[str, Any] = field(default_factory=dict)
    dirt: Mapping[str, Any] = field(default_factory=dict)
    register: Mapping[str, Any] = field(default_factory=dict)

    def fault(self, code: str, **params: Any) -> PlanError:
        """The error to raise for something wrong in this model."""
        return PlanError(Problem(code, Place(file=self.name), params))

    def unknown(self, where: str, name: str, known: Iterable[str]) -> PlanError:
        """The error for a name that nobody knows; it names the nearest ones."""
        known = list(dict.fromkeys(known))
        near = difflib.get_close_matches(name, known, 3, 0.4) or known[:5]
        return self.fault("E851", where=where, name=name, near=near)


def read_model(source: Mapping[str, Any] | str | Path) -> Model:
    """Read a model.

    Parameters
    ----------
    source : mapping, str or Path
        The content of a model, or the path of its TOML file.

    Raises
    ------
    InputError
        E101 if the file does not exist.
    PlanError
        For a file that is no TOML, unknown keys, and values of a wrong kind.
    """
    if isinstance(source, Mapping):
        return _checked(source, "simulation.toml")
    path = Path(source)
    return _checked(load_toml(path), path.name)


def load_toml(path: Path) -> dict[str, Any]:
    """The content of a model file as a plain dict, which may be changed and given to `simulate`."""
    if not path.is_file():
        raise InputError(Problem("E101", Place(file=path.name)))
    text = decode_toml(path.read_bytes(), path.name)
    if isinstance(text, Problem):
        raise PlanError(text)
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise PlanError(toml_problem(text, error, path.name)) from None


def _checked(raw: Mapping[str, Any], name: str) -> Model:
    at = Place(file=name)
    if raw.get("format") != FORMAT:
        raise PlanError(Problem("E856", at, {"found": str(raw.get("format", "")), "wanted": FORMAT}))
    _check_keys(raw, "", name, at)
    for table in ("duration", "defaults", "missing", "dirt", "register"):
        _check_keys(raw.get(table, {}), table, f"[{table}]", at)
    for table in ("places", "variables", "multiple"):
        for entry in raw.get(table, ()):
            _check_keys(entry, table, f"[[{table}]] {entry.get('id', '?')}", at)
            if "id" not in entry:
                raise PlanError(Problem("E855", at, {"where": f"[[{table}]]", "key": "id", "found": "", "wanted": "x"}))
    for latent, entry in raw.get("latents", {}).items():
        _check_keys(entry, "latents", f"[latents.{latent}]", at)
    given = {key: value for key, value in raw.items() if key != "format"}
    for table in ("places", "variables", "multiple"):
        given[table] = tuple(given.get(table, ()))
    if isinstance(given.get("start"), str):
        given["start"] = datetime.datetime.fromisoformat(given["start"])
    model = Model(**{"instrument": "", "name": name} | given)
    _check_values(model)
    return model


def _check_keys(entry: Any, table: str, where: str, at: Place) -> None:
    if not isinstance(entry, Mapping):
        raise PlanError(Problem("E855", at, {"where": where, "key": table, "found": str(entry), "wanted": "[...]"}))
    for key in entry:
        if key not in _KEYS[table]:
            known = difflib.get_close_matches(key, _KEYS[table], 1, 0.6) or list(_KEYS[table])
            raise PlanError(Problem("E850", at, {"where": where, "key": key, "known": known}))


def _check_values(model: Model) -> None:
    """Everything that can be said without the instrument."""
    if not isinstance(model.n, int) or model.n < 1:
        raise model.fault("E855", where=model.name, key="n", found=str(model.n), wanted="n >= 1")
    for name, shares in model.margins.items():
        if abs(sum(shares) - 1) > 1e-6 or min(shares, default=0) < 0:
            raise model.fault("E855", where="[margins]", key=name, found=list(shares), wanted="sum = 1")
    for entry in model.variables:
        where = f"[[variables]] {entry['id']}"
        if sum(rule in entry for rule in RULES) != 1:
            found = [rule for rule in RULES if rule in entry]
            raise model.fault("E855", where=where, key="id", found=found, wanted=" / ".join(RULES))
        if "shares" in entry and abs(sum(entry["shares"].values()) - 1) > 1e-6:
            raise model.fault("E855", where=where, key="shares", found=entry["shares"], wanted="sum = 1")
    for table, kinds in (
        ("dirt", DIRT),
        ("missing", ("no_answer", "dont_know", "not_applicable", "refused", "spread")),
    ):
        for kind in kinds:
            share = getattr(model, table).get(kind, 0)
            if not 0 <= share < 1:
                raise model.fault("E855", where=f"[{table}]", key=kind, found=share, wanted="0 <= x < 1")
