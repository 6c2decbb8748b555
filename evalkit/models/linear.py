"""A data frame and a formula in, linear models block by block out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Drop,
    Figure,
    Label,
    Problem,
    Table,
    label_of,
)
from evalkit.formula import parse_formula
from evalkit.models.blocks import Model, compared, tidy_model
from evalkit.models.fit import fit_linear
from evalkit.models.matrix import INTERCEPT, Columns, nothing, numeric_outcome, term_columns
from evalkit.models.sample import complete_rows, error_kind, relevant
from evalkit.models.sandwich import CLUSTERED, KINDS
from evalkit.sampling import Design

Term = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RegressionResult:
    """Linear models of one outcome, each with the terms of one block more."""

    outcome: str
    models: tuple[Model, ...]
    cov: str
    cluster: str | None
    weighted: bool
    conf_level: float
    labels: Mapping[str, Label]
    references: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T13",)

    def tidy(self) -> pd.DataFrame:
        """Rows a coefficient (`term` an id) and a model statistic (`term` = `model.r_squared`, ...)."""
        return pd.concat([tidy_model(self.outcome, model) for model in self.models], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """The last model in one row."""
        last, fit = self.models[-1], self.models[-1].fit
        row = {
            name: getattr(fit, name)
            for name in ("n_obs", "r_squared", "r_squared_adj", "f_statistic", "sigma", "log_likelihood", "aic", "bic")
        }
        change = {"r_squared_change": last.r_squared_change, "f_change": last.f_change}
        ends = {"df": float(fit.df_model), "df2": fit.df, "p_value": fit.f_p_value}
        clusters = np.nan if fit.n_clusters is None else fit.n_clusters
        return pd.DataFrame([row | change | ends | {"n_clusters": clusters}])

    def table(self, template: str = "T13") -> Table:
        """Models side by side: b with SE below (`T13`), b with t below (`T13.t`), or beta (`T13.beta`)."""
        return side_by_side([self], template=template)

    def figure(self) -> Figure:
        """Coefficients of the last model with their intervals, without the constant."""
        fit = self.models[-1].fit
        use = [i for i, term in enumerate(fit.terms) if term != INTERCEPT]
        columns = {name: getattr(fit, name)[use] for name in ("estimate", "conf_low", "conf_high", "p_value")}
        frame = pd.DataFrame({"model": self.models[-1].name, "term": [fit.terms[i] for i in use], **columns})
        level = f"{100 * self.conf_level:g}"
        return Figure(
            id="coefficients",
            kind="coefficients",
            title=Label("regression.figure", outcome=self.labels[self.outcome]),
            frame=frame,
            labels=dict(self.labels),
            notes=(Label("regression.figure_note", level=level, n=self.n_obs),),
        )


def regress(
    data: pd.DataFrame,
    formula: str | None = None,
    *,
    y: str | None = None,
    blocks: Sequence[Sequence[str]] | None = None,
    cov: str | None = None,
    cluster: str | None = None,
    df: str = "default",
    conf_level: float = 0.95,
    design: Design | None = None,
) -> RegressionResult:
    """Linear regression, block by block.

    Parameters
    ----------
    data : DataFrame
        Nominal variables (by the codebook's kind) become dummies against their first category.
    formula : str
        `"y ~ a + b | + c"`: each `|` opens a block that is added to those before; `a*b` is `a + b + a:b`.
    y, blocks : str and lists of names
        The same without a formula: `y="y", blocks=[["a", "b"], ["c", "a:b"]]`.
    cov : str, optional
        Standard errors: `classical`; `HC0` to `HC4`, `HC4m`, `HC5`; of clusters `CR0`, `CR1p` (factor G/(G-1)), `CR1`
        (G/(G-1) * (n-1)/(n-k)), `CR2` (bias-reduced, each t test with Satterthwaite's degrees of freedom), `CR3`
        (near the jackknife); `linearised` (the design). By default linearised with a design, CR1 with `cluster`,
        else classical. t tests have n - k degrees of freedom (linearised: units - strata - k + 1).
    cluster : str, optional
        Column of clusters for the CR kinds.
    df : str
        `default`, or `clusters`: tests with G - 1 degrees of freedom (CR kinds but CR2).
    conf_level : float
    design : Design, optional
        Default: that of the codebook. Estimates are weighted, standard errors linearised.

    Returns
    -------
    RegressionResult
        All models use the same rows: those complete in every variable of the call.

    Raises
    ------
    AnalysisError
        Unknown column (E600), a variable that cannot stand in a model (E610, E611, E653), a design or cluster that
        the standard errors asked for would pass over (E659, E660), degrees of freedom that are not known or that the
        standard errors do not have (E757).
    """
    outcome, terms = model_blocks(formula, y, blocks)
    names = [outcome, *(n for block in terms for term in block for n in term)]
    data = relevant(data, names, cluster, design)
    values, binary = numeric_outcome(data, outcome)
    blocks_of_columns, notices = entered(data, terms)
    everything = blocks_of_columns[-1]
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E667", params={"value": conf_level}))
    sample = complete_rows(data, names, np.column_stack([values, everything.values]), cluster=cluster, design=design)
    kind = error_kind(cov, sample, cluster, KINDS)
    errors = sample.errors(kind, between_clusters(df, kind))
    models = _series(blocks_of_columns, values, sample.rows, errors, conf_level)
    if binary:
        notices.append(Problem("N668", params={"name": outcome}))
    found = [*everything.notices, *notices, *(p for m in models for p in m.fit.notices)]
    return RegressionResult(
        outcome=outcome,
        models=models,
        cov=kind,
        cluster=sample.cluster_name if kind in (*CLUSTERED, "linearised") else None,
        weighted=sample.declared is not None and sample.declared.weights is not None,
        conf_level=conf_level,
        labels=variable_labels(data, outcome, everything, sample.cluster_name),
        references=dict(everything.references),
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys(found)),
    )


def between_clusters(df: str, kind: str) -> bool:
    """Whether tests are to have G - 1 degrees of freedom; E757 where that means nothing."""
    if df != "default" and (df != "clusters" or kind not in CLUSTERED or kind == "CR2"):
        raise AnalysisError(Problem("E757", params={"value": df, "kind": kind}))
    return df == "clusters"


def side_by_side(
    results: Sequence[RegressionResult], *, id: str = "regression", title: Label | None = None, template: str = "T13"
) -> Table:
    """The models of several regressions in one T13; outcomes may differ, models are numbered throughout."""
    from evalkit.models.linear_table import regression_table

    return regression_table(results, id=id, title=title, template=template)


def model_blocks(
    formula: str | None, y: str | None, blocks: Sequence[Sequence[str]] | None
) -> tuple[str, tuple[tuple[Term, ...], ...]]:
    """Outcome and terms block by block, from a formula or from names; E669 and E654 where they mean nothing."""
    if formula is not None:
        if y is not None or blocks is not None:
            raise AnalysisError(Problem("E669"))
        parsed = parse_formula(formula)
        return parsed.outcome, parsed.blocks
    if y is None or not blocks:
        raise AnalysisError(Problem("E669"))
    seen: set[frozenset[str]] = set()
    out = []
    for block in blocks:
        block_terms = tuple(tuple(part.strip() for part in str(name).split(":")) for name in block)
        for term in block_terms:
            if frozenset(term) in seen or len(set(term)) < len(term) or y in term:
                raise AnalysisError(Problem("E654", params={"term": ":".join(term)}))
            seen.add(frozenset(term))
        out.append(block_terms)
    return y, tuple(out)


def entered(data: pd.DataFrame, terms: Sequence[Sequence[Term]]) -> tuple[list[Columns], list[Problem]]:
    """The columns in the model after each block, and W655 for terms that have none."""
    out: list[Columns] = []
    notices: list[Problem] = []
    everything = nothing(len(data))
    for block in terms:
        for term in block:
            columns = term_columns(data, term)
            if not columns.terms:
                notices.append(Problem("W655", params={"term": ":".join(term)}))
            everything = everything + columns
        out.append(everything)
    return out, notices


def _series(blocks, values, rows, errors, conf_level) -> tuple[Model, ...]:  # type: ignore[no-untyped-def]
    models: list[Model] = []
    for number, columns in enumerate(blocks, 1):
        fit = fit_linear(columns.values[rows], columns.terms, values[rows], errors=errors, conf_level=conf_level)
        models.append(compared(str(number), fit, models[-1].fit if models else None, errors.kind))
    return tuple(models)


def variable_labels(data: pd.DataFrame, outcome: str, columns: Columns, cluster: str | None) -> dict[str, Label]:
    """Label of the outcome, of every term, of nominal variables and of the clusters."""
    labels = {outcome: label_of(data, outcome), INTERCEPT: Label("regression.intercept")} | dict(columns.labels)
    labels |= {name: label_of(data, name) for name in columns.references}
    return labels | ({cluster: label_of(data, cluster)} if cluster else {})
