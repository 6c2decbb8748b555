"""Data and items in, an item response model out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.measurement.item_response.answers import Answers, answers_of, both_words
from evalkit.measurement.item_response.categories import (
    item_information,
    log_probabilities,
    threshold_jacobian,
    thresholds,
)
from evalkit.measurement.item_response.estimation import Estimate, estimate, points, start_values
from evalkit.measurement.item_response.item_fit import NOT_FITTED, ItemFit, item_fits
from evalkit.measurement.item_response.likelihood import Layout, Marginal, Patterns, layout_of
from evalkit.measurement.item_response.result import IrtResult, ItemCurve, log_weights
from evalkit.sampling import unused_design

MODELS = {"graded": "graded", "generalised_partial_credit": "credit", "partial_credit": "credit"}
"""Each model's family of curves; in the partial credit model all items have one slope."""

FEWEST_POINTS, MOST_POINTS = 15, 401
STEEP = 5.0
"""A slope beyond this means that the item repeats others or parts the people nearly without error."""
FEWEST_COMPLETE = 30
"""Below so many complete rows the fit of items is not tested."""


def irt(
    data: pd.DataFrame,
    items: str | Sequence[str],
    *,
    model: str = "graded",
    nodes: int = 61,
    conf_level: float = 0.95,
) -> IrtResult:
    """Item response theory for ordered answers of one latent variable.

    Parameters
    ----------
    data : DataFrame
    items : str or sequence of str
        A scale id, several scale ids, or item names; a scale takes its keyed columns (`X_R` for a reverse item).
        With two answers an item's curve is that of the two-parameter logistic model.
    model : {"graded", "partial_credit", "generalised_partial_credit"}
        Samejima's graded response model, Masters' partial credit model (one discrimination for all items; with two
        answers the Rasch model), or Muraki's generalised one (each item has its own).
    nodes : int
        Points of the latent scale from -6 to 6 that the likelihood sums over.
    conf_level : float
        Coverage of the intervals of the parameters.

    Returns
    -------
    IrtResult
        Every person with an answer is used, with the items answered (right where answers are missing at random).
        Answers that nobody chose are left out of their item's scale and named (N976). Further notices: N6000 a
        declared sampling design, which is not used, W981 the search
        did not arrive, W978 items that run against the others, W973 very steep items, W988 a common slope that
        is not clearly above 0, N989 steps out of order, N980 no test of fit.
        ``scores(data)`` gives the places of people.

    Raises
    ------
    AnalysisError
        E614 for an unknown option; E970 an item that never varies; E971 one that nobody answered; E972 fewer than
        three items, or one twice; E974 too many values; E975 identical items; E977 fewer people than parameters.

    Notes
    -----
    Marginal maximum likelihood over a standard normal latent variable: Bock & Aitkin (1981), Psychometrika 46, 443-459.
    Standard errors from the observed information (Louis, 1982); those of thresholds by the delta method. Item fit:
    S-X2 over the people with complete answers, Holm's p over the items. In the partial credit model the discrimination
    is the SD of the latent variable on the scale where all discriminations are 1.
    """
    require_choices(model, nodes, conf_level)
    answers = answers_of(data, items)
    family, one_slope = MODELS[model], model == "partial_credit"
    layout = layout_of(family, answers.sizes, one_slope=one_slope)
    require_people(len(answers.codes), layout.n_free)
    patterns, theta = Patterns.of(answers.codes), points(nodes)
    marginal = Marginal(layout, [patterns], theta)
    found = estimate(marginal, start_values(layout, patterns, signs(answers.codes, one_slope)))
    complete = answers.codes[(answers.codes >= 0).all(axis=1)]
    fits = _fits(layout, found, theta, complete, one_slope)
    curves = _curves(answers, layout, found, fits)
    mean, variance = _posterior(found, theta)
    spread = float(np.average(mean**2, weights=patterns.counts) - np.average(mean, weights=patterns.counts) ** 2)
    error = float(np.average(variance, weights=patterns.counts))
    return IrtResult(
        model, family, curves, answers.labels, answers.words, theta, found.log_likelihood, layout.n_free,
        _marginal_reliability(curves, family, theta), spread / (spread + error), found.iterations, conf_level,
        len(answers.codes), len(complete), answers.dropped,
        (*unused_design(data), *answers.notices, *_warnings(found, curves, answers, len(complete), one_slope)),
    )  # fmt: skip


def require_people(n: int, n_parameters: int) -> None:
    """Raise E977 where people are not more than parameters."""
    if n <= n_parameters:
        raise AnalysisError(Problem("E977", params={"n": n, "k": n_parameters}))


def signs(codes: np.ndarray, one_slope: bool) -> np.ndarray:
    """1 or -1 for each item: which way it runs with the first component of the items' correlations."""
    p = codes.shape[1]
    if one_slope:
        return np.ones(p)
    there = codes >= 0
    each = np.where(there, codes, 0.0)
    mean = each.sum(axis=0) / there.sum(axis=0)
    z = np.where(there, codes - mean, 0.0)
    z /= np.sqrt((z**2).sum(axis=0))
    first = np.linalg.eigh(z.T @ z)[1][:, -1]
    return np.where(first * np.sign(first.sum() or 1.0) < 0, -1.0, 1.0)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values; nan stays nan and does not count."""
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return out


def require_choices(model: str, nodes: int, conf_level: float) -> None:
    """Raise E614 for choices that mean nothing."""
    bad = {}
    if model not in MODELS:
        bad["model"] = model
    if not isinstance(nodes, (int, np.integer)) or isinstance(nodes, bool) or not FEWEST_POINTS <= nodes <= MOST_POINTS:
        bad["nodes"] = str(nodes)
    if not 0 < conf_level < 1:
        bad["conf_level"] = str(conf_level)
    if bad:
        raise AnalysisError([Problem("E614", params={"option": k, "value": v}) for k, v in bad.items()])


def _fits(layout: Layout, found: Estimate, theta: np.ndarray, complete: np.ndarray, one_slope: bool) -> list[ItemFit]:
    if len(complete) < FEWEST_COMPLETE or not found.converged:
        return [NOT_FITTED] * len(layout.sizes)
    chances = [
        np.exp(log_probabilities(layout.family, *layout.item(found.x, 0, j), theta)) for j in range(len(layout.sizes))
    ]
    own = [size - 1 if one_slope else size for size in layout.sizes]
    return item_fits(chances, np.exp(log_weights(theta)), complete, own)


def _curves(answers: Answers, layout: Layout, found: Estimate, fits: list[ItemFit]) -> tuple[ItemCurve, ...]:
    adjusted = holm(np.array([fit.p_value for fit in fits]))
    out = []
    for j, (name, values) in enumerate(zip(answers.names, answers.values, strict=True)):
        slope, intercepts = layout.item(found.x, 0, j)
        mine = layout.places(0)[layout.starts[j] : layout.starts[j] + layout.sizes[j]]
        jacobian = threshold_jacobian(layout.family, slope, intercepts)
        errors = np.sqrt(np.diag(jacobian @ found.covariance[np.ix_(mine, mine)] @ jacobian.T))
        out.append(
            ItemCurve(name, values, slope, intercepts, thresholds(layout.family, slope, intercepts), float(errors[0]),
                      errors[1:], int((answers.codes[:, j] >= 0).sum()), fits[j], float(adjusted[j]))
        )  # fmt: skip
    return tuple(out)


def _posterior(found: Estimate, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the latent variable for each distinct row of answers."""
    weight = found.at.posterior[0]
    mean = weight @ theta
    return mean, weight @ theta**2 - mean**2


def _marginal_reliability(curves: tuple[ItemCurve, ...], family: str, theta: np.ndarray) -> float:
    """Green, Bock, Humphreys, Linn & Reckase (1984), Journal of Educational Measurement 21, 347-360."""
    told = sum(item_information(family, i.slope, i.intercepts, theta) for i in curves)
    return float(np.exp(log_weights(theta)) @ (told / (told + 1)))


def _warnings(
    found: Estimate, curves: tuple[ItemCurve, ...], answers: Answers, n_complete: int, one_slope: bool
) -> list[Problem]:
    notices = []
    if not found.converged:
        notices.append(Problem("W981", params={}))
    against = [both_words(answers.labels[i.name]) for i in curves if i.slope < 0]
    if one_slope and not curves[0].slope > 2 * curves[0].slope_error:
        notices.append(Problem("W988", params={"value": f"{curves[0].slope:.3f}"}))
    elif against:
        notices.append(Problem("W978", params={"items": against}))
    mixed = [both_words(answers.labels[i.name]) for i in curves if np.any(np.diff(i.thresholds) * np.sign(i.slope) < 0)]
    if mixed:
        notices.append(Problem("N989", params={"items": mixed}))
    steep = [both_words(answers.labels[i.name]) for i in curves if abs(i.slope) > STEEP]
    if steep:
        notices.append(Problem("W973", params={"items": steep, "bound": f"{STEEP:g}"}))
    if n_complete < FEWEST_COMPLETE:
        notices.append(Problem("N980", params={"n": n_complete, "least": FEWEST_COMPLETE}))
    return notices
