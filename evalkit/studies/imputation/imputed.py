"""m completed data sets as one object, and its views."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, codebook_of, tidy_frame
from evalkit.studies.imputation.rescored import recomputed

Maker = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Filled:
    """What was imputed in one variable.

    Attributes
    ----------
    rows : ndarray of int, shape (g,)
        Positions of the gaps.
    values : ndarray, shape (m, g)
        Codes or numbers as they stand in the data.
    numbers : ndarray, shape (m, g)
        The same as numbers: a category that is a text by its place.
    answers : ndarray
        The answers given, as numbers.
    codes : tuple
        Categories, for a variable that has them.
    n_left : int
        Rows without an answer that are left so.
    """

    method: str
    rows: np.ndarray
    values: np.ndarray
    numbers: np.ndarray
    answers: np.ndarray
    codes: tuple[object, ...]
    n_left: int


@dataclass(frozen=True, eq=False)
class Imputed:
    """m completions of one data frame. Iterating gives the completed frames, one at a time.

    Attributes
    ----------
    data : DataFrame
        As it was; never copied.
    filled : mapping
        Variable with gaps -> what was imputed.
    trace : DataFrame
        variable, imputation, iteration, mean, sd of the imputed numbers after each sweep.
    rhat : mapping
        Variable -> the larger split R-hat of mean and SD; nan with too few sweeps.
    scales : str
        `items` or `score`.
    keyed, rescored : tuple of str
        Columns and scales computed anew in each completed frame.
    makers : tuple of callable
        Functions that each completed frame goes through.
    """

    data: pd.DataFrame
    m: int
    iterations: int
    seed: int
    scales: str
    cluster: str | None
    filled: Mapping[str, Filled]
    trace: pd.DataFrame
    rhat: Mapping[str, float]
    keyed: tuple[str, ...]
    rescored: tuple[str, ...]
    labels: Mapping[str, Label]
    observed: Mapping[str, tuple[float, float, int]]
    n_obs: int
    makers: tuple[Maker, ...] = ()
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("imputation",)
    figures: ClassVar[tuple[str, ...]] = ("trace", "density")

    def __len__(self) -> int:
        return self.m

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return (self.frame(i) for i in range(self.m))

    def frame(self, number: int) -> pd.DataFrame:
        """Completed frame `number` (0 = first): new columns for what was imputed, all others shared with `data`."""
        out = self.data.copy(deep=False)
        for name, part in self.filled.items():
            column = _array(self.data[name], part.values.dtype)
            column[part.rows] = part.values[number]
            out[name] = _like(column, self.data[name])
        made = recomputed(
            codebook_of(self.data),
            self.keyed,
            self.rescored,
            lambda name: out[name].to_numpy(dtype=float, na_value=np.nan),
        )
        for name, values in made.items():
            if name in out:
                out[name] = values
        for maker in self.makers:
            out = maker(out)
        return out

    def derive(self, maker: Maker) -> Imputed:
        """The same with a function that each completed frame goes through: columns that rest on imputed ones."""
        return replace(self, makers=(*self.makers, maker))

    def tidy(self) -> pd.DataFrame:
        """A row a variable with gaps: mean of the completed variable as `estimate`, of the answers as `mean`."""
        names = list(self.filled)
        rows = [self.row(name) for name in names]
        columns = {key: [row[key] for row in rows] for key in _COLUMNS}
        return tidy_frame(len(names), term=names, **columns)

    def row(self, name: str) -> dict[str, float]:
        """The numbers of `tidy()` about one variable."""
        part, (mean, sd, n) = self.filled[name], self.observed[name]
        missing = len(part.rows)
        imputed = float(part.numbers.mean()) if missing else np.nan
        spread = float(part.numbers.std()) if missing else np.nan
        return {
            "estimate": (n * mean + missing * imputed) / (n + missing),
            "mean": mean,
            "sd": sd,
            "imputed_mean": imputed,
            "imputed_sd": spread,
            "n_obs": n,
            "n_missing": missing,
            "percent": 100 * missing / (n + missing),
            "rhat": self.rhat[name],
        }

    def glance(self) -> pd.DataFrame:
        """Rows, imputations, sweeps, imputed cells, and the largest R-hat."""
        known = [v for v in self.rhat.values() if not np.isnan(v)]
        cells = sum(len(part.rows) for part in self.filled.values())
        row = {"n_obs": self.n_obs, "imputations": self.m, "iterations": self.iterations, "n_missing": cells}
        return pd.DataFrame([row | {"rhat": max(known, default=np.nan)}])

    def table(self, template: str = "imputation") -> Table:
        """What was imputed, how, and whether the chains agree."""
        from evalkit.studies.imputation.tables import imputation_table

        return imputation_table(self, template)

    def figure(self, name: str = "trace") -> Figure | None:
        """`trace`: means of the imputed values by sweep, a line a chain; `density`: answers and imputed values."""
        from evalkit.studies.imputation.pictures import picture

        return picture(self, name)


_COLUMNS = ("estimate", "mean", "sd", "imputed_mean", "imputed_sd", "n_obs", "n_missing", "percent", "rhat")


def _array(column: pd.Series, wanted: np.dtype) -> np.ndarray:
    """A copy of the column that can hold values of that kind."""
    if wanted.kind == "O":
        return column.to_numpy(dtype=object, copy=True)
    return column.to_numpy(dtype=float, na_value=np.nan, copy=True)


def _like(values: np.ndarray, column: pd.Series) -> pd.Series:
    """Values as a column of the same kind where they can be."""
    made = pd.Series(values, index=column.index)
    if pd.api.types.is_integer_dtype(column.dtype) and (values[~np.isnan(values)] % 1).any():
        return made  # drawn values need not be whole
    if pd.api.types.is_extension_array_dtype(column.dtype):  # categories, texts, nullable integers and booleans
        return made.astype(column.dtype)
    return made
