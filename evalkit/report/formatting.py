"""A table cell in, its printed text out: the one place where digits, signs, stars and brackets are chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Real
from typing import Any

from evalkit.contract import GLOSSARY, Cell, Label
from evalkit.report.styles import Style

# Wide enough for any double with nine decimals, so that quantize never overflows.
_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)
_WRAPS = {"": ("", ""), "(": ("(", ")"), "[": ("[", "]")}


def cell_text(cell: Cell, style: Style, lang: str) -> str:
    """The text of one cell in a style and language (`zh` or `en`).

    Numbers are rounded half up on their shortest decimal form, as a spreadsheet shows them; per cents are
    given as per cents (23.9, not 0.239). None is the style's dash, nan its mark for "could not be computed".
    A tuple is an interval, `[0.021, 0.143]`, mean and SD, `3.52 ± 0.88`, or a range, `1–5`, by its kind.
    Stars come from `cell.p`, behind the closing bracket.

    Raises
    ------
    KeyError
        If the kind is not in the glossary (a fault of ours).
    """
    GLOSSARY[cell.kind]
    value = cell.value
    if value is None:
        return style.not_applicable
    if isinstance(value, Label):
        return value.text(lang)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return Label("report.yes" if value else "report.no").text(lang)
    if isinstance(value, tuple):
        text = _pair_text(value, cell, style)
    elif isinstance(value, Real):
        left, right = _WRAPS[cell.wrap]
        text = left + number_text(float(value), cell.kind, style) + right
    else:
        raise TypeError(f"a cell cannot hold {type(value).__name__}")
    return text + stars(cell.p, style)


def number_text(value: float, kind: str, style: Style) -> str:
    """One number without brackets and stars."""
    if math.isnan(value):
        return style.not_computed
    if math.isinf(value):
        return (style.minus if value < 0 else "") + "∞"
    quantity = GLOSSARY[kind]
    places = decimals_of(value, kind, style)
    if quantity == "p" and value < style.p_bound:
        return "<" + _digits(Decimal(repr(style.p_bound)), _places(style.p_bound), style, quantity)
    return _digits(round_half_up(value, places), places, style, quantity)


def round_half_up(value: float, places: int) -> Decimal:
    """The nearest decimal with that many places, ties away from zero, seen from the shortest decimal form.

    Zero carries no sign: nothing prints as −0.00.
    """
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), context=_WIDE)
    return rounded if rounded else abs(rounded)


def decimals_of(value: float, kind: str, style: Style) -> int:
    """Decimals of one number: those of its name, else of its quantity; a df that is no whole number gets more."""
    if GLOSSARY[kind] == "df" and not float(value).is_integer():
        return style.fractional_df
    return style.decimals.get(kind, style.decimals[GLOSSARY[kind]])


def stars(p: float | None, style: Style) -> str:
    """The mark of the smallest bound that p lies below; nothing for None and nan."""
    if p is None or math.isnan(p):
        return ""
    marks = [mark for bound, mark in style.stars if p < bound]
    return marks[-1] if marks else ""


def star_legend(style: Style, lang: str) -> str:
    """The note that states the star set in use: `*p<0.05，**p<0.01` or `*p < .05. **p < .01`."""
    gap, between = ("", "，") if lang == "zh" else (" ", ". " if style.notes.layout == "kinds" else ", ")
    return between.join(
        f"{mark}p{gap}<{gap}" + _digits(Decimal(repr(bound)), _places(bound), style, "p") for bound, mark in style.stars
    )


def p_phrase(p: float, style: Style, lang: str) -> str:
    """A p-value in running text: `p=0.013`, `p<0.001`; in English `p = 0.013`, `p < 0.001`."""
    text = number_text(p, "p_value", style)
    sign, digits = ("<", text[1:]) if text.startswith("<") else ("=", text)
    gap = "" if lang == "zh" else " "
    return f"p{gap}{sign}{gap}{digits}"


def _places(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return -int(exponent) if int(exponent) < 0 else 0


def _digits(rounded: Decimal, places: int, style: Style, quantity: str) -> str:
    text = f"{abs(rounded):{',' if style.thousands and quantity == 'count' else ''}.{places}f}"
    if quantity in style.no_leading_zero and text.startswith("0."):
        text = text[1:]
    return (style.minus if rounded < 0 else "") + text


def _pair_text(pair: Sequence[Any], cell: Cell, style: Style) -> str:
    if all(isinstance(v, float) and math.isnan(v) for v in pair):
        return style.not_computed
    if cell.kind == "range" and all(v is not None and float(v).is_integer() for v in pair):
        # The ends of an answer scale are whole numbers by nature: 1–5, not 1.00–5.00.
        return "–".join(_digits(round_half_up(v, 0), 0, style, "mean") for v in pair)
    parts = [style.not_applicable if v is None else number_text(float(v), cell.kind, style) for v in pair]
    if cell.kind == "mean_sd":
        return " ± ".join(parts)
    if cell.kind == "range":
        return "–".join(parts)
    left, right = _WRAPS[cell.wrap or "["]
    return left + ", ".join(parts) + right
