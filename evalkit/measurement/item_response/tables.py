"""An item response model in, its printed tables out: the items, and what they tell at each place of the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.measurement.item_response.result import SHOWN

if TYPE_CHECKING:
    from evalkit.measurement.item_response.result import IrtResult

_EMPTY = Cell("", "text")


def parameter_table(result: IrtResult) -> Table:
    """Items by discrimination, thresholds and fit; standard errors in brackets below."""
    most = max(len(i.thresholds) for i in result.items)
    heads = (
        Head("item"),
        Head("irt.discrimination"),
        *(Head(Label(f"irt.threshold_{result.family}", n=k)) for k in range(1, most + 1)),
        Head("irt.fit"),
        Head("df"),
        Head("irt.p_adjusted"),
    )
    rows = []
    for item in result.items:
        id, spare = item.name, most - len(item.thresholds)
        values = [
            Cell(item.slope, "estimate", id=f"{id}/discrimination#estimate"),
            *(
                Cell(float(b), "estimate", id=f"{id}/threshold.{k}#estimate")
                for k, b in enumerate(item.thresholds, start=1)
            ),
            *(Cell(None, "estimate") for _ in range(spare)),
            Cell(item.fit.statistic, "statistic", id=f"fit/{id}#statistic", reason="irt.reason_fit"),
            Cell(item.fit.df, "df", reason="irt.reason_fit"),
            Cell(item.p_adjusted, "p_adjusted", id=f"fit/{id}#p_adjusted", reason="irt.reason_fit"),
        ]
        errors = [
            Cell(float(se), "std_error", wrap="(", reason="irt.reason_error")
            for se in (item.slope_error, *item.threshold_errors)
        ]
        rows.append(Row((Cell(result.labels[id], "label"), *values)))
        rows.append(Row((_EMPTY, *errors, *(_EMPTY for _ in range(spare + 3)))))
    rows += _statistic_rows(result, len(heads) - 2)
    return Table("irt", "irt", Label("irt.title"), (heads,), tuple(rows), _parameter_notes(result))


def information_table(result: IrtResult) -> Table:
    """Information of each item and of the test, and the test's standard error, at places of the scale."""
    places = np.array(SHOWN)
    each = result.information(places)
    whole = each.sum(axis=0)
    heads = (Head("irt.theta"), *(Head(Label(zh=_place(v, "−"), en=_place(v, "−"))) for v in SHOWN))
    rows = [
        Row((Cell(result.labels[item.name], "label"), *(
            Cell(float(v), "estimate", id=f"information/{item.name}/{place:g}#estimate", bold=bool(v == line.max()))
            for v, place in zip(line, SHOWN, strict=True)
        )))
        for item, line in zip(result.items, each, strict=True)
    ]  # fmt: skip
    lines = (("irt.test", whole), ("irt.test_error", 1 / np.sqrt(whole)))
    rows += [
        Row((Cell(Label(key), "label"), *(Cell(float(v), "estimate") for v in values)), role="stat")
        for key, values in lines
    ]
    notes = (Note("general", "irt.note_information"), Note("general", "irt.note_test"))
    return Table("irt_information", "irt_information", Label("irt.information"), (heads,), tuple(rows), notes)


def _place(value: float, minus: str) -> str:
    return (minus if value < 0 else "") + f"{abs(value):g}"


def _statistic_rows(result: IrtResult, spare: int) -> list[Row]:
    found = [
        ("irt.log_likelihood", result.log_likelihood, "log_likelihood"),
        ("irt.npar", result.npar, "npar"),
        ("irt.aic", result.aic, "aic"),
        ("irt.bic", result.bic, "bic"),
        ("irt.marginal_reliability", result.marginal_reliability, "marginal_reliability"),
        ("irt.eap_reliability", result.eap_reliability, "eap_reliability"),
    ]
    rest = (_EMPTY,) * spare
    return [
        Row((Cell(Label(key), "label"), Cell(value, kind, id=f"model.{kind}#estimate"), *rest), role="stat")
        for key, value, kind in found
    ]


def _parameter_notes(result: IrtResult) -> tuple[Note, ...]:
    labels = [
        Label("irt.note_model", model=Label(f"irt.model_{result.model}"), nodes=len(result.theta), n=result.n_obs),
        Label(f"irt.note_{result.family}"),
        Label("irt.note_fit", n=result.n_complete),
    ]
    if result.model == "partial_credit":
        labels.append(Label("irt.note_one_slope"))
    return tuple(Note("general", label) for label in labels)
