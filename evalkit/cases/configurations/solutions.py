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
    narrow, wide = ([m.terms for m in found[kind].models] for kind in ("conservative", "parsimonious"))
    easy = easy_counterfactuals(table.conditions, narrow, wide, remainders, expectations)
    parts = [_solution("intermediate", table, positive, np.array(rows, dtype=int)) for rows in easy]
    return found | {
        "intermediate": _joined(parts) if parts else _solution("intermediate", table, positive, positive[:0])
    }


def easy_counterfactuals(
    conditions: Conditions,
    conservative: Sequence[frozenset[Term]],
    parsimonious: Sequence[frozenset[Term]],
    remainders: np.ndarray,
    expectations: Mapping[int, int],
) -> list[tuple[int, ...]]:
    """Remainders that differ from a conservative term only where theory expects the other value.

    Ragin (2008), Redesigning social inquiry, chapter 9: from a conservative term that lies within a parsimonious one,
    literals that the latter does not need and that contradict an expectation are dropped. Every pair of tied models
    has its own; each set is given once.
    """
    terms = sorted({term for model in conservative for term in model})
    place = {term: i for i, term in enumerate(terms)}
    found: set[tuple[int, ...]] = set()
    for model in parsimonious:
        held = np.array([_easy_rows(conditions, term, model, expectations)[remainders] for term in terms], dtype=bool)
        for own in conservative:
            found.add(tuple(remainders[held[[place[t] for t in own]].any(axis=0)].tolist()))
    return sorted(found)


def _easy_rows(
    conditions: Conditions, narrow: Term, model: frozenset[Term], expectations: Mapping[int, int]
) -> np.ndarray:
    """Rows that a conservative term holds once it is eased towards the terms of a parsimonious model."""
    eased = {_eased(narrow, wide, expectations) for wide in model if within(narrow, wide)}
    return np.any([conditions.covers(t) for t in eased] or [np.zeros(len(conditions.corners), dtype=bool)], axis=0)


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
    fits = Fits.of(table, sorted({term for terms in tied for term in terms}, key=table.conditions.text))
    fitted = tuple(fits.model(terms) for terms in tied)
    held = chart(table.conditions, primes, positive)
    return Solution(kind, fitted, primes, tuple(int(r) for r in positive), held, more)


def _joined(parts: Sequence[Solution]) -> Solution:
    """One solution of several minimisations: each model once, those of fewest terms."""
    fewest = min(len(m.paths) for part in parts for m in part.models) if any(p.models for p in parts) else 0
    each = {m.terms: m for part in parts for m in part.models if len(m.paths) == fewest}
    first = parts[0]
    more = any(part.more for part in parts)
    return Solution(first.kind, tuple(each.values()), first.primes, first.rows, first.chart, more)


@dataclass(frozen=True, eq=False)
class Fits:
    """What each term of any tied model is by itself, so that a model has only its whole to add.

    Parameters
    ----------
    place : mapping
        Term -> its column, in the order of the terms as texts.
    inside : ndarray, shape (n, terms)
        Memberships.
    held : ndarray of bool, shape (terms, rows)
        Rows of the truth table that a term holds.
    each : tuple
        Term, text, consistency, PRI and coverage of each.
    """

    table: TruthTable
    place: Mapping[Term, int]
    inside: np.ndarray
    held: np.ndarray
    each: tuple[tuple[Term, str, float, float, float], ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, table: TruthTable, terms: Sequence[Term]) -> Fits:
        conditions, y = table.conditions, table.outcome
        inside = conditions.memberships(terms)
        held = np.array([conditions.covers(t) for t in terms], dtype=bool).reshape(len(terms), len(table.n))
        numbers = (f(inside, y).tolist() for f in (consistency, pri, coverage))
        each = tuple(zip(terms, map(conditions.text, terms), *numbers, strict=True))
        members = tuple(tuple(int(c) for c in np.flatnonzero(column > 0.5)) for column in inside.T)
        place = {term: i for i, term in enumerate(terms)}
        return cls(table, place, inside, held, each, members)

    def model(self, terms: Sequence[Term]) -> Model:
        """Fit of a model: each term, what it alone explains, and the whole."""
        chosen = sorted(self.place[t] for t in terms)
        inside, y = self.inside[:, chosen], self.table.outcome
        whole = union(inside)
        total = float(coverage(whole, y))
        unique = total - coverage(_without_each(inside), y)
        paths = tuple(
            Path(*self.each[i], alone, self.members[i]) for i, alone in zip(chosen, unique.tolist(), strict=True)
        )
        simplifying = np.flatnonzero(self.held[chosen].any(axis=0) & (self.table.out == REMAINDER))
        return Model(
            paths, float(consistency(whole, y)), float(pri(whole, y)), total, whole, tuple(int(r) for r in simplifying)
        )


def _without_each(inside: np.ndarray) -> np.ndarray:
    """Membership in the disjunction of all columns but one, a column for each left out, shape (n, terms)."""
    if inside.shape[1] < 2:
        return np.zeros_like(inside)
    rank = np.partition(inside, inside.shape[1] - 2, axis=1)
    most, second = rank[:, -1:], rank[:, -2:-1]
    return np.where(inside == most, second, most)
