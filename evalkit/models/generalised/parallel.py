"""Ordered categories in, the test that one slope serves every cut out."""

from __future__ import annotations

import numpy as np

from evalkit.models.generalised.ascent import maximum
from evalkit.models.generalised.links import LOGIT, SingleIndex


def brant(x: np.ndarray, y: np.ndarray, terms: tuple[str, ...]) -> dict[str, tuple[float, float, float]]:
    """Chi square, df and p: `parallel_lines` for all slopes, `parallel_lines.<term>` for each.

    Empty where a cut alone cannot be estimated (its binary logit separates).

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Without a constant.
    y : ndarray of int, shape (n,)
        0 .. J.

    Notes
    -----
    Brant (1990), Biometrics 46, 1171-1178: the slopes of the J binary logits of ``y > j``, compared with the
    covariance they have together.
    """
    from scipy.stats import chi2

    cuts, (n, p) = int(y.max()), x.shape
    z, one = np.column_stack([np.ones(n), x]), np.ones(n)
    fits = [maximum(SingleIndex(z, (y > j).astype(float), LOGIT, np.zeros(n)), one) for j in range(cuts)]
    if cuts < 2 or not all(f.converged for f in fits):
        return {}
    chance = [LOGIT.mean(z @ f.b) for f in fits]
    whole = np.empty((cuts * p, cuts * p))
    for j in range(cuts):
        for h in range(j, cuts):
            meat = z.T @ (z * (chance[h] - chance[j] * chance[h])[:, None])
            block = (fits[j].inverse @ meat @ fits[h].inverse)[1:, 1:]
            whole[j * p : (j + 1) * p, h * p : (h + 1) * p] = block
            whole[h * p : (h + 1) * p, j * p : (j + 1) * p] = block.T
    slopes = np.concatenate([f.b[1:] for f in fits])
    contrast = np.kron(np.column_stack([np.ones(cuts - 1), -np.eye(cuts - 1)]), np.eye(p))
    out = {}
    for name, rows in (
        ("parallel_lines", np.arange(len(contrast))),
        *((f"parallel_lines.{t}", np.arange(i, len(contrast), p)) for i, t in enumerate(terms)),
    ):
        d = contrast[rows]
        apart = d @ slopes
        value = float(apart @ np.linalg.solve(d @ whole @ d.T, apart))
        out[name] = (value, float(len(rows)), float(chi2.sf(value, len(rows))))
    return out
