"""A number as it is printed: its digits, what they can stand for, and the digits one slip away. All exact."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

ROUNDINGS = ("half_up", "half_even", "truncation")
"""Ways to come from an exact value to the printed one, the usual first."""

_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_HAN = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_BEFORE = {
    "about": ("大约", "约", "大概", "about", "approximately", "around", "~", "≈"),
    "below": ("不足", "不到", "低于", "少于", "less than", "fewer than", "below", "under", "<"),
    "up_to": ("至多", "不超过", "at most", "up to", "≤", "<="),
    "at_least": ("至少", "不低于", "不少于", "at least", "≥", ">="),
    "above": ("超过", "超", "逾", "高于", "多于", "more than", "over", "above", ">"),
    "near": ("接近", "近", "将近", "nearly", "almost"),
}
_AFTER = {
    "more": ("余", "多"),
    "about": ("左右", "上下"),
    "at_least": ("以上", "and above", "or more", "+"),
    "up_to": ("以下", "or less"),
}
_MEASURES = (
    "person-times",
    "平方米",
    "人次",
    "元",
    "人",
    "个",
    "年",
    "户",
    "次",
    "条",
    "名",
    "位",
    "家",
    "处",
    "岁",
    "件",
    "%",
)
_DIGITS = re.compile(r"([+-]?)(\d{1,24}(?:\.\d{1,12})?|\.\d{1,12})(\D.*|)", re.DOTALL)


@dataclass(frozen=True)
class Span:
    """The values between two ends; None is no limit on that side."""

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def __add__(self, other: Span) -> Span:
        low = None if self.low is None or other.low is None else self.low + other.low
        high = None if self.high is None or other.high is None else self.high + other.high
        return Span(low, high, self.low_open or other.low_open, self.high_open or other.high_open)

    def meets(self, other: Span) -> bool:
        """Whether the two have a value in common."""
        return not self.all_below(other) and not other.all_below(self)

    def all_below(self, other: Span) -> bool:
        """Whether every value here is smaller than every value there."""
        if self.high is None or other.low is None:
            return False
        return self.high < other.low or (self.high == other.low and (self.high_open or other.low_open))

    def scaled(self, factor: Fraction) -> Span:
        """Every value times a positive number."""
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return Span(low, high, self.low_open, self.high_open)

    def over(self, other: Span) -> Span:
        """Quotients of two spans of positive numbers."""
        low = None if self.low is None or not other.high else self.low / other.high
        high = None if self.high is None or not other.low else self.high / other.low
        return Span(low, high, self.low_open or other.high_open, self.high_open or other.low_open)

    def whole(self) -> tuple[int | None, int | None]:
        """The smallest and the largest whole number inside."""
        low, high = self.low, self.high
        first = None if low is None else -(-low // 1) + (1 if self.low_open and low.denominator == 1 else 0)
        last = None if high is None else high // 1 - (1 if self.high_open and high.denominator == 1 else 0)
        return first, last

    def text(self) -> str:
        """Digits for a sentence: one number, or both ends; whole numbers where the ends allow."""
        if self.low == self.high and self.low is not None:
            return digits(self.low)
        ends: tuple[Fraction | int | None, Fraction | int | None] = (self.low, self.high)
        if all(end is None or end.denominator == 1 for end in ends):
            ends = self.whole()
        low, high = ("" if end is None else digits(Fraction(end)) for end in ends)
        return f"≥{low}" if not high else f"≤{high}" if not low else low if low == high else f"{low}–{high}"


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Attributes
    ----------
    text : str
        As printed, half-width.
    number : Fraction
        The number itself, without its comparing word; 万 and 亿 multiplied out.
    step : Fraction
        One unit of the last printed place (0.1 of 93.8, 1000 of 6.8 万).
    decimals : int
        Digits behind the point as printed.
    mark : str
        `""`, `more` (余, 多), `about` (约), `at_least` (以上), `above` (超过), `near` (近), `below` (不足), `up_to`.
    """

    text: str
    number: Fraction
    step: Fraction
    decimals: int
    mark: str = ""

    @property
    def span(self) -> Span:
        """What the print stands for: plain whole numbers are exact, decimals and 万 rounded, marks open."""
        number, room = self.number, self._room()
        if self.mark == "more":
            return Span(number, number + room, high_open=True)
        if self.mark == "about":
            return Span(number - room / 2, number + room / 2)
        if self.mark == "near":
            return Span(number - room, number, low_open=True, high_open=True)
        if self.mark in ("at_least", "above"):
            return Span(number, None, low_open=self.mark == "above")
        if self.mark in ("below", "up_to"):
            return Span(None, number, high_open=self.mark == "below")
        return Span(number, number) if self.step == 1 else self.rounded("half_up")

    def rounded(self, how: str) -> Span:
        """The exact values that a way of rounding prints as this number."""
        if self.number < 0:
            mirror = Printed("", -self.number, self.step, self.decimals).rounded(how)
            return Span(-_end(mirror.high), -_end(mirror.low), mirror.high_open, mirror.low_open)
        number, half = self.number, self.step / 2
        if how == "truncation":
            return Span(number if number else -self.step, number + self.step, not number, True)
        odd = (number / self.step) % 2 == 1
        both = how == "half_even" and not odd
        low_open = (how == "half_even" and odd) or (not number and how == "half_up")
        return Span(number - half, number + half, low_open, not both)

    @property
    def either(self) -> Span:
        """Values that rounding prints as this number when a tie may go either way."""
        return Span(self.number - self.step / 2, self.number + self.step / 2)

    def _room(self) -> Fraction:
        """One unit of the last place that is not zero: 100 of 5400, 10 of 60."""
        room = self.step
        while self.number and self.number % (room * 10) == 0:
            room *= 10
        return room


def _end(value: Fraction | None) -> Fraction:
    return Fraction(0) if value is None else value


def half_width(text: str) -> str:
    """Full-width digits and marks as half-width ones, no blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def printed(text: str, decimals: int | None = None) -> Printed | None:
    """A printed number; None for what is none.

    Parameters
    ----------
    text : str
        `93.8`, `93.8%`, `4,616`, `5400余`, `约10万`, `6.8 万`, `六十多`, `95以上`, `超过95`, `2/3`.
    decimals : int, optional
        Digits behind the point as printed, where the sheet has lost zeros at the end.
    """
    plain = half_width(text).casefold().replace("\u2212", "-")
    mark, rest = _marked(plain)
    fraction = re.fullmatch(r"(\d+)/(\d+)", rest)
    if fraction and int(fraction[2]):
        return Printed(half_width(text), Fraction(int(fraction[1]), int(fraction[2])), Fraction(1), 0, mark)
    rest = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", rest).replace(" ", "")
    found = _DIGITS.fullmatch(rest) or _han(rest)
    if not found:
        return None
    sign, body, tail = found[1], found[2], found[3]
    scale, mark = _tail(tail, mark)
    if not scale:
        return None
    places = len(body.partition(".")[2])
    if decimals is not None and decimals > places:
        body += ("" if places else ".") + "0" * (decimals - places)
        places = decimals
    number = Fraction(body) * scale * (-1 if sign == "-" else 1)
    return Printed(half_width(text), number, Fraction(scale, 10**places), places, mark)


def _marked(text: str) -> tuple[str, str]:
    for mark, words in _BEFORE.items():
        for word in sorted(words, key=len, reverse=True):
            if text.startswith(word) and len(text) > len(word):
                return mark, text[len(word) :].strip()
    return "", text


def _tail(tail: str, mark: str) -> tuple[int, str]:
    """The factor and the mark that follow the digits; factor 0 for a tail that belongs to no number."""
    scale = 1
    while tail:
        large = next((w for w in _LARGE if tail.startswith(w)), None)
        if large and scale == 1:
            scale, tail = _LARGE[large], tail[1:]
            continue
        after = next((m for m, words in _AFTER.items() for w in words if tail.startswith(w)), None)
        if after and not mark:
            word = next(w for w in _AFTER[after] if tail.startswith(w))
            mark, tail = after, tail[len(word) :]
            continue
        measure = next((w for w in _MEASURES if tail.startswith(w)), None)
        if measure is None:
            return 0, mark
        tail = tail[len(measure) :]
    return scale, mark


def _han(text: str) -> tuple[str, str, str, str] | None:
    """Chinese numerals below 10,000 as (all, sign, digits, rest)."""
    numerals = re.match(f"[{''.join(_HAN)}{''.join(_TENS)}]+", text)
    if not numerals:
        return None
    total = last = 0
    for sign in numerals[0]:
        if sign in _TENS:
            total += (last or 1) * _TENS[sign]
            last = 0
        else:
            last = last * 10 + _HAN[sign] if last else _HAN[sign]
    return numerals[0], "", str(total + last), text[numerals.end() :]


def digits(value: Fraction, places: int = 3) -> str:
    """Decimal digits of an exact number, half up, zeros at the end cut off."""
    whole = abs(value) * 10**places
    rounded = (whole + Fraction(1, 2)) // 1
    text = f"{rounded // 10**places}.{rounded % 10**places:0{places}d}".rstrip("0").rstrip(".")
    return ("-" if value < 0 and rounded else "") + text


def repairs(number: Printed, fits: Callable[[Printed], bool]) -> list[str]:
    """The printed forms one digit away that would fit, in ascending order."""
    found = []
    for position, old in enumerate(number.text):
        for new in "0123456789" if old.isascii() and old.isdigit() else "":
            leading = new == "0" and not (position and number.text[position - 1].isdigit())
            if new == old or (leading and number.text[position + 1 : position + 2].isdigit()):
                continue
            other = printed(number.text[:position] + new + number.text[position + 1 :], number.decimals)
            if other is not None and fits(other):
                found.append((other.number, other.text))
    return [text for _, text in sorted(found)]
