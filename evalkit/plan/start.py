"""A stranger's file in, a drafted instrument and plan beside it out: both load at once and wait to be corrected."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evalkit.contract import OutputError, Problem, UsageError
from evalkit.contract.words import text_of
from evalkit.ingest.draft import draft
from evalkit.ingest.draft.mappings import DraftedMapping, draft_mapping
from evalkit.instrument import load_instrument
from evalkit.plan.conversion import names_in
from evalkit.plan.output import make_folder
from evalkit.plan.workbook_writer import write_workbook
from evalkit.sheets import write_bytes


@dataclass(frozen=True)
class Started:
    """What `evalkit init` wrote and found; for an instrument that is there already, only a mapping."""

    instrument: Path | None
    plan: Path | None
    problems: tuple[Problem, ...]
    story: tuple[str, ...]
    mapping: Path | None = None


def start(
    data: Path,
    out: str | None,
    *,
    instrument: str | None = None,
    sheet: str | None = None,
    dialect: str = "auto",
    lang: str = "zh",
    force: bool = False,
    workbook: bool = False,
) -> Started:
    """Draft `<name>.instrument.toml` and `<name>.plan.toml`, and a mapping for a platform that needs one.

    Parameters
    ----------
    out : str, optional
        Folder to write into; by default the data file's own.
    instrument : str, optional
        An instrument that is there already: only `<name>.mapping.toml` is drafted, which says what each column holds.
    dialect : str
        `auto`, or the platform that wrote the file.
    force : bool
        Overwrite drafts that are already there.
    workbook : bool
        Draft the plan as `<name>.plan.xlsx` instead.

    Raises
    ------
    InputError
        If the file cannot be read.
    UsageError
        E578 for a plan as a workbook where no plan is drafted.
    OutputError
        E575 if a draft exists already.
    """
    folder = Path(out) if out else data.parent
    if instrument is not None:
        if workbook:
            raise UsageError(Problem("E578", params={"names": ["--workbook"], "command": "evalkit init -i"}))
        found = draft_mapping(data, load_instrument(instrument), sheet=sheet, dialect=dialect, lang=lang)
        return _mapping_alone(found, folder / f"{data.stem}.mapping.toml", lang, force)
    drafted = draft(data, sheet=sheet, dialect=dialect, lang=lang, folder=folder)
    asked = folder / drafted.instrument_name
    plan = folder / f"{data.stem}.plan.{'xlsx' if workbook else 'toml'}"
    mapping = folder / drafted.mapping_name if drafted.mapping_name else None
    _check_free([asked, plan, *([mapping] if mapping else [])], force)
    make_folder(folder)
    write_bytes(asked, drafted.instrument_text.encode())
    if mapping is not None:
        write_bytes(mapping, drafted.mapping_text.encode())
    if workbook:
        write_workbook(raw := tomllib.loads(drafted.plan_text), plan, lang=lang, names=names_in(raw, folder, lang))
    else:
        write_bytes(plan, drafted.plan_text.encode())
    items, scales = len(drafted.instrument.items), len(drafted.instrument.scales)
    story = (
        text_of("start.read", lang, rows=drafted.n_rows, items=items, scales=scales),
        text_of("start.wrote_workbook" if workbook else "start.wrote", lang, instrument=str(asked), plan=str(plan)),
        *([text_of("start.mapping", lang, mapping=str(mapping))] if mapping else []),
        text_of("start.next", lang, plan=str(plan)),
    )
    return Started(asked, plan, drafted.problems, story, mapping)


def _mapping_alone(found: DraftedMapping, path: Path, lang: str, force: bool) -> Started:
    _check_free([path], force)
    make_folder(path.parent)
    write_bytes(path, found.text.encode())
    columns = [column for table in found.mapping.tables for column in table.columns]
    mapped = sum(bool(column.item) for column in columns)
    told = text_of("start.mapped", lang, n=len(columns), mapped=mapped)
    return Started(None, None, found.problems, (told, text_of("start.mapping", lang, mapping=str(path))), path)


def _check_free(paths: Iterable[Path], force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise OutputError(Problem("E575", params={"path": path.name}))
