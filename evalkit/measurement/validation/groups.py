"""Scores and groups that ought to differ in; whether they do out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    codebook_of,
    label_of,
    require_columns,
    tidy_frame,
)
from evalkit.measurement.validation.scales import both
from evalkit.moments import number_matrix

_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class KnownGroupsResult:
    """Scores compared over known groups.

    Parameters
    ----------
    groups : DataFrame
        outcome, level (group), mean, sd, n_obs.
    tests : DataFrame
        outcome, estimate (first less second mean, of two groups), std_error, statistic (Welch's t or F), df, df2,
        p_value, conf_low, conf_high, effect (Cohen's d or eta squared), n_obs, as_expected (1, 0 or nan).
    """

    groups: pd.DataFrame
    tests: pd.DataFrame
    by: str
    order: tuple[str, ...]
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T11",)

    @property
    def two(self) -> bool:
        return self.groups["level"].nunique() == 2

    def tidy(self) -> pd.DataFrame:
        """Outcome = score, group = grouping variable: a row a group (`level`), then the test (term `difference`)."""
        rows: list[dict[str, Any]] = []
        for test in self.tests.to_dict("records"):
            own = self.groups[self.groups["outcome"] == test["outcome"]]
            rows += [{**r, "group": self.by, "term": "mean", "estimate": r["mean"]} for r in own.to_dict("records")]
            rows.append({**test, "group": self.by, "term": "difference"})
        names = ("outcome", "group", "term", "level", "estimate", "std_error", "statistic", "df", "df2", "p_value",
                 "conf_low", "conf_high", "n_obs", "mean", "sd", "effect", "as_expected")  # fmt: skip
        text = ("outcome", "group", "term", "level")
        columns = {n: [r.get(n, None if n in text else _NAN) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the score that tells the groups apart best (lowest p)."""
        ordered = self.tests.sort_values("p_value", na_position="last").head(1)
        names = ["outcome", "estimate", "statistic", "df", "df2", "p_value", "effect", "n_obs"]
        return ordered[names].reset_index(drop=True)

    def table(self, template: str = "T11") -> Table:
        """T11: score, group, n, M, SD, t or F, df, p, d or eta squared."""
        heads = ("validation.variable", "validation.group", "n_obs", "mean", "sd",
                 "validation.t" if self.two else "validation.f", "df", "p_value",
                 "validation.d" if self.two else "validation.eta")  # fmt: skip
        rows = []
        why = "validation.reason_groups"
        for test in self.tests.to_dict("records"):
            own = self.groups[self.groups["outcome"] == test["outcome"]].to_dict("records")
            for i, r in enumerate(own):
                first = Cell(self.labels[str(r["outcome"])], "label") if i == 0 else Cell("", "text")
                cells = [first, Cell(self.labels[f"{self.by}={r['level']}"], "text"), Cell(r["n_obs"], "n_obs")]
                cells += [Cell(r[n], n, reason=why) for n in ("mean", "sd")]
                kinds = (("statistic", "statistic"), ("df2" if not self.two else "df", "df"), ("p_value", "p_value"),
                         ("effect", "effect"))  # fmt: skip
                cells += [Cell(test[n], k, reason=why) if i == 0 else Cell("", "text") for n, k in kinds]
                rows.append(Row(tuple(cells)))
        notes = [Label("validation.note_two" if self.two else "validation.note_many")]
        if self.order:
            words = [self.labels[f"{self.by}={v}"] for v in self.order]
            chain = Label(zh="<".join(w.text("zh") for w in words), en=" < ".join(w.text("en") for w in words))
            notes.append(Label("validation.note_expected", chain=chain))
        title = Label("validation.known_groups", name=self.labels[self.by])
        general = tuple(Note("general", n) for n in notes)
        return Table("known_groups", template, title, (tuple(map(Head, heads)),), tuple(rows), general)


def known_groups(
    data: pd.DataFrame,
    scores: str | Sequence[str],
    *,
    by: str,
    expected: Sequence[str | float] = (),
    conf_level: float = 0.95,
) -> KnownGroupsResult:
    """Known-groups validity: do scores differ between groups that ought to differ?

    Parameters
    ----------
    data : DataFrame
    scores : str or sequence of str
        Columns of scores.
    by : str
        Grouping column with two groups or more.
    expected : sequence, optional
        Groups from the one expected lowest to the one expected highest.
    conf_level : float
        Of the difference of two groups.

    Returns
    -------
    KnownGroupsResult
        Each score over the rows that have it and a group. Groups of fewer than two answers, or scores that never vary
        within groups, make the test nan (W725).

    Raises
    ------
    AnalysisError
        E600, E610, E611; E614; E726 for fewer than two groups, or names in `expected` that are none.

    Notes
    -----
    Welch's t (1938) and F (1951), Biometrika 29, 350-362 and 38, 330-336: variances may differ. Cohen's d takes the
    pooled standard deviation, eta squared the between share of the total sum of squares.
    """
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E614", params={"option": "conf_level", "value": conf_level}))
    names = [scores] if isinstance(scores, str) else list(scores)
    require_columns(data, [by])
    x = number_matrix(data, names)
    values = [v for v in _ordered(data, by) if (data[by] == v).any()]
    order = tuple(_text(v) for v in expected)
    unknown = [v for v in order if v not in [_text(v) for v in values]]
    if len(values) < 2 or unknown or not names:
        known = [_text(v) for v in values]
        params = {"name": both(label_of(data, by)), "groups": known, "unknown": unknown}
        raise AnalysisError(Problem("E726", params=params))
    masks = {_text(v): (data[by] == v).to_numpy() for v in values}
    group_rows, tests, weak = [], [], []
    for j, name in enumerate(names):
        parts = {level: x[mask & ~np.isnan(x[:, j]), j] for level, mask in masks.items()}
        for level, part in parts.items():
            sd = float(part.std(ddof=1)) if len(part) > 1 else _NAN
            mean = float(part.mean()) if len(part) else _NAN
            group_rows.append({"outcome": name, "level": level, "mean": mean, "sd": sd, "n_obs": len(part)})
        found = _welch(list(parts.values()), conf_level)
        if not np.isfinite(found["p_value"]):
            weak.append(both(label_of(data, name)))
        means = [parts[v].mean() if len(parts[v]) else _NAN for v in order]
        fits = float(np.all(np.diff(means) > 0)) if len(order) > 1 and np.isfinite(means).all() else _NAN
        tests.append({"outcome": name, **found, "n_obs": sum(map(len, parts.values())), "as_expected": fits})
    grouped = data[by].notna().to_numpy()
    seen = grouped & ~np.isnan(x).all(axis=1)
    lost = int((~seen).sum())
    return KnownGroupsResult(
        pd.DataFrame(group_rows), pd.DataFrame(tests), by, order, conf_level,
        {n: label_of(data, n) for n in (*names, by)} | _labels(data, by, values), int(seen.sum()),
        (Drop("drop.incomplete", lost),) if lost else (),
        (Problem("W725", params={"names": weak}),) if weak else (),
    )  # fmt: skip


def _welch(parts: list[np.ndarray], level: float) -> dict[str, float]:
    """Welch's t of two groups, his F of more."""
    keys = ("estimate", "std_error", "statistic", "df", "df2", "p_value", "conf_low", "conf_high", "effect")
    out = dict.fromkeys(keys, _NAN)
    n = np.array([len(p) for p in parts], dtype=float)
    if n.min() < 2:
        return out
    mean, variance = np.array([p.mean() for p in parts]), np.array([p.var(ddof=1) for p in parts])
    if not (variance > 0).all():
        return out
    if len(parts) == 2:
        difference, share = mean[0] - mean[1], variance / n
        se = np.sqrt(share.sum())
        df = share.sum() ** 2 / np.sum(share**2 / (n - 1))
        half = stats.t.ppf((1 + level) / 2, df) * se
        pooled = np.sqrt(np.sum((n - 1) * variance) / (n.sum() - 2))
        values = (difference, se, difference / se, df, _NAN, 2 * stats.t.sf(abs(difference / se), df),
                  difference - half, difference + half, difference / pooled)  # fmt: skip
        return dict(zip(keys, map(float, values), strict=True))
    k, w = len(parts), n / variance
    centre = np.sum(w * mean) / w.sum()
    spread = np.sum((1 - w / w.sum()) ** 2 / (n - 1))
    f = np.sum(w * (mean - centre) ** 2) / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    df2 = (k**2 - 1) / (3 * spread)
    between = np.sum(n * (mean - np.sum(n * mean) / n.sum()) ** 2)
    eta = between / (between + np.sum((n - 1) * variance))
    found = {"statistic": f, "df": k - 1, "df2": df2, "p_value": stats.f.sf(f, k - 1, df2), "effect": eta}
    return out | {name: float(value) for name, value in found.items()}


def _ordered(data: pd.DataFrame, by: str) -> list[Any]:
    """Groups in the codebook's order, then what else is there in its own."""
    codes = [c.code for c in codebook_of(data).variables[by].categories]
    found = list(data[by].dropna().unique())
    rest = sorted((v for v in found if v not in codes), key=lambda v: (isinstance(v, str), v))
    return [*(c for c in codes if c in found), *rest]


def _labels(data: pd.DataFrame, by: str, values: Sequence[Any]) -> dict[str, Label]:
    known = {c.code: Label(zh=c.zh or c.en, en=c.en or c.zh) for c in codebook_of(data).variables[by].categories}
    return {f"{by}={_text(v)}": known.get(v) or Label(zh=_text(v), en=_text(v)) for v in values}


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else str(value)
