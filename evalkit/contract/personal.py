"""A text in, the personal data in it out: what kind, and where it stands."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from evalkit.contract.identities import bank_card, like_identity_number

KINDS = (
    "identity", "bank_card", "mobile", "landline", "email", "ip", "wechat", "qq", "address", "name",
)  # fmt: skip
"""Kinds of personal data that a text shows by itself; `privacy.HEADED` adds those that only a heading tells."""


@dataclass(frozen=True)
class Hit:
    """One piece of personal data: `text[start:end]` in the text as given."""

    kind: str
    start: int
    end: int


_WIDE = {0xFF01 + k: 0x21 + k for k in range(94)} | {0x3000: 0x20, 0x00A0: 0x20, 0x2013: 0x2D, 0x2014: 0x2D}
_INVISIBLE = "[\u200b\u200c\u200d\u2060\ufeff\u00ad]"
_HIDDEN = re.compile(_INVISIBLE)
_HAN = "\u4e00-\u9fff"
_NUMBER = re.compile(r"(?<![\d.A-Za-z_])[1-9]\d(?:[ -]?\d){12,17}(?:[ -]?[Xx])?(?![\d.A-Za-z_])")
# Prefixes that were given out (3GPP plan of 2024); an order number beginning with 12 or 154 is none.
_MOBILE = re.compile(
    r"(?<![\d.A-Za-z_])(?:(?:\+|00)?86[ -]?)?1(?:3\d|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])"
    r"(?:[ -]?\d{4}){2}(?!\d|\.\d|[A-Za-z_])"
)
_LANDLINE = re.compile(
    r"(?<![\d.A-Za-z_])(?:(?:\+|00)86[ -]?)?(?:\(0(?:10|2\d|[3-9]\d{2})\) ?|0(?:10|2\d|[3-9]\d{2})[ -])\d{7,8}(?!\d)"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{3,}(?:\.\d{1,3}){0,3}(?![0-9A-Za-z:])")
_WECHAT = re.compile(
    r"(?:微信号?|wechat|weixin|(?<![a-z])[wv]x(?!id_))(?:号|id|是|为|[::， ]){0,4}"
    r"([A-Za-z][-_A-Za-z0-9]{5,19})(?![A-Za-z0-9_-])"
    r"|(?<![A-Za-z0-9_])(wxid_[A-Za-z0-9]{6,})",
    re.IGNORECASE,
)
_QQ = re.compile(r"(?:qq|扣扣)(?:群|号码?|是|为|[:: ]){0,4}([1-9]\d{4,10})(?!\d)", re.IGNORECASE)
_ADDRESS = re.compile(
    rf"[{_HAN}]{{1,10}}(?:路|街|大道|巷|胡同|里)\d{{1,5}}(?:弄|号)(?!线|楼线)(?:\d{{1,4}}(?:号楼?|栋|幢|座))?(?:\d{{1,2}}单元)?(?:\d{{2,4}}[室户]?)?"
    rf"|\d{{1,5}}弄\d{{1,4}}号(?:\d{{2,4}}[室户]?)?"
    rf"|\d{{1,4}}(?:号楼|栋|幢|座|号)(?:\d{{1,2}}单元)?\d{{3,4}}室?(?![\d元块人户次年月日天分个%])"
    rf"|\d{{1,4}}(?:号楼|栋|幢|座|楼)\d{{1,2}}单元(?:\d{{1,2}}楼)?\d{{1,4}}[室户号]?"
    rf"|[{_HAN}]{{2,8}}(?:省|自治区|市)[{_HAN}]{{1,8}}[市区县旗][{_HAN}]{{1,10}}(?:街道|镇|乡|村|社区|小区|路|街)[{_HAN}]{{0,10}}\d{{1,5}}(?:号|栋|幢|组|室)"
    r"|(?<![\d.])\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Road|Street|Avenue|Lane|Rd|St|Ave)\b"
)
_SURNAMES = (
    "欧阳|司马|上官|诸葛|夏侯|尉迟|皇甫|慕容|令狐|王|李|张|刘|陈|杨|黄|赵|吴|周|徐|孙|马|朱|胡|郭|何|林|罗|郑|梁|谢|宋|唐|许|韩|冯|邓|曹|彭|"
    "曾|肖|萧|田|董|袁|潘|蒋|蔡|余|杜|叶|程|苏|魏|吕|丁|沈|姚|卢|姜|崔|钟|谭|陆|汪|范|廖|贾|夏|韦|付|傅|邹|熊|孟|秦|邱|侯|尹|薛|闫|阎|段|雷|"
    "龙|史|陶|贺|顾|毛|郝|龚|邵|钱|严|覃|戴|莫|孔|汤|温|庞|樊|殷|翟|倪|俞|章|鲁|葛|韩|聂|焦|齐|梅|庄|辛|翁|颜|柳|耿|詹|邢|岳|裴|舒|屈|卞"
)
_TITLES = (
    "先生|女士|小姐|书记|主任|老师|师傅|大爷|大妈|大叔|大姐|大哥|阿姨|叔叔|奶奶|爷爷|医生|局长|科长|处长|镇长|乡长|村长|主席|会长|"
    "经理|站长|队长|组长|楼长|网格员|委员|警官|律师|同志|教授|校长|院长"
)
# With a surname alone the character before must not be part of a longer word: 对方主任, 社区书记.
_BEFORE = rf"(?<![{_HAN}])|(?<=[的了和与跟找向请给对被让由是问同叫到谢如像有及或])"
_NAMES = re.compile(
    rf"(?:{_BEFORE})((?:{_SURNAMES})[{_HAN}]{{0,2}}?)(?:{_TITLES})"
    rf"|(?:我叫|名叫|姓名[::是为 ]{{1,2}}|联系人[::是为 ]{{0,2}})((?:{_SURNAMES})[{_HAN}]{{1,2}})(?![{_HAN}])"
)
# The character after a surname that begins a word for an office or a place, not a given name: 王村书记.
_NO_GIVEN = re.compile(r"[村镇乡县市区街楼厂店校院局处科组队部所站委副总老家姓某]")
_WHOLE_NAME = re.compile(rf"(?:{_SURNAMES})[{_HAN}]{{1,2}}$")
# What a text must have before the finders of a kind look at it: most texts are done after these.
_DIGITS = re.compile(r"(?:\d[) -]{0,2}){10}")
_MAIL = re.compile("@")
_DOTS = re.compile(r"\d\.\d|:[0-9A-Fa-f]*:")
_KEYWORDS = re.compile("微信|扣扣|[wWvV][xX]|[qQ][qQ]|[wW][eE](?:[cC][hH]|[iI][xX])")
_DOORS = re.compile(r"\d[弄号栋幢座楼室组]|\d [A-Z]")
_CALLED = re.compile("我叫|名叫|姓名|联系人|" + _TITLES)
_UNUSUAL = re.compile("[\uff01-\uff5e\u3000\u00a0\u2013\u2014]|" + _INVISIBLE)


@lru_cache(maxsize=65536)
def personal_hits(text: str) -> tuple[Hit, ...]:
    """Personal data in a text, from left to right; no two overlap.

    Parameters
    ----------
    text : str
        As typed: full-width digits, blanks and hyphens within numbers, and invisible characters do not hide them.
    """
    seen, places = text, None
    if not text.isascii() and _UNUSUAL.search(text):
        seen = text.translate(_WIDE)
        if _HIDDEN.search(seen):
            places = [k for k, c in enumerate(seen) if not _HIDDEN.match(c)]
            seen = "".join(seen[k] for k in places)
    found: list[Hit] = []
    for kind, (gate, spans) in _FINDERS.items():
        for start, end in spans(seen) if gate.search(seen) else ():
            if all(end <= hit.start or start >= hit.end for hit in found):
                found.append(Hit(kind, start, end))
    found.sort(key=lambda hit: hit.start)
    if places is not None:
        found = [Hit(hit.kind, places[hit.start], places[hit.end - 1] + 1) for hit in found]
    return tuple(found)


def personal_kinds(text: str) -> tuple[str, ...]:
    """Kinds of personal data in a text, each once, in the order of `KINDS`."""
    kinds = {hit.kind for hit in personal_hits(text)}
    return tuple(kind for kind in KINDS if kind in kinds)


def is_name(text: str) -> bool:
    """Whether a whole text is a Chinese personal name: a common surname and one or two characters."""
    return bool(_WHOLE_NAME.match(text)) and not _NO_GIVEN.search(text[1:])


def _numbers(accepted: Callable[[str], bool]) -> Callable[[str], Iterator[tuple[int, int]]]:
    def spans(text: str) -> Iterator[tuple[int, int]]:
        for match in _NUMBER.finditer(text):
            if accepted(re.sub("[ -]", "", match[0])):
                yield match.span()

    return spans


def _all(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    """Where a pattern matches: its first group that took part, else the whole."""

    def spans(text: str) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(text):
            yield match.span(match.lastindex or 0)

    return spans


def _addresses_of_machines(text: str) -> Iterator[tuple[int, int]]:
    """Network addresses; `1.2.3.4` is the number of a section, `12:30:45` a time."""
    for match in _IPV4.finditer(text):
        parts = [int(part) for part in match[0].split(".")]
        if max(parts) <= 255 and max(parts) >= 10:
            yield match.span()
    for match in _IPV6.finditer(text):
        try:
            ipaddress.IPv6Address(match[0])
        except ValueError:
            continue
        yield match.span()


def _people(text: str) -> Iterator[tuple[int, int]]:
    for match in _NAMES.finditer(text):
        name = match[1] or match[2]
        if not _NO_GIVEN.search(name[1:]):
            yield match.span(match.lastindex or 0)


_FINDERS: dict[str, tuple[re.Pattern[str], Callable[[str], Iterator[tuple[int, int]]]]] = {
    "identity": (_DIGITS, _numbers(like_identity_number)),
    "bank_card": (_DIGITS, _numbers(bank_card)),
    "mobile": (_DIGITS, _all(_MOBILE)),
    "landline": (_DIGITS, _all(_LANDLINE)),
    "email": (_MAIL, _all(_EMAIL)),
    "ip": (_DOTS, _addresses_of_machines),
    "wechat": (_KEYWORDS, _all(_WECHAT)),
    "qq": (_KEYWORDS, _all(_QQ)),
    "address": (_DOORS, _all(_ADDRESS)),
    "name": (_CALLED, _people),
}
