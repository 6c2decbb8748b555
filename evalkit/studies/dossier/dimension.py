"""Scales in; how many dimensions the items of each hold (table T6, one row a scale) out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, EvalkitError, Head, Label, Note, Problem, Row, Table, codebook_of, tidy_frame
from evalkit.contract.words import LANGUAGES, say
from evalkit.measurement import efa
from evalkit.measurement.exploratory.result import EfaResult
from evalkit.studies.dossier.screen import Screened, both

_REASON = "dossier.reason_part"


@dataclass(frozen=True, eq=False)
class DimensionResult:
    """Parallel analysis of each scale on its own complete rows; None where it could not be done."""

    scales: Mapping[str, EfaResult | None]
    labels: Mapping[str, Label]
    percentile: float
    draws: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T6",)

    def tidy(self) -> pd.DataFrame:
        """Group = scale; `n_factors` by parallel analysis, KMO, Bartlett's test, the first two eigenvalues, share."""
        rows = [row for id, found in self.scales.items() for row in _tidy_rows(id, found)]
        names = ("group", "term", "estimate", "statistic", "df", "p_value", "n_obs", "reference", "reason")
        text = ("group", "term", "reason")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: scales looked at and the largest number of factors among them."""
        numbers = [found.parallel.n_factors for found in self.scales.values() if found]
        most = float(max(numbers)) if numbers else np.nan
        return pd.DataFrame([{"n_factors": most, "n_obs": self.n_obs}])

    def table(self, template: str = "T6") -> Table:
        """T6: a row a scale with KMO, Bartlett's test, eigenvalues against random ones, number of factors."""
        heads = ("dossier.scale", "reliability.k", "n_obs", "efa.kmo", "dossier.bartlett", "p_value",
                 "dossier.eigenvalue_1", "dossier.eigenvalue_2", "dossier.random_2", "dossier.n_factors",
                 "dossier.share_1")  # fmt: skip
        rows = tuple(_printed(self.labels[id], found) for id, found in self.scales.items())
        random = Label("dossier.note_random", draws=self.draws, percentile=f"{self.percentile:g}")
        notes = tuple(Note("general", label) for label in (Label("dossier.note_dimension"), random))
        return Table("dimension", template, Label("dossier.dimension"), (tuple(map(Head, heads)),), rows, notes)


def dimensions(screen: Screened, *, draws: int, percentile: float, seed: int) -> DimensionResult:
    """Parallel analysis, KMO and Bartlett's test of every scale of three items or more.

    A scale for which this cannot be done (a constant item, too few rows) has a notice and a row without numbers.
    """
    book = codebook_of(screen.data)
    found: dict[str, EfaResult | None] = {}
    notices: list[Problem] = []
    used = np.zeros(len(screen.data), dtype=bool)
    for id, columns in screen.columns.items():
        if book.scales[id].kind == "formative" or len(columns) < 3:
            continue
        try:
            result = efa(screen.data, list(columns), n_factors=1, draws=draws, percentile=percentile, seed=seed)
        except EvalkitError as error:
            found[id] = None
            notices += [_told(book.scales[id].label, problem) for problem in error.problems]
        else:
            found[id] = result
            used |= screen.data[list(columns)].notna().all(axis=1).to_numpy()
            notices += [_told(book.scales[id].label, p) for p in result.notices if p.severity == "warning"]
    labels = {id: book.scales[id].label for id in found}
    lost = int((~used).sum())
    dropped = (Drop("drop.incomplete", lost),) if lost else ()
    return DimensionResult(found, labels, percentile, draws, int(used.sum()), dropped, tuple(notices))


def _told(scale: Label, problem: Problem) -> Problem:
    why = {lang: say(problem, lang) for lang in LANGUAGES}
    return Problem("W869", params={"part": both(scale), "why": why})


def _tidy_rows(id: str, found: EfaResult | None) -> list[dict[str, Any]]:
    if found is None:
        return [{"group": id, "term": "n_factors", "reason": _REASON}]
    own, bar = found.parallel.components, found.parallel.component_reference
    base = {"group": id, "n_obs": found.n_obs}
    return [
        base | {"term": "n_factors", "estimate": float(found.parallel.n_factors)},
        base | {"term": "kmo", "estimate": found.adequacy.kmo},
        base | {"term": "bartlett", "statistic": found.sphericity.chi2, "df": found.sphericity.df,
                "p_value": found.sphericity.p_value},
        base | {"term": "eigenvalue.1", "estimate": float(own[0]), "reference": float(bar[0])},
        base | {"term": "eigenvalue.2", "estimate": float(own[1]), "reference": float(bar[1])},
        base | {"term": "share", "estimate": 100 * float(own[0]) / len(own)},
    ]  # fmt: skip


def _printed(label: Label, found: EfaResult | None) -> Row:
    kinds = ("n_items", "n_obs", "kmo", "chi2", "p_value", "estimate", "estimate", "reference", "n_factors", "percent")
    if found is None:
        return Row((Cell(label, "label"), *(Cell(np.nan, kind, reason=_REASON) for kind in kinds)))
    own, bar = found.parallel.components, found.parallel.component_reference
    values = (
        len(found.names), found.n_obs, found.adequacy.kmo, found.sphericity.chi2, found.sphericity.p_value,
        float(own[0]), float(own[1]), float(bar[1]), found.parallel.n_factors, 100 * float(own[0]) / len(own),
    )  # fmt: skip
    return Row((Cell(label, "label"), *(Cell(v, kind) for v, kind in zip(values, kinds, strict=True))))
