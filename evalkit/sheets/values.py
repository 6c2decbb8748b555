"""Raw value of a cell in, (text, kind) out: shortest decimals, ISO dates, `h:mm:ss` durations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite

from evalkit.sheets.cells import BOOL, DATE, EMPTY, ERROR, NUMBER, TEXT

EXACT_BELOW = 1e15  # whole numbers from here have 16 digits: beyond what a spreadsheet keeps for certain

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPED = re.compile(r"_x[Dd][89ABab][0-9A-Fa-f]{2}__x[Dd][C-Fc-f][0-9A-Fa-f]{2}_|_x[0-9A-Fa-f]{4}_")

# Formats without a code of their own in styles.xml (ECMA-376 part 1, 18.8.30; 27-36 and 50-58 are those of the
# Chinese, Japanese and Korean editions). 46 is the only one that counts hours on beyond 24.
_BUILTIN = {
    **dict.fromkeys([14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)], "date"),
    **dict.fromkeys([18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56], "time"),
    46: "elapsed",
}
_UNSPOKEN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)

EPOCH_1900, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LAST_DAY = datetime(9999, 12, 31)


def format_class(number: int, code: str | None) -> str:
    """What a number format shows: `number`, `date`, `time` (clock or m:ss) or `elapsed` (`[h]:mm`).

    Parameters
    ----------
    number : int
        The format's id.
    code : str or None
        Its code in styles.xml; it wins over the built-in meaning of the id.
    """
    if code is None:
        return _BUILTIN.get(number, "number")
    spoken = _UNSPOKEN.sub("", code).split(";")[0].lower()
    if re.search(r"\[[hms]+\]", spoken):
        return "elapsed"
    if "general" in spoken or not re.search(r"[ymdhs]", spoken):
        return "number"
    if re.search(r"[yd]", spoken):
        return "date"
    return "time" if re.search(r"[hs]", spoken) else "date"  # `m` alone is the month


def number_text(value: float) -> str:
    """Shortest decimal form that reads back the same: `3`, `0.35`, `440106199001011200`; no exponent below 1e21."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value)) if abs(value) < 1e16 else format(Decimal(repr(value)), "f")
    text = repr(value)
    return format(Decimal(repr(value)), "f") if "e-" in text and abs(value) >= 1e-12 else text


def number(raw: str) -> tuple[str, int]:
    """`3.0` -> (`3`, NUMBER). What is no finite number stays as text of kind TEXT."""
    raw = raw.strip()
    value = finite(raw)
    if value is None:
        return raw, TEXT if raw else EMPTY
    return number_text(value), NUMBER


def finite(raw: str) -> float | None:
    """The number a text spells in ASCII digits; None for anything else (`NaN`, `1_0`, `１`, an overflow)."""
    if not _NUMBER.fullmatch(raw):
        return None
    value = float(raw)
    return value if isfinite(value) else None


def is_imprecise(text: str) -> bool:
    """Whether the text of a number is whole and has 16 or more digits."""
    if len(text) < 16 and "e+" not in text:
        return False
    value = float(text)
    return abs(value) >= EXACT_BELOW and value == int(value)


def date_reader(shown: str, epoch: datetime) -> Callable[[str], tuple[str, int]]:
    """The reader of serial numbers under a format class of `format_class`."""

    def read(raw: str) -> tuple[str, int]:
        days = finite(raw.strip())
        if days is None:
            return number(raw)
        # Day 0 of the 1900 system is no day, so a value below 1 is a clock time whatever the format shows.
        if shown == "elapsed" or (0 <= days < 1 and (shown == "time" or epoch == EPOCH_1900)):
            return elapsed_text(days * 86400), DATE
        moment = serial_date(days, epoch)
        return (moment_text(moment), DATE) if moment else (number_text(days), NUMBER)

    return read


def serial_date(days: float, epoch: datetime) -> datetime | None:
    """Day number -> date and time, rounded to the millisecond; None outside the calendar.

    The 1900 system counts a 29 February 1900 that never was, so days before it move up by one.
    """
    if not 0 <= days <= (_LAST_DAY - epoch).days + 1:
        return None
    shift = 1 if epoch == EPOCH_1900 and 1 <= days < 60 else 0
    try:
        return epoch + timedelta(days=shift, milliseconds=round(days * 86_400_000))
    except OverflowError:
        return None


def moment_text(moment: datetime) -> str:
    """ISO with a blank; midnight without time, whole seconds without fraction."""
    if moment.microsecond:
        return moment.isoformat(" ", "milliseconds")
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat(" ", "seconds")


def elapsed_text(seconds: float) -> str:
    """`h:mm:ss`, hours beyond 24 counted on, milliseconds only if there are any."""
    thousandths = round(abs(seconds) * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    whole, fraction = divmod(rest, 1000)
    sign = "-" if seconds < 0 and thousandths else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{whole:02d}" + (f".{fraction:03d}" if fraction else "")


def iso_date(raw: str) -> tuple[str, int]:
    """A cell of type `d`: ISO 8601 text."""
    raw = raw.strip()
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return raw, TEXT if raw else EMPTY
    return moment_text(moment.replace(tzinfo=None)), DATE


def boolean(raw: str) -> tuple[str, int]:
    """`1` -> (`TRUE`, BOOL)."""
    raw = raw.strip()
    if not raw:
        return "", EMPTY
    return ("TRUE" if raw.lower() in ("1", "true") else "FALSE"), BOOL


def error(raw: str) -> tuple[str, int]:
    """`#N/A` stays as text of kind ERROR."""
    return (raw.strip() or "#N/A"), ERROR


def plain_text(raw: str) -> tuple[str, int]:
    """Text as it stands."""
    return raw, TEXT if raw else EMPTY


def stored_text(raw: str) -> tuple[str, int]:
    """Text of an xlsx part, where `_xHHHH_` stands for a character XML cannot hold."""
    return plain_text(unescape(raw))


def unescape(raw: str) -> str:
    """`_x000D_` -> carriage return, `_x005F_` -> underscore; CR LF becomes LF."""
    if "_x" not in raw:
        return raw
    return _ESCAPED.sub(_decoded, raw).replace("\r\n", "\n")


def _decoded(found: re.Match[str]) -> str:
    """Two halves of a character as that character; half of one stays as it is written, for no text can hold it."""
    units = re.findall("x([0-9A-Fa-f]{4})", found.group())
    text = bytes.fromhex("".join(units)).decode("utf-16-be", "surrogatepass")
    return found.group() if any("\ud800" <= c <= "\udfff" for c in text) else text
