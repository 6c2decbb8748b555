"""Two predictors of one scale in; polynomial regression and what its surface looks like out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, Variable, attach, codebook_of, tidy_frame
from evalkit.models.generalised.outcomes import FAMILIES
from evalkit.models.linear import RegressionResult
from evalkit.models.matrix import Columns, both, term_id
from evalkit.models.moderation.engine import (
    LINEAR,
    Engine,
    columns_of,
    last_equations,
    outcome_values,
    require_told_apart,
    used_rows,
    weights_of,
)
from evalkit.models.moderation.equations import Equation, inference
from evalkit.models.moderation.options import one_of, require_roles
from evalkit.models.moderation.roles import Predictor, predictor
from evalkit.models.moderation.surface_result import Surface, SurfaceResult
from evalkit.models.sample import relevant
from evalkit.sampling import Design

CENTRES = ("midpoint", "mean", "none")
LINES: Mapping[str, tuple[float, ...]] = {
    "a1": (1, 1, 0, 0, 0),
    "a2": (0, 0, 1, 1, 1),
    "a3": (1, -1, 0, 0, 0),
    "a4": (0, 0, 1, -1, 1),
    "a5": (0, 0, 1, 0, -1),
}
"""Weights of b1 x, b2 z, b3 x^2, b4 x z, b5 z^2: slope and curvature along x = z and x = -z; a5: of the ridge."""
ALIKE = 0.5
"""Standard deviations of difference up to which two answers agree (Shanock et al. 2010, p. 547)."""


def response_surface(
    data: pd.DataFrame,
    *,
    y: str,
    x: str,
    z: str,
    covariates: Sequence[str] = (),
    centre: str | float = "midpoint",
    family: str = "linear",
    cov: str | None = None,
    cluster: str | Sequence[str] | None = None,
    conf_level: float = 0.95,
    design: Design | None = None,
) -> SurfaceResult:
    """How an outcome goes with the fit or misfit of two variables on one scale.

    Parameters
    ----------
    data : DataFrame
    y, x, z : str
        Outcome, and two numeric variables on the same scale (say, wanted and received).
    covariates : sequence of str
        Enter first, as they stand.
    centre : str or float
        What both are measured from: `midpoint` of the scale in the codebook (their pooled mean where it tells none),
        `mean` (the pooled one), `none`, or a number.
    family : str
        `linear`, or a family of `outcome_model` but `multinomial`; the surface is that of the linear predictor.
    cov, cluster, conf_level, design
        As in `regress` and `outcome_model`.

    Returns
    -------
    SurfaceResult
        Rows `a1` to `a5`, `second_order` (test of the three terms together), `stationary.*`, `axis1.*`, `axis2.*`,
        `shift`, `block` and `agreement.*`.

    Raises
    ------
    AnalysisError
        As `moderate`; E6130 for a variable that is not numeric with three values at least.

    Notes
    -----
    Edwards & Parry (1993), Academy of Management Journal 36, 1577-1613; Shanock et al. (2010), Journal of Business and
    Psychology 25, 543-554; a5: Humberg, Nestler & Back (2019), Social Psychological and Personality Science 10,
    409-419. Stationary point and principal axes by the delta method.
    """
    require_roles(y, {"x": x, "z": z}, covariates)
    one_of("family", family, [LINEAR, *(f for f in FAMILIES if f != "multinomial")])
    data = relevant(data, [y, x, z, *(part for c in covariates for part in c.split(":"))], cluster, design)
    plain = (tuple(covariates), (x, z))
    sample = used_rows(data, y, family, plain, cluster=cluster, design=design)
    pair = [_number(data, name, sample.rows, weights_of(sample)) for name in (x, z)]
    middle, notices = _middle(data, pair, centre)
    squares = (f"{x}^2", f"{z}^2")
    second = (squares[0], f"{x}:{z}", squares[1])
    engine = Engine(_squared(data, pair, squares, middle), y, family, cov, cluster, conf_level, design)
    blocks = (*plain, second)
    series = engine.series(blocks)
    require_told_apart(series, {one.name: one.terms for one in pair} | {s: (term_id(s),) for s in squares})
    columns = columns_of(engine.data, y, blocks)
    equation = last_equations(series, engine, sample, columns)[0]
    terms = (*(one.terms[0] for one in pair), term_id(squares[0]), term_id(x, z), term_id(squares[1]))
    rows = [
        _lines(equation, terms, conf_level, sample.n),
        _second_order(engine, plain, second, sample.n),
        _features(equation, terms, middle, conf_level, sample.n),
        _agreement(pair, sample.n),
    ]
    surface = _surface(equation, terms, middle, pair, replace(columns, values=columns.values[sample.rows]))
    if isinstance(series, RegressionResult):
        values = outcome_values(engine.data, y, family)[sample.rows]
        rows.append(_block(surface, pair, values, sample.n))
    return SurfaceResult(
        outcome=y,
        x=x,
        z=z,
        family=family,
        terms=terms,
        series=series,
        effects=pd.concat(rows, ignore_index=True),
        surface=surface,
        conf_level=conf_level,
        labels=dict(series.labels) | {one.name: one.label for one in pair},
        n_obs=sample.n,
        dropped=series.dropped,
        notices=tuple(dict.fromkeys([*series.notices, *notices, *_far(rows[2], surface)])),
    )


def _number(data: pd.DataFrame, name: str, rows: np.ndarray, weights: np.ndarray) -> Predictor:
    one = predictor(data, name, rows, weights, "none")
    if one.kind != "number":
        raise AnalysisError(Problem("E6130", params={"name": both(one.label)}))
    return one


def _middle(data: pd.DataFrame, pair: Sequence[Predictor], centre: str | float) -> tuple[float, list[Problem]]:
    """What both variables are measured from, with N6131 where it is a second choice, W6132 for unlike scales."""
    if isinstance(centre, (int, float)) and not isinstance(centre, bool):
        return float(centre), []
    one_of("centre", centre, CENTRES)
    pooled = float(np.mean([one.mean for one in pair]))
    ends = [(v.low, v.high) for v in (codebook_of(data).variables[one.name] for one in pair)]
    known = all(low is not None and high is not None for low, high in ends)
    names = [both(one.label) for one in pair]
    unlike = [Problem("W6132", params={"x": names[0], "z": names[1]})] if known and ends[0] != ends[1] else []
    if centre == "none":
        return 0.0, unlike
    if centre == "mean" or unlike:
        return pooled, unlike
    if not known:
        return pooled, [Problem("N6131", params={"x": names[0], "z": names[1]})]
    low, high = ends[0]
    return (float(low or 0.0) + float(high or 0.0)) / 2, []


def _squared(data: pd.DataFrame, pair: Sequence[Predictor], squares: Sequence[str], middle: float) -> pd.DataFrame:
    """The data with both variables measured from the middle, and their squares."""
    out, book = data.copy(deep=False), codebook_of(data)
    new = []
    for one, square in zip(pair, squares, strict=True):
        out[one.name] = data[one.name].astype(float) - middle
        out[square] = out[one.name] ** 2
        new.append(Variable(square, "number", zh=f"{one.label.text('zh')}²", en=f"{one.label.text('en')}²"))
    return attach(out, book.with_variables(new))


def _places(equation: Equation, terms: Sequence[str]) -> list[int]:
    return [equation.terms.index(t) for t in terms]


def _lines(equation: Equation, terms: Sequence[str], conf_level: float, n: int) -> pd.DataFrame:
    contrasts = np.zeros((len(LINES), len(equation.terms)))
    contrasts[:, _places(equation, terms)] = list(LINES.values())
    return tidy_frame(term=list(LINES), n_obs=n, **equation.tested(contrasts, conf_level))


def _second_order(engine: Engine, plain: Sequence[Sequence[str]], second: Sequence[str], n: int) -> pd.DataFrame:
    found = engine.change([t for block in plain for t in block], second)
    return tidy_frame(
        1,
        term="second_order",
        estimate=found.estimate,
        statistic=found.statistic,
        df=found.df,
        df2=found.df2,
        p_value=found.p_value,
        f_squared=found.f_squared,
        n_obs=n,
    )


def features(b: np.ndarray) -> dict[str, complex]:
    """Stationary point, principal axes ``z = intercept + slope * x`` and lateral shift of a surface; b1 to b5.

    Edwards & Parry (1993), eqs 6 to 12; complex numbers pass through, so that derivatives need no differences.
    """
    b1, b2, b3, b4, b5 = b
    bend = 4 * b3 * b5 - b4**2
    x0, z0 = (b2 * b4 - 2 * b1 * b5) / bend, (b1 * b4 - 2 * b2 * b3) / bend
    root = np.sqrt((b3 - b5) ** 2 + b4**2)
    first, second = (b5 - b3 + root) / b4, (b5 - b3 - root) / b4
    return {
        "stationary.x": x0,
        "stationary.z": z0,
        "axis1.slope": first,
        "axis1.intercept": z0 - first * x0,
        "axis2.slope": second,
        "axis2.intercept": z0 - second * x0,
        "shift": (b2 - b1) / (2 * (b3 - b4 + b5)),
    }


def _features(equation: Equation, terms: Sequence[str], middle: float, conf_level: float, n: int) -> pd.DataFrame:
    places = _places(equation, terms)
    b, matrix = equation.estimate[places], equation.matrix[np.ix_(places, places)]
    shown: Callable[[np.ndarray], np.ndarray] = lambda at: np.array(list(features(at).values()))  # noqa: E731
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = np.real(shown(b.astype(complex)))
        steps = np.eye(5) * 1e-30j
        slopes = np.array([np.imag(shown(b + step)) / 1e-30 for step in steps])
        error = np.sqrt(np.einsum("jm,jk,km->m", slopes, matrix, slopes))
    lost = ~np.isfinite(value) | ~np.isfinite(error)
    value, error = np.where(lost, np.nan, value), np.where(lost, np.nan, error)
    names = list(features(np.ones(5)))
    value = value + np.array([middle if name.startswith("stationary") else 0.0 for name in names])
    found = inference(value, error, np.full(len(names), equation.df), conf_level)
    for i, name in enumerate(names):  # a place is not tested against 0
        if name.startswith("stationary"):
            found["statistic"][i] = found["p_value"][i] = np.nan
    return tidy_frame(term=names, n_obs=n, **found)


def _far(found: pd.DataFrame, surface: Surface) -> list[Problem]:
    """N6133 if the stationary point lies beyond the answers."""
    at = found.set_index("term").loc[["stationary.x", "stationary.z"], "estimate"]
    beyond = bool(((at < surface.low) | (at > surface.high)).any())
    return [Problem("N6133")] if beyond else []


def _agreement(pair: Sequence[Predictor], n: int) -> pd.DataFrame:
    """How many per cent of the cases have x above, near or below z, both as z scores."""
    x, z = ((one.raw - one.mean) / one.sd for one in pair)
    where = {"above": x - z > ALIKE, "near": np.abs(x - z) <= ALIKE, "below": z - x > ALIKE}
    return tidy_frame(
        term=[f"agreement.{name}" for name in where],
        share=[pair[0].share(held) for held in where.values()],
        count=[int(held.sum()) for held in where.values()],
        n_obs=n,
    )


def _surface(
    equation: Equation, terms: Sequence[str], middle: float, pair: Sequence[Predictor], columns: Columns
) -> Surface:
    """Its height is that at the means of further columns.

    Parameters
    ----------
    columns : Columns
        Of the last model, in the rows used.
    """
    b = equation.estimate[_places(equation, terms)]
    share = pair[0].weights / pair[0].weights.sum()
    means = {t: float(share @ columns.values[:, j]) for j, t in enumerate(columns.terms) if t not in terms}
    level = {"intercept": 1.0} | means
    parts = [level[t] * v for t, v in zip(equation.terms, equation.estimate, strict=True) if t in level]
    low = float(min(one.raw.min() for one in pair))
    high = float(max(one.raw.max() for one in pair))
    hull = _hull(pair[0].raw, pair[1].raw)
    return Surface(tuple(map(float, b)), float(np.nansum(parts)), middle, low, high, hull)


def _hull(x: np.ndarray, z: np.ndarray) -> tuple[tuple[float, float], ...]:
    """The corners of the area that the answers cover; nothing where they lie on one line."""
    from scipy.spatial import ConvexHull, QhullError

    points = np.unique(np.column_stack([x, z]), axis=0)
    try:
        found = points[ConvexHull(points).vertices]
    except QhullError:
        return ()
    return tuple((float(a), float(b)) for a, b in found)


def _block(surface: Surface, pair: Sequence[Predictor], y: np.ndarray, n: int) -> pd.DataFrame:
    """The five terms as one variable: its standardised coefficient (Edwards & Cable 2009, p. 660)."""
    from evalkit.models.fit import weighted_sd

    values = surface.height(pair[0].raw, pair[1].raw) - surface.constant
    spread = weighted_sd(y, pair[0].weights)
    beta = weighted_sd(values, pair[0].weights) / spread if spread > 0 else np.nan
    return tidy_frame(1, term="block", estimate=beta, n_obs=n)
