"""The value of `[data] file` in; files, the wave of each and what each wave was asked, out."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from evalkit.plan.kinds import is_of, kind_names

WAVE_KEYS: Mapping[str, type | tuple[type, ...]] = {"file": str, "wave": (str, int), "instrument": str}
"""Keys of an entry that names a wave."""


@dataclass(frozen=True)
class Sources:
    """Files in the order of the plan; `waves`: wave -> its files; `asked`: wave -> an instrument of its own."""

    files: tuple[str, ...]
    waves: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    asked: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def sources(given: Any, fault: Callable[..., None], *, instrument: bool) -> Sources:
    """Read `file = "a.xlsx"`, a list of names, or a list of `{file, wave, instrument}`.

    Parameters
    ----------
    fault : callable
        Told a code and its parameters for everything that is wrong: E501 unknown key, E505 wrong kind, E506 lacking
        key, E549 names and waves mixed, or two instruments in one wave.
    instrument : bool
        Whether the plan names one for all.
    """
    entries = [given] if isinstance(given, str) else list(given)
    if all(isinstance(entry, str) for entry in entries):
        return Sources(tuple(entries))
    named = [entry for entry in entries if isinstance(entry, Mapping)]
    if len(named) < len(entries):
        fault("E549")
        return Sources(())
    bad = [entry for entry in named if not _fits(entry, fault)]  # every one is looked at
    return Sources(()) if bad else _by_wave(named, fault, instrument)


def _fits(entry: Mapping[str, Any], fault: Callable[..., None]) -> bool:
    """Whether an entry has the keys it may and must have, each of its kind."""
    good = True
    for key, value in entry.items():
        if key not in WAVE_KEYS:
            near = difflib.get_close_matches(key, WAVE_KEYS, 1, 0.5) or list(WAVE_KEYS)
            fault("E501", key=key, table="[data] file", near=near)
            good = False
        elif not is_of(value, WAVE_KEYS[key]):
            fault("E505", key=key, wanted=kind_names(WAVE_KEYS[key]))
            good = False
    for key in ("file", "wave"):
        if key not in entry or entry[key] == "":
            fault("E506", key=key, table="[data] file")
            good = False
    return good


def _by_wave(entries: Sequence[Mapping[str, Any]], fault: Callable[..., None], instrument: bool) -> Sources:
    waves: dict[str, tuple[str, ...]] = {}
    asked: dict[str, str | None] = {}
    for entry in entries:
        wave, own = str(entry["wave"]), entry.get("instrument")
        waves[wave] = (*waves.get(wave, ()), entry["file"])
        if asked.setdefault(wave, own) != own:
            fault("E549")
    own_ones = {wave: name for wave, name in asked.items() if name is not None}
    if own_ones and len(own_ones) < len(waves) and not instrument:
        fault("E506", key="instrument", table="[data] file")
    files = tuple(str(entry["file"]) for entry in entries)
    return Sources(files, MappingProxyType(waves), MappingProxyType(own_ones))
