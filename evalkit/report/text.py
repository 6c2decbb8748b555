"""Text that every format can hold: control characters out, line breaks and tabs kept."""

from __future__ import annotations

import re

# What XML 1.0 cannot hold, and the marks that turn the reading direction of what follows.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text without control characters, lone surrogates and direction overrides."""
    return _UNPRINTABLE.sub("", text)
