"""One header text in, its readings out: question number, stem, and the row or option it stands for.

Platforms write `1、题干`, `1. 题干`, `1 题干` or no number; the rows of a matrix as `20 题干—行1` and then bare
`行2`; the options of a multiple question as `第6题(运动)` (old) or `4. 题干(智能手机)` and then `4(平板电脑)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evalkit.ingest.wording import tidy

_OLD = re.compile(r"^第\s*(\d{1,3})\s*题\s*[、.．:：]?\s*(.*)$", re.DOTALL)
# A dot before a digit is a decimal point (`3.5元以上`); digits right before a letter are no number (`12个月`).
_NUMBERED = re.compile(r"^[Qq]?(\d{1,3})(?:\s*[、:：)）]\s*|\s*[.．](?!\d)\s*|\s+|\s*(?=[(（]))(\S.*)$", re.DOTALL)
_OPEN = {")": "(", "）": "(", "]": "[", "】": "["}
_SHUT = {"(": "(", "（": "(", "[": "[", "【": "["}


@dataclass(frozen=True)
class Header:
    """One header cell.

    Attributes
    ----------
    text : str
        On one line, without outer blanks.
    number : int or None
        Question number, where one stands.
    body : str
        The text without the number.
    splits : tuple of (stem, part)
        Every way to read the body as a question and one row, blank or option of it; the stem may be empty.
    dashed, bracketed : bool
        Whether one of the readings comes from `—` or from a closing bracket.
    """

    text: str
    number: int | None
    body: str
    splits: tuple[tuple[str, str], ...] = ()
    dashed: bool = False
    bracketed: bool = False

    @property
    def stem(self) -> str:
        """The likeliest question wording: of the dash where there is one, else of the bracket, else all."""
        return self.splits[0][0] if self.splits else self.body

    @property
    def part(self) -> str:
        """What belongs to `stem`: the row title or option text; empty for a question of one column."""
        return self.splits[0][1] if self.splits else ""


@lru_cache(maxsize=32768)
def parse_header(text: str) -> Header:
    """Read one header cell.

    Parameters
    ----------
    text : str
        As it stands in the file; brackets may be of either width and nested.

    Returns
    -------
    Header
        An empty text gives an empty header.
    """
    line = tidy(text)
    found = _OLD.match(line) or _NUMBERED.match(line)
    number, body = (int(found[1]), found[2].strip()) if found else (None, line)
    dashes = _dash_splits(body)
    bracket = _bracket_split(body)
    return Header(line, number, body, (*dashes, *bracket), bool(dashes), bool(bracket))


def _dash_splits(body: str) -> tuple[tuple[str, str], ...]:
    """Cuts at each single em dash, the first one foremost; `——` is punctuation inside a sentence."""
    cuts = [m.start() for m in re.finditer(r"(?<!—)—(?!—)", body)]
    return tuple((body[:k].strip(), body[k + 1 :].strip()) for k in cuts if body[:k].strip() and body[k + 1 :].strip())


def _bracket_split(body: str) -> tuple[tuple[str, str], ...]:
    """Cut at the bracket that the last character closes: options hold brackets of their own."""
    if not body or body[-1] not in _OPEN:
        return ()
    depth, kind = 0, _OPEN[body[-1]]
    for k in range(len(body) - 1, -1, -1):
        if _OPEN.get(body[k]) == kind:
            depth += 1
        elif _SHUT.get(body[k]) == kind:
            depth -= 1
            if depth == 0:
                part = body[k + 1 : -1].strip()
                return ((body[:k].strip(), part),) if part else ()
    first = next((k for k, c in enumerate(body) if _SHUT.get(c) == kind), -1)
    return (
        ((body[:first].strip(), body[first + 1 : -1].strip()),) if first >= 0 and body[first + 1 : -1].strip() else ()
    )


def group_headers(headers: list[Header]) -> list[int]:
    """Which columns belong to one question, judged from the headers alone.

    Returns
    -------
    list of int
        One group number a header, ascending. A number opens a group and columns with the same number join it;
        unnumbered columns join an open matrix (`题干—行1`) or a neighbour with the same stem (`题干[选项]`); an
        unnumbered `题干(选项)` joins the numbered `4(选项)` that follows it (the first column of a question with a
        choice limit may lack its number).
    """
    groups: list[int] = []
    current, number, open_matrix = -1, None, False
    for k, header in enumerate(headers):
        following = headers[k + 1] if k + 1 < len(headers) else None
        starts_list = (
            header.number is None
            and header.bracketed
            and following is not None
            and following.number is not None
            and following.number != number
            and following.bracketed
            and not following.splits[-1][0]
        )
        if starts_list and following is not None:
            current, number, open_matrix = current + 1, following.number, False
        elif header.number is not None and header.number != number:
            current, number, open_matrix = current + 1, header.number, header.dashed
        elif header.number is None and not (open_matrix and not header.dashed) and not _same_stem(headers, k):
            current, number, open_matrix = current + 1, None, header.dashed
        groups.append(current)
    return groups


def _same_stem(headers: list[Header], k: int) -> bool:
    """Whether the header before has the same stem, such as `需求` of `需求[停车]` and `需求[电梯]`."""
    before, here = headers[k - 1] if k else None, headers[k]
    return before is not None and bool(here.splits) and bool(before.splits) and here.stem == before.stem != ""
