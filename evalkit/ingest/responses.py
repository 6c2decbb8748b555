"""What came back, as coded answers with their addresses: nothing of the file is lost without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from evalkit.contract import AnalysisError, Codebook, Place, Problem

if TYPE_CHECKING:
    from evalkit.instrument import Instrument

FATES = ("mapped", "meta", "private", "ignored", "unmapped")
"""What can become of a spreadsheet column; each column has one fate."""


@dataclass(frozen=True, eq=False)
class Responses:
    """The answers of one or more files to one instrument.

    Attributes
    ----------
    frame : DataFrame
        One row a respondent, index 1..n: meta columns (`respondent_id submitted_at duration_s channel` and others,
        those in the file), then the items in the order of the questionnaire. Single choice: code (float64; text
        codes as text). Multiple response `<id>__<code>`: 1 chosen, 0 shown and not chosen. Rank `<id>__<code>`:
        place, 1 = first. Text beside an option: `<id>__<code>__text`. Dates datetime64, times of day in seconds.
    missing : DataFrame of int8
        Same index; one column for each answer column: 0 answered, else the position in `MISSING_KINDS`.
    private : DataFrame
        Same index: ip, nickname, private items, unmapped and open columns that hold personal data. Never part of
        any output or message.
    problems : tuple of Problem
        Everything found, in the order of files, sheets and questions.
    unmapped : tuple of str
        `letter header` of the columns that match no question.
    rejected : DataFrame (file, sheet, row, reason)
        Rows that are no respondents; reason is above_header, blank, total, header, unit or note. Of
        joined data also rows that say again what another says: repeated (`collect`), unchanged, changed, conflict
        (`append`).
    source : DataFrame (file, sheet, row, instrument)
        Same index: where each respondent stands, and the `id@version` of the instrument that decoded the row.
    columns : DataFrame (file, sheet, letter, header, fate, target, how, score)
        What became of each spreadsheet column; `fate` is one of `FATES`.
    rows_in, columns_in : int
        Rows and columns of the sheets read, without header rows: ``rows_in == len(frame) + len(rejected)`` and
        ``columns_in == len(columns)``.
    personal : mapping
        Column of `private` -> kind of personal data (`declared`: marked private in the instrument).
    flagged : mapping
        Text column of `frame` -> number of its cells that hold personal data; `masked` covers them.
    repeats : mapping
        Sheet -> answers to questions that were repeated for each respondent (KoboToolbox, ODK); the index `row` is that
        of `frame`, so `repeats["family"].groupby("row")["age"].mean()` is a column of it.
    taken : mapping
        (row, column) -> the cell of a newer file an answer was taken from, see `append`.
    dialect : str
        Names of the dialects used, joined by `+`.
    """

    frame: pd.DataFrame
    missing: pd.DataFrame
    private: pd.DataFrame
    problems: tuple[Problem, ...]
    unmapped: tuple[str, ...]
    rejected: pd.DataFrame
    source: pd.DataFrame
    instrument: Instrument
    dialect: str
    codebook: Codebook
    columns: pd.DataFrame
    rows_in: int
    columns_in: int
    sha256: Mapping[str, str] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    repeats: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    letters: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict, repr=False)
    taken: Mapping[tuple[object, str], Place] = field(default_factory=dict, repr=False)

    def where(self, row: object, column: str) -> Place:
        """The cell behind one value.

        Parameters
        ----------
        row : hashable
            A label of `frame.index`.
        column : str
            A column of `frame` or `private`.

        Returns
        -------
        Place
            Without a cell where the file has no such column.

        Raises
        ------
        AnalysisError
            E600 for a row or column that is not there.
        """
        if row not in self.source.index:
            raise AnalysisError(Problem("E600", params={"name": str(row), "near": _first(self.source.index)}))
        if column not in self.frame and column not in self.private:
            raise AnalysisError(Problem("E600", params={"name": column, "near": _first(self.frame.columns)}))
        if (row, column) in self.taken:
            return self.taken[row, column]
        at = self.source.loc[row]
        letter = self.letters.get((at["file"], at["sheet"]), {}).get(column, "")
        return Place(file=at["file"], sheet=at["sheet"], cell=f"{letter}{at['row']}" if letter else "")

    def counts(self) -> Mapping[str, int]:
        """Rows (rows_in, loaded, rejected) and columns by fate (columns_in, mapped, meta, ...)."""
        fates = {fate: int((self.columns["fate"] == fate).sum()) for fate in FATES}
        rows = {"rows_in": self.rows_in, "loaded": len(self.frame), "rejected": len(self.rejected)}
        return rows | {"columns_in": self.columns_in} | fates


def _first(names: pd.Index) -> list[str]:
    return [str(name) for name in names[:6]]
