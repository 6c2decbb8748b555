"""A column in, the codes that stand for its missing answers out: distinct from every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.contract import MISSING_KINDS
from evalkit.report.data_files.fields import Field, missing_label

MOST_SINGLE = 3
"""SPSS takes three single missing values, or a range and one."""
_LAST_BASE = 10**12


@dataclass(frozen=True)
class MissingCodes:
    """Codes of one column.

    Attributes
    ----------
    codes : mapping
        Missing kind -> code.
    labels : mapping
        Code -> wording.
    spans : tuple of (low, high)
        Single values and at most one range, as SPSS declares them.
    moved : bool
        Whether an option that means a missing answer lost its own code.
    """

    codes: Mapping[str, float]
    labels: Mapping[float, str]
    spans: tuple[tuple[float, float], ...]
    moved: bool = False

    def applied(self, one: Field) -> np.ndarray:
        """The column's values with the codes in place of missing answers."""
        by_kind = np.full(len(MISSING_KINDS), np.nan)
        for kind, code in self.codes.items():
            by_kind[MISSING_KINDS.index(kind)] = code
        return np.where(one.kinds > 0, by_kind[one.kinds], one.values)


def missing_codes(one: Field, lang: str) -> MissingCodes:
    """Codes for the missing kinds of a column of numbers.

    An option that means a missing answer keeps its code (8 = don't know); other kinds get -1 to -7 in the order of
    `MISSING_KINDS`, or -11, -91, ... where an answer could be negative. More than three codes become a range, which
    leaves room for one more.
    """
    if not one.numeric:
        return MissingCodes({}, {}, ())
    own = {kind: float(code) for kind, (code, _) in one.own.items() if not isinstance(code, str)}
    kinds = [kind for kind in MISSING_KINDS[1:] if kind in own or kind in one.used_kinds]
    base = _base(one)
    if base > _LAST_BASE:
        return MissingCodes({}, {}, ())
    made = {kind: -float(base + position) for position, kind in enumerate(MISSING_KINDS) if position}
    codes = {kind: own.get(kind, made[kind]) for kind in kinds}
    moved = False
    if len(codes) > MOST_SINGLE and len(own) > 1:
        codes, moved = {kind: made[kind] for kind in kinds}, True
    labels = {code: missing_label(kind, one.own, lang) for kind, code in codes.items()}
    if len(codes) <= MOST_SINGLE:
        return MissingCodes(codes, labels, tuple((code, code) for code in sorted(codes.values())), moved)
    span = (-float(base + len(MISSING_KINDS) - 1), -float(base + 1))
    single = tuple((code, code) for code in codes.values() if not span[0] <= code <= span[1])
    return MissingCodes(codes, labels, (span, *single), moved)


def _base(one: Field) -> int:
    """The first base whose codes lie below every answer there is or could be."""
    given = [float(v) for v in (*one.labels, *(code for code, _ in one.own.values())) if not isinstance(v, str)]
    known = one.values[~np.isnan(one.values)]
    given += [end for end in (one.variable.low, one.variable.high) if end is not None]
    lowest = min([*given, float(known.min()) if len(known) else 0.0])
    base = 0
    while -(base + 1) >= lowest and base <= _LAST_BASE:
        base = 10 * base or 10
    return base
