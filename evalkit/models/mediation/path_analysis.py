"""Data and the roles of a path model in, its result out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.models.fit import weighted_sd
from evalkit.models.mediation.intervals import BOOTSTRAP, JOINT
from evalkit.models.mediation.natural_analysis import natural_effects_of, with_interactions
from evalkit.models.mediation.natural_result import NaturalResult
from evalkit.models.mediation.path_call import PathCall, Roles, model_labels, path_call, written_model
from evalkit.models.mediation.path_curves import effect_curves
from evalkit.models.mediation.path_fit import PathFits, fit_paths
from evalkit.models.mediation.path_frame import Draws, Spread, Wanted, draw, effect_rows
from evalkit.models.mediation.path_result import PathModelResult
from evalkit.models.mediation.path_shares import with_shares
from evalkit.models.mediation.points import centred, moderators_at
from evalkit.models.mediation.products import linear_system
from evalkit.models.mediation.routes import Moderator, linear_in, list_effects, path_polynomial
from evalkit.models.mediation.sampling_units import units_of
from evalkit.models.mediation.sensitivity import without_sensitivity
from evalkit.models.mediation.tracing import path_sensitivity
from evalkit.models.sample import Sample, complete_rows, error_kind, relevant
from evalkit.models.sandwich import KINDS, Errors
from evalkit.resample import Plan
from evalkit.sampling import Design


@dataclass(frozen=True, eq=False)
class Options:
    """How a path model is to be estimated and shown; see `mediate`."""

    at: Mapping[str, Any]
    centre: str | Sequence[str]
    resamples: int
    ci: tuple[str, ...]
    seed: int
    conf_level: float
    cluster: str | None
    design: Design | None
    contrast: Sequence[float] | None = None
    hold: Mapping[str, float] = field(default_factory=dict)
    interactions: bool = False
    every: bool = False
    """Whether `ci` names all methods because all were asked for, so that one may be left out."""

    @property
    def natural(self) -> bool:
        """Whether natural effects are asked for, whatever the equations."""
        return self.interactions or self.contrast is not None or bool(self.hold)


def mediate_paths(data: pd.DataFrame, roles: Roles, options: Options) -> PathModelResult | NaturalResult:
    """Fit a path model and give all its effects: products of paths, or natural effects where those are none.

    Raises
    ------
    AnalysisError
        See `mediate`.
    """
    equations, roles = written_model(data, roles)
    if options.interactions:
        equations = with_interactions(equations, roles)
    names = tuple(dict.fromkeys(n for e in equations for t in (*e.terms, (e.outcome,)) for n in t))
    data = relevant(data, names, options.cluster, options.design)
    call = path_call(data, equations, roles)
    if options.natural or not call.products_are_effects:
        if JOINT in options.ci:
            if not options.every:
                raise AnalysisError(Problem("E6175"))
            options = replace(options, ci=tuple(method for method in options.ci if method != JOINT))
            call = replace(call, notices=(*call.notices, Problem("N6780")))
        return natural_effects_of(data, call, options)
    sample = complete_rows(data, call.names, call.values, cluster=options.cluster, design=options.design)
    errors = sample.errors(error_kind(None, sample, options.cluster, KINDS))
    values = call.values[sample.rows]
    means = centred(call, values, errors.weights, options.centre)
    moderators = moderators_at(call, data, sample.rows, means, errors.weights, options.at)
    fits = fit_paths(call, values - means, errors, options.conf_level)
    draws, notices = _draws(call, fits, values - means, sample, options)
    found = _effects(call, fits, moderators, draws, values, errors, options)
    curves = effect_curves(fits, call, moderators, values, means, draws, options.conf_level)
    labels = model_labels(data, call, sample.cluster_name)
    if fits.faults:
        effects, sensitivity = without_sensitivity(found.frame), None
    else:
        words = (labels, call.references)
        effects, sensitivity = path_sensitivity(
            found.frame, found.listing, fits, values - means, errors.weights, words, options.conf_level
        )
    problems = [*call.notices, *fits.faults, *notices, *found.notices]
    problems += [] if fits.faults else [p for _, fit in fits.fits for p in fit.notices]
    return PathModelResult(
        effects=effects,
        sensitivity=sensitivity,
        covariates=roles.covariates,
        cov=errors.kind,
        cluster=sample.cluster_name,
        weighted=sample.declared is not None and sample.declared.weights is not None,
        ci=options.ci,
        conf_level=options.conf_level,
        resamples=draws.resamples if draws else 0,
        n_failed=draws.n_failed if draws else 0,
        seed=options.seed,
        labels=labels,
        references=dict(call.references),
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys(problems)),
        x=call.x,
        y=call.y,
        mediators=call.mediators,
        listing=found.listing,
        moderators=moderators,
        means={name: float(means[j]) for name, j in call.system.places.items() if means[j]},
        fits=fits,
        curves=curves,
        process_model=roles.process_model,
    )


@dataclass(frozen=True, eq=False)
class _Found:
    listing: tuple[Any, ...]
    frame: pd.DataFrame
    notices: tuple[Problem, ...]


def _effects(
    call: PathCall,
    fits: PathFits,
    moderators: tuple[Moderator, ...],
    draws: Draws | None,
    values: np.ndarray,
    errors: Errors,
    options: Options,
) -> _Found:
    listing = list_effects(fits.system, call.x, call.y, moderators)
    places = call.system.places
    named = _spread(call)
    sd = np.array([weighted_sd(values[:, places[n]], errors.weights) if len(values) > 1 else np.nan for n in named])
    wanted = Wanted(
        options.ci,
        options.conf_level,
        options.seed,
        errors.kind == "classical",
        len(values),
        several_x=len(call.x) > 1,
        several_y=len(call.y) > 1,
    )
    frame, notices = effect_rows(listing, fits, draws, Spread(named, sd), wanted)
    frame = with_shares(frame, listing, 1 - options.conf_level)
    if "product" in options.ci and frame["product_low"].isna().any():
        notices.append(Problem("N688"))
    crooked = [m.name for m in moderators if not _straight(fits, listing, m)]
    if crooked and not fits.faults:
        notices.append(Problem("N6171", params={"names": crooked}))
    return _Found(listing, frame, tuple(notices))


def _straight(fits: PathFits, listing: Sequence[Any], moderator: Moderator) -> bool:
    """Whether no chain takes the moderator twice, so that an index of moderated mediation exists."""
    for effect in listing:
        if effect.kind != "indirect":
            continue
        nodes = (effect.x, *effect.chain, effect.y)
        paths = [path_polynomial(fits.system, a, b) for a, b in zip(nodes, nodes[1:], strict=False)]
        acting = [p for p in paths if any(set(rest) & set(moderator.columns) for rest in p)]
        if len(acting) > 1 or not all(linear_in(p, moderator) for p in acting):
            return False
    return True


def _draws(
    call: PathCall, fits: PathFits, values: np.ndarray, sample: Sample, options: Options
) -> tuple[Draws | None, list[Problem]]:
    methods = [m for m in options.ci if m in BOOTSTRAP]
    if fits.faults or not methods:
        return None, []
    units, n_units, strata, notices = units_of(sample)
    if n_units < 2:
        return None, notices
    weights = None if sample.design is None else sample.design.weights[sample.rows]
    linear = linear_system(fits.system, values, _spread(call), weights=weights, units=units)
    return draw(linear, Plan(n_units, options.resamples, options.seed, strata), methods), notices


def _spread(call: PathCall) -> tuple[str, ...]:
    return (*call.x, *call.y)
