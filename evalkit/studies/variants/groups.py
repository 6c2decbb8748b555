"""A column in, the groups it makes out: categories, or the halves of a number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Category,
    Label,
    Problem,
    Variable,
    attach,
    codebook_of,
    label_of,
    require_columns,
)
from evalkit.models.matrix import code_text
from evalkit.studies.variants.specification import Specification

MOST_GROUPS = 10
"""A number with more values than this is cut at its median."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of one column: `place` (n,) is the position in `codes`, -1 without an answer."""

    by: str
    label: Label
    codes: tuple[str, ...]
    words: tuple[Label, ...]
    place: np.ndarray
    notice: Problem | None = None

    def part(self, base: Specification, i: int) -> Specification:
        """The model on the rows of one group."""
        return replace(base, data=base.data.loc[self.place == i])

    def column(self, base: Specification) -> tuple[Specification, str]:
        """The model's data with the groups as a nominal column of a name of its own."""
        name = f"{self.by}_group"
        while name in base.data.columns:
            name += "_"
        codes = pd.Series(np.array([*self.codes, None], dtype=object)[self.place], index=base.data.index)
        pairs = zip(self.codes, self.words, strict=True)
        categories = tuple(Category(code, word.text("zh"), word.text("en")) for code, word in pairs)
        variable = Variable(name, "nominal", self.label.text("zh"), self.label.text("en"), categories)
        data = base.data.assign(**{name: codes})
        return replace(base, data=attach(data, codebook_of(base.data).with_variables([variable]))), name


def groups_of(data: pd.DataFrame, by: str) -> Groups:
    """The groups of a column, categories in the codebook's order.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E6383 for fewer than two groups, or text with more than ten.
    """
    require_columns(data, [by])
    variable = codebook_of(data).variables[by]
    values = data[by]
    found = [value for value in pd.unique(values) if value == value and value is not None]
    numeric = pd.api.types.is_numeric_dtype(values) and variable.kind not in ("nominal", "ordinal")
    if len(found) < 2 or (len(found) > MOST_GROUPS and not numeric):
        raise AnalysisError(Problem("E6383", params={"name": by, "n": len(found), "most": MOST_GROUPS}))
    if len(found) > MOST_GROUPS:
        return _halves(data, by)
    order = {code_text(c.code): i for i, c in enumerate(variable.categories)}
    found.sort(key=lambda value: (order.get(code_text(value), len(order)), str(type(value)), value))
    codes = tuple(code_text(value) for value in found)
    words = {code_text(c.code): Label(zh=c.zh or c.en, en=c.en or c.zh) for c in variable.categories if c.zh or c.en}
    place = np.full(len(data), -1)
    for i, value in enumerate(found):
        place[(values == value).to_numpy()] = i
    return Groups(by, label_of(data, by), codes, tuple(words.get(c, Label(zh=c, en=c)) for c in codes), place)


def _halves(data: pd.DataFrame, by: str) -> Groups:
    values = data[by].to_numpy(dtype=float, na_value=np.nan)
    middle = float(np.nanmedian(values))
    place = np.where(np.isnan(values), -1, (values > middle).astype(int))
    words = tuple(Label(f"heterogeneity.{half}", value=f"{middle:g}") for half in ("low", "high"))
    notice = Problem("N6386", params={"name": by, "value": f"{middle:g}"})
    return Groups(by, label_of(data, by), ("low", "high"), words, place, notice)
