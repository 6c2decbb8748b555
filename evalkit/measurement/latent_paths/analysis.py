"""A data frame and the roles of its scales in; a latent mediation out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from evalkit.contract import AnalysisError, Problem, item_columns, label_of
from evalkit.measurement.latent_paths.effects import BOOTSTRAP, COLUMNS, effect_frame, spread_of, with_shares
from evalkit.measurement.latent_paths.result import LatentMediationResult
from evalkit.measurement.latent_paths.roles import Roles, read_roles
from evalkit.measurement.latent_paths.wording import Effects, model_text
from evalkit.measurement.structural.analysis import result_of
from evalkit.measurement.structural.result import StructuralResult
from evalkit.sampling import Design, design_of
from evalkit.structure import fit

MOST = 100_000
"""Resamples; more say nothing new."""


def latent_mediate(
    data: pd.DataFrame,
    *,
    x: str,
    m: str | Sequence[str],
    y: str,
    kind: str | None = None,
    items: Mapping[str, Sequence[str]] = MappingProxyType({}),
    observed: str | Sequence[str] = (),
    covariates: str | Sequence[str] = (),
    estimator: str | None = None,
    ordinal: bool | Sequence[str] = False,
    missing: str = "listwise",
    ci: str | Sequence[str] = ("percentile", "monte_carlo", "delta"),
    resamples: int = 1000,
    seed: int = 0,
    conf_level: float = 0.95,
    cluster: str | None = None,
    design: Design | None = None,
) -> LatentMediationResult:
    """Mediation among latent variables: measurement and paths are estimated together.

    Parameters
    ----------
    data : DataFrame
    x, y : str
        A scale is a latent variable measured by its keyed columns; a column is an observed variable.
    m : str or list of str
        Mediators; in a row (`kind="serial"`) in causal order.
    kind : {"simple", "parallel", "serial"}, optional
        Needed with two mediators or more. Side by side their residuals are correlated.
    items : dict, optional
        Role -> columns that measure it, for data without scales or another choice of items.
    observed : list of str
        Roles whose scale score is used instead of a latent variable.
    covariates : list of str
        Stand in every equation, and before a latent x; unordered ones become 0/1 columns.
    estimator : str, optional
        As in `sem`: ML by default, WLSMV with ordinal items.
    ordinal : bool or list of str
        Items in ordered categories; True: all items of latent roles.
    missing : {"listwise", "fiml", "pairwise"}
        As in `sem`.
    ci : str or list of str
        `percentile`, `bias_corrected` (bootstrap), `monte_carlo` (20,000 normal draws of the paths), `delta`. The
        first is `conf_low` and `conf_high`; the tables print all.
    resamples : int
        Of the bootstrap; whole clusters are drawn where there are any.
    seed : int
        The same seed gives the same resamples on every machine.
    conf_level : float
    cluster, design : optional
        As in `sem`.

    Returns
    -------
    LatentMediationResult
        Effects, and the structural model behind them (`structural`: loadings, paths, fit). Where the search does not
        arrive the effects are nan, and a notice says so.

    Raises
    ------
    AnalysisError
        E600, E610 for columns; E670, E671, E677 for roles; E6400-E6403 for what measures them; E672 for an unknown
        interval; E928 for an unknown choice; E941 for a number of resamples; E920-E929, E948 for data and
        identification.

    Notes
    -----
    Cheung & Lau (2008), Organizational Research Methods 11, 296-325.

    Examples
    --------
    >>> latent_mediate(data, x="trust", m="voice", y="satisfaction").table()  # doctest: +SKIP
    """
    ci = tuple(dict.fromkeys(_listed(ci)))
    check_intervals(ci, resamples, conf_level)
    roles = read_roles(data, x, _listed(m), y, kind, items, _listed(observed), _listed(covariates))
    if cluster is not None:
        item_columns(data, [cluster])
    effects = Effects(roles.mediators, roles.kind)
    text = model_text(roles, effects)
    found = fit(
        text, roles.data, estimator=estimator, ordinal=_ordinal(ordinal, roles), missing=missing,
        cluster=cluster, design=None if cluster is not None else design_of(data, design),
    )  # fmt: skip
    spread = spread_of(found, ci, resamples, seed)
    frame = effect_frame(found, effects.names, spread, ci, conf_level, x not in roles.items)
    frame, notices = with_shares(frame, round(1 - conf_level, 12))
    structural = _undefined(result_of("sem", found, roles.data, "delta", conf_level, None, seed), roles)
    return LatentMediationResult(
        x=x,
        mediators=roles.mediators,
        y=y,
        layout=effects,
        items=roles.items,
        covariates=roles.covariates,
        effects=frame,
        structural=structural,
        ci=ci,
        conf_level=conf_level,
        resamples=resamples if spread.resampled is not None else 0,
        n_failed=spread.n_failed,
        cluster=cluster,
        labels=dict(structural.labels) | ({cluster: label_of(data, cluster)} if cluster else {}),
        n_obs=found.n_obs,
        dropped=found.dropped,
        notices=(*_binary(roles), *structural.notices, *spread.notices, *notices),
    )


def _undefined(structural: StructuralResult, roles: Roles) -> StructuralResult:
    """The model without the definitions of its effects, which have tables of their own."""
    estimates = structural.estimates
    return replace(
        structural,
        estimates=estimates[estimates["op"] != ":="].reset_index(drop=True),
        labels=dict(structural.labels) | dict(roles.labels),
    )


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def check_intervals(ci: Sequence[str], resamples: int, conf_level: float) -> None:
    """Raise AnalysisError E672, E673 or E928 for what cannot be meant."""
    unknown = [method for method in ci if method not in COLUMNS]
    if unknown or not ci:
        raise AnalysisError(Problem("E672", params={"names": unknown or ["-"], "known": list(COLUMNS)}))
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E928", params={"option": "conf_level", "value": conf_level, "known": ["0.95"]}))
    if any(method in BOOTSTRAP for method in ci) and not 100 <= resamples <= MOST:
        raise AnalysisError(Problem("E673", params={"value": resamples, "least": 100}))


def _ordinal(ordinal: bool | Sequence[str], roles: Roles) -> list[str]:
    """The ordered variables by name: covariates and observed roles are never meant by True."""
    if ordinal is True:
        return [column for columns in roles.items.values() for column in columns]
    return list(_listed(ordinal)) if ordinal else []


def _binary(roles: Roles) -> tuple[Problem, ...]:
    """W680 for observed mediators and outcomes of two values."""
    ends = [name for name in (*roles.mediators, roles.y) if name not in roles.items]
    found = [name for name in ends if roles.data[name].nunique() == 2]
    return (Problem("W680", params={"names": found}),) if found else ()
