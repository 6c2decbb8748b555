"""A model with products of level-1 and level-2 variables in, the slopes they imply out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.models.linear import Term
from evalkit.models.matrix import code_text, term_columns
from evalkit.models.multilevel.model import Line
from evalkit.models.multilevel.sample import Nested, level_two

POINTS = ("low", "mean", "high")
FEW = 2
"""A moderator with so many values at most is shown at each of them, else at its mean and one SD to either side."""


@dataclass(frozen=True, eq=False)
class CrossLevel:
    """A slope that depends on a level-2 variable.

    Attributes
    ----------
    x, w : str
        Level-1 variable and moderator.
    levels : tuple of str
        Names of the values of w: its codes, or `low`, `mean`, `high`.
    values : tuple of float
        nan for categories of a nominal moderator.
    weights : ndarray, shape (values, k)
        What each slope takes of the k coefficients, the constant first.
    base : ndarray, shape (values, k)
        The same for the predicted outcome at x = 0, other variables at their mean.
    x_range : tuple of float
        10th and 90th percentile of x.
    """

    x: str
    w: str
    levels: tuple[str, ...]
    values: tuple[float, ...]
    weights: np.ndarray
    base: np.ndarray
    x_range: tuple[float, float]

    @property
    def term(self) -> str:
        return f"slope.{self.x}:{self.w}"


def cross_levels(data: Nested, block: int, terms: tuple[str, ...]) -> tuple[CrossLevel, ...]:
    """Every product of one level-1 and one level-2 variable in the model after a block; x is a number.

    Whatever else the slope depends on stands at its mean. The mean and the standard deviation of w are those of the
    groups, not of the people.
    """
    entered = [term for part in data.terms[: block + 1] for term in part]
    pairs = [p for t in entered if (p := _pair(data, t, terms)) is not None]
    return tuple(_cross(data, block, terms, x, w) for x, w in pairs)


def is_cross_level(data: Nested, term: Term) -> bool:
    """Whether a term multiplies a variable within groups by one between them."""
    kinds = {level_two(data, name) for name in term}
    return len(kinds) == 2


def _pair(data: Nested, term: Term, terms: tuple[str, ...]) -> tuple[str, str] | None:
    if len(term) != 2 or not is_cross_level(data, term):
        return None
    w, x = sorted(term, key=lambda name: not level_two(data, name))
    return (x, w) if x in terms and not term_columns(data.frame, (x,)).references else None


def _cross(data: Nested, block: int, terms: tuple[str, ...], x: str, w: str) -> CrossLevel:
    first = np.unique(data.groups, return_index=True)[1]  # one row a group
    mean = dict(zip(terms, np.concatenate([[1.0], data.blocks[block].values.mean(axis=0)]), strict=True))
    columns = term_columns(data.frame, (w,))
    own = {t: columns.values[first, j] for j, t in enumerate(columns.terms)}
    levels, values, settings = _settings(columns.terms, own, bool(columns.references))
    weights, base = np.zeros((len(levels), len(terms))), np.zeros((len(levels), len(terms)))
    for row, setting in enumerate(settings):
        at = mean | setting
        for j, term in enumerate(terms):
            parts = term.split(":")
            if x in parts:
                weights[row, j] = float(np.prod([at.get(part, 0.0) for part in parts if part != x]))
            else:
                base[row, j] = at[term]
    low, high = np.quantile(term_columns(data.frame, (x,)).values[:, 0], (0.1, 0.9))
    return CrossLevel(x, w, levels, values, weights, base, (float(low), float(high)))


def _settings(
    terms: tuple[str, ...], own: dict[str, np.ndarray], nominal: bool
) -> tuple[tuple[str, ...], tuple[float, ...], list[dict[str, float]]]:
    """Names, values and columns of the moderator at each place where the slope is given."""
    if nominal:
        places = [{t: float(t == shown) for t in terms} for shown in (None, *terms)]
        return ("reference", *(t.rpartition(".")[2] for t in terms)), (np.nan,) * len(places), places
    (term, values), *_ = own.items()
    found = np.unique(values)
    if len(found) <= FEW:
        return tuple(code_text(float(v)) for v in found), tuple(map(float, found)), [{term: float(v)} for v in found]
    centre, sd = float(values.mean()), float(values.std(ddof=1))
    points = (centre - sd, centre, centre + sd)
    return POINTS, points, [{term: v} for v in points]


def slope_lines(
    found: Sequence[CrossLevel],
    beta: np.ndarray,
    matrix: np.ndarray,
    degrees: Callable[[np.ndarray], float],
    conf_level: float,
) -> tuple[Line, ...]:
    """The slopes with tests; `degrees` gives the degrees of freedom of a contrast (inf: z)."""
    from scipy.stats import norm, t

    out = []
    for one in found:
        for level, weights in zip(one.levels, one.weights, strict=True):
            estimate, error = float(weights @ beta), float(np.sqrt(weights @ matrix @ weights))
            df = degrees(weights)
            law = norm if np.isinf(df) else t(df)
            reach = float(law.ppf((1 + conf_level) / 2)) * error
            out.append(
                Line(
                    one.term,
                    level,
                    estimate,
                    error,
                    estimate / error,
                    df,
                    np.nan,
                    float(2 * law.sf(abs(estimate / error))),
                    estimate - reach,
                    estimate + reach,
                )
            )
    return tuple(out)
