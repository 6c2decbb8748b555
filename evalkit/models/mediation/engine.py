"""Columns of a chain of mediators and a resampling plan in, path coefficients of every resample out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.mediation.layout import Coefficients
from evalkit.models.mediation.products import (
    LinearSystem,
    Solved,
    bootstrap_solutions,
    jackknife_solutions,
    linear_system,
    sample_solution,
)
from evalkit.models.mediation.system import LINEAR, Equation, System, Term
from evalkit.resample import Plan


@dataclass(frozen=True, eq=False)
class Chain:
    """The regressions of k mediators, of y, and of y without the mediators, ready to be resampled."""

    linear: LinearSystem
    k: int
    n_covariates: int
    serial: bool


@dataclass(frozen=True, eq=False)
class Drawn:
    """Paths of B resamples, and the standard deviations of x and y in each, shape (2, B)."""

    paths: Coefficients
    sd: np.ndarray


def chain_of(
    covariates: np.ndarray,
    x: np.ndarray,
    mediators: np.ndarray,
    y: np.ndarray,
    *,
    serial: bool,
    weights: np.ndarray | None = None,
    units: np.ndarray | None = None,
) -> Chain:
    """The chain on its rows.

    Parameters
    ----------
    covariates : ndarray, shape (n, c)
        Of full rank, no constant.
    x, y : ndarray, shape (n,)
    mediators : ndarray, shape (n, k)
        In causal order if `serial`.
    weights : ndarray, shape (n,), optional
    units : ndarray of int, shape (n,), optional
        Unit of each row, 0 .. U - 1; by default each row is one.
    """
    k, n_covariates = mediators.shape[1], covariates.shape[1]
    names = [f"m{j}" for j in range(k)]
    background = [f"c{j}" for j in range(n_covariates)]

    def equation(outcome: str, before: int) -> Equation:
        terms = (Term(), *(Term((name,)) for name in ("x", *names[:before], *background)))
        return Equation(outcome, LINEAR, terms)

    equations = [equation(name, j if serial else 0) for j, name in enumerate(names)]
    system = System((*equations, equation("y", k), equation("y", 0)), ("x", "y", *names, *background))
    values = np.column_stack([x, y, mediators, covariates])
    return Chain(linear_system(system, values, ("x", "y"), weights=weights, units=units), k, n_covariates, serial)


def sample_coefficients(chain: Chain) -> Drawn:
    """Coefficients of the sample itself (B = 1), by the same arithmetic as the resamples'."""
    return _read(sample_solution(chain.linear), chain)


def bootstrap_coefficients(chain: Chain, plan: Plan) -> Drawn:
    """Coefficients of every resample; nan where a resample is singular."""
    return _read(bootstrap_solutions(chain.linear, plan), chain)


def jackknife_coefficients(chain: Chain) -> Drawn:
    """Coefficients without each unit in turn (B = n_units)."""
    return _read(jackknife_solutions(chain.linear), chain)


def _read(solved: Solved, chain: Chain) -> Drawn:
    """The paths by name: in each equation x stands first, then the mediators before, then the covariates."""
    k, rows = chain.k, solved.coefficients
    a, d = np.empty((k, rows.shape[1])), np.zeros((k, k, rows.shape[1]))
    at = 0
    for j in range(k):
        before = j if chain.serial else 0
        a[j] = rows[at]
        d[:before, j] = rows[at + 1 : at + 1 + before]
        at += 1 + before + chain.n_covariates
    total = rows[at + 1 + k + chain.n_covariates]
    return Drawn(Coefficients(a, d, rows[at + 1 : at + 1 + k], rows[at], total), solved.sd)
