"""A stranger's file in, a drafted instrument and plan beside it out: both load at once and wait to be corrected."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from evalkit.contract import OutputError, Problem
from evalkit.contract.words import text_of
from evalkit.ingest.draft import draft
from evalkit.plan.conversion import names_in
from evalkit.plan.output import make_folder
from evalkit.plan.workbook_writer import write_workbook
from evalkit.sheets import write_bytes


@dataclass(frozen=True)
class Started:
    """What `evalkit init` wrote and found."""

    instrument: Path
    plan: Path
    problems: tuple[Problem, ...]
    story: tuple[str, ...]


def start(
    data: Path,
    out: str | None,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    lang: str = "zh",
    force: bool = False,
    workbook: bool = False,
) -> Started:
    """Draft `<name>.instrument.toml` and `<name>.plan.toml`.

    Parameters
    ----------
    out : str, optional
        Folder to write into; by default the data file's own.
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
    OutputError
        E575 if a draft exists already.
    """
    folder = Path(out) if out else data.parent
    drafted = draft(data, sheet=sheet, dialect=dialect, lang=lang, folder=folder)
    instrument = folder / drafted.instrument_name
    plan = folder / f"{data.stem}.plan.{'xlsx' if workbook else 'toml'}"
    for path in (instrument, plan):
        if path.exists() and not force:
            raise OutputError(Problem("E575", params={"path": path.name}))
    make_folder(folder)
    write_bytes(instrument, drafted.instrument_text.encode())
    if workbook:
        write_workbook(raw := tomllib.loads(drafted.plan_text), plan, lang=lang, names=names_in(raw, folder, lang))
    else:
        write_bytes(plan, drafted.plan_text.encode())
    found = drafted.instrument
    story = (
        text_of("start.read", lang, rows=drafted.n_rows, items=len(found.items), scales=len(found.scales)),
        text_of(
            "start.wrote_workbook" if workbook else "start.wrote", lang, instrument=str(instrument), plan=str(plan)
        ),
        text_of("start.next", lang, plan=str(plan)),
    )
    return Started(instrument, plan, drafted.problems, story)
