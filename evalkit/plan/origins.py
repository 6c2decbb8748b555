"""Where the conditions of a casebook come from, held against its columns and codes before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from evalkit.cases.quantitising.codes import CodeEntry, entries_of
from evalkit.cases.quantitising.origins import origin_of, read_coded
from evalkit.contract import EvalkitError, Problem
from evalkit.plan.casework import CALIBRATES, Casework, on_cases, seen
from evalkit.plan.model import Plan
from evalkit.plan.names import Names


def origin_faults(plan: Plan, casework: Casework | None) -> Iterator[Problem]:
    """E516, E6680, E6681, E6682 for each `from` and `std_error` of the sheet that leads nowhere, with its cell."""
    told = set()
    for step in plan.steps:
        if casework is None or step.do != CALIBRATES or "calibration" in step.arguments or not on_cases(step, plan):
            continue
        names = Names(seen(step, plan, casework)[0])
        table = casework.casebook.tables["conditions"]
        entries = _entries(casework)
        for row, line in enumerate(table.frame.to_dict("records")):
            for column in ("from", "std_error"):
                text = line[column]
                if isinstance(text, str) and (row, column) not in told:
                    found = list(_leads_nowhere(str(line["name"]), text, names, entries))
                    told |= {(row, column)} if found else set()
                    yield from (replace(problem, at=table.place(row, column)) for problem in found)


def _entries(casework: Casework) -> dict[str, CodeEntry] | None:
    """The codes of the casebook; None where it has no codings."""
    tables = casework.casebook.tables
    if not tables["codings"].given:
        return None
    used = casework.casebook.codings["code_id"].dropna().map(str)
    book = casework.casebook.codebook if tables["codebook"].given else None
    return entries_of(book, list(dict.fromkeys(used)))


def _leads_nowhere(name: str, text: str, names: Names, entries: Mapping[str, CodeEntry] | None) -> tuple[Problem, ...]:
    try:
        origin = origin_of(text, sorted(names.ids), name)
        if origin.coded and entries is not None:
            read_coded(origin, entries)
    except EvalkitError as error:
        return tuple(error.problems)
    if origin.coded and entries is None and origin.name not in names.ids:
        return (Problem("E6681", params={"name": name, "value": text}),)
    if not origin.coded and origin.name not in names.ids:
        return (names.problem(origin.name),)
    return ()
