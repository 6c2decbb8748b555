"""A fit in, its fit measures out: as lavaan's `fitMeasures`, under the names of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from evalkit.structure.estimators import ESTIMATORS
from evalkit.structure.fiml import LOG_2PI, MissingBlock
from evalkit.structure.ordered_measures import correlation_tests, ordered_measures
from evalkit.structure.residual_measures import residual_measures
from evalkit.structure.testing import ChiSquare

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

NAN = float("nan")
CLOSE, NOT_CLOSE = 0.05, 0.08
"""RMSEA under the hypotheses of close fit and of fit that is not close."""


def measures(fit: Fit) -> dict[str, float]:
    """All measures of a fit.

    Returns
    -------
    dict
        Plain names (`chisq df p_value cfi tli rmsea rmsea_low ...`), with `_scaled` from the corrected statistic of
        MLM and MLR, with `_robust` the population quantities estimated with it (Brosseau-Liard & Savalei 2014,
        Multivariate Behavioral Research 49, 460-470; Li & Bentler 2006). What an estimator does not have is nan.

    Notes
    -----
    RMSEA over G groups is multiplied by the root of G (Steiger 1998); its interval has 90 % coverage. The scaled one
    holds the plain statistic against the trace of U Gamma instead of the degrees of freedom, as lavaan does (a
    shifted statistic is taken as it is). Of ordered variables the SRMR leaves the thresholds out (`srmr_thresholds`,
    RMR and CRMR count them), and the robust indices rest on the normal discrepancy of the polychoric matrix (Savalei
    2021, Multivariate Behavioral Research 56, 390-407). GFI
    weighs the moments by the implied covariances, means included where they are modelled (Tanaka & Huba 1985). AIC
    and BIC are of the log-likelihood, not of chi-square as AMOS has them.
    """
    base, base_scaled = fit.baseline
    n, groups, k = fit.objective.total, len(fit.table.groups), fit.n_parameters
    test, scaled = fit.test, fit.scaled_test
    quadratic = not ESTIMATORS[fit.options.estimator].likelihood
    ordered = bool(fit.options.ordinal)
    weight = getattr(fit.objective.blocks[0], "weight", np.eye(1))
    unit = weight[0, 0] ** -2 if fit.options.test == "browne" else 1.0  # the least squares of ULS in squared units
    out: dict[str, float] = {
        "npar": k,
        "fmin": (n / fit.sample.n * unit if quadratic else 1.0) * fit.solution.value,
        "chisq": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "chisq_df": test.statistic / test.df if test.df else NAN,
        "baseline_chisq": base.statistic,
        "baseline_df": base.df,
        "baseline_p_value": base.p_value,
        **incremental(test, base, ""),
        **likelihoods(fit, k),
        **rmsea(test.statistic, test.df, n, groups, ""),
        **(ordered_measures(fit) if ordered else residual_measures(fit)),
    }
    ratio = test.statistic / n
    for level, name in ((0.95, "05"), (0.99, "01")):
        out[f"hoelter_{name}"] = special.chdtri(test.df, 1 - level) / ratio + 1 if test.df and ratio > 0 else NAN
    out["mfi"] = float(np.exp(-0.5 * (test.statistic - test.df) / n))
    out["ecvi"] = (test.statistic + 2 * k) / n if groups == 1 and not ordered else NAN
    out |= _corrected(scaled, test, base, base_scaled, n, groups)
    if ordered and scaled is not None:
        out |= _of_correlations(fit, base, scaled)
    # Where the search did not arrive there is a model and a sample, but no fit.
    return out if fit.converged else {name: v if name in ("npar", "df") else NAN for name, v in out.items()}


def _ratio(above: float, below: float) -> float:
    return above / below if below else NAN


def incremental(test: ChiSquare, base: ChiSquare, end: str) -> dict[str, float]:
    """Indices that compare with the independence model (Bentler & Bonett 1980; Bentler 1990; Bollen 1986, 1989)."""
    t, df, b, dfb = test.statistic, test.df, base.statistic, base.df
    worst = max(t - df, b - dfb, 0.0)
    tli = 1.0 if df == 0 else 1 - _ratio(_ratio(t - df, df), _ratio(b - dfb, dfb))
    nfi = _ratio(b - t, b)
    cfi = 1 - _ratio(max(t - df, 0.0), worst) if worst else 1.0
    parsimony = _ratio(df, dfb)
    return {
        f"cfi{end}": cfi,
        f"tli{end}": tli,
        f"nfi{end}": nfi,
        f"rfi{end}": 1.0 if df == 0 else 1 - _ratio(_ratio(t, df), _ratio(b, dfb)),
        f"ifi{end}": _ratio(b - t, b - df),
        f"rni{end}": 1 - _ratio(t - df, b - dfb),
        f"pnfi{end}": parsimony * nfi,
        f"pcfi{end}": parsimony * cfi,
    }


def _noncentrality(statistic: float, df: float, share: float) -> float:
    """The noncentrality at which `statistic` has this lower share; 0 where even the central one exceeds it."""
    if not special.chdtr(df, max(statistic, 0.0)) > share:
        return 0.0
    found = float(special.chndtrinc(statistic, df, share))
    slope = (special.chndtr(statistic, df + 2, found) - special.chndtr(statistic, df, found)) / 2
    return found - (special.chndtr(statistic, df, found) - share) / slope  # a Newton step for the last digits


def rmsea(statistic: float, df: float, n: float, groups: int, end: str, factor: float = 1.0) -> dict[str, float]:
    """RMSEA with interval and tests; `factor` turns the noncentrality of a corrected statistic back (robust RMSEA)."""
    names = ("rmsea", "rmsea_low", "rmsea_high", "rmsea_p", "rmsea_p_notclose")
    values: tuple[float, ...]
    if df == 0:
        values = (0.0, 0.0, 0.0, NAN, NAN)
    elif not np.isfinite(statistic):
        values = (NAN,) * 5
    else:
        scale = groups * factor / (n * df)
        low, high = (_noncentrality(statistic, df, share) for share in (0.95, 0.05))
        ends = (np.sqrt(low * scale), np.sqrt(high * scale))
        below = special.chndtr(statistic, df, CLOSE**2 / scale)
        close = 1 - below if below < 0.99 else stats.ncx2.sf(statistic, df, CLOSE**2 / scale)
        far = special.chndtr(statistic, df, NOT_CLOSE**2 / scale)
        values = (np.sqrt(max(statistic - df, 0.0) * scale), *ends, close, far)
    return {f"{name}{end}": float(value) for name, value in zip(names, values, strict=True)}


def _corrected(
    scaled: ChiSquare | None, test: ChiSquare, base: ChiSquare, base_scaled: ChiSquare | None, n: float, groups: int
) -> dict[str, float]:
    if scaled is None or base_scaled is None:
        return {}
    out: dict[str, float] = {
        "chisq_scaled": scaled.statistic,
        "df_scaled": scaled.df,
        "p_value_scaled": scaled.p_value,
        "scaling_factor": scaled.scaling,
        "baseline_chisq_scaled": base_scaled.statistic,
        "baseline_df_scaled": base_scaled.df,
        "baseline_p_value_scaled": base_scaled.p_value,
        "baseline_scaling_factor": base_scaled.scaling,
        "scaling_factor_h0": scaled.scaling_h0,
        "scaling_factor_h1": scaled.scaling_h1,
        **incremental(scaled, base_scaled, "_scaled"),
        **rmsea(*_held(test, scaled), n, groups, "_scaled"),
        **rmsea(scaled.statistic, scaled.df, n, groups, "_robust", scaled.scaling),
    }
    c, cb = scaled.scaling if test.df else 0.0, base_scaled.scaling
    excess, base_excess = test.statistic - c * test.df, base.statistic - cb * base.df
    worst = max(excess, base_excess, 0.0)
    out["cfi_robust"] = 1 - max(excess, 0.0) / worst if worst else 1.0
    out["tli_robust"] = 1 - _ratio(excess * base.df, base_excess * test.df) if test.df else 1.0
    out["rni_robust"] = 1 - _ratio(excess, base_excess)
    return out


def _held(test: ChiSquare, scaled: ChiSquare) -> tuple[float, float]:
    """The statistic of the scaled RMSEA and what it is held against."""
    if scaled.shift:
        return scaled.statistic, scaled.df
    return test.statistic, scaled.scaling * test.df if test.df else 0


def _of_correlations(fit: Fit, base: ChiSquare, scaled: ChiSquare) -> dict[str, float]:
    """Robust indices of ordered variables; nan where the thresholds carry restrictions or a matrix is not positive."""
    names = ("cfi_robust", "tli_robust", "rni_robust")
    found = correlation_tests(fit)
    n, groups = fit.objective.total, len(fit.table.groups)
    if found is None or not scaled.df:
        return dict.fromkeys(names, NAN) | rmsea(NAN, max(scaled.df, 1), n, groups, "_robust")
    (chisq, c), (chisq_base, c_base) = found
    excess, base_excess = chisq - c * scaled.df, chisq_base - c_base * base.df
    worst = max(excess, base_excess, 0.0)
    values = (
        1 - max(excess, 0.0) / worst if worst else 1.0,
        1 - _ratio(excess * base.df, base_excess * scaled.df),
        1 - _ratio(excess, base_excess),
    )
    return dict(zip(names, values, strict=True)) | rmsea(chisq / c, scaled.df, n, groups, "_robust", c)


def likelihoods(fit: Fit, k: int) -> dict[str, float]:
    """Log-likelihoods of the model and the saturated one, AIC, BIC and the sample-size adjusted BIC.

    With exogenous variables taken as given the likelihood is that of the others given them.
    """
    names = ("log_likelihood", "log_likelihood_h1", "aic", "bic", "sabic")
    if not ESTIMATORS[fit.options.estimator].likelihood:
        return dict.fromkeys(names, NAN)
    h1 = 0.0
    given = [fit.table.observed.index(name) for name in fit.table.exogenous]
    for block in fit.objective.blocks:
        sample = block.sample  # type: ignore[attr-defined]
        n, p = sample.n, len(sample.mean)
        if isinstance(block, MissingBlock):
            h1 += block.log_likelihood_h1
        else:
            h1 -= 0.5 * n * (p * LOG_2PI + sample.log_det + p)
        if given:
            inner = np.linalg.slogdet(sample.cov[np.ix_(given, given)])[1]
            h1 += 0.5 * n * (len(given) * LOG_2PI + inner + len(given))
    n = fit.sample.n
    h0 = h1 - n * fit.solution.value
    values = (h0, h1, -2 * h0 + 2 * k, -2 * h0 + k * np.log(n), -2 * h0 + k * np.log((n + 2) / 24))
    return {name: float(value) for name, value in zip(names, values, strict=True)}
