"""The keys of a plan, table by table. One line here and one line in the reader make a new key."""

from __future__ import annotations

from collections.abc import Mapping

Kinds = type | tuple[type, ...]

FORMAT = "evalkit-plan/1"

TOP_KEYS = (
    "format", "title", "language", "style", "seed", "instrument", "recipe", "roles", "data", "sampling", "join",
    "casebook", "design", "derive", "exclude", "scales", "step", "table", "family", "hypothesis", "output", "privacy",
)  # fmt: skip

REPEATED = ("join", "derive", "exclude", "scales", "step", "table", "family", "hypothesis")

_WORDS: Mapping[str, Kinds] = {"zh": str, "en": str}

TOP_KINDS: Mapping[str, Kinds] = {
    "format": str,
    "title": dict,
    "language": (str, list),
    "style": str,
    "seed": int,
    "instrument": str,
    "recipe": str,
}

# Of what kind the entries of a list or table in braces are: (table, key) -> kind.
LISTS: Mapping[tuple[str, str], Kinds] = {
    ("", "title"): str,
    ("", "language"): str,
    **{("roles", role): str for role in ("x", "m", "y", "controls")},
    ("data", "file"): (str, dict),
    ("data", "issued"): (int, str),
    ("data", "themes"): str,
    ("join", "aggregate"): str,
    ("design", "rake"): str,
    ("exclude", "reason"): str,
    ("scales", "items"): str,
    ("scales", "reverse"): str,
    ("scales", "range"): (int, float),
    ("scales", "parts"): str,
    ("scales", "reverse_parts"): str,
    ("step", "title"): str,
    ("step", "hypothesis"): str,
    ("table", "steps"): str,
    ("table", "title"): str,
    ("family", "steps"): str,
    ("family", "terms"): str,
    ("family", "title"): str,
    ("output", "formats"): str,
    ("privacy", "pseudonyms"): str,
}

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
    "roles": {"x": (str, list), "m": (str, list), "y": (str, list), "controls": (str, list)},
    "data": {
        "file": (str, list),
        "sheet": (str, int),
        "dialect": str,
        "form": str,
        "issued": dict,
        "simulated": bool,
        "mapping": str,
        "themes": (str, list),
    },
    "join": {"id": str, "key": str, "file": str, "form": str, "instrument": str, "repeat": str, "aggregate": dict},
    "sampling": {"file": str, "community": str},
    "casebook": {"file": str, "community": str, "simulated": bool},
    "design": {
        "weights": str,
        "strata": str,
        "clusters": str,
        "fpc": str,
        "fpc2": str,
        "rake": list,
        "rake_lower": (int, float),
        "rake_upper": (int, float),
        "rake_within": bool,
    },
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
    "scales": {
        "id": str,
        "items": list,
        "reverse": list,
        "range": list,
        "parts": list,
        "reverse_parts": list,
        "score": str,
        "min_valid": (int, float),
        "kind": str,
        "role": str,
        "level": str,
        "form": (str, list),
        **_WORDS,
    },
    "step": STEP_KEYS,
    "table": {"id": str, "template": str, "steps": list, "title": dict},
    "family": {"id": str, "steps": list, "terms": list, "method": str, "title": dict},
    "hypothesis": {"id": str, "confirm_if": str, **_WORDS},
    "output": {"formats": list},
    "privacy": {"pseudonyms": list, "key_file": str, "new_key": bool, "suppress": bool, "min_cell": int},
}
