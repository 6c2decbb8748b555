"""The result of predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.models.linear_table import errors_of
from evalkit.models.predicted.pairs import Pairs


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions, one entry a point (and category): `place` numbers the point, `levels` names the category.

    `eta` and `eta_error` are the linear predictor and its standard error; `pred_low` and `pred_high` hold the interval
    of a new observation.
    """

    levels: tuple[str, ...]
    place: np.ndarray
    estimate: np.ndarray
    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    eta: np.ndarray
    eta_error: np.ndarray
    pred_low: np.ndarray
    pred_high: np.ndarray

    @classmethod
    def nothing(cls, n: int, levels: tuple[str, ...]) -> Predicted:
        """A model that could not be estimated."""
        k = n * len(levels)
        return cls(levels * n, np.repeat(np.arange(n), len(levels)), *[np.full(k, np.nan)] * 8)


@dataclass(frozen=True, eq=False)
class PredictionResult:
    """Expected outcomes, or probabilities of categories, at chosen values of the predictors."""

    outcome: str
    family: str
    points: tuple[str, ...]
    predicted: Predicted
    pairs: Pairs | None
    typical: str
    cov: str
    cluster: str | None
    crossed: str | None
    categories: Mapping[str, Label]
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`predictions`, and `pairs` where differences were asked for."""
        return ("predictions", *(("pairs",) if self.pairs is not None else ()))

    def tidy(self) -> pd.DataFrame:
        """A row a point and category, `linear_predictor` on the scale of the link; then a row a pair of points."""
        if self.pairs is None:
            return self._tidy_points()
        found, names = self.pairs, ("estimate", "std_error", "statistic", "df", "p_value", "p_adjusted")
        rows = tidy_frame(
            outcome=self.outcome,
            term=[f"pair.{self.points[a]}-{self.points[b]}" for a, b in found.places],
            n_obs=self.n_obs,
            **{name: getattr(found, name) for name in (*names, "conf_low", "conf_high")},
        )
        return pd.concat([self._tidy_points(), rows], ignore_index=True)

    def _tidy_points(self) -> pd.DataFrame:
        found = self.predicted
        return tidy_frame(
            outcome=self.outcome,
            term=[self.points[i] for i in found.place],
            level=[level or None for level in found.levels],
            estimate=found.estimate,
            std_error=found.std_error,
            conf_low=found.conf_low,
            conf_high=found.conf_high,
            n_obs=self.n_obs,
            linear_predictor=found.eta,
            linear_predictor_se=found.eta_error,
            pred_low=found.pred_low,
            pred_high=found.pred_high,
        )

    def glance(self) -> pd.DataFrame:
        """Rows used and number of points, in one row."""
        return pd.DataFrame([{"n_obs": self.n_obs, "count": len(self.points)}])

    def table(self, template: str = "predictions") -> Table:
        """A point a row: estimate, SE and interval; for categories their probabilities with intervals below."""
        if template not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(self.templates)}))
        if template == "pairs" and self.pairs is not None:
            return self._pairs(self.pairs)
        levels = [level for level in dict.fromkeys(self.predicted.levels) if level]
        rows = self._categories(levels) if levels else self._means()
        heads = [self.categories[level] for level in levels]
        if not levels:
            heads = [Label(f"predicted.{n}") for n in ("estimate", "std_error", "interval", *self._new_observations())]
        level = f"{100 * self.conf_level:g}"
        kind = "predicted.note_categories" if levels else "predicted.note_means"
        return Table(
            id="predictions",
            template=template,
            title=Label("predicted.title", outcome=self.labels[self.outcome]),
            header=((Head("predicted.point"), *(Head(label) for label in heads)),),
            rows=tuple(rows),
            notes=(
                Note("general", Label(kind, level=level, errors=errors_of(self))),
                Note("general", f"predicted.note_{'typical' if self.typical == 'shares' else 'equal'}"),
                Note("general", Label("regression.note_rows", n=self.n_obs)),
            ),
        )

    def _pairs(self, found: Pairs) -> Table:
        """A pair of points a row."""
        rows = []
        for i, (a, b) in enumerate(found.places):
            key = f"{self.outcome}/pair.{self.points[a]}-{self.points[b]}"
            words = [self.labels[self.points[place]] for place in (a, b)]
            zh, en = (" − ".join(word.text(lang) for word in words) for lang in ("zh", "en"))
            names = ("estimate", "std_error", "statistic", "p_value", "p_adjusted")
            cells = [_cell(getattr(found, name)[i], name, f"{key}#{name}") for name in names]
            rows.append(Row((Cell(Label(zh=zh, en=en), "label"), *cells, _ends(found.conf_low[i], found.conf_high[i]))))
        heads = ("pair", "difference", "std_error", "statistic", "p", "p_adjusted", "interval")
        notes = [Label(f"predicted.adjust.{found.adjust}"), Label("regression.note_rows", n=self.n_obs)]
        return Table(
            id="pairs",
            template="pairs",
            title=Label("predicted.title_pairs", outcome=self.labels[self.outcome]),
            header=(tuple(Head(f"predicted.{name}") for name in heads),),
            rows=tuple(rows),
            notes=tuple(Note("general", note) for note in notes),
        )

    def _new_observations(self) -> tuple[str, ...]:
        return () if np.isnan(self.predicted.pred_low).all() else ("new",)

    def _means(self) -> list[Row]:
        found, rows = self.predicted, []
        for i, point in enumerate(self.points):
            key = f"{self.outcome}/{point}"
            cells = [Cell(self.labels[point], "label"), _cell(found.estimate[i], "estimate", f"{key}#estimate")]
            cells += [_cell(found.std_error[i], "std_error", f"{key}#std_error")]
            cells += [_ends(found.conf_low[i], found.conf_high[i])]
            cells += [_ends(found.pred_low[i], found.pred_high[i]) for _ in self._new_observations()]
            rows.append(Row(tuple(cells)))
        return rows

    def _categories(self, levels: list[str]) -> list[Row]:
        found, rows = self.predicted, []
        for i, point in enumerate(self.points):
            at = np.flatnonzero(found.place == i)
            keys = [f"{self.outcome}/{point}/{level}#estimate" for level in levels]
            upper = [_cell(found.estimate[j], "estimate", key) for j, key in zip(at, keys, strict=True)]
            lower = [_ends(found.conf_low[j], found.conf_high[j]) for j in at]
            rows += [Row((Cell(self.labels[point], "label"), *upper)), Row((Cell("", "text"), *lower))]
        return rows


def _cell(value: float, kind: str, id: str) -> Cell:
    return Cell(float(value), kind, id=id, reason="predicted.why" if np.isnan(value) else None)


def _ends(low: float, high: float) -> Cell:
    if np.isnan(low) or np.isnan(high):
        return Cell(float("nan"), "interval", reason="predicted.why")
    return Cell((float(low), float(high)), "interval", wrap="[")
