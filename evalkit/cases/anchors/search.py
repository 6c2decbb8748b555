"""Ranges of one number within which a solution stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Models = frozenset[frozenset[tuple[int, ...]]]
Try = Callable[[float], "Attempt | None"]
"""A value of the anchor in; None where a case would stand at exactly 0.5."""

_HALVINGS = 8


@dataclass(frozen=True, eq=False)
class Attempt:
    """A solution under other numbers: its models as sets of terms, and the membership in the first."""

    models: Models
    membership: np.ndarray


@dataclass(frozen=True, eq=False)
class Bound:
    """How far a number can move one way.

    `value` is the last place tried at which the models are as they were; `beyond` what stands just outside, None
    where nothing changed as far as was tried.
    """

    value: float
    beyond: Attempt | None


def bound(own: Models, attempt: Try, places: Sequence[float], start: float, halve: bool) -> Bound:
    """Walk along `places`, away from `start`, until the models change; then halve the last stride.

    A change that is undone between two places is not seen: the step width is part of the statement.
    """
    last = start
    for place in places:
        found = attempt(place)
        if found is None:
            continue
        if found.models != own:
            return _narrowed(own, attempt, last, place, found) if halve else Bound(float(last), found)
        last = place
    return Bound(float(last), None)


def _narrowed(own: Models, attempt: Try, inside: float, outside: float, beyond: Attempt) -> Bound:
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        found = attempt(middle)
        if found is None:
            break
        if found.models == own:
            inside = middle
        else:
            outside, beyond = middle, found
    return Bound(float(inside), beyond)
