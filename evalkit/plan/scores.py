"""Answers in, a table of keyed items and scale scores out, without personal data."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from evalkit.contract import OutputError, Place, Problem, UsageError, codebook_of
from evalkit.ingest import masked, read_responses
from evalkit.ingest.pseudonyms import read_key
from evalkit.instrument import load_instrument
from evalkit.plan.names import Names
from evalkit.plan.output import check_suffix
from evalkit.plan.private import Disguise, with_pseudonyms
from evalkit.scoring import score
from evalkit.sheets import safe_cell, save_workbook, write_bytes

KEPT_TEXT_ROLES = ("cluster", "weight")


def write_scores(
    data: Path,
    instrument: str,
    out: Path,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    lang: str = "zh",
    key_file: Path | None = None,
    new_key: bool = False,
) -> tuple[Problem, ...]:
    """Score a file and write it as .xlsx or .csv (UTF-8 with BOM, so that Excel reads the Chinese).

    Parameters
    ----------
    key_file : path, optional
        Key of the study: respondents' ids become pseudonyms. `new_key` makes it where there is none.

    Returns
    -------
    tuple of Problem
        Everything found on the way, and a note that names the free-text columns left out.

    Raises
    ------
    UsageError
        E574 for another suffix.
    OutputError
        E131 if the file cannot be written, E132 if it is the data file itself.
    """
    check_suffix(out, ".xlsx", ".csv")
    if out.exists() and data.exists() and out.samefile(data):
        raise OutputError(Problem("E132", Place(out.name)))
    key = None if key_file is None else read_key(key_file, new=new_key)
    responses = read_responses(data, load_instrument(instrument), sheet=sheet, dialect=dialect)
    if key is not None and "respondent_id" not in responses.frame:
        raise UsageError(Names(responses.frame).problem("respondent_id"))
    if key is not None:
        responses = with_pseudonyms(responses, Disguise(("respondent_id",), key))
    scored = score(responses)
    kept, left = _without_texts(scored)
    if out.suffix.lower() == ".csv":
        stream = io.StringIO()
        kept.to_csv(stream, index=False, lineterminator="\r\n")
        write_bytes(out, stream.getvalue().encode("utf-8-sig"))
    else:
        _workbook(kept, scored, out, lang)
    notes = [Problem("N576", params={"columns": left})] if left else []
    return (*responses.problems, *codebook_of(scored).notices, *notes)


def _without_texts(scored: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Free answers can name people: they stay out; personal data in ids and other texts are covered."""
    variables = codebook_of(scored).variables
    left = [n for n in scored.columns if variables[n].kind == "text" and variables[n].role not in KEPT_TEXT_ROLES]
    return scored.drop(columns=left).apply(masked), left


def _workbook(kept: pd.DataFrame, scored: pd.DataFrame, out: Path, lang: str) -> None:
    from openpyxl import Workbook

    book = codebook_of(scored)
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("data")
    sheet.append(list(kept.columns))
    for row in kept.astype(object).where(kept.notna(), None).itertuples(index=False):
        sheet.append([safe_cell(sheet, value) for value in row])
    names = workbook.create_sheet("variables")
    names.append(["name", "kind", "label", "low", "high"])
    for name in kept.columns:
        variable = book.variables[name]
        label = safe_cell(names, variable.label.text(lang))
        names.append([name, variable.kind, label, variable.low, variable.high])
    save_workbook(workbook, out)
