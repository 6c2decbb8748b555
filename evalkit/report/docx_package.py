"""An empty Word document in a style: fonts in all four slots, Chinese proofing, no theme, no leftovers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.report.docx_xml import border, element, field, paragraph, text_run, w
from evalkit.report.layout import Run
from evalkit.report.styles import Page, Style

if TYPE_CHECKING:
    from docx.document import Document

# Parts of python-docx's template that bring Japanese fonts, a theme or a stranger's thumbnail.
_UNWANTED = ("stylesWithEffects", "theme", "customXml", "numbering", "fontTable", "webSettings", "thumbnail")
TWIPS_PER_MM = 1440 / 25.4


def empty_document(style: Style, lang: str) -> Document:
    """A document with our own styles and settings and nothing in it."""
    import docx

    document = docx.Document()
    for rels in (document.part.rels, document.part.package.rels):
        for rel_id in [i for i, rel in rels.items() if rel.reltype.rsplit("/", 1)[-1] in _UNWANTED]:
            rels.pop(rel_id)
    styles = document.part._styles_part.element
    _refill(styles, [_defaults(style), *_paragraph_styles(style, lang), _table_style()])
    _refill(document.settings.element, _settings())
    return document


def section_properties(page: Page, *, landscape: bool, references: list[Any], last: bool = False) -> Any:
    """A `w:sectPr`: A4 upright or turned, with the same header and footer as every other section."""
    width, height = (round(v * TWIPS_PER_MM) for v in (page.width, page.height))
    top, right, bottom, left = (round(v * TWIPS_PER_MM) for v in (page.top, page.right, page.bottom, page.left))
    if landscape:
        width, height = height, width
        top, right, bottom, left = left, top, right, bottom
    size = element("pgSz", w=width, h=height)
    if landscape:
        size.set(w("orient"), "landscape")
    margins = element("pgMar", top=top, right=right, bottom=bottom, left=left, header=720, footer=720, gutter=0)
    kind = None if last else element("type", val="nextPage")
    return element("sectPr", *references, kind, size, margins)


def text_width(page: Page, *, landscape: bool) -> float:
    """Width between the margins, in points."""
    paper = page.height if landscape else page.width
    margins = page.top + page.bottom if landscape else page.left + page.right
    return (paper - margins) / 25.4 * 72


def put_footer(document: Document, banner: str) -> list[Any]:
    """Page number below, and above, on every page, the banner if there is one. Gives the references."""
    section = document.sections[0]
    footer = section.footer._element
    _refill(footer, [paragraph("Footer", field("PAGE", "1"))])
    if banner:
        _refill(section.header._element, [paragraph("Header", [text_run(Run(banner, bold=True), colour="B00020")])])
    return [e for e in section._sectPr if e.tag in (w("headerReference"), w("footerReference"))]


def _refill(parent: Any, children: list[Any]) -> None:
    for child in list(parent):
        parent.remove(child)
    parent.extend(children)


def _fonts(style: Style, *, heading: bool = False) -> Any:
    east = style.fonts.heading_east_asian if heading else style.fonts.east_asian
    latin = style.fonts.latin
    return element("rFonts", ascii=latin, hAnsi=latin, eastAsia=east, cs=latin)


def _defaults(style: Style) -> Any:
    look = element(
        "rPr",
        _fonts(style),
        *_size(style.fonts.body),
        element("lang", val="en-US", eastAsia="zh-CN", bidi="ar-SA"),
    )
    spacing = element("pPr", element("spacing", after=0, line=240, lineRule="auto"))
    return element("docDefaults", element("rPrDefault", look), element("pPrDefault", spacing))


def _paragraph_styles(style: Style, lang: str) -> list[Any]:
    fonts = style.fonts
    # Chinese running text is indented by two characters.
    indent = element("ind", firstLineChars=200, firstLine=round(fonts.body * 40)) if lang == "zh" else None
    body = [element("spacing", before=0, after=80, line=312, lineRule="auto"), indent, element("jc", val="both")]
    centre, left = element("jc", val="center"), element("jc", val="left")
    plain = {"before": 0, "after": 0, "line": 264, "lineRule": "auto"}
    caption_align = element("jc", val=style.caption.align)
    frame = element("pBdr", *(border(side, 1.5, 4) for side in ("top", "left", "bottom", "right")))
    keep = element("keepNext")
    return [
        _style(style, "Normal", "Normal", fonts.body, [], default=True),
        _style(
            style, "Title", "Title", 18, [element("spacing", before=120, after=160), centre], heading=True, bold=True
        ),
        _style(
            style,
            "Heading1",
            "heading 1",
            14,
            [keep, element("spacing", before=280, after=120), element("outlineLvl", val=0)],
            heading=True,
            bold=True,
        ),
        _style(style, "BodyText", "Body Text", fonts.body, body),
        _style(
            style, "Fact", "Fact", fonts.body, [element("spacing", before=0, after=40), element("jc", val="center")]
        ),
        _style(
            style,
            "Caption",
            "caption",
            fonts.caption,
            [element("keepNext"), element("spacing", before=160, after=60), caption_align],
            heading=True,
        ),
        _style(style, "TableText", "Table Text", fonts.table, [element("spacing", **plain), left]),
        _style(style, "TableNote", "Table Note", fonts.note, [element("spacing", before=40, after=0), left]),
        _style(style, "Picture", "Picture", fonts.body, [keep, element("spacing", before=120, after=0), centre]),
        _style(style, "Notice", "Notice", fonts.table, [element("spacing", before=20, after=20), left]),
        _style(
            style, "Banner", "Banner", fonts.body, [frame, element("spacing", before=0, after=120), centre], bold=True
        ),
        _style(style, "Spacer", "Spacer", 4, [element("spacing", before=0, after=0)]),
        _style(style, "Header", "header", fonts.note, [element("jc", val="center")]),
        _style(style, "Footer", "footer", fonts.note, [element("jc", val="center")]),
    ]


def _style(
    style: Style,
    id: str,
    name: str,
    size: float,
    paragraph_properties: list[Any],
    *,
    heading: bool = False,
    bold: bool = False,
    default: bool = False,
) -> Any:
    # lxml moves an element that is put in twice, so that each style gets copies of its own.
    own = [_copy(p) for p in paragraph_properties if p is not None]
    look = [_fonts(style, heading=heading), element("b") if bold else None, *_size(size)]
    made = element("style", element("name", val=name), type="paragraph", styleId=id)
    if default:
        made.set(w("default"), "1")
    else:
        made.append(element("basedOn", val="Normal"))
    made.append(element("qFormat"))
    if own:
        made.append(element("pPr", *own))
    made.append(element("rPr", *look))
    return made


def _table_style() -> Any:
    margins = element("tblCellMar", *(element(side, w=0, type="dxa") for side in ("top", "left", "bottom", "right")))
    made = element("style", element("name", val="Normal Table"), type="table", styleId="TableNormal", default=1)
    made.append(element("tblPr", margins))
    return made


def _settings() -> list[Any]:
    word = "http://schemas.microsoft.com/office/word"
    return [
        element("zoom", percent=100),
        element("defaultTabStop", val=420),
        element("characterSpacingControl", val="compressPunctuation"),
        element("compat", element("compatSetting", name="compatibilityMode", uri=word, val=15)),
        element("themeFontLang", val="en-US", eastAsia="zh-CN"),
        element("decimalSymbol", val="."),
        element("listSeparator", val=","),
    ]


def _size(points: float) -> tuple[Any, Any]:
    return element("sz", val=round(points * 2)), element("szCs", val=round(points * 2))


def _copy(made: Any) -> Any:
    import copy

    return copy.deepcopy(made)
