"""What a casebook holds: one frame a sheet, the texts, and where each row stands."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from evalkit.contract import AnalysisError, Place, Problem
from evalkit.contract.words import LANGUAGES, place_text
from evalkit.ingest.casebook.schema import SHEETS, title_of


@dataclass(frozen=True, eq=False)
class Table:
    """One sheet as read.

    Attributes
    ----------
    frame : DataFrame
        Rows counted from 0.
    rows : tuple of int
        Spreadsheet row of each row of the frame.
    letters : mapping
        Column -> letter in the spreadsheet.
    given : bool
        Whether there is such a sheet.
    by_line : bool
        The rows are lines of a text, not of a spreadsheet.
    places : mapping
        Row -> where it stands, for rows that come from elsewhere (comments of a Word file).
    """

    frame: pd.DataFrame
    file: str = ""
    sheet: str = ""
    rows: tuple[int, ...] = ()
    letters: Mapping[str, str] = field(default_factory=dict)
    given: bool = False
    by_line: bool = False
    places: Mapping[int, Place] = field(default_factory=dict)

    def place(self, row: int, column: str = "") -> Place:
        """The cell of a row and column; without that column in the sheet, its first one. Of a text the line."""
        if row in self.places:
            return self.places[row]
        if self.by_line:
            return Place(self.file, self.sheet, line=self.rows[row])
        letter = self.letters.get(column) or next(iter(self.letters.values()), "A")
        return Place(self.file, self.sheet, f"{letter}{self.rows[row]}")

    def spot(self, row: int, column: str = "") -> str | dict[str, str]:
        """The same within its file, to be named in a sentence: a cell, or what it is called in each language."""
        at = self.place(row, column)
        rest = replace(at, file="" if at.file == self.file else at.file, sheet="")
        return at.cell or {lang: place_text(rest, lang) for lang in LANGUAGES}


@dataclass(frozen=True, eq=False)
class Casebook:
    """Sheets as frames, each with at least the columns of its form; a sheet that is missing is an empty frame.

    Attributes
    ----------
    texts : mapping
        source_id -> text: LF, no byte order mark; offsets count its characters from 0, the end exclusive.
    problems : tuple of Problem
        Warnings and notes; with an error there is no casebook.
    files : mapping
        Name relative to the casebook's folder -> sha256 of each file read.
    """

    name: str
    tables: Mapping[str, Table]
    texts: Mapping[str, str]
    problems: tuple[Problem, ...]
    files: Mapping[str, str]

    def frame(self, name: str) -> pd.DataFrame:
        """The frame of a sheet.

        Raises
        ------
        AnalysisError
            E2139 for a name that is no sheet of a casebook.
        """
        if name not in SHEETS:
            near = difflib.get_close_matches(name, SHEETS, 1, 0.5) or list(SHEETS)
            raise AnalysisError(Problem("E2139", params={"name": name, "near": near}))
        return self.tables[name].frame

    def where(self, name: str, row: int, column: str = "") -> Place:
        """The cell behind a value of a frame."""
        return self.tables[name].place(row, column)

    def counts(self) -> list[dict[str, str]]:
        """Each sheet that is there with its number of rows, said in each language."""
        rows = {name: len(table.frame) for name, table in self.tables.items() if table.given}
        return [{lang: f"{title} {n:,}" for lang, title in title_of(name).items()} for name, n in rows.items()]

    @property
    def sources(self) -> pd.DataFrame:
        """source_id, case_id, kind, date, path, sha256, n_chars, held_out, respondent_id, quotable, attributes."""
        return self.frame("sources")

    @property
    def codebook(self) -> pd.DataFrame:
        """code_id, name, parent_id, level, definition, include, exclude, example, status, merged_into, round made."""
        return self.frame("codebook")

    @property
    def codings(self) -> pd.DataFrame:
        """coding_id, source_id, start, end, quote, code_id, coder, round, memo, quotable, date."""
        return self.frame("codings")

    @property
    def units(self) -> pd.DataFrame:
        """unit_id, source_id, start, end."""
        return self.frame("units")

    @property
    def cases(self) -> pd.DataFrame:
        """case_id, label, outcome, attributes."""
        return self.frame("cases")

    @property
    def conditions(self) -> pd.DataFrame:
        """name, from, type, e, c, i, cuts, direction, idm, std_error, expectation, rationale."""
        return self.frame("conditions")

    @property
    def actors(self) -> pd.DataFrame:
        """actor_id, label, attributes."""
        return self.frame("actors")

    @property
    def ties(self) -> pd.DataFrame:
        """from, to, relation, weight, period, source_id."""
        return self.frame("ties")

    @property
    def evidence(self) -> pd.DataFrame:
        """case_id, hypothesis, step, evidence, source_id, test, p_h, p_not_h."""
        return self.frame("evidence")

    @property
    def ledger(self) -> pd.DataFrame:
        """problem_id, case_id, date_in, type, level, route, date_out, result, satisfaction, attributes."""
        return self.frame("ledger")

    @property
    def findings(self) -> pd.DataFrame:
        """finding_id, construct, strand, case_id, claim, prominence, sources."""
        return self.frame("findings")

    @property
    def fit(self) -> pd.DataFrame:
        """construct, pair, judgement, rationale, by, date."""
        return self.frame("fit")
