"""A fit and the effects its text defines in, one row of numbers an effect out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Problem, tidy_frame
from evalkit.structure import Draws, Fit, bootstrap, monte_carlo

COLUMNS = {
    "percentile": ("perc_low", "perc_high"),
    "bias_corrected": ("bc_low", "bc_high"),
    "monte_carlo": ("mc_low", "mc_high"),
    "delta": ("delta_low", "delta_high"),
}
BOOTSTRAP = ("percentile", "bias_corrected")
NUMBERS = (
    "estimate", "std_error", "statistic", "p_value", "boot_mean", "boot_se", "p_boot",
    *(end for ends in COLUMNS.values() for end in ends), "partially_standardised", "completely_standardised",
    "completely_low", "completely_high",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Spread:
    """Resamples and draws of one fit; None where no interval asks for them."""

    resampled: Draws | None
    drawn: Draws | None

    @property
    def n_failed(self) -> int:
        """Resamples that could not be fitted."""
        return self.resampled.n_failed if self.resampled else 0

    @property
    def notices(self) -> tuple[Problem, ...]:
        return self.resampled.notices if self.resampled else ()


def spread_of(found: Fit, ci: Sequence[str], resamples: int, seed: int) -> Spread:
    """The bootstrap and the Monte Carlo draws that the intervals need; none of a search that did not arrive."""
    if not found.converged:
        return Spread(None, None)
    wanted = any(method in BOOTSTRAP for method in ci)
    return Spread(
        bootstrap(found, resamples=resamples, seed=seed) if wanted else None,
        monte_carlo(found, seed=seed) if "monte_carlo" in ci else None,
    )


def places_of(estimates: pd.DataFrame, names: Sequence[str]) -> list[int]:
    """Rows of definitions, or of the first path with a label, among the estimates of a fit."""
    found: dict[str, int] = {}
    for i, r in enumerate(estimates.itertuples()):
        found.setdefault(r.lhs if r.op == ":=" else r.label, i)
    return [found[name] for name in names]


def effect_frame(
    found: Fit,
    effects: Mapping[str, str],
    spread: Spread,
    ci: Sequence[str],
    conf_level: float,
    x_observed: bool,
) -> pd.DataFrame:
    """One row an effect: tidy columns with every interval asked for.

    `effects` leads from their ids, in the order of print, to the definitions or labels of the model's text.
    Of a search that did not arrive all numbers are nan. `std_error` and `p_value` are the delta method's;
    `completely_low` and `completely_high` too.
    """
    terms = list(effects)
    columns = {name: np.full(len(terms), np.nan) for name in NUMBERS}
    if found.converged:
        estimates = found.estimates(conf_level)
        at = np.array(places_of(estimates, list(effects.values())))
        for name, column in (("estimate", "est"), ("std_error", "se"), ("statistic", "z"), ("p_value", "p_value")):
            columns[name] = estimates[column].to_numpy(float)[at]
        standard = found.standardised(conf_level=conf_level)
        for name, column in (("standardised", "est"), ("low", "conf_low"), ("high", "conf_high")):
            columns[f"completely_{name}"] = standard[column].to_numpy(float)[at]
        if x_observed:
            columns["partially_standardised"] = found.standardised("nox")["est"].to_numpy(float)[at]
        columns |= _intervals(estimates, at, spread, ci, conf_level)
    low, high = COLUMNS[ci[0]]
    return tidy_frame(
        len(terms),
        term=terms,
        n_obs=found.n_obs,
        conf_low=columns[low].copy(),
        conf_high=columns[high].copy(),
        **columns,
        reason=[None if found.converged else "latent.why_not_arrived"] * len(terms),
    )


def _intervals(
    estimates: pd.DataFrame, at: np.ndarray, spread: Spread, ci: Sequence[str], conf_level: float
) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    for method in ci:
        low, high = COLUMNS[method]
        if method == "delta":
            columns[low], columns[high] = (estimates[c].to_numpy(float)[at] for c in ("conf_low", "conf_high"))
            continue
        draws = spread.drawn if method == "monte_carlo" else spread.resampled
        if draws is not None:
            ends = draws.interval(conf_level, "percentile" if method == "monte_carlo" else method)
            columns[low], columns[high] = (end[at] for end in ends)
    if spread.resampled is not None and len(spread.resampled.values) > 1:
        values = spread.resampled.values[:, at]
        columns["boot_mean"], columns["boot_se"] = values.mean(axis=0), values.std(axis=0, ddof=1)
        below = (values < 0).mean(axis=0) + 0.5 * (values == 0).mean(axis=0)
        columns["p_boot"] = np.minimum(1.0, 2 * np.minimum(below, 1 - below))
    return columns


def with_shares(frame: pd.DataFrame, alpha: float) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """The effects with their shares of the total effect in per cent, or why they have none.

    A share is given only if the total effect differs from 0 (p < alpha) and direct and total indirect effect have one
    sign. MacKinnon, Krull & Lockwood (2000), Prevention Science 1, 173-181.
    """
    rows = frame.set_index("term")
    total, direct, indirect = (rows.loc[name] for name in ("total", "direct", "indirect.total"))
    share, reason = np.full(len(frame), np.nan), list(frame["reason"])
    divided = [i for i, term in enumerate(frame["term"]) if term == "direct" or term.startswith("indirect.")]
    notices: tuple[Problem, ...] = ()
    why = None
    if not np.isfinite([total["estimate"], direct["estimate"], indirect["estimate"]]).all():
        why = "latent.why_not_arrived"
    elif direct["estimate"] * indirect["estimate"] < 0:
        clear = direct["p_value"] < alpha and indirect["conf_low"] * indirect["conf_high"] > 0
        why, notices = "mediation.why_signs", (Problem("N682" if clear else "N684"),)
    elif not total["p_value"] < alpha:
        why, notices = "mediation.why_total", (Problem("N683"),)
    for i in divided:
        value = frame["estimate"][i]
        if why is None and value * total["estimate"] >= 0:
            share[i] = 100 * value / total["estimate"]
        else:
            reason[i] = why or "mediation.why_sign"
    return frame.assign(share=share, reason=pd.Series(reason, dtype=object)), notices
