"""A fit to ordered items in, the reliability of their sum scores out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from evalkit.correlations import bivariate_normal_cdf

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

NAN = float("nan")


def categorical_omega(fit: Fit, group: int = 0) -> dict[str, float]:
    """Reliability of the sum of the ordered items of each factor, in the points they are answered in.

    The share of the sum's variance that comes from the factor; the variance itself from the polychoric correlations.

    Returns
    -------
    dict
        By factor; nan for a factor measured by continuous items too, or by other factors. Exogenous variables that the
        model is conditional on count with their moments in the sample, as if they were normal.

    Notes
    -----
    Green & Yang (2009), Psychometrika 74, 155-167, eq. 21, with the observed polychorics in the denominator.
    """
    implied, sample = fit.solution.implied[group], fit.sample.groups[group]
    found, p = sample.statistics(), fit.layout.n_observed
    paths = np.real(fit.layout.matrices(fit.values, group)[0])
    total = fit.layout.whole(fit.values, group)[0]
    cov, centre = sample.cov, sample.mean
    if sample.given is not None:
        slopes = found.regression()
        cov, centre = cov + slopes @ sample.given.cov @ slopes.T, centre + slopes @ sample.given.mean
    sd = np.where(found.ordered, np.sqrt(np.diag(cov)), 1.0)
    scale = found.scale(implied) / sd
    out = {}
    for k, name in enumerate(fit.table.latent):
        measured = np.flatnonzero(paths[:, p + k])
        items = measured[measured < p]
        if not len(items) or len(items) < len(measured) or not found.ordered[items].all():
            out[name] = NAN
            continue
        reach = scale[items] * paths[items, p + k] * np.sqrt(total[p + k, p + k])
        cuts = [(found.thresholds[j] - centre[j]) / sd[j] for j in items]
        true = _summed(cuts, np.outer(reach, reach))
        whole = (cov / np.outer(sd, sd))[np.ix_(items, items)]
        np.fill_diagonal(whole, 1.0)
        out[name] = true / _summed(cuts, whole)
    return out


def _summed(cuts: list[np.ndarray], r: np.ndarray) -> float:
    """Covariance of the category numbers summed over all pairs of items whose latent responses correlate as in `r`."""
    total = 0.0
    for i, a in enumerate(cuts):
        for j, b in enumerate(cuts):
            x, y = np.repeat(a, len(b)), np.tile(b, len(a))
            total += float(np.sum(bivariate_normal_cdf(x, y, r[i, j])) - ndtr(a).sum() * ndtr(b).sum())
    return total
