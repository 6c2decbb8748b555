"""One chain of the chained equations: gaps filled by lot, then each variable drawn anew from all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.resample import Stream
from evalkit.studies.imputation.categories import Nominal, Ordered, drawn_categories, drawn_parameters
from evalkit.studies.imputation.clusters import drawn_effects, drawn_variance
from evalkit.studies.imputation.grid import CONSTANT, Grid
from evalkit.studies.imputation.members import CATEGORICAL, Member
from evalkit.studies.imputation.numbers import drawn_line, drawn_values, matched

FIRST_VARIANCE = 0.1
"""Between clusters, before the first sweep."""
FEWEST = 10
"""Rows with an answer beyond the predictors, below which a scale's own items are not used for its score."""


@dataclass(frozen=True, eq=False)
class Chain:
    """What one chain gives: imputed numbers by member, and the mean and SD of them after each sweep.

    Attributes
    ----------
    imputed : dict
        Place of a member -> ndarray, shape (gaps,).
    trace : ndarray, shape (iterations, members, 2)
        nan for members without gaps.
    """

    imputed: dict[int, np.ndarray]
    trace: np.ndarray


def run_chain(grid: Grid, iterations: int, seed: int, groups: np.ndarray | None) -> Chain:
    """Draw one imputation.

    Parameters
    ----------
    groups : ndarray of int, shape (n,), optional
        Clusters, 0 .. G - 1: each variable has a random intercept by cluster.

    Notes
    -----
    Variables are visited in the order of their gaps, fewest first: van Buuren (2018), Flexible Imputation of Missing
    Data, 2nd ed., section 4.5.
    """
    work = _Work(grid, Stream(seed), groups)
    trace = np.full((iterations, len(grid.members), 2), np.nan)
    targets = sorted((i for i, m in enumerate(grid.members) if m.method), key=lambda i: (len(grid.members[i].gaps), i))
    for sweep in range(iterations):
        for place in targets:
            drawn = work.draw(place)
            work.put(place, drawn)
            trace[sweep, place] = drawn.mean(), drawn.std()
    return Chain({i: work.numbers[i][grid.members[i].gaps] for i in targets}, trace)


class _Work:
    """The columns as they stand, their cross-products, and what each model remembers from the sweep before."""

    def __init__(self, grid: Grid, stream: Stream, groups: np.ndarray | None) -> None:
        self.grid, self.stream, self.groups = grid, stream, groups
        self.n_groups = 0 if groups is None else int(groups.max()) + 1
        self.numbers = [m.values.copy() for m in grid.members]
        self.columns = np.zeros((grid.n, grid.size))
        self.columns[:, CONSTANT] = 1.0
        self.columns[:, grid.first_mark : grid.first_mark + grid.marks.shape[1]] = grid.marks
        for place, member in enumerate(grid.members):
            known = member.values[member.observed]
            if member.method:
                self.numbers[place][member.gaps] = known[stream.below(len(known), len(member.gaps))]
            self.columns[:, grid.own[place]] = grid.columns(place, self.numbers[place])
        for scale, (at, _) in grid.parcels.items():
            self.columns[:, at] = grid.parcel(scale, self.columns)
        self.gram = self.columns.T @ self.columns
        self.parameters: dict[int, np.ndarray] = {}
        self.effects: dict[int, np.ndarray] = {}
        self.variance: dict[int, np.ndarray] = {}

    def put(self, place: int, drawn: np.ndarray) -> None:
        """New numbers in the gaps of a member, in its columns, its parcel and the cross-products."""
        member, grid = self.grid.members[place], self.grid
        self.numbers[place][member.gaps] = drawn
        self.columns[:, grid.own[place]] = grid.columns(place, self.numbers[place])
        changed = list(grid.own[place])
        if member.scale in grid.parcels:
            at = grid.parcels[member.scale][0]
            self.columns[:, at] = grid.parcel(member.scale, self.columns)
            changed.append(at)
        self.gram[changed] = self.columns[:, changed].T @ self.columns
        self.gram[:, changed] = self.gram[changed].T

    def draw(self, place: int) -> np.ndarray:
        """Numbers for the gaps of a member."""
        member = self.grid.members[place]
        known = member.values[member.observed]
        if known.min() == known.max():
            return np.full(len(member.gaps), known[0])
        if member.method in CATEGORICAL:
            return self._category(place)
        if member.items is not None:
            return self._score(place, member)
        return self._number(place, member)

    def _number(self, place: int, member: Member) -> np.ndarray:
        grid, used = self.grid, self.grid.predictors[place]
        own, rest = int(grid.own[place][0]), np.flatnonzero(~member.observed)
        others, target = self.columns[np.ix_(rest, used)], self.columns[:, own].copy()
        gram = self.gram[np.ix_(used, used)] - others.T @ others
        product = self.gram[used, own] - others.T @ target[rest]
        square = float(self.gram[own, own] - target[rest] @ target[rest])
        shift = np.zeros(grid.n)
        if self.groups is not None:
            shift = self._effects(place, 1)[self.groups, 0]
            known = np.where(member.observed, shift, 0.0)
            square += float(known @ known) - 2 * float(known @ target)
            product = product - self.columns[:, used].T @ known
        b, drawn, sigma = drawn_line(gram, product, square, int(member.observed.sum()), self.stream)
        line = self._line(used, b)
        new = self._line(used, drawn)
        if self.groups is not None:
            score = (target - new - shift)[member.observed, None] / max(sigma, 1e-9) ** 2
            weight = np.full(score.shape, max(sigma, 1e-9) ** -2)
            shift = self._drawn_effects(place, self.groups, score, weight)[:, 0]
        return self._filled(place, member, line + shift, (new + shift)[member.gaps], sigma)

    def _filled(
        self,
        place: int,
        member: Member,
        line: np.ndarray,
        wanted: np.ndarray,
        sigma: float,
        rows: np.ndarray | None = None,
    ) -> np.ndarray:
        """Values by `normal` or `pmm` for gaps with the standardised predictions `wanted`."""
        centre, spread = self.grid.centre[place], self.grid.spread[place]
        if member.method == "normal":
            low, high = ((end - centre) / spread for end in member.bounds)
            return centre + spread * drawn_values(wanted, sigma, (low, high), self.stream)
        rows = member.observed if rows is None else rows
        return matched(line[rows], member.values[rows], wanted, self.stream)

    def _score(self, place: int, member: Member) -> np.ndarray:
        """A scale score from the other variables and the items that were answered, pattern by pattern."""
        out = self._number(place, member)
        items, used = member.items, self.grid.predictors[place]
        answered = ~np.isnan(items)
        own = int(self.grid.own[place][0])
        shift = np.zeros(self.grid.n) if self.groups is None else self.effects[place][self.groups, 0]
        patterns, which = np.unique(answered[member.gaps], axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(member.observed & answered[:, pattern].all(axis=1))
            mine = np.flatnonzero(which.ravel() == number)
            if not pattern.any() or len(rows) < len(used) + 1 + FEWEST:
                continue  # nothing, or nobody, to learn it from: the other variables have to do
            gaps = member.gaps[mine]
            parcel = items[:, pattern].mean(axis=1)
            centre, spread = parcel[rows].mean(), parcel[rows].std() or 1.0
            both = np.concatenate([rows, gaps])
            x = np.column_stack([self.columns[np.ix_(both, used)], (parcel[both] - centre) / spread])
            known, y = x[: len(rows)], self.columns[rows, own] - shift[rows]
            b, drawn, sigma = drawn_line(known.T @ known, known.T @ y, float(y @ y), len(rows), self.stream)
            line = np.zeros(self.grid.n)
            line[rows] = known @ b + shift[rows]
            wanted = x[len(rows) :] @ drawn + shift[gaps]
            out[mine] = self._filled(place, member, line, wanted, sigma, rows)
        return out

    def _category(self, place: int) -> np.ndarray:
        member, used = self.grid.members[place], self.grid.predictors[place]
        k, rows = len(member.codes), np.flatnonzero(member.observed)
        width = 1 if member.method == "ordered_logit" else k - 1
        shift = np.zeros((self.grid.n, width))
        if self.groups is not None:
            shift = self._effects(place, width)[self.groups]
        kind = Ordered if member.method == "ordered_logit" and k > 2 else Nominal
        x, y = self.columns[np.ix_(rows, used)], member.values[rows].astype(int)
        likelihood = kind(x, y, k, shift[rows])
        found, drawn = drawn_parameters(likelihood, self.parameters.get(place), self.stream)
        self.parameters[place] = found
        if self.groups is not None:
            shift = self._drawn_effects(place, self.groups, *likelihood.tilt(drawn))
        shares = likelihood.shares(drawn, self.columns[np.ix_(member.gaps, used)], shift[member.gaps])
        return drawn_categories(shares, self.stream)

    def _line(self, used: np.ndarray, b: np.ndarray) -> np.ndarray:
        full = np.zeros(self.grid.size)
        full[used] = b
        return np.asarray(self.columns @ full)

    def _effects(self, place: int, width: int) -> np.ndarray:
        if place not in self.effects:
            self.variance[place] = np.full(width, FIRST_VARIANCE)
            self.effects[place] = np.zeros((self.n_groups, width))
        return self.effects[place]

    def _drawn_effects(self, place: int, groups: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """New effects of the clusters and their variance; the effect of each row, shape (n, d)."""
        known = groups[self.grid.members[place].observed]
        found = drawn_effects(score, weight, self.effects[place], self.variance[place], known, self.stream)
        self.effects[place], self.variance[place] = found, drawn_variance(found, self.stream)
        return np.asarray(found[groups])
