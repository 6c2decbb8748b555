"""A polynomial regression in, its table T20 and its figure out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Figure, Head, Label, Note, Row, Table
from evalkit.models.linear_table import errors_of
from evalkit.models.moderation.surface_result import GRID, SurfaceResult

NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
SECTIONS = {
    "congruence": ("a1", "a2"),
    "incongruence": ("a3", "a4", "a5"),
    "features": ("stationary.x", "stationary.z", "axis1.intercept", "axis1.slope", "axis2.intercept", "axis2.slope",
                 "shift"),
}  # fmt: skip


def names(result: SurfaceResult) -> dict[str, Label]:
    """Words for y, x and z."""
    return {"y": result.labels[result.outcome], "x": result.labels[result.x], "z": result.labels[result.z]}


def surface_table(result: SurfaceResult) -> Table:
    """Coefficients of the last model, the change by the terms of second order, lines, stationary point and axes."""
    t = "t" if np.isfinite(result.series.models[-1].fit.df) else "z"
    heads = ("estimate", "se", t, "p", "low_end", "high_end")
    return Table(
        id="surface",
        template="T20",
        title=Label("surface.title", **names(result)),
        header=(
            (Head("variable"), *(Head(Label(f"surface.{n}" if n == "estimate" else f"moderation.{n}")) for n in heads)),
        ),
        rows=tuple(_rows(result)),
        notes=tuple(Note("general", label) for label in _notes(result)),
    )


def _rows(result: SurfaceResult) -> Iterator[Row]:
    tidy = result.series.tidy()
    last = result.series.models[-1]
    own = tidy[(tidy["model"] == last.name) & tidy["term"].isin(last.fit.terms)]
    for _, row in own.iterrows():
        key = f"{row['model']}/{row['outcome']}/{row['term']}"
        label = result.labels.get(row["term"], Label(zh=row["term"], en=row["term"]))
        yield Row((Cell(label, "label"), *_cells(row, key)))
    effects = result.effects.set_index("term")
    yield _change(result, effects.loc["second_order"])
    for section, terms in SECTIONS.items():
        title = Label(f"surface.section_{section}", **{k: v for k, v in names(result).items() if k != "y"})
        yield Row((Cell(title, "label"),), role="section")
        for term in terms:
            yield Row((Cell(_words(result, term), "label"), *_cells(effects.loc[term], term)), indent=1)
    title = Label("surface.section_agreement", **{k: v for k, v in names(result).items() if k != "y"})
    yield Row((Cell(title, "label"),), role="section")
    for name in ("above", "near", "below"):
        share = Cell(float(effects.loc[f"agreement.{name}", "share"]), "share", id=f"agreement.{name}#share")
        yield Row((Cell(_words(result, f"agreement.{name}"), "label"), share, *[Cell("", "text")] * 5), indent=1)


def _words(result: SurfaceResult, term: str) -> Label:
    pair = {k: v for k, v in names(result).items() if k != "y"}
    if term.startswith("agreement."):
        return Label(f"surface.{term}", **pair)
    if term.startswith("stationary."):
        return Label("surface.stationary", variable=pair[term[-1]])
    return Label(f"surface.{term}")


def _cells(row: pd.Series, key: str) -> list[Cell]:
    found = []
    for name in NUMBERS:
        value = float(row[name])
        if np.isnan(value) and np.isfinite(row["estimate"]) and key.startswith("stationary"):
            found.append(Cell(None, name))
            continue
        p = float(row["p_value"]) if name == "estimate" else None
        reason = "moderation.why_unknown" if np.isnan(value) else None
        found.append(Cell(value, name, p=p, id=f"{key}#{name}", reason=reason))
    return found


def _change(result: SurfaceResult, row: pd.Series) -> Row:
    linear = result.family == "linear"
    kinds = ("r_squared_change", "f_change") if linear else ("mcfadden", "chi2_change")
    values = []
    for name, kind in zip(("estimate", "statistic", "p_value"), (*kinds, "p_value"), strict=True):
        value = float(row[name])
        reason = "moderation.why_unknown" if np.isnan(value) else None
        values.append(Cell(value, kind, id=f"second_order#{name}", reason=reason))
    none = Cell(None, "text")
    label = Label("surface.second_order" if linear else "surface.second_order_link")
    return Row((Cell(label, "label"), values[0], none, values[1], values[2], none, none), role="stat")


def _notes(result: SurfaceResult) -> Iterator[Label]:
    errors = errors_of(result.series)
    yield Label("moderation.note_errors", errors=errors, level=f"{100 * result.conf_level:g}", n=result.n_obs)
    yield Label("surface.note_centre", **{k: v for k, v in names(result).items() if k != "y"},
                middle=f"{result.surface.middle:.4g}")  # fmt: skip
    yield Label("surface.note_lines")
    yield Label("surface.note_delta")
    whole = result.effects.set_index("term").loc["second_order"]
    if whole["p_value"] < 1 - result.conf_level:  # a surface that may be a plane has no shape to speak of
        yield Label(f"surface.shape_{result.surface.shape}")
    if result.family != "linear":
        yield Label("moderation.note_link")


def surface_figure(result: SurfaceResult) -> Figure | None:
    """Rows `surface` (a grid), `congruence`, `incongruence`, `axis` (ends of lines), `hull`, `stationary`."""
    one = result.surface
    if not np.isfinite(one.b).all():
        return None
    at = np.linspace(one.low, one.high, GRID)
    x, z = (part.ravel() for part in np.meshgrid(at, at))
    parts = [pd.DataFrame({"role": "surface", "x": x, "z": z, "estimate": one.height(x, z)})]
    effects = result.effects.set_index("term")["estimate"]
    m = one.middle
    for role, intercept, slope in (
        ("congruence", 0.0, 1.0),
        ("incongruence", 0.0, -1.0),
        ("axis", effects["axis1.intercept"], effects["axis1.slope"]),
    ):
        parts.append(_clipped(role, one.low, one.high, m + intercept - slope * m, slope))
    if one.hull:
        parts.append(pd.DataFrame([("hull", *corner) for corner in one.hull], columns=["role", "x", "z"]))
    place = effects["stationary.x"], effects["stationary.z"]
    if all(one.low <= v <= one.high for v in place):
        parts.append(pd.DataFrame([("stationary", *place)], columns=["role", "x", "z"]))
    return Figure(
        id="surface",
        kind="response_surface",
        title=Label("surface.figure", **names(result)),
        frame=pd.concat([p for p in parts if len(p)], ignore_index=True).assign(
            estimate=lambda f: f["estimate"].astype(float)
        ),
        labels=names(result),
        notes=(Label("surface.figure_note", n=result.n_obs),),
    )


def _clipped(role: str, low: float, high: float, intercept: float, slope: float) -> pd.DataFrame:
    """Both ends of ``z = intercept + slope x`` within the square; no rows where it passes outside."""
    if not (np.isfinite(intercept) and np.isfinite(slope)):
        return pd.DataFrame()
    x = [low, high]
    if slope:
        ends = sorted(((low - intercept) / slope, (high - intercept) / slope))
        x = [max(low, ends[0]), min(high, ends[1])]
    if x[0] >= x[1]:
        return pd.DataFrame()
    return pd.DataFrame({"role": role, "x": x, "z": [min(max(intercept + slope * v, low), high) for v in x]})
