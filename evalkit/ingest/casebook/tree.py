"""The codebook as a tree: cycles, orphans, levels out of order, and codes that were merged into others."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import pandas as pd

from evalkit.contract import Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import LEVELS
from evalkit.ingest.casebook.sheets import Reading

_ACTIVE, _MERGED, _DROPPED = "active", "merged", "dropped"


def check_tree(codebook: Table, reading: Reading) -> dict[str, str]:
    """Hold the codes against one another.

    Returns
    -------
    dict
        Merged code -> the active code that stands for it.

    Notes
    -----
    Faults: E2116 a cycle, printed; E2117 a parent that is no code; E2118 a parent that is not of a higher level;
    E2119 a merged code without an active code to stand for it; E2140 a parent that was merged or dropped.
    """
    frame = codebook.frame
    frame["status"] = frame["status"].fillna(_ACTIVE)
    codes = {c: row for row, c in enumerate(frame["code_id"]) if not pd.isna(c)}
    parent = {c: _or_none(frame.at[row, "parent_id"]) for c, row in codes.items()}
    for code, row in codes.items():
        above = parent[code]
        if above is not None and above not in codes:
            near = difflib.get_close_matches(above, codes, 1, 0.5) or ["–"]
            params = {"code": code, "parent": above, "near": near}
            reading.problems.append(Problem("E2117", codebook.place(row, "parent_id"), params))
    cycles = _cycles(parent)
    for cycle in cycles:
        reading.fault("E2116", codebook.place(codes[cycle[0]], "parent_id"), path=" → ".join([*cycle, cycle[0]]))
    into = _merges(codebook, codes, reading)
    circling = {code for cycle in cycles for code in cycle}
    for code, row in codes.items():
        above = parent[code]
        if above in codes and frame.at[row, "status"] == _ACTIVE and code not in circling:
            _check_parent(codebook, code, row, above, codes[above], reading)
    return into


def _or_none(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _cycles(parent: Mapping[str, str | None]) -> list[list[str]]:
    """Each cycle once, from its first code in the order of the sheet."""
    done: set[str] = set()
    found = []
    for start in parent:
        path: list[str] = []
        at: str | None = start
        while at is not None and at in parent and at not in done and at not in path:
            path.append(at)
            at = parent[at]
        if at in path:
            found.append(path[path.index(at) :])
        done.update(path)
    return found


def _merges(codebook: Table, codes: Mapping[str, int], reading: Reading) -> dict[str, str]:
    """Merged code -> active code, however many mergers lie between."""
    frame = codebook.frame
    status = {code: frame.at[row, "status"] for code, row in codes.items()}
    into = {code: _or_none(frame.at[row, "merged_into"]) for code, row in codes.items() if status[code] == _MERGED}
    found = {}
    for code in into:
        at: str | None = code
        passed: set[str] = set()
        while at in into and at not in passed:
            passed.add(at)
            at = into[at]
        if at is None or status.get(at) != _ACTIVE:
            params = {"code": code, "into": into[code] or "–"}
            reading.problems.append(Problem("E2119", codebook.place(codes[code], "merged_into"), params))
        else:
            found[code] = at
    return found


def _check_parent(codebook: Table, code: str, row: int, above: str, its: int, reading: Reading) -> None:
    frame = codebook.frame
    at = codebook.place(row, "parent_id")
    if frame.at[its, "status"] != _ACTIVE:
        reading.fault("E2140", at, code=code, parent=above)
    low, high = (_or_none(frame.at[r, "level"]) for r in (row, its))
    if low is None or high is None:
        return
    ranked = low in LEVELS and high in LEVELS
    if low == high or (ranked and LEVELS.index(low) > LEVELS.index(high)):
        at = codebook.place(row, "level")
        reading.fault("E2118", at, code=code, level=low, parent=above, above=high)


def settle(codings: Table, codebook: Table, into: Mapping[str, str], reading: Reading) -> None:
    """Put codings of merged codes under the code that stands for them (N2121); E2120 for a code that was dropped."""
    frame = codings.frame
    dropped = set(codebook.frame.loc[codebook.frame["status"] == _DROPPED, "code_id"])
    for row, code in enumerate(frame["code_id"]):
        if code in dropped:
            reading.fault("E2120", codings.place(row, "code_id"), code=code)
    for code, other in into.items():
        n = int((frame["code_id"] == code).sum())
        if n:
            reading.fault("N2121", None, code=code, into=other, n=n)
    frame["code_id"] = frame["code_id"].replace(dict(into))
