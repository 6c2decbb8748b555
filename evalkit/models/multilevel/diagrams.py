"""A multilevel result in, its figures before drawing out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.contract import Figure, Label
from evalkit.models.multilevel.result import MixedResult
from evalkit.models.multilevel.tables import level_label

PLACES = 21
"""Points a line is made of, so that its band bends as it should."""
REACH = 1.96


def group_figure(result: MixedResult) -> Figure:
    """Random effects of the groups, each effect sorted (a caterpillar)."""
    last = result.models[-1]
    frames = [
        pd.DataFrame(
            {
                "effect": name,
                "unit": list(result.group_names),
                "estimate": last.effects[:, j],
                "conf_low": last.effects[:, j] - REACH * last.effect_sd[:, j],
                "conf_high": last.effects[:, j] + REACH * last.effect_sd[:, j],
            }
        )
        for j, name in enumerate(last.random if len(last.effects) else ())
    ]
    columns = ["effect", "unit", "estimate", "conf_low", "conf_high"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    names = {"outcome": result.labels[result.outcome], "group": result.labels[result.group]}
    return Figure(
        id="groups",
        kind="caterpillar",
        title=Label("mixed.figure_groups", **names),
        frame=frame,
        labels={**result.names, "intercept": Label("mixed.tau_intercept")},
        notes=(Label("mixed.figure_groups_note", n=len(result.group_names)),),
    )


def slope_figure(result: MixedResult) -> Figure:
    """Predictions of the last model along x, a line for each value of the moderator."""
    last, one = result.models[-1], result.cross[0]
    x = np.linspace(*one.x_range, PLACES)
    frames = []
    for level, base, weights in zip(one.levels, one.base, one.weights, strict=True):
        rows = base + x[:, None] * weights
        eta = rows @ last.estimate
        reach = _quantile(result) * np.sqrt(np.einsum("ij,jk,ik->i", rows, last.matrix, rows))
        ends = [_outcome(result, eta + sign * reach) for sign in (0, -1, 1)]
        frames.append(
            pd.DataFrame({"level": level, "x": x, "estimate": ends[0], "conf_low": ends[1], "conf_high": ends[2]})
        )
    names = {"x": result.labels[one.x], "w": result.names[one.w], "outcome": result.names[result.outcome]}
    labels = {level: level_label(result, one.term, level) for level in one.levels}
    return Figure(
        id="slopes",
        kind="cross_level",
        title=Label("mixed.figure_slopes", **{**names, "x": result.names[one.x]}),
        frame=pd.concat(frames, ignore_index=True),
        labels={**labels, **names},
        notes=(Label("mixed.figure_slopes_note", level=f"{100 * result.conf_level:g}", x=result.names[one.x]),),
    )


def _quantile(result: MixedResult) -> float:
    from scipy.stats import norm

    return float(norm.ppf((1 + result.conf_level) / 2))


def _outcome(result: MixedResult, eta: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return eta if result.family == "linear" else np.asarray(expit(eta))
