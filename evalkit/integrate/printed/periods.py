"""Rules on time: periods within periods (R7), dates within a window (R8), spans of years (R14)."""

from __future__ import annotations

import calendar
import re
from datetime import date
from fractions import Fraction

from evalkit.contract import Label
from evalkit.integrate.printed.claim import FLAG, OK, REMARK, Claim, Finding, Unclear, listed
from evalkit.integrate.printed.numbers import Span, digits, half_width

TIMES_THE_REST = 5
"""R7: a part of a period whose rate is more than so many times that of the rest wants its definition."""

_DATE = re.compile(r"(\d{4})(?:(?:年|[-/.])(\d{1,2})(?:(?:月|[-/.])(\d{1,2})日?|月)?|年)?|(\d{4})(\d{2})(\d{2})")


def period(text: str) -> tuple[date, date] | None:
    """First and last day of `2021`, `2021-09`, `2021/9/6`, `2021年9月` or `20210906`; None for what is no date."""
    found = _DATE.fullmatch("".join(half_width(text).split()))
    if found is None:
        return None
    year, month, day = (
        int(part) if part else None for part in (found.groups()[:3] if found[1] else found.groups()[3:])
    )
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first
        last_month = month or 12
        return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])
    except ValueError:
        return None


def _period(claim: Claim, column: str, text: str) -> tuple[date, date]:
    found = period(text)
    if found is None:
        raise Unclear(claim.problem("W6536", column, text=text))
    return found


def _window(claim: Claim) -> tuple[date, date]:
    """First day of `low` and last day of `high`; a blank one is no limit."""
    first = _period(claim, "low", claim.texts("low")[0])[0] if claim.has("low") else date.min
    last = _period(claim, "high", claim.texts("high")[0])[1] if claim.has("high") else date.max
    return first, last


def period_inclusion(claim: Claim) -> Finding:
    """R7: the count of a part of a period (`value`) is inside that of the whole (`total`).

    With the periods (`date`; `low` to `high`) the rates per day are compared too: a part of more than
    `TIMES_THE_REST` times the rate of the rest is flagged, its definition may differ.
    """
    part, whole = claim.number("value").span, claim.number("total").span
    share = part.over(whole).scaled(Fraction(100))
    said = Label("claims.say.of_whole", part=part.text(), whole=whole.text(), share=share.text())
    if whole.all_below(part):
        return Finding(FLAG, (said, Label("claims.say.part_exceeds")))
    if not claim.has("date"):
        return Finding(OK, (said,))
    inner, outer = _period(claim, "date", claim.texts("date")[0]), _window(claim)
    if inner[0] < outer[0] or inner[1] > outer[1]:
        return Finding(FLAG, (said, Label("claims.say.outside", dates=claim.text("date"))))
    days, rest_days = _days(inner), _days(outer) - _days(inner)
    if whole.high is None or part.low is None or part.high is None or not rest_days:
        return Finding(OK, (said,))
    left = Span(max((whole.low or Fraction(0)) - part.high, Fraction(0)), whole.high - part.low, False, whole.high_open)
    says = (said, Label("claims.say.left", left=left.text(), days=rest_days))
    if left.high is not None and part.low * rest_days > TIMES_THE_REST * left.high * days:
        return Finding(FLAG, (*says, Label("claims.say.definition", times=TIMES_THE_REST)))
    return Finding(OK, says)


def _days(ends: tuple[date, date]) -> int:
    return (ends[1] - ends[0]).days + 1


def date_window(claim: Claim) -> Finding:
    """R8: every date (`date`, else `value`) lies between `low` and `high`; one of them may be blank."""
    if not claim.has("low") and not claim.has("high"):
        raise Unclear(claim.problem("W6531", "low"))
    column = "date" if claim.has("date") else "value"
    texts = claim.texts(column)
    window = _window(claim)
    ends = [_period(claim, column, text) for text in texts]
    outside = [t for t, (first, last) in zip(texts, ends, strict=True) if last < window[0] or first > window[1]]
    partly = [
        t
        for t, (first, last) in zip(texts, ends, strict=True)
        if t not in outside and (first < window[0] or last > window[1])
    ]
    bounds = [claim.texts(c)[0] if claim.has(c) else "…" for c in ("low", "high")]
    says = [Label("claims.say.window", inside=len(texts) - len(outside), n=len(texts), low=bounds[0], high=bounds[1])]
    if outside:
        return Finding(FLAG, (*says, Label("claims.say.outside", dates=listed(outside))))
    if partly:
        return Finding(REMARK, (*says, Label("claims.say.partly", dates=listed(partly))))
    return Finding(OK, tuple(says))


def duration(claim: Claim) -> Finding:
    """R14: the start year (`low`) and the span (`value`) reach the end year (`high`, e.g. the year of printing)."""
    span = claim.number("value")
    first, last = (_period(claim, c, claim.texts(c)[0])[0].year if claim.has(c) else None for c in ("low", "high"))
    if first is None or last is None:
        raise Unclear(claim.problem("W6531", "low" if first is None else "high"))
    years = Fraction(last - first)
    said = Label("claims.say.years", first=first, last=last, years=digits(years), printed=span.text)
    return Finding(OK if span.span.meets(Span(years, years)) else FLAG, (said,), years)
