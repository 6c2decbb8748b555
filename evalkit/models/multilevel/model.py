"""One fitted model of a series: fixed part, random part, measures and tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PER_COEFFICIENT = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
Test = tuple[float, float, float]
NO_TEST: Test = (np.nan, np.nan, np.nan)

LINEAR_MEASURES = (
    "log_likelihood", "deviance", "aic", "bic", "icc", "design_effect", "r2_marginal", "r2_conditional",
    "explained_1", "explained_2", "snijders_1", "snijders_2", "harmonic_size",
)  # fmt: skip
CATEGORY_MEASURES = (
    "log_likelihood", "deviance", "aic", "bic", "icc", "median_odds_ratio", "r2_marginal", "r2_conditional",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Line:
    """An estimate that is no coefficient of the table: a simple slope, or a type III test.

    Attributes
    ----------
    term, level : str
    estimate, std_error, statistic, df, df2, p_value, conf_low, conf_high, sum_of_squares : float
        nan where it does not apply.
    """

    term: str
    level: str = ""
    estimate: float = np.nan
    std_error: float = np.nan
    statistic: float = np.nan
    df: float = np.nan
    df2: float = np.nan
    p_value: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    sum_of_squares: float = np.nan


@dataclass(frozen=True, eq=False)
class LevelModel:
    """One model. Arrays have one entry a term, nan where it was left out or nothing could be estimated.

    Attributes
    ----------
    name : str
        `null`, `1`, `2`, ...
    part : str
        `null`, `intercept`, `slope` or `cross`: what the random part and the products make it.
    random : tuple of str
        `intercept` and the variables with a random slope.
    covariance : ndarray, shape (q, q)
        Of the random effects.
    sigma : float
        Residual standard deviation; nan for categories.
    deviations : ndarray, shape (q + 1, 2)
        Profile intervals of the standard deviations, the residual one last; nan without.
    measures : dict
        Statistic -> value.
    tests : dict
        `lr_fixed`, `lr_random`, `lr_random_mixture` -> (chi square, df, p).
    effects, effect_sd : ndarray, shape (G, q)
        Conditional means (categories: modes) of the groups' effects and their conditional standard deviations.
    why : str
        Word key, where nothing could be estimated.
    """

    name: str
    part: str
    terms: tuple[str, ...]
    estimate: np.ndarray
    std_error: np.ndarray
    statistic: np.ndarray
    df: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    matrix: np.ndarray
    random: tuple[str, ...]
    covariance: np.ndarray
    sigma: float
    deviations: np.ndarray
    measures: dict[str, float]
    tests: dict[str, Test]
    effects: np.ndarray
    effect_sd: np.ndarray
    anova: tuple[Line, ...] = ()
    slopes: tuple[Line, ...] = ()
    singular: bool = False
    why: str = ""
    notices: tuple = field(default=())  # type: ignore[type-arg]


def coefficients(
    estimate: np.ndarray, matrix: np.ndarray, df: np.ndarray, conf_level: float, *, normal: bool = False
) -> dict[str, np.ndarray]:
    """The arrays of `PER_COEFFICIENT`; z tests where df is infinite, normal intervals on request.

    Parameters
    ----------
    df : ndarray, shape (k,)
    """
    from scipy.stats import norm, t

    std_error = np.sqrt(np.diag(matrix))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
        finite = np.where(np.isinf(df), 1.0, df)
        p = np.where(np.isinf(df), 2 * norm.sf(np.abs(statistic)), 2 * t.sf(np.abs(statistic), finite))
        wide = np.where(np.isinf(df), norm.ppf((1 + conf_level) / 2), t.ppf((1 + conf_level) / 2, finite))
    reach = (norm.ppf((1 + conf_level) / 2) if normal else wide) * std_error
    return dict(
        zip(PER_COEFFICIENT, (estimate, std_error, statistic, df, p, estimate - reach, estimate + reach), strict=True)
    )


def spread(values: np.ndarray, kept: list[int], k: int) -> np.ndarray:
    """Values of the kept terms at their places among all k, nan elsewhere."""
    out = np.full((k,) * values.ndim, np.nan)
    out[np.ix_(*[kept] * values.ndim)] = values
    return out


def undefined(name: str, part: str, terms: tuple[str, ...], random: tuple[str, ...], why: str) -> LevelModel:
    """A model of which nothing could be estimated."""
    k, q = len(terms), len(random)
    nan = np.full(k, np.nan)
    return LevelModel(
        name,
        part,
        terms,
        *[nan] * 7,
        matrix=np.full((k, k), np.nan),
        random=random,
        covariance=np.full((q, q), np.nan),
        sigma=np.nan,
        deviations=np.full((q + 1, 2), np.nan),
        measures={},
        tests={},
        effects=np.empty((0, q)),
        effect_sd=np.empty((0, q)),
        why=why,
    )
