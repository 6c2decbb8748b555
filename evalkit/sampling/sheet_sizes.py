"""A sampling sheet in; the sample that each community takes, and the error that its numbers give, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.sampling.sheet import SamplingSheet, total_of
from evalkit.sampling.size import sample_size

BASES = ("returned", "issued", "planned")
TOTAL = "total"
"""Group of the row over all communities in `tidy`."""


@dataclass(frozen=True)
class Size:
    """One community, or all; nan where the sheet lacks the number."""

    code: str
    label: Label
    population: float
    needed: float
    planned: float
    issued: float
    returned: float
    error: float


@dataclass(frozen=True, eq=False)
class SamplingSizesResult:
    """Sample sizes and errors, one line a community and one over all; `n_obs` is the number behind the total error."""

    rows: tuple[Size, ...]
    error: float
    deff: float
    proportion: float
    conf_level: float
    basis: str
    n_obs: int
    notices: tuple[Problem, ...] = ()
    dropped: tuple[Drop, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("sampling_sizes",)

    def tidy(self) -> pd.DataFrame:
        """Rows `sample_size` and `error` for each community (`group`; `total` for all)."""
        terms = [("sample_size", r.needed, r) for r in self.rows] + [("error", r.error, r) for r in self.rows]
        return tidy_frame(
            n_rows=len(terms),
            group=[r.code for _, _, r in terms],
            term=[term for term, _, _ in terms],
            estimate=[value for _, value, _ in terms],
            n_obs=[getattr(r, self.basis) for _, _, r in terms],
        )

    def glance(self) -> pd.DataFrame:
        """One row: the total's sample size (`estimate`), achieved error, design effect."""
        whole = self.rows[-1]
        row = {"n_obs": float(self.n_obs), "estimate": whole.needed, "error": whole.error, "deff": self.deff}
        return pd.DataFrame([row])

    def table(self, template: str = "sampling_sizes") -> Table:
        """Population, sample size needed, planned, issued and returned, and the error of what came back."""
        counts = ("population", "needed", "planned", "issued", "returned")
        heads = ("sampling.sheet.community", *(f"sampling.sheet.{name}" for name in counts), "sampling.error")
        rows = tuple(
            Row(
                (
                    Cell(row.label, "label"),
                    *(_count(getattr(row, name)) for name in counts),
                    Cell(100 * row.error, "percent", reason="sampling.sheet.no_error"),
                )
            )
            for row in self.rows
        )
        note = Label(
            "sampling.sheet.sizes_note",
            error=f"{100 * self.error:g}",
            deff=f"{self.deff:g}",
            p=f"{self.proportion:g}",
            level=f"{100 * self.conf_level:g}",
            basis=Label(f"sampling.sheet.{self.basis}"),
        )
        header = (tuple(Head(h) for h in heads),)
        return Table(
            "sampling_sizes", template, Label("sampling.sheet.sizes_title"), header, rows, (Note("general", note),)
        )


def sizes_of(
    sheet: SamplingSheet, *, error: float, deff: float, proportion: float, conf_level: float, basis: str
) -> SamplingSizesResult:
    """See `SamplingSheet.sizes`."""
    if basis not in BASES:
        raise AnalysisError(Problem("E696", params={"option": "basis", "value": basis}))
    options = {"deff": deff, "proportion": proportion, "conf_level": conf_level}
    # The names of the communities may be one word in both languages only.
    known = [
        (c.code, Label(zh=c.name, en=c.name), (c.population, c.planned, c.issued, c.returned))
        for c in sheet.communities
    ]
    columns = zip(*(numbers for _, _, numbers in known), strict=True)
    known.append((TOTAL, Label("total"), tuple(total_of(list(column)) for column in columns)))  # type: ignore[arg-type]
    notices: list[Problem] = []
    rows = tuple(_size(code, label, numbers, error, options, basis, notices) for code, label, numbers in known)
    lacking = [r.label for r in rows if np.isnan(r.needed)]
    if lacking:
        names = [{lang: label.text(lang) for lang in ("zh", "en")} for label in lacking]
        notices.append(Problem("W150", params={"names": names}))
    n = getattr(rows[-1], basis)
    return SamplingSizesResult(
        rows, error, deff, proportion, conf_level, basis, 0 if np.isnan(n) else int(n), tuple(notices)
    )


def _size(
    code: str,
    label: Label,
    numbers: tuple[float | None, ...],
    error: float,
    options: Mapping[str, float],
    basis: str,
    notices: list[Problem],
) -> Size:
    population, planned, issued, returned = (np.nan if n is None else float(n) for n in numbers)
    needed = achieved = np.nan
    if population >= 1:
        ask = partial(sample_size, population=population, **options)  # type: ignore[arg-type]
        found = ask(error=error)
        needed = float(found.n)
        notices.extend(found.notices)
        n = {"planned": planned, "issued": issued, "returned": returned}[basis]
        if 1 <= n <= population:
            achieved = ask(n=int(n)).error
    return Size(code, label, population, needed, planned, issued, returned, achieved)


def _count(value: float) -> Cell:
    return Cell(None if np.isnan(value) else round(value), "count")
