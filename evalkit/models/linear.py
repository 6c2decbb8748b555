"""A data frame and a formula in, linear models block by block out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

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
from evalkit.models.sandwich import CLUSTERED, CROSSED, KINDS, Errors
from evalkit.models.wild import check_bootstrap, wild_cluster
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
    crossed: str | None = None
    precision: str | None = None
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`T13`; with a bootstrap also `T13.wild`, a coefficient a row."""
        return ("T13", "T13.wild") if any(m.wild is not None for m in self.models) else ("T13",)

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
        """Models side by side: b with SE below (`T13`), b with t below (`T13.t`), or beta (`T13.beta`).

        `T13.wild` shows the bootstrap of the last model.
        """
        if template == "T13.wild" and template in self.templates:
            from evalkit.models.linear_table import wild_table

            return wild_table(self)
        return side_by_side([self], template=template)

    def figure(self) -> Figure:
        """Coefficients of every model with their intervals, without the constant."""
        frames = []
        for model in self.models:
            fit = model.fit
            use = [i for i, term in enumerate(fit.terms) if term != INTERCEPT]
            columns = {name: getattr(fit, name)[use] for name in ("estimate", "conf_low", "conf_high", "p_value")}
            frames.append(pd.DataFrame({"model": model.name, "term": [fit.terms[i] for i in use], **columns}))
        frame = pd.concat(frames, ignore_index=True)
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
    cluster: str | Sequence[str] | None = None,
    bootstrap: str | None = None,
    resamples: int = 9999,
    seed: int = 0,
    precision: str | None = None,
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
    cluster : str or list of two names, optional
        Column of clusters for the CR kinds. Two columns (CR0, CR1p, CR1): ``V_a + V_b - V_ab``, each part with the
        factor of its own number of clusters.
    bootstrap : str, optional
        `wild_cluster`: p values and intervals of each coefficient by the wild cluster bootstrap with the null imposed
        (columns `p_boot`, `boot_low`, `boot_high`), for few clusters in one column; Webb's weights below 12 clusters,
        else Rademacher's; `wild_cluster_webb` and `wild_cluster_rademacher` fix them.
    resamples, seed : int
        Of the bootstrap.
    precision : str, optional
        Column of weights of least squares: the error variance of a row is in inverse proportion to it. Sampling
        weights belong into the design instead.
    df : str
        `default`, or `clusters`: tests with G - 1 degrees of freedom (CR kinds but CR2); G is the smaller number of
        two columns of clusters.
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
        standard errors do not have (E757); E6020 to E6023 and E6026 for clusters, a bootstrap or a precision that
        cannot be honoured.
    """
    outcome, terms = model_blocks(formula, y, blocks)
    names = [outcome, *(n for block in terms for term in block for n in term)]
    data = relevant(data, names, cluster, design, precision)
    values, binary = numeric_outcome(data, outcome)
    blocks_of_columns, notices = entered(data, terms)
    everything = blocks_of_columns[-1]
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E667", params={"value": conf_level}))
    together = np.column_stack([values, everything.values])
    sample = complete_rows(data, names, together, cluster=cluster, design=design, precision=precision, ways=2)
    kind = error_kind(cov, sample, cluster, KINDS)
    errors = sample.errors(kind, between_clusters(df, kind))
    models = _series(blocks_of_columns, values, sample.rows, errors, conf_level)
    if bootstrap is not None:
        check_bootstrap(bootstrap, resamples, seed)
        if kind not in CROSSED or sample.crossed is not None:
            raise AnalysisError(Problem("E6027", params={"kind": kind, "known": list(CROSSED)}))
        draw = partial(_wild, kind=bootstrap, resamples=resamples, seed=seed, conf_level=conf_level)
        models = tuple(
            draw(m, c.values[sample.rows], values[sample.rows], errors)
            for m, c in zip(models, blocks_of_columns, strict=True)
        )
    if binary:
        notices.append(Problem("N668", params={"name": outcome}))
    found = [*everything.notices, *notices, *(p for m in models for p in m.fit.notices)]
    found += [p for m in models if m.wild is not None for p in m.wild.notices]
    return RegressionResult(
        outcome=outcome,
        models=models,
        cov=kind,
        cluster=sample.cluster_name if kind in (*CLUSTERED, "linearised") else None,
        weighted=sample.declared is not None and sample.declared.weights is not None,
        conf_level=conf_level,
        labels=variable_labels(data, outcome, everything, sample.cluster_name, sample.crossed_name),
        references=dict(everything.references),
        n_obs=sample.n,
        crossed=sample.crossed_name,
        precision=precision,
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


def _wild(model: Model, x: np.ndarray, y: np.ndarray, errors: Errors, **options: Any) -> Model:
    """The model with its bootstrap; as it is where nothing could be estimated."""
    fit = model.fit
    if not np.isfinite(fit.std_error).any() or errors.clusters is None:
        return model
    kept = ~np.isnan(fit.estimate)
    root = np.ones(len(y)) if errors.weights is None else np.sqrt(errors.weights)
    full = np.column_stack([np.ones(len(y)), x])[:, kept] * root[:, None]
    return replace(model, wild=wild_cluster(full, y * root, errors.clusters, **options))


def variable_labels(data: pd.DataFrame, outcome: str, columns: Columns, *clusters: str | None) -> dict[str, Label]:
    """Label of the outcome, of every term, of nominal variables and of the clusters."""
    labels = {outcome: label_of(data, outcome), INTERCEPT: Label("regression.intercept")} | dict(columns.labels)
    labels |= {name: label_of(data, name) for name in columns.references}
    return labels | {name: label_of(data, name) for name in clusters if name}
