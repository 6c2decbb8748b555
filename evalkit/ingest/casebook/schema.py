"""The sheets of a casebook and their columns: what a cell holds, what it may be called, what it points to."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from evalkit.contract.words import LANGUAGES, has_text, text_of

LEVELS = ("concept", "subcategory", "category", "core")
"""Levels of a codebook that have an order, from the codes upwards; a codebook may use others."""


@dataclass(frozen=True)
class Field:
    """One column.

    Parameters
    ----------
    kind : str
        `id`, `ids` (several, by semicolon), `text`, `quote` (kept to the letter), `whole`, `number`, `share` (0 to 1),
        `flag` (0 or 1), `date`, `moment` (a date, or day and time), `choice`, `value` (a number where it is one, else
        text).
    refers : str
        Sheet whose key the value must be.
    choices : tuple of str
        Of a choice; empty: any.
    """

    name: str
    kind: str = "text"
    required: bool = False
    refers: str = ""
    choices: tuple[str, ...] = ()
    low: float = float("-inf")


@dataclass(frozen=True)
class Form:
    """One sheet. `open`: further columns are attributes."""

    fields: tuple[Field, ...]
    key: str = ""
    open: bool = False
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(f.name for f in self.fields))


_OFFSETS = (Field("start", "whole", low=0), Field("end", "whole", low=0))
KINDS = ("interview", "document", "observation", "survey_open")
STATUSES = ("active", "merged", "dropped")
TESTS = ("straw_in_the_wind", "hoop", "smoking_gun", "doubly_decisive")
FITS = ("confirmation", "expansion", "discordance", "silence")
CONVERGENCE = ("agreement", "partial_agreement", "silence", "dissonance")

SHEETS: Mapping[str, Form] = MappingProxyType(
    {
        "sources": Form(
            (
                Field("source_id", "id", True),
                Field("case_id", "id", refers="cases"),
                Field("kind", "choice", choices=KINDS),
                Field("date", "date"),
                Field("path"),
                Field("sha256"),
                Field("n_chars", "whole", low=0),
                Field("held_out", "flag"),
                Field("respondent_id", "id"),
                Field("quotable", "flag"),
            ),
            key="source_id",
            open=True,
        ),
        "codebook": Form(
            (
                Field("code_id", "id", True),
                Field("name"),
                Field("name_en"),
                Field("parent_id", "id"),
                Field("level", "choice"),
                Field("definition"),
                Field("include"),
                Field("exclude"),
                Field("example"),
                Field("status", "choice", choices=STATUSES),
                Field("merged_into", "id"),
                Field("created_round"),
            ),
            key="code_id",
        ),
        "codings": Form(
            (
                Field("coding_id", "id"),
                Field("source_id", "id", True, "sources"),
                *_OFFSETS,
                Field("quote", "quote"),
                Field("code_id", "id", True, "codebook"),
                Field("coder", "id"),
                Field("round", "choice"),
                Field("memo"),
                Field("quotable", "flag"),
                Field("date", "moment"),
            ),
            key="coding_id",
        ),
        "units": Form(
            (
                Field("unit_id", "id", True),
                Field("source_id", "id", True, "sources"),
                *(Field(f.name, "whole", True, low=0) for f in _OFFSETS),
            ),
            key="unit_id",
        ),
        "cases": Form(
            (Field("case_id", "id", True), Field("label"), Field("outcome", "value")), key="case_id", open=True
        ),
        "conditions": Form(
            (
                Field("name", "id", True),
                Field("from", required=True),
                Field("type"),
                *(Field(name, "value") for name in ("e", "c", "i", "cuts")),
                Field("direction"),
                Field("idm", "number"),
                Field("std_error"),
                Field("expectation", "id"),
                Field("rationale"),
            ),
            key="name",
        ),
        "actors": Form((Field("actor_id", "id", True), Field("label")), key="actor_id", open=True),
        "ties": Form(
            (
                Field("from", "id", True, "actors"),
                Field("to", "id", True, "actors"),
                Field("relation", "id"),
                Field("weight", "number", low=0),
                Field("period", "id"),
                Field("source_id", "id", refers="sources"),
            ),
        ),
        "evidence": Form(
            (
                Field("case_id", "id", True, "cases"),
                Field("hypothesis", "id", True),
                Field("step"),
                Field("evidence", required=True),
                Field("source_id", "id", refers="sources"),
                Field("test", "choice", choices=TESTS),
                Field("p_h", "share"),
                Field("p_not_h", "share"),
                Field("found", "flag"),
                Field("independent", "flag"),
            ),
        ),
        "ledger": Form(
            (
                Field("problem_id", "id", True),
                Field("case_id", "id", refers="cases"),
                Field("date_in", "date"),
                Field("type", "id"),
                Field("level", "value"),
                Field("route", "id"),
                Field("date_out", "date"),
                Field("result", "id"),
                Field("satisfaction", "number"),
            ),
            key="problem_id",
            open=True,
        ),
        "findings": Form(
            (
                Field("finding_id", "id", True),
                Field("construct", "id", True),
                Field("strand"),
                Field("case_id", "id", refers="cases"),
                Field("claim", required=True),
                Field("prominence", "value"),
                Field("sources", "ids", refers="sources"),
            ),
            key="finding_id",
        ),
        "fit": Form(
            (
                Field("construct", "id", True),
                Field("pair"),
                Field("judgement", "choice", True, choices=FITS),
                Field("meaning", "choice", choices=CONVERGENCE),
                Field("examples", "choice", choices=CONVERGENCE),
                Field("rationale", required=True),
                Field("by"),
                Field("date", "date"),
            ),
        ),
    }
)


def folded(text: str) -> str:
    """A heading, title or choice for comparing: half-width, small letters, without blanks, hyphens and lines."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if not c.isspace() and c not in "_-\u200b\ufeff")


def sheet_words() -> dict[str, str]:
    """Folded title -> sheet."""
    return {folded(word): name for name in SHEETS for word in (name, *_said(f"casebook.sheet.{name}"))}


def column_words(sheet: str) -> dict[str, str]:
    """Folded heading -> column. What one sheet calls so may be said for it alone: `casebook.column.ties.from`."""
    found: dict[str, str] = {}
    for name in SHEETS[sheet].names:
        own = f"casebook.column.{sheet}.{name}"
        said = _said(own if has_text(own) else f"casebook.column.{name}")
        found |= {folded(part): name for word in said for part in word.split("/")} | {folded(name): name}
    return found


def choice_words(column: str, choices: tuple[str, ...]) -> dict[str, str]:
    """Folded word -> choice."""
    found = {}
    for choice in choices:
        said = _said(f"casebook.choice.{column}.{choice}")
        found |= {folded(part): choice for word in (choice, *said) for part in word.split("/")}
    return found


def title_of(sheet: str) -> dict[str, str]:
    """What a sheet is called, in each language."""
    return {lang: text_of(f"casebook.sheet.{sheet}", lang) for lang in LANGUAGES}


def _said(key: str) -> list[str]:
    return [text_of(key, lang) for lang in LANGUAGES] if has_text(key) else []
