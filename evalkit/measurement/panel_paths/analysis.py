"""Answers of several waves and their roles in; a mediation across time out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, label_of, require_columns, tidy_frame
from evalkit.measurement.latent_paths.analysis import check_intervals
from evalkit.measurement.latent_paths.effects import effect_frame, spread_of
from evalkit.measurement.panel_paths.result import LongitudinalMediationResult
from evalkit.measurement.panel_paths.waves import ROLES, Waves, from_rows, side_by_side
from evalkit.measurement.panel_paths.wording import FAMILIES, effects_of, model_text
from evalkit.measurement.structural.analysis import result_of
from evalkit.sampling import design_of
from evalkit.structure import Fit, compare, fit

MODELS = ("cross_lagged", "random_intercepts")


def longitudinal_mediate(
    data: pd.DataFrame,
    *,
    x: str | Sequence[str],
    m: str | Sequence[str],
    y: str | Sequence[str],
    wave: str | None = None,
    person: str | None = None,
    order: Sequence[str | float] = (),
    model: str = "cross_lagged",
    reverse: bool = False,
    stationary: bool = False,
    covariates: str | Sequence[str] = (),
    estimator: str | None = None,
    missing: str = "listwise",
    ci: str | Sequence[str] = ("percentile", "monte_carlo", "delta"),
    resamples: int = 1000,
    seed: int = 0,
    conf_level: float = 0.95,
    cluster: str | None = None,
) -> LongitudinalMediationResult:
    """Mediation across two or three waves by a cross-lagged model of observed scores.

    Parameters
    ----------
    data : DataFrame
    x, m, y : str or list of str
        Wide data: two or three columns each, in the order of the waves. Long data: one column each.
    wave, person : str, optional
        Long data (a row a person and wave): the columns that say which.
    order : list, optional
        Long data: the waves to use, in time. Default: the order of the wave's categories, else sorted.
    model : {"cross_lagged", "random_intercepts"}
        The second sets each person's stable level apart, so that paths hold within people; it takes three waves.
    reverse : bool
        Also m to x, y to m and y to x.
    stationary : bool
        Three waves: paths are the same between the first and the second lag.
    covariates : list of str
        Numbers that do not change, in every equation from the second wave on; of long data those of a person's first
        wave. Not with random intercepts.
    estimator, missing, cluster : optional
        As in `sem`; without a cluster the design of the codebook enters the standard errors.
    ci, resamples, seed, conf_level
        As in `latent_mediate`.

    Returns
    -------
    LongitudinalMediationResult
        Three waves: `indirect.m` is x of wave 1 by m of wave 2 on y of wave 3, `direct` runs through the stability of x
        or y, `total` is their sum; the tests of stationarity stand beside. Two waves: the half-longitudinal design;
        the product of x -> m and m -> y holds only if paths do not change, which nothing here can test (N6408).

    Raises
    ------
    AnalysisError
        E600, E610, E670 for columns; E6404, E6405 for waves; E6406 for wave without person; E6407 for a choice that
        the model does not have; E672, E673, E928 for options; E920-E929 for data and identification.

    Notes
    -----
    Cole & Maxwell (2003), Journal of Abnormal Psychology 112, 558-577. Stationarity is tested by the chi-square
    difference to the model with equal paths, each family alone and all together.

    Examples
    --------
    >>> longitudinal_mediate(data, x="trust", m="voice", y="satisfaction", wave="wave", person="id")  # doctest: +SKIP
    """
    ci = tuple(dict.fromkeys([ci] if isinstance(ci, str) else ci))
    check_intervals(ci, resamples, conf_level)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    waves = _waves(data, {"x": x, "m": m, "y": y}, wave, person, order, covariates, cluster)
    _check(waves, model, stationary, covariates)
    kinds = tuple(family for family in FAMILIES if family != "reverse" or reverse)
    how: dict[str, Any] = {"reverse": reverse, "intercepts": model == "random_intercepts", "covariates": covariates}
    options: dict[str, Any] = {"estimator": estimator, "missing": missing, "cluster": cluster}
    options["design"] = None if cluster is not None else design_of(waves.data, None)
    free = fit(model_text(waves, equal=(), **how), waves.data, **options)
    tests = _tests(waves, free, kinds, how, options) if waves.n == 3 else tidy_frame(0)
    found = fit(model_text(waves, equal=kinds, **how), waves.data, **options) if stationary else free
    spread = spread_of(found, ci, resamples, seed)
    frame = effect_frame(found, effects_of(waves.n), spread, ci, conf_level, model == "cross_lagged")
    structural = result_of("sem", found, waves.data, "delta", conf_level, None, seed)
    estimates = structural.estimates
    labels = dict(structural.labels) | dict(waves.labels) | _latent_labels(waves) | dict(waves.names)
    labels |= {name: label_of(data, name) for name in (*covariates, *([cluster] if cluster else []))}
    structural = replace(structural, estimates=estimates[estimates["op"] != ":="].reset_index(drop=True), labels=labels)
    return LongitudinalMediationResult(
        columns=waves.columns,
        model=model,
        stationary=stationary,
        effects=frame,
        tests=tests,
        structural=structural,
        covariates=covariates,
        ci=ci,
        conf_level=conf_level,
        resamples=resamples if spread.resampled is not None else 0,
        n_failed=spread.n_failed,
        labels=labels,
        n_obs=found.n_obs,
        dropped=found.dropped,
        notices=(*structural.notices, *spread.notices, *_notices(waves, tests, stationary, 1 - conf_level)),
    )


def _waves(
    data: pd.DataFrame,
    given: Mapping[str, str | Sequence[str]],
    wave: str | None,
    person: str | None,
    order: Sequence[str | float],
    covariates: Sequence[str],
    cluster: str | None,
) -> Waves:
    if (wave is None) != (person is None):
        raise AnalysisError(Problem("E6406"))
    design = design_of(data, None)
    parts = () if design is None else (design.weights, design.strata, design.clusters, design.fpc)
    kept = list(
        dict.fromkeys([*covariates, *([cluster] if cluster else []), *(c for c in parts if isinstance(c, str))])
    )
    if wave is None or person is None:
        require_columns(data, kept)
        return side_by_side(data, {role: [v] if isinstance(v, str) else list(v) for role, v in given.items()})
    names = {role: value if isinstance(value, str) else ", ".join(value) for role, value in given.items()}
    return from_rows(data, names, wave, person, order, kept)


def _check(waves: Waves, model: str, stationary: bool, covariates: Sequence[str]) -> None:
    if model not in MODELS:
        raise AnalysisError(Problem("E928", params={"option": "model", "value": model, "known": list(MODELS)}))
    stable = model == "random_intercepts"
    if waves.n == 2 and (stable or stationary):
        raise AnalysisError(Problem("E6407", params={"option": "random_intercepts" if stable else "stationary"}))
    if stable and covariates:
        raise AnalysisError(Problem("E6407", params={"option": "covariates"}))


def _tests(
    waves: Waves, free: Fit, kinds: Sequence[str], how: Mapping[str, Any], options: Mapping[str, Any]
) -> pd.DataFrame:
    """Chi-square differences to the models in which a family of paths, or all, is the same in both lags."""
    rows = []
    for name, equal in [*((family, (family,)) for family in kinds), ("all", tuple(kinds))]:
        held = fit(model_text(waves, equal=equal, **how), waves.data, **options)
        values = (np.nan, np.nan, np.nan)
        if free.converged and held.converged:
            found = compare(free, held)
            values = (found.chisq_diff, float(found.df_diff), found.p_value)
        rows.append((f"stationary.{name}", *values))
    frame = pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value"])
    return tidy_frame(len(frame), n_obs=free.n_obs, **{c: frame[c].tolist() for c in frame.columns})


def _latent_labels(waves: Waves) -> dict[str, Label]:
    """Wordings of the stable levels and of the deviations from them."""
    found = {f"level_{role}": Label("panel.level", name=waves.names[role]) for role in ROLES}
    for role in ROLES:
        for t, column in enumerate(waves.columns[role], 1):
            found[f"within_{role}_{t}"] = Label("panel.within", name=waves.labels[column])
    return found


def _notices(waves: Waves, tests: pd.DataFrame, stationary: bool, alpha: float) -> tuple[Problem, ...]:
    if waves.n == 2:
        return (Problem("N6408"),)
    p = float(tests["p_value"].iloc[-1])
    return (Problem("W6409", params={"p": f"{p:.3f}"}),) if stationary and p < alpha else ()
