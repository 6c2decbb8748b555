"""Tests of differential item functioning, computed; tidy rows and table out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame

_KEYS = ("group", "term", "level")
_EMPTY = Cell("", "text")


@dataclass(frozen=True)
class DifItem:
    """The test of one item.

    Parameters
    ----------
    statistic, df : float
        Likelihood ratio; nan where a model did not arrive.
    differences : tuple of (float, float)
        By group but the first: scale points that its people would answer higher than people of equal standing in the
        first, and the mean size of that difference whatever its sign.
    """

    name: str
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    differences: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class DifGroup:
    """A group's latent distribution; that of the first is mean 0 and SD 1 by definition."""

    id: str
    n: int
    mean: float
    mean_error: float
    sd: float
    sd_error: float


@dataclass(frozen=True, eq=False)
class DifResult:
    """Tests of the items that are no anchors.

    Parameters
    ----------
    anchors : tuple of str
        Items held equal; none where each item was tested against all others.
    """

    model: str
    by: str
    items: tuple[DifItem, ...]
    groups: tuple[DifGroup, ...]
    anchors: tuple[str, ...]
    adjust: str
    labels: Mapping[str, Label]
    conf_level: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("dif",)

    def tidy(self) -> pd.DataFrame:
        """Items: the test; items by group: `difference` and `absolute` in scale points; groups: `model.` rows."""
        rows = [*self._item_rows(), *self._group_rows()]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {n: [r.get(n, None if n in _KEYS else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: people, items tested, items that differ, largest difference in size."""
        p = [item.p_adjusted for item in self.items]
        sizes = [absolute for item in self.items for _, absolute in item.differences]
        values = {"n_obs": self.n_obs, "n_items": len(self.items), "count": sum(v < 1 - self.conf_level for v in p),
                  "max": max((v for v in sizes if not np.isnan(v)), default=np.nan)}  # fmt: skip
        return pd.DataFrame([{name: float(value) for name, value in values.items()}])

    def table(self, template: str = "dif") -> Table:
        """Items by test and difference; the groups below."""
        others = self.groups[1:]
        heads = (
            Head("item"),
            Head("dif.statistic"),
            Head("df"),
            Head("p_value"),
            Head(f"dif.adjusted_{self.adjust}"),
            *(Head(Label("dif.difference", group=self.labels[g.id])) for g in others),
        )
        rows = [self._table_row(item) for item in self.items]
        rest = (_EMPTY,) * 4
        for key, value in (("dif.mean", "mean"), ("dif.sd", "sd")):
            cells = (Cell(getattr(g, value), "estimate", id=f"{g.id}/model.{value}#estimate") for g in others)
            rows.append(Row((Cell(Label(key), "label"), *rest, *cells), role="stat"))
        rows.append(Row((Cell(Label("n_obs"), "label"), *rest, *(Cell(g.n, "n_obs") for g in others)), role="stat"))
        return Table("dif", "dif", Label("dif.title"), (heads,), tuple(rows), self._notes())

    def _table_row(self, item: DifItem) -> Row:
        reason = "dif.reason"
        tests = (
            Cell(item.statistic, "chi2", id=f"{item.name}#statistic", reason=reason),
            Cell(item.df, "df"),
            Cell(item.p_value, "p_value", reason=reason),
            Cell(item.p_adjusted, "p_adjusted", reason=reason),
        )
        gaps = (
            Cell(difference, "estimate", p=item.p_adjusted, id=f"{g.id}/{item.name}/difference#estimate", reason=reason)
            for g, (difference, _) in zip(self.groups[1:], item.differences, strict=True)
        )
        return Row((Cell(self.labels[item.name], "label"), *tests, *gaps))

    def _notes(self) -> tuple[Note, ...]:
        first = self.groups[0]
        anchors = [self.labels[name].text for name in self.anchors]
        listed = Label(zh="、".join(t("zh") for t in anchors), en=", ".join(t("en") for t in anchors))
        labels = (
            Label("dif.note_model", model=Label(f"irt.model_{self.model}"), n=self.n_obs),
            Label("dif.note_anchors", items=listed) if self.anchors else Label("dif.note_others"),
            Label("dif.note_difference", group=self.labels[first.id], n=first.n),
        )
        return tuple(Note("general", label) for label in labels)

    def _item_rows(self) -> Iterator[dict[str, Any]]:
        for item in self.items:
            yield {"term": item.name, "statistic": item.statistic, "df": item.df, "p_value": item.p_value,
                   "p_adjusted": item.p_adjusted, "n_obs": self.n_obs}  # fmt: skip
            for group, (difference, absolute) in zip(self.groups[1:], item.differences, strict=True):
                for level, value in (("difference", difference), ("absolute", absolute)):
                    yield {"group": group.id, "term": item.name, "level": level, "estimate": value}

    def _group_rows(self) -> Iterator[dict[str, Any]]:
        z = float(stats.norm.ppf((1 + self.conf_level) / 2))
        for g in self.groups:
            for term, value, error in (("mean", g.mean, g.mean_error), ("sd", g.sd, g.sd_error)):
                yield {"group": g.id, "term": f"model.{term}", "estimate": value, "std_error": error,
                       "conf_low": value - z * error, "conf_high": value + z * error, "n_obs": g.n}  # fmt: skip
