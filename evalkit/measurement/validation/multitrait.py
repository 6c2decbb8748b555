"""Items of several scales in; whether each goes better with its own scale than with the others out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.measurement.validation.items import with_total
from evalkit.measurement.validation.scales import Scales, both, complete_rows, scales_of
from evalkit.moments import correlation_of, moments

_SCALE = ("n_items", "within", "between", "own_low", "own_high", "other_low", "other_high", "count", "n_tests", "share")


@dataclass(frozen=True, eq=False)
class MultitraitResult:
    """Multitrait scaling.

    Parameters
    ----------
    scales : DataFrame
        group, n_items, within and between (mean correlations of items), own_low to other_high (ranges of item-scale
        correlations), count of n_tests comparisons won, share (per cent).
    items : DataFrame
        group, term, item_rest (with the own scale without the item), other (highest with another scale), rival.
    """

    scales: pd.DataFrame
    items: pd.DataFrame
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("multitrait",)

    def tidy(self) -> pd.DataFrame:
        """Group = scale: terms `within`, `between`, `success` (per cent), then items with their own correlation."""
        rows = [
            {"group": r["group"], "term": term, "estimate": r[name], "n_items": r["n_items"]}
            for r in self.scales.to_dict("records")
            for term, name in (("within", "within"), ("between", "between"), ("success", "share"))
        ]
        rows += [
            {"group": r["group"], "term": r["term"], "estimate": r["item_rest"], "item_rest": r["item_rest"],
             "other": r["other"]}
            for r in self.items.to_dict("records")
        ]  # fmt: skip
        names = ("group", "term", "estimate", "item_rest", "other", "n_items")
        columns = {n: [r.get(n, None if n in ("group", "term") else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), n_obs=self.n_obs, **columns)

    def glance(self) -> pd.DataFrame:
        """One row: comparisons won over all scales."""
        won, tests = self.scales["count"].sum(), self.scales["n_tests"].sum()
        share = 100 * won / tests if tests else np.nan
        return pd.DataFrame([{"share": share, "count": won, "n_items": len(self.items), "n_obs": self.n_obs}])

    @property
    def misplaced(self) -> pd.DataFrame:
        """Items that go at least as well with another scale."""
        return self.items[self.items["item_rest"] <= self.items["other"]]

    def table(self, template: str = "multitrait") -> Table:
        """Scale, items, mean correlations within and between, ranges with own and other scales, success."""
        heads = ("validation.scale", "validation.n_items", "validation.within", "validation.across", "validation.own",
                 "validation.other", "validation.success")  # fmt: skip
        why = "validation.reason_constant"
        rows = []
        for r in self.scales.to_dict("records"):
            cells = [Cell(self.labels[str(r["group"])], "label"), Cell(r["n_items"], "n_items")]
            cells += [Cell(r[n], "correlation", reason=why) for n in ("within", "between")]
            cells += [Cell((r[f"{n}_low"], r[f"{n}_high"]), "interval", reason=why) for n in ("own", "other")]
            rows.append(Row((*cells, Cell(r["share"], "percent", reason=why))))
        notes = (Note("general", Label("validation.note_multitrait")), Note("general", Label("n", n=self.n_obs)))
        title = Label("validation.multitrait")
        return Table("multitrait", template, title, (tuple(map(Head, heads)),), tuple(rows), notes)


def multitrait(data: pd.DataFrame, scales: Scales) -> MultitraitResult:
    """Multitrait scaling: does every item correlate higher with its own scale, itself left out, than with any other?

    Parameters
    ----------
    data : DataFrame
    scales : sequence of str or mapping
        Two scales or more: ids, or items by name.

    Returns
    -------
    MultitraitResult
        Over the rows complete on every item; nan for an item that never varies (W720).

    Raises
    ------
    AnalysisError
        E600, E610, E611, E770; E721 for fewer than two scales; E922 for fewer than three complete rows.

    Notes
    -----
    Hays & Hayashi (1990), Behavior Research Methods, Instruments & Computers 22, 167-175: the share of comparisons won
    is the scaling success.
    """
    wanted = scales_of(data, scales)
    if len(wanted) < 2:
        raise AnalysisError(Problem("E721"))
    columns = [c for s in wanted for c in s.columns]
    x, complete = complete_rows(data, columns)
    if len(x) < 3:
        raise AnalysisError(Problem("E922", params={"n": len(x), "p": len(columns), "group": ""}))
    cov = moments(x).cov()
    r = correlation_of(cov)
    member = np.array([[float(c in s.columns) for s in wanted] for c in columns])
    totals = member.T @ cov @ member
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.where(np.diag(cov) > 0, np.diag(cov), np.nan))
        with_scale = (cov @ member) / np.outer(spread, np.sqrt(np.diag(totals)))
    labels = {s.id: s.label for s in wanted} | {c: w for s in wanted for c, w in zip(s.columns, s.labels, strict=True)}
    scale_rows, item_rows = [], []
    for k, scale in enumerate(wanted):
        at = np.flatnonzero(member[:, k])
        own = with_total(x[:, at])[1]
        others = np.delete(with_scale[at], k, axis=1)
        won, tests = own[:, None] > others, int(np.isfinite(own).sum() * others.shape[1])
        inside = r[np.ix_(at, at)][np.tril_indices(len(at), -1)]
        between = r[np.ix_(at, np.flatnonzero(member[:, k] == 0))]
        ranges = [f(v) if np.isfinite(v).all() else np.nan for v in (own, others) for f in (np.min, np.max)]
        share = 100 * won.sum() / tests if tests else np.nan
        values = (len(at), inside.mean(), between.mean(), *ranges, int(won.sum()), tests, share)
        scale_rows.append({"group": scale.id, **dict(zip(_SCALE, values, strict=True))})
        rivals = [s.id for j, s in enumerate(wanted) if j != k]
        for i, column in enumerate(scale.columns):
            known = np.isfinite(others[i]).any()
            item_rows.append(
                {"group": scale.id, "term": column, "item_rest": own[i],
                 "other": np.nanmax(others[i]) if known else np.nan,
                 "rival": rivals[int(np.nanargmax(others[i]))] if known else None}
            )  # fmt: skip
    constant = [both(labels[c]) for c, v in zip(columns, np.diag(cov), strict=True) if not v > 0]
    lost = int((~complete).sum())
    return MultitraitResult(
        pd.DataFrame(scale_rows), pd.DataFrame(item_rows), labels, len(x),
        (Drop("drop.incomplete", lost),) if lost else (),
        (Problem("W720", params={"items": constant}),) if constant else (),
    )  # fmt: skip
