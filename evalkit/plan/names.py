"""Names as an author writes them (ids, or zh labels where unique) to names as the data have them."""

from __future__ import annotations

import difflib
from collections import Counter
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
        labels = sorted(set(labels))
        counted = Counter(label for label, _ in labels)
        self._by_label = {label: name for label, name in labels if counted[label] == 1 and label not in self.ids}
        self._twice = {label for label, n in counted.items() if n > 1}

    def resolve(self, name: str) -> str | None:
        """The id meant, or None."""
        return name if name in self.ids else self._by_label.get(name)

    def problem(self, name: str) -> Problem:
        """Why the name is not known, with the nearest known ones."""
        if name in self._twice:
            return Problem("E517", params={"name": name})
        near = difflib.get_close_matches(name, [*self.ids, *self._by_label], 3, 0.5)
        return Problem("E516", params={"name": name, "near": near or sorted(self.ids)[:6]})

    def unknown(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.resolve(name) is None]
