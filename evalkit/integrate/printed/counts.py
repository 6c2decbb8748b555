"""Rules on counts and shares: parts and wholes (R1, R5), percentages of counts (R2, R3), products (R10), R15."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce

from evalkit.contract import Label
from evalkit.integrate.printed.claim import FLAG, LISTED, NONE, OK, REMARK, Claim, Finding, Unclear, listed
from evalkit.integrate.printed.numbers import ROUNDINGS, Printed, Span, digits, repairs

_MULTIPLE = frozenset({"multiple", "multi", "多选", "多选题", "多重响应"})


def part_whole(claim: Claim) -> Finding:
    """R1: the parts sum to the total (`total`, else `value`); else the gap and every single digit that mends it."""
    total = claim.number("total" if claim.has("total") else "value")
    parts = claim.numbers("parts")
    summed = _sum(parts)
    said = Label("claims.say.sum", sum=summed.text(), total=total.text)
    if summed.meets(total.span):
        return Finding(OK, (said,), summed.low)
    gap = sum(part.number for part in parts) - total.number

    def fits(changed: Sequence[Printed]) -> bool:
        return _sum(changed[1:]).meets(changed[0].span)

    mends = _mended((total.text, *claim.entries("parts")), (total, *parts), fits)
    return Finding(FLAG, (said, Label("claims.say.gap", gap=digits(gap)), mends), summed.low)


def percent_of_count(claim: Claim) -> Finding:
    """R2: each printed percentage is its count over n by half-up, half-even or cutting off.

    `value` and `count` may hold lists of one length (a percent table): then the counts may not exceed n together
    unless `response` says multiple.
    """
    values, counts, base = claim.numbers("value"), claim.numbers("count"), claim.number("n")
    if len(values) != len(counts):
        raise Unclear(claim.problem("W6534", "count", n=str(len(counts)), expected=str(len(values))))
    found = [_share(claim, *pair, base) for pair in zip(values, counts, strict=True)]
    worst = next(v for v in (FLAG, REMARK, OK) if v in {f.verdict for f in found})
    says = tuple(said for f in found for said in f.says if worst == OK or f.verdict != OK)
    total = _sum(counts)
    if len(values) > 1 and base.span.all_below(total) and not _multiple(claim):
        return Finding(FLAG, (*says, Label("claims.say.counts_exceed", sum=total.text(), n=base.text)))
    return Finding(worst, says, found[0].estimate if len(found) == 1 else None)


def _share(claim: Claim, value: Printed, count: Printed, base: Printed) -> Finding:
    if base.number <= 0:
        raise Unclear(claim.problem("W6533", "n", text=base.text))
    exact = count.span.over(base.span).scaled(Fraction(100))
    ways = [how for how in ROUNDINGS if _reached(value, exact, how)]
    said = Label("claims.say.share", count=count.text, n=base.text, exact=exact.text(), printed=value.text)
    estimate = exact.low if exact.low == exact.high else None
    if ROUNDINGS[0] in ways:
        return Finding(OK, (said,), estimate)
    if ways:
        return Finding(REMARK, (said, Label("claims.say.only_by", ways=Label(f"claims.rounding.{ways[0]}"))), estimate)
    return Finding(FLAG, (said, *_why_not(value, count, base)), estimate)


def _reached(value: Printed, exact: Span, how: str) -> bool:
    return exact.meets(value.span if value.mark else value.rounded(how))


def _why_not(value: Printed, count: Printed, base: Printed) -> tuple[Label, ...]:
    """What would have to stand there instead: counts, bases, and the repairs of one digit."""
    says = []
    if base.span.low == base.span.high and base.span.low is not None:
        room = value.span if value.mark else value.rounded("half_up")
        first, last = room.scaled(base.span.low / 100).whole()
        if first is not None and last is not None:
            says.append(
                Label("claims.say.counts", first=first, last=last) if first <= last else Label("claims.say.no_count")
            )
    low, high = _bases(count, value).whole()
    if low is not None and high is not None and low <= high:
        says.append(Label("claims.say.bases", first=low, last=high))
    numbers = (value, count, base)

    def fits(changed: Sequence[Printed]) -> bool:
        share, part, whole = changed
        return whole.number > 0 and _reached(share, part.span.over(whole.span).scaled(Fraction(100)), "half_up")

    return (*says, _mended([number.text for number in numbers], numbers, fits))


def implied_total(claim: Claim) -> Finding:
    """R3: every n of which `count` is the printed percentage, inside `low` and `high` where they are given."""
    value, count = claim.number("value"), claim.number("count")
    if not claim.has("low") and not claim.has("high") and value.number <= 0:
        return Finding(NONE, (Label("claims.say.zero_share"),))
    low, high = _bases(count, value).whole()
    if claim.has("low"):
        low = max(low or 1, claim.number("low").span.whole()[0] or 1)
    if claim.has("high"):
        upper = claim.number("high").span.whole()[1]
        high = upper if high is None else high if upper is None else min(high, upper)
    if high is None:
        return Finding(OK, (Label("claims.say.at_least_n", n=low or 1),))
    found = range(low or 1, high + 1)
    if not found:
        return Finding(FLAG, (Label("claims.say.no_total", count=count.text, printed=value.text),))
    shown = listed([str(n) for n in found]) if len(found) <= LISTED else f"{found[0]}–{found[-1]}"
    return Finding(OK, (Label("claims.say.totals", count=count.text, printed=value.text, totals=shown),))


def _bases(count: Printed, value: Printed) -> Span:
    room = value.span if value.mark else value.rounded("half_up")
    positive = Span(max(room.low or Fraction(0), Fraction(0)), room.high, room.low_open, room.high_open)
    return count.span.scaled(Fraction(100)).over(positive)


def shares_of_one_whole(claim: Claim) -> Finding:
    """R5: shares sum to 100 (or `total`) within half a unit each; with n, whole counts that do so exist."""
    parts = claim.numbers("parts")
    whole = claim.number("total").number if claim.has("total") else Fraction(100)
    summed = reduce(Span.__add__, (part.either for part in parts))
    printed_sum = sum((part.number for part in parts), Fraction(0))
    said = Label("claims.say.shares", parts=len(parts), sum=digits(printed_sum))
    target = Span(whole, whole)
    if _multiple(claim):
        return Finding(OK, (said, Label("claims.say.multiple")), printed_sum)
    if target.all_below(summed):
        return Finding(FLAG, (said, Label("claims.say.over_whole")), printed_sum)
    if summed.all_below(target):
        rest = Span(whole, whole) + Span(-(summed.high or Fraction(0)), -(summed.low or Fraction(0)))
        return Finding(
            REMARK, (said, Label("claims.say.rest", rest=digits(whole - printed_sum), span=rest.text())), printed_sum
        )
    if claim.has("n") and whole == 100:
        n = claim.count("n")
        ends = [part.either.scaled(Fraction(n, 100)).whole() for part in parts]
        low, high = sum(e[0] or 0 for e in ends), sum(e[1] or 0 for e in ends)
        if any((e[0] or 0) > (e[1] or 0) for e in ends) or not low <= n <= high:
            return Finding(FLAG, (said, Label("claims.say.no_counts", n=n)), printed_sum)
        return Finding(OK, (said, Label("claims.say.counts_exist", n=n)), printed_sum)
    return Finding(OK, (said,), printed_sum)


def _multiple(claim: Claim) -> bool:
    return claim.has("response") and claim.text("response").casefold() in _MULTIPLE


def product_and_range(claim: Claim) -> Finding:
    """R10: `count` units with `low` to `high` each make the total (`total`, else `value`) possible."""
    total, units = claim.number("total" if claim.has("total") else "value"), claim.number("count").span
    low, high = claim.number("low").span, claim.number("high").span
    ends = [
        a * b if a is not None and b is not None else None for a, b in ((units.low, low.low), (units.high, high.high))
    ]
    possible = Span(ends[0], ends[1])
    said = Label("claims.say.range", units=units.text(), span=possible.text(), total=total.span.text())
    return Finding(OK if total.span.meets(possible) else FLAG, (said,))


def divisible(claim: Claim) -> Finding:
    """R15: a count that is an exact multiple of another, where chance gives that once in n."""
    value, n = claim.number("value"), claim.count("n")
    ratio = value.number / n
    if value.mark or ratio.denominator != 1 or n < 2:
        return Finding(OK, (Label("claims.say.ratio", value=value.text, n=n, ratio=digits(ratio)),), ratio)
    return Finding(REMARK, (Label("claims.say.divisible", value=value.text, n=n, ratio=digits(ratio)),), ratio)


def _sum(numbers: Sequence[Printed]) -> Span:
    return reduce(Span.__add__, (number.span for number in numbers))


def _mended(names: Sequence[str], numbers: Sequence[Printed], fits: Callable[[Sequence[Printed]], bool]) -> Label:
    """The changes of one digit of one number that make the row fit, as one sentence."""
    found = []
    for position, (name, number) in enumerate(zip(names, numbers, strict=True)):

        def mended(other: Printed, position: int = position) -> bool:
            return fits([*numbers[:position], other, *numbers[position + 1 :]])

        head = "" if name == number.text else f"{name} "
        found += [f"{head}{number.text} → {text}" for text in repairs(number, mended)]
    return Label("claims.say.repairs", repairs=listed(found)) if found else Label("claims.say.no_repair")
