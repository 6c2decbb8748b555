"""The `[choices]` table in, option lists out.

A list is an array of options, or `{extends = "A5", options = [...]}`: the options of the other list, then its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evalkit.instrument.definition import OPTION_KINDS, Code, Option
from evalkit.instrument.fields import Fields, Findings, good_id
from evalkit.instrument.source import Span

_OPTION_KEYS = ("code", "zh", "en", "alias", "fill", "exclusive", "missing")


def read_choices(
    raw: Mapping[str, Any], languages: tuple[str, ...], findings: Findings
) -> dict[str, tuple[Option, ...]]:
    """Every list of options, with what it extends in front."""
    span = findings.source.table("[choices]")
    own = {name: _List(name, value, languages, findings, span) for name, value in raw.items()}
    known = list(own)
    for entry in own.values():
        if not good_id(entry.name):
            findings.add("E420", entry.line, id=entry.name)
        if entry.base and entry.base not in own:
            findings.unknown("E418", entry.line, entry.base, known, where=entry.name)
    lists = {name: tuple(_whole(name, own, findings)) for name in own}
    for name, options in lists.items():
        _check_options(name, options, own[name].line, findings)
    return lists


class _List:
    """One list as written: its own options and the list it extends."""

    def __init__(self, name: str, raw: Any, languages: tuple[str, ...], findings: Findings, span: Span) -> None:
        source = findings.source
        self.name = name
        self.base = ""
        own = source.table(f"[choices.{name}]")
        self.line = source.key(name, span) if own == source.whole else own.first
        span = Span(self.line, span.last if own == source.whole else own.last)
        if isinstance(raw, dict):
            fields = Fields(raw, ("extends", "options"), name, findings, span)
            self.base = fields.text("extends", required=True)
            entries = fields.tables("options")
        else:
            entries = Fields({name: raw}, (name,), name, findings, span).tables(name)
        # `A5x = {extends = ..., options = [{...}]}` has its options one brace further in.
        lines = source.entries(span, depth=1 if isinstance(raw, dict) and own == source.whole else 0)
        lines += [self.line] * len(entries)
        self.options = [
            _option(entry, name, languages, findings, line) for entry, line in zip(entries, lines, strict=False)
        ]


def _option(raw: Mapping[str, Any], name: str, languages: tuple[str, ...], findings: Findings, line: int) -> Option:
    fields = Fields(raw, _OPTION_KEYS, f"{name}.{raw.get('code', '?')}", findings, Span(line, line))
    option = Option(
        code=_code(raw, name, findings, line),
        zh=fields.text("zh"),
        en=fields.text("en"),
        alias=fields.names("alias"),
        fill=fields.flag("fill"),
        exclusive=fields.flag("exclusive"),
        missing=fields.one_of("missing", OPTION_KINDS) or None,
    )
    fields.need_texts({"zh": option.zh, "en": option.en}, languages)
    return option


def _code(raw: Mapping[str, Any], name: str, findings: Findings, line: int) -> Code:
    code = raw.get("code")
    if code is None:
        findings.add("E415", line, key="code", where=name)
        return ""
    if isinstance(code, bool) or not isinstance(code, (int, float, str)) or code != code:
        findings.add("E423", line, id=str(code), where=name)
        return ""
    if isinstance(code, str):
        if not good_id("c" + code):
            findings.add("E423", line, id=code, where=name)
        return code
    return int(code) if code == int(code) else code


def _whole(name: str, own: Mapping[str, _List], findings: Findings) -> list[Option]:
    """The options of the list and of those it extends, the furthest first."""
    chain: list[str] = []
    at = name
    while at in own:
        if at in chain:
            if at == name:
                findings.add("E433", own[name].line, cycle=[*chain, at])
            break
        chain.append(at)
        at = own[at].base
    return [option for link in reversed(chain) for option in own[link].options]


def _check_options(name: str, options: tuple[Option, ...], line: int, findings: Findings) -> None:
    if not options:
        findings.add("E446", line, where=name)
    codes = Counter(str(option.code) for option in options if option.code != "")
    for code in (code for code, n in codes.items() if n > 1):
        findings.add("E424", line, where=name, id=code)
    if len({isinstance(option.code, str) for option in options if option.missing is None}) > 1:
        findings.add("E445", line, where=name)
    texts = Counter(text for option in options for text in {option.zh, option.en, *option.alias} if text.strip())
    for text in (text for text, n in texts.items() if n > 1):
        findings.add("E440", line, where=name, found=text)
