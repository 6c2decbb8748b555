"""Conservative, parsimonious and intermediate solutions with all tied models, and what each model explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cases.configurations.measures import consistency, coverage, pri
from evalkit.cases.configurations.minimisation import chart, models
from evalkit.cases.configurations.terms import ANY, Conditions, Term, union, within
from evalkit.cases.configurations.truth_table import REMAINDER, YES, TruthTable

KINDS = ("conservative", "parsimonious", "intermediate")


@dataclass(frozen=True, eq=False)
class Path:
    """One sufficient term: its fit, and the cases that are more in it than out."""

    term: Term
    text: str
    consistency: float
    pri: float
    coverage: float
    unique: float
    members: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Model:
    """Terms joined by "or". `simplifying` are the remainders that the model takes for granted."""

    paths: tuple[Path, ...]
    consistency: float
    pri: float
    coverage: float
    membership: np.ndarray
    simplifying: tuple[int, ...]

    @property
    def terms(self) -> frozenset[Term]:
        return frozenset(path.term for path in self.paths)

    @property
    def text(self) -> str:
        return " + ".join(path.text for path in self.paths)


@dataclass(frozen=True, eq=False)
class Solution:
    """All tied models of a kind; `more` if there are others beyond those kept.

    `chart` tells which prime implicant (of `primes`) holds which positive row (of `rows`).
    """

    kind: str
    models: tuple[Model, ...]
    primes: tuple[Term, ...]
    rows: tuple[int, ...]
    chart: np.ndarray
    more: bool = False


def solutions(table: TruthTable, expectations: Mapping[int, int], excluded: np.ndarray) -> dict[str, Solution]:
    """The three solutions of a truth table.

    Parameters
    ----------
    expectations : mapping
        Value that a condition (by place) is expected to contribute with; conditions without one have none.
    excluded : ndarray of int
        Remainders that may not be used as simplifying assumptions (enhanced standard analysis).
    """
    positive = np.setdiff1d(table.rows(YES), excluded)
    remainders = np.setdiff1d(table.rows(REMAINDER), excluded)
    found = {
        "conservative": _solution("conservative", table, positive, remainders[:0]),
        "parsimonious": _solution("parsimonious", table, positive, remainders),
    }
    easy = {
        tuple(easy_counterfactuals(table.conditions, c.terms, p.terms, remainders, expectations))
        for c in found["conservative"].models
        for p in found["parsimonious"].models
    }
    parts = [_solution("intermediate", table, positive, np.array(sorted(rows), dtype=int)) for rows in sorted(easy)]
    return found | {
        "intermediate": _joined(parts) if parts else _solution("intermediate", table, positive, positive[:0])
    }


def easy_counterfactuals(
    conditions: Conditions,
    conservative: frozenset[Term],
    parsimonious: frozenset[Term],
    remainders: np.ndarray,
    expectations: Mapping[int, int],
) -> list[int]:
    """Remainders that differ from a conservative term only where theory expects the other value.

    Ragin (2008), Redesigning social inquiry, chapter 9: from a conservative term that lies within a parsimonious one,
    literals that the latter does not need and that contradict an expectation are dropped.
    """
    held = np.zeros(len(conditions.corners), dtype=bool)
    for narrow in conservative:
        for wide in parsimonious:
            if within(narrow, wide):
                held |= conditions.covers(_eased(narrow, wide, expectations))
    return [int(row) for row in remainders if held[row]]


def _eased(narrow: Term, wide: Term, expectations: Mapping[int, int]) -> Term:
    """The narrow term without literals that contradict an expectation and that the wide one does not need."""
    return tuple(
        ANY if w == ANY and j in expectations and expectations[j] != n else n
        for j, (n, w) in enumerate(zip(narrow, wide, strict=True))
    )


def _solution(kind: str, table: TruthTable, positive: np.ndarray, allowed: np.ndarray) -> Solution:
    if not len(positive):
        return Solution(kind, (), (), (), np.zeros((0, 0), dtype=bool))
    primes, tied, more = models(table.conditions, positive, allowed)
    fitted = tuple(model(table, terms) for terms in tied)
    held = chart(table.conditions, primes, positive)
    return Solution(kind, fitted, primes, tuple(int(r) for r in positive), held, more)


def _joined(parts: Sequence[Solution]) -> Solution:
    """One solution of several minimisations: each model once, those of fewest terms."""
    fewest = min(len(m.paths) for part in parts for m in part.models) if any(p.models for p in parts) else 0
    each = {m.terms: m for part in parts for m in part.models if len(m.paths) == fewest}
    first = parts[0]
    more = any(part.more for part in parts)
    return Solution(first.kind, tuple(each.values()), first.primes, first.rows, first.chart, more)


def model(table: TruthTable, terms: Sequence[Term]) -> Model:
    """Fit of a model: each term, what it alone explains, and the whole."""
    conditions, y = table.conditions, table.outcome
    terms = sorted(terms, key=conditions.text)
    inside = conditions.memberships(terms)
    whole = union(inside)
    total = float(coverage(whole, y))
    each = consistency(inside, y), pri(inside, y), coverage(inside, y)
    paths = tuple(
        Path(
            term, conditions.text(term), *(float(values[i]) for values in each),
            total - float(coverage(union(np.delete(inside, i, axis=1)), y)),
            tuple(int(c) for c in np.flatnonzero(inside[:, i] > 0.5)),
        )
        for i, term in enumerate(terms)
    )  # fmt: skip
    held = np.any([conditions.covers(t) for t in terms], axis=0) if terms else np.zeros(len(table.n), dtype=bool)
    simplifying = tuple(int(r) for r in np.flatnonzero(held & (table.out == REMAINDER)))
    return Model(paths, float(consistency(whole, y)), float(pri(whole, y)), total, whole, simplifying)
