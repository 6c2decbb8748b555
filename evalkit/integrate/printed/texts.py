"""Rules on what is said: repetitions (R6), enumerations (R9), series (R11), bases (R12), sources (R13)."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction

from evalkit.contract import Label
from evalkit.integrate.printed.claim import FLAG, OK, REMARK, Claim, Finding, Unclear, listed
from evalkit.integrate.printed.numbers import Span, half_width, printed
from evalkit.integrate.printed.periods import period

_CODE = re.compile(r"(?P<case>\d*)-?(?P<estate>[^\W\d_]+)(?:-(?P<person>\d+))?")


def repeated(claim: Claim) -> Finding:
    """R6: what stands in two places (`value`, `parts`) says the same: value, comparator, words."""
    first, others = half_width(claim.text("value")), claim.texts("parts")
    versions = {_meaning(text): half_width(text) for text in reversed((first, *others))}
    if len(versions) == 1:
        return Finding(OK, (Label("claims.say.same", times=len(others) + 1, printed=first),))
    says = [Label("claims.say.versions", n=len(versions), versions=" / ".join(reversed(versions.values())))]
    for other in others:
        text = half_width(other)
        slips = [f"{a} → {b}" for a, b in zip(first, text, strict=False) if a != b]
        if len(text) == len(first) and 0 < len(slips) <= 2 and len(first) > 3:
            says.append(Label("claims.say.characters", slips=", ".join(slips)))
    return Finding(FLAG, tuple(says))


def _meaning(text: str) -> tuple[object, ...]:
    """What two printed forms must share: the number with its mark, the day, or the words."""
    number, days = printed(text), period(text)
    if number is not None and (days is None or number.number < 10_000):  # 20210306 is a day
        return (number.number, number.mark)
    return days if days is not None else ("".join(half_width(text).casefold().split()),)


def enumerated(claim: Claim) -> Finding:
    """R9: as many are listed (`parts`) or counted (`count`) as are announced (`value`)."""
    announced = claim.number("value")
    found = claim.number("count").number if claim.has("count") else Fraction(len(claim.entries("parts")))
    said = Label("claims.say.listed", announced=announced.text, found=str(found))
    if announced.span.low is not None and announced.span.meets(Span(found, found)):
        return Finding(OK, (said,))
    return Finding(FLAG, (said, Label("claims.say.difference", gap=str(abs(announced.number - found)))))


def one_precision(claim: Claim) -> Finding:
    """R11: the figures of one series (`value`, `parts`) are printed with equal decimals."""
    series = [claim.number("value"), *claim.numbers("parts")]
    places = sorted({number.decimals for number in series})
    texts = listed([number.text for number in series])
    if len(places) == 1:
        return Finding(OK, (Label("claims.say.precision", series=texts, decimals=places[0]),))
    return Finding(FLAG, (Label("claims.say.mixed", series=texts, decimals=listed([str(p) for p in places])),))


def with_base(claim: Claim) -> Finding:
    """R12: a figure comes with its base (`n`), its date (`date`) and the wording of its question (`wording`)."""
    lacking = [name for name in ("n", "date", "wording") if not claim.has(name)]
    if not lacking:
        return Finding(OK, (Label("claims.say.base"),))
    names = {lang: [Label(f"claims.column.{name}").text(lang) for name in lacking] for lang in ("zh", "en")}
    said = Label("claims.say.lacks", names=Label(zh="、".join(names["zh"]), en=", ".join(names["en"])))
    return Finding(FLAG if "n" in lacking else REMARK, (said,))


def source_keys(claim: Claim) -> Finding:
    """R13: quotes' source codes are one key each.

    Entries of `parts` are `code`, `code@date` or `code@date@speaker`, the code `case-estate-person` or a part of it
    (12-TX-1, SS-3, 07-SP). One source has one date, one speaker one code, an estate one case number, and either
    every source bears a date or none does.
    """
    dates: dict[str, set[str]] = defaultdict(set)
    speakers: dict[str, set[str]] = defaultdict(set)
    cases: dict[str, set[str]] = defaultdict(set)
    for entry in claim.entries("parts"):
        code, date, speaker = (*(part.strip() for part in half_width(entry).split("@")), "", "")[:3]
        keyed = _CODE.fullmatch(code)
        if keyed is None:
            raise Unclear(claim.problem("W6535", "parts", text=entry))
        dates[code].add(date)
        if speaker:
            speakers[speaker].add(code)
        if keyed["case"]:
            cases[keyed["estate"]].add(keyed["case"])
    says = [
        *(Label("claims.say.dates_of", code=c, dates=" / ".join(sorted(d))) for c, d in dates.items() if len(d) > 1),
        *(
            Label("claims.say.codes_of", speaker=s, codes=" / ".join(sorted(c)))
            for s, c in speakers.items()
            if len(c) > 1
        ),
        *(Label("claims.say.cases_of", estate=e, cases=" / ".join(sorted(c))) for e, c in cases.items() if len(c) > 1),
    ]
    undated = [code for code, days in dates.items() if days == {""}]
    if undated and len(undated) < len(dates):
        dated = [code for code in dates if code not in undated]
        says.append(Label("claims.say.undated", dated=listed(dated), undated=listed(undated)))
    if says:
        return Finding(FLAG, tuple(says))
    return Finding(OK, (Label("claims.say.keys", n=len(dates)),))
