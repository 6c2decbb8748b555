"""A fit in, its residuals out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.structure import information

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit


def residuals(fit: Fit, kind: str = "raw", group: int = 0) -> pd.DataFrame:
    """Sample less implied covariances of one group, shape (p, p).

    Parameters
    ----------
    kind : {"raw", "cor", "standardised"}
        Covariances; correlations, each matrix by its own standard deviations (Bollen); covariances over their
        standard errors under normality (Bentler & Dijkstra's asymptotic covariance of the residuals). Of ordered
        variables the correlations, over the errors that follow from the covariance of the polychorics.
    group : int
        0, 1, ...
    """
    implied, sample = fit.solution.implied[group], fit.sample.groups[group]
    names = list(fit.table.observed)
    sigma = implied.cov if sample.ordered is None else sample.ordered.implied_cov(implied)
    rest = sample.cov - sigma
    if kind == "cor":
        sd, own = np.sqrt(np.diag(sample.cov)), np.sqrt(np.abs(np.diag(sigma)))
        rest = sample.cov / np.outer(sd, sd) - sigma / np.outer(own, own)
    elif kind == "standardised" and sample.ordered is not None:
        rest = rest / _ordered_errors(fit, group)
    elif kind == "standardised":
        rest = rest / _errors(fit, group)
    return pd.DataFrame(rest, index=names, columns=names)


def _ordered_errors(fit: Fit, group: int) -> np.ndarray:
    from evalkit.structure.weighted_tests import residual_errors

    errors = residual_errors(fit.objective, fit.solution)
    statistics = [g.statistics() for g in fit.sample.groups]
    first = sum(len(s.values) for s in statistics[:group]) + statistics[group].first_pair
    pairs, p = statistics[group].pairs, len(fit.table.observed)
    found = errors[first : first + len(pairs)]
    out = np.full((p, p), np.nan)
    out[pairs[:, 0], pairs[:, 1]] = np.where(found > 1e-9, found, np.nan)
    out[pairs[:, 1], pairs[:, 0]] = out[pairs[:, 0], pairs[:, 1]]
    return out


def _errors(fit: Fit, group: int) -> np.ndarray:
    implied = fit.solution.implied[group]
    p, n = len(implied.cov), fit.sample.groups[group].n
    jacobian = fit.layout.jacobian(implied, group)
    rows, columns = np.tril_indices(p)
    moved = jacobian.cov[:, rows, columns]
    basis = information.free_basis(fit.objective, fit.solution)
    info = information.expected_information(fit.objective, fit.solution)
    explained = np.einsum("ka,kl,la->a", moved, information.bread(info, basis), moved) / fit.objective.total
    own = (implied.cov[rows, rows] * implied.cov[columns, columns] + implied.cov[rows, columns] ** 2) / n
    left = np.maximum(own - explained, 0.0)
    # A residual that is zero whatever the data (a saturated moment) has no error to be measured by.
    out = np.full((p, p), np.nan)
    out[rows, columns] = np.where(left > 1e-9 * own, np.sqrt(left), np.nan)
    out[columns, rows] = out[rows, columns]
    return out
