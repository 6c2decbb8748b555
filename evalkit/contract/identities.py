"""Numbers that carry a check: identity cards by place, date and check character, bank cards by Luhn's sum."""

from __future__ import annotations

import re
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
)
_CARDS = re.compile(r"(?:62\d{14,17}|9558\d{15}|4\d{15}|5[1-5]\d{14}|3[47]\d{13})$")


def identity_number(digits: str) -> bool:
    """An 18-character identity card number with a right check character.

    Notes
    -----
    GB 11643-1999 (ISO 7064, MOD 11-2): the weighted sum of the first 17 digits modulo 11 picks from `10X98765432`.
    """
    if not re.match(r"[1-9]\d{5}(?:19|20)\d{9}[\dXx]$", digits):
        return False
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, digits[:17], strict=True))
    return "10X98765432"[total % 11] == digits[17].upper()


def like_identity_number(digits: str) -> bool:
    """A number built like an identity card's: a province and a day of birth, with 18 places or the old 15.

    The check character may be wrong: a mistyped number still names its owner.
    """
    if not re.match(r"(?:\d{17}[\dXx]|\d{15})$", digits) or int(digits[:2]) not in _PROVINCES:
        return False
    if len(digits) == 15:
        return _is_day(1900 + int(digits[6:8]), digits[8:12])
    return digits[6:8] in ("18", "19", "20") and _is_day(int(digits[6:10]), digits[10:14])


def bank_card(digits: str) -> bool:
    """A number with the first digits of UnionPay, Visa, MasterCard or American Express and a right Luhn sum."""
    if not _CARDS.match(digits):
        return False
    turned = [int(d) for d in reversed(digits)]
    doubled = [sum(divmod(2 * d, 10)) for d in turned[1::2]]
    return (sum(turned[::2]) + sum(doubled)) % 10 == 0


def _is_day(year: int, month_day: str) -> bool:
    try:
        date(year, int(month_day[:2]), int(month_day[2:]))
    except ValueError:
        return False
    return True
