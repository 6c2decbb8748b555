"""A linear system in, its effects out as sums of products of path coefficients: by path, by condition, and indices.

A path from u to v is every term of v's equation that holds u; its other factors are moderators, so a path is a
polynomial in the moderators, a chain of paths a product of polynomials, and every effect of the model (at a condition,
a contrast, an index of moderated mediation) a weighted sum of products of coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from evalkit.models.matrix import term_id
from evalkit.models.mediation.system import System, Term

Parts = dict[tuple[int, ...], float]
"""Products of coefficients (their places, sorted) -> weight."""

Polynomial = dict[tuple[str, ...], Parts]
"""Moderator columns (sorted) -> the sum that stands before their product."""

MOST_ROUTES = 2**10
"""Directed paths from one x to one y: those of ten mediators in a row."""

CONTRASTS_UP_TO = 31
"""Specific indirect effects up to which all pairs are contrasted."""


@dataclass(frozen=True)
class Point:
    """A value of a moderator at which effects are given.

    Attributes
    ----------
    id : str
        `low`, `mean`, `high`, `p16`, a category code or the number given.
    values : tuple of (str, float)
        Moderator column -> value in the model (after centring).
    shown : float
        Value in the unit of the data; nan for a category.
    """

    id: str
    values: tuple[tuple[str, float], ...]
    shown: float


@dataclass(frozen=True)
class Moderator:
    """A variable that changes paths: its columns (several for a nominal one) and the points looked at."""

    name: str
    columns: tuple[str, ...]
    points: tuple[Point, ...]
    nominal: bool = False


Condition = tuple[tuple[str, Point], ...]
"""Moderator and point, one pair a moderator."""


@dataclass(frozen=True, eq=False)
class Effect:
    """One effect and what it stands for.

    Attributes
    ----------
    kind : str
        `total`, `direct`, `indirect`, `indirect_total`, `contrast`, `difference` or `index`.
    chain, other : tuple of str
        Mediators of the specific effect; of the one subtracted, for a contrast.
    condition : Condition
        Empty where no moderator acts on the effect.
    against : Condition
        Of a difference: the condition subtracted.
    slopes : tuple of str
        Of an index: the moderator columns along which the effect changes.
    """

    x: str
    y: str
    kind: str
    parts: Parts
    chain: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    condition: Condition = ()
    against: Condition = ()
    slopes: tuple[str, ...] = ()

    @property
    def term(self) -> str:
        """Id of the effect: `indirect.m1.m2`, `contrast.m1-m2`, `index.m1`, ..."""
        if self.kind in ("total", "direct"):
            return self.kind
        if self.kind == "indirect_total":
            return "indirect.total"
        if self.kind == "contrast":
            return f"contrast.{'.'.join(self.chain)}-{'.'.join(self.other)}"
        return f"{self.kind}.{'.'.join(self.chain)}"

    @property
    def level(self) -> str:
        """Id of the condition: `w=low,z=high`, `w=high-low` of a difference, `w` or `w:z` of an index."""
        at = ",".join(f"{term_id(name)}={point.id}" for name, point in self.condition)
        if self.kind == "difference":
            return f"{at}-{self.against[0][1].id}"
        return ",".join(part for part in (":".join(self.slopes), at) if part)


def coefficient_places(system: System) -> dict[tuple[str, Term], int]:
    """Place of every coefficient but the intercepts: equations in order, terms in order."""
    keys = [(e.outcome, t) for e in system.equations for t in e.terms if t.factors]
    return {key: place for place, key in enumerate(keys)}


def descendants(system: System, start: str) -> tuple[str, ...]:
    """Outcomes that depend on a column, directly or through others, in causal order."""
    found = {start}
    for equation in system.equations:
        if found & set(equation.names):
            found.add(equation.outcome)
    return tuple(e.outcome for e in system.equations if e.outcome in found and e.outcome != start)


def interacting(system: System, x: str) -> tuple[tuple[str, Term], ...]:
    """Terms in which x and its descendants meet: there no product of paths is an effect."""
    below = {x, *descendants(system, x)}
    return tuple((e.outcome, t) for e in system.equations for t in e.terms if len(below & set(t.factors)) > 1)


def n_routes(system: System, x: str, y: str) -> int:
    """How many directed paths lead from x to y, counted without walking them."""
    ways = {x: 1}
    for equation in system.equations:
        if equation.outcome != x:
            ways[equation.outcome] = sum(ways.get(name, 0) for name in equation.names)
    return ways.get(y, 0)


def chains(system: System, x: str, y: str) -> tuple[tuple[str, ...], ...]:
    """Mediators of every directed path from x to y but the direct one; short ones first."""
    found: list[tuple[str, ...]] = []
    between = [name for name in descendants(system, x) if name != y]

    def walk(node: str, trail: tuple[str, ...]) -> None:
        for name in between:
            if node in system.equation(name).names:
                walk(name, (*trail, name))
        if trail and node in system.equation(y).names:
            found.append(trail)

    walk(x, ())
    rank = {name: i for i, name in enumerate(between)}
    return tuple(sorted(found, key=lambda chain: (len(chain), [rank[n] for n in chain])))


def path_polynomial(system: System, start: str, to: str) -> Polynomial:
    """The path from one column to an outcome."""
    places = coefficient_places(system)
    out: Polynomial = {}
    for term in system.equation(to).terms:
        if start in term.factors:
            rest = tuple(sorted(name for name in term.factors if name != start))
            out[rest] = {(places[to, term],): 1.0}
    return out


def times(left: Polynomial, right: Polynomial) -> Polynomial:
    """Product of two paths in a row."""
    out: Polynomial = {}
    for (one, a), (two, b) in product(left.items(), right.items()):
        parts = out.setdefault(tuple(sorted((*one, *two))), {})
        for (p, u), (q, v) in product(a.items(), b.items()):
            key = tuple(sorted((*p, *q)))
            parts[key] = parts.get(key, 0.0) + u * v
    return out


def plus(*polynomials: Polynomial) -> Polynomial:
    """Sum of polynomials."""
    out: Polynomial = {}
    for polynomial in polynomials:
        for rest, parts in polynomial.items():
            out[rest] = combined([(1.0, out.get(rest, {})), (1.0, parts)])
    return out


def combined(sums: Sequence[tuple[float, Parts]]) -> Parts:
    """Weighted sum of sums."""
    out: Parts = {}
    for weight, parts in sums:
        for key, value in parts.items():
            out[key] = out.get(key, 0.0) + weight * value
    return out


def at(polynomial: Polynomial, condition: Condition) -> Parts:
    """The polynomial at a condition."""
    values = dict(pair for _, point in condition for pair in point.values)
    weighted = []
    for rest, parts in polynomial.items():
        weight = 1.0
        for name in rest:
            weight *= values[name]
        weighted.append((weight, parts))
    return combined(weighted)


def slope(polynomial: Polynomial, column: str) -> Polynomial:
    """Derivative along a moderator column (of a polynomial that is linear in it)."""
    out: Polynomial = {}
    for rest, parts in polynomial.items():
        if column in rest:
            left = list(rest)
            left.remove(column)
            out[tuple(left)] = parts
    return out


def list_effects(
    system: System, xs: Sequence[str], ys: Sequence[str], moderators: Sequence[Moderator]
) -> tuple[Effect, ...]:
    """All effects of every x on every y: total, direct, indirect by path, contrasts, differences, indices.

    An effect stands once for each condition of the moderators that act on it, once where none does.
    Indices: Hayes (2015), Multivariate Behavioral Research 50, 1-22 (moderated mediation); Hayes (2018), Communication
    Monographs 85, 4-40 (partial, conditional, moderated moderated mediation).
    """
    found: list[Effect] = []
    for x, y in product(xs, ys):
        specific = {chain: chain_polynomial(system, (x, *chain, y)) for chain in chains(system, x, y)}
        direct = path_polynomial(system, x, y) if x in system.equation(y).names else {}
        indirect = plus(*specific.values())
        if direct:
            named = [("total", (), plus(direct, indirect)), ("direct", (), direct)]
        else:
            named = [("total", (), indirect)]
        named += [("indirect", chain, polynomial) for chain, polynomial in specific.items()]
        named += [("indirect_total", (), indirect)] if specific else []
        for kind, chain, polynomial in named:
            for condition in conditions(polynomial, moderators):
                found.append(Effect(x, y, kind, at(polynomial, condition), chain, condition=condition))
        found += _contrasts(x, y, specific, moderators)
        for chain, polynomial in specific.items():
            found += _differences(x, y, chain, polynomial, moderators)
            found += _indices(x, y, chain, polynomial, moderators)
    return tuple(found)


def conditions(polynomial: Polynomial, moderators: Sequence[Moderator]) -> Iterator[Condition]:
    """Every combination of points of the moderators that act; one empty condition if none does."""
    acting = acting_on(polynomial, moderators)
    for points in product(*(moderator.points for moderator in acting)):
        yield tuple((moderator.name, point) for moderator, point in zip(acting, points, strict=True))


def acting_on(polynomial: Polynomial, moderators: Sequence[Moderator]) -> list[Moderator]:
    """The moderators whose columns stand in a polynomial."""
    named = {name for rest in polynomial for name in rest}
    return [moderator for moderator in moderators if named & set(moderator.columns)]


def chain_polynomial(system: System, nodes: Sequence[str]) -> Polynomial:
    """Product of the paths along a chain of columns."""
    out: Polynomial = {(): {(): 1.0}}
    for start, to in zip(nodes, nodes[1:], strict=False):
        out = times(out, path_polynomial(system, start, to))
    return out


def _contrasts(
    x: str, y: str, specific: Mapping[tuple[str, ...], Polynomial], moderators: Sequence[Moderator]
) -> Iterator[Effect]:
    if len(specific) > CONTRASTS_UP_TO:
        return
    for (one, left), (two, right) in combinations(specific.items(), 2):
        for condition in conditions(plus(left, right), moderators):
            parts = combined([(1.0, at(left, condition)), (-1.0, at(right, condition))])
            yield Effect(x, y, "contrast", parts, one, two, condition)


def _differences(
    x: str, y: str, chain: tuple[str, ...], polynomial: Polynomial, moderators: Sequence[Moderator]
) -> Iterator[Effect]:
    """Later point minus earlier point of the one moderator that acts."""
    if len(acting_on(polynomial, moderators)) != 1:
        return
    for one, two in combinations(conditions(polynomial, moderators), 2):
        parts = combined([(1.0, at(polynomial, two)), (-1.0, at(polynomial, one))])
        yield Effect(x, y, "difference", parts, chain, condition=two, against=one)


def _indices(
    x: str, y: str, chain: tuple[str, ...], polynomial: Polynomial, moderators: Sequence[Moderator]
) -> Iterator[Effect]:
    """Slopes of the effect along each moderator in which it is linear.

    Where the slope itself changes with another moderator: the slope at that one's points (conditional index), and how
    fast it changes (index of moderated moderated mediation).
    """
    acting = acting_on(polynomial, moderators)
    for place, moderator in enumerate(acting):
        if not linear_in(polynomial, moderator):
            continue
        for column in moderator.columns:
            along = slope(polynomial, column)
            if not along:
                continue
            for condition in conditions(along, moderators):
                yield Effect(x, y, "index", at(along, condition), chain, condition=condition, slopes=(column,))
            for later in acting[place + 1 :]:
                for second in later.columns if linear_in(polynomial, later) else ():
                    both = slope(along, second)
                    if set(both) == {()}:
                        yield Effect(x, y, "index", both[()], chain, slopes=(column, second))


def linear_in(polynomial: Polynomial, moderator: Moderator) -> bool:
    """Whether no product holds two columns (or one twice) of the moderator."""
    own = set(moderator.columns)
    return all(sum(name in own for name in rest) <= 1 for rest in polynomial)
