"""Models of m completed data sets in, joint tests of their coefficients out: D1, and D3 where it is exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evalkit.studies.imputation.methods import NAN, Row
from evalkit.studies.imputation.rubin import JointTest, likelihood_test, wald_test

Key = tuple[str, str]


def joint_rows(results: Sequence[Any]) -> Iterator[tuple[str, str, Row]]:
    """Model, term and pooled row of the test of all slopes, and of those a block adds.

    Terms: `model.f_statistic` and `model.f_change`, for other than linear models `model.chi2_model` and
    `model.chi2_change`; `_d3` after them for likelihood-ratio tests. Results without nested models have none.
    """
    results = [with_models(result) for result in results]
    series = [getattr(result, "models", None) for result in results]
    if not all(isinstance(s, tuple) and s and hasattr(s[0], "fit") for s in series):
        return
    linear = hasattr(series[0][0].fit, "ssr")
    whole, change = ("f_statistic", "f_change") if linear else ("chi2_model", "chi2_change")
    exact = linear and all(r.cov == "classical" and not r.weighted for r in results)
    for number, first in enumerate(series[0]):
        fits = [s[number].fit for s in series]
        before = [s[number - 1].fit for s in series] if number else None
        slopes = [key for key in _keys(fits[0]) if not key[0].startswith(("intercept", "threshold."))]
        added = [key for key in slopes if before is None or key not in _keys(before[0])]
        for name, tested, null in ((whole, slopes, None), (change, added, before)):
            found = _wald(fits, tested, linear)
            if found is None:
                continue
            yield first.name, f"model.{name}", _row(found, "d1")
            if exact:
                yield first.name, f"model.{name}_d3", _row(_likelihood(fits, null, len(tested)), "d3")


def with_models(result: Any) -> Any:
    """The part of a result that has nested models: of moderations and response surfaces their `series`."""
    return getattr(result, "series", result)


def product_rows(results: Sequence[Any]) -> Iterator[Row]:
    """Rows `interaction.*` of moderations: D1 of the products of each highest order, `interaction.all` of them all."""
    fits = [with_models(result).models[-1].fit for result in results]
    linear = hasattr(fits[0], "ssr")
    asked = [str(term) for term in results[0].rows("interaction")["term"]]
    products = {term: term.removeprefix("interaction.").split(":") for term in asked if not term.endswith(".all")}
    keys = {
        term: [key for key in _keys(fits[0]) if _product_of(key[0].split(":"), parts)]
        for term, parts in products.items()
    }
    keys["interaction.all"] = [key for own in list(keys.values()) for key in own]
    for term in asked:
        found = _wald(fits, keys[term], linear)
        if found is not None:
            yield {"term": term} | _row(found, "d1")


def _product_of(columns: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether columns of a product are those (or dummies of those) variables."""
    return len(columns) == len(parts) and all(
        column == part or column.startswith(f"{part}.") for column, part in zip(columns, parts, strict=True)
    )


def _keys(fit: Any) -> list[Key]:
    levels = getattr(fit, "levels", ("",) * len(fit.terms))
    return list(zip(fit.terms, levels, strict=True))


def _places(fit: Any, wanted: Sequence[Key]) -> list[int]:
    keys = _keys(fit)
    return [keys.index(key) for key in wanted if key in keys]


def _wald(fits: Sequence[Any], tested: Sequence[Key], linear: bool) -> JointTest | None:
    """D1; nothing where an imputation lacks one of the coefficients."""
    places = [_places(fit, tested) for fit in fits]
    if not tested or any(len(place) < len(tested) for place in places):
        return None
    estimates = np.array([fit.estimate[place] for fit, place in zip(fits, places, strict=True)])
    matrices = np.array([fit.matrix[np.ix_(place, place)] for fit, place in zip(fits, places, strict=True)])
    if not (np.isfinite(estimates).all() and np.isfinite(matrices).all()):
        return None
    return wald_test(estimates, matrices, complete_df(fits[0], linear))


def complete_df(fit: Any, linear: bool) -> float:
    """Residual degrees of freedom: of the t tests, or rows less coefficients where those are large-sample tests."""
    known = float(fit.df)
    return known if linear or np.isfinite(known) else float(fit.n_obs - len(fit.terms))


def _likelihood(fits: Sequence[Any], before: Sequence[Any] | None, k: int) -> JointTest:
    """D3 of linear models, from coefficients, covariances and residual sums of squares."""
    own, at_mean = _log_likelihoods(fits)
    null, null_at_mean = _constants(fits) if before is None else _log_likelihoods(before)
    return likelihood_test(2 * (own - null), 2 * (at_mean - null_at_mean), k)


def _log_likelihoods(fits: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Of each data set at its own estimates and at the mean of all, shape (m,) each."""
    used = np.flatnonzero(np.isfinite(fits[0].estimate))
    n = fits[0].n_obs
    rest = np.array([fit.ssr for fit in fits])
    estimates = np.array([fit.estimate[used] for fit in fits])
    mean, variance = estimates.mean(axis=0), float(rest.mean()) / n
    away = []
    for fit, b in zip(fits, estimates, strict=True):
        squares = np.linalg.inv(fit.matrix[np.ix_(used, used)]) * fit.ssr / fit.df
        away.append(fit.ssr + (mean - b) @ squares @ (mean - b))
    return _normal(n, rest / n, rest), _normal(n, np.full(len(fits), variance), np.array(away))


def _constants(fits: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """The same of the models with a constant only."""
    n = fits[0].n_obs
    total = np.array([fit.total_ss for fit in fits])
    means = np.array([_mean(fit) for fit in fits])
    away = total + n * (means - means.mean()) ** 2
    return _normal(n, total / n, total), _normal(n, np.full(len(fits), float(total.mean()) / n), away)


def _mean(fit: Any) -> float:
    """Mean of the outcome: what the model says at the means of its columns, from the covariance of coefficients.

    The covariance of the constant with the slopes is ``-V xbar``, V being that of the slopes.
    """
    used = np.flatnonzero(np.isfinite(fit.estimate))
    matrix = fit.matrix[np.ix_(used, used)]
    centre = -np.linalg.solve(matrix[1:, 1:], matrix[1:, 0])
    return float(fit.estimate[used][0] + fit.estimate[used][1:] @ centre)


def _normal(n: int, variance: np.ndarray, squares: np.ndarray) -> np.ndarray:
    return np.asarray(-n / 2 * np.log(2 * np.pi * variance) - squares / (2 * variance))


def _row(test: JointTest, label: str) -> Row:
    return {
        "estimate": test.statistic,
        "statistic": test.statistic,
        "df": test.df,
        "df2": test.df2 if np.isfinite(test.df2) else NAN,
        "p_value": test.p_value,
        "riv": test.riv,
        "label": label,
    }
