"""Every fit measure of a model in; those that are printed out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_NAN = float("nan")
MEASURES = (
    "chisq",
    "df",
    "p_value",
    "chisq_df",
    "cfi",
    "tli",
    "rmsea",
    "rmsea_low",
    "rmsea_high",
    "srmr",
    "aic",
    "bic",
)
UNCORRECTED = ("ML", "GLS", "ULS")
"""Estimators without a corrected statistic."""


def reported(measures: Mapping[str, float]) -> dict[str, float]:
    """`MEASURES` with the robust version first, then the one from the corrected statistic, then the plain one."""
    out = {}
    for name in MEASURES:
        known = [measures[key] for key in (f"{name}_robust", f"{name}_scaled", name) if key in measures]
        out[name] = next((float(v) for v in known if np.isfinite(v)), _NAN)
    if "chisq_scaled" in measures:
        out["chisq_df"] = out["chisq"] / out["df"] if out["df"] else _NAN
    return out
