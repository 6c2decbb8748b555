"""Nested models of one outcome: each with its change against the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.fit import Fit
from evalkit.models.sandwich import wald


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a series, with its change against the one before.

    Attributes
    ----------
    r_squared_change, f_change : float
        Against the model before (for the first: against the constant alone).
    df_change : int
        Terms added.
    """

    name: str
    fit: Fit
    r_squared_change: float
    f_change: float
    df_change: int
    f_change_p: float


def compared(name: str, fit: Fit, before: Fit | None, kind: str) -> Model:
    """A model with its change: by sums of squares for classical errors, else by Wald with the robust covariance.

    Parameters
    ----------
    before : Fit or None
        Of the same rows, its terms among those of `fit`.
    kind : str
        Kind of standard errors (`sandwich.KINDS`).
    """
    from scipy.stats import f as f_distribution

    if before is None:
        return Model(name, fit, fit.r_squared, fit.f_statistic, fit.df_model, fit.f_p_value)
    q = fit.rank - before.rank
    f = np.nan
    if q > 0 and kind == "classical" and fit.ssr > 0:
        f = (before.ssr - fit.ssr) / q / (fit.ssr / fit.df)
    elif q > 0 and kind != "classical":
        new = [i for i, t in enumerate(fit.terms) if t not in before.terms and not np.isnan(fit.estimate[i])]
        f = wald(fit.estimate[new], fit.matrix[np.ix_(new, new)])
    p = float(f_distribution.sf(f, q, fit.df)) if q > 0 else np.nan
    return Model(name, fit, fit.r_squared - before.r_squared, f, q, p)
