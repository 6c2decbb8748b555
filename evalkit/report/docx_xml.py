"""WordprocessingML elements: runs, paragraphs, fields and bookmarks, built straight with lxml."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from lxml import etree

from evalkit.report.layout import Run
from evalkit.report.text import printable

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def w(name: str) -> str:
    """The qualified name of a WordprocessingML element or attribute."""
    return f"{{{W}}}{name}"


def element(name: str, /, *children: Any, **attributes: object) -> Any:
    """One element with its children and attributes, all in the `w` namespace; None children are left out."""
    made = etree.Element(w(name), nsmap={"w": W})
    for key, value in attributes.items():
        made.set(w(key.rstrip("_")), str(value))
    made.extend([child for child in children if child is not None])
    return made


def text_run(run: Run, *, size: float | None = None, colour: str | None = None) -> Any:
    """One `w:r`; line breaks become `w:br`. Fonts come from the paragraph's style.

    A run with Chinese in it carries the East Asian hint, so that quotes, dashes and `±` between Chinese
    characters are set in the Chinese font.
    """
    text = printable(run.text)
    look = [
        element("rFonts", hint="eastAsia") if has_chinese(text) else None,
        element("b") if run.bold else None,
        element("i") if run.italic else None,
        element("color", val=colour) if colour else None,
        *(_sizes(size) if size else ()),
        element("vertAlign", val="superscript") if run.raised else None,
    ]
    made = element("r", element("rPr", *look) if any(x is not None for x in look) else None)
    for i, line in enumerate(text.split("\n")):
        if i:
            made.append(element("br"))
        piece = element("t")
        piece.text = line
        piece.set(_SPACE, "preserve")
        made.append(piece)
    return made


def paragraph(style: str, children: Iterable[Any], **properties: Any) -> Any:
    """One `w:p` in a paragraph style. `properties`: elements of `w:pPr` by name, set in schema order."""
    order = ("keepNext", "keepLines", "pBdr", "tabs", "spacing", "ind", "jc", "sectPr")
    made = [properties[name] for name in order if properties.get(name) is not None]
    return element("p", element("pPr", element("pStyle", val=style), *made), *children)


def field(code: str, shown: str, *, bold: bool = False, size: float | None = None) -> list[Any]:
    """A field with its last result, so that it reads right before anybody updates it."""

    def part(*children: Any) -> Any:
        look = [element("b") if bold else None, *(_sizes(size) if size else ())]
        return element("r", element("rPr", *look) if any(x is not None for x in look) else None, *children)

    instruction = element("instrText")
    instruction.text = f" {code} "
    instruction.set(_SPACE, "preserve")
    result = element("t")
    result.text = shown
    return [
        part(element("fldChar", fldCharType="begin")),
        part(instruction),
        part(element("fldChar", fldCharType="separate")),
        part(result),
        part(element("fldChar", fldCharType="end")),
    ]


def caption(
    lines: Sequence[Sequence[Run]], style: str, identifiers: Sequence[str], bookmark: tuple[int, str] | None
) -> list[Any]:
    """Caption paragraphs: the number is a SEQ field inside a bookmark that cross-references can point at.

    Parameters
    ----------
    identifiers : sequence of str
        SEQ identifier of each line (`表` and `Table` count on their own in a bilingual caption).
    """
    out = []
    for i, line in enumerate(lines):
        children: list[Any] = []
        for run in line:
            if run.field:
                repeat = r" \c" if run.field == "continued" else ""
                children += field(rf"SEQ {identifiers[i]} \* ARABIC{repeat}", run.text, bold=run.bold)
            else:
                children.append(text_run(run))
        if bookmark and i == 0:
            number, name = bookmark
            at = next((k for k, run in enumerate(line) if run.field), 0)
            end = at + 5 if line[at].field else len(children)
            children.insert(end, element("bookmarkEnd", id=number))
            children.insert(0, element("bookmarkStart", id=number, name=name))
        # The lines of one caption stand close together.
        close = element("spacing", before=0, after=60) if i else None
        out.append(paragraph(style, children, keepNext=element("keepNext"), spacing=close))
    return out


def bookmark_name(*parts: str) -> str:
    """A hidden bookmark name that Word accepts: letters, digits and underscores, 40 at most."""
    return ("_Ref_" + re.sub(r"[^A-Za-z0-9_]", "_", "_".join(parts)))[:40]


def has_chinese(text: str) -> bool:
    """Whether any character is a wide East Asian one."""
    return any(unicodedata.east_asian_width(c) in "WF" for c in text)


def border(name: str, points: float, space: int = 0) -> Any:
    """A border element; Word counts in eighths of a point."""
    return element(name, val="single", sz=round(points * 8), space=space, color="000000")


def _sizes(size: float) -> tuple[Any, Any]:
    """Sizes are half-points."""
    return element("sz", val=round(size * 2)), element("szCs", val=round(size * 2))
