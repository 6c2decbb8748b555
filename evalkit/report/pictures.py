"""A figure of the report in, its drawing out: given by the caller or drawn now; SVG made fit to stand in a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evalkit.contract import Figure
from evalkit.report.styles import Style
from evalkit.report.text import printable

if TYPE_CHECKING:
    from evalkit.report.figures import Drawn

Drawings = Mapping[str, "Drawn | Mapping[str, Drawn]"]
"""Drawings by figure id, or by language and figure id."""

_XLINK = "{http://www.w3.org/1999/xlink}href"
_BARRED = frozenset({"script", "foreignObject", "metadata", "iframe", "image", "a", "title", "desc"})


def drawing_of(figure: Figure, drawn: Drawings, lang: str, style: Style) -> Drawn:
    """The drawing kept under `drawn[lang][id]` or `drawn[id]`; without one the figure is drawn now."""
    of_language = drawn.get(lang)
    kept = of_language.get(figure.id) if isinstance(of_language, Mapping) else drawn.get(figure.id)
    if kept is not None and not isinstance(kept, Mapping):
        return kept
    from evalkit.report.figures import draw

    return draw(figure, lang=lang, style=style)


def inline_svg(svg: bytes, prefix: str, alt: str) -> str:
    """The `<svg>` element for an html page: no script, link, outside address or clock; ids with a prefix.

    Ids are made unique because two languages of one figure stand in the same page and a browser resolves
    `url(#id)` to the first, possibly hidden, one.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    root = etree.fromstring(printable(svg.decode("utf-8")).encode("utf-8"), parser)
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or etree.QName(element).localname in _BARRED:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if etree.QName(name).localname.lower().startswith("on"):
                del element.attrib[name]
            elif name == "id":
                element.set(name, prefix + value)
            elif name in ("href", _XLINK):
                if value.startswith("#"):
                    element.set(name, f"#{prefix}{value[1:]}")
                else:
                    del element.attrib[name]
            elif "url(" in value:
                element.set(name, value.replace("url(#", f"url(#{prefix}"))
    root.set("role", "img")
    root.set("aria-label", alt)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode", with_tail=False)
