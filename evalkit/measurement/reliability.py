"""Items of scales in; alpha, omega and what each item adds out (table T5 without the CFA columns)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import (
    AnalysisError,
    Drop,
    Label,
    Problem,
    attach,
    codebook_of,
    item_columns,
    label_of,
)
from evalkit.measurement.item_answers import item_answers
from evalkit.measurement.minres import one_factor
from evalkit.measurement.reliability_result import ItemReliability, ReliabilityResult, ScaleReliability
from evalkit.moments import correlation_of, moments, number_matrix

_NAN = float("nan")

MOST_IN_A_FIGURE = 40


def reliability(data: pd.DataFrame, items: str | Sequence[str], *, conf_level: float = 0.95) -> ReliabilityResult:
    """Internal consistency of a scale, or of each of several.

    Parameters
    ----------
    data : DataFrame
        Items in scale points, keyed: a scale id takes the keyed columns (`X_R` for a reverse item); a list of items
        is taken as it stands.
    items : str or sequence of str
        A scale id, item names, or several scale ids.
    conf_level : float
        Coverage of Feldt's interval of alpha, between 0 and 1.

    Returns
    -------
    ReliabilityResult
        What cannot be computed is nan with a reason: fewer than two items or complete rows, an item or a total that
        never varies; omega also with two items (one factor is then not identified). Items that look keyed the wrong
        way (negative item-rest correlation or loading) are named in a warning; a formative scale, whose items need not
        correlate, gets a note instead.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for names that are no columns of finite numbers; E638 for no item or one named twice; E614.

    Notes
    -----
    Alpha: ``k / (k - 1) (1 - sum of item variances / variance of the total)``, Cronbach (1951), Psychometrika 16,
    297-334; standardised alpha: the same of the correlation matrix. Interval: Feldt, Woodruff & Salih (1987), Applied
    Psychological Measurement 11, 93-103. Omega total: from a one-factor minres fit of the correlation matrix,
    McDonald (1999).
    """
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E614", params={"option": "conf_level", "value": conf_level}))
    book = codebook_of(data)
    data = attach(data, book)  # inferred once for a plain frame, not once a name
    wanted = _wanted(data, items)
    found, notices = [], []
    used = np.zeros(len(data), dtype=bool)
    for id, label, columns in wanted:
        matrix = number_matrix(data, columns)
        complete = ~np.isnan(matrix).any(axis=1)
        used |= complete
        labels = [label_of(data, c) for c in columns]
        formative = id in book.scales and book.scales[id].kind == "formative"
        scale, problems = _scale(id, label, columns, labels, matrix[complete], conf_level, formative)
        found.append(scale)
        notices += problems
    lost = int((~used).sum())
    dropped = (Drop("drop.incomplete", lost),) if lost else ()
    everything = [column for _, _, columns in wanted for column in columns]
    answers = item_answers(data, everything) if len(everything) <= MOST_IN_A_FIGURE else None
    return ReliabilityResult(tuple(found), conf_level, answers, int(used.sum()), dropped, tuple(notices))


def alpha_of(cov: np.ndarray) -> float:
    """Cronbach's alpha of a covariance matrix, shape (k, k); nan for one item or a total that never varies."""
    k, total = len(cov), float(cov.sum())
    return k / (k - 1) * (1 - float(np.trace(cov)) / total) if k > 1 and total > 0 else _NAN


def feldt_interval(alpha: float, n: int, k: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval under parallel items, `1 - (1 - alpha) F` with n - 1 and (n - 1)(k - 1) df."""
    if not np.isfinite(alpha) or n < 2 or k < 2:
        return _NAN, _NAN
    tails = np.array([(1 + level) / 2, (1 - level) / 2])
    low, high = 1 - (1 - alpha) * stats.f.ppf(tails, n - 1, (n - 1) * (k - 1))
    return float(low), float(high)


def _wanted(data: pd.DataFrame, items: str | Sequence[str]) -> list[tuple[str, Label, list[str]]]:
    """Id, wording and columns of each scale that is meant."""
    known = codebook_of(data).scales
    if isinstance(items, str):
        found = [(items, label_of(data, items), item_columns(data, items))]
    elif len(items) and all(name in known for name in items):
        found = [(name, known[name].label, item_columns(data, name)) for name in items]
    else:
        found = [("items", Label("reliability.items"), item_columns(data, list(items)))]
    repeated = [id for id, _, columns in found if len(set(columns)) < len(columns) or not columns]
    if repeated or len({id for id, _, _ in found}) < len(found):
        raise AnalysisError(Problem("E638", params={"names": [items] if isinstance(items, str) else list(items)}))
    return found


def _scale(
    id: str, label: Label, columns: list[str], labels: list[Label], x: np.ndarray, conf_level: float, formative: bool
) -> tuple[ScaleReliability, list[Problem]]:
    n, k = x.shape
    m = moments(x)
    cov, mean, sd = m.cov(), m.mean, m.sd()
    reason, problem = _fault(label, labels, x, cov)
    if reason:
        gaps = [
            ItemReliability(*row, _NAN, _NAN, _NAN)
            for row in zip(columns, labels, mean.tolist(), sd.tolist(), strict=True)
        ]
        whole = (float(mean.mean()), float(np.sqrt(max(cov.sum(), 0.0)) / k) if n > 1 else _NAN)
        scale = ScaleReliability(id, label, tuple(gaps), n, *([_NAN] * 5), *whole, reason, reason)
        return scale, [problem] if problem else []
    r = correlation_of(cov)
    loadings, omega, omega_reason, problems = _omega(label, labels, r)
    rest, dropped = _item_rest(cov), [alpha_of(np.delete(np.delete(cov, i, 0), i, 1)) for i in range(k)]
    rows = zip(columns, labels, mean.tolist(), sd.tolist(), rest.tolist(), dropped, loadings.tolist(), strict=True)
    alpha = alpha_of(cov)
    if formative:
        problems.append(Problem("N639", params={"scale": _both(label)}))
    else:
        problems += _wrong_way(label, labels, rest, loadings)
    scale = ScaleReliability(
        id, label, tuple(ItemReliability(*row) for row in rows), n, alpha, *feldt_interval(alpha, n, k, conf_level),
        alpha_of(r), omega, float(mean.mean()), float(np.sqrt(cov.sum()) / k), None, omega_reason,
    )  # fmt: skip
    return scale, problems


def _item_rest(cov: np.ndarray) -> np.ndarray:
    """Correlation of each item with the sum of the others; nan where that sum never varies."""
    own, row = np.diag(cov), cov.sum(axis=1)
    rest = cov.sum() - 2 * row + own
    rest = np.where(rest > 1e-12 * np.trace(cov), rest, np.nan)
    return np.clip((row - own) / np.sqrt(own * rest), -1, 1)


def _fault(label: Label, labels: list[Label], x: np.ndarray, cov: np.ndarray) -> tuple[str | None, Problem | None]:
    """Why nothing can be said about a scale: a word key and its notice."""
    n, k = x.shape
    at = {"scale": _both(label), "n": n}
    if k < 2:
        return "reliability.reason_one_item", Problem("W631", params=at)
    if n < 2:
        return "reliability.reason_few", Problem("W630", params=at)
    constant = [_both(labels[i]) for i in range(k) if x[:, i].min() == x[:, i].max()]
    if constant:
        return "reliability.reason_constant", Problem("W635", params=at | {"items": constant})
    if cov.sum() <= 1e-12 * np.trace(cov):
        return "reliability.reason_total", Problem("W636", params=at)
    return None, None


def _omega(label: Label, labels: list[Label], r: np.ndarray) -> tuple[np.ndarray, float, str | None, list[Problem]]:
    """Loadings, omega, why it is nan, and notices."""
    nothing = np.full(len(r), np.nan)
    scale = _both(label)
    if len(r) < 3:
        return nothing, _NAN, "reliability.reason_two_items", [Problem("N632", params={"scale": scale})]
    fit = one_factor(r)
    if not fit.converged:
        return nothing, _NAN, "reliability.reason_minres", [Problem("W637", params={"scale": scale})]
    bounded = [_both(labels[i]) for i in fit.heywood]
    problems = [Problem("W634", params={"scale": scale, "items": bounded})] if bounded else []
    return fit.loadings, fit.omega, None, problems


def _wrong_way(label: Label, labels: list[Label], rest: np.ndarray, loadings: np.ndarray) -> list[Problem]:
    against = [_both(labels[i]) for i in range(len(rest)) if rest[i] < 0 or loadings[i] < 0]
    return [Problem("W633", params={"scale": _both(label), "items": against})] if against else []


def _both(label: Label) -> dict[str, str]:
    """The zh/en pair that a Problem's parameters take, without the stop at the end of a wording."""
    return {lang: label.text(lang).rstrip("。.；;：: ") for lang in ("zh", "en")}
