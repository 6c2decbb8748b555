"""Outcomes, a treatment and covariates in; effects by weighting, matching and both models, with the balance, out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem
from evalkit.models.causal.adjustment_result import PropensityResult
from evalkit.models.causal.balance import LARGE, STAGES, Balance, balance_of
from evalkit.models.causal.effects import Effect, Test, effect
from evalkit.models.causal.matching import Matches, matched_effect, nearest
from evalkit.models.causal.score import Score, score_of
from evalkit.models.causal.treatment import both_arms, checked_level, labels_of, one_of, prepared, treatment
from evalkit.models.causal.weighting import Estimate, arm_weights, doubly_robust, effective_size, weighted
from evalkit.models.matrix import numeric_outcome

ESTIMANDS = ("att", "ate")
METHODS = ("aipw", "ipw", "matching")
WEIGHTS = ("stabilised", "plain")


def propensity(
    data: pd.DataFrame,
    *,
    y: str,
    treated: str,
    covariates: Sequence[str],
    method: str = "aipw",
    estimand: str = "att",
    weights: str = "stabilised",
    trim: float | None = None,
    neighbours: int = 1,
    caliper: float | None = 0.2,
    replacement: bool = True,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> PropensityResult:
    """Effect of a treatment that was not drawn by lot, by propensity scores.

    Parameters
    ----------
    data : DataFrame
        Nominal covariates become dummies against their first category.
    y : str
        Outcome; of two values, the effect is a difference of shares.
    treated : str
        Two values; the higher (second category) is the treatment.
    covariates : sequence of str
        All that moves both treatment and outcome, measured before the treatment.
    method : str
        Which estimate is reported first, all are computed: `aipw` (weights and outcome models, right if either is),
        `ipw` (weights), `matching` (nearest neighbours by the logit of the score).
    estimand : str
        `att` (of the treated) or `ate` (of all).
    weights : str
        `stabilised`: weights sum to 1 in each arm; `plain`: they do not.
    trim : float, optional
        Rows with a score below `trim` or above 1 - `trim` are left out, and the score is fitted again to the rest.
    neighbours : int
        Partners for each row matched.
    caliper : float or None
        Largest distance of a match, in standard deviations of the logit of the score; None: any.
    replacement : bool
        Partners may serve more than once. False for `att` only.
    cluster : str, optional
        Weighting errors by cluster; matching gives none then.
    conf_level : float

    Returns
    -------
    PropensityResult
        z tests; the score is counted as estimated in `ipw`, as known in `aipw` and `matching`. Balance before and
        after by standardised differences and ratios of variances.

    Raises
    ------
    AnalysisError
        Nobody or everybody treated (E6274, E6275), too few rows (E6293), covariates that tell the arms apart (E6299),
        a trimming that leaves an arm empty (E6300), options without meaning (E6272, E6301).

    Notes
    -----
    Rosenbaum & Rubin (1983), Biometrika 70, 41-55; caliper: Austin (2011), Pharmaceutical Statistics 10, 150-161.
    """
    _checked(method, estimand, weights, trim, neighbours, caliper, replacement, conf_level)
    names = [y, treated]
    ready = prepared(data, names, covariates, cluster)
    outcome, _ = numeric_outcome(ready.data, y)
    values = np.column_stack([outcome, treatment(ready.data, treated)])
    sample = ready.rows([*names, *covariates], values, cluster)
    of_rows, arm = values[sample.rows].T
    both_arms(arm, treated)
    x = ready.covariates.values[sample.rows]
    score, notices = score_of(x, ready.covariates.terms, arm)
    kept = np.ones(len(arm), dtype=bool) if trim is None else (score.chance >= trim) & (score.chance <= 1 - trim)
    for value in (1, 0):
        if not (kept & (arm == value)).any():
            raise AnalysisError(Problem("E6300", params={"trim": f"{trim:g}", "arm": Label(f"causal.arm.{value}")}))
    clusters = None if sample.clusters is None else np.unique(sample.clusters[kept], return_inverse=True)[1]
    options = _Options(estimand, weights == "stabilised", neighbours, caliper, replacement, conf_level)
    if not kept.all():
        score, _ = score_of(x[kept], ready.covariates.terms, arm[kept])
    task = _Task(of_rows[kept], score, x[kept], ready.covariates.terms, clusters, options)
    effects, tests, balance, found = task.results()
    lost = len(arm) - int(kept.sum())
    return PropensityResult(
        outcome=y,
        treated=treated,
        method=method,
        estimand=estimand,
        effects=tuple(effects),
        tests=tuple(tests),
        balance=balance,
        n_treated=int((arm[kept] == 1).sum()),
        n_outside=int(task.score.outside.sum()),
        n_alone=len(found.alone),
        cluster=sample.cluster_name if cluster else None,
        conf_level=conf_level,
        labels=labels_of(ready.data, [y, treated, cluster]) | dict(ready.covariates.labels) | _labels(estimand),
        n_obs=int(kept.sum()),
        dropped=(*sample.dropped, *([Drop("causal.drop_trimmed", lost)] if lost else [])),
        notices=tuple(dict.fromkeys((*ready.notices, *notices, *_judged(task, balance, found)))),
    )


@dataclass(frozen=True)
class _Options:
    estimand: str
    normalised: bool
    neighbours: int
    caliper: float | None
    replacement: bool
    level: float


@dataclass(frozen=True, eq=False)
class _Task:
    y: np.ndarray
    score: Score
    covariates: np.ndarray
    terms: tuple[str, ...]
    clusters: np.ndarray | None
    options: _Options

    def results(self) -> tuple[list[Effect], list[Test], tuple[Balance, ...], Matches]:
        score, options = self.score, self.options
        weight = arm_weights(score, options.estimand)
        found = self._matched()
        effects = [
            self._unadjusted(),
            self._weighted("ipw", weighted(self.y, score, options.estimand, options.normalised)),
            self._weighted("aipw", doubly_robust(self.y, score, options.estimand)),
            self._matching(found),
        ]
        tests = []
        for arm, group in ((1, "treated"), (0, "control")):
            chance = score.chance[score.treated == arm]
            ends = (("score.min", chance.min()), ("score.max", chance.max()))
            effects += [Effect("score", term, float(value), n_obs=len(chance), group=group) for term, value in ends]
            size = effective_size(weight[score.treated == arm])
            tests.append(Test(f"effective_{group}", size, kind="n_effective"))
        stages = dict(zip(STAGES, (np.ones(len(self.y)), weight, self._match_weights(found)), strict=True))
        return effects, tests, balance_of(self.covariates, self.terms, score.treated, stages), found

    def _unadjusted(self) -> Effect:
        first, second = (self.y[self.score.treated == arm] for arm in (1, 0))
        error = math.nan
        if min(len(first), len(second)) > 1:
            error = math.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
        error = math.nan if self.clusters is not None else error
        value = float(first.mean() - second.mean())
        return effect("unadjusted", "effect", value, error, conf_level=self.options.level, n_obs=len(self.y))

    def _weighted(self, model: str, found: Estimate) -> Effect:
        value, influence = found
        if self.clusters is not None:
            influence = np.bincount(self.clusters, weights=influence)
        error = math.sqrt(float(influence @ influence)) / len(self.y)
        return effect(model, "effect", value, error, conf_level=self.options.level, n_obs=len(self.y))

    def _matched(self) -> Matches:
        score, options = self.score, self.options
        reach = math.inf if options.caliper is None else options.caliper * _spread(score)
        first, second = (np.flatnonzero(score.treated == arm) for arm in (1, 0))
        keys = {"neighbours": options.neighbours, "reach": reach, "replacement": options.replacement}
        found = nearest(score.index, first, second, **keys)
        return found if options.estimand == "att" else found + nearest(score.index, second, first, **keys)

    def _matching(self, found: Matches) -> Effect:
        value, variance, n = matched_effect(self.y, self.score.treated, self.score.index, found)
        error = math.nan if self.clusters is not None or math.isnan(variance) else math.sqrt(variance)
        return effect("matching", "effect", value, error, conf_level=self.options.level, n_obs=n)

    def _match_weights(self, found: Matches) -> np.ndarray:
        out = np.zeros(len(self.y))
        np.add.at(out, found.partner, found.share)
        out[np.unique(found.seeker)] += 1.0
        return out


def _spread(score: Score) -> float:
    """Standard deviation of the linear predictor within the arms."""
    parts = [score.index[score.treated == arm] for arm in (1, 0)]
    return math.sqrt(sum(float(part.var(ddof=1)) if len(part) > 1 else 0.0 for part in parts) / 2)


def _checked(
    method: str,
    estimand: str,
    weights: str,
    trim: float | None,
    neighbours: int,
    caliper: float | None,
    replacement: bool,
    conf_level: float,
) -> None:
    checked_level(conf_level)
    one_of("method", method, METHODS)
    one_of("estimand", estimand, ESTIMANDS)
    one_of("weights", weights, WEIGHTS)
    bad = {
        "trim": trim is not None and not 0 < trim < 0.5,
        "neighbours": neighbours < 1,
        "caliper": caliper is not None and caliper <= 0,
        "replacement": estimand == "ate" and not replacement,
    }
    for option, wrong in bad.items():
        if wrong:
            raise AnalysisError(Problem("E6301", params={"option": option}))


def _judged(task: _Task, balance: tuple[Balance, ...], found: Matches) -> list[Problem]:
    """Unmatched rows, rows outside the common support, covariates that stay apart, errors that are not there."""
    out = []
    outside = int(task.score.outside.sum())
    if outside:
        out.append(Problem("N6302", params={"n": outside, "total": len(task.y)}))
    if len(found.alone):
        out.append(Problem("W6303", params={"n": len(found.alone)}))
    for stage, code in (("weighted", "W6304"), ("matched", "W6305")):
        apart = [b.term for b in balance if b.stage == stage and abs(b.difference) > LARGE]
        if apart:
            out.append(Problem(code, params={"names": apart, "bound": f"{LARGE:g}"}))
    if task.clusters is not None:
        out.append(Problem("N6306"))
    return out


def _labels(estimand: str) -> dict[str, Label]:
    out = {"score.min": Label("causal.score.min"), "score.max": Label("causal.score.max")}
    for group in ("treated", "control"):
        for end in ("min", "max"):
            out[f"score.{group}/score.{end}"] = Label(f"causal.score.{end}_of", group=Label(f"causal.group.{group}"))
    for model in ("unadjusted", *METHODS):
        out[f"{model}.effect"] = Label(f"causal.method.{model}")
    return out | {"effect": Label(f"causal.estimand.{estimand}")}
