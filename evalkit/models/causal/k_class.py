"""Outcome, endogenous columns and instruments in; least squares by instruments with its errors out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.sandwich import Covariance, Errors, covariance, wald


@dataclass(frozen=True, eq=False)
class Equations:
    """What an instrumental-variable model is made of; all of full column rank.

    Parameters
    ----------
    y : ndarray, shape (n,)
    endogenous : ndarray, shape (n, k1)
    exogenous : ndarray, shape (n, k2)
        The constant first, then the covariates.
    instruments : ndarray, shape (n, L)
        Excluded from the equation of y, L >= k1.
    errors : Errors
    """

    y: np.ndarray
    endogenous: np.ndarray
    exogenous: np.ndarray
    instruments: np.ndarray
    errors: Errors

    @property
    def x(self) -> np.ndarray:
        """Columns of the equation of y: endogenous, then exogenous."""
        return np.column_stack([self.endogenous, self.exogenous])

    @property
    def z(self) -> np.ndarray:
        """Columns of the first stage: exogenous, then instruments."""
        return np.column_stack([self.exogenous, self.instruments])

    @property
    def surplus(self) -> int:
        """Instruments beyond those needed."""
        return self.instruments.shape[1] - self.endogenous.shape[1]


@dataclass(frozen=True, eq=False)
class Linear:
    """Coefficients (k,), their covariance and the residuals (n,)."""

    estimate: np.ndarray
    found: Covariance
    residual: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        return np.sqrt(np.maximum(np.diag(self.found.matrix), 0.0))


def ordinary(x: np.ndarray, y: np.ndarray, errors: Errors) -> Linear:
    """Least squares of y, shape (n,), on columns of full rank."""
    q, r = np.linalg.qr(x)
    half = np.linalg.inv(r)
    estimate = half @ (q.T @ y)
    residual = y - x @ estimate
    return Linear(estimate, covariance(x, residual, half @ half.T, errors), residual)


def by_instruments(model: Equations, kappa: float) -> Linear:
    """The k-class estimator: ``(X'(I - kappa M) X)^-1 X'(I - kappa M) y``, M taking the first stage away.

    Parameters
    ----------
    kappa : float
        1 for two-stage least squares; `limited_information` for LIML.

    Notes
    -----
    Davidson & MacKinnon (2004), Econometric Theory and Methods, section 8.8 and eq. 12.93. Robust errors have the
    fitted first stage in their scores.
    """
    x = model.x
    q = np.linalg.qr(model.z)[0]
    fitted = q @ (q.T @ x)
    scale = np.linalg.norm(x, axis=0)
    mixed = (kappa * fitted + (1 - kappa) * x) / scale
    inverse = np.linalg.inv(mixed.T @ (x / scale))
    inverse = (inverse + inverse.T) / 2
    estimate = inverse @ (mixed.T @ model.y) / scale
    residual = model.y - x @ estimate
    spread = inverse / scale / scale[:, None]
    return Linear(estimate, covariance(fitted, residual, spread, model.errors), residual)


def limited_information(model: Equations) -> float:
    """LIML's kappa, at least 1: the least ratio of the residual variation without to that with the instruments.

    Anderson & Rubin (1949), Annals of Mathematical Statistics 20, 46-63.
    """
    both = np.column_stack([model.y, model.endogenous])
    both = both / np.linalg.norm(both, axis=0)
    without, within = (_rest(both, columns) for columns in (model.exogenous, model.z))
    return 1 / _largest_share(within, without)


def overidentification(model: Equations, fit: Linear) -> float:
    """Sargan's statistic for classical errors, else Hansen's J; chi2 with `surplus` degrees of freedom.

    Notes
    -----
    Sargan (1958), Econometrica 26, 393-415: ``n e'Pe / e'e``. Hansen (1982), Econometrica 50, 1029-1054: two-step
    GMM with the (clustered) covariance of the moments at the two-stage residuals.
    """
    q = np.linalg.qr(model.z)[0]
    if model.errors.kind == "classical":
        return float(len(model.y) * np.sum((q.T @ fit.residual) ** 2) / np.sum(fit.residual**2))
    scores = q * fit.residual[:, None]
    if model.errors.clusters is not None:
        totals = np.zeros((model.errors.clusters.max() + 1, q.shape[1]))
        np.add.at(totals, model.errors.clusters, scores)
        scores = totals
    triangle = np.linalg.qr(scores, mode="r")
    own = np.abs(np.diag(triangle))
    if len(own) < q.shape[1] or own.min() < 1e-10 * own.max():
        return float("nan")
    slopes, level = (np.linalg.solve(triangle.T, q.T @ part) for part in (model.x, model.y))
    rest = level - slopes @ np.linalg.lstsq(slopes, level, rcond=None)[0]
    return float(rest @ rest)


def endogeneity(model: Equations) -> tuple[float, float]:
    """F of the first stage's residuals in the equation of y, and its denominator degrees of freedom.

    Wu (1973), Econometrica 41, 733-750; Hausman (1978), Econometrica 46, 1251-1271.
    """
    rest = _rest(model.endogenous, model.z)
    fit = ordinary(np.column_stack([rest, model.x]), model.y, model.errors)
    k = rest.shape[1]
    matrix = fit.found.matrix[:k, :k]
    # Columns that are nearly one another leave rounding, which may make a variance negative.
    return wald(fit.estimate[:k], matrix) if (np.diag(matrix) > 0).all() else float("nan"), fit.found.df


def cragg_donald(model: Equations) -> float:
    """The least eigenvalue of the first stages' F matrix: Cragg & Donald (1993), Econometric Theory 9, 222-240."""
    without, within = (_rest(model.endogenous, columns) for columns in (model.exogenous, model.z))
    share = _largest_share(within, without)
    return (1 / share - 1) * (len(model.y) - model.z.shape[1]) / model.instruments.shape[1]


def effective_f(model: Equations, stage: Linear) -> float:
    """Strength of the instruments of one endogenous column whatever the errors: ``b'Qb / tr(VQ)``.

    Montiel Olea & Pflueger (2013), Journal of Business & Economic Statistics 31, 358-369, eq. 4.
    """
    own = _rest(model.instruments, model.exogenous)
    square, k2 = own.T @ own, model.exogenous.shape[1]
    slopes, matrix = stage.estimate[k2:], stage.found.matrix[k2:, k2:]
    return float(slopes @ square @ slopes / np.trace(matrix @ square))


def _largest_share(within: np.ndarray, without: np.ndarray) -> float:
    """The largest ratio of what a combination of columns varies in `within` to that in `without`; nan if singular."""
    from scipy.linalg import eigh

    scale = np.linalg.norm(without, axis=0)
    if (scale <= 0).any():
        return float("nan")
    a, b = within / scale, without / scale
    try:
        return float(eigh(a.T @ a, b.T @ b, eigvals_only=True)[-1])
    except np.linalg.LinAlgError:
        return float("nan")


def _rest(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """What the columns leave of the values."""
    q = np.linalg.qr(columns)[0]
    return values - q @ (q.T @ values)
