"""Whether whole answers can give the printed mean, share or standard deviation: R4, GRIM, GRIMMER, DEBIT.

All comparisons are exact: squares are compared, no root is drawn.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from evalkit.contract import Label
from evalkit.integrate.printed.claim import FLAG, NONE, OK, REMARK, Claim, Finding, Unclear, listed
from evalkit.integrate.printed.numbers import Printed, Span, digits

_NAMED = 4
"""Sizes named when n is not printed."""
_LARGEST = 20_000
"""Sizes tried when n is not printed, and sums tried in GRIMMER."""


def attainable_share(claim: Claim) -> Finding:
    """R4: whether the printed percentage is that of a whole count.

    With `n` GRIM for percentages. Without it the smallest n that can print `value` (and every entry of `parts`).
    """
    if claim.has("n"):
        return _granular(claim, claim.number("value"), Fraction(claim.count("n"), 100))
    shares = [claim.number("value"), *(claim.numbers("parts") if claim.has("parts") else ())]
    sizes = smallest_sizes(shares)
    texts = listed([s.text for s in shares])
    if not sizes:
        return Finding(FLAG, (Label("claims.say.no_size", shares=texts, n=_LARGEST),))
    said = Label("claims.say.smallest", shares=texts, n=sizes[0])
    return Finding(REMARK, (said, Label("claims.say.next_sizes", sizes=listed([str(n) for n in sizes[1:]]))))


def smallest_sizes(shares: list[Printed], most: int = _NAMED) -> list[int]:
    """The smallest n, up to 20,000, for which every percentage is that of a whole count, half up."""
    found: list[int] = []
    for n in range(1, _LARGEST + 1):
        if len(found) == most:
            break
        if all(_some_whole(share.rounded("half_up").scaled(Fraction(n, 100))) for share in shares):
            found.append(n)
    return found


def grim(claim: Claim) -> Finding:
    """GRIM: whether a mean of `n` answers to `items` whole-number items can be printed so.

    Brown & Heathers (2017), Social Psychological and Personality Science 8, 363-369. A tie may have been rounded
    either way. A percentage (unit %) moves the point by two places.
    """
    grains = Fraction(claim.count("n") * (claim.count("items") if claim.has("items") else 1))
    percent = claim.has("unit") and claim.text("unit") == "%"
    return _granular(claim, claim.number("value"), grains / 100 if percent else grains)


def _granular(claim: Claim, value: Printed, grains: Fraction) -> Finding:
    """The test of GRIM: `grains` values to one unit of what is printed."""
    sums = value.either.scaled(grains)
    shown = Label("claims.say.grains", n=claim.text("n"), nearest=_nearest(value, grains))
    if grains * value.step >= 1:
        return Finding(NONE, (Label("claims.say.no_power", n=claim.text("n"), decimals=value.decimals),))
    if _some_whole(sums):
        return Finding(OK, (shown,))
    if _some_whole(value.rounded("truncation").scaled(grains)):
        return Finding(REMARK, (shown, Label("claims.say.only_by", ways=Label("claims.rounding.truncation"))))
    return Finding(FLAG, (Label("claims.say.impossible", printed=value.text), shown))


def _nearest(value: Printed, grains: Fraction) -> str:
    """The two possible values around the printed one."""
    below = (value.number * grains) // 1
    return " / ".join(digits(Fraction(k) / grains, value.decimals + 2) for k in (below, below + 1))


def _some_whole(span: Span) -> bool:
    first, last = span.whole()
    return first is None or last is None or first <= last


def grimmer(claim: Claim) -> Finding:
    """GRIMMER for one item: whether whole answers can have the printed mean and SD together.

    A sum of squares of whole numbers is whole and odd or even with their sum (Allard 2018, building on Anaya 2016).
    The parity holds for one item only; for scale means nothing is claimed.
    """
    mean, deviation, n = claim.number("value"), claim.number("sd"), claim.count("n")
    if claim.has("items") and claim.count("items") > 1:
        return Finding(NONE, (Label("claims.say.one_item"),))
    if n < 2:
        raise Unclear(claim.problem("W6533", "n", text=claim.text("n")))
    first, last = mean.either.scaled(Fraction(n)).whole()
    totals = range(first or 0, (last if last is not None else -1) + 1)
    if not totals:
        return Finding(FLAG, (Label("claims.say.impossible", printed=mean.text),))
    if len(totals) > _LARGEST:
        return Finding(NONE, (Label("claims.say.no_power", n=n, decimals=mean.decimals),))
    said = Label("claims.say.mean_and_sd", mean=mean.text, sd=deviation.text, n=n)
    low, high = _ends(deviation.either)
    for total in totals:
        floor, ceiling = (end**2 * (n - 1) + Fraction(total**2, n) for end in (low, high))
        least, most = -(-floor // 1), ceiling // 1
        if least + (least + total) % 2 <= most:
            return Finding(OK, (said,))
    return Finding(FLAG, (said, Label("claims.say.no_squares")))


def debit(claim: Claim) -> Finding:
    """DEBIT: whether answers 0 and 1 can have the printed mean and SD together.

    ``sd^2 = n / (n - 1) * mean * (1 - mean)`` over all means and SDs that are printed so.
    Heathers & Brown (2019), https://osf.io/5vb3u.
    """
    mean, deviation, n = claim.number("value"), claim.number("sd"), claim.count("n")
    if n < 2:
        raise Unclear(claim.problem("W6533", "n", text=claim.text("n")))
    low, high = (min(max(end, Fraction(0)), Fraction(1)) for end in _ends(mean.either))
    ends = [low, high, *([Fraction(1, 2)] if low <= Fraction(1, 2) <= high else [])]
    variances = [Fraction(n, n - 1) * p * (1 - p) for p in ends]
    least, most = (end**2 for end in _ends(deviation.either))
    exact = Fraction(n, n - 1) * mean.number * (1 - mean.number)
    said = Label("claims.say.binary", mean=mean.text, n=n, expected=_root(exact), sd=deviation.text)
    inside = not (mean.number < 0 or mean.number > 1)
    fits = inside and min(variances) <= most and max(variances) >= least
    return Finding(OK if fits else FLAG, (said,))


def _ends(span: Span) -> tuple[Fraction, Fraction]:
    """Both ends of a rounding interval, not below 0."""
    return max(span.low or Fraction(0), Fraction(0)), max(span.high or Fraction(0), Fraction(0))


def _root(square: Fraction) -> str:
    """Three decimals of a square root, by whole-number arithmetic."""
    root = isqrt(square.numerator * 10**12 // square.denominator) if square > 0 else 0
    return digits(Fraction(root, 10**6))
