"""Simulated power at several sample sizes: tidy rows, table, curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.contract.words import LANGUAGES
from evalkit.studies.power.simulate_draws import Survey
from evalkit.studies.power.simulate_model import Tested
from evalkit.studies.power.simulate_search import Needed, wilson

NEEDED = "needed"
"""Group of the rows that say how many people it takes."""


@dataclass(frozen=True, eq=False)
class Point:
    """One sample size.

    Attributes
    ----------
    n, n_clusters : int
        People recruited; clusters, where there are any.
    hits : ndarray, shape (E,)
        Samples in which each effect was found.
    means : ndarray, shape (E,)
        Mean of the estimates.
    failed : int
        Samples that could not be fitted; no effect counts as found there.
    rows : float
        Mean number of rows that were left to analyse.
    """

    n: int
    n_clusters: int | None
    hits: np.ndarray
    means: np.ndarray
    failed: int
    rows: float


@dataclass(frozen=True, eq=False)
class SimulatedPower:
    """Power of the effects of one analysis. Arrays and tuples run along the effects tested.

    Attributes
    ----------
    true : ndarray, shape (E,)
        Effects in the population.
    ways : tuple of str
        How each is tested: `t`, `joint`, `monte_carlo`, `percentile` or `bias_corrected`.
    aimed : tuple of int
        Effects that the search for n looked at.
    """

    do: str
    tested: tuple[Tested, ...]
    ways: tuple[str, ...]
    true: np.ndarray
    points: tuple[Point, ...]
    needed: tuple[Needed, ...]
    aimed: tuple[int, ...]
    target: float
    alpha: float
    draws: int
    resamples: int
    seed: int
    errors: str
    survey: Survey
    icc: Mapping[str, float]
    labels: Mapping[str, Label]
    n_obs: int = 0
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("simulated_power",)

    def label(self, effect: Tested, true: float | None = None) -> Label:
        """What an effect is called, with its true value if wanted."""
        route = [self.labels.get(part, Label(zh=part, en=part)) for part in effect.route]
        level = f" ({effect.level})" if effect.level else ""
        named = Label(
            f"power.effect.{effect.kind}",
            route=Label(**{lang: " → ".join(p.text(lang) for p in route) for lang in LANGUAGES}),
            level=level,
        )
        return named if true is None else Label("power.effect_true", effect=named, true=f"{true:.3f}")

    def tidy(self) -> pd.DataFrame:
        """A row an effect and sample size (`group` = n): `estimate` is the power, `std_error` its simulation error.

        `n_obs` is the n recruited, `effect` the true effect, `mean` the mean of its estimates. Rows of the group
        `needed`: `n_obs` is the smallest n that reaches `estimate`, within `n_low` and `n_high`.
        """
        rows = [row for point in self.points for row in self._rows(point)]
        rows += list(self._needed())
        names = [*dict.fromkeys(key for row in rows for key in row)]
        columns: dict[str, Any] = {name: [row.get(name, np.nan) for row in rows] for name in names}
        return tidy_frame(len(rows), **columns)

    def _rows(self, point: Point) -> Iterator[dict[str, Any]]:
        low, high = wilson(point.hits, self.draws)
        share = point.hits / self.draws
        for e, effect in enumerate(self.tested):
            yield {
                "outcome": effect.outcome,
                "group": str(point.n),
                "term": effect.term,
                "level": effect.level or None,
                "estimate": share[e],
                "std_error": float(np.sqrt(share[e] * (1 - share[e]) / self.draws)),
                "conf_low": low[e],
                "conf_high": high[e],
                "n_obs": point.n,
                "effect": self.true[e],
                "mean": point.means[e],
                "n_clusters": np.nan if point.n_clusters is None else point.n_clusters,
                "n_failed": point.failed,
            }

    def _needed(self) -> Iterator[dict[str, Any]]:
        for effect, found, true in zip(self.tested, self.needed, self.true, strict=True):
            reached = not np.isnan(found.n)
            groups = self.survey.n_clusters(int(found.n)) if reached else None
            yield {
                "outcome": effect.outcome,
                "group": NEEDED,
                "term": effect.term,
                "level": effect.level or None,
                "estimate": self.target if reached else np.nan,
                "n_obs": found.n,
                "effect": true,
                "n_clusters": np.nan if groups is None else groups,
                "n_low": found.low,
                "n_high": found.high,
            }

    @property
    def n_needed(self) -> float:
        """People it takes for every effect aimed at; nan where one does not reach the target in the sizes simulated."""
        return float(max(self.needed[e].n for e in self.aimed)) if self.aimed else np.nan

    def glance(self) -> pd.DataFrame:
        """One row: people needed as `count`, wished power, smallest power aimed at in the largest sample."""
        last = self.points[-1]
        power = float(last.hits[list(self.aimed)].min()) / self.draws
        needs = [self.needed[e].n for e in self.aimed]
        count = np.nan if np.isnan(needs).any() else max(needs)
        return pd.DataFrame([{"count": count, "reference": self.target, "power": power, "n_obs": self.n_obs}])

    def table(self, template: str = "simulated_power") -> Table:
        """A section an effect: n, power with its interval, mean estimate; at its end the n needed.

        Raises
        ------
        AnalysisError
            E652 for an unknown template.
        """
        if template not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(self.templates)}))
        clustered = self.points[0].n_clusters is not None
        heads = [Head("power.head.effect"), Head("power.head.n")]
        heads += [Head("power.head.clusters")] if clustered else []
        heads += [Head("power.head.power"), Head("power.head.interval"), Head("power.head.mean")]
        frame, k = self.tidy(), len(self.tested)
        rows = []
        shown = [e for e, effect in enumerate(self.tested) if effect.main or e in self.aimed]
        for e in shown:
            rows.append(Row((Cell(self.label(self.tested[e], true=float(self.true[e])), "label"),), role="section"))
            for i, point in enumerate(self.points):
                rows.append(Row(_cells(frame.iloc[i * k + e], point, clustered)))
            rows.append(Row(self._total(frame.iloc[len(self.points) * k + e], clustered)))
        notes = tuple(Note("general", note) for note in self.notes())
        if len(shown) < len(self.tested):
            notes += (Note("general", Label("power.note_others", n=len(self.tested) - len(shown))),)
        title = Label("power.title", do=Label(f"do.{self.do}"))
        return Table("simulated_power", template, title, (tuple(heads),), tuple(rows), notes)

    def _total(self, row: pd.Series, clustered: bool) -> tuple[Cell, ...]:
        """The cells of the row that says how many people it takes."""
        key = _key(row)
        reached = row["n_obs"] == row["n_obs"]
        why = None if reached else "power.why_not_reached"
        groups = (Cell(row["n_clusters"] if reached else None, "n_clusters", reason=why),) if clustered else ()
        between = Cell((int(row["n_low"]), int(row["n_high"])), "n_obs") if reached else Cell("", "text")
        return (
            Cell(Label("power.needed"), "label"),
            Cell(row["n_obs"], "n_obs", id=f"{key}#n_obs", reason=why),
            *groups,
            Cell(self.target, "power"),
            between,
            Cell("", "text"),
        )

    def notes(self) -> Iterator[Label]:
        """How often, by which tests, and under which conditions samples were drawn."""
        error = 100 * float(np.sqrt(0.25 / self.draws))
        yield Label("power.note_draws", draws=self.draws, alpha=f"{self.alpha:g}", error=f"{error:.1f}")
        tests = [Label(f"power.way.{way}", resamples=self.resamples) for way in dict.fromkeys(self.ways)]
        yield Label("power.note_tests", tests=_listed(tests), errors=Label(f"power.errors.{self.errors}"))
        yield Label("power.note_standardised")
        yield from self._conditions()
        yield Label("power.note_needed", power=f"{self.target:g}")

    def _conditions(self) -> Iterator[Label]:
        """Clusters, measurement and loss, where there are any."""
        if self.points[0].n_clusters is not None:
            alike = sorted(set(self.icc.values()))
            text = f"{alike[0]:.2f}" if len(alike) == 1 else f"{alike[0]:.2f}–{alike[-1]:.2f}"
            size = self.survey.cluster_size
            if size is not None:
                yield Label("power.note_size", size=size, icc=text)
            else:
                yield Label("power.note_clusters", n=self.survey.clusters, icc=text)
        asked = {m for m in self.survey.measures.values() if not m.exact}
        if asked:
            sure = sorted({m.reliability for m in asked})
            points = sorted({m.categories for m in asked if m.categories})
            items = sorted({m.items for m in asked})
            yield Label("power.note_measured", reliability=_range(sure), items=_range(items))
            if points:
                yield Label("power.note_categories", points=_range(points))
        if self.survey.kept < 1:
            yield Label("power.note_lost", percent=f"{100 * (1 - self.survey.kept):.3g}")

    def figure(self) -> Figure | None:
        """Power along the sample size, a line an effect aimed at; nothing with a single size."""
        if len(self.points) < 2:
            return None
        shown = list(self.aimed)[:8]
        frames = []
        for e in shown:
            hits = np.array([point.hits[e] for point in self.points])
            low, high = wilson(hits, self.draws)
            frame = {"series": str(e), "n": [p.n for p in self.points], "power": hits / self.draws}
            frames.append(pd.DataFrame({**frame, "conf_low": low, "conf_high": high, "target": self.target}))
        labels = {str(e): self.label(self.tested[e]) for e in shown}
        title = Label("power.figure", do=Label(f"do.{self.do}"))
        whole = pd.concat(frames, ignore_index=True)
        return Figure("simulated_power", "power_curve", title, whole, labels, tuple(self.notes())[:1])


def _cells(row: pd.Series, point: Point, clustered: bool) -> tuple[Cell, ...]:
    """The cells of one sample size."""
    key = _key(row)
    groups = (Cell(point.n_clusters, "n_clusters"),) if clustered else ()
    return (
        Cell("", "text"),
        Cell(point.n, "n_obs", id=f"{key}#n_obs"),
        *groups,
        Cell(row["estimate"], "power", id=f"{key}#estimate"),
        Cell((row["conf_low"], row["conf_high"]), "power"),
        Cell(row["mean"], "effect", id=f"{key}#mean"),
    )


def _key(row: pd.Series) -> str:
    return "/".join(str(row[k]) for k in ("outcome", "group", "term", "level") if row[k] == row[k] and row[k])


def _range(values: list[float]) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g}–{values[-1]:g}"


def _listed(labels: list[Label]) -> Label:
    return Label(zh="、".join(p.text("zh") for p in labels), en=", ".join(p.text("en") for p in labels))
