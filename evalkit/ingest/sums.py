"""The scores of options in, which set of options each sum stands for out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.instrument import Item

MOST_OPTIONS = 20
"""Of more options nearly every sum has several sets, and there are too many sets to try."""

Sets = dict[float, tuple[int, ...] | None]


def sets_by_sum(item: Item) -> Sets:
    """Sum -> positions of the options that make it; None where several sets make it.

    An option's score is its code. Options that go with no other count alone, and no set has more options than the
    question allows; nothing chosen is no set. Empty where a code is no number or there are too many options.
    """
    scores = [option.code for option in item.options]
    if len(scores) > MOST_OPTIONS or any(isinstance(code, str) for code in scores):
        return {}
    alone = [k for k, option in enumerate(item.options) if option.exclusive or option.missing]
    together = [k for k in range(len(scores)) if k not in alone]
    found: Sets = {}
    for chosen in [*_sets(together, item.max_choices or len(together)), *((k,) for k in alone)]:
        total = round(sum(float(scores[k]) for k in chosen), 9)
        found[total] = None if total in found else chosen
    return found


def _sets(positions: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Every set of one to `most` positions."""
    sets: list[tuple[int, ...]] = [()]
    for k in positions:
        sets += [(*chosen, k) for chosen in sets if len(chosen) < most]
    return sets[1:]
