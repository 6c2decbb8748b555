"""A path model on its rows in, the fits of its equations and the joint covariance of their coefficients out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit.contract import Problem
from evalkit.models.fit import Fit, fit_linear, is_constant
from evalkit.models.mediation.equations import classical_joint, robust_joint
from evalkit.models.mediation.path_call import PathCall
from evalkit.models.mediation.products import fitted_columns
from evalkit.models.mediation.routes import coefficient_places, descendants
from evalkit.models.mediation.system import System
from evalkit.models.sandwich import Errors
from evalkit.moments import least_squares


@dataclass(frozen=True, eq=False)
class PathFits:
    """Fitted equations and the coefficients in one vector.

    Attributes
    ----------
    system : System
        Without the terms that say nothing new.
    fits : tuple of (str, Fit)
        Outcome and fit, in causal order, with all terms of the call.
    values : ndarray, shape (q,)
        Coefficients without intercepts, in the order of `coefficient_places`.
    covariance : ndarray, shape (q, q)
    faults : tuple of Problem
        Why there are no effects; nothing if there are.
    """

    system: System
    fits: tuple[tuple[str, Fit], ...]
    values: np.ndarray
    covariance: np.ndarray
    faults: tuple[Problem, ...] = ()

    def fit(self, outcome: str) -> Fit:
        return dict(self.fits)[outcome]


def fit_paths(call: PathCall, values: np.ndarray, errors: Errors, conf_level: float) -> PathFits:
    """Least squares equation by equation.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Columns of `call.system`, rows used, centred.

    Notes
    -----
    Classical errors: two equations have uncorrelated errors if the outcome of one depends on that of the other (as a
    recursive model supposes), else ``s_ij (X_i'X_i)^-1 X_i'X_j (X_j'X_j)^-1``. CR1, linearised: stacked scores.
    """
    fits = tuple(
        (outcome, fit_linear(columns, terms, y, errors=errors, conf_level=conf_level))
        for outcome, terms, columns, y in fitted_columns(call.system, values)
    )
    system, lost = _reduced(call, fits)
    faults = _faults(call, values, fits, lost)
    places = coefficient_places(system)
    theta = np.array([dict(fits)[o].estimate[dict(fits)[o].place(str(t))] for o, t in places])
    size = len(theta)
    if faults:
        return PathFits(system, fits, np.full(size, np.nan), np.full((size, size), np.nan), faults)
    return PathFits(system, fits, theta, _joint(system, values, errors))


def _reduced(call: PathCall, fits: tuple[tuple[str, Fit], ...]) -> tuple[System, list[str]]:
    """The system without the terms left out of its fits, and the paths among them."""
    movers = {*call.x, *call.mediators}
    lost = []
    equations = []
    for equation, (_, fit) in zip(call.system.equations, fits, strict=True):
        gone = {term for term, b in zip(fit.terms, fit.estimate, strict=True) if np.isnan(b)} if fit.rank else set()
        lost += [f"{equation.outcome} ~ {t}" for t in equation.terms if str(t) in gone and movers & set(t.factors)]
        equations.append(replace(equation, terms=tuple(t for t in equation.terms if str(t) not in gone)))
    return replace(call.system, equations=tuple(equations)), lost


def _faults(
    call: PathCall, values: np.ndarray, fits: tuple[tuple[str, Fit], ...], lost: list[str]
) -> tuple[Problem, ...]:
    n = len(values)
    parameters = max(len(fit.terms) for _, fit in fits)
    if n <= parameters:
        return (Problem("W657", params={"n": n, "k": parameters}),)
    focal = {*call.x, *(e.outcome for e in call.system.equations)}
    factors = {f for e in call.system.equations for t in e.terms if len(t.factors) > 1 for f in t.factors}
    still = [name for name in call.system.columns if is_constant(values[:, call.system.places[name]])]
    constant, moderators = [n for n in still if n in focal], [n for n in still if n in factors - focal]
    problems = [Problem("W678", params={"names": constant, "n": n})] if constant else []
    problems += [Problem("W6160", params={"names": moderators, "n": n})] if moderators else []
    return tuple(problems) or ((Problem("W679", params={"names": lost}),) if lost else ())


def _joint(system: System, values: np.ndarray, errors: Errors) -> np.ndarray:
    parts, owners = [], []
    for outcome, _, columns, y in fitted_columns(system, values):
        x = np.column_stack([np.ones(len(y)), columns])
        weights = np.ones(len(y)) if errors.weights is None else errors.weights
        root = np.sqrt(weights)
        solved = least_squares(x * root[:, None], y * root)
        parts.append((x @ solved.inverse[:, 1:], y - x @ solved.coefficients, weights, x.shape[1]))
        owners += [outcome] * columns.shape[1]
    if errors.kind != "classical":
        return robust_joint(parts, errors)
    below = {outcome: set(descendants(system, outcome)) for outcome in owners}
    related = np.array([[b in below[a] or a in below[b] for b in owners] for a in owners])
    return np.where(related, 0.0, classical_joint(parts))
