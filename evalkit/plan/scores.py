"""Answers or a plan in, a data file of keyed items and scale scores out, without personal data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.contract import Category, OutputError, Place, PlanError, Problem, UsageError, Variable, attach, codebook_of
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.ingest import Responses, masked, read_responses
from evalkit.ingest.pseudonyms import read_key
from evalkit.instrument import load_instrument
from evalkit.plan.flow import load_sample
from evalkit.plan.model import Plan
from evalkit.plan.names import Names
from evalkit.plan.output import check_suffix
from evalkit.plan.private import Disguise, with_pseudonyms
from evalkit.plan.reader import read_plan
from evalkit.plan.spss import INCLUDED, steps_as_syntax
from evalkit.report.data_files import FORMATS, save
from evalkit.report.data_files.spss_syntax import FIRST_LINE, write_syntax
from evalkit.scoring import score

KEPT_TEXT_ROLES = ("cluster", "weight")
DECODED_BY = "source_instrument"
"""Column that says which instrument, in which version, decoded the row."""


def write_scores(
    data: Path,
    instrument: str | None,
    out: Path,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    lang: str = "zh",
    key_file: Path | None = None,
    new_key: bool = False,
    mapping: str | None = None,
) -> tuple[Problem, ...]:
    """Score a file, or the data of a plan, and write it; the suffix of `out` chooses the format.

    Parameters
    ----------
    data : path
        A file of answers; a plan where no instrument is given.
    out : path
        Beside a `.sav` the syntax is written too, under the same name; with a plan it repeats the plan's steps. With
        a plan the file holds every row that was loaded, derived and joined columns, and `row__used`.
    key_file : path, optional
        Key of the study: respondents' ids become pseudonyms. `new_key` makes it where there is none.
    mapping : path, optional
        A saved mapping of the file's columns.

    Returns
    -------
    tuple of Problem
        Everything found on the way, what the format cannot hold, and a note that names the free-text columns left
        out.

    Raises
    ------
    UsageError
        E574 for another suffix, E578 for what a plan says itself, E746 for parquet without pyarrow.
    OutputError
        E131 if a file cannot be written, E132 if it is the data file itself, E573 for syntax of somebody else's.
    """
    check_suffix(out, *FORMATS)
    syntax = out.with_suffix(".sps") if out.suffix.lower() == ".sav" else None
    if syntax is not None and syntax.exists() and not _ours(syntax):
        raise OutputError(Problem("E573", params={"path": syntax.name}))
    plan = None
    if instrument is None:
        given = {"--sheet": sheet is not None, "--dialect": dialect != "auto", "--key-file": key_file is not None}
        given["--mapping"] = mapping is not None
        unused = [name for name, is_given in given.items() if is_given]
        if unused:
            raise UsageError(Problem("E578", params={"names": unused, "command": "evalkit score PLAN"}))
        plan = read_plan(data)
        scored, source, found = _of_plan(plan, out)
    else:
        _protect(out, [data])
        responses = _read(data, instrument, sheet, dialect, mapping, key_file, new_key)
        scored, source = score(responses), responses.source
        found = (*responses.problems, *codebook_of(scored).notices)
    if DECODED_BY not in scored:
        zh, en = (text_of("data_file.decoded_by", one) for one in LANGUAGES)
        decoder = source["instrument"].reindex(scored.index)
        scored = _with_column(scored, DECODED_BY, decoder, Variable(DECODED_BY, "nominal", zh, en, role="paradata"))
    kept, left = _without_texts(scored)
    notices = save(kept, out, lang=lang)
    if syntax is not None:
        steps = steps_as_syntax(plan, kept, lang) if plan is not None else ()
        write_syntax(kept, syntax, data_file=out.name, lang=lang, steps=steps)
    notes = [Problem("N576", params={"columns": left})] if left else []
    return (*found, *notices, *notes)


def _of_plan(plan: Plan, out: Path) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Problem, ...]]:
    """Every row that was loaded, where it stood, and what was found."""
    _protect(out, [plan.path, *(plan.folder / name for name in plan.data.files)])
    sample = load_sample(plan)
    if sample.responses is None:
        raise PlanError(Problem("E506", Place(plan.path.name), {"key": "file", "table": "[data]"}))
    used = pd.Series((sample.excluded_by < 0).astype(float), index=sample.complete.index)
    scored = _with_column(sample.complete, INCLUDED, used, _included())
    return scored, sample.responses.source, (*plan.notices, *sample.problems)


def _read(
    data: Path,
    instrument: str,
    sheet: str | None,
    dialect: str,
    mapping: str | None,
    key_file: Path | None,
    new_key: bool,
) -> Responses:
    key = None if key_file is None else read_key(key_file, new=new_key)
    responses = read_responses(data, load_instrument(instrument), sheet=sheet, dialect=dialect, mapping=mapping)
    if key is None:
        return responses
    if "respondent_id" not in responses.frame:
        raise UsageError(Names(responses.frame).problem("respondent_id"))
    return with_pseudonyms(responses, Disguise(("respondent_id",), key))


def _protect(out: Path, inputs: list[Path]) -> None:
    if out.exists() and any(path.exists() and out.samefile(path) for path in inputs):
        raise OutputError(Problem("E132", Place(out.name)))


def _ours(syntax: Path) -> bool:
    """Whether an earlier call wrote this file: an author's own syntax is not replaced."""
    start = syntax.read_bytes()[:400].decode("utf-8-sig", "ignore")
    return start.startswith(FIRST_LINE) and "evalkit" in start


def _included() -> Variable:
    yes, no = (Category(value, text_of(key, "zh"), text_of(key, "en")) for value, key in
               ((1.0, "codebook.yes"), (0.0, "spss.no")))  # fmt: skip
    return Variable(INCLUDED, "nominal", text_of("spss.used", "zh"), text_of("spss.used", "en"), (no, yes))


def _with_column(data: pd.DataFrame, name: str, values: pd.Series, variable: Variable) -> pd.DataFrame:
    book = codebook_of(data).with_variables([variable])
    return attach(pd.concat([data, values.rename(name)], axis=1), book)


def _without_texts(scored: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Free answers can name people: they stay out; personal data in ids and other texts are covered."""
    variables = codebook_of(scored).variables
    left = [n for n in scored.columns if variables[n].kind == "text" and variables[n].role not in KEPT_TEXT_ROLES]
    return attach(scored.drop(columns=left).apply(masked), codebook_of(scored)), left
