"""Names and texts in, what a program accepts out; what had to change is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evalkit.contract import Problem
from evalkit.report.data_files.fields import note


@dataclass(frozen=True)
class NameRules:
    """Which names a program accepts.

    Attributes
    ----------
    foreign : pattern
        Characters that no name may hold.
    longest, size : int, function
        Most units of a name, and what counts them.
    reserved : frozenset of str
        Words that are no names, in lower case.
    fold : bool
        Whether names that differ in case alone are one.
    """

    program: str
    foreign: re.Pattern[str]
    longest: int
    size: Callable[[str], int]
    reserved: frozenset[str]
    fold: bool

    def key(self, name: str) -> str:
        return name.casefold() if self.fold else name

    def accepts(self, name: str) -> bool:
        fits = bool(name) and name[0].isalpha() and not self.foreign.search(name) and not name.endswith(".")
        return fits and self.size(name) <= self.longest and name.casefold() not in self.reserved


def utf8_size(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def fitted_names(names: Sequence[str], rules: NameRules) -> tuple[dict[int, str], tuple[Problem, ...]]:
    """Position -> a name of its own that the program accepts; N741 names those that changed."""
    taken: set[str] = set()
    found: dict[int, str] = {}
    for position, name in enumerate(names):
        if rules.accepts(name) and rules.key(name) not in taken:
            found[position] = name
            taken.add(rules.key(name))
    changed = []
    for position, name in enumerate(names):
        if position not in found:
            found[position] = _new_name(name, rules, taken)
            taken.add(rules.key(found[position]))
            changed.append(f"{name} → {found[position]}")
    return found, note("N741", changed, program=rules.program)


def _new_name(name: str, rules: NameRules, taken: set[str]) -> str:
    plain = rules.foreign.sub("_", name).rstrip(".")
    plain = plain if plain[:1].isalpha() else f"v{plain}"
    k = 1
    while True:
        ending = f"_{k}" if k > 1 else ""
        short = plain
        while rules.size(short + ending) > rules.longest:
            short = short[:-1]
        if rules.key(short + ending) not in taken and rules.accepts(short + ending):
            return short + ending
        k += 1


def cut(text: str, longest: int, size: Callable[[str], int] = utf8_size) -> str:
    """The text, or as much of it as fits with `…` behind it."""
    text = " ".join(text.split()) if "\n" in text or "\r" in text else text
    if size(text) <= longest:
        return text
    end = longest - size("…")
    kept = text.encode("utf-8", "replace")[:end].decode("utf-8", "ignore") if size is utf8_size else text[:end]
    return kept + "…"


def cut_all(
    texts: Mapping[str, str], longest: int, size: Callable[[str], int] = utf8_size
) -> tuple[dict[str, str], list[str]]:
    """Every text as far as it fits, and whose texts were cut."""
    fitted = {name: cut(text, longest, size) for name, text in texts.items()}
    return fitted, [name for name, text in texts.items() if size(text) > longest]
