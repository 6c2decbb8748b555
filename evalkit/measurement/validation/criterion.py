"""Scores and a criterion in; how well they go together, and what a score adds to others, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, label_of, tidy_frame
from evalkit.correlations import pearson, spearman
from evalkit.measurement.validation.scales import both
from evalkit.moments import least_squares, number_matrix

_NAN = float("nan")
_NOTES = {"auc": "validation.note_auc", "spearman": "validation.note_spearman",
          "pearson": "validation.note_pearson_criterion"}  # fmt: skip
_EXTRA = ("hanley_se", "cut", "sensitivity", "specificity", "youden", "r_squared_change", "f_change", "f_change_p")


@dataclass(frozen=True, eq=False)
class CriterionResult:
    """Criterion validity of several scores.

    Parameters
    ----------
    frame : DataFrame
        term (score) estimate std_error statistic df p_value conf_low conf_high n_obs, of a two-valued criterion
        hanley_se cut sensitivity specificity youden, and r_squared_change f_change df2 f_change_p over `over`.
    method : str
        auc, spearman or pearson.
    """

    frame: pd.DataFrame
    criterion: str
    over: tuple[str, ...]
    method: str
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("criterion",)

    def tidy(self) -> pd.DataFrame:
        """Outcome = criterion, term = score; `level` is the method. Increments are rows of level `increment`."""
        rows: list[dict[str, Any]] = []
        for r in self.frame.to_dict("records"):
            rows.append({**r, "outcome": self.criterion, "level": self.method, "r_squared_change": _NAN})
            if self.over:
                rows.append(
                    {"outcome": self.criterion, "term": r["term"], "level": "increment", "n_obs": r["n_over"],
                     "estimate": r["r_squared_change"], "r_squared_change": r["r_squared_change"],
                     "statistic": r["f_change"], "df": 1.0, "df2": r["df2"], "p_value": r["f_change_p"]}
                )  # fmt: skip
        names = ("outcome", "term", "level", "estimate", "std_error", "statistic", "df", "df2", "p_value", "conf_low",
                 "conf_high", "n_obs", "hanley_se", "cut", "sensitivity", "specificity", "youden",
                 "r_squared_change")  # fmt: skip
        text = ("outcome", "term", "level")
        columns = {n: [r.get(n, None if n in text else _NAN) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the score that goes best with the criterion."""
        size = (self.frame["estimate"] - (0.5 if self.method == "auc" else 0)).abs()
        best = self.frame.loc[[size.idxmax()]] if size.notna().any() else self.frame.head(1)
        names = ["term", "estimate", "std_error", "p_value", "conf_low", "conf_high", "n_obs"]
        return best[names].assign(outcome=self.criterion).reset_index(drop=True)

    def table(self, template: str = "criterion") -> Table:
        """Score with AUC (cut, sensitivity, specificity) or correlation, interval and p; increment over others."""
        interval = Label("confidence_interval", level=f"{100 * self.conf_level:g}")
        two = self.method == "auc"
        heads = [Head("validation.scale"), Head("n_obs"), Head(f"validation.method_{self.method}"), Head(interval),
                 Head("p_value")]  # fmt: skip
        heads += [Head(f"validation.{n}") for n in ("cut", "sensitivity", "specificity")] if two else []
        heads += [Head(f"validation.{n}") for n in ("r_squared_change", "f_change", "f_change_p")] if self.over else []
        rows = []
        why = "validation.reason_criterion"
        for r in self.frame.to_dict("records"):
            cells = [Cell(self.labels[str(r["term"])], "label"), Cell(r["n_obs"], "n_obs")]
            cells += [Cell(r["estimate"], "correlation", reason=why),
                      Cell((r["conf_low"], r["conf_high"]), "interval", reason=why),
                      Cell(r["p_value"], "p_value", reason=why)]  # fmt: skip
            if two:
                kinds = (("cut", "mean"), ("sensitivity", "sensitivity"), ("specificity", "specificity"))
                cells += [Cell(r[n], kind, reason=why) for n, kind in kinds]
            if self.over:
                kinds = (("r_squared_change",) * 2, ("f_change",) * 2, ("f_change_p", "p_value"))
                cells += [Cell(r[n], kind, reason="validation.reason_increment") for n, kind in kinds]
            rows.append(Row(tuple(cells)))
        notes = [Label(_NOTES[self.method])]
        if self.over:
            words = [self.labels[n] for n in self.over]
            named = Label(zh="、".join(w.text("zh") for w in words), en=", ".join(w.text("en") for w in words))
            notes.append(Label("validation.note_increment", names=named))
        title = Label("validation.criterion", name=self.labels[self.criterion])
        general = tuple(Note("general", n) for n in notes)
        return Table("criterion_validity", template, title, (tuple(heads),), tuple(rows), general)


def criterion_validity(
    data: pd.DataFrame,
    scores: str | Sequence[str],
    *,
    criterion: str,
    method: str = "auto",
    over: Sequence[str] = (),
    conf_level: float = 0.95,
) -> CriterionResult:
    """Do scores go with an outside criterion, and does each add to what others already say?

    Parameters
    ----------
    data : DataFrame
    scores : str or sequence of str
        Columns of scores.
    criterion : str
        Column of numbers; one with two values (the larger counts as positive) is predicted, others are correlated.
    method : {"auto", "auc", "spearman", "pearson"}
        `auto`: auc for two values, else spearman.
    over : sequence of str
        Columns already in a linear regression of the criterion, to which each score is added alone. Not for a
        two-valued criterion.
    conf_level : float

    Returns
    -------
    CriterionResult
        Each score over the rows that have it and the criterion. nan with W722 for a score or criterion that never
        varies there.

    Raises
    ------
    AnalysisError
        E600, E610, E611; E614 for an unknown option; E723 for auc and a criterion that has not two values, and for
        `over` with one that has; E724 if criterion, scores and `over` share a column.

    Notes
    -----
    AUC with DeLong, DeLong & Clarke-Pearson's (1988) error, Biometrics 44, 837-845; Hanley & McNeil's (1982), Radiology
    143, 29-36, beside it. Cut with the largest Youden (1950) index, a score at the cut counting as positive. Spearman:
    p by Student's t, interval by Bonett & Wright (2000), Psychometrika 65, 23-28.
    """
    names = [scores] if isinstance(scores, str) else list(scores)
    every = [criterion, *names, *over]
    known = {"method": (method, method in ("auto", "auc", "spearman", "pearson")),
             "conf_level": (conf_level, 0 < conf_level < 1)}  # fmt: skip
    bad = [Problem("E614", params={"option": k, "value": v}) for k, (v, fine) in known.items() if not fine]
    if bad:
        raise AnalysisError(bad)
    if len(set(every)) < len(every) or not names:
        raise AnalysisError(Problem("E724", params={"names": every}))
    x = number_matrix(data, every)
    values = np.unique(x[:, 0][~np.isnan(x[:, 0])])
    two = len(values) == 2
    chosen = ("auc" if two else "spearman") if method == "auto" else method
    if (chosen == "auc" and not two) or (over and two):
        raise AnalysisError(Problem("E723", params={"name": both(label_of(data, criterion)), "n": len(values)}))
    rows, weak = [], []
    others = x[:, 1 + len(names) :]
    for j, name in enumerate(names, 1):
        pair = x[:, [0, j]]
        pair = pair[~np.isnan(pair).any(axis=1)]
        found = _auc(pair, values.max(), conf_level) if chosen == "auc" else _correlation(pair, chosen, conf_level)
        if not np.isfinite(found["estimate"]):
            weak.append(both(label_of(data, name)))
        rows.append({"term": name, "n_obs": len(pair), **found, **(_added(x[:, 0], x[:, j], others) if over else {})})
    wanted = ["term", "estimate", "std_error", "statistic", "df", "df2", "p_value", "conf_low", "conf_high", "n_obs",
              "n_over", *_EXTRA]  # fmt: skip
    seen = ~np.isnan(x[:, : 1 + len(names)]).any(axis=1)
    lost = int((~seen).sum())
    return CriterionResult(
        pd.DataFrame(rows).reindex(columns=wanted), criterion, tuple(over), chosen, conf_level,
        {n: label_of(data, n) for n in every}, int(seen.sum()), (Drop("drop.incomplete", lost),) if lost else (),
        (Problem("W722", params={"names": weak}),) if weak else (),
    )  # fmt: skip


def _auc(pair: np.ndarray, positive: float, level: float) -> dict[str, float]:
    """Area under the curve of a score for a two-valued criterion."""
    yes, no = pair[pair[:, 0] == positive, 1], pair[pair[:, 0] != positive, 1]
    n1, n0 = len(yes), len(no)
    if min(n1, n0) < 2:
        return {"estimate": _NAN}
    ranks = stats.rankdata(np.concatenate([yes, no]))
    placed = (ranks[:n1] - stats.rankdata(yes)) / n0
    below = 1 - (ranks[n1:] - stats.rankdata(no)) / n1
    a = float(placed.mean())
    se = float(np.sqrt(placed.var(ddof=1) / n1 + below.var(ddof=1) / n0))
    half = stats.norm.ppf((1 + level) / 2) * se
    z = (a - 0.5) / se if se > 0 else _NAN
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    hanley = np.sqrt((a * (1 - a) + (n1 - 1) * (q1 - a**2) + (n0 - 1) * (q2 - a**2)) / (n1 * n0))
    cuts = np.unique(pair[:, 1])
    sensitivity = 1 - np.searchsorted(np.sort(yes), cuts) / n1
    specificity = np.searchsorted(np.sort(no), cuts) / n0
    best = int(np.argmax(sensitivity + specificity - 1))
    return {
        "estimate": a, "std_error": se, "statistic": z, "p_value": float(2 * stats.norm.sf(abs(z))),
        "conf_low": max(a - half, 0.0), "conf_high": min(a + half, 1.0), "hanley_se": float(hanley),
        "cut": float(cuts[best]), "sensitivity": float(sensitivity[best]), "specificity": float(specificity[best]),
        "youden": float(sensitivity[best] + specificity[best] - 1),
    }  # fmt: skip


def _correlation(pair: np.ndarray, method: str, level: float) -> dict[str, float]:
    n = len(pair)
    if n < 4:
        return {"estimate": _NAN}
    found = spearman(pair) if method == "spearman" else pearson(pair)
    r = float(found.r[0, 1])
    spread = 1 + r**2 / 2 if method == "spearman" else 1.0
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(spread / (n - 3))
    with np.errstate(divide="ignore"):
        ends = np.tanh([np.arctanh(r) - half, np.arctanh(r) + half])
    return {"estimate": r, "statistic": float(found.t[0, 1]), "df": float(n - 2), "p_value": float(found.p_value[0, 1]),
            "conf_low": float(ends[0]), "conf_high": float(ends[1])}  # fmt: skip


def _added(y: np.ndarray, score: np.ndarray, others: np.ndarray) -> dict[str, float]:
    """What a score adds to a regression of y on others: change of R squared with its F test."""
    design = np.column_stack([np.ones(len(y)), others, score])
    full = ~np.isnan(design).any(axis=1) & ~np.isnan(y)
    z, y = design[full], y[full]
    n = len(y)
    total = float(np.sum((y - y.mean()) ** 2)) if n else 0.0
    if n <= z.shape[1] or not total > 0:
        return {"n_over": n}
    before, after = least_squares(z[:, :-1], y), least_squares(z, y)
    df = n - after.rank
    if after.rank == before.rank or df < 1 or not after.residual_ss > 0:
        return {"n_over": n}
    gain = before.residual_ss - after.residual_ss
    f = gain / (after.residual_ss / df)
    return {"n_over": n, "r_squared_change": gain / total, "f_change": f, "df2": float(df),
            "f_change_p": float(stats.f.sf(f, 1, df))}  # fmt: skip
