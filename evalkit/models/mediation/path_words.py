"""Effects of a path model in, their names in both languages out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Label
from evalkit.models.matrix import joined
from evalkit.models.mediation.routes import Condition, Effect, Point

if TYPE_CHECKING:
    from evalkit.models.mediation.path_result import PathModelResult

NAMED_POINTS = ("low", "mean", "high", "p16", "p50", "p84")


def arrow(effect: Effect, labels: Mapping[str, Label], chain: Sequence[str] | None = None) -> Label:
    """`x → m → y`."""
    nodes = (effect.x, *(effect.chain if chain is None else chain), effect.y)
    return joined([labels[name] for name in nodes], " → ")


def path_label(effect: Effect, labels: Mapping[str, Label]) -> Label | None:
    """The path of an effect; of a contrast both; None for the total of all paths."""
    if effect.kind == "indirect_total":
        return None
    if effect.kind == "contrast":
        return Label("paths.less", one=arrow(effect, labels), other=arrow(effect, labels, effect.other))
    return arrow(effect, labels)


def point_label(name: str, point: Point, labels: Mapping[str, Label], references: Mapping[str, Label]) -> Label:
    """`w = 2.310 (M - 1 SD)`, or the category."""
    if np.isfinite(point.shown):
        key = f"paths.at_{point.id}" if point.id in NAMED_POINTS else "paths.at_value"
        value = number(point.shown) if point.id in NAMED_POINTS else f"{point.shown:g}"
        return Label(key, w=labels[name], value=value)
    chosen = [column for column, value in point.values if value]
    category = labels[chosen[0]].params["category"] if chosen else references[name]
    return Label("paths.at_value", w=labels[name], value=category)


def condition_label(condition: Condition, labels: Mapping[str, Label], references: Mapping[str, Label]) -> Label | None:
    """All points of a condition; None where there is none."""
    if not condition:
        return None
    parts = [point_label(name, point, labels, references) for name, point in condition]
    return Label(zh="；".join(p.text("zh") for p in parts), en="; ".join(p.text("en") for p in parts))


def level_label(result: PathModelResult, effect: Effect) -> Label | None:
    """What stands beside the path: the condition, both conditions of a difference, the name of an index."""
    labels, references = result.labels, result.references
    at = condition_label(effect.condition, labels, references)
    if effect.kind == "difference":
        other = condition_label(effect.against, labels, references)
        return Label("paths.versus", one=at, two=other)
    if effect.kind != "index":
        return at
    names = joined([labels[column] for column in effect.slopes], " × ")
    if len(effect.slopes) > 1:
        return Label("paths.index_twice", w=names)
    if at is not None:
        return Label("paths.index_conditional", w=names, at=at)
    along = {s for e in result.listing if e.kind == "index" and e.chain == effect.chain for s in e.slopes}
    owners = [m for m in result.moderators if along & set(m.columns)]
    return Label("paths.index_partial" if len(owners) > 1 else "paths.index", w=names)


def effect_words(result: PathModelResult, effect: Effect) -> dict[str, Label | None]:
    """x, y, the chain (of a contrast both paths) and the condition of an effect."""
    labels = result.labels
    chain: Label | None = None
    if effect.kind == "contrast":
        chain = path_label(effect, labels)
    elif effect.chain:
        chain = joined([labels[name] for name in effect.chain], " → ")
    return {"x": labels[effect.x], "y": labels[effect.y], "m": chain, "at": level_label(result, effect)}


def number(value: float) -> str:
    """Two decimals, half up on the shortest decimal form."""
    rounded = Decimal(repr(float(value))).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return f"{abs(rounded)}" if rounded >= 0 else f"−{abs(rounded)}"
