"""A fit to thresholds and polychorics in; its residual measures and the tests behind its robust indices out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.structure.weighted_tests import blocks_of, bread_of, stacked

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit


def ordered_measures(fit: Fit) -> dict[str, float]:
    """SRMR without and with the thresholds, RMR, CRMR, WRMR (Yu 2002), GFI, AGFI and PGFI.

    Over groups the residual measures are averaged by their rows; GFI weighs the statistics as the estimator does.
    """
    parts = [_of_group(fit, g) for g in range(len(fit.table.groups))]
    shares = np.array([sample.n for sample in fit.sample.groups]) / fit.sample.n
    out = {name: float(sum(s * part[name] for s, part in zip(shares, parts, strict=True))) for name in parts[0]}
    misfit, size, count = 0.0, 0.0, 0
    for share, block, implied in zip(fit.objective.shares, blocks_of(fit.objective), fit.solution.implied, strict=True):
        s = block.statistics.values
        rest = s - block.statistics.implied(implied)
        misfit += share * float(block.weight @ rest**2)
        size += share * float(block.weight @ s**2)
        count += len(s)
    out["wrmr"] = float(np.sqrt(2 * fit.objective.total * max(fit.solution.value, 0.0) / count))
    gfi = 1 - misfit / size
    return out | {
        "gfi": gfi,
        "agfi": 1 - (count / fit.df) * (1 - gfi) if fit.df else 1.0,
        "pgfi": fit.df / count * gfi,
    }


def _of_group(fit: Fit, group: int) -> dict[str, float]:
    sample, implied = fit.sample.groups[group], fit.solution.implied[group]
    found = sample.statistics()
    rest = sample.cov - found.implied_cov(implied)
    sd = np.sqrt(np.diag(sample.cov))
    shift = (found.values - found.implied(implied))[: found.n_thresholds + int((~found.ordered).sum())]
    p = len(sd)
    standard = rest / np.outer(sd, sd)
    alone = float(np.sum(np.tril(standard) ** 2))
    raw = float(np.sum(np.tril(rest) ** 2))
    off = float(np.sum(np.tril(standard, -1) ** 2))
    moved, n, both = float(shift @ shift), p * (p + 1) // 2, len(shift)
    sums = {
        "srmr": (alone, n), "srmr_nomean": (alone, n), "srmr_thresholds": (alone + moved, n + both),
        "rmr": (raw + moved, n + both), "rmr_nomean": (raw, n),
        "crmr": (off + moved, n - p + both), "crmr_nomean": (off, n - p),
    }  # fmt: skip
    return {name: float(np.sqrt(total / k)) if k else float("nan") for name, (total, k) in sums.items()}


Test = tuple[float, float]


def correlation_tests(fit: Fit) -> tuple[Test, Test] | None:
    """Normal discrepancy of the polychoric matrices times n, and its mean over df, of the model and of independence.

    None where the thresholds, means or slopes carry restrictions, so that correlations tell not all of the misfit;
    where a variable is continuous; or where a matrix is not positive definite.

    Notes
    -----
    Savalei (2021), Multivariate Behavioral Research 56, 390-407: evaluated at the weighted least squares estimates.
    """
    if not _thresholds_free(fit) or fit.df == 0:
        return None
    stack = stacked(fit.objective, fit.solution.implied)
    left = stack.projection(bread_of(fit.objective, fit.solution))
    spread = left @ stack.spread @ left.T
    chisq = mean = chisq_base = mean_base = 0.0
    first = pairs = 0
    for g, share in enumerate(fit.objective.shares):
        sample, found = fit.sample.groups[g], fit.sample.groups[g].statistics()
        sigma = found.implied_cov(fit.solution.implied[g])
        if min(np.linalg.eigvalsh(m)[0] for m in (sample.cov, sigma)) <= 1e-10:
            return None
        at = slice(first + found.first_pair, first + len(found.values))
        first += len(found.values)
        pairs += len(found.pairs)
        precision = np.linalg.inv(sigma)
        i, j = found.pairs.T
        weight = precision[np.ix_(i, i)] * precision[np.ix_(j, j)] + precision[np.ix_(i, j)] * precision[np.ix_(j, i)]
        p = len(sigma)
        own = float(np.linalg.slogdet(sample.cov)[1])
        chisq += sample.n * (np.linalg.slogdet(sigma)[1] + np.sum(sample.cov * precision) - own - p)
        mean += share * float(np.sum(weight * spread[at, at]))
        chisq_base -= sample.n * own
        mean_base += share * float(np.trace(stack.spread[at, at]))
    return (float(chisq), mean / fit.df), (float(chisq_base), mean_base / pairs)


def _thresholds_free(fit: Fit) -> bool:
    free = [row.free for row in fit.table.rows if row.op == "|"]
    means = any(row.free and row.op == "~1" for row in fit.table.rows)
    continuous = any(not group.statistics().ordered.all() for group in fit.sample.groups)
    constrained = bool(fit.table.constraints) and any(row.label for row in fit.table.rows if row.op == "|")
    given = bool(fit.table.conditioned)
    return all(free) and len(set(free)) == len(free) and not (means or continuous or constrained or given)
