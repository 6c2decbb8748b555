"""A ratio in, the confounding it would take to explain it away out (E-values)."""

from __future__ import annotations

import numpy as np

TO_RATIO = 0.91
"""Log risk ratio for a standardised difference of 1: VanderWeele & Ding (2017), after Chinn (2000)."""


def e_value(ratio: float) -> float:
    """The least risk ratio that an unmeasured confounder must have with both sides to explain a risk ratio away.

    ``RR + sqrt(RR (RR - 1))`` with RR turned round where it is below 1: VanderWeele & Ding (2017), Annals of Internal
    Medicine 167, 268-274. For natural indirect effects: confounding of mediator and outcome (Smith & VanderWeele 2019,
    Epidemiology 30, 835-837). nan for what is no positive ratio.

    Examples
    --------
    >>> round(e_value(3.9), 2), e_value(1.0)
    (7.26, 1.0)
    """
    if not np.isfinite(ratio) or ratio <= 0:
        return float("nan")
    away = max(ratio, 1 / ratio)
    return float(away + np.sqrt(away * (away - 1)))


def e_value_of_interval(low: float, high: float) -> float:
    """E-value of the end of an interval that is nearer to 1; 1 where the interval holds 1."""
    if not (np.isfinite(low) and np.isfinite(high)) or low <= 0:
        return float("nan")
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)


def ratio_of_difference(difference: float, sd: float) -> float:
    """Approximate risk ratio of a difference of means, ``exp(0.91 d)`` with d in standard deviations of the outcome."""
    return float(np.exp(TO_RATIO * difference / sd)) if sd > 0 else float("nan")
