"""A moderation in, its figures out: the outcome along x, and the slope along the moderator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Figure, Label, Problem
from evalkit.models.generalised.outcomes import FAMILIES
from evalkit.models.moderation.result import ModerationResult
from evalkit.models.moderation.tables import other_label, spoken, variables


def moderation_figure(result: ModerationResult, name: str) -> Figure | None:
    """One of `result.figures`; E6115 for another name."""
    if name not in result.figures:
        raise AnalysisError(Problem("E6115", params={"option": "figure", "value": name, "known": list(result.figures)}))
    return _interaction(result) if name == "interaction" else _johnson_neyman(result)


def _interaction(result: ModerationResult) -> Figure | None:
    if result.curves[result.curves["role"] == "line"]["estimate"].isna().all():
        return None
    role = result.roles["x"]
    labels: dict[str, Label] = {"axis": role.label, "outcome": _scale(result), "line": result.roles["w"].label}
    labels |= {k[2:]: spoken(result, k) for k in result.labels if k.startswith("w.")}
    labels |= {f"panel.{p}": _panel(result, p) for p in result.curves["panel"].unique() if p}
    if role.kind != "number":
        probes = [k for k in result.labels if k.startswith("x.")]
        labels |= {f"tick.{i}": spoken(result, k) for i, k in enumerate(probes)}
    return Figure(
        id="interaction",
        kind="interaction",
        title=Label("moderation.figure_interaction", **variables(result)),
        frame=result.curves,
        labels=labels,
        notes=(
            Label("moderation.figure_note", level=f"{100 * result.conf_level:g}", n=result.n_obs),
            *(
                [Label("moderation.figure_points")]
                if result.points == "sd" and result.roles["w"].kind == "number"
                else []
            ),
        ),
    )


def _scale(result: ModerationResult) -> Label:
    """What stands upright: the outcome, its probability, or its expected number."""
    y = result.labels[result.outcome]
    if result.family == "linear":
        return y
    if FAMILIES[result.family][0] in ("count", "share"):
        return Label("moderation.expected", y=y)
    categories = list(getattr(result.series, "categories", {}).values())
    if FAMILIES[result.family][0] == "binary" and len(categories) == 2:
        return Label("moderation.probability_of", y=y, category=categories[1])
    return Label("moderation.probability", y=y)


def _panel(result: ModerationResult, panel: str) -> Label:
    """`<category>.<z>` in words."""
    parts = []
    for code, words in getattr(result.series, "categories", {}).items():
        if panel == code or panel.startswith(f"{code}."):
            parts.append(words)
            panel = panel.removeprefix(code).removeprefix(".")
            break
    if panel and f"z.{panel}" in result.labels:
        key = f"z.{panel}"
        parts.append(Label("moderation.at", variable=result.roles["z"].label, place=spoken(result, key)))
    return Label(zh="，".join(p.text("zh") for p in parts), en=", ".join(p.text("en") for p in parts))


def _johnson_neyman(result: ModerationResult) -> Figure | None:
    regions = result.regions_fdr or result.regions
    if all(r.grid["conf_low"].isna().all() for r in regions):
        return None
    several = len({r.term for r in regions}) > 1
    frames, labels = [], {}
    for one in regions:
        panel = ".".join(part for part in (one.term if several else "", one.level) if part)
        grid = one.grid[["at", "estimate", "conf_low", "conf_high"]]
        frames.append(grid.assign(panel=panel, role="line"))
        if one.inside:
            frames.append(pd.DataFrame({"at": one.inside, "estimate": np.nan, "panel": panel, "role": "bound"}))
        other = other_label(result, one.level)
        words = [result.labels[one.term]] if several else []
        level = one.level.partition(".")[0]
        words += [result.labels[f"category.{level}"]] if f"category.{level}" in result.labels else []
        words += [other] if other is not None else []
        label = Label(zh="，".join(w.text("zh") for w in words), en=", ".join(w.text("en") for w in words))
        labels |= {f"panel.{panel}": label} if panel else {}
    moderator = regions[0].moderator
    role = next(r for r, one in result.roles.items() if r != "x" and one.name == moderator)
    rug = result.rugs[role].rename(columns={"x": "at"})
    x = result.roles["x"].label
    labels |= {"axis": result.roles[role].label, "outcome": Label("moderation.slope_of", x=x)}
    alpha = f"{1 - result.conf_level:.3g}"
    notes = [Label("moderation.figure_jn_note", level=f"{100 * result.conf_level:g}", n=result.n_obs)]
    key = "moderation.figure_fdr" if result.regions_fdr else "moderation.figure_alpha"
    return Figure(
        id="johnson_neyman",
        kind="johnson_neyman",
        title=Label("moderation.figure_jn", **variables(result)),
        frame=pd.concat([*frames, rug.drop(columns="line")], ignore_index=True),
        labels=labels,
        notes=(*notes, Label(key, alpha=alpha)),
    )
