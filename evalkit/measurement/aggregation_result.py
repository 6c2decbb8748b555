"""Agreement within and differences between groups, computed; tidy rows, table T12 and the verdict out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Label, Problem, Table, tidy_frame
from evalkit.measurement.between_groups import BetweenGroups, Components, Waba
from evalkit.measurement.within_group import WithinGroups

_NAN = float("nan")
_TEXT = ("outcome", "group", "term", "level", "reason")


@dataclass(frozen=True, eq=False)
class Null:
    """One distribution of random answers: its variance, and rwg(j), Lindell's index and rwg of the score by group."""

    name: str
    variance: float
    rwg_j: np.ndarray
    lindell: np.ndarray
    rwg: np.ndarray


@dataclass(frozen=True, eq=False)
class Aggregated:
    """One variable. Arrays have shape (G,), one value a group in the order of `groups`."""

    name: str
    label: Label
    n_items: int
    groups: tuple[str, ...]
    members: np.ndarray
    mean: np.ndarray
    within: WithinGroups
    nulls: tuple[Null, ...]
    between: BetweenGroups
    components: Components
    reliability: np.ndarray
    conf_level: float
    reason: str | None
    points: float

    @property
    def n_obs(self) -> int:
        return int(self.members.sum())

    @property
    def n_groups(self) -> int:
        """Groups with a member."""
        return int(np.sum(self.members > 0))

    def met(self, rule: Mapping[str, float]) -> dict[str, bool | None]:
        """Whether each bound is reached; None where the figure could not be computed."""
        values = {
            "rwg": middle(self.nulls[0].rwg_j) - rule["rwg"],
            "icc1": self.between.icc1() - rule["icc1"],
            "icc2": self.between.icc2 - rule["icc2"],
            "p": rule["p"] - self.between.p_value,
        }
        return {key: None if np.isnan(value) else bool(value >= 0) for key, value in values.items()}

    def verdict(self, rule: Mapping[str, float]) -> str:
        """`yes`, `reserved` (all but ICC(2)), `no`, or `unknown` where a figure is missing and none says no."""
        met = self.met(rule)
        needed = [met["rwg"], met["icc1"], met["p"]]
        if False in needed:
            return "no"
        if None in needed or met["icc2"] is None:
            return "unknown"
        return "yes" if met["icc2"] else "reserved"


@dataclass(frozen=True, eq=False)
class AggregationResult:
    """Figures of each variable; `pairs` holds the within and between analysis of (x, y) where it was asked for."""

    variables: tuple[Aggregated, ...]
    pairs: Mapping[tuple[str, str], Waba]
    cluster: str
    cluster_label: Label
    rule: Mapping[str, float]
    conf_level: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """T12, the sizes and deviations, and where asked for the within and between analysis."""
        return ("T12", "T12_groups", *(("T12_waba",) if self.pairs else ()))

    @property
    def labels(self) -> dict[str, Label]:
        """Wordings of the variables."""
        return {v.name: v.label for v in self.variables}

    def tidy(self) -> pd.DataFrame:
        """Term = variable, level = statistic; then a row a group (and null distribution), and pairs (outcome = y).

        Levels: icc1, icc1_mean_size, icc2, verdict (1 may be averaged, 0 not), size_mean, size_adjusted, size_min,
        size_max, variance_between, variance_within, group_mean_reliability; ad_mean, ad_median and for each null
        rwg_j, rwg_lindell, rwg (of the score) as mean, median and (rwg_j) share of groups that reach the bound.
        """
        rows = [row for v in self.variables for row in (*_summary(v, self.rule), *_by_group(v))]
        rows += [row for (x, y), found in self.pairs.items() for row in _waba_rows(x, y, found)]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {n: [r.get(n, None if n in _TEXT else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: rows, groups, variables, and how many of these may be averaged (also with reservation)."""
        fine = sum(v.verdict(self.rule) in ("yes", "reserved") for v in self.variables)
        clusters = max(v.n_groups for v in self.variables)
        return pd.DataFrame(
            [{"n_obs": self.n_obs, "n_clusters": clusters, "n_items": len(self.variables), "count": fine}]
        )

    def table(self, template: str = "T12") -> Table:
        """T12: agreement, ICCs and the verdict; T12_groups: sizes and deviations; T12_waba."""
        from evalkit.measurement.aggregation_tables import TABLES

        return TABLES[template](self)


def middle(values: np.ndarray) -> float:
    """Median of the groups that have a value."""
    return float(np.median(values[np.isfinite(values)])) if np.isfinite(values).any() else _NAN


def average(values: np.ndarray) -> float:
    """Mean of the groups that have a value."""
    return float(np.mean(values[np.isfinite(values)])) if np.isfinite(values).any() else _NAN


def share_of(values: np.ndarray, bound: float) -> float:
    """Per cent of the groups with a value that reach a bound."""
    known = values[np.isfinite(values)]
    return 100 * float(np.mean(known >= bound)) if len(known) else _NAN


def _summary(v: Aggregated, rule: Mapping[str, float]) -> list[dict[str, object]]:
    b = v.between
    df, df2 = (float(d) for d in b.df) if v.reason is None else (_NAN, _NAN)
    tested = {"statistic": b.f, "df": df, "df2": df2, "p_value": b.p_value}
    ends = (b.icc1_interval(v.conf_level), b.icc2_interval(v.conf_level)) if v.reason is None else [(_NAN, _NAN)] * 2
    verdict = {"yes": 1.0, "reserved": 1.0, "no": 0.0, "unknown": _NAN}[v.verdict(rule)]
    rows: list[dict[str, object]] = [
        {"level": "icc1", "estimate": b.icc1(), "conf_low": ends[0][0], "conf_high": ends[0][1], **tested},
        {"level": "icc1_mean_size", "estimate": b.icc1(b.size_mean)},
        {"level": "icc2", "estimate": b.icc2, "conf_low": ends[1][0], "conf_high": ends[1][1], **tested},
        {"level": "verdict", "estimate": verdict},
    ]
    sizes = v.members[v.members > 0]
    values = {
        "ms_between": b.ms_between, "ms_within": b.ms_within,
        "size_mean": b.size_mean, "size_adjusted": b.size_adjusted,
        "size_min": float(sizes.min()) if len(sizes) else _NAN, "size_max": float(sizes.max()) if len(sizes) else _NAN,
        "variance_between": v.components.between, "variance_within": v.components.within,
        "group_mean_reliability": average(v.reliability),
        "ad_mean.mean": average(v.within.ad_mean), "ad_mean.median": middle(v.within.ad_mean),
        "ad_median.mean": average(v.within.ad_median), "ad_median.median": middle(v.within.ad_median),
    }  # fmt: skip
    for null in v.nulls:
        for name, of_groups in (("rwg_j", null.rwg_j), ("rwg_lindell", null.lindell), ("rwg", null.rwg)):
            values[f"{name}.{null.name}.mean"] = average(of_groups)
            values[f"{name}.{null.name}.median"] = middle(of_groups)
        values[f"rwg_j.{null.name}.share"] = share_of(null.rwg_j, rule["rwg"])
    rows += [{"level": level, "estimate": value} for level, value in values.items()]
    same = {"term": v.name, "n_obs": v.n_obs, "n_clusters": v.n_groups, "n_items": v.n_items}
    return [{**same, **row, "reason": v.reason} for row in rows]


def _by_group(v: Aggregated) -> list[dict[str, object]]:
    return [
        {"group": id, "term": v.name, "level": null.name, "estimate": null.rwg_j[g], "rwg_lindell": null.lindell[g],
         "rwg": null.rwg[g], "ad_mean": v.within.ad_mean[g], "ad_median": v.within.ad_median[g], "mean": v.mean[g],
         "group_reliability": v.reliability[g], "n_obs": int(v.members[g])}
        for g, id in enumerate(v.groups) for null in v.nulls
    ]  # fmt: skip


def _waba_rows(x: str, y: str, w: Waba) -> list[dict[str, object]]:
    values = {
        "waba.raw": w.raw, "waba.eta_between_x": w.eta_between_x, "waba.eta_between_y": w.eta_between_y,
        "waba.between": w.between, "waba.eta_within_x": w.eta_within_x, "waba.eta_within_y": w.eta_within_y,
        "waba.within": w.within,
    }  # fmt: skip
    return [
        {"outcome": y, "term": x, "level": level, "estimate": value, "n_obs": w.n_obs}
        for level, value in values.items()
    ]
