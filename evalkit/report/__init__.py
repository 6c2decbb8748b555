"""Results in, printed pages out: styles, formatting, sentences, and one writer a format."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.contract import Figure, Label, Problem, Result, Table, UsageError
from evalkit.contract.words import LANGUAGES
from evalkit.report.document import Report, Section
from evalkit.report.formatting import cell_text
from evalkit.report.sentences import sentences
from evalkit.report.styles import Style, load_style

if TYPE_CHECKING:
    from evalkit.report.figures import Drawn

__all__ = [
    "WRITERS",
    "Drawn",
    "Report",
    "Section",
    "Style",
    "cell_text",
    "draw",
    "load_style",
    "sentences",
    "write",
    "writer",
]

# A further format: one module with `write(report, path, *, lang, style, drawn)`, and one line here.
WRITERS = {
    "xlsx": "evalkit.report.xlsx",
    "docx": "evalkit.report.docx",
    "html": "evalkit.report.html",
    "md": "evalkit.report.markdown",
}


def __getattr__(name: str) -> Any:
    # Figures bring numpy and matplotlib's fonts; they are loaded when somebody asks.
    if name == "Drawn":
        from evalkit.report.figures import Drawn

        return Drawn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def writer(format: str) -> Any:
    """The `write` function of a format.

    Raises
    ------
    UsageError
        E705 for a format without a writer.
    """
    if format not in WRITERS:
        raise UsageError(Problem("E705", params={"suffix": format, "known": list(WRITERS)}))
    return import_module(WRITERS[format]).write


def write(
    tables: Table | Result | Iterable[Table | Result],
    path: str | Path,
    *,
    style: str | Path | Style = "cn",
    lang: str = "zh",
) -> None:
    """Write tables for print; the suffix of `path` chooses the format (xlsx, docx, html, md).

    Parameters
    ----------
    tables : Table, result, or several of them
        A result gives its default table and its notices.
    style : str, path or Style
        Id of a shipped style (`cn`, `apa7`) or the path of a style file.
    lang : {"zh", "en"}

    Raises
    ------
    UsageError
        E705 for a suffix without a writer, E706 without tables, E707 for another language.
    PlanError
        E701-E704 for the style.
    OutputError
        E131 if the file cannot be written.
    """
    path = Path(path)
    write_as = writer(path.suffix.removeprefix(".").lower())
    _require_language(lang)
    single = isinstance(tables, Table) or hasattr(tables, "table")
    sections = tuple(_section(i, one) for i, one in enumerate([tables] if single else list(tables), start=1))
    if not sections:
        raise UsageError(Problem("E706"))
    loaded = style if isinstance(style, Style) else load_style(style)
    report = Report(Label(), sections, style=loaded.id, languages=(lang,))
    write_as(report, path, lang=lang, style=loaded)


def draw(figure: Figure, path: str | Path, *, lang: str = "zh", style: str | Style | None = None) -> Drawn:
    """Draw one figure into a file; the suffix of `path` chooses svg or png.

    Returns
    -------
    Drawn
        The drawing with its alt text, its numbers and its notices (W730: a character that the font lacks).

    Raises
    ------
    UsageError
        E732 for another suffix, E731 for a figure kind nobody draws, E707 for another language.
    OutputError
        E131 if the file cannot be written, E733 if the figure has no numbers.
    """
    from evalkit.report.figures import draw_file

    return draw_file(figure, path, lang=lang, style=style)


def _require_language(lang: str) -> None:
    if lang not in LANGUAGES:
        raise UsageError(Problem("E707", params={"lang": lang}))


def _section(position: int, one: Table | Result) -> Section:
    if isinstance(one, Table):
        return Section(f"t{position}", Label(), (one,))
    if not hasattr(one, "table"):
        raise UsageError(Problem("E709", params={"position": position, "type": type(one).__name__}))
    return Section(f"t{position}", Label(), (one.table(),), notices=tuple(one.notices))
