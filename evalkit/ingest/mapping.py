"""A saved mapping: which column holds which answer, as the author settled it; a TOML file in, and the same out."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from evalkit.contract import InstrumentError, Place, Problem
from evalkit.ingest.dialects import DIALECTS
from evalkit.ingest.meta import PRIVATE_META
from evalkit.ingest.variables import META_KINDS
from evalkit.ingest.wording import clean
from evalkit.instrument import decode_toml, toml_problem
from evalkit.instrument.source import Source, Span
from evalkit.sheets.cells import column_number

FORMAT = "evalkit-mapping/1"
FATES = ("private", "ignored", "unmapped")
"""What a column without an item may be; `unmapped` waits for the author."""
_TOP = ("format", "instrument", "version", "confirmed", "tables")
_TABLE = ("sheet", "dialect", "fingerprint", "columns")
_COLUMN = ("letter", "header", "item", "meta", "fate", "values")
_SOURCES = ("source_file", "source_sheet")

Code = int | float | str


@dataclass(frozen=True)
class MappedColumn:
    """One column: exactly one of `item` (a target's name), `meta` and `fate` is given.

    `values`: cell text -> what it stands for: an option's code, several codes, a number or a text.
    """

    letter: str
    header: str
    item: str = ""
    meta: str = ""
    fate: str = ""
    values: Mapping[str, Code | tuple[Code, ...]] = field(default_factory=lambda: MappingProxyType({}))
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class MappedTable:
    """The columns of a sheet with these headings; `sheet` is where they were seen first."""

    dialect: str
    columns: tuple[MappedColumn, ...]
    fingerprint: str
    sheet: str = ""
    line: int = field(default=0, compare=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Headings from column A on; empty where the mapping names no column."""
        by_number = {column_number(column.letter): column.header for column in self.columns}
        return tuple(by_number.get(k, "") for k in range(1, max(by_number, default=0) + 1))


@dataclass(frozen=True)
class ColumnMapping:
    """A mapping file: one table for every set of headings; `confirmed` is the author's word that it was checked."""

    tables: tuple[MappedTable, ...]
    instrument: str = ""
    version: str = ""
    confirmed: bool = False
    source: str = field(default="", compare=False)


def fingerprint_of(headers: Sequence[str]) -> str:
    """Sixteen hexadecimal digits that change with any heading or its place; widths, case and blanks do not count."""
    texts = [clean(text).casefold().replace(" ", "") for text in headers]
    while texts and not texts[-1]:
        texts.pop()
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def load_mapping(path: str | Path) -> ColumnMapping:
    """Read a mapping file.

    Raises
    ------
    InstrumentError
        E326 no such file; E401-E406 no TOML; E327-E330 for what it says, with every fault and its line.
    """
    path = Path(path)
    if not path.is_file():
        raise InstrumentError(Problem("E326", params={"file": path.name}))
    text = decode_toml(path.read_bytes(), path.name)
    if isinstance(text, Problem):
        raise InstrumentError(text)
    return parse_mapping(text, path.name)


def parse_mapping(text: str, name: str) -> ColumnMapping:
    """Read the text of a mapping file; `name` stands in the places of its faults."""
    text = text.removeprefix("\ufeff")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(toml_problem(text, error, name)) from None
    reader = _Reader(Source(text, name))
    found = reader.mapping(raw)
    if reader.faults:
        raise InstrumentError(reader.faults)
    return found


class _Reader:
    """Checks every key on the way and keeps the faults, each with its line."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Problem] = []

    def fault(self, code: str, line: int, **params: Any) -> None:
        self.faults.append(Problem(code, Place(file=self.source.file, line=line), params))

    def mapping(self, raw: Mapping[str, Any]) -> ColumnMapping:
        self._keys(raw, _TOP, self.source.whole)
        if raw.get("format") != FORMAT:
            self.fault("E327", self.source.key("format", self.source.whole), found=raw.get("format", ""), wanted=FORMAT)
        tables, before = [], 0
        for k, entry in enumerate(_list(raw.get("tables"))):
            tables.append(self._table(k, entry, before))
            before += len(_list(entry.get("columns")))
        if not tables:
            self.fault("E328", 1, key="tables", wanted="[[tables]]")
        texts = {key: self._text(raw, key, self.source.whole) for key in ("instrument", "version")}
        confirmed = raw.get("confirmed", False)
        if not isinstance(confirmed, bool):
            self.fault("E328", self.source.key("confirmed", self.source.whole), key="confirmed", wanted="true, false")
        return ColumnMapping(tuple(tables), **texts, confirmed=confirmed is True, source=self.source.file)

    def _table(self, index: int, raw: Mapping[str, Any], before: int) -> MappedTable:
        span = self.source.table("[[tables]]", index)
        self._keys(raw, _TABLE, span)
        dialect = self._text(raw, "dialect", span)
        if dialect not in DIALECTS:
            self.fault("E328", self.source.key("dialect", span), key="dialect", wanted=list(DIALECTS))
        columns = tuple(self._column(before + k, entry) for k, entry in enumerate(_list(raw.get("columns"))))
        if not columns:
            self.fault("E328", span.first, key="columns", wanted="[[tables.columns]]")
        self._once(columns)
        fingerprint = self._text(raw, "fingerprint", span)
        found = MappedTable(dialect, columns, fingerprint, self._text(raw, "sheet", span), span.first)
        own = fingerprint_of(found.headers)
        if fingerprint and fingerprint != own:
            self.fault("E330", self.source.key("fingerprint", span), found=fingerprint, wanted=own)
        return found if fingerprint else MappedTable(dialect, columns, own, found.sheet, span.first)

    def _column(self, index: int, raw: Mapping[str, Any]) -> MappedColumn:
        span = self.source.table("[[tables.columns]]", index)
        self._keys(raw, _COLUMN, span)
        texts = {key: self._text(raw, key, span) for key in ("letter", "header", "item", "meta", "fate")}
        if not column_number(texts["letter"]):
            self.fault("E328", self.source.key("letter", span), key="letter", wanted="A, B, … XFD")
        given = [key for key in ("item", "meta", "fate") if texts[key]]
        if len(given) != 1:
            self.fault("E329", span.first, letter=texts["letter"], keys=given)
        metas = [name for name in (*META_KINDS, *PRIVATE_META) if name not in _SOURCES]
        for key, known in (("meta", metas), ("fate", FATES)):
            if texts[key] and texts[key] not in known:
                self.fault("E328", self.source.key(key, span), key=key, wanted=list(known))
        return MappedColumn(**texts, values=self._values(raw.get("values", {}), span), line=span.first)

    def _values(self, raw: Any, span: Span) -> Mapping[str, Code | tuple[Code, ...]]:
        line = self.source.key("values", span)
        if not isinstance(raw, dict):
            self.fault("E328", line, key="values", wanted='{"四十" = 40}')
            return MappingProxyType({})
        out: dict[str, Code | tuple[Code, ...]] = {}
        for text, meant in raw.items():
            codes = meant if isinstance(meant, list) else [meant]
            if not codes or any(isinstance(c, bool) or not isinstance(c, (int, float, str)) for c in codes):
                self.fault("E328", self.source.value(text, Span(line, span.last)), key=text, wanted='40, "a", [1, 3]')
                continue
            out[text] = tuple(codes) if isinstance(meant, list) else meant
        return MappingProxyType(out)

    def _once(self, columns: Sequence[MappedColumn]) -> None:
        """No letter, item or meta column twice."""
        for key in ("letter", "item", "meta"):
            seen: set[str] = set()
            for column in columns:
                value = getattr(column, key)
                if value and value in seen:
                    self.fault("E331", column.line, key=key, value=value)
                seen.add(value)

    def _text(self, raw: Mapping[str, Any], key: str, span: Span) -> str:
        value = raw.get(key, "")
        if isinstance(value, str):
            return value
        self.fault("E328", self.source.key(key, span), key=key, wanted='"…"')
        return ""

    def _keys(self, raw: Mapping[str, Any], known: Sequence[str], span: Span) -> None:
        for key in raw:
            if key not in known:
                self.fault("E332", self.source.key(key, span), key=key, known=list(known))


def _list(raw: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []


def dump_mapping(mapping: ColumnMapping, comments: Mapping[tuple[int, str], str] | None = None) -> str:
    """The text of a mapping file; `load_mapping` gives an equal mapping back.

    Parameters
    ----------
    comments : mapping, optional
        (number of the table, letter) -> lines to stand above that column; (-1, "") for the top of the file.
    """
    said = comments or {}
    lines = [*_comment(said.get((-1, ""), "")), f"format = {_quoted(FORMAT)}"]
    lines += [f"{key} = {_quoted(getattr(mapping, key))}" for key in ("instrument", "version") if getattr(mapping, key)]
    lines.append(f"confirmed = {'true' if mapping.confirmed else 'false'}")
    for k, table in enumerate(mapping.tables):
        lines += ["", "[[tables]]"]
        lines += [f"sheet = {_quoted(table.sheet)}"] if table.sheet else []
        lines += [f"dialect = {_quoted(table.dialect)}", f"fingerprint = {_quoted(table.fingerprint)}"]
        for column in table.columns:
            lines += ["", *_comment(said.get((k, column.letter), "")), "[[tables.columns]]"]
            lines += [f"letter = {_quoted(column.letter)}", f"header = {_quoted(column.header)}"]
            lines += [
                f"{key} = {_quoted(getattr(column, key))}" for key in ("item", "meta", "fate") if getattr(column, key)
            ]
            if column.values:
                pairs = ", ".join(f"{_quoted(text)} = {_value(meant)}" for text, meant in column.values.items())
                lines.append(f"values = {{{pairs}}}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in text.splitlines() if line]


def _value(meant: Code | tuple[Code, ...]) -> str:
    if isinstance(meant, tuple):
        return "[" + ", ".join(map(_value, meant)) + "]"
    return _quoted(meant) if isinstance(meant, str) else repr(meant)


def _quoted(text: str) -> str:
    """A basic TOML string: JSON's escapes are TOML's too, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
