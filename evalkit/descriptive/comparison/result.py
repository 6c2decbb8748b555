"""A family of comparisons: tidy rows, table T11, effect sizes as a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.descriptive.comparison.factorial import BOTH, FIRST, SECOND
from evalkit.descriptive.comparison.methods import METHODS, Method
from evalkit.descriptive.comparison.sample import Line

_TEXT = ("outcome", "group", "term", "level", "label", "reason")
_COLUMNS = (
    "outcome", "group", "term", "level", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high",
    "n_obs", "df2", "p_adjusted", "mean", "sd", "median", "count", "percent", "expected", "residual", "reference",
    "variance", "sum_of_squares", "label", "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """One outcome over one grouping variable, or over repeated measures (`group` is None).

    `lines` are tidy rows without outcome and group; the test is the first after the groups. `levels` are the groups
    or measures in order; `p_adjusted` that of the test in its family.
    """

    outcome: str
    group: str | None
    method: str
    levels: tuple[str, ...]
    lines: tuple[Line, ...]
    n_obs: int
    posthoc: str = "none"
    p_adjusted: float = float("nan")
    reason: str | None = None

    @property
    def how(self) -> Method:
        return METHODS[self.method]

    @property
    def test(self) -> Line:
        return next(row for row in self.lines if row["term"] == "test")

    @property
    def effect(self) -> Line:
        """The effect size that is printed; empty where it could not be computed."""
        return next((row for row in self.lines if row["term"] == self.how.effect), {})

    def of(self, term: str) -> dict[str, Line]:
        """Lines of a term by level."""
        return {row["level"]: row for row in self.lines if row["term"] == term and row["level"]}


@dataclass(frozen=True, eq=False)
class CompareResult:
    """Comparisons of one or more outcomes over one or more groupings.

    `labels` hold outcomes and groupings by name, and groups as `<grouping>=<group>`.
    """

    comparisons: tuple[Comparison, ...]
    family: str
    adjust: str
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    bounds: tuple[float, float] | None = None
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """T11; with two crossed factors the analysis of variance of both."""
        return ("T11", "factors") if any(c.method == "two_way" for c in self.comparisons) else ("T11",)

    def tidy(self) -> pd.DataFrame:
        """Rows of every comparison: outcome = variable, group = grouping variable.

        Terms: `mean` (or `share`) with a group as level; `test` (`label` names it); the effect sizes; `equivalence`;
        `pair` with two groups `a:b` as level; the checks of assumptions, such as `levene_median` and `shapiro`.
        Differences are first less second, ratios first over second.
        """
        rows = [
            {**row, "outcome": c.outcome, "group": c.group}
            | ({"label": c.method, "p_adjusted": c.p_adjusted, "n_obs": c.n_obs} if row["term"] == "test" else {})
            for c in self.comparisons
            for row in c.lines
        ]
        columns = {n: [row.get(n, None if n in _TEXT else np.nan) for row in rows] for n in _COLUMNS}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the comparison with the lowest p, and how many there are."""
        p = np.array([float(c.test.get("p_value", np.nan)) for c in self.comparisons])
        least = self.comparisons[int(np.nanargmin(p)) if np.isfinite(p).any() else 0]
        values = {name: float(least.test.get(name, np.nan)) for name in ("statistic", "df", "df2", "p_value")}
        values |= {"p_adjusted": least.p_adjusted, "effect": float(least.effect.get("estimate", np.nan))}
        return pd.DataFrame([values | {"count": float(len(p)), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "T11") -> Table:
        """T11: variable, group, n, M and SD (or share), statistic, df, p, effect size, what differs."""
        if template == "factors":
            return self._factor_table()
        rows: list[Row] = []
        grouped = len({c.group for c in self.comparisons}) > 1
        before = None
        for c in self.comparisons:
            if grouped and c.group != before:
                rows.append(Row((Cell(self.labels[str(c.group)], "label"),), role="section"))
            before = c.group
            rows += self._block(c)
        only = self.comparisons[0].group if not grouped else None
        title = (
            Label("descriptive.compare.title_by", by=self.labels[only]) if only else Label("descriptive.compare.title")
        )
        notes = tuple(Note("general", note) for note in self._notes())
        return Table("compare", template, title, (tuple(self._heads()),), tuple(rows), notes)

    def _factor_table(self) -> Table:
        """Sums of squares of type III, F and partial eta squared of each factor and the interaction."""
        rows: list[Row] = []
        for c in self.comparisons:
            rows.append(Row((Cell(self.labels[c.outcome], "label"),), role="section"))
            shares = {row["level"]: row for row in c.lines if row["term"] == "partial_eta_squared"}
            for name in (FIRST, SECOND, BOTH):
                own = c.of(name).get("type3", {})
                cells = [Cell(self.labels[name], "label")]
                for kind in ("sum_of_squares", "df", "df2", "statistic", "p_value"):
                    cells.append(
                        Cell(
                            own.get(kind, np.nan),
                            kind,
                            reason=c.reason,
                            id=f"{c.outcome}/{c.group}/{name}/type3#{kind}",
                        )
                    )
                share = shares.get(None if name == BOTH else name, {}).get("estimate", np.nan)
                rows.append(Row((*cells, Cell(share, "effect", reason=c.reason)), indent=1))
        heads = [
            Head("descriptive.compare.factor"),
            Head("descriptive.compare.squares"),
            Head("df"),
            Head("descriptive.compare.df2"),
        ]
        heads += [Head(Label(zh="F", en="F")), Head("p_value"), Head("descriptive.compare.effect.partial_eta_squared")]
        note = Note("general", Label("descriptive.compare.note_factors"))
        title = Label("descriptive.compare.factors")
        return Table("compare.factors", "factors", title, (tuple(heads),), tuple(rows), (note,))

    def figure(self) -> Figure | None:
        """Effect sizes with intervals, where all comparisons have one of a kind and it has an interval."""
        terms = {c.how.effect for c in self.comparisons}
        found = [(c, c.effect) for c in self.comparisons if np.isfinite(c.effect.get("conf_low", np.nan))]
        if len(terms) != 1 or len(found) < 2 or not terms <= _ABOUT_ZERO:
            return None
        several = len({c.group for c in self.comparisons}) > 1
        labels: dict[str, Label] = {}
        rows = []
        for c, row in found:
            id = f"{c.outcome}/{c.group}" if several else c.outcome
            own = self.labels[c.outcome]
            labels[id] = Label("descriptive.compare.over", name=own, by=self.labels[str(c.group)]) if several else own
            values = {name: row[name] for name in ("estimate", "conf_low", "conf_high")}
            rows.append({"model": "", "term": id, **values, "p_value": c.p_adjusted})
        title = Label("descriptive.compare.figure", effect=Label(f"descriptive.compare.effect.{terms.pop()}"))
        return Figure("compare", "coefficients", title, pd.DataFrame(rows), labels, tuple(self._notes()))

    @property
    def _several(self) -> bool:
        """Whether the p-values of the tests were adjusted for one another."""
        return self.adjust != "none" and self.family != "none" and len(self.comparisons) > 1

    def _shown(self) -> list[str]:
        """Which of the columns that not every comparison has are printed."""
        names = ["df"] if any("df" in c.test for c in self.comparisons) else []
        names += ["df2"] if any("df2" in c.test for c in self.comparisons) else []
        names += ["p_value", *(["p_adjusted"] if self._several else [])]
        return names

    def _heads(self) -> Iterator[Head]:
        middle = "descriptive.compare.percent" if all(c.how.counted for c in self.comparisons) else "mean_sd"
        yield from (Head("variable"), Head("descriptive.group"), Head("n_obs"))
        yield Head(middle if middle != "mean_sd" else "descriptive.profile.mean_sd")
        symbols = "/".join(dict.fromkeys(c.how.symbol for c in self.comparisons if c.how.symbol))
        yield Head(Label(zh=symbols, en=symbols) if symbols else "statistic")
        words = {"df": "df", "df2": "descriptive.compare.df2", "p_value": "p_value"}
        words["p_adjusted"] = "descriptive.compare.p_adjusted"
        yield from (Head(words[name]) for name in self._shown())
        yield Head(_side_by_side(dict.fromkeys(c.how.effect for c in self.comparisons)))
        if self._pairs:
            yield Head("descriptive.compare.posthoc")

    @property
    def _pairs(self) -> bool:
        return any(c.of("pair") for c in self.comparisons)

    def _block(self, c: Comparison) -> Iterator[Row]:
        test, size = c.test, c.effect
        key = "/".join(part for part in (c.outcome, c.group) if part)
        why = c.reason or test.get("reason")
        for i, level in enumerate(c.levels):
            words = self.labels[f"{c.group}={level}" if c.group else level]
            numbered = Label("descriptive.numbered", n=i + 1, label=words) if c.of("pair") else words
            own = c.of("mean").get(level) or c.of("share").get(level) or {}
            cells = [Cell(self.labels[c.outcome], "label") if i == 0 else Cell("", "text"), Cell(numbered, "label")]
            cells.append(Cell(own.get("n_obs"), "n_obs", id=f"{key}/{_term(c)}/{level}#n_obs"))
            cells.append(_middle(own, f"{key}/{_term(c)}/{level}"))
            if i:
                width = 2 + len(self._shown()) + self._pairs
                yield Row((*cells, *(Cell("", "text") for _ in range(width))))
                continue
            values = {**test, "p_adjusted": c.p_adjusted}
            absent = None if "p_value" in test else np.nan
            for name in ("statistic", *self._shown()):
                cells.append(Cell(values.get(name, absent), name, reason=why, id=f"{key}/test#{name}"))
            cells.append(Cell(size.get("estimate", np.nan), "effect", reason=why, id=f"{key}/{c.how.effect}#estimate"))
            if self._pairs:
                cells.append(Cell(self._differing(c), "label"))
            yield Row(tuple(cells))

    def _differing(self, c: Comparison) -> Label | None:
        """`1>3, 2>3`: the pairs that differ by their adjusted p, with the numbers of the groups."""
        if not c.of("pair"):
            return None
        place = {level: i + 1 for i, level in enumerate(c.levels)}
        found = []
        for a, b, row in pairs_of(c):
            if row["p_adjusted"] < 1 - self.conf_level:
                sign = row["estimate"] if np.isfinite(row.get("estimate", np.nan)) and not c.how.counted else 0.0
                found.append(f"{place[a]}{'>' if sign > 0 else '<' if sign < 0 else '≠'}{place[b]}")
        return Label(zh="，".join(found), en=", ".join(found)) if found else Label("descriptive.compare.no_pair")

    def _notes(self) -> Iterator[Label]:
        for method in dict.fromkeys(c.method for c in self.comparisons):
            yield Label(f"descriptive.compare.method.{method}")
        adjust = Label(f"descriptive.compare.adjust.{self.adjust}")
        for posthoc in dict.fromkeys(c.posthoc for c in self.comparisons if c.of("pair")):
            yield Label(f"descriptive.compare.posthoc.{posthoc}", adjust=adjust)
        if self._several:
            yield Label("descriptive.compare.adjusted", n=len(self.comparisons), adjust=adjust,
                        family=Label(f"descriptive.compare.family.{self.family}"))  # fmt: skip
        if self.bounds is not None:
            low, high = (f"{value:g}" for value in self.bounds)
            yield Label("descriptive.compare.bounds", low=low, high=high)
        yield Label("n", n=self.n_obs)


# Effect sizes for which 0 is no difference, so that a line at 0 makes sense.
_ABOUT_ZERO = {
    "cohens_d", "cohens_dz", "rank_biserial", "risk_difference", "eta_squared", "partial_eta_squared", "cramers_v",
}  # fmt: skip


def pairs_of(c: Comparison) -> Iterator[tuple[str, str, Line]]:
    """The groups of every pair, and its line."""
    lines = c.of("pair")
    for i, a in enumerate(c.levels):
        for b in c.levels[i + 1 :]:
            if f"{a}:{b}" in lines:
                yield a, b, lines[f"{a}:{b}"]


def _side_by_side(terms: Any) -> Label:
    words = [Label(f"descriptive.compare.effect.{term}") for term in terms]
    return Label(zh="/".join(w.text("zh") for w in words), en="/".join(w.text("en") for w in words))


def _term(c: Comparison) -> str:
    return "share" if c.how.counted else "mean"


def _middle(own: Line, key: str) -> Cell:
    if "mean" in own:
        return Cell((own["mean"], own["sd"]), "mean_sd", id=f"{key}#mean")
    return Cell(own.get("percent"), "percent", id=f"{key}#percent")
