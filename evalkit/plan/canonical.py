"""The tables of a plan in, TOML text out with the line of every key: one key a line, in the order of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.plan.schema import REPEATED, TOP_KEYS

Key = tuple[str, int, str]
"""Table (empty for the top of the plan), number of its entry, key; an empty key is the table's heading."""

_LONG = 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_IDEOGRAPHIC_SPACE = "\u3000"


def to_toml(raw: Mapping[str, Any]) -> tuple[str, dict[int, Key]]:
    """Write the tables of a plan down.

    Returns
    -------
    text : str
        Reads back equal. Comments of the file it came from are lost.
    keys : dict
        Line (1 = first) -> what stands there.
    """
    lines: list[str] = []
    keys: dict[int, Key] = {}
    for key, text in _lines(raw):
        if not key[2] and key[0] and lines:
            lines.append("")
        for line in text.split("\n"):
            lines.append(line)
            keys[len(lines)] = key
    return "\n".join(lines) + "\n", keys


def _lines(raw: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    names = [*(k for k in TOP_KEYS if k in raw), *(k for k in raw if k not in TOP_KEYS)]
    tables = [name for name in names if name in REPEATED or isinstance(raw[name], Mapping) and name != "title"]
    for name in names:
        if name not in tables:
            yield ("", 0, name), _setting(name, raw[name])
    for name in tables:
        repeated = name in REPEATED
        for index, entry in enumerate(raw[name] if repeated else [raw[name]]):
            yield (name, index, ""), f"[[{name}]]" if repeated else f"[{name}]"
            # Texts first: where a key is looked for, one of the same name inside braces must not stand before it.
            for key in sorted(entry, key=lambda k: isinstance(entry[k], (Mapping, list))):
                yield (name, index, key), _setting(key, entry[key])


def _setting(key: str, value: Any) -> str:
    name = key if _BARE.fullmatch(key) else toml_value(key)
    text = f"{name} = {toml_value(value)}"
    if isinstance(value, list) and len(text) > _LONG:
        return f"{name} = [\n" + "".join(f"  {toml_value(part)},\n" for part in value) + "]"
    return text


def toml_value(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(_setting_inline(str(k), v) for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    return str(value.isoformat())  # a date or a time: TOML knows no other kinds


def _setting_inline(key: str, value: Any) -> str:
    return f"{key if _BARE.fullmatch(key) else toml_value(key)} = {toml_value(value)}"


def _escaped(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c.isprintable() or c == _IDEOGRAPHIC_SPACE:
        return c
    return f"\\u{ord(c):04X}" if ord(c) < 0x10000 else f"\\U{ord(c):08X}"
