"""A fit in, the measures made from its residuals out: SRMR and its variants, RMR, GFI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

NAN = float("nan")


def residual_measures(fit: Fit) -> dict[str, float]:
    """SRMR (Bentler; Mplus; of correlations), RMR, each with and without the means, and GFI, AGFI, PGFI.

    Over groups the values are averaged by their rows.
    """
    groups = [_of_group(fit, g) for g in range(len(fit.table.groups))]
    shares = np.array([sample.n for sample in fit.sample.groups]) / fit.sample.n
    out = {name: float(sum(s * found[name] for s, found in zip(shares, groups, strict=True))) for name in groups[0]}
    misfit, size = (out.pop(name) for name in ("_misfit", "_size"))
    p, means = fit.layout.n_observed, fit.table.meanstructure
    moments = (p * (p + 1) // 2 + (p if means else 0)) * len(groups)
    gfi = 1 - misfit / size
    out["gfi"] = gfi
    out["agfi"] = 1 - (moments / fit.df) * (1 - gfi) if fit.df else 1.0
    out["pgfi"] = fit.df / moments * gfi
    return out


def _of_group(fit: Fit, group: int) -> dict[str, float]:
    implied, sample = fit.solution.implied[group], fit.sample.groups[group]
    means = fit.table.meanstructure
    s, sigma = sample.cov, implied.cov
    rest, shift = s - sigma, (sample.mean - implied.mean if means else np.zeros(len(s)))
    sd, sd_implied = np.sqrt(np.diag(s)), np.sqrt(np.abs(np.diag(sigma)))
    bentler, shift_bentler = rest / np.outer(sd, sd), shift / sd
    cor = s / np.outer(sd, sd) - sigma / np.outer(sd_implied, sd_implied)
    shift_cor = sample.mean / sd - implied.mean / sd_implied if means else shift
    mplus = cor + np.diag(np.diag(rest) / np.diag(s))
    out: dict[str, float] = {}
    for name, matrix, vector in (
        ("srmr", bentler, shift_bentler),
        ("srmr_mplus", mplus, shift_cor),
        ("rmr", rest, shift),
        ("crmr", cor, shift_cor),
    ):
        out |= _root_means(name, matrix, vector, means)
    precision = getattr(fit.objective.blocks[group], "weight", implied.precision)
    turned, own = precision @ rest, precision @ s
    out["_misfit"] = 0.5 * float(np.sum(turned * turned.T)) + (float(shift @ precision @ shift) if means else 0.0)
    out["_size"] = 0.5 * float(np.sum(own * own.T))
    out["_size"] += float(sample.mean @ precision @ sample.mean) if means else 0.0
    return out


def _root_means(name: str, matrix: np.ndarray, vector: np.ndarray, means: bool) -> dict[str, float]:
    p = len(matrix)
    squares = float(np.vdot(matrix, matrix) + np.sum(matrix.diagonal() ** 2)) / 2  # of the lower triangle
    count = p * (p - 1) // 2 if name == "crmr" else p * (p + 1) // 2
    alone = float(np.sqrt(squares / count)) if count else NAN
    both = float(np.sqrt((squares + np.sum(vector**2)) / (count + p))) if means else alone
    return {name: both, f"{name}_nomean": alone}
