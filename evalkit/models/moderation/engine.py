"""Blocks of terms and a family in; the series of fitted models, and what is predicted from the last, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.models.generalised import OutcomeResult, outcome_model
from evalkit.models.generalised.outcomes import FAMILIES, outcome_of
from evalkit.models.linear import RegressionResult, entered, model_blocks, regress
from evalkit.models.matrix import Columns, numeric_outcome
from evalkit.models.moderation.equations import Equation, equations, satterthwaite
from evalkit.models.sample import Sample, complete_rows
from evalkit.sampling import Design

LINEAR = "linear"


@dataclass(frozen=True)
class Change:
    """What some terms add: change of R squared (McFadden's where the outcome is none to measure), test, Cohen's f2."""

    estimate: float
    statistic: float
    df: float
    df2: float
    p_value: float
    f_squared: float


@dataclass(frozen=True, eq=False)
class Engine:
    """How the models of one call are fitted.

    Parameters
    ----------
    data : DataFrame
        From `relevant`, numbers as they enter the model.
    """

    data: pd.DataFrame
    y: str
    family: str
    cov: str | None
    cluster: str | Sequence[str] | None
    conf_level: float
    design: Design | None

    def series(self, blocks: Sequence[Sequence[str]]) -> RegressionResult | OutcomeResult:
        """One model a block, each with the terms of one block more."""
        shared = {"y": self.y, "blocks": [b for b in blocks if b], "cov": self.cov, "cluster": self.cluster}
        shared |= {"conf_level": self.conf_level, "design": self.design}
        if self.family == LINEAR:
            return regress(self.data, **shared)
        return outcome_model(self.data, family=self.family, **shared)

    def change(self, rest: Sequence[str], added: Sequence[str]) -> Change:
        """What `added` explains beyond `rest`."""
        found = self.series([rest, added])
        if isinstance(found, RegressionResult):
            last = found.models[-1]
            f2 = last.r_squared_change / (1 - last.fit.r_squared) if last.fit.r_squared < 1 else np.nan
            return Change(last.r_squared_change, last.f_change, last.df_change, last.fit.df, last.f_change_p, float(f2))
        before, last = found.models[-2:]
        gained = last.fit.quality.get("mcfadden", np.nan) - before.fit.quality.get("mcfadden", np.nan)
        chi2, df, p = last.change
        return Change(gained, chi2, df, last.fit.df if np.isfinite(last.fit.df) else np.nan, p, np.nan)


def outcome_values(data: pd.DataFrame, y: str, family: str) -> np.ndarray:
    """The outcome as numbers, nan where missing; E760 for an unknown family."""
    if family == LINEAR:
        return numeric_outcome(data, y)[0]
    if family not in FAMILIES:
        raise AnalysisError(Problem("E760", params={"name": family, "known": [LINEAR, *FAMILIES]}))
    return outcome_of(data, y, family).values


def used_rows(
    data: pd.DataFrame,
    y: str,
    family: str,
    blocks: Sequence[Sequence[str]],
    *,
    cluster: str | Sequence[str] | None,
    design: Design | None,
) -> Sample:
    """The rows that every model of the call uses; E6113 where there is none."""
    columns = columns_of(data, y, blocks)
    names = [y, *dict.fromkeys(part for block in blocks for term in block for part in term.split(":"))]
    values = np.column_stack([outcome_values(data, y, family), columns.values])
    sample = complete_rows(data, names, values, cluster=cluster, design=design, ways=2)
    if sample.n < 2:
        raise AnalysisError(Problem("E6113", params={"n": sample.n}))
    return sample


def columns_of(data: pd.DataFrame, y: str, blocks: Sequence[Sequence[str]]) -> Columns:
    """The columns of the last model."""
    _, terms = model_blocks(None, y, [b for b in blocks if b])
    return entered(data, terms)[0][-1]


def weights_of(sample: Sample) -> np.ndarray:
    """Weights of the rows used, 1 without a design."""
    return np.ones(sample.n) if sample.design is None else sample.design.weights[sample.rows]


def last_equations(
    found: RegressionResult | OutcomeResult, engine: Engine, sample: Sample, columns: Columns
) -> tuple[Equation, ...]:
    """The linear predictors of the last model, with their own degrees of freedom under CR2.

    Raises
    ------
    AnalysisError
        E6114 if a main effect was left out of the model because others determine it.
    """
    fit = found.models[-1].fit
    if isinstance(found, RegressionResult) and found.cov == "CR2" and np.isfinite(fit.df):
        y = outcome_values(engine.data, engine.y, engine.family)[sample.rows]
        held = [i for i, t in enumerate(columns.terms) if not np.isnan(fit.estimate[fit.place(t)])]
        if len(held) == len(columns.terms):
            df_of = satterthwaite(columns.values[sample.rows], columns.terms, y, sample.errors("CR2"))
            return equations(fit, df_of)
    return equations(fit)


def require_told_apart(found: RegressionResult | OutcomeResult, main: Mapping[str, Sequence[str]]) -> None:
    """E6114 if a column of a main effect (`main`: variable -> term ids) is determined by other columns."""
    fit = found.models[-1].fit
    if fit.n_obs and np.isnan(fit.estimate).all():
        return  # nothing was estimated; the notices of the fit say why
    known = {t for t, b in zip(fit.terms, fit.estimate, strict=True) if not np.isnan(b)}
    for name, terms in main.items():
        if not known.intersection(terms):
            raise AnalysisError(Problem("E6114", params={"name": name}))
