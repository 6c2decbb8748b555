"""Roles in, equations with their moderated paths out: what `kind`, `moderators` and `process_model` stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from evalkit.contract import AnalysisError, Problem
from evalkit.models.mediation.language import Written, in_causal_order

Path = tuple[str, str]
"""From, to."""

SHAPES: dict[str, Callable[[int, int], Iterable[int]]] = {
    "parallel": lambda j, k: (),
    "serial": lambda j, k: range(j),
    "converging": lambda j, k: range(k - 1) if j == k - 1 else (),
    "diverging": lambda j, k: (0,) if j else (),
    "two_chains": lambda j, k: (j - 1,) if j % 2 else (),
}
"""Kind -> numbers of the mediators that lead to mediator j of k."""


def shape_equations(kind: str, xs: Sequence[str], ms: Sequence[str], ys: Sequence[str]) -> tuple[Written, ...]:
    """The equations of a kind of model: every x in each, every mediator in those of the outcomes."""
    before = SHAPES[kind]
    equations = []
    for j, name in enumerate(ms):
        equations.append(Written(name, tuple((n,) for n in (*xs, *(ms[i] for i in before(j, len(ms)))))))
    return tuple(equations) + tuple(Written(y, tuple((n,) for n in (*xs, *ms))) for y in ys)


def path_names(
    equations: Sequence[Written], xs: Sequence[str], ms: Sequence[str], ys: Sequence[str]
) -> dict[str, tuple[Path, ...]]:
    """Names of paths -> paths.

    `a` (x to mediators; `a2`: to the second), `b` (mediators to y; `b2`), `c'` (x to y), `d` (between mediators;
    `d21`: from the first to the second), and every name a coefficient was given.
    """
    names: dict[str, list[Path]] = {}
    place = {name: j for j, name in enumerate(ms, 1)}
    for equation in equations:
        to = equation.outcome
        for term in equation.terms:
            if len(term) > 1:
                continue
            start = term[0]
            if start in xs:
                own = ["c'"] if to in ys else ["a", f"a{place.get(to, '')}"]
            elif start in place:
                own = ["b", f"b{place[start]}"] if to in ys else ["d", f"d{place.get(to, '')}{place[start]}"]
            else:
                own = []
            for name in dict.fromkeys(own):
                names.setdefault(name, []).append((start, to))
        for label, term in equation.labels:
            names[label] = [(term[0], to)] if len(term) == 1 else []
    return {name: tuple(found) for name, found in names.items()}


def moderate_paths(
    equations: Sequence[Written], names: Mapping[str, Sequence[Path]], moderated: Iterable[tuple[str, Sequence[str]]]
) -> tuple[Written, ...]:
    """The equations with the products that let moderators change paths.

    Parameters
    ----------
    names : mapping
        From `path_names`.
    moderated : pairs
        Name of a path (or `x -> m`), and moderators that change it together: their products among themselves and with
        the start of the path stand in the equation too.

    Raises
    ------
    AnalysisError
        E6159 for a path that is not in the model.
    """
    terms = {equation.outcome: {frozenset(t): t for t in equation.terms} for equation in equations}
    problems = []
    for name, moderators in moderated:
        found = names.get(name) or _arrow(name, equations)
        if not found:
            problems.append(Problem("E6159", params={"name": name, "known": sorted(names)}))
        for start, to in found:
            for size in range(1, len(moderators) + 1):
                for chosen in combinations(moderators, size):
                    terms[to].setdefault(frozenset(chosen), chosen)
                    terms[to].setdefault(frozenset((start, *chosen)), (start, *chosen))
    if problems:
        raise AnalysisError(problems)
    return tuple(Written(e.outcome, tuple(sorted(terms[e.outcome].values(), key=len)), e.labels) for e in equations)


def with_covariates(equations: Sequence[Written], covariates: Sequence[str]) -> tuple[Written, ...]:
    """The equations with these variables in each, in causal order."""
    return in_causal_order(
        [Written(e.outcome, tuple(dict.fromkeys([*e.terms, *((c,) for c in covariates)])), e.labels) for e in equations]
    )


def moderator_groups(key: str, names: Iterable[str]) -> list[tuple[str, ...]]:
    """`w + z` -> w, z; `w*z` -> w and z together. A key that is a column is that column, whatever it holds."""
    if key in set(names):
        return [(key,)]
    return [tuple(part.strip() for part in group.split("*")) for group in key.split("+")]


def _arrow(name: str, equations: Sequence[Written]) -> tuple[Path, ...]:
    start, found, to = name.replace("→", "->").partition("->")
    path = (start.strip(), to.strip())
    there = any(e.outcome == path[1] and (path[0],) in e.terms for e in equations)
    return (path,) if found and there else ()
