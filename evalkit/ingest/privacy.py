"""Columns that name or locate a person: told by whole header words or by what most cells look like."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evalkit.ingest.headers import parse_header
from evalkit.ingest.wording import clean

SHARE = 0.2
"""From this share of answered cells on, a column of look-alikes is private."""

_HEADERS = re.compile(
    r"^(?:您的|你的|请(?:留下|填写|输入)(?:您的|你的)?|联系人?|受访者|被访者)?(?:真实)?(?:姓名|名字|手机号?码?|电话号?码?|联系电话|联系方式|身份证号?码?|证件号码?|"
    r"微信号?|微信昵称|qq号?码?|邮箱|电子邮箱|邮件地址|家庭住址|详细地址|住址|门牌号|银行卡号|openid|unionid|经度|纬度|"
    r"ip|ip地址|name|phone|mobile|email|e-mail|address|latitude|longitude)$",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"^(?:\+?86)?1[3-9]\d{9}$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$")
_IP = re.compile(r"^(?:\d{1,3}\.){3}\d{1,3}(?:\(.*\))?$")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def private_header(text: str) -> bool:
    """Whether a whole header asks for a name, number, address or place of a person."""
    return bool(_HEADERS.match(clean(parse_header(text).body).rstrip(":?*。")))


def looks_private(texts: Iterable[str], counts: Iterable[int]) -> bool:
    """Whether many of a column's cells are mobile numbers, identity card numbers, mail or network addresses.

    Parameters
    ----------
    texts, counts : iterables of str and int
        Distinct texts and how often each occurs; empty ones do not count.
    """
    answered = alike = 0
    for text, n in zip(texts, counts, strict=True):
        line = clean(text)
        if line:
            answered += int(n)
            alike += int(n) if names_person(line) else 0
    return alike > 0 and alike >= SHARE * answered


def names_person(line: str) -> bool:
    """Whether one cleaned text is a mobile number, an identity card number, a mail or a network address."""
    digits = re.sub(r"[\s-]", "", line)
    return bool(_MOBILE.match(digits) or identity_number(digits) or _EMAIL.match(line) or _IP.match(line))


def identity_number(digits: str) -> bool:
    """An 18-character identity card number with a right check character.

    Notes
    -----
    GB 11643-1999 (ISO 7064, MOD 11-2): the weighted sum of the first 17 digits modulo 11 picks from `10X98765432`.
    """
    if not re.match(r"^[1-9]\d{5}(?:19|20)\d{9}[\dXx]$", digits):
        return False
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, digits[:17], strict=True))
    return "10X98765432"[total % 11] == digits[17].upper()
