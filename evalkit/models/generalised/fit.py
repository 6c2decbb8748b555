"""A likelihood and the errors wanted in, one fitted model with its quality out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evalkit.contract import Problem
from evalkit.models.generalised.ascent import MANY, Likelihood, Maximum, maximum, separated, with_dispersion
from evalkit.models.generalised.clusters import adjusted
from evalkit.models.generalised.links import SingleIndex
from evalkit.models.sandwich import CLUSTERED, FEW_CLUSTERS, Covariance, Errors, cluster_meat, crossed_meat
from evalkit.sampling import linearised_covariance

KINDS = ("classical", "HC0", "HC1", "HC3", "CR0", "CR1p", "CR1", "CR2", "CR3", "linearised")
"""HC3 for one linear predictor only."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """One model. Arrays have one entry a coefficient, nan where it was left out or nothing could be estimated.

    Attributes
    ----------
    terms, levels : tuple of str
        Ids; `levels` holds the category of a multinomial coefficient, else nothing.
    ratio, ratio_low, ratio_high : ndarray
        ``exp`` of the coefficient and its interval: odds ratios, incidence rate ratios; nan for probit links.
    df : float
        Of the tests; inf for z tests.
    term_df : ndarray, optional
        Of each coefficient, where they differ (CR2).
    per_sd : ndarray
        Coefficient times the standard deviation of its column; nan for constants and thresholds.
    n_parameters : int
        Estimated ones, theta included.
    quality : dict
        Statistic -> value (`log_likelihood`, `mcfadden`, ...).
    tests : dict
        Name -> (statistic, df, p).
    """

    terms: tuple[str, ...]
    levels: tuple[str, ...]
    estimate: np.ndarray
    std_error: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    ratio: np.ndarray
    ratio_low: np.ndarray
    ratio_high: np.ndarray
    matrix: np.ndarray
    df: float
    n_obs: int
    n_parameters: int
    log_likelihood: float
    n_clusters: int | None = None
    term_df: np.ndarray | None = None
    per_sd: np.ndarray | None = None
    why: str = ""
    quality: dict[str, float] = field(default_factory=dict)
    tests: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    notices: tuple[Problem, ...] = ()


PER_COEFFICIENT = (
    "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "ratio", "ratio_low", "ratio_high",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Estimated:
    """What was found for a likelihood, before tests; `likelihood` holds theta where there is one."""

    likelihood: Likelihood
    maximum: Maximum
    theta: float = float("nan")
    theta_error: float = float("nan")
    problem: Problem | None = None


def estimated(likelihood: Likelihood, names: tuple[str, ...], weights: np.ndarray, dispersed: bool) -> Estimated:
    """The maximum, or why there is none: separation (W758, with the terms to blame) or no convergence (W759)."""
    theta = error = float("nan")
    if dispersed and isinstance(likelihood, SingleIndex):
        likelihood, found, error = with_dispersion(likelihood, weights)
        theta = float("inf") if likelihood.theta is None else likelihood.theta
        steps = maximum(likelihood, weights).steps
    else:
        found = maximum(likelihood, weights)
        steps = found.steps
    problem = None
    if not found.converged or steps >= MANY:
        direction = separated(likelihood)
        if direction is not None:
            blame = [n for n, d in zip(names, direction, strict=True) if abs(d) > 1e-6]
            problem = Problem("W758", params={"terms": list(dict.fromkeys(blame))})
        elif not found.converged:
            problem = Problem("W759", params={"n": found.steps})
    return Estimated(likelihood, found, theta, error, problem)


def robust(found: Estimated, errors: Errors) -> tuple[np.ndarray, float, int | None, tuple[Problem, ...]]:
    """Covariance of the coefficients, degrees of freedom, clusters and what to know; `sandwich.covariance` for scores.

    White (1982), Econometrica 50, 1-25. Degrees of freedom are inf (z tests); linearised: units - strata - k + 1.
    """
    inverse, scores, kind = found.maximum.inverse, found.maximum.scores, errors.kind
    n, k = scores.shape
    if kind == "classical":
        return inverse, np.inf, None, ()
    if kind == "linearised":
        return _linearised(inverse, scores, errors)
    if kind in CLUSTERED:
        found_now = clustered(found, errors)
        return found_now.matrix, found_now.df, found_now.n_clusters, found_now.notices
    factor = np.full(n, {"HC0": 1.0, "HC1": n / (n - k), "HC3": 1.0}[kind])
    if kind == "HC3" and isinstance(found.likelihood, SingleIndex):
        x, information = found.likelihood.x, found.likelihood.working(found.maximum.b)[1]
        leverage = information * np.einsum("ij,jk,ik->i", x, inverse, x)
        if (leverage > 1 - 1e-10).any():
            notice = Problem("W661", params={"kind": kind, "n": int((leverage > 1 - 1e-10).sum())})
            return np.full((k, k), np.nan), np.inf, None, (notice,)
        factor = 1 / (1 - leverage) ** 2
    return inverse @ (scores.T @ (scores * factor[:, None])) @ inverse, np.inf, None, ()


def clustered(found: Estimated, errors: Errors) -> Covariance:
    """Covariance for the kinds in `CLUSTERED`; two columns of clusters as in `sandwich.crossed_meat`."""
    inverse, scores = found.maximum.inverse, found.maximum.scores
    k = scores.shape[1]
    if errors.crossed is not None:
        meat, groups, notices = crossed_meat(scores, errors)
        return Covariance(inverse @ meat @ inverse, np.inf, groups, notices)
    if errors.kind in ("CR2", "CR3"):
        return adjusted(found.likelihood, found.maximum, errors)
    names, place = np.unique(errors.clusters, return_inverse=True)
    groups = len(names)
    if groups < 2:
        return Covariance(np.full((k, k), np.nan), np.inf, groups, (Problem("W662", params={"n": groups}),))
    notices = (Problem("N663", params={"n": groups, "enough": FEW_CLUSTERS}),) if groups < FEW_CLUSTERS else ()
    if groups < k:
        notices += (Problem("W765", params={"n": groups, "k": k}),)
    return Covariance(inverse @ cluster_meat(scores, place, errors.kind) @ inverse, np.inf, groups, notices)


def _linearised(
    inverse: np.ndarray, scores: np.ndarray, errors: Errors
) -> tuple[np.ndarray, float, int | None, tuple[Problem, ...]]:
    design, rows = errors.design, errors.rows
    if design is None or rows is None:
        raise ValueError("linearised standard errors need a design")
    everybody = np.zeros((len(design.weights), scores.shape[1]))
    everybody[rows] = scores * design.weights[rows][:, None]
    meat, df, notices = linearised_covariance(everybody, design)
    df -= scores.shape[1] - 1
    if df < 1:
        notices += (Problem("W664", params={"df": df}),)
    units = len(np.unique(design.units[rows]))
    clusters = units if units < len(rows) else None
    return inverse @ meat @ inverse, float(df) if df >= 1 else np.nan, clusters, notices


def coefficients(
    estimate: np.ndarray, matrix: np.ndarray, df: float | np.ndarray, conf_level: float, *, ratios: bool
) -> dict[str, np.ndarray]:
    """The arrays of `PER_COEFFICIENT`."""
    from scipy.stats import norm, t

    law = norm if np.isinf(df).all() else t(df)
    std_error = np.sqrt(np.diag(matrix))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
    reach = law.ppf((1 + conf_level) / 2) * std_error
    low, high = estimate - reach, estimate + reach
    nan = np.full(len(estimate), np.nan)
    with np.errstate(over="ignore"):
        powers = (np.exp(estimate), np.exp(low), np.exp(high)) if ratios else (nan, nan, nan)
    return dict(
        zip(
            PER_COEFFICIENT,
            (estimate, std_error, statistic, 2 * law.sf(np.abs(statistic)), low, high, *powers),
            strict=True,
        )
    )


def quality(found: Estimated, null: float, n: int, k: int, binary: bool) -> dict[str, float]:
    """Pseudo R squared and likelihood measures of an unweighted fit.

    McFadden (1974); Cox & Snell (1989); Nagelkerke (1991), Biometrika 78, 691-692; Tjur (2009), American
    Statistician 63, 366-372. k counts every parameter, theta included.
    """
    value = found.maximum.log_likelihood
    cox_snell = 1 - np.exp(2 * (null - value) / n)
    out = {
        "log_likelihood": value,
        "deviance": -2 * value,
        "mcfadden": 1 - value / null,
        "mcfadden_adj": 1 - (value - k) / null,
        "cox_snell": cox_snell,
        "nagelkerke": cox_snell / (1 - np.exp(2 * null / n)),
        "aic": -2 * value + 2 * k,
        "bic": -2 * value + np.log(n) * k,
    }
    likelihood = found.likelihood
    if binary and isinstance(likelihood, SingleIndex):
        out |= _binary_quality(likelihood.link.mean(likelihood.eta(found.maximum.b)), likelihood.y)
    elif isinstance(likelihood, SingleIndex):
        eta = likelihood.eta(found.maximum.b)
        out["dispersion"] = dispersion(likelihood, eta)
    if not np.isnan(found.theta):
        out |= {"theta": found.theta, "theta_se": found.theta_error}
    return out


def dispersion(likelihood: SingleIndex, eta: np.ndarray) -> float:
    """Pearson's chi square over its degrees of freedom."""
    n, k = likelihood.x.shape
    return float((((likelihood.y - likelihood.link.mean(eta)) ** 2) / likelihood.variance(eta)).sum()) / (n - k)


def _binary_quality(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    from scipy.stats import rankdata

    ones = y.sum()
    zeros = len(y) - ones
    auc = (rankdata(p)[y == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    return {
        "tjur": float(p[y == 1].mean() - p[y == 0].mean()),
        "auc": float(auc),
        "brier": float(((p - y) ** 2).mean()),
        "correct": float(((p >= 0.5) == (y == 1)).mean()),
    }


def hosmer_lemeshow(p: np.ndarray, y: np.ndarray, groups: int = 10) -> tuple[float, float, float]:
    """Chi square over groups of like fitted probability, df groups - 2, and p; nan where ties leave fewer groups.

    Hosmer & Lemeshow (1980), Communications in Statistics 9, 1043-1069; cuts are type 7 quantiles.
    """
    from scipy.stats import chi2

    cuts = np.quantile(p, np.linspace(0, 1, groups + 1))
    if len(np.unique(cuts)) < groups + 1:
        return np.nan, np.nan, np.nan
    place = np.searchsorted(cuts[1:-1], p, side="left")
    observed, expected, size = (np.bincount(place, w, minlength=groups) for w in (y, p, np.ones(len(p))))
    value = float(((observed - expected) ** 2 / (expected * (1 - expected / size))).sum())
    return value, groups - 2, float(chi2.sf(value, groups - 2))


def overdispersion(y: np.ndarray, mu: np.ndarray) -> tuple[float, float, float]:
    """z of a Poisson model against variance ``(1 + a) mu``, df nan, one-sided p.

    Cameron & Trivedi (1990), Journal of Econometrics 46, 347-364.
    """
    from scipy.stats import norm

    excess = ((y - mu) ** 2 - y) / mu
    z = float(excess.mean() / (excess.std(ddof=1) / np.sqrt(len(y))))
    return z, np.nan, float(norm.sf(z))
