"""The tables [[family]] of a plan in, tests of several steps adjusted together out."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.contract import AnalysisError, Label, Note, PlanError, Problem, Result, Table, pair
from evalkit.plan.lines import Lines
from evalkit.plan.model import Family, Plan

if TYPE_CHECKING:
    from evalkit.studies.families import FamilyResult

FAMILY = "family"
METHOD = "holm"


def families_of(
    raw: Mapping[str, Any], lines: Lines, fault: Callable[..., None], steps: Sequence[str]
) -> Iterator[Family]:
    """Every [[family]].

    Faults: E506 without id or steps, E507 for an id that a step or another family has, E514 for an unknown step, E6785
    for an unknown method.
    """
    from evalkit.studies.families import ADJUSTMENTS

    entries = raw.get(FAMILY, [])
    ids: list[str] = []
    for index, entry in enumerate(entries):
        missing = [key for key in ("id", "steps") if not entry.get(key)]
        for key in missing:
            fault("E506", lines.table(FAMILY, index), key=key, table="[[family]]")
        if missing:
            continue
        if entry["id"] in (*steps, *ids):
            fault("E507", lines.key(FAMILY, index, "id"), id=entry["id"], table="[[family]]")
        ids.append(entry["id"])
        for name in entry["steps"]:
            if name not in steps:
                near = difflib.get_close_matches(name, steps, 1, 0.4) or list(steps)
                fault("E514", lines.key(FAMILY, index, "steps"), name=name, near=near)
        method = entry.get("method", METHOD)
        if method not in ADJUSTMENTS:
            line = lines.key(FAMILY, index, "method")
            fault("E6785", line, name=method, near=list(ADJUSTMENTS))
        title = pair(entry["title"]) if "title" in entry else None
        line = lines.table(FAMILY, index)
        yield Family(entry["id"], line, tuple(entry["steps"]), tuple(entry.get("terms", ())), method, title)


def adjusted_families(plan: Plan, results: Mapping[str, Result]) -> dict[str, FamilyResult]:
    """Family -> its tests; without families whose steps all failed.

    Raises
    ------
    PlanError
        E6781 for a term that no step has, where all gave a result.
    """
    from evalkit.studies.families import adjust_tests

    found = {}
    titles = {step.id: step.title or Label(f"do.{step.do}") for step in plan.steps}
    for family in plan.families:
        given = {name: getattr(results[name], "result", results[name]) for name in family.steps if name in results}
        failed = [name for name in family.steps if name not in given]
        if not given:
            continue
        try:
            one = adjust_tests(given, terms=family.terms, method=family.method, titles=titles)
        except AnalysisError as error:
            if failed:
                continue
            at = plan.place(family.line)
            raise PlanError(Problem(p.code, at, p.params) for p in error.problems) from None
        lost = (Problem("W6784", params={"id": family.id, "steps": failed}),) if failed else ()
        found[family.id] = dataclasses.replace(one, notices=(*one.notices, *lost))
    return found


def title_of(family: Family) -> Label:
    """The heading of a family's table."""
    return family.title or Label("family.title")


def complete(found: Mapping[str, FamilyResult]) -> dict[str, FamilyResult]:
    """The families all of whose steps gave a result: only on these may a hypothesis be decided."""
    return {id: one for id, one in found.items() if not any(p.code == "W6784" for p in one.notices)}


def with_notes(table: Table, steps: Sequence[str], plan: Plan, found: Mapping[str, FamilyResult]) -> Table:
    """A table of one or several steps that says to which families their tests belong."""
    own = [family for family in plan.families if family.id in found and not set(steps).isdisjoint(family.steps)]
    notes = [
        Note("general", Label("family.member", title=title_of(family), of=found[family.id].label)) for family in own
    ]
    return dataclasses.replace(table, notes=(*table.notes, *notes)) if notes else table
