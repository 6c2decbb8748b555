"""Conditional indirect effects along each numeric moderator, with their intervals: the numbers behind a figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.models.mediation.arithmetic import Arithmetic
from evalkit.models.mediation.intervals import bootstrap_summary
from evalkit.models.mediation.path_call import PathCall
from evalkit.models.mediation.path_fit import PathFits
from evalkit.models.mediation.path_frame import Draws
from evalkit.models.mediation.routes import Moderator, Point, acting_on, at, chain_polynomial, chains

POINTS = 41
COLUMNS = ("from", "to", "by", "moderator", "theta", "estimate", "conf_low", "conf_high")


def effect_curves(
    fits: PathFits,
    call: PathCall,
    moderators: Sequence[Moderator],
    values: np.ndarray,
    means: np.ndarray,
    draws: Draws | None,
    conf_level: float,
) -> pd.DataFrame:
    """One row a point of a curve, between the smallest and largest value of the moderator.

    Only specific indirect effects on which a single numeric moderator acts that has more than two values. The interval
    is percentile, or normal from the delta method where there are no resamples.
    """
    if fits.faults:
        return pd.DataFrame(columns=list(COLUMNS))
    parts = []
    for x in call.x:
        for y in call.y:
            for chain in chains(fits.system, x, y):
                polynomial = chain_polynomial(fits.system, (x, *chain, y))
                acting = acting_on(polynomial, moderators)
                if len(acting) != 1 or acting[0].nominal:
                    continue
                (column,) = acting[0].columns
                j = call.system.places[column]
                if len(np.unique(values[:, j])) <= 2:
                    continue
                grid = np.linspace(values[:, j].min(), values[:, j].max(), POINTS)
                points = [Point("", ((column, v - means[j]),), v) for v in grid]
                sums = Arithmetic.of([at(polynomial, ((acting[0].name, p),)) for p in points])
                ends = _ends(sums, fits, draws, conf_level)
                estimate = sums.values(fits.values[:, None])[:, 0]
                keys = {"from": x, "to": y, "by": ".".join(chain), "moderator": acting[0].name}
                numbers = {"theta": grid, "estimate": estimate, "conf_low": ends[:, 0], "conf_high": ends[:, 1]}
                parts.append(pd.DataFrame(keys | numbers))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _ends(sums: Arithmetic, fits: PathFits, draws: Draws | None, conf_level: float) -> np.ndarray:
    from scipy.special import ndtri

    estimate = sums.values(fits.values[:, None])[:, 0]
    if draws is not None:
        drawn = sums.values(draws.boot.coefficients)
        return bootstrap_summary(drawn, estimate, None, ("percentile",), conf_level).intervals["percentile"]
    gradient = sums.gradient(fits.values)
    reach = ndtri((1 + conf_level) / 2) * np.sqrt(np.einsum("eq,qr,er->e", gradient, fits.covariance, gradient))
    return np.column_stack([estimate - reach, estimate + reach])
