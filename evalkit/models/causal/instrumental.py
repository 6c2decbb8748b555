"""An outcome, what moves with it for more than one reason, and instruments in; the effect by instruments out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.models.causal.anderson_rubin import confidence_set, reduced_forms
from evalkit.models.causal.effects import Effect, Test, effect
from evalkit.models.causal.instrumental_result import InstrumentalResult
from evalkit.models.causal.k_class import (
    Equations,
    Linear,
    by_instruments,
    cragg_donald,
    effective_f,
    endogeneity,
    limited_information,
    ordinary,
    overidentification,
)
from evalkit.models.causal.treatment import checked_level, labels_of, one_of, prepared
from evalkit.models.fit import is_constant
from evalkit.models.linear import entered
from evalkit.models.matrix import INTERCEPT, Columns, numeric_outcome
from evalkit.models.sample import error_kind
from evalkit.models.sandwich import CLUSTERED, Errors, wald
from evalkit.moments import least_squares

KINDS = ("classical", "HC0", "HC1", "CR0", "CR1p", "CR1")
METHODS = ("2sls", "liml")
WEAK = 10.0
"""Staiger & Stock (1997), Econometrica 65, 557-586: a first stage with a smaller F is weak."""


def iv(
    data: pd.DataFrame,
    *,
    y: str,
    endogenous: str | Sequence[str],
    instruments: str | Sequence[str],
    covariates: Sequence[str] = (),
    method: str = "2sls",
    cov: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> InstrumentalResult:
    """Effects by instrumental variables, with the tests that say whether the instruments can bear them.

    Parameters
    ----------
    data : DataFrame
        Nominal variables become dummies against their first category.
    y : str
    endogenous, instruments, covariates : str or sequence of str
        Covariates stand in both stages; at least as many instruments as endogenous columns.
    method : str
        `2sls`, or `liml` (limited-information maximum likelihood), which is less biased where instruments are many
        or weak. Tests and figure report it; the table shows both where they differ.
    cov : str, optional
        `classical`, `HC0`, `HC1` (default), by cluster `CR0`, `CR1p`, `CR1` (default with `cluster`).
    cluster : str, optional
    conf_level : float

    Returns
    -------
    InstrumentalResult
        t tests with n - k degrees of freedom (clusters: G - 1). `tidy` has rows of both methods, of OLS and of the
        first stages (`group`: the endogenous column), the interval of Anderson and Rubin in one row a piece (one
        endogenous column only; its ends may be infinite), and tests: `first_stage_f` and, of one endogenous column,
        `effective_f`, of several `cragg_donald`; `sargan` or `hansen`; `endogeneity` (Wu and Hausman). W6295 where
        instruments are weak.

    Raises
    ------
    AnalysisError
        Fewer instruments than endogenous columns (E6292), an endogenous column that the covariates explain (E6291),
        too few rows (E6293), an outcome without variation (E6294).

    Notes
    -----
    Two-stage least squares: Theil (1953); both methods as in `k_class.by_instruments`. First-stage F and tests use
    the same standard errors; for one endogenous column the robust first-stage F is the statistic of Kleibergen and
    Paap (2006), Journal of Econometrics 133, 97-126.
    """
    checked_level(conf_level)
    one_of("method", method, METHODS)
    lists = [[names] if isinstance(names, str) else list(names) for names in (endogenous, instruments)]
    names = [y, *lists[0], *lists[1]]
    ready = prepared(data, names, covariates, cluster)
    outcome, _ = numeric_outcome(ready.data, y)
    parts = [_columns(ready.data, part) for part in lists]
    values = np.column_stack([outcome, *(part.values for part in parts)])
    sample = ready.rows([*names, *covariates], values, cluster)
    kind = error_kind(cov if cov or cluster else "HC1", sample, cluster, KINDS)
    rows = sample.rows
    errors = sample.errors(kind, between=kind in CLUSTERED)
    model, terms, notices = _equations(
        outcome[rows], *(c.select(rows) for c in _named(*parts, ready.covariates)), errors
    )
    task = _Task(model, terms, method, conf_level)
    effects, tests, more = task.results()
    labels = labels_of(ready.data, [y, cluster]) | {INTERCEPT: Label("regression.intercept")}
    for part in (*parts, ready.covariates):
        labels |= dict(part.labels)
    return InstrumentalResult(
        outcome=y,
        endogenous=terms.endogenous,
        instruments=terms.instruments,
        covariates=terms.exogenous,
        method=method,
        overidentified=model.surplus > 0,
        effects=tuple(effects),
        tests=tuple(tests),
        cov=kind,
        cluster=sample.cluster_name if kind in CLUSTERED else None,
        conf_level=conf_level,
        labels=labels,
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys((*ready.notices, *(n for p in parts for n in p.notices), *notices, *more))),
    )


@dataclass(frozen=True)
class _Terms:
    """Ids of the columns."""

    endogenous: tuple[str, ...]
    exogenous: tuple[str, ...]
    instruments: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Named:
    """Columns with their ids."""

    values: np.ndarray
    terms: tuple[str, ...]

    def select(self, rows: np.ndarray) -> _Named:
        return _Named(self.values[rows], self.terms)

    def without(self, places: Sequence[int]) -> _Named:
        kept = [j for j in range(len(self.terms)) if j not in places]
        return _Named(self.values[:, kept], tuple(self.terms[j] for j in kept))


def _named(*parts: Columns) -> list[_Named]:
    return [_Named(part.values, part.terms) for part in parts]


def _columns(data: pd.DataFrame, names: Sequence[str]) -> Columns:
    if not names:
        raise AnalysisError(Problem("E6292", params={"instruments": 0, "endogenous": 0}))
    blocks, _ = entered(data, [[(name,) for name in names]])
    return blocks[-1]


def _equations(
    y: np.ndarray, endogenous: _Named, instruments: _Named, covariates: _Named, errors: Errors
) -> tuple[Equations, _Terms, list[Problem]]:
    """The model's columns, those that say nothing new left out and named."""
    n = len(y)
    count = len(endogenous.terms) + len(instruments.terms) + len(covariates.terms) + 1
    if n <= count:
        raise AnalysisError(Problem("E6293", params={"n": n, "k": count}))
    if is_constant(y):
        raise AnalysisError(Problem("E6294", params={"n": n}))
    notices: list[Problem] = []
    dropped = least_squares(np.column_stack([np.ones(n), covariates.values]), y).dropped
    notices += [Problem("W656", params={"term": covariates.terms[j - 1]}) for j in dropped]
    covariates = covariates.without([j - 1 for j in dropped])
    base = np.column_stack([np.ones(n), covariates.values])
    width = base.shape[1]
    explained = least_squares(np.column_stack([base, endogenous.values]), y).dropped
    if explained:
        raise AnalysisError(Problem("E6291", params={"names": [endogenous.terms[j - width] for j in explained]}))
    idle = [j - width for j in least_squares(np.column_stack([base, instruments.values]), y).dropped]
    notices += [Problem("W6290", params={"name": instruments.terms[j]}) for j in idle]
    instruments = instruments.without(idle)
    if len(instruments.terms) < len(endogenous.terms):
        params = {"instruments": len(instruments.terms), "endogenous": len(endogenous.terms)}
        raise AnalysisError(Problem("E6292", params=params))
    model = Equations(y, endogenous.values, base, instruments.values, errors)
    return model, _Terms(endogenous.terms, (INTERCEPT, *covariates.terms), instruments.terms), notices


@dataclass(frozen=True, eq=False)
class _Task:
    model: Equations
    terms: _Terms
    method: str
    level: float

    def results(self) -> tuple[list[Effect], list[Test], list[Problem]]:
        model = self.model
        own = (*self.terms.endogenous, *self.terms.exogenous)
        two_stage = by_instruments(model, 1.0)
        effects = self._fit("2sls", own, two_stage)
        if model.surplus or self.method == "liml":
            effects += self._fit("liml", own, by_instruments(model, limited_information(model)))
        effects += self._fit("ols", own, ordinary(model.x, model.y, model.errors))
        stages = [ordinary(model.z, column, model.errors) for column in model.endogenous.T]
        for name, stage in zip(self.terms.endogenous, stages, strict=True):
            effects += self._fit("first_stage", (*self.terms.exogenous, *self.terms.instruments), stage, name)
        tests, strength = self._strength(stages)
        notices = list(two_stage.found.notices)
        if strength < WEAK:
            notices.append(Problem("W6295", params={"f": f"{strength:.2f}", "bound": f"{WEAK:g}"}))
        if len(stages) == 1:
            found = self._anderson_rubin()
            effects += found
            notices += _of_set(found)
        else:
            notices.append(Problem("N6296", params={"n": len(stages)}))
        return effects, tests + self._tests(two_stage), notices

    def _fit(self, name: str, terms: tuple[str, ...], fit: Linear, group: str | None = None) -> list[Effect]:
        n = len(self.model.y)
        keys = {"df": fit.found.df, "conf_level": self.level, "n_obs": n, "group": group}
        numbers = zip(terms, fit.estimate, fit.std_error, strict=True)
        return [effect(name, term, b, error, **keys) for term, b, error in numbers]

    def _strength(self, stages: list[Linear]) -> tuple[list[Test], float]:
        """F of each first stage, and the F that is held against the bound."""
        from scipy.stats import f as f_distribution

        model, k2, tests = self.model, self.model.exogenous.shape[1], []
        n_instruments = model.instruments.shape[1]
        for name, stage in zip(self.terms.endogenous, stages, strict=True):
            value = wald(stage.estimate[k2:], stage.found.matrix[k2:, k2:])
            p = float(f_distribution.sf(value, n_instruments, stage.found.df))
            tests.append(Test("first_stage_f", value, n_instruments, stage.found.df, p, "f_statistic", name))
        name = "effective_f" if len(stages) == 1 else "cragg_donald"
        value = effective_f(model, stages[0]) if len(stages) == 1 else cragg_donald(model)
        return [*tests, Test(name, value, kind="f_statistic")], value

    def _anderson_rubin(self) -> list[Effect]:
        from scipy.stats import f as f_distribution

        forms = reduced_forms(self.model)
        value, k = forms.statistic(0.0), len(forms.level)
        p = float(f_distribution.sf(value, k, forms.df))
        term = self.terms.endogenous[0]
        test = {"statistic": value, "df": float(k), "p_value": p, "n_obs": len(self.model.y)}
        pieces = confidence_set(forms, self.level) or ((math.nan, math.nan),)
        return [
            Effect("anderson_rubin", term, math.nan, conf_low=low, conf_high=high, level=str(i), **test)
            for i, (low, high) in enumerate(pieces, 1)
        ]

    def _tests(self, fit: Linear) -> list[Test]:
        from scipy.stats import chi2
        from scipy.stats import f as f_distribution

        out = []
        if self.model.surplus:
            value = overidentification(self.model, fit)
            p = float(chi2.sf(value, self.model.surplus))
            name = "sargan" if self.model.errors.kind == "classical" else "hansen"
            out.append(Test(name, value, self.model.surplus, p_value=p, kind="chi2"))
        value, df = endogeneity(self.model)
        k = self.model.endogenous.shape[1]
        return [*out, Test("endogeneity", value, k, df, float(f_distribution.sf(value, k, df)), "f_statistic")]


def _of_set(found: list[Effect]) -> list[Problem]:
    if len(found) == 1 and math.isnan(found[0].conf_low):
        return [Problem("W6298")]
    return [Problem("W6297")] if any(math.isinf(e.conf_low) or math.isinf(e.conf_high) for e in found) else []
