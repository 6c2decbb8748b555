"""Writer of a Word document: captions with fields, three-line tables, figures, sentences, notices."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.contract import Figure, Label, Table
from evalkit.contract.words import say_all
from evalkit.report.document import Numbered, Report
from evalkit.report.docx_package import empty_document, put_footer, section_properties, text_width
from evalkit.report.docx_table import fitted, table_element
from evalkit.report.docx_xml import bookmark_name, caption, element, paragraph, text_run
from evalkit.report.layout import Run, caption_lines
from evalkit.report.pictures import Drawings, drawing_of
from evalkit.report.styles import Style
from evalkit.report.text import printable
from evalkit.sheets.archive import rewrite_zip, write_bytes

if TYPE_CHECKING:
    from docx.document import Document

_SEQUENCES = {"zh": {"table": "表", "figure": "图"}, "en": {"table": "Table", "figure": "Figure"}}


@dataclass
class _Block:
    """Elements that stand on one kind of page; a heading goes where what follows it goes."""

    elements: list[Any]
    landscape: bool = False
    leads: bool = False


@dataclass
class _Job:
    """What the parts of one document share."""

    document: Document
    style: Style
    lang: str
    drawn: Drawings
    bookmarks: dict[str, int] = field(default_factory=dict)

    def bookmark(self, *parts: str) -> tuple[int, str]:
        """A new bookmark: its number and a name not yet taken."""
        number = len(self.bookmarks) + 1
        name = bookmark_name(*parts)
        if name in self.bookmarks:
            name = f"{name[:34]}_{number}"
        self.bookmarks[name] = number
        return number, name


def write(report: Report, path: Path, *, lang: str, style: Style, drawn: Drawings | None = None) -> None:
    """Write the document in one language: the same report, the same bytes."""
    stream = io.BytesIO()
    document_of(report, lang=lang, style=style, drawn=drawn).save(stream)
    write_bytes(path, rewrite_zip(stream.getvalue()))


def document_of(report: Report, *, lang: str, style: Style, drawn: Drawings | None = None) -> Document:
    """The document before it is saved."""
    document = empty_document(style, lang)
    document.core_properties.title = printable(report.title.text(lang))
    banner = _say("report.simulated", lang) if report.simulated else ""
    references = put_footer(document, banner)
    job = _Job(document, style, lang, drawn or {})
    blocks = [_Block(list(_front(report, lang)))]
    for one in report.numbered():
        blocks += _section(one, job)
    blocks += _appendix(report, lang)
    _assemble(document, [block for block in blocks if block.elements], style, references)
    return document


def _front(report: Report, lang: str) -> Iterator[Any]:
    if report.simulated:
        yield paragraph("Banner", [text_run(Run(_say("report.simulated", lang)), colour="B00020")])
    if report.title.text(lang):
        yield paragraph("Title", [text_run(Run(report.title.text(lang)))])
    for fact in report.facts:
        yield paragraph("Fact", [text_run(Run(fact.text(lang)))])


def _section(one: Numbered, job: _Job) -> list[_Block]:
    section, lang = one.section, job.lang
    blocks = []
    if section.title.text(lang):
        heading = paragraph("Heading1", [text_run(Run(section.title.text(lang)))])
        blocks.append(_Block([heading], leads=not section.sentences))
    if section.sentences:
        said = [sentence.text(lang) for sentence in section.sentences]
        # The last sentence stays with the table below it, so that no heading is left alone on a page.
        with_next = [None] * (len(said) - 1) + [element("keepNext") if one.tables else None]
        blocks.append(
            _Block(
                [paragraph("BodyText", [text_run(Run(t))], keepNext=k) for t, k in zip(said, with_next, strict=True)]
            )
        )
    for number, table in one.tables:
        blocks += _table(table, number, section.id, job)
    for number, figure in one.figures:
        blocks.append(_Block(_figure(figure, number, section.id, job)))
    notices = say_all(section.notices, lang)
    if notices:
        lines = [Run(_say("report.notices", lang), bold=True), *(Run("△ " + text) for text in notices)]
        blocks.append(_Block([paragraph("Notice", [text_run(run)]) for run in lines]))
    return blocks


def _table(table: Table, number: int, section_id: str, job: _Job) -> list[_Block]:
    blocks = []
    for i, fit in enumerate(fitted(table, number, job.style, job.lang)):
        bookmark = job.bookmark(section_id, table.id) if i == 0 else None
        identifiers = _identifiers("table", fit.printed.caption, job.lang)
        elements = caption(fit.printed.caption, "Caption", identifiers, bookmark)
        elements.append(table_element(fit, job.style, table.title.text(job.lang)))
        elements += [paragraph("TableNote", [text_run(run) for run in note]) for note in fit.printed.notes]
        # Word needs a paragraph after a table; it also keeps two tables apart.
        elements.append(paragraph("Spacer", []))
        blocks.append(_Block(elements, landscape=fit.landscape))
    return blocks


def _figure(figure: Figure, number: int, section_id: str, job: _Job) -> list[Any]:
    from docx.shared import Pt

    drawing = drawing_of(figure, job.drawn, job.lang, job.style)
    room = text_width(job.style.page, landscape=False)
    width = min(drawing.width or room, room)
    holder = job.document.add_paragraph()
    shape = holder.add_run().add_picture(io.BytesIO(drawing.png), width=Pt(width))
    tallest = Pt((job.style.page.height - job.style.page.top - job.style.page.bottom) / 25.4 * 72 * 0.8)
    if shape.height > tallest:
        shape.width, shape.height = round(shape.width * tallest / shape.height), tallest
    for side in "TBLR":
        shape._inline.set(f"dist{side}", "0")
    properties = shape._inline.docPr
    properties.set("descr", printable(drawing.alt))
    properties.set("name", f"figure{number}")
    properties.set("id", str(number))
    lines = caption_lines("figure", number, figure.title, job.style, job.lang)
    picture = paragraph("Picture", list(holder._p.r_lst))
    holder._p.getparent().remove(holder._p)
    below = caption(lines, "Caption", _identifiers("figure", lines, job.lang), job.bookmark(section_id, figure.id))
    below[-1].find(".//{*}keepNext").getparent().remove(below[-1].find(".//{*}keepNext"))
    return [picture, *below]


def _appendix(report: Report, lang: str) -> list[_Block]:
    """Where the numbers come from, section by section, behind everything a journal would print."""
    lines: list[Any] = []
    for section in report.sections:
        if section.provenance:
            lines.append(paragraph("Notice", [text_run(Run(section.title.text(lang), bold=True))]))
            lines += [paragraph("Notice", [text_run(Run(line.text(lang)))]) for line in section.provenance]
    if not lines:
        return []
    heading = paragraph("Heading1", [text_run(Run(_say("report.provenance", lang)))])
    return [_Block([heading, *lines])]


def _identifiers(kind: str, lines: Any, lang: str) -> list[str]:
    """SEQ identifier of each caption line; in a bilingual caption the second number counts by itself."""
    numbered = [any(run.field for run in line) for line in lines]
    first = numbered.index(True) if True in numbered else 0
    return [_SEQUENCES[lang if i <= first else "en"][kind] for i in range(len(lines))]


def _assemble(document: Document, blocks: list[_Block], style: Style, references: list[Any]) -> None:
    """Put the blocks in order, with a section break wherever the page turns."""
    import copy

    for block, following in zip(blocks, blocks[1:], strict=False):
        if block.leads:
            block.landscape = following.landscape
    body = document.element.body
    final = body.sectPr
    for i, block in enumerate(blocks):
        for made in block.elements:
            final.addprevious(made)
        if i + 1 < len(blocks) and blocks[i + 1].landscape != block.landscape:
            kept = [copy.deepcopy(r) for r in references]
            turn = section_properties(style.page, landscape=block.landscape, references=kept)
            final.addprevious(paragraph("Spacer", [], sectPr=turn))
    last = blocks[-1].landscape if blocks else False
    kept = [copy.deepcopy(r) for r in references]
    body.replace(final, section_properties(style.page, landscape=last, references=kept, last=True))


def _say(key: str, lang: str, **params: Any) -> str:
    return Label(key, **params).text(lang)
