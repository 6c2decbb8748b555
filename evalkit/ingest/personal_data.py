"""A data set in, a table of the columns that hold personal data out: kind, how often, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.contract.masking import as_seen
from evalkit.contract.personal import personal_kinds
from evalkit.ingest.privacy import personal_column
from evalkit.ingest.responses import Responses


@dataclass(frozen=True)
class PersonalColumn:
    """One kind of personal data in one column. `fate` is `private` or `masked`."""

    column: str
    kind: str
    count: int
    share: float
    fate: str


@dataclass(frozen=True, eq=False)
class PersonalDataResult:
    """Columns with personal data; no value of them. `n_obs` counts the rows looked at."""

    columns: tuple[PersonalColumn, ...]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("personal",)

    def tidy(self) -> pd.DataFrame:
        """One row a column and kind: term = column, level = kind, group = fate; `count` cells, `share` in per cent."""
        found = self.columns
        return tidy_frame(
            n_rows=len(found),
            term=[c.column for c in found],
            level=[c.kind for c in found],
            group=[c.fate for c in found],
            estimate=[c.share for c in found],
            n_obs=[self.n_obs for _ in found],
            count=[c.count for c in found],
            share=[c.share for c in found],
        )

    def glance(self) -> pd.DataFrame:
        """One row: respondents, columns concerned, cells concerned."""
        names, cells = {c.column for c in self.columns}, sum(c.count for c in self.columns)
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(names))], "count": [float(cells)]})

    def table(self, template: str = "personal") -> Table:
        """Column, kind, cells, share and fate."""
        heads = ("privacy.column", "privacy.kind", "privacy.cells", "privacy.share", "privacy.fate")
        rows = tuple(
            Row(
                (
                    Cell(c.column, "label"),
                    Cell(Label(f"privacy.kind.{c.kind}"), "text"),
                    Cell(c.count, "count"),
                    Cell(c.share, "percent"),
                    Cell(Label(f"privacy.fate.{c.fate}"), "text"),
                )
            )
            for c in self.columns
        )
        notes = (Note("general", Label("n", n=self.n_obs)), Note("general", "privacy.note"))
        return Table("personal", template, Label("privacy.title"), (tuple(Head(h) for h in heads),), rows, notes)


def find_personal_data(data: pd.DataFrame | Responses) -> PersonalDataResult:
    """Look for personal data in every column of texts and of long whole numbers.

    Parameters
    ----------
    data : DataFrame or Responses
        Of responses, the private columns are listed as kept apart.

    Returns
    -------
    PersonalDataResult
        Fate `private`: kept apart, or for a plain frame to be kept apart, since the heading says so or most cells
        hold nothing else. Fate `masked`: single cells; `masked` covers them where texts are written.
    """
    if isinstance(data, Responses):
        cells = (c for name in data.frame for c in _in_cells(str(name), data.frame[name]))
        return PersonalDataResult((*_kept_apart(data), *cells), len(data.frame))
    plain = (c for name in data.columns for c in _whole_or_cells(str(name), data[name]))
    return PersonalDataResult(tuple(plain), len(data))


def _kept_apart(responses: Responses) -> Iterator[PersonalColumn]:
    for name in map(str, responses.private.columns):
        filled = int(responses.private[name].notna().sum())
        if filled:
            yield PersonalColumn(name, responses.personal.get(name, "declared"), filled, 100.0, "private")


def _whole_or_cells(name: str, values: pd.Series) -> Iterator[PersonalColumn]:
    """A column of a plain frame: the whole of it, or single cells."""
    texts = _texts(values)
    why = personal_column(name, texts, texts.values()) if texts else None
    if why is None:
        yield from _in_cells(name, values)
    else:
        yield PersonalColumn(name, why.kind, why.n, 100 * why.n / why.answered, "private")


def _in_cells(name: str, values: pd.Series) -> Iterator[PersonalColumn]:
    """Each kind in single cells of a column that stays."""
    cells: dict[str, int] = {}
    for text, n in _texts(values).items():
        for kind in personal_kinds(text):
            cells[kind] = cells.get(kind, 0) + n
    answered = int(values.notna().sum())
    for kind, n in cells.items():
        yield PersonalColumn(name, kind, n, 100 * n / answered, "masked")


def _texts(values: pd.Series) -> dict[str, int]:
    """Distinct texts and long whole numbers, and how often each occurs."""
    counts = values.value_counts()
    return {text: int(n) for value, n in counts.items() if (text := as_seen(value)) is not None}
