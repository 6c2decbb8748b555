"""Writer of markdown: captions, pipe tables and notes, to be read in any editor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.contract import Label
from evalkit.contract.words import say_all
from evalkit.report.document import Report
from evalkit.report.layout import PrintedRow, PrintedTable, Run, caption_lines, print_table
from evalkit.report.pictures import Drawings, drawing_of
from evalkit.report.styles import Style
from evalkit.report.text import printable
from evalkit.sheets.archive import write_bytes

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


def write(report: Report, path: Path, *, lang: str, style: Style, drawn: Drawings | None = None) -> None:
    """Write the report in one language; figures stand as their title and their text for the blind."""
    write_bytes(path, text_of_report(report, lang=lang, style=style, drawn=drawn).encode("utf-8"))


def text_of_report(report: Report, *, lang: str, style: Style, drawn: Drawings | None = None) -> str:
    """The whole report as markdown text."""
    title = report.title.text(lang)
    blocks = [f"# {escaped(title)}"] if title else []
    if report.simulated:
        blocks.append(f"> **{escaped(Label('report.simulated').text(lang))}**")
    if report.facts:
        blocks.append(_list(fact.text(lang) for fact in report.facts))
    for one in report.numbered():
        section = one.section
        if section.title.text(lang):
            blocks.append(f"## {escaped(section.title.text(lang))}")
        blocks += [escaped(sentence.text(lang)) for sentence in section.sentences]
        for number, table in one.tables:
            blocks += table_blocks(print_table(table, number, style, lang))
        for number, figure in one.figures:
            caption = caption_lines("figure", number, figure.title, style, lang)
            alt = drawing_of(figure, drawn or {}, lang, style).alt
            blocks += [*(_runs(line) for line in caption), escaped(alt)]
        if section.notices:
            blocks.append(f"**{escaped(Label('report.notices').text(lang))}**")
            blocks.append(_list(say_all(section.notices, lang)))
        if section.provenance:
            blocks.append(f"**{escaped(Label('report.provenance').text(lang))}**")
            blocks.append(_list(line.text(lang) for line in section.provenance))
    return "\n\n".join(block for block in blocks if block) + "\n"


def table_blocks(printed: PrintedTable) -> list[str]:
    """Caption, pipe table and notes of one table, a paragraph each."""
    header = _one_header(printed)
    marks = ["---" if j == 0 else "--:" if column.after else ":-:" for j, column in enumerate(printed.columns)]
    lines = [header, marks, *(_cells(row, len(printed.columns)) for row in printed.rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return [*(_runs(line) for line in printed.caption), table, *(_runs(note) for note in printed.notes)]


def escaped(text: str) -> str:
    """Text whose markdown signs stay signs; line breaks become spaces so that a table keeps its rows."""
    return _SPECIAL.sub(r"\\\1", " ".join(printable(text).split("\n")))


def _one_header(printed: PrintedTable) -> list[str]:
    """Markdown has one header row: a spanning head is set before the heads below it."""
    columns: list[list[str]] = [[] for _ in printed.columns]
    for row in printed.header:
        at = 0
        for head in row:
            for j in range(at, at + head.span):
                if head.text:
                    columns[j].append(_runs(head.runs))
            at += head.span
    return ["<br>".join(parts) for parts in columns]


def _cells(row: PrintedRow, n: int) -> list[str]:
    texts = [_runs(cell.runs) for cell in row.cells]
    if texts and row.indent:
        texts[0] = "&emsp;" * row.indent + texts[0]
    if row.role == "section" and texts[0]:
        texts[0] = f"**{texts[0]}**"
    return texts + [""] * (n - len(texts))


def _runs(runs: Sequence[Run]) -> str:
    out = ""
    for run in runs:
        text = escaped(run.text)
        mark = "**" * run.bold + "*" * run.italic
        # Emphasis must not begin or end with a blank.
        core = text.strip()
        out += text.replace(core, f"{mark}{core}{mark[::-1]}") if core and mark else text
    return out


def _list(lines: Any) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
