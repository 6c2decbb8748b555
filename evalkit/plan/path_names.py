"""Names inside the keys that write a path model: equations, moderators, values by moderator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.contract import EvalkitError, Problem
from evalkit.formula.tokens import Cursor
from evalkit.models.mediation.language import read_equations
from evalkit.plan.names import Names

BY_NAME = ("at", "families", "hold")
"""Keys of `mediate` whose entries are named by a variable each."""

KEYS = ("paths", "moderators", *BY_NAME)


def resolved_paths(key: str, value: Any, names: Names, problems: list[Problem]) -> Any:
    """The value with zh labels replaced by ids; what names nothing is added to the problems."""
    if key == "paths":
        return _equations([value] if isinstance(value, str) else value, names, problems)
    if not isinstance(value, Mapping):
        return value
    one = _group if key == "moderators" else _name
    return {one(name, names, problems): part for name, part in value.items()}


def _equations(texts: Sequence[str], names: Names, problems: list[Problem]) -> list[str]:
    """Equations are read as well, so that a fault in them is told before anything runs."""
    try:
        said = [_with_ids(text, names) for text in texts]
        read_equations(said, sorted(names.ids))
    except EvalkitError as fault:
        problems.extend(fault.problems)
        return list(texts)
    return said


def _with_ids(text: str, names: Names) -> str:
    """Names of coefficients are none of the data's names and stay."""
    out, end = "", 0
    for token in Cursor(text).tokens:
        if token.kind == "name":
            start = token.position - 1
            out += text[end:start] + (names.resolve(token.text) or token.text)
            end = start + len(token.text)
    return out + text[end:]


def _group(text: str, names: Names, problems: list[Problem]) -> str:
    """`w*z + v`: every name in it; a name may itself hold these signs."""
    if names.resolve(text) is not None:
        return str(names.resolve(text))
    parts = [part if part in ("*", "+") else _name(part.strip(), names, problems) for part in re.split(r"([*+])", text)]
    return "".join(f" {part} " if part == "+" else part for part in parts)


def _name(text: str, names: Names, problems: list[Problem]) -> str:
    name = names.resolve(text)
    if name is None:
        problems.append(names.problem(text))
    return name or text
