"""Rows in groups in, cross-products out: all that a linear mixed model needs of its data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class GroupProducts:
    """Cross-products of random-effect columns z, fixed-effect columns x and the outcome y.

    Attributes
    ----------
    by_group : ndarray, shape (G, q, q + p + 1)
        ``z_j' [z_j x_j y_j]`` of each group j.
    xx, xy, yy : ndarray (p, p), ndarray (p,), float
        Over all rows.
    n : int
        Rows.
    """

    by_group: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: float
    n: int

    @property
    def q(self) -> int:
        return self.by_group.shape[1]

    @property
    def p(self) -> int:
        return len(self.xy)

    def holding(self, k: int, value: float) -> GroupProducts:
        """The products of the model whose coefficient k is fixed: ``y - value x_k`` on the other columns."""
        keep = [j for j in range(self.p) if j != k]
        q = self.q
        z = self.by_group[:, :, :q]
        zx, zy = self.by_group[:, :, q : q + self.p], self.by_group[:, :, -1]
        parts = [z, zx[:, :, keep], (zy - value * zx[:, :, k])[:, :, None]]
        xy = self.xy[keep] - value * self.xx[keep, k]
        yy = self.yy - 2 * value * self.xy[k] + value**2 * self.xx[k, k]
        return GroupProducts(np.concatenate(parts, axis=2), self.xx[np.ix_(keep, keep)], xy, float(yy), self.n)

    def with_random(self, order: list[int]) -> GroupProducts:
        """The same with the random-effect columns in another order."""
        q = self.q
        parts = [self.by_group[:, order][:, :, order], self.by_group[:, order, q:]]
        return replace(self, by_group=np.concatenate(parts, axis=2))


def group_products(z: np.ndarray, x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> GroupProducts:
    """Products of rows in any order.

    Parameters
    ----------
    z, x, y : ndarray, shapes (n, q), (n, p), (n,)
    groups : ndarray of int, shape (n,)
        0 .. G - 1.
    """
    order = np.argsort(groups, kind="stable")
    rows = np.column_stack([z, x, y])[order]
    q = z.shape[1]
    ends = np.cumsum(np.bincount(groups))
    starts = np.concatenate([[0], ends[:-1]])
    parts = [rows[a:b, :q].T @ rows[a:b] for a, b in zip(starts, ends, strict=True)]
    fixed = rows[:, q:]
    whole = fixed.T @ fixed
    return GroupProducts(np.array(parts), whole[:-1, :-1], whole[:-1, -1], float(whole[-1, -1]), len(y))
