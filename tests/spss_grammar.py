"""A small grammar of SPSS syntax: what a command is, where it ends, what may stand in it."""

from __future__ import annotations

import re

KNOWN = (
    "GET FILE", "VARIABLE LABELS", "VALUE LABELS", "MISSING VALUES", "VARIABLE LEVEL", "MRSETS", "COMPUTE", "EXECUTE",
    "FILTER BY", "TEMPORARY", "SELECT IF", "FREQUENCIES", "MULT RESPONSE", "DESCRIPTIVES", "MEANS", "CROSSTABS",
    "CORRELATIONS", "NONPAR CORR", "RELIABILITY", "REGRESSION", "RECODE", "DELETE VARIABLES",
)  # fmt: skip
RESERVED = {"all", "eq", "ge", "gt", "le", "lt", "ne"}


def commands(syntax: str) -> list[tuple[str, str]]:
    """Every command as (its name, its text without the full stop); remarks are checked and left out.

    A command begins at the start of a line and ends with a full stop at the end of one; lines in between are
    indented, are not blank and hold no open quote.
    """
    found: list[tuple[str, str]] = []
    open_lines: list[str] = []
    for line in syntax.split("\r\n") if "\r\n" in syntax else syntax.split("\n"):
        assert len(line.encode()) <= 256, line
        if not open_lines and not line.strip():
            continue
        assert line.strip(), ("a blank line ends a command", open_lines)
        if not open_lines and line.startswith("*"):
            assert line.endswith(".") and not line.endswith(".."), line
            continue
        assert line.startswith(" ") == bool(open_lines), line
        bare = re.sub(r"'(?:[^']|'')*'", "''", line)
        assert bare.count("'") % 2 == 0 and '"' not in bare, line
        open_lines.append(line)
        if bare.rstrip().endswith("."):
            text = "\n".join(open_lines).rstrip()[:-1]
            head = next((name for name in KNOWN if re.match(rf"{name}(?=[\s=]|$)", text)), None)
            assert head, text
            _check_names(re.sub(r"'(?:[^']|'')*'", "''", text))
            found.append((head, text))
            open_lines = []
    assert not open_lines, open_lines
    return found


def _check_names(text: str) -> None:
    assert text.count("(") == text.count(")"), text
    for name in re.findall(r"[^\W\d][\w.@#$]*", text):
        assert len(name.encode()) <= 64 and name.islower() <= (name not in RESERVED), (name, text)
