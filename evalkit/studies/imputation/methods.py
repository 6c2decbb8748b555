"""Tidy rows of one statistic in m completed data sets in, the pooled row out: one function a kind of statistic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from evalkit.studies.imputation.rubin import Rubin, rubin, statistics_test

Row = dict[str, float | str]
NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Stack:
    """One statistic over the imputations: column -> ndarray of shape (m,), nan where a result lacks it.

    `keys` are those of the tidy row, None where unused.
    """

    columns: Mapping[str, np.ndarray]
    conf_level: float
    df_complete: float = np.inf
    keys: Mapping[str, str | None] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        found = self.columns.get(name)
        return np.full(len(self.columns["estimate"]), NAN) if found is None else found

    def has(self, *names: str) -> bool:
        """Whether every imputation has a finite value of each."""
        return all(bool(np.isfinite(self[name]).all()) for name in names)

    @property
    def normal(self) -> float:
        """Quantile of the normal interval."""
        from scipy.stats import norm

        return float(norm.ppf((1 + self.conf_level) / 2))


def by_rubin(stack: Stack) -> Row:
    """Estimate with a standard error: Rubin's rules, t interval; an interval that is not symmetric keeps its shape."""
    found = _pooled(stack["estimate"], stack["std_error"] ** 2, stack.df_complete)
    row = _row(found, stack.conf_level)
    if not np.isfinite(stack["p_value"]).any():
        row |= {"statistic": NAN, "p_value": NAN}  # a description that nobody tested against 0
    if stack.has("conf_low", "conf_high") and _lopsided(stack):
        return row | _recovered(stack) | {"label": "recovered"}
    return row | {"label": "rubin"}


def by_interval(stack: Stack) -> Row:
    """Estimate with an interval only: limits recovered on each side (see `_recovered`)."""
    return _bare(stack) | _recovered(stack) | {"label": "recovered"}


def by_fisher(stack: Stack) -> Row:
    """Correlation: Fisher's z with variance 1 / (n - 3), less a row for each variable held constant."""
    r = np.clip(stack["estimate"], -1 + 1e-15, 1 - 1e-15)
    found = _pooled(np.arctanh(r), 1 / (stack["df"] - 1), np.inf)
    row = _row(found, stack.conf_level)
    value = np.tanh(float(found.estimate[0]))
    ends = {"conf_low": np.tanh(row["conf_low"]), "conf_high": np.tanh(row["conf_high"])}
    return row | ends | {"estimate": value, "std_error": NAN, "label": "fisher"}


def by_root(stack: Stack) -> Row:
    """R squared: Fisher's z of its root, with a normal interval.

    Harel (2009), Journal of Applied Statistics 36, 1109-1118.
    """
    root = np.sqrt(np.clip(stack["estimate"], 0, 1 - 1e-15))
    found = _pooled(np.arctanh(root), 1 / (stack["n_obs"] - 3), np.inf)
    centre, reach = float(found.estimate[0]), stack.normal * float(found.std_error[0])
    low, high = max(centre - reach, 0.0), centre + reach
    ends = {"conf_low": np.tanh(low) ** 2, "conf_high": np.tanh(high) ** 2}
    own = {"estimate": np.tanh(centre) ** 2, "std_error": NAN, "statistic": NAN, "p_value": NAN, "df": NAN}
    return _row(found, stack.conf_level) | own | ends | {"label": "root"}


def by_alpha(stack: Stack) -> Row:
    """Alpha: ``ln(1 - alpha)`` with variance ``2k / ((k - 1)(n - 2))``.

    Bonett (2002), Journal of Educational and Behavioral Statistics 27, 335-340.
    """
    k, n = stack["n_items"], stack["n_obs"]
    found = _pooled(np.log(1 - stack["estimate"]), 2 * k / ((k - 1) * (n - 2)), np.inf)
    row = _row(found, stack.conf_level)
    value = 1 - np.exp(float(found.estimate[0]))
    ends = {"conf_low": 1 - np.exp(row["conf_high"]), "conf_high": 1 - np.exp(row["conf_low"])}
    spread = (1 - value) * float(found.std_error[0])  # delta method
    own = {"estimate": value, "std_error": spread, "statistic": NAN, "p_value": NAN}
    return row | ends | own | {"label": "alpha"}


def by_statistics(stack: Stack) -> Row:
    """An F or chi-square statistic: D2."""
    k = stack["df"]
    large = ~np.isfinite(stack["df2"]).all()
    found = statistics_test(stack["statistic"] * (1 if large else k), int(round(float(k[0]))))
    return _bare(stack) | {
        "estimate": found.statistic,
        "statistic": found.statistic,
        "df": found.df,
        "df2": found.df2,
        "p_value": found.p_value,
        "riv": found.riv,
        "label": "d2",
    }


def by_ratio(stack: Stack) -> Row:
    """A ratio whose standard error is that of its logarithm: Rubin's rules on the logarithm, tested against 1."""
    scaled = {c: np.log(np.maximum(stack[c], 1e-300)) for c in ("estimate", "conf_low", "conf_high")}
    row = by_rubin(replace(stack, columns=dict(stack.columns) | scaled))
    return row | {c: float(np.exp(row[c])) for c in scaled} | {"label": "ratio"}


def by_difference(stack: Stack) -> Row:
    """A difference whose `df` is that of its chi-square or F test, `df2` the residual one."""
    residual = float(stack["df2"].mean()) if stack.has("df2") else np.inf
    return by_rubin(replace(stack, df_complete=residual))


def by_group_mean(stack: Stack) -> Row:
    """A mean with its standard error: n - 1 degrees of freedom."""
    return by_rubin(replace(stack, df_complete=float(stack["n_obs"].mean()) - 1))


def by_mean(stack: Stack) -> Row:
    """A description that has no standard error: its mean."""
    return _bare(stack) | {"label": "mean"}


def _pooled(estimates: np.ndarray, variances: np.ndarray, df_complete: float) -> Rubin:
    return rubin(estimates[:, None], variances[:, None], df_complete)


def _row(found: Rubin, conf_level: float) -> Row:
    low, high = found.interval(conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = found.estimate / found.std_error
    return {
        "estimate": float(found.estimate[0]),
        "std_error": float(found.std_error[0]),
        "statistic": float(statistic[0]),
        "df": float(found.df[0]) if np.isfinite(found.df[0]) else NAN,
        "p_value": float(found.p_value()[0]),
        "conf_low": float(low[0]),
        "conf_high": float(high[0]),
        "riv": float(found.riv[0]),
        "lambda": float(found.lam[0]),
        "fmi": float(found.fmi[0]),
        "efficiency": float(found.efficiency[0]),
    }


def _bare(stack: Stack) -> Row:
    return {"estimate": float(stack["estimate"].mean())}


def _lopsided(stack: Stack) -> bool:
    up, down = stack["conf_high"] - stack["estimate"], stack["estimate"] - stack["conf_low"]
    return bool((np.abs(up - down) > 1e-6 * (up + down)).any())


def _recovered(stack: Stack) -> Row:
    """Ends of an interval: on each side the mean squared distance of the m intervals, and the spread between them.

    ``estimate -+ sqrt(mean(distance^2) + z^2 (1 + 1/m) B)``: variance recovered from limits, Zou & Donner (2008),
    Statistics in Medicine 27, 1693-1702; for symmetric intervals it is Rubin's.
    """
    values, m = stack["estimate"], len(stack["estimate"])
    centre = float(values.mean())
    between = stack.normal**2 * (1 + 1 / m) * float(values.var(ddof=1))
    down = float(((values - stack["conf_low"]) ** 2).mean()) + between
    up = float(((stack["conf_high"] - values) ** 2).mean()) + between
    return {"conf_low": centre - np.sqrt(down), "conf_high": centre + np.sqrt(up)}
