"""Which stretches of text may be quoted: what an interviewee or an analyst said, obeyed in every room alike."""

from __future__ import annotations

import numpy as np
import pandas as pd


def may_quote(codings: pd.DataFrame, sources: pd.DataFrame | None, source: str = "source_id") -> np.ndarray:
    """Whether each coding may be quoted.

    Its own word `quotable`, else that of its source, must be 1, and that of its source must not be 0. A stretch that
    shares text with one that may not be quoted may not be quoted either; where places are not known, words tell.

    Parameters
    ----------
    codings : DataFrame
        Column `source`, and perhaps quotable, start, end, quote.
    sources : DataFrame, optional
        Column source_id and perhaps quotable.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    own = _flags(codings)
    of = {} if sources is None else dict(zip(sources["source_id"].map(str), _flags(sources), strict=True))
    theirs = codings[source].map(str).map(of).astype(float)
    may: np.ndarray = ((own.fillna(theirs).fillna(0.0) == 1) & (theirs.fillna(1.0) != 0)).to_numpy(dtype=bool)
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
