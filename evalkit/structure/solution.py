"""A fit in, the table of its estimates out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from evalkit.structure.matrices import complex_jacobian
from evalkit.structure.table import KEYS, ParameterTable

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

COLUMNS = (*KEYS, "est", "se", "z", "p_value", "conf_low", "conf_high")
_NAMES = pd.Index(COLUMNS)


def estimates(fit: Fit, conf_level: float = 0.95) -> pd.DataFrame:
    """Unstandardised estimates of all rows and definitions; what is derived has no error of its own."""
    values, slopes = with_definitions(fit.table, fit.values), fit.layout.row_slopes
    if fit.table.definitions:

        def defined(theta: np.ndarray) -> np.ndarray:
            return with_definitions(fit.table, fit.layout.row_values(theta))[len(slopes) :]

        slopes = np.vstack([slopes, complex_jacobian(defined, fit.theta)])
    return inference(fit, values, slopes, conf_level)


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
        variance = np.einsum("ij,ij->i", jacobian @ fit.vcov, jacobian)
        fixed = ~jacobian.any(axis=1)
        fixed |= np.abs(variance) < 1e-20  # what a standardisation makes constant, up to rounding
        se = np.sqrt(np.where(fixed, 0.0, variance))
        z = np.where(se > 0, values / np.where(se > 0, se, 1.0), np.nan)
    half = special.ndtri(0.5 + conf_level / 2) * se
    numbers = np.array([values, se, z, 2 * special.ndtr(-np.abs(z)), values - half, values + half])
    found = pd.concat([fit.table.keys, pd.DataFrame(numbers.T)], axis=1, ignore_index=True)
    return found.set_axis(_NAMES.copy(), axis=1)  # a name given to it stays with this frame
