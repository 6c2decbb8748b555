"""Is this run what its manifest says, and does it come out the same again?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.contract import InputError, Problem
from evalkit.plan.output import MANIFEST, sha256_of
from evalkit.plan.reader import read_plan
from evalkit.plan.run import run

RESULTS = "results.json"
CLOSE = 1e-9
"""Largest relative difference of two runs of the same versions on one kind of machine."""


@dataclass(frozen=True)
class Verification:
    """`findings` is empty when everything agrees."""

    findings: tuple[Problem, ...]
    n_statistics: int
    n_files: int

    @property
    def same(self) -> bool:
        return not self.findings


def verify(out: str | Path, *, plan: str | Path | None = None, data: str | Path | None = None) -> Verification:
    """Hold a run folder against its manifest, then compute everything again and compare every statistic.

    Parameters
    ----------
    out : path
        A run folder.
    plan : path, optional
        The plan to run again; by default the plan in the folder above that the run names, else the run's own copy.
    data : path, optional
        Folder that holds the input files, where they do not lie beside the plan.

    Raises
    ------
    InputError
        E560 if the folder is not a run; E561 if an input cannot be found for the second run.
    """
    out = Path(out)
    content = _manifest(out)
    findings = list(_changed_files(out, content))
    source = Path(plan) if plan is not None else _plan_of(out, content, Path(data) if data is not None else None)
    if sha256_of(source) != content["plan"]["sha256"]:
        findings.append(Problem("E563", params={"file": source.name}))
    findings += _changed_inputs(source.parent, content)
    with tempfile.TemporaryDirectory() as scratch:
        run(read_plan(source), Path(scratch) / "out")
        fresh = _statistics(Path(scratch) / "out")
    stored = _stored(out)
    if stored is None:
        findings += [] if findings else [Problem("E564", params={"file": RESULTS})]
        stored = fresh
    findings += _differences(stored, fresh)
    return Verification(tuple(findings), len(stored), len(content["outputs"]))


def _manifest(out: Path) -> Mapping[str, Any]:
    try:
        content: Mapping[str, Any] = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        tables = content["plan"], content["outputs"], content["inputs"]
        readable = {"file", "sha256"} <= tables[0].keys() and all(
            isinstance(value, str) for table in tables for value in table.values()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(Problem("E560", params={"path": out.name})) from error
    if not readable:
        raise InputError(Problem("E560", params={"path": out.name}))
    return content


def _plan_of(out: Path, content: Mapping[str, Any], data: Path | None) -> Path:
    """The plan beside which the input files lie."""
    name = content["plan"]["file"]
    folders = [data] if data is not None else [out.absolute().parent, out.absolute(), Path.cwd()]
    for folder in folders:
        if all((folder / file).is_file() for file in [name, *content["inputs"]]):
            return folder / str(name)
    raise InputError(Problem("E561", params={"files": [name, *content["inputs"]]}))


def _changed_files(out: Path, content: Mapping[str, Any]) -> Iterator[Problem]:
    for name, digest in content["outputs"].items():
        path = out / name
        if not path.is_file():
            yield Problem("E564", params={"file": name})
        elif sha256_of(path) != digest:
            yield Problem("E565", params={"file": name})


def _changed_inputs(folder: Path, content: Mapping[str, Any]) -> list[Problem]:
    changed = [n for n, digest in content["inputs"].items() if sha256_of(folder / n) != digest]
    return [Problem("E562", params={"file": name}) for name in changed]


def _stored(out: Path) -> dict[str, float | None] | None:
    """The statistics of the folder; None where its results were lost or cannot be read."""
    try:
        found = _statistics(out)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if all(isinstance(value, (int, float, type(None))) for value in found.values()) else None


def _statistics(out: Path) -> dict[str, float | None]:
    rows = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    return {row["id"]: row["value"] for row in rows}


def _differences(stored: Mapping[str, float | None], fresh: Mapping[str, float | None]) -> Iterator[Problem]:
    for name in sorted(stored.keys() | fresh.keys()):
        if name in stored and name in fresh and _close(stored[name], fresh[name]):
            continue
        yield Problem("E566", params={"id": name, "stored": stored.get(name), "fresh": fresh.get(name)})


def _close(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return abs(old - new) <= CLOSE * max(1.0, abs(old))
