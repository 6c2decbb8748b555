"""Data, items and a grouping in; which items work differently in the groups out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import AnalysisError, Problem
from evalkit.measurement.item_response.analysis import MODELS, holm, require_choices, signs
from evalkit.measurement.item_response.answers import both_words
from evalkit.measurement.item_response.categories import log_probabilities
from evalkit.measurement.item_response.differential_result import DifGroup, DifItem, DifResult
from evalkit.measurement.item_response.estimation import Estimate, estimate, inverse, points, polish, start_values
from evalkit.measurement.item_response.groups import Grouped, grouped
from evalkit.measurement.item_response.likelihood import Layout, Marginal, Patterns, layout_of
from evalkit.sampling import unused_design

ADJUSTMENTS = ("holm", "bh")
NEAR = 1e-8
"""Squared distance to the maximum, in standard errors, at which a model's likelihood is close enough to compare."""


def dif(
    data: pd.DataFrame,
    items: str | Sequence[str],
    *,
    by: str,
    model: str = "graded",
    anchors: Sequence[str] | None = None,
    adjust: str = "holm",
    nodes: int = 61,
    conf_level: float = 0.95,
) -> DifResult:
    """Differential item functioning: do people of equal standing answer an item alike in every group?

    Parameters
    ----------
    data : DataFrame
    items : str or sequence of str
        A scale id, several scale ids, or item names.
    by : str
        Column that parts the people; its first category is the reference. The latent variable has mean 0 and SD 1
        there; mean and SD of the other groups are estimated.
    model : {"graded", "partial_credit", "generalised_partial_credit"}
        As in `irt`. In the partial credit model the discrimination is the same everywhere and items may differ in their
        steps only.
    anchors : sequence of str, optional
        Items taken to work alike; the others are free in every group and each is tested by holding it equal. By
        default every item is tested by freeing it while all others are held equal, which needs no choice but shifts
        where many items differ one way.
    adjust : {"holm", "bh"}
        Correction of the p-values over the items tested: Holm's, or Benjamini and Hochberg's false discovery rate.
    nodes : int
        Points of the latent scale from -6 to 6; the scale is drawn on to -9 and 9 at the same distance.
    conf_level : float
        For the intervals of the groups' means, and 1 less the bound at which the report names an item.

    Returns
    -------
    DifResult
        Likelihood-ratio test of each item, and how many scale points the group would answer higher than the reference
        group at equal standing, over the group's own latent distribution. Notices: N6000 a declared sampling design,
        which is not used, N976, N985 answers that not every
        group gave, merged with their neighbour; W986 a model that did not converge.

    Raises
    ------
    AnalysisError
        As `irt`; E982 for fewer than two groups or more than ten; E983 a group with too few people; E984 an item that
        does not vary in a group; E987 anchors that are not among the items or leave none to test.

    Notes
    -----
    Thissen, Steinberg & Wainer (1993), in Holland & Wainer, Differential Item Functioning, 67-113. Differences of
    expected scores: Meade (2010), Journal of Applied Psychology 95, 728-743 (SIDS and UIDS).
    """
    require_choices(model, nodes, conf_level)
    if adjust not in ADJUSTMENTS:
        raise AnalysisError(Problem("E614", params={"option": "adjust", "value": adjust}))
    sample = grouped(data, items, by)
    names = sample.answers.names
    held = _anchors(anchors, names)
    family, one_slope = MODELS[model], model == "partial_credit"
    tested = [j for j, name in enumerate(names) if name not in held]
    study = _Study(sample, family, one_slope, points(nodes + nodes // 2, 9.0))
    study.require_people(tested if held else [])
    base = study.fitted(frozenset(tested if held else ()))
    found = [study.compared(base, j, tested, bool(held)) for j in tested]
    p = np.array([stats.chi2.sf(one.statistic, one.df) for one in found])
    adjusted = holm(p) if adjust == "holm" else benjamini_hochberg(p)
    rows = tuple(
        DifItem(names[j], one.statistic, float(one.df), float(p[i]), float(adjusted[i]), one.differences)
        for i, (j, one) in enumerate(zip(tested, found, strict=True))
    )
    lost = [both_words(sample.answers.labels[r.name]) for r in rows if np.isnan(r.statistic)]
    notices = (Problem("W986", params={"items": lost}),) if lost else ()
    return DifResult(
        model, by, rows, study.groups(base), tuple(held), adjust, sample.answers.labels | sample.labels, conf_level,
        sum(map(len, sample.codes)), sample.dropped, (*unused_design(data), *sample.notices, *notices),
    )  # fmt: skip


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Benjamini & Hochberg's (1995) adjusted p-values, JRSS B 57, 289-300; nan stays nan and does not count."""
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(-p[known], kind="stable")]
    factors = len(order) / np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.minimum.accumulate(p[order] * factors), 1.0)
    return out


def group_layout(family: str, sizes: Sequence[int], n_groups: int, *, one_slope: bool, free: frozenset[int]) -> Layout:
    """Items in `free` have parameters of their own in each group (slopes not, where all are one), others are shared."""
    first = layout_of(family, sizes, one_slope=one_slope)
    parts, following = [first.free], first.n_item_parameters
    for _ in range(1, n_groups):
        mine = first.free.copy()
        for j in sorted(free):
            at = first.starts[j] + int(one_slope)
            own = sizes[j] - int(one_slope)
            mine[at : at + own] = np.arange(following, following + own)
            following += own
        parts.append(mine)
    return Layout(family, tuple(sizes), n_groups, np.concatenate(parts))


class _Compared:
    """One item's test: statistic (nan where a model did not arrive), df, and differences by group."""

    def __init__(self, statistic: float, df: int, differences: tuple[tuple[float, float], ...]) -> None:
        self.statistic, self.df, self.differences = statistic, df, differences


class _Study:
    """The groups' answers, and the models of them."""

    def __init__(self, sample: Grouped, family: str, one_slope: bool, theta: np.ndarray) -> None:
        self.sample, self.family, self.one_slope, self.theta = sample, family, one_slope, theta
        self.patterns = [Patterns.of(codes) for codes in sample.codes]
        self._information: np.ndarray | None = None

    def require_people(self, free: list[int]) -> None:
        """Raise E983 for a group that has no more people than parameters of its own."""
        own = sum(self.sample.sizes[j] for j in free) if free else max(self.sample.sizes)
        few = [
            Problem("E983", params={"group": both_words(self.sample.labels[id]), "n": len(codes), "k": own + 2})
            for id, codes in zip(self.sample.ids, self.sample.codes, strict=True)
            if len(codes) <= own + 2
        ]
        if few:
            raise AnalysisError(few)

    def layout(self, free: frozenset[int]) -> Layout:
        """Which parameters are shared by the groups."""
        return group_layout(self.family, self.sample.sizes, len(self.patterns), one_slope=self.one_slope, free=free)

    def marginal(self, layout: Layout) -> Marginal:
        """The likelihood of a layout."""
        return Marginal(layout, self.patterns, self.theta)

    def fitted(self, free: frozenset[int]) -> tuple[Layout, Estimate]:
        """A model from scratch: start values of all people together, every group standard normal."""
        layout = self.layout(free)
        codes = np.vstack(self.sample.codes)
        single = layout_of(self.family, self.sample.sizes, one_slope=self.one_slope)
        pooled = start_values(single, Patterns.of(codes), signs(codes, self.one_slope))
        start = np.zeros(layout.n_free)
        start[layout.free] = np.tile(pooled[single.free], layout.n_groups)
        start[layout.n_item_parameters :] = np.tile([0.0, -0.5], layout.n_groups - 1)
        return layout, estimate(self.marginal(layout), start)

    def compared(self, base: tuple[Layout, Estimate], j: int, tested: list[int], anchored: bool) -> _Compared:
        """The likelihood ratio of item j free and held equal, all else as in the base model."""
        layout, found = base
        other = self.layout(frozenset(tested) - {j} if anchored else frozenset({j}))
        if not found.converged:
            unknown = (float("nan"), float("nan"))
            return _Compared(float("nan"), abs(layout.n_free - other.n_free), (unknown,) * (layout.n_groups - 1))
        x, log_likelihood, arrived = self._from_base(layout, found, other)
        free_layout, free_x = (layout, found.x) if anchored else (other, x)
        change = (found.log_likelihood - log_likelihood) * (1 if anchored else -1)
        df = abs(layout.n_free - other.n_free)
        ok = arrived and change > -1e-6
        return _Compared(2 * max(change, 0.0) if ok else float("nan"), df, self._differences(free_layout, free_x, j))

    def groups(self, base: tuple[Layout, Estimate]) -> tuple[DifGroup, ...]:
        """Mean and SD of the latent variable by group, with standard errors by the delta method."""
        layout, found = base
        out = []
        for g, (id, codes) in enumerate(zip(self.sample.ids, self.sample.codes, strict=True)):
            mean, sd = _mean_and_sd(layout.latent(found.x, g))
            errors = np.full(2, np.nan)
            if g:
                at = layout.n_item_parameters + 2 * (g - 1)
                # mean = -e1 / (2 e2), sd = (-2 e2) ** -1/2
                jacobian = np.array([[sd**2, 2 * mean * sd**2], [0.0, sd**3]])
                errors = np.sqrt(np.diag(jacobian @ found.covariance[at : at + 2, at : at + 2] @ jacobian.T))
            out.append(DifGroup(id, len(codes), mean, float(errors[0]), sd, float(errors[1])))
        return tuple(out)

    def _from_base(self, layout: Layout, found: Estimate, other: Layout) -> tuple[np.ndarray, float, bool]:
        """A neighbouring model: from where the base model's curvature puts its maximum, then quasi-Newton steps."""
        marginal, full = self.marginal(other), self.layout(frozenset(range(len(other.sizes))))
        everything = _spread(layout, full) @ found.x
        if self._information is None:
            wide = self.marginal(full)
            self._information = wide.observed_information(everything, wide.expectation(everything))
        to_full = _spread(other, full)
        metric = inverse(to_full.T @ self._information @ to_full)
        if metric is not None:
            start = metric @ (to_full.T @ (self._information @ everything))
            if not marginal.feasible(start):
                start = np.linalg.lstsq(to_full, everything, rcond=None)[0]
            x, at, _, arrived = polish(marginal, start, metric, NEAR)
            if arrived:
                return x, at.log_likelihood, True
        again = estimate(marginal, np.linalg.lstsq(to_full, everything, rcond=None)[0])
        return again.x, again.log_likelihood, again.converged

    def _differences(self, layout: Layout, x: np.ndarray, j: int) -> tuple[tuple[float, float], ...]:
        """By group but the first: mean difference of expected answers to the reference, and mean absolute one."""
        scores = self.sample.points[j]
        expected = [
            scores @ np.exp(log_probabilities(self.family, *layout.item(x, g, j), self.theta))
            for g in range(layout.n_groups)
        ]
        out = []
        for g in range(1, layout.n_groups):
            weight = np.exp(np.column_stack([self.theta, self.theta**2]) @ layout.latent(x, g))
            weight /= weight.sum()
            gap = expected[g] - expected[0]
            out.append((float(weight @ gap), float(weight @ np.abs(gap))))
        return tuple(out)


def _anchors(anchors: Sequence[str] | None, names: Sequence[str]) -> frozenset[str]:
    if anchors is None:
        return frozenset()
    held = frozenset([anchors] if isinstance(anchors, str) else anchors)
    strange = sorted(held - set(names))
    if strange or not held or held == set(names):
        raise AnalysisError(Problem("E987", params={"names": strange or sorted(held)}))
    return held


def _mean_and_sd(natural: tuple[float, float]) -> tuple[float, float]:
    variance = -0.5 / natural[1]
    return natural[0] * variance, float(np.sqrt(variance))


def _spread(narrow: Layout, wide: Layout) -> np.ndarray:
    """Shape (wide.n_free, narrow.n_free): which of the narrow layout's parameters each of the wide one's is."""
    out = np.zeros((wide.n_free, narrow.n_free))
    out[wide.free, narrow.free] = 1.0
    latent = 2 * (wide.n_groups - 1)
    out[wide.n_item_parameters :, narrow.n_item_parameters :] = np.eye(latent)
    return out
