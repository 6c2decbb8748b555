"""Outcomes of treated and untreated before and after in; difference in differences out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.models.causal.adoption import NEVER, Adoption, adoption
from evalkit.models.causal.differences_result import DifferencesResult
from evalkit.models.causal.effects import Effect, Test, effect
from evalkit.models.causal.group_time import (
    GroupTime,
    by_relative_time,
    group_time,
    influence_covariance,
    relative_times,
    unit_clusters,
)
from evalkit.models.causal.treatment import (
    both_arms,
    checked_level,
    labels_of,
    one_of,
    periods,
    prepared,
    treatment,
)
from evalkit.models.causal.two_way import TwoWay, two_way
from evalkit.models.matrix import numeric
from evalkit.models.sample import Sample, error_kind
from evalkit.models.sandwich import CLUSTERED, Errors, wald

COMPARISONS = ("not_yet", "never")
FEW_TREATED = 6
WITHOUT_UNITS = ("classical", "HC0", "HC1", "HC2", "HC3", *CLUSTERED)


def did(
    data: pd.DataFrame,
    *,
    y: str,
    treated: str,
    time: str,
    unit: str | None = None,
    start: float | None = None,
    covariates: Sequence[str] = (),
    comparison: str = "not_yet",
    cov: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> DifferencesResult:
    """Difference in differences: two periods, many periods, or treatment that starts at different times.

    Parameters
    ----------
    data : DataFrame
        A row a unit and period (panel), or a row a person whose unit (community) is treated.
    y : str
        Outcome.
    treated : str
        0/1. With `start`, or if it never changes within units: the treated group. Else whether the row's unit is
        treated at the row's time; it may start at different times and is never switched off.
    time : str
        Number of the period.
    unit : str, optional
        What is treated. Absorbed as fixed effects; without it the two groups are compared as they are.
    start : float, optional
        First treated period of the group; may be left out if there are just two periods.
    covariates : sequence of str
        In the two-way regression (and its event study) only.
    comparison : str
        Who cohorts are compared with: `not_yet` treated units (and the never treated), or the `never` treated only.
    cov : str, optional
        With units `CR0`, `CR1p`, `CR1` (default), `CR2`, `CR3` by cluster; without units and clusters `HC1` (default),
        `HC0`, `HC2`, `HC3` or `classical`.
    cluster : str, optional
        Holds whole units; by default the unit.
    conf_level : float

    Returns
    -------
    DifferencesResult
        Estimators by `model`: `means` (one cohort: cells), `two_way` (one coefficient), `event_study` (by time since
        the start; staggered: averages of cohorts), `group_time` (each cohort and time; with units) and `average`
        (over cohorts and treated times, by cohort size). The headline is `two_way`, for staggered treatment
        `average`. Clustered t tests have G - 1 degrees of freedom; effects of cohorts have z tests.

    Raises
    ------
    AnalysisError
        Nobody or everybody treated (E6274, E6275), no comparison (E6282), one period (E6276), a start outside (E6277)
        or unknown (E6278), treatment switched off (E6279) or differing within units (E6280), a cluster that splits a
        unit (E6281), an empty cell (E6283).

    Notes
    -----
    Angrist & Pischke (2009), Mostly Harmless Econometrics, section 5.2. Weights of the two-way coefficient:
    de Chaisemartin & D'Haultfoeuille (2020), American Economic Review 110, 2964-2996. Cohorts: `group_time`.
    """
    checked_level(conf_level)
    one_of("comparison", comparison, COMPARISONS)
    names = [y, treated, time, *([unit] if unit else [])]
    ready = prepared(data, names, covariates, cluster or unit)
    values = np.column_stack([numeric(ready.data, y), treatment(ready.data, treated), periods(ready.data, time)])
    sample = ready.rows([*names, *covariates], values, cluster or unit)
    outcome, status, times = values[sample.rows].T
    both_arms(status, treated)
    units = None if unit is None else ready.data[unit].to_numpy()[sample.rows]
    found = adoption(status, times, units, start, {"treated": treated, "time": time, "unit": unit or ""})
    _comparable(found, treated)
    if cov is None and sample.clusters is None:
        cov = "HC1"
    kind = error_kind(cov, sample, cluster or unit, CLUSTERED if unit else WITHOUT_UNITS)
    if found.unit is not None and sample.clusters is not None:
        _nested(found.unit, sample.clusters, unit, cluster)
    task = _Task(outcome, ready.covariates.values[sample.rows], found, sample, kind, comparison, conf_level)
    effects, tests, notices = task.results()
    labels = labels_of(ready.data, [y, treated, time, unit, cluster]) | _labels(effects)
    return DifferencesResult(
        outcome=y,
        treated=treated,
        effects=tuple(effects),
        tests=tuple(tests),
        staggered=found.staggered,
        comparison=comparison if unit else None,
        cov=kind,
        cluster=sample.cluster_name if kind in CLUSTERED else None,
        conf_level=conf_level,
        labels=labels,
        n_units=0 if found.unit is None else int(found.unit.max()) + 1,
        n_treated=_treated_units(found),
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys((*ready.notices, *notices))),
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """The numbers of one call, estimator by estimator."""

    y: np.ndarray
    covariates: np.ndarray
    found: Adoption
    sample: Sample
    kind: str
    comparison: str
    level: float

    @property
    def errors(self) -> Errors:
        return self.sample.errors(self.kind, between=self.kind in CLUSTERED and self.kind != "CR2")

    def results(self) -> tuple[list[Effect], list[Test], list[Problem]]:
        found = self.found
        fit = two_way(self.y, found.status[:, None], self.covariates, found, self.errors)
        effects = [] if found.staggered else self._means()
        effects.append(self._coefficient(fit, 0, "two_way", "effect"))
        notices = [*fit.notices, *_few_treated(found, self.sample)]
        tests: list[Test] = []
        if not found.staggered:
            events, tests = self._event_study()
            effects += events
        if found.unit is not None:
            more, leads = self._cohorts(group_time(self.y, found, self.comparison))
            effects += more
            tests += leads
            notices += _passed_over(found, self.covariates.shape[1])
        if found.staggered:
            negative = abs(float(fit.share[(found.status == 1) & (fit.share < 0)].sum()))
            tests.append(Test("negative_weight", negative, kind="share"))
            notices.append(Problem("W6284", params={"percent": f"{100 * negative:.1f}", "n": len(found.cohorts)}))
        return effects, tests, [*notices, *_of_trends(tests, 1 - self.level)]

    def _coefficient(self, fit: TwoWay, i: int, model: str, term: str) -> Effect:
        df = float(fit.term_df[i])
        n = self.sample.n
        return effect(model, term, fit.estimate[i], fit.std_error[i], df=df, conf_level=self.level, n_obs=n)

    def _means(self) -> list[Effect]:
        found, out = self.found, []
        for group, ours in (("treated", found.first < NEVER), ("control", found.first == NEVER)):
            for t in range(len(found.periods)):
                cell = self.y[ours & (found.place == t)]
                n = len(cell)
                error = float(cell.std(ddof=1) / np.sqrt(n)) if n > 1 else math.nan
                mean = float(cell.mean()) if n else math.nan
                name = found.period_name(t)
                out.append(Effect("means", "mean", mean, error, n_obs=n, group=group, level=name))
        return out

    def _event_study(self) -> tuple[list[Effect], list[Test]]:
        found = self.found
        start = int(found.cohorts[0])
        times = [t - start for t in range(len(found.periods)) if t != start - 1]
        ever = found.first < NEVER
        columns = np.column_stack([ever & (found.place - start == e) for e in times]).astype(float)
        fit = two_way(self.y, columns, self.covariates, found, self.errors)
        out = [self._coefficient(fit, i, "event_study", f"event.{e}") for i, e in enumerate(times)]
        leads = [i for i, e in enumerate(times) if e < 0]
        if not leads:
            return out, [Test("pretrend", math.nan, kind="f_statistic")]
        from scipy.stats import f as f_distribution

        value = wald(fit.estimate[leads], fit.matrix[np.ix_(leads, leads)])
        p = float(f_distribution.sf(value, len(leads), fit.df))
        return out, [Test("pretrend", value, len(leads), fit.df, p, "f_statistic")]

    def _cohorts(self, cells: GroupTime) -> tuple[list[Effect], list[Test]]:
        found, sample = self.found, self.sample
        if found.unit is None or sample.clusters is None:
            raise ValueError("effects of cohorts need units and clusters")
        clusters = unit_clusters(found.unit, sample.clusters)
        n = len(clusters)

        def shown(model: str, term: str, value: float, influence: np.ndarray, **keys: str) -> Effect:
            error = float(np.sqrt(influence_covariance(influence[:, None], clusters)[0, 0]))
            return effect(model, term, value, error, conf_level=self.level, n_obs=n, **keys)

        value, influence = cells.average(cells.place >= cells.cohort)
        out = [shown("average", "effect", value, influence)]
        tests: list[Test] = []
        times: list[int] = []
        if found.staggered:
            times = relative_times(cells)
        if found.staggered and times:
            values, influences = by_relative_time(cells, times)
            out += [shown("event_study", f"event.{e}", values[i], influences[:, i]) for i, e in enumerate(times)]
            leads = [i for i, e in enumerate(times) if e < 0]
            tests.append(_joint(values[leads], influence_covariance(influences[:, leads], clusters)))
        for i, (g, t) in enumerate(zip(cells.cohort, cells.place, strict=True)):
            keys = {"group": found.period_name(g), "level": found.period_name(t)}
            out.append(shown("group_time", "att", cells.estimate[i], cells.influence[:, i], **keys))
        return out, tests


def _joint(values: np.ndarray, matrix: np.ndarray) -> Test:
    from scipy.stats import chi2

    if not len(values):
        return Test("pretrend", math.nan, kind="chi2")
    statistic = len(values) * wald(values, matrix)
    return Test("pretrend", statistic, len(values), p_value=float(chi2.sf(statistic, len(values))), kind="chi2")


def _comparable(found: Adoption, treated: str) -> None:
    """E6282 where all are treated from the same time on; E6283 for a group without rows before, or after."""
    never = found.first == NEVER
    if not never.any() and len(found.cohorts) < 2:
        raise AnalysisError(Problem("E6282", params={"name": treated}))
    if found.staggered:
        return
    start = int(found.cohorts[0])
    cells = {(g, after): bool((never == (g == 0)).any()) for g in (0, 1) for after in (0, 1)}
    for g, after in cells:
        if not ((never == (g == 0)) & ((found.place >= start) == bool(after))).any():
            key = f"causal.cell.{'treated' if g else 'control'}.{'after' if after else 'before'}"
            raise AnalysisError(Problem("E6283", params={"cell": Label(key)}))


def _nested(unit: np.ndarray, clusters: np.ndarray, name: str | None, cluster: str | None) -> None:
    pairs = len(np.unique(np.column_stack([unit, clusters]), axis=0))
    if pairs > unit.max() + 1:
        raise AnalysisError(Problem("E6281", params={"cluster": cluster or "", "unit": name or ""}))


def _treated_units(found: Adoption) -> int:
    ever = found.first < NEVER
    return int(ever.sum()) if found.unit is None else len(np.unique(found.unit[ever]))


def _few_treated(found: Adoption, sample: Sample) -> list[Problem]:
    if sample.clusters is None:
        return []
    n = len(np.unique(sample.clusters[found.first < NEVER]))
    return [Problem("W6285", params={"n": n})] if n < FEW_TREATED else []


def _passed_over(found: Adoption, n_covariates: int) -> list[Problem]:
    out = []
    if found.unit is not None and 0 in found.cohorts:
        out.append(Problem("N6286", params={"n": len(np.unique(found.unit[found.first == 0]))}))
    if n_covariates:
        out.append(Problem("N6287"))
    return out


def _of_trends(tests: list[Test], alpha: float) -> list[Problem]:
    pre = [t for t in tests if t.name == "pretrend"]
    if any(t.p_value < alpha for t in pre):
        return [Problem("W6288", params={"p": f"{min(t.p_value for t in pre):.3f}"})]
    return [Problem("N6289")] if all(math.isnan(t.p_value) for t in pre) else []


def _labels(effects: list[Effect]) -> dict[str, Label]:
    out: dict[str, Label] = {"effect": Label("causal.effect")}
    for one in effects:
        if one.model == "means":
            out[f"means.{one.id}"] = Label(f"causal.mean.{one.group}", period=one.level)
        elif one.model == "event_study":
            out[one.term] = Label("causal.event", k=one.term.removeprefix("event."))
        elif one.model == "group_time":
            out[f"group_time.{one.id}"] = Label("causal.group_time", cohort=one.group, period=one.level)
    return out
