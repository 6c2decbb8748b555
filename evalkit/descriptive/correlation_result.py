"""A correlation matrix with its tests: tidy rows, table T9, heat map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.descriptive.levels import both

_REASON = "descriptive.reason_correlation"
_FURTHER = ("group", "level", "p_adjusted", "disattenuated", "reason")


@dataclass(frozen=True, eq=False)
class CorrelationResult:
    """A correlation matrix; the arrays have shape (p, p) in the order of `names`.

    `statistic` is Student's t, or z for Kendall's tau and polychoric correlations (`df` nan); the latter alone have a
    `std_error`. `p_adjusted` is the p of each pair in the family of all pairs. `held` names what was held constant;
    `corrected` are the correlations freed of unreliability. `further` are tidy rows: correlations by group, their
    differences, and those within and between clusters, whose matrices are `within` and `between`.
    `continuous` names the variables that polychoric correlations took as they stand; `thresholds` are those of the
    others, on the standard normal variable behind each.
    """

    names: tuple[str, ...]
    method: str
    missing: str
    conf_level: float
    r: np.ndarray
    statistic: np.ndarray
    std_error: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    labels: Mapping[str, Label]
    n_obs: int
    continuous: tuple[str, ...] = ()
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    thresholds: Mapping[str, np.ndarray] = field(default_factory=dict)
    df: np.ndarray | None = None
    p_adjusted: np.ndarray | None = None
    adjust: str = "none"
    held: tuple[str, ...] = ()
    semipartial: bool = False
    corrected: np.ndarray | None = None
    further: tuple[Mapping[str, Any], ...] = ()
    within: np.ndarray | None = None
    between: np.ndarray | None = None

    @property
    def templates(self) -> tuple[str, ...]:
        """T9; differences, correlations within and between clusters, thresholds of polychoric ones where asked."""
        more = ["differences"] if self._differences else []
        more += ["levels"] if self.within is not None else []
        return ("T9", *more, *(["thresholds"] if self.thresholds else []))

    @property
    def _differences(self) -> list[Mapping[str, Any]]:
        return [row for row in self.further if row.get("what") == "difference"]

    def tidy(self) -> pd.DataFrame:
        """One row a variable (mean and SD), then one a pair: outcome the earlier, term the later variable.

        Then, where asked: pairs by group (group = the column, level = the group) and their differences (level =
        `one:other`); differences named (term `difference`, level `a~b=c~d`; term `williams` its t); pairs `within` and
        `between` clusters (group = the clusters). The estimate of a difference is Cohen's q.
        """
        p = len(self.names)
        i, j = np.triu_indices(p, 1)
        names = np.array(self.names, dtype=object)
        nothing = np.full((p, p), np.nan)
        df = nothing if self.df is None else self.df
        rows: list[dict[str, Any]] = [
            {"term": name, "n_obs": float(self.n[k, k]), "mean": self.mean[k], "sd": self.sd[k]}
            for k, name in enumerate(self.names)
        ]
        matrices = {
            "estimate": self.r, "std_error": self.std_error, "statistic": self.statistic, "df": df,
            "p_value": self.p_value, "conf_low": self.conf_low, "conf_high": self.conf_high, "n_obs": self.n,
            "p_adjusted": nothing if self.p_adjusted is None else self.p_adjusted,
            "disattenuated": nothing if self.corrected is None else self.corrected,
        }  # fmt: skip
        for a, b in zip(i, j, strict=True):
            values: dict[str, Any] = {name: float(matrix[a, b]) for name, matrix in matrices.items()}
            values["reason"] = _REASON if np.isnan(self.r[a, b]) else None
            rows.append({"outcome": names[a], "term": names[b], **values})
        rows += [{k: v for k, v in row.items() if k != "what"} for row in self.further]
        text = ("outcome", "group", "term", "level", "reason")
        columns = ["outcome", "term", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]
        columns += ["n_obs", "mean", "sd", "reason"]
        columns += [name for name in _FURTHER if any(_given(row.get(name)) for row in rows) and name not in columns]
        return tidy_frame(
            n_rows=len(rows), **{n: [row.get(n, None if n in text else np.nan) for row in rows] for n in columns}
        )

    def glance(self) -> pd.DataFrame:
        """One row: rows and variables."""
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(self.names))]})

    def table(self, template: str = "T9") -> Table:
        """T9: mean, SD and the lower triangle with stars, corrected correlations above it; or one of the others."""
        if template != "T9":
            return {"thresholds": self._threshold_table, "differences": self._difference_table,
                    "levels": self._level_table}[template]()  # fmt: skip
        stars = self.p_value if self.p_adjusted is None else self.p_adjusted
        p = len(self.names)
        heads = (
            Head("variable"),
            Head("mean"),
            Head("sd"),
            *(Head(Label(zh=str(k), en=str(k))) for k in range(1, p + 1)),
        )
        rows = []
        for i, name in enumerate(self.names):
            below = [Cell(float(self.r[i, j]), "correlation", p=float(stars[i, j]), reason=_REASON) for j in range(i)]
            rest = [Cell(None, "correlation"), *(self._above(i, j) for j in range(i + 1, p))]
            numbered = Label("descriptive.numbered", n=i + 1, label=self.labels[name])
            ends = (Cell(float(self.mean[i]), "mean", reason=_REASON), Cell(float(self.sd[i]), "sd", reason=_REASON))
            rows.append(Row((Cell(numbered, "label"), *ends, *below, *rest)))
        notes = tuple(Note("general", label) for label in self._notes())
        return Table("correlate", template, Label("descriptive.correlate.title"), (heads,), tuple(rows), notes)

    def _above(self, i: int, j: int) -> Cell:
        if self.corrected is None:
            return Cell("", "text")
        return Cell(float(self.corrected[i, j]), "correlation", reason=_REASON)

    def _difference_table(self) -> Table:
        """Two correlations a row, with the test of their difference."""
        names = ("one", "other", "r_one", "r_other")
        heads = tuple(Head(f"correlate.{name}") for name in names)
        heads = (*heads, Head("correlate.q"), Head("correlate.z"), Head("p_value"))
        rows = []
        for row in self._differences:
            pair = (Cell(row["one"], "label"), Cell(row["other"], "label"))
            values = [Cell(row[name], "correlation", reason=_REASON) for name in ("r_one", "r_other")]
            tests = (
                Cell(row["estimate"], "estimate", reason=_REASON),
                Cell(row["statistic"], "statistic", reason=_REASON),
            )
            rows.append(Row((*pair, *values, *tests, Cell(row["p_value"], "p_value", reason=_REASON))))
        note = Note("general", Label("correlate.note_differences"))
        return Table(
            "correlate.differences", "differences", Label("correlate.differences"), (heads,), tuple(rows), (note,)
        )

    def _level_table(self) -> Table:
        """Within clusters below the diagonal, between clusters above it."""
        if self.within is None or self.between is None:
            raise ValueError("no clusters")
        p = len(self.names)
        heads = (Head("variable"), *(Head(Label(zh=str(k), en=str(k))) for k in range(1, p + 1)))
        rows = []
        for i, name in enumerate(self.names):
            sides = [self.within[i, j] if j < i else self.between[i, j] for j in range(p)]
            cells = [Cell(None if j == i else float(v), "correlation", reason=_REASON) for j, v in enumerate(sides)]
            rows.append(Row((Cell(Label("descriptive.numbered", n=i + 1, label=self.labels[name]), "label"), *cells)))
        note = Note("general", Label("correlate.note_levels"))
        return Table("correlate.levels", "levels", Label("correlate.levels"), (heads,), tuple(rows), (note,))

    def _threshold_table(self) -> Table:
        most = max((len(cuts) for cuts in self.thresholds.values()), default=0)
        numbers = [Head(Label(zh=str(k), en=str(k))) for k in range(1, most + 1)]
        rows = []
        for name, cuts in self.thresholds.items():
            rest = (Cell("", "text") for _ in range(most - len(cuts)))
            rows.append(Row((Cell(self.labels[name], "label"), *(Cell(float(c), "estimate") for c in cuts), *rest)))
        title, note = Label("descriptive.correlate.thresholds"), Label("descriptive.correlate.thresholds_note")
        heads = ((Head("variable"), *numbers),)
        return Table("correlate.thresholds", "thresholds", title, heads, tuple(rows), (Note("general", note),))

    def figure(self) -> Figure:
        """Lower triangle as a heat map."""
        i, j = np.tril_indices(len(self.names), -1)
        names = np.array(self.names, dtype=object)
        values = {"estimate": self.r[i, j], "p_value": self.p_value[i, j]}
        frame = pd.DataFrame({"row": names[i], "column": names[j]} | values)
        title = Label("descriptive.correlate.title")
        return Figure("correlate", "heatmap", title, frame, dict(self.labels), self._notes())

    def _notes(self) -> tuple[Label, ...]:
        n = Label("n", n=self.n_obs) if self.missing == "listwise" else self._range_of_n()
        notes = [Label(f"descriptive.correlate.{self.method}"), n]
        if self.held:
            words = [both(self.labels[name]) for name in self.held]
            listed = Label(zh="、".join(w["zh"] for w in words), en=", ".join(w["en"] for w in words))
            notes.insert(1, Label(f"correlate.{'semipartial' if self.semipartial else 'partial'}", names=listed))
        if self.p_adjusted is not None:
            method = Label(f"descriptive.compare.adjust.{self.adjust}")
            notes.append(Label("correlate.adjusted", adjust=method, n=len(self.names) * (len(self.names) - 1) // 2))
        if self.corrected is not None:
            notes.append(Label("correlate.corrected"))
        if self.continuous:
            names = [both(self.labels[name]) for name in self.continuous]
            words = {lang: [name[lang] for name in names] for lang in ("zh", "en")}
            listed = Label(zh="、".join(words["zh"]), en=", ".join(words["en"]))
            notes.insert(1, Label("descriptive.correlate.continuous", names=listed))
        return tuple(notes)

    def _range_of_n(self) -> Label:
        pairs = self.n[np.triu_indices(len(self.names), 1)]
        low, high = (int(pairs.min()), int(pairs.max())) if len(pairs) else (self.n_obs, self.n_obs)
        return Label("descriptive.correlate.pairwise", low=low, high=high)


def _given(value: Any) -> bool:
    return value is not None and value == value
