"""Equations and values of the moderators in; simple slopes, their differences and joint tests as tidy rows out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from evalkit.contract import tidy_frame
from evalkit.models.moderation.equations import Equation
from evalkit.models.moderation.regions import Region, Slope, region
from evalkit.models.moderation.roles import Predictor, Probe
from evalkit.models.sandwich import wald

MOST_PAIRS = 66


@dataclass(frozen=True)
class Place:
    """One value of w and, where there are two moderators, one of z."""

    w: Probe
    z: Probe | None = None

    @property
    def id(self) -> str:
        return self.w.id if self.z is None else f"{self.w.id}.{self.z.id}"

    @property
    def columns(self) -> dict[str, float]:
        return {**self.w.columns, **(self.z.columns if self.z else {})}

    @property
    def values(self) -> dict[str, float]:
        return {"moderator_value": self.w.at, "second_value": self.z.at if self.z else np.nan}


def places(w: Sequence[Probe], z: Sequence[Probe] | None) -> tuple[Place, ...]:
    """Every value of w at every value of z, z outermost."""
    return tuple(Place(a, b) for b in (z or (None,)) for a in w)


def outer(
    w: Predictor, w_probes: Sequence[Probe], z: Predictor | None, z_probes: Sequence[Probe] | None
) -> list[Place]:
    """Where slopes are compared: the lowest and the highest value of numbers, every category."""

    def ends(one: Predictor, found: Sequence[Probe]) -> Sequence[Probe]:
        return found if one.kind == "nominal" or len(found) < 3 else (found[0], found[-1])

    second = ends(z, z_probes) if z is not None and z_probes else None
    return list(places(ends(w, w_probes), second))


def _keys(equation: Equation, x: Predictor, column: str) -> dict[str, str | None]:
    return {"group": column if len(x.terms) > 1 else None, "level": equation.level or None}


def simple_slopes(
    found: Sequence[Equation], x: Predictor, at: Sequence[Place], conf_level: float, n_obs: int
) -> pd.DataFrame:
    """Rows `slope.<place>`: the effect of x (each of its dummies) at each place."""
    frames = []
    for equation in found:
        for column in x.terms:
            contrasts = np.array([equation.slope([column], place.columns) for place in at])
            frames.append(
                tidy_frame(
                    term=[f"slope.{place.id}" for place in at],
                    n_obs=n_obs,
                    **{k: [p.values[k] for p in at] for k in ("moderator_value", "second_value")},
                    **equation.tested(contrasts, conf_level),
                    **_keys(equation, x, column),
                )
            )
    return pd.concat(frames, ignore_index=True)


def slope_differences(
    found: Sequence[Equation], x: Predictor, at: Sequence[Place], conf_level: float, n_obs: int
) -> pd.DataFrame:
    """Rows `difference.<place>-<place>`, later place less earlier one, p-values adjusted by Holm as well.

    Dawson & Richter (2006), Journal of Applied Psychology 91, 917-926, for three-way interactions.
    """
    pairs = [(b, a) for a, b in combinations(at, 2)][:MOST_PAIRS]
    frames = []
    for equation in found:
        for column in x.terms:
            contrasts = np.array(
                [equation.slope([column], b.columns) - equation.slope([column], a.columns) for b, a in pairs]
            ).reshape(len(pairs), len(equation.terms))
            tested = equation.tested(contrasts, conf_level)
            frames.append(
                tidy_frame(
                    len(pairs),
                    term=[f"difference.{b.id}-{a.id}" for b, a in pairs],
                    n_obs=n_obs,
                    p_adjusted=_holm(tested["p_value"]),
                    **tested,
                    **_keys(equation, x, column),
                )
            )
    return pd.concat(frames, ignore_index=True)


def joint_effects(found: Sequence[Equation], x: Predictor, at: Sequence[Place], n_obs: int) -> pd.DataFrame:
    """Rows `effect.<place>`: all dummies of x together, F with df and df2, or chi square; none for a single column."""
    if len(x.terms) < 2:
        return tidy_frame(0)
    rows = [_joint(equation, x, place, n_obs) for equation in found for place in at]
    return pd.concat(rows, ignore_index=True)


def _joint(equation: Equation, x: Predictor, place: Place, n_obs: int) -> pd.DataFrame:
    from scipy.stats import chi2, f

    contrasts = np.array([equation.slope([column], place.columns) for column in x.terms])
    held = ~np.isnan(equation.estimate)
    value, _ = equation.moments(contrasts)
    used = contrasts[:, held]
    q, statistic = len(x.terms), np.nan
    if np.isfinite(value).all():
        statistic = wald(value, used @ equation.matrix[np.ix_(held, held)] @ used.T)
    finite = np.isfinite(equation.df)
    return tidy_frame(
        1,
        term=f"effect.{place.id}",
        level=equation.level or None,
        statistic=statistic if finite else statistic * q,
        df=q,
        df2=equation.df if finite else np.nan,
        p_value=f.sf(statistic, q, equation.df) if finite else chi2.sf(statistic * q, q),
        n_obs=n_obs,
        **place.values,
    )


def conditional_products(
    found: Sequence[Equation], x: Predictor, w: Predictor, z: Sequence[Probe], conf_level: float, n_obs: int
) -> pd.DataFrame:
    """Rows `product.<z>`: the interaction of x and w at each value of z."""
    frames = []
    for equation in found:
        for one in x.terms:
            for other in w.terms:
                contrasts = np.array([equation.slope([one, other], probe.columns) for probe in z])
                several = len(x.terms) * len(w.terms) > 1
                frames.append(
                    tidy_frame(
                        term=[f"product.{probe.id}" for probe in z],
                        group=f"{one}:{other}" if several else None,
                        level=equation.level or None,
                        second_value=[probe.at for probe in z],
                        n_obs=n_obs,
                        **equation.tested(contrasts, conf_level),
                    )
                )
    return pd.concat(frames, ignore_index=True)


def regions(
    found: Sequence[Equation],
    x: Predictor,
    along: Predictor,
    other: Sequence[Probe] | None,
    conf_level: float,
    fdr: bool,
) -> tuple[Region, ...]:
    """Johnson-Neyman bounds of each column of x along a number, at each value of the other moderator."""
    return tuple(_regions(found, x, along, other, conf_level, fdr))


def _regions(
    found: Sequence[Equation],
    x: Predictor,
    along: Predictor,
    other: Sequence[Probe] | None,
    conf_level: float,
    fdr: bool,
) -> Iterator[Region]:
    for equation in found:
        for column in x.terms:
            for probe in other or (None,):
                fixed = dict(probe.columns) if probe else {}
                base, up = (equation.slope([column], fixed | {along.terms[0]: m}) for m in (0.0, 1.0))
                level = ".".join(part for part in (equation.level, probe.id if probe else "") if part)
                yield region(Slope(equation, base, up - base, along), column, level, conf_level, fdr=fdr)


def region_rows(found: Sequence[Region], x: Predictor, prefix: str, n_obs: int) -> pd.DataFrame:
    """Rows `<prefix>.lower` and `.upper` (bounds; share of cases beyond) and `.significant` (1: outside)."""
    frames = []
    for one in found:
        keys = {"group": one.term if len(x.terms) > 1 else None, "level": one.level or None, "n_obs": n_obs}
        frames.append(
            tidy_frame(
                term=[f"{prefix}.lower", f"{prefix}.upper", f"{prefix}.significant"],
                estimate=[one.lower, one.upper, one.outside],
                share=[one.below, one.above, one.significant],
                **keys,
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else tidy_frame(0)


def floodlight_rows(found: Sequence[Region], x: Predictor, n_obs: int) -> pd.DataFrame:
    """Rows `floodlight.1` ...: the slope at 21 evenly spaced values of the moderator."""
    frames = []
    for one in found:
        grid = one.grid.iloc[::2]
        frames.append(
            tidy_frame(
                term=[f"floodlight.{i}" for i in range(1, len(grid) + 1)],
                group=one.term if len(x.terms) > 1 else None,
                level=one.level or None,
                moderator_value=grid["at"],
                n_obs=n_obs,
                **{name: grid[name] for name in grid.columns if name != "at"},
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else tidy_frame(0)


def _holm(p: np.ndarray) -> np.ndarray:
    """Holm (1979), Scandinavian Journal of Statistics 6, 65-70; nan stays nan and does not count."""
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known])]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return out
