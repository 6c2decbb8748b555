"""Equations and resamples in, one row of numbers an effect out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.contract import Problem, tidy_frame
from evalkit.models.mediation.engine import (
    Chain,
    bootstrap_coefficients,
    jackknife_coefficients,
    sample_coefficients,
)
from evalkit.models.mediation.equations import Equations, JointPaths, path_coefficients
from evalkit.models.mediation.intervals import (
    BOOTSTRAP,
    Bootstrap,
    bootstrap_summary,
    jackknife_influence,
    normal_draws,
    product_interval,
    quantile_intervals,
)
from evalkit.models.mediation.layout import Layout
from evalkit.resample import Plan

COLUMNS = {
    "percentile": ("perc_low", "perc_high"),
    "bias_corrected": ("bc_low", "bc_high"),
    "bca": ("bca_low", "bca_high"),
    "monte_carlo": ("mc_low", "mc_high"),
    "product": ("product_low", "product_high"),
}


@dataclass(frozen=True, eq=False)
class Resampled:
    """Bootstrap summary with the number of resamples that could not be solved.

    `standardised`: percentile intervals of the effects divided by SD of y, and that times SD of x.
    """

    summary: Bootstrap
    standardised: dict[str, np.ndarray]
    n_failed: int
    notices: tuple[Problem, ...]


def resampled(chain: Chain, layout: Layout, plan: Plan, ci: tuple[str, ...], conf_level: float) -> Resampled:
    """Bootstrap all effects.

    A resample in which a path cannot be computed (a category nobody of which was drawn) is set aside and
    counted; with a jackknife sample of that kind there is no BCa interval.
    """
    methods = tuple(m for m in ci if m in BOOTSTRAP)
    point = layout.effects(sample_coefficients(chain).paths)[:, 0]
    resamples = bootstrap_coefficients(chain, plan)
    drawn = layout.effects(resamples.paths)
    solved = np.isfinite(drawn[: layout.n_linear]).all(axis=0)
    n_failed = int((~solved).sum())
    notices = [Problem("W681", params={"n": n_failed, "resamples": plan.resamples})] if n_failed else []
    influence = None
    if "bca" in methods:
        with np.errstate(invalid="ignore"):
            influence = jackknife_influence(layout.effects(jackknife_coefficients(chain).paths), plan.strata)
    summary = bootstrap_summary(drawn[:, solved], point, influence, methods, conf_level)
    lost = [m for m in methods if m != "percentile" and np.isnan(summary.intervals[m][: layout.n_linear]).any()]
    if lost and np.isfinite(point).all():
        notices.append(Problem("W687", params={"methods": lost}))
    sd_x, sd_y = resamples.sd[:, solved]
    partly = drawn[: layout.n_linear, solved] / sd_y
    standardised = {
        "partially": quantile_intervals(partly, conf_level),
        "completely": quantile_intervals(partly * sd_x, conf_level),
    }
    return Resampled(summary, standardised, n_failed, tuple(notices))


def effect_frame(
    layout: Layout,
    equations: Equations,
    joint: JointPaths,
    found: Resampled | None,
    *,
    x_term: str,
    sd_x: float,
    ci: tuple[str, ...],
    seed: int,
    conf_level: float,
    independent: bool,
) -> pd.DataFrame:
    """One row an effect: tidy columns with every interval asked for.

    Parameters
    ----------
    independent : bool
        The two paths of a product have independent estimates (classical errors), as `product` and the
        Sobel family suppose.
    """
    estimate = layout.effects(path_coefficients(equations, layout, x_term))[:, 0]
    tests = _tests(equations, x_term)
    columns = _delta(layout, joint)
    columns |= _bootstrap_columns(layout, found)
    if "monte_carlo" in ci:
        drawn = layout.effects(joint.unpack(normal_draws(joint.values, joint.covariance, seed)))
        columns["mc_low"], columns["mc_high"] = quantile_intervals(drawn, conf_level).T
    if "product" in ci:
        columns["product_low"], columns["product_high"] = _product_columns(
            layout, joint, tests, conf_level, independent
        )
    columns["joint_p"] = _joint_p(layout, equations, x_term)
    sd_y = equations.outcome.sd_outcome
    n_linear = layout.n_linear
    sized = np.append(estimate[:n_linear], np.nan)  # a proportion has no unit to be rid of
    se = columns["boot_se"] if found is not None else columns.pop("_delta_se")
    columns.pop("_delta_se", None)
    p = columns["p_boot"] if found is not None else columns["sobel_p"]
    low, high = (columns[name].copy() for name in COLUMNS[ci[0]])
    frame = tidy_frame(
        len(layout.terms),
        term=list(layout.terms),
        estimate=estimate,
        std_error=se,
        p_value=p,
        conf_low=low,
        conf_high=high,
        n_obs=equations.outcome.n_obs,
        **columns,
        ratio=np.where(_is_indirect(layout), estimate / estimate[1], np.nan),
        partially_standardised=sized / sd_y,
        completely_standardised=sized * sd_x / sd_y,
    )
    for row, name in enumerate(("total", "direct")):
        for column in ("std_error", "statistic", "df", "p_value"):
            frame.loc[row, column] = tests[name][column]
    return frame


def _is_indirect(layout: Layout) -> np.ndarray:
    return np.array([term.startswith("indirect.") for term in layout.terms])


def _tests(equations: Equations, x_term: str) -> dict[str, dict[str, float]]:
    out = {}
    for name, fit in (("total", equations.total), ("direct", equations.outcome)):
        i = fit.place(x_term)
        out[name] = {
            c: float(getattr(fit, c)[i]) for c in ("std_error", "statistic", "p_value", "conf_low", "conf_high")
        }
        out[name]["df"] = fit.df
    return out


def _delta(layout: Layout, joint: JointPaths) -> dict[str, np.ndarray]:
    """First-order standard errors of all effects (Sobel), and those of Aroian and Goodman for two-path products.

    An effect is linear in each single path, so a step of 1 in that path gives its derivative exactly.
    Sobel (1982), Sociological Methodology 13, 290-312; Goodman (1960), JASA 55, 708-713 (both second-order forms).
    """
    from scipy.special import ndtr

    q, size, n_linear = len(joint.values), len(layout.terms), layout.n_linear
    estimate = layout.effects(joint.unpack(joint.values[:, None]))[:, 0]
    steps = layout.effects(joint.unpack(joint.values[:, None] + np.eye(q)))
    gradient = (steps - estimate[:, None])[:n_linear]
    first = np.full(size, np.nan)
    first[:n_linear] = np.sqrt(np.clip(np.einsum("eq,qr,er->e", gradient, joint.covariance, gradient), 0, None))
    aroian, goodman = np.full(size, np.nan), np.full(size, np.nan)
    for row, chain in enumerate(layout.specific, 2):
        if len(chain) == 1:
            _, _, se_a, se_b = two_paths(joint, chain[0])
            extra = (se_a * se_b) ** 2
            aroian[row] = np.sqrt(first[row] ** 2 + extra)
            goodman[row] = np.sqrt(first[row] ** 2 - extra) if first[row] ** 2 > extra else np.nan
    indirect = np.array([t.startswith(("indirect.", "contrast.")) for t in layout.terms])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(indirect, estimate / first, np.nan)
        return {
            "_delta_se": first,
            "sobel_se": np.where(indirect, first, np.nan),
            "sobel_z": z,
            "sobel_p": 2 * ndtr(-np.abs(z)),
            "aroian_se": aroian,
            "aroian_z": estimate / aroian,
            "goodman_se": goodman,
            "goodman_z": estimate / goodman,
        }


def _joint_p(layout: Layout, equations: Equations, x_term: str) -> np.ndarray:
    """The largest p of the paths of each chain: joint significance, MacKinnon et al. (2002)."""
    out, fits, names = np.full(len(layout.terms), np.nan), equations.mediators, layout.mediators
    for row, chain in enumerate(layout.specific, 2):
        steps = [(fits[chain[0]], x_term), (equations.outcome, names[chain[-1]])]
        steps += [(fits[j], names[i]) for i, j in pairwise(chain)]
        out[row] = max(fit.p_value[fit.place(term)] for fit, term in steps)
    return out


def two_paths(joint: JointPaths, mediator: int) -> tuple[float, float, float, float]:
    """a, b and their standard errors for one mediator."""
    q, k = len(joint.values), len(joint.layout.mediators)
    at_a = sum(1 + (j if joint.layout.kind == "serial" else 0) for j in range(mediator))
    at_b = q - k + mediator
    se = np.sqrt(np.diag(joint.covariance))
    return joint.values[at_a], joint.values[at_b], se[at_a], se[at_b]


def _bootstrap_columns(layout: Layout, found: Resampled | None) -> dict[str, np.ndarray]:
    nothing = np.full(len(layout.terms), np.nan)
    columns = {name: nothing for pair in COLUMNS.values() for name in pair}
    columns |= {f"{kind}_{end}": nothing for kind in ("completely", "partially") for end in ("low", "high")}
    names = ("boot_mean", "boot_se", "z0", "acceleration", "p_boot")
    if found is None:
        return columns | dict.fromkeys(names, nothing)
    s = found.summary
    columns |= dict(zip(names, (s.mean, s.se, s.z0, s.acceleration, s.p_value), strict=True))
    for method, ends in s.intervals.items():
        columns |= dict(zip(COLUMNS[method], ends.T, strict=True))
    for kind, ends in found.standardised.items():
        sized = np.append(ends, [[np.nan, np.nan]], axis=0)  # the proportion has no unit to be rid of
        columns[f"{kind}_low"], columns[f"{kind}_high"] = sized.T
    return columns


def _product_columns(
    layout: Layout, joint: JointPaths, tests: dict[str, dict[str, float]], conf_level: float, independent: bool
) -> np.ndarray:
    """Ends for two-path products; total and direct keep their t intervals; nothing else is a product of two."""
    out = np.full((2, len(layout.terms)), np.nan)
    for row, name in enumerate(("total", "direct")):
        out[:, row] = tests[name]["conf_low"], tests[name]["conf_high"]
    for row, chain in enumerate(layout.specific, 2):
        if len(chain) == 1 and independent:
            out[:, row] = product_interval(*two_paths(joint, chain[0]), conf_level)
    if len(layout.specific) == 1:
        out[:, 3] = out[:, 2]
    return out
