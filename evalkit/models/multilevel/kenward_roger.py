"""A model fitted by REML in; covariance of the fixed effects and degrees of freedom after Kenward and Roger out.

Kenward & Roger (1997), Biometrics 53, 983-997, for ``V = sum_k t_k G_k`` with t the variances and covariances of the
random effects and the residual variance. With ``V^-1 = (I - Z C Z') / sigma^2`` in each group all traces follow from
cross-products of [Z X] by group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.multilevel.linear_fit import LinearFit
from evalkit.models.multilevel.products import group_products


@dataclass(frozen=True, eq=False)
class KenwardRoger:
    """What tests need.

    Attributes
    ----------
    matrix : ndarray, shape (p, p)
        Adjusted covariance of the fixed effects.
    plain : ndarray, shape (p, p)
        ``(X' V^-1 X)^-1``.
    slopes : ndarray, shape (m, p, p)
        ``X' V^-1 G_k V^-1 X``.
    spread : ndarray, shape (m, m)
        Covariance of the variance parameters, from the expected information.
    """

    matrix: np.ndarray
    plain: np.ndarray
    slopes: np.ndarray
    spread: np.ndarray

    def of(self, contrast: np.ndarray) -> float:
        """Degrees of freedom of one contrast."""
        return self.denominator(contrast[None, :])[1]

    def denominator(self, rows: np.ndarray) -> tuple[float, float]:
        """Scale of the Wald F of several contrasts and its degrees of freedom below."""
        q = len(rows)
        inner = rows.T @ np.linalg.solve(rows @ self.plain @ rows.T, rows)
        moved = [inner @ self.plain @ slope @ self.plain for slope in self.slopes]
        traces = np.array([np.trace(one) for one in moved])
        first = float(traces @ self.spread @ traces)
        second = sum(
            self.spread[i, j] * float(np.trace(moved[i] @ moved[j]))
            for i in range(len(moved))
            for j in range(len(moved))
        )
        if second <= 0:
            return 1.0, np.nan
        b = (first + 6 * second) / (2 * q)
        g = ((q + 1) * first - (q + 4) * second) / ((q + 2) * second)
        c1, c2, c3 = (value / (3 * q + 2 * (1 - g)) for value in (g, q - g, q + 2 - g))
        expected = 1 / (1 - second / q)
        variance = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        ratio = variance / (2 * expected**2)
        df = 4 + (q + 2) / (q * ratio - 1)
        return df / (expected * (df - 2)), float(df)


def kenward_roger(fit: LinearFit, z: np.ndarray, x: np.ndarray, groups: np.ndarray) -> KenwardRoger | None:
    """The adjustment of a fit by REML; None where the variances say nothing (a singular information).

    Parameters
    ----------
    z, x, groups
        As the fit was made from.
    """
    q, p = z.shape[1], x.shape[1]
    columns = np.column_stack([z / fit.scale, x])
    each = group_products(columns, np.empty((len(x), 0)), np.zeros(len(x)), groups).by_group[:, :, :-1]
    scale = fit.criterion.factor(fit.optimum.theta)
    zz, wide = each[:, :q, :q], each[:, :q]
    inner = scale.T @ zz @ scale + np.eye(q)
    c = scale @ np.linalg.solve(inner, np.broadcast_to(scale.T, inner.shape))
    square = fit.sigma**2
    near = c @ wide  # C Z'M
    once = (each - np.swapaxes(wide, 1, 2) @ near) / square
    twice = (each - 2 * np.swapaxes(wide, 1, 2) @ near + np.swapaxes(near, 1, 2) @ zz @ near) / square**2
    thrice = each - 3 * np.swapaxes(wide, 1, 2) @ near + 3 * np.swapaxes(near, 1, 2) @ zz @ near
    thrice = (thrice - np.swapaxes(near, 1, 2) @ zz @ c @ zz @ near) / square**3
    a, s = once[:, :q, q:], once[:, :q, :q]
    b, t = twice[:, :q, q:], twice[:, :q, :q]
    bases = [_basis(q, place) for place in fit.criterion.free]
    m = len(bases) + 1
    slopes = [np.einsum("gip,ij,gjr->pr", a, e, a) for e in bases] + [twice[:, q:, q:].sum(axis=0)]
    second = np.zeros((m, m, p, p))
    trace = np.zeros((m, m))
    for k, e in enumerate(bases):
        for j, f in enumerate(bases):
            second[k, j] = np.einsum("gip,ij,gjl,lm,gmr->pr", a, e, s, f, a, optimize=True)
            trace[k, j] = np.einsum("ij,gjk,kl,gli->", e, s, f, s, optimize=True)
        second[k, -1] = np.einsum("gip,ij,gjr->pr", a, e, b)
        second[-1, k] = second[k, -1].T
        trace[k, -1] = trace[-1, k] = np.einsum("ij,gji->", e, t)
    second[-1, -1] = thrice[:, q:, q:].sum(axis=0)
    turned = c @ zz
    shrunk = 2 * np.einsum("gii->", turned) - np.einsum("gij,gji->", turned, turned)
    trace[-1, -1] = (len(x) - shrunk) / square**2
    plain = fit.matrix
    information = trace.copy()
    for k in range(m):
        for j in range(m):
            information[k, j] += -2 * np.trace(plain @ second[k, j]) + np.trace(plain @ slopes[k] @ plain @ slopes[j])
    if np.linalg.eigvalsh(information).min() <= 1e-10 * np.abs(information).max():
        return None
    spread = 2 * np.linalg.inv(information)
    middle = sum(spread[k, j] * (second[k, j] - slopes[k] @ plain @ slopes[j]) for k in range(m) for j in range(m))
    return KenwardRoger(plain + 2 * plain @ middle @ plain, plain, np.array(slopes), spread)


def _basis(q: int, place: tuple[int, int]) -> np.ndarray:
    out = np.zeros((q, q))
    out[place] = 1.0
    return np.maximum(out, out.T)
