"""An instrument in, a file of the kind asked for out."""

from __future__ import annotations

from pathlib import Path

from evalkit.contract.problems import Problem, UsageError
from evalkit.ingest.entry_workbook import write_entry_workbook
from evalkit.instrument import Instrument, to_question_sheet, to_xlsform
from evalkit.plan.output import check_suffix
from evalkit.sampling import write_sampling_sheet

_SUFFIXES = {
    "xlsform": (".xlsx",),
    "sheet": (".xlsx",),
    "codebook": (".xlsx", ".docx", ".html", ".md"),
    "questionnaire": (".docx",),
    "entry": (".xlsx",),
    "sampling": (".xlsx",),
}


def export(instrument: Instrument, kind: str, path: Path, *, lang: str, form: str | None = None) -> None:
    """Write an instrument as a form for servers, a question or sampling sheet, a codebook, for print or typing in.

    Parameters
    ----------
    kind : {"xlsform", "sheet", "codebook", "questionnaire", "entry", "sampling"}
    lang : {"zh", "en"}
        Of the codebook, the questionnaire, the entry workbook and the sampling sheet; the other two hold every
        language they can.
    form : str, optional
        The questions of this form only (questionnaire and entry workbook).

    Raises
    ------
    UsageError
        E574 for a suffix that this kind cannot have, E578 for a form where none can be chosen.
    InstrumentError
        E480, E494 for what the target cannot hold.
    OutputError
        E131 if the file cannot be written.
    """
    if form and kind not in ("questionnaire", "entry"):
        named = {"names": "--form", "command": f"evalkit instrument export --as {kind}"}
        raise UsageError(Problem("E578", params=named))
    check_suffix(path, *_SUFFIXES[kind])
    if kind == "xlsform":
        to_xlsform(instrument, path)
    elif kind == "sheet":
        to_question_sheet(instrument, path)
    elif kind == "entry":
        write_entry_workbook(instrument, path, lang=lang, form=form)
    elif kind == "sampling":
        write_sampling_sheet(path, instrument=instrument, lang=lang)
    elif kind == "codebook":
        from evalkit.report import write
        from evalkit.report.codebook import codebook_tables

        write(codebook_tables(instrument), path, lang=lang)
    else:
        from evalkit.report.questionnaire import write_questionnaire

        write_questionnaire(instrument, path, lang=lang, form=form)
