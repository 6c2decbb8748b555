"""Whether one kind of tie goes with others: QAP correlation and MRQAP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.cases.ties.analysis import attributes
from evalkit.cases.ties.choice import ties_among, worded
from evalkit.cases.ties.graph import read_ties, shared_targets
from evalkit.cases.ties.permutation import Permuted, TieRegression, mrqap, qap_correlation, relabellings
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
    require_columns,
    tidy_frame,
)

OF_ACTORS = ("same", "difference", "sender", "receiver")
"""`same:type` 1 for two actors of one type; `difference:size` how far apart; `sender:size`, `receiver:size`."""
SHARED = "shared"
"""`shared:attend`: how many targets (events, projects) two actors have in common by ties of that relation."""


@dataclass(frozen=True, eq=False)
class QapResult:
    """Correlation of each predictor with the outcome, and all together; p by relabelling.

    `overlaps`: Jaccard index of the ties of each predictor that is a relation with those of the outcome (ties of both
    over ties of either); nan for the others.
    """

    outcome: str
    predictors: tuple[str, ...]
    correlations: tuple[Permuted, ...]
    regression: TieRegression | None
    permutations: int
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    overlaps: tuple[float, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("N3",)

    def tidy(self) -> pd.DataFrame:
        """Model `correlation`, `overlap` or `regression`; p_value counts relabellings as far from 0."""
        rows = [("correlation", t, p) for t, p in zip(self.predictors, self.correlations, strict=True)]
        none = float("nan")
        rows += [
            ("overlap", t, Permuted(v, none, none, none, none))
            for t, v in zip(self.predictors, self.overlaps, strict=True)
            if not np.isnan(v)
        ]
        if self.regression:
            terms = ("intercept", *self.predictors)
            rows += [("regression", t, p) for t, p in zip(terms, self.regression.terms, strict=True)]
        return tidy_frame(
            n_rows=len(rows), model=[m for m, _, _ in rows], outcome=self.outcome, term=[t for _, t, _ in rows],
            estimate=[p.estimate for *_, p in rows], statistic=[p.statistic for *_, p in rows],
            p_value=[p.p_value for *_, p in rows], n_obs=float(self.n_obs),
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: R squared of the regression, actors."""
        r2 = self.regression.r_squared if self.regression else float("nan")
        return pd.DataFrame([{"r_squared": r2, "count": float(len(self.predictors)), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "N3") -> Table:
        """N3: network, QAP correlation with p, Jaccard overlap; coefficient of the regression with p."""
        names = ("network.predictor", "network.qap_r", "p_value", "network.jaccard", "network.b", "p_value")
        heads = tuple(Head(h) for h in names)
        rows = []
        fitted = self.regression.terms if self.regression else ()
        reason = "network.reason_no_regression"
        for i, (name, c) in enumerate(zip(self.predictors, self.correlations, strict=True)):
            b = fitted[i + 1] if fitted else None
            rows.append(
                Row(
                    (
                        Cell(self.labels[name], "label"),
                        Cell(c.estimate, "correlation", p=c.p_value, reason="network.reason_constant"),
                        Cell(c.p_value, "p_value", reason="network.reason_constant"),
                        Cell(None if np.isnan(self.overlaps[i]) else self.overlaps[i], "correlation"),
                        Cell(b.estimate if b else float("nan"), "estimate", p=b.p_value if b else None, reason=reason),
                        Cell(b.p_value if b else float("nan"), "p_value", reason=reason),
                    )
                )
            )
        notes = [Note("general", Label("network.note_qap", draws=self.permutations, n=self.n_obs))]
        if self.regression:
            notes.append(Note("general", Label("network.note_r2", r2=f"{self.regression.r_squared:.3f}")))
        title = Label("network.title_qap", outcome=self.labels[self.outcome])
        return Table("network.qap", template, title, (heads,), tuple(rows), tuple(notes))


def qap(
    data: pd.DataFrame,
    *,
    outcome: str,
    predictors: Sequence[str],
    source: str = "from",
    target: str = "to",
    relation: str = "relation",
    weight: str | None = None,
    directed: bool = True,
    actors: pd.DataFrame | None = None,
    among: Mapping[str, str | float | Sequence[str | float]] | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    permutations: int = 5000,
    seed: int = 0,
) -> QapResult:
    """Do ties of one relation go with ties of others, or with being alike?

    Parameters
    ----------
    data : DataFrame
        Ties with a column `relation`.
    outcome : str
        A relation.
    predictors : sequence of str
        Relations; `shared:<relation>`, the number of targets two actors have in common by it; or `same:<column>`,
        `difference:<column>`, `sender:<column>`, `receiver:<column>` of `actors`.
    among : mapping, optional
        Column of `actors` -> value or values: only these actors and the ties among them.
    labels : mapping, optional
        Relation or column -> {zh, en}.
    permutations : int
        Relabellings of the actors; at least 100.

    Returns
    -------
    QapResult
        QAP correlations (Krackhardt 1988) and the regression with double semi-partialling (Dekker, Krackhardt &
        Snijders 2007). A predictor that never varies has none, and then there is no regression.

    Raises
    ------
    AnalysisError
        E600 for a column; E6490-E6492 for ties; E6495 for a relation without ties; E6503 for a predictor that cannot
        be read; E6504 for the outcome among the predictors; E614 for `permutations`; E6750, E6751 for `among`.
    """
    if permutations < 100:
        raise AnalysisError(Problem("E614", params={"option": "permutations", "value": permutations}))
    wanted = [predictors] if isinstance(predictors, str) else list(predictors)
    if not wanted or outcome in wanted or len(set(wanted)) < len(wanted):
        raise AnalysisError(Problem("E6504", params={"outcome": outcome, "names": wanted}))
    require_columns(data, [source, target, relation])
    within, kept, outside = ties_among(data, source, target, actors, among)
    names = _names(data, source, target, kept)

    def of_relation(name: str, ties: pd.DataFrame) -> pd.DataFrame:
        part = ties[ties[relation].map(str) == name]
        if part.empty:
            known = sorted(set(ties[relation].dropna().map(str)))
            raise AnalysisError(Problem("E6495", params={"column": relation, "value": name, "known": known}))
        return part

    def matrix(name: str) -> np.ndarray:
        kind = name.split(":", 1)
        if kind[0] == SHARED and len(kind) == 2:
            return shared_targets(of_relation(kind[1], data), source, target, names)
        if len(kind) == 2:
            return _of_actors(kind[0], kind[1], names, kept)
        graph, _ = read_ties(of_relation(name, within), source, target, weight, names, directed)
        return graph.weights if weight else graph.arcs

    y = matrix(outcome)
    xs = [matrix(name) for name in wanted]
    orders = relabellings(len(names), permutations, seed)
    correlations = tuple(qap_correlation(x, y, directed, orders) for x in xs)
    notices = _against_regression(wanted, correlations, xs)
    return QapResult(
        outcome,
        tuple(wanted),
        correlations,
        None if notices else mrqap(y, xs, directed, orders),
        permutations,
        {name: _said(name, worded(labels)) for name in (outcome, *wanted)},
        len(names),
        (Drop("drop.outside", outside),) if outside else (),
        tuple(notices),
        tuple(float("nan") if ":" in name else _overlap(x, y) for name, x in zip(wanted, xs, strict=True)),
    )


def _against_regression(
    wanted: Sequence[str], correlations: Sequence[Permuted], xs: Sequence[np.ndarray]
) -> list[Problem]:
    """Why there is no regression: a predictor that never varies, or predictors that follow from each other."""
    constant = [n for n, c in zip(wanted, correlations, strict=True) if not np.isfinite(c.estimate)]
    if constant:
        return [Problem("W6505", params={"names": constant})]
    off = ~np.eye(len(xs[0]), dtype=bool)
    design = np.column_stack([np.ones(off.sum()), *(x[off] for x in xs)])
    tied = np.linalg.matrix_rank(design) < design.shape[1]
    return [Problem("W6506", params={"names": list(wanted)})] if tied else []


def _overlap(x: np.ndarray, y: np.ndarray) -> float:
    """Pairs tied in both networks over pairs tied in either."""
    either = ((x > 0) | (y > 0)).sum()
    return float(((x > 0) & (y > 0)).sum() / either) if either else float("nan")


def _names(data: pd.DataFrame, source: str, target: str, actors: pd.DataFrame | None) -> list[str]:
    if actors is not None:
        require_columns(actors, ["actor_id"])
        return [str(a) for a in actors["actor_id"]]
    return list(dict.fromkeys(data[[source, target]].dropna().map(str).to_numpy().ravel()))


def _of_actors(kind: str, column: str, names: list[str], actors: pd.DataFrame | None) -> np.ndarray:
    if kind not in OF_ACTORS or actors is None:
        raise AnalysisError(Problem("E6503", params={"name": f"{kind}:{column}", "known": [*OF_ACTORS, SHARED]}))
    values = attributes(actors, names, column)
    if kind == "same":
        v = np.array([str(values[n]) for n in names], dtype=object)
        return np.asarray((v[:, None] == v[None, :]).astype(float))
    x = pd.to_numeric(pd.Series([values[n] for n in names]), errors="coerce").to_numpy(dtype=float)
    if np.isnan(x).any():
        raise AnalysisError(
            Problem(
                "E6498", params={"group": column, "names": [n for n, v in zip(names, x, strict=True) if np.isnan(v)]}
            )
        )
    if kind == "difference":
        return np.asarray(np.abs(x[:, None] - x[None, :]))
    return np.repeat(x[:, None], len(x), axis=1) if kind == "sender" else np.repeat(x[None, :], len(x), axis=0)


def _said(name: str, words: Mapping[str, Label]) -> Label:
    kind, _, column = name.partition(":")
    if not column:
        return words.get(name, Label(zh=name, en=name))
    return Label(f"network.of_actors.{kind}", column=words.get(column, Label(zh=column, en=column)))
