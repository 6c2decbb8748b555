"""Durations and times of submission in, how fast, how long and in what company a respondent answered out."""

from __future__ import annotations

import numpy as np

from evalkit.moments import quantile


def seconds_per_item(seconds: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Seconds per question answered, shapes (n,); nan without a positive duration or an answer.

    Notes
    -----
    Huang, Curran, Keeney, Poposki & DeShon (2012), Journal of Business and Psychology 27, 99-114.
    """
    usable = _usable(seconds) & (answered > 0)
    return np.divide(seconds, answered, out=np.full(len(seconds), np.nan), where=usable)


def times_faster(seconds: np.ndarray) -> np.ndarray:
    """Median duration over own duration: 3 is three times as fast as the median respondent.

    Notes
    -----
    Leiner (2019), Survey Research Methods 13, 229-248.
    """
    usable = _usable(seconds)
    median = np.median(seconds[usable]) if usable.any() else np.nan
    return np.divide(median, seconds, out=np.full(len(seconds), np.nan), where=usable)


def spreads_above(seconds: np.ndarray) -> np.ndarray:
    """Interquartile ranges of log duration above its third quartile (quantile type 7); nan without spread."""
    usable = _usable(seconds)
    out = np.full(len(seconds), np.nan)
    if usable.sum() < 4:
        return out
    logs = np.log(seconds[usable])
    low, high = quantile(logs, [0.25, 0.75])
    if high > low:
        out[usable] = (logs - high) / (high - low)
    return out


def burst(submitted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Submissions within the same minute, and how unlikely so many are.

    Parameters
    ----------
    submitted : ndarray of datetime64, shape (n,)

    Returns
    -------
    count : ndarray, shape (n,)
        nan without a time.
    p_value : ndarray, shape (n,)
        Poisson probability of as many or more in a minute, with the mean per minute of the whole collection or of
        the same hour, whichever is greater: a busy evening is no burst.
    """
    from scipy import stats

    known = ~np.isnat(submitted)
    count, p_value = np.full(len(submitted), np.nan), np.full(len(submitted), np.nan)
    if not known.any():
        return count, p_value
    minutes = submitted[known].astype("datetime64[m]").astype(np.int64)
    in_minute, in_hour = _company(minutes), _company(minutes // 60)
    overall = len(minutes) / (minutes.max() - minutes.min() + 1)
    count[known] = in_minute
    p_value[known] = stats.poisson.sf(in_minute - 1, np.maximum(overall, in_hour / 60))
    return count, p_value


def has_time_of_day(submitted: np.ndarray) -> bool:
    """Whether not all times are midnight, as those of a column of dates are."""
    known = submitted[~np.isnat(submitted)]
    return bool((known != known.astype("datetime64[D]")).any())


def _company(units: np.ndarray) -> np.ndarray:
    _, place, size = np.unique(units, return_inverse=True, return_counts=True)
    return size[place.reshape(-1)].astype(float)


def _usable(seconds: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.isfinite(seconds) & (seconds > 0)
