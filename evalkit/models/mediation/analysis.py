"""Data and the roles of its columns in, a MediationResult out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import Label, Problem, label_of, tidy_frame
from evalkit.models.fit import is_constant, weighted_sd
from evalkit.models.matrix import INTERCEPT
from evalkit.models.mediation.checks import Call, check_options, check_ways, is_chain, read_call
from evalkit.models.mediation.effects import COLUMNS, Resampled, effect_frame, resampled
from evalkit.models.mediation.engine import chain_of
from evalkit.models.mediation.equations import Data, Equations, fit_equations, joint_paths
from evalkit.models.mediation.intervals import BOOTSTRAP, JOINT, METHODS
from evalkit.models.mediation.layout import Layout
from evalkit.models.mediation.path_analysis import Options, mediate_paths
from evalkit.models.mediation.path_call import Roles, listed
from evalkit.models.mediation.result import ChainResult, MediationResult
from evalkit.models.mediation.sampling_units import units_of
from evalkit.models.mediation.sensitivity import without_sensitivity
from evalkit.models.mediation.shares import shares_of_total
from evalkit.models.mediation.tracing import chain_sensitivity
from evalkit.models.sample import Sample, complete_rows, error_kind, relevant
from evalkit.models.sandwich import KINDS, Errors
from evalkit.moments import least_squares
from evalkit.resample import Plan
from evalkit.sampling import Design


def mediate(
    data: pd.DataFrame,
    *,
    x: str | Sequence[str],
    m: str | Sequence[str] = (),
    y: str | Sequence[str],
    kind: str | None = None,
    covariates: str | Sequence[str] = (),
    moderators: Mapping[str, str | Sequence[str]] | None = None,
    paths: str | Sequence[str] | None = None,
    families: Mapping[str, str] | None = None,
    process_model: int | None = None,
    w: str | None = None,
    z: str | None = None,
    v: str | None = None,
    q: str | None = None,
    at: Mapping[str, str | Sequence[float]] | None = None,
    centre: str | Sequence[str] = (),
    interactions: bool = False,
    contrast: Sequence[float] | None = None,
    hold: Mapping[str, float] | None = None,
    resamples: int = 5000,
    ci: str | Sequence[str] = ("percentile",),
    seed: int = 0,
    conf_level: float = 0.95,
    cluster: str | None = None,
    design: Design | None = None,
) -> MediationResult:
    """Effects of x on y by way of mediators, moderated or not, whatever kind of outcome the equations have.

    Parameters
    ----------
    data : DataFrame
        Rows complete in every variable of the call are used.
    x, y : str or list of str
        Several x stand in every equation; a nominal x has an effect a category, relative to the first one.
    m : str or list of str
        Mediators; in a row (`kind="serial"`) in causal order. With `paths` every outcome that is no y is one.
    kind : str, optional
        `parallel`, `serial`, `converging` (all lead to the last), `diverging` (the first leads to all) or
        `two_chains`; needed with two mediators or more.
    covariates : list of str
        Stand in every equation; nominal ones become dummies.
    moderators : dict, optional
        Moderator -> paths it changes: `a` (x to mediators; `a2` to the second), `b` (mediators to y), `c'` (x to y),
        `d21` (first to second mediator), `x -> m`, or a name given in `paths`. `"w*z"` as a key: both and their
        product.
    paths : list of str, optional
        The equations themselves: `["m ~ a*x + w + x:w", "y ~ m + x + age"]`.
    families : dict, optional
        Mediator or y -> `linear` (default), `logit`, `probit`, `ordered_logit`, `ordered_probit`, `poisson`,
        `negative_binomial`. With any but `linear`, or x times a mediator in an equation, effects are natural ones (see
        Returns).
    process_model : int, optional
        Number of a PROCESS template, with moderators `w`, `z` (and `v`, `q` in templates of PROCESS 2).
    at : dict, optional
        Moderator -> where effects are given: `sd` (default: mean and one SD each side), `percentiles` (16, 50, 84) or
        numbers. Moderators of two values or of categories are taken at these.
    centre : list of str or "products"
        Variables whose mean is subtracted first; `products`: every numeric one that stands in a product.
    interactions : bool
        x times every mediator in the equations of y: natural effects.
    contrast : two numbers, optional
        Natural effects: the values of x compared. Default: the two values of an x that has two, else its mean and one
        unit more.
    hold : dict, optional
        Natural effects: mediator -> its value in the controlled direct effect. Default: its mean, or most frequent
        category.
    resamples : int
        Bootstrap resamples, at least 100.
    ci : str or tuple of str
        `percentile`, `bias_corrected`, `bca`, `monte_carlo` (20,000 normal draws of the paths), `product` (exact
        distribution of a product of two normals), or `all` of them. The first one is printed; all stand in `tidy()`.
        With `joint_significance` beside an interval the tables also print the largest p of the paths of each chain;
        natural effects are no products and have none, so that `all` leaves it out (N6780).
    seed : int
        The same seed gives the same resamples on every machine.
    cluster : str, optional
        Whole clusters are resampled; standard errors of the paths are CR1.
    design : Design, optional
        Default: that of the codebook. Weights weight every equation, clusters are resampled within strata,
        standard errors of the paths are linearised.

    Returns
    -------
    MediationResult
        What cannot be computed (a constant variable, too few rows) is nan, and a notice says why. Where products of
        coefficients are no effects, a `NaturalResult`: natural direct and indirect effects on the mean (probability,
        count) of y, by exact g-computation, with the products beside them.

    Raises
    ------
    AnalysisError
        A call that cannot mean anything: unknown column (E600, E6150 with its place), one variable in two roles (E670),
        an unknown kind, method or option (E671-E673), mediator or y with three or more unordered categories (E676,
        E653), a cycle of equations (E6153), a template or path that is none (E6154-E6159); an outcome that its family
        does not take (E761), options that natural effects do not have (E6190-E6192, E6196).
    """
    given = {"w": w, "z": z, "v": v, "q": q}
    roles = Roles(
        x=listed(x),
        m=listed(m),
        y=listed(y),
        kind=kind,
        covariates=listed(covariates),
        moderators=moderators or {},
        paths=listed(paths),
        families=families or {},
        process_model=process_model,
        given=given,
    )
    every = ci in ("all", ["all"], ("all",))
    ci = (*METHODS, JOINT) if every else tuple(dict.fromkeys(listed(ci)))
    check_options(resamples=resamples, ci=ci, conf_level=conf_level)
    ci = tuple(sorted(ci, key=lambda method: method == JOINT))  # the first one is printed as an interval
    check_ways(roles)
    options = Options(
        at or {}, centre, resamples, ci, seed, conf_level, cluster, design, contrast, hold or {}, interactions, every
    )
    if is_chain(data, roles, options):
        return _mediate_chain(data, roles, options)
    return mediate_paths(data, roles, options)


def _mediate_chain(data: pd.DataFrame, roles: Roles, options: Options) -> ChainResult:
    """One x, one y, mediators side by side or in a row, no moderators: total effects from a regression of their own."""
    (x,), (y,), m = roles.x, roles.y, roles.m
    ci, conf_level, seed, cluster = options.ci, options.conf_level, options.seed, options.cluster
    data = relevant(data, (x, *m, y, *roles.covariates), cluster, options.design)
    call = read_call(data, x, m, y, roles.kind, roles.covariates)
    sample = complete_rows(data, call.names, call.values, cluster=cluster, design=options.design)
    errors = sample.errors(error_kind(None, sample, cluster, KINDS))
    arrays, notices = _arrays(call, sample, errors)
    equations = fit_equations(arrays, call.layout, errors, conf_level)
    faults = _faults(call, arrays, equations)
    found = None
    if faults:
        effects, sensitivity = without_sensitivity(_undefined(call.layout, equations, arrays.x_term, sample.n)), None
    else:
        if set(ci) & set(BOOTSTRAP):
            found, more = _resample(call, arrays, sample, ci, options.resamples, seed, conf_level)
            notices += more
        effects, more = _effects(call, arrays, equations, errors, found, ci, seed, conf_level)
        effects, sensitivity = chain_sensitivity(effects, arrays, call.layout, equations, y, errors.weights, conf_level)
        notices += more
    problems = [*call.notices, *faults, *notices, *_fit_notices(equations, arrays, faults)]
    return ChainResult(
        sensitivity=sensitivity,
        x=x,
        x_term=call.x_term,
        y=y,
        layout=call.layout,
        mediators=_mediator_names(call),
        covariates=call.names[2 + len(call.layout.mediators) :],
        effects=effects,
        equations=equations,
        cov=errors.kind,
        cluster=sample.cluster_name,
        weighted=sample.declared is not None and sample.declared.weights is not None,
        ci=ci,
        conf_level=conf_level,
        resamples=options.resamples if set(ci) & set(BOOTSTRAP) else 0,
        n_failed=found.n_failed if found else 0,
        seed=seed,
        labels=_labels(data, call, sample.cluster_name),
        references=dict(call.covariates.references),
        n_obs=sample.n,
        dropped=sample.dropped,
        notices=tuple(dict.fromkeys(problems)),
    )


def _labels(data: pd.DataFrame, call: Call, cluster: str | None) -> dict[str, Label]:
    names = (*call.names, *((cluster,) if cluster else ()))
    labels = {name: label_of(data, name) for name in names} | dict(call.covariates.labels)
    ids = dict(zip((call.x_term, *call.layout.mediators), (call.names[0], *_mediator_names(call)), strict=True))
    return labels | {term: labels[name] for term, name in ids.items()} | {INTERCEPT: Label("regression.intercept")}


def _mediator_names(call: Call) -> tuple[str, ...]:
    return call.names[1 : 1 + len(call.layout.mediators)]


def _arrays(call: Call, sample: Sample, errors: Errors) -> tuple[Data, list[Problem]]:
    """The rows used, without covariates that say nothing new; those are named."""
    rows = sample.rows
    covariates, terms = call.covariates.values[rows], call.covariates.terms
    dropped: tuple[int, ...] = ()
    if covariates.shape[1] and len(rows):
        full = np.column_stack([np.ones(len(rows)), covariates])
        if errors.weights is not None:
            full = full * np.sqrt(errors.weights)[:, None]
        dropped = (
            tuple(j - 1 for j in least_squares(full, np.zeros(len(rows))).dropped) if len(rows) > full.shape[1] else ()
        )
    keep = [j for j in range(covariates.shape[1]) if j not in dropped]
    notices = [Problem("W655" if is_constant(covariates[:, j]) else "W656", params={"term": terms[j]}) for j in dropped]
    kept_terms = (*(terms[j] for j in keep), call.x_term, *call.layout.mediators)
    return Data(covariates[:, keep], call.x[rows], call.mediators[rows], call.y[rows], kept_terms), notices


def _faults(call: Call, data: Data, equations: Equations) -> list[Problem]:
    """Why the effects cannot be computed; nothing if they can."""
    n = len(data.y)
    parameters = 2 + data.n_covariates + len(call.layout.mediators)
    if n <= parameters:
        return [Problem("W657", params={"n": n, "k": parameters})]
    named = [(call.names[0], data.x)]
    named += [(name, data.mediators[:, j]) for j, name in enumerate(_mediator_names(call))]
    named += [(call.names[1 + len(call.layout.mediators)], data.y)]
    constant = [name for name, values in named if is_constant(values)]
    if constant:
        return [Problem("W678", params={"names": constant, "n": n})]
    outcome = equations.outcome
    lost = [t for t in (call.x_term, *call.layout.mediators) if np.isnan(outcome.estimate[outcome.place(t)])]
    return [Problem("W679", params={"names": lost})] if lost else []


def _fit_notices(equations: Equations, data: Data, faults: list[Problem]) -> list[Problem]:
    """What the fits say, without what is said already about the model as a whole."""
    if faults:
        return []
    return [p for fit in (*equations.mediators, equations.outcome, equations.total) for p in fit.notices]


def _resample(
    call: Call, data: Data, sample: Sample, ci: tuple[str, ...], resamples: int, seed: int, conf_level: float
) -> tuple[Resampled | None, list[Problem]]:
    weights = None if sample.design is None else sample.design.weights[sample.rows]
    units, n_units, strata, notices = units_of(sample)
    if n_units < 2:
        return None, notices
    chain = chain_of(
        data.covariates,
        data.x,
        data.mediators,
        data.y,
        serial=call.layout.kind == "serial",
        weights=weights,
        units=units,
    )
    found = resampled(chain, call.layout, Plan(n_units, resamples, seed, strata), ci, conf_level)
    return found, notices + list(found.notices)


def _effects(
    call: Call,
    data: Data,
    equations: Equations,
    errors: Errors,
    found: Resampled | None,
    ci: tuple[str, ...],
    seed: int,
    conf_level: float,
) -> tuple[pd.DataFrame, list[Problem]]:
    layout, notices = call.layout, []
    frame = effect_frame(
        layout,
        equations,
        joint_paths(data, equations, layout, errors),
        found,
        x_term=call.x_term,
        sd_x=weighted_sd(data.x, errors.weights),
        ci=ci,
        seed=seed,
        conf_level=conf_level,
        independent=errors.kind == "classical",
    )
    if "product" in ci and (errors.kind != "classical" or len(layout.mediators) > 1):
        notices.append(Problem("N688"))
    if not layout.pairs and len(layout.specific) > 1:
        notices.append(Problem("N689", params={"n": len(layout.specific)}))
    at = layout.terms.index("indirect.total")
    clear = bool(frame["conf_low"][at] > 0 or frame["conf_high"][at] < 0)
    estimate, p = frame["estimate"].to_numpy(), frame["p_value"].to_numpy()
    shares = shares_of_total(layout, estimate, p[0], p[1], clear, 1 - conf_level)
    frame = frame.assign(share=shares.share, reason=pd.Series(shares.reason, dtype=object))
    if shares.reason[-1]:
        # A proportion that means nothing is not printed, nor is its interval.
        numbers = [
            c for c in frame.columns if c not in ("model", "outcome", "group", "term", "level", "reason", "n_obs")
        ]
        frame.loc[len(layout.terms) - 1, numbers] = np.nan
    return frame, notices + list(shares.notices)


def _undefined(layout: Layout, equations: Equations, x_term: str, n: int) -> pd.DataFrame:
    """All effects nan, but for the total effect where its own regression exists."""
    names = [name for pair in COLUMNS.values() for name in pair]
    names += ["boot_mean", "boot_se", "z0", "acceleration", "p_boot"]
    names += ["sobel_se", "sobel_z", "sobel_p", "aroian_se", "aroian_z", "goodman_se", "goodman_z"]
    names += ["ratio", "partially_standardised", "completely_standardised", "share", "joint_p"]
    names += [f"{kind}_{end}" for kind in ("partially", "completely") for end in ("low", "high")]
    frame = tidy_frame(
        len(layout.terms),
        term=list(layout.terms),
        n_obs=n,
        **dict.fromkeys(names, np.nan),
        reason=["mediation.why_no_effect"] * len(layout.terms),
    )
    fit = equations.total
    i = fit.place(x_term)
    if np.isfinite(fit.estimate[i]):
        for name in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
            frame.loc[0, name] = getattr(fit, name)[i]
        frame.loc[0, ["df", "reason"]] = [fit.df, None]
    return frame
