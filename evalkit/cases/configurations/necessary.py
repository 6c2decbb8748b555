"""Conditions without which the outcome does not come about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.cases.configurations.measures import consistency, coverage, relevance
from evalkit.cases.configurations.sample import Cases, read_cases
from evalkit.contract import AnalysisError, Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame


@dataclass(frozen=True)
class Necessary:
    """A condition or disjunction against the outcome and against its absence."""

    text: str
    consistency: tuple[float, float]
    coverage: tuple[float, float]
    relevance: tuple[float, float]


@dataclass(frozen=True, eq=False)
class NecessityResult:
    """Every literal, and the disjunctions asked for; each pair of values is (outcome, its absence)."""

    found: tuple[Necessary, ...]
    outcome: str
    cut: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("S2",)

    def tidy(self) -> pd.DataFrame:
        """Outcome = `Y` or `~Y`; term = expression; estimate = consistency."""
        rows = [
            (f"{'~' * side}{self.outcome}", f.text, f.consistency[side], f.coverage[side], f.relevance[side])
            for side in (0, 1)
            for f in self.found
        ]
        outcome, term, estimate, cover, ron = zip(*rows, strict=True)
        return tidy_frame(
            n_rows=len(rows), outcome=outcome, term=term, estimate=estimate, coverage=cover, relevance=ron,
            n_obs=float(self.n_obs),
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: how many conditions pass the cut, and the most consistent."""
        own = [f.consistency[0] for f in self.found]
        row = {"count": float(sum(c >= self.cut for c in own)), "estimate": max(own), "n_obs": float(self.n_obs)}
        return pd.DataFrame([row])

    def table(self, template: str = "S2") -> Table:
        """S2: expression; consistency, coverage and relevance for the outcome and for its absence."""
        names = [
            Label("qca.present", name=self.labels[self.outcome]),
            Label("qca.absent", name=self.labels[self.outcome]),
        ]
        top = (Head(""), *(Head(name, span=3) for name in names))
        below = (Head("qca.condition"), *(Head(f"qca.{m}") for _ in names for m in ("consistency", "coverage", "ron")))
        rows = tuple(
            Row(
                (
                    Cell(self._said(f.text), "label"),
                    *(
                        Cell(value[side], "consistency", bold=kind == 0 and value[side] >= self.cut)
                        for side in (0, 1)
                        for kind, value in enumerate((f.consistency, f.coverage, f.relevance))
                    ),
                )
            )
            for f in self.found
        )
        note = Note("general", Label("qca.note_necessity", cut=f"{self.cut:g}", n=self.n_obs))
        return Table("necessity", template, Label("qca.title_necessity"), (top, below), rows, (note,))

    def _said(self, text: str) -> Label:
        parts = [p.strip() for p in text.split("+")]
        return Label(zh="+".join(map(self._zh, parts)), en=" + ".join(map(self._en, parts)))

    def _zh(self, literal: str) -> str:
        name = literal.lstrip("~").split("[")[0]
        return literal.replace(name, self.labels[name].text("zh"))

    def _en(self, literal: str) -> str:
        name = literal.lstrip("~").split("[")[0]
        return literal.replace(name, self.labels[name].text("en"))


def necessity(
    data: pd.DataFrame,
    *,
    outcome: str,
    conditions: Sequence[str],
    case: str | None = None,
    multi_value: Sequence[str] = (),
    disjunctions: int = 1,
    cut: float = 0.9,
    least_relevance: float = 0.5,
) -> NecessityResult:
    """Consistency, coverage and relevance of each condition as necessary for an outcome and for its absence.

    Parameters
    ----------
    data, outcome, conditions, case, multi_value
        As in `qca`.
    disjunctions : int
        Up to how many conditions joined by "or" are tried besides; of these only those that pass `cut` and
        `least_relevance` for the outcome, and of which no part passes alone, are kept.
    cut : float
        Consistency from which a condition is called necessary.

    Returns
    -------
    NecessityResult

    Raises
    ------
    AnalysisError
        As `qca`; E614 for an option.

    Notes
    -----
    Schneider & Wagemann (2012), Set-theoretic methods for the social sciences, chapter 9.
    """
    bad = {
        "disjunctions": None if 1 <= disjunctions <= 4 else disjunctions,
        "cut": None if 0 < cut <= 1 else cut,
        "least_relevance": None if 0 <= least_relevance <= 1 else least_relevance,
    }
    problems = [Problem("E614", params={"option": k, "value": v}) for k, v in bad.items() if v is not None]
    if problems:
        raise AnalysisError(problems)
    names = [conditions] if isinstance(conditions, str) else list(conditions)
    cases = read_cases(data, outcome, names, case, [multi_value] if isinstance(multi_value, str) else multi_value)
    y = 1 - cases.outcome if cases.negated else cases.outcome
    found = [_necessary(text, x, y) for text, x in _literals(cases)]
    for size in range(2, disjunctions + 1):
        found += _disjunctions(cases, y, size, cut, least_relevance, found)
    passing = [f.text for f in found if f.consistency[0] >= cut]
    notices = (Problem("N6464", params={"names": passing, "cut": cut}),) if passing else ()
    return NecessityResult(tuple(found), cases.outcome_name, cut, cases.labels, len(y), cases.dropped, notices)


def _literals(cases: Cases) -> list[tuple[str, np.ndarray]]:
    """Presence before absence; of a multi-value condition each value."""
    c = cases.conditions
    return [
        (c.literal(j, v), c.literals[j][:, v])
        for j, levels in enumerate(c.levels)
        for v in ((1, 0) if levels == 2 else range(levels))
    ]


def _necessary(text: str, x: np.ndarray, y: np.ndarray) -> Necessary:
    """As a superset of the outcome: its consistency is the outcome's coverage by it, and the other way round."""
    sides = (y, 1 - y)
    return Necessary(
        text,
        tuple(float(coverage(x, s)) for s in sides),  # type: ignore[arg-type]
        tuple(float(consistency(x, s)) for s in sides),  # type: ignore[arg-type]
        tuple(float(relevance(x, s)) for s in sides),  # type: ignore[arg-type]
    )


def _disjunctions(
    cases: Cases, y: np.ndarray, size: int, cut: float, least: float, smaller: Sequence[Necessary]
) -> list[Necessary]:
    done = [set(f.text.split(" + ")) for f in smaller if f.consistency[0] >= cut]
    by_condition: dict[int, list[tuple[str, np.ndarray]]] = {}
    place = 0
    everything = _literals(cases)
    for j, levels in enumerate(cases.conditions.levels):
        by_condition[j] = everything[place : place + levels]
        place += levels
    kept = []
    for chosen in combinations(by_condition, size):
        for parts in product(*(by_condition[j] for j in chosen)):
            texts = [text for text, _ in parts]
            if any(part <= set(texts) for part in done):
                continue
            one = _necessary(" + ".join(texts), np.max([x for _, x in parts], axis=0), y)
            if one.consistency[0] >= cut and one.relevance[0] >= least:
                kept.append(one)
    return kept
