"""Nested models of one outcome: each with its change against the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import tidy_frame
from evalkit.models.fit import PER_TERM, Fit
from evalkit.models.sandwich import wald
from evalkit.models.wild import Wild

STATISTICS = ("r_squared", "r_squared_adj", "r_squared_change", "f_statistic", "f_change")
QUALITY = ("sigma", "ssr", "log_likelihood", "aic", "bic")


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a series, with its change against the one before.

    Attributes
    ----------
    name : str
        `1`, `2`, ... or nothing.
    r_squared_change, f_change : float
        Against the model before (for the first: against the constant alone).
    df_change : int
        Terms added.
    wild : Wild, optional
        The bootstrap of its coefficients, one entry a column that was not left out.
    """

    name: str
    fit: Fit
    r_squared_change: float
    f_change: float
    df_change: int
    f_change_p: float
    wild: Wild | None = None

    @property
    def p_values(self) -> np.ndarray:
        """Of every term: the bootstrap's where there was one."""
        if self.wild is None:
            return self.fit.p_value
        return self.bootstrapped()["p_boot"]

    def bootstrapped(self) -> dict[str, np.ndarray]:
        """`p_boot`, `boot_low` and `boot_high` of every term, nan where there was no bootstrap."""
        out = {name: np.full(len(self.fit.terms), np.nan) for name in ("p_boot", "boot_low", "boot_high")}
        if self.wild is not None:
            kept = np.flatnonzero(~np.isnan(self.fit.estimate))
            for name, values in zip(out, (self.wild.p_value, self.wild.conf_low, self.wild.conf_high), strict=True):
                out[name][kept] = values
        return out


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


def tidy_model(outcome: str, model: Model) -> pd.DataFrame:
    """Rows of `tidy()`: a coefficient each, then a statistic of the model each (`term` = `model.r_squared`, ...).

    `estimate` of a statistic is its value; the F tests have `df`, `df2` and `p_value` too.
    """
    fit = model.fit
    values = [fit.r_squared, fit.r_squared_adj, model.r_squared_change, fit.f_statistic, model.f_change]
    values += [getattr(fit, name) for name in QUALITY]
    k, below = len(fit.terms), np.full(len(values), np.nan)
    columns = {name: np.concatenate([getattr(fit, name), below]) for name in PER_TERM}
    columns |= {name: np.concatenate([column, below]) for name, column in model.bootstrapped().items()}
    columns |= {"df": columns.pop("term_df"), "df2": np.full(k + len(values), np.nan)}
    columns["estimate"][k:] = values
    f, change = k + STATISTICS.index("f_statistic"), k + STATISTICS.index("f_change")
    for row, df, p in ((f, fit.df_model, fit.f_p_value), (change, model.df_change, model.f_change_p)):
        columns["statistic"][row] = columns["estimate"][row]
        columns["df"][row], columns["df2"][row], columns["p_value"][row] = df, fit.df, p
    return tidy_frame(
        k + len(values),
        model=model.name or None,
        outcome=outcome,
        term=[*fit.terms, *(f"model.{name}" for name in (*STATISTICS, *QUALITY))],
        n_obs=fit.n_obs,
        tolerance=1 / columns["vif"],
        **columns,
    )
