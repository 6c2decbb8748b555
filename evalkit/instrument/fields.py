"""One raw TOML table in, typed values out; every fault noted, none raised."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.contract.problems import Place, Problem
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.formula import Expression, ExpressionError, parse_expression
from evalkit.instrument.source import Source, Span

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Findings:
    """The problems found so far in one file, and the ids given away."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._ids: dict[str, int] = {}

    def add(self, code: str, line: int, **params: Any) -> None:
        """Note a problem at a line."""
        self.problems.append(Problem(code, Place(self.source.file, line=line), params))

    def unknown(self, code: str, line: int, found: str, known: Iterable[str], **params: Any) -> None:
        """Note a name that is not known, with the nearest ones."""
        self.add(code, line, found=found, near=nearest(found, known), **params)

    def claim(self, id: str, line: int) -> None:
        """Give an id away; note it if it is badly formed or taken."""
        if id in self._ids:
            self.add("E419", line, id=id, first=self._ids[id])
            return
        self._ids[id] = line
        if not good_id(id):
            self.add("E420", line, id=id)


class Fields:
    """The keys of one table.

    Parameters
    ----------
    raw : mapping
        As `tomllib` gave it.
    allowed : iterable of str
        The keys it may have; others are noted with the nearest.
    where : str
        How messages call it (its id).
    span : Span
        Its lines.
    """

    def __init__(
        self, raw: Mapping[str, Any], allowed: Iterable[str], where: str, findings: Findings, span: Span
    ) -> None:
        self.raw = raw
        self.where = where
        self.findings = findings
        self.span = span
        allowed = list(allowed)
        for key in raw:
            if key not in allowed:
                findings.unknown("E414", self.line(key), key, allowed, where=where)

    def line(self, key: str) -> int:
        """The line where a key stands."""
        return self.findings.source.key(key, self.span)

    def text(self, key: str, *, required: bool = False) -> str:
        """A text; empty if absent."""
        return str(self._of(key, str, "text", "", required))

    def flag(self, key: str) -> bool:
        """True or false; false if absent."""
        return bool(self._of(key, bool, "flag", False, False))

    def number(self, key: str) -> float | None:
        """A number; None if absent."""
        value = self._of(key, (int, float), "number", None, False)
        return None if value is None else float(value)

    def count(self, key: str) -> int | None:
        """A whole number of at least 1; None if absent."""
        value = self._of(key, int, "count", None, False)
        if value is not None and value < 1:
            self._wrong(key, "count")
            return None
        return value if value is None else int(value)

    def names(self, key: str) -> tuple[str, ...]:
        """One text or a list of texts."""
        value = self.raw.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            self._wrong(key, "names")
            return ()
        return tuple(values)

    def table(self, key: str) -> Mapping[str, Any]:
        """A table; empty if absent."""
        found: Mapping[str, Any] = self._of(key, dict, "table", {}, False)
        return found

    def tables(self, key: str, *, required: bool = False) -> list[Mapping[str, Any]]:
        """A list of tables; empty if absent."""
        value = self._of(key, list, "tables", [], required)
        good: list[Mapping[str, Any]] = [entry for entry in value if isinstance(entry, dict)]
        if len(good) < len(value):
            self._wrong(key, "tables")
        return good

    def one_of(self, key: str, known: Iterable[str], *, required: bool = False) -> str:
        """A text from a closed list; empty if absent or not in it."""
        return self._known(key, self.text(key, required=required), list(known))

    def some_of(self, key: str, known: Iterable[str]) -> tuple[str, ...]:
        """One or several texts from a closed list."""
        known = list(known)
        return tuple(v for v in self.names(key) if self._known(key, v, known))

    def translations(self, key: str, languages: tuple[str, ...]) -> dict[str, str]:
        """A table with one text a language; a plain text where there is only one language."""
        value = self.raw.get(key, {})
        if isinstance(value, str) and len(languages) == 1:
            return {languages[0]: value}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            self._wrong(key, "translations")
            return {}
        for language in value:
            self._known(key, language, list(LANGUAGES))
        if value:
            self.need_texts({lang: str(value.get(lang, "")) for lang in languages}, languages, key)
        return dict(value)

    def need_texts(self, texts: Mapping[str, str], languages: tuple[str, ...], key: str = "") -> None:
        """Note every declared language without a text."""
        for language in languages:
            if not texts.get(language, "").strip():
                line = self.line(key or language)
                self.findings.add("E422", line, where=self.where + (f".{key}" if key else ""), language=language)

    def expression(self, key: str) -> Expression | None:
        """A condition; None if absent or unreadable (then its problems are noted)."""
        text = self.text(key)
        if key not in self.raw or not isinstance(self.raw[key], str):
            return None
        try:
            return parse_expression(text, at=Place(self.findings.source.file, line=self.line(key)))
        except ExpressionError as error:
            self.findings.problems.extend(error.problems)
            return None

    def _of(self, key: str, kinds: type | tuple[type, ...], expected: str, default: Any, required: bool) -> Any:
        if key not in self.raw:
            if required:
                self.findings.add("E415", self.span.first, key=key, where=self.where)
            return default
        value = self.raw[key]
        # bool is an int in Python, but `min = true` is no number.
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            self._wrong(key, expected)
            return default
        return value

    def _known(self, key: str, value: str, known: list[str]) -> str:
        if value in known or (not value and self.raw.get(key) != ""):  # absent, or of the wrong kind and told
            return value
        self.findings.unknown("E417", self.line(key), value, known, key=key, where=self.where)
        return ""

    def _wrong(self, key: str, expected: str) -> None:
        words = {lang: text_of(f"instrument.expects.{expected}", lang) for lang in LANGUAGES}
        self.findings.add("E416", self.line(key), key=key, where=self.where, expected=words)


def good_id(text: str) -> bool:
    """Whether a text can be an item's or scale's id: columns such as `id__code` and `id_R` are made from it."""
    return bool(_ID.fullmatch(text)) and "__" not in text and not text.endswith(("_R", "_"))


def nearest(found: str, known: Iterable[str]) -> list[str]:
    """The valid names most like the one found, at most three, at least one if there is any."""
    folded = {name.lower(): name for name in reversed(list(known))}
    close = difflib.get_close_matches(found.lower(), folded, 3, 0.5) or difflib.get_close_matches(
        found.lower(), folded, 1, 0.0
    )
    return [folded[name] for name in close] or ["—"]
