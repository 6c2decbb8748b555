"""Roles in, the paths of a multilevel mediation with their joint covariance out: three ways to estimate them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evalkit.models.multilevel.linear_fit import LinearFit, linear_fit
from evalkit.models.nested_mediation.roles import Roles
from evalkit.models.nested_mediation.stacked import DIRECT, A, B, stacked_fit
from evalkit.models.nested_mediation.two_level import SMALLEST, two_level
from evalkit.moments import least_squares


@dataclass(frozen=True, eq=False)
class Paths:
    """Path coefficients.

    Attributes
    ----------
    names : tuple of str
        `a.within`, `a.between`, `b.within`, `b.between`, `c.within`, `c.between` (those that the design has), and
        `covariance.a.b` of random paths.
    matrix : ndarray
        Joint covariance of the estimates.
    df : ndarray
        Of each path's test; inf for z.
    variances : dict
        (role, what) -> estimate and standard error; what is `within` or `between`: residual variances.
    lost : tuple of str
        Roles without variance between groups: their paths there are nan.
    """

    names: tuple[str, ...]
    estimate: np.ndarray
    matrix: np.ndarray
    df: np.ndarray
    variances: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    log_likelihood: float = np.nan
    singular: bool = False
    lost: tuple[str, ...] = ()


def paths_by_means(roles: Roles) -> Paths | None:
    """Two mixed models with predictors split into group mean and deviation from it, each by REML.

    Zhang, Zyphur & Preacher (2009), Organizational Research Methods 12, 695-719. A mediator of the group is regressed
    on x with one row a group.
    """
    first, second = roles.design[0] == "1", roles.design[2] == "1"
    x, m = _split("c", roles, roles.x, first), _split("b", roles, roles.m, second)
    lost = tuple(
        role for role, part in (("x", x), ("m", m)) if np.ptp(roles.means(part[-1][1])) <= SMALLEST * np.ptp(part[0][1])
    )
    known_x, known_m = (part[:-1] if role in lost else part for role, part in (("x", x), ("m", m)))
    to_m = [(name.replace("c.", "a."), column) for name, column in known_x]
    solve = _equation if second else _between_equation
    found = [(part, solve_it(roles, outcome, [c for _, c in part])) for part, outcome, solve_it in (
        (to_m, roles.m, solve), ([*known_m, *known_x], roles.y, _equation),
    )]  # fmt: skip
    names = tuple(name.replace("c.", "a.") for name, _ in x) + tuple(name for name, _ in [*m, *x])
    estimate, matrix, df = np.full(len(names), np.nan), np.zeros((len(names),) * 2), np.full(len(names), np.nan)
    variances: dict[tuple[str, str], tuple[float, float]] = {}
    for (part, solved), role in zip(found, ("m", "y"), strict=True):
        if solved is None:
            return None
        beta, cov, degrees, own = solved
        at, own_places = [names.index(name) for name, _ in part], slice(1, len(part) + 1)
        estimate[at], df[at] = beta[own_places], degrees[own_places]
        matrix[np.ix_(at, at)] = cov[own_places, own_places]
        variances |= {(role, where): (value, np.nan) for where, value in own.items()}
    singular = any(value[0] <= 1e-10 for (_, where), value in variances.items() if where == "between")
    return Paths(names, estimate, matrix, df, variances, singular=singular, lost=lost)


Equation = tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, float]]


def _split(name: str, roles: Roles, values: np.ndarray, both: bool) -> list[tuple[str, np.ndarray]]:
    """Names and columns of a predictor: deviation and group mean, or the variable of the group as it is."""
    means = roles.means(values)[roles.groups]
    return [(f"{name}.within", values - means), (f"{name}.between", means)] if both else [(f"{name}.between", values)]


def _equation(roles: Roles, outcome: np.ndarray, predictors: list[np.ndarray]) -> Equation | None:
    """Coefficients, covariance, Satterthwaite's degrees of freedom and variances of a random-intercept model."""
    one = np.ones((len(outcome), 1))
    x = np.column_stack([one, *predictors, roles.covariates])
    if len(outcome) <= x.shape[1] + 2 or least_squares(x, outcome).dropped:
        return None
    fit: LinearFit | None = linear_fit(one, x, outcome, roles.groups, correlated=True, reml=True)
    if fit is None or not fit.converged:
        return None
    degrees = fit.degrees()
    df = np.array([degrees.of(row) for row in np.eye(x.shape[1])])
    return fit.beta, fit.matrix, df, {"within": fit.sigma**2, "between": float(fit.covariance[0, 0])}


def _between_equation(roles: Roles, outcome: np.ndarray, predictors: list[np.ndarray]) -> Equation | None:
    """The same of a mediator of the group: one row a group, covariates at their group means."""
    columns = [*predictors]
    columns += [roles.covariates[:, j] for j in range(roles.covariates.shape[1])]
    x = np.column_stack([np.ones(len(roles.names)), *(roles.means(column) for column in columns)])
    solved = least_squares(x, roles.means(outcome))
    df = len(x) - x.shape[1]
    if df < 1 or solved.dropped:
        return None
    variance = solved.residual_ss / df
    return solved.coefficients, variance * solved.inverse, np.full(x.shape[1], float(df)), {"between": variance}


def paths_latent(roles: Roles) -> Paths | None:
    """Both levels as latent parts of every variable, by maximum likelihood (MSEM).

    Preacher, Zyphur & Zhang (2010), Psychological Methods 15, 209-233. Covariates of people stand in the equations
    within groups, centred there, those of groups in the equations between them: a latent group part of a covariate that
    hardly differs between groups would leave nothing to estimate.
    """
    first = [_inside(roles, column) for column in roles.covariates.T]
    covariates = [
        column - roles.means(column)[roles.groups] if own else column
        for column, own in zip(roles.covariates.T, first, strict=True)
    ]
    values = np.column_stack([*covariates, roles.x, roles.m, roles.y])
    x = len(covariates)
    both = tuple(j for j in range(x + 3) if _inside(roles, values[:, j]))
    outer = tuple(j for j in range(x + 3) if j >= x or not first[j])
    apart = np.column_stack([v - roles.means(v)[roles.groups] for v in values[:, both].T])
    if len(roles.names) <= len(outer) or any(_dependent(part) for part in (values, apart)):
        return None
    fit = two_level(values, roles.groups, both, outer, x + 1)
    if not fit.converged:
        return None
    places = {"a": (x + 1, x), "b": (x + 2, x + 1), "c": (x + 2, x)}
    wanted = [
        (f"{name}.{level}", (level, *places[name]))
        for name in ("a", "b", "c")
        for level in ("within", "between")
        if level == "between" or all(j in both for j in places[name])
    ]
    index = {name: i for i, name in enumerate(fit.names)}
    keep = [index[key] for _, key in wanted]
    back, out = {j: i for i, j in enumerate(both)}, {j: i for i, j in enumerate(outer)}
    estimate = [
        fit.within[back[i], back[j]] if level == "within" else fit.between[out[i], out[j]]
        for _, (level, i, j) in wanted
    ]
    total = values.var(axis=0)
    lost = tuple(
        role for role, j in (("x", x), ("m", x + 1)) if fit.between_variance[out[j]] < 10 * SMALLEST * total[j]
    )
    known = [i for i, (name, _) in zip(keep, wanted, strict=True) if not (lost and name.endswith(".between"))]
    if not (np.diag(fit.matrix)[known] > 0).all():
        return None
    variances = {}
    for role, j in (("x", x), ("m", x + 1), ("y", x + 2)):
        for level, here in (("within", fit.within_variance), ("between", fit.between_variance)):
            if level == "within" and j not in both:
                continue
            error = np.nan if role == "x" else _root(fit.matrix[(i := index[level, j, j]), i])
            variances[role, level] = (float(here[(back if level == "within" else out)[j]]), error)
    return Paths(
        tuple(name for name, _ in wanted),
        np.array(estimate),
        fit.matrix[np.ix_(keep, keep)],
        np.full(len(keep), np.inf),
        variances,
        fit.log_likelihood,
        lost=lost,
    )


def _root(variance: float) -> float:
    return float(np.sqrt(variance)) if variance > 0 else np.nan


def _dependent(values: np.ndarray) -> bool:
    """Whether a column is a combination of a constant and the others."""
    return bool(least_squares(np.column_stack([np.ones(len(values)), values]), np.zeros(len(values))).dropped)


def _inside(roles: Roles, values: np.ndarray) -> bool:
    means = roles.means(values)[roles.groups]
    return bool(np.abs(values - means).max(initial=0.0) > 1e-10 * max(float(np.abs(values).max(initial=0.0)), 1e-300))


def paths_random(roles: Roles) -> Paths | None:
    """Paths within groups that vary between them, by the stacked model."""
    apart = np.column_stack([v - roles.means(v)[roles.groups] for v in (roles.x, roles.m)])
    if _dependent(np.column_stack([apart, roles.covariates])):
        return None
    fit = stacked_fit(roles.x, roles.m, roles.y, roles.groups, roles.covariates)
    if fit is None or not fit.converged:
        return None
    keep = [A, B, DIRECT]
    matrix = np.zeros((4, 4))
    matrix[:3, :3] = fit.matrix[np.ix_(keep, keep)]
    matrix[3, 3] = 0.0 if np.isnan(fit.covariance_error) else fit.covariance_error**2
    variances = {(role, "within"): (s**2, np.nan) for role, s in zip(("m", "y"), fit.residual, strict=True)}
    variances |= {
        ("a", "between"): (float(fit.covariance[A, A]), np.nan),
        ("b", "between"): (float(fit.covariance[B, B]), np.nan),
    }
    return Paths(
        ("a.within", "b.within", "c.within", "covariance.a.b"),
        np.array([*fit.fixed[keep], fit.covariance[A, B]]),
        matrix,
        np.full(4, np.inf),
        variances,
        fit.log_likelihood,
        fit.singular,
    )


METHODS = {"means": paths_by_means, "latent": paths_latent, "random_slopes": paths_random}
