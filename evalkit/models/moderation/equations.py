"""A fitted model in; what linear combinations of its coefficients are, with their tests, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.models.fit import Fit, fit_linear
from evalkit.models.generalised.fit import Fitted
from evalkit.models.matrix import INTERCEPT
from evalkit.models.sandwich import Errors

TESTED = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, eq=False)
class Equation:
    """One linear predictor of a model.

    Parameters
    ----------
    level : str
        The category of a multinomial model that it stands for, else nothing.
    terms : tuple of str
    estimate : ndarray, shape (k,)
    matrix : ndarray, shape (k, k)
    df : float
        Of t tests; inf for z tests.
    df_of : callable, optional
        Degrees of freedom of one combination, where each has its own (CR2).
    """

    level: str
    terms: tuple[str, ...]
    estimate: np.ndarray
    matrix: np.ndarray
    df: float
    df_of: Callable[[np.ndarray], float] | None = None

    def tested(self, contrasts: np.ndarray, conf_level: float, df: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The columns `TESTED` of combinations, shape (m, k); nan where a coefficient that counts is missing."""
        value, variance = self.moments(contrasts)
        if df is None:
            df = np.full(len(contrasts), self.df)
            if self.df_of is not None:
                df = np.array(
                    [self.df_of(c) if np.isfinite(v) else np.nan for c, v in zip(contrasts, value, strict=True)]
                )
        return inference(value, np.sqrt(variance), df, conf_level)

    def moments(self, contrasts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Value and variance of each combination."""
        held = ~np.isnan(self.estimate)
        lost = (contrasts[:, ~held] != 0).any(axis=1)
        used = contrasts[:, held]
        value = np.where(lost, np.nan, used @ self.estimate[held])
        variance = np.einsum("ij,jk,ik->i", used, self.matrix[np.ix_(held, held)], used)
        return value, np.where(lost | (variance < 0), np.nan, variance)

    def slope(self, focal: Sequence[str], at: Mapping[str, float]) -> np.ndarray:
        """The combination that is the effect of a column (or a product), what it is multiplied with held at `at`."""
        out = np.zeros(len(self.terms))
        for j, name in enumerate(self.terms):
            parts = name.split(":")
            rest = [p for p in parts if p not in focal]
            if len(rest) == len(parts) - len(focal) and all(p in at for p in rest):
                out[j] = np.prod([at[p] for p in rest]) if rest else 1.0
        return out

    def predicted(self, at: Mapping[str, float], means: Mapping[str, float]) -> np.ndarray:
        """The combination that is the linear predictor at `at`, further columns at their means."""
        out = np.zeros(len(self.terms))
        for j, name in enumerate(self.terms):
            parts = name.split(":")
            if name == INTERCEPT:
                out[j] = 1.0
            elif all(p in at for p in parts):
                out[j] = np.prod([at[p] for p in parts])
            elif name in means:
                out[j] = means[name]
        return out


def inference(value: np.ndarray, error: np.ndarray, df: np.ndarray, conf_level: float) -> dict[str, np.ndarray]:
    """The columns `TESTED`: t tests, z tests where `df` is inf (shown as nan)."""
    from scipy.stats import t

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = value / error
    finite = np.where(np.isinf(df), 1e12, df)
    reach = t.ppf((1 + conf_level) / 2, finite) * error
    p = 2 * t.sf(np.abs(statistic), finite)
    shown = np.where(np.isinf(df), np.nan, df)
    return dict(zip(TESTED, (value, error, statistic, shown, p, value - reach, value + reach), strict=True))


def equations(fit: Fit | Fitted, df_of: Callable[[np.ndarray], float] | None = None) -> tuple[Equation, ...]:
    """The linear predictors of a fit: one, or one a category of a multinomial model."""
    if isinstance(fit, Fit):
        return (Equation("", fit.terms, fit.estimate, fit.matrix, fit.df, df_of),)
    out = []
    for level in dict.fromkeys(fit.levels):
        own = [i for i, name in enumerate(fit.levels) if name == level]
        terms = tuple(fit.terms[i] for i in own)
        out.append(Equation(level, terms, fit.estimate[own], fit.matrix[np.ix_(own, own)], fit.df))
    return tuple(out)


def satterthwaite(
    columns: np.ndarray, terms: tuple[str, ...], y: np.ndarray, errors: Errors
) -> Callable[[np.ndarray], float]:
    """Degrees of freedom of any combination of coefficients under CR2.

    The model is turned until the combination is one of its coefficients, whose degrees of freedom a fit tells.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        Without the constant, whose coefficient comes first in a combination.
    """

    def df(contrast: np.ndarray) -> float:
        slopes = contrast[1:]
        if contrast[0] != 0:  # a prediction: the constant of columns measured from there
            return float(fit_linear(columns - slopes / contrast[0], terms, y, errors=errors).term_df[0])
        j = int(np.abs(slopes).argmax())
        turned = columns - np.outer(columns[:, j], slopes / slopes[j])
        turned[:, j] = columns[:, j] / slopes[j]
        return float(fit_linear(turned, terms, y, errors=errors).term_df[1 + j])

    return df
