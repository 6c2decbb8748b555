"""Ratings of the same things by several raters in; intraclass correlations with their tests and intervals out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

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
    label_of,
    tidy_frame,
)
from evalkit.moments import number_matrix

_NAN = float("nan")
FORMS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")
"""Raters differ from thing to thing; are a sample; are all there are; and the same for the mean of k raters."""


@dataclass(frozen=True)
class Intraclass:
    """One coefficient with its F test against 0 and its interval."""

    form: str
    estimate: float = _NAN
    f: float = _NAN
    df: float = _NAN
    df2: float = _NAN
    p_value: float = _NAN
    low: float = _NAN
    high: float = _NAN


@dataclass(frozen=True, eq=False)
class IccResult:
    """The six intraclass correlations of Shrout and Fleiss; `reason` is a word key that says why they are nan."""

    forms: tuple[Intraclass, ...]
    raters: tuple[str, ...]
    conf_level: float
    n_obs: int
    reason: str | None = None
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("icc",)

    def tidy(self) -> pd.DataFrame:
        """Term = form."""
        found = self.forms
        return tidy_frame(
            n_rows=len(found), term=[i.form for i in found], estimate=[i.estimate for i in found],
            statistic=[i.f for i in found], df=[i.df for i in found], df2=[i.df2 for i in found],
            p_value=[i.p_value for i in found], conf_low=[i.low for i in found], conf_high=[i.high for i in found],
            n_obs=self.n_obs, n_items=float(len(self.raters)), reason=[self.reason] * len(found),
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: ICC(2), a single rater out of many (absolute agreement)."""
        i = self.forms[1]
        row = {"estimate": i.estimate, "statistic": i.f, "df": i.df, "df2": i.df2, "p_value": i.p_value,
               "conf_low": i.low, "conf_high": i.high, "n_items": len(self.raters), "n_obs": self.n_obs}  # fmt: skip
        return pd.DataFrame([row])

    def table(self, template: str = "icc") -> Table:
        """Form, what it says, coefficient, interval, F, df, p."""
        interval = Label("confidence_interval", level=f"{100 * self.conf_level:g}")
        heads = (
            Head("icc.form"), Head("icc.meaning"), Head("icc.estimate"), Head(interval), Head("icc.f"),
            Head("icc.df1"), Head("icc.df2"), Head("p_value"),
        )  # fmt: skip
        rows = tuple(
            Row(
                (
                    Cell(Label("icc.name", form=i.form.removeprefix("ICC").replace("k", ",k")), "label"),
                    Cell(Label(f"icc.means_{i.form}"), "text"),
                    Cell(i.estimate, "correlation", reason=self.reason),
                    Cell((i.low, i.high), "interval", reason=self.reason),
                    Cell(i.f, "f_statistic", p=i.p_value, reason=self.reason),
                    Cell(i.df, "df", reason=self.reason),
                    Cell(i.df2, "df2", reason=self.reason),
                    Cell(i.p_value, "p_value", reason=self.reason),
                )
            )
            for i in self.forms
        )
        notes = (Note("general", Label("icc.note", n=self.n_obs, k=len(self.raters))),)
        return Table("icc", template, Label("icc.title"), (heads,), rows, notes)


def icc(data: pd.DataFrame, ratings: Sequence[str], *, conf_level: float = 0.95) -> IccResult:
    """Intraclass correlations of raters.

    Parameters
    ----------
    data : DataFrame
        One row a thing rated (segment, community, case).
    ratings : sequence of str
        Two or more columns of numbers, one a rater.
    conf_level : float
        Coverage of the intervals.

    Returns
    -------
    IccResult
        Over the rows that every rater rated. With fewer than two things or raters, or nothing that varies, nan with
        a reason.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for columns; E848 for a rater named twice or none; E614 for `conf_level`.

    Notes
    -----
    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428; McGraw & Wong (1996), Psychological Methods 1, 30-46.
    """
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E614", params={"option": "conf_level", "value": conf_level}))
    names = [ratings] if isinstance(ratings, str) else list(ratings)
    if not names or len(set(names)) < len(names):
        raise AnalysisError(Problem("E848", params={"names": names}))
    data = attach(data, codebook_of(data))
    x = number_matrix(data, names)
    complete = ~np.isnan(x).any(axis=1)
    x = x[complete]
    lost = int((~complete).sum())
    dropped = (Drop("drop.incomplete", lost),) if lost else ()
    n, k = x.shape
    said = [{lang: label_of(data, name).text(lang) for lang in ("zh", "en")} for name in names]
    if n < 2 or k < 2:
        notice = Problem("W846", params={"n": n, "k": k, "names": said})
        return _nothing(names, conf_level, n, "icc.reason_few", dropped, notice)
    rows, columns, error, within = _mean_squares(x)
    if not rows > 0 or not error > 0:
        notice = Problem("W847", params={"names": said})
        return _nothing(names, conf_level, n, "icc.reason_no_variance", dropped, notice)
    found = _forms(rows, columns, error, within, n, k, conf_level)
    return IccResult(found, tuple(names), conf_level, n, None, dropped)


def _nothing(
    names: list[str], conf_level: float, n: int, reason: str, dropped: tuple[Drop, ...], notice: Problem
) -> IccResult:
    return IccResult(tuple(map(Intraclass, FORMS)), tuple(names), conf_level, n, reason, dropped, (notice,))


def _mean_squares(x: np.ndarray) -> tuple[float, float, float, float]:
    """Mean squares of things, of raters, of what is left, and within things."""
    n, k = x.shape
    of_rows, of_columns, grand = x.mean(axis=1), x.mean(axis=0), x.mean()
    left = x - of_rows[:, None] - of_columns + grand
    tiny = 1e-14 * float(np.sum(x**2))
    rows, columns, rest = (
        float(v) if v > tiny else 0.0
        for v in (k * np.sum((of_rows - grand) ** 2), n * np.sum((of_columns - grand) ** 2), np.sum(left**2))
    )
    error = rest / ((n - 1) * (k - 1))
    return rows / (n - 1), columns / (k - 1), error, (columns + rest) / (n * (k - 1))


def _forms(
    rows: float, columns: float, error: float, within: float, n: int, k: int, level: float
) -> tuple[Intraclass, ...]:
    tail = (1 + level) / 2
    f1, df1 = rows / within, n * (k - 1)
    f3, df3 = rows / error, (n - 1) * (k - 1)
    one = (rows - within) / (rows + (k - 1) * within)
    two = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    three = (rows - error) / (rows + (k - 1) * error)
    ends1, ends3 = _f_ends(f1, n - 1, df1, tail), _f_ends(f3, n - 1, df3, tail)
    ends2 = _agreement_ends(rows, columns, error, two, n, k, tail)
    tests = ((f1, df1), (f3, df3), (f3, df3))
    single = (one, two, three)
    intervals = (_single(ends1, k), ends2, _single(ends3, k))
    of_mean = (
        (rows - within) / rows,
        (rows - error) / (rows + (columns - error) / n),
        (rows - error) / rows,
    )
    mean_intervals = (_of_mean(ends1), _stepped(ends2, k), _of_mean(ends3))
    estimates, ends = (*single, *of_mean), (*intervals, *mean_intervals)
    return tuple(
        Intraclass(form, estimate, f, n - 1, df, float(stats.f.sf(f, n - 1, df)), *interval)
        for form, estimate, (f, df), interval in zip(FORMS, estimates, (*tests, *tests), ends, strict=True)
    )


def _f_ends(f: float, df: int, df2: int, tail: float) -> tuple[float, float]:
    return f / float(stats.f.ppf(tail, df, df2)), f * float(stats.f.ppf(tail, df2, df))


def _single(ends: tuple[float, float], k: int) -> tuple[float, float]:
    low, high = ends
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _of_mean(ends: tuple[float, float]) -> tuple[float, float]:
    return 1 - 1 / ends[0], 1 - 1 / ends[1]


def _stepped(ends: tuple[float, float], k: int) -> tuple[float, float]:
    """Spearman-Brown; an end so low that the formula has no meaning is nan."""
    low, high = (k * end / (1 + (k - 1) * end) if 1 + (k - 1) * end > 0 else _NAN for end in ends)
    return low, high


def _agreement_ends(
    rows: float, columns: float, error: float, two: float, n: int, k: int, tail: float
) -> tuple[float, float]:
    """Of ICC(2), by Satterthwaite's degrees of freedom: Shrout & Fleiss (1979), p. 424."""
    ratio = columns / error
    rest = n * (1 + (k - 1) * two) - k * two
    df = (k - 1) * (n - 1) * (k * two * ratio + rest) ** 2 / ((n - 1) * (k * two * ratio) ** 2 + rest**2)
    upper, lower = float(stats.f.ppf(tail, n - 1, df)), float(stats.f.ppf(tail, df, n - 1))
    shared = k * columns + (k * n - k - n) * error
    return (
        n * (rows - upper * error) / (upper * shared + n * rows),
        n * (lower * rows - error) / (shared + n * lower * rows),
    )
