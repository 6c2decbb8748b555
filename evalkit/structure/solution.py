"""A fit in, the table of its estimates out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.structure.matrices import complex_jacobian
from evalkit.structure.table import ParameterTable

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

COLUMNS = ("lhs", "op", "rhs", "group", "label", "est", "se", "z", "p_value", "conf_low", "conf_high")


def estimates(fit: Fit, conf_level: float = 0.95) -> pd.DataFrame:
    """Unstandardised estimates of all rows and definitions; what is derived has no error of its own."""

    def values(theta: np.ndarray) -> np.ndarray:
        return with_definitions(fit.table, fit.layout.row_values(theta))

    slopes = complex_jacobian(values, fit.theta)
    slopes[[i for i, row in enumerate(fit.table.rows) if row.derived]] = 0.0
    return inference(fit, np.real(values(fit.theta)), slopes, conf_level)


def with_definitions(table: ParameterTable, rows: np.ndarray) -> np.ndarray:
    """Values of the rows, then of the definitions made from their labels; further axes are draws."""
    if not table.definitions:
        return rows
    with np.errstate(divide="ignore", invalid="ignore"):
        labels = table.label_values(rows)
    made = [np.broadcast_to(labels[d.name], rows.shape[1:]) for d in table.definitions]
    return np.concatenate([rows, made])


def inference(fit: Fit, values: np.ndarray, jacobian: np.ndarray, conf_level: float) -> pd.DataFrame:
    """Errors by the delta method, z, p and normal intervals."""
    with np.errstate(invalid="ignore"):
        variance = np.einsum("ij,jk,ik->i", jacobian, fit.vcov, jacobian) if len(fit.theta) else np.zeros(len(values))
        fixed = ~np.any(jacobian != 0, axis=1) if len(fit.theta) else np.ones(len(values), dtype=bool)
        fixed |= np.abs(variance) < 1e-20  # what a standardisation makes constant, up to rounding
        se = np.sqrt(np.where(fixed, 0.0, variance))
        z = np.where(se > 0, values / np.where(se > 0, se, 1.0), np.nan)
    half = stats.norm.ppf(0.5 + conf_level / 2) * se
    table, several = fit.table, len(fit.table.groups) > 1
    named = [
        (r.lhs, r.op, r.rhs, table.groups[r.group - 1] if several else "", "" if r.label[:1] == "." else r.label)
        for r in table.rows
    ]
    named += [(d.name, ":=", d.right.text, "", d.name) for d in table.definitions]
    columns = dict(zip(COLUMNS[:5], zip(*named, strict=True), strict=True))
    return pd.DataFrame(
        {
            **{name: list(column) for name, column in columns.items()},
            "est": values,
            "se": se,
            "z": z,
            "p_value": 2 * stats.norm.sf(np.abs(z)),
            "conf_low": values - half,
            "conf_high": values + half,
        }
    )
