"""The tables [output] and [privacy] of a plan in; formats, and what is said about personal data, out."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from evalkit.plan.lines import Lines
from evalkit.plan.model import Privacy

FORMATS = ("xlsx", "docx", "html")


def formats_of(raw: Mapping[str, Any], lines: Lines, fault: Callable[..., None]) -> tuple[str, ...]:
    """The formats of [output]; E513 for one that there is not."""
    from evalkit.report import WRITERS

    given = raw.get("output", {}).get("formats", FORMATS)
    for name in given:
        if name not in WRITERS:
            near = difflib.get_close_matches(str(name), WRITERS, 1, 0.5) or list(WRITERS)
            fault("E513", lines.key("output", 0, "formats"), name=name, near=near)
    return tuple(given)


def privacy_of(raw: Mapping[str, Any], lines: Lines, fault: Callable[..., None]) -> Privacy:
    """[privacy]; faults: E506 for pseudonyms without a key file, E404 for a tab or line break in its name, E558."""
    given = raw.get("privacy", {})
    if given.get("pseudonyms") and "key_file" not in given:
        fault("E506", lines.table("privacy"), key="key_file", table="[privacy]")
    if any(ord(c) < 32 for c in given.get("key_file", "")):
        fault("E404", lines.key("privacy", 0, "key_file"))
    if given.get("min_cell", 5) < 2:
        fault("E558", lines.key("privacy", 0, "min_cell"), n=given["min_cell"])
    return Privacy(
        pseudonyms=tuple(given.get("pseudonyms", ())),
        key_file=given.get("key_file", ""),
        new_key=given.get("new_key", False),
        suppress=given.get("suppress", False),
        min_cell=given.get("min_cell", 5),
    )
