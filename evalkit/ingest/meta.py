"""Columns a platform adds by itself: which they are, and how their times and durations are spelt."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.ingest.wording import clean

# Whole header texts: as a part of one, `城市` or `来源` would swallow real questions.
META: dict[str, tuple[str, ...]] = {
    "respondent_id": (
        "序号",
        "编号",
        "id",
        "答卷编号",
        "答卷序号",
        "作答id",
        "respondent_id",
        "respondent id",
        "responseid",
    ),
    "submitted_at": ("提交答卷时间", "提交时间", "结束答题时间", "结束时间", "submitted_at", "completion time"),
    "started_at": ("开始答题时间", "开始时间", "started_at", "start time"),
    "duration_s": ("所用时间", "答题时长", "作答总时长(秒)", "作答时长", "duration_s", "duration (in seconds)"),
    "channel": ("来源", "作答渠道", "channel"),
    "total_score": ("总分",),
    "nickname": ("来源详情", "昵称", "用户昵称"),
    "ip": ("来自ip", "ip", "ip地址", "ipaddress", "ip address"),
    "user_id": ("用户id", "用户标识", "openid"),
    # What evalkit itself adds to data it joins.
    "community_id": ("community_id",),
    "wave": ("wave",),
    "source_file": ("source_file",),
    "source_sheet": ("source_sheet",),
    "source_row": ("source_row",),
}
PRIVATE_META = {
    "nickname": "nickname", "ip": "ip", "user_id": "account", "agent": "account", "referrer": "account",
    "custom_field": "account", "latitude": "location", "longitude": "location", "first_name": "name",
    "last_name": "name", "email": "email",
}  # fmt: skip
"""Names in `META` and of columns single platforms add that go to `Responses.private` -> kind of personal data."""

_NAMES = {text: name for name, texts in META.items() for text in texts}
_WORDS = re.compile(
    r"^(?:(\d+)\s*(?:天|days?|d))?\s*(?:(\d+)\s*(?:个?小时|时|hours?|h))?\s*"
    r"(?:(\d+)\s*(?:分钟|分|minutes?|mins?|m))?\s*(?:(\d+(?:\.\d+)?)\s*(?:秒钟?|seconds?|secs?|s))?$",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"^(?:(\d+):)?(\d{1,4}):(\d{1,2}(?:\.\d+)?)$")
_PLAIN = re.compile(r"^\d+(?:\.\d+)?$")
_LIKE_A_DATE = re.compile(r"^(?:\d{4}[-/.年]\d|\d{8}$|\d{1,2}-[A-Za-z]{3}-\d)")
_FORMATS = (
    "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S", "%Y.%m.%d", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日",
    "%Y年%m月%d日 %H时%M分%S秒", "%Y-%m-%dT%H:%M:%S", "%d-%b-%Y %H:%M:%S", "%Y%m%d",
    "%Y-%m", "%Y/%m", "%Y年%m月",
)  # fmt: skip


def meta_name(header: str) -> str | None:
    """The meta column a header names, else None. Only whole texts count."""
    return _NAMES.get(clean(header).casefold())


def seconds(text: str) -> float:
    """One duration in seconds.

    Parameters
    ----------
    text : str
        `123秒`, `2分钟30秒`, `1小时2分3秒`, `0:02:30` (h:mm:ss), `2:30` (m:ss), or a plain number of seconds.

    Returns
    -------
    float
        nan for a text that is none of these.
    """
    line = clean(text)
    if _PLAIN.match(line):
        return float(line)
    clock = _CLOCK.match(line)
    if clock:
        return 3600 * float(clock[1] or 0) + 60 * float(clock[2]) + float(clock[3])
    words = _WORDS.match(line) if line else None
    if not words or not any(words.groups()):
        return float("nan")
    return float(np.dot([86400, 3600, 60, 1], [float(part or 0) for part in words.groups()]))


def moments_in_time(texts: Sequence[str]) -> np.ndarray:
    """Dates with or without a time of day.

    Parameters
    ----------
    texts : sequence of str
        Real dates come from `sheets` in ISO form, so text and date cells of one column may be mixed.

    Returns
    -------
    ndarray of datetime64[us]
        A month without a day is its first day. NaT for a text in none of the known forms.
    """
    lines = [clean(text) for text in texts]
    out = np.full(len(lines), np.datetime64("NaT"), dtype="datetime64[us]")
    todo = np.flatnonzero([bool(_LIKE_A_DATE.match(line)) for line in lines])
    for form in _FORMATS:
        if not len(todo):
            break
        wanted = pd.Series([lines[k] for k in todo], dtype=object)
        read = pd.to_datetime(wanted, format=form, errors="coerce").to_numpy().astype("datetime64[us]")
        out[todo] = read
        todo = todo[np.isnat(read)]
    return out
