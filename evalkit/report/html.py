"""Writer of one self-contained html page: every language in it, no script, no outside request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalkit.contract import Label, Table
from evalkit.contract.words import say_all
from evalkit.report.document import Numbered, Report, Section
from evalkit.report.layout import Column, PrintedCell, PrintedRow, PrintedTable, Run, caption_lines, print_table
from evalkit.report.pictures import Drawings, drawing_of, inline_svg
from evalkit.report.styles import Style
from evalkit.report.text import printable
from evalkit.report.widths import text_width
from evalkit.sheets.archive import write_bytes

_PRINT_SIZE = 8.0  # points, where a table fits the page
_SMALLEST_PRINT = 6.5  # below it the page is turned
_HTML_LANG = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True)
class _CellView:
    """One body cell: the runs up to the last digit, and behind it brackets and stars in a box of fixed width."""

    tag: str
    runs: tuple[Run, ...]
    classes: str
    span: int
    anchor: str
    ref: str
    tail: str = ""
    width: float = 0.0
    tail_width: float = 0.0


def write(report: Report, path: Path, *, lang: str, style: Style, drawn: Drawings | None = None) -> None:
    """Write the page; `lang` is the language shown first, the report's others stand beside it."""
    write_bytes(path, page(report, lang=lang, style=style, drawn=drawn).encode("utf-8"))


def page(report: Report, *, lang: str, style: Style, drawn: Drawings | None = None) -> str:
    """The whole page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    languages = [lang, *(other for other in report.languages if other != lang)]
    views = [_view(report, one, style, drawn or {}) for one in languages]
    environment = Environment(
        loader=PackageLoader("evalkit.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    css = environment.get_template("report.css.j2").render(
        views=views, rules=style.rules, page=style.page, caption_align=style.caption.align
    )
    titles = dict.fromkeys(view["title"] or _first_title(view) for view in views)
    return environment.get_template("report.html.j2").render(
        views=views,
        page_title=" / ".join(titles),
        language_label=" / ".join(view["language_label"] for view in views),
        css=Markup(css),
    )


def _first_title(view: dict[str, Any]) -> str:
    """A page without a title of its own is named after its first table or figure."""
    named = [part["short"] for section in view["sections"] for part in (*section["tables"], *section["figures"])]
    return named[0] if named else "evalkit"


def _view(report: Report, lang: str, style: Style, drawn: Drawings) -> dict[str, Any]:

    def said(key: str, **params: Any) -> str:
        return Label(key, **params).text(lang)

    return {
        "lang": lang,
        "html_lang": _HTML_LANG[lang],
        "language_name": said("report.language_name"),
        "language_label": said("report.language"),
        "title": report.title.text(lang),
        "facts": [fact.text(lang) for fact in report.facts],
        "banner": said("report.simulated") if report.simulated else "",
        "contents_title": said("report.contents"),
        "notices_title": said("report.notices"),
        "provenance_title": said("report.provenance"),
        "ref_label": said("report.see_number"),
        "footer": said("report.footer", style=style.name[lang]),
        "sections": [_section(one, lang, style, drawn) for one in report.numbered()],
    }


def _section(numbered: Numbered, lang: str, style: Style, drawn: Drawings) -> dict[str, Any]:
    section = numbered.section
    place = f"{lang}-s{numbered.position}"
    anchors = _anchors(section, place)
    taken: set[str] = set()
    return {
        "anchor": place,
        "title": section.title.text(lang),
        "sentences": [_sentence(sentence, lang, anchors) for sentence in section.sentences],
        "tables": [
            _table(print_table(table, n, style, lang), lang, style, anchors, taken) for n, table in numbered.tables
        ],
        "figures": [_figure(figure, n, lang, style, drawn) for n, figure in numbered.figures],
        "notices": [
            {"severity": severity, "text": text}
            for severity in ("error", "warning", "note")
            for text in say_all([p for p in section.notices if p.severity == severity], lang)
        ],
        "provenance": [line.text(lang) for line in section.provenance],
    }


def _sentence(sentence: Label, lang: str, anchors: Mapping[str, str]) -> dict[str, str]:
    ref = str(sentence.params.get("ref", ""))
    return {"text": sentence.text(lang), "ref": ref, "href": anchors.get(ref, "")}


def _figure(figure: Any, number: int, lang: str, style: Style, drawn: Drawings) -> dict[str, Any]:
    from markupsafe import Markup

    drawing = drawing_of(figure, drawn, lang, style)
    caption = caption_lines("figure", number, figure.title, style, lang)
    return {
        "anchor": f"{lang}-f{number}",
        "caption": caption,
        "short": _short(caption),
        "svg": Markup(inline_svg(drawing.svg, f"{lang}-f{number}-", printable(drawing.alt))),
    }


def _table(
    printed: PrintedTable, lang: str, style: Style, anchors: Mapping[str, str], taken: set[str]
) -> dict[str, Any]:
    rows, before = [], ""
    size, turned = _print_size(printed.columns, style)
    for row in printed.rows:
        classes = [row.role] + (["first-stat"] if row.role == "stat" and before != "stat" else [])
        cells = [_cell(cell, j, row, printed.columns, anchors, taken) for j, cell in enumerate(row.cells)]
        rows.append({"classes": " ".join(classes), "cells": cells})
        before = row.role
    return {
        "anchor": f"{lang}-t{printed.number}",
        "caption": printed.caption,
        "short": _short(printed.caption),
        "print_size": round(size, 2),
        "turned": turned,
        "stub": round(min(printed.columns[0].natural, 20.0) + 2, 1),
        "header": printed.header,
        "rows": rows,
        "notes": printed.notes,
    }


def _print_size(columns: Sequence[Column], style: Style) -> tuple[float, bool]:
    """Type size in points at which a table prints whole, and whether its page is turned for that."""
    # A sans-serif digit is wider than half an em; each column has padding of 0.2 em left and right.
    ems = sum(0.6 * min(column.natural, max(column.least, 20.0)) + 0.4 for column in columns)
    page = style.page
    upright, across = (
        (side / 25.4) * 72 for side in (page.width - page.left - page.right, page.height - page.top - page.bottom)
    )
    if upright / ems >= _SMALLEST_PRINT:
        return min(_PRINT_SIZE, upright / ems), False
    return min(_PRINT_SIZE, across / ems), True


def _cell(
    cell: PrintedCell, j: int, row: PrintedRow, columns: Sequence[Column], anchors: Mapping[str, str], taken: set[str]
) -> _CellView:
    ref = cell.cell.id or ""
    # An html id may stand once; of two cells with one result id the first is the target.
    anchor = anchors[ref] if ref and ref not in taken else ""
    taken.add(ref)
    classes = "left" if j and cell.align == "left" else ""
    if j == 0 and row.indent:
        classes = f"indent{min(row.indent, 3)}"
    view = _CellView("th" if j == 0 else "td", cell.runs, classes, cell.span, anchor, ref)
    if cell.align != "decimal":
        return view
    text = cell.text
    end = max(i for i, c in enumerate(text) if c.isdigit() or c == "∞") + 1
    digits, tail = text[:end], text[end:]
    fraction = digits.partition(".")[2]
    tail_width = max(columns[j].after - text_width("." + fraction if fraction else ""), 0.0)
    width = columns[j].before + columns[j].after
    bold = any(run.bold for run in cell.runs)
    return replace(
        view, runs=(Run(digits, bold=bold),), tail=tail, width=round(width, 2), tail_width=round(tail_width, 2)
    )


def _anchors(section: Section, place: str) -> dict[str, str]:
    """Result id -> html id, for every number in the section's tables; two sections may hold like-named results."""
    ids = dict.fromkeys(cell.id for table in section.tables for cell in _cells(table) if cell.id)
    return {one: f"{place}-{hashlib.sha256(one.encode()).hexdigest()[:12]}" for one in ids}


def _cells(table: Table) -> list[Any]:
    return [cell for row in table.rows for cell in row.cells]


def _short(caption: Sequence[Sequence[Run]]) -> str:
    return "  ".join("".join(run.text for run in line) for line in caption)
