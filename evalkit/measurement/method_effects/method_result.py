"""Tests of method bias, computed; their tidy rows and tables out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.measurement.method_effects.candidates import Candidate, cells, difference_cells
from evalkit.measurement.reported_fit import UNCORRECTED

_NAN = float("nan")


@dataclass(frozen=True)
class Harman:
    """Per cent of variance of the first component, components with eigenvalue above 1, per cent of one factor."""

    share: float
    n_components: int
    factor_share: float


@dataclass(frozen=True)
class Loading:
    """Equal loading on a method factor (nan for free ones) and per cent of item variance due to it."""

    estimate: float = _NAN
    std_error: float = _NAN
    statistic: float = _NAN
    p_value: float = _NAN
    share: float = _NAN


@dataclass(frozen=True)
class MarkerResult:
    """The marker series; `chosen` is the id of the model (C or U) that Method-R restricts."""

    models: tuple[Candidate, ...]
    chosen: str
    loading: Loading


@dataclass(frozen=True)
class MethodNorms:
    """The rules, each with its source in `method_bias`."""

    harman: float
    fit: float
    rmsea: float
    vif: float


@dataclass(frozen=True, eq=False)
class MethodBiasResult:
    """Common-method bias by several tests.

    Parameters
    ----------
    models : tuple of Candidate
        one_factor, measurement, method; differences from the measurement model.
    vif : mapping
        By scale.
    """

    harman: Harman
    models: tuple[Candidate, ...]
    method: Loading
    marker: MarkerResult | None
    vif: Mapping[str, float]
    loadings: str
    estimator: str
    norms: MethodNorms
    n_items: int
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """T7, and the marker series where a marker was given."""
        return ("T7", "marker") if self.marker else ("T7",)

    def change(self, measure: str) -> float:
        """By how much the method factor betters a measure of the measurement model."""
        found = {m.id: m.measures[measure] for m in self.models}
        gain = found["method"] - found["measurement"]
        return -gain if measure == "rmsea" else gain

    @property
    def serious(self) -> bool | None:
        """Whether the method factor betters the fit beyond the norms; None where it could not be fitted."""
        gains = [self.change(name) for name in ("cfi", "tli", "rmsea")]
        if not np.isfinite(gains).all():
            return None
        return bool(gains[0] >= self.norms.fit or gains[1] >= self.norms.fit or gains[2] >= self.norms.rmsea)

    def tidy(self) -> pd.DataFrame:
        """`harman.*`, every measure of every model (`model`), the changes, the method loading, VIF by scale."""
        n = {"n_obs": self.n_obs}
        rows: list[dict[str, Any]] = [
            {"term": "harman.share", "estimate": self.harman.share, **n},
            {"term": "harman.components", "estimate": self.harman.n_components, **n},
            {"term": "harman.factor_share", "estimate": self.harman.factor_share, **n},
        ]
        for model in (*self.models, *(self.marker.models if self.marker else ())):
            rows += model.rows(self.n_obs)
        rows += [{"term": f"change.{m}", "estimate": self.change(m), **n} for m in ("cfi", "tli", "rmsea")]
        rows += _loading_rows("method", self.method, self.n_obs)
        if self.marker:
            rows += _loading_rows(self.marker.chosen, self.marker.loading, self.n_obs)
        rows += [{"outcome": name, "term": "vif", "estimate": value, **n} for name, value in self.vif.items()]
        names = ("model", "outcome", "term", "estimate", "std_error", "statistic", "df", "p_value", "n_obs")
        columns = {k: [r.get(k, None if k in ("model", "outcome", "term") else _NAN) for r in rows] for k in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: Harman's share, changes of fit, method loading, share of the method, largest VIF."""
        row = {"harman_share": self.harman.share, "cfi_change": self.change("cfi"), "tli_change": self.change("tli"),
               "rmsea_change": self.change("rmsea"), "estimate": self.method.estimate, "p_value": self.method.p_value,
               "share": self.method.share, "vif": max(self.vif.values()), "n_obs": self.n_obs}  # fmt: skip
        return pd.DataFrame([row])

    def table(self, template: str = "T7") -> Table:
        """T7: fit of the three models and what the method factor adds; marker: Williams' series."""
        return _marker_table(self) if template == "marker" else _bias_table(self)


def _loading_rows(model: str, found: Loading, n: int) -> list[dict[str, Any]]:
    loading = {"model": model, "term": "method_loading", "estimate": found.estimate, "std_error": found.std_error,
               "statistic": found.statistic, "p_value": found.p_value, "n_obs": n}  # fmt: skip
    return [loading, {"model": model, "term": "method_share", "estimate": found.share, "n_obs": n}]


_SHOWN = ("chisq", "df", "chisq_df", "cfi", "tli", "rmsea", "srmr")
_FIT_HEADS = ("structural.chisq", "df", "structural.chisq_df", "structural.cfi", "structural.tli", "structural.rmsea",
              "structural.srmr")  # fmt: skip


def _bias_table(result: MethodBiasResult) -> Table:
    heads = ("method.model", *_FIT_HEADS, "method.cfi_change", "method.rmsea_change")
    base = next(m for m in result.models if m.id == "measurement")
    why = "method.reason_fit"
    rows = []
    for model in result.models:
        gains = [model.measures[n] - base.measures[n] for n in ("cfi", "rmsea")]
        changes = [
            Cell(None, kind) if model is base else Cell(gain, kind, reason=why)
            for gain, kind in zip(gains, ("cfi_change", "rmsea_change"), strict=True)
        ]
        rows.append(Row((Cell(model.label, "label"), *cells(model, *_SHOWN), *changes)))
    h, norms = result.harman, result.norms
    vif = max(result.vif.values())
    notes = [
        Label("method.note_harman", share=f"{h.share:.1f}", factors=h.n_components, norm=f"{norms.harman:g}",
              k=result.n_items),
        Label("method.note_norms", fit=f"{norms.fit:g}", rmsea=f"{norms.rmsea:g}"),
    ]  # fmt: skip
    if np.isfinite(result.method.share):
        notes.append(Label("method.note_method", share=f"{result.method.share:.1f}"))
    if np.isfinite(vif):
        notes.append(Label("method.note_vif", vif=f"{vif:.2f}", norm=f"{norms.vif:g}"))
    notes.append(_estimator_note(result.estimator, result.n_obs))
    title = Label("method.t7")
    return Table("method_bias", "T7", title, (tuple(map(Head, heads)),), tuple(rows), _general(notes))


def _marker_table(result: MethodBiasResult) -> Table:
    heads = ("method.model", *_FIT_HEADS, "method.chisq_change", "method.df_change")
    models = result.marker.models if result.marker else ()
    rows = [
        Row((Cell(m.label, "label"), *cells(m, *_SHOWN), *difference_cells(m.against)))
        for m in models
    ]  # fmt: skip
    loading = result.marker.loading if result.marker else Loading()
    chosen = result.marker.chosen if result.marker else "marker_c"
    notes = [Label("method.note_marker", chosen=Label(f"method.{chosen}"))]
    if np.isfinite(loading.share):
        notes.append(Label("method.note_method", share=f"{loading.share:.1f}"))
    notes.append(_estimator_note(result.estimator, result.n_obs))
    title = Label("method.marker")
    return Table("method_bias.marker", "marker", title, (tuple(map(Head, heads)),), tuple(rows), _general(notes))


def _estimator_note(estimator: str, n: int) -> Label:
    key = "method.note_corrected" if estimator not in UNCORRECTED else "structural.note_method"
    return Label(key, estimator=estimator, n=n)


def _general(labels: list[Label]) -> tuple[Note, ...]:
    return tuple(Note("general", label) for label in labels)
