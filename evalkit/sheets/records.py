"""A part of many records in: the plain ones to a quick reader, all else to the parser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from evalkit.sheets.markup import Markup

MAX_HEAD = 1 << 20  # bytes before the first record
MAX_RECORD = 1 << 23  # bytes of one row or shared string
WORTH_CUTTING = 1 << 14  # bytes of records that are cut in two when one of them is not plain


def feed_records(
    blocks: Iterable[bytes],
    markup: Markup,
    opening: re.Pattern[bytes],
    record: bytes,
    is_open: Callable[[], bool],
    take: Callable[[bytes], bool],
) -> None:
    """Offer whole records to a quick reader; what it does not take, and all around the records, is parsed.

    Parameters
    ----------
    blocks : iterable of bytes
    markup : Markup
        Parser of the part: sees the part as if the records that were taken did not exist.
    opening : pattern
        Start tag before the first record; group 1 is the namespace prefix.
    record : bytes
        Name of the record's element.
    is_open : callable
        Whether the parser has really seen that start tag (it could stand in a comment).
    take : callable
        Gets whole unprefixed records; says whether it took them. If not, they are parsed.
    """
    waiting, stage, prefix = b"", "head", b""
    for block in blocks:
        waiting += block
        if stage == "head":
            found = opening.search(waiting)
            if found:
                markup.feed(waiting[: found.end()])
                waiting, prefix = waiting[found.end() :], found.group(1) or b""
                stage = "records" if is_open() and markup.encoding in ("", "utf-8") else "rest"
            elif len(waiting) > MAX_HEAD:
                stage = "rest"
        if stage == "records":
            closing = b"</" + prefix + record + b">"
            cut = waiting.rfind(closing) + len(closing)
            if cut >= len(closing):
                records, waiting = waiting[:cut], waiting[cut:]
                if not _offer(records, closing, prefix, markup, take):
                    stage = "rest"
            elif len(waiting) > MAX_RECORD:
                stage = "rest"
        if stage == "rest":
            markup.feed(waiting)
            waiting = b""
    markup.feed(waiting)
    markup.close()


def _offer(records: bytes, closing: bytes, prefix: bytes, markup: Markup, take: Callable[[bytes], bool]) -> bool:
    """Have records taken, as many as can be, and the others parsed; False if only the parser may go on.

    That is so where a comment, section or instruction begins: it may reach into the records that follow.
    """
    if take(_unprefixed(records, prefix)):
        return True
    if b"<!" in records or b"<?" in records:
        markup.feed(records)
        return False
    middle = records.find(closing, len(records) // 2) + len(closing)
    if len(records) > WORTH_CUTTING and len(closing) <= middle < len(records):
        for part in (records[:middle], records[middle:]):
            _offer(part, closing, prefix, markup, take)
    else:
        markup.feed(records)
    return True


def _unprefixed(records: bytes, prefix: bytes) -> bytes:
    # No text or attribute can hold a `<`, so only tags change.
    return records.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else records
