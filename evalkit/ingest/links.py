"""The private partition in, which respondents share an address or a contact out: numbers of groups, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evalkit.ingest.privacy import looks_private
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.instrument import Instrument

_DEVICE = ("agent", "device", "system", "browser", "screen")
_ACCOUNTS = ("user_id", "email")
_FIELD = ("kobo",)
"""Platforms whose account is the interviewer's."""


def links_of(
    meta: Mapping[str, Any], private: Mapping[str, Any], instrument: Instrument, dialects: tuple[str, ...], n: int
) -> dict[str, np.ndarray]:
    """Group numbers from 1 in order of appearance, 0 where nothing is known; arrays of shape (n,).

    Returns
    -------
    dict
        `network`: same address and, as far as the platform tells them, same device, system, browser and screen.
        `contact`: same account, or the same number or mail in a private question; who shares one of several such
        columns with somebody belongs to his group. Without such columns the entry is not there.
    """
    found: dict[str, np.ndarray] = {}
    if "ip" in private:
        address = _texts(private["ip"]).map(_address)
        known = {**meta, **private}
        device = [_texts(known[name]) for name in _DEVICE if name in known]
        code = pd.MultiIndex.from_arrays([address, *device]).factorize()[0]
        found["network"] = np.where(address != "", code + 1, 0)
    columns = [private[name] for name in _contacts(private, instrument, dialects)]
    if columns:
        found["contact"] = _together(columns, n)
    return found


def _contacts(private: Mapping[str, Any], instrument: Instrument, dialects: tuple[str, ...]) -> list[str]:
    accounts = () if set(dialects) & set(_FIELD) else _ACCOUNTS
    asked = {item.id for item in instrument.items if item.private}
    named = [name for name in private if name in asked or name.startswith("column_")]
    return [*(name for name in accounts if name in private), *(name for name in named if _tells(private[name]))]


def _tells(values: Any) -> bool:
    """Whether a private column holds numbers or mails of persons; names and places of homes may be shared."""
    texts = pd.Series(values, dtype=object).dropna().map(str)
    counts = texts.value_counts(sort=False)
    return looks_private(counts.index, counts.tolist()) and not _is_network(counts.index)


def _is_network(texts: pd.Index) -> bool:
    """Whether all texts are network addresses, which belong to `network`."""
    return all(clean(text).replace(".", "").split("(")[0].isdigit() and clean(text).count(".") == 3 for text in texts)


def _texts(values: Any) -> pd.Series:
    """Values as texts, empty where there is none; of no type that a column without any value could change."""
    return pd.Series(["" if value != value or value is None else str(value) for value in values], dtype=object)


def _address(text: str) -> str:
    """`1.2.3.4(湖北-武汉)` without the place."""
    return clean(text).split("(")[0].strip()


def _together(columns: list[Any], n: int) -> np.ndarray:
    """Rows that share a value of any column get one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, values, known = [], [], np.zeros(n, bool)
    size = n
    for column in columns:
        texts = _texts(column).map(lambda text: clean(text).casefold())
        code, distinct = pd.factorize(texts)
        there = np.flatnonzero(texts != "")
        rows.append(there)
        values.append(code[there] + size)
        known[there] = True
        size += len(distinct)
    a, b = np.concatenate(rows), np.concatenate(values)
    group = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(size, size)), directed=False)[1][:n]
    return np.where(known, pd.factorize(group)[0] + 1, 0)
