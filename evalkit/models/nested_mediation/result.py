"""The result of a multilevel mediation: paths and effects, and their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.models.matrix import joined
from evalkit.models.nested_mediation.paths import Paths

TEMPLATES = ("T19.mediation", "T19.paths")


@dataclass(frozen=True, eq=False)
class MultilevelMediationResult:
    """Indirect effects within and between groups.

    Attributes
    ----------
    design : str
        `1-1-1`, `2-1-1` or `2-2-1`.
    coefficients : mapping
        Estimates, errors and tests of `paths.names`, as arrays.
    effects : DataFrame
        Rows of `tidy()`.
    """

    x: str
    m: str
    y: str
    group: str
    covariates: tuple[str, ...]
    design: str
    method: str
    paths: Paths
    coefficients: Mapping[str, np.ndarray]
    effects: pd.DataFrame
    conf_level: float
    seed: int
    labels: Mapping[str, Label]
    n_groups: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = TEMPLATES

    def tidy(self) -> pd.DataFrame:
        """Effects (`indirect.within`, ...), then paths: `outcome` and `term` name the ends, `level` the level.

        Further rows: `variance` of m, y (residuals) and x by level; `covariance.a.b` of random paths.
        """
        frames = [self.effects, self._paths()]
        if self.paths.variances:
            keys = list(self.paths.variances)
            values = list(self.paths.variances.values())
            names = {"x": self.x, "m": self.m, "y": self.y}
            frames.append(
                tidy_frame(
                    outcome=[names.get(role, self.y if role == "b" else self.m) for role, _ in keys],
                    term=["variance" if role in names else f"variance.{role}" for role, _ in keys],
                    level=[level for _, level in keys],
                    estimate=[v[0] for v in values],
                    std_error=[v[1] for v in values],
                    n_obs=self.n_obs,
                )
            )
        return pd.concat(frames, ignore_index=True)

    def _paths(self) -> pd.DataFrame:
        columns = dict(self.coefficients)
        columns["df"] = np.where(np.isinf(columns["df"]), np.nan, columns["df"])
        ends = [self.ends(name) for name in self.paths.names]
        return tidy_frame(
            outcome=[end[1] for end in ends],
            term=[end[0] for end in ends],
            level=[
                name.rpartition(".")[2] if end[1] else None for name, end in zip(self.paths.names, ends, strict=True)
            ],
            n_obs=self.n_obs,
            **columns,
        )

    def ends(self, name: str) -> tuple[str, str | None]:
        """Predictor and outcome of a path."""
        known = {"a": (self.x, self.m), "b": (self.m, self.y), "c": (self.x, self.y)}
        return known.get(name.partition(".")[0], (name, None))

    def glance(self) -> pd.DataFrame:
        """One row."""
        row = {"n_obs": self.n_obs, "n_clusters": self.n_groups, "log_likelihood": self.paths.log_likelihood}
        return pd.DataFrame([row])

    def table(self, template: str = TEMPLATES[0]) -> Table:
        """Effects with Monte Carlo intervals (`T19.mediation`), or the paths behind them (`T19.paths`)."""
        if template not in TEMPLATES:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(TEMPLATES)}))
        level = f"{100 * self.conf_level:g}"
        heads = {
            "T19.mediation": ("effect", "estimate", "se"),
            "T19.paths": ("path", "estimate", "se", "statistic", "df", "p"),
        }[template]
        last = "interval_mc" if template == "T19.mediation" else "interval"
        rows = self._effect_rows() if template == "T19.mediation" else self._path_rows()
        names = {name: self.labels[getattr(self, name)] for name in ("x", "m", "y")}
        return Table(
            id="multilevel_mediation",
            template=template,
            title=Label(f"nested.title.{template[4:]}", design=self.design, **names),
            header=((*(Head(f"nested.column.{h}") for h in heads), Head(Label(f"nested.column.{last}", level=level))),),
            rows=tuple(rows),
            notes=tuple(self._notes()),
        )

    def _effect_rows(self) -> list[Row]:
        rows, seen = [], ""
        for row in self.effects.to_dict("records"):
            kind, _, level = row["term"].partition(".")
            if level != seen:
                seen = level
                rows.append(
                    Row((Cell(Label(f"nested.level.{level}"), "label"), *[Cell("", "text")] * 3), role="section")
                )
            rows.append(Row((Cell(Label(f"nested.effect.{kind}"), "label"), *self._cells(row, row["term"]))))
        return rows

    def _cells(self, row: Mapping[str, float], key: str) -> tuple[Cell, Cell, Cell]:
        empty = bool(np.isnan(row["estimate"]))
        why = "nested.why" if empty else None
        value = Cell(row["estimate"], "estimate", p=row["p_value"], id=f"{key}#estimate", reason=why)
        error = Cell(row["std_error"], "std_error", id=f"{key}#std_error", reason=why)
        ends = (row["conf_low"], row["conf_high"])
        return value, error, Cell(np.nan, "interval", reason=why) if empty else Cell(ends, "interval", wrap="[")

    def _path_rows(self) -> list[Row]:
        rows = []
        for row, name in zip(self._paths().to_dict("records"), self.paths.names, strict=True):
            start, end = self.ends(name)
            if end is None:
                label = Label("nested.covariance")
                key = start
            else:
                arrow = joined([self.labels[start], self.labels[end]], " → ")
                label = Label(f"nested.path.{row['level']}", path=arrow)
                key = f"{end}/{start}/{row['level']}"
            value, error, interval = self._cells(row, key)
            why = value.reason
            df = Cell(None, "df") if np.isnan(row["df"]) else Cell(row["df"], "df")
            tests = (Cell(row["statistic"], "statistic", reason=why), df, Cell(row["p_value"], "p_value", reason=why))
            rows.append(Row((Cell(label, "label"), value, error, *tests, interval)))
        return rows

    def _notes(self) -> list[Note]:
        texts = [Label(f"nested.note.{self.method}"), Label("nested.note.interval")]
        if self.covariates:
            named = [self.labels[name] for name in self.covariates]
            texts.append(Label("mediation.note_covariates", names=_listed(named)))
        where = self.labels[self.group]
        texts.append(Label("nested.note.rows", n=self.n_obs, groups=self.n_groups, group=where, design=self.design))
        return [Note("general", text) for text in texts]


def _listed(labels: list[Label]) -> Label:
    return Label(zh="、".join(x.text("zh") for x in labels), en=", ".join(x.text("en") for x in labels))
