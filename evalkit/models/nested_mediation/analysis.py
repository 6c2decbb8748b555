"""A data frame and the roles of its columns in; a multilevel mediation out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, label_of, tidy_frame
from evalkit.models.multilevel.model import coefficients
from evalkit.models.multilevel.options import checked_design
from evalkit.models.multilevel.series import FEW_GROUPS
from evalkit.models.nested_mediation.effects import effect_frame, effect_terms
from evalkit.models.nested_mediation.paths import METHODS, Paths
from evalkit.models.nested_mediation.result import MultilevelMediationResult
from evalkit.models.nested_mediation.roles import Roles, roles_of
from evalkit.sampling import Design


def multilevel_mediate(
    data: pd.DataFrame,
    *,
    x: str,
    m: str,
    y: str,
    group: str,
    covariates: Sequence[str] = (),
    method: str = "means",
    seed: int = 0,
    conf_level: float = 0.95,
    unweighted: bool = False,
    design: Design | None = None,
) -> MultilevelMediationResult:
    """Indirect effects of people in groups, within and between the groups.

    Parameters
    ----------
    data : DataFrame
        Rows complete in every variable of the call are used. Whether x and m vary within groups is seen in the data:
        the design is 1-1-1, 2-1-1 or 2-2-1.
    x, m, y : str
        Numbers; y varies within groups.
    group : str
        Column of the groups.
    covariates : list of str
        Stand in every equation, as they are; for `latent` in those of their own level, people's centred within groups.
    method : str
        `means`: predictors are split into group mean and deviation from it, one mixed model (REML) an equation.
        `latent`: every variable has a latent part within and one between groups, both levels by maximum likelihood;
        group means are not taken for the groups' true values. `random_slopes` (1-1-1): paths within groups vary between
        groups; the indirect effect is ``a b + cov(a, b)``.
    seed : int
        Of the 20,000 Monte Carlo draws behind the intervals of the effects.
    conf_level : float
    unweighted, design
        As in `mixed`.

    Returns
    -------
    MultilevelMediationResult
        Effects within and between groups and their difference. What cannot be computed is nan, and a notice says why.

    Raises
    ------
    AnalysisError
        E600, E610 for columns; E670 for a variable in two roles; E6060 for an unknown method; E6064 for weights; E6076
        for levels that make no chain; E6077 for random slopes in a design without them.
    """
    if method not in METHODS:
        raise AnalysisError(Problem("E6060", params={"option": "method", "value": method, "known": list(METHODS)}))
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E667", params={"value": conf_level}))
    notices = checked_design(data, design, group, unweighted)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    roles = roles_of(data, x, m, y, group, covariates)
    faults = _faults(roles, {"x": x, "m": m, "y": y})
    if method == "random_slopes" and roles.design != "1-1-1" and not faults:
        raise AnalysisError(Problem("E6077", params={"design": roles.design}))
    paths = None if faults else METHODS[method](roles)
    if paths is None and not faults:
        faults = [Problem("W6078", params={"method": method})]
    n = len(roles.y)
    if paths is None:
        paths = _nothing(roles, method)
        effects = tidy_frame(term=list(effect_terms(paths.names)), n_obs=n)
    else:
        paths = _without(paths)
        effects = effect_frame(paths, seed, conf_level, n)
    found = [*notices, *roles.notices, *faults, *_fit_notices(roles, paths, {"x": x, "m": m})]
    labels = {name: label_of(data, name) for name in (x, m, y, group, *covariates)} | roles.labels
    return MultilevelMediationResult(
        x=x,
        m=m,
        y=y,
        group=group,
        covariates=covariates,
        design=roles.design,
        method=method,
        paths=paths,
        coefficients=coefficients(paths.estimate, paths.matrix, paths.df, conf_level),
        effects=effects,
        conf_level=conf_level,
        seed=seed,
        labels=labels,
        n_groups=len(roles.names),
        n_obs=n,
        dropped=roles.dropped,
        notices=tuple(dict.fromkeys(found)),
    )


def _faults(roles: Roles, names: dict[str, str]) -> list[Problem]:
    """Why nothing can be estimated."""
    n, groups = len(roles.y), len(roles.names)
    parameters = 7 + len(roles.covariate_terms)
    if n <= parameters:
        return [Problem("W657", params={"n": n, "k": parameters})]
    constant = [names[role] for role in names if np.ptp(getattr(roles, role)) == 0]
    if constant:
        return [Problem("W678", params={"names": constant, "n": n})]
    if groups < 2:
        return [Problem("W6067", params={"n": groups})]
    if int(roles.sizes.max()) == 1:
        return [Problem("W6068", params={"n": n, "groups": groups, "q": 1})]
    return []


def _nothing(roles: Roles, method: str) -> Paths:
    """The paths of the design, all nan."""
    first, second = roles.design[0] == "1", roles.design[2] == "1"
    names = ("a.within", "b.within", "c.within", "covariance.a.b") if method == "random_slopes" else ()
    if not names:
        levels = {"a": first and second, "b": second, "c": first}
        names = tuple(
            f"{name}.{level}"
            for name, inside in levels.items()
            for level in ("within", "between")
            if level == "between" or inside
        )
    k = len(names)
    return Paths(names, np.full(k, np.nan), np.full((k, k), np.nan), np.full(k, np.inf))


def _without(paths: Paths) -> Paths:
    """Paths between groups are nan where a role has no variance there."""
    if not paths.lost:
        return paths
    gone = np.array([name.endswith(".between") for name in paths.names])
    matrix = np.where(np.logical_or.outer(gone, gone), 0.0, paths.matrix)
    matrix[gone, gone] = 0.0
    return replace(paths, estimate=np.where(gone, np.nan, paths.estimate), matrix=matrix)


def _fit_notices(roles: Roles, paths: Paths, names: dict[str, str]) -> list[Problem]:
    out = []
    if 2 <= len(roles.names) < FEW_GROUPS:
        out.append(Problem("N6069", params={"n": len(roles.names), "enough": FEW_GROUPS}))
    if paths.lost:
        out.append(Problem("W6079", params={"names": [names[role] for role in paths.lost]}))
    if paths.singular:
        out.append(Problem("W6080"))
    return out
