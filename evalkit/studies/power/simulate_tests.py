"""Fits of many samples in, in which of them each effect is found out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from evalkit.models.mediation.arithmetic import Arithmetic
from evalkit.models.mediation.routes import coefficient_places
from evalkit.models.mediation.system import Equation, System, Term, design
from evalkit.resample import Plan, Stream, child_seed
from evalkit.studies.power.simulate_draws import Samples
from evalkit.studies.power.simulate_fits import Fits
from evalkit.studies.power.simulate_intercepts import inverted
from evalkit.studies.power.simulate_model import Tested

METHODS = ("joint", "monte_carlo", "percentile", "bias_corrected")
BOOTSTRAP = METHODS[2:]
NORMALS = 1000
"""Normal vectors of the Monte Carlo interval inside each sample."""
_CELLS = 4_000_000


def way_of(effect: Tested, method: str) -> str:
    """How an effect is tested: `t` for a coefficient, `joint` for one product, else an interval.

    Joint significance (every path of a product is significant: MacKinnon et al. 2002, Psychological Methods 7, 83-104)
    says nothing about sums of products; those get Monte Carlo intervals.
    """
    (first, *more) = effect.parts or [()]
    if len(first) == 1 and not more:
        return "t"
    return "monte_carlo" if method == "joint" and more else method


def found(
    system: System,
    tested: Sequence[Tested],
    drawn: Samples,
    fits: Fits,
    *,
    method: str,
    resamples: int,
    alpha: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each effect is found in each sample, and its estimates; both of shape (E, d), the latter with nan.

    Parameters
    ----------
    method : str
        Of `METHODS`, for products of coefficients.
    """
    values = Arithmetic.of([e.parts for e in tested]).values(fits.estimate.T)
    out = np.zeros(values.shape, dtype=bool)
    ways = [way_of(effect, method) for effect in tested]
    for row, (effect, way) in enumerate(zip(tested, ways, strict=True)):
        if way in ("t", "joint"):
            places = sorted({place for key in effect.parts for place in key})
            with np.errstate(invalid="ignore"):
                out[row] = (fits.p_value[:, places] < alpha).all(axis=1)
    for way in METHODS[1:]:
        rows = [row for row, own in enumerate(ways) if own == way]
        if rows:
            arithmetic = Arithmetic.of([tested[row].parts for row in rows])
            if way == "monte_carlo":
                out[rows] = _by_normals(arithmetic, fits, alpha, seed)
            else:
                out[rows] = _by_resamples(arithmetic, values[rows], system, drawn, way, resamples, alpha, seed)
    return out, values


def _by_normals(arithmetic: Arithmetic, fits: Fits, alpha: float, seed: int) -> np.ndarray:
    """Whether the Monte Carlo interval excludes 0: MacKinnon, Lockwood & Williams (2004), MBR 39, 99-128."""
    d, c = fits.estimate.shape
    z = Stream(child_seed(seed, "monte carlo")).normal(NORMALS * c).reshape(NORMALS, c)
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    out = np.zeros((len(arithmetic.weights), d), dtype=bool)
    batch = max(1, _CELLS // (NORMALS * c))
    for start in range(0, d, batch):
        part = slice(start, start + batch)
        moved = fits.estimate[part, None, :] + _spread(fits, z, part)
        values = arithmetic.values(moved.reshape(-1, c).T).reshape(len(out), -1, NORMALS)
        above, below = (values > 0).mean(axis=2), (values < 0).mean(axis=2)
        out[:, part] = (np.maximum(above, below) > 1 - alpha / 2) & np.isfinite(values[..., 0])
    return out


def _spread(fits: Fits, z: np.ndarray, part: slice) -> np.ndarray:
    """Normal deviations, shape (d, NORMALS, C), with the covariance of each equation."""
    columns, start = [], 0
    for covariance in fits.covariance:
        own = covariance[part]
        size = own.shape[-1]
        fine = np.isfinite(own).all(axis=(1, 2))
        # Not by Cholesky: with fewer clusters than coefficients a clustered covariance has no full rank.
        values, vectors = np.linalg.eigh(np.where(fine[:, None, None], own, np.eye(size)))
        root = vectors * np.sqrt(np.clip(values, 0, None))[:, None, :]
        root = np.where(fine[:, None, None], root, np.nan)
        columns.append(z[None, :, start : start + size] @ root.transpose(0, 2, 1))
        start += size
    return np.concatenate(columns, axis=2)


def _by_resamples(
    arithmetic: Arithmetic,
    point: np.ndarray,
    system: System,
    drawn: Samples,
    way: str,
    resamples: int,
    alpha: float,
    seed: int,
) -> np.ndarray:
    """Whether the bootstrap interval excludes 0, from resampled cross-products; clusters are drawn whole.

    Every sample is resampled by the same counts, which are independent of its data.
    """
    columns, terms = _columns(system, drawn)
    starts = None if drawn.members is None else np.flatnonzero(np.diff(drawn.members, prepend=-1))
    units = columns.shape[1] if starts is None else len(starts)
    counts = np.concatenate(list(Plan(units, resamples, child_seed(seed, "bootstrap")).blocks()))
    q = columns.shape[2]
    upper = np.triu_indices(q)
    out = np.zeros(point.shape, dtype=bool)
    for s, rows in enumerate(columns):
        products = rows[:, upper[0]] * rows[:, upper[1]]
        if starts is not None:
            products = np.add.reduceat(products, starts, axis=0)
        whole = np.empty((resamples, q, q))
        whole[:, upper[0], upper[1]] = whole[:, upper[1], upper[0]] = counts @ products
        values = arithmetic.values(_refitted(system, whole, terms))
        out[:, s] = [_excludes(v[np.isfinite(v)], p, way, alpha) for v, p in zip(values, point[:, s], strict=True)]
    return out


def _columns(system: System, drawn: Samples) -> tuple[np.ndarray, dict[Term, int]]:
    """Every column of every equation once, shape (d, n, q), and the place of each term."""
    terms = {term: None for equation in system.equations for term in equation.terms}
    terms |= {Term((equation.outcome,)): None for equation in system.equations}
    whole = Equation("", "linear", tuple(terms))
    columns = design(whole, system.places, drawn.values)
    if drawn.kept is not None:
        columns = columns * drawn.kept[..., None]
    return columns, {term: j for j, term in enumerate(terms)}


def _refitted(system: System, whole: np.ndarray, terms: dict[Term, int]) -> np.ndarray:
    """Coefficients, shape (C, resamples), from resampled cross-products."""
    out = np.empty((len(coefficient_places(system)), len(whole)))
    start = 0
    for equation in system.equations:
        places = [terms[term] for term in equation.terms]
        slopes = [j for j, term in enumerate(equation.terms) if term.factors]
        to = terms[Term((equation.outcome,))]
        beta = _solved(whole[:, places][:, :, places], whole[:, places, to])
        out[start : start + len(slopes)] = beta[:, slopes].T
        start += len(slopes)
    return out


def _solved(products: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Solutions, shape (resamples, p); nan where resampled columns repeat one another."""
    try:
        return np.asarray(np.linalg.solve(products, sums[..., None])[..., 0])
    except np.linalg.LinAlgError:
        return np.asarray((inverted(products) @ sums[..., None])[..., 0])


def _excludes(values: np.ndarray, point: float, way: str, alpha: float) -> bool:
    """Whether 0 lies outside the interval, from the shares of resamples on either side of it."""
    if len(values) < 2 or not np.isfinite(point):
        return False
    low, high = alpha / 2, 1 - alpha / 2
    if way == "bias_corrected":
        shift = 2 * ndtri(np.clip((values < point).mean(), 1e-9, 1 - 1e-9))
        low, high = ndtr(shift + ndtri(low)), ndtr(shift + ndtri(high))
    return bool((values <= 0).mean() < low or (values >= 0).mean() < 1 - high)
