"""An instrument in, the text of a TOML file out that reads back equal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalkit.formula import Expression
from evalkit.formula.tokens import ExpressionError
from evalkit.instrument.definition import FORMAT, Block, Instrument, Item, Option, Scale
from evalkit.instrument.questions import both

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_CONTROL = re.compile(r'[\x00-\x1f\x7f"\\]')


def dump_toml(instrument: Instrument, *, comments: Mapping[str, str] | None = None) -> str:
    """Write an instrument down.

    Parameters
    ----------
    instrument : Instrument
    comments : mapping, optional
        Id of an item, matrix, option list or scale -> lines to stand above it as a comment; `""` heads the file.

    Returns
    -------
    str
        `parse_instrument(dump_toml(x)) == x`. Lists that extend others are written out in full.
    """
    notes = comments or {}
    title = {k: v for k, v in instrument.title.items() if v}
    head = [
        *_comment(notes.get("")),
        _line("format", FORMAT),
        _line("id", instrument.id),
        _line("version", instrument.version),
        _line("languages", list(instrument.languages)),
        _line("title", title),
        "",
    ]
    lists = ["[choices]", *(line for n, options in instrument.choices.items() for line in _list(n, options, notes)), ""]
    blocks = [line for block in instrument.blocks for line in _block(block, notes)]
    scales = [line for scale in instrument.scales for line in _scale(scale, notes)]
    return "\n".join([*head, *(lists if instrument.choices else []), *blocks, *scales]).rstrip("\n") + "\n"


def _list(name: str, options: Sequence[Option], notes: Mapping[str, str]) -> list[str]:
    return [*_comment(notes.get(name)), f"{name} = [", *(f"  {_value(_option(option))}," for option in options), "]"]


def _option(option: Option) -> dict[str, Any]:
    keys = {"code": option.code, "zh": option.zh, "en": option.en, "alias": list(option.alias)}
    more = {"fill": option.fill, "exclusive": option.exclusive, "missing": option.missing}
    return {k: v for k, v in (keys | more).items() if k == "code" or v}


def _block(block: Block, notes: Mapping[str, str]) -> list[str]:
    if block.type != "matrix":
        (item,) = block.items
        keys = {"id": item.id, "type": item.type} | _own_keys(item) | _common_keys(block.items)
        keys |= {"ask_if": item.ask_if, "choices": item.choices}
        return _table("items", _ordered(keys), notes.get(block.id))
    asked = shared_condition(block.items)
    common = _common_keys(block.items)
    keys = {"id": block.id, "type": "matrix", "zh": block.zh, "en": block.en, "hint": block.hint, "ask_if": asked}
    lines = _table("items", _ordered(keys | common | {"choices": block.items[0].choices}), notes.get(block.id))[:-1]
    lines.append("rows = [")
    for item in block.items:
        lines += [f"  {line}" for line in _comment(notes.get(item.id))]
        lines.append(f"  {_value(_row(item, asked, common))},")
    return [*lines, "]", ""]


def _row(item: Item, asked: Expression | None, common: Mapping[str, Any]) -> dict[str, Any]:
    own = {k: v for k, v in _common_keys([item]).items() if common.get(k) != v}
    keys = {"id": item.id, "ask_if": own_condition(item.ask_if, asked)} | _own_keys(item) | own
    return {k: v for k, v in _ordered(keys).items() if not _is_default(v)}


def _own_keys(item: Item) -> dict[str, Any]:
    """Keys that belong to one question alone."""
    return {
        "zh": item.zh,
        "en": item.en,
        "label": item.label,
        "hint": item.hint,
        "end_if": item.end_if,
        "min": item.min,
        "max": item.max,
        "unit": item.unit,
        "step": item.step,
        "reverse": item.reverse,
        "check": item.check,
        "max_choices": item.max_choices,
        "missing": {f"{code:g}" if code == int(code) else repr(code): kind for code, kind in item.missing.items()},
    }


def _common_keys(items: Sequence[Item]) -> dict[str, Any]:
    """Keys a matrix may hold for its rows: those on which all rows agree."""
    keys = ("required", "role", "measure", "form", "private")
    first = {key: getattr(items[0], key) for key in keys}
    agreed = {key: value for key, value in first.items() if all(getattr(item, key) == value for item in items)}
    return {k: _one_or_list(v) if isinstance(v, tuple) else v for k, v in agreed.items() if not _is_default(v)}


def _one_or_list(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def shared_condition(rows: Sequence[Item]) -> Expression | None:
    """The condition of the matrix: the one that, joined with a row's own, gives the condition of every row."""
    asked = [row.ask_if for row in rows]
    if any(condition is None for condition in asked):
        return None
    shortest = min((c for c in asked if c is not None), key=lambda condition: len(condition.text))
    shared = all(both(shortest, own_condition(c, shortest)) == c for c in asked)
    return shortest if shared else None


def own_condition(condition: Expression | None, shared: Expression | None) -> Expression | None:
    """What a row adds to the matrix's condition; the whole condition where it does not contain that."""
    if condition is None or shared is None or condition == shared:
        return None if condition == shared else condition
    start, end = f"({shared}) and (", ")"
    if not (condition.text.startswith(start) and condition.text.endswith(end)):
        return condition
    from evalkit.formula import parse_expression

    try:
        return parse_expression(condition.text[len(start) : -len(end)])
    except ExpressionError:
        return condition


def _scale(scale: Scale, notes: Mapping[str, str]) -> list[str]:
    keys = {
        "id": scale.id,
        "zh": scale.zh,
        "en": scale.en,
        "items": list(scale.items),
        "parts": list(scale.parts),
        "reverse_parts": list(scale.reverse_parts),
        "score": scale.score,
        "min_valid": scale.min_valid,
        "kind": "" if scale.kind == "reflective" else scale.kind,
        "role": scale.role,
        "level": scale.level,
        "form": _one_or_list(scale.form),
    }
    return _table("scales", keys, notes.get(scale.id))


def _ordered(keys: Mapping[str, Any]) -> dict[str, Any]:
    first = ("id", "type", "choices", "form", "role", "measure", "required", "private", "ask_if", "end_if", "zh", "en")
    return {k: keys[k] for k in (*(k for k in first if k in keys), *(k for k in keys if k not in first))}


def _table(header: str, keys: Mapping[str, Any], comment: str | None) -> list[str]:
    body = [_line(key, value) for key, value in keys.items() if not _is_default(value)]
    return [*_comment(comment), f"[[{header}]]", *body, ""]


def _is_default(value: Any) -> bool:
    return value is None or value is False or (not isinstance(value, (int, float)) and not value)


def _comment(text: str | None) -> list[str]:
    return [f"# {line}".rstrip() for line in text.splitlines()] if text else []


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(_line(str(k), v) for k, v in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    text = str(value)
    if isinstance(value, Expression) and "'" not in text and '"' in text and not _CONTROL.search(text.replace('"', "")):
        return f"'{text}'"
    return '"' + _CONTROL.sub(lambda m: _ESCAPES.get(m.group(), f"\\u{ord(m.group()):04x}"), text) + '"'


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)
