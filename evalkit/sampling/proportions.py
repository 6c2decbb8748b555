"""A proportion with its standard error in, an interval that stays between 0 and 1 out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Precision:
    """What an interval is made of: rows in the domain, degrees of freedom (may be inf), coverage."""

    n: int
    df: float
    conf_level: float

    @property
    def critical(self) -> float:
        """The two-sided critical value of t (of the normal for df = inf)."""
        from scipy.stats import t

        return float(t.ppf((1 + self.conf_level) / 2, self.df)) if self.df > 0 else float("nan")


Interval = Callable[[float, float, Precision], tuple[float, float]]


def wald(p: float, se: float, precision: Precision) -> tuple[float, float]:
    """``p -+ t se``."""
    return p - precision.critical * se, p + precision.critical * se


def logit(p: float, se: float, precision: Precision) -> tuple[float, float]:
    """Wald on the logit scale, turned back."""
    centre, half = np.log(p / (1 - p)), precision.critical * se / (p * (1 - p))
    return float(1 / (1 + np.exp(half - centre))), float(1 / (1 + np.exp(-half - centre)))


def arcsine(p: float, se: float, precision: Precision) -> tuple[float, float]:
    """Wald on the scale of arcsin sqrt(p), turned back."""
    centre, half = np.arcsin(np.sqrt(p)), precision.critical * se / (2 * np.sqrt(p * (1 - p)))
    low, high = max(centre - half, 0.0), min(centre + half, np.pi / 2)
    return float(np.sin(low) ** 2), float(np.sin(high) ** 2)


def beta(p: float, se: float, precision: Precision) -> tuple[float, float]:
    """Clopper-Pearson with the effective sample size: Korn & Graubard (1998), Survey Methodology 24, 193-201."""
    from scipy.stats import beta as distribution
    from scipy.stats import t

    side = (1 - precision.conf_level) / 2
    effective = p * (1 - p) / se**2 * (t.ppf(side, max(precision.n - 1, 1)) / t.ppf(side, precision.df)) ** 2
    successes, failures = effective * p, effective * (1 - p)
    low = float(distribution.ppf(side, successes, failures + 1))
    return low, float(distribution.ppf(1 - side, successes + 1, failures))


def likelihood(p: float, se: float, precision: Precision) -> tuple[float, float]:
    """Proportions whose deviance, over the design effect, is below F: Rao & Scott (1984), Annals of Stat. 12, 46-60."""
    from scipy.optimize import brentq

    bound = precision.critical**2 * se**2 / (p * (1 - p))

    def beyond(q: float) -> float:
        return float(2 * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))) - bound)

    edge = 1e-12
    low = brentq(beyond, edge, p, xtol=1e-14) if beyond(edge) > 0 else 0.0
    high = brentq(beyond, p, 1 - edge, xtol=1e-14) if beyond(1 - edge) > 0 else 1.0
    return float(low), float(high)


INTERVALS: Mapping[str, Interval] = {
    "logit": logit,
    "wald": wald,
    "beta": beta,
    "arcsine": arcsine,
    "likelihood": likelihood,
}


def proportion_interval(p: float, se: float, precision: Precision, kind: str) -> tuple[float, float]:
    """The interval of a kind; nan where p is 0 or 1 or has no error, which none of them can judge."""
    if not (0 < p < 1 and se > 0 and precision.df > 0):
        return float("nan"), float("nan")
    return INTERVALS[kind](p, se, precision)
