"""The platforms whose exports can be read: one module and one line each."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from evalkit.ingest.layout import Guess, Layout

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

DIALECTS = {
    "entry": "evalkit.ingest.dialects.entry",
    "wjx_text": "evalkit.ingest.dialects.wjx_text",
    "wjx_index": "evalkit.ingest.dialects.wjx_index",
    "wjx_score": "evalkit.ingest.dialects.wjx_score",
    "tencent": "evalkit.ingest.dialects.tencent",
    "credamo": "evalkit.ingest.dialects.credamo",
    "qualtrics": "evalkit.ingest.dialects.qualtrics",
    "surveymonkey": "evalkit.ingest.dialects.surveymonkey",
    "google_forms": "evalkit.ingest.dialects.google",
    "microsoft_forms": "evalkit.ingest.dialects.microsoft",
    "jinshuju": "evalkit.ingest.dialects.jinshuju",
    "kobo": "evalkit.ingest.dialects.kobo",
    "redcap": "evalkit.ingest.dialects.redcap",
    "limesurvey": "evalkit.ingest.dialects.limesurvey",
    "statistics": "evalkit.ingest.dialects.statistics",
    "hand_typed": "evalkit.ingest.dialects.hand_typed",
    "plain": "evalkit.ingest.dialects.plain",
}


CONFIRMED_ONLY = frozenset(["jinshuju"])
"""Platforms of which no real export has been seen: read only behind a mapping a person has confirmed."""


class Dialect(Protocol):
    """What every dialect module offers."""

    NAME: str

    def detect(self, sheet: Sheet, file_name: str) -> Guess: ...

    def read(self, sheet: Sheet, wanted: frozenset[str] = ...) -> Layout: ...


def dialect(name: str) -> Dialect:
    """The module of one dialect; KeyError for an unknown name."""
    return cast(Dialect, import_module(DIALECTS[name]))


def guesses(sheet: Sheet, file_name: str) -> list[Guess]:
    """Every dialect's guess, best first; a table typed by hand is one no platform fits, a plain one what is left.

    In a file of a statistics package the names of a platform's columns say where it came from, not how it is written.
    """
    found = [dialect(name).detect(sheet, file_name) for name in DIALECTS]
    if any(column.described for column in sheet.columns):
        found = [g if g.name == "statistics" else replace(g, score=0.0) for g in found]
    platform = max(guess.score for guess in found if guess.name not in ("plain", "hand_typed"))
    found = [replace(g, score=min(g.score, 1 - platform)) if g.name == "hand_typed" else g for g in found]
    best = max(guess.score for guess in found if guess.name != "plain")
    found = [replace(g, score=min(g.score, 1 - best)) if g.name == "plain" else g for g in found]
    return sorted(found, key=lambda guess: -guess.score)
