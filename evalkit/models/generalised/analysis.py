"""A data frame, a formula and a family in; models of the outcome block by block out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.models.generalised.fit import KINDS
from evalkit.models.generalised.outcomes import FAMILIES, QUASI, Outcome, outcome_of
from evalkit.models.generalised.result import OutcomeResult
from evalkit.models.generalised.series import NO_TEST, Model, Task, changed, fitted
from evalkit.models.linear import entered, model_blocks, variable_labels
from evalkit.models.matrix import Columns, numeric
from evalkit.models.sample import complete_rows, error_kind, relevant
from evalkit.models.sandwich import CLUSTERED
from evalkit.sampling import Design

INTERVALS = ("wald", "profile")
ALPHA = 0.05
"""Lines whose test gives less are taken as not parallel."""


def outcome_model(
    data: pd.DataFrame,
    formula: str | None = None,
    *,
    family: str,
    y: str | None = None,
    blocks: Sequence[Sequence[str]] | None = None,
    exposure: str | None = None,
    firth: bool = False,
    free: str | Sequence[str] = (),
    interval: str = "wald",
    cov: str | None = None,
    cluster: str | Sequence[str] | None = None,
    conf_level: float = 0.95,
    design: Design | None = None,
) -> OutcomeResult:
    """Regression of a binary, ordered, nominal or count outcome, block by block.

    Parameters
    ----------
    data : DataFrame
        Nominal variables (by the codebook's kind) become dummies against their first category.
    formula, y, blocks
        As in `regress`.
    family : str
        `logit`, `probit`, `cloglog` (two values; the higher, or the second category, is modelled); `ordered_logit`,
        `ordered_probit` (``P(y <= k) = F(threshold_k - x b)``, so a positive slope means higher categories);
        `multinomial` (the first category is the reference); `poisson`, `negative_binomial`, `quasi_poisson` (0, 1, 2,
        ...); `fractional` (shares from 0 to 1, quasi-likelihood of a logit with HC0 errors by default).
    exposure : str, optional
        Counts only: column of positive numbers whose logarithm enters with coefficient 1.
    firth : bool
        `logit` with classical errors only: Firth's correction, for rare outcomes and separation. Tests are Wald's then,
        and there are no likelihood measures.
    free : names, or "brant"
        Ordered families: variables whose slopes differ between cuts (partial proportional odds); `brant` takes those
        whose lines are not parallel (p < 0.05 in Brant's test of the last model).
    interval : str
        `wald`, or `profile`: profile likelihood (classical errors only).
    cov : str, optional
        `classical` (from the expected information; ordered: the observed; quasi-likelihoods: times the dispersion),
        `HC0`, `HC1`, `HC3` (not for ordered and multinomial), of clusters `CR0`, `CR1p`, `CR1`, `CR2`, `CR3`, or
        `linearised`. By default as in `regress`.
    cluster : str or list of two names, optional
        Column of clusters for the CR kinds; two columns as in `regress`.
    conf_level : float
    design : Design, optional
        Default: that of the codebook. Estimates are weighted, standard errors linearised; there is no likelihood then.

    Returns
    -------
    OutcomeResult
        z tests (linearised, CR2, quasi-likelihoods: t). Blocks are compared by likelihood ratio, with robust errors by
        Wald. Average marginal effects (`ame.`), for categories on the probability of each; marginal effects at the
        means (`mem.`) of outcomes with a mean. Where the outcome separates (W758) or no maximum is found (W759) every
        number is nan. Standard errors of a negative binomial take theta as known.

    Raises
    ------
    AnalysisError
        As `regress`; E760 for an unknown family, E761 for an outcome that it does not take, E762 for an option that
        it does not have; E6035 for an interval, E6036 for free slopes that cannot be.

    Notes
    -----
    McCullagh & Nelder (1989), Generalized Linear Models; Agresti (2013), Categorical Data Analysis, chapters 5, 7, 8.
    """
    kind = _kind_of(family, exposure, conf_level)
    name, terms = model_blocks(formula, y, blocks)
    names = [name, *(n for block in terms for term in block for n in term), *([exposure] if exposure else [])]
    data = relevant(data, names, cluster, design)
    outcome = outcome_of(data, name, family)
    steps, notices = entered(data, terms)
    offset = _offset(data, exposure)
    values = np.column_stack([outcome.values, offset, steps[-1].values])
    sample = complete_rows(data, names, values, cluster=cluster, design=design, ways=2)
    errors = error_kind(cov, sample, cluster, KINDS)
    if family == "fractional" and errors == "classical":
        if cov is not None:
            raise _refused("cov = classical", family)
        errors = "HC0"
    _check(family, kind, errors, firth, interval, bool(free))
    codes, kept = _used(outcome, sample.rows, kind)
    profile = interval == "profile"
    task = Task(family, kept, codes, offset[sample.rows], sample.errors(errors), conf_level, firth, (), profile)
    task = replace(task, free=_freed(free, task, steps[-1], sample.rows))
    models = _series(task, steps, sample.rows)
    found = [*steps[-1].notices, *notices, *(p for m in models for p in m.fit.notices)]
    labels = variable_labels(data, name, steps[-1], sample.cluster_name, sample.crossed_name)
    return OutcomeResult(
        outcome=name,
        family=family,
        models=models,
        categories=dict(zip(outcome.codes, outcome.categories, strict=True)),
        cov=errors,
        firth=firth,
        cluster=sample.cluster_name if errors in (*CLUSTERED, "linearised") else None,
        weighted=sample.declared is not None and sample.declared.weights is not None,
        conf_level=conf_level,
        labels=labels | _more_labels(outcome, labels, codes, models),
        references=dict(steps[-1].references),
        n_obs=sample.n,
        crossed=sample.crossed_name,
        free=task.free,
        interval=interval,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys(found)),
    )


def _kind_of(family: str, exposure: str | None, conf_level: float) -> str:
    """What kind of outcome a family is for; options that no data can make right are refused."""
    if family not in FAMILIES:
        raise AnalysisError(Problem("E760", params={"name": family, "known": list(FAMILIES)}))
    kind = FAMILIES[family][0]
    if exposure is not None and kind != "count":
        raise _refused("exposure", family)
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E667", params={"value": conf_level}))
    return kind


def _check(family: str, kind: str, errors: str, firth: bool, interval: str, free: bool) -> None:
    """Options that a family, or its standard errors, cannot honour."""
    if errors == "HC3" and kind in ("ordered", "nominal"):
        raise _refused("cov = HC3", family)
    if firth and (family != "logit" or errors != "classical"):
        raise _refused(f"firth (cov = {errors})", family)
    if interval not in INTERVALS or (interval == "profile" and (errors != "classical" or family in QUASI)):
        raise AnalysisError(Problem("E6035", params={"value": interval, "known": list(INTERVALS), "kind": errors}))
    if free and kind != "ordered":
        raise _refused("free", family)


def _refused(option: str, family: str) -> AnalysisError:
    return AnalysisError(Problem("E762", params={"option": option, "family": _name(family)}))


def _name(family: str) -> Label:
    return Label(f"outcomes.family.{family}")


def _freed(free: str | Sequence[str], task: Task, columns: Columns, rows: np.ndarray) -> tuple[str, ...]:
    """Terms of the variables with free slopes; none where Brant's test cannot be computed (its W763 says so)."""
    if free == "brant":
        if task.family != "ordered_logit":
            raise AnalysisError(Problem("E762", params={"option": "free = brant", "family": _name(task.family)}))
        tests = fitted(task, columns.values[rows], columns.terms)[0].tests
        return tuple(t for t in columns.terms if tests.get(f"parallel_lines.{t}", NO_TEST)[2] < ALPHA)
    names = (free,) if isinstance(free, str) else tuple(free)
    known = {name: [t for t in columns.terms if t == name or t.rpartition(".")[0] == name] for name in names}
    unknown = [name for name, terms in known.items() if not terms]
    if unknown:
        raise AnalysisError(Problem("E6036", params={"names": unknown, "known": list(columns.terms)}))
    return tuple(t for t in columns.terms if any(t in terms for terms in known.values()))


def _offset(data: pd.DataFrame, exposure: str | None) -> np.ndarray:
    if exposure is None:
        return np.zeros(len(data))
    values = numeric(data, exposure)
    if (values <= 0).any():
        raise AnalysisError(Problem("E764", params={"name": exposure}))
    return np.log(values)


def _used(outcome: Outcome, rows: np.ndarray, kind: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Codes of the categories that the rows have, and the outcome of the rows in their places."""
    values = outcome.values[rows]
    if kind in ("count", "share") or not len(rows):
        return (), values
    found, place = np.unique(values.astype(int), return_inverse=True)
    return tuple(outcome.codes[i] for i in found), place.astype(float)


def _series(task: Task, steps: Sequence[Columns], rows: np.ndarray) -> tuple[Model, ...]:
    models: list[Model] = []
    for number, columns in enumerate(steps, 1):
        fit, effects, at_means = fitted(task, columns.values[rows], columns.terms)
        before = models[-1].fit if models else None
        models.append(Model(str(number), fit, changed(task, fit, before), effects, at_means))
    return tuple(models)


def _more_labels(
    outcome: Outcome, labels: dict[str, Label], codes: tuple[str, ...], models: Sequence[Model]
) -> dict[str, Label]:
    """Labels of thresholds and of average marginal effects."""
    names = dict(zip(outcome.codes, outcome.categories, strict=True))
    out = {
        f"threshold.{i}": Label("outcomes.threshold", below=names[low], above=names[high])
        for i, (low, high) in enumerate(zip(codes, codes[1:], strict=False), 1)
    }
    out |= {
        f"cut.{i}": Label("outcomes.cut", below=names[low], above=names[high])
        for i, (low, high) in enumerate(zip(codes, codes[1:], strict=False), 1)
    }
    effects = [m.effects for m in models if m.effects is not None]
    out |= {f"ame.{t}": Label("outcomes.ame", variable=labels[t]) for e in effects for t in e.terms}
    means = [m.at_means for m in models if m.at_means is not None]
    return out | {f"mem.{t}": Label("outcomes.mem", variable=labels[t]) for e in means for t in e.terms}
