"""Items of scales in; alpha, omega, what each item adds and, on request, every further coefficient out (table T5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
from evalkit.measurement.consistency import alpha_of, average_correlation, item_totals, lambdas
from evalkit.measurement.item_answers import item_answers
from evalkit.measurement.minres import omega_of, one_factor, one_factor_many
from evalkit.measurement.reliability_answers import Answers, answers_of, both, doubts, fault
from evalkit.measurement.reliability_intervals import (
    NO_INTERVAL,
    Interval,
    Intervals,
    feldt_interval,
    linearised,
    normal_interval,
    resampled,
)
from evalkit.measurement.reliability_result import ItemReliability, ReliabilityResult, ScaleReliability
from evalkit.measurement.scale_coefficients import Further, duhachek_error, further
from evalkit.sampling import Design, design_of

_NAN = float("nan")

MOST_IN_A_FIGURE = 40
METHODS = ("auto", "feldt", "duhachek", "linearised", "percentile")


@dataclass(frozen=True)
class _Choices:
    """Options of a call, checked."""

    conf_level: float
    ci: str
    missing: str
    coefficients: str
    group_factors: int | None
    lengths: tuple[float, ...]
    resamples: int
    seed: int
    design: Design | None


def reliability(
    data: pd.DataFrame,
    items: str | Sequence[str],
    *,
    conf_level: float = 0.95,
    ci: str = "auto",
    missing: str = "listwise",
    coefficients: str = "usual",
    group_factors: int | None = None,
    lengths: Sequence[float] = (),
    resamples: int = 2000,
    seed: int = 0,
    design: Design | None = None,
) -> ReliabilityResult:
    """Internal consistency of a scale, or of each of several.

    Parameters
    ----------
    data : DataFrame
        Items in scale points, keyed: a scale id takes the keyed columns (`X_R` for a reverse item); a list of items
        is taken as it stands.
    items : str or sequence of str
        A scale id, item names, or several scale ids.
    conf_level : float
        Coverage of the intervals, between 0 and 1.
    ci : {"auto", "feldt", "duhachek", "linearised", "percentile"}
        Interval of alpha: Feldt's; Duhachek and Iacobucci's normal one; the delta method without assuming normal
        answers; the percentile bootstrap. `auto` is Feldt's, under a design linearised. Omega has the bootstrap's
        interval with `percentile`, else the linearised one.
    missing : {"listwise", "pairwise"}
        Rows complete on the scale, or covariances each from the rows that have both items.
    coefficients : {"usual", "all"}
        `all` adds ordinal alpha and omega, omega by a one-factor CFA over three denominators, CR and AVE, Guttman's
        lambdas, split halves, ten Berge's series, stratified alpha and omega hierarchical where a scale is made of
        scales, errors of measurement.
    group_factors : int, optional
        Three or more: group factors for omega hierarchical; by default one a part of a scale made of three or more.
    lengths : sequence of float
        With `all`: alpha if the scale were so many times as long (Spearman-Brown).
    resamples, seed : int
        Of the bootstrap.
    design : Design, optional
        Weights enter every estimate; strata and clusters the intervals. By default the one the data declare.

    Returns
    -------
    ReliabilityResult
        What cannot be computed is nan with a reason: fewer than two items or complete rows, an item or a total that
        never varies; omega also with two items (one factor is then not identified). Items that look keyed the wrong
        way (negative item-rest correlation or loading), that repeat one another or outnumber the respondents are
        named in a warning; a formative scale, whose items need not correlate, gets a note instead.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for names that are no columns of finite numbers; E638 for no item or one named twice; E614;
        E690 to E694 for the design; E845 for an interval, E990 for pairwise covariances that cannot honour it.

    Notes
    -----
    Alpha: ``k / (k - 1) (1 - sum of item variances / variance of the total)``, Cronbach (1951), Psychometrika 16,
    297-334; standardised alpha: the same of the correlation matrix. Interval: Feldt, Woodruff & Salih (1987), Applied
    Psychological Measurement 11, 93-103. Omega total: from a one-factor minres fit of the correlation matrix,
    McDonald (1999).
    """
    book = codebook_of(data)
    data = attach(data, book)  # inferred once for a plain frame, not once a name
    declared = design_of(data, design)
    chosen = _choices(conf_level, ci, missing, coefficients, group_factors, lengths, resamples, seed, declared)
    found, notices = [], []
    used = np.zeros(len(data), dtype=bool)
    wanted = _wanted(data, items)
    for id, label, columns in wanted:
        answers = answers_of(data, columns, missing, declared)
        used |= answers.rows
        labels = [label_of(data, c) for c in columns]
        formative = id in book.scales and book.scales[id].kind == "formative"
        parts = _parts(data, id, columns)
        scale, problems = _scale(id, label, columns, labels, answers, parts, chosen, formative)
        found.append(scale)
        notices += problems
    lost = int((~used).sum())
    dropped = (Drop("drop.incomplete", lost),) if lost else ()
    everything = [column for _, _, columns in wanted for column in columns]
    shown = item_answers(data, everything) if len(everything) <= MOST_IN_A_FIGURE else None
    return ReliabilityResult(
        tuple(found), conf_level, shown, int(used.sum()), dropped, tuple(notices), chosen.ci, missing,
        coefficients, declared is not None, resamples,
    )  # fmt: skip


def _choices(
    conf_level: float, ci: str, missing: str, coefficients: str, group_factors: int | None, lengths: Sequence[float],
    resamples: int, seed: int, declared: Design | None,
) -> _Choices:  # fmt: skip
    """The options, or an AnalysisError that names the first that cannot be honoured."""
    checks = (
        ("conf_level", conf_level, 0 < conf_level < 1),
        ("ci", ci, ci in METHODS),
        ("missing", missing, missing in ("listwise", "pairwise")),
        ("coefficients", coefficients, coefficients in ("usual", "all")),
        ("group_factors", group_factors, group_factors is None or (group_factors > 2 and coefficients == "all")),
        ("lengths", list(lengths), all(v > 0 for v in lengths) and (not len(lengths) or coefficients == "all")),
        ("resamples", resamples, resamples > 1),
        ("seed", seed, seed >= 0),
    )
    for option, value, fine in checks:
        if not fine:
            raise AnalysisError(Problem("E614", params={"option": option, "value": value}))
    if ci in ("feldt", "duhachek") and declared is not None:
        raise AnalysisError(Problem("E845", params={"ci": ci}))
    if missing == "pairwise" and (declared is not None or ci in ("linearised", "percentile")):
        raise AnalysisError(Problem("E990"))
    method = ("feldt" if declared is None else "linearised") if ci == "auto" else ci
    return _Choices(conf_level, method, missing, coefficients, group_factors, tuple(lengths), resamples, seed, declared)


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


def _parts(data: pd.DataFrame, id: str, columns: list[str]) -> list[list[int]]:
    """Positions of the items of each part of a scale made of scales; none where they do not make up the scale."""
    scales = codebook_of(data).scales
    names = scales[id].parts if id in scales else ()
    found = [[columns.index(c) for c in scales[p].columns if c in columns] for p in names if p in scales]
    whole = sorted(i for part in found for i in part)
    return found if len(found) > 1 and whole == list(range(len(columns))) else []


def _scale(
    id: str, label: Label, columns: list[str], labels: list[Label], answers: Answers, parts: list[list[int]],
    chosen: _Choices, formative: bool,
) -> tuple[ScaleReliability, list[Problem]]:  # fmt: skip
    reason, problem = fault(label, labels, answers)
    if reason:
        gaps = [
            ItemReliability(name, words, mean, sd, n_obs=n)
            for name, words, mean, sd, n in zip(
                columns, labels, answers.mean.tolist(), answers.sd.tolist(), answers.n_items.tolist(), strict=True
            )
        ]
        mean, sd = answers.whole
        scale = ScaleReliability(
            id, label, tuple(gaps), answers.n, mean=mean, sd=sd, reason=reason, omega_reason=reason
        )
        return scale, [problem] if problem else []
    r = answers.r
    problems = doubts(label, labels, answers)
    loadings, omega, omega_reason, more = _omega(label, labels, r)
    problems += more
    rows = _item_rows(columns, labels, answers, loadings)
    if formative:
        problems.append(Problem("N639", params={"scale": both(label)}))
    else:
        problems += _wrong_way(label, rows)
    alpha_interval, omega_interval, said = _intervals(label, answers, loadings, chosen)
    rest = Further()
    if chosen.coefficients == "all":
        rest = further(label, labels, answers, parts, chosen.group_factors, chosen.lengths, chosen.conf_level)
    mean, sd = answers.whole
    scale = ScaleReliability(
        id, label, tuple(rows), answers.n, alpha_of(answers.cov), alpha_interval, alpha_of(r), omega, omega_interval,
        mean, sd, None, omega_reason, rest.coefficients, rest.hierarchical,
    )  # fmt: skip
    return scale, [*problems, *said, *rest.notices]


def _item_rows(
    columns: list[str], labels: list[Label], answers: Answers, loadings: np.ndarray
) -> list[ItemReliability]:
    cov, r = answers.cov, answers.r
    totals = item_totals(r)
    others = [np.delete(np.arange(len(cov)), i) for i in range(len(cov))]
    less = [(cov[np.ix_(o, o)], r[np.ix_(o, o)]) for o in others]
    return [
        ItemReliability(*row)
        for row in zip(
            columns,
            labels,
            answers.mean.tolist(),
            answers.sd.tolist(),
            _item_rest(cov).tolist(),
            [alpha_of(c) for c, _ in less],
            loadings.tolist(),
            answers.n_items.tolist(),
            _omega_without(r, loadings, others).tolist(),
            answers.with_total().tolist(),
            totals.standardised.tolist(),
            totals.corrected.tolist(),
            [alpha_of(s) for _, s in less],
            [lambdas(s).six for _, s in less],
            [average_correlation(s) for _, s in less],
            strict=True,
        )
    ]


def _item_rest(cov: np.ndarray) -> np.ndarray:
    """Correlation of each item with the sum of the others; nan where that sum never varies."""
    own, row = np.diag(cov), cov.sum(axis=1)
    rest = cov.sum() - 2 * row + own
    rest = np.where(rest > 1e-12 * np.trace(cov), rest, np.nan)
    return np.clip((row - own) / np.sqrt(own * rest), -1, 1)


def _omega_without(r: np.ndarray, loadings: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """Omega of the scale without each item in turn; nan with three items or fewer."""
    if len(r) < 4 or not np.isfinite(loadings).all():
        return np.full(len(r), np.nan)
    matrices = np.stack([r[np.ix_(o, o)] for o in others])
    return omega_of(one_factor_many(matrices, np.stack([loadings[o] for o in others])))


def _intervals(
    label: Label, answers: Answers, loadings: np.ndarray, chosen: _Choices
) -> tuple[Interval, Interval, list[Problem]]:
    """Of alpha and of omega, by the method chosen."""
    n, k, level = answers.n, len(answers.cov), chosen.conf_level
    alpha = alpha_of(answers.cov)
    units = len(np.unique(answers.design.units[answers.used]))
    if units < 2:
        return NO_INTERVAL, NO_INTERVAL, [Problem("W849", params={"scale": both(label)})]
    if chosen.ci == "percentile":
        found = resampled(answers.filled, loadings, answers.design, level, chosen.resamples, chosen.seed)
    elif answers.pairwise:
        found = Intervals(NO_INTERVAL, NO_INTERVAL)
    else:
        found = linearised(answers.filled, loadings, answers.design, level)
    own = found.alpha
    if chosen.ci in ("feldt", "duhachek"):
        error = duhachek_error(answers.cov, n)
        ends = feldt_interval(alpha, n, k, level) if chosen.ci == "feldt" else normal_interval(alpha, error, level)
        own = Interval(error, *ends)
    notices = list(found.notices) if chosen.ci == "linearised" else []
    if found.n_failed:
        at = {"scale": both(label), "n": found.n_failed, "resamples": chosen.resamples}
        notices.append(Problem("W991", params=at))
    return own, found.omega, notices


def _omega(label: Label, labels: list[Label], r: np.ndarray) -> tuple[np.ndarray, float, str | None, list[Problem]]:
    """Loadings, omega, why it is nan, and notices."""
    nothing = np.full(len(r), np.nan)
    scale = both(label)
    if len(r) < 3:
        return nothing, _NAN, "reliability.reason_two_items", [Problem("N632", params={"scale": scale})]
    fit = one_factor(r)
    if not fit.converged:
        return nothing, _NAN, "reliability.reason_minres", [Problem("W637", params={"scale": scale})]
    bounded = [both(labels[i]) for i in fit.heywood]
    problems = [Problem("W634", params={"scale": scale, "items": bounded})] if bounded else []
    return fit.loadings, fit.omega, None, problems


def _wrong_way(label: Label, rows: Sequence[ItemReliability]) -> list[Problem]:
    against = [both(row.label) for row in rows if row.item_rest < 0 or row.loading < 0]
    return [Problem("W633", params={"scale": both(label), "items": against})] if against else []
