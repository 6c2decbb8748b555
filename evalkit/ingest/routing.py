"""Decoded answers and an instrument's `ask_if` in, answers with the right missing kind out, and what contradicts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Problem
from evalkit.formula.tree import Answered, walk
from evalkit.ingest.findings import KIND, Decoded
from evalkit.ingest.targets import item_columns, option_column

if TYPE_CHECKING:
    from evalkit.formula import Expression
    from evalkit.instrument import Item

_OPEN = [KIND["no_answer"], KIND["invalid"], KIND["not_in_file"]]


def check_routing(items: Sequence[Item], out: Decoded) -> None:
    """Hold each item against the condition under which it is asked; changes `out` in place.

    Not asked and blank: kind `not_asked`. Not asked, yet answered: the answer stays, W233. Asked, but marked as
    skipped: W234. Asked and blank stays `no_answer`. A condition on a question that is not in the file is not
    checked (N318); where the question it depends on has no valid answer, nothing is called a contradiction.
    """
    known = {item.id: item for item in items}
    ended = np.zeros(out.n, dtype=bool)
    any_end = False
    unchecked: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for item in items:
        absent = [_absent(condition, known, out) for condition in (item.ask_if, item.end_if)]
        for condition, names in zip((item.ask_if, item.end_if), absent, strict=True):
            if names and any(name in out.missing for name in item_columns(item)):
                unchecked.setdefault((str(condition), names), []).append(item.id)
        if (item.ask_if is not None or any_end) and not absent[0]:
            _check(item, known, ended, out)
        if item.end_if is not None and not absent[1]:
            ended |= _holds(item.end_if, known, out)
            any_end = True
    for (condition_text, names), ids in unchecked.items():
        out.problems.append(Problem("N318", params={"item": ids, "names": list(names), "condition": condition_text}))


def _check(item: Item, known: dict[str, Item], ended: np.ndarray, out: Decoded) -> None:
    columns = [name for name in item_columns(item) if name in out.missing]
    if not columns:
        return
    asked, sure = ~ended, np.ones(out.n, dtype=bool)
    if item.ask_if is not None:
        asked &= _holds(item.ask_if, known, out)
        sure = _sure(item.ask_if, known, out)
    kinds = np.stack([out.missing[name] for name in columns])
    ticked = item.type == "multi"
    answered = np.stack([out.values[name] == 1 for name in columns]).any(axis=0) if ticked else (kinds == 0).any(axis=0)
    for name in columns:
        blank = ~asked & ~answered & ((out.missing[name] == KIND["no_answer"]) | (ticked & (out.missing[name] == 0)))
        out.missing[name][blank] = KIND["not_asked"]
        if ticked:
            out.values[name][blank] = np.nan
    source = out.sources[columns[0]]
    condition = {"condition": str(item.ask_if) if item.ask_if is not None else "end_if"}
    out.note_rows("W233", source, np.flatnonzero(~asked & answered & sure), item, lambda _: condition)
    if item.ask_if is not None:
        skipped = np.flatnonzero(asked & sure & (kinds == KIND["not_asked"]).all(axis=0))
        out.note_rows("W234", source, skipped, item, lambda _: condition)


def _absent(condition: Expression | None, known: dict[str, Item], out: Decoded) -> tuple[str, ...]:
    """Questions a condition names that are not in the file; one it asks for by `answered(...)` may be absent."""
    if condition is None:
        return ()
    guarded = {part.name for part in walk(condition.tree) if isinstance(part, Answered)}
    return tuple(name for name in _referred(condition) if name not in guarded and not _present(name, known, out))


def _referred(condition: Expression) -> list[str]:
    return list(dict.fromkeys([*condition.names, *(question for question, _ in condition.choices)]))


def _present(name: str, known: dict[str, Item], out: Decoded) -> bool:
    columns = item_columns(known[name]) if name in known else [name]
    return any(c in out.values and not (out.missing[c] == KIND["not_in_file"]).all() for c in columns)


def _holds(condition: Expression, known: dict[str, Item], out: Decoded) -> np.ndarray:
    """Where the condition holds; a question that is not in the file is answered by nobody."""
    nobody = np.zeros(out.n, dtype=bool)

    def answered(name: str) -> np.ndarray:
        multiple = name in known and known[name].type == "multi"
        columns = [c for c in (item_columns(known[name]) if name in known else [name]) if c in out.values]
        given = [out.values[c] == 1 if multiple else out.missing[c] == 0 for c in columns]
        return np.stack([nobody, *given]).any(axis=0)

    def chosen(name: str, code: float | str) -> np.ndarray:
        column = option_column(name, code)
        return out.values[column] == 1 if column in out.values else nobody

    def value(name: str) -> np.ndarray:
        return out.values[name] if name in out.values else np.full(out.n, np.nan)

    return condition.evaluate(value, out.n, answered=answered, chosen=chosen)


def _sure(condition: Expression, known: dict[str, Item], out: Decoded) -> np.ndarray:
    """Where every question named was answered, or rightly not asked; nowhere if one is not in the file."""
    sure = np.ones(out.n, dtype=bool)
    for name in _referred(condition):
        columns = [c for c in (item_columns(known[name]) if name in known else [name]) if c in out.missing]
        if not columns:
            return np.zeros(out.n, dtype=bool)
        sure &= ~np.stack([np.isin(out.missing[c], _OPEN) for c in columns]).any(axis=0)
    return sure
