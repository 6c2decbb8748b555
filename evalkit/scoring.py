"""Item answers in, keyed items and scale scores out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Codebook,
    Label,
    Problem,
    ScaleEntry,
    Variable,
    attach,
    codebook_of,
    require_columns,
)

if TYPE_CHECKING:
    from evalkit.ingest import Responses
    from evalkit.instrument import Scale

SCORES = ("mean", "sum", "min", "product_z", "absdiff_z")
_STANDARDISED = ("product_z", "absdiff_z")
_MAPPING_KEYS = (
    "id", "items", "reverse", "range", "parts", "reverse_parts", "score", "min_valid", "kind", "role", "level", "zh",
    "en", "form",
)  # fmt: skip


def score(source: Responses | pd.DataFrame, scales: Sequence[Scale | Mapping[str, Any]] | None = None) -> pd.DataFrame:
    """Turn answers into keyed items and scale scores.

    Parameters
    ----------
    source : Responses or DataFrame
        What came back, one row a respondent. With Responses the instrument gives scales, ranges and reverse items.
    scales : sequence of Scale or mapping, optional
        Scales to score instead of the instrument's. A mapping has `id`, `items` (or `parts`), and where needed
        `reverse` (names of reverse-keyed items), `range` ([low, high]), `score`, `min_valid`, `reverse_parts`,
        `kind`, `role`, `level`, `zh`, `en`.

    Returns
    -------
    DataFrame
        The answers as they were, then `<id>_R` = low + high - answer for each reverse item, one column a scale and
        `<scale>__n`, the number of answered items (of scored parts, where the scale is made of parts). Same rows,
        same index; the Codebook in `attrs` knows the new columns and scales, and its `notices` say which scale
        could not be scored. The instrument's scales of a form that was not read are left out.

    Raises
    ------
    AnalysisError
        E600 for a name that is not a column; E830 to E838 for a definition that cannot be scored.

    Notes
    -----
    A score is missing unless `min_valid` items are answered: a count, or a share below 1 (of k items, rounded
    up); without `min_valid`, all of them. `mean`: mean of the answered items. `sum`: that mean times k (prorated).
    `min`: smallest. `product_z` and `absdiff_z`: product and absolute difference of the two parts, each
    standardised (sample SD) over the rows that have both. A reverse part enters as low + high - score.
    """
    frame, book, instrument = _opened(source)
    shipped = instrument is not None and scales is None
    wanted = _definitions(instrument.scales if shipped else scales or (), instrument)
    asked = instrument.items if instrument else ()
    work = _Work(frame, book, {item.id: _Range(item.low, item.high) for item in asked})
    for item in asked:
        if item.reverse and item.id in frame:
            work.keyed(item.id, _Range(item.low, item.high), item.id)
    ordered = _by_dependence(wanted, book)
    for definition in _of_this_form(ordered, frame) if shipped else ordered:
        work.add(definition)
    return work.result()


@dataclass(frozen=True)
class _Range:
    low: float | None = None
    high: float | None = None

    @property
    def known(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class _Definition:
    """One scale to be scored: `entry.columns` still holds the items as answered."""

    entry: ScaleEntry
    reverse: frozenset[str]
    ranges: Mapping[str, _Range]


def _opened(source: Any) -> tuple[pd.DataFrame, Codebook, Any]:
    if isinstance(source, pd.DataFrame):
        return source, codebook_of(source), None
    book = dataclasses.replace(source.codebook, missing=source.missing)
    return source.frame, book, source.instrument


def _definitions(scales: Iterable[Any], instrument: Any) -> list[_Definition]:
    items = {item.id: item for item in instrument.items} if instrument else {}
    return [_from_mapping(s, items) if isinstance(s, Mapping) else _from_scale(s, items) for s in scales]


def _from_scale(scale: Any, items: Mapping[str, Any]) -> _Definition:
    kept = {f.name: getattr(scale, f.name) for f in dataclasses.fields(ScaleEntry) if hasattr(scale, f.name)}
    entry = ScaleEntry(**kept | {"columns": tuple(scale.items), "low": None, "high": None})
    return _Definition(entry, *_item_keys(entry.columns, items))


def _from_mapping(scale: Mapping[str, Any], items: Mapping[str, Any]) -> _Definition:
    unknown = [key for key in scale if key not in _MAPPING_KEYS]
    if unknown or "id" not in scale:
        raise AnalysisError(Problem("E838", params={"keys": unknown or ["id"], "known": list(_MAPPING_KEYS)}))
    columns = tuple(scale.get("items", ()))
    known = {k: scale[k] for k in ("id", "score", "min_valid", "kind", "role", "level", "zh", "en") if k in scale}
    parts, turned = tuple(scale.get("parts", ())), tuple(scale.get("reverse_parts", ()))
    entry = ScaleEntry(columns=columns, parts=parts, reverse_parts=turned, **known)
    reverse, ranges = _item_keys(columns, items)
    stray = [name for name in scale.get("reverse", ()) if name not in columns]
    if stray:
        raise AnalysisError(Problem("E836", params={"scale": entry.id, "parts": stray}))
    if "range" in scale:
        low, high = scale["range"]
        ranges = {name: _Range(float(low), float(high)) for name in columns}
    return _Definition(entry, frozenset(scale["reverse"]) if "reverse" in scale else reverse, ranges)


def _item_keys(columns: Sequence[str], items: Mapping[str, Any]) -> tuple[frozenset[str], dict[str, _Range]]:
    known = [items[name] for name in columns if name in items]
    return frozenset(i.id for i in known if i.reverse), {i.id: _Range(i.low, i.high) for i in known}


def _by_dependence(wanted: Sequence[_Definition], book: Codebook) -> list[_Definition]:
    """Parts before the scales made of them."""
    waiting = {d.entry.id: d for d in wanted}
    done: list[_Definition] = []
    while waiting:
        ready = [d for d in waiting.values() if not any(part in waiting for part in d.entry.parts)]
        if not ready:
            first = next(iter(waiting.values())).entry
            raise AnalysisError(Problem("E836", params={"scale": first.id, "parts": list(first.parts)}))
        for definition in ready:
            known = {d.entry.id for d in done} | set(book.scales)
            lost = [p for p in definition.entry.parts if p not in known]
            lost += [p for p in definition.entry.reverse_parts if p not in definition.entry.parts]
            if lost:
                raise AnalysisError(Problem("E836", params={"scale": definition.entry.id, "parts": lost}))
            done.append(waiting.pop(definition.entry.id))
    return done


def _of_this_form(ordered: Sequence[_Definition], frame: pd.DataFrame) -> list[_Definition]:
    """Without scales of a form that was not read: no item of theirs has a column, not even an empty one."""
    other: set[str] = set()
    for definition in ordered:
        entry = definition.entry
        unread = bool(entry.columns) and not any(item in frame for item in entry.columns)
        if unread or any(part in other for part in entry.parts):
            other.add(entry.id)
    return [definition for definition in ordered if definition.entry.id not in other]


@dataclass(eq=False)
class _Work:
    """A frame being scored: what has been added to it so far.

    `asked` holds the instrument's items: one that is not in the file is unanswered, not a wrong name.
    """

    frame: pd.DataFrame
    book: Codebook
    asked: Mapping[str, _Range]
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    scales: dict[str, ScaleEntry] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)

    def add(self, definition: _Definition) -> None:
        """Score one scale whose parts have been scored."""
        entry = definition.entry
        if entry.score not in SCORES:
            raise AnalysisError(
                Problem("E837", params={"scale": entry.id, "score": entry.score, "known": list(SCORES)})
            )
        keyed = [self._keyed_item(definition, name) for name in entry.columns]
        sources = [self._answers(entry.id, name) for name in keyed]
        sources += [self._part(entry, part) for part in entry.parts]
        if entry.score in _STANDARDISED and len(sources) != 2:
            raise AnalysisError(Problem("E832", params={"scale": entry.id, "score": entry.score, "n": len(sources)}))
        matrix = np.column_stack(sources) if sources else np.empty((len(self.frame), 0))
        answered = (~np.isnan(matrix)).sum(axis=1)
        values = _scores(matrix, answered, entry.score, _needed(entry, matrix.shape[1]))
        leaves = keyed + [leaf for part in entry.parts for leaf in self._leaves(entry, part)]
        low, high = self._range(entry, keyed)
        # Products, differences and minima are no sum of their items: alpha over the leaves would mislead.
        leaves = [] if entry.score in (*_STANDARDISED, "min") else leaves
        present = tuple(name for name in leaves if name in self.frame or name in self.columns)
        finished = dataclasses.replace(entry, columns=present, low=low, high=high)
        self.scales[entry.id] = finished
        self._new(entry.id, values, Variable(entry.id, "score", *_both(finished.label), low=low, high=high))
        count = Label("scoring.n_answered", scale=finished.label)
        self._new(f"{entry.id}__n", answered.astype(float), Variable(f"{entry.id}__n", "count", *_both(count)))
        if not len(self.frame) or np.isnan(values).all():
            self.notices.append(Problem("W839", params={"scale": entry.id}))

    def keyed(self, item: str, limits: _Range, scale: str) -> str:
        """Add `<item>_R` (once) and give its name."""
        name = f"{item}_R"
        made_before = name in self.book.variables and self.book.variables[name].reversed_from == item
        if name in self.columns or made_before:
            return name
        limits = limits if limits.known else self._known_range(item)
        if not limits.known:
            raise AnalysisError(Problem("E830", params={"scale": scale, "items": item}))
        answers = self._answers(scale, item)
        outside = int(((answers < limits.low) | (answers > limits.high)).sum())
        if outside:
            at = {"item": item, "n": outside, "low": limits.low, "high": limits.high}
            self.notices.append(Problem("W840", params=at))
        meant = self.book.variables.get(item, Variable(item, "item"))
        label = Label("scoring.keyed", item=meant.label)
        variable = Variable(
            name, "item", *_both(label), low=limits.low, high=limits.high, item=meant.item or item, reversed_from=item
        )
        self._new(name, limits.low + limits.high - answers, variable)
        return name

    def result(self) -> pd.DataFrame:
        """The frame with everything added and a Codebook that knows it."""
        added = pd.DataFrame(self.columns, index=self.frame.index)
        book = self.book.with_variables(self.variables).with_scales(self.scales.values())
        book = dataclasses.replace(book, notices=(*book.notices, *self.notices))
        return attach(pd.concat([self.frame, added], axis=1), book)

    def _keyed_item(self, definition: _Definition, item: str) -> str:
        limits = definition.ranges.get(item, _Range())
        if item not in self.asked:
            require_columns(self.frame, [item])
            if limits.known:
                known = self.book.variables[item]
                known = dataclasses.replace(known, kind="item", low=limits.low, high=limits.high)
                self.variables.append(known)
        turned = item in definition.reverse
        return self.keyed(item, limits, definition.entry.id) if turned else item

    def _answers(self, scale: str, name: str) -> np.ndarray:
        if name in self.columns:
            return self.columns[name]
        if name not in self.frame and name.removesuffix("_R") in self.asked:
            return np.full(len(self.frame), np.nan)
        column = self.frame[name]
        if not (pd.api.types.is_numeric_dtype(column) or column.isna().all()):
            raise AnalysisError(Problem("E835", params={"scale": scale, "items": name}))
        return column.to_numpy(dtype=float, na_value=np.nan)

    def _scale(self, part: str) -> ScaleEntry:
        return self.scales[part] if part in self.scales else self.book.scales[part]

    def _part(self, entry: ScaleEntry, part: str) -> np.ndarray:
        scores = self._answers(entry.id, part)
        if part not in entry.reverse_parts:
            return scores
        scale = self._scale(part)
        if scale.score in _STANDARDISED or scale.low is None or scale.high is None:
            raise AnalysisError(Problem("E831", params={"scale": entry.id, "part": part}))
        return scale.low + scale.high - scores

    def _leaves(self, entry: ScaleEntry, part: str) -> list[str]:
        """Keyed item columns of a part; those of a reverse part the other way round."""
        columns = list(self._scale(part).columns)
        if part not in entry.reverse_parts:
            return columns
        known = {v.name: v.reversed_from for v in (*self.book.variables.values(), *self.variables)}
        return [known.get(c) or self.keyed(c, _Range(), entry.id) for c in columns]

    def _known_range(self, column: str) -> _Range:
        found = [_Range(v.low, v.high) for v in self.variables if v.name == column]
        known = self.book.variables.get(column)
        found += [_Range(known.low, known.high)] if known else []
        found.append(self.asked.get(column, _Range()))
        return next((limits for limits in found if limits.known), _Range())

    def _range(self, entry: ScaleEntry, keyed: Sequence[str]) -> tuple[float | None, float | None]:
        limits = [self._known_range(name) for name in keyed]
        limits += [_Range(self._scale(p).low, self._scale(p).high) for p in entry.parts]
        if entry.score in _STANDARDISED or not limits or not all(r.known for r in limits):
            return None, None
        ends = [(float(r.low or 0), float(r.high or 0)) for r in limits]
        gather = {"sum": math.fsum, "min": min, "mean": lambda ends: math.fsum(ends) / len(ends)}[entry.score]
        return gather([low for low, _ in ends]), gather([high for _, high in ends])

    def _new(self, name: str, values: np.ndarray, variable: Variable) -> None:
        if name in self.frame or name in self.columns:
            raise AnalysisError(Problem("E834", params={"name": name}))
        self.columns[name] = values
        self.variables.append(variable)


def _both(label: Label) -> tuple[str, str]:
    return label.text("zh"), label.text("en")


def _needed(entry: ScaleEntry, k: int) -> int:
    """How many of k must be answered: `min_valid` as a count or, below 1, as a share; all without it."""
    if entry.min_valid is None:
        return max(k, 1)
    # The small amount keeps 0.6 of 5 at 3: 0.6 * 5 is a little more than 3 in binary.
    needed = math.ceil(entry.min_valid * k - 1e-9) if entry.min_valid < 1 else entry.min_valid
    if entry.min_valid <= 0 or needed != int(needed) or needed > k:
        raise AnalysisError(Problem("E833", params={"scale": entry.id, "value": entry.min_valid, "n": k}))
    return max(int(needed), 1)


def _scores(matrix: np.ndarray, answered: np.ndarray, how: str, needed: int) -> np.ndarray:
    enough = answered >= needed
    if how in _STANDARDISED:
        return _standardised(matrix, how)
    if how == "min":
        smallest = np.where(np.isnan(matrix), np.inf, matrix).min(axis=1, initial=np.inf)
        return np.where(enough, smallest, np.nan)
    total = np.nansum(matrix, axis=1)
    k = matrix.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Times k before the division: exact whenever every item is answered.
        values = total * k / answered if how == "sum" else total / answered
    return np.where(enough, values, np.nan)


def _standardised(matrix: np.ndarray, how: str) -> np.ndarray:
    """z(a) * z(b) or |z(a) - z(b)|, nan where a part is missing or never varies."""
    both = ~np.isnan(matrix).any(axis=1)
    out = np.full(len(matrix), np.nan)
    pairs = matrix[both]
    if len(pairs) < 2 or (pairs.min(axis=0) == pairs.max(axis=0)).any():
        return out
    z = (pairs - pairs.mean(axis=0)) / pairs.std(axis=0, ddof=1)
    out[both] = z[:, 0] * z[:, 1] if how == "product_z" else np.abs(z[:, 0] - z[:, 1])
    return out
