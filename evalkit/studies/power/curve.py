"""Scenarios of a test in; its power along the sample size out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.studies.power.formulas import FORMULAS, Plan

PLACES, MOST_LINES = 40, 5


@dataclass(frozen=True)
class Scenario:
    """One combination of effect, people, level and power.

    `n` may be a fraction; `sizes` are whole groups, and `reached` is the power with these. `reason` says why the
    value searched for is nan.
    """

    effect: float
    n: float
    alpha: float
    power: float
    sizes: tuple[int, ...]
    reached: float
    reason: str | None = None


def power_curve(test: str, plan: Plan, scenarios: Sequence[Scenario], deff: float) -> pd.DataFrame:
    """Power along n for each effect and level, up to twice the largest sample; the columns of the figure's kind."""
    formula = FORMULAS[test]
    known = [one for one in scenarios if not math.isnan(one.n + one.effect + one.alpha)]
    lines = list(dict.fromkeys((one.effect, one.alpha) for one in known))[:MOST_LINES]
    many = len({level for _, level in lines}) > 1
    rows: list[tuple[str, float, float]] = []
    if known:
        start, end = formula.least(plan) * deff, 2 * max(one.n for one in known)
        places = np.unique(np.round(np.linspace(max(start, end / PLACES), max(end, start * 2), PLACES)))
        for effect, alpha in lines:
            series = f"{effect:.3g}" + (f", α={alpha:.3g}" if many else "")
            rows += [
                (series, float(n), formula.power(float(n) / deff, effect, alpha, plan)) for n in places[places >= start]
            ]
    wished = {one.power for one in scenarios}
    frame = pd.DataFrame(rows, columns=["series", "n", "power"])
    return frame.assign(conf_low=np.nan, conf_high=np.nan, target=wished.pop() if len(wished) == 1 else np.nan)
