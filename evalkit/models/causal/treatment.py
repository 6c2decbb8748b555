"""The columns that every causal design needs: complete rows, 0/1 treatment, clusters, covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, attach, codebook_of, label_of
from evalkit.models.linear import entered
from evalkit.models.matrix import Columns, nothing, numeric_outcome
from evalkit.models.sample import Sample, complete_rows, relevant
from evalkit.sampling import design_of


@dataclass(frozen=True, eq=False)
class Prepared:
    """The columns of a call, and what to know about them."""

    data: pd.DataFrame
    covariates: Columns
    notices: tuple[Problem, ...]

    def rows(self, names: Sequence[str], values: np.ndarray, cluster: str | None) -> Sample:
        """Rows complete in the names, in the covariates and in the clusters."""
        everything = np.column_stack([values, self.covariates.values])
        return complete_rows(self.data, names, everything, cluster=cluster)


def prepared(data: pd.DataFrame, names: Sequence[str], covariates: Sequence[str], cluster: str | None) -> Prepared:
    """The columns named, without the declared design: W6270 says what of it is passed over.

    Raises
    ------
    AnalysisError
        E600 for unknown columns; E6271 for one variable in two roles.
    """
    twice = sorted({n for n in [*names, *covariates] if [*names, *covariates].count(n) > 1})
    if twice:
        raise AnalysisError(Problem("E6271", params={"names": twice}))
    part = relevant(data, [*names, *covariates], cluster, None)
    declared = design_of(part)
    notices: list[Problem] = []
    if declared is not None:
        passed = [n for n in declared.columns if n != cluster]
        if passed:
            notices.append(Problem("W6270", params={"columns": passed}))
        part = attach(part, replace(codebook_of(part), design=None))
    columns, found = nothing(len(part)), []
    if covariates:
        blocks, found = entered(part, [[(name,) for name in covariates]])
        columns = blocks[-1]
    return Prepared(part, columns, (*notices, *columns.notices, *found))


def checked_level(conf_level: float) -> None:
    """E667 for a level that is none."""
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E667", params={"value": conf_level}))


def one_of(option: str, value: str, known: Sequence[str]) -> str:
    """The value of an option, E6272 if it is unknown."""
    if value not in known:
        raise AnalysisError(Problem("E6272", params={"option": option, "value": value, "known": list(known)}))
    return value


def treatment(data: pd.DataFrame, name: str) -> np.ndarray:
    """A column of two values as 0 (the lower, or first category) and 1, nan where missing; shape (n,).

    Raises
    ------
    AnalysisError
        E6273 for a column of more values than two, or of one value other than 0 and 1.
    """
    values, two = numeric_outcome(data, name)
    known = np.unique(values[~np.isnan(values)])
    if len(known) > 2 or (not two and not set(known) <= {0.0, 1.0}):
        raise AnalysisError(Problem("E6273", params={"name": name, "n": len(known)}))
    if not two:
        return values
    return np.where(np.isnan(values), np.nan, (values == known[1]).astype(float))


def periods(data: pd.DataFrame, name: str) -> np.ndarray:
    """Times as numbers, shape (n,), nan where missing; numbers that stand as text or as an id count too.

    Raises
    ------
    AnalysisError
        E610 for dates and for texts that are no numbers; E611 for an infinite one.
    """
    column = data[name]
    if pd.api.types.is_datetime64_any_dtype(column):
        raise AnalysisError(Problem("E610", params={"name": name}))
    values = np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan))
    if (np.isnan(values) & column.notna().to_numpy()).any():
        raise AnalysisError(Problem("E610", params={"name": name}))
    if np.isinf(values).any():
        raise AnalysisError(Problem("E611", params={"name": name, "n": int(np.isinf(values).sum())}))
    return values


def both_arms(values: np.ndarray, name: str) -> None:
    """E6274 where nobody is treated, E6275 where everybody is."""
    if not (values == 1).any():
        raise AnalysisError(Problem("E6274", params={"name": name}))
    if not (values == 0).any():
        raise AnalysisError(Problem("E6275", params={"name": name}))


def labels_of(data: pd.DataFrame, names: Sequence[str | None]) -> dict[str, Label]:
    """Wordings of the columns in a call."""
    return {name: label_of(data, name) for name in names if name is not None}
