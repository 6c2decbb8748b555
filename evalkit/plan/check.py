"""A data file held against its instrument: every cell in trouble, and a workbook that field staff can mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.contract import Label, Problem, UsageError
from evalkit.ingest import masked_text, read_responses
from evalkit.ingest.desk.paper import private_columns
from evalkit.instrument import load_instrument
from evalkit.quality import compare_entries
from evalkit.sheets import Book, problem_workbook, read_book

_ENTRIES_DIFFER = ("W825", "W826", "W827")


@dataclass(frozen=True, eq=False)
class Findings:
    """What the check found."""

    book: Book
    problems: tuple[Problem, ...]
    summary: Label
    private: Mapping[str, Mapping[int, int]]

    @property
    def has_errors(self) -> bool:
        return any(p.severity == "error" or p.code in _ENTRIES_DIFFER for p in self.problems)

    def write(self, path: Path, *, lang: str) -> None:
        """A new workbook with the cells read at their addresses, personal data left out; the original stays."""
        problem_workbook(self.book, self.problems, path, lang, private=self.private, cover=masked_text)


def check(
    data: Path,
    instrument: str | None,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    mapping: str | None = None,
    against: str | None = None,
) -> Findings:
    """Read a file as a run would, without computing anything.

    Parameters
    ----------
    against : str, optional
        A second clerk's entry of the same papers: the findings are the cells where the two differ.

    Raises
    ------
    InputError, InstrumentError
        If a file cannot be read, no column matches, or papers cannot be paired.
    UsageError
        E577 for a comparison without an instrument.
    """
    if against is not None:
        return _against(data, Path(against), instrument, sheet=sheet, dialect=dialect, mapping=mapping)
    asked = load_instrument(instrument) if instrument else None
    responses = read_responses(data, asked, sheet=sheet, dialect=dialect, mapping=mapping)
    errors = sum(p.severity == "error" for p in responses.problems)
    notes = len(responses.problems) - errors
    summary = Label(
        "check.summary", rows=len(responses.frame), columns=responses.columns_in, errors=errors, notes=notes
    )
    book = read_book(data, sheet=sheet)
    return Findings(book, responses.problems, summary, private_columns(responses, book))


def _against(first: Path, second: Path, instrument: str | None, *, sheet: str | None, **given: Any) -> Findings:
    """Two clerks' entries of the same papers; the findings stand in the first file."""
    if instrument is None:
        params = {"names": ["-i"], "command": "evalkit check --against"}
        raise UsageError(Problem("E577", params=params))
    asked = load_instrument(instrument)
    mine, theirs = (read_responses(path, asked, sheet=sheet, **given) for path in (first, second))
    found = compare_entries(mine, theirs)
    cells, differing = (int(found.by_column[name].sum()) for name in ("n_obs", "count"))
    summary = Label("entry.summary", n=found.n_obs, cells=cells, differing=differing)
    book = read_book(first, sheet=sheet)
    return Findings(book, found.notices, summary, private_columns(mine, book, theirs.private.columns))
