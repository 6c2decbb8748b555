"""Completed items in, the keyed items and scale scores that rest on them out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from evalkit.contract import Codebook, ScaleEntry

Column = Callable[[str], np.ndarray]


def dependent(book: Codebook, names: Iterable[str], present: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keyed columns, and scales in the order of computing, that rest on the columns `names`; only those present."""
    there, changed = set(present), set(names)
    keyed = tuple(n for n, v in book.variables.items() if v.reversed_from in changed and n in there)
    changed |= set(keyed)
    scales: list[str] = []
    grown = True
    while grown:
        ready = [
            e.id
            for e in book.scales.values()
            if e.id in there and e.id not in (*scales, *names) and (changed & {*e.columns, *e.parts})
        ]
        waiting = {part for name in ready for part in book.scales[name].parts if part in ready}
        first = [name for name in ready if not waiting & set(book.scales[name].parts)] or ready
        grown = bool(first)
        scales += first
        changed |= set(first)
    return keyed, tuple(_by_parts(book, scales))


def _by_parts(book: Codebook, scales: list[str]) -> Iterable[str]:
    """Parts before the scales made of them."""
    left = list(scales)
    while left:
        ready = [s for s in left if not set(book.scales[s].parts) & set(left)] or left
        yield from ready
        left = [s for s in left if s not in ready]


def recomputed(book: Codebook, keyed: Iterable[str], scales: Iterable[str], column: Column) -> dict[str, np.ndarray]:
    """Keyed items, scores and counts of answered items from the columns as they now stand."""
    out: dict[str, np.ndarray] = {}

    def now(name: str) -> np.ndarray:
        return out[name] if name in out else column(name)

    for name in keyed:
        variable = book.variables[name]
        out[name] = (variable.low or 0.0) + (variable.high or 0.0) - now(str(variable.reversed_from))
    for name in scales:
        entry = book.scales[name]
        matrix = np.column_stack(_sources(entry, book, now))
        answered = (~np.isnan(matrix)).sum(axis=1)
        out[name] = _scores(matrix, answered, entry)
        out[f"{name}__n"] = answered.astype(float)
    return out


def unlike(data: pd.DataFrame, made: Mapping[str, np.ndarray], scales: Iterable[str]) -> list[str]:
    """Scales whose recomputed scores differ from those in the data as it stood."""
    found = []
    for name in scales:
        had = data[name].to_numpy(dtype=float, na_value=np.nan)
        if not np.allclose(had, made[name], rtol=1e-9, atol=1e-9, equal_nan=True):
            found.append(name)
    return found


def _sources(entry: ScaleEntry, book: Codebook, now: Column) -> list[np.ndarray]:
    """The keyed items that the scale has itself, then its parts, a reverse one turned round."""
    inside = {leaf for part in entry.parts for leaf in book.scales[part].columns}
    turned = {book.variables[leaf].reversed_from or f"{leaf}_R" for leaf in inside}
    own = [c for c in entry.columns if c not in inside and not (entry.parts and c in turned)]
    out = [now(c) for c in own]
    for part in entry.parts:
        scale, values = book.scales[part], now(part)
        out.append((scale.low or 0.0) + (scale.high or 0.0) - values if part in entry.reverse_parts else values)
    return out


def _scores(matrix: np.ndarray, answered: np.ndarray, entry: ScaleEntry) -> np.ndarray:
    """As the scores were made: mean, prorated sum, smallest, or standardised product or difference."""
    k = matrix.shape[1]
    if entry.score in ("product_z", "absdiff_z"):
        both = ~np.isnan(matrix).any(axis=1)
        out = np.full(len(matrix), np.nan)
        pairs = matrix[both]
        if len(pairs) > 1 and (np.ptp(pairs, axis=0) > 0).all():
            z = (pairs - pairs.mean(axis=0)) / pairs.std(axis=0, ddof=1)
            out[both] = z[:, 0] * z[:, 1] if entry.score == "product_z" else np.abs(z[:, 0] - z[:, 1])
        return out
    least = k if entry.min_valid is None else entry.min_valid
    needed = max(math.ceil(least * k - 1e-9) if least < 1 else int(least), 1)
    if entry.score == "min":
        values = np.where(np.isnan(matrix), np.inf, matrix).min(axis=1)
    else:
        total = np.nansum(matrix, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = total * k / answered if entry.score == "sum" else total / answered
    return np.where(answered >= needed, values, np.nan)
