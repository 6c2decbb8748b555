"""The keys of a plan, table by table. One line here and one line in the reader make a new key."""

from __future__ import annotations

from collections.abc import Mapping

Kinds = type | tuple[type, ...]

TOP_KEYS = (
    "format", "title", "language", "style", "seed", "instrument", "data", "join", "design", "derive",
    "exclude", "scales", "step", "table", "hypothesis", "output",
)  # fmt: skip

REPEATED = ("join", "derive", "exclude", "scales", "step", "table", "hypothesis")

_WORDS: Mapping[str, Kinds] = {"zh": str, "en": str}

# Keys of a step that are not arguments of its function.
STEP_KEYS: Mapping[str, Kinds] = {
    "id": str,
    "do": str,
    "title": dict,
    "where": str,
    "hypothesis": (str, list),
    "data": str,
}

TABLES: Mapping[str, Mapping[str, Kinds]] = {
    "data": {
        "file": (str, list),
        "sheet": (str, int),
        "dialect": str,
        "form": str,
        "issued": dict,
        "simulated": bool,
    },
    "join": {"id": str, "key": str, "file": str, "form": str, "instrument": str, "aggregate": dict},
    "design": {"weights": str, "strata": str, "clusters": str, "fpc": str},
    "derive": {
        "id": str,
        "from": str,
        "bands": list,
        "merge": list,
        "dummies": (bool, list),
        "compute": str,
        "aggregate": str,
        "by": str,
        "reference": (int, float, str),
        **_WORDS,
    },
    "exclude": {"when": str, "reason": dict},
    "scales": {"id": str, "items": list, "parts": list, **_WORDS},
    "step": STEP_KEYS,
    "table": {"id": str, "template": str, "steps": list, "title": dict},
    "hypothesis": {"id": str, "confirm_if": str, **_WORDS},
    "output": {"formats": list},
}
