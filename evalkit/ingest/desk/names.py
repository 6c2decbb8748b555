"""A file or sheet name and a roster in; the communities named in it, and names nobody knows, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.ingest.desk.roster import Member, Roster, name_key
from evalkit.ingest.wording import clean

LIKE_A_NAME = 0.6
"""Likeness to a name of the roster from which an unknown word of a file name is taken for a name."""
MOST_WORDS = 4
"""Words of a file name that may make up one name."""

_APART = re.compile(r"[\s_\-—–·.,，、;；()（）\[\]【】+&]+")
# What people write behind a community's name; taken off from the end only, so that 新幸福社区 stays another name.
_BEHIND = re.compile(
    r"(?:居民|住户|问卷|答卷|调查|数据|汇总|录入|登记|回收|结果|表格|表|终稿|定稿|最终|修改|修订|更新|补充|补报|重报|重交"
    r"|新版|版本|版|新|第[一二三四五六七八九十\d]+次?|[vV]\d+|\d+份?|survey|data|final|answers|responses|questionnaire)$"
)
_PLACE = re.compile(r"(?:社区|居委会|村委会|村|小区|community|village)$")
_VERSION = re.compile(
    r"[vV]\d+(?:\.\d+)*|第[一二三四五六七八九十\d]+[版次]|[(（]\d{1,2}[)）]|20\d{2}[-._年]?\d{1,2}(?:[-._月]?\d{1,2}日?)?"
    r"|终稿|定稿|最终|修改|修订|更新|重报|重交|补报|新版|final|new|old|旧"
)


@dataclass(frozen=True)
class Named:
    """`members`: communities named, each once; `unknown`: words that look like a name and are none of the roster."""

    members: tuple[Member, ...]
    unknown: tuple[str, ...]


def named_in(text: str, roster: Roster) -> Named:
    """Look for ids, names and aliases standing alone in a name.

    Parameters
    ----------
    text : str
        A file name without its ending, a folder's or a sheet's name.

    Returns
    -------
    Named
        A word counts only whole, or with what is often written behind it (问卷, 汇总, v2) taken off. An id of digits
        counts only as the first word, and where no name does: `2026-09` names no community.
    """
    words = [word for word in _APART.split(clean(text)) if word]
    found = {member.id: member for member in _whole(words, roster)}
    if not found:
        first = roster.find(words[0]) if words else None
        found = {first.id: first} if first else {}
    unknown = [] if found else [word for word in map(_bare, words) if _like_a_name(word, roster)]
    return Named(tuple(found.values()), tuple(dict.fromkeys(unknown)))


def _whole(words: list[str], roster: Roster) -> Iterator[Member]:
    """Communities that a word, or several in a row (names may hold blanks), name; numbers apart, longest run first."""
    taken: set[int] = set()
    for length in range(min(MOST_WORDS, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            run = "".join(words[start : start + length])
            member = roster.find(run) or (roster.find(_bare(run)) if length == 1 else None)
            here = set(range(start, start + length))
            if member and not name_key(run).isdecimal() and not here & taken:
                taken |= here
                yield member


def _bare(word: str) -> str:
    """A word without what is often written behind a name."""
    while (shorter := _BEHIND.sub("", word)) and shorter != word:
        word = shorter
    return word


def _like_a_name(word: str, roster: Roster) -> bool:
    if len(word) < 2 or word.isdecimal():
        return False
    return bool(_PLACE.search(word) and not _PLACE.fullmatch(word)) or bool(roster.nearest(word, LIKE_A_NAME))


def version_marks(stem: str) -> str:
    """Words and numbers in a file name that may tell its version, for people to judge."""
    return " ".join(dict.fromkeys(_VERSION.findall(stem)))
