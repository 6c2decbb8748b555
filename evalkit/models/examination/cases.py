"""A fitted linear model in, how much each row weighs in it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MEASURES = ("residual", "leverage", "rstandard", "rstudent", "cooks", "dffits")


@dataclass(frozen=True, eq=False)
class Linear:
    """Least squares as the diagnostics need it.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Full column rank, the constant first.
    inverse : ndarray, shape (k, k)
        Of the cross-product of x.
    """

    x: np.ndarray
    y: np.ndarray
    b: np.ndarray
    inverse: np.ndarray

    @property
    def fitted(self) -> np.ndarray:
        return np.asarray(self.x @ self.b)

    @property
    def residual(self) -> np.ndarray:
        return np.asarray(self.y - self.fitted)

    @property
    def ssr(self) -> float:
        return float(self.residual @ self.residual)

    @property
    def df(self) -> int:
        return len(self.y) - self.x.shape[1]


@dataclass(frozen=True, eq=False)
class Cases:
    """One entry a row, nan where a row alone determines a coefficient (leverage 1).

    Attributes
    ----------
    dfbetas : ndarray, shape (n, k)
        Change of each coefficient without the row, in standard errors.
    press : float
        Sum of squared residuals of each row from the model without it.
    """

    residual: np.ndarray
    leverage: np.ndarray
    rstandard: np.ndarray
    rstudent: np.ndarray
    cooks: np.ndarray
    dffits: np.ndarray
    dfbetas: np.ndarray
    press: float

    def beyond(self, k: int) -> dict[str, int]:
        """Rows beyond the usual bounds, by measure.

        Leverage 2k/n: Hoaglin & Welsch (1978), American Statistician 32, 17-22; Cook's distance 4/n: Bollen & Jackman
        (1985), Sociological Methods & Research 13, 510-542; dffits 2 sqrt(k/n): Belsley, Kuh & Welsch (1980),
        Regression Diagnostics, p. 28; studentised residual 3.
        """
        n = len(self.leverage)
        with np.errstate(invalid="ignore"):
            found = {
                "leverage": self.leverage > 2 * k / n,
                "rstudent": np.abs(self.rstudent) > 3,
                "cooks": self.cooks > 4 / n,
                "dffits": np.abs(self.dffits) > 2 * np.sqrt(k / n),
            }
        return {name: int(rows.sum()) for name, rows in found.items()}


def influence(model: Linear) -> Cases:
    """Leverage, residuals on three scales, Cook's distance, dffits and dfbetas of every row.

    Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 2; Cook (1977), Technometrics 19, 15-18.
    """
    k, df = model.x.shape[1], model.df
    leverage = np.einsum("ij,jk,ik->i", model.x, model.inverse, model.x)
    residual = model.residual
    room = np.where(leverage > 1 - 1e-10, np.nan, 1 - leverage)
    with np.errstate(divide="ignore", invalid="ignore"):
        rstandard = residual / np.sqrt(model.ssr / df * room)
        without = (model.ssr - residual**2 / room) / (df - 1) if df > 1 else np.full(len(residual), np.nan)
        own = np.sqrt(np.where(without > 0, without, np.nan))
        rstudent = residual / (own * np.sqrt(room))
        shift = (model.x @ model.inverse) * (residual / room)[:, None]
        return Cases(
            residual=residual,
            leverage=leverage,
            rstandard=rstandard,
            rstudent=rstudent,
            cooks=rstandard**2 * leverage / (k * room),
            dffits=rstudent * np.sqrt(leverage / room),
            dfbetas=shift / (own[:, None] * np.sqrt(np.diag(model.inverse))),
            press=float(((residual / room) ** 2).sum()),
        )
