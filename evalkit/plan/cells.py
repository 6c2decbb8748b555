"""A value of a plan in, what a cell shows of it out; and back. What a cell cannot show plainly stands as in TOML."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.contract.words import LANGUAGES, text_of
from evalkit.plan.canonical import toml_value
from evalkit.plan.catalogue import folded
from evalkit.sheets import BOOL, NUMBER, Cell, clean_text
from evalkit.sheets.text import CELL_LIMIT

_SEPARATORS = "；;，,、\n"
_BETWEEN = {"zh": "；", "en": "; "}
_BLOCKS = " | "
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")
_PARTS = re.compile(rf'("(?:\\.|[^"\\\n])*")\s*(?=[{_SEPARATORS}]|$)|[^{_SEPARATORS}]+')

Words = Callable[[str], str | None]


@dataclass(frozen=True)
class Shape:
    """Of what kind a value may be.

    Attributes
    ----------
    kinds : frozenset of str
        `str int float bool list dict`; empty means anything that TOML can say.
    parts : frozenset of str
        The same of the entries of a list or of keys and values; `list` for lists of lists.
    words : callable
        A word an author may use -> the value it stands for, else None (closed choices).
    spoken : callable
        A value of a closed choice and a language -> its word.
    """

    kinds: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    words: Words = field(default=lambda word: None)
    spoken: Callable[[str, str], str] = field(default=lambda value, lang: value)


class CellFault(ValueError):
    """A cell that begins like TOML and is none."""


def number_of(text: str) -> int | float | None:
    """The number that a text is, full-width digits included."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if not _NUMBER.fullmatch(plain):
        return None
    return int(plain) if re.fullmatch(r"[+-]?\d{1,4000}", plain) else float(plain)


# -- from a cell ------------------------------------------------------------------------------


def read_cell(cell: Cell, shape: Shape) -> Any:
    """The value that a cell means.

    Raises
    ------
    CellFault
        If the text begins with a bracket and is no TOML.
    """
    if cell.kind == NUMBER and isinstance(cell.value, (int, float)):
        return _from_number(float(cell.value), cell.text, shape)
    if cell.kind == BOOL and (not shape.kinds or "bool" in shape.kinds):
        return bool(cell.value)
    return read_text(cell.text, shape)


def _from_number(value: float, text: str, shape: Shape) -> Any:
    number: int | float = int(value) if value.is_integer() else value
    if not shape.kinds or shape.kinds & {"int", "float"}:
        return number
    if shape.kinds == {"bool"}:
        return bool(number) if number in (0, 1) else number
    if "list" in shape.kinds:
        part = number if not shape.parts or shape.parts & {"int", "float"} else text
        return [[text]] if "list" in shape.parts else [part]
    return text if "str" in shape.kinds else number


def read_text(text: str, shape: Shape) -> Any:
    """The same of a cell that holds text."""
    text = text.strip()
    if text.startswith('"') and isinstance(found := _toml(text), str):
        return found
    if shape.kinds == {"str"}:
        return shape.words(text) or text
    if not shape.kinds:
        found = _toml(text)
        return text if found is None else found
    if text.startswith(("[", "{")):
        found = _toml(text)
        if found is None:
            raise CellFault(text)
        return found
    if "dict" in shape.kinds and ("=" in text or "＝" in text):
        return dict(_pairs(text, shape))
    if "bool" in shape.kinds and (yes := _yes_or_no(text)) is not None:
        return yes
    if shape.kinds & {"int", "float"} and (number := number_of(text)) is not None:
        return number
    if "list" in shape.kinds:
        return _list(text, shape)
    return shape.words(text) or text


def _toml(text: str) -> Any:
    try:
        found = tomllib.loads(f"v = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return found["v"] if len(found) == 1 else None


def _yes_or_no(text: str) -> bool | None:
    given = folded(text)
    for key, value in (("plan.yes", True), ("plan.no", False)):
        if given in {"true" if value else "false", *(folded(text_of(key, lang)) for lang in LANGUAGES)}:
            return value
    return None


def _list(text: str, shape: Shape) -> list[Any]:
    if "list" in shape.parts:
        return [[_part(p, frozenset({"str"}), shape.words) for p in _split(block)] for block in _blocks(text)]
    return [_part(part, shape.parts, shape.words) for part in _split(text)]


def _blocks(text: str) -> Iterator[str]:
    return (block for block in re.split(r"[|｜]", text))


def _split(text: str) -> Iterator[str]:
    """Parts between `；`, commas and line breaks; one in double quotes may hold them."""
    found = (match.group().strip() for match in _PARTS.finditer(text))
    return (part for part in found if part)


def _pairs(text: str, shape: Shape) -> Iterator[tuple[str, Any]]:
    for part in _split(text):
        quoted = re.match(r'("(?:\\.|[^"\\])*")\s*[=＝]', part)
        key, value = (quoted.group(1), part[quoted.end() :]) if quoted else re.split("[=＝]", part + "=", maxsplit=1)
        value = value.removesuffix("=") if not quoted else value
        yield str(_part(key.strip(), frozenset({"str"}), shape.words)), _part(value.strip(), shape.parts, shape.words)


def _part(text: str, kinds: frozenset[str], words: Words) -> Any:
    if text.startswith('"') and isinstance(found := _toml(text), str):
        return found
    if not kinds or kinds & {"int", "float"}:
        number = number_of(text)
        if number is not None:
            return number
    return words(text) or text


# -- to a cell --------------------------------------------------------------------------------


def shown(value: Any, shape: Shape, lang: str) -> str | int | float:
    """What to write into a cell so that it reads back as the same value.

    Raises
    ------
    CellFault
        If it is too long for a cell.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and _exact(value)
    if number and _same(_from_number(float(value), repr(value), shape), value):
        return float(value) if isinstance(value, float) else int(value)
    for text in (_plain(value, shape, lang), toml_value(value)):
        if text is not None and clean_text(text) == text and "\r" not in text and _reads(text, value, shape):
            if len(text.encode("utf-16-le")) > 2 * CELL_LIMIT:
                break
            return text
    raise CellFault(toml_value(value)[:40])


def _exact(number: int | float) -> bool:
    """Whether a spreadsheet keeps it: it stores floats of 16 digits."""
    return abs(number) < 2**53 and float(f"{number:.16g}") == number


def _reads(text: str, value: Any, shape: Shape) -> bool:
    try:
        return bool(text) and _same(read_text(text, shape), value)
    except CellFault:
        return False


def _same(one: Any, other: Any) -> bool:
    """Equal, and equal in kind as far as TOML and spreadsheets tell kinds apart (1 and 1.0 are one number)."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and (one == other or (one != one and other != other))


def _plain(value: Any, shape: Shape, lang: str) -> str | None:
    """The kind form, which may not read back: `a；b`, `k = v；l = w`, a word for a choice."""
    if isinstance(value, bool):
        return text_of("plan.yes" if value else "plan.no", lang)
    if isinstance(value, str):
        return shape.spoken(value, lang)
    if isinstance(value, Mapping):
        pairs = [
            f"{_entry(k, frozenset({'str'}), shape, lang)} = {_entry(v, shape.parts, shape, lang)}"
            for k, v in value.items()
        ]
        return _BETWEEN[lang].join(pairs)
    if isinstance(value, list) and "list" in shape.parts:
        blocks = [block if isinstance(block, list) else [block] for block in value]
        return _BLOCKS.join(
            _BETWEEN[lang].join(_entry(p, frozenset({"str"}), shape, lang) for p in block) for block in blocks
        )
    if isinstance(value, list):
        return _BETWEEN[lang].join(_entry(part, shape.parts, shape, lang) for part in value)
    return None


def _entry(value: Any, kinds: frozenset[str], shape: Shape, lang: str) -> str:
    if not isinstance(value, str):
        return toml_value(value)
    word = shape.spoken(value, lang)
    safe = not re.search(rf"[{_SEPARATORS}|｜=＝]", word) and word and _part(word.strip(), kinds, shape.words) == value
    return word if safe else toml_value(value)
