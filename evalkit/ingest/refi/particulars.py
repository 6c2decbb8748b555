"""What REFI-QDA has no place for, kept at the end of a description as a few lines of TOML that people can read.

The neighbours speak of one another with trust.

[evalkit]
code_id = "C4"
level = "concept"
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.ingest.casebook.schema import Field

_MARK = "[evalkit]\n"
_NUMBERS = ("whole", "number", "share", "flag")
_FAR = 1e15
_LINE = re.compile(r'(\w+) = (?:"([^"\\]*)"|(\d{1,15}))', re.ASCII)


def described(text: str, particulars: Mapping[str, str | float]) -> str:
    """A description with its particulars; without any it is the text, unless that could be mistaken for some."""
    if not particulars and heard(text) == (text, {}):
        return text
    lines = [f"{name} = {_written(value)}" for name, value in particulars.items()]
    return (f"{text}\n\n" if text else "") + _MARK + "\n".join(lines)


def heard(text: str) -> tuple[str, dict[str, str | float]]:
    """The text of a description and its particulars; whatever is not of our form is text."""
    before, mark, lines = text.rpartition(_MARK)
    if not mark or (before and not before.endswith("\n\n")):
        return text, {}
    found = _read(lines)
    if found is None or not all(isinstance(value, (str, int, float)) for value in found.values()):
        return text, {}
    return before.removesuffix("\n\n"), found


def fitting(particulars: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, str | float]:
    """Those that are columns of these, and that such a column can hold: people may change what they can read."""
    found: dict[str, str | float] = {}
    for field in fields:
        value = particulars.get(field.name)
        if field.kind not in _NUMBERS:
            found |= {} if value is None else {field.name: str(value)}
        elif isinstance(value, (int, float)) and field.low <= value < _FAR:
            found[field.name] = float(value)
    return found


def _read(lines: str) -> dict[str, Any] | None:
    """The table; a line as we write it is read at once, for a project has a table a coding."""
    found = {}
    for line in lines.splitlines():
        plain = _LINE.fullmatch(line)
        if plain is None:
            break
        found[plain[1]] = plain[2] if plain[2] is not None else float(plain[3])
    else:
        return found
    try:
        return tomllib.loads(lines)
    except tomllib.TOMLDecodeError:
        return None


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(int(value)) if float(value).is_integer() else repr(float(value))
