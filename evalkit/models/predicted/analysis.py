"""A data frame, a formula and a family in, predictions at chosen values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.models.generalised.analysis import outcome_model
from evalkit.models.generalised.categories import Multinomial, Ordered
from evalkit.models.generalised.category_effects import curves
from evalkit.models.generalised.fit import Fitted
from evalkit.models.generalised.links import SingleIndex
from evalkit.models.generalised.outcomes import FAMILIES, likelihood_of, outcome_of
from evalkit.models.linear import entered, model_blocks, regress
from evalkit.models.matrix import INTERCEPT
from evalkit.models.predicted.pairs import Pairs, differences, require_pairs
from evalkit.models.predicted.points import TYPICAL, Points, points_of
from evalkit.models.predicted.result import Predicted, PredictionResult
from evalkit.models.sample import complete_rows, relevant
from evalkit.sampling import Design

LINEAR = "linear"


def predict(
    data: pd.DataFrame,
    formula: str | None = None,
    *,
    family: str = LINEAR,
    at: Mapping[str, Sequence[float | str]] | None = None,
    grid: bool = True,
    typical: str = "shares",
    pairs: str | None = None,
    y: str | None = None,
    blocks: Sequence[Sequence[str]] | None = None,
    cov: str | None = None,
    cluster: str | Sequence[str] | None = None,
    conf_level: float = 0.95,
    design: Design | None = None,
) -> PredictionResult:
    """What a model expects at chosen values of its predictors, with intervals.

    Parameters
    ----------
    data : DataFrame
    formula, y, blocks, cov, cluster, design
        As in `regress` (family `linear`) and `outcome_model`; all blocks are in the model.
    family : str
        `linear`, or a family of `outcome_model`.
    at : mapping of name to values
        Numbers, or categories of a nominal variable (code or label). A variable that is not named has its mean; a
        nominal one the shares of its categories.
    grid : bool
        Every value with every other (at most 500 points); False takes the lists in step, a point a place.
    typical : {"shares", "equal"}
        A nominal variable that is not named: at the shares of its categories, or each of them alike (estimated
        marginal means).
    pairs : str, optional
        Differences of all points, with p adjusted: `tukey`, `holm`, `hochberg`, `hommel`, `bonferroni`, `bh`, `by`,
        `none`. Of outcomes with a mean.
    conf_level : float

    Returns
    -------
    PredictionResult
        `tidy()`: term = the point (`SAT=3,tenure=renter`), level = the category for ordered and nominal outcomes;
        intervals of means on the scale of the linear predictor, of categories on that of log odds. Linear models with
        classical errors have the interval of a new observation too (`pred_low`, `pred_high`). Rows
        `pair.<point>-<point>` are differences. nan where the model cannot be estimated, with its notices.

    Raises
    ------
    AnalysisError
        As `regress` and `outcome_model`; E6040 to E6042 for points that mean nothing, E6786
        to E6788 for pairs that cannot be and an unknown way to be typical.

    Notes
    -----
    Delta method. Counts are predicted at an exposure of 1.
    """
    _check(family, typical, pairs)
    outcome, given = model_blocks(formula, y, blocks)
    names = list(dict.fromkeys(n for block in given for term in block for n in term))
    whole = [[":".join(term) for block in given for term in block]]
    fits = {"cov": cov, "cluster": cluster, "conf_level": conf_level, "design": design}
    codes, values = (), None
    if family == LINEAR:
        model = regress(data, y=outcome, blocks=whole, **fits)  # type: ignore[arg-type]
    else:
        model = outcome_model(data, y=outcome, blocks=whole, family=family, **fits)  # type: ignore[arg-type]
        found = outcome_of(relevant(data, [outcome], None, None), outcome, family)
        codes, values = found.codes, found.values
    part = relevant(data, [outcome, *names], cluster, design)
    steps, _ = entered(part, given)
    target = np.zeros(len(part)) if values is None else values
    together = np.column_stack([target, steps[-1].values])
    sample = complete_rows(part, [outcome, *names], together, cluster=cluster, design=design, ways=2)
    weights = None if sample.design is None else sample.design.weights[sample.rows]
    points = points_of(part, names, sample.rows, weights, at or {}, grid, typical)
    if pairs is not None:
        require_pairs(pairs, len(points.ids))
    if family == LINEAR:
        predicted = _linear(model.models[-1].fit, points, conf_level, plain=model.cov == "classical")
    else:
        there = np.unique(target[sample.rows]).astype(int) if codes else []
        used = tuple(codes[i] for i in there)
        predicted = _generalised(model.models[-1].fit, family, points, used, conf_level)
    return PredictionResult(
        outcome=outcome,
        family=family,
        points=points.ids,
        predicted=predicted,
        pairs=None if pairs is None else _pairs(model.models[-1].fit, family, points, pairs, conf_level),
        typical=typical,
        cov=model.cov,
        cluster=model.cluster,
        crossed=model.crossed,
        categories=dict(getattr(model, "categories", {})),
        conf_level=conf_level,
        labels={**model.labels, **dict(zip(points.ids, points.labels, strict=True))},
        n_obs=model.n_obs,
        dropped=model.dropped,
        notices=model.notices,
    )


def _check(family: str, typical: str, pairs: str | None) -> None:
    if family != LINEAR and family not in FAMILIES:
        raise AnalysisError(Problem("E760", params={"name": family, "known": [LINEAR, *FAMILIES]}))
    if typical not in TYPICAL:
        raise AnalysisError(Problem("E6788", params={"value": typical, "known": list(TYPICAL)}))
    if pairs is not None and family != LINEAR and FAMILIES[family][0] in ("ordered", "nominal"):
        raise AnalysisError(Problem("E762", params={"option": "pairs", "family": Label(f"outcomes.family.{family}")}))


def _quantile(df: float, conf_level: float) -> float:
    from scipy.stats import norm, t

    return float((norm if np.isinf(df) else t(df)).ppf((1 + conf_level) / 2))


def _linear(fit, points: Points, conf_level: float, *, plain: bool) -> Predicted:  # type: ignore[no-untyped-def]
    kept = [j for j in range(len(fit.terms)) if not np.isnan(fit.estimate[j])]
    n = len(points.ids)
    if not kept:
        return Predicted.nothing(n, ("",))
    x = np.column_stack([np.ones(n), points.matrix([fit.terms[j] for j in kept if j])])
    mean = x @ fit.estimate[kept]
    error = np.sqrt(np.einsum("ij,jk,ik->i", x, fit.matrix[np.ix_(kept, kept)], x))
    reach = _quantile(fit.df, conf_level)
    wide = reach * np.sqrt(error**2 + fit.sigma**2) if plain else np.full(n, np.nan)
    return Predicted(
        ("",) * n,
        np.arange(n),
        mean,
        error,
        mean - reach * error,
        mean + reach * error,
        mean,
        error,
        mean - wide,
        mean + wide,
    )


def _pairs(fit, family: str, points: Points, adjust: str, conf_level: float) -> Pairs | None:  # type: ignore[no-untyped-def]
    """Differences of all points; None where the model cannot be estimated."""
    kept = [j for j in range(len(fit.terms)) if not np.isnan(fit.estimate[j])]
    if not kept or not np.isfinite(fit.matrix[np.ix_(kept, kept)]).all():
        return None
    x = np.column_stack([np.ones(len(points.ids)), points.matrix([fit.terms[j] for j in kept if j])])
    eta, matrix = x @ fit.estimate[kept], fit.matrix[np.ix_(kept, kept)]
    if family == LINEAR:
        return differences(eta, x, matrix, fit.df, adjust, conf_level)
    likelihood = likelihood_of(family, x, np.zeros(len(x)), np.zeros(len(x)))
    if not isinstance(likelihood, SingleIndex):
        raise TypeError(type(likelihood).__name__)
    slope = likelihood.link.slope(eta)
    return differences(likelihood.link.mean(eta), slope[:, None] * x, matrix, fit.df, adjust, conf_level)


def _generalised(fit: Fitted, family: str, points: Points, codes: tuple[str, ...], conf_level: float) -> Predicted:
    n, kind = len(points.ids), FAMILIES[family][0]
    several = kind in ("ordered", "nominal")
    if fit.why or not np.isfinite(fit.matrix).all():
        return Predicted.nothing(n, codes if several and codes else ("",))
    slopes = list(dict.fromkeys(t for t in fit.terms if t != INTERCEPT and not t.startswith("threshold.")))
    x = np.column_stack([np.ones(n), points.matrix(slopes)])
    top = np.full(n, max(len(codes) - 1, 0), dtype=float)
    likelihood = likelihood_of(family, x, top, np.zeros(n))
    reach = _quantile(fit.df, conf_level)
    if isinstance(likelihood, SingleIndex):
        eta = x @ fit.estimate
        error = np.sqrt(np.einsum("ij,jk,ik->i", x, fit.matrix, x))
        mean, slope = likelihood.link.mean, likelihood.link.slope
        none = np.full(n, np.nan)
        ends = (mean(eta - reach * error), mean(eta + reach * error))
        return Predicted(("",) * n, np.arange(n), mean(eta), slope(eta) * error, *ends, eta, error, none, none)
    if not isinstance(likelihood, (Ordered, Multinomial)):
        raise TypeError(type(likelihood).__name__)
    design = likelihood.design(x[:, 1:] if isinstance(likelihood, Ordered) else x)
    at = curves(likelihood, design @ fit.estimate)
    gradient = np.einsum("nkj,njp->nkp", at.first, design)
    error = np.sqrt(np.maximum(np.einsum("nkp,pq,nkq->nk", gradient, fit.matrix, gradient), 0.0)).ravel()
    chance = at.chance.ravel()
    odds, spread = np.log(chance / (1 - chance)), reach * error / (chance * (1 - chance))
    ends = [1 / (1 + np.exp(-(odds + side * spread))) for side in (-1, 1)]
    none = np.full(len(chance), np.nan)
    place = np.repeat(np.arange(n), len(codes))
    return Predicted(codes * n, place, chance, error, ends[0], ends[1], none, none, none, none)
