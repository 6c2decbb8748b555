"""Model matrix and outcome in, one least-squares fit with everything a table needs out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.contract import Problem
from evalkit.models.matrix import INTERCEPT
from evalkit.models.sandwich import Covariance, Errors, covariance, wald
from evalkit.moments import LeastSquares, least_squares

PER_TERM = (
    "estimate",
    "std_error",
    "statistic",
    "term_df",
    "p_value",
    "conf_low",
    "conf_high",
    "beta",
    "beta_se",
    "vif",
    "semi_partial",
    "partial",
    "f_squared",
)
"""Fields of a Fit with one entry a term."""

PER_MODEL = (
    "df",
    "ssr",
    "total_ss",
    "sigma",
    "r_squared",
    "r_squared_adj",
    "f_statistic",
    "f_p_value",
    "log_likelihood",
    "aic",
    "bic",
    "sd_outcome",
)

CONSTANT = 1e-13
"""A column whose range is below this share of its size does not vary: the rest is rounding."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A linear model, fitted. Arrays have one entry a term (the intercept first), nan where it was left out.

    Attributes
    ----------
    beta, beta_se : ndarray
        ``b * sd(x) / sd(y)``, dummies and products included, and its standard error with the standard deviations
        taken as known (as in a fit of z scores); nan for the intercept.
    vif : ndarray
        ``1 / (1 - R^2)`` of a column on all other columns; nan for the intercept.
    term_df : ndarray
        Degrees of freedom of each t test.
    semi_partial, partial, f_squared : ndarray
        Part and partial correlation of each column with the outcome, and Cohen's f2 of leaving it out, all from the
        sums of squares (whatever the standard errors); nan for the intercept.
    matrix : ndarray, shape (k, k)
        Covariance of the coefficients, nan in rows and columns of terms left out.
    df : float
        Degrees of freedom of the t tests and of the joint tests (CR2: of the joint tests only).
    f_statistic, df_model : float
        Test of all slopes: from sums of squares for classical errors, else Wald with the robust covariance.
    """

    terms: tuple[str, ...]
    estimate: np.ndarray
    std_error: np.ndarray
    statistic: np.ndarray
    term_df: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    beta: np.ndarray
    beta_se: np.ndarray
    vif: np.ndarray
    semi_partial: np.ndarray
    partial: np.ndarray
    f_squared: np.ndarray
    matrix: np.ndarray
    df: float
    n_obs: int
    rank: int
    ssr: float
    total_ss: float
    sigma: float
    r_squared: float
    r_squared_adj: float
    f_statistic: float
    df_model: int
    f_p_value: float
    log_likelihood: float
    aic: float
    bic: float
    sd_outcome: float
    n_clusters: int | None = None
    notices: tuple[Problem, ...] = ()

    def place(self, term: str) -> int:
        return self.terms.index(term)


def fit_linear(
    x: np.ndarray, terms: tuple[str, ...], y: np.ndarray, *, errors: Errors | None = None, conf_level: float = 0.95
) -> Fit:
    """Least squares of y on a constant and the columns of x.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Complete, without the constant.
    terms : tuple of str
        Ids of the p columns.
    y : ndarray, shape (n,)
    errors : Errors, optional
        Classical ones by default. With a design or a precision the fit is weighted.

    Returns
    -------
    Fit
        Constant and collinear columns are left out and named in `notices` (W655, W656); with no more rows than
        parameters (W657) or a constant outcome (W658) every number is nan.

    Notes
    -----
    Householder QR of the columns; weighted: of the rows times the root of their weight. AIC and BIC count sigma.
    """
    errors = errors or Errors()
    names = (INTERCEPT, *terms)
    n = len(y)
    if is_constant(y):
        same = Problem("W658", params={"n": n})
        return _undefined(names, n, same if n else Problem("W657", params={"n": n, "k": len(names)}))
    full = np.column_stack([np.ones(n), x])
    weights = np.ones(n) if errors.weights is None else errors.weights
    root = np.sqrt(weights)
    solved = least_squares(full * root[:, None], y * root)
    if n <= solved.rank:
        return _undefined(names, n, Problem("W657", params={"n": n, "k": len(names)}))
    kept = [j for j in range(len(names)) if j not in solved.dropped]
    left_out = tuple(
        Problem("W655" if is_constant(full[:, j]) else "W656", params={"term": names[j]}) for j in solved.dropped
    )
    used = full[:, kept]
    residual = y - used @ solved.coefficients[kept]
    scaled = root[:, None] if errors.precision is not None else 1.0  # a design weighs the scores itself
    found = covariance(used * scaled, residual * np.ravel(scaled), solved.inverse, errors)
    squares, total = _sums_of_squares(used, y, weights)
    return Fit(
        terms=names,
        matrix=_spread(found.matrix, kept, len(names)),
        df=found.df,
        n_obs=n,
        rank=solved.rank,
        ssr=solved.residual_ss,
        total_ss=total,
        sd_outcome=weighted_sd(y, errors.weights),
        n_clusters=found.n_clusters,
        notices=left_out + found.notices,
        **_coefficients(solved, found, kept, squares, total, conf_level),
        **_quality(solved, found, n, total, errors),
    )


def is_constant(values: np.ndarray) -> bool:
    """Whether the values differ by rounding at most (or there are none)."""
    return len(values) == 0 or bool(np.ptp(values) <= CONSTANT * np.abs(values).max())


def weighted_sd(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """SD with divisor n - 1; weighted: ``sqrt(n / (n - 1) * sum w (v - mean)^2 / sum w)``, whatever the scale of w."""
    w = np.ones(len(values)) if weights is None else weights
    share = w / w.sum()
    n = len(values)
    return float(np.sqrt(n / (n - 1) * (share @ (values - share @ values) ** 2)))


def _coefficients(
    solved: LeastSquares, found: Covariance, kept: list[int], squares: np.ndarray, total: float, conf_level: float
) -> dict[str, np.ndarray]:
    """The arrays of `PER_TERM`."""
    from scipy.stats import t as t_distribution

    k, estimate = len(solved.coefficients), solved.coefficients
    vif = np.diag(solved.inverse) * squares
    scale = np.sqrt(squares / total)
    vif[0] = scale[0] = np.nan  # neither means anything for the constant
    df = np.full(len(kept), found.df) if found.term_df is None else found.term_df
    term_df = _spread(df, kept, k)
    std_error = _spread(np.sqrt(np.diag(found.matrix)), kept, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
    reach = t_distribution.ppf((1 + conf_level) / 2, term_df) * std_error
    own = estimate[kept] ** 2 / np.diag(solved.inverse)  # sum of squares lost without the column
    own[0] = np.nan
    rest = solved.residual_ss
    sign = np.sign(estimate[kept])
    with np.errstate(divide="ignore", invalid="ignore"):
        part, partial, f_squared = sign * np.sqrt(own / total), sign * np.sqrt(own / (own + rest)), own / rest
    return {
        "estimate": estimate,
        "std_error": std_error,
        "statistic": statistic,
        "term_df": term_df,
        "p_value": 2 * t_distribution.sf(np.abs(statistic), term_df),
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
        "beta": _spread(scale, kept, k) * estimate,
        "beta_se": _spread(scale, kept, k) * std_error,
        "vif": _spread(vif, kept, k),
        "semi_partial": _spread(part, kept, k),
        "partial": _spread(partial, kept, k),
        "f_squared": _spread(f_squared, kept, k),
    }


def _quality(solved: LeastSquares, found: Covariance, n: int, total: float, errors: Errors) -> dict[str, float]:
    """R squared, the F test, and (without a design, which has no likelihood) sigma, log-likelihood, AIC, BIC."""
    from scipy.stats import f as f_distribution

    rank, rest = solved.rank, solved.residual_ss
    q = rank - 1
    r_squared = 1 - rest / total
    if errors.kind == "classical":
        f = (total - rest) / q / (rest / (n - rank)) if q and rest > 0 else np.nan
    else:
        slopes = solved.coefficients[~np.isnan(solved.coefficients)][1:]
        f = wald(slopes, found.matrix[1:, 1:])
    likelihood = sigma = np.nan
    if errors.design is None:
        sigma = np.sqrt(rest / (n - rank))
        likelihood = -n / 2 * (np.log(2 * np.pi) + np.log(rest / n) + 1) if rest > 0 else np.nan
        if errors.precision is not None:
            likelihood += 0.5 * np.log(errors.precision).sum()
    return {
        "sigma": sigma,
        "r_squared": r_squared,
        "r_squared_adj": 1 - (1 - r_squared) * (n - 1) / (n - rank),
        "f_statistic": f,
        "df_model": q,
        "f_p_value": float(f_distribution.sf(f, q, found.df)) if q else np.nan,
        "log_likelihood": likelihood,
        "aic": -2 * likelihood + 2 * (rank + 1),
        "bic": -2 * likelihood + np.log(n) * (rank + 1),
    }


def _sums_of_squares(used: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Weighted sums of squares about the mean: of every column, and of the outcome."""
    share = weights / weights.sum()
    squares = weights @ (used - share @ used) ** 2
    return squares, float(weights @ (y - share @ y) ** 2)


def _spread(values: np.ndarray, kept: list[int], k: int) -> np.ndarray:
    """A vector or square matrix of the kept terms, among all k terms; nan elsewhere."""
    out = np.full((k,) * values.ndim, np.nan)
    out[np.ix_(*[kept] * values.ndim)] = values
    return out


def _undefined(names: tuple[str, ...], n: int, notice: Problem) -> Fit:
    k, nan = len(names), float("nan")
    return Fit(
        terms=names,
        matrix=np.full((k, k), nan),
        n_obs=n,
        rank=0,
        df_model=k - 1,
        notices=(notice,),
        **dict.fromkeys(PER_TERM, np.full(k, nan)),
        **dict.fromkeys(PER_MODEL, nan),
    )
