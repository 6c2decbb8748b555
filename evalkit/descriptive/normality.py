"""Several columns in; Mardia's multivariate skewness and kurtosis, and rows far from the centre, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, label_of, tidy_frame
from evalkit.moments import RANK_TOLERANCE, moments, number_matrix


@dataclass(frozen=True, eq=False)
class MardiaResult:
    """Multivariate normality. Terms: `skewness`, `skewness.small` (small-sample form), `kurtosis`."""

    tests: pd.DataFrame
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("mardia",)

    def tidy(self) -> pd.DataFrame:
        """Coefficient (`estimate`), its test statistic (chi-square for skewness, z for kurtosis), df and p."""
        return self.tests.copy()

    def glance(self) -> pd.DataFrame:
        """One row: rows and variables used."""
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(self.labels))]})

    def table(self, template: str = "mardia") -> Table:
        """Coefficient, statistic, df and p of each test."""
        rows = tuple(
            Row((
                Cell(Label(f"descriptive.mardia.{r['term']}"), "label"),
                Cell(r["estimate"], "estimate", reason=r["reason"]),
                Cell(r["statistic"], "statistic", reason=r["reason"]),
                Cell(None if r["df"] != r["df"] and not r["reason"] else r["df"], "df", reason=r["reason"]),
                Cell(r["p_value"], "p_value", reason=r["reason"]),
            ))
            for r in self.tests.to_dict("records")
        )  # fmt: skip
        heads = ("descriptive.mardia.test", "estimate", "statistic", "df", "p_value")
        notes = (Note("general", Label("n", n=self.n_obs)),)
        return Table(
            "mardia", template, Label("descriptive.mardia.title"), (tuple(Head(h) for h in heads),), rows, notes
        )


def mardia(data: pd.DataFrame, variables: Sequence[str], *, ddof: int = 1) -> MardiaResult:
    """Test multivariate normality over the complete rows.

    Parameters
    ----------
    ddof : {1, 0}
        Divisor of the covariance matrix: n - 1, as the R package psych has it, or n, as in Mardia's paper.

    Returns
    -------
    MardiaResult
        nan with a notice (W617) where the covariance matrix is singular.

    Notes
    -----
    Skewness b1 and kurtosis b2 of Mardia (1970), Biometrika 57, 519-530; the
    small-sample form multiplies the chi-square by (p + 1)(n + 1)(n + 3) / (n ((n + 1)(p + 1) - 6)), Mardia (1974).
    """
    if ddof not in (0, 1):
        raise AnalysisError(Problem("E614", params={"option": "ddof", "value": ddof}))
    names = list(variables)
    x, dropped = _complete(data, names)
    n, p = x.shape
    z = _whitened(x, ddof)
    terms = ["skewness", "skewness.small", "kurtosis"]
    labels = {name: label_of(data, name) for name in names}
    if z is None:
        tests = tidy_frame(term=terms, n_obs=float(n), reason="descriptive.reason_singular")
        return MardiaResult(tests, labels, n, dropped, (Problem("W617", params={"names": names, "n": n}),))
    third = [float(np.sum(((z * z[:, [a]]).T @ z / n) ** 2)) for a in range(p)]
    b1, b2 = sum(third), float(np.mean(np.sum(z * z, axis=1) ** 2))
    small = (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
    chi2 = [n * b1 / 6, n * b1 / 6 * small]
    df = p * (p + 1) * (p + 2) / 6
    score = (b2 - p * (p + 2)) * np.sqrt(n / (8 * p * (p + 2)))
    tests = tidy_frame(
        term=terms,
        estimate=[b1, b1, b2],
        statistic=[*chi2, float(score)],
        df=[df, df, np.nan],
        p_value=[*stats.chi2.sf(chi2, df), 2 * stats.norm.sf(abs(score))],
        n_obs=float(n),
        reason=[None, None, None],
    )
    return MardiaResult(tests, labels, n, dropped)


@dataclass(frozen=True, eq=False)
class MahalanobisResult:
    """Squared distances of the complete rows from the centre; `distances` has the index of the data."""

    distances: pd.Series
    cutoff: float
    df: int
    p_below: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("mahalanobis",)

    @property
    def outliers(self) -> pd.Series:
        """Distances beyond the cut-off, largest first."""
        return self.distances[self.distances > self.cutoff].sort_values(ascending=False, kind="stable")

    def tidy(self) -> pd.DataFrame:
        """Term `outliers` (their `count`; `estimate` is the cut-off), then one row an outlier: `row.<index>`."""
        far = self.outliers
        return tidy_frame(
            term=["outliers", *(f"row.{i}" for i in far.index)],
            estimate=[self.cutoff, *far],
            df=float(self.df),
            p_value=[np.nan, *stats.chi2.sf(far, self.df)],
            n_obs=[float(self.n_obs), *([np.nan] * len(far))],
            count=[float(len(far)), *([np.nan] * len(far))],
            reason="descriptive.reason_singular" if self.notices else None,
        )

    def glance(self) -> pd.DataFrame:
        """One row: number of outliers and rows."""
        return pd.DataFrame({"count": [float(len(self.outliers))], "n_obs": [float(self.n_obs)]})

    def table(self, template: str = "mahalanobis") -> Table:
        """Row, squared distance and p of every outlier."""
        far = self.outliers
        cells = zip(far.index, far, stats.chi2.sf(far, self.df), strict=True)
        rows = tuple(
            Row((Cell(str(i), "label"), Cell(float(d), "statistic"), Cell(float(p), "p_value"))) for i, d, p in cells
        )
        heads = ("descriptive.mahalanobis.row", "descriptive.mahalanobis.distance", "p_value")
        note = Label("descriptive.mahalanobis.note", n=self.n_obs, count=len(far), p=self.p_below, df=self.df)
        header = (tuple(Head(h) for h in heads),)
        return Table(
            "mahalanobis", template, Label("descriptive.mahalanobis.title"), header, rows, (Note("general", note),)
        )


def mahalanobis(data: pd.DataFrame, variables: Sequence[str], *, p_below: float = 0.001) -> MahalanobisResult:
    """Find rows far from the centre of several variables.

    Parameters
    ----------
    p_below : float
        A complete row counts as an outlier when chi-square with p df gives its squared distance (covariance with
        divisor n - 1) less than this chance.
    """
    names = list(variables)
    x, dropped = _complete(data, names)
    n, p = x.shape
    z = _whitened(x, ddof=1)
    index = data.index[~np.isnan(number_matrix(data, names)).any(axis=1)]
    if z is None:
        notice = Problem("W617", params={"names": names, "n": n})
        return MahalanobisResult(pd.Series(np.nan, index=index), float("nan"), p, p_below, n, dropped, (notice,))
    cutoff = float(stats.chi2.isf(p_below, p))
    return MahalanobisResult(pd.Series(np.sum(z * z, axis=1), index=index), cutoff, p, p_below, n, dropped)


def _complete(data: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, tuple[Drop, ...]]:
    x = number_matrix(data, names)
    full = ~np.isnan(x).any(axis=1)
    lost = int((~full).sum())
    return x[full], (Drop("drop.incomplete", lost),) if lost else ()


def _whitened(x: np.ndarray, ddof: int) -> np.ndarray | None:
    """Rows with mean zero and unit covariance; None where the covariance matrix is singular."""
    n, p = x.shape
    if n <= p or p == 0:
        return None
    m = moments(x)
    sd = m.sd(ddof)
    if not (sd > 0).all():
        return None
    standard = (x - m.mean) / sd
    r = np.linalg.qr(standard, mode="r")
    if (np.abs(np.diag(r)) <= RANK_TOLERANCE * np.linalg.norm(r, axis=0)).any():
        return None
    from scipy.linalg import solve_triangular

    return np.sqrt(n - ddof) * solve_triangular(r, standard.T, trans="T").T
