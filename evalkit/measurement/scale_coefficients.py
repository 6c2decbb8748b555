"""Answers of one scale in; every further coefficient of its reliability, with its name, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.contract import Label, Problem
from evalkit.correlations import polychoric
from evalkit.measurement.composite import composite_of
from evalkit.measurement.consistency import (
    all_splits,
    alpha_of,
    average_correlation,
    duhachek_error,
    lambdas,
    median_correlation,
    odd_even,
    spearman_brown,
    stratified_alpha,
    ten_berge,
)
from evalkit.measurement.hierarchical import SchmidLeiman, schmid_leiman
from evalkit.measurement.minres import one_factor
from evalkit.measurement.reliability_answers import Answers, both
from evalkit.measurement.reliability_intervals import normal_interval
from evalkit.moments import correlation_of

_NAN = float("nan")
MOST_CATEGORIES = 20


@dataclass(frozen=True)
class Coefficient:
    """One figure of a scale: `term` is its row in `tidy` (after `model.`)."""

    term: str
    estimate: float
    std_error: float = _NAN
    low: float = _NAN
    high: float = _NAN
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Further:
    """What `coefficients="all"` adds: figures, the hierarchical solution where there is one, notices."""

    coefficients: tuple[Coefficient, ...] = ()
    hierarchical: SchmidLeiman | None = None
    notices: tuple[Problem, ...] = ()


def further(
    label: Label, labels: Sequence[Label], answers: Answers, parts: Sequence[Sequence[int]], n_groups: int | None,
    lengths: Sequence[float], conf_level: float,
) -> Further:  # fmt: skip
    """All further coefficients of a scale that has alpha.

    Parameters
    ----------
    parts : sequence of sequences of int
        Positions of the items of each part of a scale made of scales; empty for others.
    n_groups : int, optional
        Group factors for omega hierarchical; by default one a part, where there are three parts or more.
    lengths : sequence of float
        Lengths, as multiples of the scale's, to which the Spearman-Brown formula takes alpha.
    """
    cov, r, n = answers.cov, answers.r, answers.n
    alpha = alpha_of(cov)
    error = duhachek_error(cov, n)
    found = [
        Coefficient("alpha_duhachek", alpha, error, *normal_interval(alpha, error, conf_level)),
        Coefficient("alpha_standardised", alpha_of(r)),
        *_ordinal(answers),
        *_composite(answers),
    ]
    for matrix, suffix in ((cov, ""), (r, "_standardised")):
        found += _bounds(matrix, suffix)
    found += [
        Coefficient(f"odd_even_{name}", value)
        for name, value in zip(("r", "spearman_brown", "guttman"), odd_even(cov), strict=True)
    ]
    average = average_correlation(r)
    found += [
        Coefficient("average_r", average),
        Coefficient("median_r", median_correlation(r)),
        Coefficient("signal_noise", len(r) * average / (1 - average) if average < 1 else _NAN),
    ]
    found += _errors(cov, alpha)
    if np.isin(answers.x[answers.used], (0.0, 1.0)).all():
        found.append(Coefficient("kr20", alpha))
    if parts:
        found.append(Coefficient("alpha_stratified", stratified_alpha(cov, parts)))
    found += [Coefficient(f"alpha_length.{length:g}", spearman_brown(alpha, length)) for length in lengths]
    wanted = n_groups or (len(parts) if len(parts) > 2 else None)
    solution, more, notices = _hierarchical(label, labels, r, wanted)
    missing = [Problem("W967", params={"scale": both(label)})] if len(r) > 2 and _no_cfa(found) else []
    return Further((*found, *more), solution, (*missing, *notices))


def _ordinal(answers: Answers) -> Iterator[Coefficient]:
    """Alpha and omega of the polychoric matrix.

    Zumbo, Gadermann & Zeisser (2007), Journal of Modern Applied Statistical Methods 6, 21-29.
    """
    r, reason = _polychoric(answers)
    if r is None:
        yield Coefficient("alpha_ordinal", _NAN, reason=reason)
        yield Coefficient("omega_ordinal", _NAN, reason=reason)
        return
    yield Coefficient("alpha_ordinal", alpha_of(r))
    if len(r) < 3:
        yield Coefficient("omega_ordinal", _NAN, reason="reliability.reason_two_items")
        return
    fit = one_factor(r)
    reason = None if fit.converged else "reliability.reason_minres"
    yield Coefficient("omega_ordinal", fit.omega if fit.converged else _NAN, reason=reason)


def _polychoric(answers: Answers) -> tuple[np.ndarray | None, str | None]:
    x = answers.x[answers.used]
    if any(len(np.unique(column[~np.isnan(column)])) > MOST_CATEGORIES for column in x.T):
        return None, "reliability.reason_categories"
    missing = "pairwise" if answers.pairwise else "listwise"
    found = polychoric(x, weights=answers.design.weights[answers.used], missing=missing)
    if found.at_bound or np.isnan(found.r).any():
        return None, "reliability.reason_polychoric"
    return found.r, None


def _composite(answers: Answers) -> Iterator[Coefficient]:
    found = composite_of(answers.cov, answers.n)
    reason = "reliability.reason_two_items" if len(answers.cov) < 3 else "reliability.reason_cfa"
    for term, value in (
        ("omega_cfa", found.implied),
        ("omega_cfa_observed", found.observed),
        ("composite_reliability", found.standardised),
        ("ave", found.ave),
    ):
        yield Coefficient(term, value, reason=None if np.isfinite(value) else reason)


def _no_cfa(found: Sequence[Coefficient]) -> bool:
    return any(c.term == "omega_cfa" and not np.isfinite(c.estimate) for c in found)


def _bounds(matrix: np.ndarray, suffix: str) -> Iterator[Coefficient]:
    """Guttman's lambdas, splits and ten Berge's series of one matrix."""
    low, splits = lambdas(matrix), all_splits(matrix)
    values = {
        "lambda_1": low.one, "lambda_2": low.two, "lambda_3": low.three, "lambda_4": splits.best,
        "lambda_5": low.five, "lambda_6": low.six, "split_worst": splits.worst, "split_mean": splits.mean,
        **{f"ten_berge_{h}": value for h, value in enumerate(ten_berge(matrix))},
    }  # fmt: skip
    for term, value in values.items():
        why = "reliability.reason_singular" if term == "lambda_6" else "reliability.reason_splits"
        yield Coefficient(term + suffix, value, reason=None if np.isfinite(value) else why)


def _errors(cov: np.ndarray, alpha: float) -> Iterator[Coefficient]:
    """Standard error of measurement, of the sum and of the mean of the items."""
    error = float(np.sqrt(cov.sum() * (1 - alpha)))
    yield Coefficient("error_of_sum", error)
    yield Coefficient("error_of_mean", error / len(cov))


def _hierarchical(
    label: Label, labels: Sequence[Label], r: np.ndarray, n_groups: int | None
) -> tuple[SchmidLeiman | None, list[Coefficient], list[Problem]]:
    """Omegas of a general factor above group factors."""
    terms = ("omega_hierarchical", "omega_total", "omega_asymptotic", "explained_common_variance")
    if n_groups is None:
        return None, [], []
    at = {"scale": both(label), "k": len(r), "m": n_groups}
    if len(r) < 2 * n_groups or np.linalg.eigvalsh(r)[0] < 1e-10:
        reason = "reliability.reason_groups"
        return None, [Coefficient(t, _NAN, reason=reason) for t in terms], [Problem("W843", params=at)]
    found = schmid_leiman(correlation_of(r), n_groups)
    if not found.converged:
        reason = "reliability.reason_minres"
        return None, [Coefficient(t, _NAN, reason=reason) for t in terms], [Problem("W844", params=at)]
    notices = []
    if found.heywood:
        notices.append(Problem("W634", params=at | {"items": [both(labels[i]) for i in found.heywood]}))
    values = (
        found.omega_hierarchical, found.omega_total, found.omega_asymptotic, found.explained_common_variance
    )  # fmt: skip
    return found, [Coefficient(t, v) for t, v in zip(terms, values, strict=True)], notices
