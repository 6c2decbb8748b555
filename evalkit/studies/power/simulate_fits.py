"""Batches of samples in, least-squares or random-intercept fits of every equation out, all samples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from evalkit.models.mediation.system import Equation, System, design
from evalkit.studies.power.simulate_draws import Samples
from evalkit.studies.power.simulate_intercepts import inverted, random_intercepts


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of d samples with C coefficients in all (intercepts apart), in the order of `coefficient_places`.

    Attributes
    ----------
    estimate, p_value : ndarray, shape (d, C)
        nan where the sample cannot be fitted.
    covariance : tuple of ndarray, shape (d, c, c)
        Of the coefficients of each equation.
    n_used : ndarray, shape (d,)
    """

    estimate: np.ndarray
    p_value: np.ndarray
    covariance: tuple[np.ndarray, ...]
    n_used: np.ndarray


def fit_samples(
    system: System, drawn: Samples, errors: str, *, between: bool = False, cluster_level: frozenset[str] = frozenset()
) -> Fits:
    """Fit every equation to every sample.

    Parameters
    ----------
    errors : str
        `classical`, `HC0` to `HC3`, `CR0`, `CR1`, or `random_intercept`.
    between : bool
        Clustered errors: t on clusters less 1, instead of n - k.
    cluster_level : frozenset of str
        Columns that do not vary within clusters (degrees of freedom of random-intercept models).
    """
    parts = [_fit(e, system, drawn, errors, between, cluster_level) for e in system.equations]
    n = drawn.values.shape[1]
    n_used = np.full(len(drawn.values), float(n)) if drawn.kept is None else drawn.kept.sum(axis=1).astype(float)
    return Fits(
        np.concatenate([estimate for estimate, _, _ in parts], axis=1),
        np.concatenate([p for _, p, _ in parts], axis=1),
        tuple(covariance for _, _, covariance in parts),
        n_used,
    )


def _fit(
    equation: Equation, system: System, drawn: Samples, errors: str, between: bool, cluster_level: frozenset[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates, p-values and covariances without the intercept."""
    x = design(equation, system.places, drawn.values)
    y = drawn.values[..., system.places[equation.outcome]]
    if drawn.kept is not None:
        x = x * drawn.kept[..., None]
        y = y * drawn.kept
    slopes = [j for j, term in enumerate(equation.terms) if term.factors]
    constant = np.array([not t.factors or set(t.factors) <= cluster_level for t in equation.terms])
    if errors == "random_intercept" and drawn.members is not None:
        estimate, covariance, df = random_intercepts(x, y, drawn.members, drawn.kept, constant)
    else:
        estimate, covariance, df = _least_squares(x, y, drawn, errors, between)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = estimate / np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        p = 2 * stdtr(df, -np.abs(t))
    return estimate[:, slopes], p[:, slopes], covariance[:, slopes][:, :, slopes]


def _least_squares(
    x: np.ndarray, y: np.ndarray, drawn: Samples, errors: str, between: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    d, n, p = x.shape
    rows = np.full(d, float(n)) if drawn.kept is None else drawn.kept.sum(axis=1).astype(float)
    across = x.transpose(0, 2, 1)
    inverse = inverted(across @ x)
    estimate = (inverse @ (across @ y[..., None]))[..., 0]
    left = y - (x @ estimate[..., None])[..., 0]
    df = np.where(rows > p, rows - p, np.nan)
    if errors == "classical":
        covariance = inverse * (np.einsum("dn,dn->d", left, left) / df)[:, None, None]
        return estimate, covariance, df[:, None]
    if errors in ("CR0", "CR1") and drawn.members is not None:
        totals, groups = cluster_totals(x * left[..., None], drawn)
        groups = np.where(groups > 1, groups, np.nan)
        factor = groups / (groups - 1) * (rows - 1) / df if errors == "CR1" else np.ones(d)
        meat = totals.transpose(0, 2, 1) @ totals * factor[:, None, None]
        df = groups - 1 if between else df
    else:
        meat = (across * (left**2 * _corrections(x, inverse, errors, rows, df))[:, None, :]) @ x
    return estimate, inverse @ meat @ inverse, df[:, None]


def _corrections(x: np.ndarray, inverse: np.ndarray, errors: str, rows: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Factors of the squared residuals: MacKinnon & White (1985), Journal of Econometrics 29, 305-325."""
    if errors == "HC0":
        return np.ones(x.shape[:2])
    if errors == "HC1":
        return np.broadcast_to((rows / df)[:, None], x.shape[:2])
    room = np.clip(1 - np.einsum("dnp,dnp->dn", x @ inverse, x), 1e-12, None)
    return room ** (-1.0 if errors == "HC2" else -2.0)


def cluster_totals(rows: np.ndarray, drawn: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Sums by cluster, shape (d, J, q), of rows (d, n, q), and how many clusters have any row left, shape (d,)."""
    members = drawn.members
    if members is None:
        raise ValueError("these samples have no clusters")
    starts = np.flatnonzero(np.diff(members, prepend=-1))
    totals = np.add.reduceat(rows, starts, axis=1)
    if drawn.kept is None:
        return totals, np.full(len(rows), float(len(starts)))
    left = np.add.reduceat(drawn.kept.astype(float), starts, axis=1)
    return totals, (left > 0).sum(axis=1).astype(float)
