"""Answer sets with a known order, in zh and en, and the order that numbers inside option texts give."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from evalkit.ingest.wording import loose

DEGREES = (
    ("非常", "比较", "一般", "不太", "非常不"),
    ("非常", "比较", "一般", "比较不", "非常不"),
    ("非常", "比较", "不确定", "比较不", "非常不"),
    ("完全", "比较", "一般", "比较不", "完全不"),
    ("完全", "基本", "一般", "不太", "完全不"),
    ("非常", "", "一般", "不", "非常不"),
    ("非常", "", "中立", "不", "非常不"),
    ("很", "比较", "一般", "不太", "很不"),
    ("很", "比较", "一般", "比较不", "很不"),
    ("十分", "比较", "一般", "不太", "十分不"),
)
"""Chinese five-point scales, best first; `一般`, `不确定` and `中立` stand alone, the others go before a word."""
WORDS = (
    "同意",
    "满意",
    "符合",
    "重要",
    "了解",
    "熟悉",
    "信任",
    "支持",
    "愿意",
    "认同",
    "关心",
    "清楚",
    "方便",
    "及时",
    "赞同",
    "必要",
    "公平",
    "有效",
)
_RATHER = ("同意", "符合", "认同", "赞同", "支持")
_ALONE = ("一般", "不确定", "中立")
SETS: tuple[tuple[str, ...], ...] = (
    ("从不", "很少", "有时", "较多", "经常"),
    ("从不", "很少", "有时", "经常", "总是"),
    ("从不", "偶尔", "有时", "经常", "总是"),
    ("从未", "很少", "有时", "经常", "总是"),
    ("从来没有", "很少", "有时", "经常"),
    ("很差", "较差", "一般", "较好", "很好"),
    ("非常差", "比较差", "一般", "比较好", "非常好"),
    ("很低", "较低", "一般", "较高", "很高"),
    ("非常低", "比较低", "一般", "比较高", "非常高"),
    ("低", "中下", "中等", "中上", "高"),
    ("很低", "较低", "中等", "较高", "很高"),
    ("下", "中下", "中", "中上", "上"),
    ("不知道", "听说过", "了解"),
    ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"),
    ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"),
    ("Strongly disagree", "Somewhat disagree", "Neither", "Somewhat agree", "Strongly agree"),
    ("Strongly disagree", "Disagree", "Undecided", "Agree", "Strongly agree"),
    ("Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"),
    ("Very dissatisfied", "Somewhat dissatisfied", "Neutral", "Somewhat satisfied", "Very satisfied"),
    ("Very dissatisfied", "Rather dissatisfied", "Neither", "Rather satisfied", "Very satisfied"),
    ("Never", "Rarely", "Sometimes", "Often", "Always"),
    ("Never", "Seldom", "Sometimes", "Often", "Always"),
    ("Never", "Seldom", "Sometimes", "Frequently", "Often"),
    ("Not at all important", "Slightly important", "Moderately important", "Very important", "Extremely important"),
    ("Very poor", "Poor", "Fair", "Good", "Very good"),
    ("Poor", "Fair", "Good", "Very good", "Excellent"),
)
"""Further sets, from lowest to highest."""
PAIRS: tuple[tuple[str, ...], ...] = (
    ("是", "否"),
    ("有", "没有"),
    ("有", "无"),
    ("是", "不是"),
    ("男", "女"),
    ("男性", "女性"),
    ("Yes", "No"),
    ("Male", "Female"),
)

MISSING: Mapping[str, str] = {
    "不清楚": "dont_know", "不知道": "dont_know", "说不清": "dont_know", "说不清楚": "dont_know", "不了解": "dont_know",
    "不适用": "not_applicable", "无此情况": "not_applicable", "拒绝回答": "refused", "不愿回答": "refused",
    "不便回答": "refused", "don't know": "dont_know", "not applicable": "not_applicable", "n/a": "not_applicable",
    "refused": "refused", "prefer not to say": "refused",
}  # fmt: skip
"""Texts that are no answer; only proposed beside an ordered set."""

LADDERS = (
    (
        "文盲",
        "未上过学",
        "不识字",
        "小学",
        "初中",
        "高中",
        "中专",
        "职高",
        "大专",
        "专科",
        "本科",
        "大学",
        "硕士",
        "研究生",
        "博士",
    ),
    ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
)
"""Words in rising order, looked for inside option texts."""

_AMOUNT = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_BELOW = re.compile(r"以下|以内|不足|不到|少于|低于|小于|未满|及以下|less|below|under|<", re.IGNORECASE)
_ABOVE = re.compile(r"以上|超过|多于|高于|大于|及以上|more|above|over|>|\+", re.IGNORECASE)


@dataclass(frozen=True)
class KnownSet:
    """An ordered answer set, from lowest to highest; `scale` is False for a pair such as yes and no."""

    texts: tuple[str, ...]
    scale: bool = True


def known_set(texts: Sequence[str]) -> KnownSet | None:
    """The smallest known set that holds all these answers; None if there is none or fewer than two were given."""
    wanted = {loose(text) for text in texts}
    if len(wanted) < 2:
        return None
    fitting = [one for one in _all_sets() if wanted <= {loose(text) for text in one.texts}]
    return min(fitting, key=lambda one: len(one.texts), default=None)


def numbered(text: str) -> tuple[float, int] | None:
    """Where an option with an amount stands: its first number, and whether it means less or more than that.

    `3000元以下` comes before `3000-5000元`, `15000元以上` after `10001-15000元`.
    """
    found = _AMOUNT.search(loose(text))
    if not found:
        return None
    amount = float(found[0].replace(",", ""))
    scale = 10000.0 if re.match(r"\s*万", loose(text)[found.end() :]) else 1.0
    return amount * scale, -1 if _BELOW.search(text) else 1 if _ABOVE.search(text) else 0


def ladder(texts: Sequence[str]) -> list[str] | None:
    """The texts in the order of a ladder of words, where each holds a rung of it and no two the same; else None."""
    for rungs in LADDERS:
        places = [[k for k, rung in enumerate(rungs) if rung in text] for text in texts]
        if all(places) and len({p[0] for p in places}) == len(texts) >= 3:
            return [text for _, text in sorted(zip([p[0] for p in places], texts, strict=True))]
    return None


@cache
def _all_sets() -> tuple[KnownSet, ...]:
    worded = [_degrees(pattern, word) for word in WORDS for pattern in _patterns(word)]
    return (*(KnownSet(texts) for texts in (*SETS, *worded)), *(KnownSet(texts, scale=False) for texts in PAIRS))


def _patterns(word: str) -> list[tuple[str, ...]]:
    """The degrees before a word, the usual negative first: 比较不同意, but 不太满意. Of two sets the first counts."""
    usual = "比较不" if word in _RATHER else "不太"
    return sorted(DEGREES, key=lambda pattern: pattern[3] != usual)


def _degrees(pattern: Sequence[str], word: str) -> tuple[str, ...]:
    """One five-point set from lowest to highest."""
    return tuple(part if part in _ALONE else part + word for part in reversed(pattern))
