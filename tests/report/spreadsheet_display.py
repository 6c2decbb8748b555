"""How a spreadsheet shows a number under the formats that evalkit.report writes (sections, literals, padding)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_(.)|([#0,.]+)')


def shown(value: float, number_format: str) -> str:
    """The displayed text; `_x` padding shows as nothing."""
    sections = number_format.split(";")
    condition = re.match(r"\[<([0-9.e-]+)\]", sections[0])
    if condition:
        first = value < float(condition[1])
        body = sections[0][condition.end() :] if first else sections[1]
        unsigned = value
    else:
        body = sections[0] if value >= 0 else sections[1]
        unsigned = abs(value)
    out = ""
    for literal, escaped, _pad, digits in _TOKEN.findall(body):
        out += literal or escaped or (_digits(unsigned, digits) if digits else "")
    return out


def _digits(value: float, pattern: str) -> str:
    places = len(pattern.partition(".")[2])
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), context=Context(400, ROUND_HALF_UP))
    text = f"{rounded:{',' if ',' in pattern else ''}.{places}f}"
    return text[1:] if pattern.startswith("#.") and text.startswith("0.") else text
