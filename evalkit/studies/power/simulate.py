"""A call of an analysis and the effects expected in, its power by simulated samples out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.models.mediation.arithmetic import Arithmetic
from evalkit.models.mediation.routes import coefficient_places
from evalkit.resample import child_seed
from evalkit.studies.power.simulate_draws import Survey, samples
from evalkit.studies.power.simulate_fits import fit_samples
from evalkit.studies.power.simulate_model import Model, model_of
from evalkit.studies.power.simulate_options import (
    Choices,
    PerVariable,
    check_choices,
    correlations_of,
    effects_of,
    icc_of,
    shares_of,
    survey_of,
)
from evalkit.studies.power.simulate_pilot import NOTHING, pilot_of
from evalkit.studies.power.simulate_population import Population, population_of
from evalkit.studies.power.simulate_result import Point, SimulatedPower
from evalkit.studies.power.simulate_search import MOST, looked_at, needed
from evalkit.studies.power.simulate_tests import BOOTSTRAP, found, way_of


def simulate_power(
    data: pd.DataFrame | None = None,
    *,
    of: str | Mapping[str, Any],
    effects: Mapping[str, float] | None = None,
    correlations: Mapping[str, float] | None = None,
    shares: Mapping[str, float] | None = None,
    n: int | Sequence[int] = (),
    power: float = 0.8,
    clusters: int | None = None,
    cluster_size: int | None = None,
    icc: PerVariable | None = None,
    reliability: PerVariable = 1.0,
    items: PerVariable = 1,
    categories: PerVariable = 0,
    attrition: float = 0.0,
    missing: PerVariable = 0.0,
    test: str = "joint",
    resamples: int = 1000,
    focus: str | Sequence[str] = (),
    draws: int = 1000,
    alpha: float | None = None,
    seed: int = 0,
) -> SimulatedPower:
    """How often an analysis would find the effects expected, at given sample sizes or searching for the size needed.

    Parameters
    ----------
    data : DataFrame, optional
        A pilot: effects, correlations, shares and intraclass correlations that are not given are those it shows.
    of : dict
        The analysis: `{"do": "mediate", "x": ..., "m": ..., "y": ...}` with its own options; in a plan the id of a
        step. `regress`, `moderate`, `mediate` and `mixed` (random intercepts), all with linear equations.
    effects : dict
        `"y ~ x"` or `"y ~ x:w"` -> standardised effect: SDs of y for one SD of x (of the product of standardised
        columns). An effect that nobody gives and no pilot shows is 0, which a notice says.
    correlations : dict, optional
        `"x ~~ w"` -> correlation of variables that no equation explains.
    shares : dict, optional
        Such a variable of two values -> share of its upper value.
    n : int or list of int
        People recruited; empty: search for the n that reaches `power`.
    clusters, cluster_size : int, optional
        Number of clusters, or people in each; default: the mean size of the pilot's clusters.
    icc : number or dict
        Share of variance between clusters; 1 for a variable of the clusters themselves. Of an outcome: of what its
        equation leaves unexplained.
    reliability, items, categories : number or dict
        A variable is measured by that many parallel items of that many answers each (0: any number), whose mean has
        that reliability before answers are cut to categories. Variables of two values are known exactly.
    attrition, missing : number; number or dict
        Share of people lost, and of answers missing by variable, at random; rows with a gap are left out.
    test : str
        Of products of paths: `joint` significance, `monte_carlo` interval, `percentile` or `bias_corrected` bootstrap.
        Sums of products (total and conditional indirect effects) get a Monte Carlo interval instead of `joint`.
    resamples : int
        Of a bootstrap.
    focus : list of str
        Terms whose power is to reach the target, all of them; default: the coefficients of `regress` and `mixed`, the
        highest product of `moderate`, specific indirect effects and indices of `mediate`, as far as they are not 0.
    draws : int
        Samples for each n.
    alpha : float, optional
        Default: 1 - `conf_level` of the analysis, 0.05 without.

    Returns
    -------
    SimulatedPower

    Raises
    ------
    AnalysisError
        E6340-E6349: an analysis or option that cannot be simulated, unknown names, options without meaning, impossible
        correlations or effects, too few people or clusters; and as the analysis itself for its roles.

    Notes
    -----
    Samples are normal (two values where so), standardised, with the standard errors of the analysis. Random-intercept
    models are fitted by REML and tested on between-within degrees of freedom.
    """
    if not isinstance(of, Mapping):
        raise AnalysisError(Problem("E6348", params={"name": str(of), "known": ["{do = ...}"]}))
    model = model_of(data, of)
    level = 1 - float(of.get("conf_level", 0.95)) if alpha is None else alpha
    sizes = (n,) if isinstance(n, int) else tuple(n)
    choices = Choices(
        sizes, power, clusters, cluster_size, attrition, test, resamples, draws, round(level, 12), seed
    )  # fmt: skip
    check_choices(choices)
    pilot = pilot_of(data, model) if data is not None and model.from_data else NOTHING
    choices = _clustered(choices, model, pilot.cluster_size)
    clusters_there = choices.clusters is not None or choices.cluster_size is not None
    given, taken, absent = effects_of(model, effects or {}, pilot)
    two_valued = shares_of(model, shares or {}, pilot)
    alike = icc_of(model, icc, pilot, clusters_there)
    population, repaired = population_of(
        model.system,
        given,
        correlations_of(model, correlations or {}, pilot),
        two_valued,
        alike,
        repair=pilot is not NOTHING and not correlations,
    )
    survey = survey_of(model, choices, reliability, items, categories, missing, two_valued)
    bench = Bench(model, population, survey, choices)
    true = bench.true_values()
    aimed = _aimed(model, focus, true)
    points = bench.points(aimed)
    notices = [Problem("N6350", params={"names": taken, "n": pilot.n})] if taken else []
    notices += [Problem("N6351", params={"names": absent})] if absent else []
    notices += [Problem("N6357")] if repaired else []
    notices += [Problem("W6352", params={"do": model.do})] if clusters_there and model.cluster is None else []
    return bench.result(points, true, aimed, notices, pilot.n)


@dataclass(frozen=True, eq=False)
class Bench:
    """All that one simulation needs but the number of people."""

    model: Model
    population: Population
    survey: Survey
    choices: Choices

    def true_values(self) -> np.ndarray:
        """The effects tested, in the population, shape (E,)."""
        order = coefficient_places(self.model.system)
        slopes = np.array([[self.population.effects[key]] for key in order])
        return Arithmetic.of([e.parts for e in self.model.tested]).values(slopes)[:, 0]

    def points(self, aimed: Sequence[int]) -> tuple[Point, ...]:
        """Power at the sizes asked for, or at those of a search."""
        made: dict[int, Point] = {}

        def power(n: int) -> np.ndarray:
            made[n] = self.point(n)
            return made[n].hits / self.choices.draws

        if self.choices.n:
            for n in sorted(set(self.choices.n)):
                self.check(n)
                power(n)
        else:
            start = self.least()
            self.check(start)
            looked_at(power, lambda p: float(p[list(aimed)].min()), start, self.choices.target, self.choices.draws)
        return tuple(made[n] for n in sorted(made))

    def least(self) -> int:
        """Where a search begins: three times as many people as coefficients, 40 at least; three in every cluster."""
        parameters = max(len(e.terms) for e in self.model.system.equations)
        least = math.ceil(max(40, 3 * parameters) / self.survey.kept)
        if self.survey.clusters is not None:
            return max(least, 3 * self.survey.clusters)
        if self.survey.cluster_size is not None:
            level = len(self._cluster_level) + 8
            return max(least, level * self.survey.cluster_size)
        return least

    @property
    def _cluster_level(self) -> frozenset[str]:
        pairs = zip(self.population.exogenous, self.population.icc, strict=False)
        return frozenset(name for name, share in pairs if share == 1)

    def check(self, n: int) -> None:
        """E6346 for too few people, E6349 for too few clusters."""
        for equation in self.model.system.equations:
            k = len(equation.terms)
            if n * self.survey.kept <= k + 1:
                raise AnalysisError(Problem("E6346", params={"n": n, "k": k, "name": equation.outcome}))
            groups = self.survey.n_clusters(n)
            level = 1 + sum(bool(t.factors) and set(t.factors) <= self._cluster_level for t in equation.terms)
            if groups is not None and groups <= level:
                raise AnalysisError(Problem("E6349", params={"n": groups, "k": level, "name": equation.outcome}))

    def point(self, n: int) -> Point:
        """Power of every effect with n people."""
        choices, seed = self.choices, child_seed(self.choices.seed, f"n {n}")
        tested = self.model.tested
        hits, totals = np.zeros(len(tested)), np.zeros(len(tested))
        usable, rows = np.zeros(len(tested)), 0.0
        for drawn in samples(self.population, self.survey, n, choices.draws, seed):
            fits = fit_samples(
                self.model.system,
                drawn,
                self.model.errors,
                between=self.model.between,
                cluster_level=self._cluster_level,
            )
            clear, values = found(
                self.model.system, tested, drawn, fits, method=choices.test, resamples=choices.resamples,
                alpha=choices.alpha, seed=seed,
            )  # fmt: skip
            fine = np.isfinite(values)
            hits += (clear & fine).sum(axis=1)
            totals += np.where(fine, values, 0.0).sum(axis=1)
            usable += fine.sum(axis=1)
            rows += float(fits.n_used.sum())
        with np.errstate(invalid="ignore"):
            means = np.where(usable > 0, totals / usable, np.nan)
        failed = int(choices.draws - usable.min())
        return Point(n, self.survey.n_clusters(n), hits, means, failed, rows / choices.draws)

    def result(
        self, points: tuple[Point, ...], true: np.ndarray, aimed: Sequence[int], notices: list[Problem], n_obs: int
    ) -> SimulatedPower:
        """What the points say, with the n needed and what to know."""
        choices, model = self.choices, self.model
        sizes = np.array([point.n for point in points])
        hits = np.array([point.hits for point in points])
        wanted = tuple(needed(sizes, hits[:, e], choices.draws, choices.target) for e in range(len(model.tested)))
        failed = max(point.failed for point in points)
        notices += [Problem("W6354", params={"n": failed, "of": choices.draws})] if failed else []
        null = [e.term for e, value in zip(model.tested, true, strict=True) if abs(value) < 1e-12 and e.main]
        notices += [Problem("N6353", params={"names": list(dict.fromkeys(null))})] if null else []
        lost = [model.tested[e] for e in aimed if np.isnan(wanted[e].n) and abs(true[e]) >= 1e-12]
        if lost:
            params = {"names": [f"{e.outcome}: {e.term}" for e in lost], "low": int(sizes.min())}
            largest = int(sizes.max())
            code = "N6356" if choices.n else "W6355"
            notices.append(Problem(code, params={**params, "high": largest if choices.n else min(largest, MOST)}))
        ways = tuple(way_of(e, choices.test) for e in model.tested)
        return SimulatedPower(
            do=model.do,
            tested=model.tested,
            ways=ways,
            true=true,
            points=points,
            needed=wanted,
            aimed=tuple(aimed),
            target=choices.target,
            alpha=choices.alpha,
            draws=choices.draws,
            resamples=choices.resamples if set(ways) & set(BOOTSTRAP) else 0,
            seed=choices.seed,
            errors=model.errors,
            survey=self.survey,
            icc=dict(zip((*self.population.exogenous, *(e.outcome for e in model.system.equations)),
                         self.population.icc.tolist(), strict=True)),
            labels=model.labels,
            n_obs=n_obs,
            notices=tuple(notices),
        )  # fmt: skip


def _clustered(choices: Choices, model: Model, size: float) -> Choices:
    """The choices with the pilot's cluster size where the analysis has clusters and none were given."""
    if model.cluster is None or choices.clusters is not None or choices.cluster_size is not None:
        return choices
    if not size >= 2:
        raise AnalysisError(Problem("E6347", params={"name": "clusters / cluster_size"}))
    return replace(choices, cluster_size=round(size))


def _aimed(model: Model, focus: str | Sequence[str], true: np.ndarray) -> list[int]:
    """Places of the effects that the search looks at; E6342 for a term that is none."""
    wanted = [focus] if isinstance(focus, str) else list(focus)
    known = list(dict.fromkeys(e.term for e in model.tested))
    for name in wanted:
        if name not in known:
            raise AnalysisError(Problem("E6342", params={"name": name, "known": known}))
    if wanted:
        return [j for j, e in enumerate(model.tested) if e.term in wanted]
    main = [j for j, e in enumerate(model.tested) if e.main] or list(range(len(model.tested)))
    return [j for j in main if abs(true[j]) >= 1e-12] or main
