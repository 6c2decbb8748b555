"""A data file held against its instrument: every cell in trouble, and a workbook that field staff can mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evalkit.contract import Label, Problem
from evalkit.ingest import masked_text, read_responses
from evalkit.ingest.desk.paper import private_columns
from evalkit.instrument import load_instrument
from evalkit.quality import compare_entries
from evalkit.sheets import Book, problem_workbook, read_book


@dataclass(frozen=True, eq=False)
class Findings:
    """What the check found."""

    book: Book
    problems: tuple[Problem, ...]
    summary: Label
    private: Mapping[str, Mapping[int, int]]

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

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
) -> Findings:
    """Read a file as a run would, without computing anything.

    Raises
    ------
    InputError, InstrumentError
        If the file cannot be read or no column matches.
    """
    asked = load_instrument(instrument) if instrument else None
    responses = read_responses(data, asked, sheet=sheet, dialect=dialect, mapping=mapping)
    errors = sum(p.severity == "error" for p in responses.problems)
    notes = len(responses.problems) - errors
    summary = Label(
        "check.summary", rows=len(responses.frame), columns=responses.columns_in, errors=errors, notes=notes
    )
    return Findings(read_book(data, sheet=sheet), responses.problems, summary, private_columns(responses))


def check_against(first: Path, second: Path, instrument: str, *, by: str = "respondent_id") -> Findings:
    """Hold two clerks' entries of the same papers against each other; the findings stand in the first file.

    Raises
    ------
    InputError, InstrumentError
        If a file cannot be read, or papers cannot be paired.
    """
    asked = load_instrument(instrument)
    mine, theirs = read_responses(first, asked), read_responses(second, asked)
    found = compare_entries(mine, theirs, by=by)
    cells, differing = (int(found.by_column[name].sum()) for name in ("n_obs", "count"))
    summary = Label("entry.summary", n=found.n_obs, cells=cells, differing=differing)
    return Findings(read_book(first), found.notices, summary, private_columns(mine))
