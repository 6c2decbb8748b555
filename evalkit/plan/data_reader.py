"""The table [data] of a plan in, where the answers are out; and what a plan may not ask for that has none."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from evalkit.plan.completed import RESPONSES
from evalkit.plan.kinds import as_list, is_of, kind_names
from evalkit.plan.lines import Lines
from evalkit.plan.model import DataSource, Plan
from evalkit.plan.sources import sources

Fault = Callable[..., None]

_OF_ANSWERS = ("instrument", "recipe", "roles", "sampling", "join", "design", "derive", "exclude", "scales")


def data_of(raw: Mapping[str, Any], lines: Lines, fault: Fault, meant: Container[tuple[str, int, str]]) -> DataSource:
    """[data]; without files where the plan has a casebook instead.

    Faults: E506 without a file, E519 for counts of questionnaires that are none, E404 for a tab or line break in a
    file's name.
    """
    entry = raw.get("data")
    if entry is None and isinstance(raw.get("casebook"), dict):
        return DataSource(())
    if not isinstance(entry, dict) or not entry.get("file"):
        if ("data", 0, "file") not in meant and ("", 0, "data") not in meant:
            fault("E506", lines.table("data"), key="file", table="[data]")
        return DataSource(())
    line = lines.key("data", 0, "file")
    found = sources(entry["file"], partial(fault, line=line), instrument="instrument" in raw)
    for key, paths in (("file", found.files), *((k, as_list(entry.get(k))) for k in ("mapping", "themes"))):
        check_paths(lines, fault, "data", 0, key, paths)
    issued = dict(entry.get("issued", {}))
    by = issued.pop("by", None)
    if not all(is_of(n, int) for n in issued.values()) or not isinstance(by, (str, type(None))):
        fault("E519", lines.key("data", 0, "issued"), key="issued", wanted=kind_names(int))
        issued = {}
    return DataSource(
        files=found.files,
        waves=found.waves,
        asked=found.asked,
        sheet=entry.get("sheet"),
        dialect=entry.get("dialect", "auto"),
        form=entry.get("form"),
        issued=MappingProxyType(issued),
        issued_by=by,
        simulated=bool(entry.get("simulated", False)),
        mapping=entry.get("mapping"),
        themes=tuple(as_list(entry.get("themes"))),
    )


def check_paths(lines: Lines, fault: Fault, table: str, index: int, key: str, paths: Iterable[str]) -> None:
    r"""Faults for paths in which `\t` or `\n` after a backslash became a tab or a line break: `"C:\temp\new"`."""
    if any(ord(c) < 32 for path in paths for c in path):
        fault("E404", lines.key(table, index, key))


def require_answers(plan: Plan, raw: Mapping[str, Any], lines: Lines, fault: Fault) -> None:
    """Where a plan has a casebook and no [data], nothing in it may be about answers.

    Faults: E5108 for a step on answers, E5109 for tables and keys that are about them.
    """
    if "data" in raw or plan.casebook is None:
        return
    for step in plan.steps:
        if step.data == RESPONSES:
            fault("E5108", step.line, step=step.id)
    for key, line in _about_answers(plan, raw, lines):
        fault("E5109", line, key=key)


def _about_answers(plan: Plan, raw: Mapping[str, Any], lines: Lines) -> Iterator[tuple[str, int]]:
    """Keys of the plan that mean nothing without answers, and their lines."""
    for name in _OF_ANSWERS:
        if name in raw:
            yield name, lines.table(name) if isinstance(raw[name], (dict, list)) else lines.key("", 0, name)
    if plan.casebook is not None and plan.casebook.community is not None:
        yield "community", lines.key("casebook", 0, "community")
    if plan.privacy.pseudonyms:
        yield "pseudonyms", lines.key("privacy", 0, "pseudonyms")
    yield from (("T0", table.line) for table in plan.tables if table.template == "T0")
