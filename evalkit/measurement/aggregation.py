"""Answers of members of groups in; whether their means may stand for the groups out (table T12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Codebook,
    Drop,
    Problem,
    attach,
    codebook_of,
    item_columns,
    label_of,
    require_columns,
)
from evalkit.measurement.aggregation_result import Aggregated, AggregationResult, Null
from evalkit.measurement.between_groups import Waba, between_groups, components
from evalkit.measurement.between_groups import waba as within_and_between
from evalkit.measurement.within_group import NULLS, null_variance, variance_of, within_groups
from evalkit.moments import number_matrix
from evalkit.sampling import design_of

RULE: Mapping[str, float] = {"rwg": 0.70, "icc1": 0.05, "icc2": 0.60, "p": 0.05}
"""Least median rwg(j): James, Demaree & Wolf (1993), Journal of Applied Psychology 78, 306-309. Least ICC(1), between
a small and a medium effect: LeBreton & Senter (2008), Organizational Research Methods 11, 838. Least ICC(2): Glick
(1985), Academy of Management Review 10, 601-616. Largest p of F."""

MOST_NAMED = 8
"""Groups named in a notice."""


def aggregation(
    data: pd.DataFrame,
    variables: str | Sequence[str],
    *,
    cluster: str,
    null: Sequence[str] | Mapping[str, float | Sequence[float]] = ("uniform", "slight_skew", "moderate_skew"),
    points: int | None = None,
    rule: Mapping[str, float] = RULE,
    waba: bool = False,
    conf_level: float = 0.95,
) -> AggregationResult:
    """Whether what members of a group say may be averaged to describe the group.

    Parameters
    ----------
    data : DataFrame
        Members in rows.
    variables : str or sequence of str
        Scale ids (agreement on their items, ICCs of their scores) or single columns.
    cluster : str
        Column that says to which group a row belongs; any type.
    null : sequence of str, or mapping
        How random answers would be distributed: names of `within_group.NULLS`; or a name of your own with the variance
        of random answers, or with the share of each answer point. The first is the one judged, the others are checks.
    points : int, optional
        Number of answer points, where the codebook does not know the ends of the answer scale.
    rule : mapping
        Bounds `rwg` (least median), `icc1`, `icc2` (least) and `p` (largest, of F); those not given are as in `RULE`.
        Without icc2 being reached the verdict is "with reservation": group means exist but are measured poorly.
    waba : bool
        Part the correlation of each pair of variables into within and between groups.
    conf_level : float
        Coverage of the intervals of the ICCs.

    Returns
    -------
    AggregationResult
        Each variable over its own complete rows. Groups of one member have no agreement; they are counted in a notice.
        With one group, or none of two members, ICCs are nan with a reason; likewise where nobody in any group differs.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for columns; E997 for no variable, one named twice or the cluster among them; E614 for options.

    Notes
    -----
    Formulas and sources: `within_group.WithinGroups`, `between_groups.BetweenGroups`, `Components`, `Waba`.
    """
    book = codebook_of(data)
    data = attach(data, book)
    names = [variables] if isinstance(variables, str) else list(variables)
    require_columns(data, [cluster])
    if not names or len(set(names)) < len(names) or cluster in names:
        raise AnalysisError(Problem("E997", params={"names": names, "cluster": cluster}))
    bounds = _bounds(rule)
    if not 0 < conf_level < 1 or (points is not None and points < 2):
        option, value = ("points", points) if 0 < conf_level < 1 else ("conf_level", conf_level)
        raise AnalysisError(Problem("E614", params={"option": option, "value": value}))
    wanted = _nulls(null)
    group, labels = pd.factorize(data[cluster], sort=True, use_na_sentinel=True)
    ids = [str(label) for label in labels]
    found, notices = [], []
    used = np.zeros(len(data), dtype=bool)
    scores = {}
    for name in names:
        scores[name], items = _columns(data, book, name)
        one, problems = _aggregated(data, book, name, scores[name], items, group, ids, wanted, points, conf_level)
        used |= (group >= 0) & ~(np.isnan(scores[name]) & np.isnan(items).any(axis=1))
        found.append(one)
        notices += problems
    if design_of(data) is not None:
        notices.append(Problem("N998"))
    pairs = _pairs(scores, group, len(ids)) if waba else {}
    lost = int((~used).sum())
    dropped = (Drop("drop.incomplete", lost),) if lost else ()
    return AggregationResult(
        tuple(found), pairs, cluster, label_of(data, cluster), bounds, conf_level, int(used.sum()), dropped,
        tuple(notices),
    )  # fmt: skip


def _bounds(rule: Mapping[str, float]) -> dict[str, float]:
    unknown = [key for key in rule if key not in RULE]
    if unknown:
        raise AnalysisError(Problem("E614", params={"option": "rule", "value": unknown[0]}))
    return {**RULE, **rule}


def _nulls(null: Sequence[str] | Mapping[str, float | Sequence[float]]) -> dict[str, float | None]:
    """Name -> variance, None where it follows from the number of answer points."""
    if isinstance(null, Mapping):
        found: dict[str, float | None] = {}
        for name, given in null.items():
            shares = list(given) if isinstance(given, Sequence) else []
            fine = all(v >= 0 for v in shares) and sum(shares) > 0 if isinstance(given, Sequence) else given > 0
            value = (variance_of(shares) if shares else float(given)) if fine else 0.0  # type: ignore[arg-type]
            if not value > 0 or not name or " " in name:
                raise AnalysisError(Problem("E614", params={"option": "null", "value": name}))
            found[name] = value
    else:
        found = dict.fromkeys([null] if isinstance(null, str) else null)
        wrong = [name for name in found if name not in NULLS]
        if wrong:
            raise AnalysisError(Problem("E614", params={"option": "null", "value": wrong[0]}))
    if not found:
        raise AnalysisError(Problem("E614", params={"option": "null", "value": ""}))
    return found


def _columns(data: pd.DataFrame, book: Codebook, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Score of each row, shape (n,), and its items, shape (n, J); for a single column both are the column."""
    if name not in book.scales:
        x = number_matrix(data, [name])
        return x[:, 0], x
    items = number_matrix(data, item_columns(data, name))
    if name in data.columns:
        return number_matrix(data, [name])[:, 0], items
    return items.mean(axis=1), items


def _points(data: pd.DataFrame, book: Codebook, name: str, points: int | None) -> float:
    """Number of answer points of a variable (of the items of a scale); nan where nobody says."""
    if points is not None:
        return float(points)
    columns = item_columns(data, name) if name in book.scales else [name]
    ends = {(book.variables[c].low, book.variables[c].high) for c in columns if c in book.variables}
    low, high = next(iter(ends)) if len(ends) == 1 else (None, None)
    return high - low + 1 if low is not None and high is not None else float("nan")


def _aggregated(
    data: pd.DataFrame, book: Codebook, name: str, score: np.ndarray, items: np.ndarray, group: np.ndarray,
    ids: list[str], nulls: Mapping[str, float | None], points: int | None, conf_level: float,
) -> tuple[Aggregated, list[Problem]]:  # fmt: skip
    label = label_of(data, name)
    said = {lang: label.text(lang) for lang in ("zh", "en")}
    whole = (group >= 0) & ~np.isnan(score)
    between = between_groups(score[whole], group[whole], len(ids))
    complete = (group >= 0) & ~np.isnan(items).any(axis=1)
    within = within_groups(items[complete], group[complete], len(ids))
    of_score = within_groups(score[whole][:, None], group[whole], len(ids))
    known = _points(data, book, name, points)
    variances = {null: null_variance(null, known) if own is None else own for null, own in nulls.items()}
    mean_scored = name not in book.scales or book.scales[name].score == "mean"
    used = tuple(Null(null, v, within.rwg_j(v), within.lindell(v), of_score.rwg_j(v) if mean_scored else
                      np.full(len(ids), np.nan)) for null, v in variances.items())  # fmt: skip
    members = np.bincount(group[whole], minlength=len(ids))
    mean = np.full(len(ids), np.nan)
    reliability = np.full(len(ids), np.nan)
    mean[members > 0] = between.mean
    parts = components(between)
    reliability[members > 0] = parts.reliability
    reason = _reason(between.df, between.ms_within, int(whole.sum()))
    found = Aggregated(
        name, label, items.shape[1], tuple(ids), members, mean, within, used, between, parts, reliability, conf_level,
        reason, known,
    )  # fmt: skip
    return found, _notices(said, found, whole, variances, points is None)


def _reason(df: tuple[int, int], within: float, n: int) -> str | None:
    if n == 0:
        return "aggregation.reason_empty"
    if df[0] < 1:
        return "aggregation.reason_one_group"
    if df[1] < 1:
        return "aggregation.reason_singles"
    return None if within > 0 else "aggregation.reason_no_variance"


_CODES = {
    "aggregation.reason_empty": "W992",
    "aggregation.reason_one_group": "W992",
    "aggregation.reason_singles": "W993",
    "aggregation.reason_no_variance": "W999",
}


def _notices(
    said: Mapping[str, str], found: Aggregated, whole: np.ndarray, variances: Mapping[str, float], asked: bool
) -> list[Problem]:
    """What to know about a variable."""
    out = []
    if found.reason is not None:
        out.append(Problem(_CODES[found.reason], params={"name": said, "n": int(whole.sum())}))
    silent = [group for group, n in zip(found.groups, found.members, strict=True) if n == 0]
    if silent and found.reason is None:
        out.append(Problem("W789", params={"name": said, "n": len(silent), "groups": silent[:MOST_NAMED]}))
    single = int(np.sum(found.members == 1))
    if single and found.reason != "aggregation.reason_singles":
        out.append(Problem("N994", params={"name": said, "n": single}))
    if asked and found.points != found.points and any(v != v for v in variances.values()):
        out.append(Problem("W996", params={"name": said}))
    else:
        lost = [null for null, v in variances.items() if v != v]
        if lost:
            out.append(Problem("W968", params={"name": said, "nulls": lost, "points": f"{found.points:g}"}))
    null, judged = next(iter(variances.items()))
    above = found.within.above(judged)
    if above:
        out.append(Problem("N995", params={"name": said, "n": above, "null": null}))
    return out


def _pairs(scores: Mapping[str, np.ndarray], group: np.ndarray, n_groups: int) -> dict[tuple[str, str], Waba]:
    """Within and between analysis of each pair, over the rows that have both."""
    found = {}
    for x, y in combinations(scores, 2):
        rows = (group >= 0) & ~np.isnan(scores[x]) & ~np.isnan(scores[y])
        found[x, y] = within_and_between(scores[x][rows], scores[y][rows], group[rows], n_groups)
    return found
