"""What every analysis gives back: frozen, three views, what was dropped and what to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from evalkit.contract.glossary import GLOSSARY, KEYS, VALUES
from evalkit.contract.problems import Problem
from evalkit.contract.table import Label, Table


@dataclass(frozen=True)
class Drop:
    """`n` rows set aside. `reason` is a word key (`drop.incomplete`) or the plan's own words."""

    reason: str | Label
    n: int


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure before drawing.

    Parameters
    ----------
    kind : str
        `likert`, `multiple_response`, `heatmap`, `coefficients`, `path`, `upset`, `scree`: `report.figures`
        knows how to draw it.
    frame : DataFrame
        The numbers drawn, tidy (columns by kind, see `report.figures`).
    labels : dict
        Id -> Label for everything the frame names.
    """

    id: str
    kind: str
    title: Label
    frame: pd.DataFrame
    labels: dict[str, Label] = field(default_factory=dict)
    notes: tuple[Label, ...] = ()


@runtime_checkable
class Result(Protocol):
    """The views and fields that every result of an analysis has."""

    @property
    def templates(self) -> tuple[str, ...]:
        """The tables that `table` can give, those printed by default."""

    @property
    def n_obs(self) -> int: ...

    @property
    def dropped(self) -> tuple[Drop, ...]: ...

    @property
    def notices(self) -> tuple[Problem, ...]: ...

    def tidy(self) -> pd.DataFrame: ...

    def glance(self) -> pd.DataFrame: ...

    def table(self, template: str = ...) -> Table: ...


def tidy_frame(n_rows: int | None = None, **columns: Any) -> pd.DataFrame:
    """A frame with every key and value column in order; further columns must be in the glossary.

    Key columns that are not given hold None; value columns nan.

    Raises
    ------
    KeyError
        For a column that the glossary does not know (a fault of ours).
    """
    unknown = [name for name in columns if name not in GLOSSARY]
    if unknown:
        raise KeyError(f"not in the glossary: {unknown}")
    sized = [
        v
        for v in columns.values()
        if isinstance(v, (Sequence, np.ndarray, pd.Series, pd.Index)) and not isinstance(v, str)
    ]
    n = n_rows if n_rows is not None else (len(sized[0]) if sized else 1)
    out: dict[str, np.ndarray] = {}
    for name in (*KEYS, *VALUES, *(c for c in columns if c not in KEYS and c not in VALUES)):
        value = columns.get(name, None if name in KEYS else np.nan)
        spread = [value] * n if np.isscalar(value) or value is None else list(value)
        column = np.empty(n, dtype=object if GLOSSARY[name] == "text" else float)
        column[:] = spread
        out[name] = column
    return pd.DataFrame(out)


def result_id(step: str, row: pd.Series | dict[str, Any], statistic: str) -> str:
    """`step/model/outcome/group/term/level#statistic`, empty parts dropped."""
    parts = [
        step,
        *(str(row[k]) for k in KEYS if k in row and row[k] is not None and row[k] == row[k] and row[k] != ""),
    ]
    return "/".join(parts) + "#" + statistic
