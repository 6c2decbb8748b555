"""Offsets and quotes against the texts: a quote is a checksum, and the way back where an offset has slipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract.consent import consent
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.sheets import Reading
from evalkit.ingest.casebook.texts import Texts

_SAME_LENGTH = {0xA0: " ", 0x3000: " ", 0x2007: " ", 0x202F: " "}
"""Blanks that a spreadsheet or editor may have changed, each for one blank: offsets stay."""


def check_offsets(table: Table, reading: Reading) -> None:
    """Faults: E2137 for one offset without the other, E2123 for an end that does not lie behind its start."""
    starts, ends = (table.frame[name].to_numpy(float) for name in ("start", "end"))
    for row in np.flatnonzero(np.isnan(starts) != np.isnan(ends)):
        reading.fault("E2137", table.place(int(row), "end" if np.isnan(ends[row]) else "start"))
    for row in np.flatnonzero(ends <= starts):
        reading.fault("E2123", table.place(int(row), "end"), start=int(starts[row]), end=int(ends[row]))


def check_ends(table: Table, sources: pd.DataFrame, reading: Reading) -> None:
    """Faults: E2134 for an end behind the last character of its source."""
    lengths = dict(zip(sources["source_id"], sources["n_chars"], strict=True))
    ends = table.frame["end"].tolist()
    for row, (source, end) in enumerate(zip(table.frame["source_id"].tolist(), ends, strict=True)):
        if end > lengths.get(source, np.nan):
            reading.fault("E2134", table.place(row, "end"), end=int(end), n=int(lengths[source]))


def check_units(units: Table, reading: Reading) -> None:
    """Faults: E2124 for units of one source that overlap: a character would count twice."""
    for first, second in _overlaps(units.frame, ["source_id"]):
        other = units.spot(first, "unit_id")
        reading.fault("E2124", units.place(second, "start"), unit=units.frame.at[second, "unit_id"], other=other)


def check_doubles(codings: Table, reading: Reading) -> None:
    """W2125 for codings of one coder, code and round that overlap: counts of codings count them twice."""
    keys = ["source_id", "code_id", "coder", "round"]
    for first, second in _overlaps(codings.frame, keys):
        code = codings.frame.at[second, "code_id"]
        reading.fault("W2125", codings.place(second, "start"), code=code, other=codings.spot(first, "start"))


def _overlaps(frame: pd.DataFrame, keys: list[str]) -> list[tuple[int, int]]:
    """Rows that overlap an earlier stretch of their group, with the row of that stretch."""
    rows = np.flatnonzero(frame["start"].to_numpy(float) < frame["end"].to_numpy(float))
    if not len(rows):
        return []
    starts, ends = (frame[name].to_numpy(float)[rows] for name in ("start", "end"))
    parts = [pd.factorize(frame[key].fillna("").to_numpy()[rows])[0] for key in keys]
    order = np.lexsort((ends, starts, *reversed(parts)))
    rows, starts, ends = rows[order], starts[order], ends[order]
    new = np.concatenate([[True], np.any([p[order][1:] != p[order][:-1] for p in parts], axis=0)])
    # The end that reaches furthest so far in the group: later groups are lifted above those before.
    rank = np.unique(ends, return_inverse=True)[1]
    lifted = rank + np.cumsum(new) * len(rows)
    reach = np.maximum.accumulate(lifted)
    widest = np.maximum.accumulate(np.where(np.concatenate([[True], lifted[1:] > reach[:-1]]), np.arange(len(rows)), 0))
    over = np.flatnonzero(~new[1:] & (starts[1:] < ends[widest[:-1]])) + 1
    return [(int(rows[widest[k - 1]]), int(rows[k])) for k in over]


def check_quotes(codings: Table, sources: Table, texts: Texts, reading: Reading) -> None:
    """Hold every quote against its text; fill in quotes that are missing, move offsets that have slipped.

    Faults: E2133 for a quote that its text does not have just once; E2134; E2130 for a changed text with codings
    that have no quote to tell whether they still fit, or one that does not. W2131 for one whose codings all do, W2132
    for offsets moved. N2135 for codings of sources whose text is not at hand.
    """
    frame = codings.frame
    plain = {source: text.translate(_SAME_LENGTH) for source, text in texts.of.items()}
    spans = _Spans.of(frame)
    bare, lost = Counter[str](), Counter[str]()
    unseen = 0
    for row, (source, quote) in enumerate(zip(frame["source_id"].tolist(), list(spans.quotes), strict=True)):
        text = texts.of.get(source)
        if text is None:
            unseen += quote is not None
        elif quote is None:
            bare[source] += spans.ends[row] == spans.ends[row]
            _fill(spans, row, text)
        else:
            lost[source] += not _anchor(spans, row, quote, text, plain[source], codings, reading)
    frame["start"], frame["end"] = spans.starts, spans.ends
    frame["quote"] = pd.Series(spans.quotes, dtype="str")
    for source, at in texts.changed.items():
        if bare[source] or lost[source]:
            reading.fault("E2130", at, source=source, n=bare[source], lost=lost[source])
        else:
            reading.fault("W2131", at, source=source)
    if unseen:
        reading.fault("N2135", None, n=unseen)
    check_ends(codings, sources.frame, reading)


@dataclass(frozen=True, eq=False)
class _Spans:
    """Offsets and quotes while they are held against the texts: plain lists, for a frame's cells are slow."""

    starts: list[float]
    ends: list[float]
    quotes: list[str | None]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> _Spans:
        starts, ends = (frame[name].to_numpy(float).tolist() for name in ("start", "end"))
        return cls(starts, ends, [None if pd.isna(quote) else str(quote) for quote in frame["quote"].tolist()])


def _fill(spans: _Spans, row: int, text: str) -> None:
    start, end = spans.starts[row], spans.ends[row]
    if start < end <= len(text):
        spans.quotes[row] = text[int(start) : int(end)]


def _anchor(spans: _Spans, row: int, quote: str, text: str, plain: str, codings: Table, reading: Reading) -> bool:
    """Leave the offsets, or move them to the one place where the quote stands; `plain` has ordinary blanks only.

    Returns
    -------
    bool
        False where there is no such place.
    """
    start, end = spans.starts[row], spans.ends[row]
    given = quote.translate(_SAME_LENGTH)
    fits = start < end <= len(text) and plain[int(start) : int(end)] in (given, given.strip())
    if not fits:
        quote = given if given in plain else given.strip()
        first = plain.find(quote)
        if not quote or first < 0 or plain.find(quote, first + 1) >= 0:
            n = _occurrences(plain, quote) if quote else 0
            source = codings.frame.at[row, "source_id"]
            reading.fault("E2133", codings.place(row, "quote"), source=source, n=n)
            spans.starts[row] = spans.ends[row] = np.nan  # its end is not told a second time
            return False
        at = codings.place(row, "start")
        was = f"{start:g}–{end:g}" if end == end else "–"
        reading.fault("W2132", at, was=was, now=f"{first}–{first + len(quote)}")
        start, end = float(first), float(first + len(quote))
        spans.starts[row], spans.ends[row] = start, end
    spans.quotes[row] = text[int(start) : int(end)]
    return True


def _occurrences(text: str, quote: str) -> int:
    n, at = 0, text.find(quote)
    while at >= 0:
        n, at = n + 1, text.find(quote, at + 1)
    return n


def with_consent(codings: pd.DataFrame, sources: pd.DataFrame) -> pd.Series:
    """Whether there is consent to each coding, 1 or 0; what it shares with others is asked where it is printed."""
    return pd.Series(consent(codings, sources).astype(float), index=codings.index)
