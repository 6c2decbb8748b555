"""Cases with what the survey says of them in, the score of each case with its uncertainty out."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, label_of

PARTS = ("mean", "n", "sd", "se", "reliability")
"""What stands of a scale beside a case, in columns `<scale>_mean` and so on; all but the mean may be missing."""


@dataclass(frozen=True, eq=False)
class Score:
    """One value a case; with `surveyed` it is a mean of respondents, else a number of the cases' own.

    Parameters
    ----------
    hidden : ndarray of bool
        Cases of too few respondents: nothing of them is told.
    """

    name: str
    label: Label
    surveyed: bool
    value: np.ndarray
    n: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    reliability: np.ndarray
    hidden: np.ndarray

    @property
    def has_reliability(self) -> bool:
        return bool(np.isfinite(self.reliability).any())


def score_of(data: pd.DataFrame, name: str, conf_level: float, least: int) -> Score:
    """The score of a scale or column.

    The interval is that of a mean, ``t`` with n - 1 degrees of freedom times its standard error (`<scale>_se`, else
    `<scale>_sd` over the root of n).

    Raises
    ------
    AnalysisError
        E600 where there is neither `<name>_mean` nor a column `name`; E610 for one without numbers.
    """
    from scipy.special import stdtrit

    surveyed = f"{name}_mean" in data
    if not surveyed and name not in data:
        known = [str(c).removesuffix("_mean") for c in data.columns]
        near = difflib.get_close_matches(name, known, 3, 0.4) or known[:5]
        raise AnalysisError(Problem("E600", params={"name": name, "near": near}))
    if not surveyed:
        value, nothing = _numbers(data, name), np.full(len(data), np.nan)
        never = np.zeros(len(data), dtype=bool)
        return Score(name, label_of(data, name), False, value, nothing, nothing, nothing, nothing, nothing, never)
    mean, n, sd, se, reliability = (
        _numbers(data, f"{name}_{part}") if f"{name}_{part}" in data else np.full(len(data), np.nan) for part in PARTS
    )
    known_n = np.where(np.isfinite(n) & (n > 1), n, np.nan)
    error = np.where(np.isfinite(se), se, sd / np.sqrt(known_n))
    half = stdtrit(known_n - 1, (1 + conf_level) / 2) * error
    hidden = (n > 0) & (n < least)
    shown = [np.where(hidden, np.nan, v) for v in (mean, n, mean - half, mean + half, error, reliability)]
    return Score(name, _label(data, name), True, *shown, hidden)


def _numbers(data: pd.DataFrame, name: str) -> np.ndarray:
    values = pd.to_numeric(data[name], errors="coerce")
    if values.notna().sum() < data[name].notna().sum():
        raise AnalysisError(Problem("E610", params={"name": name}))
    return values.to_numpy(dtype=float)


def _label(data: pd.DataFrame, name: str) -> Label:
    return label_of(data, name) if name in codebook_of(data).scales else Label(zh=name, en=name)
