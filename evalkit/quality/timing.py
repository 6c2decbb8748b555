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


def within_hours(group: np.ndarray, submitted: np.ndarray | None, hours: float) -> tuple[np.ndarray, np.ndarray]:
    """Others of the same group who submitted within so many hours, before or after.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
        0 where it is not known.
    submitted : ndarray of datetime64, shape (n,), optional
        None: all of the group count.

    Returns
    -------
    count, partner : ndarray, shape (n,)
        The others (nan without a group or a time), and the place of the first of them (-1 without one).
    """
    n = len(group)
    count, partner = np.full(n, np.nan), np.full(n, -1)
    known = (group > 0) if submitted is None else (group > 0) & ~np.isnat(submitted)
    if not known.any():
        return count, partner
    rows = np.flatnonzero(known)
    seconds = np.zeros(len(rows), np.int64) if submitted is None else submitted[rows].astype(np.int64)
    seconds -= seconds.min()
    window = int(hours * 3600)
    # One line for all groups: groups lie further apart than a window, so no window reaches into the next.
    line = group[rows].astype(np.int64) * (int(seconds.max()) + window + 1) + seconds
    order = np.argsort(line, kind="stable")
    line = line[order]
    first, behind = np.searchsorted(line, line - window, "left"), np.searchsorted(line, line + window, "right")
    place = np.arange(len(line))
    count[rows[order]] = behind - first - 1
    nearest = np.where(first < place, first, np.minimum(place + 1, len(line) - 1))
    partner[rows[order]] = np.where(behind - first > 1, rows[order[nearest]], -1)
    return count, partner


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
