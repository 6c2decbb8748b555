"""An exploratory factor analysis in, its printed tables out: loadings (T6), and how many factors to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.measurement.exploratory.result import EfaResult

_MOST_EIGENVALUES = 12
_EMPTY = Cell("", "text")


def loading_table(result: EfaResult) -> Table:
    """T6: items by their strongest factor, loadings below the bound blank; variance and factor correlations below."""
    s, choices = result.solution, result.choices
    m = len(result.factors)
    heads = (
        Head("item"),
        *(Head(Label("efa.factor_n", n=k)) for k in range(1, m + 1)),
        Head("efa.communality"),
        Head("efa.complexity"),
    )
    rows = []
    for i in _by_factor(s.loadings):
        cells = [
            Cell(float(v), "loading", bold=bool(abs(v) == np.abs(s.loadings[i]).max()))
            if abs(v) >= choices.suppress
            else _EMPTY
            for v in s.loadings[i]
        ]
        ends = Cell(float(s.communality[i]), "communality"), Cell(float(s.complexity[i]), "complexity")
        rows.append(Row((Cell(result.labels[result.names[i]], "label"), *cells, *ends)))
    rows += _variance_rows(result)
    if m > 1 and not np.allclose(s.phi, np.eye(m)):
        rows.append(Row((Cell(Label("efa.phi"), "label"),), role="section"))
        for i in range(m):
            below = [Cell(float(s.phi[i, j]), "correlation") for j in range(i)]
            rest = [Cell(None, "correlation"), *(_EMPTY for _ in range(i + 1, m))]
            rows.append(Row((Cell(Label("efa.factor_n", n=i + 1), "label"), *below, *rest, _EMPTY, _EMPTY)))
    rows += _statistic_rows(result)
    return Table("efa", "T6", Label("efa.title"), (heads,), tuple(rows), _loading_notes(result))


def retention_table(result: EfaResult) -> Table:
    """Eigenvalues beside those of random data, and average partial correlations."""
    found, partial = result.parallel, result.average_partial
    heads = (
        Head("efa.number"),
        Head("efa.component_eigenvalue"),
        Head("efa.random"),
        Head("efa.factor_eigenvalue"),
        Head("efa.random"),
        Head("efa.map"),
        Head("efa.map_revised"),
    )
    rows = []
    for k in range(min(len(result.names), _MOST_EIGENVALUES)):
        values = (found.components[k], found.component_reference[k], found.factors[k], found.factor_reference[k])
        beats = (found.components[k] > found.component_reference[k], False, values[2] > values[3], False)
        cells = [Cell(float(v), "estimate", bold=bool(b)) for v, b in zip(values, beats, strict=True)]
        averages = [
            Cell(float(v[k + 1]), "estimate", reason="efa.reason_map") if k + 1 < len(v) else Cell(None, "estimate")
            for v in (partial.squares, partial.fourths)
        ]
        rows.append(Row((Cell(k + 1, "count"), *cells, *averages)))
    notes = (
        result.reference_label,
        Label("efa.note_bold"),
        Label(
            "efa.note_suggested", factors=found.n_factors, components=found.n_components,
            map=partial.n_components, revised=partial.n_components_revised,
        ),
        Label("efa.note_pearson"),
    )  # fmt: skip
    general = tuple(Note("general", label) for label in notes)
    return Table("efa_retention", "T6_retention", Label("efa.retention"), (heads,), tuple(rows), general)


def _by_factor(loadings: np.ndarray) -> list[int]:
    """Items grouped by their strongest factor, within it by falling size."""
    strongest = np.abs(loadings).argmax(axis=1)
    return sorted(range(len(loadings)), key=lambda i: (strongest[i], -abs(loadings[i, strongest[i]])))


def _variance_rows(result: EfaResult) -> list[Row]:
    explained = result.solution.explained
    share = 100 * explained / len(result.names)
    lines = (
        ("efa.ss_loadings", "estimate", explained),
        ("efa.share", "percent", share),
        ("efa.share_cumulative", "percent", np.cumsum(share)),
    )
    return [
        Row((Cell(Label(key), "label"), *(Cell(float(v), kind) for v in values), _EMPTY, _EMPTY), role="stat")
        for key, kind, values in lines
    ]


def _statistic_rows(result: EfaResult) -> list[Row]:
    """Adequacy and fit, each in the first factor's column."""
    f, b = result.fit, result.sphericity
    found = [
        (Label("efa.kmo"), Cell(result.adequacy.kmo, "kmo")),
        (Label("efa.bartlett", df=f"{b.df:g}"), Cell(b.chi2, "chi2", p=b.p_value)),
    ]
    if result.choices.method != "pca" and f.df > 0:
        why = "efa.reason_fit"
        found += [
            (Label("efa.model_chi2", df=f.df), Cell(f.chi2, "chi2", p=f.p_value, reason=why)),
            (Label("efa.tli"), Cell(f.tli, "tli", reason=why)),
            (Label("efa.rmsea"), Cell(f.rmsea, "rmsea", reason=why)),
            (Label("efa.rmsea_interval"), Cell((f.rmsea_low, f.rmsea_high), "interval", reason=why)),
        ]
    found.append((Label("efa.rmsr"), Cell(f.rmsr, "rmsr")))
    rest = (_EMPTY,) * (len(result.factors) + 1)
    return [Row((Cell(label, "label"), cell, *rest), role="stat") for label, cell in found]


def _loading_notes(result: EfaResult) -> tuple[Note, ...]:
    c = result.choices
    labels = [
        Label("efa.note_method", method=Label(f"efa.method_{c.method}"), rotation=Label(f"efa.rotation_{c.rotation}"),
              kaiser=Label("efa.kaiser_on" if c.kaiser else "efa.kaiser_off"),
              correlation=Label(f"efa.correlation_{c.correlation}"), chosen=Label(f"efa.chosen_{c.chosen_by}"),
              n=result.n_obs),
        Label("efa.note_suppressed", bound=f"{c.suppress:g}"),
    ]  # fmt: skip
    if c.correlation == "polychoric" and c.method in ("minres", "pa"):
        labels.append(Label("efa.note_adjusted"))
    if c.missing == "pairwise":
        labels.append(Label("efa.note_pairwise"))
    return tuple(Note("general", label) for label in labels)
