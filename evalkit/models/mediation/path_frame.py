"""Fits, resamples and the list of effects in, one row of numbers an effect out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.contract import Problem, tidy_frame
from evalkit.models.mediation.arithmetic import Arithmetic
from evalkit.models.mediation.effects import COLUMNS
from evalkit.models.mediation.intervals import (
    BOOTSTRAP,
    bootstrap_summary,
    jackknife_influence,
    normal_draws,
    product_interval,
    quantile_intervals,
)
from evalkit.models.mediation.path_fit import PathFits
from evalkit.models.mediation.products import LinearSystem, Solved, bootstrap_solutions, jackknife_solutions
from evalkit.models.mediation.routes import Effect, at, coefficient_places, path_polynomial
from evalkit.resample import Plan

MOST_CELLS = 5_000_000
"""Resampled effects held at a time (40 MB)."""

STANDARDISED = ("completely", "partially")


@dataclass(frozen=True, eq=False)
class Draws:
    """Resampled coefficients, those without each unit, and how many resamples failed."""

    boot: Solved
    jackknife: np.ndarray | None
    strata: np.ndarray | None
    n_failed: int
    resamples: int


@dataclass(frozen=True, eq=False)
class Spread:
    """Standard deviations behind standardised effects.

    Attributes
    ----------
    names : tuple of str
        Columns, in the order of `Solved.sd`.
    values : ndarray, shape (s,)
    """

    names: tuple[str, ...]
    values: np.ndarray

    def of(self, name: str) -> float:
        return float(self.values[self.names.index(name)])


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is asked for: intervals, the first one printed; coverage; seed; independent estimates of paths."""

    ci: tuple[str, ...]
    conf_level: float
    seed: int
    independent: bool
    n_obs: int
    several_x: bool = False
    several_y: bool = False
    methods: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "methods", tuple(m for m in self.ci if m in BOOTSTRAP))


def draw(linear: LinearSystem, plan: Plan, methods: Sequence[str]) -> Draws:
    """Resample the system; resamples without a solution are set aside and counted."""
    boot = bootstrap_solutions(linear, plan)
    solved = np.isfinite(boot.coefficients).all(axis=0)
    kept = Solved(boot.coefficients[:, solved], boot.sd[:, solved])
    jackknife = jackknife_solutions(linear).coefficients if "bca" in methods else None
    return Draws(kept, jackknife, plan.strata, int((~solved).sum()), plan.resamples)


def effect_rows(
    effects: Sequence[Effect], fits: PathFits, draws: Draws | None, spread: Spread, wanted: Wanted
) -> tuple[pd.DataFrame, list[Problem]]:
    """One row an effect, with every interval asked for; what could not be computed is said."""
    arithmetic = Arithmetic.of([effect.parts for effect in effects])
    estimate = arithmetic.values(fits.values[:, None])[:, 0]
    gradient = arithmetic.gradient(fits.values)
    delta = np.sqrt(np.clip(np.einsum("eq,qr,er->e", gradient, fits.covariance, gradient), 0, None))
    columns = _delta_columns(effects, estimate, delta)
    columns |= _resampled(effects, arithmetic, estimate, draws, spread, wanted)
    if "monte_carlo" in wanted.ci:
        ends = _monte_carlo(arithmetic, fits, wanted)
        columns["mc_low"], columns["mc_high"] = ends.T
    if "product" in wanted.ci:
        columns["product_low"], columns["product_high"] = _product_ends(effects, fits, estimate, delta, wanted).T
    columns["joint_p"] = np.array([_joint_p(effect, fits) for effect in effects])
    columns |= _standardised_estimates(effects, estimate, spread)
    low, high = (columns[name].copy() for name in COLUMNS[wanted.ci[0]])
    bootstrapped = draws is not None
    frame = tidy_frame(
        len(effects),
        outcome=[effect.y if wanted.several_y else None for effect in effects],
        group=[effect.x if wanted.several_x else None for effect in effects],
        term=[effect.term for effect in effects],
        level=[effect.level or None for effect in effects],
        estimate=estimate,
        std_error=columns["boot_se"] if bootstrapped else delta,
        p_value=columns["p_boot"] if bootstrapped else columns["sobel_p"],
        conf_low=low,
        conf_high=high,
        n_obs=wanted.n_obs,
        **columns,
    )
    _single_equation_tests(frame, effects, estimate, delta, fits)
    return frame, _lost(columns, estimate, wanted, draws)


def _delta_columns(effects: Sequence[Effect], estimate: np.ndarray, delta: np.ndarray) -> dict[str, np.ndarray]:
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimate / delta
    products = np.array([effect.kind not in ("total", "direct") for effect in effects])
    p = 2 * ndtr(-np.abs(z))
    return {
        "sobel_se": np.where(products, delta, np.nan),
        "sobel_z": np.where(products, z, np.nan),
        "sobel_p": p,
    }


def _blocks(size: int, width: int) -> Iterator[slice]:
    step = max(1, MOST_CELLS // max(width, 1))
    return (slice(i, min(i + step, size)) for i in range(0, size, step))


def _resampled(
    effects: Sequence[Effect],
    arithmetic: Arithmetic,
    estimate: np.ndarray,
    draws: Draws | None,
    spread: Spread,
    wanted: Wanted,
) -> dict[str, np.ndarray]:
    """Columns of the bootstrap; nan without one."""
    size = len(effects)
    names = ["boot_mean", "boot_se", "z0", "acceleration", "p_boot"]
    ends = [name for pair in COLUMNS.values() for name in pair]
    sized = [f"{kind}_{end}" for kind in STANDARDISED for end in ("low", "high")]
    columns = {name: np.full(size, np.nan) for name in (*names, *ends, *sized)}
    if draws is None:
        return columns
    x_sd = draws.boot.sd[[spread.names.index(effect.x) for effect in effects]]
    y_sd = draws.boot.sd[[spread.names.index(effect.y) for effect in effects]]
    for rows in _blocks(
        size, max(draws.boot.coefficients.shape[1], 1 if draws.jackknife is None else draws.jackknife.shape[1])
    ):
        part = Arithmetic(arithmetic.products, arithmetic.weights[rows])
        drawn = part.values(draws.boot.coefficients)
        influence = None
        if draws.jackknife is not None:
            with np.errstate(invalid="ignore"):
                influence = jackknife_influence(part.values(draws.jackknife), draws.strata)
        found = bootstrap_summary(drawn, estimate[rows], influence, wanted.methods, wanted.conf_level)
        for name, values in zip(
            names, (found.mean, found.se, found.z0, found.acceleration, found.p_value), strict=True
        ):
            columns[name][rows] = values
        for method, pair in found.intervals.items():
            for name, values in zip(COLUMNS[method], pair.T, strict=True):
                columns[name][rows] = values
        with np.errstate(divide="ignore", invalid="ignore"):
            partly = drawn / y_sd[rows]
            for kind, scaled in (("completely", partly * x_sd[rows]), ("partially", partly)):
                low, high = quantile_intervals(scaled, wanted.conf_level).T
                columns[f"{kind}_low"][rows], columns[f"{kind}_high"][rows] = low, high
    slopes = np.array([effect.kind == "index" for effect in effects])
    for name in sized:
        columns[name][slopes] = np.nan
    return columns


def _standardised_estimates(effects: Sequence[Effect], estimate: np.ndarray, spread: Spread) -> dict[str, np.ndarray]:
    sd_x = np.array([spread.of(effect.x) for effect in effects])
    sd_y = np.array([spread.of(effect.y) for effect in effects])
    sized = np.where([effect.kind == "index" for effect in effects], np.nan, estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"partially_standardised": sized / sd_y, "completely_standardised": sized * sd_x / sd_y}


def _monte_carlo(arithmetic: Arithmetic, fits: PathFits, wanted: Wanted) -> np.ndarray:
    drawn = normal_draws(fits.values, fits.covariance, wanted.seed)
    parts = [
        Arithmetic(arithmetic.products, arithmetic.weights[rows])
        for rows in _blocks(len(arithmetic.weights), drawn.shape[1])
    ]
    return np.concatenate([quantile_intervals(part.values(drawn), wanted.conf_level) for part in parts])


def paths_of(effect: Effect, fits: PathFits) -> list[tuple[float, float, float]]:
    """Estimate, standard error and degrees of freedom of every path of a specific effect, at its condition."""
    found = []
    nodes = (effect.x, *effect.chain, effect.y)
    for start, to in zip(nodes, nodes[1:], strict=False):
        polynomial = path_polynomial(fits.system, start, to)
        weights = np.zeros(len(fits.values))
        for key, weight in at(polynomial, effect.condition).items():
            weights[key[0]] = weight
        se = float(np.sqrt(max(weights @ fits.covariance @ weights, 0.0)))
        found.append((float(weights @ fits.values), se, fits.fit(to).df))
    return found


def _joint_p(effect: Effect, fits: PathFits) -> float:
    """The largest p of the paths: joint significance (MacKinnon et al. 2002, Psychological Methods 7, 83-104)."""
    from scipy.stats import t as t_distribution

    if effect.kind != "indirect":
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        tests = [2 * t_distribution.sf(abs(np.float64(b) / se), df) for b, se, df in paths_of(effect, fits)]
    return float(np.max(tests))


def _product_ends(
    effects: Sequence[Effect], fits: PathFits, estimate: np.ndarray, delta: np.ndarray, wanted: Wanted
) -> np.ndarray:
    """Exact distribution for chains of two paths; t intervals for what is linear in one equation; else nan."""
    from scipy.stats import t as t_distribution

    out = np.full((len(effects), 2), np.nan)
    for row, effect in enumerate(effects):
        df = _single_equation(effect, fits)
        if df is not None:
            reach = t_distribution.ppf((1 + wanted.conf_level) / 2, df) * delta[row]
            out[row] = estimate[row] - reach, estimate[row] + reach
        elif effect.kind == "indirect" and len(effect.chain) == 1 and wanted.independent:
            (a, se_a, _), (b, se_b, _) = paths_of(effect, fits)
            out[row] = product_interval(a, b, se_a, se_b, wanted.conf_level)
    return out


def _single_equation(effect: Effect, fits: PathFits) -> float | None:
    """Degrees of freedom of an effect that is linear in the coefficients of one equation, else None."""
    if not effect.parts or any(len(key) != 1 for key in effect.parts):
        return None
    outcomes = list(coefficient_places(fits.system))
    owners = {outcomes[key[0]][0] for key in effect.parts}
    return fits.fit(owners.pop()).df if len(owners) == 1 else None


def _single_equation_tests(
    frame: pd.DataFrame, effects: Sequence[Effect], estimate: np.ndarray, delta: np.ndarray, fits: PathFits
) -> None:
    """t tests where an effect is linear in one equation, as in its regression."""
    from scipy.stats import t as t_distribution

    for row, effect in enumerate(effects):
        df = _single_equation(effect, fits)
        if df is None:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            t = estimate[row] / delta[row]
        frame.loc[row, ["std_error", "statistic", "df", "p_value"]] = [
            delta[row], t, df, 2 * t_distribution.sf(abs(t), df)
        ]  # fmt: skip


def _lost(columns: dict[str, np.ndarray], estimate: np.ndarray, wanted: Wanted, draws: Draws | None) -> list[Problem]:
    problems = []
    if draws is not None and draws.n_failed:
        problems.append(Problem("W681", params={"n": draws.n_failed, "resamples": draws.resamples}))
    lost = [m for m in wanted.methods if m != "percentile" and np.isnan(columns[COLUMNS[m][0]]).any()]
    if lost and draws is not None and np.isfinite(estimate).all():
        problems.append(Problem("W687", params={"methods": lost}))
    return problems
