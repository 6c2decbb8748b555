"""Convergent and discriminant validity in; its printed tables out: T5, T9, latent correlations, ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.measurement.reported_fit import UNCORRECTED

if TYPE_CHECKING:
    from evalkit.measurement.validation.convergent_result import ValidityResult

_ONE = "validation.reason_one_item"
_EMPTY = Cell("", "text")


def loading_table(result: ValidityResult) -> Table:
    """T5: each factor with alpha, omega, CR and AVE, its items with loading, S.E., z, p and SMC below."""
    heads = ("structural.factor_item", "structural.loading", "std_error", "structural.z", "p_value", "structural.smc",
             "reliability.alpha", "reliability.omega", "structural.cr", "structural.ave")  # fmt: skip
    rows = []
    for f in result.factors:
        one = len(f.items) < 2
        blank = [Cell(None, kind) for kind in ("loading", "std_error", "statistic", "p_value", "r_squared")]
        ends = (
            Cell(result.alpha[f.name], "alpha", reason=_ONE),
            Cell(result.omega[f.name], "omega", reason="validation.reason_omega"),
            Cell(np.nan if one else f.composite_reliability, "composite_reliability", reason=_ONE),
            Cell(np.nan if one else f.ave, "ave", reason=_ONE),
        )
        rows.append(Row((Cell(result.labels[f.name], "label", bold=True), *blank, *ends)))
        own = result.loadings[result.loadings["factor"] == f.name]
        rows += [_item_row(result, r) for r in own.itertuples()]
    notes = [Label("validation.note_t5"), Label("validation.note_t5_norms", loading=f"{result.norms.loading:g}",
             cr=f"{result.norms.composite_reliability:g}", ave=f"{result.norms.ave:g}"), _fit_note(result)]  # fmt: skip
    title = Label("validation.t5")
    return Table("validity.loadings", "T5", title, (tuple(map(Head, heads)),), tuple(rows), _general(notes))


def discriminant_table(result: ValidityResult) -> Table:
    """T9: mean, SD, r of the scale means below the diagonal, root of AVE on it, HTMT above it."""
    heads = [Head("validation.variable"), Head("mean"), Head("sd")]
    heads += [Head(Label("validation.number", n=i + 1)) for i in range(len(result.factors))]
    above = result.ratios["htmt"].estimate
    rows = []
    for i, f in enumerate(result.factors):
        name = Label("validation.numbered", n=i + 1, name=result.labels[f.name])
        cells = [Cell(name, "label"), Cell(result.scores.mean[i], "mean"), Cell(result.scores.sd[i], "sd")]
        for j in range(len(result.factors)):
            if j < i:
                cells.append(Cell(float(result.scores.r[i, j]), "correlation", p=float(result.scores.p_value[i, j])))
            elif j > i:
                cells.append(Cell(float(above[i, j]), "htmt", reason=_ONE))
            else:
                cells.append(_root(f))
        rows.append(Row(tuple(cells)))
    notes = [Label("validation.note_t9"), Label("validation.note_t9_norms", htmt=f"{result.norms.htmt:.2f}"),
             Label(f"validation.note_{result.correlation}"), Label("n", n=result.n_obs)]  # fmt: skip
    title = Label("validation.t9")
    return Table("validity.discriminant", "T9", title, (tuple(heads),), tuple(rows), _general(notes))


def latent_table(result: ValidityResult) -> Table:
    """Latent correlations with the root of AVE, MSV, ASV, coefficient H and Fornell & Larcker's verdict."""
    heads = [
        Head("structural.factor"),
        *(Head(Label("validation.number", n=i + 1)) for i in range(len(result.factors))),
    ]
    heads += [Head(f"validation.{key}") for key in ("msv", "asv", "maximal", "distinct")]
    rows = []
    for i, f in enumerate(result.factors):
        below = [Cell(float(result.latent[i, j]), "correlation") for j in range(i)]
        rest = [_EMPTY for _ in range(i + 1, len(result.factors))]
        one = len(f.items) < 2
        verdict = Label(f"validation.distinct_{'none' if one else 'yes' if f.distinct else 'no'}")
        ends = (Cell(f.msv, "msv"), Cell(f.asv, "asv"), Cell(np.nan if one else f.maximal_reliability,
                "maximal_reliability", reason="validation.reason_maximal"), Cell(verdict, "text"))  # fmt: skip
        name = Label("validation.numbered", n=i + 1, name=result.labels[f.name])
        rows.append(Row((Cell(name, "label"), *below, _root(f), *rest, *ends)))
    notes = _general([Label("validation.note_latent"), _fit_note(result)])
    return Table("validity.latent", "latent", Label("validation.latent"), (tuple(heads),), tuple(rows), notes)


def ratio_table(result: ValidityResult) -> Table:
    """Every pair of factors with HTMT and HTMT2 and their intervals; bold from the norm on."""
    interval = Label("confidence_interval", level=f"{100 * result.conf_level:g}")
    heads = (Head("validation.pair"), Head("validation.htmt"), Head(interval), Head("validation.htmt2"), Head(interval))
    rows = []
    for i, j in zip(*np.tril_indices(len(result.factors), -1), strict=True):
        pair = Label("validation.between", one=result.labels[result.factors[j].name],
                     other=result.labels[result.factors[i].name])  # fmt: skip
        cells = [Cell(pair, "label")]
        for kind in ("htmt", "htmt2"):
            found = result.ratios[kind]
            value = float(found.estimate[i, j])
            cells.append(Cell(value, kind, reason=_ONE, bold=bool(value >= result.norms.htmt)))
            ends = (float(found.low[i, j]), float(found.high[i, j]))
            drawn = result.resamples or result.correlation == "polychoric"
            cells.append(Cell(ends, "interval", reason=_ONE) if drawn else Cell(None, "interval"))
        rows.append(Row(tuple(cells)))
    how = "polychoric" if result.correlation == "polychoric" else "bootstrap" if result.resamples else "none"
    notes = [Label("validation.note_ratios", htmt=f"{result.norms.htmt:.2f}"),
             Label(f"validation.note_interval_{how}", n=result.resamples)]  # fmt: skip
    return Table("validity.htmt", "htmt", Label("validation.ratios"), (heads,), tuple(rows), _general(notes))


TABLES: Mapping[str, Callable[[ValidityResult], Table]] = {
    "T5": loading_table,
    "T9": discriminant_table,
    "latent": latent_table,
    "htmt": ratio_table,
}


def _item_row(result: ValidityResult, r: Any) -> Row:
    fixed = not r.se > 0
    why = "structural.reason_error"
    gaps = [Cell(None if r.se == 0 else np.nan, kind, reason=why) for kind in ("std_error", "statistic", "p_value")]
    tests = gaps if fixed else [Cell(r.se, "std_error"), Cell(r.z, "statistic"), Cell(r.p_value, "p_value")]
    blank = [Cell(None, kind) for kind in ("alpha", "omega", "composite_reliability", "ave")]
    first = Cell(r.beta, "loading")
    return Row((Cell(result.labels[r.item], "label"), first, *tests, Cell(r.r_squared, "r_squared"), *blank), indent=1)


def _root(factor: Any) -> Cell:
    one = len(factor.items) < 2
    return Cell(None, "correlation") if one else Cell(float(np.sqrt(factor.ave)), "correlation", bold=True)


def _fit_note(result: ValidityResult) -> Label:
    m = result.measures
    kind = "fit" if result.estimator in UNCORRECTED else "corrected"
    return Label(f"validation.note_{kind}", estimator=result.estimator, n=result.n_obs, chisq=f"{m['chisq']:.3f}",
                 df=f"{m['df']:g}", cfi=f"{m['cfi']:.3f}", tli=f"{m['tli']:.3f}", rmsea=f"{m['rmsea']:.3f}",
                 srmr=f"{m['srmr']:.3f}")  # fmt: skip


def _general(labels: list[Label]) -> tuple[Note, ...]:
    return tuple(Note("general", label) for label in labels)
