"""Meta columns of a sheet in, frame columns out: ids, times, durations, channel; network address and nickname apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evalkit.contract import Problem
from evalkit.ingest.answers import Answers
from evalkit.ingest.findings import Rules, shown
from evalkit.ingest.meta import moments_in_time, seconds
from evalkit.ingest.quantities import number_in
from evalkit.ingest.texts import rounded
from evalkit.ingest.wording import clean

MOST_CELLS = 50
"""Unreadable times or durations listed one by one in one column."""


def read_meta(name: str, answers: Answers, rules: Rules) -> tuple[np.ndarray, list[Problem]]:
    """One meta column.

    Parameters
    ----------
    name : str
        A name of `meta.META`, or of a column that single platforms add.

    Returns
    -------
    values : ndarray, shape (n,)
        Text (object), float64 or datetime64; empty, marked and unreadable cells are nan or NaT.
    problems : list of Problem
        E231 for ids that a spreadsheet rounded, W239 for times and durations that cannot be read.
    """
    values, unread = _READERS.get(name, _texts)(answers, rules)
    problems = []
    column = values[answers.index]
    column[answers.faulty] = np.datetime64("NaT") if column.dtype.kind == "M" else np.nan
    if name in ("respondent_id", "user_id"):
        for row in rounded(answers):
            column[row] = np.nan
            problems.append(Problem("E231", answers.place(row), {"item": name}))
    rows = answers.rows_of(unread).tolist()
    for row in rows[:MOST_CELLS]:
        value = shown(answers.texts[answers.index[row]].strip())
        problems.append(Problem("W239", answers.place(row), {"value": value, "column": name}))
    if len(rows) > MOST_CELLS:
        more = {"n": len(rows) - MOST_CELLS, "code": "W239", "item": name}
        problems.append(Problem("W246", answers.place(rows[MOST_CELLS]), more))
    return column, problems


def _texts(answers: Answers, rules: Rules) -> tuple[np.ndarray, Sequence[int]]:
    texts = [np.nan if rules.blank(text) else text.strip() for text in answers.texts]
    return np.array(texts, dtype=object), ()


def _times(answers: Answers, rules: Rules) -> tuple[np.ndarray, Sequence[int]]:
    values = moments_in_time(answers.texts)
    return values, [int(k) for k in np.flatnonzero(np.isnat(values)) if not rules.blank(answers.texts[k])]


def _durations(answers: Answers, rules: Rules) -> tuple[np.ndarray, Sequence[int]]:
    values = np.array([np.nan if rules.blank(text) else seconds(text) for text in answers.texts], dtype=float)
    return values, [int(k) for k in np.flatnonzero(np.isnan(values)) if not rules.blank(answers.texts[k])]


def _numbers(answers: Answers, rules: Rules) -> tuple[np.ndarray, Sequence[int]]:
    read = [None if rules.blank(text) else number_in(clean(text)) for text in answers.texts]
    values = np.array([np.nan if number is None else number for number in read], dtype=float)
    return values, [k for k, number in enumerate(read) if number is None and not rules.blank(answers.texts[k])]


_READERS: dict[str, Callable[[Answers, Rules], tuple[np.ndarray, Sequence[int]]]] = {
    "submitted_at": _times,
    "started_at": _times,
    "duration_s": _durations,
    "total_score": _numbers,
    "source_row": _numbers,
    "progress": _numbers,
    "invalid_probability": _numbers,
    "reward_amount": _numbers,
    "rewarded_at": _times,
    "recorded_at": _times,
}
