"""Columns that name or locate a person: told by their heading, by heading and content, or by what most cells are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evalkit.contract.personal import is_name, personal_hits
from evalkit.ingest.headers import parse_header
from evalkit.ingest.wording import clean

SHARE = 0.2
"""From this share of answered cells on, a column of look-alikes is private."""
HEADED_SHARE = 0.5
"""The same where the heading already hints at it (`微信`, `地址`, `负责人`)."""

HEADED = {
    "name": "姓名|名字|name|full name",
    "mobile": "手机号?码?|电话号?码?|联系电话|联系方式|phone|phone number|mobile|tel|telephone",
    "identity": "身份证号?码?|证件号码?|id card|passport number|护照号码?",
    "wechat": "微信号|微信账?号码?|wechat id",
    "qq": "qq号码?|qq账号",
    "nickname": "微信昵称|昵称|网名|微信名|nickname",
    "email": "邮箱|电子邮箱|邮箱地址|邮件地址|email|e-mail|email address",
    "address": "家庭住址|家庭地址|详细地址|居住地址|通[讯信]地址|联系地址|现?住址|门牌号|address|home address",
    "bank_card": "银行卡号?|银行账号|卡号",
    "ip": "ip|ip地址",
    "location": "经度|纬度|经纬度|gps|latitude|longitude",
    "account": "openid|unionid",
}
"""Kind -> whole headings that say it by themselves."""
_HINTS = {
    "name": "称呼|负责人|填表人|户主|调查员|访问员|访员|受访人|被访人|联络人|respondent|interviewer|contact",
    "wechat": "微信|wechat|weixin",
    "qq": "qq",
    "address": "地址|住处|房号",
}
"""Kind -> whole headings that say it only if the cells agree."""
_AGREES = {
    "wechat": re.compile(r"[A-Za-z][-_A-Za-z0-9]{5,19}|1[3-9]\d{9}|[1-9]\d{5,10}"),
    "qq": re.compile(r"[1-9]\d{4,10}"),
    "address": re.compile(r".*(?:路|街|巷|弄|村|小区|社区|号|栋|幢|室).*\d.*|.*\d.*(?:号|栋|幢|室).*"),
}
_LEAD = r"(?:您的|你的|请(?:留下|填写|输入)(?:您的|你的)?|联系人?|受访者|被访者|本人)?(?:真实)?"
_TOLD = {kind: re.compile(rf"^{_LEAD}(?:{words})$", re.IGNORECASE) for kind, words in HEADED.items()}
_HINTED = {kind: re.compile(rf"^{_LEAD}(?:{words})$", re.IGNORECASE) for kind, words in _HINTS.items()}
_BESIDE = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Personal:
    """Why a column is private: `n` of `answered` cells are of `kind`; `by` is `heading` or `content`."""

    kind: str
    by: str
    n: int
    answered: int


def private_header(text: str) -> bool:
    """Whether a whole header asks for a name, number, address or place of a person."""
    return _headed(text, _TOLD) is not None


def looks_private(texts: Iterable[str], counts: Iterable[int]) -> bool:
    """Whether many of a column's cells are personal numbers, mail, network or home addresses.

    Parameters
    ----------
    texts, counts : iterables of str and int
        Distinct texts and how often each occurs; empty ones do not count.
    """
    return personal_column("", texts, counts) is not None


def personal_column(header: str, texts: Iterable[str], counts: Iterable[int]) -> Personal | None:
    """Whether a column names or locates persons, and how that is known.

    Parameters
    ----------
    header : str
        Its heading; empty where there is none.
    texts, counts : iterables of str and int
        Distinct texts and how often each occurs; empty ones do not count.

    Returns
    -------
    Personal or None
        By a heading of `HEADED`; by a heading that hints at it, if `HEADED_SHARE` of the cells agree; by content
        alone, if `SHARE` of the cells hold little else. Names of people count by heading only: in free text they
        are flagged cell by cell.
    """
    cells = [(line, int(n)) for line, n in ((clean(t), n) for t, n in zip(texts, counts, strict=True)) if line]
    answered = sum(n for _, n in cells)
    told = _headed(header, _TOLD)
    if told is not None:
        return Personal(told, "heading", answered, answered)
    hinted = _headed(header, _HINTED)
    if hinted is not None:
        agree = sum(n for line, n in cells if _agrees(hinted, line))
        if agree and agree >= HEADED_SHARE * answered:
            return Personal(hinted, "heading", agree, answered)
    by_kind: dict[str, int] = {}
    for line, n in cells:
        kind = main_kind(line)
        if kind:
            by_kind[kind] = by_kind.get(kind, 0) + n
    alike = sum(by_kind.values())
    if not alike or alike < SHARE * answered:
        return None
    return Personal(max(by_kind, key=lambda kind: by_kind[kind]), "content", alike, answered)


def main_kind(line: str) -> str:
    """The kind of personal data a cleaned text holds and little else; empty where it holds none, or a name only."""
    bare = _BESIDE.sub("", line).strip() or line  # platforms add a place: 10.0.0.1(北京-北京)
    hits = [hit for hit in personal_hits(bare) if hit.kind != "name"]
    covered = sum(hit.end - hit.start for hit in hits)
    return hits[0].kind if hits and 2 * covered >= len(bare) else ""


def names_person(line: str) -> bool:
    """Whether one text holds anything that names or locates a person."""
    return bool(personal_hits(line))


def _agrees(kind: str, line: str) -> bool:
    return is_name(line) if kind == "name" else bool(_AGREES[kind].fullmatch(line))


def _headed(text: str, table: dict[str, re.Pattern[str]]) -> str | None:
    line = clean(parse_header(text).body).rstrip(":?*。") if text else ""
    return next((kind for kind, pattern in table.items() if pattern.match(line)), None) if line else None
