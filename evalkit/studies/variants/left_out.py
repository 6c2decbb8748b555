"""A model and a column of clusters in, its key effects without one cluster at a time out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, require_columns
from evalkit.models.linear import between_clusters, entered
from evalkit.models.matrix import INTERCEPT, code_text, numeric_outcome
from evalkit.models.sample import complete_rows, error_kind, relevant
from evalkit.models.sandwich import KINDS
from evalkit.moments import least_squares
from evalkit.sampling import design_of
from evalkit.studies.variants.estimating import NUMBERS, Estimated, estimate
from evalkit.studies.variants.specification import Specification

FROM_PRODUCTS = ("classical", "CR0", "CR1p", "CR1")
"""Standard errors that cross-products and score totals of clusters determine."""

SINGULAR = 1e-8
"""A cluster that holds all but this share of a direction of the columns alone determines it."""


def without_each(base: Specification, column: str, keys: Sequence[str]) -> dict[str, Estimated]:
    """Key effects by the cluster left out, in the order of appearance.

    Linear models with the errors `FROM_PRODUCTS` are found from cross-products of the clusters, without a refit;
    others are fitted anew.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E6377 for fewer than two clusters.
    """
    require_columns(base.data, [column])
    values = base.data[column]
    labels = [code for code in pd.unique(values) if code == code and code is not None]
    if len(labels) < 2:
        raise AnalysisError(Problem("E6377", params={"name": column, "n": len(labels)}))
    quick = _from_products(base, column, keys) if base.do == "regress" else {}
    out = {}
    for label in labels:
        name = code_text(label)
        rest = base.data.loc[(values != label).to_numpy()]
        out[name] = quick[name] if name in quick else estimate(replace(base, data=rest), keys)
    return out


@dataclass(frozen=True, eq=False)
class _Parts:
    """Sums of one linear model by cluster, over orthonormal columns ``X = Q R``.

    `inner` (G, k, k) are ``Q_g' Q_g``, `scores` (G, k) ``Q_g' e_g``, `squares` (G,) ``e_g' e_g`` of the residuals e of
    all rows, `about` (G, 3) the rows, sum and sum of squares of the outcome.
    """

    inner: np.ndarray
    scores: np.ndarray
    squares: np.ndarray
    about: np.ndarray


def _from_products(base: Specification, column: str, keys: Sequence[str]) -> dict[str, Estimated]:
    """Results for the clusters whose absence leaves the columns independent; none where a refit is called for."""
    given = base.arguments
    own = given.get("cluster")
    plain = not any(given.get(name) for name in ("design", "precision", "bootstrap"))
    if not plain or design_of(base.data, None) is not None or own not in (None, column):
        return {}
    outcome, blocks = base.blocks
    names = [outcome, *(n for block in blocks for term in block for n in term)]
    data = relevant(base.data, names, column, None)
    values, _ = numeric_outcome(data, outcome)
    columns = entered(data, blocks)[0][-1]
    sample = complete_rows(data, names, np.column_stack([values, columns.values]), cluster=column)
    unnamed = replace(sample, clusters=None) if own is None else sample
    kind = error_kind(given.get("cov"), unnamed, own, KINDS)
    if kind not in FROM_PRODUCTS or sample.n < len(base.data.dropna(subset=names)):
        return {}
    x, y = columns.values[sample.rows], values[sample.rows]
    full = np.column_stack([np.ones(len(y)), x])
    solved = least_squares(full, y)
    if solved.dropped or sample.n <= solved.rank or sample.clusters is None:
        return {}
    terms = (INTERCEPT, *columns.terms)
    places = [terms.index(key) if key in terms else -1 for key in keys]
    if -1 in places:
        return {}
    q, r = np.linalg.qr(full)
    parts = _parts(q, y, full @ solved.coefficients, sample.clusters)
    back = np.linalg.solve(r, np.eye(len(r)))
    whole = [code_text(label) for label in pd.unique(data[column].to_numpy()[sample.rows])]
    between = between_clusters(str(given.get("df", "default")), kind)
    level = float(given.get("conf_level", 0.95))
    out = {}
    for g, name in enumerate(whole):
        found = _without(parts, g, kind, between)
        if found is not None:
            step, matrix, n, df, r_squared = found
            b, rows_of_back = solved.coefficients[places] + back[places] @ step, back[places]
            variance = np.einsum("ij,jk,ik->i", rows_of_back, matrix, rows_of_back)
            out[name] = _estimated(keys, b, np.sqrt(variance), df, level, n, r_squared, outcome)
    return out


def _parts(q: np.ndarray, y: np.ndarray, fitted: np.ndarray, clusters: np.ndarray) -> _Parts:
    groups, k = int(clusters.max()) + 1, q.shape[1]
    residual = y - fitted
    order = np.argsort(clusters, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1)
    inner = np.empty((groups, k, k))
    scores = np.empty((groups, k))
    for g, rows in enumerate(members):
        inner[g] = q[rows].T @ q[rows]
        scores[g] = q[rows].T @ residual[rows]
    squares = np.array([residual[rows] @ residual[rows] for rows in members])
    centred = y - y.mean()
    about = np.array([[len(rows), centred[rows].sum(), centred[rows] @ centred[rows]] for rows in members])
    return _Parts(inner, scores, squares, about)


def _without(
    parts: _Parts, g: int, kind: str, between: bool
) -> tuple[np.ndarray, np.ndarray, int, float, float] | None:
    """Change of the coefficients over Q, their covariance, n, df and R squared without cluster g.

    With ``M = I - Q_g'Q_g`` the change is ``-M^-1 Q_g' e_g``; the residual sum of squares of the rest falls by
    ``change' M change``; score totals of the others become ``Q_h' e_h - Q_h'Q_h change``.
    """
    k, groups = parts.scores.shape[1], len(parts.scores) - 1
    kept = np.eye(k) - parts.inner[g]
    n, total, square = parts.about.sum(axis=0) - parts.about[g]
    if np.linalg.eigvalsh(kept)[0] < SINGULAR or n <= k or (kind != "classical" and groups < 2):
        return None
    inverse = np.linalg.inv(kept)
    change = -inverse @ parts.scores[g]
    rest = parts.squares.sum() - parts.squares[g] - change @ kept @ change
    if kind == "classical":
        matrix, df = inverse * (rest / (n - k)), n - k
    else:
        totals = np.delete(parts.scores - parts.inner @ change, g, axis=0)
        small = groups / (groups - 1)
        factor = {"CR0": 1.0, "CR1p": small, "CR1": small * (n - 1) / (n - k)}[kind]
        matrix = inverse @ (factor * totals.T @ totals) @ inverse
        df = groups - 1 if between else n - k
    around = square - total**2 / n
    return change, matrix, int(n), float(df), 1 - rest / around if around > 0 else np.nan


def _estimated(
    keys: Sequence[str], b: np.ndarray, se: np.ndarray, df: float, level: float, n: int, r_squared: float, outcome: str
) -> Estimated:
    from scipy.stats import t as t_distribution

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = b / se
    reach = t_distribution.ppf((1 + level) / 2, df) * se
    numbers: dict[str, Any] = {
        "estimate": b,
        "std_error": se,
        "statistic": statistic,
        "df": df,
        "p_value": 2 * t_distribution.sf(np.abs(statistic), df),
        "conf_low": b - reach,
        "conf_high": b + reach,
    }
    return Estimated(pd.DataFrame(numbers, index=list(keys))[list(NUMBERS)], n, r_squared, outcome)
