"""A text file of words in, the words out."""

from __future__ import annotations

import os
import re
from pathlib import Path

from evalkit.contract.problems import InputError, Place, Problem

_WITH_COUNT = re.compile(r"(\S+)\s+\d+(?:\s+[A-Za-z]+)?")
_LONGEST, _MOST = 60, 500_000


def read_words(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Read a dictionary or a list of stop words, one word a line.

    Parameters
    ----------
    path : path
        A text file (UTF-8, UTF-16 with a mark, or GB18030). What follows a tab, and the count and word class that
        dictionaries of segmenters hold (`加装电梯 100 n`), is left away; a line that begins with # is a comment.

    Returns
    -------
    tuple of str
        Each word once, in the order of the file.

    Raises
    ------
    InputError
        E101-E103 for a file that cannot be opened, E109 where its encoding is not known; E6624 for what is no text, or
        a line that is no word; E6625 if there is no word in it.
    """
    from evalkit.sheets.book import require_regular
    from evalkit.sheets.delimited import encoding_of

    file = Path(path)
    require_regular(file)
    with open(file, "rb") as stream:
        start = stream.read(4096)
    if b"\0" in start.replace(b"\xff\xfe", b"") and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(Problem("E6624", Place(file.name), {"file": file.name}))
    found: dict[str, None] = {}
    with open(file, encoding=encoding_of(file)) as lines:
        for number, line in enumerate(lines, 1):
            word = line.split("\t")[0].strip().removeprefix("\ufeff")
            word = counted[1] if (counted := _WITH_COUNT.fullmatch(word)) else word
            if len(word) > _LONGEST or len(found) > _MOST or any(ord(c) < 32 for c in word):
                raise InputError(Problem("E6624", Place(file.name, line=number), {"file": file.name}))
            if word and not word.startswith("#"):
                found[word] = None
    if not found:
        raise InputError(Problem("E6625", Place(file.name), {"file": file.name}))
    return tuple(found)
