"""A fit in, its standardised solution out, with errors by the delta method."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.structure.matrices import Layout, complex_jacobian
from evalkit.structure.solution import inference, with_definitions

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

KINDS = ("all", "lv", "nox")
"""All variables standardised; the latent ones only; all but observed exogenous ones."""


def standardised(fit: Fit, kind: str = "all", conf_level: float = 0.95) -> pd.DataFrame:
    """The standardised solution.

    Parameters
    ----------
    kind : {"all", "lv", "nox"}

    Notes
    -----
    Loadings and regressions are divided by the implied standard deviations; a residual covariance becomes the
    correlation of the residuals; definitions are made from the standardised parameters. The errors follow from the
    exact derivatives.
    """

    def values(theta: np.ndarray) -> np.ndarray:
        return with_definitions(fit.table, standardised_rows(fit.layout, theta, kind))

    return inference(fit, np.real(values(fit.theta)), complex_jacobian(values, fit.theta), conf_level)


@np.errstate(invalid="ignore")  # a negative variance has no root: nan, which a notice explains
def standardised_rows(layout: Layout, theta: np.ndarray, kind: str = "all") -> np.ndarray:
    """Every row of the table standardised; complex-safe."""
    rows = layout.row_values(theta)
    out = rows.copy()
    for g in range(len(layout.table.groups)):
        sd, own = (_spread(layout, np.diag(cov), kind) for cov in layout.whole(rows, g))
        # Exponents of the standard deviations by which a row is multiplied, those of residuals last.
        for at, left, right, powers in _factors(layout, g):
            out[at] = rows[at] * sd[left] ** powers[0] * sd[right] ** powers[1] * (own[left] * own[right]) ** powers[2]
    return out


_POWERS = {"=~": (1, -1, 0), "~": (-1, 1, 0), "~1": (-1, 0, 0), "|": (-1, 0, 0), "~*~": (1, 0, 0), "~~": (0, 0, -1)}
_Factors = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int, int]]


@lru_cache(maxsize=128)
def _factors(layout: Layout, group: int) -> tuple[_Factors, ...]:
    """Rows of one kind in a group, their sides among the variables, and the powers of the sides' deviations."""
    at = {name: i for i, name in enumerate(layout.variables)}
    found: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for k, row in enumerate(layout.table.rows):
        if row.group == group + 1:
            powers = (-2, 0, 0) if row.op == "~~" and row.lhs == row.rhs else _POWERS[row.op]
            found.setdefault(powers, []).append((k, at[row.lhs], at.get(row.rhs, at[row.lhs])))
    return tuple((*np.array(places).T, powers) for powers, places in found.items())


def _spread(layout: Layout, variances: np.ndarray, kind: str) -> np.ndarray:
    """Standard deviations to divide by; 1 for what stays as it is. A negative variance has none and gives nan."""
    real = np.real(variances)
    with np.errstate(invalid="ignore"):
        sd = np.where(real > 0, np.sqrt(np.where(real > 0, variances, 1.0)), np.where(real == 0, 1.0, np.nan))
    kept = np.zeros(len(sd), dtype=bool)
    if kind == "lv":
        kept[:] = True
        kept[layout.latent] = False
    elif kind == "nox":
        predictors = {r.rhs for r in layout.table.rows if r.op == "~"}
        dependent = {r.rhs if r.op == "=~" else r.lhs for r in layout.table.rows if r.op in ("=~", "~")}
        for i, name in enumerate(layout.variables):
            kept[i] = name in predictors - dependent and name not in layout.table.latent
    return np.where(kept, 1.0, sd)


def r_squared(fit: Fit) -> pd.DataFrame:
    """One minus residual over total variance, of every variable with a path to it."""
    found = []
    for g, label in enumerate(fit.table.groups):
        paths = fit.layout.matrices(fit.values, g)[0]
        total, spread = fit.layout.whole(fit.values, g)
        for i, name in enumerate(fit.layout.variables):
            if (paths[i] != 0).any():
                share = 1 - spread[i, i] / total[i, i] if total[i, i] > 0 else float("nan")
                found.append((name, label, share))
    return pd.DataFrame(found, columns=["name", "group", "value"])
