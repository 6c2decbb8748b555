"""results.json (one row a statistic) and run.json (what went in, what came out)."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import GLOSSARY, KEYS, Problem, Result, quantity, result_id
from evalkit.contract.words import say
from evalkit.descriptive.withheld import REASON as WITHHELD
from evalkit.descriptive.withheld import Withheld
from evalkit.plan.model import Plan
from evalkit.plan.output import sha256_of
from evalkit.report.document import RESULT_COLUMNS

LIBRARIES = ("evalkit", "numpy", "pandas", "scipy", "statsmodels", "openpyxl", "python-docx", "matplotlib", "jinja2")
_CONTEXT = ("n_obs", "df")


def statistics(step: str, result: Result, method: str) -> list[dict[str, Any]]:
    """One row a statistic of `tidy` and `glance`.

    A value that could not be computed or is withheld is None with a reason; a column that has no meaning for a row
    (the p-value of a frequency) has no row.
    """
    seen: dict[str, dict[str, Any]] = {}
    for frame in (result.tidy(), result.glance()):
        for record in frame.to_dict("records"):
            for entry in _of_row(step, record, method, result):
                seen.setdefault(entry["id"], entry)
    return list(seen.values())


def _of_row(step: str, record: Mapping[str, Any], method: str, result: Result) -> Iterable[dict[str, Any]]:
    failed = _text(record.get("reason")) or next((p.code for p in result.notices if p.severity == "warning"), None)
    hidden = result.hidden if isinstance(result, Withheld) else frozenset()
    for name, value in record.items():
        if name in KEYS or name not in GLOSSARY or quantity(name) == "text":
            continue
        number = None if value is None or not np.isfinite(float(value)) else float(value)
        id = result_id(step, dict(record), name)
        withheld = id.removeprefix(step).removeprefix("/") in hidden
        if number is None and not withheld and not (name == "estimate" and failed):
            continue
        yield {
            "id": id,
            "step": step,
            **{k: _text(record.get(k)) for k in KEYS},
            "statistic": name,
            "value": number,
            "reason": (WITHHELD if withheld else failed) if number is None else None,
            "method": method,
            **{k: _number(record.get(k)) for k in _CONTEXT},
        }


def _text(value: Any) -> str | None:
    return None if value is None or value != value or value == "" else str(value)


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(float(value)) else float(value)


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def results_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a frame, for the workbook's results sheet."""
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def manifest(
    plan: Plan, inputs: Mapping[str, str], account: Mapping[str, Any], steps: list[dict[str, Any]], out: Path
) -> dict[str, Any]:
    """What run.json says: no user name, no absolute path.

    Parameters
    ----------
    inputs : mapping
        Name relative to the plan -> sha256.
    account : mapping
        Rows in, rejected, loaded, excluded by reason, used.
    steps : list of dict
        Per step: id, do, seed, n_obs, dropped, notices, seconds.
    out : Path
        The staged folder; every file in it is listed with its hash.
    """
    return {
        "format": "evalkit-run/1",
        "plan": {"file": plan.path.name, "sha256": plan.sha256},
        "inputs": dict(inputs),
        "rows": dict(account),
        "seed": plan.seed,
        "steps": steps,
        "versions": versions(),
        "outputs": {
            p.relative_to(out).as_posix(): sha256_of(p)
            for p in sorted(out.rglob("*"))
            if p.is_file() and p.name != "run.json"
        },
    }


def versions() -> dict[str, str]:
    """Python, system and the libraries that numbers or bytes depend on."""
    known = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    for name in LIBRARIES:
        try:
            known[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            known[name] = "not installed"
    return known


def notices_of(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"code": p.code, "zh": say(p, "zh"), "en": say(p, "en")} for p in problems]
