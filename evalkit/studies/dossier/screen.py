"""Scales in; those that a measurement model can hold, and why each of the others cannot, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, ScaleEntry, attach, codebook_of, item_columns
from evalkit.moments import number_matrix

Scales = str | Sequence[str] | Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Screened:
    """The scales of a dossier.

    Parameters
    ----------
    data : DataFrame
        Its codebook knows every scale, those given as lists of items too.
    columns : mapping
        Scale id -> keyed columns, every scale.
    usable : tuple of str
        Scales that can enter a measurement model together.
    problems : tuple of Problem
        Why the others cannot.
    """

    data: pd.DataFrame
    columns: Mapping[str, tuple[str, ...]]
    usable: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """Columns of all scales, each once."""
        return tuple(dict.fromkeys(c for columns in self.columns.values() for c in columns))

    @property
    def reflective(self) -> tuple[str, ...]:
        """Scales whose items are to agree with one another."""
        known = codebook_of(self.data).scales
        return tuple(id for id in self.columns if known[id].kind != "formative")

    @property
    def several(self) -> tuple[str, ...]:
        """Reflective scales of two items or more."""
        return tuple(id for id in self.reflective if len(self.columns[id]) > 1)

    @property
    def usable_items(self) -> tuple[str, ...]:
        """Columns of the usable scales."""
        return tuple(c for id in self.usable for c in self.columns[id])


def screened(data: pd.DataFrame, scales: Scales | None) -> Screened:
    """Find the scales and hold each against what a measurement model needs.

    Parameters
    ----------
    scales : str, sequence of str, mapping or None
        Scale ids; items by the name of their scale; None for every scale of the codebook that stands on items itself
        (a scale made of other scales would repeat their items).

    Raises
    ------
    AnalysisError
        E600, E610, E611 for names that are no columns of numbers; E862 where there is no scale; E863 for scales that
        share items.
    """
    data, wanted = _wanted(data, scales)
    columns = {id: tuple(item_columns(data, id)) for id in wanted}
    if not columns:
        raise AnalysisError(Problem("E862"))
    _require_apart(data, columns)
    x = {c: number_matrix(data, [c])[:, 0] for names in columns.values() for c in names}
    problems, usable, kept = [], [], dict[str, np.ndarray]()
    for id, names in columns.items():
        found = _fault(data, id, names, x, kept)
        if found is None:
            usable.append(id)
            kept |= {c: x[c] for c in names}
        else:
            problems.append(found)
    return Screened(data, MappingProxyType(columns), tuple(usable), tuple(problems))


def both(label: Label) -> dict[str, str]:
    """The zh/en pair that a problem's parameters take, without the stop at the end of a wording."""
    return {lang: label.text(lang).rstrip("。.；;：: ") for lang in ("zh", "en")}


def _wanted(data: pd.DataFrame, scales: Scales | None) -> tuple[pd.DataFrame, list[str]]:
    book = codebook_of(data)
    if scales is None:
        return attach(data, book), [id for id, entry in book.scales.items() if entry.columns and not entry.parts]
    if isinstance(scales, Mapping):
        made = []
        for id, names in scales.items():
            known = book.variables.get(id)
            words = (known.zh, known.en) if known else (id, id)
            made.append(ScaleEntry(id, tuple(item_columns(data, list(names))), zh=words[0], en=words[1]))
        return attach(data, book.with_scales(made)), list(scales)
    names = [scales] if isinstance(scales, str) else list(dict.fromkeys(scales))
    unknown = [name for name in names if name not in book.scales]
    if unknown:
        # A plain column is a scale of one item; anything else is a name nobody knows (E600).
        made = [ScaleEntry(name, tuple(item_columns(data, [name])), zh=name, en=name) for name in unknown]
        book = book.with_scales(made)
    return attach(data, book), names


def _require_apart(data: pd.DataFrame, columns: Mapping[str, tuple[str, ...]]) -> None:
    """No item may belong to two scales: they could not be told apart."""
    owner: dict[str, str] = {}
    book = codebook_of(data)
    for id, names in columns.items():
        for c in names:
            if c in owner:
                pair = [both(book.scales[name].label) for name in (owner[c], id)]
                raise AnalysisError(Problem("E863", params={"scales": pair, "item": both(book.variables[c].label)}))
            owner[c] = id


def _fault(
    data: pd.DataFrame, id: str, names: Sequence[str], x: Mapping[str, np.ndarray], kept: Mapping[str, np.ndarray]
) -> Problem | None:
    """Why a scale cannot enter the model; the first reason that holds."""
    book = codebook_of(data)
    entry = book.scales[id]
    scale = both(entry.label)

    def called(found: Sequence[str]) -> list[dict[str, str]]:
        return [both(book.variables[c].label) for c in found]

    if entry.kind == "formative":
        return Problem("N864", params={"scale": scale})
    unanswered = [c for c in names if np.isnan(x[c]).all()]
    if unanswered:
        return Problem("W865", params={"scale": scale, "items": called(unanswered)})
    constant = [c for c in names if np.nanmin(x[c]) == np.nanmax(x[c])]
    if constant:
        return Problem("W866", params={"scale": scale, "items": called(constant)})
    if len(names) == 1:
        return Problem("W867", params={"scale": scale, "item": called(names)[0]})
    before = dict(kept)
    for c in names:
        twin = next((other for other, values in before.items() if _same(x[c], values)), None)
        if twin is not None:
            return Problem("W868", params={"scale": scale, "items": called([twin, c])})
        before[c] = x[c]
    return None


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two items got the same answer from everybody who answered both."""
    both_seen = ~(np.isnan(a) | np.isnan(b))
    return bool(both_seen.any()) and bool((a[both_seen] == b[both_seen]).all())
