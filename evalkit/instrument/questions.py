"""The `[[items]]` tables in, blocks of items out, with the conditions that are still to be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.formula import Expression
from evalkit.formula.tree import Many
from evalkit.instrument.definition import (
    CHECKS,
    FORMS,
    ITEM_TYPES,
    MEASURES,
    OPTION_KINDS,
    ROLES,
    Block,
    Code,
    Item,
    Option,
)
from evalkit.instrument.fields import Fields, Findings
from evalkit.instrument.source import Span

_ANY = ("id", "type", "zh", "en", "hint", "ask_if", "form")
_ANSWERED = (*_ANY, "label", "end_if", "required", "role", "measure", "private")
_NUMBER = (*_ANSWERED, "min", "max", "unit", "step", "reverse", "check", "missing")
KEYS_OF = {
    "single": (*_ANSWERED, "choices", "reverse", "check"),
    "multi": (*_ANSWERED, "choices", "max_choices"),
    "matrix": (*_ANY, "required", "role", "measure", "private", "choices", "rows"),
    "rank": (*_ANSWERED, "choices", "max_choices"),
    "integer": _NUMBER,
    "decimal": _NUMBER,
    "text": (*_ANSWERED, "max_choices", "check"),
    "date": _ANSWERED,
    "time": _ANSWERED,
    "region": _ANSWERED,
    "file": _ANSWERED,
    "note": _ANY,
    "meta": _ANSWERED,
}
"""Which keys mean something on which type; any other key there is a fault, never ignored."""

_ITEM_KEYS = tuple(dict.fromkeys(key for keys in KEYS_OF.values() for key in keys))
_ROW_KEYS = (
    "id",
    "zh",
    "en",
    "label",
    "hint",
    "ask_if",
    "required",
    "role",
    "measure",
    "form",
    "private",
    "reverse",
    "check",
)


@dataclass(frozen=True)
class Condition:
    """A condition and whose it is; it may name items before `position` (in the order of the questionnaire)."""

    expression: Expression
    owner: str
    key: str
    position: int


@dataclass
class Questions:
    """What was read."""

    blocks: list[Block] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    n: int = 0


class QuestionReader:
    """Reads items one after the other.

    Parameters
    ----------
    lists : mapping
        Option lists by name.
    languages : tuple of str
        Every text must be there in each of them.
    """

    def __init__(self, lists: Mapping[str, tuple[Option, ...]], languages: tuple[str, ...], findings: Findings) -> None:
        self._lists = lists
        self._languages = languages
        self._findings = findings
        self._found = Questions()

    def read(self, entries: list[Mapping[str, Any]]) -> Questions:
        """All blocks, in order."""
        source = self._findings.source
        for index, raw in enumerate(entries):
            span = source.table("[[items]]", index)
            name = raw.get("id") if isinstance(raw.get("id"), str) else f"items[{index + 1}]"
            if span == source.whole:  # written as `items = [{...}, ...]`
                span = Span(source.value(str(name), span), span.last)
            self._block(Fields(raw, _ITEM_KEYS, str(name), self._findings, span))
        return self._found

    def _block(self, fields: Fields) -> None:
        id = fields.text("id", required=True)
        line = self._findings.source.value(id, fields.span) if id else fields.span.first
        if id:
            self._findings.claim(id, line)
            self._found.spans.setdefault(id, fields.span)
        kind = fields.one_of("type", ITEM_TYPES, required=True)
        for key in fields.raw:
            if kind and key in _ITEM_KEYS and key not in KEYS_OF[kind]:
                self._findings.add("E421", fields.line(key), key=key, where=id, type=kind)
        asked = self._condition(fields, "ask_if", id, self._found.n)
        ended = self._condition(fields, "end_if", id, self._found.n + 1)
        item = self._item(fields, id, kind, line, asked, ended)
        if kind != "matrix":
            self._found.n += 1
            self._found.blocks.append(Block(id, kind, item.zh, item.en, (item,)))
            return
        rows = self._rows(fields, item)
        self._found.blocks.append(Block(id, kind, item.zh, item.en, rows, item.hint))

    def _item(
        self, fields: Fields, id: str, kind: str, line: int, asked: Expression | None, ended: Expression | None
    ) -> Item:
        options, choices = self._options(fields, id, kind)
        item = Item(
            id=id,
            type=kind,
            zh=fields.text("zh"),
            en=fields.text("en"),
            label=fields.translations("label", self._languages),
            hint=fields.translations("hint", self._languages),
            options=options,
            choices=choices,
            ask_if=asked,
            end_if=ended,
            required=fields.flag("required"),
            min=fields.number("min"),
            max=fields.number("max"),
            unit=fields.text("unit"),
            step=fields.number("step"),
            measure=fields.one_of("measure", MEASURES) or None,
            role=fields.one_of("role", ROLES) or None,
            check=self._check(fields, id),
            reverse=fields.flag("reverse"),
            form=fields.some_of("form", FORMS),
            private=fields.flag("private"),
            max_choices=fields.count("max_choices"),
            missing=self._missing(fields, id),
            line=line,
        )
        fields.need_texts({"zh": item.zh, "en": item.en}, self._languages)
        return item

    def _rows(self, fields: Fields, matrix: Item) -> tuple[Item, ...]:
        entries = fields.tables("rows", required=True)
        if "rows" in fields.raw and not entries:
            self._findings.add("E446", fields.line("rows"), where=matrix.id)
        first = fields.line("rows")
        lines = self._findings.source.entries(Span(first, fields.span.last)) + [first] * len(entries)
        return tuple(
            self._row(raw, f"{matrix.id}.rows[{i}]", matrix, line)
            for i, (raw, line) in enumerate(zip(entries, lines, strict=False), 1)
        )

    def _row(self, raw: Mapping[str, Any], place: str, matrix: Item, line: int) -> Item:
        name = raw["id"] if isinstance(raw.get("id"), str) else place
        fields = Fields(raw, _ROW_KEYS, name, self._findings, Span(line, line))
        id = fields.text("id", required=True)
        if id:
            self._findings.claim(id, line)
            self._found.spans.setdefault(id, fields.span)
        own = self._condition(fields, "ask_if", id, self._found.n)
        self._found.n += 1
        row = Item(
            id=id,
            type="single",
            zh=fields.text("zh"),
            en=fields.text("en"),
            label=fields.translations("label", self._languages),
            hint=fields.translations("hint", self._languages),
            options=matrix.options,
            choices=matrix.choices,
            ask_if=both(matrix.ask_if, own),
            required=fields.flag("required") if "required" in raw else matrix.required,
            measure=fields.one_of("measure", MEASURES) or matrix.measure,
            role=fields.one_of("role", ROLES) or matrix.role,
            check=self._check(fields, id),
            reverse=fields.flag("reverse"),
            form=fields.some_of("form", FORMS) or matrix.form,
            private=fields.flag("private") if "private" in raw else matrix.private,
            matrix=matrix.id,
            line=line,
        )
        fields.need_texts({"zh": row.zh, "en": row.en}, self._languages)
        return row

    def _options(self, fields: Fields, id: str, kind: str) -> tuple[tuple[Option, ...], str]:
        needed = "choices" in KEYS_OF.get(kind, ())
        name = fields.text("choices", required=needed)
        if not name:
            return (), ""
        if name not in self._lists:
            self._findings.unknown("E418", fields.line("choices"), name, self._lists, where=id)
            return (), name
        return self._lists[name], name

    def _condition(self, fields: Fields, key: str, owner: str, position: int) -> Expression | None:
        expression = fields.expression(key)
        if expression is not None:
            self._found.conditions.append(Condition(expression, owner, key, position))
        return expression

    def _check(self, fields: Fields, id: str) -> Mapping[str, Code] | None:
        if "check" not in fields.raw:
            return None
        raw = fields.table("check")
        inner = Fields(raw, CHECKS, f"{id}.check", self._findings, fields.span)
        found: dict[str, Code] = {key: name for key in CHECKS[1:] if (name := inner.text(key))}
        wanted = raw.get("equals")
        if isinstance(wanted, (int, float, str)) and not isinstance(wanted, bool):
            found["equals"] = wanted
        elif not found or "equals" in raw:
            inner.text("equals", required=True)
        return found or None

    def _missing(self, fields: Fields, id: str) -> dict[float, str]:
        found: dict[float, str] = {}
        raw = fields.table("missing")
        inner = Fields(raw, raw, f"{id}.missing", self._findings, fields.span)
        for key in raw:
            try:
                found[float(key)] = inner.one_of(key, OPTION_KINDS)
            except ValueError:
                self._findings.add("E442", fields.line("missing"), where=id, found=key)
        return found


def both(outer: Expression | None, inner: Expression | None) -> Expression | None:
    """The condition of a row: the matrix's and its own."""
    if outer is None or inner is None:
        return outer or inner
    return Expression(f"({outer}) and ({inner})", Many("and", (outer.tree, inner.tree)), inner.at)
