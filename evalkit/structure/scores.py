"""A fit and rows in, factor scores out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.moments import number_matrix
from evalkit.structure.fiml import padded_inverse
from evalkit.structure.fitting import Fit
from evalkit.structure.ordered_scores import modes

METHODS = ("regression", "bartlett", "ebm")


def scores(fit: Fit, data: pd.DataFrame, method: str | None = None, group: int = 0) -> pd.DataFrame:
    """Scores of every row on the latent variables.

    Parameters
    ----------
    fit : Fit
    data : DataFrame
        Columns of the model. A row with some answers missing is scored from the others; one without any is nan.
    method : {"regression", "bartlett", "ebm"}, optional
        Thurstone's regression scores; Bartlett's weighted least squares scores; empirical Bayes modes, which for
        continuous items are the regression scores. Of ordered items only these exist.
    group : int
        Whose parameters are used: 0, 1, ...

    Returns
    -------
    DataFrame, shape (n_rows, n_latent)
        In the metric of the model; nan where Bartlett's scores do not exist (fewer answers than latent variables, or
        an item without residual variance).

    Raises
    ------
    AnalysisError
        E928 for an unknown method, E600-E611 for the columns, E958 for ordered items with residual covariances.

    Notes
    -----
    Bartlett (1937), British Journal of Psychology 28, 97-104; Thurstone (1935), The Vectors of Mind, 226-231.
    """
    known = ("ebm",) if fit.options.ordinal else METHODS
    method = method or known[0]
    if method not in known:
        raise AnalysisError(Problem("E928", params={"option": "method", "value": method, "known": list(known)}))
    x = number_matrix(data, fit.table.observed)
    if fit.options.ordinal:
        given = number_matrix(data, fit.table.conditioned)
        return pd.DataFrame(modes(fit, x, given, group), index=data.index, columns=list(fit.table.latent))
    implied, p = fit.solution.implied[group], fit.layout.n_observed
    centre = implied.mean if fit.table.meanstructure else fit.sample.groups[group].mean
    latent_mean = implied.means[p:] if fit.table.meanstructure else np.zeros(len(fit.table.latent))
    present = ~np.isnan(x)
    patterns, member = np.unique(present, axis=0, return_inverse=True)
    weights = _weights(fit, patterns, method, group)
    d = np.where(present, x - centre, 0.0)
    if method == "bartlett":  # unbiased around zero, not around the latent mean
        reach = _loadings(fit, group)
        d = np.where(present, d + reach @ latent_mean, 0.0)
        latent_mean = np.zeros_like(latent_mean)
    out = latent_mean + np.einsum("nkp,np->nk", weights[member.ravel()], d)
    out[~present.any(axis=1)] = np.nan
    return pd.DataFrame(out, index=data.index, columns=list(fit.table.latent))


def _loadings(fit: Fit, group: int) -> np.ndarray:
    """Loadings of the observed on the latent variables, direct ones."""
    paths, _, _ = fit.layout.matrices(fit.values, group)
    p = fit.layout.n_observed
    return np.asarray(paths[:p, p:])


def _weights(fit: Fit, patterns: np.ndarray, method: str, group: int) -> np.ndarray:
    """What multiplies the deviations, by pattern of answers, shape (m, n_latent, p)."""
    implied, p = fit.solution.implied[group], fit.layout.n_observed
    if method != "bartlett":
        inverse, _ = padded_inverse(implied.cov, patterns)
        return np.asarray(implied.total[p:, :p] @ inverse)
    _, spread, _ = fit.layout.matrices(fit.values, group)
    residual, loadings = spread[:p, :p], _loadings(fit, group)
    try:
        inverse, _ = padded_inverse(residual, patterns)
    except np.linalg.LinAlgError:
        return np.full((len(patterns), loadings.shape[1], p), np.nan)
    pulled = loadings.T @ inverse
    inner = pulled @ loadings
    solvable = np.linalg.matrix_rank(inner) == loadings.shape[1]
    out = np.full(pulled.shape, np.nan)
    if solvable.any():
        out[solvable] = np.linalg.solve(inner[solvable], pulled[solvable])
    return out
