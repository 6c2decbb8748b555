"""How long until a problem is settled when some are still open: the product-limit estimate and its median."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_NAN = float("nan")


@dataclass(frozen=True)
class MedianTime:
    """The day by which half are settled, with its interval; nan where it is not reached."""

    estimate: float = _NAN
    conf_low: float = _NAN
    conf_high: float = _NAN
    n: int = 0


def product_limit(days: np.ndarray, settled: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days with a settlement, the share still open after each, and the Greenwood sum up to it.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Days until settled, or until the ledger was closed.
    settled : ndarray of bool, shape (n,)
        False for a problem that was still open then (censored).

    Notes
    -----
    Kaplan & Meier (1958): ``S(t) = prod (1 - d / r)`` over the days up to t, with d settled of the r open before;
    Greenwood: ``var(log S) = sum d / (r (r - d))``.
    """
    at, ended = np.unique(days[settled], return_counts=True)
    before = len(days) - np.searchsorted(np.sort(days), at, side="left")
    share = np.cumprod(1 - ended / before)
    left = before - ended
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(np.where(left > 0, ended / (before * np.where(left > 0, left, 1.0)), np.inf))
    return at, share, greenwood


def median_time(days: np.ndarray, settled: np.ndarray, conf_level: float = 0.95) -> MedianTime:
    """The first day on which at most half are still open.

    Notes
    -----
    Where exactly half are open from one day to the next, the middle between the two, as in R's `survfit`. The
    interval holds the days on which the limits of S(t), taken on the logarithm, pass one half (Brookmeyer & Crowley
    1982); an end that is not reached is nan.
    """
    if not len(days) or not settled.any():
        return MedianTime(n=len(days))
    from scipy.special import ndtri

    at, share, greenwood = product_limit(days, settled)
    reach = ndtri(0.5 + conf_level / 2) * np.sqrt(greenwood)
    with np.errstate(invalid="ignore"):
        low, high = share * np.exp(-reach), np.minimum(share * np.exp(reach), 1.0)
    low, high = np.where(share > 0, low, 0.0), np.where(share > 0, high, np.nan)
    return MedianTime(*(_passes(at, curve) for curve in (share, low, high)), len(days))


def _passes(at: np.ndarray, curve: np.ndarray) -> float:
    """The day on which a falling curve comes to one half."""
    below = np.flatnonzero(curve <= 0.5 + 1e-12)
    if not len(below):
        return _NAN
    first = below[0]
    if abs(curve[first] - 0.5) > 1e-12:
        return float(at[first])
    after = at[(np.arange(len(at)) > first) & (curve < 0.5 - 1e-12)]
    return float((at[first] + after[0]) / 2) if len(after) else float(at[first])
