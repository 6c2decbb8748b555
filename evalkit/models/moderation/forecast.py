"""A moderation model in; expected outcomes at chosen values, differences between them, and curves to draw, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import tidy_frame
from evalkit.models.moderation.equations import TESTED
from evalkit.models.moderation.predictions import Outlook
from evalkit.models.moderation.roles import Predictor, Probe
from evalkit.models.moderation.slopes import Place

CURVE, RUG = 25, 60


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is asked of an outlook: x at some values, at the places of the moderators."""

    outlook: Outlook
    x: Predictor
    x_probes: Sequence[Probe]
    at: Sequence[Place]
    n_obs: int

    def expected(self) -> pd.DataFrame:
        """Rows `predicted.<x>.<place>`; `level` names the category of an ordered or unordered outcome."""
        asked = [(p, place) for place in self.at for p in self.x_probes]
        found = self.outlook.expected([{**p.columns, **place.columns} for p, place in asked])
        return self._rows([f"predicted.{p.id}.{place.id}" for p, place in asked], [q for _, q in asked], found)

    def contrasts(self, outer: Sequence[Place]) -> pd.DataFrame:
        """Rows `contrast.<place>` (x high less x low on the scale of the outcome) and `contrast.<place>-<place>`."""
        frames = []
        for low, high, group in self._pairs():
            places = [place.columns for place in self.at]
            found = self.outlook.difference([{**high, **c} for c in places], [{**low, **c} for c in places])
            frames.append(self._rows([f"contrast.{p.id}" for p in self.at], list(self.at), found, group))
            apart = [(b, a) for i, a in enumerate(outer) for b in outer[i + 1 :]]
            if apart:
                double = self.outlook.twofold(
                    [({**high, **b.columns}, {**low, **b.columns}, {**high, **a.columns}, {**low, **a.columns})
                     for b, a in apart]
                )  # fmt: skip
                frames.append(self._rows([f"contrast.{b.id}-{a.id}" for b, a in apart], None, double, group))
        return pd.concat(frames, ignore_index=True)

    def _pairs(self) -> list[tuple[Mapping[str, float], Mapping[str, float], str | None]]:
        """x low, x high, and the dummy that the pair is about."""
        if self.x.kind != "nominal":
            return [(self.x_probes[0].columns, self.x_probes[-1].columns, None)]
        reference = dict.fromkeys(self.x.terms, 0.0)
        several = len(self.x.terms) > 1
        return [(reference, {**reference, t: 1.0}, t if several else None) for t in self.x.terms]

    def _rows(
        self,
        terms: Sequence[str],
        places: Sequence[Place] | None,
        found: Sequence[Mapping[str, np.ndarray]],
        group: str | None = None,
    ) -> pd.DataFrame:
        values = (
            {} if places is None else {k: [p.values[k] for p in places] for k in ("moderator_value", "second_value")}
        )
        frames = [
            tidy_frame(term=list(terms), group=group, level=level or None, n_obs=self.n_obs, **values, **one)
            for level, one in zip(self.outlook.levels, found, strict=True)
        ]
        return pd.concat(frames, ignore_index=True)

    def curves(self) -> pd.DataFrame:
        """Lines to draw: panel, line, role, x, estimate, conf_low, conf_high; and the answers to x as a rug."""
        settings, at = self._along()
        frames = []
        for place in self.at:
            found = self.outlook.expected([{**s, **place.columns} for s in settings])
            for level, one in zip(self.outlook.levels, found, strict=True):
                panel = ".".join(part for part in (level, place.z.id if place.z else "") if part)
                frame = pd.DataFrame({"panel": panel, "line": place.w.id, "role": "line", "x": at})
                frames.append(frame.assign(**{n: one[n] for n in TESTED if n in ("estimate", "conf_low", "conf_high")}))
        return pd.concat([*frames, rug_of(self.x)], ignore_index=True)

    def _along(self) -> tuple[list[Mapping[str, float]], np.ndarray]:
        if self.x.kind == "number":
            at = np.linspace(self.x.raw.min(), self.x.raw.max(), CURVE)
            return [{self.x.terms[0]: self.x.entered(v)} for v in at], at
        return [p.columns for p in self.x_probes], np.arange(len(self.x_probes), dtype=float)


def rug_of(one: Predictor) -> pd.DataFrame:
    """How many per cent of the rows have each value; many values in 60 classes, so that no person stands out."""
    if one.kind != "number":
        return pd.DataFrame({"panel": [], "line": [], "role": [], "x": [], "estimate": []}).astype({"x": float})
    values = np.unique(one.raw)
    if len(values) > RUG:
        edges = np.linspace(values[0], values[-1], RUG + 1)
        place = np.clip(np.searchsorted(edges, one.raw, side="right") - 1, 0, RUG - 1)
        values = (edges[:-1] + edges[1:]) / 2
    else:
        place = np.searchsorted(values, one.raw)
    share = 100 * np.bincount(place, one.weights, minlength=len(values)) / one.weights.sum()
    seen = share > 0
    return pd.DataFrame({"panel": "", "line": "", "role": "rug", "x": values[seen], "estimate": share[seen]})
