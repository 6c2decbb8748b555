"""Do two networks go together? Correlation and regression of ties, tested by relabelling the actors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.resample import Stream

_NAN = float("nan")
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True)
class Permuted:
    """An estimate with the shares of relabellings as low, as high, and as far from 0 (the identity counted in)."""

    estimate: float
    statistic: float
    p_low: float
    p_high: float
    p_value: float


def cells(n: int, directed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pairs that count: all but the diagonal, or those above it."""
    rows, columns = np.nonzero(~np.eye(n, dtype=bool))
    return (rows, columns) if directed else np.triu_indices(n, 1)


def relabellings(n: int, permutations: int, seed: int) -> np.ndarray:
    """Orders of n actors, shape (permutations, n), the same on every machine."""
    keys = Stream(seed).uniform(permutations * n).reshape(permutations, n)
    return keys.argsort(axis=1)


def qap_correlation(x: np.ndarray, y: np.ndarray, directed: bool, orders: np.ndarray) -> Permuted:
    """Pearson correlation of the ties of two networks of the same actors (Krackhardt 1988)."""
    rows, columns = cells(len(x), directed)
    a = _standard(x[rows, columns])
    if not np.isfinite(a).all() or not y[rows, columns].std() > 0:
        return Permuted(_NAN, _NAN, _NAN, _NAN, _NAN)
    b = _standard(y[rows, columns])
    observed = float(a @ b / len(a))
    drawn = np.concatenate([_moved(y, part, rows, columns) @ a for part in _blocks(orders, len(rows))])
    return _compared(
        observed, observed, (drawn - y[rows, columns].mean() * a.sum()) / (len(a) * y[rows, columns].std())
    )


def _standard(v: np.ndarray) -> np.ndarray:
    sd = v.std()
    return (v - v.mean()) / sd if sd > 0 else np.full(len(v), _NAN)


def _blocks(orders: np.ndarray, size: int) -> list[np.ndarray]:
    return np.array_split(orders, max(1, -(-len(orders) * size // _BLOCK_CELLS)))


def _moved(y: np.ndarray, orders: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The cells of the relabelled network, shape (orders, cells)."""
    return y[orders[:, rows], orders[:, columns]]


def _compared(estimate: float, observed: float, drawn: np.ndarray) -> Permuted:
    room = len(drawn) + 1
    slack = 1e-12 * max(1.0, abs(observed))
    return Permuted(
        estimate,
        observed,
        float((drawn <= observed + slack).sum() + 1) / room,
        float((drawn >= observed - slack).sum() + 1) / room,
        float((np.abs(drawn) >= abs(observed) - slack).sum() + 1) / room,
    )


@dataclass(frozen=True, eq=False)
class TieRegression:
    """Least squares of ties on ties; `terms` in order, the intercept first."""

    terms: tuple[Permuted, ...]
    r_squared: float
    n_cells: int


def mrqap(y: np.ndarray, xs: Sequence[np.ndarray], directed: bool, orders: np.ndarray) -> TieRegression:
    """Multiple regression of ties with double semi-partialling (Dekker, Krackhardt & Snijders 2007).

    For each predictor the part that the others do not explain is relabelled, and its t compared; the intercept is
    compared over relabellings of y.
    """
    n = len(y)
    rows, columns = cells(n, directed)
    target = y[rows, columns]
    design = np.column_stack([np.ones(len(rows)), *(x[rows, columns] for x in xs)])
    beta, t, r_squared = _least_squares(design, target)
    terms = [_intercept(design, y, rows, columns, orders, float(beta[0]), float(t[0]))]
    for k in range(1, design.shape[1]):
        others = np.delete(design, k, axis=1)
        drawn = _partial_t(design[:, k], others, target, n, rows, columns, directed, orders)
        terms.append(_compared(float(beta[k]), float(t[k]), drawn))
    return TieRegression(tuple(terms), r_squared, len(rows))


def _least_squares(design: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    q, r = np.linalg.qr(design)
    beta = np.linalg.solve(r, q.T @ y)
    residual = y - design @ beta
    variance = residual @ residual / (len(y) - design.shape[1])
    error = np.sqrt(variance * (np.linalg.inv(r) ** 2).sum(axis=1))
    total = ((y - y.mean()) ** 2).sum()
    return beta, beta / error, float(1 - residual @ residual / total)


def _partial_t(
    x: np.ndarray,
    others: np.ndarray,
    y: np.ndarray,
    n: int,
    rows: np.ndarray,
    columns: np.ndarray,
    directed: bool,
    orders: np.ndarray,
) -> np.ndarray:
    """t of the relabelled residual of x beside the others, one a relabelling (Frisch-Waugh-Lovell)."""
    q = np.linalg.qr(others)[0]
    matrix = np.zeros((n, n))
    matrix[rows, columns] = x - q @ (q.T @ x)
    if not directed:
        matrix = matrix + matrix.T
    rest = y - q @ (q.T @ y)
    df = len(y) - others.shape[1] - 1
    found = []
    for part in _blocks(orders, len(rows)):
        e = _moved(matrix, part, rows, columns)
        e = e - (e @ q) @ q.T
        size = (e**2).sum(axis=1)
        slope = e @ rest / size
        left = rest @ rest - slope**2 * size
        found.append(slope * np.sqrt(size * df / left))
    return np.concatenate(found)


def _intercept(
    design: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: np.ndarray, orders: np.ndarray, beta: float, t: float
) -> Permuted:
    q, r = np.linalg.qr(design)
    inverse = np.linalg.inv(r)
    spread = np.sqrt((inverse[0] ** 2).sum())
    df = len(rows) - design.shape[1]
    found = []
    for part in _blocks(orders, len(rows)):
        drawn = _moved(y, part, rows, columns)
        scores = drawn @ q
        left = (drawn**2).sum(axis=1) - (scores**2).sum(axis=1)
        found.append(scores @ inverse[0] / (np.sqrt(left / df) * spread))
    return _compared(beta, t, np.concatenate(found))
