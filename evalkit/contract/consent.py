"""Which stretches of text may be quoted: what an interviewee or an analyst said, obeyed in every room alike."""

from __future__ import annotations

import numpy as np
import pandas as pd


def consent(codings: pd.DataFrame, sources: pd.DataFrame | None, source: str = "source_id") -> np.ndarray:
    """Whether there is consent to each coding: its own word `quotable`, else that of its source, which it cannot undo.

    Parameters
    ----------
    codings : DataFrame
        Column `source`, and perhaps quotable.
    sources : DataFrame, optional
        Column source_id and perhaps quotable.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    own = _flags(codings)
    of = {} if sources is None else dict(zip(sources["source_id"].map(str), _flags(sources), strict=True))
    theirs = codings[source].map(str).map(of).astype(float)
    found: np.ndarray = ((own.fillna(theirs).fillna(0.0) == 1) & (theirs.fillna(1.0) != 0)).to_numpy(dtype=bool)
    return found


def may_quote(codings: pd.DataFrame, sources: pd.DataFrame | None, source: str = "source_id") -> np.ndarray:
    """Whether each coding may be printed: there is consent to it, and to every other that shares text with it.

    Parameters
    ----------
    codings : DataFrame
        Column `source`, and perhaps quotable, start, end, quote; where places are not known, words tell.
    sources : DataFrame, optional
        As in `consent`.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    may = consent(codings, sources, source)
    out: np.ndarray = np.array(may)
    if may.all() or not may.any():
        return out
    start, end = (_column(codings, name, float) for name in ("start", "end"))
    quote = [q if isinstance(q, str) else "" for q in _column(codings, "quote", object)]
    for places in codings.groupby(source).indices.values():
        for row in places[~may[places]]:
            out[places] &= ~((start[places] < end[row]) & (start[row] < end[places]))
            unplaced = places[np.isnan(start[places] + end[places] + start[row] + end[row])]
            shared = [bool(quote[row]) and (quote[row] in quote[k] or quote[k] in quote[row]) for k in unplaced]
            out[unplaced] &= ~np.array(shared, dtype=bool)
    return out


def _flags(frame: pd.DataFrame) -> pd.Series:
    if "quotable" not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame["quotable"], errors="coerce")


def _column(frame: pd.DataFrame, name: str, kind: type) -> np.ndarray:
    empty = pd.Series(np.nan, index=frame.index)
    return np.asarray(frame.get(name, empty).to_numpy(dtype=kind, na_value=np.nan))
