"""The tables [sampling] and [design] of a plan in; where the sampling sheet is, and how to rake, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from evalkit.plan.lines import Lines
from evalkit.plan.model import Raking, SamplingSource

RAKING = ("rake", "rake_lower", "rake_upper", "rake_within")
"""Keys of [design] that are no names of columns."""


def design_of(raw: Mapping[str, Any]) -> Mapping[str, str]:
    """Part of the design -> column."""
    return MappingProxyType({key: name for key, name in raw.get("design", {}).items() if key not in RAKING})


def sampling_of(raw: Mapping[str, Any], lines: Lines, fault: Callable[..., None]) -> SamplingSource | None:
    """[sampling]; faults: E506 without a file, E404 for a tab or line break in its name."""
    given = raw.get("sampling")
    if given is None:
        return None
    if not given.get("file"):
        fault("E506", lines.table("sampling"), key="file", table="[sampling]")
    elif any(ord(c) < 32 for c in given["file"]):
        fault("E404", lines.key("sampling", 0, "file"))
    return SamplingSource(given.get("file", ""), given.get("community"), lines.table("sampling"))


def raking_of(raw: Mapping[str, Any], lines: Lines, fault: Callable[..., None]) -> Raking | None:
    """`rake` of [design]; faults: E506 if the sampling sheet is not named, or bounds without `rake`."""
    given = raw.get("design", {})
    used = [key for key in RAKING if key in given]
    if not used:
        return None
    if not given.get("rake"):
        fault("E506", lines.key("design", 0, used[0]), key="rake", table="[design]")
    if "sampling" not in raw:
        fault("E506", lines.key("design", 0, used[0]), key="file", table="[sampling]")
    return Raking(
        variables=tuple(given.get("rake", ())),
        line=lines.key("design", 0, "rake"),
        lower=given.get("rake_lower"),
        upper=given.get("rake_upper"),
        within=given.get("rake_within", False),
    )
