"""A covariance matrix of items in; reliability of their sum by a one-factor CFA (ML) out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError
from evalkit.structure import fit

_NAN = float("nan")


@dataclass(frozen=True)
class Composite:
    """Omega of one factor by maximum likelihood, over three denominators, and the average variance extracted.

    Parameters
    ----------
    implied : float
        Over the variance of the sum that the model implies (McDonald's omega in the raw metric).
    observed : float
        Over the variance of the sum that was observed.
    standardised : float
        From standardised loadings: the composite reliability (CR) that articles print.
    ave : float
    """

    implied: float
    observed: float
    standardised: float
    ave: float


NO_COMPOSITE = Composite(_NAN, _NAN, _NAN, _NAN)


def composite_of(cov: np.ndarray, n: int) -> Composite:
    """Fit one factor with free loadings, variances and variance 1 to a covariance matrix (divisor n - 1).

    All nan where the model cannot be fitted (fewer than three items, singular matrix) or did not converge.

    Notes
    -----
    ``(sum l)^2 / ((sum l)^2 + sum theta)``: Jöreskog (1971), Psychometrika 36, 109-133; McDonald (1999), Test Theory,
    eq. 6.20b. CR and AVE: Fornell & Larcker (1981), Journal of Marketing Research 18, 39-50.
    """
    k = len(cov)
    if k < 3:
        return NO_COMPOSITE
    names = [f"x{i}" for i in range(k)]
    frame = pd.DataFrame(cov, index=names, columns=names)
    try:
        found = fit(f"F =~ {' + '.join(names)}", cov=frame, n=n, std_lv=True)
    except AnalysisError:
        return NO_COMPOSITE
    if not found.converged:
        return NO_COMPOSITE
    rows, standard = found.estimates(), found.standardised()
    loads = (rows["op"] == "=~").to_numpy()
    errors = ((rows["op"] == "~~") & (rows["lhs"] != "F")).to_numpy()
    common = float(rows["est"][loads].sum()) ** 2
    loadings = standard["est"][loads].to_numpy(float)
    sum_standard = float(loadings.sum()) ** 2
    total = float(cov.sum()) * (n - 1) / n
    return Composite(
        common / (common + float(rows["est"][errors].sum())),
        common / total,
        sum_standard / (sum_standard + float(np.sum(1 - loadings**2))),
        float(np.mean(loadings**2)),
    )
