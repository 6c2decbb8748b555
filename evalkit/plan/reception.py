"""The collection desk at the command line: a folder and a roster, or a newer file and older data, told and written."""

from __future__ import annotations

import argparse
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalkit.contract import Label, OutputError, Place, Problem, Table, UsageError
from evalkit.contract.words import text_of
from evalkit.ingest import read_responses
from evalkit.ingest.desk import Collection, append, collect
from evalkit.ingest.desk.appended_paper import write_appended
from evalkit.ingest.desk.paper import records
from evalkit.instrument import load_instrument
from evalkit.plan import manifest, output


def receive(
    folder: Path,
    instrument: str,
    roster: Path,
    out: Path | None = None,
    *,
    community: str | None = None,
    dialect: str = "auto",
    form: str | None = None,
    mapping: Path | None = None,
    lang: str = "zh",
    force: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> tuple[Collection, tuple[str, ...]]:
    """Take in a folder and write receipts, joined data and problem workbooks.

    Parameters
    ----------
    mapping : Path, optional
        A saved mapping of the files' columns.
    out : Path, optional
        A folder of its own, which may lie in the folder read; what an earlier run wrote there is replaced.

    Returns
    -------
    Collection, names of the files written below `out`

    Raises
    ------
    OutputError
        E550-E553 a target that cannot be written, that holds what is read, or files of somebody's own.
    InputError, InstrumentError, UsageError
        From `collect`.
    """
    target = None if out is None else out.resolve()
    if target is not None:
        inside = target != folder.resolve() and target.is_relative_to(folder.resolve())
        output.protect(
            target,
            [
                roster,
                *([mapping] if mapping else []),
                *([] if inside else (p for p in folder.rglob("*") if p.is_file())),
            ],
        )
        output.heal(target)
        output.guard(target, force=force)
    aside = [] if target is None else [target]
    found = collect(
        folder,
        instrument,
        roster=roster,
        community=community,
        dialect=dialect,
        form=form,
        mapping=mapping,
        without=aside,
        progress=progress,
    )
    if target is None:
        return found, ()
    with output.staged(target) as staging:
        written = found.write(staging, lang=lang)
        names = tuple(path.relative_to(staging).as_posix() for path in written)
        manifest.write_json(staging / output.MANIFEST, _manifest(found, staging, names))
    return found, names


def at_the_desk(
    options: argparse.Namespace, say: Callable[[str], None], progress: Callable[[str], None]
) -> tuple[Problem, ...]:
    """`evalkit check FOLDER --roster FILE` or `NEW --since OLD`: the account goes to `say`, findings are given back.

    Raises
    ------
    UsageError
        E577 without roster or instrument, E578 for an option that means nothing here.
    """
    if options.since and not options.roster and not Path(options.data).is_dir():
        return _since(options, say)
    given = {"--roster": options.roster, "-i": options.instrument}
    if lacking := [name for name, value in given.items() if value is None]:
        raise UsageError(Problem("E577", params={"names": lacking, "command": "evalkit check --roster"}))
    if unused := [name for name in ("sheet", "since") if getattr(options, name) is not None]:
        names = [f"--{name}" for name in unused]
        raise UsageError(Problem("E578", params={"names": names, "command": "evalkit check --roster"}))
    found, written = receive(
        Path(options.data),
        options.instrument,
        Path(options.roster),
        Path(options.out) if options.out else None,
        community=options.community,
        dialect=options.dialect,
        form=options.form,
        mapping=Path(options.mapping) if options.mapping else None,
        lang=options.lang,
        force=bool(options.force),
        progress=progress,
    )
    if options.json:
        say(json.dumps(records(found), ensure_ascii=False))
        return found.problems
    for line in _aligned(found.table(), options.lang):
        say(line)
    for name in written:
        say(text_of("cli.written", options.lang, path=str(Path(options.out) / name)))
    return found.problems


def _since(options: argparse.Namespace, say: Callable[[str], None]) -> tuple[Problem, ...]:
    """What a newer file brings to older data.

    Raises
    ------
    UsageError
        E574 for a target that is no xlsx, E577 without an instrument, E578 for options of the desk.
    InputError, InstrumentError
        If a file cannot be read or matched.
    AnalysisError
        E353 if one of the files has no ids.
    OutputError
        E132 if the target is one of the files read.
    """
    if options.instrument is None:
        raise UsageError(Problem("E577", params={"names": ["-i"], "command": "evalkit check --since"}))
    if unused := [f"--{name}" for name in ("community", "form", "force") if getattr(options, name) is not None]:
        raise UsageError(Problem("E578", params={"names": unused, "command": "evalkit check --since"}))
    out = Path(options.out) if options.out else None
    if out is not None:
        output.check_suffix(out, ".xlsx")
    for path in (Path(options.data), Path(options.since)):
        if out is not None and out.exists() and path.exists() and out.samefile(path):
            raise OutputError(Problem("E132", Place(out.name)))
    instrument = load_instrument(options.instrument)
    older = read_responses(options.since, instrument, dialect=options.dialect, mapping=options.mapping)
    newer = read_responses(
        options.data, instrument, sheet=options.sheet, dialect=options.dialect, mapping=options.mapping
    )
    found = append(older, newer)
    if out is not None:
        write_appended(found, out, options.lang)
    if options.json:
        say(json.dumps(dict(found.counts())))
    else:
        for line in _aligned(found.table(), options.lang):
            say(line)
    if out is not None and not options.json:
        say(text_of("cli.written", options.lang, path=options.out))
    return (*newer.problems, *found.problems)


def _manifest(found: Collection, staging: Path, names: Sequence[str]) -> dict[str, Any]:
    """What lets the next run tell its own files from edited ones."""
    return {
        "format": "evalkit-receipts/1",
        "inputs": {name: book.sha256 for name, book in found.books.items()},
        "versions": manifest.versions(),
        "outputs": {name: output.sha256_of(staging / name) for name in names},
    }


def _aligned(table: Table, lang: str) -> Iterator[str]:
    """A table in aligned columns for a terminal, its notes below."""
    rows = [[head.text(lang) for head in table.header[0]]]
    rows += [[_said(cell.value, lang) for cell in row.cells] for row in table.rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text + " " * (w - _width(text)) for text, w in zip(row, widths, strict=True)).rstrip()
    for note in table.notes:
        yield note.text(lang)


def _said(value: Any, lang: str) -> str:
    if isinstance(value, Label):
        return value.text(lang)
    return "–" if value is None else str(value)


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
