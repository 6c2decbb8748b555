"""What a formula says of power and sample size: tidy rows, table, curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.studies.power.curve import Scenario, power_curve
from evalkit.studies.power.formulas import Plan


@dataclass(frozen=True, eq=False)
class PowerResult:
    """Power and sample size of one test. `solved` names what was searched for; `options` are those of the call."""

    test: str
    symbol: str
    solved: str
    scenarios: tuple[Scenario, ...]
    plan: Plan
    alternative: str
    options: Mapping[str, Any]
    n_obs: int = 0
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("power",)

    @property
    def deff(self) -> float:
        """The design effect; 1 without clusters."""
        return float(self.options["deff"])

    @property
    def clustered(self) -> bool:
        return "icc" in self.options

    def clusters(self, one: Scenario) -> int:
        """How many clusters hold the people of a scenario."""
        return math.ceil(sum(one.sizes) / float(self.options["cluster_size"]) - 1e-9)

    def recruits(self, one: Scenario) -> int:
        """How many people to recruit, so that enough are left."""
        return math.ceil(sum(one.sizes) / (1 - float(self.options.get("attrition", 0.0))) - 1e-9)

    def tidy(self) -> pd.DataFrame:
        """Rows of every scenario (`group` = its number, where there are several).

        Terms: `n` (unrounded), `effect`, `alpha`, `power`, `power_reached` (with whole groups), `people` (level =
        group; without level all), and where asked for `icc`, `design_effect`, `clusters`, `recruits`.
        """
        rows: list[dict[str, Any]] = []
        for i, one in enumerate(self.scenarios):
            group = str(i + 1) if len(self.scenarios) > 1 else None
            rows += [{"group": group, **row} for row in self._rows(one)]
        columns = {n: [row.get(n) for row in rows] for n in ("group", "term", "level", "reason")}
        estimate = [row["estimate"] for row in rows]
        return tidy_frame(n_rows=len(rows), estimate=estimate, n_obs=float(self.n_obs), **columns)

    def _rows(self, one: Scenario) -> Iterator[dict[str, Any]]:
        for name in ("n", "effect", "alpha", "power"):
            if name == "effect" and self.symbol == "ab":
                yield {"term": "effect", "estimate": self.plan.a * self.plan.b}
                continue
            yield {"term": name, "estimate": getattr(one, name), "reason": one.reason if name == self.solved else None}
        yield {"term": "power_reached", "estimate": one.reached}
        if not one.sizes:
            return
        yield {"term": "people", "estimate": float(sum(one.sizes))}
        if len(one.sizes) > 1:
            for i, size in enumerate(one.sizes):
                yield {"term": "people", "level": str(i + 1), "estimate": float(size)}
        if self.clustered:
            yield {"term": "icc", "estimate": float(self.options["icc"])}
            yield {"term": "design_effect", "estimate": self.deff}
            yield {"term": "clusters", "estimate": float(self.clusters(one))}
        if "attrition" in self.options:
            yield {"term": "recruits", "estimate": float(self.recruits(one))}

    def glance(self) -> pd.DataFrame:
        """One row: the first scenario."""
        one = self.scenarios[0]
        values = {"estimate": getattr(one, self.solved), "effect": one.effect, "count": float(sum(one.sizes))}
        return pd.DataFrame([values | {"power": one.reached, "n_obs": float(self.n_obs)}])

    def table(self, template: str = "power") -> Table:
        """A row a scenario: effect, level, people altogether and a group, power, clusters, recruits."""
        several = any(len(one.sizes) > 1 for one in self.scenarios)
        heads = [Head(Label(zh=self.symbol, en=self.symbol)), Head("formula_power.alpha"), Head("formula_power.people")]
        heads += [Head("formula_power.each")] if several else []
        heads.append(Head("formula_power.power"))
        heads += [Head("formula_power.clusters")] if self.clustered else []
        heads += [Head("formula_power.recruits")] if "attrition" in self.options else []
        rows = []
        for i, one in enumerate(self.scenarios):
            key = f"{i + 1}/" if len(self.scenarios) > 1 else ""
            effect = self.plan.a * self.plan.b if self.symbol == "ab" else one.effect
            people = float(sum(one.sizes)) if one.sizes else math.nan
            cells = [Cell(effect, "effect", reason=one.reason, id=f"{key}effect#estimate")]
            cells.append(Cell(one.alpha, "estimate", reason=one.reason, id=f"{key}alpha#estimate"))
            cells.append(Cell(people, "n_obs", reason=one.reason, id=f"{key}people#estimate"))
            if several:
                each = "/".join(map(str, dict.fromkeys(one.sizes)))
                cells.append(Cell(each, "text"))
            cells.append(Cell(one.reached, "power", reason=one.reason, id=f"{key}power_reached#estimate"))
            if self.clustered:
                cells.append(Cell(self.clusters(one) if one.sizes else None, "n_obs"))
            if "attrition" in self.options:
                cells.append(Cell(self.recruits(one) if one.sizes else None, "n_obs"))
            rows.append(Row(tuple(cells)))
        notes = tuple(Note("general", note) for note in self.notes())
        title = Label("formula_power.title", test=self.named)
        return Table("power", template, title, (tuple(heads),), tuple(rows), notes)

    @property
    def named(self) -> Label:
        return Label(f"formula_power.test.{self.test}")

    def notes(self) -> Iterator[Label]:
        """What was searched for, which test with which options, and how clusters were reckoned."""
        yield Label("formula_power.note_solved", name=Label(f"formula_power.solved.{self.solved}"))
        yield Label(f"formula_power.{'two_sided' if self.plan.sides == 2 else 'one_sided'}")
        told = [f"{name} = {self.options[name]:g}" for name in self.options if name in _TOLD]
        if "bounds" in self.options:
            told.append("bounds = {:g}, {:g}".format(*self.plan.bounds))
        if told:
            yield Label(zh="，".join(told), en=", ".join(told))
        if self.clustered:
            yield Label("formula_power.note_clusters", icc=f"{self.options['icc']:.3f}", deff=f"{self.deff:.2f}",
                        size=f"{self.options['cluster_size']:.1f}",
                        cv=f"{self.options.get('cluster_cv', 0.0):.2f}")  # fmt: skip
        if "attrition" in self.options:
            yield Label("formula_power.note_attrition", share=f"{100 * self.options['attrition']:g}")

    def figure(self) -> Figure | None:
        """Power along the sample size."""
        curve = power_curve(self.test, self.plan, self.scenarios, self.deff)
        if curve.empty:
            return None
        series = list(dict.fromkeys(curve["series"]))
        sign = "" if self.symbol == "ab" else f"{self.symbol}="
        labels = {s: Label(zh=sign + s, en=sign + s) for s in series}
        if self.symbol == "ab":
            words = f"ab={self.plan.a * self.plan.b:.3g}"
            labels = {s: Label(zh=words, en=words) for s in series}
        title = Label("formula_power.figure", test=self.named)
        return Figure("power", "power_curve", title, curve, labels, tuple(self.notes()))


_TOLD = ("groups", "ratio", "predictors", "tested", "df", "base", "discordant", "a", "b", "direct")
