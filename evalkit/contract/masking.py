"""Texts in, the same texts with every piece of personal data covered out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.contract.personal import personal_hits

COVER = "***"
"""Stands in place of a name, number or address."""


def masked_text(text: str) -> str:
    """One text with each hit of `personal_hits` replaced by `COVER`."""
    out, last = [], 0
    for hit in personal_hits(text):
        out += [text[last : hit.start], COVER]
        last = hit.end
    return "".join([*out, text[last:]]) if last else text


def masked(values: pd.Series) -> pd.Series:
    """A column with personal data in its texts covered.

    Parameters
    ----------
    values : Series
        Of any dtype; only texts, and whole numbers long enough to be a telephone or card number, are looked at.

    Returns
    -------
    Series
        Same index, name and missing cells. Works on the distinct values, so its cost does not grow with the rows.
        The series itself where there is nothing to cover.

    Notes
    -----
    Covers what has a form of its own (numbers, mail and network addresses, places down to the door, names with a
    title). It never promises that no name is left in free text.
    """
    codes, distinct = pd.factorize(values.array if hasattr(values, "array") else values)
    covers = {k: cover for k, value in enumerate(distinct) if (cover := _covered(value)) is not None}
    if not covers:
        return values
    table = np.array([*distinct, np.nan], dtype=object)
    for k, cover in covers.items():
        table[k] = cover
    return pd.Series(table[codes], index=values.index, name=values.name, dtype=object)


def as_seen(value: object) -> str | None:
    """A value as a text that may be personal; None for what never is (codes, scores, dates)."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float, np.integer, np.floating)) and np.isfinite(value):
        number = float(value)
        return str(int(number)) if number.is_integer() and 1e10 <= number < 1e18 else None
    return None


def _covered(value: object) -> str | None:
    text = as_seen(value)
    cover = None if text is None else masked_text(text)
    return cover if cover != text else None
