"""Variables in, their correlation matrix with tests and intervals out (table T9 without AVE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Figure,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    codebook_of,
    tidy_frame,
)
from evalkit.descriptive.coefficients import METHODS, Coefficients, coefficients
from evalkit.descriptive.levels import both
from evalkit.moments import moments, number_matrix
from evalkit.sampling import unused_design

MISSING = ("listwise", "pairwise")
_REASON = "descriptive.reason_correlation"


@dataclass(frozen=True, eq=False)
class CorrelationResult:
    """A correlation matrix; the arrays have shape (p, p) in the order of `names`.

    `statistic` is Student's t, or z for polychoric correlations, which alone have a `std_error` (else nan).
    `continuous` names the variables that polychoric correlations took as they stand; `thresholds` are those of the
    others, on the standard normal variable behind each.
    """

    names: tuple[str, ...]
    method: str
    missing: str
    conf_level: float
    r: np.ndarray
    statistic: np.ndarray
    std_error: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    labels: Mapping[str, Label]
    n_obs: int
    continuous: tuple[str, ...] = ()
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    thresholds: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def templates(self) -> tuple[str, ...]:
        """T9; of polychoric correlations the thresholds too, for an appendix."""
        return ("T9", "thresholds") if self.thresholds else ("T9",)

    def tidy(self) -> pd.DataFrame:
        """One row a variable (mean and SD), then one a pair: outcome the earlier, term the later variable."""
        p = len(self.names)
        i, j = np.triu_indices(p, 1)
        gap, own = [np.nan] * p, np.diag(self.n).astype(float)
        names = np.array(self.names, dtype=object)
        return tidy_frame(
            n_rows=p + len(i),
            outcome=[*([None] * p), *names[i]],
            term=[*names, *names[j]],
            estimate=[*gap, *self.r[i, j]],
            std_error=[*gap, *self.std_error[i, j]],
            statistic=[*gap, *self.statistic[i, j]],
            df=[*gap, *np.where((self.n[i, j] > 2) & (self.method != "polychoric"), self.n[i, j] - 2.0, np.nan)],
            p_value=[*gap, *self.p_value[i, j]],
            conf_low=[*gap, *self.conf_low[i, j]],
            conf_high=[*gap, *self.conf_high[i, j]],
            n_obs=[*own, *self.n[i, j].astype(float)],
            mean=[*self.mean, *([np.nan] * len(i))],
            sd=[*self.sd, *([np.nan] * len(i))],
            reason=[*([None] * p), *(_REASON if np.isnan(r) else None for r in self.r[i, j])],
        )

    def glance(self) -> pd.DataFrame:
        """One row: rows and variables."""
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "n_items": [float(len(self.names))]})

    def table(self, template: str = "T9") -> Table:
        """T9: mean, SD and the lower triangle with stars; `thresholds`: one column a threshold."""
        if template == "thresholds":
            return self._threshold_table()
        p = len(self.names)
        heads = (
            Head("variable"),
            Head("mean"),
            Head("sd"),
            *(Head(Label(zh=str(k), en=str(k))) for k in range(1, p + 1)),
        )
        rows = []
        for i, name in enumerate(self.names):
            below = [
                Cell(float(self.r[i, j]), "correlation", p=float(self.p_value[i, j]), reason=_REASON) for j in range(i)
            ]
            rest = [Cell(None, "correlation"), *(Cell("", "text") for _ in range(i + 1, p))]
            numbered = Label("descriptive.numbered", n=i + 1, label=self.labels[name])
            ends = (Cell(float(self.mean[i]), "mean", reason=_REASON), Cell(float(self.sd[i]), "sd", reason=_REASON))
            rows.append(Row((Cell(numbered, "label"), *ends, *below, *rest)))
        notes = tuple(Note("general", label) for label in self._notes())
        return Table("correlate", template, Label("descriptive.correlate.title"), (heads,), tuple(rows), notes)

    def _threshold_table(self) -> Table:
        most = max((len(cuts) for cuts in self.thresholds.values()), default=0)
        numbers = [Head(Label(zh=str(k), en=str(k))) for k in range(1, most + 1)]
        rows = []
        for name, cuts in self.thresholds.items():
            rest = (Cell("", "text") for _ in range(most - len(cuts)))
            rows.append(Row((Cell(self.labels[name], "label"), *(Cell(float(c), "estimate") for c in cuts), *rest)))
        title, note = Label("descriptive.correlate.thresholds"), Label("descriptive.correlate.thresholds_note")
        heads = ((Head("variable"), *numbers),)
        return Table("correlate.thresholds", "thresholds", title, heads, tuple(rows), (Note("general", note),))

    def figure(self) -> Figure:
        """Lower triangle as a heat map."""
        i, j = np.tril_indices(len(self.names), -1)
        names = np.array(self.names, dtype=object)
        values = {"estimate": self.r[i, j], "p_value": self.p_value[i, j]}
        frame = pd.DataFrame({"row": names[i], "column": names[j]} | values)
        title = Label("descriptive.correlate.title")
        return Figure("correlate", "heatmap", title, frame, dict(self.labels), self._notes())

    def _notes(self) -> tuple[Label, ...]:
        n = Label("n", n=self.n_obs) if self.missing == "listwise" else self._range_of_n()
        notes = [Label(f"descriptive.correlate.{self.method}"), n]
        if self.continuous:
            names = [both(self.labels[name]) for name in self.continuous]
            words = {lang: [name[lang] for name in names] for lang in ("zh", "en")}
            listed = Label(zh="、".join(words["zh"]), en=", ".join(words["en"]))
            notes.insert(1, Label("descriptive.correlate.continuous", names=listed))
        return tuple(notes)

    def _range_of_n(self) -> Label:
        pairs = self.n[np.triu_indices(len(self.names), 1)]
        low, high = (int(pairs.min()), int(pairs.max())) if len(pairs) else (self.n_obs, self.n_obs)
        return Label("descriptive.correlate.pairwise", low=low, high=high)


def correlate(
    data: pd.DataFrame,
    variables: Sequence[str],
    *,
    method: str = "pearson",
    missing: str = "listwise",
    conf_level: float = 0.95,
) -> CorrelationResult:
    """Correlate numeric variables with one another. A sampling design is not used, and named in a notice (N6000).

    Parameters
    ----------
    data : DataFrame
    variables : sequence of str
        At least two columns of numbers.
    method : {"pearson", "spearman", "polychoric"}
        Spearman: mid-ranks; its p is that of Student's t, and it has no interval here (nan). Polychoric: of the normal
        variables behind ordered answers; a variable with more than 10 distinct values is taken as continuous, so that
        pairs with it are polyserial or Pearson. Its p is that of z, its interval one of atanh r by the delta method.
    missing : {"listwise", "pairwise"}
        The rows complete on all variables, or for each pair the rows complete on the two (thresholds of polychoric
        correlations then come from all answers to each variable).
    conf_level : float
        Coverage of Fisher's interval.

    Returns
    -------
    CorrelationResult
        nan with a notice (W625) for a variable that never varies; W626 where the matrix is not positive semidefinite;
        W966 for polychoric correlations that ran to 1 or -1.

    Raises
    ------
    AnalysisError
        E600, E610, E611; E614 for an unknown option; E627 for fewer than two variables or one named twice.
    """
    _require_options(method, missing, conf_level)
    names = tuple(variables)
    if len(names) < 2 or len(set(names)) < len(names):
        raise AnalysisError(Problem("E627", params={"names": list(names)}))
    x = number_matrix(data, names)
    full = ~np.isnan(x).any(axis=1)
    dropped: tuple[Drop, ...] = ()
    if missing == "listwise":
        x, lost = x[full], int((~full).sum())
        dropped = (Drop("drop.incomplete", lost),) if lost else ()
    found = coefficients(x, method, conf_level)
    each = [moments(column[~np.isnan(column)][:, None]) for column in x.T]
    book = codebook_of(data)
    labels = {name: book.variables[name].label for name in names}
    return CorrelationResult(
        names,
        method,
        missing,
        conf_level,
        found.r,
        found.statistic,
        found.std_error,
        found.p_value,
        found.conf_low,
        found.conf_high,
        found.n,
        np.array([m.mean[0] for m in each]),
        np.array([m.sd()[0] for m in each]),
        labels,
        int(np.sum(~np.isnan(x).all(axis=1))),
        tuple(name for name, plain in zip(names, found.continuous, strict=True) if plain),
        dropped,
        (*unused_design(data), *_notices(found, names, labels)),
        {name: cuts for name, cuts in zip(names, found.thresholds, strict=False) if len(cuts)},
    )


def _require_options(method: str, missing: str, conf_level: float) -> None:
    allowed = {"method": method in METHODS, "missing": missing in MISSING, "conf_level": 0 < conf_level < 1}
    given = {"method": method, "missing": missing, "conf_level": conf_level}
    bad = [Problem("E614", params={"option": k, "value": given[k]}) for k, fine in allowed.items() if not fine]
    if bad:
        raise AnalysisError(bad)


def _notices(coefficients: Coefficients, names: Sequence[str], labels: Mapping[str, Label]) -> list[Problem]:
    r, smallest = coefficients.r, coefficients.smallest_eigenvalue
    constant = [both(labels[name]) for name, own in zip(names, np.diag(r), strict=True) if np.isnan(own)]
    found = [Problem("W625", params={"names": constant})] if constant else []
    off = ~np.eye(len(names), dtype=bool)
    if not constant and np.isnan(r[off]).any():
        i, j = np.argwhere(np.isnan(np.triu(r, 1)))[0]
        found.append(Problem("W625", params={"names": [both(labels[names[i]]), both(labels[names[j]])]}))
    if smallest < -1e-10:
        found.append(Problem("W626", params={"value": smallest}))
    for i, j in coefficients.at_bound:
        found.append(Problem("W966", params={"names": [both(labels[names[j]]), both(labels[names[i]])]}))
    return found
