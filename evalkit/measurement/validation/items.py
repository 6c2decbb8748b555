"""Items of scales in; how well each tells high scorers from low ones, and how it goes with the total, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    attach,
    codebook_of,
    tidy_frame,
)
from evalkit.measurement.validation.scales import ScaleItems, Scales, both, complete_rows, scales_of
from evalkit.moments import moments, quantile

_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class ItemAnalysisResult:
    """Items of one scale or several.

    Parameters
    ----------
    frame : DataFrame
        group term mean mean_low mean_high estimate std_error statistic df p_value n_low n_high item_total item_rest
        n_obs: one row an item; `estimate` is the difference of the extreme groups' means.
    share : float
        Share of rows in either extreme group.
    t_norm, r_norm : float
        An item is kept by custom where the critical ratio and the correlation with the total reach these.
    """

    frame: pd.DataFrame
    share: float
    t_norm: float
    r_norm: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("item_analysis",)

    def tidy(self) -> pd.DataFrame:
        """Group = scale, term = item; `statistic` is the critical ratio (决断值)."""
        return tidy_frame(n_rows=len(self.frame), **{name: self.frame[name] for name in self.frame})

    @property
    def weak(self) -> pd.DataFrame:
        """Rows below one of the norms."""
        f = self.frame
        return f[(f["statistic"] < self.t_norm) | ~(f["p_value"] < 0.05) | (f["item_total"] < self.r_norm)]

    def glance(self) -> pd.DataFrame:
        """One row: the item with the lowest critical ratio, and how many items fall below a norm (`count`)."""
        ordered = self.frame.sort_values("statistic", na_position="last")
        names = ["group", "term", "estimate", "statistic", "df", "p_value", "item_total", "item_rest"]
        return ordered[names].head(1).assign(count=len(self.weak), n_obs=self.n_obs).reset_index(drop=True)

    def table(self, template: str = "item_analysis") -> Table:
        """Item, means of the low and the high group, critical ratio, p, item-total and item-rest correlation."""
        heads = ("validation.item", "validation.mean_low", "validation.mean_high", "validation.critical_ratio", "df",
                 "p_value", "validation.item_total", "validation.item_rest")  # fmt: skip
        rows: list[Row] = []
        why = "validation.reason_extremes"
        for scale, part in self.frame.groupby("group", sort=False):
            rows.append(Row((Cell(self.labels[str(scale)], "label"),), role="section"))
            for r in part.to_dict("records"):
                cells = [Cell(self.labels[str(r["term"])], "label")]
                cells += [Cell(r[n], "mean", reason=why) for n in ("mean_low", "mean_high")]
                cells += [Cell(r["statistic"], "statistic", reason=why), Cell(r["df"], "df", reason=why)]
                cells.append(Cell(r["p_value"], "p_value", reason=why))
                cells += [Cell(r[n], n, reason="validation.reason_constant") for n in ("item_total", "item_rest")]
                rows.append(Row(tuple(cells), indent=1))
        notes = (
            Note("general", Label("validation.note_extremes", share=f"{100 * self.share:g}")),
            Note("general", Label("validation.note_item_norms", t=f"{self.t_norm:g}", r=f"{self.r_norm:.2f}")),
        )
        title = Label("validation.item_analysis")
        return Table("item_analysis", template, title, (tuple(map(Head, heads)),), tuple(rows), notes)


def item_analysis(
    data: pd.DataFrame, scales: Scales, *, share: float = 0.27, t_norm: float = 3.0, r_norm: float = 0.4
) -> ItemAnalysisResult:
    """Discrimination of the items of each scale: critical ratio (决断值) and correlations with the total.

    Parameters
    ----------
    data : DataFrame
    scales : str, sequence of str or mapping
        Scale ids (their keyed columns), or items by name of a scale.
    share : float
        Extreme groups: rows whose total is at most the `share` quantile, and at least the `1 - share` quantile.
    t_norm, r_norm : float
        Customary lower bounds of the critical ratio and of the item-total correlation (Wu Minglong 2010,
        Questionnaire statistics in practice, ch. 5); they mark items, they leave nothing out.

    Returns
    -------
    ItemAnalysisResult
        Each scale over its own complete rows. nan with a notice (W771) where the extreme groups have fewer than two
        rows each or do not differ in their totals, and for an item that never varies.

    Raises
    ------
    AnalysisError
        E600, E610, E611, E770; E772 for a share that is not between 0 and 0.5.

    Notes
    -----
    Kelley (1939), Journal of Educational Psychology 30, 17-24, on 27 per cent; quantiles of type 7; Student's t with
    pooled variance.
    """
    if not 0 < share < 0.5:
        raise AnalysisError(Problem("E772", params={"value": share}))
    data = attach(data, codebook_of(data))
    frames, notices, used = [], [], np.zeros(len(data), dtype=bool)
    wanted = scales_of(data, scales)
    for scale in wanted:
        x, complete = complete_rows(data, scale.columns)
        used |= complete
        rows, fault = _scale(scale, x, share)
        frames.append(rows)
        if fault:
            notices.append(Problem("W771", params={"scale": both(scale.label), "n": len(x)}))
    lost = int((~used).sum())
    labels = {s.id: s.label for s in wanted}
    labels |= {c: w for s in wanted for c, w in zip(s.columns, s.labels, strict=True)}
    dropped = (Drop("drop.incomplete", lost),) if lost else ()
    frame = pd.concat(frames, ignore_index=True)
    return ItemAnalysisResult(frame, share, t_norm, r_norm, labels, int(used.sum()), dropped, tuple(notices))


def _scale(scale: ScaleItems, x: np.ndarray, share: float) -> tuple[pd.DataFrame, bool]:
    n, k = x.shape
    columns: dict[str, Any] = {"group": [scale.id] * k, "term": list(scale.columns)}
    total = x.sum(axis=1)
    low, high = quantile(total, [share, 1 - share]) if n else (_NAN, _NAN)
    lowest, highest = x[total <= low], x[total >= high]
    fault = not (low < high) or min(len(lowest), len(highest)) < 2
    columns |= _pooled(lowest, highest) if not fault else dict.fromkeys(_COMPARED, np.full(k, np.nan))
    columns |= {"n_low": len(lowest), "n_high": len(highest)} if not fault else {"n_low": _NAN, "n_high": _NAN}
    columns["mean"] = x.mean(axis=0) if n else np.full(k, np.nan)
    columns["item_total"], columns["item_rest"] = with_total(x)
    return pd.DataFrame(columns).assign(n_obs=n), fault


_COMPARED = ("mean_low", "mean_high", "estimate", "std_error", "statistic", "df", "p_value")


def _pooled(low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    """Student's t of the columns; nan where neither group varies."""
    df = len(low) + len(high) - 2
    inner = (len(low) - 1) * low.var(axis=0, ddof=1) + (len(high) - 1) * high.var(axis=0, ddof=1)
    se = np.sqrt(inner / df * (1 / len(low) + 1 / len(high)))
    difference = high.mean(axis=0) - low.mean(axis=0)
    t = np.divide(difference, se, out=np.full(len(se), np.nan), where=se > 0)
    values = (low.mean(axis=0), high.mean(axis=0), difference, se, t, np.full(len(t), float(df)),
              2 * stats.t.sf(np.abs(t), df))  # fmt: skip
    return dict(zip(_COMPARED, values, strict=True))


def with_total(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of each column with the sum of all, and with the sum of the others; nan where nothing varies."""
    k = x.shape[1]
    if len(x) < 2:
        return np.full(k, np.nan), np.full(k, np.nan)
    cov = moments(x).cov()
    own, row, total = np.diag(cov), cov.sum(axis=1), cov.sum()
    rest = total - 2 * row + own
    least = 1e-12 * np.trace(cov)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = row / np.sqrt(np.where((own > 0) & (total > least), own * total, np.nan))
        others = (row - own) / np.sqrt(np.where((own > 0) & (rest > least), own * rest, np.nan))
    return np.clip(whole, -1, 1), np.clip(others, -1, 1)
