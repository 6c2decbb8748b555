"""Variables in, their correlation matrix with tests and intervals out (table T9 without AVE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, attach, codebook_of, label_of, require_columns
from evalkit.descriptive.coefficients import METHODS, Coefficients, coefficients
from evalkit.descriptive.comparison.adjustment import METHODS as ADJUSTMENTS
from evalkit.descriptive.comparison.adjustment import adjusted
from evalkit.descriptive.correlation_contrasts import by_groups, levels, named_differences
from evalkit.descriptive.correlation_result import CorrelationResult
from evalkit.descriptive.levels import both, coded
from evalkit.descriptive.partialling import partialled
from evalkit.moments import moments, number_matrix
from evalkit.sampling import unused_design

MISSING = ("listwise", "pairwise")


def correlate(
    data: pd.DataFrame,
    variables: Sequence[str],
    *,
    method: str = "pearson",
    missing: str = "listwise",
    partial: Sequence[str] = (),
    semipartial: bool = False,
    adjust: str = "none",
    reliability: Mapping[str, float] | None = None,
    by: str | None = None,
    differences: Sequence[str] = (),
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> CorrelationResult:
    """Correlate numeric variables with one another. A sampling design is not used, and named in a notice (N6000).

    Parameters
    ----------
    data : DataFrame
    variables : sequence of str
        At least two columns of numbers.
    method : {"pearson", "spearman", "kendall", "polychoric"}
        Spearman: mid-ranks; its p is that of Student's t, and it has no interval here (nan). Kendall: tau-b, its p that
        of z, no interval. Polychoric: of the normal variables behind ordered answers; a variable with more than 10
        distinct values is taken as continuous, so that pairs with it are polyserial or Pearson. Its p is that of z, its
        interval one of atanh r by the delta method.
    missing : {"listwise", "pairwise"}
        The rows complete on all variables, or for each pair the rows complete on the two (thresholds of polychoric
        correlations then come from all answers to each variable).
    partial : sequence of str
        Columns of numbers held constant; of Pearson's and Spearman's correlations.
    semipartial : bool
        They are taken from the later variable of a pair alone.
    adjust : str
        Adjustment of p for the number of pairs: none holm hochberg hommel bonferroni bh by. Stars are then those of
        the adjusted p.
    reliability : mapping of str to float, optional
        Reliability of each variable, above 0 and at most 1: correlations freed of unreliability stand above the
        diagonal, r / sqrt(product of the two). Spearman (1904), American Journal of Psychology 15, 72-101.
    by : str, optional
        Grouping column: each correlation by group, and z tests of every two groups.
    differences : sequence of str
        Tests of two correlations of the same people, such as `"a~b = a~c"`: Steiger's z, Williams' t.
    cluster : str, optional
        Column of clusters: correlations within them and between their means.
    conf_level : float
        Coverage of Fisher's interval.

    Returns
    -------
    CorrelationResult
        nan with a notice (W625) for a variable that never varies; W626 where the matrix is not positive semidefinite;
        W966 for polychoric correlations that ran to 1 or -1; W6323 for a corrected correlation beyond 1.

    Raises
    ------
    AnalysisError
        E600, E610, E611; E614 for an unknown option; E627 for fewer than two variables or one named twice; E6320 for a
        difference that is none; E6321 for options that do not go together; E6322 for reliabilities that are none.
    """
    _require_options(method, missing, adjust, conf_level)
    _require_together(method, partial, semipartial=semipartial, by=by, differences=differences, cluster=cluster)
    names, held = _named(variables, partial)
    data = attach(data, codebook_of(data))
    require_columns(data, [name for name in (by, cluster) if name is not None])
    x = number_matrix(data, [*names, *held])
    kept, dropped = _used_rows(x, missing)
    x, control = x[kept][:, : len(names)], x[kept][:, len(names) :]
    found = _estimated(x, control, method, semipartial, conf_level)
    each = [moments(column[~np.isnan(column)][:, None]) for column in x.T]
    labels = {name: label_of(data, name) for name in (*names, *held)}
    corrected, doubts = _corrected(found.r, names, labels, reliability)
    groups = by_groups(x, names, coded(data.loc[kept], by), labels, conf_level) if by is not None else []
    apart = named_differences(x, names, differences, labels)
    parts = levels(x, names, data.loc[kept, cluster]) if cluster is not None else None
    return CorrelationResult(
        names,
        method,
        missing,
        conf_level,
        found.r,
        found.statistic,
        found.std_error,
        found.p_value,
        found.conf_low,
        found.conf_high,
        found.n,
        np.array([m.mean[0] for m in each]),
        np.array([m.sd()[0] for m in each]),
        labels,
        int(np.sum(~np.isnan(x).all(axis=1))),
        tuple(name for name, plain in zip(names, found.continuous, strict=True) if plain),
        dropped,
        (*unused_design(data), *_notices(found, names, labels), *doubts),
        {name: cuts for name, cuts in zip(names, found.thresholds, strict=False) if len(cuts)},
        found.df,
        _in_family(found.p_value, adjust),
        adjust,
        held,
        semipartial,
        corrected,
        (*groups, *apart, *(parts.rows if parts else ())),
        parts.within if parts else None,
        parts.between if parts else None,
    )


def _named(variables: Sequence[str], partial: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables and what is held constant: two or more of the first, none named twice."""
    names, held = tuple(variables), tuple(partial)
    if len(names) < 2 or len({*names, *held}) < len(names) + len(held):
        raise AnalysisError(Problem("E627", params={"names": [*names, *held]}))
    return names, held


def _estimated(x: np.ndarray, control: np.ndarray, method: str, semipartial: bool, conf_level: float) -> Coefficients:
    if control.shape[1]:
        return partialled(x, control, ranks=method == "spearman", semi=semipartial, conf_level=conf_level)
    return coefficients(x, method, conf_level)


def _used_rows(x: np.ndarray, missing: str) -> tuple[np.ndarray, tuple[Drop, ...]]:
    """Which rows are used: the complete ones, or all of them pair by pair."""
    if missing != "listwise":
        return np.ones(len(x), dtype=bool), ()
    full = ~np.isnan(x).any(axis=1)
    lost = int((~full).sum())
    return full, (Drop("drop.incomplete", lost),) if lost else ()


def _require_options(method: str, missing: str, adjust: str, conf_level: float) -> None:
    allowed = {"method": method in METHODS, "missing": missing in MISSING, "adjust": adjust in ADJUSTMENTS}
    allowed |= {"conf_level": 0 < conf_level < 1}
    given = {"method": method, "missing": missing, "adjust": adjust, "conf_level": conf_level}
    bad = [Problem("E614", params={"option": k, "value": given[k]}) for k, fine in allowed.items() if not fine]
    if bad:
        raise AnalysisError(bad)


def _require_together(method: str, partial: Sequence[str], *, semipartial: bool, **others: object) -> None:
    """What is held constant wants Pearson or Spearman, tests of differences and levels want plain Pearson."""
    bad = []
    if partial and method not in ("pearson", "spearman"):
        bad.append(("partial", "method"))
    if semipartial and not partial:
        bad.append(("semipartial", "partial"))
    for name, value in others.items():
        if value and method != "pearson":
            bad.append((name, "method"))
        if value and partial:
            bad.append((name, "partial"))
    if bad:
        raise AnalysisError([Problem("E6321", params={"one": a, "other": b}) for a, b in bad])


def _in_family(p: np.ndarray, adjust: str) -> np.ndarray | None:
    """The p of every pair adjusted for their number."""
    if adjust == "none":
        return None
    i, j = np.triu_indices(len(p), 1)
    found = np.full(p.shape, np.nan)
    found[i, j] = found[j, i] = adjusted(p[i, j], adjust)
    return found


def _corrected(
    r: np.ndarray, names: Sequence[str], labels: Mapping[str, Label], reliability: Mapping[str, float] | None
) -> tuple[np.ndarray | None, list[Problem]]:
    if reliability is None:
        return None, []
    odd = [n for n in names if not 0 < reliability.get(n, 0.0) <= 1] + [n for n in reliability if n not in names]
    if odd:
        raise AnalysisError(Problem("E6322", params={"names": odd}))
    root = np.sqrt([reliability[name] for name in names])
    found = r / np.outer(root, root)
    np.fill_diagonal(found, np.nan)
    beyond = [(i, j) for i, j in zip(*np.triu_indices(len(names), 1), strict=True) if abs(found[i, j]) > 1]
    return found, [Problem("W6323", params={"names": [both(labels[names[k]]) for k in pair]}) for pair in beyond]


def _notices(coefficients: Coefficients, names: Sequence[str], labels: Mapping[str, Label]) -> list[Problem]:
    r, smallest = coefficients.r, coefficients.smallest_eigenvalue
    constant = [both(labels[name]) for name, own in zip(names, np.diag(r), strict=True) if np.isnan(own)]
    found = [Problem("W625", params={"names": constant})] if constant else []
    off = ~np.eye(len(names), dtype=bool)
    if not constant and np.isnan(r[off]).any():
        i, j = np.argwhere(np.isnan(np.triu(r, 1)))[0]
        found.append(Problem("W625", params={"names": [both(labels[names[i]]), both(labels[names[j]])]}))
    if smallest < -1e-10:
        found.append(Problem("W626", params={"value": smallest}))
    for i, j in coefficients.at_bound:
        found.append(Problem("W966", params={"names": [both(labels[names[j]]), both(labels[names[i]])]}))
    return found
