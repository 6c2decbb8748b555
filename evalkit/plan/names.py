"""Names as an author writes them (ids, or zh labels where unique) to names as the data have them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pandas as pd

from evalkit.contract import Problem, codebook_of


class Names:
    """Every name that a step may use with this data: columns, scales and multiple-response questions."""

    def __init__(self, data: pd.DataFrame) -> None:
        book = codebook_of(data)
        questions = {v.item: (v.zh, v.en) for v in book.variables.values() if v.kind == "option" and v.item}
        self.ids = {*map(str, data.columns), *book.scales, *questions}
        labels = [(v.zh, v.name) for v in book.variables.values() if v.kind != "option" and v.zh]
        labels += [(s.zh, s.id) for s in book.scales.values() if s.zh]
        found: dict[str, list[str]] = {}
        for label, name in sorted(set(labels)):
            found.setdefault(label, []).append(name)
        self._by_label = {label: ids[0] for label, ids in found.items() if len(ids) == 1 and label not in self.ids}
        self._twice = {label: ids for label, ids in found.items() if len(ids) > 1}
        self._options: dict[str, list[str]] = {}
        for variable in book.variables.values():
            if variable.kind == "option" and variable.item and variable.name in data.columns:
                self._options.setdefault(variable.item, []).append(variable.name.removeprefix(f"{variable.item}__"))

    def resolve(self, name: str) -> str | None:
        """The id meant, or None."""
        return name if name in self.ids else self._by_label.get(name)

    def options(self, question: str) -> list[str]:
        """The codes of a multiple-response question, as they stand in the names of its columns."""
        return self._options.get(question, [])

    def problem(self, name: str) -> Problem:
        """Why the name is not known, with the nearest known ones."""
        if name in self._twice:
            return Problem("E517", params={"name": name, "ids": self._twice[name]})
        near = difflib.get_close_matches(name, [*self.ids, *self._by_label], 3, 0.5)
        return Problem("E516", params={"name": name, "near": near or sorted(self.ids)[:6]})

    def unknown(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.resolve(name) is None]
