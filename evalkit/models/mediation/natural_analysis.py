"""A path model with links or products of x and mediators in, its natural effects with intervals out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.models.matrix import code_text
from evalkit.models.mediation.equation_fit import (
    COUNTS,
    encoded,
    fit_equation,
    refit_of,
    unfit,
)
from evalkit.models.mediation.intervals import BOOTSTRAP
from evalkit.models.mediation.language import Written
from evalkit.models.mediation.natural import Natural, ancestors
from evalkit.models.mediation.natural_draws import Fitted, Resamples
from evalkit.models.mediation.natural_frame import Intervals, effect_frame, undefined_frame
from evalkit.models.mediation.natural_result import NaturalResult
from evalkit.models.mediation.natural_sensitivity import with_natural_sensitivity
from evalkit.models.mediation.path_call import PathCall, Roles, model_labels
from evalkit.models.mediation.sampling_units import units_of
from evalkit.models.mediation.system import LINEAR, ORDERED, Equation, System, design
from evalkit.models.sample import Sample, complete_rows, error_kind
from evalkit.models.sandwich import Errors
from evalkit.resample import Plan

if TYPE_CHECKING:
    from evalkit.models.mediation.path_analysis import Options

KINDS = ("classical", "CR1", "linearised")
MANY_FAILED = 0.1
"""Share of failed resamples from which intervals are not to be trusted."""


def natural_effects_of(data: pd.DataFrame, call: PathCall, options: Options) -> NaturalResult:
    """Natural effects of every x on every y.

    Raises
    ------
    AnalysisError
        E761 for an outcome that its family does not take, E6190 for a contrast that is none, E6191 for a mediator to be
        held that there is not, E6192 for an interval and E6196 for options that natural effects do not have.
    """
    system = _without_constants(call.system)
    sample = complete_rows(data, call.names, call.values, cluster=options.cluster, design=options.design)
    errors = sample.errors(error_kind(None, sample, options.cluster, KINDS))
    values = call.values[sample.rows]
    _check(call, system, values, options)
    fitted = _fitted(system, values, errors)
    labels = model_labels(data, call, sample.cluster_name)
    frames, contrasts, held, failed, notices = [], {}, {}, {}, list(call.notices)
    for y in call.y:
        own = ancestors(system.equations, y)
        part = _part(fitted, own)
        for x in call.x:
            contrasts[x] = _contrast(call, values, x, options)
            held |= _held(part, values, system, errors, options)
            natural = _natural(call, system, values, own, x, contrasts[x], held, part)
            frame, lost, more = _effects(natural, part, sample, errors, options)
            frame = with_natural_sensitivity(frame, natural, part.fits, system, values, errors.weights)
            frames.append(frame.assign(outcome=y if len(call.y) > 1 else None, group=x if len(call.x) > 1 else None))
            failed[(x, y)] = lost
            notices += more
    notices += [p for fit in fitted.fits for p in fit.problems]
    notices += [Problem("N688")] if "product" in options.ci else []
    return NaturalResult(
        effects=pd.concat(frames, ignore_index=True),
        covariates=call.roles.covariates,
        cov=errors.kind,
        cluster=sample.cluster_name,
        weighted=sample.declared is not None and sample.declared.weights is not None,
        ci=options.ci,
        conf_level=options.conf_level,
        resamples=options.resamples if set(options.ci) & set(BOOTSTRAP) else 0,
        n_failed=max((lost.n_failed for lost in failed.values() if lost is not None), default=0),
        seed=options.seed,
        labels=labels,
        references=dict(call.references),
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys(notices)),
        x=call.x,
        y=call.y,
        mediators=call.mediators,
        contrasts=contrasts,
        held=held,
        fits=fitted.fits,
        n_clusters=None if sample.clusters is None else len(np.unique(sample.clusters)),
    )


def with_interactions(equations: Sequence[Written], roles: Roles) -> tuple[Written, ...]:
    """The equations with x times every mediator in those of y."""
    return tuple(_crossed(equation, roles) if equation.outcome in roles.y else equation for equation in equations)


def _crossed(equation: Written, roles: Roles) -> Written:
    there = {frozenset(term) for term in equation.terms}
    more = [(x, m) for x in roles.x for m in roles.m if {(x,), (m,)} <= set(equation.terms)]
    return replace(equation, terms=(*equation.terms, *(t for t in more if frozenset(t) not in there)))


def _without_constants(system: System) -> System:
    """Thresholds take the place of the constant in ordered families."""
    return replace(
        system,
        equations=tuple(
            replace(e, terms=tuple(t for t in e.terms if t.factors)) if e.family in ORDERED else e
            for e in system.equations
        ),
    )


def _check(call: PathCall, system: System, values: np.ndarray, options: Options) -> None:
    problems = [Problem("E6196", params={"name": name}) for name in ("at", "centre") if getattr(options, name)]
    if options.ci[0] == "product":
        problems.append(Problem("E6192", params={"name": "product"}))
    for equation in system.equations:
        if len(values) and unfit(equation.family, values[:, system.places[equation.outcome]]):
            params = {"name": equation.outcome, "family": Label(f"outcomes.family.{equation.family}")}
            problems.append(Problem("E761", params=params))
    contrast = options.contrast
    if contrast is not None:
        pair = np.asarray(list(contrast), dtype=float)
        if len(pair) != 2 or not np.isfinite(pair).all() or pair[0] == pair[1]:
            problems.append(Problem("E6190", params={"value": list(contrast)}))
    strange = [name for name in options.hold if name not in call.mediators]
    if strange:
        problems.append(Problem("E6191", params={"names": strange, "known": list(call.mediators)}))
    if problems:
        raise AnalysisError(problems)


def _fitted(system: System, values: np.ndarray, errors: Errors) -> Fitted:
    fits, refits = [], []
    for equation in system.equations:
        columns, y = design(equation, system.places, values), values[:, system.places[equation.outcome]]
        fit = fit_equation(equation, columns, y, errors)
        fits.append(fit)
        refits.append(refit_of(fit, columns, y) if fit.solved else None)
    weights = np.ones(len(values)) if errors.weights is None else errors.weights
    return Fitted(tuple(fits), tuple(refits), weights)


def _part(fitted: Fitted, equations: tuple[Equation, ...]) -> Fitted:
    place = {fit.equation.outcome: i for i, fit in enumerate(fitted.fits)}
    chosen = [place[e.outcome] for e in equations]
    return Fitted(tuple(fitted.fits[i] for i in chosen), tuple(fitted.refits[i] for i in chosen), fitted.weights)


def _contrast(call: PathCall, values: np.ndarray, x: str, options: Options) -> tuple[float, float]:
    if options.contrast is not None:
        low, high = options.contrast
        return float(low), float(high)
    column = values[:, call.system.places[x]]
    found = np.unique(column)
    if len(found) == 2:
        return float(found[0]), float(found[1])
    middle = float(column.mean()) if len(column) else 0.0
    return middle, middle + 1.0


def _held(part: Fitted, values: np.ndarray, system: System, errors: Errors, options: Options) -> dict[str, float]:
    out = {}
    for fit in part.fits[:-1]:
        name, column = fit.equation.outcome, values[:, system.places[fit.equation.outcome]]
        if name in options.hold:
            out[name] = float(options.hold[name])
        elif fit.equation.family == LINEAR or fit.equation.family in COUNTS:
            out[name] = float(np.average(column, weights=errors.weights)) if len(column) else np.nan
        else:
            codes, support = encoded(fit.equation.family, column)
            out[name] = support[int(np.bincount(codes.astype(int), errors.weights).argmax())] if support else np.nan
    return out


def _natural(
    call: PathCall,
    system: System,
    values: np.ndarray,
    equations: tuple[Equation, ...],
    x: str,
    contrast: tuple[float, float],
    held: Mapping[str, float],
    part: Fitted,
) -> Natural:
    columns = {name: values[:, j] for name, j in system.places.items()}
    for sisters in call.columns.values():
        if x in sisters:  # a category against the first: the row is in no other one
            columns |= {name: np.zeros(len(values)) for name in sisters if name != x}
    last = part.fits[-1]
    levels = tuple(code_text(v) for v in last.support[1:]) if last.equation.family in ORDERED else ()
    fixed = {e.outcome: held[e.outcome] for e in equations[:-1]}
    return Natural(equations, columns, x, *contrast, fixed, levels)


def _effects(
    natural: Natural, part: Fitted, sample: Sample, errors: Errors, options: Options
) -> tuple[pd.DataFrame, Resamples | None, list[Problem]]:
    if not all(fit.solved for fit in part.fits) or not natural.mediators:
        return undefined_frame(natural, sample.n), None, []
    point = part.sample(natural)
    notices: list[Problem] = []
    if not np.isfinite(point[[term != "proportion" for term, _ in natural.terms]]).all():
        notices.append(Problem("W6193"))
    delta = part.delta(natural, errors)
    drawn, influence, resamples = None, None, None
    if set(options.ci) & set(BOOTSTRAP):
        units, n_units, strata, more = units_of(sample)
        notices += more
        if n_units > 1:
            plan = Plan(n_units, options.resamples, options.seed, strata)
            resamples = part.bootstrap(natural, plan, units)
            notices += _lost(resamples, options.resamples)
            drawn = resamples.drawn
            if "bca" in options.ci:
                influence = part.jackknife(natural, units)
    mc = part.monte_carlo(natural, errors, options.seed) if "monte_carlo" in options.ci else None
    wanted = Intervals(options.ci, options.conf_level, sample.n, strata if drawn is not None else None)
    return effect_frame(natural, point, delta, drawn, influence, mc, wanted), resamples, notices


def _lost(found: Resamples, resamples: int) -> list[Problem]:
    problems = [
        Problem("W6194", params={"name": name, "n": n, "separated": separated, "resamples": resamples})
        for name, (n, separated) in found.failed.items()
        if n
    ]
    if found.n_failed > MANY_FAILED * resamples:
        problems.append(Problem("W6195", params={"n": found.n_failed, "resamples": resamples}))
    return problems
