"""A fitted linear model in, tests of its assumptions out."""

from __future__ import annotations

import numpy as np

from evalkit.models.examination.cases import Cases, Linear
from evalkit.moments import least_squares

Test = tuple[float, float, float, float]
"""Statistic, df, second df, p; nan where there is none."""
MOST_SHAPIRO = 5000
NAMES = (
    "breusch_pagan",
    "breusch_pagan_original",
    "score_fitted",
    "white",
    "durbin_watson",
    "reset",
    "shapiro",
    "jarque_bera",
    "outlier",
)


def assumption_tests(model: Linear, cases: Cases) -> dict[str, Test]:
    """Constant variance, order, form, normality and the largest outlier: every test in `NAMES`.

    Notes
    -----
    Breusch & Pagan (1979), Econometrica 47, 1287-1294, original and with Koenker's (1981) studentised form, which
    needs no normal errors; Cook & Weisberg (1983), Biometrika 70, 1-10 (`score_fitted`); White (1980), Econometrica 48,
    817-838, with fitted values and their squares; Durbin & Watson (1950), without p: it is about rows in an order;
    Ramsey (1969), powers 2 and 3 of the fitted values; Shapiro & Wilk (1965), up to 5000 rows; Jarque & Bera (1987);
    largest studentised residual: its p is for one row named beforehand, Bonferroni's for the largest of n.
    """
    e, fitted, n = model.residual, model.fitted, len(model.y)
    relative = e**2 / (e @ e / n)
    one = np.ones(n)
    mean = np.column_stack([one, fitted])
    return {
        "breusch_pagan": _chi2(n * _share(model.x, relative), model.x.shape[1] - 1),
        "breusch_pagan_original": _chi2(_explained(model.x, relative) / 2, model.x.shape[1] - 1),
        "score_fitted": _chi2(_explained(mean, relative) / 2, 1),
        "white": _chi2(n * _share(np.column_stack([mean, fitted**2]), relative), 2),
        "durbin_watson": (float((np.diff(e) ** 2).sum() / (e @ e)), np.nan, np.nan, np.nan),
        "reset": _reset(model),
        "shapiro": _shapiro(e),
        "jarque_bera": _chi2(_jarque_bera(e), 2),
        "outlier": _outlier(cases.rstudent, model.df - 1),
    }


def _explained(x: np.ndarray, y: np.ndarray) -> float:
    return float(((y - y.mean()) ** 2).sum() - least_squares(x, y).residual_ss)


def _share(x: np.ndarray, y: np.ndarray) -> float:
    return _explained(x, y) / float(((y - y.mean()) ** 2).sum())


def _chi2(value: float, df: int) -> Test:
    from scipy.stats import chi2

    if df < 1:
        return (np.nan, np.nan, np.nan, np.nan)
    return value, float(df), np.nan, float(chi2.sf(value, df))


def _reset(model: Linear) -> Test:
    from scipy.stats import f

    scaled = model.fitted / np.abs(model.fitted).max()
    more = least_squares(np.column_stack([model.x, scaled**2, scaled**3]), model.y)
    added, df = more.rank - model.x.shape[1], len(model.y) - more.rank
    if added < 1 or df < 1 or more.residual_ss <= 0:
        return (np.nan, np.nan, np.nan, np.nan)
    value = (model.ssr - more.residual_ss) / added / (more.residual_ss / df)
    return value, float(added), float(df), float(f.sf(value, added, df))


def _shapiro(e: np.ndarray) -> Test:
    from scipy.stats import shapiro

    if not 3 <= len(e) <= MOST_SHAPIRO:
        return (np.nan, np.nan, np.nan, np.nan)
    found = shapiro(e)
    return float(found.statistic), np.nan, np.nan, float(found.pvalue)


def _jarque_bera(e: np.ndarray) -> float:
    d = e - e.mean()
    second = (d**2).mean()
    skew, kurtosis = (d**3).mean() / second**1.5, (d**4).mean() / second**2
    return float(len(e) / 6 * (skew**2 + (kurtosis - 3) ** 2 / 4))


def _outlier(rstudent: np.ndarray, df: int) -> Test:
    from scipy.stats import t

    if df < 1 or np.isnan(rstudent).all():
        return (np.nan, np.nan, np.nan, np.nan)
    value = float(rstudent[np.nanargmax(np.abs(rstudent))])
    return value, float(df), np.nan, float(2 * t.sf(abs(value), df))
